#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# faults BUILD: what the machine, other processes and people do to `bench run`, in copies of a build
# folder. Each fault leaves one line that says what, where and what to do, the exit status that is
# documented, and results that are whole.
set -u
build=$(cd "${1:?a build folder}" && pwd) || exit 2
tests=$(cd "$(dirname "$0")" && pwd)

# Mounts stay within a namespace of this test's own, where one can be had.
case $(id -u) in
0) own_mounts='unshare -m' ;;
*) own_mounts='unshare -rm' ;;
esac
if [ -z "${FAULTS_MOUNTS:-}" ]; then
    if $own_mounts true 2>/dev/null; then
        FAULTS_MOUNTS=yes exec $own_mounts sh "$0" "$build"
    fi
    FAULTS_MOUNTS=no
fi
# shellcheck source=tests/tap.sh
# shellcheck disable=SC2154 # log
. "$tests/tap.sh"
trap 'umount -l "$T"/*/results 2>/dev/null; rm -rf "$T"' EXIT
unset DATASETS
bench=$build/bench
if ! [ -x "$bench" ] || ! [ -x "$build/bin/three_points" ]; then
    echo "Bail out! $build holds no bench and three_points: run make"
    exit 2
fi

# tree NAME: the layout of a build with a copy of a program of theory.
tree() {
    tree=$T/$1
    mkdir -p "$tree/bin"
    cp "$build/bin/three_points" "$tree/bin/"
    place=$tree/results/three_points/smoke/none-pinned
}

# run OPTION...: one run in the tree; its words go to the log, its status to $status.
run() {
    "$bench" run --build "$tree" --profile smoke --data none --quiet -j2 "$@" >"$log" 2>&1
    status=$?
}

# ask VERB OPTION...: another verb about the units that the runs here have.
ask() {
    "$bench" "$@" --build "$tree" --profile smoke --data none --seeds 1-10 >"$log" 2>&1
    status=$?
}

is() { # ACTUAL EXPECTED
    [ "$1" = "$2" ]
}

# One line of the log has both texts: what happened, and where or what to do.
ends_with() { # STATUS TEXT TEXT
    [ "$status" -eq "$1" ] && grep -F -e "$2" "$log" | grep -qF -e "$3"
}

same_results() { # the tree's as those of ten undisturbed seeds, tables over seeds included
    diff -r -x provenance.tsv -x volatile.tsv "$T/whole/results" "$tree/results" >"$log" 2>&1
}

same_units() { # those that are there
    for file in "$place"/*/[0-9]*/metrics.tsv; do
        [ -e "$file" ] || continue
        cmp "$T/whole/results/${file#"$tree/results/"}" "$file" >"$log" 2>&1 || return
    done
}

units() {
    find "$place" -path '*/[0-9]*/metrics.tsv' -path "*${1:-}*" 2>/dev/null | wc -l
}

no_leftovers() {
    find "$tree/results" -name '*.tmp-*' -o -name '*.old-*' -o -name '.*.tmp' >"$log"
    [ ! -s "$log" ]
}

tree whole
run --seeds 1-10
check 'an undisturbed run ends well' is "$status $(units)" '0 20'

# ---- the disk ----

# What has to hold after a run that could not write all of its units.
kept_what_it_could() { # WORDS
    check "$1: what was finished is whole" same_units
    check "$1: nothing half done is left" no_leftovers
}

tree limited
# Provenance is the longest file of a unit and the last but one to be written.
longest=$(find "$T/whole/results" -name provenance.tsv -size +1k | wc -l)
sh -c 'trap "" XFSZ; ulimit -f 2; "$@" 2>&1; echo $? >&3' limited "$bench" run --build "$tree" \
    --profile smoke --quiet -j1 3>"$T/status" | cat >"$log"
status=$(cat "$T/status")
check 'files longer than 1 KiB belong to every unit' is "$longest" 20
check 'a limit on file sizes is status 6' ends_with 6 'provenance.tsv: expected to write it' \
    'raise the limit on the size of files'
kept_what_it_could 'a limit on file sizes'

