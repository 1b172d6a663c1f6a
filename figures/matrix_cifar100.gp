# SPDX-License-Identifier: GPL-3.0-or-later
# matrix_cifar100: matrices of distances as heat maps with their numbers, the paper's below them;
# coupled distances against fine-tuning, back against forth, uncoupled ones and the printed ones
# against coupled.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1180; height = 900
load 'figures/style.gp'

file = table('matrix'); pair = 'pair [1]'
from(p) = int(p) / 10
to(p) = int(p) % 10
task(i) = word('H C V1 V2 F', i)
short(v) = v >= 99.5 ? sprintf('%.0f', v) : v >= 9.995 ? sprintf('%.1f', v) : v >= 0.995 ? sprintf('%.2f', v) : sprintf('%.3f', v)
what(j) = word('"coupled [1]" "independent [1]" "mixture [1]" "euclidean [1]" "task2vec [1]" "published coupled [1]" "published uncoupled [1]" "" "published fine-tuning [1]" "published task2vec [1]"', j)
head(j) = word('"coupled (B)" "uncoupled, U2" "uncoupled, U1" "fine-tuning" "Task2Vec" "paper, coupled" "paper, uncoupled" "" "paper, fine-tuning" "paper, Task2Vec"', j)

set multiplot
unset key; unset colorbox; unset grid
set palette defined (0 '#f4f7fb', 1 '#5b93c7')
set border 0
set xrange [0.5:5.5]; set yrange [5.5:0.5]
set xtics scale 0 offset 0,0.6 (task(1) 1, task(2) 2, task(3) 3, task(4) 4, task(5) 5)
set ytics scale 0 offset 0.6,0 (task(1) 1, task(2) 2, task(3) 3, task(4) 4, task(5) 5)
set size ratio 1
do for [j=1:10] {
    if (j == 8) { continue }
    column_of = (j - 1) % 5; row_of = (j - 1) / 5
    set lmargin at screen 0.04 + column_of * 0.193; set rmargin at screen 0.04 + column_of * 0.193 + 0.17
    set tmargin at screen 0.955 - row_of * 0.285; set bmargin at screen 0.725 - row_of * 0.285
    if (column_of > 0) { set ytics scale 0 ('' 1) } else { set ytics scale 0 offset 0.6,0 (task(1) 1, task(2) 2, task(3) 3, task(4) 4, task(5) 5) }
    set label 1 head(j) at graph 0.5, graph 1.08 center textcolor rgb ink font heading
    from_file = j == 7 ? table('printed') : file
    plot from_file using (in_cell('matrix') ? to(column(pair)) : NaN):(from(column(pair))):(0.48):(0.48):(column(what(j))) with boxxyerror fillstyle solid noborder linecolor palette, \
         from_file using (in_cell('matrix') ? to(column(pair)) : NaN):(from(column(pair))):(short(column(what(j)))) with labels font small textcolor rgb ink
    unset label 98; unset label 99
}

set size noratio
set border 3; set grid; set autoscale
set xtics nomirror scale 0.6 offset 0,0 autofreq; set ytics nomirror scale 0.6 offset 0,0 autofreq
set tmargin at screen 0.345; set bmargin at screen 0.085
set offsets graph 0.05, graph 0.05, graph 0.08, graph 0.08
set format '%g'

# What is shown are the means and as much of their intervals as fits around them.
only(y) = in_cell('matrix') ? column(y) : NaN
low(a, b) = a - 0.25 * (b - a); high(a, b) = b + 0.25 * (b - a)
stats file using (only('euclidean [1]')) nooutput name 'fine'
stats file using (only('coupled [1]')) nooutput name 'coupled'
stats file using (only('independent [1]')) nooutput name 'independent'
stats file using (only('mixture [1]')) nooutput name 'mixture'
stats table('coarse') using (only('coupled [1]')) nooutput name 'coarse'
stats table('coarse') using (only('mixture [1]')) nooutput name 'smooth'
arrow(p) = task(from(p)).'-'.task(to(p))

# The rank correlation of single seeds' matrices, with the interval of its mean over seeds.
rho(v) = stringcolumn('metric') eq 'spearman.coupled' && in_cell('matrix') ? column(v) : NaN
stats table('metrics') using (rho('mean')) nooutput name 'rho'
stats table('metrics') using (rho('low')) nooutput name 'rho_low'
stats table('metrics') using (rho('high')) nooutput name 'rho_high'

# That of the means, which are the points: Pearson's of their ranks.
array ours[20]; array theirs[20]
n = 0
do for [i=1:5] { do for [j=1:5] {
    if (i == j) { continue }
    n = n + 1
    stats file using (only(pair) == 10*i+j ? column('coupled [1]') : NaN) nooutput name 'd'
    ours[n] = d_mean
    stats file using (only(pair) == 10*i+j ? column('euclidean [1]') : NaN) nooutput name 'd'
    theirs[n] = d_mean
} }
moment = 0; own = 0; other = 0
do for [i=1:20] {
    x = -9.5; y = -9.5
    do for [j=1:20] {
        x = x + (ours[j] < ours[i]) + (j != i && ours[j] == ours[i]) / 2.0
        y = y + (theirs[j] < theirs[i]) + (j != i && theirs[j] == theirs[i]) / 2.0
    }
    moment = moment + x * y; own = own + x * x; other = other + y * y
}
of_means = moment / sqrt(own * other)

