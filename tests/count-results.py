#!/usr/bin/env python3
"""Counts what `meson test` has run, each TAP line as a test of its own.

usage: count-results.py testlog.json

Prints a line for everything that failed, then "PASSED FAILED". A skipped test has shown nothing, so
it counts as failed. So does a program that ended badly, or too early, after lines that were all good:
Meson's JUnit file does not tell those, the result in its JSON file does.

SPDX-License-Identifier: LGPL-2.1-or-later
"""

import json
import re
import sys

TAP_LINE = re.compile(r'^(?P<bad>not )?ok \d+[^#\n]*(?:#\s*(?P<directive>skip|todo)\b.*)?',
                      re.IGNORECASE | re.MULTILINE)


def count(name, result, output):
    """Gives (passed, [what failed])."""
    passed = 0
    failures = []
    for line in TAP_LINE.finditer(output):
        if line['bad'] or line['directive']:
            failures.append(f'{name}: {line[0].strip()}')
        else:
            passed += 1

    if result not in ('OK', 'EXPECTEDFAIL'):
        failures = failures or [f'{name}: {result}']
    elif not passed and not failures:
        # Not a TAP program: its status is its one result.
        passed = 1
    return passed, failures


def main():
    passed = 0
    failures = []
    with open(sys.argv[1], encoding='utf-8') as log:
        for line in log:
            test = json.loads(line)
            more, bad = count(test['name'], test['result'], test.get('stdout') or '')
            passed += more
            failures += bad
    for failure in failures:
        print('FAILED', failure)
    print(passed, len(failures))


if __name__ == '__main__':
    main()
