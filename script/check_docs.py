#!/usr/bin/env python3
"""What the pages claim is so: paths exist, tests exist, the wire's tables are those of the code, commands are known.

  script/check_docs.py [--root ROOT] [--wire-doc PROGRAM] [--consign PROGRAM]

  docs/ARCHITECTURE.md   every path in the "where is …?" table exists (globs must match something; <x> is any name)
  docs/THREATS.md        every row of the table names a test, and every test named exists: a path, or path::test_function; every
                         end-to-end test, fuzz target and unit test of the rooms that face others stands in a row, or in the
                         table of tests without a threat
  docs/REQUIREMENTS.md   every row names tests that exist; every test function named R<number>_… stands in the row of its number
  docs/PROTOCOL.md       what stands between <!-- wire-doc:begin --> and <!-- wire-doc:end --> is what wire-doc prints; the numbers
                         of the table with the columns limit and name are those of lib/core/limits.h
  README.md              the command words of the command table are accepted by `consign help`; the table between
                         <!-- bench:begin --> and <!-- bench:end --> is the first one of bench/RESULTS.md

A check whose program is not given is skipped, aloud. Exit 1 when something is not so.
"""
import argparse
import pathlib
import re
import subprocess
import sys

BEGIN, END = '<!-- wire-doc:begin -->', '<!-- wire-doc:end -->'

errors = []


def error(where, what):
    errors.append(f'error: {where}: {what}')


def read(root, name):
    path = root / name
    if not path.exists():
        error(name, 'does not exist')
        return None
    return path.read_text(encoding='utf-8')


def tables(text):
    """Each table as (first line number, header cells, [(line number, cells)]); cells are split at bars outside of `code`."""
    found = []
    table = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith('|'):
            table = None
            continue
        bars = re.sub(r'`[^`]*`', lambda m: m.group(0).replace('|', '\0'), line.strip().strip('|').replace('\\|', '\0'))
        cells = [cell.strip().replace('\0', '|') for cell in bars.split('|')]
        if table is None:
            table = (number, cells, [])
            found.append(table)
        elif not all(re.fullmatch(r':?-+:?', cell) for cell in cells):
            table[2].append((number, cells))
    return found


def code_words(cell):
    return re.findall(r'`([^`]+)`', cell)


def expand(pattern):
    """a/{b,c}/d as [a/b/d, a/c/d]; <name> as *."""
    pattern = re.sub(r'<[^>]*>', '*', pattern)
    braces = re.search(r'\{([^{}]*)\}', pattern)
    if not braces:
        return [pattern]
    alternatives = braces.group(1).split(',')
    return [e for a in alternatives for e in expand(pattern[:braces.start()] + a.strip() + pattern[braces.end():])]


def path_exists(root, pattern):
    if '..' in pattern.split('/') or pattern.startswith('/'):
        return False
    pattern = pattern.rstrip('/')
    if '*' in pattern:
        return any(True for _ in root.glob(pattern))
    return (root / pattern).exists()


def looks_like_a_path(word):
    return ' ' not in word and '(' not in word and ('/' in word or re.search(r'\.(c|h|md|proto|py|sh|txt|yaml|cmake)$', word))


def check_architecture(root):
    name = 'docs/ARCHITECTURE.md'
    text = read(root, name)
    if text is None:
        return
    wanted = [t for t in tables(text) if re.search(r'where is|i want to change', t[1][0], re.I)]
    if not wanted:
        error(name, 'has no table whose first heading is "Where is …?" or "I want to change…"')
    for _, _, rows in wanted:
        for line, cells in rows:
            paths = [w for cell in cells[1:] for w in code_words(cell) if looks_like_a_path(w)]
            if not paths:
                error(f'{name}:{line}', 'names no path')
            for word in paths:
                for path in expand(word.split('::')[0]):
                    if not path_exists(root, path):
                        error(f'{name}:{line}', f'{word} does not exist')


# Tests that must stand in a table of docs/THREATS.md: those of the whole, and of what meets other people's bytes, keys or rules.
FACING = ['tests/e2e/[0-9][0-9]-*', 'tests/fuzz/fuzz_*.c'] + [
    f'tests/unit/{room}/test_*.c' for room in ('agents', 'broker', 'ledger', 'net', 'seal', 'support', 'trust', 'wire')]


