#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# bench_report BUILD: `bench figures` and `bench report` on made-up results of a made-up program, in
# a folder whose name has blanks: tables over seeds, figures that fail loudly, a page that stands
# alone and hides nothing.
set -u
build=$(cd "${1:?a build folder}" && pwd) || exit 2
tests=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/tap.sh
. "$tests/tap.sh"
unset DATASETS
bench=$build/bench
house=$T/'a house with blanks'
tree='build out'
mkdir -p "$house/figures" "$house/$tree/bin"
cp "$tests/../figures/style.gp" "$house/figures/"
cd "$house" || exit 6

# ---- a program with three claims, two cells and three seeds ----

# describe ID TITLE DATA: what `--describe` prints.
describe() {
    printf '# format\tdescription 1\nwhat\tname\tfield\tvalue\n'
    for row in "program|$1|title|$2" "program|$1|paper|Nobody <nobody@example.org>, 2000" \
        ${3:+"program|$1|data|$3"} "program|$1|deterministic|0" \
        "axis|N|meaning|samples" "cell|N=1|desk|1" "cell|N=2|desk|2" \
        "parameter|seeds|type|int" "parameter|seeds|desk|3" "parameter|seeds|source|ours & <mine>" \
        "metric|error.a|unit|1" "metric|error.a|direction|lower" "metric|error.a|class|rate" \
        "metric|error.a|worst|0" "metric|error.a|meaning|of A" \
        "metric|error.b|unit|1" "metric|error.b|direction|lower" "metric|error.b|class|rate" \
        "metric|error.b|worst|0" "metric|error.b|meaning|of B" \
        "claim|first|words|A <b>& \"B\"</b> is 'better'<script>alert(1)</script>" \
        "claim|first|place|figure 1 & 2" "claim|first|kind|order" "claim|first|metric|error.a" \
        "claim|first|cell|first" "claim|first|is|below" "claim|first|to_metric|error.b" \
        "claim|second|words|A is worse" "claim|second|place|page 3" "claim|second|kind|order" \
        "claim|second|metric|error.a" "claim|second|cell|first" "claim|second|is|above" \
        "claim|second|to_metric|error.b" \
        "claim|third|words|A is at most 1" "claim|third|place|page 4" "claim|third|kind|bound" \
        "claim|third|metric|error.a" "claim|third|cell|all" "claim|third|is|below" \
        "claim|third|to|1" "end|$1||"; do
        echo "$row" | tr '|' '\t'
    done
}

# keys ID KIND: what `--key` prints.
keys() {
    printf '# program\tp\n# records\tr\n# data\t%s\ncell\tseed\tkey\tfolder\n' "$2"
    for cell in N=1 N=2; do
        for seed in 1 2 3; do
            printf '%s\t%s\tkey-%s\t%s\n' $cell $seed $seed "$1/desk/$2-native/$cell/$seed"
        done
    done
}

# program ID TITLE DATA KIND: puts it into the tree.
program() {
    describe "$1" "$2" "$3" >"$T/$1.description"
    keys "$1" "$4" >"$T/$1.keys"
    cat >"$tree/bin/$1" <<END
#!/bin/sh
case " \$* " in
*" --describe "*) exec cat '$T/$1.description' ;;
*) exec cat '$T/$1.keys' ;;
esac
END
    chmod +x "$tree/bin/$1"
}

# unit ID KIND CELL SEED STATUS A B: one finished unit.
unit() {
    folder=$tree/results/$1/desk/$2-native/$3/$4
    mkdir -p "$folder/curves"
    {
        printf '# format\tmetrics 1\n# id\t%s\n# profile\tdesk\n# data\t%s\n# mode\tnative\n' \
            "$1" "$2"
        printf '# cell\t%s\n# seed\t%s\n# key\tkey-%s\n# status\t%s\n' "$3" "$4" "$4" "$5"
        printf 'metric\tvalue\tunit\tdirection\tscale\n'
        printf 'error.a\t%s\t1\tlower\t100\n' "$6"
        [ -z "$7" ] || printf 'error.b\t%s\t1\tlower\t100\n' "$7"
    } >"$folder/metrics.tsv"
    printf 'key\tvalue\nbuild.commit\tc0ffee\nbuild.flags\t-DX="<&>"\n' >"$folder/provenance.tsv"
    {
        printf '# format\tcurve 1\nstep [1]\tloss [nat]\n1\t%s\n' "$6"
        [ "$5" = diverged ] || printf '2\t%s\n' "$6"
    } >"$folder/curves/loss.tsv"
}

# results ID KIND: A has 1, 2, 3 and B 11, 12, 13 in each cell.
results() {
    for cell in N=1 N=2; do
        unit "$1" "$2" $cell 1 ok 1 11
        unit "$1" "$2" $cell 2 ok 2 12
        unit "$1" "$2" $cell 3 ok 3 13
    done
}

