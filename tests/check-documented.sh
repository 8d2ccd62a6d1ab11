#!/bin/bash
# Every option that `spice-share --help` lists, of the command and of its subcommands, stands in the
# manual page and is offered by the completion, which offers nothing else. And every function of a
# header that returns a pointer says whose that is.
#
# usage: check-documented.sh BUILD_DIR
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u
command=$(cd "$1" && pwd)/plugin/spice-share
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8

. /usr/share/bash-completion/bash_completion
. data/spice-share.bash-completion

manual=$(sed 's/\\-/-/g; s/\\f.//g' data/spice-share.1)
status=0

fail()
{
  echo "$*" >&2
  status=1
}

# options [SUBCOMMAND]: the long ones, a line each.
options()
{
  "$command" "$@" --help | grep -oE '^  .*  ' | grep -oE -- '--[a-z-]+'
}

# short_options [SUBCOMMAND]
short_options()
{
  "$command" "$@" --help | grep -oE '^  -[a-z],' | tr -d ' ,'
}

# offered WORD…: what is offered for the last word.
offered()
{
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
  _spice_share
  printf '%s\n' "${COMPREPLY[@]}"
}

expect()
{
  local wanted=$1 got
  shift
  got=$(offered "$@" | sort | xargs)
  [ "$got" = "$wanted" ] || fail "completion of “$*”: “$got”, not “$wanted”"
}

for subcommand in '' status set stop doctor enable disable; do
  # Unquoted: no word where there is no subcommand.
  listed=$(options $subcommand | sort)
  [ -n "$listed" ] || fail "“$subcommand --help” lists nothing"
  for option in $listed $(short_options $subcommand); do
    [ "$option" = -h ] && continue
    grep -qE -- "(^|[^a-z-])$option([^a-z-]|\$)" <<<"$manual" || fail "not in the manual: $subcommand $option"
  done
  expect "$(xargs <<<"$listed")" spice-share $subcommand -
  [ -z "$subcommand" ] || grep -qE "^\.BI? .*$subcommand" <<<"$manual" \
    || grep -qE "^\.BR .*$subcommand" <<<"$manual" || fail "not in the manual: $subcommand"
done

expect 'status stop' spice-share st
expect 'doctor' spice-share do
expect 'always auto' spice-share --compression a
expect 'remote-viewer' spice-share --share-dir /tmp rem
expect 'plugin' spice-share set plug
expect 'plugin' spice-share --share-dir plug
expect '' spice-share set --vm a

# unowned HEADER…: the functions without a doc comment that has a "Returns: (transfer …)".
unowned()
{
  awk '
    FNR == 1 { doc = type = "" }
    /^\/\*\*/ { doc = ""; in_doc = 1 }
    in_doc { doc = doc $0 "\n"; if (/\*\//) in_doc = 0; next }
    {
      line = type $0
      type = line ~ /^[A-Za-z_][A-Za-z0-9_ *]*\*$/ ? line : ""
      if (line !~ /^[A-Za-z_][A-Za-z0-9_ *]*(\*|GStrv )[a-z][a-z0-9_]* \(/ || line ~ /^(static|typedef) /)
        next
      name = line
      sub(/ \(.*/, "", name)
      sub(/.*[ *]/, "", name)
      if (doc !~ "\n \\* " name ":\n" || doc !~ /Returns:[^@]*\(transfer /)
        print FILENAME ": " name
    }' "$@"
}

mapfile -t headers < <(find plugin -name '*.h')
while read -r function; do
  fail "nobody knows whose its result is: $function"
done < <(unowned "${headers[@]}")
exit $status
