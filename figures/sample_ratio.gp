# SPDX-License-Identifier: GPL-3.0-or-later
# sample_ratio: errors after both tasks against the ratio of their sizes; theory as lines.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 420
load 'figures/style.gp'

rho(j) = word('0 0.25 0.5 0.75 1', j)
forward(j) = 'forward '.rho(j).' [E_B]'
later(c) = strstrt(c, ':1000') > 0
of_B(large) = later(stringcolumn('cell')) == large
first(large) = large ? '10:1000' : '10:100'
theory(y, large) = in_cell(first(large)) ? column(y) : NaN

set multiplot layout 1,2 margins 0.075,0.985,0.15,0.745 spacing 0.1
set logscale x
set xrange [0.007:140]
set format x '%g'
set xlabel 'N_A / N_B'
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3
set yrange [0:2.6]
set ylabel 'error on B after A and B, in E_B'
set label 1 'forward, N_B = 100' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 title 'B alone', \
     for [j=1:5] table('theory') using 'ratio [1]':(theory(forward(j), 0)) with lines lt j notitle, \
     for [j=1:5] table('measured') using (of_B(0) ? column('ratio [1]') : NaN):(column(forward(j))):(edge(forward(j), '.low')):(edge(forward(j), '.high')) with yerrorbars lt j ps 0.8 lw 1.4 title 'rho = '.rho(j)

@next_panel
set yrange [0:1.5]
back = 'back 1 [E_A]'
set ylabel 'error after both samples, in E_A'
set label 1 'one target (rho = 1)' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 title 'A alone', \
     for [b=0:1] table('theory') using 'ratio [1]':(theory(back, b)) with lines lt b + 1 notitle, \
     for [b=0:1] table('measured') using (of_B(b) ? column('ratio [1]') : NaN):(column(back)):(edge(back, '.low')):(edge(back, '.high')) with yerrorbars lt b + 1 ps 0.8 lw 1.4 title b ? 'N_B = 1000' : 'N_B = 100'
unset multiplot
