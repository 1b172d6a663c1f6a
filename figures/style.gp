# SPDX-License-Identifier: GPL-3.0-or-later
# style: what all figures share. A figure begins with
#
#     summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
#     width = 880; height = 400            # in pixels of the page; optional
#     load 'figures/style.gp'
#
# and is called as: gnuplot -d -c figures/ID.gp SUMMARY_FOLDER OUTPUT FORMAT DATA_KIND PROFILE.
# It reads summary tables alone, and takes the names of the cells from them: cell(1), cell(2), ...

set encoding utf8
set datafile separator "\t"
set datafile commentschars "#"
set datafile missing "nan"
set datafile columnheaders

if (!exists('width')) width = 640
if (!exists('height')) height = 400

# ---- terminals: a pixel of the page is 1/120 inch on paper, so 880 fill a text width ----

base = format eq 'svg' ? 12 : format eq 'png' ? 8.5 : 7
heading = sprintf(',%g', 1.1 * base)
small = sprintf(',%g', 0.8 * base)
if (format eq 'svg') set terminal svg size width,height font 'DejaVu Sans,12' noenhanced background '#ffffff'
if (format eq 'png') set terminal pngcairo size 2*width,2*height font 'DejaVu Sans,8.5' fontscale 2 linewidth 2 pointscale 2 noenhanced
if (format eq 'pdf') set terminal pdfcairo size width/120.0,height/120.0 font 'DejaVu Sans,7' fontscale 1 linewidth 0.7 pointscale 0.6 noenhanced
set output output

# ---- the look: colours that all kinds of colour vision tell apart (Okabe and Ito 2008) ----

array colours[7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
array symbols[7] = [7, 5, 9, 11, 13, 15, 6]
do for [j=1:7] { set linetype j lc rgb colours[j] lw 2 pt symbols[j] ps 0.75 dt 1 }
do for [j=8:14] { set linetype j lc rgb colours[j - 7] lw 2 pt symbols[j - 7] ps 0.75 dt 2 }
set linetype cycle 14
ink = '#303030'; faint = '#8a8f98'
set autoscale noextend
set border 3 lc rgb ink lw 0.8
set tics nomirror out scale 0.6 textcolor rgb ink
set grid xtics ytics lt -1 lc rgb '#e4e6ea' lw 0.6
set key top right noenhanced samplen 2 spacing 1.15 textcolor rgb ink
set style fill transparent solid 0.18 noborder
set title textcolor rgb ink
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink

# Under every figure; one of stand-ins says so where nobody can miss it.
set label 98 'profile '.profile.(data eq 'none' ? '' : ', data: '.data) at screen 0.995, screen 0.02 right textcolor rgb faint font small
if (data eq 'stand-in') set label 99 'data: stand-in' at screen 0.995, screen 0.965 right textcolor rgb '#b3261e' font heading front
# With several panels the labels are set for the first one only.
next_panel = "unset label 98; unset label 99"

# ---- tables ----

table(name) = summary.'/'.name.'.tsv'
cells = ''
note_cell(c) = strstrt(cells.' ', ' "'.c.'" ') > 0 ? 0 : (cells = cells.' "'.c.'"', 1)
stats table('metrics') using (note_cell(stringcolumn('cell'))) nooutput
cell_count = words(cells)
cell(j) = word(cells, j)
in_cell(c) = stringcolumn('cell') eq c

# part('loss [nat]', '.low') is 'loss.low [nat]', the column beside 'loss [nat]'.
unit_at(y) = strstrt(y, ' [')
part(y, s) = unit_at(y) > 0 ? y[1:unit_at(y) - 1].s.y[unit_at(y):*] : y.s
count_of(y) = (unit_at(y) > 0 ? y[1:unit_at(y) - 1] : y).'.n'
# An end of an interval; that of a single seed is infinite and is drawn as no band at all.
edge(y, s) = abs(column(part(y, s))) < 1e300 ? column(part(y, s)) : column(y)

# ---- lines with bands (x and y are gnuplot's own names, so the abscissa is called `over`) ----
#
# Lines 1 to `count` of one table: line j shows column what(j) of cell which(j) over the column `over`,
# named name(j) in the key.
#
#     file = table('error'); over = 'task [1]'; count = cell_count
#     which(j) = cell(j); what(j) = 'sequential [1]'; name(j) = cell(j)
#     @count_seeds
#     plot @bands, @lines
which(j) = cell(j)
name(j) = which(j)
point_size = 0.75
seed_words = ''
seeds(j) = ', '.word(seed_words, j).' seed'.(word(seed_words, j) eq '1' ? '' : 's')
range(a, b) = a == b ? sprintf('%d', a) : sprintf('%d-%d', a, b)
count_seeds = "seed_words = ''; do for [j=1:count] { stats file using (in_cell(which(j)) ? column(count_of(what(j))) : NaN) nooutput; seed_words = seed_words.' '.range(STATS_min, STATS_max) }"
bands = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(edge(what(j), '.low')):(edge(what(j), '.high')) with filledcurves lt j fs transparent solid 0.18 noborder notitle"
lines = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column(what(j))) with linespoints lt j ps point_size title name(j).seeds(j)"
