# SPDX-License-Identifier: GPL-3.0-or-later
# learning_rates: held-out error of each variant against its learning rate.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1040; height = 440
load 'figures/style.gp'

metrics = table('metrics')
is(c) = in_cell(c) && stringcolumn('metric')[1:6] eq 'error.'
error(c) = is(c) ? column('mean') : NaN
rate(c) = is(c) ? 10**((real(stringcolumn('metric')[7:*]) - 20)/2) : NaN
curves = "plot for [j=1:words(names)] metrics using (rate(part_of.word(names, j))):(error(part_of.word(names, j))) with linespoints lt j title word(titles, j)"

set logscale xy
set yrange [0.05:1]; set ytics (0.05, 0.1, 0.2, 0.5, 1)
set format x '1e%T'; set xtics 10
set xlabel 'learning rate'

set multiplot layout 1,3 margins 0.065,0.985,0.14,0.72 spacing 0.05
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 4 font small width 1
set ylabel 'held-out error' offset 1
set xrange [1e-3:1e2]
part_of = 'well-'; names = 'sgd momentum adam diagonal kfac kwng kwng-momentum'
titles = '"SGD" "momentum" "Adam" "diagonal" "K-FAC" "KWNG" "KWNG, momentum"'
set label 1 'well-conditioned' at graph 0, screen 0.965 left textcolor rgb ink font heading
eval curves
@next_panel
unset ylabel
part_of = 'ill-'; names = 'sgd momentum adam diagonal kfac kwng kfac-small'
titles = '"SGD" "momentum" "Adam" "diagonal" "K-FAC" "KWNG" "K-FAC, 1e-8"'
set label 1 'ill-conditioned'
set label 1 at graph 0, screen 0.965
eval curves
set xrange [1e-2:1e3]
names = 'kwng kwng-1 kwng-20 identity squared rational kwng-momentum'
titles = '"KWNG, M = 5" "M = 1" "M = 20" "D = I" "D: squares" "rational" "momentum"'
set label 1 'ill-conditioned, KWNG changed'
eval curves
unset multiplot
