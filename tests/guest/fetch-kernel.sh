#!/bin/sh
# Gets Debian's kernel for the guest without installing it: the package is downloaded by apt, which
# checks its signature, and unpacked beside. Nothing of the host's /boot is read or written.
#
# usage: fetch-kernel.sh IMAGE_DIR
#
# Leaves vmlinuz and modules.tar in IMAGE_DIR; does nothing when they are there.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

image_dir=$1

# The cloud flavour has all that a virtio guest needs in a third of the size.
metapackage=linux-image-cloud-amd64

# In the order in which they have to be loaded.
modules='virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_console'

if [ -s "$image_dir/vmlinuz" ] && [ -s "$image_dir/modules.tar" ]; then
  exit 0
fi
work=$(mktemp -d "$image_dir/kernel.XXXXXX")
work=$(cd "$work" && pwd)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# apt COMMAND ARGUMENTS…: with the host's package lists.
host_lists()
{
  program=$1
  shift
  LC_ALL=C "$program" -qq -o APT::Sandbox::User=root "$@"
}

# The same with lists of our own, where the host's are missing or old; needs no root either.
own_lists()
{
  program=$1
  shift
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  host_lists "$program" -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" "$@"
}

# download LISTS: leaves the package that the metapackage stands for in $work, nothing else.
download()
{
  package=$("$1" apt-cache depends --important "$metapackage" \
    | sed -n 's/^ *Depends: *\(linux-image-[^ ]*\)$/\1/p' | head -n 1)
  [ -n "$package" ] || return 1
  (cd "$work" && "$1" apt-get download "$package")
}

if ! download host_lists >"$work/download.log" 2>&1; then
  own_lists apt-get update >>"$work/download.log" 2>&1 || :
  if ! download own_lists >>"$work/download.log" 2>&1; then
    cat "$work/download.log" >&2
    echo "fetch-kernel.sh: apt could not download $metapackage" >&2
    exit 1
  fi
fi

dpkg-deb -x "$work"/linux-image-*.deb "$work/root"

mkdir "$work/modules"
n=0
for module in $modules; do
  file=$(find "$work/root" -name "$module.ko*" | head -n 1)
  n=$((n + 1))
  case $file in
    *.ko) cp "$file" "$work/modules/$n-$module.ko" ;;
    *.ko.xz) xz -dc "$file" >"$work/modules/$n-$module.ko" ;;
    *) echo "fetch-kernel.sh: no module $module in the kernel: '$file'" >&2; exit 1 ;;
  esac
done

tar -C "$work" -cf "$work/modules.tar" modules
mv "$work/modules.tar" "$image_dir/modules.tar"
mv "$work"/root/boot/vmlinuz-* "$image_dir/vmlinuz"
