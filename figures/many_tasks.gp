# SPDX-License-Identifier: GPL-3.0-or-later
# many_tasks: error after n samples of one function, its bias and variance; theory as lines.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 400
load 'figures/style.gp'

over = 'task [1]'
theory = "for [j=1:count] table('theory') using (in_cell(which(j)) ? column(over) : NaN):(column('error [E_1]')) with lines lt j notitle"
points = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column('error [E_1]')):(edge('error [E_1]', '.low')):(edge('error [E_1]', '.high')) with yerrorbars lt j ps 0.6 lw 1.2 title label(j)"
unequal = "'1000, 10' '1000, 50' '1000, 100' '1000, 500' '4000, 50'"
equal = "'100, 100' '100, 100, noisy'"

set multiplot layout 1,3 margins 0.065,0.985,0.15,0.68 spacing 0.075
set logscale x
set format x '%g'
set xrange [0.8:130]
set xlabel 'task n'
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3
file = table('measured')
which(j) = word(unequal, j)
label(j) = word(unequal, j)
count = profile eq 'smoke' ? 1 : profile eq 'paper' ? 4 : 5
if (profile eq 'smoke') { unequal = equal }
if (profile eq 'paper') { unequal = "'4000, 10' '4000, 50' '4000, 100' '4000, 500'" }
set yrange [0:1.5]
set ylabel 'error, in E_1'
set label 1 'unequal: N_1, N_n' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 notitle, @theory, @points

@next_panel
unset ylabel
which(j) = word(equal, j)
label(j) = word("'without noise' 'with label noise'", j)
count = 2
set logscale y
set format y '%g'
set yrange [*:1.5]
set label 1 'equal: N_n = 100' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot @theory, @points

split(j) = word("'bias' 'variance'", j)
chosen(k) = profile eq 'smoke' ? '100, 100' : word("'100, 100' '1000, 50'", k)
set key maxrows 4
set label 1 'bias and variance' at graph 0, screen 0.955 left textcolor rgb ink font heading
set yrange [1e-4:1.5]
sizes = profile eq 'smoke' ? 1 : 2
splits(j) = split(j).' [E_1]'
# Bias and variance are two lines a size; the size chooses the colour, dashes are the variance.
plot for [k=1:sizes] for [j=1:2] table('theory') using (in_cell(chosen(k)) ? column(over) : NaN):(column(splits(j))) with lines lt k dt j notitle, \
     for [k=1:sizes] for [j=1:2] table('measured') using (in_cell(chosen(k)) ? column(over) : NaN):(column(splits(j))):(edge(splits(j), '.low')):(edge(splits(j), '.high')) with yerrorbars lt k pt (j == 1 ? 7 : 6) ps 0.6 lw 1.2 title split(j).', '.chosen(k)
unset multiplot
