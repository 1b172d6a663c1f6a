# SPDX-License-Identifier: GPL-3.0-or-later
# learning_rates_transfer: held-out accuracy of each way against its learning rate.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 860; height = 420
load 'figures/style.gp'

metrics = table('metrics')
names = 'coupled coupled-large mixture fine-tuning source source-large'
titles = '"coupled" "coupled, larger net" "uncoupled, U1" "fine-tuning" "source model" "source model, larger net"'
in_use(c) = word(rates, int(sum [j=1:6] (word(names, j) eq c ? j : 0)))
rates = ''
do for [j=1:6] {
    stats metrics using (in_cell(word(names, j)) && stringcolumn('metric') eq 'in-use' ? column('mean') : NaN) nooutput
    rates = rates.' '.sprintf('%.17g', STATS_mean)
}
is(c) = in_cell(c) && stringcolumn('metric')[1:9] eq 'accuracy.'
shift(zero) = int(stringcolumn('metric')[10:*]) - zero
accuracy(c) = is(c) ? column('mean') : NaN
rate(c) = is(c) ? real(in_use(c))*2.0**shift(10) : NaN
used(c) = is(c) && shift(10) == 0 ? column('mean') : NaN
plot_ways = "plot for [j=first:last] metrics using (rate(word(names, j))):(accuracy(word(names, j))) with linespoints lt j - first + 1 title word(titles, j), for [j=first:last] metrics using (rate(word(names, j))):(used(word(names, j))) with points pt 6 ps 2 lc rgb ink notitle"

set logscale x
set xtics font small
set xtics (0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064)
set offsets graph 0.03, graph 0.03, 0, 0
set yrange [0:1]
set xlabel 'learning rate'

set multiplot layout 1,2 margins 0.075,0.985,0.14,0.80 spacing 0.08
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 2 font small width 1
set ylabel 'held-out accuracy on the target'
first = 1; last = 4
eval plot_ways
@next_panel
set ylabel 'held-out accuracy on the source'
set xtics (0.000625, 0.00125, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
first = 5; last = 6
eval plot_ways
unset multiplot
