"""What a message says, in one line: for a timeline, from the message as its sender wrote it."""
import os

ENROLMENT = {'screened': 'screened', 'screen_failed': 'failed screening', 'eligible': 'eligible', 'enrolled': 'enrolled', 'randomized': 'randomised',
             'on_treatment': 'has the first dose', 'completed': 'completed the trial', 'discontinued': 'discontinued', 'lost': 'lost'}


def short(subject):
    """ACME-301-101-1007 as 101-1007"""
    return subject.split('-', 2)[2]


def quantity(q):
    unit = {'Cel': '°C'}.get(q['unit'], q['unit'])
    return f'{q["value"]} {unit}'


def lab_result(m):
    name = m.get('testName', m['testCode'])
    test = name.lower() if len(name) <= 12 and 'testName' in m else m['testCode']
    return f'{test} {m["result"]["value"]} {m["resultUnit"]} {m["indicator"]}, subject {short(m["subjectKey"])}, {m["event"]["state"]}'


def enrolment(m):
    why = f': {m["reasonText"]}' if 'reasonText' in m else ''
    return f'subject {short(m["subjectKey"])} {ENROLMENT[m["event"]["state"]]}{why}'


def query(m):
    state = m['event']['state']
    what = {'Open': f': {m["itemName"].lower()} {m["value"]["value"]}, {short(m["subjectKey"])}', 'Answered': f': "{m.get("response")}"'}
    return f'query {m["queryId"]} {state.lower()}{what.get(state, "")}'


def snapshot(m):
    notes = len(m.get('findings', []))
    found = f', {notes} {"finding" if notes == 1 else "findings"}' if notes else ''
    size = f'{m["records"]} records' if 'records' in m else 'data'
    return f'dataset {m["dataset"]}, transfer {m["sequence"]} {m["event"]["state"]}: {size} until {m["cutoff"]["text"]}{found}'


def dispatched(m):
    lots = sorted({item['trueLot'] for item in m['items'] if 'trueLot' in item})
    shown = f', true lots {" and ".join(lots)}' if lots else ''
    return f'shipment {m["shipmentId"]} to site {m["siteId"]}: {len(m["items"])} kits{shown}, {m["storageLow"]["value"]} to {quantity(m["storageHigh"])}'


def received(m):
    log = f', log {m["logVerdict"]}' if 'logVerdict' in m else ''
    return f'shipment {m["shipmentId"]} {m["event"]["state"]} at site {m["siteId"]}{log}'


def temperature_log(m):
    return f'logger {m["loggerId"]}: {m["readings"]} readings, {m["min"]["value"]} to {quantity(m["max"])}, {m["verdict"]}'


def excursion(m):
    time = f' for {m["durationS"] // 60} min' if 'durationS' in m else ''
    return f'excursion {m["excursionId"]} {m["event"]["state"]}: {quantity(m["highReached"])}{time}'


def deviation(m):
    state = m['event']['state'].replace('_', ' ').replace('qa ', '')
    if state == 'opened':
        return f'deviation {m["devNo"]} opened: {m["title"][0].lower()}{m["title"][1:]}'
    return f'deviation {m["devNo"]} {state}: {m["class"]}'


def certificate(m):
    return f'certificate of batch {m["batchId"]}: {m["conclusion"]}'


def release(m):
    where = ' and '.join(c['country'] for c in m.get('countries', []))
    return f'batch {m["batchId"]} {m["event"]["state"]} for {where}'


def adverse_event(m):
    serious = 'serious event' if m['serious'] else 'event'
    outcome = m['outcome'].split('/')[0].lower()
    return f'{serious} {m["event"]["state"].replace("_", " ")}: {m["eventTerm"].lower()}, subject {short(m["subjectKey"])}, {outcome}'


def case(m):
    subject = short(m['patient']['investigationNumber']['value'])
    blind = 'blind kept' if all(drug.get('blinded') for drug in m['drugs'] if drug['role'] == '1') else 'blind broken'
    return f'case {m["caseId"]} {m["event"]["state"].replace("followup", "follow-up")}: subject {subject}, expedited, {blind}'


OF_TYPE = {
    'batch.release': release,
    'lab.result': lab_result,
    'material.shipment.dispatched': dispatched,
    'material.shipment.received': received,
    'material.temperature_excursion': excursion,
    'material.temperature_log': temperature_log,
    'quality.coa': certificate,
    'quality.deviation': deviation,
    'safety.icsr': case,
    'safety.sae': adverse_event,
    'trial.data.snapshot': snapshot,
    'trial.enrollment': enrolment,
    'trial.query': query,
}


def headline(step, message):
    """step: of the story; message: its JSON, or None for a file."""
    if step['type'] in OF_TYPE:
        return OF_TYPE[step['type']](message)
    return step.get('what', os.path.basename(step['file']))
