/*
 * Tables of ledger.proto: records, statements, delivery receipts. Proofs are verified by the ledger room, not here.
 * Source: docs/PROTOCOL.md 6.
 */
#include "wire/ledger_wire.h"

#include "consign/v1/ledger.pb-c.h"
#include "core/sign.h"
#include "wire/engine.h"

#define ITEM_LAST (CONSIGN_BUNDLE_MAX_ITEMS - 1)

static const struct wire_field accepted_record_fields[] = {
    TEXT(accepted_record, 1, consignor, FORM_ORG, 2),
    FIXED(accepted_record, 2, consignment_id),
    NUM32(accepted_record, 3, attempt, 1, UINT32_MAX),
    FIXED(accepted_record, 4, manifest_digest),
    REQUIRED(accepted_record, 5, root, document_ref),
    REQUIRED(accepted_record, 6, card, document_ref),
    FIXEDS(accepted_record, 7, mailboxes, 1, CONSIGN_CONSIGNEES_MAX),
};
static const struct wire_message wire_accepted_record = {TABLE(accepted_record, "AcceptedRecord", accepted_record, 0)};

static const struct wire_field verdict_fields[] = {
    NUM32(verdict, 1, index, 0, ITEM_LAST),
    TEXT(verdict, 2, org, FORM_ORG, 0),
    NUM32(verdict, 3, code, 1, CONSIGN_CODE_LAST),
    TEXT(verdict, 4, rule, FORM_STUDY, 0),
    BYTES(verdict, 5, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    TEXT(verdict, 6, type, FORM_TYPE, 0),
};
static const struct wire_message wire_verdict = {TABLE(verdict, "Verdict", verdict, 0)};

static const struct wire_field refused_record_fields[] = {
    TEXT(refused_record, 1, consignor, FORM_ORG, 2),
    FIXED(refused_record, 2, consignment_id),
    NUM32(refused_record, 3, attempt, 0, UINT32_MAX), /* 0: the manifest could not be read */
    FIXED(refused_record, 4, manifest_digest),
    REQUIRED(refused_record, 5, root, document_ref),
    MESSAGES(refused_record, 6, verdicts, 1, CONSIGN_BUNDLE_MAX_ITEMS *CONSIGN_CONSIGNEES_MAX, verdict),
    TEXT(refused_record, 7, study, FORM_STUDY, 0),
    TEXTS(refused_record, 8, consignees, 0, CONSIGN_CONSIGNEES_MAX, FORM_ORG, 2),
};
static const struct wire_message wire_refused_record = {TABLE(refused_record, "RefusedRecord", refused_record, 0)};

static const struct wire_field delivered_record_fields[] = {
    TEXT(delivered_record, 1, consignor, FORM_ORG, 2),
    FIXED(delivered_record, 2, consignment_id),
    TEXT(delivered_record, 3, consignee, FORM_ORG, 2),
    FIXED(delivered_record, 4, receipt_digest),
};
static const struct wire_message wire_delivered_record = {TABLE(delivered_record, "DeliveredRecord", delivered_record, 0)};

static bool
document_org(const void *message)
{
	const struct document_record *d = message;

	return (d->kind == SIGN_CARD) == (d->org[0] != '\0');
}

static const struct wire_field document_record_fields[] = {
    NUM32(document_record, 1, kind, SIGN_ROOT, SIGN_FRESHNESS),
    TEXT(document_record, 2, org, FORM_ORG, 0),
    REQUIRED(document_record, 3, document, document_ref),
};
static const struct wire_check document_record_checks[] = {
    {"org", "org is present if and only if kind is 2, a card", document_org},
};
static const struct wire_message wire_document_record = {
    TABLE(document_record, "DocumentRecord", document_record, 0), CHECKS(document_record_checks)};

static const struct wire_field retention_record_fields[] = {
    TEXT(retention_record, 1, consignor, FORM_ORG, 2),
    FIXED(retention_record, 2, consignment_id),
    TEXT(retention_record, 3, consignee, FORM_ORG, 2),
    NUM64(retention_record, 4, position, 1, WIRE_U64_MAX),
    NUM32(retention_record, 5, reason, RETENTION_EXPIRED, RETENTION_COMPROMISED),
};
static const struct wire_message wire_retention_record = {TABLE(retention_record, "RetentionRecord", retention_record, 0)};

static const struct wire_field act_record_fields[] = {
    TEXT(act_record, 1, act, FORM_ASCII, 1),
    BYTES(act_record, 2, subject, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    NUM64(act_record, 3, count, 0, WIRE_U64_MAX),
    BYTES(act_record, 4, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
};
static const struct wire_message wire_act_record = {TABLE(act_record, "ActRecord", act_record, 0)};

static const struct wire_field ledger_record_fields[] = {
    NUM32(ledger_record, 1, format, 1, 1),
    NUM64(ledger_record, 2, at_us, 1, WIRE_U64_MAX),
    CHOICE(ledger_record, 3, accepted, accepted_record),
    CHOICE(ledger_record, 4, refused, refused_record),
    CHOICE(ledger_record, 5, delivered, delivered_record),
    CHOICE(ledger_record, 6, document, document_record),
    CHOICE(ledger_record, 7, retention, retention_record),
    CHOICE(ledger_record, 8, act, act_record),
};
const struct wire_message wire_ledger_record = {
    TABLE(ledger_record, "LedgerRecord", ledger_record, CONSIGN_RECORD_MAX_BYTES), .has_choice = true};

static const struct wire_field leaf_fields[] = {
    NUM64(leaf, 1, index, 0, WIRE_U64_MAX),
    FIXED(leaf, 2, salt),
    BYTES(leaf, 3, record, FORM_RAW, 1, CONSIGN_RECORD_MAX_BYTES),
};
const struct wire_message wire_leaf = {TABLE(leaf, "Leaf", leaf, 0)};

static const struct wire_field proof_fields[] = {
    FIXEDS(proof, 1, path, 0, CONSIGN_PATH_MAX),
};
const struct wire_message wire_proof = {TABLE(proof, "Proof", proof, 0)};

static const struct wire_field checkpoint_update_fields[] = {
    BYTES(checkpoint_update, 1, note, FORM_TEXT, 1, CONSIGN_NOTE_MAX_BYTES),
    NUM64(checkpoint_update, 2, from_size, 0, WIRE_U64_MAX),
    OPTIONAL(checkpoint_update, 3, consistency, proof),
};
const struct wire_message wire_checkpoint_update = {TABLE(checkpoint_update, "CheckpointUpdate", checkpoint_update, 0)};

static const struct wire_field mailbox_opening_fields[] = {
    TEXT(mailbox_opening, 1, org, FORM_ORG, 2),
    NUM64(mailbox_opening, 2, position, 1, WIRE_U64_MAX),
    FIXED(mailbox_opening, 3, previous),
    FIXED(mailbox_opening, 4, salt),
};
static const struct wire_message wire_mailbox_opening = {TABLE(mailbox_opening, "MailboxOpening", mailbox_opening, 0)};

/* A refusal that is not in the ledger claims no place in it. */
static bool
statement_place(const void *message)
{
	const struct statement *s = message;

	if (s->has_place)
		return true;
	return s->leaf->index == 0 && (s->path == NULL || s->path->path.n == 0) && s->checkpoint.len == 0 && s->openings.n == 0;
}

/* What has a place is proven by its path; a signature beside it would be a second truth, which nobody reads. */
static bool
statement_signed(const void *message)
{
	const struct statement *s = message;

	return (s->has_place == 0) == (s->signature.len > 0);
}

static const struct wire_field statement_fields[] = {
    REQUIRED(statement, 1, leaf, leaf),
    NUM32(statement, 2, has_place, 0, 1),
    EXACT(statement, 3, signature, sizeof(struct consign_signature)),
    OPTIONAL(statement, 4, path, proof),
    BYTES(statement, 5, checkpoint, FORM_TEXT, 0, CONSIGN_NOTE_MAX_BYTES),
    MESSAGES(statement, 6, openings, 0, CONSIGN_CONSIGNEES_MAX, mailbox_opening),
};
static const struct wire_check statement_checks[] = {
    {"place", "without has_place: leaf.index is 0; path, checkpoint and openings are absent", statement_place},
    {"signed", "signature is present exactly when there is no place", statement_signed},
};
const struct wire_message wire_statement = {
    TABLE(statement, "Statement", statement, CONSIGN_STATEMENT_MAX_BYTES), CHECKS(statement_checks)};

static bool
outcome_code(const void *message)
{
	const struct item_verdict *v = message;

	return (v->outcome == ITEM_REJECTED) == (v->code != CONSIGN_CODE_NONE);
}

static const struct wire_field item_verdict_fields[] = {
    NUM32(item_verdict, 1, index, 0, ITEM_LAST),
    NUM32(item_verdict, 2, outcome, ITEM_ACCEPTED, ITEM_REJECTED),
    NUM32(item_verdict, 3, code, 0, CONSIGN_CODE_LAST),
    BYTES(item_verdict, 4, reason, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
};
static const struct wire_check item_verdict_checks[] = {
    {"code", "code is present if and only if outcome is 2, rejected", outcome_code},
};
static const struct wire_message wire_item_verdict = {
    TABLE(item_verdict, "ItemVerdict", item_verdict, 0), CHECKS(item_verdict_checks)};

static const struct wire_field stated_problem_fields[] = {
    BYTES(stated_problem, 1, path, FORM_UTF8, 0, CONSIGN_PROBLEM_TEXT_MAX_BYTES),
    BYTES(stated_problem, 2, rule, FORM_UTF8, 0, CONSIGN_PROBLEM_TEXT_MAX_BYTES),
    BYTES(stated_problem, 3, found, FORM_UTF8, 0, CONSIGN_PROBLEM_TEXT_MAX_BYTES),
    BYTES(stated_problem, 4, expected, FORM_UTF8, 0, CONSIGN_PROBLEM_TEXT_MAX_BYTES),
};
const struct wire_message wire_stated_problem = {TABLE(stated_problem, "Problem", problem, 0)};

static const struct wire_field item_problems_fields[] = {
    NUM32(item_problems, 1, index, 0, ITEM_LAST),
    NUM32(item_problems, 2, total, 0, UINT32_MAX),
    MESSAGES(item_problems, 3, problems, 0, CONSIGN_PROBLEMS_MAX, stated_problem),
};
static const struct wire_message wire_item_problems = {TABLE(item_problems, "ItemProblems", item_problems, 0)};

static const struct wire_field problem_list_fields[] = {
    MESSAGES(problem_list, 1, items, 0, CONSIGN_BUNDLE_MAX_ITEMS, item_problems),
};
const struct wire_message wire_problem_list = {
    TABLE(problem_list, "ProblemList", problem_list, CONSIGN_PROBLEMS_MAX_BYTES)};

static bool
problems_with_key(const void *message)
{
	const struct delivery_receipt_content *r = message;

	return (r->problems.len > 0) == (r->problems_key_id.len > 0);
}

static bool
verdicts_rise(const void *message)
{
	const struct delivery_receipt_content *r = message;

	for (size_t i = 1; i < r->verdicts.n; i++)
		if (r->verdicts.v[i]->index <= r->verdicts.v[i - 1]->index)
			return false;
	return true;
}

static const struct wire_field delivery_receipt_content_fields[] = {
    NUM32(delivery_receipt_content, 1, format, 1, 1),
    FIXED(delivery_receipt_content, 2, hub_id),
    TEXT(delivery_receipt_content, 3, consignee, FORM_ORG, 2),
    TEXT(delivery_receipt_content, 4, consignor, FORM_ORG, 2),
    FIXED(delivery_receipt_content, 5, consignment_id),
    NUM32(delivery_receipt_content, 6, attempt, 1, UINT32_MAX),
    FIXED(delivery_receipt_content, 7, manifest_digest),
    NUM64(delivery_receipt_content, 8, position, 1, WIRE_U64_MAX),
    FIXED(delivery_receipt_content, 9, mailbox_head),
    NUM64(delivery_receipt_content, 10, at_us, 1, WIRE_U64_MAX),
    MESSAGES(delivery_receipt_content, 11, verdicts, 1, CONSIGN_BUNDLE_MAX_ITEMS, item_verdict),
    REQUIRED(delivery_receipt_content, 12, seen, seen),
    EXACT(delivery_receipt_content, 13, problems_key_id, sizeof(struct consign_key_id)),
    BYTES(delivery_receipt_content, 14, problems, FORM_RAW, 0, CONSIGN_PROBLEMS_SEALED_MAX_BYTES),
};
static const struct wire_check delivery_receipt_content_checks[] = {
    {"verdicts-order", "the indices of verdicts rise strictly", verdicts_rise},
    {"problems-key", "problems and problems_key_id are present together", problems_with_key},
};
const struct wire_message wire_delivery_receipt_content = {
    TABLE(delivery_receipt_content, "DeliveryReceiptContent", delivery_receipt_content, CONSIGN_RECORD_MAX_BYTES),
    CHECKS(delivery_receipt_content_checks)};

static const struct wire_field delivery_receipt_fields[] = {
    BYTES(delivery_receipt, 1, content, FORM_RAW, 1, CONSIGN_RECORD_MAX_BYTES),
    FIXED(delivery_receipt, 2, signing_key_id),
    FIXED(delivery_receipt, 3, signature),
};
const struct wire_message wire_delivery_receipt = {
    TABLE(delivery_receipt, "DeliveryReceipt", delivery_receipt, CONSIGN_RECEIPT_MAX_BYTES)};

const struct wire_message *const wire_ledger_messages[] = {
    &wire_accepted_record,
    &wire_verdict,
    &wire_refused_record,
    &wire_delivered_record,
    &wire_document_record,
    &wire_retention_record,
    &wire_act_record,
    &wire_ledger_record,
    &wire_leaf,
    &wire_proof,
    &wire_checkpoint_update,
    &wire_mailbox_opening,
    &wire_statement,
    &wire_item_verdict,
    &wire_stated_problem,
    &wire_item_problems,
    &wire_problem_list,
    &wire_delivery_receipt_content,
    &wire_delivery_receipt,
    NULL,
};
