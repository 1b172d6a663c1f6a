# SPDX-License-Identifier: GPL-3.0-or-later
# alignment: ways of neurons in the plane of weight w and bias b, from a large and a small start; the
# share of aligned neurons and the loss, from all scales; the times of both against the scale.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 660
load 'figures/style.gp'

# The scales that were run, 1 to 10^-last, and the small one whose paths were kept; from large
# (light) to small (dark).
metrics = table('metrics')
last = 0
note_scale(m) = m[1:12] eq 'escape.time.' && int(m[13:*]) > last ? (last = int(m[13:*])) : 0
stats metrics using (note_scale(stringcolumn('metric'))) nooutput
drawn = 3
scale_name(k) = k == 0 ? '1' : sprintf('1e-%d', k)
array shade[7] = ["#E69F00", "#D55E00", "#8a8f98", "#56B4E9", "#0072B2", "#08306b", "#000000"]

trained(c) = in_cell('trained') ? column(c) : NaN
panel(t) = sprintf("set label 1 '%s' at graph 0, graph 1.07 left textcolor rgb ink font heading", t)

set multiplot layout 2,3 margins 0.065,0.985,0.1,0.93 spacing 0.075,0.16

# ---- ways: the first half of the neurons has a > 0 ----

file = table('paths.0')
stats file using (trained('neuron [1]')) nooutput name 'neuron'
stats file using (trained('time [1]')) nooutput name 'time'
m = int(neuron_max)
sign(i) = i <= m / 2 ? 1 : 2
way(i, c) = column('neuron [1]') == i ? trained(c) : NaN
start(c) = column('time [1]') == time_min ? trained(c) : NaN
array xs[5] = [-0.5, -0.25, 0, 0.25, 0.5]
# The rows of one neuron lie apart: what is of others must not break its line.
set datafile missing NaN
unset grid
eval panel('from scale 1, trained')
set xlabel 'weight w'; set ylabel 'bias b' offset 1
set xrange [-3:3]; set yrange [-3:3]
set key at graph 0.01, graph 0.995 left top Left reverse samplen 1 font small
plot for [j=1:5] -xs[j]*x with lines lt 1 lc rgb faint lw 0.8 dt 2 notitle, \
     for [i=1:m] file using (way(i, 'w [1]')):(column('b [1]')) with lines lt sign(i) lw 1.3 notitle, \
     file using (start('w [1]')):(column('b [1]')) with points pt 7 ps 0.3 lc rgb ink title 'start', \
     keyentry with lines lt 1 title 'a > 0', keyentry with lines lt 2 title 'a < 0'

@next_panel
file = table('paths.'.drawn)
eval panel('from scale '.scale_name(drawn).', trained')
# Lengths from 1e-5 on, logarithmic; directions as they are.
stretch(w, b) = log10(1e5*sqrt(w**2 + b**2))/sqrt(w**2 + b**2)
stretch_x(w, b) = w*stretch(w, b)
unset key
unset xtics; unset ytics
set xlabel 'w (length logarithmic)'; set ylabel 'b' offset 1
set xrange [-5.5:5.5]; set yrange [-5.5:5.5]
set parametric
set trange [0:2*pi]
set for [r=3:5] label 10+r scale_name(5 - r) at 0,-r center font small textcolor rgb ink front
plot for [r=2:5] r*cos(t),r*sin(t) with lines lt 1 lc rgb '#d4d7dc' lw 0.8 notitle, \
     for [j=1:5] 6*sin(t),-xs[j]*6*sin(t) with lines lt 1 lc rgb faint lw 0.8 dt 2 notitle, \
     for [i=1:m] file using (stretch_x(way(i, 'w [1]'), column('b [1]'))):(stretch_x(column('b [1]'), column('w [1]'))) with lines lt sign(i) lw 1.1 notitle, \
     file using (stretch_x(start('w [1]'), column('b [1]'))):(stretch_x(column('b [1]'), column('w [1]'))) with points pt 7 ps 0.3 lc rgb ink notitle
unset parametric
set datafile missing "nan"
do for [r=3:5] { unset label 10+r }

# ---- alignment and loss over time, from each scale ----

over = 'time [1]'
band = "for [k=0:last] table('scale.'.k) using (trained(over)):(edge(y, '.low')):(edge(y, '.high')) with filledcurves lc rgb shade[k+1] fs transparent solid 0.18 noborder notitle"
line = "for [k=0:last] table('scale.'.k) using (trained(over)):(column(y)) with lines lt 1 lc rgb shade[k+1] lw 1.8 title scale_name(k)"
set xtics nomirror; set ytics nomirror
set grid xtics ytics
set xlabel 'time'
set xrange [0:time_max]; set yrange [0:1.03]
eval panel('active neurons aligned, trained')
set ylabel 'share' offset 1.5
y = 'share [1]'
plot @band, @line
eval panel('loss, trained')
set ylabel 'F / F(0)' offset 1.5
set key at graph 0.97, graph 0.57 right top Right noreverse samplen 1.5 font small title 'scale' font small
y = 'loss [1]'
plot @band, @line

# ---- times against the scale ----

# Where the neurons of some seeds never align, there is no time of it.
member(m) = stringcolumn('metric')[1:strlen(m)] eq m ? int(stringcolumn('metric')[strlen(m) + 1:*]) : NaN
of(c, m) = in_cell(c) ? member(m) : NaN
# Ends of intervals; what would be below all seeds could be below 0 on a logarithmic axis.
low(y) = abs(column('low')) < 1e300 ? (column('low') > column('min') ? column('low') : column('min')) : column('mean')
high(y) = abs(column('high')) < 1e300 ? column('high') : column('mean')
escape(c) = of(c, 'escape.time.')
aligned(c) = of(c, 'aligned.time.') >= 3 ? of(c, 'aligned.time.') : NaN
set label 1 'times, trained'
set xlabel 'log (1 / scale)'; set ylabel 'time' offset 1
set xrange [-0.6:log(10)*last + 0.6]; set yrange [0:*]
set key at graph 0.01, graph 0.99 left top Left reverse samplen 1.5 font small title ''
stats metrics using (escape('trained') == last ? column('mean') : NaN) nooutput name 'end'
plot end_max + 2.025764*(x - log(10)*last) with lines lt 1 lc rgb faint lw 1.4 dt (8,6) title 'slope 1 / max |v| = 2.026', \
     metrics using (log(10)*escape('trained')):(column('mean')):(low(0)):(high(0)) with yerrorbars lt 2 title 'the loss has moved', \
     metrics using (log(10)*aligned('trained')):(column('mean')):(low(0)):(high(0)) with yerrorbars lt 1 title 'neurons are aligned'

eval panel('times, frozen')
set logscale xy
set xlabel 'scale'; set ylabel 'time' offset 0.5
set xrange [0.5*10.0**-last:2]; set yrange [1e-5:1]
set format x '1e%T'; set format y '1e%T'
stats metrics using (aligned('frozen') == last ? column('mean') : NaN) nooutput name 'first'
plot first_max*x*10**last with lines lt 1 lc rgb faint lw 1.4 dt (8,6) title 'in proportion to the scale', \
     metrics using (10**-escape('frozen')):(column('mean')):(low(0)):(high(0)) with yerrorbars lt 2 title 'the loss has moved', \
     metrics using (10**-aligned('frozen')):(column('mean')):(low(0)):(high(0)) with yerrorbars lt 1 title 'neurons are aligned'
unset multiplot
