# SPDX-License-Identifier: GPL-3.0-or-later
# coupled_images: images that two plans pair, with their mixtures, and both plans of one block. A
# pixel of an image is two pixels of the page.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
side = 32; gap = 2; columns = 5; zoom = 2; beside = 20
sheet_width = columns*(side + gap) - gap
width = 980
file = summary.'/sheet.tsv'
there = system('test -e "'.file.'" && echo 1') eq '1'
sheet_height = 100
set datafile separator "\t"; set datafile columnheaders
if (there) {
    stats file using (column('pixel [1]')) nooutput
    sheet_height = (int(STATS_max) + 1)/sheet_width
    stats summary.'/plan.tsv' using (column('entry [1]')) nooutput
    b = int(sqrt(STATS_max + 1) + 0.5)
}
height = zoom*sheet_height + 110
load 'figures/style.gp'

across(x) = x/real(width)
up(y) = 1 - y/real(height)
left_of(k) = 22 + (k - 1)*408
top = 62
unset key; unset colorbox; unset grid; unset border; unset tics
word_of(k) = k == 1 ? 'start' : 'learned'
head(k) = k == 1 ? 'plan of features' : 'learned plan'
byte(v, k) = (int(v)/(256**(2 - k)))%256
tau(k) = word('source 1/4 1/2 3/4 target', k)

set multiplot
if (!there) {
    set label 1 'images are drawn of seed 1 alone' at screen 0.5, screen 0.5 center textcolor rgb faint
    set xrange [0:1]; set yrange [0:1]
    plot NaN notitle
}
if (there) { do for [k=1:2] {
    set lmargin at screen across(left_of(k)); set rmargin at screen across(left_of(k) + zoom*(sheet_width + beside))
    set tmargin at screen up(top); set bmargin at screen up(top + zoom*sheet_height)
    set xrange [-0.5:sheet_width + beside - 0.5]; set yrange [sheet_height - 0.5:-0.5]
    set label 1 head(k) at screen across(left_of(k)), screen up(18) left textcolor rgb ink font heading
    do for [j=1:columns] { set label 1 + j tau(j) at screen across(left_of(k) + zoom*((j - 1)*(side + gap) + side/2)), screen up(48) center textcolor rgb ink font small }
    share = word_of(k).' share [1]'
    plot file using (int(column('pixel [1]'))%sheet_width):(int(column('pixel [1]'))/sheet_width):(byte(column(word_of(k).' [1]'), 0)):(byte(column(word_of(k).' [1]'), 1)):(byte(column(word_of(k).' [1]'), 2)) with rgbimage, \
         table('pairs') using (sheet_width + gap):(column('row [1]')*(side + gap) + side/2):(sprintf('%.2f', column(share))) with labels left font small textcolor rgb ink
    @next_panel
}
do for [j=1:1 + columns] { unset label j }
set palette defined (0 '#f4f7fb', 1 '#0b3d66')
set cbrange [0:1]
set border 15 lc rgb faint lw 0.6
set xrange [-0.5:b - 0.5]; set yrange [b - 0.5:-0.5]
do for [k=1:2] {
    set lmargin at screen across(836); set rmargin at screen across(964)
    set tmargin at screen up(top + (k - 1)*178); set bmargin at screen up(top + (k - 1)*178 + 128)
    set label 1 head(k) at graph 0, graph 1.09 left textcolor rgb ink font small
    plot table('plan') using (int(column('entry [1]'))%b):(int(column('entry [1]'))/b):(column(word_of(k).' [1]')) with image
} }
unset multiplot
