# SPDX-License-Identifier: GPL-3.0-or-later
# sample_ratio: errors after both tasks against the ratio of their sizes; theory as lines.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 420
load 'figures/style.gp'

rho(j) = word('0 0.25 0.5 0.75 1', j)
forward(j) = 'forward '.rho(j).' [E_B]'
# Sizes of B, and for each the cell that gives its theory; smoke has the first alone.
sizes = profile eq 'smoke' ? 1 : 3
size(b) = word('100 30 1000', b)
of_B(b) = in_cell(word('10:100 3000:30 10:1000', b))
colon(c) = strstrt(c, ':')
N_B(c) = c[colon(c) + 1:*]
ratio(b) = N_B(stringcolumn('cell')) eq size(b) ? column('ratio [1]') : NaN
theory(y, b) = of_B(b) ? column(y) : NaN
hollow(j) = word('6 4 8 10 12', j) + 0

set multiplot layout 1,2 margins 0.075,0.985,0.15,0.745 spacing 0.1
set logscale x
set xrange [0.007:140]
set format x '%g'
set xlabel 'N_A / N_B'
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3
set yrange [0:2.6]
set ylabel 'error on B after A and B, in E_B'
set label 1 sizes == 1 ? 'forward, N_B = 100' : 'forward, N_B = 100 (hollow: 30)' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 title 'B alone', \
     for [j=1:5] table('theory') using 'ratio [1]':(theory(forward(j), 1)) with lines lt j notitle, \
     for [j=1:5] table('measured') using (ratio(1)):(column(forward(j))):(edge(forward(j), '.low')):(edge(forward(j), '.high')) with yerrorbars lt j ps 0.8 lw 1.4 title 'rho = '.rho(j), \
     for [j=1:(sizes == 1 ? 0 : 5)] table('measured') using (ratio(2)):(column(forward(j))):(edge(forward(j), '.low')):(edge(forward(j), '.high')) with yerrorbars lt j pt hollow(j) ps 0.8 lw 1.4 notitle

@next_panel
set yrange [0:1.5]
back = 'back 1 [E_A]'
set ylabel 'error after both samples, in E_A'
set label 1 'one target (rho = 1)' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 title 'A alone', \
     for [b=1:sizes] table('theory') using 'ratio [1]':(theory(back, b)) with lines lt b notitle, \
     for [b=1:sizes] table('measured') using (ratio(b)):(column(back)):(edge(back, '.low')):(edge(back, '.high')) with yerrorbars lt b ps 0.8 lw 1.4 title 'N_B = '.size(b)
unset multiplot
