#!/usr/bin/env python3
"""Holds what became of messages against the policy that was in force at each one's leaf, by reading and counting alone.

  check_versions.py BROKER.DB VERSIONS TRAFFIC ORG=IDS...

  BROKER.DB  the broker's store, which may be in use: the records of its ledger say which root came into force where
  VERSIONS   a line a policy: root, policy, does x.flip pass (0 or 1), the consignees' clearance
  TRAFFIC    what tests/support/traffic printed
  ORG=IDS    a consignee, and a file with the ids in its inbox, a line each

x.steady always passes; x.flip when the policy says so; the label restricted when the clearance is restricted too. In force at a
leaf is what the last root names whose own leaf is before it. A message that arrived must have passed there. One that the broker
refused must not, for the reason given. One that its own agent refused must have been forbidden by some version of the second
before. One that a consignee rejected must have passed at its leaf, be restricted, and have met a lower clearance since. Each
arrived once where it arrived, nowhere else, and nothing is missing. Prints what it counted; exit 1 when something is not so.

Source: proto/consign/v1/ledger.proto
"""
import bisect
import collections
import sqlite3
import sys

ROOT = 1  # enum sign_kind
AGENT_KNOWS_US = 2_000_000  # so late at most an agent has a new version, on a busy machine


def fields(message):
    at, found = 0, {}

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            value, at = message[at:at + value], at + value
        found.setdefault(tag >> 3, value)
    return found


class Records:
    def __init__(self, path, versions):
        self.leaves, self.roots, self.times = [], [], []
        self.policy = {}
        self.named = {}  # leaf of an acceptance or a refusal: the root that its record names
        for line in open(versions, encoding='ascii'):
            root, _, flip, clearance = line.split()
            self.policy[int(root)] = (flip == '1', clearance)
        store = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
        for leaf, record in store.execute('SELECT id, record FROM leaf ORDER BY id'):
            record = fields(record)
            for judged in (record.get(3), record.get(4)):
                if judged:
                    self.named[leaf] = fields(fields(judged)[5])[1]
            if 6 in record and fields(record[6])[1] == ROOT:
                self.leaves.append(leaf)
                self.roots.append(fields(fields(record[6])[3])[1])
                self.times.append(record[2])

    def at(self, leaf):
        """The root in force at a leaf."""
        return self.roots[bisect.bisect_left(self.leaves, leaf) - 1]

    def passes(self, root, kind, label):
        flip, clearance = self.policy[root]
        return (kind != 'x.flip' or flip) and (label != 'restricted' or clearance == 'restricted')

    def since(self, leaf):
        return [root for root in self.roots[bisect.bisect_left(self.leaves, leaf):] if root in self.policy]

    def known_to_an_agent(self, created_us):
        first = bisect.bisect_right(self.times, created_us - AGENT_KNOWS_US)
        last = bisect.bisect_right(self.times, created_us + AGENT_KNOWS_US)
        return [root for root in self.roots[max(first - 1, 0):last] if root in self.policy]


def main():
    store, versions, traffic = sys.argv[1:4]
    records = Records(store, versions)
    inboxes = {org: collections.Counter(open(ids, encoding='ascii').read().split())
               for org, ids in (word.split('=', 1) for word in sys.argv[4:])}
    wrong, counted = [], collections.Counter()
    expected = {org: set() for org in inboxes}
    judged_under = set()
    for line in open(traffic, encoding='ascii'):
        ident, kind, label, created, state, leaf, code, _, *consignees = line.rstrip('\n').split('\t')
        root = None if leaf == '-' else records.at(int(leaf))

        def complain(what):
            wrong.append(f'{ident} {kind} {label} {state} {code} at leaf {leaf}, root {root}: {what}')
        if root is not None:
            judged_under.add(root)
            if records.named.get(int(leaf)) != root:
                complain(f'its record names root {records.named.get(int(leaf))}')
        if state == 'refused' and root is None:
            counted['refused by the own agent'] += 1
            if all(records.passes(r, kind, label) for r in records.known_to_an_agent(int(created))):
                complain('no version of that time forbids it')
        elif state == 'refused':
            counted['refused by the broker'] += 1
            reason = 'CLEARANCE' if label == 'restricted' and records.policy[root][1] == 'open' else 'POLICY_NO_RULE'
            if records.passes(root, kind, label) or code != reason:
                complain(f'the version in force says {"yes" if records.passes(root, kind, label) else reason}')
        elif root is None:
            complain('has no leaf')
        else:
            if not records.passes(root, kind, label):
                complain('passed, and the version in force forbids it')
            for org, arrived, why in (word.split('=') for word in consignees):
                counted[arrived] += 1
                if arrived == 'delivered':
                    expected[org].add(ident)
                elif arrived != 'rejected':
                    complain(f'is lost on its way to {org}')
                elif why != 'CLEARANCE' or label != 'restricted' or all(
                        records.policy[r][1] == 'restricted' for r in records.since(int(leaf))):
                    complain(f'{org} rejected it: {why}')
    for org, ids in inboxes.items():
        wrong += [f'{org} has {ident} {n} times' for ident, n in ids.items() if n > 1]
        wrong += [f'{org} has {ident}, which did not arrive' for ident in ids.keys() - expected[org]]
        wrong += [f'{org} lacks {ident}' for ident in expected[org] - ids.keys()]
    print(f'{len(judged_under)} versions decided about them: ' + ', '.join(f'{n} {what}' for what, n in sorted(counted.items())))
    for complaint in wrong[:20]:
        print('wrong:', complaint)
    return 1 if wrong else 0


sys.exit(main())
