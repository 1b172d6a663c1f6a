# SPDX-License-Identifier: GPL-3.0-or-later
# estimator_accuracy: error against samples (above) and basis points (below), a column a model.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 640
load 'figures/style.gp'

count = 4
d(j) = word('2 3 5 10', j)
what(j) = 'd='.d(j).' [1]'
name(j) = 'd = '.d(j)
scan = profile eq 'smoke' ? 200 : profile eq 'desk' ? 500 : 1000
rule(j) = ceil(d(j) * sqrt(scan))
left(k) = 0.075 + 0.315 * (k - 1)
column_of = "set lmargin at screen left(k); set rmargin at screen left(k) + 0.275"
low(y) = edge(y, '.low') > 0 ? edge(y, '.low') : NaN # no band on a log axis
shade = "for [j=1:count] file using (in_cell(model) ? column(over) : NaN):(low(what(j))):(edge(what(j), '.high')) with filledcurves lt j fs transparent solid 0.18 noborder notitle"
curves = "for [j=1:count] file using (in_cell(model) ? column(over) : NaN):(column(what(j))) with linespoints lt j ps 0.6 notitle"

set multiplot
set logscale xy
set format x '%g'
set format y '%g'
set tmargin at screen 0.935; set bmargin at screen 0.585
file = table('samples'); over = 'N [1]'
set xrange [40:2500]
set yrange [0.006:3]
set xlabel 'samples N' offset 0,0.4
set key at graph 1, graph 1 right top
do for [k=1:cell_count] {
    model = cell(k)
    @column_of
    if (k == 1) { set ylabel 'relative error' textcolor rgb ink } else { unset ylabel }
    set label 1 model at graph 0, graph 1.07 left textcolor rgb ink font heading
    if (k == 1) {
        plot 1.4 / sqrt(x) with lines lc rgb faint lw 1.2 title 'slope -1/2', \
             0.75 * x**-0.25 with lines lc rgb faint lw 1.2 dt 2 title 'slope -1/4, guaranteed', \
             @shade, @curves
    } else {
        plot 1.4 / sqrt(x) with lines lc rgb faint lw 1.2 notitle, \
             0.75 * x**-0.25 with lines lc rgb faint lw 1.2 dt 2 notitle, @shade, @curves
    }
    @next_panel
}

set tmargin at screen 0.465; set bmargin at screen 0.115
unset label 1
file = table('points'); over = 'M [1]'
set xrange [2.5:500]
set yrange [0.006:300]
set xlabel sprintf('basis points M, N = %d', scan)
which(j) = cell(1)
@count_seeds
do for [k=1:cell_count] {
    model = cell(k)
    @column_of
    if (k == 1) { set ylabel 'relative error' textcolor rgb ink } else { unset ylabel }
    if (k == cell_count) { set key at graph 1, graph 1 right top } else { unset key }
    plot for [j=1:count] NaN with linespoints lt j ps 0.6 title name(j).seeds(j), @shade, @curves, \
         for [j=1:count] '+' using (rule(j)):(0.0085) every ::0::0 with points lt j pt 9 ps 0.9 notitle
}
unset multiplot
