#!/bin/sh
# po/POTFILES names every file with text for people, and no other.
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
{
  grep -rlE --include='*.c' --include='*.h' \
    '(^|[^A-Za-z0-9_])(_|N_|C_|NC_|Q_|ngettext|gettext|g_dgettext|g_dngettext|g_dpgettext2?) \(' plugin || :
  grep -rlE --include='*.ui' 'translatable="yes"' plugin data || :
  grep -rlE --include='*.gschema.xml' 'gettext-domain=' data || :
  find data -name '*.desktop.in*' -o -name '*.metainfo.xml.in*' -o -name '*.metainfo.xml'
} | LC_ALL=C sort -u >"$scratch/wanted"
sed 's/#.*//; s/[[:space:]]*$//; /^$/d' po/POTFILES | LC_ALL=C sort -u >"$scratch/listed"

if ! diff -u --label 'po/POTFILES' --label 'files with text' "$scratch/listed" "$scratch/wanted"; then
  echo 'po/POTFILES is not complete' >&2
  exit 1
fi
