#!/usr/bin/env python3
"""Captures what passes over the loopback, as raw bytes, until it is ended by SIGTERM. Needs CAP_NET_RAW.

  capture.py FILE PORT     packets of TCP over IPv4 from or to PORT, payload only, one after the other

Prints "capturing" when it has begun. Exit 77 when it may not.
"""
import signal
import socket
import struct
import sys

ETH_P_ALL = 3


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    port = int(sys.argv[2])
    try:
        s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        s.bind(('lo', 0))
    except OSError as error:
        print(f'capture.py: {error}', file=sys.stderr)
        return 77
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024 * 1024)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print('capturing', flush=True)
    with open(sys.argv[1], 'wb', buffering=0) as out:
        while True:
            packet = s.recv(65535 + 64)
            if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
                continue
            head = (packet[0] & 15) * 4
            source, target = struct.unpack_from('!HH', packet, head)
            if port in (source, target):
                out.write(packet[head + (packet[head + 12] >> 4) * 4:])


if __name__ == '__main__':
    sys.exit(main())
