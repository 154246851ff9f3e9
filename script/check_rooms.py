#!/usr/bin/env python3
"""The walls of the house (docs/ARCHITECTURE.md 2), the size of its files and functions, and that every file has its test.

  script/check_rooms.py [ROOT]     prints `note: …` and `error: …` lines; exit 1 when there is an error

CMake holds the same walls by include paths; this check also finds what a relative path would slip past them, and says
which wall it was.
"""
import pathlib
import re
import sys

# Which rooms of lib/ a place may include. Itself always; include/consign (consign/*.h) too.
ROOMS = {
    'core': set(),
    'wire': {'core'},
    'net': {'core'},
    'policy': {'core', 'wire'},
    'ledger': {'core', 'wire'},
    'seal': {'core', 'wire'},
    'catalogue': {'core', 'wire'},
    'client': {'core', 'wire'},
    'trust': {'core', 'wire', 'ledger', 'policy'},
}
PROGRAMS = {
    'broker': {'core', 'wire', 'net', 'trust', 'policy', 'ledger'},  # blind: never seal, never catalogue
    'agents': set(ROOMS),
    'cli': set(ROOMS),
}

# Where a foreign header may be included: folders end in '/'. Each dependency can so be replaced by editing one room.
HEADERS = [
    (r'(zmq|zmq_utils|czmq|czmq_library|z[a-z]+)\.h', ['lib/net/'], {'zlib.h', 'zconf.h'}),
    (r'sqlite3(ext)?\.h', ['lib/core/db.c', 'lib/core/wal_writes.c'], set()),
    (r'(.*/)?[a-z_0-9]+\.pb-c\.h', ['lib/wire/', 'lib/catalogue/'], set()),
    (r'(google/)?protobuf-c(/.*)?(\.h)?', ['lib/wire/', 'lib/catalogue/'], set()),
    (r'sodium(/.*)?\.h', ['lib/core/', 'lib/seal/', 'lib/ledger/'], set()),
    (r'nettle/.*\.h', ['lib/core/', 'lib/seal/'], set()),
    (r'yaml\.h', ['lib/policy/', 'lib/core/config.c'], set()),
    (r'microhttpd\.h', ['broker/'], set()),
]

# Files of lib/ without a tests/unit/<room>/test_<file>.c of their own, each with the reason.
NO_TEST_OF_THEIR_OWN = {
    'lib/core/start.c': 'the start of both daemons is shown, with what stops it, in tests/e2e/08-restart-drains-and-goes-on',
    'lib/net/link.c': 'both ends of a connection are shown together in tests/unit/net/test_listener.c',
    'lib/net/transport.c': 'frames are shown on their way through both ends in tests/unit/net/test_listener.c',
    'lib/client/call.c': 'the calls are shown through a whole agent in tests/unit/client/test_client.c',
    'lib/core/keyfile_text.c': 'the text form is shown through whole files in tests/unit/core/test_keyfile.c',
    'lib/policy/yaml_write.c': 'what it writes is read again in tests/unit/policy/test_yaml_edit.c, test_policy_edit.c and test_policy_edit_random.c',
    'lib/policy/yaml_words.c': 'its words are shown in tests/unit/policy/test_policy_file.c and test_profile.c',
    'lib/catalogue/codes.c': 'tables; what uses them, and that they agree, is in tests/unit/catalogue/test_describe.c',
    'lib/catalogue/parts.c': 'tables; what uses them, and that they agree, is in tests/unit/catalogue/test_describe.c',
    'lib/catalogue/render_part.c': 'parts are shown within messages in tests/unit/catalogue/test_render.c',
    'lib/catalogue/render_words.c': 'words are shown within messages and types in tests/unit/catalogue/test_render.c',
    'lib/policy/yaml_tree.c': 'every refusal of the reader is shown, with line and column, in tests/unit/policy/test_policy_file.c',
}

# The list above speaks of this tree, not of one that a test made up.
HERE = pathlib.Path(__file__).resolve().parent.parent

FILE_FAILS, FILE_NOTES = 700, 500
FUNCTION_FAILS, FUNCTION_NOTES = 100, 60

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]')

errors = []
notes = []


def error(where, what):
    errors.append(f'error: {where}: {what}')


def note(where, what):
    notes.append(f'note: {where}: {what}')


def sources(root, *places):
    for place in places:
        yield from sorted(p for p in (root / place).rglob('*') if p.suffix in ('.c', '.h'))


def may_include(path):
    """(own room or program, rooms it may include), or None for a place without a row."""
    parts = path.parts
    if parts[0] == 'lib' and len(parts) > 2:
        return parts[1], ROOMS.get(parts[1])
    if parts[0] in PROGRAMS:
        return parts[0], PROGRAMS[parts[0]]
    if parts[0] == 'examples':
        return 'examples', set()
    return None, None


