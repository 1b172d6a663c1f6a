#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# bench_verbs BUILD: status, plan, diff and doctor in a scratch checkout: what is stale and why, a
# plan that a shell runs to the end, references that moved since a revision, a BLAS that is wrong.
set -u
build=$(cd "${1:?a build folder}" && pwd) || exit 2
start=$PWD
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
unset DATASETS OPENBLAS_CORETYPE OMP_THREAD_LIMIT OMP_PROC_BIND LD_PRELOAD
if ! [ -x "$build/bench" ] || ! [ -x "$build/bin/three_points" ]; then
    echo "Bail out! $build holds no bench and three_points: run make"
    exit 2
fi

# A path with a blank and a quote, because a plan has to quote it.
tree="$T/a tree's"
mkdir -p "$tree/build/bin" "$tree/reference-results" "$tree/ci"
cp "$build/bin/three_points" "$tree/build/bin/"
cp "$start/ci/slurm.sbatch" "$tree/ci/"
printf 'build/\n*.txt\n' >"$tree/.gitignore"
cd "$tree" || exit 6

bench() { # EXPECTED_STATUS VERB OPTION...
    wanted=$1
    shift
    "$build/bench" "$@" >"$log" 2>&1 </dev/null
    [ $? -eq "$wanted" ]
}

lines() { # of the log that match
    grep -c -e "$1" "$log"
}

is() { # ACTUAL EXPECTED
    [ "$1" = "$2" ]
}

git() {
    command git -c user.name=t -c user.email=t@t "$@" >>"$log" 2>&1
}

# ---- status ----

