#!/usr/bin/env python3
"""The refusals of what ORG sent in a broker's ledger: refusal_leaves.py BROKER.DB ORG.

A line for each code: its number, how many leaves, and the sizes that their records have without the names of study and
consignee, which are the consignor's own words. Source: proto/consign/v1/ledger.proto
"""
import collections
import sqlite3
import sys

from ledger_acts import fields


def main():
    path, org = sys.argv[1:]
    kinds = collections.defaultdict(collections.Counter)
    for (record,) in sqlite3.connect(f'file:{path}?mode=ro', uri=True).execute('SELECT record FROM leaf'):
        refused = fields(record).get(4)
        if refused is not None and fields(refused)[1] == org.encode():
            # Names that the consignor wrote itself do not count: which of its tries gets a leaf of its own is a matter of time.
            refused = fields(refused)
            verdict = fields(refused[6])
            size = len(record) - len(verdict.get(2, b'')) - len(refused.get(7, b'')) - len(refused.get(8, b''))
            kinds[verdict[3]][size] += 1
    for code, sizes in sorted(kinds.items()):
        print(code, sum(sizes.values()), *sorted(sizes))


main()
