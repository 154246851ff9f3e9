/*
 * Tables of session.proto: the commands between a peer and the broker. Which command is allowed when is the session's
 * (docs/PROTOCOL.md 7), not this file's.
 */
#include "wire/session_wire.h"

#include "consign/v1/session.pb-c.h"
#include "core/sign.h"
#include "wire/engine.h"

static const struct wire_field session_open_fields[] = {
    NUMS32(session_open, 1, versions, 1, CONSIGN_SESSION_VERSIONS_MAX, 1, UINT32_MAX),
    FIXED(session_open, 2, hub_id),
};
static const struct wire_message wire_session_open = {TABLE(session_open, "Open", open, 0)};

static const struct wire_field session_challenge_fields[] = {
    NUM32(session_challenge, 1, version, 1, UINT32_MAX),
    FIXED(session_challenge, 2, nonce),
    NUM64(session_challenge, 3, now_us, 1, WIRE_U64_MAX),
};
static const struct wire_message wire_session_challenge = {TABLE(session_challenge, "Challenge", challenge, 0)};

/* A joining company has no key that the hub knows yet; its transport key is in the invite. */
static bool
hello_signed(const void *message)
{
	const struct session_hello *h = message;
	bool is_joining = h->party == PARTY_JOINING;

	return (h->key_id.len == 0) == is_joining && (h->signature.len == 0) == is_joining;
}

static const struct wire_field session_hello_fields[] = {
    NUM32(session_hello, 1, party, PARTY_AGENT, PARTY_JOINING),
    TEXT(session_hello, 2, name, FORM_STUDY, 1),
    EXACT(session_hello, 3, key_id, sizeof(struct consign_key_id)),
    EXACT(session_hello, 4, signature, sizeof(struct consign_signature)),
    NUM64(session_hello, 5, root_version, 0, WIRE_U64_MAX),
    OPTIONAL(session_hello, 6, checkpoint, checkpoint_ref),
    NUM64(session_hello, 7, mailbox_position, 0, WIRE_U64_MAX),
    NUM32(session_hello, 8, window_consignments, 0, UINT32_MAX),
    NUM64(session_hello, 9, window_bytes, 0, WIRE_U64_MAX),
    TEXT(session_hello, 10, software, FORM_ASCII, 0),
    NUM64(session_hello, 11, card_version, 0, WIRE_U64_MAX),
    NUM64(session_hello, 12, documents_size, 0, WIRE_U64_MAX),
};
static const struct wire_check session_hello_checks[] = {
    {"signed", "key_id and signature are both absent if party is 3, joining, and both present otherwise", hello_signed},
};
static const struct wire_message wire_session_hello = {TABLE(session_hello, "Hello", hello, 0), CHECKS(session_hello_checks)};

