# SPDX-License-Identifier: GPL-3.0-or-later
# ablation: test error on the way of KWNG with 1, 5 and 20 basis points; test errors by what is changed.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 420
load 'figures/style.gp'

file = table('training'); over = 'step [1]'; error = 'test error [1]'
basis(j) = word('ill-kwng-1 ill-kwng ill-kwng-20', j)
points(j) = word('1 5 20', j)
at(c, y) = in_cell(c) ? column(y) : NaN
low(y) = edge(y, '.low') > 0.05 ? edge(y, '.low') : 0.05

set multiplot
set logscale y; set yrange [0.05:1]; set format y '%g'; set ytics (0.05, 0.1, 0.2, 0.5, 1)
set xlabel 'step'; set ylabel 'test error' offset 1
set lmargin at screen 0.085; set rmargin at screen 0.48; set bmargin at screen 0.15; set tmargin at screen 0.87
set key top right
set label 1 'basis points, ill-conditioned' at graph 0, graph 1.05 left textcolor rgb ink font heading
plot for [j=1:3] file using (at(basis(j), over)):(low(error)):(edge(error, '.high')) with filledcurves lt j fs transparent solid 0.15 noborder notitle, \
     for [j=1:3] file using (at(basis(j), over)):(column(error)) with lines lt j title 'M = '.points(j)

@next_panel
unset logscale y; unset ylabel
set lmargin at screen 0.68; set rmargin at screen 0.985
set label 1 'test error at the end'
set format y '%g'; set xlabel 'test error'
set logscale x; set xrange [0.05:1]; set xtics (0.05, 0.1, 0.2, 0.5, 1)
set yrange [9.6:0.4]; set grid noytics
row(j) = word('ill-kwng ill-kwng-1 ill-kwng-20 ill-identity ill-squared ill-rational ill-kwng-momentum well-kwng well-kwng-momentum', j)
set ytics ('KWNG, M = 5' 1, 'M = 1' 2, 'M = 20' 3, 'D = I' 4, 'D: squared norms' 5, 'rational quadratic' 6, 'with momentum' 7, 'well-conditioned: M = 5' 8, 'with momentum' 9)
metrics = table('metrics')
end(c) = (in_cell(c) && stringcolumn('metric') eq 'error.test') ? column('mean') : NaN
left(y) = abs(column('low')) < 1e300 && column('low') > 0.01 ? column('low') : column('min')
right(y) = abs(column('high')) < 1e300 ? column('high') : column('max')
plot for [j=1:9] metrics using (end(row(j))):(j):(left(0)):(right(0)) with xerrorbars lc rgb colours[j < 8 ? 1 : 3] pt (j < 8 ? 7 : 6) ps 0.9 lw 1.4 notitle
unset multiplot
