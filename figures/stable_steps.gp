# SPDX-License-Identifier: GPL-3.0-or-later
# stable_steps: what is left of the loss against the step size, for both targets; and the derived
# largest steps.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

file = table('grid')
over = 'step [1]'
count = 3
what(j) = word('"euclidean [1]" "wasserstein [1]" "kwng [1]"', j)
name(j) = word('"gradient descent, 4000 iterations" "Wasserstein, exact, 50" "Wasserstein, estimated, 50"', j)
target(c) = c eq 'steep' ? 'least variance 1e-4' : 'least variance 1e-2'
least(c) = c eq 'steep' ? 1e-4 : 1e-2
positive(y) = y > 1e-22 ? y : 1e-22
bands = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(positive(edge(what(j), '.low'))):(positive(edge(what(j), '.high'))) with filledcurves lt j fs transparent solid 0.18 noborder notitle"

set multiplot layout 1,2 margins 0.085,0.985,0.155,0.8 spacing 0.07
set logscale xy
set format x '1e%T'; set format y '1e%T'
set xrange [5e-6:2]; set yrange [1e-21:100]
set ytics 1e-20,1e5,1
set xlabel 'step'
do for [p=1:cell_count] {
    c = cell(p)
    which(j) = c
    @count_seeds
    if (p == 1) { set key at screen 0.085, screen 0.985 left top Left reverse vertical maxrows 3; set ylabel 'W2^2 to the target / at the start' offset 0.5 } else { unset key; unset ylabel; set format y '' }
    set label 1 target(c) at graph 0, graph 1.045 left textcolor rgb ink font heading
    set label 2 '4 v*' at 4*least(c), 1e-20 right offset -0.5,0.5 textcolor rgb colours[1] font small
    set label 3 '1/4' at 0.25, 1e-20 left offset 0.5,0.5 textcolor rgb colours[2] font small
    set arrow 1 from 4*least(c), graph 0 to 4*least(c), graph 1 nohead lc rgb colours[1] lw 1.2 dt (3,4)
    set arrow 2 from 0.25, graph 0 to 0.25, graph 1 nohead lc rgb colours[2] lw 1.2 dt (3,4)
    plot @bands, @lines
    @next_panel
}
unset multiplot
