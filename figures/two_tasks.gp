# SPDX-License-Identifier: GPL-3.0-or-later
# two_tasks: error on B after A and B, and on A after B, against the similarity of the targets.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1040; height = 400
load 'figures/style.gp'

over = 'rho [1]'
count = cell_count
name(j) = (strstrt(cell(j), 'D=') ? '' : 'D=10, ').cell(j)
theory = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column(expected)) with lines lt j notitle"
points = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column(what(j))):(edge(what(j), '.low')):(edge(what(j), '.high')) with yerrorbars lt j ps 0.8 lw 1.4 title name(j).seeds(j)"

set multiplot layout 1,2 margins 0.08,0.985,0.15,0.76 spacing 0.1
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3
set xlabel 'similarity rho of the targets'
set xrange [-0.03:1.03]
file = table('forward')
what(j) = 'measured [E_B]'; expected = 'theory [E_B]'
@count_seeds
set yrange [0:*]
set ylabel 'error on B after A and B, in E_B'
set label 1 'forward' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 title 'B alone', @theory, @points

@next_panel
file = table('back')
what(j) = 'measured [E_A]'; expected = 'theory [E_A]'
@count_seeds
set yrange [*:*]
set logscale y
set format y '%g'
set ylabel 'error on A after B, in E_A'
set label 1 'backward' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 title 'A alone', @theory, @points
unset multiplot
