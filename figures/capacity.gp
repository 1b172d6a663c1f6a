# SPDX-License-Identifier: GPL-3.0-or-later
# capacity: distances by all and by every fourth checkpoint, and accuracies, by the smaller network
# and by the larger one at equal rates and at equal fits, for each pair and their mean.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 980; height = 440
load 'figures/style.gp'

metrics = table('metrics')
place_of(c) = sum [k=1:cell_count] (c eq cell(k) ? k : 0)
position(m, shift) = stringcolumn('metric') eq m ? place_of(stringcolumn('cell')) + shift : NaN
low = "(abs(column('low')) < 1e300 ? column('low') : column('mean'))"
high = "(abs(column('high')) < 1e300 ? column('high') : column('mean'))"
size(j) = word('small large slow', j)
size_title(j) = word('"smaller network" "larger, equal rates" "larger, equal fits"', j)

set multiplot layout 1,2 margins 0.06,0.985,0.2,0.84 spacing 0.08
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3 font small
set xrange [0.4:cell_count + 0.6]
set xtics ()
do for [c=1:cell_count] { set xtics add (cell(c) c) }
set xtics font small rotate by -18 left
set offsets 0, 0, graph 0.06, 0
set yrange [0:*]
set ylabel 'length B'
plot for [j=1:3] metrics using (position('distance.'.size(j), 0.2*(j - 2) - 0.04)):(column('mean')):@low:@high with yerrorbars lt j ps 1 title size_title(j), \
     for [j=1:3] metrics using (position('distance.'.size(j).'.coarse', 0.2*(j - 2) + 0.04)):(column('mean')):@low:@high with yerrorbars lt j pt (j == 1 ? 6 : j == 2 ? 4 : 8) ps 1 title 'every 4th checkpoint'
@next_panel
set ylabel 'accuracy on the target'
set yrange [0:1.04]
plot for [j=1:3] metrics using (position('fitted.'.size(j), 0.2*(j - 2) - 0.04)):(column('mean')):@low:@high with yerrorbars lt j ps 1 title size_title(j).', training images', \
     for [j=1:3] metrics using (position('target.'.size(j), 0.2*(j - 2) + 0.04)):(column('mean')):@low:@high with yerrorbars lt j pt (j == 1 ? 6 : j == 2 ? 4 : 8) ps 1 title 'test images'
unset multiplot
