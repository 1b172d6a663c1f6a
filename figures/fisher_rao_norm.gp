# SPDX-License-Identifier: GPL-3.0-or-later
# fisher_rao_norm: the norm over the variance of the outputs, complexities over their bound, and the
# tail of the mean gap with the bounds of Theorem 4.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

row(m) = stringcolumn('metric') eq m
bar = 'with yerrorbars pt 7 ps 0.9 lw 2'

# Homogeneous networks keep |ratio - 1|, the others the ratio itself.
set multiplot layout 1,3 margins 0.065,0.985,0.22,0.8 spacing 0.09
set xrange [0.4:5.6]
set yrange [0:1.6]
set ylabel "w'gw / ((L + 1)^2 E Var f)"
set xtics ('linear' 1, 'ReLU' 2, 'leaky ReLU' 3, 'tanh' 4, 'ReLU, biases' 5) rotate by -35
array kept[3] = ['residual.linear', 'residual.relu', 'residual.leaky']
array broken[2] = ['ratio.tanh', 'ratio.biases']
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb faint lw 1.2 dt 2
plot for [j=1:3] table('metrics') using (row(kept[j]) ? j : NaN):(1 + column('mean')):(1 - column('max')):(1 + column('max')) @bar lt 1 notitle, \
     for [j=1:2] table('metrics') using (row(broken[j]) ? j + 3 : NaN):(column('mean')):(column('min')):(column('max')) @bar lt 2 notitle

@next_panel
array bound[3]
do for [j=1:3] {
    stats table('metrics') using (row('complexity.bound.'.(j - 1)) ? column('mean') : NaN) nooutput name 'bound'
    bound[j] = bound_mean
}
set xrange [0.4:3.6]
set yrange [0.9:1.03]
set ylabel 'complexity over r sqrt(p / N)' offset 1
set xtics ('p = 5, N = 200' 1, '20, 200' 2, '50, 1000' 3)
set key at graph 0, graph 1.02 left bottom Left reverse horizontal font small
plot for [j=1:3] table('metrics') using (row('complexity.'.(j - 1)) ? j : NaN):(column('mean') / bound[j]):(column('low') / bound[j]):(column('high') / bound[j]) @bar lt 1 title (j == 1 ? 'drawn' : ''), \
     for [j=1:3] table('metrics') using (row('complexity.exact.'.(j - 1)) ? j : NaN):(column('mean') / bound[j]) with points pt 6 ps 1.8 lc rgb ink title (j == 1 ? 'exact' : '')

unset arrow 1
set xrange [*:*]; set yrange [1e-4:2]
set logscale y
set format y '%g'
set xtics auto norotate
set xlabel 'eps / R_N'
set ylabel 'share of draws above eps' offset 1
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 6 samplen 2.5 font small
array curve[4] = ['same [1]', 'corrected [1]', 'printed [1]', 'single [1]']
array called[4] = ['one sample for all checkpoints', 'bound from 2 R_N on', 'the same as printed, without N', 'the same of one checkpoint']
plot table('concentration') using (column('eps-over-R [1]')):(column('independent [1]')) with linespoints lt 4 title 'a sample for each', \
     table('concentration') using (column('eps-over-R [1]')):(column('bound [1]')) with linespoints lt 5 title 'bound from R_N on', \
     for [j=1:4] table('tail') using (column('eps-over-R [1]')):(column(curve[j])) with linespoints lt (j < 4 ? j : 6) title called[j]
unset multiplot
