#!/usr/bin/env python3
"""Writes the known answers of this folder from docs/CRYPTO.md 4, with nothing but Python's own library.

A second implementation, so that the C code is not compared with itself. It is slow and it leaks: for vectors only.
    python3 tests/vectors/seal/make_vectors.py          writes derive.tsv item.tsv wrap.tsv body.tsv stored.tsv beside itself
The first line of a table names its columns; bytes are hex; '-' is no bytes. `expect` is ok, bad_seal, malformed or corrupt.
"""
import hashlib
import os
import struct

MASK = 0xFFFFFFFF
HERE = os.path.dirname(os.path.abspath(__file__))


def rotl(v, n):
    return ((v << n) | (v >> (32 - n))) & MASK


def chacha_rounds(s):
    def quarter(a, b, c, d):
        s[a] = (s[a] + s[b]) & MASK
        s[d] = rotl(s[d] ^ s[a], 16)
        s[c] = (s[c] + s[d]) & MASK
        s[b] = rotl(s[b] ^ s[c], 12)
        s[a] = (s[a] + s[b]) & MASK
        s[d] = rotl(s[d] ^ s[a], 8)
        s[c] = (s[c] + s[d]) & MASK
        s[b] = rotl(s[b] ^ s[c], 7)

    for _ in range(10):
        for q in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                  (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(*q)


def salsa_rounds(s):
    def quarter(a, b, c, d):
        s[b] ^= rotl((s[a] + s[d]) & MASK, 7)
        s[c] ^= rotl((s[b] + s[a]) & MASK, 9)
        s[d] ^= rotl((s[c] + s[b]) & MASK, 13)
        s[a] ^= rotl((s[d] + s[c]) & MASK, 18)

    for _ in range(10):
        for q in ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11),
                  (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)):
            quarter(*q)


SIGMA = struct.unpack("<4I", b"expand 32-byte k")


def chacha_state(key, last):
    return list(SIGMA) + list(struct.unpack("<8I", key)) + list(struct.unpack("<4I", last))


def hchacha20(key, nonce16):
    s = chacha_state(key, nonce16)
    chacha_rounds(s)
    return struct.pack("<8I", *s[0:4], *s[12:16])


def chacha20_stream(key, nonce12, length, counter=0):
    out = b""
    while len(out) < length:
        start = chacha_state(key, struct.pack("<I", counter) + nonce12)
        s = list(start)
        chacha_rounds(s)
        out += struct.pack("<16I", *[(a + b) & MASK for a, b in zip(s, start)])
        counter += 1
    return out[:length]


def salsa_state(key, last):
    k, n = struct.unpack("<8I", key), struct.unpack("<4I", last)
    return [SIGMA[0], *k[0:4], SIGMA[1], *n, SIGMA[2], *k[4:8], SIGMA[3]]


def hsalsa20(key, nonce16):
    s = salsa_state(key, nonce16)
    salsa_rounds(s)
    return struct.pack("<8I", s[0], s[5], s[10], s[15], *s[6:10])


