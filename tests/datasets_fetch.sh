#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# datasets_fetch: what a server, a disk or a user does wrong, datasets/fetch names in one line, and
# what it calls a set has the published sums. Tiny sets over loopback; nothing leaves the machine.
# shellcheck disable=SC2016,SC2154,SC2317
set -u
fetch=$PWD/datasets/fetch
serve=$PWD/tests/serve.pl
published=$PWD/datasets/sources.tsv
# shellcheck source=tests/tap.sh
. tests/tap.sh
server=''
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$T"' EXIT

unset DATASETS DATASETS_MIRROR SETS STRICT http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY \
    ALL_PROXY
export HOME="$T" CURL_HOME="$T" no_proxy='*' PAUSE=0 STALL=1
export SOURCES="$T/sources.tsv" CACHE="$T/cache"
tab=$(printf '\t')

# ---- tiny sets and their server ----

mkdir "$T/www" "$T/tree" "$T/tree/box"
seq 1 30000 | gzip -9n >"$T/www/a.gz"
seq 40000 60000 | gzip -9n >"$T/www/b.gz"
seq 1 9000 >"$T/tree/box/one.bin"
seq 5 7000 >"$T/tree/box/two.bin"
echo 'first' >"$T/tree/box/names.txt"
echo 'see elsewhere' >"$T/tree/box/readme.html"
tar -C "$T/tree" -czf "$T/www/box.tar.gz" box

perl "$serve" "$T/www" "$T/port" "$T/requests" 2>"$log" &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -s "$T/port" ] || sleep 0.2
done
site=http://127.0.0.1:$(cat "$T/port")

sum() { # FILE: its columns bytes, sha256 and md5
    printf '%s\t%s\t-' "$(stat -L -c %s "$1")" "$(sha256sum <"$1" | cut -d ' ' -f 1)"
}

# sources HABIT...: the table, in which each address stands for one habit of the server.
sources() {
    {
        printf '# set\tfile\n'
        for file in a.gz b.gz; do
            printf 'pair\t%s\t%s\tkeep\t' "$file" "$(sum "$T/www/$file")"
            for habit in "$@"; do printf '%s/%s/%s ' "$site" "$habit" "$file"; done
            echo
        done
        printf 'box\tbox.tar.gz\t%s\tarchive\t' "$(sum "$T/www/box.tar.gz")"
        for habit in "$@"; do printf '%s/%s/box.tar.gz ' "$site" "$habit"; done
        echo
        for file in one two; do
            printf 'box\t%s.bin\t%s\tbox/%s.bin\t-\n' $file "$(sum "$T/tree/box/$file.bin")" $file
        done
        printf 'box\tnames.txt\t-\t-\t-\tbox/names.txt\t-\n'
    } >"$SOURCES"
}

# fetched HABITS SET STATUS: from an empty cache; the log has what was said, one line at most.
fetched() {
    rm -rf "$CACHE"
    again "$@"
}

again() {
    # shellcheck disable=SC2086  # a list
    [ "$1" = - ] || sources $1
    : >"$T/requests"
    STRICT=1 sh "$fetch" "$2" >"$log" 2>&1 </dev/null
    status=$?
    [ "$status" -eq "$3" ] && [ "$(wc -l <"$log")" -le 1 ]
}

lacks_pair() { # no file of the set where its readers look
    [ ! -e "$CACHE/pair" ]
}

