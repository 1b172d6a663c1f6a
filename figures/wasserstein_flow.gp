# SPDX-License-Identifier: GPL-3.0-or-later
# wasserstein_flow: losses of whole runs on the sinus data with a small and with a large gamma.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 420
load 'figures/style.gp'

over = 'step [1]'
seeds(j) = ''
which(j) = 'sinus'
head(c) = "set label 1 '".c."' at graph 0, screen 0.955 left textcolor rgb ink font heading"

set multiplot layout 1,2 margins 0.08,0.985,0.15,0.78 spacing 0.1
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 2
set xlabel 'step'
set format y '%g'
set offsets graph 0.02, graph 0.02, graph 0.05, graph 0.05

file = table('small')
count = 4
point_size = 0
what(j) = word('"descent [1]" "frobenius [1]" "signs [1]" "free [1]"', j)
name(j) = word('"gradient descent" "Frobenius" "W2, equal signs" "W2, all neurons"', j)
set ylabel 'loss F'
set yrange [0.215:0.26]
eval(head('gamma = 0.001, the plateau'))
plot @bands, @lines

@next_panel
set yrange [0:*]
file = table('large')
point_size = 0.6
what(j) = word('"inner [1]" "frobenius [1]" "signs [1]" "free [1]"', j)
name(j) = word('"Frobenius, inner loop" "Frobenius" "W2, equal signs" "W2, all neurons"', j)
set xtics 2
eval(head('gamma = 1'))
plot @bands, @lines
unset multiplot