# The directions of a pair, forth and back, from two rows of the table.
array forth[10]; array back[10]; array called[10]
n = 0
do for [i=1:5] { do for [j=i+1:5] {
    n = n + 1
    called[n] = task(i).'-'.task(j)
    stats file using (only(pair) == 10*i+j ? column('coupled [1]') : NaN) nooutput name 'd'
    forth[n] = d_mean
    stats file using (only(pair) == 10*j+i ? column('coupled [1]') : NaN) nooutput name 'd'
    back[n] = d_mean
} }

panel(k) = 0.05 + (k - 1) * 0.2475
put = "set lmargin at screen panel(k); set rmargin at screen panel(k) + 0.19"
thin = 'lc rgb "#b9cfe2" lw 1 pt 7 ps 0'
set xtics font small; set ytics font small
power(s) = 10.0 ** floor(log10(s / 4))
step(s) = (s / 4 / power(s) < 1.5 ? 1 : s / 4 / power(s) < 3.5 ? 2 : s / 4 / power(s) < 7.5 ? 5 : 10) * power(s)

k = 1; @put
set xrange [low(fine_min, fine_max):high(fine_min, fine_max)]
set yrange [low(coupled_min, coupled_max):high(coupled_min, coupled_max)]
set label 1 'against fine-tuning' at graph 0, graph 1.10 left textcolor rgb ink font heading
set label 2 sprintf('rank correlation %.2f; of single seeds %.2f [%.2f, %.2f]', of_means, rho_mean, rho_low_mean < -1 ? -1 : rho_low_mean, rho_high_mean > 1 ? 1 : rho_high_mean) at graph 0, graph 1.04 left textcolor rgb ink font small
set xlabel 'length of fine-tuning'; set ylabel 'coupled distance' offset 1
plot file using (only('euclidean [1]')):(column('coupled [1]')):(edge('euclidean [1]', '.low')):(edge('euclidean [1]', '.high')):(edge('coupled [1]', '.low')):(edge('coupled [1]', '.high')) with xyerrorbars @thin, \
     file using (only('euclidean [1]')):(column('coupled [1]')) with points lt 1 ps 0.6, \
     file using (only('euclidean [1]')):(column('coupled [1]')):(arrow(column(pair))) with labels font small offset 0,0.7 textcolor rgb ink

k = 2; @put
set xrange [low(coupled_min, coupled_max):high(coupled_min, coupled_max)]
set xtics step(high(coupled_min, coupled_max) - low(coupled_min, coupled_max))
set label 1 'the two directions of a pair'
set label 2 'A-B: from A to B across, from B to A up'
set xlabel 'coupled distance'; set ylabel 'and back'
plot x with lines lc rgb faint dt 2, \
     forth using (forth[$1]):(back[$1]) with points lt 1 ps 0.6, \
     forth using (forth[$1]):(back[$1]):(called[$1]) with labels font small offset 0,0.7 textcolor rgb ink

k = 3; @put
least = coarse_min < smooth_min ? coarse_min : smooth_min
most = coupled_max > mixture_max ? coupled_max : mixture_max
set xrange [low(coarse_min, coupled_max):high(coarse_min, coupled_max)]
set yrange [low(least, most):high(least, most)]
set xtics step(high(coarse_min, coupled_max) - low(coarse_min, coupled_max))
set label 1 'uncoupled against coupled'
set label 2 'all checkpoints to the right, every fourth to the left'
set xlabel 'coupled distance'; set ylabel 'uncoupled'
set key at graph 0.02, graph 0.99 left top Left reverse samplen 1 font small
plot x with lines lc rgb faint dt 2 notitle, \
     file using (only('coupled [1]')):(column('independent [1]')):(edge('independent [1]', '.low')):(edge('independent [1]', '.high')) with yerrorbars lt 1 lw 1 title 'U2, mixed', \
     file using (only('coupled [1]')):(column('mixture [1]')):(edge('mixture [1]', '.low')):(edge('mixture [1]', '.high')) with yerrorbars lt 2 lw 1 title 'U1, real', \
     table('coarse') using (only('coupled [1]')):(column('independent [1]')):(edge('independent [1]', '.low')):(edge('independent [1]', '.high')) with yerrorbars lt 1 lw 1 notitle, \
     table('coarse') using (only('coupled [1]')):(column('mixture [1]')):(edge('mixture [1]', '.low')):(edge('mixture [1]', '.high')) with yerrorbars lt 2 lw 1 notitle
unset label 2

k = 4; @put
set autoscale x; set xtics 0.02
set yrange [low(coupled_min, coupled_max):high(coupled_min, coupled_max)]
set label 1 'against the printed distances'
set xlabel 'printed coupled distance (another statistic)'; set ylabel 'coupled distance'
unset key
plot file using (only('published coupled [1]')):(column('coupled [1]')):(edge('coupled [1]', '.low')):(edge('coupled [1]', '.high')) with yerrorbars @thin, \
     file using (only('published coupled [1]')):(column('coupled [1]')) with points lt 1 ps 0.6, \
     file using (only('published coupled [1]')):(column('coupled [1]')):(arrow(column(pair))) with labels font small offset 1.8,0 textcolor rgb ink
unset multiplot
