# SPDX-License-Identifier: GPL-3.0-or-later
# spectral_bias: error of a target of one degree against the number of samples; theory as lines.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 640; height = 420
load 'figures/style.gp'

file = table('error')
over = 'P [1]'
measured(k) = sprintf('degree %d [E_k(0)]', k)
theory(k) = sprintf('theory %d [E_k(0)]', k)
array up_to[4] = [6, 20, 50, 105]

set logscale xy
set format x '%g'
set format y '%g'
set xrange [(profile eq "paper" ? 0.7 : 5):1300]
set yrange [1e-6:3]
set xlabel 'samples P'
set ylabel 'E_k(P) / E_k(0)'
set key bottom left Left reverse
do for [k=1:4] { set arrow k from up_to[k], graph 0 to up_to[k], graph 1 nohead lt k lw 1 dt 3 back }
plot for [k=1:4] file using over:(column(theory(k))) smooth unique with lines lt k notitle, \
     for [k=1:4] file using over:(column(measured(k))):(edge(measured(k), '.low')):(edge(measured(k), '.high')) with yerrorbars lt k ps 0.8 lw 1.4 title sprintf('degree %d', k)
