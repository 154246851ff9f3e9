#!/usr/bin/env python3
"""
Business messages that no agent may take, each with what is wrong with it, written down by hand; and some that look odd and are right.

    bad_messages.py write FOLDER      a file for each message, and lists:
        FOLDER/bad.tsv          name, type, label or -, media type or -, code, number of problems, "path rule; path rule …" of those listed
        FOLDER/good.tsv         name, type, label or -
        FOLDER/names.tsv        the rule that FOLDER/names/0, 1 … break: the only file of each has a name that no original may have
        FOLDER/crafted.tsv      name, path and rule of FOLDER/crafted-NNN.bin: a lab.result as only a broken or hostile encoder makes it
    bad_messages.py compare FOLDER    what the consignor's own agent said of them: FOLDER/sent and FOLDER/tracked have a line of JSON for
                                      each line of bad.tsv, FOLDER/validated a line or nothing
    bad_messages.py settled FOLDER    what the consignee said of them: FOLDER/settled has a line for each line of lied.tsv (name of the file,
                                      "same": the list is that of FOLDER/validated; "right"; "encoding"; how many problems; path and rule of the only one)
"""
import base64
import copy
import hashlib
import json
import os
import sys

EVENT = {'occurredAt': {'text': '2026-03-02T09:14:00+01:00'}, 'source': {'name': 'LIMS'}}
BASES = {
    'lab.result': {
        'event': {'state': 'final', **EVENT}, 'studyId': 'S-1', 'subjectKey': 'S-1-101-1007', 'testCode': 'K', 'testName': 'Potassium',
        'result': {'value': '6.4'}, 'collectedAt': {'text': '2026-03-30T08:05'},
    },
    'material.shipment.dispatched': {
        'event': {'state': 'dispatched', **EVENT}, 'shipmentId': 'SH-1', 'items': [{'kitNumber': 'K-1'}], 'shipFrom': {'name': 'Depot'},
        'shipTo': {'name': 'Site 101'}, 'dispatchedAt': {'text': '2026-03-02T16:30:00+01:00'},
    },
    'safety.sae': {
        'event': {'state': 'reported', **EVENT}, 'studyId': 'S-1', 'subjectKey': 'S-1-101-1007', 'eventTerm': 'Fall', 'severity': 'MILD', 'serious': False,
        'actionTaken': 'NOT APPLICABLE', 'causality': 'NOT RELATED', 'outcome': 'UNKNOWN', 'startedAt': {'text': '2026-04-02'},
    },
    'trial.query': {
        'event': {'state': 'Open', **EVENT}, 'queryId': 'Q-1', 'studyId': 'S-1', 'subjectKey': 'S-1-101-1007', 'visit': 'WEEK4', 'type': 'Manual',
        'text': 'Please check.', 'openedAt': {'text': '2026-03-02'},
    },
    'batch.release': {'event': {'state': 'pending', **EVENT}, 'batchId': 'B-1', 'product': 'ACM-0301'},
}
LAB = 'lab.result'
SHIPMENT = 'material.shipment.dispatched'
MIB = 1024 * 1024
MESSAGE_ID = '01a201e5-5f6c-7a7b-99da-7c293136ca15.0'

bad = []
good = []


def put(message, path, value):
    """Sets what lies at event.originals.0.name; a value of ... removes it."""
    *way, last = [int(step) if step.isdigit() else step for step in path.split('.')]
    for step in way:
        message = message.setdefault(step, {}) if isinstance(message, dict) else message[step]
    if value is ...:
        del message[last]
    else:
        message[last] = value


def changed(of, *changes):
    message = copy.deepcopy(BASES[of])
    for path, value in changes:
        put(message, path, value)
    return message


def encoded(message):
    return json.dumps(message, ensure_ascii=False, separators=(',', ':')).encode()


def refused(name, what, *problems, of=LAB, label='-', media='-', code='TYPE_INVALID', total=None):
    """what: the file as it is, or a list of changes to the base. problems: 'path rule', all that are listed, in their order."""
    data = what if isinstance(what, bytes) else encoded(changed(of, *what))
    bad.append((name, data, of, label, media, code, len(problems) if total is None else total, '; '.join(problems)))


