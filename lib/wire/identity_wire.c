/*
 * Tables of identity.proto: roots, cards, the directory, joining. Shape only; who signed, and whether the chain holds, is
 * the trust room's. Source: docs/PROTOCOL.md 3.
 */
#include "wire/identity_wire.h"

#include <string.h>

#include "consign/v1/identity.pb-c.h"
#include "consign/v1/policy.pb-c.h"
#include "core/sign.h"
#include "wire/engine.h"

_Static_assert(CONSIGN_PARTS_MAX >= CONSIGN_ORGS_MAX, "both kinds of head have one table");
_Static_assert(sizeof(((struct broker_keys *)0)->endpoint) == CONSIGN_ENDPOINT_MAX_BYTES + 1, "limits.h names the length");
_Static_assert(sizeof(((struct invite *)0)->endpoint) == CONSIGN_ENDPOINT_MAX_BYTES + 1, "limits.h names the length");

/* Whether what every document says of its life makes sense; 0 never ends. */
static bool
dates_rise(uint64_t created_us, uint64_t expires_us)
{
	return expires_us == 0 || expires_us > created_us;
}

static const struct wire_field doc_signature_fields[] = {
    FIXED(doc_signature, 1, key_id),
    FIXED(doc_signature, 2, signature),
};
static const struct wire_message wire_doc_signature = {TABLE(doc_signature, "Signature", signature, 0)};

static bool
signers_differ(const void *message)
{
	const struct signed_document *d = message;

	for (size_t i = 0; i < d->signatures.n; i++)
		for (size_t j = 0; j < i; j++)
			if (key_id_equal(&d->signatures.v[i]->key_id, &d->signatures.v[j]->key_id))
				return false;
	return true;
}

static const struct wire_field signed_document_fields[] = {
    NUM32(signed_document, 1, kind, SIGN_ROOT, SIGN_DECISION),
    BYTES(signed_document, 2, content, FORM_RAW, 1, CONSIGN_DOCUMENT_MAX_BYTES),
    MESSAGES(signed_document, 3, signatures, 1, CONSIGN_ADMINS_MAX, doc_signature),
};
/* Manifests, statements and the like are signed, and no documents. */
static bool
kind_is_document(const void *message)
{
	const struct signed_document *d = message;

	return d->kind <= SIGN_FRESHNESS || d->kind >= SIGN_PROPOSAL;
}

static const struct wire_check signed_document_checks[] = {
    {"kind", "kind is 1 to 5, 10 or 11", kind_is_document},
    {"signer-twice", "no two signatures have one key_id: k of n counts keys", signers_differ},
};
const struct wire_message wire_signed_document = {
    TABLE(signed_document, "SignedDocument", signed_document, CONSIGN_SIGNED_DOCUMENT_MAX_BYTES), CHECKS(signed_document_checks)};

static const struct wire_field document_ref_fields[] = {
    NUM64(document_ref, 1, version, 1, WIRE_U64_MAX),
    FIXED(document_ref, 2, hash),
};
const struct wire_message wire_document_ref = {TABLE(document_ref, "DocumentRef", document_ref, 0)};

static const struct wire_field checkpoint_ref_fields[] = {
    NUM64(checkpoint_ref, 1, size, 1, WIRE_U64_MAX),
    FIXED(checkpoint_ref, 2, hash),
};
const struct wire_message wire_checkpoint_ref = {TABLE(checkpoint_ref, "CheckpointRef", checkpoint_ref, 0)};

static const struct wire_field admin_fields[] = {
    TEXT(admin, 1, name, FORM_STUDY, 1),
    FIXED(admin, 2, signing_key),
    FIXED(admin, 3, transport_key),
};
const struct wire_message wire_admin = {TABLE(admin, "Admin", admin, CONSIGN_ADMIN_MAX_BYTES)};

static const struct wire_field broker_keys_fields[] = {
    FIXED(broker_keys, 1, transport_key),
    FIXED(broker_keys, 2, receipt_key),
    FIXED(broker_keys, 3, ledger_key),
    TEXT(broker_keys, 4, endpoint, FORM_ASCII, 1),
};
static const struct wire_message wire_broker_keys = {TABLE(broker_keys, "BrokerKeys", broker_keys, 0)};

