# SPDX-License-Identifier: GPL-3.0-or-later
# grid_scales: least loss over the measures on a grid against the norm of the teacher, for one scale
# and for two; and the flow along the scales of one direction, on two scales.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 400
load 'figures/style.gp'

file = table('losses')
over = 'C [1]'
kinds = 'one-alive one two'
titles = '"one scale, no idle direction" "one scale" "two scales, no idle direction"'
least = 1e-8
raised(v) = v < least ? least : v
what(j) = sign.'-'.word(kinds, j).' [1]'
all_bands = "for [j=1:3] file using (column(over)):(raised(edge(what(j), '.low'))):(raised(edge(what(j), '.high'))) with filledcurves lt j fs transparent solid 0.18 noborder notitle"
all_lines = "for [j=1:3] file using (column(over)):(raised(column(what(j)))) with linespoints lt j lw (j == 1 ? 4 : 2) title word(titles, j)"
solver = "1e-6 with lines lc rgb faint lw 1.2 dt 2"

set multiplot layout 1,3 margins 0.075,0.985,0.155,0.735 spacing 0.075
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 4
set logscale x 2
set logscale y
set format y '1e%T'
set xlabel 'norm of the teacher over the one scale, C'
set ylabel 'least loss over that of no network' offset 1
set yrange [0.5 * least:2]
set ytics 100
set xtics ('1/8' 0.125, '1/4' 0.25, '1/2' 0.5, '1' 1, '2' 2, '4' 4, '8' 8)
set offsets 0, 0, 0, 0
sign = 'positive'
set label 1 'one sign' at graph 0, screen 0.965 left textcolor rgb ink font heading
plot @all_bands, @solver notitle, @all_lines

@next_panel
unset ylabel
sign = 'signed'
set label 1 'both signs' at graph 0, screen 0.965 left textcolor rgb ink font heading
plot @all_bands, @solver title 'what the solver leaves', @all_lines

unset logscale y
set yrange [0:1.6]
set ytics 0.5
set format y '%g'
set xlabel 'gam over the square of the gap'
set xrange [1.0/80:80]
set xtics ('1/64' 1.0/64, '1/8' 0.125, '1' 1, '8' 8, '64' 64)
set label 1 'flow on two scales' at graph 0, screen 0.965 left textcolor rgb ink font heading
set ylabel 'F(T) / F(0)' offset 2 textcolor rgb ink
fine = 0
stats table('metrics') using (stringcolumn('metric') eq 'flow.fine' ? column('mean') : NaN) nooutput name 'fine'
plot fine_mean with lines lt 3 title 'fine scales, h^2 = gam', \
     1 with lines lt 2 dt 2 title 'two scales, exact', \
     table('flows') using (in_cell(cell(1)) ? column('gam over square of spacing [1]') : NaN):(column('two [1]')) with linespoints lt 1 title 'two scales, entropic'
unset multiplot
