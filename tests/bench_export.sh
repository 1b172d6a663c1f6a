#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# bench_export BUILD: `bench export` on made-up results of two made-up programs: awkward numbers,
# awkward words, and a paper that quotes them. pdflatex sets the paper where it is installed; what a
# shell can see of it is checked everywhere.
set -u
build=$(cd "${1:?a build folder}" && pwd) || exit 2
tests=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/tap.sh
. "$tests/tap.sh"
unset DATASETS
mkdir -p "$T/tree/build/bin"
cd "$T/tree" || exit 6

# ---- two programs, two cells, two seeds ----

# describe ID DATA: what `--describe` prints; `claims` is a file of its last rows.
describe() {
    printf '# format\tdescription 1\nwhat\tname\tfield\tvalue\n'
    for row in "program|$1|title|Title" "program|$1|paper|Nobody, 2000" ${2:+"program|$1|data|$2"} \
        "program|$1|deterministic|0" "axis|N_n|meaning|samples" "cell|N_n=50|desk|50" \
        "cell|N_n=4000|desk|4000" "parameter|seeds|type|int" "parameter|seeds|desk|2" \
        "parameter|seeds|source|ours" "metric|error.task.*|unit|J/(kg K) & 100 %" \
        "metric|error.task.*|direction|lower" "metric|error.task.*|class|rate" \
        "metric|error.task.*|worst|0" "metric|error.task.*|meaning|an error" \
        "metric|y|unit|1" "metric|y|direction|none" "metric|y|class|rate" "metric|y|worst|0" \
        "metric|y|meaning|what has no worst"; do
        echo "$row" | tr '|' '\t'
    done
    cat "$T/claims"
    printf 'end\t%s\t\t\n' "$1"
}

# program ID DATA KIND
program() {
    describe "$1" "$2" >"$T/$1.description"
    printf '# program\tp\n# records\tr\n# data\t%s\ncell\tseed\tkey\tfolder\n' "$3" >"$T/$1.keys"
    for unit in N_n=50/1 N_n=50/2 N_n=4000/1 N_n=4000/2; do
        printf '%s\t%s\tkey\t%s\n' "${unit%/*}" "${unit#*/}" "$1/desk/$3-native/$unit"
    done >>"$T/$1.keys"
    cat >"build/bin/$1" <<END
#!/bin/sh
case " \$* " in
*" --describe "*) exec cat '$T/$1.description' ;;
*) exec cat '$T/$1.keys' ;;
esac
END
    chmod +x "build/bin/$1"
}

# unit ID KIND CELL SEED STATUS COLUMN: metrics error.task.1, 2, ... are the column of $T/values.
unit() {
    folder=build/results/$1/desk/$2-native/$3/$4
    mkdir -p "$folder"
    {
        printf '# format\tmetrics 1\n# id\t%s\n# profile\tdesk\n# data\t%s\n# mode\tnative\n' \
            "$1" "$2"
        printf '# cell\t%s\n# seed\t%s\n# key\tkey\n# status\t%s\n' "$3" "$4" "$5"
        printf 'metric\tvalue\tunit\tdirection\tscale\n'
        awk -v c="$6" '{ print "error.task." NR "\t" $c "\tJ/(kg K) & 100 %\tlower\t0" }' \
            "$T/values"
        printf 'y\t%s\t1\tnone\t0\n' 5
    } >"$folder/metrics.tsv"
}

claim() { # ID FIELD VALUE
    printf 'claim\t%s\t%s\t%s\n' "$1" "$2" "$3"
}

{
    claim equal-sizes-help words 'a_b, "q" & 50% of #1 {x} $y$ ~ \z ^ <b> E_n <= 1 -> -3, 1.5e-07'
    claim equal-sizes-help place 'p. 3 -- 5'
    claim equal-sizes-help kind order
    claim equal-sizes-help metric error.task.1
    claim equal-sizes-help cell first
    claim equal-sizes-help is below
    claim equal-sizes-help to 1
} >"$T/claims"
printf '0.0441 0.0447\n0.2 0.3\n' >"$T/values"
program self_knowledge_mnist MNIST real
for cell in N_n=50 N_n=4000; do
    unit self_knowledge_mnist real $cell 1 ok 1
    unit self_knowledge_mnist real $cell 2 ok 2
done

