# SPDX-License-Identifier: GPL-3.0-or-later
# sliced_ratio: d SW2^2 / W2^2 against the size of independent moves and of the network's own, with
# the derived departure; and the error of L random directions with its closed form.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1100; height = 400
load 'figures/style.gp'

set multiplot layout 1,3 margins 0.06,0.985,0.155,0.80 spacing 0.08
set key at graph 0, graph 1.02 left bottom Left reverse horizontal maxcols 3 width -2
set offsets 0, 0, 0, 0
set logscale x
set format x '%g'
set xtics 100
seeds(j) = ''
point_size = 0.5
count = cell_count

file = table('ratio')
over = 'size [1]'
set xlabel 'relative size t of the move'
set ylabel 'd SW2^2 / W2^2'
set yrange [0:1.05]
set label 1 'independent moves' at graph 0, screen 0.945 left textcolor rgb ink font heading
what(j) = 'independent [1]'
plot @bands, @lines, file using (in_cell(cell(1)) ? column(over) : NaN):(column('law [1]') > 0 ? column('law [1]') : NaN) with lines lc rgb ink lw 1.2 dt 2 title 'derived'

@next_panel
unset key
unset ylabel
set label 1 'moves along -grad F' at graph 0, screen 0.945 left textcolor rgb ink font heading
what(j) = 'own [1]'
plot @bands, @lines

@next_panel
set label 1 'random directions' at graph 0, screen 0.945 left textcolor rgb ink font heading
set key at graph 1, graph 0.98 right top Right noreverse vertical
file = table('spread')
over = 'L [1]'
set xlabel 'directions L'
set ylabel 'relative error of SW2^2' textcolor rgb ink
set logscale y
set format y '%g'
set xtics 10
set yrange [*:*]
set offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05
marks = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column('sd [1]')):(edge('sd [1]', '.low')):(edge('sd [1]', '.high')) with yerrorbars lt j ps 0.7 notitle"
laws = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column('predicted [1]')) with lines lt j lw 1.2 notitle"
plot @laws, @marks, NaN with points lc rgb ink pt 7 ps 0.7 title 'measured', NaN with lines lc rgb ink lw 1.2 dt 1 title 'closed form'
unset multiplot
