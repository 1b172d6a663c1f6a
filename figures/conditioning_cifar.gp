# SPDX-License-Identifier: GPL-3.0-or-later
# conditioning_cifar: training loss of each optimizer with well-conditioned logits, test error on
# the way with ill-conditioned ones, and the test errors that they end at.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1040; height = 460
load 'figures/style.gp'

file = table('training'); over = 'step [1]'
method(j) = word('"sgd" "momentum" "adam" "diagonal" "kfac" "kwng"', j)
label(j) = word('"SGD" "momentum" "Adam" "diagonal" "K-FAC" "KWNG"', j)
is(c, m) = stringcolumn('cell') eq c.'-'.m
at(c, m, y) = is(c, m) ? column(y) : NaN
curves(c, y) = sprintf("for [j=1:6] file using (at('%s', method(j), over)):(edge('%s', '.low')):(edge('%s', '.high')) with filledcurves lt j fs transparent solid 0.15 noborder notitle, for [j=1:6] file using (at('%s', method(j), over)):(column('%s')) with lines lt j title label(j)", c, y, y, c, y)
has(c) = strstrt(cells, '"'.c.'-') > 0

set multiplot
set yrange [1.1:2.1]
set xlabel 'step'
set lmargin at screen 0.065; set rmargin at screen 0.345; set bmargin at screen 0.14; set tmargin at screen 0.84
unset key
set label 1 'training loss, well-conditioned' at graph 0, graph 1.05 left textcolor rgb ink font heading
set ylabel 'loss [nat]' offset 1
show_well = "plot ".(has('well') ? curves('well', 'training loss [nat]') : '1e-9 notitle')
eval show_well

@next_panel
set key at screen 0.065, screen 0.985 left top Left reverse horizontal width 1 font small
unset ylabel
set lmargin at screen 0.395; set rmargin at screen 0.675
set yrange [0.5:*]
set label 1 'test error, ill-conditioned'
show_ill = "plot ".curves('ill', 'test error [1]')
eval show_ill

set lmargin at screen 0.775; set rmargin at screen 0.985
set label 1 'test error at the end'
set xlabel 'test error'
set xrange [0.45:0.95]; set xtics 0.1
set yrange [6.6:0.4]; set grid noytics
set ytics ('SGD' 1, 'momentum' 2, 'Adam' 3, 'diagonal' 4, 'K-FAC' 5, 'KWNG' 6)
set key at screen 0.985, screen 0.985 horizontal right top Right noreverse samplen 1 font small
metrics = table('metrics')
end(c, m) = (is(c, m) && stringcolumn('metric') eq 'error.test') ? column('mean') : NaN
left(y) = abs(column('low')) < 1e300 && column('low') > 0.01 ? column('low') : column('min')
right(y) = abs(column('high')) < 1e300 ? column('high') : column('max')
plot NaN with points lt 1 lc rgb ink pt 6 title 'well', NaN with points lt 1 lc rgb ink pt 7 title 'ill', \
     for [j=1:6] metrics using (end('well', method(j))):(j):(left(0)):(right(0)) with xerrorbars lt j pt 6 ps 0.9 lw 1.4 notitle, \
     for [j=1:6] metrics using (end('ill', method(j))):(j):(left(0)):(right(0)) with xerrorbars lt j pt 7 ps 0.9 lw 1.4 notitle
unset multiplot
