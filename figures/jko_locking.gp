# SPDX-License-Identifier: GPL-3.0-or-later
# jko_locking: part of its way that a mass goes on a grid, with the formula; difference from the
# particles' flow against gam on one grid, and against the spacing h at one gam.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 400
load 'figures/style.gp'

stats table('gam') using (column('gam [1]') * column('h^2/gam [1]')) nooutput name 'knee'
set multiplot layout 1,3 margins 0.065,0.985,0.155,0.79 spacing 0.08
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 2
set xlabel 'h^2 / gam'
set ylabel 'part of the way' offset 1
set xrange [0:8]
set yrange [0:1.05]
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb faint lw 1.2 dt 2
set label 1 'one step on a line' at graph 0, screen 0.965 left textcolor rgb ink font heading
plot table('line') using 'h^2/gam [1]':'law [1]' with lines lt 2 title 'formula', \
     '' using 'h^2/gam [1]':'kept [1]' with points lt 1 title 'measured'

@next_panel
set autoscale
set logscale xy
set format x '%g'
set format y '%g'
set xlabel 'gam'
set ylabel 'difference S from the particles' offset 1
set xrange [0.001:0.05]
set yrange [0.004:0.7]
set ytics (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
set xtics (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
set arrow 1 from knee_mean, graph 0 to knee_mean, graph 1
set label 1 'plane: one grid' at graph 0, screen 0.965 left textcolor rgb ink font heading
set label 2 'gam = h^2' at knee_mean, graph 0.94 left offset 0.5,0 textcolor rgb faint font small
plot table('gam') using 'gam [1]':'S [1]' with linespoints lt 1 title 'entropic'

set xlabel 'h'
unset ylabel
set xrange [0.025:0.2]
set xtics (0.03, 0.05, 0.1, 0.2)
at = sqrt(0.005) # h^2 = gam, gam of the program
set arrow 1 from at, graph 0 to at, graph 1
set label 1 'plane: one gam' at graph 0, screen 0.965 left textcolor rgb ink font heading
set label 2 'h^2 = gam' at at, graph 0.06 left offset 0.5,0 textcolor rgb faint font small
plot table('grid') using 'h [1]':'S [1]' with linespoints lt 1 title 'entropic', \
     '' using 'h [1]':'exact [1]' with linespoints lt 2 title 'exact, without entropy'
unset multiplot
