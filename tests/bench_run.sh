#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# bench_run BUILD: `bench run` in copies of a build folder: what is fresh stays, results do not
# depend on the number of jobs, a kill at any moment loses nothing but time, every failure has its
# exit status.
set -u
build=$(cd "${1:?a build folder}" && pwd) || exit 2
. "$(dirname "$0")/tap.sh"
unset DATASETS
bench=$build/bench
if ! [ -x "$bench" ] || ! [ -x "$build/bin/three_points" ]; then
    echo "Bail out! $build holds no bench and three_points: run make"
    exit 2
fi

# tree NAME PROGRAM...: the layout of a build with copies of these programs.
tree() {
    tree=$T/$1
    shift
    mkdir -p "$tree/bin"
    ln -s "$build/stand-in" "$tree/stand-in"
    for program in "$@"; do
        cp "$build/bin/$program" "$tree/bin/"
    done
}

# fake NAME COMMANDS: a program that answers like three_points, but whose units do the commands.
fake() {
    cat >"$tree/bin/$1" <<END
#!/bin/sh
case " \$* " in
*" --describe "* | *" --key "*) '$build/bin/three_points' "\$@" | sed 's/three_points/$1/g' ;;
*) $2 ;;
esac
END
    chmod +x "$tree/bin/$1"
}

# run OPTION...: one run in the tree; its words go to the log, its status to $status.
run() {
    "$bench" run --build "$tree" --profile smoke --data none --quiet "$@" >"$log" 2>&1
    status=$?
}

is() { # ACTUAL EXPECTED
    [ "$1" = "$2" ]
}

ends_with() { # STATUS TEXT
    [ "$status" -eq "$1" ] && says "$2"
}

same_results() { # TREE TREE: the same units with the same numbers
    diff -r -x provenance.tsv -x volatile.tsv "$1/results" "$2/results" >"$log" 2>&1
}

units() { # finished ones in the tree
    find "$tree/results" -name metrics.tsv -path '*=*/[0-9]*/*' -o -name metrics.tsv \
        -path '*/gradient-descent/[0-9]*/*' -o -name metrics.tsv -path '*/implicit/[0-9]*/*' |
        grep -cv -e '\.tmp-' -e '\.old-'
}

no_leftovers() {
    find "$tree/results" -name '*.tmp-*' -o -name '*.old-*' -o -name '.*.tmp' >"$log"
    [ ! -s "$log" ]
}

# Links /proc/<pid>/... of the processes that run a program of the tree or work in it.
processes() {
    find /proc/[0-9]*/exe /proc/[0-9]*/cwd -maxdepth 0 \
        \( -lname "$tree/bin/*" -o -lname "$tree" \) 2>/dev/null
}

first_unit() { # is there, within 10 s
    for moment in $(seq 200); do
        [ ! -d "$tree/results" ] || [ "$(units 2>/dev/null)" -eq 0 ] || return 0
        sleep 0.05
    done
    echo "no unit after $moment looks" >"$log"
    return 1
}

something_runs() { # within 5 s
    for moment in 1 2 3 4 5 6 7 8 9 10; do
        [ -z "$(processes)" ] || return 0
        sleep 0.5
    done
    echo "nothing runs after $moment looks" >"$log"
    return 1
}

nothing_lingers() { # a killed process may need a moment
    for moment in 0 0.1 0.2 0.5; do
        sleep "$moment"
        processes >"$log"
        [ -s "$log" ] || return 0
    done
    return 1
}

# start OPTION...: as run, in the background; its process is $running. A shell starts such a
# process with SIGINT ignored, which bench would respect.
start() {
    env --default-signal=INT "$bench" run --build "$tree" --profile smoke --data none --quiet "$@" \
        >"$log" 2>&1 &
    running=$!
}

random_moment() { # 0.05 to 0.4 s
    od -An -N2 -tu2 /dev/urandom | awk '{printf "%.3f", 0.05 + 0.35 * $1 / 65536}'
}

# kill_at_random OPTION...: a run that ends by kill -9 at a random moment.
kill_at_random() {
    start "$@"
    sleep "$(random_moment)"
    kill -9 "$running" 2>/dev/null
    wait "$running" 2>/dev/null
}

