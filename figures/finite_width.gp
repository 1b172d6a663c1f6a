# SPDX-License-Identifier: GPL-3.0-or-later
# finite_width: errors of trained networks over those of infinite width and of their own kernel.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 380
load 'figures/style.gp'

units(c) = real(c[strstrt(c, '=') + 1:*])
at(name) = stringcolumn('metric') eq name ? units(stringcolumn('cell')) : NaN
task(j) = word('single unrelated equal', j)
label(j) = word('"A alone" "B after an unrelated A" "two samples of one function"', j)
shift(j) = 1 + 0.06 * (j - 2)
errors(kind) = sprintf("for [j=1:3] table('metrics') using (shift(j) * at('%s.'.task(j))):(column('mean')):(column('low')):(column('high')) with yerrorbars lt j ps 0.8 lw 1.4 title label(j)", kind)
own = errors('own'); limit = errors('limit')

set multiplot layout 1,2 margins 0.07,0.985,0.16,0.74 spacing 0.09
set logscale x 2
set yrange [0:*]
set format x '%g'
set offsets graph 0.06, graph 0.06, graph 0.05, graph 0.05
set xlabel 'width'
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3
set label 1 'error over that of infinite width' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 notitle, @limit

@next_panel
set label 1 'error over that of its own kernel' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 notitle, @own
unset multiplot
