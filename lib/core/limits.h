/*
 * Every limit, with its reason. A limit that an operator may set is a default here. Tested at n and n + 1.
 */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

/* One inline message. Larger things are files, which travel in chunks (docs/PROTOCOL.md 5.6, not in this version). */
#define CONSIGN_CONTENT_MAX_BYTES (1024u * 1024u)
/* A payload: 1 MiB of content, or of originals, and beside it the fields of a business message. */
#define CONSIGN_PAYLOAD_MAX_BYTES (CONSIGN_CONTENT_MAX_BYTES + 65536u)
/* What a tool hands in or gets for one message: the JSON form holds originals in base64. */
#define CONSIGN_LOCAL_CONTENT_MAX_BYTES (2u * 1024u * 1024u)
/* Problems listed of one message; the rest is counted. All of one delivery receipt, encoded and padded, and what sealing adds. */
#define CONSIGN_PROBLEMS_MAX 64u
#define CONSIGN_PROBLEMS_MAX_BYTES (32u * 1024u)
#define CONSIGN_PROBLEMS_SEAL_BYTES 48u
/* Padded and sealed: up to 4 KiB of padding, 16 bytes of tag. */
#define CONSIGN_SEALED_MAX_BYTES (CONSIGN_PAYLOAD_MAX_BYTES + 4096u + 16u)
/* A bundle closes at this many items or bytes: where the cost of a signature has vanished (design 4). */
#define CONSIGN_BUNDLE_MAX_ITEMS 128u
#define CONSIGN_BUNDLE_MAX_BYTES (128u * 1024u)
/* ... or at this age. */
#define CONSIGN_BUNDLE_MAX_AGE_US 2000u
/* Consignees of one consignment: each costs 80 bytes of wrap and an X25519 now and then. */
#define CONSIGN_CONSIGNEES_MAX 32u
/* A body: one largest item, or a bundle of small ones (closed before it passes 128 KiB of payload), with all wraps. */
#define CONSIGN_BODY_MAX_BYTES (CONSIGN_SEALED_MAX_BYTES + CONSIGN_CONSIGNEES_MAX * 80u + CONSIGN_BUNDLE_MAX_ITEMS * 4u + 65536u)
/* 128 items × (index, type, commitment) and 32 consignees fit with room. */
#define CONSIGN_MANIFEST_MAX_BYTES (32u * 1024u)
/* A command frame; documents are the largest: heads and parts of a hub of thousands of organisations. */
#define CONSIGN_COMMAND_MAX_BYTES (4u * 1024u * 1024u)
/* A document part, a head, a card, a root. */
#define CONSIGN_DOCUMENT_MAX_BYTES (1024u * 1024u)
/* Organisations, studies, rules of one hub. */
#define CONSIGN_ORGS_MAX 16384u
#define CONSIGN_STUDIES_MAX 16384u
#define CONSIGN_PARTIES_MAX 1024u
#define CONSIGN_RULES_MAX 65536u
#define CONSIGN_ADMINS_MAX 16u
#define CONSIGN_CARD_KEYS_MAX 16u
/* What ZeroMQ accepts at all in one frame: above every limit here, so that an honest mistake is answered, not cut off. */
#define CONSIGN_FRAME_MAX_BYTES (16u * 1024u * 1024u)
/* Documents of one Documents command. */
#define CONSIGN_DOCUMENTS_MAX 4096u
/* A Merkle path: 2^63 leaves need 63; a consistency proof one more. */
#define CONSIGN_PATH_MAX 64u
#define CONSIGN_NOTE_MAX_BYTES 8192u
#define CONSIGN_RECORD_MAX_BYTES (64u * 1024u)
/* Things in one batch frame. */
#define CONSIGN_BATCH_MAX 1024u
/* Messages of one local frame, and its size. */
#define CONSIGN_LOCAL_MESSAGES_MAX 1024u
#define CONSIGN_LOCAL_FRAME_MAX_BYTES (8u * 1024u * 1024u)
/* What unpacking a message may cost at most, per byte received plus a base: protobuf-c needs structs and pointers. */
#define CONSIGN_UNPACK_BUDGET_BASE_BYTES (64u * 1024u)
#define CONSIGN_UNPACK_BUDGET_PER_BYTE 24u
/* Free texts: reasons, details, titles, contacts, names. */
#define CONSIGN_TEXT_MAX_BYTES 1024u
#define CONSIGN_MEDIA_TYPE_MAX_BYTES 127u
#define CONSIGN_NAME_MAX_BYTES 255u
#define CONSIGN_ENDPOINT_MAX_BYTES 255u
#define CONSIGN_SUBSCRIPTION_MAX_BYTES 64u
#define CONSIGN_IDEMPOTENCY_KEY_MAX_BYTES 128u
#define CONSIGN_POLICY_SOURCE_MAX_BYTES (1024u * 1024u)

/* On its way to the broker, unanswered; and to an agent, unacknowledged. Below every high-water mark. */
#define CONSIGN_WINDOW_CONSIGNMENTS 64u
#define CONSIGN_WINDOW_BYTES (8u * 1024u * 1024u)
/* Refusals of one org that get their own leaf each second; one leaf counts the rest (design 5). */
#define CONSIGN_REFUSAL_LEAVES_PER_SECOND 10u
/* Unread mail of one org at the broker; a consignor's share of it is what nobody uses (broker/quota.h). */
#define CONSIGN_MAILBOX_MAX_CONSIGNMENTS (10u * 1000u * 1000u)
#define CONSIGN_MAILBOX_MAX_BYTES (64ull * 1024 * 1024 * 1024)
/* What one org may submit: above what an agent reaches on two cores, so that only a flood meets it; operators lower it. */
#define CONSIGN_QUOTA_MESSAGES_PER_SECOND 200000u
#define CONSIGN_QUOTA_BYTES_PER_SECOND (256u * 1024u * 1024u)
/* Fetches of one session: an agent asks for what it misses, once. */
#define CONSIGN_FETCHES_PER_SECOND 64u
/* Lanes that a session may hold by what was postponed or refused: each is some 150 bytes here, and looked at with each submission. */
#define CONSIGN_HELD_LANES_MAX 16384u

#define CONSIGN_EXPIRES_DEFAULT_US (30ull * 24 * 3600 * 1000000)
#define CONSIGN_EXPIRES_MAX_US (366ull * 24 * 3600 * 1000000)
#define CONSIGN_CARD_LIFE_US (30ull * 24 * 3600 * 1000000)
/* An agent renews its card, with a new seal key, at this age. */
#define CONSIGN_CARD_RENEW_US (7ull * 24 * 3600 * 1000000)
#define CONSIGN_INVITE_LIFE_US (7ull * 24 * 3600 * 1000000)
#define CONSIGN_SESSION_KEY_LIFE_US (600ull * 1000000)
#define CONSIGN_SESSION_KEY_USES 65536u
#define CONSIGN_CLOCK_SKEW_WARN_US (5ull * 1000000)
#define CONSIGN_CLOCK_SKEW_MAX_US (120ull * 1000000)

#endif
