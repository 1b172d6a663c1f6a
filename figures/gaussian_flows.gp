# SPDX-License-Identifier: GPL-3.0-or-later
# gaussian_flows: paths of three flows in the plane of mean and standard deviation over contours of
# the double well's loss; and the loss of a quadratic over time.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 640
load 'figures/style.gp'

well(m, s) = (m**2 - 1)**2 + 6*m**2*s**2 + 3*s**4 - 2*s**2
title_of(j) = word('"Euclidean" "Wasserstein" "Fisher"', j)
paths = table('paths')
starts = 7
way(c, k, y) = in_cell(c) && column('start [1]') == k ? column(y) : NaN
first(c, y) = in_cell(c) && int(column('row [1]')) % 301 == 0 ? column(y) : NaN

# The contours go into a datablock first.
set xrange [-2.05:2.05]; set yrange [0:1.75]
set table $contours
set isosamples 160,160
set contour base
unset surface
set cntrparam levels discrete 0.05, 0.2, 0.5, 0.75, 1, 2, 4, 8, 16, 32
splot well(x, y)
unset table
unset contour
set surface

set multiplot layout 2,2 margins 0.075,0.985,0.09,0.94 spacing 0.09,0.14
unset key; unset grid
set ylabel 'standard deviation' offset 0.5
set xlabel 'mean'
do for [j=1:cell_count] {
    set label 1 title_of(j).', double well' at graph 0, graph 1.05 left textcolor rgb ink font heading
    set datafile missing NaN
    plot $contours using (real(word(stringcolumn(1), 1))):(real(word(stringcolumn(1), 2))) with lines lt 1 lc rgb '#d4d7dc' lw 0.8 notitle, \
         for [k=0:starts-1] paths using (way(cell(j), k, 'mu [1]')):(column('s [1]')) with lines lt j lw 1.8 notitle, \
         paths using (first(cell(j), 'mu [1]')):(column('s [1]')) with points pt 7 ps 0.5 lc rgb ink notitle
    set datafile missing "nan"
    @next_panel
    if (j > 1) { unset ylabel }
}

set grid xtics ytics lt -1 lc rgb '#e4e6ea' lw 0.6
set label 1 'quadratic in two dimensions' at graph 0, graph 1.05 left textcolor rgb ink font heading
set logscale xy
set format x '%g'; set format y '1e%T'
set xrange [4e-3:60]; set yrange [1e-8:20]
set xlabel 'time'; set ylabel 'E f' offset 0.5
set key at graph 0.03, graph 0.05 left bottom Left reverse samplen 1.5
loss = table('loss')
late(c) = in_cell(c) && column('time [1]') > 0 ? column('time [1]') : NaN
plot for [j=1:cell_count] loss using (late(cell(j))):(column('loss [1]')) with lines lt j title title_of(j)
unset multiplot
