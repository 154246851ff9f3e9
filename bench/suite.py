"""All benches in one run: what is compared takes turns, medians and ratios go to bench/RESULTS.md.

Called by script/bench, which says what the options are. Every figure comes from a program in bench/ that prints it as JSON;
here they are only put in order, compared with their bars, and drawn.
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.join(HERE, '..', 'build', 'release', 'bin')
PLOTS = os.path.join(HERE, 'plots')
PARTS = ('exchange', 'latency', 'fan-out', 'catch-up', 'scale', 'sizes', 'policy')
PEERS = ('nats', 'rabbitmq', 'mosquitto')
TITLES = {'consign': 'Consign', 'nats': 'NATS JetStream', 'rabbitmq': 'RabbitMQ quorum', 'mosquitto': 'Mosquitto QoS 1'}
FLOOR = ('seal', 'unseal', 'curve')
SIZES = (100, 1024, 4096, 16384, 65536, 262144)


def run(*command):
    """The JSON objects that a bench prints, one a line. What it says otherwise is shown when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(command)} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}')
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{')]


def exchange(**options):
    words = [os.path.join(HERE, 'bench-exchange'), '--json']
    for name, value in options.items():
        words += [f'--{name.replace("_", "-")}', str(value)]
    return run(*words)[0]


def peer(name, **options):
    words = [os.path.join(HERE, 'peers', 'run'), name, '--json']
    for option, value in options.items():
        words += [f'--{option}', str(value)]
    return run(*words)[0]


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def spread(rows, key):
    values = sorted(row[key] for row in rows)
    return f'{values[0]:,.0f} to {values[-1]:,.0f}'


# What bench-scale calls its figures, for who reads them.
WORDS = {
    'cpu_us_per_message': 'broker’s cpu of a message',
    'memory_mib': 'broker’s memory, all agents connected, MiB',
    'restart_first_receipt_ms': 'broker’s start to the first receipt, ms',
    'restart_crowd_first_receipt_ms': 'broker’s start to the first receipt, all agents back at once, ms',
}


class Suite:
    def __init__(self, options):
        self.options = options
        self.quick = options.quick
        self.rounds = 1 if options.quick else options.rounds
        self.bars = []   # measure, figure, bar, met
        self.tables = [] # title, lines
        self.machine = ''

    def say(self, text):
        print(f'bench: {text}', file=sys.stderr, flush=True)

    def bar(self, measure, value, bar, at_least, words=None):
        met = value >= bar if at_least else value <= bar
        sign = '≥' if at_least else '≤'
        self.bars.append((measure, words or f'{value:.2f}', f'{sign} {bar:g}' if bar < 1e6 else f'{sign} {bar / 1e6:g} million', 'yes' if met else '**no**'))

    def table(self, title, head, rows, note=''):
        lines = ['| ' + ' | '.join(head) + ' |', '|' + ' --- |' * len(head)]
        lines += ['| ' + ' | '.join(str(cell) for cell in row) + ' |' for row in rows]
        self.tables.append((title, lines, note))

    def exchange(self):
        messages = 20000 if self.quick else 200000
        warm = messages // 5
        rows = {name: [] for name in ('consign', *PEERS)}
        floors = []
        for i in range(self.rounds):
            self.say(f'exchange, round {i + 1} of {self.rounds}')
            rows['consign'].append(exchange(messages=messages, size=1024, warm_up=warm))
            for name in PEERS:
                rows[name].append(peer(name, messages=messages // (1 if name == 'nats' else 2), size=1024))
            floors.append(run(os.path.join(BIN, 'bench-seal'), '--json')[0])
        self.machine = rows['consign'][0]['machine']
        mine = median(rows['consign'], 'msgs_per_s')
        floor = statistics.median(sum(row[f'{step}_us_per_msg'] for step in FLOOR) for row in floors)
        whole = median(floors, 'floor_us_per_msg')
        self.table('One consignor, one consignee, 1 KB, as fast as it goes', ('', 'messages a second', 'rounds', 'cpu µs a message', 'Consign ÷'), [
            (TITLES[name], f'{median(r, "msgs_per_s"):,.0f}', spread(r, 'msgs_per_s'), f'{median(r, "cpu_us_per_msg"):.1f}',
             f'{mine / median(r, "msgs_per_s"):.2f}') for name, r in rows.items()],
            f'The floor, what sealing and unsealing with commitments and two CURVE hops cost by themselves (`bench-seal`): {floor:.1f} µs; with all digests,'
            f' paths and signatures {whole:.1f} µs.')
        self.bar('1 KB, messages a second ÷ NATS JetStream', mine / median(rows['nats'], 'msgs_per_s'), 2.0, True)
        self.bar('÷ RabbitMQ quorum', mine / median(rows['rabbitmq'], 'msgs_per_s'), 4.5, True)
        self.bar('cpu a message ÷ cryptographic floor', median(rows['consign'], 'cpu_us_per_msg') / floor, 1.8, False)
        self.single = mine

    def latency(self):
        messages, rate = (1000, 500) if self.quick else (5000, 500)
        rows = {name: [] for name in ('consign', *PEERS)}
        for i in range(self.rounds):
            self.say(f'latency, round {i + 1} of {self.rounds}')
            rows['consign'].append(exchange(messages=messages, size=1024, rate=rate, warm_up=messages // 2))
            for name in PEERS:
                rows[name].append(peer(name, messages=messages, size=1024, rate=rate))
        keys = ('p50_us', 'p99_us', 'p999_us')
        lines = [(TITLES[name], *(f'{median(r, ("told_" if name == "consign" else "") + key):,.0f}' for key in keys)) for name, r in rows.items()]
        lines.insert(1, (TITLES['consign'] + ', until the acknowledgement is durable, too', *(f'{median(rows["consign"], key):,.0f}' for key in keys)))
        self.table('Hand-in to acknowledged at 500 a second, 1 KB', ('', 'p50 µs', 'p99 µs', 'p99.9 µs'), lines,
            'Each from when a message was due until the tool that got it has handed its acknowledgement to the library: three commits at Consign.'
            ' Its library also says when the acknowledgement is durable, one commit later.')
        for key, bar in (('p50_us', 0.8), ('p99_us', 1.0)):
            self.bar(f'{key[:3]} at 500 a second ÷ RabbitMQ quorum', median(rows['consign'], f'told_{key}') / median(rows['rabbitmq'], key), bar, False)

    def fan_out(self):
        messages = 4000 if self.quick else 40000
        single, many = [], []
        for i in range(self.rounds):
            self.say(f'fan-out, round {i + 1} of {self.rounds}')
            single.append(exchange(messages=messages, size=1024, warm_up=messages // 4))
            many.append(exchange(messages=messages // 4, size=1024, consignees=8, warm_up=messages // 16))
        self.table('Fan-out, 1 KB', ('', 'deliveries a second', 'cpu µs a delivery'), [
            (what, f'{median(r, "msgs_per_s"):,.0f}', f'{median(r, "cpu_us_per_msg"):.1f}')
            for what, r in (('to one', single), ('to eight', many))])
        self.bar('fan-out to 8: deliveries a second ÷ single', median(many, 'msgs_per_s') / median(single, 'msgs_per_s'), 1.5, True)

    def catch_up(self):
        self.say('catching up')
        options = ('--backlog', '40000', '--rounds', '1', '--seconds', '4') if self.quick else ()
        r = run(os.path.join(HERE, 'bench-catchup'), '--json', *options)[0]
        self.table('Others while one company catches up', ('waiting for it', 'p99 of others, quiet', 'p99 of others, meanwhile', 'caught up with'), [
            (f'{r["backlog"]:,} of {r["size"]:,} B', f'{r["quiet_p99_us"]:,} µs', f'{r["busy_p99_us"]:,} µs', f'{r["caught_up_per_s"]:,} a second')])
        self.bar('while one consignee catches up, others’ p99', r['p99_ratio'], 2, False, f'{r["p99_ratio"]:.2f} ×')

    def scale(self):
        self.say('scale')
        options = ('--quick',) if self.quick else ('--rounds', str(min(self.rounds, 3)), '--seconds', '4')
        rows = run(os.path.join(HERE, 'bench-scale'), '--json', *options)
        self.table('What the broker costs as things grow', ('', 'small', 'large', 'ratio', 'bar'), [
            (f'{r["measure"]}: {r["figure"]}, {r["small_n"]:,} to {r["large_n"]:,}', f'{r["small"]:,.4g}', f'{r["large"]:,.4g}',
             f'{r["ratio"]:.2f}', r['bar'] if r['bar'] is not None else '') for r in rows])
        self.scale_bars(rows)
        self.plot_scale(rows)

    def scale_bars(self, rows):
        for r in rows:
            if r['bar'] is None or r['met'] is None:
                continue
            is_ratio = r['bar'] < 10
            value = r['ratio'] if is_ratio else r['large']
            if is_ratio:
                name = f'{WORDS[r["figure"]]}, {r["measure"]} × {r["large_n"] / r["small_n"]:g}'
            else:
                name = f'{WORDS[r["figure"]]}, {r["large_n"]:,} {r["measure"]}'
            # Each is measured twice: consignments of one message, then of 512. A name stands once, or `merge` takes one for the other.
            name += ', in bundles' if name in (bar[0] for bar in self.bars) else ''
            self.bars.append((name, f'{value:.4g}', f'≤ {r["bar"]:g}', 'yes' if r['met'] else '**no**'))

    def sizes(self):
        rows, slow = [], []
        for size in SIZES:
            self.say(f'size {size}')
            messages = max(400, min(100000, 100_000_000 // size) // (20 if self.quick else 1))
            frame = max(1, min(64, 4_000_000 // size))
            rounds = min(self.rounds, 3)
            rows.append([exchange(messages=messages, size=size, frame=frame, warm_up=max(100, messages // 5)) for _ in range(rounds)])
            slow.append([exchange(messages=300 if self.quick else 1000, size=size, rate=100, warm_up=200) for _ in range(rounds)])
        self.table('By size', ('bytes', 'messages a second', 'MB/s', 'cpu µs a message', 'p50 µs at 100/s', 'p99 µs at 100/s'), [
            (f'{size:,}', f'{median(r, "msgs_per_s"):,.0f}', f'{median(r, "mb_per_s"):.1f}', f'{median(r, "cpu_us_per_msg"):.1f}',
             f'{median(s, "p50_us"):,.0f}', f'{median(s, "p99_us"):,.0f}') for size, r, s in zip(SIZES, rows, slow)],
            'Below 16 KB a message costs its share of a bundle and its own bytes; above, its bytes decide.')
        self.plot('size', 'message size, bytes', [
            ('messages a second', [(size, median(r, 'msgs_per_s')) for size, r in zip(SIZES, rows)]),
            ('p99 at 100/s, µs', [(size, median(s, 'p99_us')) for size, s in zip(SIZES, slow)])])

    def policy(self):
        runs = []
        for i in range(self.rounds):
            self.say(f'policy, round {i + 1} of {self.rounds}')
            runs.append(run(os.path.join(BIN, 'bench-policy'), '--json', '--rounds', '3' if self.quick else '15'))
        self.machine = self.machine or runs[0][0]['machine']
        sizes = [list(rows) for rows in zip(*runs)]
        self.table('Decisions of the access policy, 1,000 organisations, 200 studies, one core', (
            'rules', 'decisions a second', 'rounds', '× of 10,000 rules', 'parse ms', 'compile ms', 'compiled MB', 'left over B'), [
            (f'{r[0]["rules"]:,}', f'{median(r, "decisions_per_s"):,.0f}', spread(r, 'decisions_per_s'), f'{median(r, "flat_ratio"):.2f}',
             f'{median(r, "parse_ms"):,.1f}', f'{median(r, "compile_ms"):,.1f}', f'{median(r, "compiled_bytes") / 1e6:.1f}', max(x['left_over_bytes'] for x in r))
            for r in sizes], 'A decision has the time of a few look-ups, so what neighbours on the host do to the caches shows: docs/decisions/0013.')
        few, usual, many = sizes
        rate = median(usual, 'decisions_per_s')
        self.bar('policy: decisions a second, 10,000 rules, one core', rate, 5e6, True, f'{rate / 1e6:.2f} million')
        self.bar('policy: a decision with 100 rules ÷ 10,000', median(few, 'flat_ratio'), 1.1, False)
        self.bar('policy: a decision with 100,000 rules ÷ 10,000', median(many, 'flat_ratio'), 1.1, False)
        self.bar('policy: 10,000 rules compiled, ms', median(usual, 'compile_ms'), 1000, False, f'{median(usual, "compile_ms"):.1f}')

    def plot_scale(self, rows):
        for measure in dict.fromkeys(r['measure'] for r in rows):
            lines = [(r['figure'], [(r['small_n'], r['small']), (r['large_n'], r['large'])]) for r in rows
                     if r['measure'] == measure and r['small'] and r['large']]
            if lines:
                self.plot(f'scale-{measure}', measure, lines)

    def plot(self, name, x_label, lines):
        """Both axes by powers of ten; a line a figure."""
        os.makedirs(PLOTS, exist_ok=True)
        script = ["set terminal svg size 720,420 font 'sans,12' background 'white'", f"set output '{os.path.join(PLOTS, name)}.svg'",
                  'set logscale xy', f"set xlabel '{x_label}'", 'set key outside bottom center horizontal', 'set grid', "set format x '%.0s%c'",
                  "set format y '%.0s%c'"]
        data = [f'$line{i} << END\n' + '\n'.join(f'{x} {y}' for x, y in points) + '\nEND' for i, (_, points) in enumerate(lines)]
        script += data + ['plot ' + ', '.join(f"$line{i} with linespoints lw 2 title '{title}'" for i, (title, _) in enumerate(lines))]
        subprocess.run(['gnuplot'], input='\n'.join(script), text=True, check=True)

    def merge(self, path):
        """What was not measured now stays as it was printed then."""
        with open(path, encoding='utf-8') as f:
            head, *sections = f.read().split('\n## ')
        now = {row[0]: row for row in self.bars}
        then = [tuple(cell.strip() for cell in line.strip('|').split('|')) for line in head.splitlines() if line.startswith('| ')][2:]
        self.bars = [now.pop(row[0], row) for row in then] + list(now.values())
        titles = {table[0] for table in self.tables}
        for section in sections:
            title, _, rest = section.partition('\n')
            lines = [line for line in rest.splitlines() if line and not line.startswith('![')]
            if title not in titles:
                self.tables.append((title, [line for line in lines if line.startswith('|')], '\n'.join(line for line in lines if not line.startswith('|'))))
        self.machine = self.machine or head.partition(': ')[2].partition('.\n')[0]

    def summary(self):
        lines = ['| measure | figure | bar | met |', '| --- | --- | --- | --- |']
        return lines + ['| ' + ' | '.join(row) + ' |' for row in self.bars]

    def write(self, commit):
        out = ['# What it costs', '', f'Written by `script/bench` on {datetime.date.today()} at commit {commit}: {self.machine}.',
               f'Medians of {self.rounds} rounds; what is compared took turns, TLS or CURVE and acknowledgements on. JetStream and Mosquitto acknowledge',
               'before fsync; Consign syncs three times before it says `delivered`, RabbitMQ once (bench/peers/README.md).', '', *self.summary(), '']
        for title, lines, note in self.tables:
            out += [f'## {title}', '', *lines, '']
            if note:
                out += [note, '']
        for name in sorted(os.listdir(PLOTS)) if os.path.isdir(PLOTS) else []:
            out += [f'![{name[:-4]}](plots/{name})', '']
        with open(os.path.join(HERE, 'RESULTS.md'), 'w', encoding='utf-8') as f:
            f.write('\n'.join(out))
        readme = os.path.join(HERE, '..', 'README.md')
        with open(readme, encoding='utf-8') as f:
            before, rest = f.read().split('<!-- bench:begin -->')
        with open(readme, 'w', encoding='utf-8') as f:
            f.write('\n'.join([before + '<!-- bench:begin -->', *self.summary(), '<!-- bench:end -->' + rest.split('<!-- bench:end -->')[1]]))


def main():
    parser = argparse.ArgumentParser(prog='script/bench')
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--only', action='append', choices=PARTS)
    options = parser.parse_args()
    suite = Suite(options)
    commit = subprocess.run(['git', '-C', HERE, 'describe', '--always', '--dirty'], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    failed = []
    for part in PARTS:
        if options.only and part not in options.only:
            continue
        try:
            getattr(suite, part.replace('-', '_'))()
        except RuntimeError as why:  # the others are worth having
            print(f'bench: error: {part}: {why}', file=sys.stderr, flush=True)
            failed.append(part)
    results = os.path.join(HERE, 'RESULTS.md')
    if options.only and os.path.exists(results) and not options.quick:
        suite.merge(results)
        commit += f' ({", ".join(options.only)}; the rest before)'
    if not options.quick:
        suite.write(commit)
    print('\n'.join(suite.summary()))
    for title, lines, note in suite.tables:
        print('\n' + title + '\n\n' + '\n'.join(lines) + ('\n\n' + note if note else ''))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
