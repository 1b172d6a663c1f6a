# SPDX-License-Identifier: GPL-3.0-or-later
# class_counts_cifar: test error with well- and with ill-conditioned logits on both sets.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 640; height = 360
load 'figures/style.gp'

metrics = table('metrics')
label_of(m) = m eq 'kwng' ? 'KWNG' : m eq 'adam' ? 'Adam' : m eq 'sgd' ? 'SGD' : m eq 'kfac' ? 'K-FAC' : m
hundred = profile eq 'paper' ? 'CIFAR-100' : '25 of CIFAR-100'
title_of(c) = c[1:4] eq 'ten-' ? label_of(c[5:*]).', CIFAR-10' : label_of(c[9:*]).', '.hundred
is(c, m) = in_cell(c) && stringcolumn('metric') eq m
end(c, m) = is(c, m) ? column('mean') : NaN
left(y) = abs(column('low')) < 1e300 ? column('low') : column('min')
right(y) = abs(column('high')) < 1e300 ? column('high') : column('max')
set xlabel 'test error'
set xrange [0.4:1]
set yrange [cell_count + 0.6:0.4]; set grid noytics
set ytics ('' 0)
do for [j=1:cell_count] { set ytics add (title_of(cell(j)) j) }
set lmargin at screen 0.27; set rmargin at screen 0.97; set tmargin at screen 0.88; set bmargin at screen 0.17
set key at graph 1, graph 1.02 right bottom horizontal samplen 1 width 2
plot NaN with points lt 1 lc rgb ink pt 6 title 'well-conditioned', NaN with points lt 1 lc rgb ink pt 7 title 'ill-conditioned', \
     for [j=1:cell_count] metrics using (end(cell(j), 'error.well')):(j):(left(0)):(right(0)) with xerrorbars lt j pt 6 ps 0.9 lw 1.4 notitle, \
     for [j=1:cell_count] metrics using (end(cell(j), 'error.ill')):(j):(left(0)):(right(0)) with xerrorbars lt j pt 7 ps 0.9 lw 1.4 notitle
