#!/bin/sh
# What GTK loads into every program exports its one function, and nothing that could clash.
#
# usage: check-exports.sh MODULE
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
exports=$(nm -D --defined-only "$1" | awk '{ print $NF }')
if [ "$exports" != gtk_module_init ]; then
  echo "$1 exports more, or less, than gtk_module_init:" >&2
  printf '%s\n' "$exports" >&2
  exit 1
fi