def check_test(root, where, test):
    path, _, function = test.partition('::')
    files = [f for p in expand(path) for f in (root.glob(p) if '*' in p else [root / p])]
    files = [f for f in files if f.is_file()]
    if not path.startswith(('tests/', 'script/')) or not files:
        error(where, f'{test}: no such test')
    elif function and not any(re.search(rf'\b{re.escape(function)}\b', f.read_text(encoding='utf-8')) for f in files):
        error(where, f'{test}: no such function in that file')
    return files


def check_requirements(root):
    name = 'docs/REQUIREMENTS.md'
    text = read(root, name)
    if text is None:
        return
    shown, before = {}, len(errors)
    for _, header, rows in tables(text):
        if header[0].lower() != 'row' or header[-1].lower() != 'test':
            continue
        for line, cells in rows:
            where = f'{name}:{line}'
            named = code_words(cells[-1])
            if not re.fullmatch(r'R[0-9]+', cells[0]) or cells[0] in shown:
                error(where, f'{cells[0]}: not a number of its own')
            if not named:
                error(where, 'a requirement without a test')
            for test in named:
                check_test(root, where, test)
            shown[cells[0]] = set(named)
    if not shown:
        error(name, 'has no table with the columns row and test')
    if len(errors) > before:
        return  # what no row names is only known once the rows are right
    for file in sorted(root.glob('tests/unit/*/test_*.c')):
        for function, number in re.findall(r'^((R[0-9]+)_\w+)\(', file.read_text(encoding='utf-8'), re.M):
            if f'{file.relative_to(root)}::{function}' not in shown.get(number, ()):
                error(name, f'{file.relative_to(root)}::{function} does not stand in row {number}')


def check_threats(root):
    name = 'docs/THREATS.md'
    text = read(root, name)
    if text is None:
        return
    wanted = [t for t in tables(text) if any(h.lower() in ('threat', 'threats') for h in t[1])
              and any(h.lower() in ('test', 'tests') for h in t[1])]
    if not wanted:
        error(name, 'has no table with the columns Threat and Test')
    seen = set()
    for _, header, rows in wanted:
        column = [h.lower() in ('test', 'tests') for h in header].index(True)
        for line, cells in rows:
            where = f'{name}:{line}'
            named = code_words(cells[column]) if column < len(cells) else []
            if not named:
                error(where, 'a threat without a test')
            for test in named:
                seen.update(check_test(root, where, test))
    for _, header, rows in tables(text):
        if header[0].lower() == 'test without a threat':
            for line, cells in rows:
                for test in code_words(cells[0]):
                    files = check_test(root, f'{name}:{line}', test)
                    for file in files:
                        if file in seen:
                            error(f'{name}:{line}', f'{file.relative_to(root)} stands in a row of threats, too')
                    seen.update(files)
    for pattern in FACING:
        for file in sorted(root.glob(pattern)):
            if file not in seen:
                error(name, f'{file.relative_to(root)} stands in no row')


