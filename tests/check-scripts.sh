#!/bin/sh
# Every script can be parsed by the shell, or the Python, that its first line names.
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
cd "$(dirname "$0")/.."

status=0
for script in $(find .ci data plugin tests -type f); do
  case $(head -n 1 "$script" | tr -d '\0') in
    '#!/bin/sh'*) sh -n "$script" || status=1 ;;
    '#!/bin/bash'*) bash -n "$script" || status=1 ;;
    '#!'*python3*)
      python3 -c 'import ast, sys; ast.parse (open (sys.argv[1]).read (), sys.argv[1])' "$script" \
        || status=1
      ;;
  esac
done
exit $status