def taken(name, *changes, of=LAB, label='-'):
    good.append((name, encoded(changed(of, *changes)), of, label))


def original(content=b'foo', /, **instead):
    found = {
        'mediaType': 'text/plain', 'name': 'note.txt', 'size': len(content), 'sha256': hashlib.sha256(content).hexdigest(),
        'content': base64.b64encode(content).decode(),
    }
    return {key: value for key, value in {**found, **instead}.items() if value is not ...}


def with_original(content=b'foo', /, **instead):
    return [('event.originals', [original(content, **instead)])]


def raw(path, text, of=LAB):
    """The base, with this JSON text, unquoted, in the place of a value."""
    return encoded(changed(of, (path, '@'))).replace(b'"@"', text if isinstance(text, bytes) else text.encode())


def texts():
    refused('text-nul', raw('testName', r'"Pot\u0000assium"'), 'testName json')
    refused('text-nul-bare', raw('testName', b'"Pot\0assium"'), 'testName json')
    refused('text-line-bare', raw('testName', b'"Pot\nassium"'), 'testName json')
    refused('text-not-utf8', raw('testName', b'"Pot\xffassium"'), 'testName json')
    refused('text-latin1', raw('resultUnit', '"µkat/L"'.encode('latin-1')), 'resultUnit json')
    refused('text-overlong', raw('testName', b'"Pot\xc1\xa1ssium"'), 'testName json')
    refused('text-surrogate-bytes', raw('testName', b'"Pot\xed\xa0\x80ssium"'), 'testName json')
    refused('text-half-surrogate', raw('testName', r'"Pot\ud83dassium"'), 'testName json')
    for point in (0x202e, 0x2066, 0x200f, 0x061c, 0x2028, 0xfeff, 0xfffe, 0x1b, 0x7f, 0x9b, 0x0a):
        refused(f'text-u+{point:04x}', [('testName', f'Pot{chr(point)}assium')], 'testName format')
    refused('text-escaped-override', raw('testName', r'"Pot\u202eassium"'), 'testName format')
    refused('text-blank-end', [('testName', 'Potassium ')], 'testName format')
    refused('id-with-invisible', [('subjectKey', 'S-1-101\u200b-1007')], 'subjectKey format')
    refused('prose-override', [('event.note', 'seen\nby \u202ephone')], 'event.note format')
    refused('text-1-mib', [('testName', 'x' * MIB)], 'testName length')
    # A limit is of bytes: 21 characters, 42 bytes.
    refused('text-bytes-not-characters', [('resultUnit', 'µ' * 21)], 'resultUnit length')
    taken('text-bytes-fit', ('resultUnit', 'µ' * 20))
    taken('text-of-many-scripts', ('testName', 'Kalium – 钾 – калий – ポタシウム – 😀'), ('standard', {'value': '0.31', 'unit': 'ukat/L', 'reportedUnit': 'μkat/L'}))
    taken('text-quoted-lines', ('text', 'He said "no",\nthen:\n\t10³/㎕'), of='trial.query')


def counts():
    refused('causes-10000', [('event.causes', [MESSAGE_ID] * 10000)], 'event.causes count')
    refused('references-10000', [('event.references', [{'kind': 'protocol', 'id': 'P-1'}] * 10000)], 'event.references count')
    refused('references-10000-empty', [('event.references', [{}] * 10000)], ' length', code='TOO_BIG')
    refused('items-1001', [('items', [{'kitNumber': f'K-{n}'} for n in range(1001)])], 'items count', of=SHIPMENT)
    refused('many-elements', raw('event.causes', '[' + ','.join(['"a"'] * 30000) + ']'), 'event.causes count')


