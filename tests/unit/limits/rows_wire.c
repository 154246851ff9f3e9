/* Limits that a table of lib/wire holds: counts, lengths, numbers, the size of a message, what unpacking costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "limit_rows.h"
#include "support/wire_sample.h"

static enum consign_err
decode(const struct wire_message *m, struct consign_slice bytes)
{
	struct arena *arena;
	void *out;

	assert_int_equal(arena_new((size_t)512 << 20, &arena), CONSIGN_OK);
	enum consign_err err = wire_decode(m, bytes, arena, &out);

	arena_free(&arena);
	return err;
}

/* Whether an element is, or has, a message id: then its number is an item's index too. */
static bool
has_index(const struct wire_field *f)
{
	bool has = f->form == FORM_MESSAGE_ID;

	for (size_t i = 0; f->sub != NULL && i < f->sub->n_fields; i++)
		has = has || f->sub->fields[i].form == FORM_MESSAGE_ID;
	return has;
}

/* The field with n elements, n bytes, or the number n. */
static void
put_field(struct buf *out, const struct wire_message *m, const struct wire_field *f, uint64_t n)
{
	struct buf text = {0};

	if (f->is_repeated && has_index(f)) {
		for (uint64_t i = 0; i < n; i++)
			sample_put_element(out, m, f, SAMPLE_LEAST, i % CONSIGN_BUNDLE_MAX_ITEMS);
	} else if (f->is_repeated) {
		sample_put_list(out, m, f, SAMPLE_LEAST, (uint32_t)n);
	} else if (f->kind == WIRE_U32 || f->kind == WIRE_U64) {
		sample_put_key(out, f, 0);
		sample_put_varint(out, n);
	} else {
		sample_text(f, n, &text);
		sample_put_bytes(out, f, buf_slice(&text));
	}
	buf_clear(&text);
}

static enum consign_err
try_within(const struct wire_message *m, size_t row, enum sample_extent extent, uint64_t n)
{
	struct sample s;
	struct buf bytes = {0};

	sample_init(&s, m, extent, m->fields[row].is_choice ? row : sample_first_choice(m));
	buf_clear(&s.fields[row]);
	put_field(&s.fields[row], m, &m->fields[row], n);
	sample_join(&s, &bytes);
	enum consign_err err = decode(m, buf_slice(&bytes));

	sample_clear(&s);
	buf_clear(&bytes);
	return err;
}

/* Some fields want others beside them, some want none. */
static enum consign_err
try_one_field(const char *message, const char *field, uint64_t n)
{
	const struct wire_message *m = wire_message_find(message);

	if (m == NULL)
		fail_msg("there is no message %s", message);
	enum consign_err err = try_within(m, sample_row(m, field), SAMPLE_LEAST, n);

	return err == CONSIGN_E_MALFORMED ? try_within(m, sample_row(m, field), SAMPLE_BROAD, n) : err;
}

/* of: "Message.field …"; all of them answer alike. */
static enum consign_err
try_fields(const struct limit_row *row, uint64_t n)
{
	enum consign_err all = CONSIGN_OK;
	char words[512], *rest, *word;
	size_t count = 0;

	assert_true(strlen(row->of) < sizeof words);
	strcpy(words, row->of);
	for (word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest), count++) {
		char *dot = strchr(word, '.');

		assert_non_null(dot);
		*dot = '\0';
		enum consign_err err = try_one_field(word, dot + 1, n);

		if (count > 0 && err != all) {
			print_error("%s: %s.%s with %llu answers %s\n", row->name, word, dot + 1, (unsigned long long)n, consign_err_text(err));
			return CONSIGN_E_CONFLICT;
		}
		all = err;
	}
	return all;
}

/* of: messages whose length is this. Bytes that are no message were read, and found to be none. */
static enum consign_err
try_length(const struct limit_row *row, uint64_t n)
{
	enum consign_err all = CONSIGN_OK;
	uint8_t *bytes = calloc(1, n);
	char words[256], *rest, *word;

	assert_non_null(bytes);
	assert_true(strlen(row->of) < sizeof words);
	strcpy(words, row->of);
	for (word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		const struct wire_message *m = wire_message_find(word);

		if (m == NULL)
			fail_msg("there is no message %s", word);
		enum consign_err err = decode(m, slice_of(bytes, n));

		if (err != CONSIGN_E_MALFORMED && (all != CONSIGN_OK || word == words))
			all = err;
		else if (err != CONSIGN_E_MALFORMED || all != CONSIGN_OK)
			fail_msg("%s: %s of %llu bytes answers %s", row->name, word, (unsigned long long)n, consign_err_text(err));
	}
	free(bytes);
	return all;
}