static const struct wire_field witness_fields[] = {
    TEXT(witness, 1, org, FORM_ORG, 2),
    FIXED(witness, 2, key),
};
static const struct wire_message wire_witness = {TABLE(witness, "Witness", witness, 0)};

static const struct wire_field log_origin_fields[] = {
    TEXT(log_origin, 1, origin, FORM_ASCII, 1),
    OPTIONAL(log_origin, 2, last_good, checkpoint_ref),
};
static const struct wire_message wire_log_origin = {TABLE(log_origin, "LogOrigin", log_origin, 0)};

/* ── root ── */

static bool
root_dates(const void *message)
{
	const struct root *r = message;

	return dates_rise(r->created_us, r->expires_us);
}

/* The first root makes the hub: its hash is the hub id, so it cannot name it, nor what comes after it. */
static bool
root_first(const void *message)
{
	const struct root *r = message;

	if (r->version > 1)
		return true;
	return r->hub_id.len == 0 && r->previous.len == 0 && r->directory == NULL && r->policy == NULL && r->random.len > 0;
}

static bool
root_later(const void *message)
{
	const struct root *r = message;

	if (r->version == 1)
		return true;
	return r->hub_id.len > 0 && r->previous.len > 0 && r->directory != NULL && r->policy != NULL;
}

static bool
root_threshold(const void *message)
{
	const struct root *r = message;

	return r->threshold <= r->admins.n && r->witness_quorum <= r->witnesses.n;
}

static bool
key_equal(const struct consign_public_key *a, const struct consign_public_key *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static bool
root_parties(const void *message)
{
	const struct root *r = message;

	for (size_t i = 0; i < r->admins.n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct admin *a = r->admins.v[i], *b = r->admins.v[j];
			if (strcmp(a->name, b->name) == 0 || key_equal(&a->signing_key, &b->signing_key) ||
			    key_equal(&a->transport_key, &b->transport_key))
				return false;
		}
	for (size_t i = 0; i < r->witnesses.n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct witness *a = r->witnesses.v[i], *b = r->witnesses.v[j];
			if (strcmp(a->org.s, b->org.s) == 0 || key_equal(&a->key, &b->key))
				return false;
		}
	return true;
}

static const struct wire_field root_fields[] = {
    NUM32(root, 1, format, 1, 1),
    EXACT(root, 2, hub_id, 32),
    NUM64(root, 3, version, 1, WIRE_U64_MAX),
    EXACT(root, 4, previous, 32),
    NUM64(root, 5, created_us, 1, WIRE_U64_MAX),
    NUM64(root, 6, expires_us, 0, WIRE_U64_MAX),
    EXACT(root, 7, random, 32),
    BYTES(root, 8, name, FORM_UTF8, 1, CONSIGN_NAME_MAX_BYTES),
    MESSAGES(root, 9, admins, 1, CONSIGN_ADMINS_MAX, admin),
    NUM32(root, 10, threshold, 1, CONSIGN_ADMINS_MAX),
    REQUIRED(root, 11, broker, broker_keys),
    OPTIONAL(root, 12, directory, document_ref),
    OPTIONAL(root, 13, policy, document_ref),
    FIXEDS(root, 14, freshness_keys, 0, CONSIGN_FRESHNESS_KEYS_MAX),
    MESSAGES(root, 15, witnesses, 0, CONSIGN_WITNESSES_MAX, witness),
    NUM32(root, 16, witness_quorum, 0, CONSIGN_WITNESSES_MAX),
    OPTIONAL(root, 17, log, log_origin),
    EXACT(root, 18, reason_digest, 32),
};

static const struct wire_field reason_fields[] = {
    FIXED(reason, 1, salt),
    BYTES(reason, 2, text, FORM_UTF8, 1, CONSIGN_TEXT_MAX_BYTES),
};
const struct wire_message wire_reason = {TABLE(reason, "Reason", reason, 0)};

static const struct wire_check root_checks[] = {
    {"dates", "expires_us is absent (never) or after created_us", root_dates},
    {"first", "version 1 has a random, and neither hub_id, previous, directory nor policy", root_first},
    {"later", "a version above 1 has hub_id, previous, directory and policy", root_later},
    {"threshold", "threshold is at most the number of admins, witness_quorum of witnesses", root_threshold},
    {"party-twice", "no two admins have one name or key, no two witnesses one org or key", root_parties},
};
const struct wire_message wire_root = {TABLE(root, "Root", root, CONSIGN_DOCUMENT_MAX_BYTES), CHECKS(root_checks)};

/* ── card ── */

static bool
valid_key_dates(const void *message)
{
	const struct valid_key *k = message;

	return k->not_after_us > k->not_before_us;
}

static const struct wire_field valid_key_fields[] = {
    FIXED(valid_key, 1, key),
    NUM64(valid_key, 2, not_before_us, 0, WIRE_U64_MAX),
    NUM64(valid_key, 3, not_after_us, 1, WIRE_U64_MAX),
};
static const struct wire_check valid_key_checks[] = {
    {"dates", "not_after_us is after not_before_us", valid_key_dates},
};
static const struct wire_message wire_valid_key = {TABLE(valid_key, "ValidKey", valid_key, 0), CHECKS(valid_key_checks)};

static bool
card_dates(const void *message)
{
	const struct card *c = message;

	return c->expires_us > c->created_us;
}

static bool
card_chain(const void *message)
{
	const struct card *c = message;

	return (c->version == 1) == (c->previous.len == 0);
}

static bool
newest_first(struct valid_key *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && keys[i]->not_before_us > keys[i - 1]->not_before_us)
			return false;
		for (size_t j = 0; j < i; j++)
			if (key_equal(&keys[i]->key, &keys[j]->key))
				return false;
	}
	return true;
}