def many():
    refused('nothing-at-all', b'{}', *[f'{name} mandatory' for name in ('event', 'studyId', 'subjectKey', 'testCode', 'testName', 'result', 'collectedAt')])
    refused('many-at-once', [('event.state', 'gone'), ('event.sequence', 0), ('event.note', ' x'), ('studyId', 'S 1'), ('testCode', ...),
                             ('result', {}), ('standardLow', '9'), ('standardHigh', '1'), ('studyDay', 0), ('collectedAt.text', '2026-02-30')],
            'event.state code', 'event.sequence range', 'event.note format', 'studyId format', 'testCode mandatory', 'result.value text.one',
            'collectedAt.text format', 'standardHigh lab.result.range', 'studyDay lab.result.study-day')
    # Two problems a reference, five a signature: the last 50 are only counted.
    refused('114-problems', [('event.references', [{}] * 32), ('event.signatures', [{'signer': {}}] * 10)],
            *[f'event.references[{n}].{what} mandatory' for n in range(32) for what in ('kind', 'id')], total=114)


def dates():
    for text in ('2026-02-30', '2025-02-29', '1900-02-29', '2026-04-31', '2026-13-01', '2026-00-10', '2026-3-2', '0000-01-01', '20260230', '30-FEB-2026',
                 '2026-03-02T24:00', '2026-03-02T23:59:60', '2026-03-02 09:14', '2026-03-02T09:14-00:00',
                 '2026-03-02T09:14+14:30', '02/03/2026', '1772440440', '٢٠٢٦-٠٣-٠٢'):
        refused(f'date-{text.replace("/", "_")}', [('collectedAt.text', text)], 'collectedAt.text format')
    for text in ('2024-02-29', '2000-02-29', '2026', '2026-03', '2012-11-23T11:20', '20220615', '20220614101010-0500', '2026-03-02T09:14:07.123456Z',
                 '20-JAN-2019'):
        taken(f'date-{text}', ('collectedAt.text', text))
    refused('date-no-time', [('awareAt', {'text': '2026-04-03'})], 'awareAt.text date.least', 'awareAt.text date.no-offset', of='safety.sae')
    refused('date-only-month', [('event.dueAt', {'text': '2026-04'})], 'event.dueAt.text date.least')
    refused('date-meant-coarser', [('event.dueAt', {'text': '2026-04-01', 'precision': 'month'})], 'event.dueAt.text date.least')
    refused('date-no-offset', [('awareAt', {'text': '2026-04-03T16:20'})], 'awareAt.text date.no-offset', of='safety.sae')
    refused('date-two-offsets', [('awareAt', {'text': '2026-04-03T16:20+02:00', 'offset': '+01:00'})], 'awareAt.offset date.offset', of='safety.sae')
    refused('date-finer', [('collectedAt', {'text': '2026-03', 'precision': 'day'})], 'collectedAt.precision date.precision')
    refused('date-offset-of-day', [('collectedAt', {'text': '2026-03-02', 'offset': '+01:00'})], 'collectedAt.offset date.offset-of')
    refused('date-order', [('expectedAt', {'text': '2026-03-01T00:00:00+01:00'})], 'expectedAt material.shipment.dispatched.expected', of=SHIPMENT)
    # The same day in another zone, and a time of which the zone is not known: nothing is invented.
    taken('date-order-unknown', ('expectedAt', {'text': '2026-03-02'}), of=SHIPMENT)


