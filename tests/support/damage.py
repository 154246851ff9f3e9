#!/usr/bin/env python3
"""Damages a store where it is told to, as a bad medium would, under SQLite's feet.

damage.py value FILE QUERY   changes one byte in the middle of the first value that the query gives, in the file itself.
                             Again with the same arguments after that: finds nothing. Prints the byte's place
damage.py byte FILE PLACE    changes the byte at this place, so that twice is as never
damage.py page FILE NUMBER   changes 8 bytes at a place of its own in this page, from 0; prints the first one's place

Only what is in the file is looked at, not the log beside it: end the daemon before, or let it checkpoint.
"""
import random
import sqlite3
import sys

PIECE = 24


def flip(path, place, count=1):
    with open(path, "r+b") as file:
        file.seek(place)
        old = file.read(count)
        file.seek(place)
        file.write(bytes(b ^ 0xFF for b in old))
    print(place)


def find(path, query):
    db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    row = db.execute(query).fetchone()
    if row is None:
        sys.exit(f"nothing is found by: {query}")
    value = bytes(row[0]) if isinstance(row[0], (bytes, memoryview)) else str(row[0]).encode()
    with open(path, "rb") as file:
        content = file.read()
    # A long value lies on several pages: a piece of it that lies on one.
    for start in range(len(value) // 2, max(len(value) - PIECE, len(value) // 2 + 1)):
        piece = value[start : start + PIECE]
        if content.count(piece) == 1:
            return content.index(piece) + len(piece) // 2
    sys.exit(f"not found once in the file: {query}")


def main():
    verb, path, what = sys.argv[1:4]
    if verb == "value":
        flip(path, find(path, what))
    elif verb == "byte":
        flip(path, int(what))
    elif verb == "page":
        page = int(what)
        flip(path, page * 4096 + random.Random(page).randrange(0 if page else 100, 4088), 8)
    else:
        sys.exit(__doc__)


main()
