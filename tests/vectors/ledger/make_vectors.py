#!/usr/bin/env python3
"""Writes the vectors of this folder: heads, proofs, notes, statements, mailbox hashes.

Everything here (Merkle tree, Ed25519, base64 notes, protobuf of one record) is written from the specifications, on the
standard library alone and apart from lib/ledger, so that the two check each other. The result is the same each time.
    python3 tests/vectors/ledger/make_vectors.py
Formats: tests/vectors/README.md.
"""
import base64
import hashlib
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- Ed25519 (RFC 8032 5.1), slow and plain ---------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    x1, y1, x2, y2 = *a, *b
    k = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P)


def multiply(n, point):
    result = (0, 1)
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def base_point():
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x & 1 else x, y)


BASE = base_point()


def encode_point(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


class Key:
    def __init__(self, seed):
        self.seed = seed
        h = hashlib.sha512(seed).digest()
        self.a = (int.from_bytes(h[:32], "little") & ~7 & (1 << 255) - 1) | 1 << 254
        self.prefix = h[32:]
        self.public = encode_point(multiply(self.a, BASE))

    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % L
        point = encode_point(multiply(r, BASE))
        k = int.from_bytes(hashlib.sha512(point + self.public + message).digest(), "little") % L
        return point + ((r + k * self.a) % L).to_bytes(32, "little")


LEDGER = Key(sha256(b"vector ledger key"))
RECEIPT = Key(sha256(b"vector receipt key"))
OTHER = Key(sha256(b"vector other key"))
HUB = sha256(b"vector hub")

# --- RFC 6962 2.1, by its recursive definitions -----------------------------------------------------------------------


def entry(i):
    return sha256(b"consign-vector", struct.pack(">Q", i))


def leaf(e):
    return sha256(b"\x00", e)


def join(a, b):
    return sha256(b"\x01", a, b)


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d):
    if not d:
        return sha256()
    if len(d) == 1:
        return leaf(d[0])
    k = split(len(d))
    return join(mth(d[:k]), mth(d[k:]))


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return path(m, d[:k]) + [mth(d[k:])]
    return path(m - k, d[k:]) + [mth(d[:k])]


def subproof(m, d, b):
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    if m <= k:
        return subproof(m, d[:k], b) + [mth(d[k:])]
    return subproof(m - k, d[k:], False) + [mth(d[:k])]


def proof(m, d):
    return subproof(m, d, True)


ENTRIES = [entry(i) for i in range(300)]


def invented_path(index, size, label):
    """A path for a tree too large to build: hashes from nowhere, and the head that follows from them."""
    sides = []
    while size > 1:
        k = split(size)
        sides.append(index >= k)
        index, size = (index - k, size - k) if index >= k else (index, k)
    hashes = [sha256(label.encode(), bytes([i])) for i in range(len(sides))]
    head = leaf(ENTRIES[0])
    for is_left, h in zip(reversed(sides), hashes):
        head = join(h, head) if is_left else join(head, h)
    return hashes, head


def hexes(hashes):
    return ",".join(h.hex() for h in hashes) or "-"


def flip(h, bit=0):
    return bytes([h[0] ^ 1 << bit]) + h[1:]


def write(name, header, rows):
    with open(os.path.join(HERE, name), "w", encoding="ascii") as f:
        f.write("# " + "\t".join(header) + "\n")
        for row in rows:
            f.write("\t".join(str(c) for c in row) + "\n")


# --- heads and proofs ---------------------------------------------------------------------------------------------------


def heads():
    sizes = [*range(0, 34), 63, 64, 65, 127, 128, 129, 130, 255, 256, 257, 300]
    write("heads.tsv", ["size", "head"], [(n, mth(ENTRIES[:n]).hex()) for n in sizes])


