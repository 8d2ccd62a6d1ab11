#!/bin/bash
# Measures the stock viewer (spicy, on an X server of its own) with this module and without, in one
# run: a table (Markdown), the same as JSON and a plot, all in the build folder.
#
# usage: tests/bench/run.sh [--build DIR] [--against REV] [--repeat N] [--only NAME,…]
#
#   --against REV   not stock, but this project as it was at REV
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu -o pipefail
exec </dev/null
cd "$(dirname "$0")/../.."

# Where files are made all the time, as in /tmp, ext4 may take 200 us to find room for one more.
export TMPDIR=${TMPDIR:-/var/tmp}
build=build
against=
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=$2; shift 2 ;;
    --against) against=$2; shift 2 ;;
    --repeat | --only) options+=("$1" "$2"); shift 2 ;;
    *) sed -n 's/^# \(usage.*\)/\1/p' "$0" >&2; exit 2 ;;
  esac
done

[ -d "$build/meson-private" ] || meson setup "$build"
build=$(cd "$build" && pwd)
module='plugin/libspice-share.so plugin/libspice-share-core.so data/gschemas.compiled'
ninja -C "$build" $module tests/bench/bench tests/bench/raw-viewer tests/lib/test-viewer \
  tests/lib/relay tests/lib/spice-rig/spice-rig >/dev/null

if [ -n "$against" ]; then
  revision=$(git rev-parse --verify "$against^{commit}")
  other=$(mktemp -d)
  trap 'git worktree remove --force "$other/source" 2>/dev/null; rm -rf "$other"' EXIT
  git worktree add --detach "$other/source" "$revision" >/dev/null 2>&1
  meson setup "$other/build" "$other/source" >/dev/null
  ninja -C "$other/build" $module tests/lib/test-viewer >/dev/null
  options+=(--against "$other/build")
fi

# Nothing of the desktop's beside it.
export GSETTINGS_SCHEMA_DIR=$build/data GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1 GIO_USE_VFS=local
out=$build/bench
mkdir -p "$out"
{
  echo "$(grep -m 1 '^model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $(nproc) cores," \
    "$(date -u +%Y-%m-%d), against ${against:-the stock viewer}; median (least–most)"
  echo
  tests/ui/with-display.sh --bus "$build/tests/bench/bench" --build "$build" \
    --json "$out/bench.json" --data "$out/bench.dat" ${options[@]+"${options[@]}"} \
    2>"$out/bench.log" | grep --line-buffered '^|'
} | tee "$out/bench.md" || { tail -n 20 "$out/bench.log" >&2; exit 1; }

gnuplot -e "
  set terminal svg size 900,500 font 'sans,12'; set output '$out/bench.svg';
  set title 'Times better than ${against:-the stock viewer}'; set logscale x 10; set yrange [] reverse;
  set grid x; unset key; set style fill solid 0.6; set lmargin 36; set boxwidth 0.7;
  plot '$out/bench.dat' using (0.5*(1+\$2)):0:(1):2:(\$0-0.35):(\$0+0.35):ytic(1) with boxxyerror,
       1 with lines notitle"
echo "in $out: bench.md, bench.json, bench.svg"
