# SPDX-License-Identifier: GPL-3.0-or-later
# matrix_cifar10_100: matrices of distances as heat maps with their numbers, the paper's below.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 560
load 'figures/style.gp'

file = table('matrix'); pair = 'pair [1]'
from(p) = int(p) / 10
to(p) = int(p) % 10
task(i) = word('C100 C10 An Ve', i)
short(v) = v >= 99.5 ? sprintf('%.0f', v) : v >= 9.995 ? sprintf('%.1f', v) : v >= 0.995 ? sprintf('%.2f', v) : sprintf('%.3f', v)
what(j) = word('"coupled [1]" "euclidean [1]" "task2vec [1]" "independent [1]" "published coupled [1]" "published fine-tuning [1]" "published task2vec [1]" "mixture [1]"', j)
head(j) = word('"coupled (B)" "fine-tuning" "Task2Vec" "uncoupled, U2" "paper, coupled" "paper, fine-tuning" "paper, Task2Vec" "uncoupled, U1"', j)

set multiplot
unset key; unset colorbox; unset grid
set palette defined (0 '#f4f7fb', 1 '#5b93c7')
set border 0
set xrange [0.5:4.5]; set yrange [4.5:0.5]
set xtics scale 0 offset 0,0.6 (task(1) 1, task(2) 2, task(3) 3, task(4) 4)
set size ratio 1
do for [j=1:8] {
    column_of = (j - 1) % 4; row_of = (j - 1) / 4
    set lmargin at screen 0.055 + column_of * 0.24; set rmargin at screen 0.055 + column_of * 0.24 + 0.21
    set tmargin at screen 0.92 - row_of * 0.46; set bmargin at screen 0.56 - row_of * 0.46
    if (column_of > 0) { set ytics scale 0 ('' 1) } else { set ytics scale 0 offset 0.6,0 (task(1) 1, task(2) 2, task(3) 3, task(4) 4) }
    set label 1 head(j) at graph 0.5, graph 1.08 center textcolor rgb ink font heading
    if (j == 2 || j == 6) { set logscale cb } else { unset logscale cb }
    plot file using (in_cell('matrix') ? to(column(pair)) : NaN):(from(column(pair))):(0.48):(0.48):(column(what(j))) with boxxyerror fillstyle solid noborder linecolor palette, \
         file using (in_cell('matrix') ? to(column(pair)) : NaN):(from(column(pair))):(short(column(what(j)))) with labels font small textcolor rgb ink
    unset label 98; unset label 99
}
unset multiplot
