# SPDX-License-Identifier: GPL-3.0-or-later
# two_particles: objective of the two branches of the proximal point against g; closed forms are
# lines, what is measured is points.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 640; height = 400
load 'figures/style.gp'

file = table('objective')
over = 'g [1]'

# Both branches are c / (1 + g); c is taken from the table.
stats file using (column('identity [1]') * (1 + column(over))) nooutput name 'identity'
stats file using (column('exchanged [1]') * (1 + column(over))) nooutput name 'exchanged'

set tmargin 4
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 2
set logscale x
set format x '%g'
set xlabel 'step g of the proximal point'
set ylabel 'objective at the end'
set xrange [0.007:14]
set yrange [0:8.6]
set samples 200
set arrow 1 from 1.0/3, graph 0 to 1.0/3, graph 1 nohead lc rgb faint lw 1.2 dt 2
set label 1 'g = 1/3' at 1.0/3, graph 0.96 left offset 0.5,0 textcolor rgb faint font small
plot identity_mean / (1 + x) with lines lt 1 title 'places kept, 8 / (1 + g)', \
     exchanged_mean / (1 + x) with lines lt 2 title 'exchanged, 4.5 / (1 + g)', \
     file using (column(over)):(column('from-start [1]')) with points lc rgb ink pt 6 ps 1.4 title 'followed from V = W', \
     file using (column(over)):(column('least [1]')) with points lc rgb ink pt 7 ps 0.55 title 'the least'
