# SPDX-License-Identifier: GPL-3.0-or-later
# jko_solvers: iterations of a step against 1/gam, and applications of the kernel.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

file = table('counts')
over = '1/gam [1]'
count = 4
which(j) = cell((j - 1) / 2 + 1)
set multiplot layout 1,2 margins 0.08,0.985,0.155,0.745 spacing 0.1
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 4
set logscale xy
set format y '%g'
set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05
set xtics (12.5, 25, 50, 100, 200, 400, 800)
set ytics (2, 5, 10, 20, 50, 100, 200, 500)
set xlabel '1 / gam'
set ylabel 'iterations of a step'
what(j) = j % 2 == 1 ? 'scaling [1]' : 'newton [1]'
name(j) = (j % 2 == 1 ? 'scaling, Dykstra: ' : 'Newton: ').which(j)
@count_seeds
plot @bands, @lines

@next_panel
set ylabel 'applications of the kernel'
what(j) = j % 2 == 1 ? 'scaling-kernels [1]' : 'newton-kernels [1]'
plot @bands, @lines
unset multiplot
