# SPDX-License-Identifier: GPL-3.0-or-later
# spectral_bias: error of a target of one degree against the number of samples; theory as lines. Then
# regressions over theory for degree 1, by dimension.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 420
load 'figures/style.gp'

file = table('error')
over = 'P [1]'
measured(k) = sprintf('degree %d [E_k(0)]', k)
theory(k) = sprintf('theory %d [E_k(0)]', k)
array up_to[4] = [6, 20, 50, 105]
here(D) = column('dimension [1]') == D ? column(over) : NaN

set multiplot layout 1,2 margins 0.08,0.985,0.14,0.9 spacing 0.1
set logscale x
set logscale y
set format x '%g'
set format y '%g'
set xrange [(profile eq "paper" ? 0.7 : 5):1300]
set yrange [1e-6:3]
set xlabel 'samples P'
set ylabel 'E_k(P) / E_k(0)'
set key bottom left Left reverse
set label 1 'five dimensions' at graph 0, screen 0.955 left textcolor rgb ink font heading
do for [k=1:4] { set arrow k from up_to[k], graph 0 to up_to[k], graph 1 nohead lt k lw 1 dt 3 back }
plot for [k=1:4] file using (here(5)):(column(theory(k))) smooth unique with lines lt k notitle, \
     for [k=1:4] file using (here(5)):(column(measured(k))):(edge(measured(k), '.low')):(edge(measured(k), '.high')) with yerrorbars lt k ps 0.8 lw 1.4 title sprintf('degree %d', k)

@next_panel
do for [k=1:4] { unset arrow k }
file = table('gap')
degree = 'degree 1 [theory]'
D(j) = word('5 10 30', j) + 0
count = profile eq 'smoke' ? 1 : 3
unset logscale y
set yrange [0.8:1.7]
set ylabel 'regressions over theory'
set key top right
set label 1 'degree 1' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 notitle, \
     for [j=1:count] file using (here(D(j))):(column(degree)):(edge(degree, '.low')):(edge(degree, '.high')) with yerrorbars lt j ps 0.8 lw 1.4 title sprintf('D = %d', D(j))
unset multiplot