def xsalsa20_stream(key, nonce24, length):
    sub, out, counter = hsalsa20(key, nonce24[:16]), b"", 0
    while len(out) < length:
        start = salsa_state(sub, nonce24[16:] + struct.pack("<Q", counter))
        s = list(start)
        salsa_rounds(s)
        out += struct.pack("<16I", *[(a + b) & MASK for a, b in zip(s, start)])
        counter += 1
    return out[:length]


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for i in range(0, len(message), 16):
        acc = (acc + int.from_bytes(message[i:i + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((acc + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def xchacha_seal(key, nonce, ad, plain):
    sub, short = hchacha20(key, nonce[:16]), b"\0\0\0\0" + nonce[16:]
    cipher = xor(plain, chacha20_stream(sub, short, len(plain), 1))
    pad = lambda b: b + b"\0" * (-len(b) % 16)
    mac = poly1305(chacha20_stream(sub, short, 32), pad(ad) + pad(cipher) + struct.pack("<QQ", len(ad), len(cipher)))
    return cipher + mac


def x25519(scalar, point):
    p = (1 << 255) - 19
    k = int.from_bytes(scalar, "little") & ~7 & ((1 << 255) - 1) | (1 << 254)
    u = int.from_bytes(point, "little") & ((1 << 255) - 1)
    x1, x2, z2, x3, z3, swap = u, 1, 0, u, 1, 0
    for t in reversed(range(255)):
        bit = (k >> t) & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % p, x1 * (da - cb) ** 2 % p
        x2, z2 = aa * bb % p, e * (aa + 121665 * e) % p
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(32, "little")


def public_of(secret):
    return x25519(secret, (9).to_bytes(32, "little"))


def blake(content, key=b"", size=32):
    return hashlib.blake2b(content, key=key, digest_size=size).digest()


def box_seal(plain, to, ephemeral):
    """libsodium's sealed box with its ephemeral secret given in."""
    epk = public_of(ephemeral)
    key = hsalsa20(x25519(ephemeral, to), b"\0" * 16)
    stream = xsalsa20_stream(key, blake(epk + to, size=24), 32 + len(plain))
    cipher = xor(plain, stream[32:])
    return epk + poly1305(stream[:32], cipher) + cipher


# docs/CRYPTO.md 4, from here on.
OPEN, RESTRICTED, UNBLINDED = 1, 2, 3


def test_bytes(name, size):
    return hashlib.shake_256(b"consign test vectors: " + name.encode()).digest(size)


class Context:
    def __init__(self, name, attempt=1):
        self.hub, self.identity = test_bytes(name + " hub", 32), test_bytes(name + " identity", 32)
        self.id, self.attempt, self.random = test_bytes(name + " id", 16), attempt, test_bytes(name + " random", 32)

    def columns(self):
        return [self.hub, self.identity, self.id, self.attempt, self.random]


CONTEXT_COLUMNS = ["hub_id", "consignor_identity", "consignment_id", "attempt", "random"]


def consignment_key(session, c):
    return blake(b"consign-key-v1" + c.hub + c.identity + c.id + struct.pack(">I", c.attempt) + c.random, session)


def salt_of(key, index):
    return hashlib.sha256(b"consign-salt-v1" + key + struct.pack(">I", index)).digest()


def commitment_of(salt, plain):
    return hashlib.sha256(b"consign-commit-v1" + salt + plain).digest()


def pad_plain(plain, label):
    block = 256 if label == OPEN else 4096
    padded = plain + b"\x80"
    return padded + b"\0" * (-len(padded) % block)


def encrypt_padded(key, c, index, label, padded, nonce_index=None):
    nonce = b"\0" * 16 + struct.pack(">Q", index if nonce_index is None else nonce_index)
    ad = c.hub + c.identity + c.id + struct.pack(">I", index) + bytes([label])
    return xchacha_seal(key, nonce, ad, padded)


def seal_item(key, c, index, label, plain):
    return encrypt_padded(key, c, index, label, pad_plain(plain, label)), commitment_of(salt_of(key, index), plain)


def flip(b, at):
    return b[:at] + bytes([b[at] ^ 1]) + b[at + 1:]


def text(v):
    if isinstance(v, bytes):
        return v.hex() or "-"
    return str(v)


def write(name, columns, rows):
    with open(os.path.join(HERE, name), "w") as out:
        out.write("\t".join(columns) + "\n")
        for row in rows:
            assert len(row) == len(columns)
            out.write("\t".join(text(v) for v in row) + "\n")


def write_derive():
    rows = []
    session = test_bytes("session", 32)
    for name, attempt, index in (("first", 1, 0), ("first", 1, 1), ("first", 1, 127), ("first", 2, 0), ("second", 1, 0),
                                 ("second", 0x01020304, 0x0A0B0C0D)):
        c = Context(name, attempt)
        key = consignment_key(session, c)
        rows.append([f"{name}_attempt_{attempt}_index_{index}", session, *c.columns(), index, key, salt_of(key, index)])
    c, zero = Context("zero"), b"\0" * 32
    c.hub = c.identity = c.random = zero
    c.id, c.attempt = b"\0" * 16, 0
    key = consignment_key(zero, c)
    rows.append(["all_zero", zero, *c.columns(), 0, key, salt_of(key, 0)])
    write("derive.tsv", ["name", "session_key", *CONTEXT_COLUMNS, "index", "consignment_key", "salt"], rows)


def write_item():
    c, rows = Context("item"), []
    key = consignment_key(test_bytes("item session", 32), c)

    def row(name, expect, label, index, plain, sealed, commitment, context=c, k=key):
        rows.append([name, expect, k, *context.columns(), index, label, plain, sealed, commitment])

    for size in (0, 1, 100, 255, 256, 257):
        plain = test_bytes(f"plain {size}", size)
        row(f"open_{size}_bytes", "ok", OPEN, size, plain, *seal_item(key, c, size, OPEN, plain))
    row("restricted_3_bytes", "ok", RESTRICTED, 0, b"kit", *seal_item(key, c, 0, RESTRICTED, b"kit"))
    row("unblinded_3_bytes", "ok", UNBLINDED, 0, b"arm", *seal_item(key, c, 0, UNBLINDED, b"arm"))
    row("plaintext_that_ends_like_padding", "ok", OPEN, 1, b"\x80\0\0", *seal_item(key, c, 1, OPEN, b"\x80\0\0"))

    plain = b"the dose was given"
    sealed, commitment = seal_item(key, c, 5, OPEN, plain)
    for name, at in (("first_byte", 0), ("last_byte_of_padding", 255), ("first_byte_of_tag", 256), ("last_byte_of_tag", 271)):
        row("flipped_" + name, "bad_seal", OPEN, 5, plain, flip(sealed, at), commitment)
    row("flipped_commitment", "bad_seal", OPEN, 5, plain, sealed, flip(commitment, 31))
    row("wrong_key", "bad_seal", OPEN, 5, plain, sealed, commitment, k=flip(key, 0))
    row("wrong_index", "bad_seal", OPEN, 6, plain, sealed, commitment)
    row("restricted_read_as_unblinded", "bad_seal", UNBLINDED, 0, b"kit", *seal_item(key, c, 0, RESTRICTED, b"kit"))
    row("restricted_read_as_open", "bad_seal", OPEN, 0, b"kit", *seal_item(key, c, 0, RESTRICTED, b"kit"))
    row("open_read_as_restricted", "bad_seal", RESTRICTED, 5, plain, sealed, commitment)
    for field in ("hub", "identity", "id"):
        other = Context("item")
        setattr(other, field, flip(getattr(other, field), 3))
        row("wrong_" + field, "bad_seal", OPEN, 5, plain, sealed, commitment, context=other)
    row("truncated_by_a_byte", "bad_seal", OPEN, 5, plain, sealed[:-1], commitment)
    row("tag_only", "bad_seal", OPEN, 5, plain, sealed[-16:], commitment)
    row("empty_ciphertext", "bad_seal", OPEN, 5, plain, b"", commitment)
    row("commitment_without_salt", "bad_seal", OPEN, 5, plain, sealed, hashlib.sha256(b"consign-commit-v1" + plain).digest())
    row("commitment_with_the_salt_last", "bad_seal", OPEN, 5, plain, sealed,
        hashlib.sha256(b"consign-commit-v1" + plain + salt_of(key, 5)).digest())
    row("commitment_over_padded_plaintext", "bad_seal", OPEN, 5, plain, sealed,
        commitment_of(salt_of(key, 5), pad_plain(plain, OPEN)))
    row("commitment_under_another_index", "bad_seal", OPEN, 5, plain, sealed, commitment_of(salt_of(key, 6), plain))
    row("nonce_of_another_index", "bad_seal", OPEN, 5, plain,
        encrypt_padded(key, c, 5, OPEN, pad_plain(plain, OPEN), nonce_index=6), commitment)
    row("padding_all_zero", "bad_seal", OPEN, 5, b"", encrypt_padded(key, c, 5, OPEN, b"\0" * 256),
        commitment_of(salt_of(key, 5), b""))
    row("padding_mark_81", "bad_seal", OPEN, 5, b"", encrypt_padded(key, c, 5, OPEN, b"\x81" + b"\0" * 255),
        commitment_of(salt_of(key, 5), b""))
    row("padding_with_a_whole_block_too_many", "bad_seal", OPEN, 5, plain,
        encrypt_padded(key, c, 5, OPEN, pad_plain(plain, OPEN) + b"\0" * 256), commitment)
    row("padded_to_128", "bad_seal", OPEN, 5, b"ab", encrypt_padded(key, c, 5, OPEN, b"ab\x80" + b"\0" * 125),
        commitment_of(salt_of(key, 5), b"ab"))
    row("padded_to_4096_above_open_only_by_256", "bad_seal", RESTRICTED, 5, plain,
        encrypt_padded(key, c, 5, RESTRICTED, pad_plain(plain, OPEN)), commitment)
    write("item.tsv", ["name", "expect", "consignment_key", *CONTEXT_COLUMNS, "index", "label", "plaintext", "ciphertext",
                       "commitment"], rows)


def write_wrap():
    c, rows = Context("wrap"), []
    session, secret = test_bytes("wrap session", 32), test_bytes("wrap seal secret", 32)
    public = public_of(secret)
    good = box_seal(session, public, test_bytes("wrap ephemeral", 32))
    key = consignment_key(session, c)

    def row(name, expect, wrap, s=secret, p=public):
        rows.append([name, expect, s, p, wrap, *c.columns(), key])

    row("good", "ok", good)
    row("another_ephemeral", "ok", box_seal(session, public, test_bytes("wrap ephemeral 2", 32)))
    for name, at in (("ephemeral_key", 0), ("tag", 32), ("ciphertext", 79)):
        row("flipped_" + name, "bad_seal", flip(good, at))
    row("ephemeral_key_of_order_1", "bad_seal", b"\0" * 32 + good[32:])
    row("ephemeral_key_of_order_4", "bad_seal", b"\x01" + b"\0" * 31 + good[32:])
    row("79_bytes", "bad_seal", good[:-1])
    row("81_bytes", "bad_seal", good + b"\0")
    row("empty", "bad_seal", b"")
    row("for_somebody_else", "bad_seal", box_seal(session, public_of(test_bytes("other secret", 32)), test_bytes("e3", 32)))
    row("opened_with_another_secret", "bad_seal", good, s=test_bytes("other secret", 32))
    row("public_key_of_another", "bad_seal", good, p=public_of(test_bytes("other secret", 32)))
    write("wrap.tsv", ["name", "expect", "seal_secret", "seal_public", "wrap", *CONTEXT_COLUMNS, "consignment_key"], rows)


def write_body():
    def item(n, fill=b"\xcc"):
        return struct.pack(">I", n) + fill * n

    wrap, rows = b"\xaa" * 80, []

    def row(name, expect, consignees, items, body):
        rows.append([name, expect, consignees, items, body])

    row("one_consignee_one_item", "ok", 1, 1, wrap + item(272))
    row("two_consignees_three_items", "ok", 2, 3, wrap * 2 + item(272) + item(528) + item(272))
    row("item_of_4096_and_tag", "ok", 1, 1, wrap + item(4112))
    row("empty", "malformed", 1, 1, b"")
    row("no_consignees", "malformed", 0, 1, item(272))
    row("no_items", "malformed", 1, 0, wrap)
    row("33_consignees", "malformed", 33, 1, wrap * 33 + item(272))
    row("129_items", "malformed", 1, 129, wrap + item(272))
    row("wrap_only", "malformed", 1, 1, wrap)
    row("half_a_wrap", "malformed", 1, 1, wrap[:40])
    row("a_wrap_missing", "malformed", 2, 1, wrap + item(272))
    row("a_wrap_too_many", "malformed", 1, 1, wrap * 2 + item(272))
    row("half_a_length", "malformed", 1, 1, wrap + b"\0\0")
    row("item_cut_by_a_byte", "malformed", 1, 1, wrap + item(272)[:-1])
    row("byte_behind_the_last_item", "malformed", 1, 1, wrap + item(272) + b"\0")
    row("an_item_missing", "malformed", 1, 2, wrap + item(272))
    row("an_item_too_many", "malformed", 1, 1, wrap + item(272) * 2)
    row("length_0", "malformed", 1, 1, wrap + item(0))
    row("length_16_tag_only", "malformed", 1, 1, wrap + item(16))
    row("length_256_no_tag", "malformed", 1, 1, wrap + item(256))
    row("length_271", "malformed", 1, 1, wrap + item(271))
    row("length_273", "malformed", 1, 1, wrap + item(273))
    row("length_ffffffff", "malformed", 1, 1, wrap + b"\xff" * 4 + b"\xcc" * 272)
    row("length_little_endian", "malformed", 1, 1, wrap + struct.pack("<I", 272) + b"\xcc" * 272)
    write("body.tsv", ["name", "expect", "consignees", "items", "body"], rows)


def write_stored():
    storage, key, cid = test_bytes("storage key", 32), test_bytes("kept key", 32), test_bytes("kept id", 16)
    nonce = test_bytes("kept nonce", 24)
    good, rows = nonce + xchacha_seal(storage, nonce, cid, key), []

    def row(name, expect, stored, s=storage, i=cid):
        rows.append([name, expect, s, i, stored, key])

    row("good", "ok", good)
    for name, at in (("nonce", 0), ("key", 24), ("tag", 71)):
        row("flipped_" + name, "corrupt", flip(good, at))
    row("another_consignment", "corrupt", good, i=flip(cid, 15))
    row("another_storage_key", "corrupt", good, s=flip(storage, 31))
    row("71_bytes", "corrupt", good[:-1])
    row("73_bytes", "corrupt", good + b"\0")
    row("empty", "corrupt", b"")
    write("stored.tsv", ["name", "expect", "storage_key", "consignment_id", "stored", "consignment_key"], rows)


if __name__ == "__main__":
    write_derive()
    write_item()
    write_wrap()
    write_body()
    write_stored()