# Two seeds a and b have the mean (a + b)/2 and the standard error |a - b|/2; what is expected of
# them stands beside them, as \infogeoError has it.
: >"$T/claims"
cat >"$T/values" <<'END'
0 0 0
-0 -0 0
9.985 10.005 9.995(10)
9.976 10.016 10.00(2)
-0.0203 0.0197 0.00(2)
-1.2645e-7 -1.2045e-7 -1.23(3)\times 10^{-7}
1.23156e12 1.23756e12 1.235(3)\times 10^{12}
12045 12645 1.23(3)\times 10^{4}
-5 -5 -5
0.4904 0.5096 0.500(10)
1e300 1e300 1\times 10^{300}
0.333333333333 0.333333333333 0.3333
999999 999999 999999
1000000 1000000 1\times 10^{6}
99999.96 99999.96 1\times 10^{5}
1000096 1000104 1.000100(4)\times 10^{6}
0.00009 0.00011 0.000100(10)
0.00008 0.00010 9.0(10)\times 10^{-5}
-2 8 3(5)
-1e-7 1e-7 0.0(10)\times 10^{-7}
5e-324 5e-324 4.941\times 10^{-324}
1 1.0000000000000002 1
0.0004 0.0005 0.00045(5)
9.995 9.995 9.995
-1e100 1e100 0.0(10)\times 10^{100}
-0.5 -0.1 -0.3(2)
END
program awkward '' none
unit awkward none N_n=50 1 ok 1
unit awkward none N_n=50 2 ok 2
unit awkward none N_n=4000 1 ok 2

call() { # FORMAT OPTION...: its words go to the log, its status to $status
    format=$1
    shift
    "$build/bench" export --profile desk --format "$format" "$@" >"$log" 2>&1 </dev/null
    status=$?
}

ends_with() { # STATUS TEXT
    [ "$status" -eq "$1" ] && says "$2"
}

is() { # ACTUAL EXPECTED
    [ "$1" = "$2" ] || { printf "# found '%s', expected '%s'\\n" "$1" "$2"; false; }
}

out=build/export
holds() { # FILE TEXT
    grep -qF -e "$2" "$out/$1"
}
lacks() { # FILE PATTERN
    [ -s "$out/$1" ] && ! grep -qE -e "$2" "$out/$1"
}

# stored WHAT PROGRAM CELL METRIC: what numbers.tex has under the name, without \ensuremath.
stored() {
    key="\\infogeoKey{$2}{$3}{$4}%" what="\\infogeoPut{$1}{" awk '
        BEGIN { key = ENVIRON["key"]; what = ENVIRON["what"] }
        index($0, "\\infogeoKey") == 1 { here = $0 == key; next }
        here && (at = index($0, what)) {
            rest = substr($0, at + length(what))
            sub(/[}](%|\\infogeoPut.*)$/, "", rest)
            if (sub(/^\\ensuremath[{]/, "", rest)) sub(/[}]$/, "", rest)
            print rest
        }' $out/numbers.tex
}

# ---- numbers ----

call latex
check 'latex is written' ends_with 0 'numbers.tex in build/export'
check 'all expected numbers are there' is "$(stored n awkward N_n=50 error.task.26)" 2
i=0
while read -r a b expected; do
    i=$((i + 1))
    check "error.task.$i is right for $a and $b" is \
        "$(stored error awkward N_n=50 error.task.$i)" "$expected"
done <"$T/values"
check 'the mean alone has the same digits' is "$(stored mean awkward N_n=50 error.task.4)" 10.00
check 'also before a power of ten' is "$(stored mean awkward N_n=50 error.task.6)" \
    '-1.23\times 10^{-7}'
check 'the interval ends at the same place' is \
    "$(stored interval awkward N_n=50 error.task.4)" '10.00\ [9.74, 10.25]'
check 'and stands before its power of ten' is "$(stored interval awkward N_n=50 error.task.7)" \
    '(1.235\ [1.196, 1.273])\times 10^{12}'
check 'one value has no interval and says so' is \
    "$(stored interval awkward N_n=4000 error.task.3)" '10.01\ (n = 1)'
check 'and four digits' is "$(stored mean awkward N_n=4000 error.task.12)" 0.3333
check 'chosen digits keep their zeros' is "$(stored round3 awkward N_n=50 error.task.9)" -5.00
check 'are those of the double, not of its name' is \
    "$(stored round3 awkward N_n=50 error.task.24)" 9.99
check 'and carry' is "$(stored round1 awkward N_n=50 error.task.24)" '1\times 10^{1}'
check 'the raw number has 17 digits' is "$(stored raw awkward N_n=50 error.task.24)" \
    9.9949999999999992
check 'units are escaped' is "$(stored unit awkward N_n=50 error.task.1)" 'J/(kg K) \& 100 \%'

# ---- words ----

check 'words are escaped' holds verdicts.tex \
    'a\_b, \char34{}q\char34{} \& 50\% of \#1 \{x\} \$y\$ \textasciitilde{} \textb'
check 'so are relations, arrows, minus signs and powers of ten' holds verdicts.tex \
    '\textasciicircum{} $<$b$>$ E\_n $\le$ 1 $\to$ $-$3, 1.5$\times 10^{-7}$'
check 'long names may break, indices not' holds verdicts.tex \
    'self\_\allowbreak{}knowledge\_\allowbreak{}mnist & a\_b,'