/* A message of which nothing came, and a struct of n bytes for it. */
static enum consign_err
try_budget_base(const struct limit_row *row, uint64_t n)
{
	struct wire_message m = *wire_message_find("PolicyEnd");

	(void)row;
	m.size = n;
	return decode(&m, slice_of(NULL, 0));
}

/* A message of 34 bytes or so, and a struct that takes what the base gives, and n for each of them. */
static enum consign_err
try_budget_per_byte(const struct limit_row *row, uint64_t n)
{
	struct wire_message m = *wire_message_find("DocumentRef");
	struct buf bytes = {0};
	struct sample s;

	(void)row;
	sample_init(&s, &m, SAMPLE_LEAST, 0);
	sample_join(&s, &bytes);
	assert_true(bytes.len >= 16); /* what the arena rounds to */
	m.size = CONSIGN_UNPACK_BUDGET_BASE_BYTES + n * bytes.len / 16 * 16;
	enum consign_err err = decode(&m, buf_slice(&bytes));

	sample_clear(&s);
	buf_clear(&bytes);
	return err;
}

#define FIELDS(NAME, OF) {.name = #NAME, .value = (NAME), .tries = try_fields, .refused = CONSIGN_E_MALFORMED, .of = (OF)}
#define LENGTH(NAME, OF) {.name = #NAME, .value = (NAME), .tries = try_length, .refused = CONSIGN_E_TOO_BIG, .of = (OF)}

