# SPDX-License-Identifier: GPL-3.0-or-later
# finite_width: errors of trained networks, beside and over those of regressions with the kernels of
# infinite width and of the networks; the course of the descent; how far the weights moved; the kernel.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 720
load 'figures/style.gp'

units(c) = real(c[strstrt(c, '=') + 1:*])
is(name) = stringcolumn('metric') eq name
at(name) = is(name) ? units(stringcolumn('cell')) : NaN
of(name, c) = is(name) ? column(c) : NaN # rows of other metrics have no say in the range
task(j) = word('single unrelated equal', j)
label(j) = word('"A alone" "B after an unrelated A" "two samples of one function"', j)
shift(j) = 1 + 0.06 * (j - 2)
points(names, titles) = sprintf("for [j=1:words(%s)] table('metrics') using (shift(j) * at(word(%s, j))):(of(word(%s, j), 'mean')):(of(word(%s, j), 'low')):(of(word(%s, j), 'high')) with yerrorbars lt j ps 0.8 lw 1.4 title word(%s, j)", names, names, names, names, names, titles)
labels = '"A alone" "B after an unrelated A" "two samples of one function"'
limits = 'limit.single limit.unrelated limit.equal'
steps = 'steps.single steps.unrelated steps.equal'
layers = 'moved.layer.1 moved.layer.2 moved.layer.3 moved.most'
layer_labels = '"first layer" "second" "last" "largest of all"'
apart = 'kernel.apart'; apart_label = '"the kernel"'
limit = points('limits', 'labels'); own = points('steps', 'labels')
moves = points('layers', 'layer_labels'); distance = points('apart', 'apart_label')
y(j) = task(j).' [E_A]'
theory(j) = task(j).' theory [E_A]'
infinite(j) = task(j).' infinite [E_A]'
narrow = units(cell(1)); do for [j=1:cell_count] { narrow = units(cell(j)) < narrow ? units(cell(j)) : narrow }
wide = narrow; do for [j=1:cell_count] { wide = units(cell(j)) > wide ? units(cell(j)) : wide }
mean(name) = sprintf("stats table('metrics') using (stringcolumn('cell') eq 'width=%g' && is('%s') ? column('mean') : NaN) nooutput", narrow, name)

array start[4] # before ranges are set, which stats would heed
do for [j=1:4] { eval mean(word(layers, j)); start[j] = STATS_mean }
eval mean('kernel.apart'); first = STATS_mean

set multiplot layout 2,3 margins 0.06,0.985,0.075,0.86 spacing 0.07,0.25
set logscale x 2
set format x '%g'
set xlabel 'width'
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 4
set offsets graph 0.06, graph 0.06, 0, 0
set logscale y
set yrange [0.1:4]
set label 1 'error, in E_A of the theory' at graph 0, graph 1.42 left textcolor rgb ink font heading
plot for [j=1:3] table('error') using 'width [1]':(column(theory(j))) with lines lt j dt 2 lw 1.2 notitle, \
     for [j=1:3] table('error') using 'width [1]':(column(infinite(j))) with lines lt j notitle, \
     for [j=1:3] table('error') using (shift(j) * column('width [1]')):(column(y(j))):(edge(y(j), '.low')):(edge(y(j), '.high')) with yerrorbars lt j ps 0.8 lw 1.4 title label(j), \
     NaN with lines lc rgb ink title 'infinite width (dashed: theory)'

@next_panel
unset logscale y
set yrange [0:*]
set offsets graph 0.06, graph 0.06, graph 0.05, graph 0.05
set label 1 'over regression, infinite width'
plot 1 with lines lc rgb faint lw 1.2 dt 2 notitle, @limit

set yrange [*:*]
set label 1 'over its own kernel, as many steps'
plot 1 with lines lc rgb faint lw 1.2 dt 2 notitle, @own

ends(j) = j == 1 ? sprintf('width=%g', narrow) : sprintf('width=%g', wide)
set logscale xy; set logscale x 2
set xlabel 'step of the descent on A'
set yrange [*:*]
set offsets graph 0.04, graph 0.04, graph 0.05, graph 0.05
set format y '%g'
set yrange [0.5:*] # the first steps of narrow networks have intervals down to 0
set label 1 'error of A in the course, in E_A'
plot for [j=1:2] table('course') using (in_cell(ends(j)) ? column('step [1]') : NaN):(column('own kernel [E_A]')) with lines lt j notitle, \
     for [j=1:2] table('course') using (in_cell(ends(j)) ? column('step [1]') : NaN):(column('trained [E_A]')):(edge('trained [E_A]', '.low')):(edge('trained [E_A]', '.high')) with yerrorbars lt j ps 0.8 lw 1.4 title ends(j), \
     NaN with lines lc rgb ink title 'its own kernel'

slope(j) = j == 2 ? -1 : -0.5
set xlabel 'width'
set xrange [narrow / 1.2:wide * 1.2]
set yrange [*:*]
set offsets 0, 0, graph 0.05, graph 0.05
set label 1 'change of a weight in learning A'
plot for [j=1:4] start[j] * (x / narrow)**slope(j) with lines lt j lw 1.2 dt 2 notitle, @moves, \
     NaN with lines lc rgb ink dt 2 title 'slopes -1/2, -1'

set label 1 'distance from infinite width'
set ytics (0.02, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)
plot first * (x / narrow)**-0.5 with lines lt 1 lw 1.2 dt 2 title 'slope -1/2', @distance
unset multiplot