def check_wire_doc(root, program):
    name = 'docs/PROTOCOL.md'
    text = read(root, name)
    if text is None:
        return
    begins, ends = text.count(BEGIN), text.count(END)
    if begins != 1 or ends != 1 or text.index(BEGIN) > text.index(END):
        error(name, f'needs one {BEGIN} and, after it, one {END}')
        return
    if program is None:
        print('skipped: docs/PROTOCOL.md against wire-doc (no --wire-doc)')
        return
    printed = subprocess.run([program], stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode()
    stands = text[text.index(BEGIN) + len(BEGIN):text.index(END)]
    theirs, ours = stands.strip('\n').splitlines(), printed.strip('\n').splitlines()
    if theirs != ours:
        at = next((i for i, (a, b) in enumerate(zip(theirs, ours)) if a != b), min(len(theirs), len(ours)))
        error(name, f'the wire-doc block differs from what the code says, first at its line {at + 1}: '
                    f'the page has {theirs[at:at + 1]}, wire-doc prints {ours[at:at + 1]}')


def header_limits(text):
    """Each #define of lib/core/limits.h with its value. Expressions have numbers, other limits, + * - and parentheses."""
    values = {}
    for name, expression in re.findall(r'^#define (\w+) (.+)$', text, re.M):
        plain = re.sub(r'\b(0x[0-9a-fA-F]+|[0-9]+)[uUlL]+\b', r'\1', re.sub(r'/\*.*?\*/', '', expression))
        plain = re.sub(r'[A-Z]\w*', lambda m: str(values.get(m.group(0), m.group(0))), plain)
        if re.fullmatch(r'[0-9+*() -]+', plain):
            values[name] = eval(plain)  # only numbers and + * - ( ) are left
    return values


UNITS = {'': 1, 'bytes': 1, 'KiB': 1024, 'MiB': 1024 ** 2, 'GiB': 1024 ** 3, 'ms': 1000, 's': 10 ** 6, 'minutes': 60 * 10 ** 6,
         'hours': 3600 * 10 ** 6, 'days': 86400 * 10 ** 6}


def check_limits(root):
    name = 'docs/PROTOCOL.md'
    page, header = read(root, name), read(root, 'lib/core/limits.h')
    if page is None or header is None:
        return
    limits = header_limits(header)
    wanted = [t for t in tables(page) if [cell.lower() for cell in t[1]][1:] == ['limit', 'name']]
    if not wanted:
        error(name, 'has no table with the columns limit and name')
    for _, _, rows in wanted:
        for line, cells in rows:
            where, texts, names = f'{name}:{line}', cells[1].split('; '), code_words(cells[2])
            if len(texts) != len(names):
                error(where, f'{len(texts)} limits and {len(names)} names')
                continue
            for text, limit in zip(texts, names):
                said = re.fullmatch(r'([0-9,]+) ?([A-Za-z]*)', text)
                if limit not in limits:
                    error(where, f'{limit} is no limit of lib/core/limits.h')
                elif said is None or said.group(2) not in UNITS:
                    error(where, f'{text} is no number with a unit')
                elif int(said.group(1).replace(',', '')) * UNITS[said.group(2)] != limits[limit]:
                    error(where, f'{limit} is {limits[limit]}, not {text}')


def check_commands(root, program):
    name = 'README.md'
    text = read(root, name)
    if text is None:
        return
    wanted = [t for t in tables(text) if re.fullmatch(r'commands?', t[1][0], re.I)]
    if not wanted:
        error(name, 'has no table whose first heading is "Command"')
        return
    if program is None:
        print('skipped: README.md against consign help (no --consign)')
        return
    for _, _, rows in wanted:
        for line, cells in rows:
            named = code_words(cells[0])
            if not named:
                error(f'{name}:{line}', 'names no command')
            for command in named:
                words = command.split()
                if words[0] in ('consign-broker', 'consign-agent'):
                    continue
                words = words[1:] if words[0] == 'consign' else words
                # a command is its leading plain words; then come options and ARGUMENTS
                plain = []
                for word in words:
                    if not re.fullmatch(r'[a-z][a-z-]*', word):
                        break
                    plain.append(word)
                done = subprocess.run([program, 'help', *plain], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, timeout=60, check=False)
                if not plain or done.returncode != 0:
                    error(f'{name}:{line}', f'`consign help {" ".join(plain)}` does not know `{command}`')


def check_results(root):
    """What the README says of speed is what script/bench printed."""
    readme, results = read(root, 'README.md'), read(root, 'bench/RESULTS.md')
    if readme is None or results is None:
        return
    shown = readme.partition('<!-- bench:begin -->')[2].partition('<!-- bench:end -->')[0].strip().splitlines()
    printed = [line for line in results.partition('\n## ')[0].splitlines() if line.startswith('|')]
    if not shown or shown != printed:
        error('README.md', 'the table of bars is not the one of bench/RESULTS.md; script/bench writes both')


def main():
    parser = argparse.ArgumentParser(description='Checks what the pages claim.')
    parser.add_argument('--root', default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument('--wire-doc')
    parser.add_argument('--consign')
    args = parser.parse_args()
    root = pathlib.Path(args.root)
    check_architecture(root)
    check_threats(root)
    check_requirements(root)
    check_wire_doc(root, args.wire_doc)
    check_limits(root)
    check_commands(root, args.consign)
    check_results(root)
    for line in errors:
        print(line)
    print(f'check_docs: {len(errors)} errors')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