# script ID: a figure of the curve.
script() {
    cat >"figures/$1.gp" <<'END'
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
load 'figures/style.gp'
file = table('loss'); over = 'step [1]'; count = cell_count
what(j) = 'loss [nat]'
@count_seeds
plot @bands, @lines
END
}

call() { # VERB OPTION...: its words go to the log, its status to $status
    "$bench" "$@" --build "$tree" --profile desk >"$log" 2>&1
    status=$?
}

ends_with() { # STATUS TEXT
    [ "$status" -eq "$1" ] && says "$2"
}

is() { # ACTUAL EXPECTED
    [ "$1" = "$2" ]
}

# number TABLE COLUMN PATTERN...: the column's cell in the first row that has all words as cells.
number() {
    awk -F '\t' -v column="$2" -v a="$3" -v b="${4:-}" '
        /^#/ { next }
        !n { for (n = 1; n <= NF; n++) at[$n] = n; next }
        $1 == a && (b == "" || $2 == b) { print $at[column]; exit }' "$1"
}

near() { # ACTUAL EXPECTED: within 1e-9, and a number
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a ~ /^[-0-9.e+]+$/ && a - b <= 1e-9 && b - a <= 1e-9) }'
}

page=$tree/report/index.html
summary=$tree/results/one/desk/real-native/summary
on_page() {
    grep -qF -e "$1" "$page"
}
not_on_page() {
    [ -s "$page" ] && ! grep -qiE -e "$1" "$page"
}
unique_identifiers() { # at least this many, each once
    grep -oE "[ <]id=['\"][^'\"]*" "$page" | sort >"$T/identifiers"
    [ "$(wc -l <"$T/identifiers")" -ge "$1" ] && [ -z "$(uniq -d "$T/identifiers")" ]
}

# ---- tables over seeds ----

program one 'The title & <more>' MNIST real
results one real
script one
call figures
check "figures are drawn in folders with blanks" ends_with 0 "1 drawn"
check "the figure lies under its name" test -s "$tree/figures/one.svg"
check "the mean is over the seeds" near "$(number "$summary/metrics.tsv" mean N=1 error.a)" 2
check "the interval is the t-interval of 95 %" \
    near "$(number "$summary/metrics.tsv" high N=1 error.a)" 4.484137711719545
check "curves are joined by their abscissa" near \
    "$(number "$summary/loss.tsv" 'loss [nat]' N=2 2)" 2
check "and say how many seeds are behind a row" is "$(number "$summary/loss.tsv" loss.n N=2 2)" 3
mv "$tree/results/one/desk/real-native/N=2/2/curves/loss.tsv" "$T/kept"
sed '$d' "$T/kept" >"$tree/results/one/desk/real-native/N=2/2/curves/loss.tsv"
call figures
check "a seed that lacks a row lowers n there" is "$(number "$summary/loss.tsv" loss.n N=2 2)" 2
check "and changes its mean no more" near "$(number "$summary/loss.tsv" 'loss [nat]' N=2 2)" 2
check "but not elsewhere" is "$(number "$summary/loss.tsv" loss.n N=2 1)" 3
sed 's/loss/lost/' "$T/kept" >"$tree/results/one/desk/real-native/N=2/2/curves/loss.tsv"
call figures
check "curves whose columns differ are refused" ends_with 4 "differs from the other seeds"
mv "$T/kept" "$tree/results/one/desk/real-native/N=2/2/curves/loss.tsv"

unit one real N=1 3 diverged 0.5 ''
unit one real N=2 3 ok 3 14
call figures
check "a diverged unit counts as the worst outcome" \
    near "$(number "$summary/metrics.tsv" mean N=1 error.b)" 12.333333333333334
check "n asked stays" is "$(number "$summary/metrics.tsv" asked N=1 error.b)" 3
check "n finite is less" is "$(number "$summary/metrics.tsv" finite N=1 error.b)" 2
unit one real N=1 3 ok 3 13

# ---- figures ----

call figures
call figures
check "a figure that is right is not drawn again" ends_with 0 "0 drawn, 1 up to date"
unit one real N=1 3 ok 3.25 13
call figures
check "one whose numbers changed is" ends_with 0 "1 drawn"
echo '# more' >>figures/one.gp
call figures
check "and one whose script changed" ends_with 0 "1 drawn"
rm "$tree/figures/one.svg"
call figures
check "and one that is gone" ends_with 0 "1 drawn"
unit one real N=1 3 ok 3 13
call figures --format png
check "other formats are drawn beside it" ends_with 0 "1 drawn"
call figures --format sgv
check "an unknown format names the nearest" ends_with 2 "did you mean 'svg'"

