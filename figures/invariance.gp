# SPDX-License-Identifier: GPL-3.0-or-later
# invariance: W2 between parameterizations against the step, for the metrics and for the damping
# matrices; and the change of a direction under a rescaling.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 420
load 'figures/style.gp'

file = table('gap')
over = 'step [1]'
what(j) = 'gap [1]'
seeds(j) = ''
array label_of[7] = ["Euclidean", "Fisher", "Wasserstein", "Wasserstein, estimated", "D = |t|^2", "D = |t|", "D = I"]

set multiplot layout 1,3 margins 0.085,0.985,0.3,0.9 spacing 0.075
set logscale xy
set format y '%g'; set format x '%g'
set offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05
set xlabel 'step'
set ylabel 'largest W2 between parameterizations' offset 0.5
set yrange [3e-4:1]
set xtics (0.1, 0.05, 0.025, 0.0125, 0.00625)
set xtics rotate by -30
count = 4
which(j) = cell(j)
name(j) = label_of[j]
set key at graph 0, graph -0.26 left top Left reverse vertical maxrows 2 samplen 1.5 font small
set label 1 'metrics' at graph 0, graph 1.05 left textcolor rgb ink font heading
set label 2 'slope 1' at 0.021,0.053 right textcolor rgb faint font small
plot 2*x with lines lt 1 lc rgb faint lw 1.2 dt (6,4) notitle, @bands, @lines

@next_panel
unset label 2
unset ylabel
count = 3
which(j) = cell(j + 4)
name(j) = label_of[j + 4]
set label 1 'estimated, damping 0.1' at graph 0, graph 1.05 left textcolor rgb ink font heading
plot @bands, @lines

# Rows of the metric, in the order of the cells; intervals that reach below all seeds end there.
place(c) = (found = NaN, sum [j=1:cell_count] (cell(j) eq c ? (found = j, 0) : 0), found)
row(m) = stringcolumn('metric') eq m
low(y) = column('low') > column('min') ? column('low') : column('min')
unset logscale x
unset xlabel; unset key
set xrange [0.4:cell_count + 0.6]
set xtics ()
do for [j=1:cell_count] { set xtics add (label_of[j] j) }
set xtics rotate by -40 font small
set ytics ("rounding" 1e-12, "1e-9" 1e-9, "1e-6" 1e-6, "1e-3" 1e-3, "1" 1)
set yrange [1e-13:50]
set label 1 'change under a rescaling' at graph 0, graph 1.05 left textcolor rgb ink font heading
plot table('metrics') using (row('rescaling') ? place(stringcolumn('cell')) : NaN):(column('mean')):(low(0)):(column('high')):(place(stringcolumn('cell')) > 4 ? place(stringcolumn('cell')) - 4 : place(stringcolumn('cell'))) with yerrorbars lc variable pt 7 ps 0.8 lw 2 notitle
unset multiplot