def inclusion():
    rows = []

    def row(name, expect, index, size, e, p, head):
        rows.append((name, expect, index, size, e.hex(), hexes(p), head.hex()))

    for index, size in [(0, 1), (0, 2), (1, 2), (2, 3), (0, 5), (4, 5), (5, 7), (6, 7), (63, 64), (64, 65), (99, 130), (299, 300)]:
        row(f"leaf {index} of {size}", "OK", index, size, ENTRIES[index], path(index, ENTRIES[:size]), mth(ENTRIES[:size]))
    for index, size in [(0, 2**63), (2**63 - 1, 2**63), (2**62, 2**63), (2**63 - 2, 2**63 - 1), (2**32 + 5, 2**40 + 3)]:
        p, head = invented_path(index, size, f"{index} {size}")
        row(f"large tree: leaf {index} of {size}", "OK", index, size, ENTRIES[0], p, head)
    d, i, e = ENTRIES[:7], 5, ENTRIES[5]
    p, head = path(i, d), mth(d)
    for at in range(len(p)):
        row(f"hash {at} tampered", "BAD_PROOF", i, 7, e, p[:at] + [flip(p[at])] + p[at + 1:], head)
        row(f"hash {at} missing", "BAD_PROOF", i, 7, e, p[:at] + p[at + 1:], head)
        row(f"hash {at} twice", "BAD_PROOF", i, 7, e, p[:at] + [p[at]] + p[at:], head)
    row("extra hash at the end", "BAD_PROOF", i, 7, e, p + [sha256(b"extra")], head)
    row("extra hash at the beginning", "BAD_PROOF", i, 7, e, [sha256(b"extra")] + p, head)
    row("path reversed", "BAD_PROOF", i, 7, e, p[::-1], head)
    row("no path", "BAD_PROOF", i, 7, e, [], head)
    row("wrong entry", "BAD_PROOF", i, 7, ENTRIES[4], p, head)
    row("the leaf hash for the entry", "BAD_PROOF", i, 7, leaf(e), p, head)
    for wrong in (0, 4, 6, 7, 8, 2**63, 2**64 - 1):
        row(f"wrong index {wrong}", "BAD_PROOF", wrong, 7, e, p, head)
    for wrong in (0, 4, 5, 6, 9, 2**63, 2**63 + 7, 2**64 - 1):
        row(f"wrong size {wrong}", "BAD_PROOF", i, wrong, e, p, head)
    row("wrong head", "BAD_PROOF", i, 7, e, p, flip(head, 7))
    row("head of another size", "BAD_PROOF", i, 7, e, p, mth(ENTRIES[:6]))
    row("one leaf, extra hash", "BAD_PROOF", 0, 1, ENTRIES[0], [ENTRIES[1]], mth(ENTRIES[:1]))
    row("one leaf, wrong entry", "BAD_PROOF", 0, 1, ENTRIES[1], [], mth(ENTRIES[:1]))
    row("in a tree of nothing", "BAD_PROOF", 0, 0, ENTRIES[0], [], mth([]))
    row("a node passed off as a leaf", "BAD_PROOF", 0, 2, join(leaf(ENTRIES[0]), leaf(ENTRIES[1])),
        [mth(ENTRIES[2:4])], mth(ENTRIES[:4]))
    p, head = invented_path(2**63, 2**63 + 1, "over")
    row("tree over the largest", "BAD_PROOF", 2**63, 2**63 + 1, ENTRIES[0], p, head)
    write("inclusion.tsv", ["name", "expect", "index", "size", "entry", "path", "head"], rows)


