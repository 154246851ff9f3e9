/*
 * Every limit, with its reason: what bounds something that a peer, a tool, a file or a person can make large, or how long
 * something may last. A limit that an operator may set is a default here. What is only the size of a format's field, or how much is
 * done at once, stands where it is used.
 *
 * Each has its row in tests/unit/limits, which tries it at n and n + 1, and its line in docs/PROTOCOL.md 11 where a peer or a tool
 * meets it.
 */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

/* ── messages ── */

/* One inline message. Larger things are files, which travel in chunks (docs/PROTOCOL.md 5.6, not in this version). */
#define CONSIGN_CONTENT_MAX_BYTES (1024u * 1024u)
/* A payload: 1 MiB of content, or of originals, and beside it the fields of a business message. */
#define CONSIGN_PAYLOAD_MAX_BYTES (CONSIGN_CONTENT_MAX_BYTES + 65536u)
/* Padded and sealed: up to 4 KiB of padding, 16 bytes of tag. */
#define CONSIGN_SEALED_MAX_BYTES (CONSIGN_PAYLOAD_MAX_BYTES + 4096u + 16u)
/* Fields of a business message beside its originals: a person writes them, or a few hundred lines of a list. */
#define BUSINESS_FIELDS_MAX_BYTES (60u * 1024u)
/* Originals of one message: a form and its annexes; more belong into a file of their own. */
#define CONSIGN_ORIGINALS_MAX 16u
/* Objects and lists open at once in JSON: descriptions are six deep, and a reader keeps a bit for each level. */
#define JSON_DEPTH_MAX 64u
/* Elements of one JSON list that are read: descriptions allow far fewer, so what is beyond is one problem, not thousands. */
#define JSON_COUNT_MAX 20000u
/* Problems listed of one message; the rest is counted: nobody mends more at a time. */
#define CONSIGN_PROBLEMS_MAX 64u
/* One text of a problem, as a peer says it: path, rule, what was found and what is expected are each less (catalogue/problems.h). */
#define CONSIGN_PROBLEM_TEXT_MAX_BYTES 256u
/* Problems of one delivery receipt, encoded and padded: with its verdicts they fit into a record. */
#define CONSIGN_PROBLEMS_MAX_BYTES (64u * 1024u)
/* The same sealed: an ephemeral key and a tag more. */
#define CONSIGN_PROBLEMS_SEALED_MAX_BYTES (CONSIGN_PROBLEMS_MAX_BYTES + 48u)
/* Free texts: reasons, details, titles, contacts. A paragraph. */
#define CONSIGN_TEXT_MAX_BYTES 1024u
/* A media type with parameters: RFC 6838 allows 127 bytes for each of its two names, and none in use is near. */
#define CONSIGN_MEDIA_TYPE_MAX_BYTES 127u
/* A name for people, or of a file: what file systems take. */
#define CONSIGN_NAME_MAX_BYTES 255u

/* ── consignments ── */

/* A bundle closes at this many items: what a consignment costs by itself, signatures and rows, is shared by so many (decisions/0012). */
#define CONSIGN_BUNDLE_MAX_ITEMS 512u
/* ... or at this many bytes of payload: a larger one only waits longer for its last byte. */
#define CONSIGN_BUNDLE_MAX_BYTES (512u * 1024u)
/* Consignees of one consignment: each costs 80 bytes of wrap and an X25519 now and then. */
#define CONSIGN_CONSIGNEES_MAX 32u
/* A body: one largest item, or a bundle of small ones (closed before it passes 512 KiB of payload), with all wraps. */
#define CONSIGN_BODY_MAX_BYTES (CONSIGN_SEALED_MAX_BYTES + CONSIGN_CONSIGNEES_MAX * 80u + CONSIGN_BUNDLE_MAX_ITEMS * 4u + 65536u)
/* 512 items × (index, type, commitment) and 32 consignees fit with room. */
#define CONSIGN_MANIFEST_MAX_BYTES (128u * 1024u)
/* The manifest, its signature, and their keys and lengths. */
#define CONSIGN_SIGNED_MANIFEST_MAX_BYTES (CONSIGN_MANIFEST_MAX_BYTES + 128u)
/* Verdicts named in one refusal, which is a ledger record; what is not named is named in the answer to the next attempt. */
#define CONSIGN_VERDICTS_MAX 256u
/* Session keys that an agent remembers: sets of consignees in ten minutes. A look-up reads all, for far less than one X25519. */
#define CONSIGN_RECEIVER_KEYS 256u
/* Consignments under one session key: far below what a nonce of 24 random bytes allows, and it bounds what one key opens. */
#define CONSIGN_SESSION_KEY_USES 65536u

