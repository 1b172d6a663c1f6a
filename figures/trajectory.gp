# SPDX-License-Identifier: GPL-3.0-or-later
# trajectory: loss over iterations for both targets; paths in two principal directions, the second
# one stretched; distance of the estimate's path from the exact one.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 640
load 'figures/style.gp'

words_of = '"gradient descent, its best step" "Wasserstein, exact, step 0.1" "Wasserstein, estimated, step 0.1"'
method(j) = word(words_of, j)
target(c) = c eq 'steep' ? 'least variance 1e-4' : 'least variance 1e-2'
of(c, y) = in_cell(c) ? column(y) : NaN
positive(y) = y > 1e-14 ? y : 1e-14
band(c, y, s) = in_cell(c) ? positive(edge(y, s)) : NaN
column_of(k) = word('"loss [1]" "wasserstein [1]" "kwng [1]"', k)

set multiplot layout 2,2 margins 0.085,0.985,0.09,0.95 spacing 0.1,0.13
late = "(in_cell(c) && column('iteration [1]') >= 1 ? column('iteration [1]') : NaN)"
set logscale xy
set format y '1e%T'; set format x '%g'
set xrange [0.9:5000]; set yrange [1e-11:3]
set ytics (1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10)
set xlabel 'iteration'
set ylabel 'W2^2 to the target / at the start' offset 0.5
set key at graph 0.99, graph 0.6 right top Right noreverse samplen 1.5 font small
do for [j=1:cell_count] {
    c = cell(j)
    set label 1 target(c) at graph 0, graph 1.05 left textcolor rgb ink font heading
    plot for [k=1:3] table(k == 1 ? 'euclidean' : 'natural') using @late:(band(c, column_of(k), '.low')):(band(c, column_of(k), '.high')) with filledcurves lt k fs transparent solid 0.18 noborder notitle, \
         table('euclidean') using @late:(of(c, 'loss [1]')) with lines lt 1 title method(1), \
         table('natural') using @late:(of(c, 'wasserstein [1]')) with lines lt 2 title method(2), \
         table('natural') using @late:(of(c, 'kwng [1]')) with lines lt 3 dt (6,3) title method(3)
    @next_panel
    unset ylabel; unset key
}

unset logscale
set format '%g'
set xrange [*:*]; set yrange [*:*]; set ytics autofreq
set offsets graph 0.05, graph 0.05, graph 0.08, graph 0.08
c = cell(1)
set label 1 'paths, '.target(c)
set xlabel 'first principal direction'; set ylabel 'second' offset 0.5
set label 2 'target' at 0,0 left offset 0.6,-0.7 textcolor rgb faint font small point pt 3 ps 1.2 lc rgb ink front
plot for [k=1:3] table('paths') using (of(c, word('euclidean wasserstein kwng', k).' x [1]')):(column(word('euclidean wasserstein kwng', k).' y [1]')) with linespoints lt k ps 0.3 notitle

unset label 2
set offsets 0, 0, 0, 0
set label 1 'from the estimated to the exact path'
set xlabel 'iteration'; set ylabel 'W2 / W2 of start and target' offset 0.5
set xrange [0:*]; set yrange [0:*]
set key at graph 0.98, graph 0.98 right top Right noreverse samplen 1.5 font small
file = table('natural')
over = 'iteration [1]'
count = cell_count
what(j) = 'apart [1]'
which(j) = cell(j)
name(j) = target(cell(j))
point_size = 0
bands = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(edge(what(j), '.low')):(edge(what(j), '.high')) with filledcurves lt j + 3 fs transparent solid 0.18 noborder notitle"
@count_seeds
plot @bands, for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column(what(j))) with lines lt j + 3 title name(j).seeds(j)
unset multiplot
