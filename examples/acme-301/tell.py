"""Tells the play: as a story for people, or as lines of JSON for programs."""
import datetime
import json
import os
import sys
import textwrap
import time

WIDTH = 130
INDENT = '   '
# Of one line of the timeline: date, way, what, state, rule.
COLUMNS = (6, 26, 59, 9, 19)
HEADINGS = ('date', 'from → to', 'what', 'state', 'under rule')
# In the place of a rule, where it was none that refused.
INSTEAD = {'CLEARANCE': '(clearance)', 'TYPE_INVALID': '(check of the type)', 'POLICY_NO_RULE': '(there is none)'}
TEXT_AT = len(INDENT) + COLUMNS[0] + 2


def day_of(story, date):
    """The first day of the play is day 1."""
    return (datetime.date.fromisoformat(date) - datetime.date.fromisoformat(story['day_one'])).days + 1


def short_date(date):
    day = datetime.date.fromisoformat(date)
    return f'{day.day:2} {day.strftime("%b")}'


def joined(names):
    return names[0] if len(names) == 1 else ', '.join(names[:-1]) + ' and ' + names[-1]


def times_of(track):
    return {'created_at': track['created_at'], 'accepted_at': track['accepted_at'],
            'delivered_at': {c['org']: c['at'] for c in track['consignees'] if c['state'] == 'delivered'}}


def by_problem(problems):
    """Problems that differ in their place only, together: (paths, rule, found, expected)."""
    groups = {}
    for p in problems:
        groups.setdefault((p['rule'], p['expected']), []).append(p)
    return [(', '.join(p['path'] for p in group), rule, group[0]['found'], expected) for (rule, expected), group in groups.items()]


class JsonTeller:
    def __init__(self):
        self.story = None

    def begin(self, story, _port, _fingerprints):
        self.story = story

    def chapter(self, number, _chapter):
        pass

    def broker_killed(self):
        pass

    def queued(self, one):
        pass

    def broker_back(self, waiting, seconds):
        pass

    def print(self, value):
        print(json.dumps(value, ensure_ascii=False), flush=True)

    def message(self, one):
        step, refusal = one['step'], one['refusal']
        self.print({'id': one['id'], 'name': step['id'], 'from': step['from'], 'to': step['to'], 'type': step['type'], 'label': one['label'],
                    'date': step['date'], 'day': day_of(self.story, step['date']), 'headline': one['headline'], 'state': one['state'],
                    'rule': refusal['rule'] or None if refusal else ', '.join(sorted(set(one['rules'].values()))),
                    'refusal': dict(refusal, why=one['why']) if refusal else None, 'attached': [os.path.basename(a) for a in step.get('attach', [])],
                    'broker_down': one['broker_down'], **times_of(one['track'])})

    def end(self, summary, seconds):
        self.print({'summary': dict(summary, seconds=round(seconds, 1))})

    def keep(self, hub, ids):
        """Standard output is for messages and their summary."""
        print(f'demo: it is still running in {hub.folder}; pids holds its processes', file=sys.stderr)


