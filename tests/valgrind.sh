#!/bin/sh
# Puts valgrind before a test's program, for `meson test --setup=valgrind` (README.md). Where a
# script prepares the test, valgrind looks at the program behind it, not at the shell.
#
# usage: valgrind.sh VALGRIND SUPPRESSIONS COMMAND…
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
valgrind=$1
suppressions=$2
shift 2
script=
case $1 in
  *.sh)
    script=$1
    shift
    ;;
esac
exec ${script:+"$script"} "$valgrind" --quiet --error-exitcode=99 --leak-check=full \
  --show-leak-kinds=definite --errors-for-leak-kinds=definite "--suppressions=$suppressions" "$@"
