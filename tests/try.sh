#!/bin/bash
# Shows it: installs what is missing, builds, boots a tiny guest, and opens it in remote-viewer with a
# folder of this computer shared. The guest lists the folder on its screen. Without a display the
# viewer runs on one that nobody sees, and this prints what the guest saw, and ends.
#
# usage: tests/try.sh [DIR]
#
# QEMU_SPICE_PORT is the guest's SPICE port; a free one otherwise.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

boot_and_list_seconds=180

if [ $# -gt 1 ] || [ "${1-}" = --help ]; then
  echo 'usage: tests/try.sh [DIR]' >&2
  exit 2
fi
folder=
if [ $# -eq 1 ]; then
  if ! folder=$(cd -- "$1" && pwd); then
    exit 2
  fi
fi
cd "$(dirname "$0")/.."

build=$PWD/build
guest=$build/tests/guest
run=$guest/try
log=$guest/try.log

tests/install-deps.sh try

# The parts that this needs; the tests are built by run.sh.
echo "Building; the log is $log"
mkdir -p "$guest"
{
  [ -d "$build/meson-private" ] || meson setup "$build"
  ninja -C "$build" data/gschemas.compiled plugin/spice-share plugin/libspice-share.so \
    plugin/libspice-share-core.so plugin/libspice-share-ui.so
} </dev/null >"$log" 2>&1 || { tail -n 50 "$log" >&2; exit 1; }

if [ -z "$folder" ]; then
  folder=$build/sample
  mkdir -p "$folder/a folder"
  cat >"$folder/welcome.txt" <<END
This file lies on the host, in
$folder
and what the guest writes beside it is there at once.
END
  echo 'Names may hold what they like.' >"$folder/Grüße & 100% more.md"
fi

if [ -z "${QEMU_SPICE_PORT-}" ]; then
  QEMU_SPICE_PORT=$(python3 -c 'import socket
s = socket.socket ()
s.bind (("127.0.0.1", 0))
print (s.getsockname ()[1])')
fi
export QEMU_SPICE_PORT
export GSETTINGS_SCHEMA_DIR=$build/data

viewer_pid=
end()
{
  trap '' HUP INT TERM
  if [ -n "$viewer_pid" ]; then
    # The display, the viewer and what it has started.
    kill -- "-$viewer_pid" 2>/dev/null || :
    wait "$viewer_pid" 2>/dev/null || :
  fi
  tests/guest/qemu.sh stop "$run" >/dev/null
}
trap end EXIT
trap 'exit 1' HUP INT TERM

tests/guest/qemu.sh start "$run" "$guest/image" --demo
set -- "$build/plugin/spice-share" --share-dir "$folder" \
  remote-viewer "spice://127.0.0.1:$QEMU_SPICE_PORT"

# What the guest has said so far; its serial line ends lines as terminals do.
guest_said()
{
  tr -d '\r' <"$run/console.log"
}

if [ -n "${DISPLAY-}${WAYLAND_DISPLAY-}" ]; then
  echo "Sharing $folder; the guest is off when the viewer is closed."
  status=0
  "$@" </dev/null || status=$?
  guest_said
  exit $status
fi

echo "Sharing $folder on a display that nobody sees, since there is none here."
set -m
tests/ui/with-display.sh "$@" </dev/null >>"$log" 2>&1 &
viewer_pid=$!
set +m

deadline=$((SECONDS + boot_and_list_seconds))
until guest_said | grep -q '^---- [0-9]* entries$'; do
  if ! kill -0 "$viewer_pid" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
    echo 'try.sh: the guest did not see the share. The viewer said:' >&2
    tail -n 50 "$log" >&2
    echo 'The guest said:' >&2
    guest_said >&2
    exit 1
  fi
  sleep 0.2
done
guest_said

seen=$(guest_said | sed -n 's/^---- \([0-9]*\) entries$/\1/p' | tail -n 1)
there=$(find "$folder" -mindepth 1 -maxdepth 1 \( -type f -o -type d \) ! -name '.spice-share-*' | wc -l)
if [ "$seen" -lt "$there" ]; then
  echo "try.sh: the guest saw $seen of the $there files and folders in $folder" >&2
  exit 1
fi
echo "The guest saw all $there files and folders in $folder"
