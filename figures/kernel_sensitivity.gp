# SPDX-License-Identifier: GPL-3.0-or-later
# kernel_sensitivity: error over the bandwidth for two kernels, and over the ridge.
summary = ARG1; output = ARG2; format = ARG3; data = ARG4; profile = ARG5
width = 900; height = 400
load 'figures/style.gp'

count = cell_count
low(y) = edge(y, '.low') > 1e-9 ? edge(y, '.low') : 1e-9
shade = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(low(what(j))):(edge(what(j), '.high')) with filledcurves lt j fs transparent solid 0.18 noborder notitle"
curves = "for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column(what(j))) with linespoints lt j ps 0.6 title name(j).seeds(j)"
samples = profile eq 'smoke' ? 100 : profile eq 'desk' ? 500 : 1000

set multiplot layout 1,3 margins 0.075,0.985,0.16,0.9 spacing 0.06
set logscale xy
set xtics ('0.01' 0.01, '0.1' 0.1, '1' 1, '10' 10, '100' 100, '1000' 1000, '10000' 10000)
set format y '%g'
set yrange [0.01:60]
file = table('kernels'); over = 's2 [mean squared distance]'
set xrange [0.008:1.5e4]
set xlabel 'bandwidth s2, in mean squared distances'
set ylabel 'relative error'
what(j) = 'gaussian [1]'
set key at graph 1, graph 1 right top
set label 1 'Gaussian kernel' at graph 0, graph 1.05 left textcolor rgb ink font heading
@count_seeds
plot @shade, @curves

@next_panel
unset key
unset ylabel
what(j) = 'rational [1]'
set label 1 'rational quadratic kernel'
plot @shade, @curves

file = table('ridges'); over = 'lambda [1]'
what(j) = 'ridge [1]'
without(j) = 'ridgeless [1]'
set xrange [7e-11:1.5]
set xlabel 'ridge lambda'
set xtics ('1e-10' 1e-10, '1e-8' 1e-8, '1e-6' 1e-6, '1e-4' 1e-4, '0.01' 0.01, '1' 1)
set label 1 'Gaussian kernel, with a ridge'
set arrow 1 from 1 / sqrt(samples), graph 0 to 1 / sqrt(samples), graph 1 nohead lc rgb faint lw 1.2 dt 3
plot @shade, @curves, \
     for [j=1:count] file using (in_cell(which(j)) ? column(over) : NaN):(column(without(j))) with lines lt j lw 1.2 dt 2 notitle
unset multiplot
