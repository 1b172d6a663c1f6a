# SPDX-License-Identifier: GPL-3.0-or-later
# measure_encodings: paths of neurons by two encodings against the network with fixed signs, and the
# distance of the outputs over the step for all encodings.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 400
load 'figures/style.gp'

file = table('paths')
stats file using 'neuron [1]' nooutput name 'neuron'
last = int(neuron_max)
mine(c, i) = in_cell(c) && column('neuron [1]') == i
paths = "for [i=0:last] file using (mine(shown, i) ? column('network w [1]') : NaN):(column('network b [1]')) with lines lc rgb '#b8bcc4' lw 4 notitle, for [i=0:last] file using (mine(shown, i) ? column('w [1]') : NaN):(column('b [1]')) with lines lt (i % 2 + 1) notitle, for [i=0:last] file using (mine(shown, i) && floor(column('row [1]')) % rows == 0 ? column('w [1]') : NaN):(column('b [1]')) with points lt (i % 2 + 1) pt (i % 2 ? 4 : 7) ps 0.7 notitle"
stats file using (mine(cell(1), 0) ? column('row [1]') : NaN) nooutput
rows = int(STATS_max) + 1

set multiplot layout 1,3 margins 0.06,0.985,0.15,0.76 spacing 0.08
set xrange [-1.5:1.5]
set yrange [-1.2:2.9]
set xlabel 'w'
set ylabel 'b'
set key at graph 0, graph 1.03 left bottom Left reverse vertical maxrows 2
set offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05
keys = "NaN with linespoints lt 1 pt 7 ps 0.7 title 'positive neuron', NaN with linespoints lt 2 pt 4 ps 0.7 title 'negative neuron', NaN with lines lc rgb '#b8bcc4' lw 4 title 'network, fixed signs'"
shown = 'sphere'
set label 1 'direction times scalar' at graph 0, graph 1.2 left textcolor rgb ink font heading
plot @paths, @keys
@next_panel
unset ylabel
shown = 'both'
set label 1 '(w, alpha)' at graph 0, graph 1.2 left textcolor rgb ink font heading
plot @paths, @keys
unset label 1
set xrange [*:*]
set yrange [*:*]
file = table('steps'); over = 'h [1]'
count = cell_count
what(j) = 'apart [1]'
name(j) = cell(j)
@count_seeds
seeds(j) = ''
set logscale xy
set yrange [1e-13:10]
set format y '%g'
set xlabel 'Euler step'
set ylabel "sup of |f - f'|"
set key at graph 0, graph 1.03 left bottom Left reverse vertical maxrows 3
set label 2 word(seed_words, 1).' seeds' at graph 0.03, graph 0.96 left textcolor rgb faint font small
set label 3 'pair, signed, equal: 0' at graph 0.5, graph 0.13 center textcolor rgb faint font small
plot @bands, @lines
unset multiplot
