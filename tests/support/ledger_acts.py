#!/usr/bin/env python3
"""What stands in a broker's ledger: ledger_acts.py BROKER.DB WHAT ORG, prints a number, or lines.

  refused   records of refusals of what ORG sent
  counted   what the acts `refusals` about ORG add up to
  acts      acts whose name begins with ORG, a line each: what, of what, by whom and why

The store may be in use. Source: proto/consign/v1/ledger.proto
"""

import sqlite3
import sys


def fields(message):
    """The fields of an encoded message: number and value; only numbers and bytes occur (PROTOCOL.md 2)."""
    at = 0

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

    found = {}
    while at < len(message):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            value, at = message[at : at + value], at + value
        found.setdefault(tag >> 3, value)
    return found


def main():
    path, what, org = sys.argv[1:]
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    number = 0
    for (record,) in store.execute("SELECT record FROM leaf"):
        record = fields(record)
        if what == "refused" and 4 in record:
            number += fields(record[4])[1] == org.encode()
        if what == "counted" and 8 in record:
            act = fields(record[8])
            number += act[3] if act[1] == b"refusals" and act.get(2) == org.encode() else 0
        if what == "acts" and 8 in record:
            act = fields(record[8])
            if act[1].startswith(org.encode()):
                print(*(act.get(i, b"").decode() for i in (1, 2, 4)), sep="\t")
    if what != "acts":
        print(number)


if __name__ == "__main__":
    main()
