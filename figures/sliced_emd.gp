# SPDX-License-Identifier: GPL-3.0-or-later
# sliced_emd: how far the flows end from the exact one, and what a step costs, against d.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 430
load 'figures/style.gp'

file = table('metrics')
dimension = 'real(stringcolumn("cell")[3:*])'
is(what, flow) = stringcolumn('metric') eq what.'.'.flow

# Each distance has a colour, each value of its parameter a kind of line.
flows = '"frames" "sliced" "sliced-tenth" "sliced-tenfold" "entropic" "entropic-tenth" "entropic-tenfold" "blurred"'
names = '"sliced, 50 in frames" "sliced, 50 at random" "sliced, 5" "sliced, 500" "debiased, eps" "debiased, eps / 10" "debiased, 10 eps" "plain entropic, eps"'
colour = '1 2 2 2 3 3 3 4'
dash = '1 1 3 2 1 3 2 1'
flow(j) = word(flows, j)
named(j) = word(names, j)
ends = "for [j=1:8] file using (is(what, flow(j)) ? @dimension : NaN):(column('mean') > floor_at ? column('mean') : NaN) with linespoints lt word(colour, j) dt int(word(dash, j)) ps 0.6 title named(j)"
bars = "for [j=1:8] file using (is(what, flow(j)) ? @dimension : NaN):(column('low') > floor_at ? column('low') : floor_at):(column('high') > floor_at ? column('high') : floor_at) with filledcurves lt word(colour, j) fs transparent solid 0.13 noborder notitle"

set multiplot layout 1,2 margins 0.075,0.985,0.145,0.70 spacing 0.09
set key at graph 0, screen 0.985 left top Left reverse vertical maxrows 4 width 1
set logscale xy
set xtics (2, 3, 5, 10, 20)
set format y '10^{%L}'
set xlabel 'dimension d'
set offsets graph 0.03, graph 0.03, 0, 0

what = 'deviation'; floor_at = 1e-4
set ylabel 'deviation from the exact flow'
set format y '%g'
set yrange [1e-4:5]
plot @bars, @ends

@next_panel
unset key
what = 'operations'; floor_at = 1
set ylabel 'operations of a step' textcolor rgb ink
set yrange [*:*]
set format y '%.0e'
plot @bars, @ends, file using (is(what, 'exact') ? @dimension : NaN):(column('mean')) with linespoints lc rgb ink dt 1 lw 2.5 pt 7 ps 0.6 notitle
unset multiplot
