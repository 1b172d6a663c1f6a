# SPDX-License-Identifier: GPL-3.0-or-later
# conditioning_cifar: training loss and test error of each optimizer against steps and against work, with
# well- (above) and with ill-conditioned logits (below), and the test errors that they end at.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1180; height = 640
load 'figures/style.gp'

file = table('training')
method(j) = word('"sgd" "momentum" "adam" "diagonal" "kfac" "kwng"', j)
label(j) = word('"SGD" "momentum" "Adam" "diagonal" "K-FAC" "KWNG"', j)
is(c, m) = stringcolumn('cell') eq c.'-'.m
at(c, m, y) = is(c, m) ? column(y) : NaN
has(c) = strstrt(cells, '"'.c.'-') > 0
# The lower end of an interval may be below 0 on a logarithmic axis.
low(y) = edge(y, '.low') > least ? edge(y, '.low') : least
curves = "for [j=1:6] file using (at(c, method(j), over)):(low(y)):(edge(y, '.high')) with filledcurves lt j fs transparent solid 0.15 noborder notitle, for [j=1:6] file using (at(c, method(j), over)):(column(y)) with lines lt j title label(j)"
# Columns of panels: 1 and 2 the loss, 3 and 4 the error; 1 and 3 over steps, 2 and 4 over work.
left(k) = 0.05 + 0.183 * (k - 1) + (k > 2 ? 0.012 : 0)
place = "set lmargin at screen left(k); set rmargin at screen left(k) + 0.145; set tmargin at screen row == 1 ? 0.865 : 0.435; set bmargin at screen row == 1 ? 0.56 : 0.13"
loss_axis = "unset logscale y; set format y '%g'; set ytics autofreq; least = 0.5; set yrange [0.5:2.3]"
error_axis = "unset logscale y; set format y '%g'; set ytics 0.1; least = 0.4; set yrange [0.4:0.95]"

set multiplot
set xtics font small; set ytics font small
do for [row=1:2] {
    c = row == 1 ? 'well' : 'ill'
    do for [k=1:4] {
        @place
        y = k < 3 ? 'training loss [nat]' : 'test error [1]'
        over = k % 2 == 1 ? 'step [1]' : 'work [steps of SGD]'
        if (k % 2 == 1) { unset logscale x; set format x '%g' } else { set logscale x; set format x '1e%T' }
        if (k < 3) { @loss_axis } else { @error_axis }
        if (row == 2) { set xlabel (k % 2 == 1 ? 'step' : 'work, in steps of SGD') } else { unset xlabel }
        set label 1 (k < 3 ? 'training loss' : 'test error').(k % 2 == 1 ? ', '.c.'-conditioned' : '') at graph 0, graph 1.06 left textcolor rgb ink font heading
        if (row == 1 && k == 1) {
            set key at screen 0.05, screen 0.985 left top Left reverse horizontal width 1 font small
        } else {
            if (row == 2 && k == 1 && !has('well')) { set key at screen 0.05, screen 0.985 left top Left reverse horizontal width 1 font small } else { unset key }
        }
        if (has(c)) { plot @curves } else { plot [1:10] 1e-9 notitle }
        @next_panel
    }
}

unset logscale xy; set format x '%g'
set lmargin at screen 0.86; set rmargin at screen 0.99; set tmargin at screen 0.865; set bmargin at screen 0.13
set label 1 'test error at the end'
set format y '%g'; set xlabel 'test error'
set xrange [0.4:0.95]; set xtics 0.1 font small
set yrange [6.6:0.4]; set grid noytics
set ytics ('SGD' 1, 'momentum' 2, 'Adam' 3, 'diagonal' 4, 'K-FAC' 5, 'KWNG' 6) font small
set key at screen 0.99, screen 0.985 horizontal right top Right noreverse samplen 1 font small
metrics = table('metrics')
end(c, m) = (is(c, m) && stringcolumn('metric') eq 'error.test') ? column('mean') : NaN
left_end(y) = abs(column('low')) < 1e300 && column('low') > 0.01 ? column('low') : column('min')
right_end(y) = abs(column('high')) < 1e300 ? column('high') : column('max')
plot NaN with points lt 1 lc rgb ink pt 6 title 'well', NaN with points lt 1 lc rgb ink pt 7 title 'ill', \
     for [j=1:6] metrics using (end('well', method(j))):(j):(left_end(0)):(right_end(0)) with xerrorbars lt j pt 6 ps 0.9 lw 1.4 notitle, \
     for [j=1:6] metrics using (end('ill', method(j))):(j):(left_end(0)):(right_end(0)) with xerrorbars lt j pt 7 ps 0.9 lw 1.4 notitle
unset multiplot
