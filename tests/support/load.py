#!/usr/bin/env python3
"""Continuous load for crash tests: streams of numbered messages, each sent again until an id is reported.

  load.py CONSIGN WORK REPORT STOP FIRST STREAM...

  STREAM     CONSIGNOR:STUDY:CONSIGNEE[,CONSIGNEE...]; each is a thread that sends one message after the other
  FIRST      number of each stream's first message, so that a later load of the same streams does not repeat earlier ones
  REPORT     a line a message: stream number, message number, id, consignor, study, consignees, begin and end of sending
             (microseconds, CLOCK_MONOTONIC), tries; written when the id is reported, whole lines only
  STOP       a file: when it exists, every stream finishes the message it is at, and the program ends

The content of a message is "STREAM NUMBER" and some bytes, so that a receiver knows which it is. The idempotency key is
the same for every try of one message. Prints how many messages and tries it took. Exit 1 when a message was refused.
"""
import os
import select
import subprocess
import sys
import threading
import time

TRY_AGAIN_S = 0.02
CONTENT_BYTES = 40
LARGE_EVERY, LARGE_BYTES = 5, 20000  # what lies beside the stores' rows


def now_us():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


class Load:
    def __init__(self, consign, work, report, stop):
        self.consign, self.work, self.stop = consign, work, stop
        self.report = open(report, 'a', encoding='ascii')
        self.lock = threading.Lock()
        self.messages = self.tries = 0
        self.problems = []

    def write(self, *fields):
        with self.lock:
            self.report.write('\t'.join(map(str, fields)) + '\n')
            self.report.flush()
            self.messages += 1
            self.tries += fields[-1]

    def send(self, number, first, stream):
        consignor, study, consignees = stream.split(':')
        at = first
        while not os.path.exists(self.stop) and not self.problems:
            size = (LARGE_BYTES if at % LARGE_EVERY == 0 else CONTENT_BYTES) + at * 7 % 400
            content = f'{number} {at} '.ljust(size, '.')
            command = [self.consign, '--home', f'{self.work}/{consignor}', 'send', '--to', consignees, '--study', study,
                       '--type', f'x.load.s{number}', '--idempotency-key', f'{number}-{at}', '--file', '-']
            begin, tries = now_us(), 0
            while True:
                tries += 1
                done = subprocess.run(command, input=content.encode(), capture_output=True, check=False)
                ids = done.stdout.decode().split()
                if len(ids) == 1:
                    break
                if b'refused: ' in done.stderr and b'TRY_LATER' not in done.stderr and b'SHUTTING_DOWN' not in done.stderr:
                    self.problems.append(f'stream {number}, message {at}: {done.stderr.decode().strip()}')
                    return
                select.select([], [], [], TRY_AGAIN_S)
            self.write(number, at, ids[0], consignor, study, consignees, begin, now_us(), tries)
            at += 1


def main():
    if len(sys.argv) < 7:
        print(__doc__, file=sys.stderr)
        return 2
    consign, work, report, stop, first = sys.argv[1:6]
    load = Load(consign, work, report, stop)
    threads = [threading.Thread(target=load.send, args=(number, int(first), stream)) for number, stream in enumerate(sys.argv[6:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f'load: {load.messages} messages in {load.tries} tries')
    for problem in load.problems:
        print(f'load: {problem}')
    return 1 if load.problems else 0


if __name__ == '__main__':
    sys.exit(main())
