#!/bin/bash
# Starts and stops the guest, whose kernel and system are made on the way.
#
# usage: qemu.sh start RUN_DIR IMAGE_DIR [--demo] [--usb] [--qmp] [--incoming] [--semi-seamless]
#        qemu.sh stop RUN_DIR
#
# IMAGE_DIR holds the kernel, which is downloaded once, and the initramfs.
# RUN_DIR holds the pid file, the serial line's output (console.log) and the socket of the guest's
# test port (control, see agent), with --qmp QEMU's own (qmp), and with --incoming one to which a
# machine migrates that runs elsewhere (incoming). With --semi-seamless it will not go elsewhere
# seamlessly. QEMU_SPICE_PORT is the TCP port of the SPICE server (5900).
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

source=$(cd "$(dirname "$0")" && pwd)
qemu=qemu-system-x86_64
port=${QEMU_SPICE_PORT:-5900}

# Half a GiB, but no multiple of 256 KiB: QEMU before 9.0 has a fast way to learn which pages of such
# a memory were written since they were copied, by which it misses some that a guest in TCG wrote
# ("physmem: Fix migration dirty bitmap coherency with TCG memory access"). The machine then runs on
# with old bytes at the other host, in its files or in its kernel.
memory=524160k

# running: sets pid if the pid file names a process that is our QEMU, not one that got its number.
running()
{
  [ -s "$run_dir/qemu.pid" ] || return 1
  pid=$(cat "$run_dir/qemu.pid" 2>/dev/null) || return 1
  { tr '\0' '\n' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -Fqx -- "$run_dir/qemu.pid"
}

# ninja waits until nobody holds the pipe any more that it gave its command, and QEMU stays.
close_inherited()
{
  for fd in "/proc/$BASHPID/fd"/*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || eval "exec $fd>&-"
  done
}

start()
{
  mode=
  usb=
  qmp=
  incoming=
  seamless=on
  for option; do
    case $option in
      --demo) mode=spice-share=demo ;;
      --usb) usb=yes ;;
      --qmp) qmp=yes ;;
      --incoming) incoming=yes ;;
      --semi-seamless) seamless=off ;;
      *) echo "qemu.sh: unknown option $option" >&2; exit 2 ;;
    esac
  done

  if running; then
    echo "qemu.sh: a guest runs already (pid $pid); end it with test-qemu-stop" >&2
    exit 1
  fi

  sh "$source/fetch-kernel.sh" "$image_dir"
  sh "$source/build-initramfs.sh" "$image_dir"

  if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
    accel=kvm
  else
    accel=tcg
  fi

  set -- -name spice-share-guest -machine q35 -accel "$accel" -cpu max -m $memory -nodefaults -no-reboot \
    -kernel "$image_dir/vmlinuz" -initrd "$image_dir/initramfs.cpio.gz" \
    -append "console=ttyS0 console=tty0 quiet panic=-1 $mode" \
    -vga std -display none \
    -serial "file:console.log" -monitor none \
    -spice "addr=127.0.0.1,port=$port,disable-ticketing=on,seamless-migration=$seamless" \
    -device virtio-serial-pci \
    -chardev spiceport,id=webdav,name=org.spice-space.webdav.0 \
    -device virtserialport,chardev=webdav,name=org.spice-space.webdav.0 \
    -chardev socket,id=control,path=control,server=on,wait=off \
    -device virtserialport,chardev=control,name=org.spice-share.test.0

  if [ -n "$usb" ]; then
    set -- "$@" -device qemu-xhci \
      -chardev spicevmc,id=usb1,name=usbredir -device usb-redir,chardev=usb1 \
      -chardev spicevmc,id=usb2,name=usbredir -device usb-redir,chardev=usb2
  fi

  [ -z "$qmp" ] || set -- "$@" -qmp unix:qmp,server=on,wait=off
  [ -z "$incoming" ] || set -- "$@" -incoming unix:incoming

  # Relative names, because the path of a socket may have 108 bytes only.
  cd "$run_dir"
  rm -f control qmp incoming console.log
  close_inherited
  "$qemu" "$@" -pidfile "$run_dir/qemu.pid" -daemonize
  cat <<END
The guest is booting; its serial line goes to $run_dir/console.log
Connect with:  remote-viewer spice://127.0.0.1:$port
END
}

stop()
{
  if ! running; then
    echo "No guest is running."
    return 0
  fi
  kill "$pid"
  tries=0
  while running; do
    tries=$((tries + 1))
    if [ $tries -eq 100 ]; then
      kill -KILL "$pid"
    elif [ $tries -gt 150 ]; then
      echo "qemu.sh: pid $pid does not end" >&2
      exit 1
    fi
    sleep 0.1
  done
  rm -f "$run_dir/qemu.pid" "$run_dir/control" "$run_dir/qmp" "$run_dir/incoming"
  echo "The guest is off."
}

command=$1
mkdir -p "$2"
run_dir=$(cd "$2" && pwd)
case $command in
  start)
    mkdir -p "$3"
    image_dir=$(cd "$3" && pwd)
    shift 3
    start "$@"
    ;;
  stop) stop ;;
  *) echo "qemu.sh: start or stop, not $command" >&2; exit 2 ;;
esac
