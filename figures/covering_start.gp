# SPDX-License-Identifier: GPL-3.0-or-later
# covering_start: loss in time for each start with its closed-form bound, loss at the end against m,
# and the first variation at the end over the directions of a neuron.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 400
load 'figures/style.gp'

floor_at(j) = (in_cell(cell(j)) && stringcolumn('metric') eq 'floor' ? column('mean') : NaN)
array bound[cell_count]
do for [j=1:cell_count] { stats table('metrics') using (floor_at(j)) nooutput; bound[j] = STATS_mean }
lowest = 1e-9

set multiplot layout 1,3 margins 0.065,0.985,0.15,0.8 spacing 0.085
set key at graph 0, graph 1.03 left bottom Left reverse horizontal maxcols 3
count = cell_count
file = table('time'); over = 't [1]'
what(j) = 'loss [1]'
@count_seeds
name(j) = cell(j)
seeds(j) = ''
curves = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column(what(j))) with lines lt j title name(j)"
set xlabel 'time'
set ylabel 'loss F'
set format y '%g'
set yrange [-0.01:0.45]
set label 1 word(seed_words, 1).' seeds; dashed: bounds' at graph 0.97, graph 0.96 right textcolor rgb faint font small
plot @bands, @curves, for [j=1:count] (bound[j] > 0 ? bound[j] : NaN) with lines lc rgb ink lw 1.5 dt 2 notitle
unset label 1

@next_panel
file = table('sizes'); over = 'm [1]'
set logscale x 2
set logscale y
set yrange [lowest:1]
set xtics () nomirror out
do for [k=3:12] { set xtics add (sprintf('%d', 2**k) 2**k) }
set xlabel 'neurons m'
set ylabel 'loss F at the end'
set offsets graph 0.03, graph 0.03, 0, 0
unset key
clip(v) = v > lowest ? v : lowest
plot for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(clip(edge(what(j), '.low'))):(clip(edge(what(j), '.high'))) with filledcurves lt j fs transparent solid 0.15 noborder notitle, @lines

unset logscale
file = table('variation'); over = 'angle [1]'
what(j) = "F' [1]"
set offsets 0, 0, 0, 0
set xlabel 'direction of w [degrees]'
set ylabel "F'(mu)(w) at the end" offset 1,0
set xtics autofreq 90 nomirror out
set xrange [0:360]
set yrange [-0.04:0.04]
set label 2 'a negative neuron would help' at graph 0.5, graph 0.95 center textcolor rgb faint font small
set label 3 'a positive neuron would help' at graph 0.5, graph 0.05 center textcolor rgb faint font small
plot @bands, @curves
unset multiplot