static bool
card_keys(const void *message)
{
	const struct card *c = message;

	return newest_first(c->signing_keys.v, c->signing_keys.n) && newest_first(c->seal_keys.v, c->seal_keys.n);
}

static const struct wire_field card_fields[] = {
    NUM32(card, 1, format, 1, 1),
    FIXED(card, 2, hub_id),
    TEXT(card, 3, org, FORM_ORG, 2),
    NUM64(card, 4, version, 1, WIRE_U64_MAX),
    EXACT(card, 5, previous, 32),
    NUM64(card, 6, created_us, 1, WIRE_U64_MAX),
    NUM64(card, 7, expires_us, 1, WIRE_U64_MAX),
    FIXED(card, 8, identity_key),
    MESSAGES(card, 9, signing_keys, 1, CONSIGN_CARD_KEYS_MAX, valid_key),
    MESSAGES(card, 10, seal_keys, 1, CONSIGN_CARD_KEYS_MAX, valid_key),
    FIXED(card, 11, transport_key),
    FIXED(card, 12, witness_key),
    NUMS32(card, 13, formats, 1, CONSIGN_CARD_FORMATS_MAX, 1, UINT32_MAX),
    BYTES(card, 14, contact, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
};
static const struct wire_check card_checks[] = {
    {"dates", "expires_us is after created_us", card_dates},
    {"chain", "previous is absent in version 1 and present in every other", card_chain},
    {"keys", "signing_keys and seal_keys are newest first by not_before_us, none twice", card_keys},
};
const struct wire_message wire_card = {TABLE(card, "Card", card, CONSIGN_DOCUMENT_MAX_BYTES), CHECKS(card_checks)};

/* ── heads and parts ── */

static bool
head_dates(const void *message)
{
	const struct document_head *h = message;

	return dates_rise(h->created_us, h->expires_us);
}

static bool
head_chain(const void *message)
{
	const struct document_head *h = message;

	return (h->version == 1) == (h->previous.len == 0);
}

static bool
head_parts(const void *message)
{
	const struct document_head *h = message;

	for (size_t i = 1; i < h->parts.n; i++)
		if (memcmp(h->parts.v[i - 1].b, h->parts.v[i].b, sizeof(h->parts.v[i].b)) >= 0)
			return false;
	return true;
}

static const struct wire_field document_head_fields[] = {
    NUM32(document_head, 1, format, 1, 1),
    FIXED(document_head, 2, hub_id),
    NUM64(document_head, 3, version, 1, WIRE_U64_MAX),
    EXACT(document_head, 4, previous, 32),
    NUM64(document_head, 5, created_us, 1, WIRE_U64_MAX),
    NUM64(document_head, 6, expires_us, 0, WIRE_U64_MAX),
    EXACT(document_head, 7, reason_digest, 32),
    FIXEDS(document_head, 8, parts, 0, CONSIGN_PARTS_MAX),
};
static const struct wire_check document_head_checks[] = {
    {"dates", "expires_us is absent (never) or after created_us", head_dates},
    {"chain", "previous is absent in version 1 and present in every other", head_chain},
    {"sorted", "parts rise strictly, compared as bytes", head_parts},
};
const struct wire_message wire_document_head = {
    TABLE(document_head, "DirectoryHead", directory_head, CONSIGN_DOCUMENT_MAX_BYTES), CHECKS(document_head_checks)};
/* PolicyHead has the same fields under the same numbers; test_tables.c compares both descriptors with the rows. */
const struct wire_message wire_policy_head = {
    TABLE(document_head, "PolicyHead", policy_head, CONSIGN_DOCUMENT_MAX_BYTES), CHECKS(document_head_checks)};

static bool
member_since(const void *message)
{
	const struct member *m = message;

	return m->compromised_since == 0 || m->status == MEMBER_COMPROMISED;
}

static const struct wire_field member_fields[] = {
    TEXT(member, 1, org, FORM_ORG, 2),
    BYTES(member, 2, name, FORM_UTF8, 0, CONSIGN_NAME_MAX_BYTES),
    FIXED(member, 3, identity_key),
    NUM32(member, 4, status, MEMBER_ACTIVE, MEMBER_COMPROMISED),
    NUM64(member, 5, compromised_since, 0, WIRE_U64_MAX),
};
static const struct wire_check member_checks[] = {
    {"since", "compromised_since is absent unless status is 4", member_since},
};
const struct wire_message wire_member = {TABLE(member, "Member", member, 0), CHECKS(member_checks)};

static const struct wire_field directory_part_fields[] = {
    FIXED(directory_part, 1, salt),
    REQUIRED(directory_part, 2, member, member),
};
const struct wire_message wire_directory_part = {
    TABLE(directory_part, "DirectoryPart", directory_part, CONSIGN_DOCUMENT_MAX_BYTES)};

static bool
freshness_dates(const void *message)
{
	const struct freshness *f = message;

	return f->expires_us > f->created_us;
}

static const struct wire_field freshness_fields[] = {
    NUM32(freshness, 1, format, 1, 1),
    FIXED(freshness, 2, hub_id),
    REQUIRED(freshness, 3, root, document_ref),
    REQUIRED(freshness, 4, directory, document_ref),
    REQUIRED(freshness, 5, policy, document_ref),
    REQUIRED(freshness, 6, checkpoint, checkpoint_ref),
    NUM64(freshness, 7, created_us, 1, WIRE_U64_MAX),
    NUM64(freshness, 8, expires_us, 1, WIRE_U64_MAX),
};
static const struct wire_check freshness_checks[] = {
    {"dates", "expires_us is after created_us", freshness_dates},
};
const struct wire_message wire_freshness = {
    TABLE(freshness, "FreshnessContent", freshness_content, CONSIGN_DOCUMENT_MAX_BYTES), CHECKS(freshness_checks)};

/* ── proposals ── */

static bool
proposal_dates(const void *message)
{
	const struct proposal *p = message;

	return p->expires_us > p->created_us;
}

static const struct wire_field proposal_fields[] = {
    NUM32(proposal, 1, format, 1, 1),
    FIXED(proposal, 2, hub_id),
    NUM64(proposal, 3, created_us, 1, WIRE_U64_MAX),
    NUM64(proposal, 4, expires_us, 1, WIRE_U64_MAX),
    TEXT(proposal, 5, author, FORM_STUDY, 1),
    BYTES(proposal, 6, reason, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    NUM64(proposal, 7, root_version, 2, WIRE_U64_MAX),
    FIXED(proposal, 8, documents_digest),
};
static const struct wire_check proposal_checks[] = {
    {"dates", "expires_us is after created_us", proposal_dates},
};
const struct wire_message wire_proposal = {
    TABLE(proposal, "ProposalContent", proposal_content, CONSIGN_DOCUMENT_MAX_BYTES), CHECKS(proposal_checks)};

static bool
decision_signatures(const void *message)
{
	const struct decision *d = message;

	return d->decision == DECISION_APPROVE || d->signatures.n == 0;
}

static const struct wire_field decision_fields[] = {
    NUM32(decision, 1, format, 1, 1),
    FIXED(decision, 2, hub_id),
    FIXED(decision, 3, proposal),
    NUM32(decision, 4, decision, DECISION_APPROVE, DECISION_WITHDRAW),
    NUM64(decision, 5, at_us, 1, WIRE_U64_MAX),
    TEXT(decision, 6, administrator, FORM_STUDY, 1),
    BYTES(decision, 7, reason, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    MESSAGES(decision, 8, signatures, 0, CONSIGN_PROPOSED_MAX, doc_signature),
};
static const struct wire_check decision_checks[] = {
    {"signatures", "only an approval has signatures", decision_signatures},
};
const struct wire_message wire_decision = {
    TABLE(decision, "DecisionContent", decision_content, CONSIGN_DOCUMENT_MAX_BYTES), CHECKS(decision_checks)};

/* ── joining ── */

static const struct wire_field invite_fields[] = {
    NUM32(invite, 1, format, 1, 1),
    FIXED(invite, 2, hub_id),
    BYTES(invite, 3, hub_name, FORM_UTF8, 1, CONSIGN_NAME_MAX_BYTES),
    TEXT(invite, 4, org, FORM_ORG, 2),
    TEXT(invite, 5, endpoint, FORM_ASCII, 1),
    REQUIRED(invite, 6, root, document_ref),
    FIXED(invite, 7, broker_transport_key),
    FIXED(invite, 8, transport_secret),
    FIXED(invite, 9, token),
    NUM64(invite, 10, expires_us, 1, WIRE_U64_MAX),
};
const struct wire_message wire_invite = {TABLE(invite, "Invite", invite, CONSIGN_INVITE_MAX_BYTES)};

static const struct wire_field invite_notice_fields[] = {
    TEXT(invite_notice, 1, org, FORM_ORG, 2),
    FIXED(invite_notice, 2, transport_key),
    FIXED(invite_notice, 3, token_hash),
    NUM64(invite_notice, 4, expires_us, 1, WIRE_U64_MAX),
};
const struct wire_message wire_invite_notice = {TABLE(invite_notice, "InviteNotice", invite_notice, CONSIGN_INVITE_MAX_BYTES)};

static const struct wire_field join_request_fields[] = {
    TEXT(join_request, 1, org, FORM_ORG, 2),
    BYTES(join_request, 2, name, FORM_UTF8, 0, CONSIGN_NAME_MAX_BYTES),
    FIXED(join_request, 3, token_hash),
    REQUIRED(join_request, 4, card, signed_document),
    FIXED(join_request, 5, mac),
};
const struct wire_message wire_join_request = {TABLE(join_request, "JoinRequest", join_request, CONSIGN_JOIN_REQUEST_MAX_BYTES)};

const struct wire_message *const wire_identity_messages[] = {
    &wire_doc_signature,
    &wire_signed_document,
    &wire_document_ref,
    &wire_checkpoint_ref,
    &wire_admin,
    &wire_broker_keys,
    &wire_witness,
    &wire_log_origin,
    &wire_root,
    &wire_reason,
    &wire_valid_key,
    &wire_card,
    &wire_document_head,
    &wire_member,
    &wire_directory_part,
    &wire_freshness,
    &wire_proposal,
    &wire_decision,
    &wire_invite,
    &wire_invite_notice,
    &wire_join_request,
    NULL,
};
