"""What is held against what at the end of the play: order, content, attached files, and what the broker's disk knows."""
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

from hub import Failed

LABELS = ('open', 'restricted', 'unblinded')
# What a company has seen, by the keys of the messages that name it.
SEEN = {'subjects': ('subjectKey', 'investigationNumber'), 'kits': ('kitNumber',), 'true_lots': ('trueLot', 'batchId', 'batchIds'),
        'treatments': ('treatment',)}


def demand(is_so, words):
    if not is_so:
        raise Failed(words)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def values_of(message, keys):
    """All values under these keys, however deep."""
    found = set()
    if isinstance(message, list):
        for one in message:
            found |= values_of(one, keys)
    elif isinstance(message, dict):
        for key, value in message.items():
            if key in keys:
                value = value.get('value') if isinstance(value, dict) else value
                found |= set(value if isinstance(value, list) else [value])
            else:
                found |= values_of(value, keys)
    return found


def check_order(company, inbox, sent):
    """Everything that was sent to it is there once, in the order of each of its senders."""
    for consignor in {one['step']['from'] for one in sent}:
        wanted = [one['id'] for one in sent
                  if one['step']['from'] == consignor and company in one['step']['to'] and one['state'] == 'delivered']
        got = [mail['id'] for mail in inbox if mail['consignor'] == consignor]
        demand(got == wanted, f'mail from {consignor} at {company} is not what was sent, in its order')


def check_delivery(hub, one, org, files):
    """Fetched from the consignee and held against what was sent; gives back its message, and what is attached to it."""
    status, raw = hub.run(org, 'show', one['id'], '--raw')
    demand(status == 0, f'{one["id"]} cannot be shown at {org}')
    if one['message'] is None:
        demand(raw == read(one['path']), f'{one["step"]["file"]} is not the same at {org}')
        return None, [(os.path.basename(one['step']['file']).split('-', 1)[1], len(raw), sha256(raw), org)]
    message = hub.ask(org, 'show', one['id'])[0]['message']
    originals = message['event'].pop('originals', [])
    demand(message == one['message'], f'{one["step"]["file"]} is not the same at {org}')
    attached = []
    for number, path in enumerate(one['step'].get('attach', []), 1):
        there, here = hub.run(org, 'show', one['id'], '--attachment', str(number))[1], read(os.path.join(files, path))
        demand(there == here and originals[number - 1]['sha256'] == sha256(here), f'{path} is not the same at {org}')
        attached.append((os.path.basename(path), len(there), sha256(there), org))
    return message, attached


def search_broker(hub, words, sent):
    """None of the words of the messages stands in a file of the broker's. Each word must have been sent, or it proves nothing."""
    texts = [read(one['path']) for one in sent if one['state'] == 'delivered']
    for word in words:
        demand(any(word.encode() in text for text in texts), f'no message holds the word {word}')
    size = number = 0
    for folder, _, names in os.walk(hub.home('broker')):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            content = read(path)
            size, number = size + len(content), number + 1
            for word in words:
                demand(word.encode() not in content, f'the broker\'s file {name} holds the word {word}')
    return {'words': words, 'files': number, 'bytes': size}


def prove(story, hub, sent, files):
    """
    The final summary. Raises Failed with words at the first thing that is not as it should be.
    files   the folder that the paths of attachments start from
    """
    delivered = [one for one in sent if one['state'] == 'delivered']
    companies = {c['org']: {'name': c['name'], 'clearance': c['clearance'], 'sent': sum(one['step']['from'] == c['org'] for one in delivered),
                            'refused': sum(one['step']['from'] == c['org'] and one['state'] == 'refused' for one in sent)}
                 for c in story['companies']}
    seen = {org: {what: set() for what in SEEN} for org in companies}
    for org, company in companies.items():
        inbox = hub.ask(org, 'inbox')
        check_order(org, inbox, sent)
        company.update(received=len(inbox), bytes=sum(mail['size'] for mail in inbox),
                       highest_label=max((mail['label'] for mail in inbox), key=LABELS.index, default='open'))
    deliveries = [(one, org) for one in delivered for org in one['step']['to']]
    attached = {}
    with ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda pair: check_delivery(hub, *pair, files), deliveries)
        for (_, org), (message, originals) in zip(deliveries, results):
            for what, keys in SEEN.items():
                seen[org][what] |= values_of(message, keys)
            for name, size, digest, at in originals:
                attached.setdefault(name, {'name': name, 'bytes': size, 'sha256': digest, 'at': []})['at'].append(at)
    for org, company in companies.items():
        company.update({what: len(values) for what, values in seen[org].items()})
        demand(company['treatments'] == 0, f'{org} has seen a treatment')
        demand(company['true_lots'] == 0 or company['clearance'] != 'open', f'{org} is blind and has seen a true lot')
    refusals = {}
    for one in sent:
        if one['refusal']:
            refusals[one['refusal']['code']] = refusals.get(one['refusal']['code'], 0) + 1
    return {'messages': len(sent), 'delivered': len(delivered), 'refused': sum(refusals.values()), 'refusals': refusals,
            'queued_without_broker': sum(one['broker_down'] for one in sent), 'lost': len(sent) - len(delivered) - sum(refusals.values()),
            'in_order': True, 'types': sorted({one['step']['type'] for one in delivered}), 'deliveries_compared': len(deliveries),
            'files': list(attached.values()), 'broker': search_broker(hub, story['secret_words'], sent), 'companies': companies}