/* ── documents, policy, files ── */

/* A document part, a head, a card, a root. */
#define CONSIGN_DOCUMENT_MAX_BYTES (1024u * 1024u)
/* A document and its signatures. */
#define CONSIGN_SIGNED_DOCUMENT_MAX_BYTES (CONSIGN_DOCUMENT_MAX_BYTES + 4096u)
/* A card as a signed document, and what is asked with it. */
#define CONSIGN_JOIN_REQUEST_MAX_BYTES (CONSIGN_SIGNED_DOCUMENT_MAX_BYTES + 4096u)
/* Documents of one kind in one Documents command: the cards of a hub of thousands come in several. */
#define CONSIGN_DOCUMENTS_MAX 4096u
/* Directories and policies kept in memory beside the newest; older ones are fetched again when mail needs them. */
#define HUB_VERSIONS_KEPT 1024u
/* Organisations of one hub: a broker keeps all in memory. */
#define CONSIGN_ORGS_MAX 16384u
/* Studies of one hub: likewise. */
#define CONSIGN_STUDIES_MAX 16384u
/* Parts of a head: of a policy one a study, one common, one source, one of quotas. A directory has one an org, which is fewer. */
#define CONSIGN_PARTS_MAX (CONSIGN_STUDIES_MAX + 3u)
/* A part: a document, or the source text with a salt. */
#define CONSIGN_PART_MAX_BYTES (CONSIGN_DOCUMENT_MAX_BYTES + 4096u)
/* Parties of one study, or organisations at one end of a rule: all sites of the largest trials. */
#define CONSIGN_PARTIES_MAX 1024u
/* Rules of one part: so many fill the source that they are written in. */
#define CONSIGN_RULES_MAX 65536u
/* Globs of one rule: a rule that needs more is several rules. */
#define CONSIGN_RULE_TYPES_MAX 256u
/* Rules of all study parts together: a megabyte of source could ask for a hundred million, and each would be signed and sent. */
#define CONSIGN_RULE_COPIES_MAX (4u * 1024u * 1024u)
/* Quotas of one policy: at their longest they fill three quarters of the part that they stand in. */
#define CONSIGN_QUOTAS_MAX 4096u
/* Messages or bytes of a quota or a rate: more nobody reaches, and what is computed from it stays below 2^63. */
#define CONSIGN_QUOTA_MAX (1024ull * 1024 * 1024 * 1024)
/* The time of a quota or a rate: a broker that is started anew has forgotten what was used, so a week would mean little. */
#define CONSIGN_QUOTA_PERIOD_MAX_US (24ull * 3600 * 1000000)
/* The text that the administrator applied: 65,536 rules are near it. */
#define CONSIGN_POLICY_SOURCE_MAX_BYTES (1024u * 1024u)
/* Administrators of a hub, and signatures of a document: people who meet. */
#define CONSIGN_ADMINS_MAX 16u
/* An administrator's name and two keys, as a newcomer's request. */
#define CONSIGN_ADMIN_MAX_BYTES 1024u
/* Proposals of one administrator that wait for the others: each has room of his own, so that nobody can take it from them. */
#define CONSIGN_PROPOSALS_OPEN_MAX 4u
/* Proposals in one answer, newest first: all that can be open, of as many administrators as a hub may have. */
#define CONSIGN_PROPOSALS_SHOWN_MAX 64u
/* Roots, directories and policies of one proposal: one of each, and one more root when a key changes on the way. */
#define CONSIGN_PROPOSED_MAX 4u
/* A freshness statement: three versions with hashes, a checkpoint, a signature. */
#define CONSIGN_FRESHNESS_MAX_BYTES 4096u
/* Rows of one answer about traffic: what one consignment may make, 256 items to 32 consignees. They fill half of a command. */
#define CONSIGN_TRAFFIC_ROWS_MAX 8192u
/* Consignments of one answer about traffic: some 20 ms of the thread that reads mail too. */
#define CONSIGN_TRAFFIC_CONSIGNMENTS_MAX 1024u
/* Questions about traffic under way at once, of all administrators. */
#define CONSIGN_TRAFFIC_READS_MAX 4u
/* Keys that may state freshness: a handful, as administrators are. */
#define CONSIGN_FRESHNESS_KEYS_MAX 16u
/* Witnesses of a hub: one a member that cares. */
#define CONSIGN_WITNESSES_MAX 64u
/* Signing keys, and seal keys, of a card: a new seal key a week, the old ones for the two months that they live. */
#define CONSIGN_CARD_KEYS_MAX 16u
/* Formats of manifests that a card names, also those that this version does not know yet. */
#define CONSIGN_CARD_FORMATS_MAX 16u
/* An invite: one page of text when it is printed. */
#define CONSIGN_INVITE_MAX_BYTES (8u * 1024u)
/* The file that holds one: a mail around the page does no harm. */
#define CONSIGN_INVITE_TEXT_MAX_BYTES 65536u
/* What the administrator's home keeps of an open invite: three lines. */
#define CONSIGN_INVITE_SECRET_MAX_BYTES 1024u
/* Files of a home that hold a card or a request: a first card is far smaller. */
#define CONSIGN_CARD_FILE_MAX_BYTES 65536u
/* root.seen: a version and a hash. */
#define CONSIGN_ROOT_SEEN_MAX_BYTES 255u
/* A key file: hundreds of seal keys. */
#define CONSIGN_KEYFILE_MAX_BYTES (1024u * 1024u)
/* Passes of Argon2id that a key file may ask for: it must not be able to make a daemon spend minutes. */
#define KEYFILE_OPSLIMIT_MAX 10u
/* Memory of Argon2id that it may ask for: nor all of the machine's. */
#define KEYFILE_MEMLIMIT_MAX (1024ull * 1024 * 1024)
/* A passphrase: longer than anybody types. */
#define PASSPHRASE_MAX_BYTES 1024
/* config.yaml: a dozen lines and their comments. */
#define CONFIG_MAX_BYTES 65536u
/* Keys of it: several times those that exist. */
#define CONFIG_MAX_KEYS 64u
/* Mappings and lists within one another in YAML: a policy is six deep, a profile less; it bounds the recursion. */
#define CONSIGN_YAML_DEPTH_MAX 8u
/* Keys of one mapping: none of ours has as many, and a key that stands twice is looked for among them. */
#define CONSIGN_YAML_KEYS_MAX 64u
/* profile.yaml: what one company does, in words. */
#define PROFILE_MAX_BYTES (64u * 1024u)
/* What it sends, and what it receives: twice the catalogue when that is complete. */
#define PROFILE_WAYS_MAX 256u
/* What it watches: a subscription each. */
#define PROFILE_WATCHES_MAX 64u
/* What it is warned of: the agent looks at the inbox for each. */
#define PROFILE_ALARMS_MAX 16u
/* What it says of a watch or an alarm: one line. */
#define PROFILE_SAYS_MAX_BYTES 255u
/* Profiles of a folder that are named to who asks for an unknown one: a screen of names. */
#define PROFILE_NAMES_MAX 64u