has_pair() {
    cmp -s "$T/www/a.gz" "$CACHE/pair/a.gz" && cmp -s "$T/www/b.gz" "$CACHE/pair/b.gz" &&
        [ "$(ls "$CACHE/pair")" = "a.gz
b.gz" ] && [ ! -e "$CACHE/.part/pair" ]
}

has_box() {
    [ "$(ls "$CACHE/box")" = "names.txt
one.bin
two.bin" ] && cmp -s "$T/tree/box/one.bin" "$CACHE/box/one.bin" &&
        cmp -s "$T/tree/box/two.bin" "$CACHE/box/two.bin"
}

requests() { # NUMBER
    [ "$(wc -l <"$T/requests")" -eq "$1" ]
}

asked() { # LINE, a pattern
    grep -qx -e "$1" "$T/requests"
}

silent() {
    [ ! -s "$log" ]
}

# ---- good ways ----

check 'the server runs' test -s "$T/port"
check 'good files are fetched' fetched good pair 0
check 'and are the published ones' has_pair
check 'and that is said' says 'pair is in'
began=$(date +%s%N)
check 'a second call succeeds' again - pair 0
took=$((($(date +%s%N) - began) / 1000000))
check 'and says nothing' silent
check 'and asks nobody' requests 0
check "and is quick ($took ms)" test "$took" -lt 200
check 'an archive is fetched and unpacked' fetched good box 0
check 'to its listed members alone' has_box
check 'and the archive is not kept' test ! -e "$CACHE/.part/box"
check 'its second call asks nobody' again - box 0
check 'nor fetches again' requests 0
check 'a redirect is followed' fetched moved pair 0
check 'to the published files' has_pair
check 'a server that is busy once is asked again' fetched busy pair 0
check 'and the files are the published ones' has_pair
check 'without arguments or SETS all sets come' env SETS= sh -c 'rm -rf "$CACHE"; sh "$0" >"$1"' \
    "$fetch" "$log"
check 'the first' has_pair
check 'and the second' has_box
rm -rf "$CACHE"
check 'SETS chooses' env SETS=box sh -c 'sh "$0" >"$1"' "$fetch" "$log"
check 'what was chosen' has_box
check 'and nothing else' lacks_pair

# ---- bad servers ----

bad() { # HABIT WORDS: fails, names the fault, and leaves nothing where readers look
    check "$1: status 4 with STRICT, one line" fetched "$1" pair 4
    check "$1: the fault is named" says "$2"
    check "$1: the advice is there" says 'or name a folder: DATASETS=DIR. Generated stand-ins'
    check "$1: nothing is put in place" lacks_pair
}

bad 404 'a.gz: 127.0.0.1:'
check '404: with the status' says 'HTTP status 404'
bad 503 'HTTP status 503'
bad less "$(($(stat -c %s "$T/www/a.gz") - 100)) bytes instead of $(stat -c %s "$T/www/a.gz")"
bad more "more than $(stat -c %s "$T/www/a.gz") bytes"
bad other 'SHA-256'
check 'other: and its part is gone' test ! -e "$CACHE/.part/pair/a.gz.part"
bad html 'an HTML page in place of the file'
bad short 'the connection broke after'
check 'short: its part is kept' test -s "$CACHE/.part/pair/a.gz.part"
bad loop 'too many redirects'
bad endless "more than $(stat -c %s "$T/www/a.gz") bytes"
check 'endless: nothing of it is kept' test ! -e "$CACHE/.part/pair/a.gz.part"
bad stall 'the connection stalled'
sources 404
STRICT='' sh "$fetch" pair >"$log" 2>&1
check 'without STRICT the status is 0' test $? -eq 0
check 'but it is said all the same' says 'not fetched'
for habit in 404 less more other html short endless; do
    check "$habit: the next address is taken" fetched "$habit good" pair 0
    check "$habit: and gives the published files" has_pair
done
check 'two bad addresses are both named' fetched 'html 404' pair 4
check 'the first' says 'an HTML page in place of the file, 127.0.0.1'
check 'the second' says 'HTTP status 404)'
sources good
sed -i "s|http://127[^ ]*|http://127.0.0.1:1/x http://127.0.0.1:2/x|" "$SOURCES"
check 'where nobody answers' again - box 4
check 'this is said' says 'none of its 2 addresses can be reached'

# ---- resuming ----

half=$(($(stat -c %s "$T/www/a.gz") / 2))
check 'a connection that drops is taken up again' fetched drop pair 0
check 'where it broke' asked "/drop/a.gz $half"
check 'and gives the published files' has_pair
check 'a server that ignores Range fails' fetched norange pair 4
check 'but not the call' fetched 'norange good' pair 0
check 'and the files are the published ones' has_pair
fetched short pair 4
check 'a later call resumes' again good pair 0
check 'at the bytes that are there' asked "/good/a.gz $half"
check 'and gives the published files' has_pair
fetched short pair 4
check 'a server that cannot resume is asked for the whole' again plain pair 0
check 'and gives the published files' has_pair
resume_wrong() {
    rm -rf "$CACHE"
    mkdir -p "$CACHE/.part/pair"
    head -c "$1" /dev/zero >"$CACHE/.part/pair/a.gz.part"
    again good pair 0 && has_pair
}
check 'a part of something else is begun anew' resume_wrong 1000
check 'also one of the right size' resume_wrong "$(stat -c %s "$T/www/a.gz")"
check 'also one that is too long' resume_wrong 999999
interrupted() {
    rm -rf "$CACHE"
    sources hang
    STALL=30 sh "$fetch" pair >"$log" 2>&1 </dev/null &
    victim=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        [ -s "$CACHE/.part/pair/a.gz.part" ] || sleep 0.2
    done
    kill -TERM "$victim"
    wait "$victim"
    [ $? -eq 130 ]
}
check 'an interrupted fetch ends with status 130' interrupted
check 'its part stays' test -s "$CACHE/.part/pair/a.gz.part"
check 'and resumes' again good pair 0
check 'where it was' asked '/good/a.gz [1-9][0-9]*'
check 'to the published files' has_pair
rm -rf "$CACHE"
sources good
sed -i '/b.gz/s|/good/|/404/|' "$SOURCES"
check 'a set of which a file is missing is not there' again - pair 4
check 'not in part either' lacks_pair
check 'the file that came is not fetched again' again good pair 0
check 'only the other one' requests 1
check 'then the set is there' has_pair

# ---- archives ----

# repack STATUS MEMBERS...: another archive from $T/tree, with its sums in the table.
repack() {
    want=$1
    shift
    echo 'not yours' >"$T/tree/evil"
    (cd "$T/tree" && tar -P -czf "$T/www/box.tar.gz" --transform 's|^evil|../../../evil|' \
        --transform "s|^/.*evil|$T/evil|" "$@")
    rm "$T/tree/evil"
    fetched good box "$want"
}
check 'members outside of the folder are left alone' repack 0 box evil "$T/tree/evil"
check 'and the set is there' has_box
check 'and nothing else was written' test -z "$(find "$T" -name evil)"
check 'a member that is missing fails' repack 4 box/one.bin box/names.txt
check 'by its name' says 'box/two.bin'
check 'and no set is there' test ! -e "$CACHE/box"
mv "$T/tree/box/two.bin" "$T/tree/two"
ln -s "$T/tree/two" "$T/tree/box/two.bin"
check 'a link in place of a member fails' repack 4 box
check 'by its name too' says 'box/two.bin in it is not the published file'
rm "$T/tree/box/two.bin"
mv "$T/tree/two" "$T/tree/box/two.bin"
head -c 5000 "$T/www/a.gz" >"$T/www/box.tar.gz"
check 'a damaged archive fails' fetched good box 4
check 'and is called so' says 'box.tar.gz cannot be unpacked'
tar -C "$T/tree" -czf "$T/www/box.tar.gz" box

# ---- the cache ----

by_hand() { # SET FILE...
    rm -rf "$CACHE"
    mkdir -p "$CACHE/$1"
    for file in a.gz b.gz box.tar.gz; do
        case " $* " in *" $file "*) cp "$T/www/$file" "$CACHE/$1/" ;; esac
    done
}
by_hand pair a.gz b.gz
check 'files put there by hand are enough' again good pair 0
check 'without a request' requests 0
by_hand pair a.gz
check 'one put there by hand is completed' again good pair 0
check 'by the other one' requests 1
check 'to the set' has_pair
by_hand pair
ln -s "$T/www/a.gz" "$T/www/b.gz" "$CACHE/pair/"
check 'also as links' again 404 pair 0
check 'which stay links' test -L "$CACHE/pair/a.gz"
by_hand box box.tar.gz
check 'an archive put there by hand is unpacked' again 404 box 0
check 'beside it' cmp -s "$T/tree/box/two.bin" "$CACHE/box/two.bin"
by_hand pair a.gz
gzip -d "$CACHE/pair/a.gz"
cp "$T/www/b.gz" "$CACHE/pair/"
check 'a plain file in place of .gz is taken as it is' again 404 pair 0

fetched good pair 0
printf 'x' | dd of="$CACHE/pair/a.gz" bs=1 seek=100 conv=notrunc 2>"$log"
check 'a damaged file in the cache is noticed' again 404 pair 4
check 'and called damaged' says 'is incomplete or damaged'
check 'and replaced when it can be' again good pair 0
check 'by the published one' has_pair
touch -d '2001-01-01' "$CACHE/pair/a.gz"
check 'a file with another time is verified again' again 404 pair 0
sed -i "s/^pair${tab}b.gz${tab}[0-9]*/pair${tab}b.gz${tab}77/" "$SOURCES"
check 'other sums in the table are not the same set' again - pair 4

fetched good pair 0
rm "$CACHE/pair/.verified"
chmod 555 "$CACHE/pair" "$CACHE"
check 'a complete set in a read-only cache is fine' again 404 pair 0
check 'and silent' silent
chmod 755 "$CACHE/pair" "$CACHE"
: >"$T/file"
CACHE=$T/file/cache
check 'a cache that cannot be written fails' again good pair 4
check 'and is named' says "cannot write to $T/file/cache"
CACHE=$T/cache

at_once() {
    rm -rf "$CACHE"
    sources good
    : >"$T/requests"
    sh "$fetch" pair >"$T/out1" 2>&1 &
    one=$!
    sh "$fetch" pair >"$T/out2" 2>&1 &
    two=$!
    wait "$one" && wait "$two"
}
check 'two fetches at once both succeed' at_once
check 'with the published files' has_pair
check 'fetched once' requests 2

# ---- settings ----

rm -rf "$CACHE"
check 'DATASETS=DIR fetches nothing' env DATASETS="$T" STRICT=1 sh "$fetch" pair
check 'DATASETS=none fetches nothing' env DATASETS=none STRICT=1 sh "$fetch" pair
check 'and makes nothing' test ! -e "$CACHE"
sources 404
check 'DATASETS_MIRROR replaces all addresses' \
    env DATASETS_MIRROR="$site/good" sh -c 'STRICT=1 sh "$0" pair >"$1"' "$fetch" "$log"
check 'with the published files' has_pair
rm -rf "$CACHE"
check 'also as a folder' \
    env DATASETS_MIRROR="file://$T/www" sh -c 'STRICT=1 sh "$0" box >"$1"' "$fetch" "$log"
check 'with the listed members' has_box
rm -rf "$CACHE"
sh "$fetch" pear >"$log" 2>&1
check 'an unknown set is status 2' test $? -eq 2
check 'with those that there are' says 'pair box'
SOURCES=$T/nothing sh "$fetch" >"$log" 2>&1
check 'a missing table is status 2' test $? -eq 2

# A search path with everything but curl.
mkdir "$T/bin"
for tool in sh sed awk uniq tr dirname cat stat cksum mkdir touch flock sha256sum; do
    ln -s "$(command -v $tool)" "$T/bin/$tool"
done
PATH=$T/bin STRICT=1 "$T/bin/sh" "$fetch" pair >"$log" 2>&1
check 'without curl: status 4' test $? -eq 4
check 'and its package is named' says 'install the Debian package curl'
check 'in one line' test "$(wc -l <"$log")" -eq 1

check 'the published table has seven columns in each row' \
    awk -F "$tab" '!/^#/ && NF != 7 { bad = 1 } END { exit bad || NR == 0 }' "$published"
check 'and sums of the right length' \
    awk -F "$tab" '!/^#/ && ($4 != "-" && $4 !~ /^[0-9a-f]+$/ || $4 != "-" && length($4) != 64 ||
        $5 != "-" && length($5) != 32 || $6 == "keep" && $4 == "-") { bad = 1 } END { exit bad }' \
    "$published"
tap_end
