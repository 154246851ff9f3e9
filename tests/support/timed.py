#!/usr/bin/env python3
"""When a command gave its answer, on the clock of shim_fsync_order.c's log: CLOCK_MONOTONIC, in microseconds.

  timed.py SECONDS TEXT COMMAND...     repeats COMMAND until its output contains TEXT (an empty TEXT: any success)

Prints two lines: "BEGIN END" (before the first try; after the answer that contained TEXT), and that output. Exit 1 when
SECONDS passed first.
"""
import select
import subprocess
import sys
import time


def now_us():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def main():
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    limit_us, text, command = int(sys.argv[1]) * 1000000, sys.argv[2], sys.argv[3:]
    begin = now_us()
    while now_us() - begin < limit_us:
        done = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
        end = now_us()
        if done.returncode == 0 and text.encode() in done.stdout:
            print(begin, end)
            print(done.stdout.decode().strip())
            return 0
        select.select([], [], [], 0.005)
    print(f'timed.py: {text!r} did not appear: {command}', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
