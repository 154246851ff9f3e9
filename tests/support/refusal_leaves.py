#!/usr/bin/env python3
"""The refusals of what ORG sent in a broker's ledger: refusal_leaves.py BROKER.DB ORG.

A line for each code: its number, how many leaves, and the sizes that their records have. Each verdict names a consignee, so
sizes are alike when those have names of one length. Source: proto/consign/v1/ledger.proto
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
            # what goes on to a consignee: its name counts
            verdict = fields(fields(refused)[6])
            size = len(record) - len(verdict.get(2, b''))
            kinds[verdict[3]][size] += 1
    for code, sizes in sorted(kinds.items()):
        print(code, sum(sizes.values()), *sorted(sizes))


main()
