#!/bin/sh
# Fuzzes every target of this folder with libFuzzer, ASan and UBSan: tests/fuzz/run.sh [SECONDS] [NAME…]
# (60 seconds each, all of them, unless told). Findings stay in the build folder, which is printed.
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

here=$(cd "$(dirname "$0")" && pwd)
seconds=${1:-60}
[ $# -eq 0 ] || shift
build=${FUZZ_BUILD:-${TMPDIR:-/tmp}/spice-share-fuzz}

if [ ! -e "$build/build.ninja" ]; then
  CC=clang-14 meson setup "$build" "$here/../.." -Db_sanitize=address,undefined \
    -Db_lundef=false \
    -Dc_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined -g' >"${build}.log" || {
    cat "${build}.log"
    exit 1
  }
fi

[ $# -gt 0 ] || set -- $(cd "$here/corpus" && ls)
failed=0
for name; do
  ninja -C "$build" "tests/fuzz/fuzz-$name" >"$build/$name.build" || {
    cat "$build/$name.build"
    exit 1
  }
  mkdir -p "$build/corpus-$name"
  if (cd "$build" && "tests/fuzz/fuzz-$name" -max_total_time="$seconds" -max_len=8192 -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$build/$name-" \
    "corpus-$name" "$here/corpus/$name" >"$build/$name.log" 2>&1); then
    echo "ok $name: $(sed -n 's/^stat::number_of_executed_units: //p' "$build/$name.log") runs"
  else
    echo "not ok $name:"
    tail -n 40 "$build/$name.log"
    failed=1
  fi
done
echo "corpora and logs: $build"
exit $failed