mkdir "$T/tools"
for tool in sh cat; do
    ln -s "$(command -v $tool)" "$T/tools/$tool"
done
(PATH=$T/tools "$bench" figures --build "$tree" --profile desk --format pdf) >"$log" 2>&1
status=$?
check "without gnuplot the figures are skipped" ends_with 0 "gnuplot is not installed"
check "with one line" is "$(wc -l <"$log")" 1
rm "$tree/figures/"*
(PATH=$T/tools "$bench" report --build "$tree" --profile desk) >"$log" 2>&1
status=$?
check "and the report comes without figures" ends_with 0 "report/index.html"
check "and says why" on_page "gnuplot is not installed"

# ---- the page ----

call report
check "the report is written" ends_with 0 "report/index.html"
check "the page holds no script" not_on_page '<script'
check "the page names no other place" not_on_page \
    '(src|srcset|href|data|action)=.?(https?:|//)|@import|url\(.?(https?:|//)'
check "the page loads nothing" not_on_page '<(link|img|iframe|object|embed)'
check "text of the program is escaped" on_page \
    'A &lt;b&gt;&amp; &quot;B&quot;&lt;/b&gt; is &#39;better&#39;&lt;script&gt;'
check "also that of titles and sources" on_page 'ours &amp; &lt;mine&gt;'
check "and of the provenance" on_page '-DX=&quot;&lt;&amp;&gt;&quot;'
verdicts=$tree/report/verdicts.tsv
check "every claim has its row" is "$(grep -c '^one	' "$verdicts")" 3
check "the first claim is reproduced" is "$(number "$verdicts" verdict one first)" reproduced
check "its opposite is not" is "$(number "$verdicts" verdict one second)" 'not reproduced'
check "its interval goes with it" near "$(number "$verdicts" high one first)" -10
badges=$(tr '<' '\n' <"$page" | sed -n 's,^/i>\([a-z]\),\1,p' | sort | uniq -c | tr -s ' \n' ' ')
check "every verdict stands on the page as a word: two tables and the guide" is "$badges" \
    ' 5 not reproduced 1 not tested 1 partly 3 reproduced 1 undecided '
check "the counts agree" on_page '</i>2 not reproduced</span>'
check "the figure stands in the page" on_page '<svg role="img"'
check "no identifier comes twice" unique_identifiers 10
check "real data are called real" not_on_page 'stand-in\.'
sed -i 's/key-3/key-9/' "$T/one.keys"
call report
check "stale results are called stale" on_page '2 of these results come from an earlier program'
sed -i 's/key-9/key-3/' "$T/one.keys"
rm -r "$tree/results/one/desk/real-native/N=1/2"
call report
check "a missing unit leaves its claims untested" is "$(number "$verdicts" verdict one first)" \
    'not tested'
unit one real N=1 2 ok 2 12

program two 'Another title' MNIST stand-in
call report
check "a program without results is listed as not run" on_page 'Not run at desk'
check "and its claims are rows, too" is "$(number "$verdicts" why two first)" 'no results'
results two stand-in
script two
call report
check "stand-ins are said on the page" on_page 'data: stand-in.'
check "and in the figure" grep -q '>data: stand-in<' "$tree/figures/two.svg"
check "and judge no claim about published data" is "$(number "$verdicts" verdict two first)" \
    'not tested'
check "two figures share no identifier" unique_identifiers 20

# ---- failures are loud ----

for seed in 1 2 3; do
    for cell in N=1 N=2; do
        printf '# format\tcurve 1\nstep [1]\tloss [nat]\n' \
            >"$tree/results/two/desk/stand-in-native/$cell/$seed/curves/loss.tsv"
    done
done
call figures
check "an empty table makes the figure fail" ends_with 3 "figure two: gnuplot"
check "and leaves no half figure and no older one" is "$(cd "$tree/figures" && echo *)" \
    'one.svg one.svg.key'
call report
check "the report fails with it" ends_with 3 "figure two: gnuplot"
check "is written all the same" on_page 'No figure: figure two: gnuplot'
check "and shows no older figure in its place" is "$(grep -c '<svg role' "$page")" 1
rm -r "$tree/results/two" "$tree/bin/two"
sed -i '$d' figures/one.gp
echo "plot @lines, file using (in_cell('N=7') ? column(over) : NaN):(column(what(1)))" \
    >>figures/one.gp
call figures
check "a series that is missing fails although gnuplot only warns" ends_with 3 "figure one: gnuplot"
rm -r "$tree/results"
call figures
check "figures of nothing are no success" ends_with 5 "no results"
call report
check "a report of nothing is no success" ends_with 5 "nothing was run"

tap_end