/* ── the wire ── */

/* A command frame; documents are the largest: heads and parts of a hub of thousands of organisations. */
#define CONSIGN_COMMAND_MAX_BYTES (4u * 1024u * 1024u)
/* What ZeroMQ accepts at all in one frame: above every limit here, so that an honest mistake is answered, not cut off. */
#define CONSIGN_FRAME_MAX_BYTES (16u * 1024u * 1024u)
/* Frames of one message: a command, a manifest, a body. */
#define TRANSPORT_FRAMES_MAX 3u
/* What unpacking a message may cost at most, whatever its size: protobuf-c needs structs and pointers. */
#define CONSIGN_UNPACK_BUDGET_BASE_BYTES (64u * 1024u)
/* ... and beside that for each byte received. */
#define CONSIGN_UNPACK_BUDGET_PER_BYTE 24u
/* Things in one batch frame. */
#define CONSIGN_BATCH_MAX 1024u
/* Session protocol versions that one peer speaks at once. */
#define CONSIGN_SESSION_VERSIONS_MAX 16u
/* A Merkle path: 2^63 leaves need 63; a consistency proof one more. */
#define CONSIGN_PATH_MAX 64u
/* A checkpoint as a note: three lines and the signatures of a broker and its witnesses. */
#define CONSIGN_NOTE_MAX_BYTES 8192u
/* A record of the ledger: a refusal with 256 verdicts, a delivery receipt with 512 and its problems. */
#define CONSIGN_RECORD_MAX_BYTES (128u * 1024u)
/* A delivery receipt: a record and its signature. */
#define CONSIGN_RECEIPT_MAX_BYTES (CONSIGN_RECORD_MAX_BYTES + 128u)
/* A statement: a record, a note, 32 openings of at most 128 bytes, a path, the signature. */
#define CONSIGN_STATEMENT_MAX_BYTES (CONSIGN_RECORD_MAX_BYTES + CONSIGN_NOTE_MAX_BYTES + 16384u)
/* Where a hub is: a scheme, the longest name of DNS, a port. */
#define CONSIGN_ENDPOINT_MAX_BYTES 255u