# A program that never ends and knows no time limit takes seconds to be given up: meanwhile the
# other tests run.
tree limit
fake hangs "cd '$tree' && exec sleep 60"
limit_tree=$tree
"$bench" run --build "$tree" --profile smoke --time-limit 0.2 -j2 >"$T/limit.log" 2>&1 &
limit_run=$!

# ---- fresh and stale ----

tree one three_points
run --seeds 1-20 -j1
check 'a first run ends well' is "$status" 0
check 'all units are there' is "$(units)" 40
touch "$T/stamp"
before=$(date +%s%N)
"$bench" run --build "$tree" --profile smoke --seeds 1-20 -j1 >"$log" 2>&1
status=$?
milliseconds=$((($(date +%s%N) - before) / 1000000))
check 'a second run finds everything fresh' ends_with 0 'everything is fresh: 40 units'
check 'and is done within a second' [ "$milliseconds" -lt 1000 ]
check 'and writes no unit again' \
    is "$(find "$tree/results" -path '*/gradient-descent/*' -newer "$T/stamp" | head -n 3)" ''

commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || commit=unknown
unit=$(find "$tree/results" -path '*/gradient-descent/7/provenance.tsv')
check 'units record the commit' grep -q "^build.commit	$commit$" "$unit"
"$bench" list --build "$tree" --profile smoke >"$log" 2>&1
status=$?
check 'the list shows claims with the verdicts of these results' \
    is "$status $(grep -c '^  first-iterate-slope  *reproduced  *8' "$log")" '0 1'

unit=$(find "$tree/results" -path '*/gradient-descent/7/metrics.tsv')
sed -i 's/^# key\t.*/# key\tabc/' "$unit"
unit=$(find "$tree/results" -path '*/implicit/9/metrics.tsv')
head -c 300 "$unit" >"$T/cut" && cp "$T/cut" "$unit"
run --seeds 1-20 -j2
check 'a wrong key and a damaged file are stale, nothing else' \
    ends_with 0 '2 units ran, 0 failed, 38'

one=$tree
tree two three_points
run --seeds 1-20 -j2
check 'one job and two jobs give the same bytes' same_results "$one" "$tree"

# ---- kills ----

tree whole three_points
run --seeds 1-50 -j2
whole=$tree
tree killed three_points
kill_at_random --seeds 1-50 -j2
kill_at_random --seeds 1-50 -j2
kill_at_random --seeds 1-50 -j2
mkdir -p "$tree/results/three_points/smoke/none-pinned/implicit/5.tmp-999999999/curves" \
    "$tree/results/three_points/smoke/none-pinned/implicit/6.old-999999999"
run --seeds 1-50 -j2
check 'a run after three kills ends well' is "$status" 0
check 'with the bytes of an undisturbed one' same_results "$whole" "$tree"
check 'and nothing half done is left' no_leftovers