def numbers():
    refused('decimal-400-digits', [('standard', {'value': '1' * 400, 'unit': '1'})], 'standard.value length')
    for text in ('1' * 35, '1e5', '+1', '.5', '5.', '01', '-0', '1,5', '0x10', 'NaN', '1 000', '١٢', '--1'):
        refused(f'decimal-{text}', [('standard', {'value': text, 'unit': '1'})], 'standard.value format')
    refused('decimal-as-number', raw('standardLow', '3.5'), 'standardLow kind')
    refused('decimal-as-huge-number', raw('standardLow', '1' * 400), 'standardLow kind')
    refused('quantity-as-number', raw('standard', '{"value": 6.4, "unit": "mmol/L"}'), 'standard.value kind')
    taken('decimal-34-digits', ('standard', {'value': '-' + '9' * 20 + '.' + '1' * 13 + '0', 'unit': '1'}))
    refused('quantity-negative', [('items.0.quantity', {'value': '-1', 'unit': '{kit}'})], 'items[0].quantity.value range', of=SHIPMENT)
    refused('quantity-barely-negative', [('items.0.quantity', {'value': '-0.0000000001', 'unit': '{kit}'})], 'items[0].quantity.value range', of=SHIPMENT)
    refused('quantity-no-unit', [('items.0.quantity', {'value': '1'})], 'items[0].quantity.unit quantity.unit', of=SHIPMENT)
    refused('quantity-odd-unit', [('items.0.quantity', {'value': '1', 'unit': 'kits per box'})], 'items[0].quantity.unit format', of=SHIPMENT)
    for name, text in (('negative', '-1'), ('fraction', '1.5'), ('exponent', '1e3'), ('wide', '4294967296'), ('minus-zero', '-0')):
        refused(f'number-{name}', raw('sequence', text), 'sequence range')
    refused('number-zero', raw('sequence', '0'), 'sequence range')
    refused('number-as-text', raw('sequence', '"14"'), 'sequence kind')
    refused('number-below-int32', raw('studyDay', '-2147483649'), 'studyDay range')


