# SPDX-License-Identifier: GPL-3.0-or-later
# three_points: loss of the explicit and the implicit iterates, and their way in the plane of slope
# w1 and bias w2. The axes of the plane are stretched by asinh: the steps span two decades.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

file = table('iterates')
over = 'iteration [1]'
count = cell_count
what(j) = 'loss [1]'
seeds(j) = ''

ways = "for [j=1:count] file using (in_cell(which(j)) ? column('w1 [1]') : NaN):(column('w2 [1]')) with linespoints lt j title name(j)"
numbers = "for [j=1:count] file using (in_cell(which(j)) ? column('w1 [1]') : NaN):(column('w2 [1]')):(in_cell(which(j)) ? number(column(over), column('w1 [1]'), column('w2 [1]')) : '') with labels offset 0,0.8 center font small textcolor rgb colours[j] notitle"

set multiplot layout 1,2 margins 0.09,0.985,0.155,0.84 spacing 0.1
set key at graph 0, graph 1.02 left bottom Left reverse horizontal
set offsets graph 0.03, graph 0.06, graph 0.05, graph 0.05
set xlabel 'iteration'
set ylabel 'loss F'
set xtics 1
set logscale y
set format y '%g'
plot @lines

@next_panel
unset logscale y
set offsets graph 0.05, graph 0.08, graph 0.08, graph 0.08
set xlabel 'slope w1'
set ylabel 'bias w2'
set nonlinear x via asinh(x) inverse sinh(x)
set nonlinear y via asinh(y) inverse sinh(y)
set xtics (-100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100)
set ytics (-100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100)
set label 1 'minimum' at 2,0 left offset 0.6,-0.9 textcolor rgb faint font small point pt 3 ps 1.2 lc rgb ink
# An iterate is numbered where it is not on top of the last one that was.
last_x = 1e9; last_y = 1e9
number(t, a, b) = (asinh(a) - last_x)**2 + (asinh(b) - last_y)**2 < 0.02 ? '' : (last_x = asinh(a), last_y = asinh(b), sprintf('%d', t))
plot @ways, @numbers
unset multiplot
