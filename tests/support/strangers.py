#!/usr/bin/env python3
"""
Strangers on the broker's port, without any key. Each way prints one line when it is over; --hold keeps the connections until standard input ends.

  strangers.py HOST PORT garbage N       N connections that send 1 MiB of random bytes each
  strangers.py HOST PORT greeting N      N connections that greet as ZMTP 3.1 with mechanism NULL, and go on
  strangers.py HOST PORT plain N         the same with PLAIN
  strangers.py HOST PORT drip N          N connections that send a byte of a greeting each 100 ms, until cut off or 15 s are over
  strangers.py HOST PORT crowd N         N connections that say nothing, all held open until standard input ends
"""
import os
import select
import socket
import sys
import time

SIGNATURE = b'\xff' + bytes(8) + b'\x7f'


def greeting(mechanism):
    return SIGNATURE + b'\x03\x01' + mechanism.ljust(20, b'\0') + b'\0' + bytes(31)


def connect(address):
    try:
        return socket.create_connection(address, timeout=5)
    except OSError:
        return None


def send_all(one, data):
    """How much was taken before the end."""
    sent = 0
    try:
        while sent < len(data):
            sent += one.send(data[sent:sent + 65536])
    except OSError:
        pass
    return sent


def is_over(one):
    """Whether the broker has ended it, reading what it said before."""
    try:
        one.setblocking(False)
        while True:
            if not one.recv(65536):
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def heard(ones, seconds):
    """Returns when the broker has said something to one of them or ended it, or that time has gone by."""
    poll = select.poll()
    for one in ones:
        poll.register(one, select.POLLIN)
    poll.poll(max(0, seconds) * 1000)


def until_over(ones, seconds):
    end = time.monotonic() + seconds
    while ones and time.monotonic() < end:
        heard(ones, end - time.monotonic())
        ones = [one for one in ones if not is_over(one)]
    return len(ones)


def talk(address, count, data):
    ones = [one for one in (connect(address) for _ in range(count)) if one]
    for one in ones:
        send_all(one, data)
    left = until_over(ones, 15)
    print(f'{len(ones)} connected, {left} still open')


def drip(address, count):
    ones = [one for one in (connect(address) for _ in range(count)) if one]
    text = greeting(b'CURVE')
    end = time.monotonic() + 15
    at = 0
    living = ones
    while living and time.monotonic() < end:
        for one in living:
            send_all(one, text[at % len(text):at % len(text) + 1])
        living = [one for one in living if not is_over(one)]
        at += 1
        select.poll().poll(100)  # the pace of the drip
    print(f'{len(ones)} connected, {len(living)} still open')


def crowd(address, count):
    held = []
    failed = 0
    for _ in range(count):
        one = connect(address)
        if one is None:
            failed += 1
        else:
            held.append(one)
    print(f'{len(held)} connected, {failed} could not', flush=True)
    sys.stdin.read()


def main():
    host, port, way, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    address = (host, port)
    if way == 'garbage':
        talk(address, count, os.urandom(1 << 20))
    elif way == 'greeting':
        talk(address, count, greeting(b'NULL') + b'\x04\x26\x05READY' + bytes(64) + os.urandom(1 << 20))
    elif way == 'plain':
        talk(address, count, greeting(b'PLAIN') + b'\x04\x10\x05HELLO\x04user\x04pass' + os.urandom(1 << 20))
    elif way == 'drip':
        drip(address, count)
    elif way == 'crowd':
        crowd(address, count)
    else:
        sys.exit(__doc__)


main()
