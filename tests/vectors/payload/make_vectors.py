#!/usr/bin/env python3
"""Writes decode.tsv beside itself: payloads byte by byte, the good with what they say, the bad with their error.

    python3 tests/vectors/payload/make_vectors.py
The first line names the columns; bytes are hex; '-' is no bytes. `expect` is ok, malformed or too_big.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def varint(v):
    out = b""
    while v >= 0x80:
        out += bytes([v & 0x7F | 0x80])
        v >>= 7
    return out + bytes([v])


def number(field, v):
    return varint(field << 3) + varint(v)


def chunk(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def opaque(media_type=b"", name=b"", content=b""):
    return b"".join(chunk(i, c) for i, c in ((1, media_type), (2, name), (3, content)) if c)


def payload(inner, form=1):
    return number(1, form) + chunk(2, inner)


FORMAT = number(1, 1)
ROWS = []


def good(name, wire, media_type=b"", file_name=b"", content=b""):
    ROWS.append((name, "ok", wire, media_type, file_name, content))


def bad(name, wire, expect="malformed"):
    ROWS.append((name, expect, wire, b"", b"", b""))


def whole(name, media_type=b"", file_name=b"", content=b""):
    good(name, payload(opaque(media_type, file_name, content)), media_type, file_name, content)


whole("everything", b"application/xml", b"shipment.xml", b"<epcis/>")
whole("nothing_inside")
whole("content_only", content=b"\0\xff\x80 any bytes")
whole("name_only", file_name=b"a")
whole("name_with_umlauts_and_blanks", file_name="Prüfbericht 17 – final.pdf".encode())
whole("name_of_255_bytes", file_name=b"n" * 255)
whole("media_type_with_parameters", b'text/plain; charset="utf-8"; x=1')
whole("media_type_with_blank_before_semicolon", b"text/plain ;charset=utf-8")
whole("media_type_of_127_bytes", b"a/" + b"b" * 125)
whole("media_type_with_every_token_character", b"a!#$%&'*+-.^_`|~9Z/vnd.x+xml")
good("empty_fields_written_out", payload(chunk(1, b"") + chunk(2, b"") + chunk(3, b"")))
good("fields_in_reverse_order", chunk(2, chunk(3, b"c") + chunk(2, b"b") + chunk(1, b"a/a")) + FORMAT, b"a/a", b"b", b"c")

bad("empty", b"")
bad("format_missing", chunk(2, opaque(content=b"c")))
bad("format_0", payload(opaque(content=b"c"), 0))
bad("format_2", payload(opaque(content=b"c"), 2))
bad("format_2_to_the_32_plus_1", payload(opaque(content=b"c"), (1 << 32) + 1))
bad("format_2_to_the_64_minus_1", payload(opaque(content=b"c"), (1 << 64) - 1))
bad("format_in_eleven_bytes", b"\x08" + b"\x81" + b"\x80" * 9 + b"\0" + chunk(2, b""))
bad("format_over_64_bits", b"\x08" + b"\xff" * 9 + b"\x02" + chunk(2, b""))
bad("format_padded_varint", b"\x08\x81\0" + chunk(2, b""))
bad("format_twice", FORMAT + payload(opaque(content=b"c")))
bad("format_as_bytes", chunk(1, b"\1") + chunk(2, b""))
bad("format_as_fixed32", b"\x0d\1\0\0\0" + chunk(2, b""))
bad("format_as_fixed64", b"\x09\1\0\0\0\0\0\0\0" + chunk(2, b""))
bad("format_without_number", chunk(2, b"") + b"\x08")
bad("opaque_missing", FORMAT)
bad("opaque_twice", payload(opaque(content=b"c")) + chunk(2, opaque(name=b"n")))
bad("opaque_as_varint", FORMAT + number(2, 1))
bad("opaque_as_group", FORMAT + b"\x13" + opaque(content=b"c") + b"\x14")
bad("opaque_longer_than_the_rest", FORMAT + b"\x12\x02\x1a")
bad("opaque_of_2_to_the_63_bytes", FORMAT + b"\x12" + varint(1 << 63) + b"c")
bad("opaque_length_missing", FORMAT + b"\x12")
bad("opaque_length_padded_varint", FORMAT + b"\x12\x80\0")
bad("unknown_field_3", payload(opaque(content=b"c")) + number(3, 1))
bad("unknown_field_2_to_the_29_minus_1", payload(b"") + number((1 << 29) - 1, 1))
bad("field_0", payload(b"") + b"\0\0")
bad("tag_padded_varint", b"\x88\0\1" + chunk(2, b""))
bad("byte_behind_the_end", payload(opaque(content=b"c")) + b"\xff")
bad("unknown_field_4_inside", payload(opaque(content=b"c") + chunk(4, b"d")))
bad("field_0_inside", payload(b"\2\0"))
bad("media_type_twice", payload(opaque(b"a/a") + chunk(1, b"b/b")))
bad("name_twice", payload(opaque(name=b"a") + chunk(2, b"a")))
bad("content_twice", payload(opaque(content=b"c") + chunk(3, b"d")))
bad("empty_content_twice", payload(chunk(3, b"") + chunk(3, b"")))
bad("content_as_varint", payload(number(3, 1)))
bad("content_longer_than_the_rest", payload(b"\x1a\x05abcd"))
bad("content_reaching_out_of_its_message", FORMAT + b"\x12\x02\x1a\x03" + b"abc")
bad("name_with_nul", payload(opaque(name=b"a\0b")))
bad("name_with_newline", payload(opaque(name=b"a\nb")))
bad("name_with_delete", payload(opaque(name=b"a\x7fb")))
bad("name_with_slash", payload(opaque(name=b"../passwd")))
bad("name_not_utf8", payload(opaque(name=b"\xc3\x28")))
bad("name_overlong_utf8_slash", payload(opaque(name=b"\xc0\xaf")))
bad("name_surrogate", payload(opaque(name=b"\xed\xa0\x80")))
bad("name_of_256_bytes", payload(opaque(name=b"n" * 256)), "too_big")
bad("media_type_of_128_bytes", payload(opaque(b"a/" + b"b" * 126)), "too_big")
bad("media_type_with_nul", payload(opaque(b"text/plain\0")))
bad("media_type_without_slash", payload(opaque(b"text")))
bad("media_type_without_subtype", payload(opaque(b"text/")))
bad("media_type_without_type", payload(opaque(b"/plain")))
bad("media_type_with_two_slashes", payload(opaque(b"text/plain/x")))
bad("media_type_with_blank", payload(opaque(b"text/ plain")))
bad("media_type_slash_only_in_parameters", payload(opaque(b"text; a=b/c")))
bad("media_type_blank", payload(opaque(b" ")))
bad("media_type_with_umlaut", payload(opaque("text/pläin".encode())))
bad("media_type_with_newline_in_parameters", payload(opaque(b"text/plain; a\r\nX: y")))

with open(os.path.join(HERE, "decode.tsv"), "w") as table:
    table.write("name\texpect\tpayload\tmedia_type\tfile_name\tcontent\n")
    for row in ROWS:
        table.write("\t".join(c if isinstance(c, str) else c.hex() or "-" for c in row) + "\n")
