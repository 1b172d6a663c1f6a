#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# own_tasks BUILD: distances between a user's own tasks, from files to the printed matrices: grey
# images next to coloured ones, tasks with unequal numbers of classes, a third task beside two;
# what cannot be done is one line and an exit status.
set -u
build=$(cd "${1:?a build folder}" && pwd) || exit 2
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
unset DATASETS
program=$build/bin/matrix_cifar100
grey=$build/stand-in/mnist colour=$build/stand-in/cifar-10
if ! [ -x "$program" ] || ! [ -f "$grey/complete" ] || ! [ -f "$colour/complete" ]; then
    echo "Bail out! $build holds no matrix_cifar100 or no stand-in: run make all stand-in"
    exit 2
fi

pictures=cifar10:$colour/data_batch_1.bin,$colour/test_batch.bin
digits=idx:$grey/t10k-images-idx3-ubyte,$grey/t10k-labels-idx1-ubyte
digits=$digits,${digits#idx:}

# own OPTION...: one run of the first two tasks and what else is named; numbers go to $T/matrices,
# words to the log.
own() {
    "$program" --quiet --seed 1 --task "grey=$digits:0-2" --task "colour=$pictures:0,1" "$@" \
        >"$T/matrices" 2>"${log:?}" </dev/null
    status=$?
}

is() { # ACTUAL EXPECTED
    [ "$1" = "$2" ]
}

# Entries "kind row column i j value" of the printed matrices.
# shellcheck disable=SC2016  # awk's dollars
entries() {
    awk 'NF == 0 { kind = ""; next }
         kind == "" { kind = $1; for (n = 0; n < NF - 1; n++) name[n] = $(n + 2); row = 0; next }
         { for (j = 0; j < n; j++) print kind, $1, name[j], row, j, $(j + 2); row++ }' "$T/matrices"
}

cells() { # AWK: of how many entries of a file of them this holds
    awk "$1 { n++ } END { print n + 0 }" "$T/$2"
}

lines() { # of the log
    grep -c '' "$log"
}

refused() { # STATUS TEXT: in one line, and no matrix
    [ "$status" -eq "$1" ] && [ "$(lines)" -eq 1 ] && ! [ -s "$T/matrices" ] && says "$2"
}

# ---- two tasks ----

own --out "$T/results"
check 'two own tasks end well' is "$status" 0
check 'without a word' is "$(lines)" 0
entries >"$T/two"
kinds=$(cut -d' ' -f1 "$T/two" | sort -u | grep -c '')
check 'matrices of many kinds are printed' [ "$kinds" -ge 20 ]
# shellcheck disable=SC2016
{
check 'with a row and a column a task' is "$(cells '$4 == 0 && $5 == 1 && $2 == "grey" &&
    $3 == "colour" || $4 == 1 && $5 == 0 && $2 == "colour" && $3 == "grey"' two)" $((2 * kinds))
check 'and nothing else in them' is "$(cells 1 two)" $((4 * kinds))
check 'each a number' is "$(cells '$6 !~ /^[0-9.]+(e[-+]?[0-9]+)?$/' two)" 0
check 'nought on the diagonal' is "$(cells '$4 == $5 && $6 == 0' two)" $((2 * kinds))
shares='$1 ~ /^(fitted|target|source)\./ && $4 != $5'
lengths='$1 !~ /^(fitted|target|source)\./ && $4 != $5'
check 'each length above it' is "$(cells "$lengths && \$6 > 0" two)" "$(cells "$lengths" two)"
check 'of which there are some' [ "$(cells "$lengths" two)" -ge 20 ]
check 'each share between nought and one' is "$(cells "$shares && !(\$6 >= 0 && \$6 <= 1)" two)" 0
}
check 'there is not as far as back' is \
    "$(awk '$1 == "coupled" && $4 != $5 { print $6 }' "$T/two" | sort -u | grep -c '')" 2
metrics=$(find "$T/results" -path '*/own-*' -name metrics.tsv)
check 'results say whose data it was' [ -f "$metrics" ]
check 'and hold what was printed' is \
    "$(awk '$1 == "coupled.12" || $1 == "coupled.21" { printf "%.4g ", $2 }' "$metrics")" \
    "$(awk '$1 == "coupled" && $4 != $5 { printf "%s ", $6 }' "$T/two")"
records='([0-9]* training and [0-9]* test records)'
check 'and how many records there were' grep -q \
    "^data\.note	own tasks, grey $records, colour (200 training and 400 test records)\$" \
    "${metrics%metrics.tsv}provenance.tsv"

own
check 'without a folder for results they go to the screen' grep -q '^matrix .* coupled\.12 ' \
    "$T/matrices"
check 'where claims of the paper stand' grep -q '^verdict *not tested: needs CIFAR-100' "$T/matrices"
check 'none of them judged' is "$(grep '^verdict' "$T/matrices" | grep -vc 'not tested')" 0

# ---- a third one ----

# Of two classes as well, so that the softmax is that of the two tasks.
own --task "other=$pictures:4-5" --out "$T/results"
check 'three own tasks end well' is "$status" 0
entries >"$T/three"
# shellcheck disable=SC2016
check 'in six ordered pairs' is "$(cells '$1 == "coupled" && $6 > 0' three)" 6
awk '$4 < 2 && $5 < 2' "$T/three" >"$T/first"
check 'and the third moves no distance between the others' cmp -s "$T/first" "$T/two"

# ---- what cannot be done ----

own --profile desk
check 'too few records are said' refused 4 '--task colour: expected 375 training records of class 0'
head -c 5000 "$grey/t10k-labels-idx1-ubyte" >"$T/cut"
own --task "broken=idx:$grey/t10k-images-idx3-ubyte,$T/cut,$grey/t10k-images-idx3-ubyte,$T/cut"
check 'so is a damaged file' refused 4 "--task broken: $T/cut: "
own --task "none=$pictures:3,11"
check 'and a class that is not there' refused 2 'no record of class 11'
own --task "grey=$pictures:3,4"
check 'and a name that is there twice' refused 2 'two tasks have the name grey'
"$program" --quiet --seed 1 --task "colour=$pictures" >"$T/matrices" 2>"$log" </dev/null
status=$?
check 'and one task alone' refused 2 '--task: expected 2 to 6 tasks, found 1'

tap_end
