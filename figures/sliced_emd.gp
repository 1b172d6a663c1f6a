# SPDX-License-Identifier: GPL-3.0-or-later
# sliced_emd: how far the flows end from the exact one, and what a step costs, against d.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 1000; height = 430
load 'figures/style.gp'

file = table('metrics')
dimension = 'real(stringcolumn("cell")[3:*])'

# Each distance has a colour, each value of its parameter a kind of line.
flows = '"exact" "frames" "sliced" "sliced-tenth" "sliced-tenfold" "entropic" "entropic-tenth" "entropic-tenfold" "blurred"'
names = '"exact, by assignment" "sliced, 50 in frames" "sliced, 50 at random" "sliced, 5" "sliced, 500" "debiased entropic, eps" "eps / 10" "10 eps" "plain entropic, eps"'
colour = '7 1 2 2 2 3 3 3 4'
dash = '1 1 1 3 2 1 3 2 1'
symbol = '7 7 5 4 4 9 8 8 11'
flow(j) = word(flows, j + 1)
named(j) = word(names, j + 1)
shade(j) = colours[int(word(colour, j + 1))]

# The rows of one flow do not follow each other in the table: they are brought together first.
# Deviations below the panel are left out, and intervals end at its floor.
panels = 'deviation operations'
what(i, j) = stringcolumn('metric') eq word(panels, i).'.'.flow(j)
bottom(i) = i == 1 ? 1e-5 : 1
floor_at(i, y) = y > bottom(i) ? y : bottom(i)
set print $rows
print "panel\tflow\td\tmean\tlow\thigh"
unset print
set table $rows append separator tab
do for [i=1:2] { do for [j=i == 1 ? 1 : 0:8] {
    plot file using (i):(j):(real(stringcolumn('cell')[3:*])):(column('mean')):(floor_at(i, column('low'))):(column('high') < 1e300 ? column('high') : column('mean')) with table if (what(i, j) && column('mean') > bottom(i))
} }
unset table
d_of(j) = column('panel') == panel && column('flow') == j ? column('d') : NaN
bars = "for [j=0:8] $rows using (d_of(j)):(column('mean')):(column('low')):(column('high')) with yerrorbars lc rgb shade(j) lw 1 dt 1 pt int(word(symbol, j + 1)) ps 0.6 notitle"
ends = "for [j=0:8] $rows using (d_of(j)):(column('mean')) with lines lc rgb shade(j) lw 2 dt int(word(dash, j + 1)) title named(j)"

set multiplot layout 1,2 margins 0.075,0.985,0.145,0.76 spacing 0.115
set key at graph 0, screen 0.985 left top Left reverse vertical maxrows 3 width 1 samplen 3.5
set logscale xy
set xtics (2, 3, 5, 10, 20)
set xlabel 'dimension d'
set offsets graph 0.03, graph 0.03, 0, 0
set format y '%g'

panel = 1
set ylabel 'deviation from the exact flow'
set yrange [1e-5:10]
plot @ends, @bars

@next_panel
unset key
panel = 2
set ylabel 'operations of a step' textcolor rgb ink
set yrange [1e4:1e9]
set format y '%.0e'
plot @ends, @bars
unset multiplot