def consistency():
    rows = []

    def row(name, expect, a, head_a, b, head_b, p):
        rows.append((name, expect, a, head_a.hex(), b, head_b.hex(), hexes(p)))

    def head(n):
        return mth(ENTRIES[:n])

    for a, b in [(0, 0), (0, 1), (0, 7), (1, 1), (1, 2), (2, 3), (3, 7), (4, 7), (6, 7), (6, 8), (7, 7), (8, 9), (64, 65),
                 (65, 130), (127, 128), (128, 300), (299, 300)]:
        row(f"{a} to {b}", "OK", a, head(a), b, head(b), proof(a, ENTRIES[:b]) if a else [])
    row("from nothing, any older head", "OK", 0, sha256(b"anything"), 7, head(7), [])
    h, r = sha256(b"half"), sha256(b"right half")
    row("the largest tree from its left half", "OK", 2**62, h, 2**63, join(h, r), [r])
    for name, a, b in [("7 from 3", 3, 7), ("7 from 4", 4, 7), ("8 from 6", 6, 8)]:
        p = proof(a, ENTRIES[:b])
        for at in range(len(p)):
            row(f"{name}: hash {at} tampered", "BAD_PROOF", a, head(a), b, head(b), p[:at] + [flip(p[at])] + p[at + 1:])
            row(f"{name}: hash {at} missing", "BAD_PROOF", a, head(a), b, head(b), p[:at] + p[at + 1:])
        row(f"{name}: extra hash at the end", "BAD_PROOF", a, head(a), b, head(b), p + [sha256(b"extra")])
        row(f"{name}: extra hash at the beginning", "BAD_PROOF", a, head(a), b, head(b), [sha256(b"extra")] + p)
        row(f"{name}: older head in front", "BAD_PROOF", a, head(a), b, head(b), [head(a)] + p)
        row(f"{name}: no path", "BAD_PROOF", a, head(a), b, head(b), [])
        row(f"{name}: wrong older head", "BAD_PROOF", a, flip(head(a)), b, head(b), p)
        row(f"{name}: wrong newer head", "BAD_PROOF", a, head(a), b, flip(head(b)), p)
        row(f"{name}: older size one less", "BAD_PROOF", a - 1, head(a), b, head(b), p)
        row(f"{name}: older size one more", "BAD_PROOF", a + 1, head(a), b, head(b), p)
        row(f"{name}: newer size twice", "BAD_PROOF", a, head(a), 2 * b, head(b), p)
        row(f"{name}: newer size huge", "BAD_PROOF", a, head(a), 2**64 - 1, head(b), p)
    row("backwards", "BAD_PROOF", 7, head(7), 3, head(3), proof(3, ENTRIES[:7]))
    row("same size, other head", "BAD_PROOF", 7, head(7), 7, flip(head(7)), [])
    row("same size, a path", "BAD_PROOF", 7, head(7), 7, head(7), [head(7)])
    row("from nothing, a path", "BAD_PROOF", 0, head(0), 7, head(7), [head(7)])
    row("a fork: one leaf rewritten", "BAD_PROOF", 6, mth(ENTRIES[:5] + [sha256(b"rewritten")]), 8, head(8), proof(6, ENTRIES[:8]))
    row("over the largest tree", "BAD_PROOF", 2**63, h, 2**63 + 1, join(h, r), [r])
    write("consistency.tsv", ["name", "expect", "from", "from_head", "to", "to_head", "path"], rows)


# --- checkpoint notes (C2SP signed-note, tlog-checkpoint) ---------------------------------------------------------------

ORIGIN = "consign.hub/" + HUB.hex()
DASH = "\u2014"


def b64(b):
    return base64.b64encode(b).decode()


def key_id(name, key, kind=1):
    return sha256(name.encode(), b"\n", bytes([kind]), key.public)[:4]


def signature_line(text, key=LEDGER, name=ORIGIN, kid=None, signature=None):
    kid = key_id(name, key) if kid is None else kid
    signature = key.sign(text.encode()) if signature is None else signature
    return f"{DASH} {name} {b64(kid + signature)}\n"


def escape(note):
    out = ""
    for byte in note if isinstance(note, bytes) else note.encode():
        if byte == 0x0A:
            out += "\\n"
        elif byte == 0x5C:
            out += "\\\\"
        elif 0x20 <= byte < 0x7F:
            out += chr(byte)
        else:
            out += f"\\x{byte:02x}"
    return out