/* ── connections to the broker ── */

/* At once: each is a file, and two of libzmq's buffers. An organisation has one. */
#define CONSIGN_CONNECTIONS_MAX 16384u
/* Of them strangers, who have not said anything yet: each costs libzmq some 50 KiB until it is admitted or gone. */
#define CONSIGN_STRANGERS_MAX 256u
/* From one stranger: greeting, handshake and the first message, which is an `open`, are below 2 KiB. */
#define CONSIGN_STRANGER_MAX_BYTES (16u * 1024u)
/* From accept to the first message: an honest handshake takes milliseconds, on the worst line seconds. */
#define CONSIGN_STRANGER_LIFE_US (10ull * 1000000)
/* A stranger that has waited for longer makes room for another when there is a crowd. */
#define CONSIGN_STRANGER_STALE_US (500ull * 1000)
/* Received of one connection and not read: a window of bodies (8 MiB), one body over it, and their manifests. */
#define CONSIGN_AHEAD_MAX_BYTES (12u * 1024u * 1024u)
/* Said to one connection and not acknowledged by its kernel: the same on the way back, and a command of 4 MiB with documents. */
#define CONSIGN_BEHIND_MAX_BYTES (16u * 1024u * 1024u)
/* Connections of one member: an agent, the one before it that is not seen to be gone yet, and some commands of a person at once. */
#define CONSIGN_MEMBER_CONNECTIONS_MAX 16u
/*
 * Of it in messages without an end: the largest is a command of 4 MiB, and one that is a little over it is answered. Frames of a few
 * bytes cost libzmq four times what they weigh: a zmq_msg_t each, and heap in pieces.
 */
