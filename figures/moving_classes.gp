# SPDX-License-Identifier: GPL-3.0-or-later
# moving_classes: lengths of the two ways against the shift; for the lopsided pair, lengths of the
# second cell and what is left over, against the learning speed.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

array column_of[4] = ['A-displacement [1]', 'A-mixture [1]', 'B-displacement [1]', 'B-mixture [1]']
array title_of[4] = ['A, displacement', 'A, mixture', 'B, displacement', 'B, mixture']
file = table('length')

set multiplot layout 1,3 margins 0.065,0.985,0.155,0.78 spacing 0.085
set offsets graph 0.04, graph 0.04, graph 0.05, graph 0.05
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 4 samplen 3.5 font small
set xlabel 'shift s of both classes'
set ylabel 'length' offset 1
plot for [j=1:2] file using (column('s [1]')):(column(column_of[j])) with linespoints lt j title title_of[j], \
     for [j=3:4] file using (column('s [1]')):(column(column_of[j])) with linespoints lt (j - 2) dt (4,3) title title_of[j]

@next_panel
speed = table('speed')
shown = cell(2)
set logscale x
set xtics 4
set xlabel 'learning speed, steps times rate'
set ylabel 'length B, lopsided mixture'
plot speed using (in_cell(shown) ? column('speed [1]') : NaN):(column('forth [1]')) with linespoints lt 3 title 'there, '.shown, \
     speed using (in_cell(shown) ? column('speed [1]') : NaN):(column('back [1]')) with linespoints lt 4 title 'back'

set logscale y
set format y '%g'
set ylabel 'loss left over at the end [nat]' offset 1
plot for [j=1:cell_count] speed using (in_cell(cell(j)) ? column('speed [1]') : NaN):(column('left-over [nat]')) with linespoints lt j title cell(j)
unset multiplot
