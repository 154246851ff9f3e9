#!/usr/bin/env python3
"""The demo's timeline: each message with what became of it at each consignee, from `consign track` at its consignor.

  timeline.py CONSIGN DIR [BOLD DIM RED GREEN PLAIN]

DIR holds the homes and messages.tsv: id, consignor, consignees, type, label, file. The last words are terminal codes.
"""
import json
import subprocess
import sys

HEADINGS = ('sent', 'from', 'to', 'what', 'accepted', 'delivered', 'under rule')


def ask(consign, directory, org, *words):
    """The answer in JSON; `policy explain` of what is refused ends with 1 and still answers."""
    done = subprocess.run([consign, '--home', f'{directory}/{org}', *words, '--json'], stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)


def clock(time):
    """2025-04-01T16:20:00.123456Z as 16:20:00.123"""
    return time.split('T')[1].rstrip('Z')[:12] if time else '-'


def rows_of(consign, directory, line):
    message, consignor, consignees, kind, label, file = line.rstrip('\n').split('\t')
    track = ask(consign, directory, consignor, 'track', message)
    states = {one['org']: one for one in track['consignees']}
    for number, org in enumerate(consignees.split(',')):
        verdict = ask(consign, directory, consignor, 'policy', 'explain', '--from', consignor, '--to', org, '--study', 'ACME-301',
                      '--type', kind, '--label', label)
        if track['state'] == 'refused':
            accepted, delivered = 'refused', track['refusal']['code']
            rule = track['refusal']['rule']
        else:
            accepted = clock(track.get('accepted_at'))
            delivered = clock(states[org]['at']) if states[org]['state'] == 'delivered' else states[org]['state']
            rule = verdict['rule'] or '-'
        first = number == 0
        what = file + ('' if label == 'open' else f' ({label})')
        yield (track['created_at'], (clock(track['created_at']) if first else '', consignor if first else '', org, what if first else '',
                                     accepted if first else '', delivered, rule))


def main():
    consign, directory = sys.argv[1:3]
    bold, dim, red, green, plain = (sys.argv[3:8] + [''] * 5)[:5]
    rows = []
    with open(f'{directory}/messages.tsv', encoding='utf-8') as lines:
        for line in lines:
            rows.extend(rows_of(consign, directory, line))
    rows.sort(key=lambda row: row[0])  # stable: the consignees of a message stay together
    table = [row for _, row in rows]
    widths = [max(len(row[i]) for row in [HEADINGS, *table]) for i in range(len(HEADINGS))]

    def show(cells, colours):
        text = '  '.join(f'{colour}{cell.ljust(width)}{plain if colour else ""}' for cell, width, colour in zip(cells, widths, colours))
        print('   ' + text.rstrip())

    show(HEADINGS, [bold] * len(HEADINGS))
    show(['─' * width for width in widths], [dim] * len(HEADINGS))
    refused = False
    for cells in table:
        if cells[0]:
            refused = cells[4] == 'refused'
        colour = red if refused else green
        show(cells, ['', '', '', '', red if refused else '', colour, dim])


if __name__ == '__main__':
    main()