#define CONSIGN_UNENDED_MAX_BYTES (5u * 1024u * 1024u)
/* Received of all connections together and not read: the largest goes. What a broker's memory gives for it. */
#define CONSIGN_AHEAD_ALL_MAX_BYTES (256u * 1024u * 1024u)
/* Connections to the metrics: a collector or two, and somebody who looks. */
#define CONSIGN_METRICS_CONNECTIONS_MAX 16u
/* Consignments on their way to the broker, unanswered; and to an agent, unacknowledged. Below every high-water mark. */
#define CONSIGN_WINDOW_CONSIGNMENTS 64u
/* Bytes of them. */
#define CONSIGN_WINDOW_BYTES (8u * 1024u * 1024u)
/* Refusals of one org that get their own leaf each second; one leaf counts the rest (design 5). */
#define CONSIGN_REFUSAL_LEAVES_PER_SECOND 10u
/* What one org may submit: above what an agent reaches on two cores, so that only a flood meets it; operators lower it. */
#define CONSIGN_QUOTA_MESSAGES_PER_SECOND 200000u
/* The same in bytes, of manifests and bodies. */
#define CONSIGN_QUOTA_BYTES_PER_SECOND (256u * 1024u * 1024u)
/*
 * Quotas and rates of the policy that are in use at once: pairs of companies under rules with a rate. Some 20 MB of the broker. Of one
 * consignor as many as are left, so that it alone waits when it uses more.
 */
#define CONSIGN_BUCKETS_MAX 65536u
/* Consignments of one consignor that stand in line for one quota or rate, each in its turn; more of them take what they find. */
#define CONSIGN_TURNS_MAX 4u
/* Rows of one answer about quotas: a screen, or a page of a program's. */
#define CONSIGN_QUOTA_ROWS_MAX 1024u
/* Who is over a quota asks again after at most so long, although there may be no room for a day: the quota may be raised meanwhile. */
#define CONSIGN_QUOTA_PAUSE_MAX_US (30ull * 1000000)
/* Fetches of one session: an agent asks for what it misses, once. */
#define CONSIGN_FETCHES_PER_SECOND 64u
/* Lanes that a session may hold by what was postponed or refused: each is some 150 bytes here, and looked at with each submission. */
#define CONSIGN_HELD_LANES_MAX 4096u
/* Administrators who watch at once: all of a large hub, each from two screens. */
#define CONSIGN_WATCHERS_MAX 32u
/* Events that a broker keeps for those who watch; who reads slower gets the rest from the ledger. Some 2 MiB. */
#define CONSIGN_EVENTS_KEPT 1024u
/* Accusations that an agent keeps for its operator, each of another kind: the first tell what there is to know. */
#define CONSIGN_ACCUSATIONS_MAX 32u

/* ── the local door ── */

/* Tools of one agent at once: each is a file and up to 28 MiB of what it does not read or the store has not taken. */
#define SOCKET_TOOLS_MAX 256u
/* One local frame. */
#define CONSIGN_LOCAL_FRAME_MAX_BYTES (8u * 1024u * 1024u)
/* Messages of one local frame. */
#define CONSIGN_LOCAL_MESSAGES_MAX 1024u
/* What a tool hands in or gets for one message: the JSON form holds originals in base64. */
#define CONSIGN_LOCAL_CONTENT_MAX_BYTES (2u * 1024u * 1024u)
/* Messages of one page of the inbox: what one turn of the loop looks up. */
#define LOCAL_PAGE_MESSAGES 256u
/* Watches of one connection. */
#define LOCAL_WATCHES_MAX 64u
/* Unacknowledged messages that a watch may ask for: the agent keeps the place of each. */
#define CONSIGN_WATCH_WINDOW_MAX 65536u
/* Unsent output beyond which a tool is not read from, and a watch pauses. */
#define TOOL_UNSENT_MAX_BYTES (4u * 1024u * 1024u)
/* Messages handed in and not yet told, by their size, beyond which a tool is not read from: the store's pace becomes the tool's. */
#define TOOL_PENDING_MAX_BYTES (16u * 1024u * 1024u)
/* What the problems of all messages of a frame may take of its reply. */
#define CONSIGN_PROBLEMS_REPLY_MAX_BYTES (2u * 1024u * 1024u)
/* Facts of a status. */
#define CONSIGN_FACTS_MAX 1024u
/* Own keys that a tool is shown: those of a card, and more old ones than a year of weeks leaves. */
#define CONSIGN_LOCAL_KEYS_MAX 128u
/* A name of a subscription: a word. */
#define CONSIGN_SUBSCRIPTION_MAX_BYTES 64u
/* A tool's key for a message: two UUIDs or hashes, and words around them. */
#define CONSIGN_IDEMPOTENCY_KEY_MAX_BYTES 128u

