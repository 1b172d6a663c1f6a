# SPDX-License-Identifier: GPL-3.0-or-later
# length_sanity: lengths and the published code's statistic against the number of checkpoints, to
# another task (solid) and to the same one (broken), a colour a learning rate.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

file = table('length')
over = 'M [1]'
n = cell_count
colour(j) = (j - 1) % n + 1
which(j) = cell(colour(j))
broken(j) = j > n
set multiplot layout 1,2 margins 0.08,0.985,0.155,0.80 spacing 0.11
set logscale xy
set format y '%g'
set offsets graph 0.04, graph 0.04, graph 0.05, graph 0.05
set xlabel 'checkpoints M'
set xtics (2, 5, 10, 20, 50, 100, 250)
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows n samplen 4 font small
say(j) = 'rate '.substr(which(j), 6, strlen(which(j))).(broken(j) ? ', to itself' : ', to the other task')
panel = "plot for [j=1:2*n] file using (in_cell(which(j)) ? column(over) : NaN):(edge(what(j), '.low')):(edge(what(j), '.high')) with filledcurves lt colour(j) fs transparent solid 0.15 noborder notitle, for [j=1:2*n] file using (in_cell(which(j)) ? column(over) : NaN):(column(what(j))) with linespoints lt colour(j) dt 1+broken(j) ps 0.6 title say(j)"
what(j) = broken(j) ? 'identical [1]' : 'transfer [1]'
set ylabel 'length B'
eval panel
@next_panel
unset key
set ylabel 'mean of sqrt(KL), published code'
what(j) = broken(j) ? 'released.identical [1]' : 'released.transfer [1]'
eval panel
unset multiplot