def checkpoints():
    rows = []
    head = mth(ENTRIES[:7])
    good = f"{ORIGIN}\n7\n{b64(head)}\n"
    ours = signature_line(good)
    witness = signature_line(good, OTHER, "witness.example/w1", signature=OTHER.sign(b"cosignature/v1"))

    def row(name, expect, note, size="-", h=None):
        rows.append((name, expect, ORIGIN, LEDGER.public.hex(), size, h.hex() if h else "-", escape(note)))

    def bad(name, note, expect="MALFORMED"):
        row(name, expect, note)

    def signed(text):
        return text + "\n" + signature_line(text)

    def bad_text(name, text):
        bad(name, signed(text))

    row("good", "OK", good + "\n" + ours, 7, head)
    for size in (0, 1, 10, 2**63 - 1, 2**63):
        row(f"good: size {size}", "OK", signed(f"{ORIGIN}\n{size}\n{b64(head)}\n"), size, head)
    row("good: unknown signature behind ours", "OK", good + "\n" + ours + witness, 7, head)
    row("good: unknown signature before ours", "OK", good + "\n" + witness + ours, 7, head)
    row("good: sixteen signatures", "OK", good + "\n" + witness * 15 + ours, 7, head)
    row("good: our name with another key id", "OK", good + "\n" + signature_line(good, OTHER) + ours, 7, head)
    row("good: our key id under another name", "OK",
        good + "\n" + signature_line(good, name="witness.example/w2", kid=key_id(ORIGIN, LEDGER)) + ours, 7, head)
    row("good: our key id under another name, no signature of ours", "OK",
        good + "\n" + signature_line(good, name="witness.example/w2", kid=key_id(ORIGIN, LEDGER), signature=bytes(64)) + ours, 7, head)
    row("good: unknown signature of one byte", "OK", good + "\n" + f"{DASH} w {b64(b'12345')}\n" + ours, 7, head)
    row("good: unknown signer's name not ASCII", "OK", good + "\n" + witness.replace("witness", "t\u00e9moin") + ours, 7, head)
    row("good: ours twice", "OK", good + "\n" + ours + ours, 7, head)

    bad_text("origin of another hub", f"consign.hub/{sha256(b'other hub').hex()}\n7\n{b64(head)}\n")
    bad_text("origin with a number", f"{ORIGIN}/1\n7\n{b64(head)}\n")
    bad_text("origin cut short", f"{ORIGIN[:-1]}\n7\n{b64(head)}\n")
    bad_text("origin in capitals", f"{ORIGIN.upper()}\n7\n{b64(head)}\n")
    bad_text("origin with a blank", f"{ORIGIN} \n7\n{b64(head)}\n")
    bad_text("no origin", f"7\n{b64(head)}\n")
    bad_text("empty origin", f"\n7\n{b64(head)}\n")
    for size in ("07", "00", "", "-7", "+7", " 7", "7 ", "0x7", "7.0", "7e0", "seven", str(2**63 + 1), str(2**64 - 1), str(2**64),
                 str(2**64 + 7), "9" * 40, "\u0667"):
        bad_text(f"size '{ascii(size)[1:-1]}'", f"{ORIGIN}\n{size}\n{b64(head)}\n")
    text = b64(head)
    bad_text("head without padding", f"{ORIGIN}\n7\n{text.rstrip('=')}\n")
    bad_text("head with other trailing bits", f"{ORIGIN}\n7\n{text[:-2] + chr(ord(text[-2]) + 1)}=\n")
    bad_text("head with a character outside base64", f"{ORIGIN}\n7\n!{text[1:]}\n")
    bad_text("head in the other base64 alphabet", f"{ORIGIN}\n7\n-_{text[2:]}\n")
    bad_text("head of 31 bytes", f"{ORIGIN}\n7\n{b64(head[:31])}\n")
    bad_text("head of 33 bytes", f"{ORIGIN}\n7\n{b64(head + b'x')}\n")
    bad_text("head of nothing", f"{ORIGIN}\n7\n\n")
    bad_text("head with a blank behind", f"{ORIGIN}\n7\n{text} \n")
    bad_text("head in hex", f"{ORIGIN}\n7\n{head.hex()}\n")
    bad_text("extension line", good + "extension\n")
    bad_text("tab in a line", f"{ORIGIN}\n7\t\n{text}\n")
    bad_text("blank line within", f"{ORIGIN}\n\n7\n{text}\n")

    bad("CRLF", (good + "\n" + ours).replace("\n", "\r\n"))
    bad("CRLF, signed so", signed(good.replace("\n", "\r\n")))
    bad("carriage return at the end", good + "\n" + ours + "\r")
    bad("trailing garbage", good + "\n" + ours + "garbage\n")
    bad("trailing garbage without newline", good + "\n" + ours + "garbage")
    bad("trailing blank line", good + "\n" + ours + "\n")
    bad("trailing zero byte", good + "\n" + ours + "\0")
    bad("trailing bytes that are not UTF-8", (good + "\n" + ours).encode() + f"{DASH} w".encode() + b"\xff " + b64(b"12345").encode() + b"\n")
    bad("leading blank line", "\n" + good + "\n" + ours)
    bad("byte order mark", "\ufeff" + good + "\n" + ours)
    bad("no blank line", good + ours)
    bad("no blank line, ours twice", good + ours + ours)
    bad("a word for the blank line", good + "x\n" + ours)
    bad("a space on the blank line", good + " \n" + ours)
    bad("two blank lines", good + "\n\n" + ours)
    bad("blank between signatures", good + "\n" + ours + "\n" + witness)
    bad("no newline at the end", (good + "\n" + ours)[:-1])
    bad("no signature", good + "\n")
    bad("no signature and no blank line", good)
    bad("only a witness", good + "\n" + witness)
    bad("empty", "")
    bad("one newline", "\n")
    bad("hyphen for the em dash", good + "\n" + ours.replace(DASH, "-"))
    bad("en dash for the em dash", good + "\n" + ours.replace(DASH, "\u2013"))
    bad("no blank behind the dash", good + "\n" + ours.replace(f"{DASH} ", DASH))
    bad("two blanks behind the dash", good + "\n" + ours.replace(f"{DASH} ", f"{DASH}  "))
    bad("two blanks before the signature", good + "\n" + ours.replace(f"{ORIGIN} ", f"{ORIGIN}  "))
    bad("only a dash", good + "\n" + ours + f"{DASH}\n")
    bad("only a dash and a blank", good + "\n" + ours + f"{DASH} \n")
    bad("a signer without signature", good + "\n" + ours + f"{DASH} w\n")
    bad("a signer with an empty signature", good + "\n" + ours + f"{DASH} w \n")
    bad("a signature without signer", good + "\n" + ours + f"{DASH}  {b64(b'12345')}\n")
    bad("a signature that is only a key id", good + "\n" + ours + f"{DASH} w {b64(b'1234')}\n")
    bad("a plus in a signer's name", good + "\n" + ours + f"{DASH} w+w {b64(b'12345')}\n")
    bad("a tab in a signer's name", good + "\n" + ours + f"{DASH} w\tw {b64(b'12345')}\n")
    bad("a line separator in a signer's name", good + "\n" + ours + f"{DASH} w\u2028w {b64(b'12345')}\n")
    bad("a no-break space in a signer's name", good + "\n" + ours + f"{DASH} w\u00a0w {b64(b'12345')}\n")
    bad("an en quad in a signer's name", good + "\n" + ours + f"{DASH} w\u2000w {b64(b'12345')}\n")
    bad("an ideographic space in a signer's name", good + "\n" + ours + f"{DASH} w\u3000 {b64(b'12345')}\n")
    bad("an unknown signature that is not base64", good + "\n" + ours + f"{DASH} w MTIzNDU\n")
    bad("garbage behind our signature", good + "\n" + ours[:-1] + " x\n")
    bad("our signature not base64", good + "\n" + ours[:-5] + "!!!!\n")
    bad("wrong key id", good + "\n" + signature_line(good, kid=b"\0\0\0\0"))
    bad("key id of the bare key", good + "\n" + signature_line(good, kid=sha256(LEDGER.public)[:4]))
    bad("key id of a cosignature", good + "\n" + signature_line(good, kid=key_id(ORIGIN, LEDGER, 4)))
    bad("another key", good + "\n" + signature_line(good, OTHER))
    bad("another name", good + "\n" + signature_line(good, name="consign.hub/other"))
    bad("another name with our key id", good + "\n" + signature_line(good, name="consign.hub/other", kid=key_id(ORIGIN, LEDGER)))
    bad("our signature cut short", good + "\n" + signature_line(good, signature=LEDGER.sign(good.encode())[:63]))
    bad("our signature too long", good + "\n" + signature_line(good, signature=LEDGER.sign(good.encode()) + b"\0"))

    def forged(name, note):
        bad(name, note, "BAD_SIGNATURE")

    forged("signature of zeros", good + "\n" + signature_line(good, signature=bytes(64)))
    forged("signature of another key under our key id", good + "\n" + signature_line(good, OTHER, kid=key_id(ORIGIN, LEDGER)))
    forged("signature with a bit flipped", good + "\n" + signature_line(good, signature=flip(LEDGER.sign(good.encode()))))
    forged("size changed", good.replace("\n7\n", "\n8\n") + "\n" + ours)
    forged("head changed", f"{ORIGIN}\n7\n{b64(flip(head))}\n\n{ours}")
    forged("signed without the last newline", good + "\n" + signature_line(good[:-1]))
    forged("signed with the blank line", good + "\n" + signature_line(good + "\n"))
    forged("a good and a bad one of ours", good + "\n" + ours + signature_line(good, signature=bytes(64)))
    s = LEDGER.sign(good.encode())
    malleable = s[:32] + (int.from_bytes(s[32:], "little") + L).to_bytes(32, "little")
    forged("the same signature with s + L", good + "\n" + signature_line(good, signature=malleable))

    filler = 8192 - len((good + "\n" + ours).encode()) - len(f"{DASH} w \n".encode())
    size = filler // 4 * 3
    name = "w" * (1 + filler % 4)
    row("good: 8192 bytes", "OK", good + "\n" + ours + f"{DASH} {name} {b64(b'x' * size)}\n", 7, head)
    bad("8193 bytes", good + "\n" + ours + f"{DASH} {name}w {b64(b'x' * size)}\n", "TOO_BIG")
    write("checkpoint.tsv", ["name", "expect", "origin", "key", "size", "head", "note"], rows)


