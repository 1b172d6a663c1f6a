# SPDX-License-Identifier: GPL-3.0-or-later
# class_counts: what ill-conditioned logits cost in test error, against the number of classes.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 560; height = 400
load 'figures/style.gp'

file = table('drop'); over = 'classes [1]'
set xlabel 'digits to tell apart'; set ylabel 'test error, ill- less well-conditioned'
set xrange [1.5:10.5]; set xtics 2
set key top left Left reverse
plot 0 with lines lc rgb faint lw 1.2 dt 2 notitle, \
     file using (column(over) - 0.06):(column('KWNG [1]')):(edge('KWNG [1]', '.low')):(edge('KWNG [1]', '.high')) with yerrorlines lt 1 title 'KWNG', \
     file using (column(over) + 0.06):(column('Adam [1]')):(edge('Adam [1]', '.low')):(edge('Adam [1]', '.high')) with yerrorlines lt 2 title 'Adam'