smoke='--profile smoke --seeds 1-6'
# shellcheck disable=SC2086  # options
{
check 'status before any run' bench 0 status $smoke
check 'calls everything missing, a line a cell' \
    is "$(lines '^three_points [a-z-]* seeds 1-6: missing: no result yet$')" 2
check 'and sums up' says '12 units at smoke: 0 fresh, 0 stale, 12 missing; 0 leftovers, 0 orphans'
check 'and wrote nothing' [ ! -e build/results ]
bench 0 run $smoke --quiet
check 'after a run' bench 0 status $smoke
check 'all is fresh' is "$(lines '^three_points [a-z-]* seeds 1-6: fresh$')" 2

unit=$(find "$tree/build/results" -type d -path '*/implicit/3')
cells=${unit%/3}
rm -r "$cells/1"
bin=build/bin/three_points
"$bin" --profile smoke --pinned --cell implicit --seed 2 --threads 2 --out build/results \
    >"$log" 2>&1
sed -i 's/^# key\t.*/# key\tabc/' "$unit/metrics.tsv" "$cells/4/metrics.tsv"
sed -i 's/^\(data\.records\)\t.*/\1\tabc/' "$unit/provenance.tsv"
sed -i 's/^\(program\.hash\)\t.*/\1\tabc/' "$cells/4/provenance.tsv"
printf 'half a li' >"$cells/5/metrics.tsv"
bench 0 status $smoke
check 'a removed unit is missing' says 'three_points implicit seed 1: missing'
check 'one with two threads has other arguments' \
    says 'three_points implicit seed 2: stale: arguments changed (threads 2, now 1)'
check 'one of other records is stale by them' says 'implicit seed 3: stale: records changed'
check 'one of another program is stale by it' says 'implicit seed 4: stale: program changed'
check 'a damaged one is called so' says 'implicit seed 5: stale: metrics.tsv is missing or damaged'
check 'the others are fresh' says 'implicit seed 6: fresh'
check 'the sum says it again' says '12 units at smoke: 7 fresh, 4 stale, 1 missing'

mkdir "$cells/7" "$cells/9" "$cells/6.tmp-999999999" "$cells/6.old-$$" "${cells%/*}/explicit" \
    build/results/four_points build/results/three_points/smkoe
before=$(find build/results | sort | cksum)
bench 0 status $smoke
check 'leftovers of dead processes are named' says '/implicit/6.tmp-999999999: its process is gone'
check 'those of living ones are no leftovers' says "/6.old-$$: process $$ writes it"
check 'seeds that nobody asks for are orphans' says 'seeds 7,9: none of the profile'
check 'a cell that is gone is one' says '/explicit: no such cell'
check 'a profile that is none is one' says 'three_points/smkoe: no such profile'
check 'a program that is gone is one' says 'results/four_points: no such program'
check 'all are counted' says '; 1 leftovers, 5 orphans'
check 'and nothing is deleted' is "$(find build/results | sort | cksum)" "$before"
bench 0 status $smoke --only 'three*'
check 'programs that were not asked for are left out' [ "$(lines four_points)" -eq 0 ]
rm -r "$cells/7" "$cells/9" "$cells"/6.* "${cells%/*}/explicit" build/results/four_points \
    build/results/three_points/smkoe

# ---- plan ----

sed -i 's/^\(started\)\t.*/\1\t2099-01-01T00:00:00Z/; s/^\(wall.seconds\)\t.*/\1\t13/' \
    "$cells/4/volatile.tsv"
check 'a plan' bench 0 plan $smoke
cp "$log" plan.txt
check 'has a line for each stale or missing unit' is "$(grep -vc '^#' plan.txt)" 5
check 'and says how many and how long' says '# 5 of 12 units at smoke'
check 'by what the cell took last' is "$(lines ' # 13.0 s$')" 5
check 'in sum' says '# about 1 min 05 s on one core, at most 13.0 s a unit'
line() { # of the plan
    grep -v '^#' plan.txt | sed -n "$1p"
}
line 2 | sh >"$log" 2>&1
check 'a line runs in a shell' is "$?" 0
(cd "$T" && "$build/bench" plan $smoke --build "$tree/build" >"$log" 2>&1)
check 'and did one unit' is "$(lines '^[^#]')" 4
grep -v '^#' "$log" >"$T/quoted"
check 'a path with a quote is quoted' grep -qF "'$T/a tree'\\''s/build/results'" "$T/quoted"
sed -n 1p "$T/quoted" | (cd / && sh) >"$log" 2>&1
check 'so that a shell reads it' is "$?" 0

cp plan.txt whole.txt
element() { # K ARGUMENT...: what Slurm would do
    SLURM_ARRAY_TASK_ID=$1 SLURM_SUBMIT_DIR=$tree sh "$start/ci/slurm.sbatch" whole.txt \
        ${2:+"$2"} >>"$log" 2>&1
}
element 1 2
check 'an element of an array runs its lines' is "$? $(lines '^line [135], restart 0: ')" '0 3'
element 4
check 'or the one' is "$? $(lines '^line ')" '0 4'
element 6
check 'and none beyond the last' is "$?" 5
check 'afterwards' bench 0 status $smoke
check 'all is fresh again' says '12 units at smoke: 12 fresh, 0 stale, 0 missing'
check 'with the commit unknown or named in the result' \
    grep -q '^build\.commit	..*' "$cells/1/provenance.tsv"
check 'an empty plan' bench 0 plan $smoke
check 'says so' is "$(cat "$log")" '# nothing to run: 12 units at smoke, all fresh'
printf x >>"$bin"
bench 0 status $smoke
check 'a program that changed by a byte makes all stale' \
    is "$(lines 'seeds 1-6: stale: program changed$')" 2
cat >build/bin/needs_data <<END
#!/bin/sh
case " \$* " in
*" --describe "*) '$build/bin/three_points' "\$@" | sed 's/three_points/needs_data/g' ;;
*) echo 'needs_data: no such folder' >&2 && exit 4 ;;
esac
END
chmod +x build/bin/needs_data
check 'status goes on without data, and says so with status 4' bench 4 status $smoke
check 'and names the program' says 'needs_data: cannot run: needs_data: no such folder'
check 'a plan that lacks a program is status 4' bench 4 plan $smoke
check 'and says so in itself' says '# not planned: needs_data: no such folder'
check 'with the lines of the others' is "$(lines '^INFOGEO_COMMIT\|^build/bin/three_points')" 12
rm build/bin/needs_data
}

