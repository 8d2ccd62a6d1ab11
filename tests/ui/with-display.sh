#!/bin/sh
# Runs a command on an X server of its own, and with --bus on a session bus of its own, which are
# gone when it ends.
#
# usage: with-display.sh [--bus] COMMAND…
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
dir=$(mktemp -d "${TMPDIR:-/tmp}/spice-share-display.XXXXXX")
server=
# Services of the bus may still be writing into it when the bus has gone.
clean_up()
{
  test -z "$server" || kill "$server" 2>/dev/null || :
  rm -rf "$dir" 2>/dev/null || { sleep 1; rm -rf "$dir" || :; }
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
mkfifo "$dir/number"
# The lowest free number would be that of a server whose /tmp is another one, but whose abstract
# socket is ours too.
Xvfb ":$((100 + $$ % 50000))" -displayfd 3 -noreset -nolisten tcp \
  -screen 0 "${SPICE_SHARE_SCREEN:-1024x768x24}" 3>"$dir/number" >"$dir/log" 2>&1 &
server=$!
read -r number <"$dir/number" || { cat "$dir/log" >&2; exit 1; }
if [ "$1" = --bus ]; then
  shift
  # What the bus starts talks on standard output, which is the command's own.
  exec 4>&1
  set -- dbus-run-session -- sh -c 'exec "$@" >&4 4>&-' sh "$@"
  DISPLAY=:$number GDK_BACKEND=x11 XDG_RUNTIME_DIR=$dir "$@" >&2
else
  DISPLAY=:$number GDK_BACKEND=x11 XDG_RUNTIME_DIR=$dir "$@"
fi