def check_include(path, line, is_quoted, header):
    where = f'{path}:{line}'
    if header.startswith('/') or '..' in header.split('/'):
        error(where, f'{header}: an include leaves its folder; name it from its room')
        return
    for pattern, allowed, excepted in HEADERS:
        name = header.split('/')[-1]
        if re.fullmatch(pattern, header) and name not in excepted:
            if not any(str(path) == a or (a.endswith('/') and str(path).startswith(a)) for a in allowed):
                error(where, f'<{header}> only in {", ".join(allowed)}')
            return
    own, rooms = may_include(path)
    first = header.split('/')[0]
    if own == 'consign' or path.parts[0] == 'include':
        if first != 'consign' and is_quoted:
            error(where, f'{header}: a public header includes nothing of the house')
        return
    if rooms is None:
        error(where, f'{own}: a room without a row in the table of script/check_rooms.py')
    elif '/' in header and first in ROOMS and first != own and first not in rooms:
        error(where, f'{own} may not include {header}: only {", ".join(sorted(rooms)) or "nothing"}')
    elif '/' in header and first in set(PROGRAMS) | {'lib', 'tests'} and first != own:
        error(where, f'{own} may not include {header}: programs never include one another, nor tests')
    elif own == 'examples' and is_quoted and '/' in header and first != 'consign':
        error(where, f'{header}: examples include consign/*.h only')


def check_includes(root):
    for path in sources(root, 'include', 'lib', *PROGRAMS, 'examples'):
        short = path.relative_to(root)
        for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
            found = INCLUDE.match(line)
            if found:
                check_include(short, number, found.group(1) == '"', found.group(2))


def check_programs_apart(root):
    """A plain "file.h" must be found in the includer's own program, never in another's folder."""
    owners = {}
    for path in sources(root, *PROGRAMS):
        if path.suffix == '.h':
            short = path.relative_to(root)
            owners.setdefault(str(pathlib.Path(*short.parts[1:])), set()).add(short.parts[0])
    for path in sources(root, 'lib', *PROGRAMS):
        short = path.relative_to(root)
        for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
            found = INCLUDE.match(line)
            if not found or found.group(1) != '"' or found.group(2) not in owners:
                continue
            if short.parts[0] not in owners[found.group(2)] and not (path.parent / found.group(2)).exists():
                error(f'{short}:{number}', f'{found.group(2)} is a header of {", ".join(sorted(owners[found.group(2)]))}')


def functions(lines):
    """(name, first line, lines of the body) of each function: its braces stand alone in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == '{':
            start = number
        elif line.startswith('}') and start is not None:
            head = ''.join(lines[max(0, start - 6):start - 1])
            names = re.findall(r'([A-Za-z_][A-Za-z0-9_]*)\(', head[head.rfind('}') + 1:])
            yield (names[0] if names else '?'), start, number - start - 1
            start = None


def check_sizes(root):
    for path in sources(root, 'lib', *PROGRAMS, 'examples', 'tests'):
        short = path.relative_to(root)
        lines = path.read_text(encoding='utf-8').splitlines()
        # a table of cases is as long as it is; so tests only get notes
        fail = note if short.parts[0] == 'tests' else error
        if path.suffix == '.c' and len(lines) > FILE_FAILS:
            fail(short, f'{len(lines)} lines; split it by idea (at most {FILE_FAILS})')
        elif path.suffix == '.c' and len(lines) > FILE_NOTES:
            note(short, f'{len(lines)} lines; {FILE_NOTES} is the aim')
        for name, first, length in functions(lines):
            if length > FUNCTION_FAILS:
                fail(f'{short}:{first}', f'{name} has {length} lines; at most {FUNCTION_FAILS}')
            elif length > FUNCTION_NOTES:
                note(f'{short}:{first}', f'{name} has {length} lines; {FUNCTION_NOTES} is the aim')


def check_tests(root):
    for path in sorted((root / 'lib').glob('*/*.c')):
        room, name = path.parent.name, path.stem
        short = str(path.relative_to(root))
        test = root / 'tests' / 'unit' / room / f'test_{name}.c'
        if test.exists() and short in NO_TEST_OF_THEIR_OWN:
            error(short, 'has a test now: take it off the list in script/check_rooms.py')
        elif test.exists():
            listed = (test.parent / 'tests.cmake')
            if not listed.exists() or not re.search(rf'\b{name}\b', listed.read_text(encoding='utf-8')):
                error(test.relative_to(root), 'is not registered in tests.cmake: it never runs')
        elif short not in NO_TEST_OF_THEIR_OWN:
            error(short, f'has no tests/unit/{room}/test_{name}.c')
    for short in NO_TEST_OF_THEIR_OWN if root == HERE else ():
        if not (root / short).exists():
            error(short, 'is on the list in script/check_rooms.py, and does not exist')


def check_words(root):
    """What a finished line does not say."""
    for path in sources(root, 'include', 'lib', *PROGRAMS, 'examples', 'tests'):
        for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
            if re.search(r'\b(TODO|FIXME|XXX)\b', line):
                error(f'{path.relative_to(root)}:{number}', 'a mark of unfinished work')


def main():
    if len(sys.argv) > 2:
        print('usage: script/check_rooms.py [ROOT]', file=sys.stderr)
        return 2
    root = pathlib.Path(sys.argv[1] if len(sys.argv) == 2 else pathlib.Path(__file__).resolve().parent.parent)
    for check in (check_includes, check_programs_apart, check_sizes, check_tests, check_words):
        check(root)
    for line in notes + errors:
        print(line)
    print(f'check_rooms: {len(errors)} errors, {len(notes)} notes')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
