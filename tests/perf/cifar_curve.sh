#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Does training on real images reach what PyTorch reaches?
#     tests/perf/cifar_curve.sh BUILD DATA [OUT]
#
# Trains the small network of cifar_curve.c, here and in PyTorch, with the same settings for EPOCHS
# epochs from SEEDS seeds, each side with its own draws. Writes OUT/cifar_curve.tsv (every epoch of
# every seed), OUT/summary.tsv (mean, lowest and highest over the seeds) and OUT/cifar_curve.png,
# and prints the last epoch of both. Ends with 1 where the two last test accuracies are more than
# three standard errors apart, with 5 where nothing was compared (fewer than two seeds a side) and
# with 6 without PyTorch. `make curve` calls it; `make perf` does not: it takes minutes. What it
# gave last is tests/perf/cifar_curve.tsv and figures/cifar_curve.png.

set -eu
if [ $# -lt 2 ]; then
    echo "usage: EPOCHS=6 SEEDS=5 tests/perf/cifar_curve.sh BUILD DATA [OUT]" >&2
    exit 2
fi
build=$1 data=$2 out=${3:-$1/cifar_curve}
epochs=${EPOCHS:-6} seeds=${SEEDS:-5}
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive LC_ALL=C.UTF-8
mkdir -p "$out"
curves=$out/cifar_curve.tsv
printf 'who\tseed\tepoch\tloss\taccuracy\n' > "$curves.part"
"$build/perf/cifar_curve" "$data" "$epochs" "$seeds" >> "$curves.part"
for python in /usr/bin/python3 python3; do
    status=0
    "$python" tests/perf/cifar_curve.py "$data" "$epochs" "$seeds" >> "$curves.part" || status=$?
    [ "$status" -eq 77 ] || break
done
[ "$status" -ne 77 ] || { echo 'cifar_curve.py: PyTorch is not installed' >&2; exit 6; }
[ "$status" -eq 0 ] || exit "$status"
mv "$curves.part" "$curves"

awk -F '\t' -v OFS='\t' '
    NR == 1 { print "who", "epoch", "n", "loss", "accuracy", "low", "high", "sd"; next }
    {
        k = $1 OFS $3
        if (!n[k]++) { order[++count] = k; low[k] = $5; high[k] = $5 }
        loss[k] += $4; sum[k] += $5; square[k] += $5 * $5
        if ($5 < low[k]) low[k] = $5
        if ($5 > high[k]) high[k] = $5
    }
    END {
        for (i = 1; i <= count; i++) {
            k = order[i]; mean = sum[k] / n[k]
            variance = n[k] > 1 ? (square[k] - n[k] * mean * mean) / (n[k] - 1) : 0
            print k, n[k], loss[k] / n[k], mean, low[k], high[k], sqrt(variance > 0 ? variance : 0)
        }
    }' "$curves" > "$out/summary.tsv"
gnuplot -d -c tests/perf/cifar_curve.gp "$out/summary.tsv" "$out/cifar_curve.png"

awk -F '\t' -v epochs="$epochs" '
    $2 == epochs {
        printf "%-8s test accuracy %.4f (sd %.4f, %.4f to %.4f, %d seeds), training loss %.4f\n",
               $1, $5, $8, $6, $7, $3, $4
        mean[$1] = $5; error[$1] = $8 * $8 / $3; seeds[$1] = $3
    }
    END {
        if (seeds["ours"] < 2 || seeds["PyTorch"] < 2) {
            print "nothing was compared: fewer than two seeds of ours or of PyTorch"
            exit 5
        }
        difference = mean["ours"] - mean["PyTorch"]
        limit = 3 * sqrt(error["ours"] + error["PyTorch"])
        agree = difference <= limit && difference >= -limit
        printf "ours less PyTorch %+.4f, three standard errors %.4f: %s\n", difference, limit,
               agree ? "they agree" : "they DIFFER"
        exit !agree
    }' "$out/summary.tsv"
