# SPDX-License-Identifier: GPL-3.0-or-later
# capacity: distances and accuracies by the smaller and the larger network, for each pair.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 420
load 'figures/style.gp'

metrics = table('metrics')
place_of(c) = c eq cell(1) ? 1 : c eq cell(cell_count) ? 3 : 2
position(m, shift) = stringcolumn('metric') eq m ? place_of(stringcolumn('cell')) + shift : NaN
low = "(abs(column('low')) < 1e300 ? column('low') : column('mean'))"
high = "(abs(column('high')) < 1e300 ? column('high') : column('mean'))"

set multiplot layout 1,2 margins 0.07,0.985,0.155,0.80 spacing 0.09
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 2
set xrange [0.4:cell_count + 0.6]
set xtics ()
do for [c=1:cell_count] { set xtics add (cell(c) place_of(cell(c))) }
set xtics font small
set offsets 0, 0, graph 0.06, 0
set yrange [0:*]
set ylabel 'length B'
plot metrics using (position('distance.small', -0.12)):(column('mean')):@low:@high with yerrorbars lt 1 ps 1 title 'smaller network', \
     metrics using (position('distance.large', 0.12)):(column('mean')):@low:@high with yerrorbars lt 2 ps 1 title 'larger network'
@next_panel
set ylabel 'accuracy on the target'
set yrange [0:1.04]
set key maxrows 2
plot metrics using (position('fitted.small', -0.15)):(column('mean')):@low:@high with yerrorbars lt 1 ps 1 title 'smaller, training images', \
     metrics using (position('target.small', -0.05)):(column('mean')):@low:@high with yerrorbars lt 1 pt 6 ps 1 title 'smaller, test images', \
     metrics using (position('fitted.large', 0.05)):(column('mean')):@low:@high with yerrorbars lt 2 ps 1 title 'larger, training images', \
     metrics using (position('target.large', 0.15)):(column('mean')):@low:@high with yerrorbars lt 2 pt 4 ps 1 title 'larger, test images'
unset multiplot