# ---- diff ----

cp "$build/bin/three_points" "$bin"
check 'outside a checkout diff is status 6' bench 6 diff
check 'in one line' is "$(wc -l <"$log") $(lines '^bench: diff needs a git checkout')" '1 1'
env PATH=/nowhere "$build/bench" diff >"$log" 2>&1
check 'without git it is status 6' is "$?" 6
check 'in one line, too' is "$(wc -l <"$log") $(lines 'needs git, which cannot be started')" '1 1'

git init -q . && git add -A && git commit -qm empty
bench 0 run --profile smoke --quiet
bench 0 bless --id three_points --why 'a test' --profile smoke
ref=reference-results/three_points.ref
check 'against a revision without references' bench 0 diff
rows=$(($(grep -vc '^#' "$ref") - 1))
check 'every row is new' is "$(lines '^new  .* now ')" "$rows"
check 'which is no failure' bench 0 diff --fail
git add -A && git commit -qm references
check 'the same references' bench 0 diff --fail
check 'do not differ' says "$rows rows: 0 moved"

cp "$ref" "$T/ref"
row() { # METRIC [SED_COMMAND]: changes the first cell's row
    sed -i "/	gradient-descent	1	$1	/$2" "$ref"
}
row 'w1\.1' 's/	seed	8	/	seed	8.00000000000001	/'
row 'w1\.2' 's/	seed	\([-0-9.e]*\)	/	seed	\1e-3	/'
check 'moved values' bench 0 diff --base HEAD
check 'are shown old and new' says 'seed w1.1: was 8, now 8.'
check 'the farthest first' \
    is "$(sed -n 's/^\([^ ]*\) .* w1\.\([12]\): was .*/\2/p' "$log" | tr '\n' ' ')" '2 1 '
check 'and are status 1 where asked' bench 1 diff --fail
check 'by name' bench 0 diff --metric w1.1
check 'they are counted alone' says ': 1 moved'
far=$("$build/bench" diff --metric w1.1 | sed -n 's/^\([0-9.]*\) .* w1\.1: .*/\1/p')
check 'the distance is in units of the tolerance' \
    is "$(awk -v d="$far" 'BEGIN {print (d > 0.5 && d < 5)}')" 1
check 'near ones can be left out' bench 0 diff --metric w1.1 --over 1e3 --fail
check 'and are counted' says '1 moved by at most 1000 tolerances'
check 'far ones not' bench 1 diff --over 1e3 --fail
cp "$T/ref" "$ref"
row 'w1\.1' 's/	8	1	\([a-z]*\)	/	8	nat	libm	/'
row 'w1\.2' d
sed -i 's/	claim	\(.*\)	not reproduced	/	claim	\1	reproduced	/' "$ref"
check 'other changes' bench 1 diff --fail --over 1e9
check 'of unit and class are shown' says '; unit 1, now nat; class '
check 'and a row that is gone' is "$(lines '^gone .* w1\.2: was')" 1
check 'and a verdict' is "$(lines "^verdict .*: was 'not reproduced', now 'reproduced'")" \
    "$(grep -c '	claim	.*	not reproduced	' "$T/ref")"
rm "$ref"
check 'a file that is gone' bench 1 diff --fail
check 'is all its rows' is "$(lines '^gone ')" "$rows"
cp "$T/ref" "$ref"
check 'an older revision' bench 0 diff --base HEAD~1
check 'is resolved' is "$(lines '^new ')" "$rows"
check 'an unknown revision is status 2' bench 2 diff --base no-such-thing
check 'in one line' is "$(wc -l <"$log") $(lines "no git revision 'no-such-thing'")" '1 1'
check 'an option as a revision is status 2' bench 2 diff --base=--help
check 'a pattern that fits nothing is status 5' bench 5 diff --metric 'zz*'
check 'a wrong bound is status 2' bench 2 diff --over -1
printf 'damage\n' >"$ref"
check 'a damaged file is status 4' bench 4 diff
cp "$T/ref" "$ref"