if [ "$FAULTS_MOUNTS" = yes ] && tree full && mkdir "$tree/results" &&
    mount -t tmpfs -o size=2m faults "$tree/results" 2>"$log"; then
    head -c 1900K /dev/zero >"$tree/results/ballast"
    run --seeds 1-10
    check 'a full disk is status 6' ends_with 6 'No space left on device' 'make room on the disk'
    check 'a full disk: the other units are not started' \
        ends_with 6 'were not started' 'the same command goes on'
    check 'a full disk: each failure is one line, said twice' \
        is "$(grep -c '^failed: ' "$log")" $((2 * $(grep '^failed: ' "$log" | sort -u | wc -l)))
    kept_what_it_could 'a full disk'
    check 'a full disk: units are missing, and some are there' \
        is "$(units | awk '{print ($1 > 0 && $1 < 20)}')" 1
    rm "$tree/results/ballast"
    run --seeds 1-10
    check 'with room again the rest is run' is "$status" 0
    check 'and all is as undisturbed' same_results

    mount -o remount,bind,ro "$tree/results"
    run --seeds 1-10
    check 'a read-only folder with all units is no error' ends_with 0 'everything is fresh' '20'
    run --seeds 1-11
    check 'with units to run it is status 6' \
        ends_with 6 'Read-only file system' 'choose another place'
    check 'which changes nothing' is "$(units)" 20
    umount "$tree/results"
else
    skip 'a full disk and a read-only one' 'no mount is permitted here; a limit on file sizes was'
fi

tree file
: >"$tree/results"
run --seeds 1-3
check 'a file in place of the results is status 6' \
    ends_with 6 "$tree/results" 'choose another place'
check 'and stays' test -f "$tree/results"

tree link
mkdir "$T/elsewhere"
ln -s ../elsewhere "$tree/results"
run --seeds 1-10
check 'results may be a link to a folder' is "$status" 0
check 'which is followed and stays' test -h "$tree/results" -a -d "$T/elsewhere/three_points"
rm -r "$T/elsewhere"
run --seeds 1-3
check 'a link that leads nowhere is status 6' \
    ends_with 6 "$tree/results" 'expected to create this folder'

# ---- the machine ----

tree bare
env -i PATH="$T/nothing" "$bench" run --build "$tree" --profile smoke --seeds 1-10 --quiet -j2 \
    >"$log" 2>&1
status=$?
check 'no git, HOME, TERM or DISPLAY is needed' is "$status" 0
check 'and the results are the same' same_results
check 'a commit that nobody knows is called so' \
    grep -q '^build.commit	unknown$' "$place/implicit/7/provenance.tsv"

tree comma
if localedef -i de_DE -f UTF-8 "$T/de_DE.UTF-8" >"$log" 2>&1 &&
    [ "$(env LOCPATH="$T" LC_ALL=de_DE.UTF-8 printf '%.1f' 1,5 2>"$log")" = 1,5 ]; then
    env LOCPATH="$T" LC_ALL=de_DE.UTF-8 "$bench" run --build "$tree" --profile smoke --seeds 1-10 \
        --quiet -j2 >"$log" 2>&1
    status=$?
    check 'a locale with decimal commas is no error' ends_with 0 'reproduced' '2.333, n = 10'
    check 'and changes no number' same_results
else
    skip 'a locale with decimal commas' 'localedef cannot make one (package locales)'
fi

tree few
# shellcheck disable=SC2016
few='ulimit -n "$1" && shift && exec "$@"'
sh -c "$few" few 8 "$bench" run --build "$tree" --profile smoke --seeds 1-10 --quiet -j8 \
    >"$log" 2>&1
status=$?
check 'few open files are fewer units at a time' is "$status" 0
check 'with the same results' same_results
sh -c "$few" few 5 "$bench" run --build "$tree" --profile smoke --seeds 1-10 --quiet -j8 \
    >"$log" 2>&1
status=$?
check 'too few are status 6' ends_with 6 'Too many open files' 'ulimit -n'

# ---- who started it ----

tree streams
run --seeds 1-10 <&-
check 'standard input may be closed' is "$status" 0
check 'and the results are the same' same_results
rm -r "$tree/results"
"$bench" run --build "$tree" --profile smoke --seeds 1-10 --quiet -j2 >&- 2>"$log"
status=$?
check 'a closed output is status 6' ends_with 6 'bench: standard output' 'cannot be written'
check 'and the results are the same' same_results
rm -r "$tree/results"
"$bench" run --build "$tree" --profile smoke --seeds 1-10 --quiet -j2 <&- >&- 2>&-
status=$?
check 'all three closed are status 6' is "$status" 6
check 'and the results are the same' same_results
rm -r "$tree/results"
{
    "$bench" run --build "$tree" --profile smoke --seeds 1-10 -j2 2>"$log"
    echo $? >"$T/status"
} | :
status=$(cat "$T/status")
check 'a reader that leaves is status 6' ends_with 6 'standard output' 'cannot be written'
check 'and the results are the same' same_results
cat >"$tree/bin/shouts" <<END
#!/bin/sh
case " \$* " in
*" --describe "* | *" --key "*) '$build/bin/three_points' "\$@" | sed 's/three_points/shouts/g' ;;
*) echo "words of seed \$*" >&2; exit 3 ;;
esac
END
chmod +x "$tree/bin/shouts"
"$bench" run --build "$tree" --profile smoke --only shouts --quiet -j2 <&- >&- 2>"$log"
check "a unit's last words are kept with closed streams" says ': words of seed --profile'

