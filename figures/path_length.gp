# SPDX-License-Identifier: GPL-3.0-or-later
# path_length: the sum of sqrt(2 KL) and the mean of sqrt(KL) against the number of checkpoints.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

file = table('length')
over = 'M [1]'
count = cell_count
seeds(j) = ''
name(j) = cell(j) eq 'noise=0' ? 'smooth' : 'noise '.substr(cell(j), 7, strlen(cell(j)))

set multiplot layout 1,2 margins 0.085,0.985,0.155,0.84 spacing 0.11
set logscale xy
set format x '%g'; set format y '%g'
set offsets graph 0.04, graph 0.04, graph 0.05, graph 0.05
set xlabel 'checkpoints M'
set xtics (4, 16, 64, 256, 1024, 4096, 16384, 65536)
set key at graph 0, graph 1.02 left bottom Left reverse horizontal
what(j) = 'length [1]'
set ylabel 'sum of sqrt(2 KL)'
set ytics (2, 3, 5, 10, 20, 50, 100)
set yrange [1.5:50]
set label 1 '~ sqrt(M)' at 1200, 4.2 left textcolor rgb faint font small
plot 0.16*sqrt(x) with lines lt 1 lc rgb faint lw 1.2 dt (6,4) notitle, @bands, @lines

@next_panel
what(j) = 'released [1]'
set ylabel 'mean of sqrt(KL)'
set ytics auto
set yrange [*:*]
set label 1 '~ 1/M' at 700, 0.0007 right textcolor rgb faint font small
plot 1.0/x with lines lt 1 lc rgb faint lw 1.2 dt (6,4) notitle, @bands, @lines
unset multiplot
