# SPDX-License-Identifier: GPL-3.0-or-later
# learning_rates: held-out error of each variant against its learning rate.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 440
load 'figures/style.gp'

metrics = table('metrics')
error(c) = (in_cell(c) && stringcolumn('metric')[1:6] eq 'error.') ? column('mean') : NaN
rate(c) = (in_cell(c) && stringcolumn('metric')[1:6] eq 'error.') ? 10**((real(stringcolumn('metric')[7:*]) - 20)/2) : NaN
of(j) = word(cells, j)
set logscale xy
set xrange [1e-3:1e3]; set format x '1e%T'; set yrange [0.05:1]; set ytics (0.05, 0.1, 0.2, 0.5, 1)
set xlabel 'learning rate'
panel(c) = sprintf("plot for [j=1:cell_count] metrics using (strstrt(of(j), '%s') == 1 ? rate(of(j)) : NaN):(error(of(j))) with linespoints lt j title (strstrt(of(j), '%s') == 1 ? of(j)[strlen('%s') + 1:*] : '')", c, c, c)

set multiplot layout 1,2 margins 0.07,0.985,0.14,0.72 spacing 0.08
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 5 font small
set ylabel 'held-out error' offset 1
set label 1 'well-conditioned' at graph 0, screen 0.96 left textcolor rgb ink font heading
well = panel('well-'); ill = panel('ill-')
eval well
@next_panel
unset ylabel
set label 1 'ill-conditioned' at graph 0, screen 0.96 left textcolor rgb ink font heading
eval ill
unset multiplot
