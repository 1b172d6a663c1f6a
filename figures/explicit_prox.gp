# SPDX-License-Identifier: GPL-3.0-or-later
# explicit_prox: how often the explicit iteration ends at the proximal point, and how far from it the
# one with the note's gamma ends, against the step over the stable one.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 640; height = 400
load 'figures/style.gp'

file = table('error')
set logscale x
set format x '%g'
set xlabel 'step eta times L'
set ylabel 'share of seeds; part of the step'
set yrange [-0.03:1.05]
set xrange [0.007:14]
set tmargin 4
set key at graph 0, graph 1.03 left bottom Left reverse horizontal
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb faint dt 2
plot file using (column('eta_L [1]')):(column('arrives [1]')) with points lt 1 ps 1.1 title 'ends at the proximal point', \
     file using (column('eta_L [1]')):(column('as-printed [1]')) with points lt 2 ps 1.1 title 'distance left with gamma as printed'
