#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# bench_check BUILD: what moves a number, or compares none, must turn `bench check` red in its own
# words. Works in a scratch checkout with one program whose results are then tampered with.
set -u
build=$(cd "$1" && pwd) || exit 6
start=$PWD
# shellcheck source=tests/tap.sh
. tests/tap.sh

mkdir -p "$T/tree/reproductions/relu_flows" "$T/tree/build/bin" "$T/tree/reference-results"
cp README.md "$T/tree/"
cp reproductions/README.md "$T/tree/reproductions/"
cp reproductions/relu_flows/README.md reproductions/relu_flows/three_points.c \
    "$T/tree/reproductions/relu_flows/"
cp reference-results/three_points.* "$T/tree/reference-results/"
ln -s "$build/bin/three_points" "$T/tree/build/bin/three_points"
cd "$T/tree" || exit 6
unset DATASETS

bench() { # EXPECTED_STATUS VERB OPTIONS
    wanted=$1
    shift
    "$build/bench" "$@" --quiet >"$log" 2>&1 </dev/null
    [ $? -eq "$wanted" ]
}
unit='build/results/three_points/smoke/none-pinned/gradient-descent/1/metrics.tsv'
[ -d build/results ] || bench 0 run --profile smoke
[ -f "$unit" ] || unit=build/results/three_points/smoke/none-native/gradient-descent/1/metrics.tsv
cp "$unit" "$T/good"
ref=reference-results/three_points.ref
cp "$ref" "$T/good.ref"

tamper() { # SED_SCRIPT: on the unit's metrics
    sed "$1" "$T/good" >"$unit"
}
only='--only three_points'

one_row_moved() { # of the references
    [ "$(diff "$T/good.ref" "$ref" | grep -c '^[<>]')" -eq 2 ]
}

