#!/bin/bash
# Installs what is missing, builds with warnings as errors, and runs every test and check. Ends in a
# line "N passed, N failed", and with a status to match.
#
# usage: tests/run.sh [--long]
#
#   --long   fuzzes every target for a minute as well; without, the corpora are replayed. And moves a
#            guest from one QEMU to another, throws the chaos longer, and soaks for an hour
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
exec </dev/null
cd "$(dirname "$0")/.." || exit 1

long=
case ${1-} in
  '') ;;
  --long) long=yes ;;
  *) echo 'usage: tests/run.sh [--long]' >&2; exit 2 ;;
esac

export LC_ALL=C.UTF-8
build=build
passed=0
failed=0

# Nothing that comes after makes sense without it.
need()
{
  echo "== $1"
  shift
  if ! "$@"; then
    echo "run.sh: $1 has failed"
    echo "$passed passed, $((failed + 1)) failed"
    exit 1
  fi
}

# One of our own checks, silent when all is well.
check()
{
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
    printf '%s\n' "$output" | tail -n 100
  fi
}

configure()
{
  if [ -d "$build/meson-private" ]; then
    meson setup --reconfigure "$build" -Dwerror=true || meson setup --wipe "$build" -Dwerror=true
  else
    meson setup "$build" -Dwerror=true
  fi
}

# quietly COMMAND…: its output only where it failed.
quietly()
{
  local output
  output=$("$@" 2>&1) || { printf '%s\n' "$output" | tail -n 100; return 1; }
}

meson_tests()
{
  local counts
  rm -f "$build/meson-logs/testlog.json"
  meson test -C "$build" --no-rebuild --print-errorlogs "$@"
  if ! counts=$(tests/count-results.py "$build/meson-logs/testlog.json"); then
    failed=$((failed + 1))
    return
  fi
  sed '$d' <<<"$counts"
  set -- $(tail -n 1 <<<"$counts")
  passed=$((passed + $1))
  failed=$((failed + $2))
}

# Every target is a test of its own.
fuzz()
{
  local output
  output=$(FUZZ_BUILD=$PWD/build-fuzz tests/fuzz/run.sh 60 2>&1)
  local status=$?
  printf '%s\n' "$output"
  local bad
  bad=$(grep -c '^not ok ' <<<"$output")
  passed=$((passed + $(grep -c '^ok ' <<<"$output")))
  failed=$((failed + bad))
  # It did not come to its end.
  [ $status -eq 0 ] || [ "$bad" -gt 0 ] || failed=$((failed + 1))
}

need 'packages' tests/install-deps.sh test
need 'configure' quietly configure
need 'build' quietly ninja -C "$build"

echo '== checks'
check 'C files are formatted' tests/check-format.sh
check 'scripts can be parsed' tests/check-scripts.sh
check 'po/POTFILES is complete' tests/check-potfiles.sh
check 'template and translations are complete' tests/check-translations.sh "$build"
check 'the module exports gtk_module_init only' tests/check-exports.sh "$build/plugin/libspice-share.so"
check 'no way to the file system but the resolver' tests/check-file-system.sh \
  "$build"/plugin/dav/libdav.a "$build"/plugin/dav/libdav-proto.a "$build"/plugin/share/libshare.a \
  "$build"/plugin/mux/libmux.a "$build"/plugin/worker/libworker.a
check 'options are in the manual and completion, owners in the headers' tests/check-documented.sh "$build"
check 'installs whole, and uninstalls' tests/check-install.sh "$build"

echo '== tests'
if [ -n "$long" ]; then
  export CHAOS_ROUNDS=500
  meson_tests
else
  meson_tests --no-suite long
fi

echo '== soak'
if [ -n "$long" ]; then
  check 'an hour of mixed load' tests/long/run.sh "$build" 3600
else
  check 'two minutes of mixed load' tests/long/run.sh "$build" 120
fi

if [ -n "$long" ]; then
  echo '== fuzzing'
  fuzz
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