/* ── waiting mail, disks, logs ── */

/* Unread mail of one org at the broker; a consignor's share of it is what nobody uses (broker/quota.h). */
#define CONSIGN_MAILBOX_MAX_CONSIGNMENTS (10u * 1000u * 1000u)
/* Bytes of it. */
#define CONSIGN_MAILBOX_MAX_BYTES (64ull * 1024 * 1024 * 1024)
/* Unhandled messages that one alarm remembers, the oldest: it is about them. */
#define ALARM_OPEN_MAX 256u
/* Of the disk in use: from here on daemons and doctor warn. */
#define CONSIGN_DISK_WARN_PERCENT 80u
/* ... and from here on a daemon takes nothing new, */
#define CONSIGN_DISK_STOP_PERCENT 90u
/* when less than this is left: a large disk at 90 % still has room. What is left is for receipts. */
#define CONSIGN_DISK_STOP_BYTES (1024ull * 1024 * 1024)
/* One line of the log before its end; a field that does not fit is left out, and the line says so. */
#define CONSIGN_LOG_LINE_MAX_BYTES 8192u
/* One value in it: a peer must not fill the line. */
#define CONSIGN_LOG_VALUE_MAX_BYTES 2048u

/* ── times ── */

/* A bundle closes at this age: what a message waits at most for company. */
#define CONSIGN_BUNDLE_MAX_AGE_US 2000u
/* ... and at this one while much of its study is before it (agents/lanes.h): it would wait behind that, and full ones cost less. */
#define CONSIGN_BUNDLE_BUSY_AGE_US 20000u
/* A consignment expires after this when nobody says otherwise. */
#define CONSIGN_EXPIRES_DEFAULT_US (30ull * 24 * 3600 * 1000000)
/* ... and at the latest: seal keys are kept for as long. */
#define CONSIGN_EXPIRES_MAX_US (366ull * 24 * 3600 * 1000000)
/* A card expires after this: an organisation that does not renew it is gone. */
#define CONSIGN_CARD_LIFE_US (30ull * 24 * 3600 * 1000000)
/* An agent renews its card, with a new seal key, at this age. */
#define CONSIGN_CARD_RENEW_US (7ull * 24 * 3600 * 1000000)
/* A key in a card holds for so long: beyond its card, for mail that was sealed to it. */
#define CONSIGN_KEY_LIFE_US (60ull * 24 * 3600 * 1000000)
/* ... and from so long before it was made: a consignor whose clock is behind must find it valid. */
#define CONSIGN_KEY_EARLY_US (300ull * 1000000)
/* A freshness statement holds for so long: within it a broker that shows an old hub is found out. */
#define CONSIGN_FRESHNESS_LIFE_US (24ull * 3600 * 1000000)
/* An invite expires after this; a broker takes none that lives for more than twice as long. */
#define CONSIGN_INVITE_LIFE_US (7ull * 24 * 3600 * 1000000)
/* A proposal is open for this long; a broker takes none that lives for more than four times as long. */
#define CONSIGN_PROPOSAL_LIFE_US (7ull * 24 * 3600 * 1000000)
/* One session key: for so long a stolen one opens mail. */
#define CONSIGN_SESSION_KEY_LIFE_US (600ull * 1000000)
/* Clocks apart by more are warned of. */
#define CONSIGN_CLOCK_SKEW_WARN_US (5ull * 1000000)
/* ... and by more than this refused: expiry and the order of events would lose their meaning. */
#define CONSIGN_CLOCK_SKEW_MAX_US (120ull * 1000000)
/* The time that an alarm may wait for something: as long as anything lives. */
#define PROFILE_WITHIN_MAX_US (366ull * 24 * 3600 * 1000000)

#endif
