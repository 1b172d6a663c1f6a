# SPDX-License-Identifier: GPL-3.0-or-later
# jko_grid: density of the grid's measure over the plane at three times, both signs of the signed
# problem in two colours, with the particles' ends; and the distance from the particles' flow.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 900
load 'figures/style.gp'

file = table('density')
times = '0 1/2 1'
stats file using (in_cell(cell(1)) ? 1 : NaN) nooutput name 'points'
first(c) = (c - 1) * points_records
last(c) = c * points_records - 1
top = 3.0
part_of(v) = v < 0 ? 0 : v > top ? 1 : sqrt(v / top)
# White, towards blue with mass of sign +1 and towards orange with mass of sign -1.
red(a, b) = 255 * (1 - a) * (1 - 0.17 * b)
green(a, b) = 255 * (1 - 0.55 * a) * (1 - 0.63 * b)
blue(a, b) = 255 * (1 - 0.3 * a) * (1 - b)
paint(k) = sprintf("file every ::%d::%d using 'w [1]':'b [1]':(red(part_of(column('plus-%d [1]')), part_of(column('minus-%d [1]')))):(green(part_of(column('plus-%d [1]')), part_of(column('minus-%d [1]')))):(blue(part_of(column('plus-%d [1]')), part_of(column('minus-%d [1]')))) with rgbimage notitle", first(c), last(c), k, k, k, k, k, k)
kinks = "for [j=0:4] -(-0.5 + 0.25 * j) * x with lines lc rgb faint lw 0.6 dt 2 notitle"
ends = "table('particles') using (in_cell(cell(c)) ? column('w [1]') : NaN):'b [1]' with points pt 7 ps 0.13 lc rgb ink notitle"

array order[2]
do for [c=1:2] { stats table('metrics') using (in_cell(cell(c)) && stringcolumn('metric') eq 'order.joint' ? column('mean') : NaN) nooutput name 'slope'; order[c] = slope_mean }
stats table('joint') using (in_cell(cell(1)) ? column('S [1]') / column('tau [1]') : NaN) nooutput name 'line'
set multiplot
set xrange [-1.6:1.6]
set yrange [-1.1:1.8]
set size ratio -1
set xtics 1
set ytics 1
set samples 2
unset grid
do for [c=1:2] {
    do for [k=0:2] {
        set lmargin at screen 0.07 + 0.315 * k
        set rmargin at screen 0.34 + 0.315 * k
        set tmargin at screen (c == 1 ? 0.955 : 0.665)
        set bmargin at screen (c == 1 ? 0.725 : 0.435)
        unset xlabel
        if (c == 2) { set xlabel 'slope w' offset 0,0.5 textcolor rgb ink }
        unset ylabel
        if (k == 0) { set ylabel 'bias b' offset 1 textcolor rgb ink }
        set label 1 cell(c).', t = '.word(times, k + 1) at graph 0, graph 1.04 left textcolor rgb ink
        eval 'plot '.paint(k).', '.kinks.(k == 2 ? ', '.ends : '')
        unset label 98
        unset label 99
    }
}

unset label 1
set size noratio
set grid
set logscale xy
set format x '%g'
set format y '%g'
set autoscale
set samples 100
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink
set offsets graph 0.04, graph 0.04, graph 0.05, graph 0.05
set tmargin at screen 0.305
set bmargin at screen 0.075
set lmargin at screen 0.085
set rmargin at screen 0.485
set xtics (0.025, 0.05, 0.1, 0.2, 0.4)
set ytics auto
set xrange [0.02:0.5]
set yrange [0.001:0.1]
set xlabel 'step tau'
set ylabel 'difference S from the particles' offset 1
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3
plot for [c=1:2] table('joint') using (in_cell(cell(c)) ? column('tau [1]') : NaN):'S [1]' with linespoints lt c title cell(c).', gam = tau^2/4, '.sprintf('slope %.2f', order[c]), \
     for [c=1:2] table('proportional') using (in_cell(cell(c)) ? column('tau [1]') : NaN):'S [1]' with linespoints lt c dt 3 title cell(c).', gam = tau/10', \
     line_mean * x with lines lc rgb faint dt 2 title 'order 1'
set lmargin at screen 0.585
set rmargin at screen 0.985
unset logscale y
set yrange [0.85:1.05]
set ylabel 'variance gained / (T gam / tau)' offset 1
ratio = "(column('variance [1]') / column('predicted [1]'))"
plot for [c=1:2] table('joint') using (in_cell(cell(c)) ? column('tau [1]') : NaN):@ratio with linespoints lt c title cell(c).', gam = tau^2/4', \
     for [c=1:2] table('proportional') using (in_cell(cell(c)) ? column('tau [1]') : NaN):@ratio with linespoints lt c dt 3 title cell(c).', gam = tau/10', \
     1 with lines lc rgb faint dt 2 notitle
unset multiplot
