# SPDX-License-Identifier: GPL-3.0-or-later
# mean_field: distance of a network of m neurons from the flow of the measure, over m, and the same
# times sqrt(m) in time. The line under the points has the slope -1/2.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 400
load 'figures/style.gp'

file = table('error'); over = 'm [1]'
count = 4
which(j) = cell(j % 2 + 1)
what(j) = j < 3 ? 'sample [1]' : 'spread [1]'
name(j) = which(j).(j < 3 ? ', drawn' : ', spread')
@count_seeds
stats file using over nooutput name 'm'
sizes = ''
add(m) = strstrt(sizes.' ', sprintf(' %d ', m)) > 0 ? 0 : (sizes = sizes.sprintf(' %d', m), 1)
stats file using (add(column(over))) nooutput
stats file using (in_cell('sinus') && column(over) == m_min ? column('sample [1]') : NaN) nooutput name 'first'

seeds(j) = ''
set multiplot layout 1,3 margins 0.075,0.985,0.15,0.78 spacing 0.075
set key at graph 0, graph 1.03 left bottom Left reverse vertical maxrows 3
set label 2 word(seed_words, 1).' seeds' at graph 0.97, graph 0.95 right textcolor rgb faint font small
set xlabel 'neurons m'
set ylabel 'S_m, sup of |f_m - f|'
set logscale xy
set xtics () nomirror out
do for [j=1:words(sizes)] { set xtics add (word(sizes, j) int(word(sizes, j))) }
set format y '%g'
set offsets graph 0.03, graph 0.03, graph 0.03, graph 0.03
plot @bands, @lines, 2 * first_mean * (m_min / x)**0.5 with lines lc rgb faint lw 1.2 dt 2 title 'slope -1/2'

unset logscale
unset label 2
set format x '%g'
set xtics autofreq nomirror out
set key at graph 0, graph 1.03 left bottom Left reverse vertical maxrows 3
set xlabel 'time'
set ylabel 'sqrt(m) max |f_m - f|'
scaled = "for [j=1:words(sizes)] table('m'.word(sizes, j)) using (in_cell(shown) ? column('t [1]') : NaN):(edge('scaled [1]', '.low')):(edge('scaled [1]', '.high')) with filledcurves lt j fs transparent solid 0.12 noborder notitle, for [j=1:words(sizes)] table('m'.word(sizes, j)) using (in_cell(shown) ? column('t [1]') : NaN):(column('scaled [1]')) with lines lt j title 'm = '.word(sizes, j)"
set yrange [0:*]
@next_panel
shown = 'linear'
set label 1 shown at graph 0.04, graph 0.06 left textcolor rgb ink font heading
plot @scaled
unset ylabel
unset key
shown = 'sinus'
set label 1 shown at graph 0.04, graph 0.06 left textcolor rgb ink font heading
plot @scaled
unset multiplot
