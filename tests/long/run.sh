#!/bin/sh
# Runs the soak, and plots what the viewer's process held (needs gnuplot). Ends with the soak's status.
#
# usage: tests/long/run.sh BUILD-FOLDER SECONDS
#
# Leaves soak.data and soak.svg in BUILD-FOLDER/tests/long.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

[ $# -eq 2 ] || { echo 'usage: tests/long/run.sh BUILD-FOLDER SECONDS' >&2; exit 2; }
cd "$1/tests/long"
status=0
./soak "$2" soak.data || status=$?
[ -s soak.data ] || exit "$status"

gnuplot <<'END'
set terminal svg size 900,900
set output 'soak.svg'
set multiplot layout 4,1
set xlabel 'seconds'
set yrange [0:*]
unset key
set ylabel 'requests/s'
plot 'soak.data' using 1:2 with lines
set ylabel 'memory, MiB'
plot 'soak.data' using 1:($3/1024) with lines
set ylabel 'descriptors'
plot 'soak.data' using 1:4 with lines
set ylabel 'threads'
plot 'soak.data' using 1:5 with lines
END
exit $status