# --- statements and the mailbox chain -----------------------------------------------------------------------------------


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def act_record():
    act = field(1, b"restart") + field(2, b"broker") + field(3, 1) + field(4, b"vector")
    return field(1, 1) + field(2, 1795000000000000) + field(8, act)


def sign_domain(key, kind, hub, content):
    return key.sign(b"consign-sig-v1" + bytes([kind]) + hub + sha256(content))


NO_PLACE = 2**64 - 1


def sign_statement(e, index=NO_PLACE, key=RECEIPT, kind=7, hub=HUB):
    return sign_domain(key, kind, hub, struct.pack(">Q", index) + e)


def statements():
    rows = []
    record, salt, index, size = act_record(), sha256(b"vector salt"), 5, 7
    e = sha256(salt, record)
    d = ENTRIES[:index] + [e] + ENTRIES[index + 1:size]
    p, head, signature = path(index, d), mth(d), sign_statement(e)

    def row(name, expect, **changed):
        v = dict(hub=HUB, key=RECEIPT.public, size=size, head=head, may=0, place=1, index=index, salt=salt, record=record,
                 signature=b"", path=p)
        v.update(changed)
        rows.append((name, expect, v["hub"].hex(), v["key"].hex(), v["size"], v["head"].hex() if v["head"] else "-", v["may"],
                     v["place"], v["index"], v["salt"].hex(), v["record"].hex() or "-", v["signature"].hex() or "-",
                     hexes(v["path"])))

    def unplaced(name, expect, **changed):
        row(name, expect, **{**dict(may=1, place=0, index=0, path=[], head=None, size="-", signature=signature), **changed})

    row("good", "OK")
    row("good: with a place where none is needed", "OK", may=1)
    row("good: the only leaf", "OK", index=0, size=1, head=mth([e]), path=[])
    row("a place and no checkpoint", "BAD_PROOF", may=1, head=None, size="-")
    row("has_place 2", "MALFORMED", place=2)
    row("has_place 2, signed", "MALFORMED", may=1, place=2, signature=signature)
    row("a place and a signature", "MALFORMED", signature=signature)
    row("a place and a signature over it", "MALFORMED", may=1, signature=sign_statement(e, index))
    row("a place and a signature of zeros", "MALFORMED", signature=bytes(64))
    row("index changed", "BAD_PROOF", index=4)
    row("index 2^64 - 1", "BAD_PROOF", index=NO_PLACE)
    row("salt changed", "BAD_PROOF", salt=flip(salt))
    row("record changed", "BAD_PROOF", record=record[:-1] + b"s")
    row("record cut short", "BAD_PROOF", record=record[:-1])
    row("record empty", "BAD_PROOF", record=b"")
    row("byte moved from record to salt", "BAD_PROOF", salt=salt[1:] + record[:1], record=record[1:])
    row("path tampered", "BAD_PROOF", path=[flip(p[0])] + p[1:])
    row("path short", "BAD_PROOF", path=p[:-1])
    row("path long", "BAD_PROOF", path=p + [p[-1]])
    row("no path", "BAD_PROOF", path=[])
    row("checkpoint of another head", "BAD_PROOF", head=flip(head))
    row("checkpoint of another size", "BAD_PROOF", size=6)
    row("checkpoint before it", "BAD_PROOF", size=5, head=mth(d[:5]))

    unplaced("good: without a place", "OK")
    unplaced("good: without a place, a checkpoint given", "OK", head=head, size=size)
    unplaced("without a place where one is needed", "BAD_PROOF", may=0, head=head, size=size)
    unplaced("without a place, no signature", "MALFORMED", signature=b"")
    unplaced("without a place, signature cut short", "MALFORMED", signature=signature[:-1])
    unplaced("without a place, signature too long", "MALFORMED", signature=signature + b"\0")
    unplaced("without a place, a path", "MALFORMED", path=p)
    unplaced("without a place, an index", "MALFORMED", index=index)
    unplaced("place taken away", "MALFORMED", signature=b"", index=index, path=p)
    unplaced("without a place, salt changed", "BAD_SIGNATURE", salt=flip(salt))
    unplaced("without a place, record changed", "BAD_SIGNATURE", record=record[:-1] + b"s")
    unplaced("without a place, record cut short", "BAD_SIGNATURE", record=record[:-1])
    unplaced("without a place, record empty", "BAD_SIGNATURE", record=b"")
    unplaced("without a place, byte moved from record to salt", "BAD_SIGNATURE", salt=salt[1:] + record[:1], record=record[1:])
    unplaced("signature changed", "BAD_SIGNATURE", signature=flip(signature))
    unplaced("signature of zeros", "BAD_SIGNATURE", signature=bytes(64))
    unplaced("another key signed", "BAD_SIGNATURE", signature=sign_statement(e, key=OTHER))
    unplaced("the ledger key signed", "BAD_SIGNATURE", signature=sign_statement(e, key=LEDGER))
    unplaced("another hub", "BAD_SIGNATURE", hub=sha256(b"other hub"))
    unplaced("another domain", "BAD_SIGNATURE", signature=sign_statement(e, kind=8))
    unplaced("without a domain", "BAD_SIGNATURE", signature=RECEIPT.sign(struct.pack(">Q", NO_PLACE) + e))
    unplaced("signed for a place", "BAD_SIGNATURE", signature=sign_statement(e, index))
    unplaced("signed for place 0", "BAD_SIGNATURE", signature=sign_statement(e, 0))

    def no_record(name, content, expect="MALFORMED"):
        f = sha256(salt, content)
        tree = ENTRIES[:index] + [f] + ENTRIES[index + 1:size]
        row("placed, no record: " + name, expect, record=content, path=path(index, tree), head=mth(tree))
        unplaced("signed, no record: " + name, expect, record=content, signature=sign_statement(f))

    no_record("empty", b"")
    no_record("noise", sha256(b"noise"))
    no_record("with an unknown field", record + field(99, 1))
    write("statement.tsv", ["name", "expect", "hub", "key", "size", "head", "may_be_unplaced", "has_place", "index", "salt", "record",
                            "signature", "path"], rows)