check 'a claim is one row of six cells' is \
    "$(grep -v '^%' $out/verdicts.tex | sed 's/\\&//g' | tr -dc '&\n')" '&&&&&'
check 'the head says data and profile' holds verdicts.tex '% data: real'
check 'and what each program had' holds metrics.tex '% awkward: data: none; 1 results missing'
check 'so do macros' holds numbers.tex '\def\infogeoData{real}'
check 'the verdict is found by name' is "$(sed -n \
    '/infogeoClaim{self_knowledge_mnist}{equal-sizes-help}/{n;p;}' $out/numbers.tex |
    grep -c '^\\infogeoPut{verdict}{reproduced}')" 1

# ---- the paper ----

cp "$tests/data/paper.tex" .

# sound FILE...: braces balance and every control word is LaTeX's or defined in numbers.tex; every
# name that is quoted is there.
sound() {
    awk -v numbers="$out/numbers.tex" '
        function wrong(words) { print "# " FILENAME ":" FNR ": " words; bad = 1 }
        function code(s) { gsub(/\\\\/, "", s); gsub(/\\%/, "", s); sub(/%.*/, "", s); return s }
        BEGIN {
            n = split("documentclass usepackage input title author date begin end maketitle " \
                "section epsilon newcommand edef emph caption footnotesize scriptsize textwidth " \
                "toprule midrule bottomrule clearpage raw def expandafter csname endcsname " \
                "detokenize ifcsname ifnum else fi PackageError PackageWarningNoLine " \
                "MessageBreak textbf ensuremath times infty mathrm DeclareRobustCommand endinput " \
                "char to le ge textasciicircum textasciitilde textbackslash allowbreak " \
                "newcolumntype tiny setlength tabcolsep endhead raggedright " \
                "arraybackslash", list, " ")
            for (i = 1; i <= n; i++) known[list[i]] = 1
            while ((getline line < numbers) > 0) {
                if (match(line, /^\\(def|DeclareRobustCommand[{])\\[A-Za-z]+/)) {
                    name = substr(line, RSTART, RLENGTH); sub(/.*\\/, "", name); known[name] = 1
                }
                if (match(line, /^\\infogeo(Key|Claim)[{].*[}]%$/)) {
                    name = substr(line, RSTART, RLENGTH); sub(/^[^{]*/, "", name)
                    sub(/%$/, "", name); there[name] = 1
                }
            }
        }
        FNR == 1 && NR > 1 && depth != 0 { wrong("braces of the file before"); depth = 0 }
        {
            line = code($0)
            for (rest = line; match(rest, /\\[A-Za-z]+/); rest = substr(rest, RSTART + RLENGTH))
                if (!(substr(rest, RSTART + 1, RLENGTH - 1) in known))
                    wrong("unknown " substr(rest, RSTART, RLENGTH))
            for (rest = line; FILENAME ~ /paper/ && match(rest, \
                    /\\infogeo[A-Za-z]*(\[[0-9]\])?[{][^{}]*[}][{][^{}]*[}]([{][^{}]*[}])?/);
                    rest = substr(rest, RSTART + RLENGTH)) {
                name = substr(rest, RSTART, RLENGTH); sub(/^[^{]*/, "", name); quoted++
                if (!(name in there)) wrong("nothing under " name)
            }
            gsub(/\\[{}]/, "", line)
            depth += gsub(/[{]/, "", line); depth -= gsub(/[}]/, "", line)
            if (depth < 0) { wrong("a brace too many"); depth = 0 }
        }
        END {
            if (depth != 0) wrong("a brace too few")
            if (quoted < 10) wrong("only " quoted + 0 " numbers quoted")
            exit bad
        }' "$@"
}
unsound() {
    ! sound "$@" >/dev/null
}
check 'the paper and what it inputs fit together' sound \
    paper.tex $out/numbers.tex $out/verdicts.tex $out/metrics.tex
sed 's/error\.task\.2/error.task.9/' paper.tex >"$T/paper-name.tex"
check 'a name that is not there would be seen' unsound "$T/paper-name.tex"
sed 's/infogeoRound/infogeoRuond/' paper.tex >"$T/paper-macro.tex"
check 'so would a macro' unsound "$T/paper-macro.tex"
sed 's/^\\section{/\\section{{/' paper.tex >"$T/paper-brace.tex"
check 'and a brace' unsound "$T/paper-brace.tex"

pdflatex_says() { # STATUS TEXT FILE
    max_print_line=1000 pdflatex -interaction=nonstopmode -halt-on-error -output-directory="$T" \
        "$3" >"$log" 2>&1 </dev/null
    is $? "$1" && says "$2"
}
if command -v pdflatex >/dev/null && kpsewhich booktabs.sty >/dev/null; then
    check 'pdflatex sets the paper' pdflatex_says 0 'Output written on' paper.tex
    check 'and again with what it wrote down' pdflatex_says 0 'Output written on' paper.tex
    check 'an unknown name stops it and is named' pdflatex_says 1 \
        "No metric 'error.task.9' in cell 'N_n=4000' of 'self_knowledge_mnist'" "$T/paper-name.tex"
    sed 's/{N_n=50}/{N_n=51}/' paper.tex >"$T/paper-cell.tex"
    check 'so does an unknown cell' pdflatex_says 1 "No cell 'N_n=51'" "$T/paper-cell.tex"
    sed 's/Round\[1\]/Round[7]/' paper.tex >"$T/paper-digits.tex"
    check 'and a number of digits that is not there' pdflatex_says 1 'Digits: 1 to 6' \
        "$T/paper-digits.tex"
    sed 's/{equal-sizes-help}/{equal_sizes}/' paper.tex >"$T/paper-claim.tex"
    check 'and an unknown claim' pdflatex_says 1 "No claim 'equal_sizes'" "$T/paper-claim.tex"
else
    skip 'a paper set by LaTeX' 'pdflatex or booktabs.sty is not installed (texlive-latex-extra)'
fi

# ---- the other formats ----

call csv
check 'csv is written' ends_with 0 'metrics.csv in build/export'
check 'its columns are named' is "$(head -n 1 $out/metrics.csv | tr -d '\r')" \
    'program,cell,metric,unit,n,mean,sd,low,high,asked,finite,profile,data'
check 'words with commas and quotes are quoted' holds verdicts.csv \
    ',"a_b, ""q"" & 50% of #1 {x} $y$ ~ \z ^ <b> E_n <= 1 -> -3, 1.5e-07",p. 3 -- 5,'
check 'numbers have 17 digits' holds metrics.csv \
    'awkward,N_n=50,error.task.24,J/(kg K) & 100 %,2,9.9949999999999992,0,'
check 'lines end as RFC 4180 has it' is "$(grep -c "$(printf '\r')\$" $out/metrics.csv)" \
    "$(wc -l <$out/metrics.csv)"
call markdown
check 'markdown is written' ends_with 0 'metrics.md in build/export'
check 'with numbers to the digits that count' holds metrics.md '| 1.235(3)e12 '
check 'and words that make no markup' holds verdicts.md '#1 {x} \$y\$ \~ \\z ^ \<b\> E\_n'
check 'and every row as wide as its head' is "$(grep '^|' $out/verdicts.md | sed 's/\\|//g' |
    tr -dc '|\n' | sort -u)" '|||||||'
check 'and says data and profile' holds metrics.md 'Profile: desk; data: real; intervals: 0.95'
call json
check 'json is written' ends_with 0 'results.json in build/export'
check 'its strings are escaped' holds results.json 'a_b, \"q\" & 50% of #1 {x} $y$ ~ \\z ^'
check 'what is not finite is null' holds results.json '"sd": null, "low": null, "high": null'
check 'and nothing else' lacks results.json ': -?(nan|inf)'

unit awkward none N_n=4000 2 diverged 1
call latex
check 'a diverged unit counts' is "$(stored n awkward N_n=4000 error.task.1)" 2
check 'and is seen' is "$(stored finite awkward N_n=4000 error.task.1)" 1
check 'what has no mean says so' is "$(stored mean awkward N_n=4000 y)" '\mathrm{n/a}'

# ---- where and what ----

sed -i '/^N_n/s/key/another/' "$T/awkward.keys"
call latex --only awkward --out "$T/else where"
check 'a part goes elsewhere' ends_with 0 "in $T/else where"
check 'results of an earlier program are called so' says 'awkward: 4 of its results'
out="$T/else where"
check 'also in the files' holds metrics.tex '; 4 results of an earlier program'
check 'the rest is left out' lacks metrics.tex self
out=build/export
check 'no half files are left' is "$(cd $out && echo *)" "$(printf '%s ' metrics.csv metrics.md \
    metrics.tex numbers.tex results.json verdicts.csv verdicts.md)verdicts.tex"
program self_knowledge_mnist MNIST stand-in
for seed in 1 2; do
    unit self_knowledge_mnist stand-in N_n=50 $seed ok $seed
    unit self_knowledge_mnist stand-in N_n=4000 $seed ok $seed
done
call latex
check 'stand-ins are called so' holds numbers.tex '\def\infogeoData{stand-in}'
check 'in the log of the paper, too' holds numbers.tex '\PackageWarningNoLine{infogeo}{data: stand'
call latxe
check 'an unknown format is status 2 with the nearest' ends_with 2 "did you mean 'latex'"
call svg
check 'so is one of figures' ends_with 2 'there are latex, csv, markdown and json'
rm -r build/results
call csv
check 'nothing to export is status 5' ends_with 5 'no results at desk to export'
tap_end
