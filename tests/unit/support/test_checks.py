#!/usr/bin/env python3
"""The checks of script/ find what they are there to find: each case breaks one thing in a small tree."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]

DOCS = {
    'docs/ARCHITECTURE.md': '| I want to change… | open | its test |\n| --- | --- | --- |\n| x | `lib/core/a.c` | `tests/e2e/01-*` |\n',
    'docs/THREATS.md': '| Threat | Control | Test |\n| --- | --- | --- |\n| t | `a|b` | `tests/unit/core/test_a.c::test_a_works` |\n\n'
                       '| test without a threat | why |\n| --- | --- |\n| `tests/e2e/01-x-y` `tests/unit/wire/test_b.c` | x |\n',
    'docs/REQUIREMENTS.md': '| row | asked by | test |\n| --- | --- | --- |\n| R1 | x | `tests/unit/core/test_a.c::R1_is_kept` |\n',
    'docs/PROTOCOL.md': 'p\n<!-- wire-doc:begin -->\nrule 1\nrule 2\n<!-- wire-doc:end -->\nq\n'
                        '| what | limit | name |\n| --- | --- | --- |\n| x; y | 2 KiB; 30 days | `X_MAX`, `Y_US` |\n',
    'lib/core/limits.h': '#ifndef H\n#define H\n#define X_BASE 1024u\n#define X_MAX (X_BASE * 2u)\n#define Y_US (30ull * 24 * 3600 * 1000000)\n#endif\n',
    'README.md': '| Command | does |\n| --- | --- |\n| `consign hub init --name NAME` | x |\n| `ack ID…` | y |\n\n'
                 '<!-- bench:begin -->\n| measure | figure |\n| --- | --- |\n| speed | 0.56 |\n<!-- bench:end -->\n',
    'bench/RESULTS.md': '# Costs\n\n| measure | figure |\n| --- | --- |\n| speed | 0.56 |\n\n## More\n\n| other | table |\n| --- | --- |\n',
    'wire-doc': '#!/bin/sh\nprintf "rule 1\\nrule 2\\n"\n',
    'consign': '#!/bin/sh\ncase "$*" in "help hub init"|"help ack") exit 0;; esac\nexit 2\n',
}
GOOD = {
    'lib/core/a.c': '#include "core/a.h"\n#include <sodium.h>\n#include <string.h>\n',
    'lib/core/a.h': '#include "consign/error.h"\n',
    'lib/wire/b.c': '#include "core/a.h"\n#include "consign/v1/x.pb-c.h"\n',
    'include/consign/error.h': '#include <stdint.h>\n#include "consign/types.h"\n',
    'broker/main.c': '#include "session.h"\n#include "store/store.h"\n#include "wire/b.h"\n',
    'broker/session.h': '',
    'broker/store/store.h': '',
    'agents/main.c': '#include "seal/s.h"\n#include "client/c.h"\n',
    'agents/uplink.h': '',
    'tests/unit/core/test_a.c': 'test_a_works\nR1_is_kept(void **state)\n',
    'tests/unit/wire/test_b.c': '',
    'tests/unit/core/tests.cmake': 'unit(core a consign_core)\n',
    'tests/unit/wire/tests.cmake': 'unit(wire b consign_wire)\n',
    'tests/e2e/01-x-y': '',
    **DOCS,
}


class Checks(unittest.TestCase):
    def run_check(self, command, changes):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**GOOD, **changes}.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if text is not None:
                    path.write_text(text, encoding='utf-8')
                    os.chmod(path, 0o755)
            words = [word.replace('ROOT', folder) for word in command]
            words[0] = str(ROOT / 'script' / words[0])
            done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
        return done.returncode, [line for line in done.stdout.splitlines() if line.startswith('error: ')], done.stdout + done.stderr

    def finds(self, command, changes, *wanted):
        status, errors, said = self.run_check(command, changes)
        self.assertEqual(len(errors), len(wanted), said)
        self.assertEqual(status, 1 if wanted else 0, said)
        for line, part in zip(errors, wanted):
            self.assertIn(part, line)

    def rooms(self, changes, *wanted):
        self.finds(['check_rooms.py', 'ROOT'], changes, *wanted)

    def docs(self, changes, *wanted):
        self.finds(['check_docs.py', '--root', 'ROOT', '--wire-doc', 'ROOT/wire-doc', '--consign', 'ROOT/consign'], changes, *wanted)

    def test_check_rooms_passes_a_good_tree(self):
        self.rooms({})

    def test_check_rooms_finds_every_broken_wall(self):
        for path, line, part in (
            ('lib/core/a.c', '#include "wire/b.h"', 'core may not include wire/b.h'),
            ('lib/wire/b.c', '  #  include "net/n.h"', 'wire may not include net/n.h'),
            ('lib/core/a.h', '#include "session.h"', 'is a header of broker'),
            ('broker/main.c', '#include "seal/s.h"', 'broker may not include seal/s.h'),
            ('broker/main.c', '#include <catalogue/p.h>', 'broker may not include catalogue/p.h'),
            ('broker/main.c', '#include "agents/uplink.h"', 'never include one another'),
            ('broker/main.c', '#include "../agents/uplink.h"', 'leaves its folder'),
            ('broker/main.c', '#include "uplink.h"', 'is a header of agents'),
            ('agents/main.c', '#include "broker/session.h"', 'never include one another'),
            ('broker/main.c', '#include <zmq.h>', 'only in lib/net/'),
            ('broker/main.c', '#include <czmq.h>', 'only in lib/net/'),
            ('broker/main.c', '#include <zframe.h>', 'only in lib/net/'),
            ('broker/main.c', '#include <sodium/utils.h>', 'only in lib/core/'),
            ('broker/store/store.h', '#include <sqlite3.h>', 'only in lib/core/db.c'),
            ('lib/core/a.c', '#include <sqlite3.h>', 'only in lib/core/db.c'),
            ('lib/core/a.c', '#include <yaml.h>', 'only in lib/policy/'),
            ('agents/main.c', '#include <microhttpd.h>', 'only in broker/'),
            ('agents/main.c', '#include "consign/v1/x.pb-c.h"', 'only in lib/wire/, lib/catalogue/'),
            ('agents/main.c', '#include <protobuf-c/protobuf-c.h>', 'only in lib/wire/, lib/catalogue/'),
            ('include/consign/error.h', '#include "core/a.h"', 'nothing of the house'),
            ('examples/e.c', '#include "core/a.h"', 'examples may not include core/a.h'),
            ('lib/core/a.c', '/* TODO */', 'unfinished'),
        ):
            with self.subTest(path=path, line=line):
                self.rooms({path: GOOD.get(path, '') + line + '\n'}, part)

    def test_check_rooms_finds_missing_and_forgotten_tests(self):
        self.rooms({'tests/unit/wire/test_b.c': None}, 'has no tests/unit/wire/test_b.c')
        self.rooms({'tests/unit/wire/tests.cmake': '\n'}, 'it never runs')

    def test_check_rooms_counts_lines_at_n_and_n_plus_1(self):
        def function(lines):
            return 'int\nf(void)\n{\n' + '\tx();\n' * lines + '}\n'
        self.rooms({'broker/main.c': function(100)})
        self.rooms({'broker/main.c': function(101)}, 'f has 101 lines')
        self.rooms({'broker/main.c': '\n' * 700})
        self.rooms({'broker/main.c': '\n' * 701}, '701 lines')

    def test_check_docs_passes_a_good_tree(self):
        self.docs({})

    def test_check_docs_finds_every_false_claim(self):
        for path, old, new, part in (
            ('docs/ARCHITECTURE.md', 'a.c', 'z.c', 'lib/core/z.c does not exist'),
            ('docs/ARCHITECTURE.md', '01-*', '02-*', '02-* does not exist'),
            ('docs/ARCHITECTURE.md', '`', '', 'names no path'),
            ('docs/ARCHITECTURE.md', 'I want to change…', 'thing', 'has no table'),
            ('docs/THREATS.md', 'test_a_works', 'test_b_works', 'no such function'),
            ('docs/THREATS.md', 'test_a.c', 'test_c.c', 'no such test'),
            ('docs/THREATS.md', '`tests/unit/core/test_a.c::test_a_works`', 'later', 'a threat without a test'),
            ('docs/THREATS.md', 'tests/unit/core/test_a.c::test_a_works', 'lib/core/a.c', 'no such test'),
            ('docs/THREATS.md', '`tests/e2e/01-x-y` ', '', '01-x-y stands in no row'),
            ('docs/THREATS.md', '`tests/unit/core/test_a.c::test_a_works`', '`tests/e2e/01-x-y`', 'stands in a row of threats, too'),
            ('docs/REQUIREMENTS.md', '`tests/unit/core/test_a.c::R1_is_kept`', '`tests/unit/core/test_a.c`', 'R1_is_kept does not stand in row R1'),
            ('docs/REQUIREMENTS.md', '| R1 |', '| 1 |', 'not a number of its own'),
            ('docs/REQUIREMENTS.md', '`', '', 'without a test'),
            ('docs/REQUIREMENTS.md', '| row |', '| line |', 'has no table'),
            ('docs/PROTOCOL.md', 'rule 2', 'rule 3', 'differs from what the code says'),
            ('docs/PROTOCOL.md', 'rule 2\n', '', 'differs from what the code says'),
            ('docs/PROTOCOL.md', ':end', ':fin', 'needs one'),
            ('docs/PROTOCOL.md', '2 KiB', '3 KiB', 'X_MAX is 2048, not 3 KiB'),
            ('docs/PROTOCOL.md', '30 days', '2592001 s', 'Y_US is 2592000000000, not 2592001 s'),
            ('docs/PROTOCOL.md', '2 KiB', '2 yards', 'is no number with a unit'),
            ('docs/PROTOCOL.md', '2 KiB; ', '', '1 limits and 2 names'),
            ('docs/PROTOCOL.md', 'X_MAX', 'Z_MAX', 'Z_MAX is no limit'),
            ('docs/PROTOCOL.md', '| limit |', '| most |', 'has no table with the columns limit and name'),
            ('README.md', 'hub init', 'hub create', 'does not know'),
            ('README.md', 'Command', 'Thing', 'has no table'),
            ('README.md', '0.56', '2.00', 'the table of bars is not the one'),
            ('README.md', 'bench:begin', 'begin', 'the table of bars is not the one'),
            ('bench/RESULTS.md', '0.56', '0.57', 'the table of bars is not the one'),
        ):
            with self.subTest(path=path, new=new):
                self.docs({path: DOCS[path].replace(old, new)}, part)

    def test_check_docs_finds_a_missing_page(self):
        self.docs({'docs/THREATS.md': None}, 'does not exist')

    def blind(self, source):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(['cc', '-x', 'c', '-o', folder + '/consign-broker', '-'], input=source, text=True, check=True)
            return subprocess.run([str(ROOT / 'script' / 'check_broker_blind.sh'), folder], capture_output=True, text=True, check=False)

    def test_check_broker_blind_names_what_it_finds(self):
        self.assertEqual(self.blind('int card_seal_key_find(void){return 0;} int main(void){return 0;}').returncode, 0)
        for name in ('item_unseal', 'seal_key_seal', 'payload_decode', 'consign__v1__payload__unpack', 'Catalogue'):
            done = self.blind(f'int {name}(void){{return 0;}} int main(void){{return 0;}}')
            self.assertEqual(done.returncode, 1, name)
            self.assertIn(name, done.stderr)
        done = self.blind('static int unseal; int main(void){return unseal;}')
        self.assertEqual(done.returncode, 1)


if __name__ == '__main__':
    unittest.main()
