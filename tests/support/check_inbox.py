#!/usr/bin/env python3
"""What load.py reported against what arrived: every id exactly once at each consignee, in order, and nothing else.

  check_inbox.py REPORT ORG=LINES...

  REPORT     of load.py
  ORG=LINES  what `consign watch --content` printed at ORG, oldest first

In order means: per consignor, study and consignee, a message whose id was reported before another's sending began comes
before that other. Prints one line of figures, and the first few of each kind of what is wrong. Exit 1 when there is any.
"""
import base64
import collections
import json
import sys

SHOWN = 5


class Wrong:
    def __init__(self):
        self.kinds = collections.defaultdict(list)

    def add(self, kind, text):
        self.kinds[kind].append(text)

    def count(self, kind):
        return len(self.kinds[kind])


def read_report(path):
    """{id: (stream, number, consignor, study, consignees, begin, end)}"""
    sent = {}
    with open(path, encoding='ascii') as lines:
        for line in lines:
            stream, number, message, consignor, study, consignees, begin, end, _ = line.rstrip('\n').split('\t')
            if message in sent:
                raise SystemExit(f'check_inbox: two messages were given the id {message}')
            sent[message] = (stream, number, consignor, study, consignees.split(','), int(begin), int(end))
    return sent


def check_org(org, path, sent, wrong):
    seen = collections.Counter()
    newest = {}  # (consignor, study): the latest begin so far, and whose
    arrived = 0
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            message = json.loads(line)
            arrived += 1
            key = message['id']
            seen[key] += 1
            if seen[key] > 1:
                wrong.add('twice', f'{key} at {org}, {seen[key]} times')
                continue
            if key not in sent or org not in sent[key][4]:
                wrong.add('unknown', f'{key} at {org}: no send reported it')
                continue
            stream, number, consignor, study, _, begin, end = sent[key]
            content = base64.b64decode(message['payload']['content']).split()
            if content[:2] != [stream.encode(), number.encode()] or message['consignor'] != consignor or message['study'] != study:
                wrong.add('other', f'{key} at {org} is not message {number} of stream {stream}')
            lane = (consignor, study)
            if lane in newest and end < newest[lane][0]:
                wrong.add('order', f'{key} (message {number} of stream {stream}) at {org} comes after {newest[lane][1]}, '
                                   f'whose sending began {newest[lane][0] - end} us after this was reported')
            if lane not in newest or begin > newest[lane][0]:
                newest[lane] = (begin, key)
    for key, (stream, number, consignor, _, consignees, _, _) in sent.items():
        if org in consignees and key not in seen:
            wrong.add('lost', f'{key} (message {number} of stream {stream}, from {consignor}) is not at {org}')
    return arrived


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    sent, wrong = read_report(sys.argv[1]), Wrong()
    arrived = {}
    for word in sys.argv[2:]:
        org, path = word.split('=', 1)
        arrived[org] = check_org(org, path, sent, wrong)
    print(f'reported {len(sent)}; arrived ' + ', '.join(f'{count} at {org}' for org, count in arrived.items())
          + ''.join(f'; {kind} {wrong.count(kind)}' for kind in ('lost', 'twice', 'order', 'unknown', 'other')))
    for kind, texts in wrong.kinds.items():
        for text in texts[:SHOWN]:
            print(f'  {kind}: {text}')
    if not sent:
        print('  nothing was sent')
    return 1 if any(wrong.kinds.values()) or not sent else 0


if __name__ == '__main__':
    sys.exit(main())
