#!/usr/bin/env python3
"""Real records of the trade as messages of the catalogue, and back: for tests/e2e/12-real-records-travel-typed only.

  map_records.py rows DATA SET OUT             a JSON file for each row of the set (lb, ae, queries), in the order of the rows
  map_records.py documents DATA OUT            EPCIS events as messages; prints a line each: FILE TYPE LABEL DOCUMENT VOIDS
  map_records.py invalid DATA OUT              events of invalid documents; prints: FILE TYPE DOCUMENT PROBLEMS
  map_records.py compare-rows DATA SET IDS LINES
  map_records.py compare-documents DATA IDS LINES

  IDS    message ids as `consign send` printed them, in the order of the files; LINES of `consign watch --content`
  VOIDS  the number, from 1, of the line whose message this one voids; 0 when none
  PROBLEMS  "path rule" of each problem that the message must be refused for, parted by `; `

Nothing is converted: numbers stay the text that stands in the source, dates keep their form, and what a source leaves empty is
left out or has a null flavour. Comparing goes the other way: from what arrived back to cells, and these against the source.
"""
import csv
import datetime
import decimal
import glob
import hashlib
import json
import os
import re
import sys

STUDY_OF_QUERIES = 'EDC-5000'  # the listing does not name its study
UCUM = {'10^9/L': '10*9/L', '10^12/L': '10*12/L', 'KGM': 'kg'}  # where the source writes a unit otherwise
NO_UNIT = '1'


def read_json(text):
    return json.loads(text, parse_float=str, parse_int=str)


# ── a message as paths: event.source.name ──

def put(message, path, value):
    *parts, last = path.split('.')
    for part in parts:
        message = message.setdefault(part, {})
    message[last] = value


def get(message, path):
    for part in path.split('.'):
        if not isinstance(message, dict) or part not in message:
            return None
        message = message[part]
    return message


# ── rows: a column, where it stands in the message, and how ──

TEXT, NUMBER = (str, str), (int, str)
FLAG = ({'Y': True, 'N': False}.__getitem__, {True: 'Y', False: 'N'}.__getitem__)