tree child three_points
start --seeds 1-50 -j2
first_unit
for link in $(processes); do
    child=${link#/proc/}
    kill -9 "${child%/exe}" 2>/dev/null
done
wait "$running"
status=$?
check 'a killed child is one failed unit, or had just ended' \
    is "$([ "$status" -eq 3 ] || [ "$status" -eq 0 ] && units | awk '{print ($1 >= 98)}')" 1
run --seeds 1-50 -j2
check 'which the next run makes good' is "$status $(units)" '0 100'

tree interrupted three_points
for name in INT TERM; do
    start --seeds 1-200 -j2
    first_unit && something_runs # from its first unit on it holds signals back
    kill -s "$name" "$running"
    wait "$running"
    status=$?
    check "SIG$name ends a run with status 130" ends_with 130 'units are finished and kept'
    check "SIG$name leaves nothing half done" no_leftovers
    check "SIG$name keeps what was finished" \
        is "$(units | awk '{print ($1 > 0 && $1 < 800)}')" 1
done

tree orphan
fake sleeps "cd '$tree' && exec sleep 60"
for name in INT KILL; do
    start -j2
    check "a unit that takes long is running (SIG$name)" something_runs
    kill -s "$name" "$running"
    wait "$running" 2>/dev/null
    status=$?
    check "and ends with its runner by SIG$name" nothing_lingers
    check "whose status says so (SIG$name)" \
        is "$status" "$([ $name = INT ] && echo 130 || echo 137)"
done

tree both three_points
"$bench" run --build "$tree" --profile smoke --seeds 1-50 -j2 >"$T/other.log" 2>&1 &
other=$!
run --seeds 1-50 -j2
wait "$other"
other=$?
cat "$T/other.log" >>"$log"
check 'two runs in one tree both end well' is "$status $other" '0 0'
check 'with the bytes of one' same_results "$whole" "$tree"

# ---- mistakes ----

tree wrong three_points
run --only thre_points
check 'an unknown program is named with the nearest' ends_with 2 "did you mean 'three_points'?"
run --only 'zz*'
check 'an empty selection is status 5' ends_with 5 "no program matches 'zz*'"
run --jbs 2
check 'an unknown option is named with the nearest' ends_with 2 "did you mean '--jobs'?"
run --profile smokey
check 'an unknown profile is named with the nearest' ends_with 2 "did you mean 'smoke'?"
run --seeds 3-1
check 'a wrong list of seeds is refused' ends_with 2 'bench: '
run -j0
check 'no jobs are refused' ends_with 2 '-j'
run --pinned --native
check 'both modes are refused' ends_with 2 'exclude each other'
"$bench" rnu >"$log" 2>&1
status=$?
check 'an unknown verb is named with the nearest' ends_with 2 "did you mean 'run'?"
check 'and mistakes write nothing' is "$(ls "$tree")" "$(printf 'bin\nstand-in')"
tree empty
run
check 'a build without programs is status 5' ends_with 5 'expected programs, found none'

# ---- failures ----

tree crash three_points
fake crashes 'echo first >&2; echo the last words >&2; kill -s SEGV $$'
fake silent 'exit 0'
run -j2
check 'a crash is status 3 with the signal and the last line' \
    ends_with 3 'killed by signal 11 (Segmentation fault): the last words'
check 'a program that writes nothing is a failure' says 'silent implicit seed 1: ended well, but'
check 'the other programs are finished' is "$(units)" 2
check 'failures come again at the end' \
    is "$(grep -c '^failed: crashes implicit seed 1: ' "$log")" 2
command=$(sed -n "s|^    \(.*/crashes .*--cell implicit.*\)|\1|p" "$log" | tail -n 1)
(eval "$command") >"$log" 2>&1
status=$?
check 'the command shown runs the unit again' ends_with 139 'the last words'

tree name three_points
cp "$tree/bin/three_points" "$tree/bin/four_points"
run
check 'a program under a wrong name is refused' ends_with 4 "says that it is 'three_points'"

tree data three_points
fake needs_data 'exit 0'
refusal="*' --key '*) echo 'needs_data: no such folder' >\&2; exit 4 ;;"
sed -i "s|^\*\" --describe \"|$refusal\n&|" "$tree/bin/needs_data"
run
check 'missing data is status 4 in one line' ends_with 4 'bench: needs_data: no such folder'
check 'and the others run' is "$(units)" 2
"$bench" list --build "$tree" --profile smoke >"$log" 2>&1
status=$?
check 'the list names what is missing' ends_with 0 'needs_data: no such folder'

wait "$limit_run"
status=$?
cp "$T/limit.log" "$log"
tree=$limit_tree
check 'a unit past its time limit is killed and is status 3' \
    ends_with 3 'it ran past its limit of 0.2 s'
check 'and leaves no process' nothing_lingers

# ---- with data ----

if [ -x "$build/bin/self_knowledge_mnist" ] && [ -d "$build/stand-in/mnist" ]; then
    tree real1 self_knowledge_mnist
    run --seeds 1 --time-limit 0.05
    check 'a program that keeps its time limit says so' ends_with 3 'the time limit of this call'
    run --seeds 1 -j1
    check 'a program with data runs on its stand-in' is "$status" 0
    one=$tree
    tree real2 self_knowledge_mnist
    kill_at_random --seeds 1 -j2
    run --seeds 1 -j2
    check 'a kill and two jobs give the bytes of one job' same_results "$one" "$tree"
    check 'and nothing half done is left with data' no_leftovers
    run --data "$T/nowhere"
    check 'a data folder that is not there is status 4' ends_with 4 'nowhere'
fi

tap_end