# shellcheck disable=SC2086
{
check 'untouched results pass' bench 0 check $only
check 'and numbers were compared' grep -q '^references: [1-9][0-9]* passed, 0 failed' "$log"

tamper 's/^w1\.1	8	/w1.1	8.0000001	/'
check 'a moved number fails with status 1' bench 1 check $only
check 'and says which, how far, and where the reference is' says 'w1.1 = 8.0000001, reference 8:'
tamper 's/^w1\.1	8	/w1.1	-8	/'
check 'a flipped sign fails' bench 1 check $only
tamper 's/^\([a-z0-9.]*\)	[-0-9.e+]*	/\1	0	/'
check 'a program that emits zeros fails' bench 1 check $only
tamper 's/^w1\.1	8	/w1.1	nan	/'
check 'a NaN in the results is a damaged unit: status 4' bench 4 check $only
check 'and is called by its name' says 'nan'
tamper 's/^w1\.1	8	/w1.1	inf	/'
check 'an infinity as well' bench 4 check $only
tamper '/^w1\.1	/d
s/^# rows	16$/# rows	15/'
check 'a missing metric fails' bench 1 check $only
check 'in its own words' says 'metric w1.1 is missing'
tamper 's/^\(w1\.1	8	.*\)$/\1\
w1.77	5	1	none	0/
s/^# rows	16$/# rows	17/'
check 'an extra metric fails' bench 1 check $only
check 'and asks for a blessing' says 'has no reference; accept it with make bless'
tamper 's/^\(w1\.1	8	\)1	/\1nat	/'
check 'another unit of measure fails' bench 1 check $only
check 'and names it' says "has the unit 'nat'"
tamper '/^w1\.1	/d'
check 'a unit cut between two rows is run again' bench 0 check $only
check 'and is whole again' cmp -s "$T/good" "$unit"
cp "$T/good" "$unit"

sed 's/\(	w1\.1	seed	\)8	/\19	/' "$T/good.ref" >"$ref"
check 'a wrong reference fails' bench 1 check $only
sed 's/\(	w1\.1	seed	\)8	/\1nan	/' "$T/good.ref" >"$ref"
check 'a reference that is NaN is a damaged file' bench 4 check $only
sed 's/not reproduced/reproduced/' "$T/good.ref" >"$ref"
check 'a verdict that is not what the stored values give fails' bench 1 check $only
check 'and names the claim' says 'claim pattern-of-the-start'
rm "$ref"
check 'a missing reference fails' bench 1 check $only
check 'and is not made on the way' test ! -e "$ref"
check 'and says what to do' says 'make bless ID=three_points'
cp "$T/good.ref" "$ref"
sed '/	claim	/d' "$T/good.ref" >"$ref"
check 'a verdict that was never recorded fails' bench 1 check $only
cp "$T/good.ref" "$ref"

sed '$a\
desk	native	none			no-such-claim	claim	0					1		ours		reproduced	x' "$T/good.ref" >"$ref"
check 'a verdict recorded for no claim fails' bench 1 check $only
check 'and is named' says 'no-such-claim, which is no claim of it'
cp "$T/good.ref" "$ref"
echo >reference-results/gone.ref
check 'a reference file of no program fails' bench 1 check
check 'and its name is said' says 'gone.ref belongs to no program'
rm reference-results/gone.ref

check 'an unknown metric is status 2' bench 2 check $only --metric w1.x1
check 'with the nearest one' says 'did you mean'
check 'a pattern that fits no metric compares nothing: status 5' bench 5 check $only --metric 'zz*'
check 'a chosen metric is compared alone' bench 0 check $only --metric 'w1.*'

check 'tables of other programs fail' bench 1 check
check 'the tables are generated' bench 0 readme
check 'and then pass' bench 0 check
index=reproductions/README.md
cp README.md "$T/front"
cp "$index" "$T/index"
check 'what does not hold stands in README.md itself' grep -q '| \*\*not reproduced\*\*' README.md
check 'what holds is counted there' grep -q '(reproductions/README.md#three_points) | .* | 8 | 7 | | 1 | | |' README.md
check 'where nothing is drawn nothing is chance' grep -q '^The word of 0 of them rests' README.md
check 'and stands in the other file alone' sh -c "grep -q '| \*\*reproduced\*\*' $index &&
    ! grep -q '| \*\*reproduced\*\*' README.md"
check 'the work is introduced by the words of its folder' grep -q '^### Gradient flows of' README.md
for file in README.md "$index"; do
    sed 's/| \*\*not reproduced\*\*/| **reproduced**/' "$file" >"$T/text" && cp "$T/text" "$file"
    check "a verdict changed by hand in $file fails" bench 1 check
    check 'and names the file' says "FAIL $file differs"
    bench 0 readme
done
sed 's/ | 7 | | 1 | | |/ | 8 | | | | |/' "$T/front" >README.md
check 'a count changed by hand in README.md fails' bench 1 check
sed '/| \*\*not reproduced\*\*/d' "$T/front" >README.md
check 'a claim left out of README.md fails' bench 1 check
sed '/^| `/d' "$T/index" >"$index"
check 'claims left out of the other file fail' bench 1 check
check 'both are written again' bench 0 readme
check 'with the same bytes' sh -c "cmp README.md '$T/front' && cmp $index '$T/index'"
words=reproductions/relu_flows/README.md
cp "$words" "$T/words"
echo 'no title' >"$words"
check 'a work without a title is an error' bench 6 readme
check 'that says what is expected' says "$words: expected '# ' and a title"
cp "$T/words" "$words"
mv reproductions/relu_flows/three_points.c "$T/"
check 'a program in no folder as well' bench 6 readme
check 'that names the program' says 'three_points: expected its source in one folder'
mv "$T/three_points.c" reproductions/relu_flows/

check 'bless without a reason is status 2' bench 2 bless --id three_points --profile smoke
check 'bless of an unknown program is status 2' bench 2 bless --id three_pionts --why x
cp "$start/.gitignore" . && git init -q . && git add -A && git -c user.name=t -c user.email=t@t commit -qm t
echo change >>reproductions/x.c
check 'bless on a changed tree is refused' bench 2 bless --id three_points --why x --profile smoke
rm reproductions/x.c
check 'bless of missing units is refused' bench 5 bless --id three_points --why x --profile paper
tamper 's/^w1\.1	8	/w1.1	8.5	/'
check 'bless on purpose is accepted' bench 0 bless --id three_points --why 'a test' --profile smoke
check 'and shows old and new' says 'w1.1: was 8, now 8.5'
check 'and the reason stands in the file' grep -q 'w1.1	seed	8.5	.*a test' "$ref"

# Verdicts alone, from the stored values.
sed '/	claim	/s/	not reproduced	/	partly	/' "$T/good.ref" >"$ref"
tamper ''
check 'a verdict that the stored values do not give fails' bench 1 check $only
check 'they are not those of smoke' bench 2 bless --id three_points --why x --stored --profile smoke
check 'they are judged again' bench 0 bless --id three_points --why 'a new rule' --stored
check 'which says what moved' says "was 'partly', now 'not reproduced'"
check 'and touches one row' one_row_moved
check 'with the reason, and where the values were made' \
    grep -q '	ours	commit [0-9a-f]\{12\}.*	not reproduced	a new rule$' "$ref"
check 'and then the verdict passes' bench 0 check $only
sed '/^desk	/d' "$T/good.ref" >"$ref"
check 'without values of desk there is nothing to judge' \
    bench 5 bless --id three_points --why x --stored
}
tap_end