const struct limit_row limit_rows_wire[] = {
    /* messages */
    FIELDS(CONSIGN_LOCAL_CONTENT_MAX_BYTES, "OutgoingMessage.content InboxMessage.content"),
    FIELDS(CONSIGN_PROBLEMS_MAX, "ItemProblems.problems SendOutcome.problems TrackConsignee.problems TrackReply.problems"),
    FIELDS(CONSIGN_PROBLEM_TEXT_MAX_BYTES, "Problem.path Problem.rule Problem.found Problem.expected"),
    LENGTH(CONSIGN_PROBLEMS_MAX_BYTES, "ProblemList"),
    FIELDS(CONSIGN_PROBLEMS_SEALED_MAX_BYTES, "DeliveryReceiptContent.problems"),
    FIELDS(CONSIGN_TEXT_MAX_BYTES,
	"SendOutcome.detail TrackConsignee.detail TrackReply.detail Fact.value LocalError.detail "
	"LocalError.hint Verdict.detail ActRecord.subject ActRecord.detail ItemVerdict.reason PolicyStudy.title TryLater.detail "
	"Done.detail Bye.detail Card.contact Reason.text"),
    FIELDS(CONSIGN_MEDIA_TYPE_MAX_BYTES, "OutgoingMessage.media_type InboxMessage.media_type"),
    FIELDS(CONSIGN_NAME_MAX_BYTES, "OutgoingMessage.name InboxMessage.name Root.name Member.name Invite.hub_name JoinRequest.name"),
    /* consignments */
    FIELDS(CONSIGN_BUNDLE_MAX_ITEMS, "Manifest.items ProblemList.items DeliveryReceiptContent.verdicts"),
    FIELDS(CONSIGN_CONSIGNEES_MAX, "Manifest.consignees AcceptedRecord.mailboxes Statement.openings OutgoingMessage.to InboxMessage.consignees "
				   "TrackReply.consignees PastMessage.consignees"),
    FIELDS(CONSIGN_BODY_MAX_BYTES, "Manifest.body_bytes"),
    LENGTH(CONSIGN_MANIFEST_MAX_BYTES, "Manifest"),
    FIELDS(CONSIGN_MANIFEST_MAX_BYTES, "SignedManifest.manifest"),
    LENGTH(CONSIGN_SIGNED_MANIFEST_MAX_BYTES, "SignedManifest"),
    /* documents and policy */
    LENGTH(CONSIGN_DOCUMENT_MAX_BYTES, "Root Card DirectoryHead PolicyHead DirectoryPart FreshnessContent ProposalContent DecisionContent"),
    FIELDS(CONSIGN_DOCUMENT_MAX_BYTES, "SignedDocument.content"),
    LENGTH(CONSIGN_SIGNED_DOCUMENT_MAX_BYTES, "SignedDocument"),
    LENGTH(CONSIGN_JOIN_REQUEST_MAX_BYTES, "JoinRequest"),
    FIELDS(CONSIGN_DOCUMENTS_MAX, "Documents.roots Documents.directories Documents.policies Documents.cards"),
    FIELDS(CONSIGN_ORGS_MAX, "PolicyReply.members"),
    FIELDS(CONSIGN_STUDIES_MAX, "PolicyReply.studies"),
    FIELDS(CONSIGN_PARTS_MAX, "DirectoryHead.parts PolicyHead.parts DirectoryBundle.parts PolicyBundle.parts"),
    LENGTH(CONSIGN_PART_MAX_BYTES, "PolicyPart"),
    FIELDS(CONSIGN_PARTIES_MAX, "PolicyStudy.parties PolicyEnd.orgs"),
    FIELDS(CONSIGN_RULES_MAX, "PolicyStudy.rules PolicyCommon.rules PolicyRule.order"),
    FIELDS(CONSIGN_RULE_TYPES_MAX, "PolicyRule.types"),
    FIELDS(CONSIGN_POLICY_SOURCE_MAX_BYTES, "PolicyPart.source"),
    FIELDS(CONSIGN_ADMINS_MAX, "Root.admins SignedDocument.signatures ProposalState.decisions"),
    LENGTH(CONSIGN_ADMIN_MAX_BYTES, "Admin"),
    FIELDS(CONSIGN_PROPOSALS_SHOWN_MAX, "ProposalsReply.proposals"),
    FIELDS(CONSIGN_TRAFFIC_ROWS_MAX, "TrafficReply.rows"),
    FIELDS(CONSIGN_QUOTA_MAX, "PolicyRule.rate_messages PolicyQuota.messages PolicyQuota.bytes PolicyQuota.mailbox_consignments PolicyQuota.mailbox_bytes"),
    FIELDS(CONSIGN_QUOTA_PERIOD_MAX_US, "PolicyRule.rate_us PolicyQuota.messages_us PolicyQuota.bytes_us"),
    FIELDS(CONSIGN_PROPOSED_MAX, "DecisionContent.signatures"),
    FIELDS(CONSIGN_FRESHNESS_KEYS_MAX, "Root.freshness_keys"),
    FIELDS(CONSIGN_WITNESSES_MAX, "Root.witnesses"),
    FIELDS(CONSIGN_CARD_KEYS_MAX, "Card.signing_keys Card.seal_keys"),
    FIELDS(CONSIGN_CARD_FORMATS_MAX, "Card.formats"),
    LENGTH(CONSIGN_INVITE_MAX_BYTES, "Invite"),
    /* the wire */
    LENGTH(CONSIGN_COMMAND_MAX_BYTES, "Command Documents"),
    {LIMIT(CONSIGN_UNPACK_BUDGET_BASE_BYTES), .tries = try_budget_base, .refused = CONSIGN_E_TOO_BIG},
    {LIMIT(CONSIGN_UNPACK_BUDGET_PER_BYTE), .tries = try_budget_per_byte, .refused = CONSIGN_E_TOO_BIG},
    FIELDS(CONSIGN_BATCH_MAX, "Answers.answers Delivered.receipts Settled.settlements Settled.seen JoinsReply.joins JoinsReply.invites"),
    FIELDS(CONSIGN_SESSION_VERSIONS_MAX, "Open.versions"),
    FIELDS(CONSIGN_PATH_MAX, "Proof.path"),
    FIELDS(CONSIGN_NOTE_MAX_BYTES, "CheckpointUpdate.note Statement.checkpoint"),
    LENGTH(CONSIGN_RECORD_MAX_BYTES, "LedgerRecord DeliveryReceiptContent"),
    FIELDS(CONSIGN_RECORD_MAX_BYTES, "Leaf.record DeliveryReceipt.content"),
    LENGTH(CONSIGN_RECEIPT_MAX_BYTES, "DeliveryReceipt"),
    LENGTH(CONSIGN_STATEMENT_MAX_BYTES, "Statement"),
    FIELDS(CONSIGN_ENDPOINT_MAX_BYTES, "BrokerKeys.endpoint Invite.endpoint"),
    /* the local door */
    LENGTH(CONSIGN_LOCAL_FRAME_MAX_BYTES, "LocalRequest LocalReply"),
    FIELDS(CONSIGN_LOCAL_KEYS_MAX, "KeysReply.keys"),
    FIELDS(CONSIGN_LOCAL_MESSAGES_MAX, "SendRequest.messages SendReply.outcomes InboxReply.messages AckRequest.ids AckReply.acked"),
    FIELDS(CONSIGN_WATCH_WINDOW_MAX, "WatchRequest.window"),
    FIELDS(CONSIGN_FACTS_MAX, "StatusReply.facts"),
    FIELDS(CONSIGN_SUBSCRIPTION_MAX_BYTES, "WatchRequest.subscription AckRequest.subscription"),
    FIELDS(CONSIGN_IDEMPOTENCY_KEY_MAX_BYTES, "OutgoingMessage.idempotency_key"),
    {0},
};
