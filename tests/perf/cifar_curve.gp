# SPDX-License-Identifier: GPL-3.0-or-later
# cifar_curve: gnuplot -c cifar_curve.gp SUMMARY OUTPUT. Left the mean test accuracy of both sides
# over the epochs, with lowest and highest seed as a band; right the mean training loss.
file = ARG1
set encoding utf8
set datafile separator "\t"
set datafile columnheaders
set terminal pngcairo size 1760,800 font 'DejaVu Sans,8.5' fontscale 2 linewidth 2 \
             pointscale 2 noenhanced
set output ARG2
array colours[2] = ['#0072B2', '#D55E00']
do for [j=1:2] { set linetype j lc rgb colours[j] lw 2 pt 7-2*(j-1) ps 0.75 }
set border 3 lc rgb '#303030' lw 0.8
set tics nomirror out scale 0.6
set xtics 1
set grid ytics lt -1 lc rgb '#e4e6ea' lw 0.6
set autoscale noextend
set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05
set xlabel 'epoch'
who(j) = word('ours PyTorch', j)
mine(j) = stringcolumn('who') eq who(j)
set multiplot layout 1,2 margins 0.08,0.985,0.16,0.88 spacing 0.1
set key bottom right samplen 2
set ylabel 'test accuracy (band: lowest to highest seed)'
plot for [j=1:2] file using (mine(j) ? column('epoch') : NaN):'low':'high' with filledcurves \
         lt j fs transparent solid 0.18 noborder notitle, \
     for [j=1:2] file using (mine(j) ? column('epoch') : NaN):'accuracy' with linespoints lt j \
         dt j title who(j)
set key top right
set ylabel 'mean training loss [nat]'
plot for [j=1:2] file using (mine(j) ? column('epoch') : NaN):'loss' with linespoints lt j \
         dt j title who(j)
unset multiplot
