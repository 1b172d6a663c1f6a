# SPDX-License-Identifier: GPL-3.0-or-later
# self_knowledge: errors after two samples of one function against their size and the dimension.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

file = table('error')
quantity(j) = word('"sequence" "average" "both at once"', j)
label(j) = word('"one after the other" "average of two" "both at once"', j)
measured(j) = quantity(j).' [E_A]'
theory(j) = quantity(j).' theory [E_A]'
here(fixed, value) = column(fixed) == value
D = 'dimension [1]'; N = 'N [1]'
points(x, fixed, value) = sprintf("for [j=1:3] file using (here('%s', %g) ? column('%s') : NaN):(column(measured(j))):(edge(measured(j), '.low')):(edge(measured(j), '.high')) with yerrorbars lt j ps 0.8 lw 1.4 title label(j)", fixed, value, x)
dashes(x, fixed, value) = sprintf("for [j=1:3] file using (here('%s', %g) ? column('%s') / 1.13 : NaN):(column(theory(j))):(column('%s') * (1.13 - 1 / 1.13)):(0) with vectors nohead lt j lw 2 notitle", fixed, value, x, x)

set multiplot layout 1,2 margins 0.08,0.985,0.15,0.76 spacing 0.1
set logscale x
set format x '%g'
set yrange [0:1.05]
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 3
set ylabel 'error, in E of a single predictor'
set xrange [20:1500]
set xlabel 'samples of each task, N'
set label 1 'D = 10' at graph 0, screen 0.955 left textcolor rgb ink font heading
left = 'plot '.dashes(N, D, 10).', '.points(N, D, 10)
@left

@next_panel
unset ylabel
set xrange [3.5:75]
set xtics (5, 10, 20, 50)
set xlabel 'input dimension D'
set label 1 'N = 100' at graph 0, screen 0.955 left textcolor rgb ink font heading
right = 'plot '.dashes(D, N, 100).', '.points(D, N, 100)
@right
unset multiplot
