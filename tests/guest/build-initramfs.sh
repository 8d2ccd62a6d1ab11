#!/bin/sh
# Builds the guest's whole system, an initramfs: busybox, the modules of fetch-kernel.sh, and the
# programs of this distribution that a guest with a shared folder runs, with their libraries.
#
# usage: build-initramfs.sh IMAGE_DIR
#
# Reads modules.tar and leaves initramfs.cpio.gz in IMAGE_DIR.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

image_dir=$1
source=$(cd "$(dirname "$0")" && pwd)

programs='/usr/bin/dbus-daemon /usr/sbin/avahi-daemon /usr/sbin/spice-webdavd /usr/bin/curl'

root=$(mktemp -d "${TMPDIR:-/tmp}/spice-share-guest.XXXXXX")
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM

put()
{
  mkdir -p "$root$(dirname "$2")"
  cp -L "$1" "$root$2"
}

mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/dev" "$root/proc" \
  "$root/sys" "$root/run" "$root/tmp" "$root/usr/share/dbus-1" "$root/etc/avahi"
for dir in bin sbin lib lib64; do
  ln -s "usr/$dir" "$root/$dir"
done

busybox=$(command -v busybox)
if LC_ALL=C ldd "$busybox" >/dev/null 2>&1; then
  echo "build-initramfs.sh: $busybox is not static; busybox-static is needed" >&2
  exit 1
fi
put "$busybox" /usr/bin/busybox
ln -s busybox "$root/usr/bin/sh"

for program in $programs; do
  if [ ! -x "$program" ]; then
    echo "build-initramfs.sh: $program is missing" >&2
    exit 1
  fi
  put "$program" "$program"
  for library in $(LC_ALL=C ldd "$program" | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p'); do
    [ -e "$root$library" ] || put "$library" "$library"
  done
done

tar -C "$root" -xf "$image_dir/modules.tar"
cp "$source/init" "$root/init"
cp "$source/list-share" "$root/usr/bin/list-share"
cp "$source/agent" "$root/usr/bin/agent"
cp "$source/dbus-system.conf" "$root/usr/share/dbus-1/system.conf"
cp "$source/avahi-daemon.conf" "$root/etc/avahi/avahi-daemon.conf"
chmod 755 "$root/init" "$root/usr/bin/list-share" "$root/usr/bin/agent"
# No request may wait for ever on a share that has stopped answering.
echo 'max-time = 60' >"$root/.curlrc"
# avahi-daemon wants its user to exist even where it does not become it.
printf 'root:x:0:0:root:/:/bin/sh\navahi:x:100:100:avahi:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\navahi:x:100:\n' >"$root/etc/group"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"

# Renamed into place: a guest may be starting from the one that is there.
output=$(mktemp "$image_dir/initramfs.XXXXXX")
(cd "$root" && find . -print0 | LC_ALL=C sort -z \
  | cpio --null --create --format=newc --owner=0:0 --quiet) | gzip -1 >"$output"
chmod 644 "$output"
mv "$output" "$image_dir/initramfs.cpio.gz"
