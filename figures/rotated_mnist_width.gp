# SPDX-License-Identifier: GPL-3.0-or-later
# rotated_mnist_width: accuracy and forgetting against the width, by replay buffer; the accuracy
# matrix of the widest network.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 380
load 'figures/style.gp'

units(c) = real(c[strstrt(c, '=') + 1:*])
buffer(j) = word('0 125 250', j)
label(j) = word('"no buffer" "buffer of 125" "buffer of 250"', j)
is(name) = stringcolumn('metric') eq name
at(name) = is(name) ? units(stringcolumn('cell')) : NaN
value = "'mean'"

# rows of other metrics do not interrupt a line
set datafile missing NaN
set multiplot layout 1,3 margins 0.07,0.94,0.16,0.7 spacing 0.085
set logscale x 2
set format x '%g'
set offsets graph 0.08, graph 0.08, graph 0.06, graph 0.06
set xlabel 'width'
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 4
set label 1 'average accuracy' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot for [j=1:3] table('metrics') using (at('accuracy.'.buffer(j))):(column('mean')):(column('low')):(column('high')) with yerrorbars lt j ps 0.8 lw 1.4 title label(j), \
     for [j=1:3] table('metrics') using (at('accuracy.'.buffer(j))):(column('mean')) with lines lt j notitle, \
     table('metrics') using (at('joint_error')):(1 - column('mean')) with lines lc rgb faint dt 2 title 'joint training'

@next_panel
set label 1 'average forgetting' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot for [j=1:3] table('metrics') using (at('forgetting.'.buffer(j))):(column('mean')):(column('low')):(column('high')) with yerrorbars lt j ps 0.8 lw 1.4 title label(j), \
     for [j=1:3] table('metrics') using (at('forgetting.'.buffer(j))):(column('mean')) with lines lt j notitle

unset logscale x
unset key
set offsets 0,0,0,0
set xrange [0.5:5.5]
set yrange [5.5:0.5]
set xtics 1
set ytics 1
unset grid
set xlabel 'accuracy on task'
set ylabel 'after task' offset 1
set palette defined (0 '#ffffff', 1 '#0072B2')
set cbrange [0:1]
set style fill solid 1 noborder # the colour key takes it, too
set colorbox
set label 1 'no buffer, '.cell(cell_count) at graph 0, screen 0.955 left textcolor rgb ink font heading
plot table('accuracy') using (in_cell(cell(cell_count)) ? column('on task [1]') : NaN):(column('after task [1]')):(0.5):(0.5):(column('accuracy [1]')) with boxxyerror fs solid 1 noborder lc palette notitle, \
     table('accuracy') using (in_cell(cell(cell_count)) ? column('on task [1]') : NaN):(column('after task [1]')):(sprintf('%.2f', column('accuracy [1]'))) with labels font small notitle
unset multiplot