# ---- doctor ----

check 'the doctor finds this machine fit' bench 0 doctor
check 'and compared every kind of call' \
    is "$(grep -v oneDNN "$log" | grep -c '^ok    native, .* cases, worst ')" 8
check 'convolutions are tried in both modes' is "$(lines '^ok .*: convolutions (oneDNN, ')" 2
grep -q '^note  processor: .*nothing can be pinned' "$log" && pinned=0 || pinned=8
check 'with the kernels of pinned mode, too' \
    is "$(grep -v oneDNN "$log" | grep -c '^ok    pinned, .* cases, worst ')" "$pinned"
check 'one BLAS' says 'BLAS: one, '
check 'the same bits run to run' says 'run to run: the same bits'
mkdir "$T/few" && ln -s "$(command -v git)" "$T/few/git"
env PATH="$T/few" OPENBLAS_CORETYPE=nonsense OMP_THREAD_LIMIT=1 OMP_PROC_BIND=true \
    "$build/bench" doctor >"$log" 2>&1
check 'a doctor that finds faults is status 6' is "$?" 6
check 'a thread limit is bad' is "$(lines '^BAD   OMP_THREAD_LIMIT')" 1
check 'no gnuplot is bad, and it says what to do' is "$(lines '^BAD   gnuplot: .*make deps')" 1
check 'nothing else is' says '2 BAD, '
check 'a core that the BLAS does not know is a note' \
    is "$(lines '^note  OPENBLAS_CORETYPE: nonsense was asked for')" 1
check 'binding is a note' is "$(lines '^note  OMP_PROC_BIND')" 1

# wrong BODY: a library in front of the BLAS.
wrong() {
    printf '%s\n' "$1" >"$T/wrong.c"
    "${CC:-cc}" -shared -fPIC -w -o "$T/wrong.so" "$T/wrong.c" >"$log" 2>&1 || return
    ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 LD_PRELOAD=$T/wrong.so \
        "$build/bench" doctor >"$log" 2>&1
}
wrong 'void cblas_dgemm(void) {}
static int at(int i, int n, int step) { return step > 0 ? i * step : (i + 1 - n) * step; }
double cblas_ddot(int n, const double *x, int a, const double *y, int b)
{
    double s = 0;
    for (int i = 0; i < n - (n == 33); i++) s += x[at(i, n, a)] * y[at(i, n, b)];
    return s;
}
void cblas_dgemv(int order, int t, int rows, int cols, double alpha, const double *a, int lda,
                 const double *x, int incx, double beta, double *y, int incy)
{
    int m = t == 111 ? rows : cols, k = t == 111 ? cols : rows;
    for (int i = 0; i < m; i++) {
        double s = 0, *to = y + at(i, m, incy);
        for (int p = 0; p < k; p++)
            s += a[t == 111 ? i * lda + p : p * lda + i] * x[at(p, k, incx)];
        *to = alpha * s + beta * *to;
    }
}'
check 'wrong numbers are status 6' is "$?" 6
check 'a product that does nothing is bad' is "$(lines '^BAD   native, .*: sgemm, dgemm: ')" 1
check 'a sum that forgets a term is bad' is "$(lines '^BAD   native, .*: sdot, ddot: .*ddot 33,')" 1
check 'one that reads what beta = 0 says not to is bad' \
    is "$(lines '^BAD   native, .*: sgemv, dgemv: .*found inf (dgemv')" 1
check 'what is right stays so' is "$(lines '^ok    native, .*: ssyrk, dsyrk: ')" 1
wrong 'int dnnl_primitive_execute(void) { return 0; }'
check 'convolutions that do nothing are bad' \
    is "$? $(lines '^BAD   native: convolutions (oneDNN, ')" '6 1'
wrong 'void abort(void); void cblas_dgemm(void) { abort(); }'
check 'a call that crashes is bad, and no crash of the doctor' \
    is "$? $(lines '^BAD   native: trying the BLAS was killed by signal')" '6 1'
tap_end
