#!/usr/bin/env python3
"""Forges what joining is made of, byte by byte, as somebody could who has one part and not the other.

invite.py get INVITE FIELD                    prints a field: bytes in hex, numbers and texts as they are
invite.py set INVITE FIELD VALUE [...]        prints the invite with these fields changed; VALUE `random` makes new bytes
invite.py request BROKER.DB ORG FILE [card]   puts the request in FILE in the place of the one that the broker keeps;
                                              with `card` only its card, and the rest stays
invite.py cards BROKER.DB ORG                 prints how many requests of that organisation are kept
"""
import base64
import os
import re
import sqlite3
import sys

BEGIN, END = "-----BEGIN CONSIGN INVITE-----", "-----END CONSIGN INVITE-----"
FIELDS = {"hub_id": 2, "hub_name": 3, "org": 4, "endpoint": 5, "root": 6, "broker_transport_key": 7, "transport_secret": 8, "token": 9,
          "expires_us": 10}
CARD = 4


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def parse(data):
    """[(number, value)], the value an int or bytes."""
    fields, at = [], 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        else:
            size, at = read_varint(data, at)
            value, at = data[at : at + size], at + size
        fields.append((tag >> 3, value))
    return fields


def encode(fields):
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def read_invite(path):
    text = open(path).read()
    return parse(base64.b64decode(re.sub(r"\s", "", text[text.index(BEGIN) + len(BEGIN) : text.index(END)])))


def changed(old, text):
    if text == "random":
        return os.urandom(len(old))
    if isinstance(old, int):
        return int(text)
    return bytes.fromhex(text) if len(text) == 64 else text.encode()


def main():
    verb, path, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    if verb == "get":
        value = dict(read_invite(path))[FIELDS[rest[0]]]
        print(value.hex() if isinstance(value, bytes) and rest[0] not in ("org", "endpoint", "hub_name") else value if isinstance(value, int) else value.decode())
    elif verb == "set":
        fields = read_invite(path)
        for name, text in zip(rest[::2], rest[1::2]):
            fields = [(n, changed(v, text) if n == FIELDS[name] else v) for n, v in fields]
        print(BEGIN, base64.b64encode(encode(fields)).decode(), END, sep="\n")
    elif verb == "request":
        db = sqlite3.connect(path)
        (kept,) = db.execute("SELECT request FROM invite WHERE org = ?", (rest[0],)).fetchone()
        new = open(rest[1], "rb").read()
        if rest[2:] == ["card"]:
            card = dict(parse(new))[CARD]
            new = encode([(n, card if n == CARD else v) for n, v in parse(kept)])
        assert new != kept
        db.execute("UPDATE invite SET request = ? WHERE org = ?", (new, rest[0]))
        db.commit()
        db.close()
    elif verb == "cards":
        print(*sqlite3.connect(path).execute("SELECT count(*) FROM invite WHERE org = ? AND request IS NOT NULL", rest).fetchone())
    else:
        sys.exit(__doc__)


main()
