# SPDX-License-Identifier: GPL-3.0-or-later
# finite_width: errors of trained networks with the theory of infinite width as lines, and over those
# of regressions with the kernels of infinite width and of the networks.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 380
load 'figures/style.gp'

units(c) = real(c[strstrt(c, '=') + 1:*])
is(name) = stringcolumn('metric') eq name
at(name) = is(name) ? units(stringcolumn('cell')) : NaN
of(name, c) = is(name) ? column(c) : NaN # rows of other metrics have no say in the range
task(j) = word('single unrelated equal', j)
label(j) = word('"A alone" "B after an unrelated A" "two samples of one function"', j)
shift(j) = 1 + 0.06 * (j - 2)
errors(kind) = sprintf("for [j=1:3] table('metrics') using (shift(j) * at('%s.'.task(j))):(of('%s.'.task(j), 'mean')):(of('%s.'.task(j), 'low')):(of('%s.'.task(j), 'high')) with yerrorbars lt j ps 0.8 lw 1.4 title label(j)", kind, kind, kind, kind)
own = errors('own'); limit = errors('limit')
y(j) = task(j).' [E_A]'
theory(j) = task(j).' theory [E_A]'

set multiplot layout 1,3 margins 0.06,0.985,0.16,0.72 spacing 0.07
set logscale x 2
set format x '%g'
set xlabel 'width'
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 4
set offsets graph 0.06, graph 0.06, 0, 0
set logscale y
set yrange [0.1:4]
set label 1 'error, in E_A of the theory' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot for [j=1:3] table('error') using 'width [1]':(column(theory(j))) with lines lt j notitle, \
     for [j=1:3] table('error') using (shift(j) * column('width [1]')):(column(y(j))):(edge(y(j), '.low')):(edge(y(j), '.high')) with yerrorbars lt j ps 0.8 lw 1.4 title label(j), \
     NaN with lines lc rgb ink title 'theory of infinite width'

@next_panel
unset logscale y
set yrange [0:*]
set offsets graph 0.06, graph 0.06, graph 0.05, graph 0.05
set label 1 'over regression, infinite width' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 notitle, @limit

set label 1 'over regression, its own kernel' at graph 0, screen 0.955 left textcolor rgb ink font heading
plot 1 with lines lc rgb faint lw 1.2 dt 2 notitle, @own
unset multiplot
