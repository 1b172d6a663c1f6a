# SPDX-License-Identifier: GPL-3.0-or-later
# convergence: distance of iteration k, a panel a pair: growing and constant weight, plan kept.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

panels = cell_count
set multiplot layout 1,panels margins 0.075,0.985,0.155,0.72 spacing 0.055
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3 font small
set xlabel 'iteration k'
set xtics 1
set offsets 0.2, 0.2, graph 0.06, graph 0.06
over = 'k [1]'
seeds(j) = ''
shown(c, y) = in_cell(c) ? column(y) : NaN
do for [c=1:panels] {
    pair = cell(c)
    if (c > 1) { @next_panel; unset ylabel } else { set ylabel 'length B' }
    set label 1 pair at graph 0, screen 0.955 left textcolor rgb ink font heading
    plot table('distance') using (shown(pair, over)):(edge('growing [1]', '.low')):(edge('growing [1]', '.high')) with filledcurves lt 1 fs transparent solid 0.18 noborder notitle, \
         table('distance') using (shown(pair, over)):(edge('constant [1]', '.low')):(edge('constant [1]', '.high')) with filledcurves lt 2 fs transparent solid 0.18 noborder notitle, \
         table('control') using (shown(pair, over)):(edge('never [1]', '.low')):(edge('never [1]', '.high')) with filledcurves lt 3 fs transparent solid 0.18 noborder notitle, \
         table('distance') using (shown(pair, over)):(column('growing [1]')) with linespoints lt 1 title 'growing weight', \
         table('distance') using (shown(pair, over)):(column('constant [1]')) with linespoints lt 2 title 'constant weight', \
         table('control') using (shown(pair, over)):(column('never [1]')) with linespoints lt 3 title 'plan never updated'
}
unset multiplot
