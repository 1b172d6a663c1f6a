# SPDX-License-Identifier: GPL-3.0-or-later
# learning_rates_cifar: held-out error of each variant against its learning rate.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 860; height = 420
load 'figures/style.gp'

metrics = table('metrics')
names = 'sgd momentum adam diagonal kfac kwng'
titles = '"SGD" "momentum" "Adam" "diagonal" "K-FAC" "KWNG"'
is(c) = in_cell(c) && stringcolumn('metric')[1:6] eq 'error.'
error(c) = is(c) ? column('mean') : NaN
rate(c) = is(c) ? 10**((real(stringcolumn('metric')[7:*]) - 20)/2) : NaN
has(c) = strstrt(cells.' ', '"'.c.'" ') > 0
curves = "plot for [j=1:6] metrics using (rate(part_of.word(names, j))):(error(part_of.word(names, j))) with linespoints lt j title word(titles, j), for [j=1:6] metrics using (rate(part_of.word(names, j).'-100')):(has(part_of.word(names, j).'-100') ? error(part_of.word(names, j).'-100') : NaN) with linespoints lt j dt 2 notitle"

set logscale x
set yrange [0.45:0.97]
set format x '1e%T'; set xtics 10
set xlabel 'learning rate'
set xrange [1e-3:1e3]

set multiplot layout 1,2 margins 0.075,0.985,0.14,0.79 spacing 0.06
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 2 font small width 1
set ylabel 'held-out error' offset 1
part_of = 'well-'
set label 1 'well-conditioned' at graph 0, screen 0.965 left textcolor rgb ink font heading
eval curves
@next_panel
unset ylabel
part_of = 'ill-'
set label 1 'ill-conditioned'
set label 1 at graph 0, screen 0.965
eval curves
unset multiplot