static const struct wire_field session_welcome_fields[] = {
    NUM64(session_welcome, 1, now_us, 1, WIRE_U64_MAX),
    NUM64(session_welcome, 2, epoch, 0, WIRE_U64_MAX),
    NUM32(session_welcome, 3, window_consignments, 0, UINT32_MAX),
    NUM64(session_welcome, 4, window_bytes, 0, WIRE_U64_MAX),
    NUM64(session_welcome, 5, mailbox_position, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_session_welcome = {TABLE(session_welcome, "Welcome", welcome, 0)};

/* ── documents ── */

static bool
published_path(const void *message)
{
	const struct published_document *p = message;

	return (p->leaf == NULL) == (p->path == NULL);
}

static const struct wire_field published_document_fields[] = {
    REQUIRED(published_document, 1, document, signed_document),
    OPTIONAL(published_document, 2, leaf, leaf),
    OPTIONAL(published_document, 3, path, proof),
    OPTIONAL(published_document, 4, reason, reason),
};
static const struct wire_check published_document_checks[] = {
    {"path", "leaf and path are both present or both absent", published_path},
};
static const struct wire_message wire_published_document = {
    TABLE(published_document, "PublishedDocument", published_document, 0), CHECKS(published_document_checks)};

static const struct wire_field sliced_bundle_fields[] = {
    REQUIRED(sliced_bundle, 1, head, published_document),
    BYTESS(sliced_bundle, 2, parts, 0, CONSIGN_PARTS_MAX, FORM_RAW, 1, CONSIGN_PART_MAX_BYTES),
};
static const struct wire_message wire_directory_bundle = {TABLE(sliced_bundle, "DirectoryBundle", directory_bundle, 0)};
static const struct wire_message wire_policy_bundle = {TABLE(sliced_bundle, "PolicyBundle", policy_bundle, 0)};

static const struct wire_field session_documents_fields[] = {
    MESSAGES(session_documents, 1, roots, 0, CONSIGN_DOCUMENTS_MAX, published_document),
    MESSAGES_OF(session_documents, 2, directories, 0, CONSIGN_DOCUMENTS_MAX, sliced_bundle, wire_directory_bundle),
    MESSAGES_OF(session_documents, 3, policies, 0, CONSIGN_DOCUMENTS_MAX, sliced_bundle, wire_policy_bundle),
    MESSAGES(session_documents, 4, cards, 0, CONSIGN_DOCUMENTS_MAX, published_document),
    OPTIONAL(session_documents, 5, checkpoint, checkpoint_update),
};
const struct wire_message wire_session_documents = {TABLE(session_documents, "Documents", documents, CONSIGN_COMMAND_MAX_BYTES)};

static const struct wire_field session_fetch_fields[] = {
    NUM64(session_fetch, 1, root_version, 0, WIRE_U64_MAX),
    NUM64(session_fetch, 2, root_after, 0, WIRE_U64_MAX),
    TEXT(session_fetch, 3, card_org, FORM_ORG, 0),
    NUM64(session_fetch, 4, card_version, 0, WIRE_U64_MAX),
    NUM64(session_fetch, 5, redeliver_from, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_session_fetch = {TABLE(session_fetch, "Fetch", fetch, 0)};

/* ── consignments ── */

static const struct wire_field session_submit_fields[] = {
    NUM64(session_submit, 1, sequence, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_session_submit = {TABLE(session_submit, "Submit", submit, 0)};

static const struct wire_field session_release_fields[] = {
    FIXED(session_release, 1, consignment_id),
};
static const struct wire_message wire_session_release = {TABLE(session_release, "Release", release, 0)};

static const struct wire_field session_answer_fields[] = {
    NUM64(session_answer, 1, sequence, 0, WIRE_U64_MAX),
    REQUIRED(session_answer, 2, statement, statement),
};
static const struct wire_message wire_session_answer = {TABLE(session_answer, "Answer", answer, 0)};

/* A place in the ledger means nothing without the checkpoint that the path leads to. */
static bool
answers_checkpoint(const void *message)
{
	const struct session_answers *a = message;

	for (size_t i = 0; i < a->answers.n && a->checkpoint == NULL; i++)
		if (a->answers.v[i]->statement->has_place)
			return false;
	return true;
}

static const struct wire_field session_answers_fields[] = {
    MESSAGES(session_answers, 1, answers, 1, CONSIGN_BATCH_MAX, session_answer),
    OPTIONAL(session_answers, 2, checkpoint, checkpoint_update),
};
static const struct wire_check session_answers_checks[] = {
    {"checkpoint", "checkpoint is present when any statement has a place", answers_checkpoint},
};
static const struct wire_message wire_session_answers = {
    TABLE(session_answers, "Answers", answers, 0), CHECKS(session_answers_checks)};

static const struct wire_field session_try_later_fields[] = {
    NUM64(session_try_later, 1, sequence, 0, WIRE_U64_MAX),
    TEXT(session_try_later, 2, org, FORM_ORG, 0),
    NUM32(session_try_later, 3, code, 1, CONSIGN_CODE_LAST),
    BYTES(session_try_later, 4, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    NUM32(session_try_later, 5, retry_ms, 0, UINT32_MAX),
};
static const struct wire_message wire_session_try_later = {TABLE(session_try_later, "TryLater", try_later, 0)};

static const struct wire_field session_deliver_fields[] = {
    NUM64(session_deliver, 1, position, 1, WIRE_U64_MAX),
    REQUIRED(session_deliver, 2, statement, statement),
    REQUIRED(session_deliver, 3, checkpoint, checkpoint_update),
    OPTIONAL(session_deliver, 4, tombstone, statement),
    OPTIONAL(session_deliver, 5, seen, proof),
};
static const struct wire_message wire_session_deliver = {TABLE(session_deliver, "Deliver", deliver, 0)};

static const struct wire_field session_delivered_fields[] = {
    MESSAGES(session_delivered, 1, receipts, 1, CONSIGN_BATCH_MAX, delivery_receipt),
};
static const struct wire_message wire_session_delivered = {TABLE(session_delivered, "Delivered", delivered, 0)};

static const struct wire_field settlement_fields[] = {
    OPTIONAL(settlement, 1, receipt, delivery_receipt),
    REQUIRED(settlement, 2, statement, statement),
};
static const struct wire_message wire_settlement = {TABLE(settlement, "Settlement", settlement, 0)};

static const struct wire_field seen_proof_fields[] = {
    NUM64(seen_proof, 1, size, 1, WIRE_U64_MAX),
    OPTIONAL(seen_proof, 2, path, proof),
};
static const struct wire_message wire_seen_proof = {TABLE(seen_proof, "SeenProof", seen_proof, 0)};

static const struct wire_field session_settled_fields[] = {
    MESSAGES(session_settled, 1, settlements, 1, CONSIGN_BATCH_MAX, settlement),
    REQUIRED(session_settled, 2, checkpoint, checkpoint_update), /* every settlement has a place */
    NUM64(session_settled, 3, cursor, 0, WIRE_U64_MAX),
    MESSAGES(session_settled, 4, seen, 0, CONSIGN_BATCH_MAX, seen_proof),
};
static const struct wire_message wire_session_settled = {TABLE(session_settled, "Settled", settled, 0)};

static const struct wire_field session_confirm_fields[] = {
    NUM64(session_confirm, 1, cursor, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_session_confirm = {TABLE(session_confirm, "Confirm", confirm, 0)};

static const struct wire_field session_credit_fields[] = {
    NUM32(session_credit, 1, consignments, 0, UINT32_MAX),
    NUM64(session_credit, 2, bytes, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_session_credit = {TABLE(session_credit, "Credit", credit, 0)};

/* ── administration ── */

static const struct wire_field session_publish_fields[] = {
    REQUIRED(session_publish, 1, documents, session_documents),
    NUM64(session_publish, 2, request, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_session_publish = {TABLE(session_publish, "Publish", publish, 0)};

static const struct wire_field session_invite_fields[] = {
    NUM64(session_invite, 1, request, 0, WIRE_U64_MAX),
    REQUIRED(session_invite, 2, notice, invite_notice),
};
static const struct wire_message wire_session_invite = {TABLE(session_invite, "InviteCommand", invite_command, 0)};

static const struct wire_field session_join_fields[] = {
    NUM64(session_join, 1, request, 0, WIRE_U64_MAX),
    REQUIRED(session_join, 2, join, join_request),
};
static const struct wire_message wire_session_join = {TABLE(session_join, "JoinCommand", join_command, 0)};

static const struct wire_field session_joins_query_fields[] = {
    NUM64(session_joins_query, 1, request, 0, WIRE_U64_MAX),
    TEXT(session_joins_query, 2, org, FORM_ORG, 0),
};
static const struct wire_message wire_session_joins_query = {TABLE(session_joins_query, "JoinsQuery", joins_query, 0)};

static const struct wire_field session_joins_reply_fields[] = {
    NUM64(session_joins_reply, 1, request, 0, WIRE_U64_MAX),
    MESSAGES(session_joins_reply, 2, joins, 0, CONSIGN_BATCH_MAX, join_request),
    MESSAGES(session_joins_reply, 3, invites, 0, CONSIGN_BATCH_MAX, invite_notice),
};
static const struct wire_message wire_session_joins_reply = {TABLE(session_joins_reply, "JoinsReply", joins_reply, 0)};

static const struct wire_field session_propose_fields[] = {
    NUM64(session_propose, 1, request, 0, WIRE_U64_MAX),
    REQUIRED(session_propose, 2, proposal, signed_document),
    REQUIRED(session_propose, 3, documents, session_documents),
};
static const struct wire_message wire_session_propose = {TABLE(session_propose, "Propose", propose, 0)};

static const struct wire_field session_decide_fields[] = {
    NUM64(session_decide, 1, request, 0, WIRE_U64_MAX),
    REQUIRED(session_decide, 2, decision, signed_document),
};
static const struct wire_message wire_session_decide = {TABLE(session_decide, "Decide", decide, 0)};

static const struct wire_field session_proposals_query_fields[] = {
    NUM64(session_proposals_query, 1, request, 0, WIRE_U64_MAX),
    EXACT(session_proposals_query, 2, id, 32),
};
static const struct wire_message wire_session_proposals_query = {TABLE(session_proposals_query, "ProposalsQuery", proposals_query, 0)};

static const struct wire_field proposal_row_fields[] = {
    REQUIRED(proposal_row, 1, proposal, signed_document),
    MESSAGES(proposal_row, 2, decisions, 0, CONSIGN_ADMINS_MAX, signed_document),
    NUM32(proposal_row, 3, state, PROPOSAL_OPEN, PROPOSAL_EXPIRED),
    NUM64(proposal_row, 4, ended_us, 0, WIRE_U64_MAX),
    OPTIONAL(proposal_row, 5, documents, session_documents),
};
static const struct wire_message wire_proposal_row = {TABLE(proposal_row, "ProposalState", proposal_state, 0)};

static const struct wire_field session_proposals_reply_fields[] = {
    NUM64(session_proposals_reply, 1, request, 0, WIRE_U64_MAX),
    MESSAGES(session_proposals_reply, 2, proposals, 0, CONSIGN_PROPOSALS_SHOWN_MAX, proposal_row),
};
static const struct wire_message wire_session_proposals_reply = {TABLE(session_proposals_reply, "ProposalsReply", proposals_reply, 0)};

static const struct wire_field session_traffic_query_fields[] = {
    NUM64(session_traffic_query, 1, request, 0, WIRE_U64_MAX),
    NUM64(session_traffic_query, 2, since_us, 0, WIRE_U64_MAX),
    NUM64(session_traffic_query, 3, from_leaf, 0, WIRE_U64_MAX),
    EXACT(session_traffic_query, 4, consignment_id, 16),
};
static const struct wire_message wire_session_traffic_query = {TABLE(session_traffic_query, "TrafficQuery", traffic_query, 0)};

static const struct wire_field traffic_row_fields[] = {
    TEXT(traffic_row, 1, consignor, FORM_ORG, 2),
    TEXT(traffic_row, 2, consignee, FORM_ORG, 2),
    TEXT(traffic_row, 3, study, FORM_STUDY, 1),
    TEXT(traffic_row, 4, type, FORM_TYPE, 1),
    NUM32(traffic_row, 5, label, CONSIGN_LABEL_OPEN, CONSIGN_LABEL_UNBLINDED),
    NUM32(traffic_row, 6, code, 0, CONSIGN_CODE_LAST),
    TEXT(traffic_row, 7, rule, FORM_STUDY, 0),
    NUM64(traffic_row, 8, count, 1, WIRE_U64_MAX),
    FIXED(traffic_row, 9, consignment_id),
    NUM32(traffic_row, 10, item, 0, CONSIGN_BUNDLE_MAX_ITEMS - 1),
    NUM64(traffic_row, 11, at_us, 1, WIRE_U64_MAX),
    NUM64(traffic_row, 12, root_version, 1, WIRE_U64_MAX),
};
static const struct wire_message wire_traffic_row = {TABLE(traffic_row, "TrafficRow", traffic_row, 0)};

static const struct wire_field session_traffic_reply_fields[] = {
    NUM64(session_traffic_reply, 1, request, 0, WIRE_U64_MAX),
    MESSAGES(session_traffic_reply, 2, rows, 0, CONSIGN_TRAFFIC_ROWS_MAX, traffic_row),
    NUM64(session_traffic_reply, 3, next, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_session_traffic_reply = {TABLE(session_traffic_reply, "TrafficReply", traffic_reply, 0)};

static const struct wire_field session_quotas_query_fields[] = {
    NUM64(session_quotas_query, 1, request, 0, WIRE_U64_MAX),
    TEXT(session_quotas_query, 2, org, FORM_ORG, 0),
    TEXT(session_quotas_query, 3, study, FORM_STUDY, 0),
    NUM32(session_quotas_query, 4, from, 0, CONSIGN_QUOTAS_MAX + CONSIGN_ORGS_MAX),
};
static const struct wire_message wire_session_quotas_query = {TABLE(session_quotas_query, "QuotasQuery", quotas_query, 0)};

static const struct wire_field quota_row_fields[] = {
    REQUIRED(quota_row, 1, quota, policy_quota),
    NUM64(quota_row, 2, used_messages, 0, WIRE_U64_MAX),
    NUM64(quota_row, 3, used_bytes, 0, WIRE_U64_MAX),
    NUM64(quota_row, 4, waiting_consignments, 0, WIRE_U64_MAX),
    NUM64(quota_row, 5, waiting_bytes, 0, WIRE_U64_MAX),
    NUM32(quota_row, 6, is_own, 0, 1),
};
static const struct wire_message wire_quota_row = {TABLE(quota_row, "QuotaUse", quota_use, 0)};

static const struct wire_field session_quotas_reply_fields[] = {
    NUM64(session_quotas_reply, 1, request, 0, WIRE_U64_MAX),
    MESSAGES(session_quotas_reply, 2, rows, 0, CONSIGN_QUOTA_ROWS_MAX, quota_row),
    NUM32(session_quotas_reply, 3, next, 0, CONSIGN_QUOTAS_MAX + CONSIGN_ORGS_MAX),
};
static const struct wire_message wire_session_quotas_reply = {TABLE(session_quotas_reply, "QuotasReply", quotas_reply, 0)};

static const struct wire_field session_done_fields[] = {
    NUM64(session_done, 1, request, 0, WIRE_U64_MAX),
    NUM32(session_done, 2, code, 0, CONSIGN_CODE_LAST),
    BYTES(session_done, 3, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
};
static const struct wire_message wire_session_done = {TABLE(session_done, "Done", done, 0)};

static const struct wire_field session_ping_fields[] = {
    NUM64(session_ping, 1, at_us, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_session_ping = {TABLE(session_ping, "Ping", ping, 0)};

static const struct wire_field session_bye_fields[] = {
    NUM32(session_bye, 1, code, 0, CONSIGN_CODE_LAST),
    BYTES(session_bye, 2, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
};
static const struct wire_message wire_session_bye = {TABLE(session_bye, "Bye", bye, 0)};

/* ── watching ── */

static const struct wire_field session_admin_watch_fields[] = {
    NUM64(session_admin_watch, 1, request, 0, WIRE_U64_MAX),
    NUM64(session_admin_watch, 2, from_leaf, 0, WIRE_U64_MAX),
    NUM64(session_admin_watch, 3, since_us, 0, WIRE_U64_MAX),
    NUM32(session_admin_watch, 4, at_once, 0, 1),
};
static const struct wire_message wire_session_admin_watch = {TABLE(session_admin_watch, "AdminWatch", admin_watch, 0)};

static const struct wire_field admin_event_fields[] = {
    NUM64(admin_event, 1, at_us, 1, WIRE_U64_MAX),
    NUM64(admin_event, 2, place, 0, WIRE_U64_MAX),
    TEXT(admin_event, 3, kind, FORM_ASCII, 1),
    BYTES(admin_event, 4, org, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    BYTES(admin_event, 5, subject, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    TEXT(admin_event, 6, study, FORM_STUDY, 0),
    TEXT(admin_event, 7, type, FORM_TYPE, 0),
    NUM32(admin_event, 8, code, 0, CONSIGN_CODE_LAST),
    TEXT(admin_event, 9, rule, FORM_STUDY, 0),
    BYTES(admin_event, 10, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    NUM64(admin_event, 11, count, 0, WIRE_U64_MAX),
    EXACT(admin_event, 12, consignment_id, sizeof(struct consign_id)),
};
static const struct wire_message wire_admin_event = {TABLE(admin_event, "AdminEvent", admin_event, 0)};

static const struct wire_field session_admin_events_fields[] = {
    NUM64(session_admin_events, 1, request, 0, WIRE_U64_MAX),
    MESSAGES(session_admin_events, 2, events, 0, CONSIGN_BATCH_MAX, admin_event),
    NUM64(session_admin_events, 3, next_leaf, 0, WIRE_U64_MAX),
    NUM32(session_admin_events, 4, is_present, 0, 1),
};
static const struct wire_message wire_session_admin_events = {TABLE(session_admin_events, "AdminEvents", admin_events, 0)};

static const struct wire_field session_freshness_fields[] = {
    REQUIRED(session_freshness, 1, statement, signed_document),
};
static const struct wire_message wire_session_freshness = {TABLE(session_freshness, "Freshness", freshness, 0)};

static const struct wire_field session_command_fields[] = {
    CHOICE(session_command, 1, open, session_open),
    CHOICE(session_command, 2, challenge, session_challenge),
    CHOICE(session_command, 3, hello, session_hello),
    CHOICE(session_command, 4, welcome, session_welcome),
    CHOICE(session_command, 5, documents, session_documents),
    CHOICE(session_command, 6, fetch, session_fetch),
    CHOICE(session_command, 7, submit, session_submit),
    CHOICE(session_command, 8, release, session_release),
    CHOICE(session_command, 9, answers, session_answers),
    CHOICE(session_command, 10, try_later, session_try_later),
    CHOICE(session_command, 11, deliver, session_deliver),
    CHOICE(session_command, 12, delivered, session_delivered),
    CHOICE(session_command, 13, settled, session_settled),
    CHOICE(session_command, 14, confirm, session_confirm),
    CHOICE(session_command, 15, credit, session_credit),
    CHOICE(session_command, 16, publish, session_publish),
    CHOICE(session_command, 17, invite, session_invite),
    CHOICE(session_command, 18, join, session_join),
    CHOICE(session_command, 19, joins_query, session_joins_query),
    CHOICE(session_command, 20, joins_reply, session_joins_reply),
    CHOICE(session_command, 21, done, session_done),
    CHOICE(session_command, 22, ping, session_ping),
    CHOICE(session_command, 23, pong, session_ping),
    CHOICE(session_command, 24, bye, session_bye),
    CHOICE(session_command, 25, propose, session_propose),
    CHOICE(session_command, 26, decide, session_decide),
    CHOICE(session_command, 27, proposals_query, session_proposals_query),
    CHOICE(session_command, 28, proposals_reply, session_proposals_reply),
    CHOICE(session_command, 29, admin_watch, session_admin_watch),
    CHOICE(session_command, 30, admin_events, session_admin_events),
    CHOICE(session_command, 31, freshness, session_freshness),
    CHOICE(session_command, 32, traffic_query, session_traffic_query),
    CHOICE(session_command, 33, traffic_reply, session_traffic_reply),
    CHOICE(session_command, 34, quotas_query, session_quotas_query),
    CHOICE(session_command, 35, quotas_reply, session_quotas_reply),
};
const struct wire_message wire_session_command = {
    TABLE(session_command, "Command", command, CONSIGN_COMMAND_MAX_BYTES), .has_choice = true};

const struct wire_message *const wire_session_messages[] = {
    &wire_session_open,
    &wire_session_challenge,
    &wire_session_hello,
    &wire_session_welcome,
    &wire_published_document,
    &wire_directory_bundle,
    &wire_policy_bundle,
    &wire_session_documents,
    &wire_session_fetch,
    &wire_session_submit,
    &wire_session_release,
    &wire_session_answer,
    &wire_session_answers,
    &wire_session_try_later,
    &wire_session_deliver,
    &wire_session_delivered,
    &wire_settlement,
    &wire_seen_proof,
    &wire_session_settled,
    &wire_session_confirm,
    &wire_session_credit,
    &wire_session_publish,
    &wire_session_invite,
    &wire_session_join,
    &wire_session_joins_query,
    &wire_session_joins_reply,
    &wire_session_propose,
    &wire_session_decide,
    &wire_session_proposals_query,
    &wire_proposal_row,
    &wire_session_proposals_reply,
    &wire_session_traffic_query,
    &wire_traffic_row,
    &wire_session_traffic_reply,
    &wire_session_quotas_query,
    &wire_quota_row,
    &wire_session_quotas_reply,
    &wire_session_done,
    &wire_session_ping,
    &wire_session_bye,
    &wire_session_admin_watch,
    &wire_admin_event,
    &wire_session_admin_events,
    &wire_session_freshness,
    &wire_session_command,
    NULL,
};