class StoryTeller:
    def __init__(self, waits):
        is_terminal = sys.stdout.isatty()
        has_colours = is_terminal and not os.environ.get('NO_COLOR')
        self.bold, self.dim, self.red, self.green, self.plain = (
            ('\033[1m', '\033[2m', '\033[31m', '\033[32m', '\033[0m') if has_colours else ('',) * 5)
        self.waits = waits and is_terminal
        self.story = None
        self.refused = []
        sys.stdout.reconfigure(encoding='utf-8')

    # ── words ──

    def say(self, text='', colour='', at=len(INDENT)):
        """A paragraph."""
        for line in textwrap.wrap(text, WIDTH - at, break_on_hyphens=False) or ['']:
            print(f'{" " * at}{colour}{line}{self.plain if colour else ""}'.rstrip(), flush=True)

    def title(self, text, right=''):
        self.pause(1.5)
        dates = f'{self.dim}{right.rjust(WIDTH - len(text))}{self.plain}' if right else ''
        print(f'\n\n{self.bold}{text}{self.plain}{dates}\n', flush=True)

    def pause(self, seconds):
        if self.waits:
            time.sleep(seconds)

    def row(self, cells, colours, columns=COLUMNS):
        """One line of the timeline; what does not fit goes on below, in its column."""
        wrapped = [textwrap.wrap(cell, width, break_on_hyphens=False) or [''] for cell, width in zip(cells, columns)]
        for i in range(max(len(lines) for lines in wrapped)):
            parts = []
            for lines, width, colour in zip(wrapped, columns, colours):
                text = (lines[i] if i < len(lines) else '').ljust(width)
                parts.append(f'{colour}{text}{self.plain}' if colour and text.strip() else text)
            print((INDENT + '  '.join(parts)).rstrip(), flush=True)

    def table(self, headings, rows):
        widths = [max(len(str(row[i])) for row in [headings, *rows]) for i in range(len(headings))]

        def line(cells, colour=''):
            text = '  '.join(str(c).ljust(w) if i == 0 or not str(c)[:1].isdigit() and c not in headings[1:] else str(c).rjust(w)
                             for i, (c, w) in enumerate(zip(cells, widths)))
            print(f'{INDENT}{colour}{text.rstrip()}{self.plain if colour else ""}', flush=True)

        line(headings, self.bold)
        for row in rows:
            line(row)

    # ── the play ──

    def begin(self, story, port, fingerprints):
        self.story = story
        print(f'{self.bold}{story["title"]}{self.plain}\n')
        self.say('A trial, played by four companies with five real processes on this machine. Each company runs an agent of its own; a broker '
                 f'on 127.0.0.1:{port} relays between them and has no key to any message. Names, dates and numbers are invented.')
        print()
        for company in story['companies']:
            self.row_of_company(company, fingerprints[company['org']])
        print()
        self.say('The six words are the fingerprint of a company\'s key, read out on the telephone when it joined. A policy, signed by the '
                 'administrator, says who may send what to whom; whatever no rule permits is refused. A message is labelled open, restricted '
                 '(could help to unblind) or unblinded (shows who gets what), and reaches only those who are cleared for its label.')

    def row_of_company(self, company, fingerprint):
        print(f'{INDENT}{company["org"]:9}  {company["is"]:66}{self.dim}{fingerprint}{self.plain}'.rstrip(), flush=True)

    def chapter(self, number, chapter):
        first, last = chapter['steps'][0]['date'], chapter['steps'][-1]['date']
        days = f'{short_date(first).strip()} to {short_date(last).strip()} {last[:4]}, days {day_of(self.story, first)} to {day_of(self.story, last)}'
        self.title(f'{number}  {chapter["title"]}', days)
        self.say(chapter['says'])
        print()
        self.row(HEADINGS, (self.dim,) * len(HEADINGS))

    def way(self, step):
        return f'{step["from"]} → {", ".join(step["to"])}'

    def told(self, one):
        """Below the line: the sentence of the story, the type, and what is attached."""
        step = one['step']
        attached = ''.join(f' + {os.path.basename(path)}' for path in step.get('attach', []))
        self.say(f'{step["says"]} ({step["type"]}{attached})', self.dim, TEXT_AT)

    def message(self, one):
        if one['broker_down']:
            return # told when it was handed in
        step = one['step']
        what = one['headline'] + ('' if one['label'] in (None, '-', 'open') else f' [{one["label"]}]')
        if one['state'] == 'refused':
            self.row((short_date(step['date']), self.way(step), what, 'REFUSED', self.refuser(one['refusal'])), ('', '', '', self.red, self.red))
            self.told(one)
            self.tell_refusal(one)
            self.refused.append(one)
        else:
            self.row((short_date(step['date']), self.way(step), what, one['state'], ', '.join(sorted(set(one['rules'].values())))),
                     ('', '', '', self.green, self.dim))
            self.told(one)
        self.pause(0.4)

    def tell_refusal(self, one):
        refusal = one['refusal']
        self.say(f'{refusal["code"]}: {one["why"]}', self.red, TEXT_AT)
        for paths, rule, found, expected in by_problem(refusal.get('problems', [])):
            self.say(f'{paths}: found {found}, expected: {expected} ({rule})', self.red, TEXT_AT + 2)

    def reason(self, one):
        """Why it was refused, in few words."""
        problems = one['refusal'].get('problems', [])
        return f'{len(problems)} problems, at {joined([p["path"] for p in problems])}' if problems else one['why']

    @staticmethod
    def refuser(refusal):
        return refusal['rule'] or INSTEAD.get(refusal['code'], '-')

    def broker_killed(self):
        print()
        self.say('The broker is killed (kill -9). The agents keep what is handed to them, and go on:', self.bold)
        print()

    def queued(self, one):
        step = one['step']
        self.row((short_date(step['date']), self.way(step), one['headline'], 'queued', '(no broker)'), ('', '', '', self.bold, self.dim))
        self.told(one)
        self.pause(0.4)

    def broker_back(self, waiting, seconds):
        print()
        rules = joined([rule for one in waiting for rule in sorted(set(one['rules'].values()))])
        self.say(f'The broker is started again. {seconds:.1f} s later all {len(waiting)} are delivered, under {rules}.', self.bold)
        print()

    # ── the end ──

    def end(self, summary, seconds):
        self.title('What was refused, and why')
        for one in self.refused:
            step = one['step']
            self.row((short_date(step['date']), self.way(step), one['refusal']['code'], f'{one["headline"]}: {self.reason(one)}'),
                     ('', '', self.red, ''), (COLUMNS[0], COLUMNS[1], 16, WIDTH - TEXT_AT - COLUMNS[1] - 20))
        print()
        self.say('Each was refused by the sender\'s own agent: nothing of it left the company.')
        self.title('What each company has sent and seen')
        self.table(('company', 'sent', 'refused', 'received', 'bytes', 'subjects', 'kits', 'true lots', 'treatments', 'highest label', 'cleared for'),
                   [(c['name'], c['sent'], c['refused'], c['received'], f'{c["bytes"]:,}', c['subjects'], c['kits'], c['true_lots'], c['treatments'],
                     c['highest_label'], c['clearance']) for c in summary['companies'].values()])
        print()
        self.say('From "subjects" on: how many different ones are named in what it received. The blind companies have seen no true lot, and nobody '
                 'a treatment.')
        self.title('Nothing lost, nothing changed, nothing read')
        self.say(f'{summary["delivered"]} messages delivered, {summary["queued_without_broker"]} of them handed in while there was no broker; '
                 f'{summary["refused"]} refused; {summary["lost"]} lost. At each company the messages of each sender lie in the order in which they were sent.')
        self.say(f'{summary["deliveries_compared"]} deliveries were fetched from their receivers and are equal to what was sent, field by field. Files, '
                 'byte for byte, by SHA-256:')
        print()
        for file in summary['files']:
            print(f'{INDENT}  {file["name"]:26} {file["bytes"]:>7,} bytes  {file["sha256"][:32]}…  at {joined(file["at"])}')
        print()
        broker = summary['broker']
        self.say(f'The broker\'s {broker["files"]} files ({broker["bytes"]:,} bytes) were searched for {len(broker["words"])} words of those messages, such as '
                 f'{joined(broker["words"][:4])}: none is there.')
        print()
        self.say(f'It took {seconds:.0f} seconds.')

    def keep(self, hub, ids):
        self.title('It is still running. Five commands to try')
        home = hub.folder
        for line in (f'export PATH={hub.programs}:$PATH',
                     f'consign --home {home}/acme show {ids["2001-lab-corrected"]}',
                     f'consign --home {home}/sitecare track {ids["excursion-site-decides"]}',
                     f'consign --home {home}/biomake policy explain --from biomake --to globalcro --study {self.story["study"]} --type x.packaging.kit_list',
                     'consign catalogue show material.temperature_excursion',
                     f'consign --home {home}/acme inbox --type "safety.*"',
                     '',
                     f'To stop it:   kill $(cat {home}/pids); rm -r {home}'):
            print(f'{INDENT}{line}'.rstrip())
