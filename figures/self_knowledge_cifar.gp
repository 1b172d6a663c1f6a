# SPDX-License-Identifier: GPL-3.0-or-later
# self_knowledge_cifar: test error against task n, for each size of the later tasks; and for equal
# sizes the model trained in sequence against the average of the single models and a single one.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 420
load 'figures/style.gp'

file = table('error')
over = 'task [1]'
stats file using over nooutput name 'task'
stats file using (column(over) == 1 ? column('sequential [1]') : NaN) nooutput name 'first'

set multiplot layout 1,2 margins 0.09,0.985,0.15,0.745 spacing 0.09
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3
set xlabel 'task n'
set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05
if (task_max > 20) { set logscale x; point_size = 0.25 } else { set xtics 1 }
set format y '%g'

count = cell_count
what(j) = 'sequential [1]'
@count_seeds
set ylabel 'test error'
set label 1 'later tasks of N_n samples' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot first_mean with lines lc rgb faint lw 1.2 dt 2 title 'after the first task', @bands, @lines

@next_panel
count = 3
which(j) = cell(cell_count)
what(j) = word('"sequential [1]" "average [1]" "single [1]"', j)
name(j) = word('"in sequence" "average of single models" "single model"', j)
@count_seeds
unset ylabel
set label 1 'equal sizes, '.cell(cell_count) at graph 0, screen 0.955 left textcolor rgb ink font heading
plot @bands, @lines
unset multiplot
