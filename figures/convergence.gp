# SPDX-License-Identifier: GPL-3.0-or-later
# convergence: distance of iteration k, a column a pair and their mean: growing and constant weight,
# plan kept, all blocks learned; above by all checkpoints, below by every fourth.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 980; height = 640
load 'figures/style.gp'

panels = cell_count
set multiplot layout 2,panels margins 0.065,0.99,0.1,0.835 spacing 0.045,0.07
unset key
set xtics 1
set offsets 0.2, 0.2, graph 0.06, graph 0.06
over = 'k [1]'
shown(c, y) = in_cell(c) ? column(y) : NaN
low(y) = edge(y, '.low')
high(y) = edge(y, '.high')
kinds = 'growing constant never all'
tables = 'distance distance control all'
what(j, r) = word(kinds, j).(r == 2 ? ' coarse' : '').' [1]'
title_of(j) = word('"growing weight" "constant weight" "plan never updated" "growing weight, all blocks learned"', j)
do for [r=1:2] { do for [c=1:panels] {
    pair = cell(c)
    if (c > 1 || r > 1) { @next_panel }
    if (c == 1) { set ylabel (r == 1 ? 'length B' : 'B, every 4th checkpoint') textcolor rgb ink offset 1 } else { unset ylabel }
    if (r == 2) { set xlabel 'iteration k' textcolor rgb ink } else { unset xlabel }
    if (r == 1) { set label 1 pair at graph 0, graph 1.07 left textcolor rgb ink font heading } else { unset label 1 }
    if (r == 1 && c == 1) { set key at screen 0.065, screen 0.985 left top Left reverse vertical maxrows 2 font small } else { unset key }
    plot for [j=1:4] table(word(tables, j)) using (shown(pair, over)):(low(what(j, r))):(high(what(j, r))) with filledcurves lt j fs transparent solid 0.12 noborder notitle, \
         for [j=1:4] table(word(tables, j)) using (shown(pair, over)):(column(what(j, r))) with linespoints lt j title title_of(j)
} }
unset multiplot