tree "$(printf 'blanks and \047Gr\303\266\303\237e\047 "x"')"
run --seeds 1-10
check 'a path may have blanks, quotes and letters beyond ASCII' is "$status" 0
check 'and the results are the same' same_results
mv "$place/implicit" "$T/aside" && : >"$place/implicit"
run --seeds 3
check 'a file in place of a cell is status 6' \
    ends_with 6 'expected to create this folder' 'choose another place'
rm "$place/implicit"
command=$(sed -n 's|^    \(.*--cell implicit.*\)|\1|p' "$log" | tail -n 1)
(eval "$command") >"$log" 2>&1
check 'the command shown runs the unit again in that path' is "$? $(units implicit)" '0 1'

# ---- the clock ----

tree clock
run --seeds 1-10
find "$tree" -type f -exec touch -d '2099-01-01' {} +
run --seeds 1-10
check 'results from the future are fresh' ends_with 0 'everything is fresh' '20 units'
sed -i 's/^# key\t.*/# key\tabc/' "$place/implicit/4/metrics.tsv"
touch -d '2099-01-01' "$place/implicit/4/metrics.tsv"
find "$tree/bin" -type f -exec touch -d '1971-01-01' {} +
run --seeds 1-10
check 'a wrong key is stale, however new it is' ends_with 0 '1 units ran, 0 failed' '19 were fresh'
check 'and the results are the same' same_results

# ---- damaged and foreign files ----

