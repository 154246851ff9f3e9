/*
 * Tables of local.proto: a tool and its agent. A tool is another program of the same company and is believed no more
 * than a peer. Source: docs/PROTOCOL.md 8.
 */
#include "wire/local_wire.h"

#include <string.h>

#include "consign/v1/local.pb-c.h"
#include "wire/engine.h"

_Static_assert(sizeof(((struct local_outgoing *)0)->media_type) == CONSIGN_MEDIA_TYPE_MAX_BYTES + 1, "limits.h names the length");
_Static_assert(
    sizeof(((struct local_watch *)0)->subscription) == CONSIGN_SUBSCRIPTION_MAX_BYTES + 1, "limits.h names the length");
/* uuid, dot, one digit: what the smallest id needs; message_id_parse looks at the rest. */
#define MESSAGE_ID_MIN 38

static const struct wire_field local_outgoing_fields[] = {
    TEXTS(local_outgoing, 1, to, 1, CONSIGN_CONSIGNEES_MAX, FORM_ORG, 2),
    TEXT(local_outgoing, 2, study, FORM_STUDY, 1),
    TEXT(local_outgoing, 3, type, FORM_TYPE, 1),
    NUM32(local_outgoing, 4, label, 0, CONSIGN_LABEL_UNBLINDED),
    TEXT(local_outgoing, 5, media_type, FORM_ASCII, 0),
    BYTES(local_outgoing, 6, name, FORM_UTF8, 0, CONSIGN_NAME_MAX_BYTES),
    BYTES(local_outgoing, 7, content, FORM_RAW, 0, CONSIGN_LOCAL_CONTENT_MAX_BYTES),
    BYTES(local_outgoing, 8, idempotency_key, FORM_RAW, 0, CONSIGN_IDEMPOTENCY_KEY_MAX_BYTES),
    NUM64(local_outgoing, 9, expires_us, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_local_outgoing = {TABLE(local_outgoing, "OutgoingMessage", outgoing_message, 0)};

static const struct wire_field local_send_fields[] = {
    MESSAGES(local_send, 1, messages, 1, CONSIGN_LOCAL_MESSAGES_MAX, local_outgoing),
};
static const struct wire_message wire_local_send = {TABLE(local_send, "SendRequest", send_request, 0)};

static const struct wire_field local_outcome_fields[] = {
    TEXT(local_outcome, 1, id, FORM_MESSAGE_ID, MESSAGE_ID_MIN),
    NUM32(local_outcome, 2, code, 0, CONSIGN_CODE_LAST),
    NUM32(local_outcome, 3, retry_class, 0, 1),
    TEXT(local_outcome, 4, org, FORM_ORG, 0),
    TEXT(local_outcome, 5, rule, FORM_STUDY, 0),
    BYTES(local_outcome, 6, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    NUM32(local_outcome, 7, repeated, 0, 1),
    MESSAGES(local_outcome, 8, problems, 0, CONSIGN_PROBLEMS_MAX, stated_problem),
    NUM32(local_outcome, 9, problems_total, 0, UINT32_MAX),
};
static const struct wire_message wire_local_outcome = {TABLE(local_outcome, "SendOutcome", send_outcome, 0)};

static const struct wire_field local_send_reply_fields[] = {
    MESSAGES(local_send_reply, 1, outcomes, 1, CONSIGN_LOCAL_MESSAGES_MAX, local_outcome),
};
static const struct wire_message wire_local_send_reply = {TABLE(local_send_reply, "SendReply", send_reply, 0)};

/* ── inbox ── */

static const struct wire_field local_inbox_fields[] = {
    TEXT(local_inbox, 1, type, FORM_GLOB, 0),
    TEXT(local_inbox, 2, study, FORM_STUDY, 0),
    NUM32(local_inbox, 3, unacked, 0, 1),
    NUM32(local_inbox, 4, limit, 0, UINT32_MAX),
    TEXT(local_inbox, 5, after, FORM_MESSAGE_ID, 0),
};
static const struct wire_message wire_local_inbox = {TABLE(local_inbox, "InboxRequest", inbox_request, 0)};

static const struct wire_field local_message_fields[] = {
    TEXT(local_message, 1, id, FORM_MESSAGE_ID, MESSAGE_ID_MIN),
    TEXT(local_message, 2, consignor, FORM_ORG, 2),
    TEXT(local_message, 3, study, FORM_STUDY, 1),
    TEXT(local_message, 4, type, FORM_TYPE, 1),
    NUM32(local_message, 5, label, CONSIGN_LABEL_OPEN, CONSIGN_LABEL_UNBLINDED),
    NUM64(local_message, 6, sent_us, 0, WIRE_U64_MAX),
    NUM64(local_message, 7, received_us, 0, WIRE_U64_MAX),
    NUM64(local_message, 8, size, 0, WIRE_U64_MAX),
    NUM32(local_message, 9, acked, 0, 1),
    TEXT(local_message, 10, media_type, FORM_ASCII, 0),
    BYTES(local_message, 11, name, FORM_UTF8, 0, CONSIGN_NAME_MAX_BYTES),
    BYTES(local_message, 12, content, FORM_RAW, 0, CONSIGN_LOCAL_CONTENT_MAX_BYTES),
    NUM64(local_message, 13, position, 0, WIRE_U64_MAX),
    NUM64(local_message, 14, accepted_us, 0, WIRE_U64_MAX),
    TEXTS(local_message, 15, consignees, 0, CONSIGN_CONSIGNEES_MAX, FORM_ORG, 2),
};
static const struct wire_message wire_local_message = {TABLE(local_message, "InboxMessage", inbox_message, 0)};

static const struct wire_field local_inbox_reply_fields[] = {
    MESSAGES(local_inbox_reply, 1, messages, 0, CONSIGN_LOCAL_MESSAGES_MAX, local_message),
    NUM32(local_inbox_reply, 2, more, 0, 1),
};
static const struct wire_message wire_local_inbox_reply = {TABLE(local_inbox_reply, "InboxReply", inbox_reply, 0)};

static const struct wire_field local_show_fields[] = {
    TEXT(local_show, 1, id, FORM_MESSAGE_ID, MESSAGE_ID_MIN),
};
static const struct wire_message wire_local_show = {TABLE(local_show, "ShowRequest", show_request, 0)};

static const struct wire_field local_show_reply_fields[] = {
    REQUIRED(local_show_reply, 1, message, local_message),
};
static const struct wire_message wire_local_show_reply = {TABLE(local_show_reply, "ShowReply", show_reply, 0)};

static const struct wire_field local_ack_fields[] = {
    TEXT(local_ack, 1, subscription, FORM_STUDY, 1),
    TEXTS(local_ack, 2, ids, 1, CONSIGN_LOCAL_MESSAGES_MAX, FORM_MESSAGE_ID, MESSAGE_ID_MIN),
};
static const struct wire_message wire_local_ack = {TABLE(local_ack, "AckRequest", ack_request, 0)};

static const struct wire_field local_ack_reply_fields[] = {
    NUM32(local_ack_reply, 1, acked, 0, CONSIGN_LOCAL_MESSAGES_MAX),
};
static const struct wire_message wire_local_ack_reply = {TABLE(local_ack_reply, "AckReply", ack_reply, 0)};

static bool
watch_since(const void *message)
{
	const struct local_watch *w = message;

	return w->since[0] == '\0' || strcmp(w->since, "start") == 0 || strcmp(w->since, "now") == 0;
}

static const struct wire_field local_watch_fields[] = {
    TEXT(local_watch, 1, subscription, FORM_STUDY, 1),
    TEXT(local_watch, 2, type, FORM_GLOB, 0),
    TEXT(local_watch, 3, study, FORM_STUDY, 0),
    NUM32(local_watch, 4, window, 1, CONSIGN_WATCH_WINDOW_MAX),
    NUM32(local_watch, 5, content, 0, 1),
    TEXT(local_watch, 6, since, FORM_TYPE, 0),
};
static const struct wire_check local_watch_checks[] = {
    {"since", "since is absent, \"start\" or \"now\"", watch_since},
};
static const struct wire_message wire_local_watch = {
    TABLE(local_watch, "WatchRequest", watch_request, 0), CHECKS(local_watch_checks)};

static const struct wire_field local_watch_event_fields[] = {
    REQUIRED(local_watch_event, 1, message, local_message),
};
static const struct wire_message wire_local_watch_event = {TABLE(local_watch_event, "WatchEvent", watch_event, 0)};

/* ── track ── */

static const struct wire_field local_track_fields[] = {
    TEXT(local_track, 1, id, FORM_MESSAGE_ID, MESSAGE_ID_MIN),
};
static const struct wire_message wire_local_track = {TABLE(local_track, "TrackRequest", track_request, 0)};

static const struct wire_field local_track_consignee_fields[] = {
    TEXT(local_track_consignee, 1, org, FORM_ORG, 2),
    TEXT(local_track_consignee, 2, state, FORM_STUDY, 1),
    NUM64(local_track_consignee, 3, position, 0, WIRE_U64_MAX),
    NUM64(local_track_consignee, 4, at_us, 0, WIRE_U64_MAX),
    NUM32(local_track_consignee, 5, code, 0, CONSIGN_CODE_LAST),
    BYTES(local_track_consignee, 6, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    MESSAGES(local_track_consignee, 7, problems, 0, CONSIGN_PROBLEMS_MAX, stated_problem),
    NUM32(local_track_consignee, 8, problems_total, 0, UINT32_MAX),
    NUM64(local_track_consignee, 9, due_us, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_local_track_consignee = {
    TABLE(local_track_consignee, "TrackConsignee", track_consignee, 0)};

static const struct wire_field local_track_reply_fields[] = {
    TEXT(local_track_reply, 1, id, FORM_MESSAGE_ID, MESSAGE_ID_MIN),
    TEXT(local_track_reply, 2, state, FORM_STUDY, 1),
    MESSAGES(local_track_reply, 3, consignees, 0, CONSIGN_CONSIGNEES_MAX, local_track_consignee),
    NUM32(local_track_reply, 4, code, 0, CONSIGN_CODE_LAST),
    TEXT(local_track_reply, 5, rule, FORM_STUDY, 0),
    BYTES(local_track_reply, 6, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    TEXT(local_track_reply, 7, study, FORM_STUDY, 1),
    TEXT(local_track_reply, 8, type, FORM_TYPE, 1),
    NUM32(local_track_reply, 9, label, 0, CONSIGN_LABEL_UNBLINDED),
    NUM64(local_track_reply, 10, created_us, 0, WIRE_U64_MAX),
    NUM64(local_track_reply, 11, accepted_us, 0, WIRE_U64_MAX),
    NUM64(local_track_reply, 12, leaf, 0, WIRE_U64_MAX),
    NUM32(local_track_reply, 13, has_leaf, 0, 1),
    NUM32(local_track_reply, 14, attempt, 0, UINT32_MAX),
    MESSAGES(local_track_reply, 15, problems, 0, CONSIGN_PROBLEMS_MAX, stated_problem),
    NUM32(local_track_reply, 16, problems_total, 0, UINT32_MAX),
};
static const struct wire_message wire_local_track_reply = {TABLE(local_track_reply, "TrackReply", track_reply, 0)};

/* ── status, policy, errors ── */

static const struct wire_field local_status_fields[] = {
    NUM32(local_status, 1, unused, 0, 0),
};
static const struct wire_message wire_local_status = {TABLE(local_status, "StatusRequest", status_request, 0)};

static const struct wire_field local_fact_fields[] = {
    TEXT(local_fact, 1, name, FORM_ASCII, 1),
    BYTES(local_fact, 2, value, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
};
static const struct wire_message wire_local_fact = {TABLE(local_fact, "Fact", fact, 0)};

static const struct wire_field local_status_reply_fields[] = {
    MESSAGES(local_status_reply, 1, facts, 0, CONSIGN_FACTS_MAX, local_fact),
};
static const struct wire_message wire_local_status_reply = {TABLE(local_status_reply, "StatusReply", status_reply, 0)};

static const struct wire_field local_policy_fields[] = {
    NUM32(local_policy, 1, unused, 0, 0),
    TEXT(local_policy, 2, message, FORM_MESSAGE_ID, 0),
};
static const struct wire_message wire_local_policy = {TABLE(local_policy, "PolicyRequest", policy_request, 0)};

static const struct wire_field local_past_consignee_fields[] = {
    TEXT(local_past_consignee, 1, org, FORM_ORG, 2),
    NUM32(local_past_consignee, 2, code, 0, CONSIGN_CODE_LAST),
    TEXT(local_past_consignee, 3, rule, FORM_STUDY, 0),
    NUM32(local_past_consignee, 4, rejected, 0, 1),
};
static const struct wire_message wire_local_past_consignee = {TABLE(local_past_consignee, "PastConsignee", past_consignee, 0)};

static const struct wire_field local_past_fields[] = {
    TEXT(local_past, 1, consignor, FORM_ORG, 2),
    TEXT(local_past, 2, study, FORM_STUDY, 1),
    TEXT(local_past, 3, type, FORM_TYPE, 1),
    NUM32(local_past, 4, label, 0, CONSIGN_LABEL_UNBLINDED),
    NUM64(local_past, 5, at_us, 0, WIRE_U64_MAX),
    NUM32(local_past, 6, decided, 0, 1),
    MESSAGES(local_past, 7, consignees, 0, CONSIGN_CONSIGNEES_MAX, local_past_consignee),
};
static const struct wire_message wire_local_past = {TABLE(local_past, "PastMessage", past_message, 0)};

static const struct wire_field local_policy_reply_fields[] = {
    NUM64(local_policy_reply, 1, version, 0, WIRE_U64_MAX),
    OPTIONAL(local_policy_reply, 2, common, policy_common),
    MESSAGES(local_policy_reply, 3, studies, 0, CONSIGN_STUDIES_MAX, policy_study),
    MESSAGES(local_policy_reply, 4, members, 0, CONSIGN_ORGS_MAX, member),
    OPTIONAL(local_policy_reply, 5, past, local_past),
};
static const struct wire_message wire_local_policy_reply = {TABLE(local_policy_reply, "PolicyReply", policy_reply, 0)};

static const struct wire_field local_keys_fields[] = {
    NUM32(local_keys, 1, rotate, 0, LOCAL_KEYS_ALL),
};
static const struct wire_message wire_local_keys = {TABLE(local_keys, "KeysRequest", keys_request, 0)};

static const struct wire_field local_key_fields[] = {
    NUM32(local_key, 1, use, LOCAL_KEY_SIGNING, LOCAL_KEY_TRANSPORT),
    FIXED(local_key, 2, id),
    NUM32(local_key, 3, state, LOCAL_KEY_CURRENT, LOCAL_KEY_OLD),
    NUM64(local_key, 4, created_us, 0, WIRE_U64_MAX),
    NUM64(local_key, 5, until_us, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_local_key = {TABLE(local_key, "LocalKey", local_key, 0)};

static const struct wire_field local_keys_reply_fields[] = {
    MESSAGES(local_keys_reply, 1, keys, 0, CONSIGN_LOCAL_KEYS_MAX, local_key),
    NUM64(local_keys_reply, 2, card_version, 0, WIRE_U64_MAX),
};
static const struct wire_message wire_local_keys_reply = {TABLE(local_keys_reply, "KeysReply", keys_reply, 0)};

static const struct wire_field local_error_fields[] = {
    NUM32(local_error, 1, code, 1, CONSIGN_CODE_LAST),
    NUM32(local_error, 2, retry_class, 0, 1),
    BYTES(local_error, 3, detail, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    BYTES(local_error, 4, hint, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
};
static const struct wire_message wire_local_error = {TABLE(local_error, "LocalError", local_error, 0)};

static const struct wire_field local_request_fields[] = {
    NUM64(local_request, 1, number, 0, WIRE_U64_MAX),
    CHOICE(local_request, 2, send, local_send),
    CHOICE(local_request, 3, inbox, local_inbox),
    CHOICE(local_request, 4, show, local_show),
    CHOICE(local_request, 5, ack, local_ack),
    CHOICE(local_request, 6, watch, local_watch),
    CHOICE(local_request, 7, track, local_track),
    CHOICE(local_request, 8, status, local_status),
    CHOICE(local_request, 9, policy, local_policy),
    CHOICE(local_request, 10, keys, local_keys),
};
const struct wire_message wire_local_request = {
    TABLE(local_request, "LocalRequest", local_request, CONSIGN_LOCAL_FRAME_MAX_BYTES), .has_choice = true};

static const struct wire_field local_reply_fields[] = {
    NUM64(local_reply, 1, number, 0, WIRE_U64_MAX),
    CHOICE(local_reply, 2, send, local_send_reply),
    CHOICE(local_reply, 3, inbox, local_inbox_reply),
    CHOICE(local_reply, 4, show, local_show_reply),
    CHOICE(local_reply, 5, ack, local_ack_reply),
    CHOICE(local_reply, 6, watch, local_watch_event),
    CHOICE(local_reply, 7, track, local_track_reply),
    CHOICE(local_reply, 8, status, local_status_reply),
    CHOICE(local_reply, 9, policy, local_policy_reply),
    CHOICE(local_reply, 10, error, local_error),
    CHOICE(local_reply, 11, keys, local_keys_reply),
};
const struct wire_message wire_local_reply = {
    TABLE(local_reply, "LocalReply", local_reply, CONSIGN_LOCAL_FRAME_MAX_BYTES), .has_choice = true};

const struct wire_message *const wire_local_messages[] = {
    &wire_local_outgoing,
    &wire_local_send,
    &wire_local_outcome,
    &wire_local_send_reply,
    &wire_local_inbox,
    &wire_local_message,
    &wire_local_inbox_reply,
    &wire_local_show,
    &wire_local_show_reply,
    &wire_local_ack,
    &wire_local_ack_reply,
    &wire_local_watch,
    &wire_local_watch_event,
    &wire_local_track,
    &wire_local_track_consignee,
    &wire_local_track_reply,
    &wire_local_status,
    &wire_local_fact,
    &wire_local_status_reply,
    &wire_local_policy,
    &wire_local_past_consignee,
    &wire_local_past,
    &wire_local_policy_reply,
    &wire_local_keys,
    &wire_local_key,
    &wire_local_keys_reply,
    &wire_local_error,
    &wire_local_request,
    &wire_local_reply,
    NULL,
};
