#!/bin/sh
# Every C file looks as clang-format 14 and .clang-format make it look.
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu
cd "$(dirname "$0")/.."
find plugin tests -name '*.[ch]' -print0 | xargs -0 clang-format-14 --dry-run -Werror