LB = {
    'STUDYID': ('studyId', TEXT), 'USUBJID': ('subjectKey', TEXT), 'LBSEQ': ('sequence', NUMBER), 'LBTESTCD': ('testCode', TEXT),
    'LBTEST': ('testName', TEXT), 'LBCAT': ('category', TEXT), 'LBORRES': ('result.value', TEXT), 'LBORRESU': ('resultUnit', TEXT),
    'LBORNRLO': ('rangeLow', TEXT), 'LBORNRHI': ('rangeHigh', TEXT), 'LBSTRESC': ('standardText', TEXT),
    'LBSTRESN': ('standard.value', TEXT), 'LBSTRESU': ('standard.reportedUnit', TEXT), 'LBSTNRLO': ('standardLow', TEXT),
    'LBSTNRHI': ('standardHigh', TEXT), 'LBNRIND': ('indicator', TEXT), 'LBLOBXFL': ('baseline', FLAG), 'VISITNUM': ('visitNumber', TEXT),
    'VISIT': ('visit', TEXT), 'EPOCH': ('epoch', TEXT), 'LBDTC': ('collectedAt.text', TEXT), 'LBDY': ('studyDay', NUMBER),
}
AE = {
    'STUDYID': ('studyId', TEXT), 'USUBJID': ('subjectKey', TEXT), 'AESEQ': ('sequence', NUMBER), 'AELNKID': ('linkId', TEXT),
    'AETERM': ('eventTerm', TEXT), 'AELLT': ('lowestLevelTerm.display', TEXT), 'AELLTCD': ('lowestLevelTerm.code', TEXT),
    'AEDECOD': ('preferredTerm.display', TEXT), 'AEPTCD': ('preferredTerm.code', TEXT), 'AEHLT': ('highLevelTerm.display', TEXT),
    'AEHLTCD': ('highLevelTerm.code', TEXT), 'AEHLGT': ('highLevelGroup.display', TEXT), 'AEHLGTCD': ('highLevelGroup.code', TEXT),
    'AEBODSYS': ('bodySystem.display', TEXT), 'AEBDSYCD': ('bodySystem.code', TEXT), 'AESOC': ('organClass.display', TEXT),
    'AESOCCD': ('organClass.code', TEXT), 'AESEV': ('severity', TEXT), 'AESER': ('serious', FLAG), 'AEACN': ('actionTaken', TEXT),
    'AEREL': ('causality', TEXT), 'AEOUT': ('outcome', TEXT), 'AESCAN': ('cancer', FLAG), 'AESCONG': ('congenitalAnomaly', FLAG),
    'AESDISAB': ('disability', FLAG), 'AESDTH': ('resultsInDeath', FLAG), 'AESHOSP': ('hospitalisation', FLAG),
    'AESLIFE': ('lifeThreatening', FLAG), 'AESOD': ('overdose', FLAG), 'EPOCH': ('epoch', TEXT), 'AESTDTC': ('startedAt.text', TEXT),
    'AEENDTC': ('endedAt.text', TEXT), 'AESTDY': ('startDay', NUMBER), 'AEENDY': ('endDay', NUMBER), 'AEENRTPT': ('endRelative', TEXT),
    'AEENTPT': ('endReference.text', TEXT),
}
QUERIES = {
    'sitename': ('siteName', TEXT), 'subjectnameoridentifier': ('subjectKey', TEXT), 'folderoid': ('visit', TEXT),
    'folderinstancename': ('visitName', TEXT), 'formoid': ('form', TEXT), 'ecrfpagename': ('formName', TEXT), 'fieldname': ('item', TEXT),
    'fieldlabel': ('itemName', TEXT), 'markinggroup': ('markingGroup', TEXT), 'queryopenby': ('openedBy', TEXT),
    'querytext': ('text', TEXT), 'queryresponsetext': ('response', TEXT), 'querystatus': ('event.state', TEXT),
    'queryopendate': ('openedAt.text', TEXT), 'queryresponsedate': ('answeredAt.text', TEXT), 'queryresolveddate': ('closedAt.text', TEXT),
}
QUERY_DATES = ('queryopendate', 'queryresponsedate', 'queryresolveddate')
QUERY_DAYS = ('odays', 'qdays')  # worked out by whoever made the listing; they go into the note


def fill(columns, row):
    message = {}
    for column, (path, (there, _)) in columns.items():
        if row[column] != '':
            put(message, path, there(row[column]))
    return message


def cells(columns, message):
    """What stands in the message, as the source writes it; '' where nothing does."""
    row = {}
    for column, (path, (_, back)) in columns.items():
        value = get(message, path)
        row[column] = '' if value is None else back(value)
    return row


def read_ndjson(path):
    with open(path, encoding='utf-8', newline='\n') as lines:
        header = read_json(next(lines))
        names = [column['name'] for column in header['columns']]
        rows = [dict(zip(names, ('' if cell is None else cell for cell in read_json(line)), strict=True)) for line in lines]
    if len(rows) != int(header['records']):
        raise SystemExit(f'{path}: {len(rows)} rows, and its header says {header["records"]}')
    return header, rows


def event_of(state, when, source):
    return {'state': state, 'occurredAt': {'text': when}, 'source': source}


def lab_result(row, number, source):
    message = fill(LB, row)
    message['event'] = event_of('final', row['LBDTC'], source)
    standard = message.get('standard', {})
    if row['LBSTRESN'] != '':
        unit = row['LBSTRESU']
        standard['unit'] = UCUM.get(unit, unit) if unit != '' else NO_UNIT
    elif standard:
        standard['nullFlavor'] = 'NI'  # "<40": there is a unit, and no number
    return message


def lab_row(message, number):
    return {'DOMAIN': 'LB', **cells(LB, message)}  # the type says the domain