tree damage
run --seeds 1-10
unit=$place/implicit/2
# damage "in words" COMMANDS [WORDS WHAT]: what they do to a unit is noticed by the list, in these
# words where it is not simply missing, and made good by the next run.
damage() {
    eval "$2"
    ask list
    if [ $# -gt 2 ]; then
        check "$1: the list names the file" ends_with 4 "$unit/metrics.tsv: $3" 'run again'
    else
        check "$1: the list calls it missing" ends_with 0 'not tested' '1 of 10 units are missing'
    fi
    run --seeds 1-10
    check "$1: one unit is run again" ends_with 0 '1 units ran, 0 failed' '19 were fresh'
    check "$1: and all is as before" same_results
}
# shellcheck disable=SC2016
{
    damage 'an empty file' ': >"$unit/metrics.tsv"' 'expected a row of column names'
    damage 'no file' 'rm "$unit/metrics.tsv"' 'expected a readable file'
    damage 'a folder for a file' 'rm "$unit/metrics.tsv"; mkdir "$unit/metrics.tsv"' \
        'expected a file, found a folder'
    damage 'a file that is cut' 'truncate -s -3 "$unit/metrics.tsv"' ''
    damage "another unit's file" 'cp "$place/implicit/3/metrics.tsv" "$unit"' "expected seed '2'"
    damage 'a file for the folder' 'rm -r "$unit"; echo >"$unit"'
    damage 'a link that leads nowhere' 'rm -r "$unit"; ln -s nowhere "$unit"'
    damage 'no folder' 'rm -r "$unit"'
}
sed -i 's/^w1.1\t[^\t]*/w1.1\tnan/' "$unit/metrics.tsv"
run --seeds 1-10
check 'a number that is none is status 4' \
    ends_with 4 "$unit/metrics.tsv: " "remove this unit's folder and run again"
rm -r "$unit"
run --seeds 1-10
check 'and that helps' same_results

rm "$place/implicit/1/provenance.tsv" "$place/implicit/5/provenance.tsv"
run --seeds 1-10
check 'without provenance a unit is what it was' ends_with 0 'everything is fresh' '20'
ask report
check 'and the report does without' is "$status" 0

mkdir "$place/notes" "$place/implicit/notes" "$unit/notes"
echo mine | tee "$tree/results/x" "$place/x" "$place/implicit/x" "$place/summary/x" "$unit/x" \
    "$unit/notes/x" "$unit/curves/x" >"$log"
echo old >"$place/summary/old.tsv"
: >"$place/summary/.metrics.tsv.999999999.tmp"
run --seeds 1-10
check 'foreign files beside results make nothing stale' ends_with 0 'everything is fresh' '20'
check 'and stay' is "$(find "$tree/results" -name x -size 5c | wc -l)" 7
check 'a table over seeds that is no more goes' test ! -e "$place/summary/old.tsv"
check 'with what a killed run left beside it' no_leftovers
ask list
check 'foreign files do not keep the list from its verdicts' \
    ends_with 0 'implicit-survives' 'n = 10'

# ---- two at once ----

tree two
"$bench" run --build "$tree" --profile smoke --data none --seeds 1-7 --quiet >"$T/other.log" 2>&1 &
other=$!
run --seeds 4-10
wait "$other"
other=$?
cat "$T/other.log" >>"$log"
check 'two runs of different units in one tree end well' is "$status $other" '0 0'
run --seeds 1-10
check 'with all units, once' ends_with 0 'everything is fresh' '20'
check 'and the same results' same_results

# look FILE: notes in $T/gone when it is not there or is empty, until $T/go is gone.
look() {
    while [ -e "$T/go" ]; do
        [ -s "$1" ] || echo "$1 is not there" >>"$T/gone"
    done
}
: >"$T/go"
: >"$T/gone"
look "$place/summary/metrics.tsv" &
looking=$!
for i in 1 2 3 4; do
    "$bench" run --build "$tree" --profile smoke --data none --seeds $((11 - i))-10 --quiet \
        >"$T/other.log.$i" 2>&1 || echo "$i ended with $?" >>"$T/gone" &
    others="${others:-} $!"
done
# shellcheck disable=SC2086
wait $others
rm "$T/go"
wait "$looking"
cat "$T/gone" "$T"/other.log.? >"$log"
check 'four runs may write one summary, which is there at any moment' test ! -s "$T/gone"

: >"$T/go"
while [ -e "$T/go" ]; do
    rm -rf "$place/summary" 2>/dev/null
    sleep 0.01
done &
removing=$!
worst=0
for i in 1 2 3 4 5 6; do
    run --seeds 1-10
    [ "$status" -eq 0 ] || ends_with 6 "$place/summary" 'expected to' || worst=$status
done
rm "$T/go"
wait "$removing"
check 'a summary that is removed while it is written is written again, or said' is "$worst" 0
run --seeds 1-10
check 'and whole after the next run' same_results

sh "$tests/kill_many" "$build" 8 1 >"$log" 2>&1
status=$?
check 'eight kills at random moments lose nothing' ends_with 0 '8 kills' 'undisturbed'

# ---- data that changes ----

# data NAME COMMANDS: a copy of the data by links, and a program whose unit does the commands first.
data() {
    tree "$1"
    mkdir -p "$tree/data"
    ln -s "$build"/stand-in/mnist/*ubyte "$tree/data/"
    rm "$tree/bin/three_points"
    cat >"$tree/bin/self_knowledge_mnist" <<END
#!/bin/sh
cd '$tree/data' || exit
case " \$* " in
*" --key "*) '$build/bin/self_knowledge_mnist' "\$@" | grep -v -e '^N_n=400' -e '^N_n=50	2' ;;
*" --describe "*) exec '$build/bin/self_knowledge_mnist' "\$@" ;;
*) { $2; } && exec '$build/bin/self_knowledge_mnist' "\$@" ;;
esac
END
    chmod +x "$tree/bin/self_knowledge_mnist"
    "$bench" run --build "$tree" --profile smoke --data "$tree/data" --quiet >"$log" 2>&1
    status=$?
}

if [ -x "$build/bin/self_knowledge_mnist" ] && [ -d "$build/stand-in/mnist" ]; then
    file=t10k-images-idx3-ubyte
    data removed "rm $file"
    check 'data removed during a run are status 4' ends_with 4 "$file is missing" 'expected the 4'
    data cut "head -c 100000 $file >cut; mv cut $file"
    check 'data cut during a run are status 4' ends_with 4 "$file: expected" 'found'
    data replaced "cp $file new; printf x | dd of=new bs=1 seek=16 conv=notrunc 2>&1; mv new $file"
    check 'data replaced during a run are status 3' \
        ends_with 3 'do not have the key that was planned' 'its data changed meanwhile?'
    run --data "$tree/data"
    check 'the unit counts for the data that it has seen' \
        ends_with 0 'everything is fresh' '1 units'
fi

tap_end
