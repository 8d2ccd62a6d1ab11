#!/bin/sh
# The template holds exactly the texts of the sources, and every language translates all of them.
#
# usage: check-translations.sh BUILD_DIR
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
pot=po/spice-share.pot
cp -p "$pot" "$scratch/before.pot"
# The target writes the template into the source folder, where it is nobody's business here.
trap 'cp -p "$scratch/before.pot" "$pot"; rm -rf "$scratch"' EXIT
ninja -C "$build" spice-share-pot >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }

# Where in the file a text stands, and when the template was made, does not matter.
texts()
{
  msgcat --no-location --sort-output "$1" | grep -v '^"POT-Creation-Date:'
}
texts "$scratch/before.pot" >"$scratch/before"
texts "$pot" >"$scratch/after"
status=0
if ! diff -u --label "$pot" --label 'made anew' "$scratch/before" "$scratch/after"; then
  echo "$pot is not up to date: ninja -C build spice-share-pot" >&2
  status=1
fi

for language in $(sed 's/#.*//' po/LINGUAS); do
  msgfmt --check -o /dev/null "po/$language.po" || status=1
  msgcmp "po/$language.po" "$pot" || status=1
done
exit $status
