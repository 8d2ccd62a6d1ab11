#!/bin/sh
# Installs what is missing of the Debian packages that building and showing (try), or building and
# testing (test) need. Silent when nothing is missing.
#
# usage: install-deps.sh try|test
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

# The compiler and the libraries; meson.build asks for those of the tests too.
build='meson ninja-build gcc libc6-dev pkg-config python3 gettext
  libglib2.0-dev libglib2.0-dev-bin libglib2.0-bin libspice-client-glib-2.0-dev libspice-protocol-dev
  libsoup-3.0-dev liblz4-dev libxml2-dev libgtk-3-dev libatspi2.0-dev libspice-server-dev libssl-dev'

# The viewer and what GTK needs to draw it; the guest and what it is made of.
show='virt-viewer xvfb dbus dbus-daemon adwaita-icon-theme librsvg2-common fonts-dejavu-core
  qemu-system-x86 busybox-static cpio avahi-daemon spice-webdavd curl'

# What only tests use: libFuzzer, the tools of the checks, locales to make a German one from, clients.
test='clang-14 libclang-rt-14-dev llvm-14 clang-format-14 binutils
  xdotool x11-utils openbox imagemagick at-spi2-core appstream locales openssl spice-client-gtk
  gnuplot-nox litmus cadaver davfs2 rclone gvfs gvfs-backends tshark bash-completion
  gnome-settings-daemon-common dconf-cli dconf-service dconf-gsettings-backend'

case ${1-} in
  try) wanted="$build $show" ;;
  test) wanted="$build $show $test" ;;
  *) echo 'usage: install-deps.sh try|test' >&2; exit 2 ;;
esac

missing=
for package in $wanted; do
  case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
    installed) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "These packages are missing, and there is no sudo; as root: apt-get install$missing" >&2
    exit 1
  fi
  as_root=sudo
fi

echo "Installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

apt()
{
  $as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}

# Lists that cannot all be refreshed may still be good enough for what is missing.
apt update || :
# Unquoted: a list of words.
if ! apt install -y --no-install-recommends $missing; then
  cat "$log" >&2
  echo "install-deps.sh: apt-get could not install:$missing" >&2
  exit 1
fi
