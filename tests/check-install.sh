#!/bin/sh
# An installation has every part where the parts look for each other, and can be taken away again.
# One without the tests needs none of their libraries.
#
# usage: check-install.sh BUILD_DIR
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
build=$(cd "$1" && pwd)
scratch=$(mktemp -d)
log=$build/meson-logs/install-log.txt

# Which real installation the build folder belongs to is its owner's, for `ninja uninstall`.
[ ! -e "$log" ] || cp -p "$log" "$scratch/log"
restore()
{
  rm -f "$log"
  [ ! -e "$scratch/log" ] || cp -p "$scratch/log" "$log"
  rm -rf "$scratch"
}
trap restore EXIT
trap 'exit 1' HUP INT TERM

export DESTDIR="$scratch/root"
meson install -C "$build" --no-rebuild >"$scratch/output" 2>&1 || { cat "$scratch/output" >&2; exit 1; }

status=0
for file in bin/spice-share gtk-3.0/modules/libspice-share.so spice-share/libspice-share-core.so \
  spice-share/libspice-share-ui.so schemas/org.spice-space.webdav.gschema.xml \
  man1/spice-share.1 bash-completion/completions/spice-share dbus-1/interfaces/org.spice_space.Share1.xml \
  metainfo/org.spice_space.spice_share.metainfo.xml de/LC_MESSAGES/spice-share.mo \
  es/LC_MESSAGES/spice-share.mo fr/LC_MESSAGES/spice-share.mo zh_CN/LC_MESSAGES/spice-share.mo; do
  if [ -z "$(find "$DESTDIR" -path "*/$file" -o -path "*/$file.gz")" ]; then
    echo "not installed: $file" >&2
    status=1
  fi
done

ninja -C "$build" uninstall >"$scratch/output" 2>&1 || { cat "$scratch/output" >&2; exit 1; }
# Empty folders go too, up to this one.
mkdir -p "$DESTDIR"
left=$(find "$DESTDIR" ! -type d)
if [ -n "$left" ]; then
  printf 'left by uninstall:\n%s\n' "$left" >&2
  status=1
fi

unset DESTDIR
source=$(dirname "$0")/..
meson setup "$scratch/without" "$source" -Dtests=false >"$scratch/output" 2>&1 || { cat "$scratch/output" >&2; exit 1; }
for library in spice-server atspi-2 libcrypto; do
  if meson introspect --dependencies "$scratch/without" | grep -q "\"$library\""; then
    echo "needed without the tests: $library" >&2
    status=1
  fi
done
exit $status