def adverse_event(row, number, source):
    message = fill(AE, row)
    message['event'] = event_of('reported', row['AESTDTC'], source)
    message['medicallyImportantNull'] = 'NASK'  # there is no column AESMIE
    for part in message.values():
        if isinstance(part, dict) and 'code' in part:
            part['system'] = 'MedDRA'
    if message['serious']:  # a dataset knows neither who told it nor when
        message['awareAt'] = {'nullFlavor': 'NI'}
        message['reporter'] = {'id': 'site-data-system', 'role': 'system'}
    return message


def adverse_row(message, number):
    return {'DOMAIN': 'AE', **cells(AE, message)}


def query(row, number, source):
    row = row | {column: '' for column in QUERY_DATES if row[column] == 'NA'}
    opener = row['queryopenby'].rsplit(' ', 1)[-1]
    message = fill(QUERIES, row)
    message['queryId'] = f'Q-{number:06}'
    message['studyId'] = STUDY_OF_QUERIES
    message['type'] = 'System' if opener == 'System' else 'Manual'
    message['raisedBy'] = {'System': 'System', 'DM': 'Data Management', 'CRA': 'Site Monitor'}[opener]
    message['event'] = event_of(row['querystatus'], [row[column] for column in QUERY_DATES if row[column] != ''][-1], source)
    message['event']['note'] = ', '.join(f'{column} {row[column]}' for column in QUERY_DAYS)
    return message


def query_row(message, number):
    row = cells(QUERIES, message)
    row.update({column: 'NA' for column in QUERY_DATES if row[column] == ''})
    row.update(dict(zip(QUERY_DAYS, re.fullmatch(r'odays (.*), qdays (.*)', message['event']['note']).groups(), strict=True)))
    if message['queryId'] != f'Q-{number:06}':
        row['queryid'] = message['queryId']
    return row


def read_queries(path):
    with open(path, encoding='utf-8', newline='') as lines:
        return {'sourceSystem': {'name': 'queries.csv'}}, list(csv.DictReader(lines, strict=True))


SETS = {
    'lb': ('cdisc-dataset-json/sdtm/lb.ndjson', 3488, read_ndjson, lab_result, lab_row),
    'ae': ('cdisc-dataset-json/sdtm/ae.ndjson', 74, read_ndjson, adverse_event, adverse_row),
    'queries': ('lab-sdtm-transfer/queries.csv', 5000, read_queries, query, query_row),
}


def read_set(data, name):
    path, wanted, read, there, back = SETS[name]
    header, rows = read(os.path.join(data, path))
    if len(rows) != wanted:
        raise SystemExit(f'{path}: {len(rows)} rows, not {wanted}')
    return header['sourceSystem'], rows, there, back


def write_message(path, message):
    with open(path, 'w', encoding='utf-8') as out:
        json.dump(message, out, ensure_ascii=False)


def write_rows(data, name, out):
    source, rows, there, _ = read_set(data, name)
    for number, row in enumerate(rows, 1):
        write_message(os.path.join(out, f'{number:06}.json'), there(row, number, source))


# ── EPCIS: an event, what of it travels (its facts), and the message ──

PARTIES = (('location', 'id'), ('possessing_party', 'holder'), ('owning_party', 'owner'))
STEPS = {'shipping': 'material.shipment.dispatched', 'receiving': 'material.shipment.received'}
LOG = 'material.temperature_log'
# What the sender knows itself where a document does not say it; for the invalid documents, so that only their own fault is found.
OWN_PLACES = {'shipFrom': {'name': 'Depot'}, 'shipTo': {'name': 'Site 101'}}


def events_of(document):
    return document['epcisBody']['eventList']


