# SPDX-License-Identifier: GPL-3.0-or-later
# prox_wasserstein: neurons assigned elsewhere, the gain of W2 over Frobenius, and how often all
# moves are below half the separation, against gamma.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 420
load 'figures/style.gp'

file = table('steps')
over = 'gamma [1]'
seeds(j) = ''
count = 4
which(j) = word('sinus sinus random random', j)
head(c) = "set label 1 '".c."' at graph 0, screen 0.965 left textcolor rgb ink font heading"

set multiplot layout 1,3 margins 0.06,0.985,0.16,0.73 spacing 0.075
set key at graph 0, graph 1.02 left bottom Left reverse vertical maxrows 4
set logscale x
set format x '%g'
set xrange [7e-6:14]
set xtics ('1e-5' 1e-5, '1e-3' 1e-3, '0.1' 0.1, '10' 10)
set xlabel 'gamma'
set format y '%g'
set yrange [0:]
set ylabel 'share of neurons'
what(j) = word('"signs [1]" "free [1]" "signs [1]" "free [1]"', j)
name(j) = word('"sinus, equal signs exchanged" "sinus, all exchanged" "random, equal signs" "random, all"', j)
eval(head('assigned elsewhere by W2'))
plot @bands, @lines

@next_panel
set ylabel '1 - objective in W2 / in Frobenius'
what(j) = word('"gap-local [1]" "gap-free [1]" "gap-local [1]" "gap-free [1]"', j)
name(j) = word('"sinus, equal signs, from V = W" "sinus, all, best of starts" "random, equal signs" "random, all"', j)
eval(head('lower objective in W2'))
plot @bands, @lines

count = 3
set yrange [0:1.05]
set ylabel 'share of centres'
which(j) = cell(j)
what(j) = 'separated [1]'
name(j) = cell(j) eq 'apart' ? 'sinus, start 100 times larger' : cell(j)
eval(head('all moves below half the separation'))
plot @bands, @lines
unset multiplot
