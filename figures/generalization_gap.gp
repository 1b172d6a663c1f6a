# SPDX-License-Identifier: GPL-3.0-or-later
# generalization_gap: training and test loss against tau, a panel a number of training images.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

panels = cell_count
file = table('loss')
over = 'tau [1]'
seeds(j) = ''
count = 2
what(j) = word('"test [nat]" "train [nat]"', j)
name(j) = word('"test images" "training pairs"', j)
set multiplot layout 1,panels margins 0.07,0.985,0.155,0.765 spacing 0.05
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 2
set xlabel 'interpolation parameter tau'
set xrange [0:1]
stats file using (edge('test [nat]', '.high')) nooutput
set yrange [0:1.05*STATS_max]
point_size = 0.5
do for [c=1:panels] {
    if (c > 1) { @next_panel; unset ylabel } else { set ylabel 'cross-entropy [nat]' }
    which(j) = cell(c)
    set label 1 substr(cell(c), 3, strlen(cell(c))).' images a task' at graph 0, screen 0.955 left textcolor rgb ink font heading
    plot @bands, @lines
}
unset multiplot
