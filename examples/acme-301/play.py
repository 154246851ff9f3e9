#!/usr/bin/env python3
"""
Plays study ACME-301 with five real processes on this machine: a broker that cannot read, and four companies. script/demo
builds the programs and runs it.

  play.py [--fast] [--json] [--keep]

  --fast   does not wait for a reader
  --json   one line of JSON for each message, then one that sums up; nothing else on standard output
  --keep   leaves it running and says what to try

story.json says what happens, messages/ holds what is sent. A message may stand for another by its name: ${1007-sae} becomes the id
that the message of that step was given. CONSIGN_BIN names the folder of the programs. Everything is made in one new folder
under TMPDIR, which is removed at the end.
"""
import argparse
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True # the folder of the example stays as it is

import proof
from headline import headline
from hub import Failed, Hub
from tell import JsonTeller, StoryTeller

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = ('consign', 'consign-broker', 'consign-agent')


class Play:
    def __init__(self, story, hub, teller):
        self.story, self.hub, self.teller = story, hub, teller
        self.sent = []      # what became of each step, in the order of sending
        self.ids = {}       # message ids by the names of their steps
        self.verdicts = {}  # of the policy, by question
        self.broker_runs = True
        os.mkdir(os.path.join(hub.folder, 'sent'))

    def run(self):
        companies = self.story['companies']
        port, fingerprints = self.hub.make(companies, os.path.join(HERE, 'policy.yaml'), self.story['study'])
        self.teller.begin(self.story, port, fingerprints)
        for number, chapter in enumerate(self.story['chapters'], 1):
            self.teller.chapter(number, chapter)
            for step in chapter['steps']:
                self.play(step)
            self.bring_back_broker()

    def play(self, step):
        if step.get('broker') == 'down':
            if self.broker_runs:
                self.hub.kill('broker')
                self.broker_runs = False
                self.teller.broker_killed()
        else:
            self.bring_back_broker()
        one = self.send(step)
        self.sent.append(one)
        if self.broker_runs:
            self.settle(one)
        else:
            self.teller.queued(one)

    def bring_back_broker(self):
        if self.broker_runs:
            return
        waiting = [one for one in self.sent if one['state'] == 'queued']
        before = time.monotonic()
        self.hub.start('broker')
        self.broker_runs = True
        self.hub.until('what was queued', lambda: all(self.track(one)['state'] == 'delivered' for one in waiting))
        took = time.monotonic() - before
        for one in waiting:
            self.settle(one)
        self.teller.broker_back(waiting, took)

    # ── one message ──

    def write(self, step):
        """The message of a step with the ids of earlier ones in it: its path, and its JSON (None: it is a file)."""
        with open(os.path.join(HERE, step['file']), 'rb') as file:
            content = file.read()
        message = None
        if not step['type'].startswith('x.'):
            text = re.sub(r'\$\{([a-z0-9-]+)\}', lambda name: self.ids[name[1]], content.decode())
            message, content = json.loads(text), text.encode()
        path = os.path.join(self.hub.folder, 'sent', os.path.basename(step['file']))
        with open(path, 'wb') as file:
            file.write(content)
        return path, message

    def send(self, step):
        path, message = self.write(step)
        words = ['--to', ','.join(step['to']), '--study', self.story['study'], '--type', step['type'], '--file', path]
        if message is None:
            words += ['--name', os.path.basename(path).split('-', 1)[1]]
        if 'label' in step:
            words += ['--label', step['label']]
        for file in step.get('attach', []):
            words += ['--attach', os.path.join(HERE, file)]
        if self.broker_runs:
            words += ['--wait', 'delivered']
        answer = self.hub.ask(step['from'], 'send', *words)
        if len(answer) != 1 or not answer[0].get('id'):
            raise Failed(f'{step["file"]} was not taken: {answer}')
        self.ids[step['id']] = answer[0]['id']
        return {'step': step, 'path': path, 'message': message, 'headline': headline(step, message), 'id': answer[0]['id'],
                'state': answer[0]['state'], 'refusal': answer[0].get('refusal'), 'broker_down': not self.broker_runs}

    def track(self, one):
        return self.hub.ask(one['step']['from'], 'track', one['id'])[0]

    def settle(self, one):
        """What the consignor's agent knows of it in the end must be what the story expects."""
        step, track = one['step'], self.track(one)
        one.update(track=track, state=track['state'], label=track['label'])
        if one['state'] == 'refused':
            one['refusal'] = track['refusal']
            one['why'] = self.why(one)
        self.hold_against(step.get('expect'), one)
        one['rules'] = {} if one['state'] == 'refused' else {org: self.ask_policy(one, org)['rule'] for org in step['to']}
        self.teller.message(one)

    def hold_against(self, expected, one):
        found = one['refusal']
        if expected is None:
            as_expected = one['state'] == 'delivered'
        else:
            stated = [(p['path'], p['rule']) for p in found.get('problems', [])] if found else []
            as_expected = (one['state'] == 'refused' and found['code'] == expected['code'] and found['rule'] == expected.get('rule', '')
                           and stated == [(p['path'], p['rule']) for p in expected.get('problems', [])])
        if not as_expected:
            raise Failed(f'{one["step"]["file"]}: expected {expected or "delivered"}, got {one["state"]} {json.dumps(found)}')

    def ask_policy(self, one, org):
        step = one['step']
        question = (step['from'], org, step['type'], one['label'])
        if question not in self.verdicts:
            self.verdicts[question] = self.hub.ask(step['from'], 'policy', 'explain', '--from', step['from'], '--to', org, '--study',
                                                   self.story['study'], '--type', step['type'], '--label', one['label'])[0]
        return self.verdicts[question]

    def why(self, one):
        """In words: the policy's, or those of the check."""
        if one['refusal']['code'] == 'TYPE_INVALID':
            return f'no valid {one["step"]["type"]}: {one["refusal"]["detail"]}'
        for org in one['step']['to']:
            verdict = self.ask_policy(one, org)
            if not verdict['permitted']:
                return verdict['why']
        raise Failed(f'{one["step"]["file"]} was refused, and the policy permits it')