def mailboxes():
    rows = []

    def prefix(hub, org):
        return b"consign-mailbox-v1" + hub + bytes([len(org)]) + org.encode()

    for org in ("globalcro", "ab", "o" * 40):
        genesis = sha256(prefix(HUB, org))
        rows.append(("genesis", HUB.hex(), org, "-", "-", "-", genesis.hex()))
        head = genesis
        for position in (1, 2, 3, 2**32, 2**63 - 1):
            salt, e = sha256(b"mailbox salt", struct.pack(">Q", position)), entry(position % 300)
            at = struct.pack(">Q", position)
            rows.append(("commitment", HUB.hex(), org, position, head.hex(), salt.hex(), sha256(prefix(HUB, org), at, head, salt).hex()))
            following = sha256(b"consign-chain-v1", head, at, e)
            rows.append(("next", HUB.hex(), org, position, head.hex(), e.hex(), following.hex()))
            head = following
    write("mailbox.tsv", ["kind", "hub", "org", "position", "previous", "salt_or_entry", "result"], rows)


def keys():
    write("keys.tsv", ["name", "seed", "public"], [(n, k.seed.hex(), k.public.hex()) for n, k in
                                                  (("ledger", LEDGER), ("receipt", RECEIPT), ("other", OTHER))])


if __name__ == "__main__":
    keys()
    heads()
    inclusion()
    consistency()
    checkpoints()
    statements()
    mailboxes()