def originals():
    there = 'event.originals[0]'
    wrong = hashlib.sha256(b'bar').hexdigest()
    refused('digest-lies', with_original(sha256=wrong), f'{there}.sha256 original.digest')
    refused('size-lies', with_original(size=4), f'{there}.size original.size')
    refused('size-and-digest-lie', with_original(size=0, sha256=wrong), f'{there}.size original.size', f'{there}.sha256 original.digest')
    refused('digest-label-short', with_original(sha256='SHA256-' + wrong[:32]), f'{there}.sha256 format')
    refused('digest-md5', with_original(sha256=wrong[:32]), f'{there}.sha256 format')
    refused('digest-capitals', with_original(sha256=wrong.upper()), f'{there}.sha256 format', f'{there}.sha256 original.digest')
    refused('digest-missing', with_original(sha256=...), f'{there}.sha256 mandatory')
    refused('content-missing', with_original(content=...), f'{there}.content mandatory')
    refused('content-empty', with_original(content=''), f'{there}.size original.size', f'{there}.sha256 original.digest')
    refused('content-no-base64', with_original(content='Zm9v!'), f'{there}.content base64')
    refused('content-base64-unpadded', with_original(content='Zm8'), f'{there}.content base64')
    refused('content-base64-loose-bits', with_original(content='Zm9='), f'{there}.content base64')
    refused('content-base64-lines', with_original(content='Zm\n9v'), f'{there}.content base64')
    refused('media-type-none', with_original(mediaType='text'), f'{there}.mediaType format')
    refused('media-type-header', with_original(mediaType='text/plain\r\nX: y'), f'{there}.mediaType format')
    for name in ('../x', 'a/b', '/etc/passwd', 'a\\b', '..\\x', 'CON', 'con.txt', 'NUL ', 'COM¹', 'LPT9.csv', '.', '..', 'x.', '.hidden', 'C:x', 'x:stream',
                 'a\tb', 'a\nb', 'a\x1b[2J', 'x\u202efdp.exe', ' x', 'x '):
        refused(f'name-{len(bad)}', with_original(name=name), f'{there}.name format')
    refused('name-nul', raw('event.originals', encoded(with_original(name='a@')[0][1]).replace(b'a@', rb'a\u0000b')), f'{there}.name json')
    refused('name-empty', with_original(name=''), f'{there}.name empty')
    refused('name-256', with_original(name='x' * 256), f'{there}.name length')
    refused('originals-17', [('event.originals', [original(name=f'{n}.txt') for n in range(17)])], 'event.originals count')
    half = b'\0' * (MIB // 2 + 1)
    refused('originals-too-large', [('event.originals', [original(half), original(half)])], 'event.originals length')
    refused('original-too-large', with_original(b'\0' * (MIB + 1)), f'{there}.size range', f'{there}.content length', 'event.originals length')
    taken('original-largest', ('event.originals', [original(b'\0\xff' * (MIB // 2))]))
    taken('original-of-any-name', ('event.originals', [original(b'\r\n\x1a', name='Größe – 空 (2).TXT')]))


def keys():
    refused('key-unknown', [('colour', 'red')], 'colour unknown')
    refused('key-unknown-inside', [('event.source.vendor', 'x')], 'event.source.vendor unknown')
    refused('key-proto', [('__proto__', {'x': 1})], '__proto__ unknown')
    refused('key-odd', [('a\u202eb', 1)], '? unknown')
    refused('key-capitals', [('StudyId', 'x')], 'StudyId unknown')
    refused('key-twice', encoded(BASES[LAB])[:-1] + b',"testCode":"Na"}', 'testCode duplicate')
    refused('key-twice-spelled', encoded(BASES[LAB])[:-1] + b',"test_code":"K"}', 'testCode duplicate')
    refused('key-twice-escaped', encoded(BASES[LAB])[:-1] + rb',"test\u0043ode":"K"}', 'testCode duplicate')
    refused('value-null', [('siteId', None)], 'siteId kind')
    refused('value-null-inside', [('event.causes', [MESSAGE_ID, None])], 'event.causes[1] kind')
    refused('value-empty', [('siteId', '')], 'siteId empty')
    refused('list-empty', [('event.causes', [])], 'event.causes empty')
    refused('kind-number', [('testName', 5)], 'testName kind')
    refused('kind-flag', [('baseline', 'true')], 'baseline kind')
    refused('kind-list', [('event', [])], 'event kind')
    refused('kind-no-list', [('event.causes', MESSAGE_ID)], 'event.causes kind')
    refused('kind-object', [('testName', {'value': 'K'})], 'testName kind')
    for name, text, path in (('none', b'', ''), ('list', b'[]', ''), ('word', b'lab', ''), ('cut', encoded(BASES[LAB])[:-1], ''),
                             ('twice', encoded(BASES[LAB]) * 2, ''), ('bom', b'\xef\xbb\xbf' + encoded(BASES[LAB]), ''),
                             ('quotes', b"{'event': {}}", ''), ('comment', b'{/* */}', ''), ('comma', b'{"event": {"state": "final",}}', 'event')):
        refused(f'json-{name}', text, f'{path} {"kind" if name == "list" else "json"}')
    refused('json-deep', b'{"x":' * 70 + b'1' + b'}' * 70, 'x unknown', ' json')
    taken('keys-of-the-proto', ('standard', {'value': '6.4', 'unit': 'mmol/L', 'reported_unit': 'mmol/l'}), ('study_day', 1))


def codes():
    refused('code-unknown', [('indicator', 'VERY HIGH')], 'indicator code')
    refused('code-case', [('indicator', 'normal')], 'indicator code')
    refused('state-unknown', [('event.state', 'unheard-of')], 'event.state code')
    refused('null-flavour-unknown', [('result', {'nullFlavor': 'NONE'})], 'result.nullFlavor code')
    refused('null-flavour-not-here', [('event.occurredAt', {'nullFlavor': 'UNK'})], 'event.occurredAt.nullFlavor null-flavour')
    refused('null-flavour-and-value', [('result', {'value': '6.4', 'nullFlavor': 'UNK'})], 'result.value text.one')
    refused('null-flavour-as-text', [('result', {'value': ''})], 'result.value empty')
    taken('null-flavour', ('result', {'nullFlavor': 'MSK'}), ('collectedAt', {'nullFlavor': 'ASKU'}))
    refused('true-lot-open', [('items.0.trueLot', 'BM-26-0417')], 'items[0].trueLot label', of=SHIPMENT, label='open')
    refused('treatment-restricted', [('items.0.treatment', 'ACM-0301 50 mg')], 'items[0].treatment label', of=SHIPMENT, label='restricted')
    refused('release-open', [], ' label', of='batch.release', label='open')
    taken('true-lot', ('items.0.trueLot', 'BM-26-0417'), of=SHIPMENT, label='restricted')
    refused('correction-without-why', [('event.supersedes', MESSAGE_ID)], 'event.reason event.reason', 'event.author event.author')
    refused('void-and-correction', [('event.supersedes', MESSAGE_ID), ('event.voids', MESSAGE_ID), ('event.reason', 'x'),
                                    ('event.author', {'id': 'u', 'role': 'quality'})], 'event.voids event.correction')
    refused('corrects-a-digest', [('event.supersedes', MESSAGE_ID[:-2]), ('event.reason', 'x'), ('event.author', {'id': 'u', 'role': 'quality'})],
            'event.supersedes format')
    taken('void', ('event.voids', MESSAGE_ID), ('event.reason', 'entered in error'), ('event.author', {'id': 'u', 'role': 'quality'}))
    refused('type-unknown', b'{}', ' type', of='lab.nothing', media='application/json')
    refused('file-for-a-message', b'a;b\n1;2\n', ' media-type', media='text/csv')


def key(number, wire_type):
    return varint(number << 3 | wire_type)


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def field(number, data):
    return key(number, 2) + varint(len(data)) + data


def crafted():
    """Fields of LabResult by number: 1 event, 2 study_id, 4 subject_key, 5 sequence, 8 test_code, 9 test_name, 11 result, 24 collected_at."""
    event = field(1, b'final') + field(2, field(1, b'2026-03-02')) + field(4, field(1, b'LIMS'))
    rest = field(2, b'S-1') + field(4, b'S-1-101-1007') + field(8, b'K')
    tail = field(11, field(1, b'6.4')) + field(24, field(1, b'2026-03-30'))

    def message(name=b'Potassium', event=event, tail=tail):
        return field(1, event) + rest + field(9, name) + tail

    return (
        ('right', 'right', message()),
        ('nul', 'testName encoding', message(b'Pot\0ssium')),
        ('not-utf8', 'testName encoding', message(b'Pot\xffssium')),
        ('override', 'testName format', message('Pot\u202essium'.encode())),
        ('twice', 'studyId encoding', message() + field(2, b'S-2')),
        ('unknown-field', ' encoding', message() + field(126, b'x')),
        ('field-0', ' encoding', message() + b'\x00\x00'),
        ('other-wire-type', 'testName encoding', field(1, event) + rest + key(9, 0) + b'\x01' + tail),
        ('group', ' encoding', message() + key(126, 3) + key(126, 4)),
        ('long-varint', 'sequence encoding', message() + key(5, 0) + b'\x81\x00'),
        ('wide-varint', 'sequence encoding', message() + key(5, 0) + varint(1 << 32 | 1)),
        ('endless-varint', 'sequence encoding', message() + key(5, 0) + b'\xff' * 11),
        ('cut', 'collectedAt encoding', message()[:-1]),
        ('length-over-end', 'testName encoding', field(1, event) + rest + key(9, 2) + varint(1 << 60)),
        ('empty-text', 'testName empty', message(b'')),
        ('empty-part', 'result.value text.one', message(tail=field(11, b'') + field(24, field(1, b'2026-03-30')))),
        ('flood-of-parts', 'encoding', message(event=event + field(11, b'') * 500000)),
        ('flood-of-texts', 'encoding', message(event=event + field(10, b'') * 500000)),
        ('nothing', '7', b''),
    )


def write(folder):
    for make in (texts, counts, many, dates, numbers, originals, keys, codes):
        make()
    os.makedirs(os.path.join(folder, 'names'))
    for rows, name in ((bad, 'bad.tsv'), (good, 'good.tsv')):
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as out:
            for number, (title, data, *row) in enumerate(rows):
                file = f'{name[:-4]}-{number:03d}.json'
                with open(os.path.join(folder, file), 'wb') as one:
                    one.write(data)
                out.write('\t'.join([file, title.encode('ascii', 'replace').decode(), *map(str, row)]) + '\n')
    with open(os.path.join(folder, 'crafted.tsv'), 'w', encoding='utf-8') as out:
        for number, (title, problem, data) in enumerate(crafted()):
            with open(os.path.join(folder, f'crafted-{number:03d}.bin'), 'wb') as one:
                one.write(data)
            out.write(f'crafted-{number:03d}.bin\t{title}\t{problem}\n')
    names = (b'a\\b', b'CON', b'nul.csv', b'x.', b'.hidden', b'C:x', b'a\tb', b'a\nb', b' x', b'\x1b[2Jx', 'x\u202efdp.exe'.encode(), b'x\xff')
    with open(os.path.join(folder, 'names.tsv'), 'w', encoding='utf-8') as out:
        for number, name in enumerate(names):
            os.mkdir(os.path.join(folder, 'names', str(number)))
            with open(os.path.join(os.fsencode(folder), b'names', str(number).encode(), name), 'wb') as one:
                one.write(b'foo')
            out.write(('encoding' if b'\xff' in name else 'format') + '\n')


def lines(folder, name):
    with open(os.path.join(folder, name), encoding='utf-8', newline='\n') as stream:
        return [line.rstrip('\n') for line in stream]


def told(problems):
    return '; '.join(f'{problem["path"]} {problem["rule"]}' for problem in problems)


def insist(expected, found, what):
    if expected != found:
        sys.exit(f'FAIL: {what}:\n  expected {expected}\n  found    {found}')


def validated(folder):
    return {row.split('\t')[0]: json.loads(text) if text else None
            for row, text in zip(lines(folder, 'bad.tsv'), lines(folder, 'validated'), strict=True)}


def compare(folder):
    rows, known = lines(folder, 'bad.tsv'), validated(folder)
    for row, sent, tracked in zip(rows, lines(folder, 'sent'), lines(folder, 'tracked'), strict=True):
        file, name, of, _, _, code, total, problems = row.split('\t')
        sent, tracked, what = json.loads(sent), json.loads(tracked), f'{file} ({name})'
        refusal = sent['refusal']
        insist(('refused', code, int(total), problems), (sent['state'], refusal['code'], refusal['problems_total'], told(refusal['problems'])), what)
        for problem in refusal['problems']:
            insist([], [part for part in ('path', 'rule', 'found', 'expected') if not isinstance(problem[part], str)], what)
            insist((True, True), (problem['found'] != '', problem['expected'] != ''), what)
        insist((sent['id'], 'refused', refusal), (tracked['id'], tracked['state'], tracked['refusal']), f'track of {what}')
        if known[file] is not None:
            insist((of, False, refusal['problems'], int(total)),
                   (known[file]['type'], known[file]['valid'], known[file]['problems'], known[file]['problems_total']), f'validate of {what}')
    print(f'{len(rows)} bad messages: {sum(int(row.split(chr(9))[6]) for row in rows)} problems')


def settled(folder):
    known = validated(folder)
    n_same = 0
    for row, text in zip(lines(folder, 'lied.tsv'), lines(folder, 'settled'), strict=True):
        file, expected = row.split('\t')
        tracked = json.loads(text)
        taker = tracked['consignees'][0]
        if expected == 'right':
            insist(('delivered', None), (tracked['state'], taker.get('code')), file)
            continue
        insist(('rejected', None, 'TYPE_INVALID'), (tracked['state'], tracked['refusal'], taker.get('code')), file)
        if expected == 'same':
            insist((known[file]['problems'], known[file]['problems_total']), (taker['problems'], taker['problems_total']), file)
            n_same += 1
        elif expected == 'encoding':
            insist(['encoding'], [problem['rule'] for problem in taker['problems']], file)
        elif expected.isdigit():
            insist((int(expected), int(expected)), (len(taker['problems']), taker['problems_total']), file)
        else:
            insist((expected, 1), (told(taker['problems']), taker['problems_total']), file)
    print(f'{len(lines(folder, "lied.tsv"))} lies: {n_same} lists are those of the consignor\'s own check')


if __name__ == '__main__':
    {'write': write, 'compare': compare, 'settled': settled}[sys.argv[1]](sys.argv[2])
