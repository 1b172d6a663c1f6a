# SPDX-License-Identifier: GPL-3.0-or-later
# gd_prox_flow: gaps between explicit steps, implicit steps and the flow against the step; a panel a
# problem, with a line of slope 1.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 640
load 'figures/style.gp'

file = table('gaps')
over = 'step [1]'
problem = ''
which(j) = problem
count = 4
what(j) = word('"gd-prox [1]" "gd-flow [1]" "prox-flow [1]" "mean-flow [1]"', j)
name(j) = word('"gd to prox" "gd to flow" "prox to flow" "mean of both to flow"', j)
seeds(j) = ''
top(c) = c eq 'three-points' ? 'three points, smooth' : c eq 'sinus-positive' ? 'sinus, positive neurons' : c eq 'sinus-signed' ? 'sinus, neurons of both signs' : 'random data, neurons of both signs'

set multiplot layout 2,2 margins 0.085,0.985,0.09,0.89 spacing 0.085,0.1
set logscale xy
set format y '%g'
set format x '%g'
set xtics (0.00125, 0.0025, 0.005, 0.01, 0.02, 0.04)
set offsets graph 0, graph 0, graph 0, graph 0
do for [c=1:cell_count] {
    problem = cell(c)
    if (c == 1) { set key at screen 0.085, screen 0.985 left top Left reverse horizontal maxrows 2 } else { unset key }
    if (c == 2) { @next_panel }
    set label 1 top(problem) at graph 0.02, graph 0.95 left textcolor rgb ink font heading
    if (c > 2) { set xlabel 'step' } else { unset xlabel }
    if (c % 2 == 1) { set ylabel 'largest distance of a weight' } else { unset ylabel }
    stats file using (stringcolumn('cell') eq problem ? column(over) : NaN) nooutput name 'x'
    stats file using (stringcolumn('cell') eq problem ? column('gd-prox [1]') : NaN) nooutput name 'y'
    stats file using (stringcolumn('cell') eq problem ? column('prox-flow [1]') : NaN) nooutput name 'low'
    stats file using (stringcolumn('cell') eq problem ? column('mean-flow [1]') : NaN) nooutput name 'mean'
    plot [x_min/1.2:x_max*1.2][(low_min < mean_min ? low_min : mean_min)/2:y_max*8] 2.2*y_max*x/x_max with lines lc rgb faint lw 1.2 dt 2 title (c == 1 ? 'slope 1' : ''), @bands, @lines
}
unset multiplot