def read_options():
    parser = argparse.ArgumentParser(prog='script/demo', description='Plays study ACME-301: four companies and a broker that cannot read.')
    parser.add_argument('--fast', action='store_true', help='do not wait for a reader')
    parser.add_argument('--json', action='store_true', help='one line of JSON for each message, then one that sums up')
    parser.add_argument('--keep', action='store_true', help='leave it running and say what to try')
    return parser.parse_args()


def find_programs():
    folder = os.path.abspath(os.environ.get('CONSIGN_BIN', os.path.join(HERE, '../../build/release/bin')))
    if not all(os.access(os.path.join(folder, program), os.X_OK) for program in PROGRAMS):
        sys.exit(f'demo: error: there are no programs in {folder}; script/demo builds them')
    return folder


def say_wreck(folder, error):
    print(f'demo: error: {error}\ndemo: it did not come to its end; the logs are in {folder}', file=sys.stderr)
    for name in sorted(os.listdir(folder)):
        if name.endswith('.log'):
            with open(os.path.join(folder, name), encoding='utf-8', errors='replace') as log:
                for line in log.readlines()[-3:]:
                    print(f'  {name}: {line.rstrip()[:300]}', file=sys.stderr)


def end(number, _frame):
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def main():
    options = read_options()
    programs = find_programs()
    began = time.monotonic()
    os.environ.pop('CONSIGN_HOME', None)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with open(os.path.join(HERE, 'story.json'), encoding='utf-8') as file:
        story = json.load(file)
    hub = Hub(programs, tempfile.mkdtemp(prefix='consign-demo.'), detached=options.keep)
    teller = JsonTeller() if options.json else StoryTeller(waits=not options.fast)
    is_kept = False
    try:
        play = Play(story, hub, teller)
        play.run()
        teller.end(proof.prove(story, hub, play.sent, HERE), time.monotonic() - began)
        if options.keep:
            with open(os.path.join(hub.folder, 'pids'), 'w', encoding='utf-8') as file:
                file.writelines(f'{process.pid}\n' for process in hub.processes.values())
            teller.keep(hub, play.ids)
            is_kept = True
    except BrokenPipeError: # nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (Failed, OSError, KeyError, IndexError, ValueError) as error:
        is_kept = True # the logs
        say_wreck(hub.folder, error if isinstance(error, Failed) else repr(error))
        hub.stop_all()
        sys.exit(1)
    finally:
        if not is_kept:
            hub.stop_all()
            shutil.rmtree(hub.folder, ignore_errors=True)


if __name__ == '__main__':
    main()
