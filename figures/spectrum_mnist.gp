# SPDX-License-Identifier: GPL-3.0-or-later
# spectrum_mnist: errors of regressions on digits against their number, and over the theory's against
# the share of the population that was drawn.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 880; height = 400
load 'figures/style.gp'

units(c) = real(c[strstrt(c, '=') + 1:*])
largest = 1; do for [j=1:cell_count] { if (units(cell(j)) > units(cell(largest))) { largest = j } }
y(j) = word('population unseen', j).' [1]'
label(j) = word('"digits of the population" "digits outside of it"', j)
is(j) = in_cell(cell(j)) && strstrt(stringcolumn('metric'), 'agreement.') == 1
N(m) = real(m[strstrt(m, '.') + 1:*])

set multiplot layout 1,2 margins 0.08,0.985,0.15,0.8 spacing 0.1
set logscale x
set format x '%g'
set xlabel 'digits N'
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3
set offsets graph 0.04, graph 0.04, graph 0.04, graph 0.04
set logscale y
set ytics (0.1, 0.2, 0.3, 0.5, 0.7, 1)
set ylabel 'mean square of f - onehot'
set label 1 cell(largest) at graph 0.96, graph 0.94 right textcolor rgb ink
plot table('error') using (in_cell(cell(largest)) ? column('N [1]') : NaN):'theory [1]' with lines lc rgb ink title 'theory', \
     for [j=1:2] table('error') using (in_cell(cell(largest)) ? column('N [1]') : NaN):(column(y(j))):(edge(y(j), '.low')):(edge(y(j), '.high')) with yerrorbars lt j ps 0.8 lw 1.4 title label(j)

@next_panel
unset label 1
unset logscale y
set ytics autofreq
set xlabel 'share of the population N / M'
set ylabel 'error over theory'
plot 1 with lines lc rgb faint lw 1.2 dt 2 notitle, \
     for [j=1:cell_count] table('metrics') using (is(j) ? N(stringcolumn('metric')) / units(cell(j)) : NaN):(is(j) ? column('mean') : NaN):(is(j) ? column('low') : NaN):(is(j) ? column('high') : NaN) with yerrorbars lt j ps 0.8 lw 1.4 title cell(j)
unset multiplot
