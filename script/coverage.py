#!/usr/bin/env python3
"""Which share of the lines of each room was run, by gcov, after a coverage build's tests.

  script/coverage.py BUILD     e.g. build/coverage

A daemon that is killed writes no counts: what only a crash test runs does not show here.
"""
import collections
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile


def lines_of(root, build):
    """{source: {line: count}} over all objects; a line counts as run when any object ran it."""
    lines = collections.defaultdict(dict)
    counts = sorted(p.resolve() for p in build.rglob('*.gcda'))
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(counts), 50):
            for old in pathlib.Path(folder).glob('*.gz'):
                old.unlink()
            subprocess.run(['gcov', '--json-format', '--preserve-paths', *map(str, counts[start:start + 50])], cwd=folder,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            for found in pathlib.Path(folder).glob('*.gz'):
                report = json.loads(gzip.open(found, 'rb').read())
                for file in report['files']:
                    path = (pathlib.Path(report['current_working_directory']) / file['file']).resolve()
                    if not path.is_relative_to(root) or path.is_relative_to(root / 'build'):
                        continue
                    seen = lines[str(path.relative_to(root))]
                    for line in file['lines']:
                        seen[line['line_number']] = seen.get(line['line_number'], 0) + line['count']
    return lines


def main():
    if len(sys.argv) != 2:
        print('usage: script/coverage.py BUILD', file=sys.stderr)
        return 2
    root = pathlib.Path(__file__).resolve().parent.parent
    lines = lines_of(root, pathlib.Path(sys.argv[1]))
    rooms = collections.defaultdict(lambda: [0, 0])
    for source, seen in sorted(lines.items()):
        parts = source.split('/')
        if parts[0] in ('tests', 'include'):
            continue
        run = sum(1 for count in seen.values() if count > 0)
        print(f'{100 * run / max(1, len(seen)):5.1f} %  {run:5} of {len(seen):5} lines  {source}')
        room = '/'.join(parts[:2]) if parts[0] == 'lib' else parts[0]
        for key in (room, 'all'):
            rooms[key][0] += run
            rooms[key][1] += len(seen)
    print()
    for room, (run, total) in sorted(rooms.items()):
        print(f'{100 * run / max(1, total):5.1f} %  {run:5} of {total:5} lines  {room}')
    return 0 if rooms else 1


if __name__ == '__main__':
    sys.exit(main())
