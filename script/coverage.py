#!/usr/bin/env python3
"""Which share of the lines and branches of each room was run, by gcov, after a coverage build's tests.

  script/coverage.py BUILD             e.g. build/coverage: a table by file, a table by room; exit 1 when a room is under its bar
  script/coverage.py BUILD --holes     also, for each file of the rooms with a bar, the lines and branches that nothing ran
  script/coverage.py BUILD --holes PATH…   only these files or folders

A branch is one way out of a condition, as the compiler made it: `a && b` has four. Those of an assert are not counted: nothing
but our own mistake takes the other way. Everything else is, failing allocations and answers of a broken disk included.
A daemon that is killed writes no counts: what only a crash test runs does not show here.
"""
import argparse
import collections
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# What every release must reach, in percent: the rooms on which what the hub promises rests.
LINES, BRANCHES = 90.0, 80.0
BARRED = ('broker', 'lib/ledger', 'lib/policy', 'lib/seal', 'lib/trust', 'lib/wire')


class Source:
    """Counts of one file over all objects that hold some of it: {line: count}, {(line, nth branch): count}."""

    def __init__(self):
        self.lines = {}
        self.branches = {}

    def add(self, line):
        number = line['line_number']
        self.lines[number] = self.lines.get(number, 0) + line['count']
        for nth, branch in enumerate(line['branches']):
            key = (number, nth)
            self.branches[key] = self.branches.get(key, 0) + branch['count']

    def forget_asserts(self, path):
        inside = set()
        in_assert = False
        for number, text in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
            in_assert = in_assert or re.match(r'\s*assert\(', text) is not None
            if in_assert:
                inside.add(number)
                in_assert = not text.rstrip().endswith(';')
        self.branches = {key: count for key, count in self.branches.items() if key[0] not in inside}

    def tally(self):
        """Lines run, lines, branches taken, branches."""
        return (sum(1 for n in self.lines.values() if n > 0), len(self.lines),
                sum(1 for n in self.branches.values() if n > 0), len(self.branches))


def sources_of(root, build):
    sources = collections.defaultdict(Source)
    objects = sorted(p.resolve() for p in build.rglob('*.gcno'))  # those that nothing ran too: they count in full
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(objects), 50):
            for old in pathlib.Path(folder).glob('*.gz'):
                old.unlink()
            subprocess.run(['gcov', '--json-format', '--preserve-paths', '--branch-probabilities', *map(str, objects[start:start + 50])],
                           cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            for found in pathlib.Path(folder).glob('*.gz'):
                report = json.loads(gzip.open(found, 'rb').read())
                for file in report['files']:
                    path = (pathlib.Path(report['current_working_directory']) / file['file']).resolve()
                    if not path.is_relative_to(root) or path.is_relative_to(root / 'build'):
                        continue
                    name = str(path.relative_to(root))
                    if name.split('/')[0] in ('tests', 'include'):
                        continue
                    for line in file['lines']:
                        sources[name].add(line)
    for name, source in sources.items():
        source.forget_asserts(root / name)
    return sources


def room_of(name):
    parts = name.split('/')
    return '/'.join(parts[:2]) if parts[0] == 'lib' else parts[0]


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def row(name, tally, note=''):
    run, lines, taken, branches = tally
    return (f'{percent(run, lines):5.1f} %  {run:5} of {lines:5} lines  '
            f'{percent(taken, branches):5.1f} %  {taken:5} of {branches:5} branches  {name}{note}')


def ranges(numbers):
    """[3, 4, 5, 9] as '3-5, 9'."""
    found = []
    for n in sorted(numbers):
        if found and n == found[-1][1] + 1:
            found[-1][1] = n
        else:
            found.append([n, n])
    return ', '.join(str(a) if a == b else f'{a}-{b}' for a, b in found)


def print_holes(sources, wanted):
    for name, source in sorted(sources.items()):
        if wanted:
            if not any(name == w or name.startswith(w.rstrip('/') + '/') for w in wanted):
                continue
        elif room_of(name) not in BARRED:
            continue
        lines = {n for n, count in source.lines.items() if count == 0}
        branches = collections.Counter(n for (n, _), count in source.branches.items() if count == 0 and n not in lines)
        if lines:
            print(f'{name}: lines {ranges(lines)}')
        if branches:
            print(f'{name}: branches {", ".join(f"{n}" + (f" ({c})" if c > 1 else "") for n, c in sorted(branches.items()))}')
    print()


def main():
    parser = argparse.ArgumentParser(description='lines and branches that the tests of a coverage build ran')
    parser.add_argument('build', type=pathlib.Path)
    parser.add_argument('--holes', nargs='*', metavar='PATH')
    asked = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parent.parent
    sources = sources_of(root, asked.build)
    if not sources:
        print(f'no counts in {asked.build}: build the coverage preset and run tests', file=sys.stderr)
        return 1
    rooms = collections.defaultdict(lambda: [0, 0, 0, 0])
    for name, source in sorted(sources.items()):
        tally = source.tally()
        print(row(name, tally))
        for key in (room_of(name), 'all'):
            rooms[key] = [a + b for a, b in zip(rooms[key], tally)]
    print()
    if asked.holes is not None:
        print_holes(sources, asked.holes)
    under = []
    for room in sorted(set(rooms) | set(BARRED)):
        note = ''
        if room in BARRED:
            run, lines, taken, branches = rooms[room]
            if lines == 0 or percent(run, lines) < LINES or percent(taken, branches) < BRANCHES:
                under.append(room)
                note = '  UNDER ITS BAR'
        print(row(room, rooms[room], note))
    if under:
        print(f'under {LINES:.0f} % of lines or {BRANCHES:.0f} % of branches: {", ".join(under)}')
        return 1
    print(f'at least {LINES:.0f} % of lines and {BRANCHES:.0f} % of branches in each of: {", ".join(BARRED)}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