def moment(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def things_of(event):
    epcs = [event['parentID']] if 'parentID' in event else []
    for key in ('epcList', 'childEPCs', 'outputEPCList'):
        epcs += event.get(key, [])
    return epcs, [dict(entry) for key in ('quantityList', 'childQuantityList', 'outputQuantityList') for entry in event.get(key, [])]


def parties_of(event, key, value):
    found = {entry['type']: entry[value] for entry in event.get(key, [])}
    return {ours: found[theirs] for theirs, ours in PARTIES if theirs in found}


def facts_of_any(event):
    epcs, quantities = things_of(event)
    facts = {'time': event.get('eventTime'), 'offset': event.get('eventTimeZoneOffset'), 'id': event.get('eventID'), 'epcs': epcs,
             'quantities': quantities, 'transactions': event.get('bizTransactionList', []), 'read point': get(event, 'readPoint.id')}
    error = event.get('errorDeclaration', {})
    facts['error'] = [error.get('declarationTime'), error.get('reason'), error.get('correctiveEventIDs', [])]
    return facts


def facts_of_shipment(event):
    facts = facts_of_any(event) | {'step': event.get('bizStep'), 'lot': get(event, 'ilmd.cbvmda:lotNumber')}
    sources, destinations = parties_of(event, 'sourceList', 'source'), parties_of(event, 'destinationList', 'destination')
    if 'bizLocation' in event:
        destinations['id'] = event['bizLocation']['id']
    return facts | {'from': sources, 'to': destinations}


def temperatures_of(event):
    """(report, what is said of it in the report or its element) of each temperature report."""
    found = []
    for element in event.get('sensorElementList', []):
        for report in element.get('sensorReport', []):
            if report.get('type', '').removeprefix('gs1:') == 'Temperature':
                found.append((report, element.get('sensorMetadata', {}) | report))
    return found


def one_of(values):
    """The value that all have that have one; None when they differ, or none has one."""
    values = {value for value in values if value is not None}
    return values.pop() if len(values) == 1 else None


def facts_of_log(event):
    reports = temperatures_of(event)
    read = [(report, meta) for report, meta in reports if 'value' in report or 'minValue' in report]
    facts = facts_of_any(event)
    for name, key in (('logger', 'deviceID'), ('model', 'deviceMetadata'), ('raw data', 'rawData'), ('rules', 'bizRules')):
        facts[name] = one_of(meta.get(key) for _, meta in reports)
    if any(report.get('uom') != 'CEL' for report, _ in read):
        return facts | {'state': 'attached'}  # without a unit it is a file, and no log that was read
    number = decimal.Decimal
    facts |= {'state': 'parsed', 'min': min((report.get('minValue', report.get('value')) for report, _ in read), key=number),
              'max': max((report.get('maxValue', report.get('value')) for report, _ in read), key=number),
              'start': min((meta.get('startTime', meta.get('time')) for _, meta in read), key=moment),
              'end': max((meta.get('endTime', meta.get('time')) for _, meta in read), key=moment)}
    if len(read) == 1:
        facts |= {'mean': read[0][0].get('meanValue'), 'deviation': read[0][0].get('sDev')}
    if all('minValue' not in report for report, _ in read):
        facts['readings'] = str(len(read))
    return facts


def quantity_of(entry):
    quantity = {'value': entry['quantity'], 'unit': NO_UNIT}
    if 'uom' in entry:
        quantity |= {'unit': UCUM[entry['uom']], 'reportedUnit': entry['uom']}
    return quantity


def items_of(facts):
    items = [{'epc': epc} for epc in facts['epcs']]
    for entry in facts['quantities']:
        item = {'epcClass': entry['epcClass']} | {key: entry[key] for key in entry if key not in ('epcClass', 'quantity', 'uom')}
        if 'quantity' in entry:
            item['quantity'] = quantity_of(entry)
        items.append(item)
    if facts.get('lot') is not None:
        for item in items:
            item['trueLot'] = facts['lot']
    return items


def when(facts, key='time'):
    if facts[key] is None:
        return {}
    return {'text': facts[key]} | ({'offset': facts['offset']} if key == 'time' and facts['offset'] is not None else {})


def message_of_any(facts, state, version):
    message = {'event': {'state': state, 'source': {'name': 'EPCIS', 'version': version}}}
    if facts['time'] is not None:
        message['event']['occurredAt'] = when(facts)
    if facts['id'] is not None:
        message['epcisEventId'] = facts['id']
    if facts['transactions']:
        message['documents'] = [{'type': entry['type'], 'id': entry['bizTransaction']} for entry in facts['transactions']]
    declared, reason, corrective = facts['error']
    if declared is not None:
        message['event'] |= {'recordedAt': {'text': declared}, 'author': {'id': 'epcis', 'role': 'system'}}
    if reason is not None:
        message['event']['reason'] = reason
    if corrective:
        message['event']['references'] = [{'kind': 'other', 'id': event} for event in corrective]
        message['event']['note'] = 'References are corrective events.'
    return message


def shipment_number(facts, name):
    """Of the despatch advice, else of the event, else the name under which the file came."""
    advice = [entry['bizTransaction'] for entry in facts['transactions'] if entry['type'] == 'desadv']
    return (advice + [facts['id'] or name])[0]


def shipment(facts, name, version):
    is_dispatch = STEPS[facts['step']] == 'material.shipment.dispatched'
    message = message_of_any(facts, 'dispatched' if is_dispatch else 'received', version)
    message['shipmentId'] = shipment_number(facts, name)
    orders = [entry['bizTransaction'] for entry in facts['transactions'] if entry['type'] == 'po']
    if orders:
        message['orderNo'] = orders[0]
    if facts['time'] is not None:
        message['dispatchedAt' if is_dispatch else 'receivedAt'] = when(facts)
    items = items_of(facts)
    if items:
        message['items' if is_dispatch else 'itemsOk'] = items
    if facts['read point'] is not None:
        message['readPoint'] = {'id': facts['read point']}
    if facts['from']:
        message['shipFrom'] = facts['from']
    elif is_dispatch and facts['read point'] is not None:
        message['shipFrom'] = {'id': facts['read point']}
    if facts['to']:
        message['shipTo' if is_dispatch else 'location'] = facts['to']
    return message


LOG_FIELDS = (('logger', 'loggerId'), ('model', 'loggerModel'), ('raw data', 'rawData'), ('rules', 'limitsSource'),
              ('start', 'startAt.text'), ('end', 'endAt.text'), ('min', 'min.value'), ('max', 'max.value'), ('mean', 'mean.value'),
              ('deviation', 'standardDeviation'))


def log(facts, name, version):
    message = message_of_any(facts, facts['state'], version)
    for fact, path in LOG_FIELDS:
        if facts.get(fact) is not None:
            put(message, path, facts[fact])
            if path.endswith('.value'):
                put(message, path.replace('.value', '.unit'), 'Cel')
    if 'readings' in facts:
        message['readings'] = int(facts['readings'])
    if facts['read point'] is not None:
        message['location'] = {'id': facts['read point']}
    items = items_of(facts)
    if items:
        message['items'] = items
    return message


def without_absent(facts):
    return {key: value for key, value in facts.items() if value not in (None, [], {}, [None, None, []])}


def facts_of_message(kind, message):
    """The facts again, out of what arrived."""
    items = message.get('items', message.get('itemsOk', []))
    facts = {'time': get(message, 'event.occurredAt.text'), 'offset': get(message, 'event.occurredAt.offset'),
             'id': message.get('epcisEventId'), 'epcs': [item['epc'] for item in items if 'epc' in item],
             'quantities': [entry_of(item) for item in items if 'epcClass' in item],
             'transactions': [{'type': entry['type'], 'bizTransaction': entry['id']} for entry in message.get('documents', [])],
             'error': [get(message, 'event.recordedAt.text'), get(message, 'event.reason'),
                       [reference['id'] for reference in message['event'].get('references', [])]]}
    if kind == LOG:
        facts |= {fact: get(message, path) for fact, path in LOG_FIELDS} | {'state': message['event']['state']}
        facts |= {'readings': str(message['readings']) if 'readings' in message else None, 'read point': get(message, 'location.id')}
        return without_absent(facts)
    is_dispatch = kind == STEPS['shipping']
    facts |= {'step': 'shipping' if is_dispatch else 'receiving', 'lot': one_of(item.get('trueLot') for item in items),
              'read point': get(message, 'readPoint.id'), 'from': message.get('shipFrom'),
              'to': message.get('shipTo' if is_dispatch else 'location')}
    if facts['from'] == {'id': facts['read point']}:
        facts['from'] = None
    own = message['dispatchedAt' if is_dispatch else 'receivedAt']
    if own != message['event']['occurredAt']:
        facts['own time'] = own
    return without_absent(facts)


def entry_of(item):
    entry = {'epcClass': item['epcClass'], 'quantity': item['quantity']['value']}
    return entry | ({'uom': item['quantity']['reportedUnit']} if 'reportedUnit' in item['quantity'] else {})


def read_documents(data):
    """(name, version, document's path, type, facts) of each shipment and log, in the order of files and events."""
    found = []
    for path in sorted(glob.glob(os.path.join(data, 'gs1-epcis/2.0-json-openepcis/*.json'))):
        with open(path, encoding='utf-8') as text:
            document = read_json(text.read())
        for number, event in enumerate(events_of(document), 1):
            name = f'{os.path.basename(path).removesuffix(".json")}-{number}'
            if event['type'] == 'ObjectEvent' and event.get('bizStep') in STEPS:
                found.append((name, document['schemaVersion'], path, STEPS[event['bizStep']], facts_of_shipment(event)))
            if temperatures_of(event):
                found.append((name, document['schemaVersion'], path, LOG, facts_of_log(event)))
    return found


def voided_by(found, number):
    """An error declaration repeats the event that was wrong. The number of that one from 1, when it is among those before; else 0.
    One that gives no reason voids nothing here: a correction says why."""
    facts = found[number][4]
    if facts['error'][1] is None:
        return 0
    same = facts | {'id': None, 'error': None}
    for i in range(number):
        if found[i][3] == found[number][3] and found[i][4] | {'id': None, 'error': None} == same:
            return i + 1
    return 0


def message_of(name, version, path, kind, facts):
    message = (log if kind == LOG else shipment)(facts, name, version)
    if kind == LOG:
        with open(path, 'rb') as document:
            message['readingsSha256'] = hashlib.sha256(document.read()).hexdigest()
    return message


def write_documents(data, out):
    found = read_documents(data)
    for number, (_, _, path, kind, facts) in enumerate(found):
        file = os.path.join(out, f'{number + 1:03}.json')
        write_message(file, message_of(*found[number]))
        # An EPC or its class names the product, and a lot what is in it: more than a blinded site may know.
        label = 'restricted' if facts['epcs'] or facts['quantities'] or facts.get('lot') else 'open'
        print(file, kind, label, path, voided_by(found, number), sep='\t')


# ── documents that cannot be a message ──

INVALID = (  # document, its event from 0, what must be found; its event is mapped as a shipment
    ('ObjectEvent_with_invalid_eventTime_format', 0, 'dispatchedAt.text format; event.occurredAt.text format'),
    ('ObjectEvent_with_quantity_as_text', 0, 'items[1].quantity.value format'),
    ('ObjectEvent_with_unknown_field_in_quantityList', 0, 'items[1].weight unknown'),
    ('ObjectEvent_without_action_and_eventTime', 0, 'dispatchedAt mandatory; event.occurredAt mandatory'),
    ('ObjectEvent_without_identifier_list', 0, 'items mandatory'),
    ('Combination_of_multiple_invalid_fields', 4, 'dispatchedAt.text format; event.occurredAt.text format'),
)


def write_invalid(data, out):
    for name, number, problems in INVALID:
        path = os.path.join(data, 'gs1-epcis/2.0-json-invalid-openepcis', name + '.json')
        with open(path, encoding='utf-8') as text:
            document = read_json(text.read())
        facts = facts_of_shipment(events_of(document)[number]) | {'step': 'shipping'}
        message = OWN_PLACES | shipment(facts, name, document['schemaVersion'])
        file = os.path.join(out, name + '.json')
        write_message(file, message)
        print(file, 'material.shipment.dispatched', path, problems, sep='\t')


# ── what arrived against the source ──

def read_arrived(ids_path, lines_path, wanted):
    """The messages in the order of the ids; each exactly once, and no other."""
    with open(ids_path, encoding='ascii') as ids:
        ids = ids.read().split()
    if len(ids) != wanted or len(set(ids)) != wanted:
        raise SystemExit(f'{wanted} were to be sent, {len(ids)} ids are known, {len(set(ids))} of them different')
    arrived = {}
    with open(lines_path, encoding='utf-8') as lines:
        for line in lines:
            # Numbers of a message are whole ones; anything else would have been through a double.
            entry = json.loads(line, parse_float=lambda text: float('nan'))
            if entry['id'] in arrived:
                raise SystemExit(f'{entry["id"]} arrived twice')
            arrived[entry['id']] = entry
    if set(arrived) != set(ids):
        raise SystemExit(f'{len(set(ids) - set(arrived))} of {wanted} did not arrive, {len(set(arrived) - set(ids))} are unknown')
    return [arrived[key] for key in ids]


def tell(wrong):
    for text in wrong[:10]:
        print('  ' + text)
    if len(wrong) > 10:
        print(f'  and {len(wrong) - 10} more')
    return 1 if wrong else 0


def compare_rows(data, name, ids, lines):
    source, rows, there, back = read_set(data, name)
    wrong, compared, filled = [], 0, 0
    for number, (row, entry) in enumerate(zip(rows, read_arrived(ids, lines, len(rows)), strict=True), 1):
        message = entry['message']
        got = back(message, number)
        for column in sorted(set(row) | set(got)):
            compared += 1
            filled += row.get(column, '') != ''
            if row.get(column) != got.get(column):
                wrong.append(f'row {number}, {column}: {row.get(column)!r} left, {got.get(column)!r} arrived')
        if message != there(row, number, source):
            wrong.append(f'row {number}: beside the cells, what arrived is not what left')
    print(f'{len(rows)} rows of {name}: {compared} cells compared, {filled} of them not empty, {len(wrong)} differ')
    return tell(wrong)


def compare_documents(data, ids, lines):
    found = read_documents(data)
    entries = read_arrived(ids, lines, len(found))
    wrong, compared, counts = [], 0, {}
    for number, ((name, _, path, kind, facts), entry) in enumerate(zip(found, entries, strict=True)):
        message = entry['message']
        left, got = without_absent(facts), facts_of_message(kind, message)
        voids = voided_by(found, number)
        left['voids'], got['voids'] = entries[voids - 1]['id'] if voids else None, message['event'].pop('voids', None)
        left['type'], got['type'] = kind, entry['type']
        left['originals'] = [(os.path.basename(path), os.path.getsize(path))]
        got['originals'] = [(original['name'], original['size']) for original in message['event'].pop('originals')]
        if message != message_of(*found[number]):
            wrong.append(f'{name}: beside its facts, what arrived is not what left')
        for fact in sorted(set(left) | set(got)):
            compared += 1
            if left.get(fact) != got.get(fact):
                wrong.append(f'{name}, {fact}: {left.get(fact)!r} left, {got.get(fact)!r} arrived')
        counts[kind] = counts.get(kind, 0) + 1
    print(f'{compared} facts compared, {len(wrong)} differ: ' + ', '.join(f'{count} {kind}' for kind, count in sorted(counts.items())))
    return tell(wrong)


def main():
    commands = {'rows': write_rows, 'documents': write_documents, 'invalid': write_invalid, 'compare-rows': compare_rows,
                'compare-documents': compare_documents}
    if len(sys.argv) < 2 or sys.argv[1] not in commands or len(sys.argv) - 2 != commands[sys.argv[1]].__code__.co_argcount:
        print(__doc__, file=sys.stderr)
        return 2
    return commands[sys.argv[1]](*sys.argv[2:])


if __name__ == '__main__':
    sys.exit(main())
