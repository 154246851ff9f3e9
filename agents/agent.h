/*
 * The agent of one organisation: its only door to the hub.
 *
 *   tool ─► doors ─► outbox (sealed, committed) ─► uplink ─► broker
 *   broker ─► uplink ─► on_deliver (verified, unsealed, committed) ─► inbox ─► subscriptions ─► doors ─► tool
 *
 * One loop thread owns all state; a commit thread writes the store; what is promised to a tool or to the broker is
 * committed first. State in memory may run ahead of the store by what waits for its commit.
 *
 * Threads   the loop; store jobs' apply on the commit thread
 * Source    docs/PROTOCOL.md 5, 7, 8; design 9
 */
#ifndef AGENTS_AGENT_H
#define AGENTS_AGENT_H

#include "core/clock.h"
#include "core/commit.h"
#include "core/config.h"
#include "core/keyfile.h"
#include "lead.h"
#include "net/loop.h"
#include "net/transport.h"
#include "seal/seal.h"
#include "trust/hub.h"

struct profile;

struct agent {
	const struct consign_clock *clock;
	const char *home;
	struct consign_org org;
	struct consign_hash hub_id;
	struct keyfile *keys;
	const struct secret *identity_key; /* borrowed from keys, like the one below; the others come and go (keyring.h) */
	const struct secret *storage_key;
	char key_path[512];
	struct loop *loop;
	struct transport *transport;
	struct db *db; /* the loop's reading connection */
	struct committer *committer;
	struct hub *hub;
	struct seal_receiver *receiver;
	struct outbox *outbox;
	struct lanes *lanes;
	struct sealing *sealing;
	struct reception *reception;
	struct inbox *inbox;
	struct recent *recent;
	struct alarms *alarms;
	struct uplink *uplink;
	struct socket_door *door;
	struct accusations *accusations;
	struct freshness_view *freshness;
	struct { /* the newest root that a consignee had seen when it gave a receipt, and that is not here (settlement.c) */
		struct document_ref root; /* version 0: none */
		struct consign_org org;
		struct lead lead;
	} consignee_lead;
	struct document_ref invited_root;
	bool store_failed;
	enum consign_err store_err; /* why, the last time */
	uint64_t reload_us;         /* steady: not before that */
	uint64_t reload_pause_us;
	uint64_t reloaded_us; /* steady */
	bool disk_full;
	bool stopping;
	uint64_t card_tried_us; /* wall: when a renewal was last sent */
	enum consign_code card_code; /* the broker's word on the last one */
	uint32_t documents_waiting;  /* publications taken in that are not durable yet */
	bool keys_unsettled;         /* next or old keys are to be looked at again soon */
	bool keys_unsaved;
	uint64_t mailbox_card;     /* our card's version when this session began, */
	uint64_t mailbox_position; /* and how long our mailbox was then (keyring.h) */
	uint64_t mailbox_asked;    /* for which card's sake a session was begun */
	uint64_t started_us;
	int64_t wall_ahead_us; /* of the steady clock, at the last look */
};

struct agent_options {
	const char *home;
	struct consign_org org;
	struct consign_hash hub_id;
	const char *endpoint;
	const char *socks_proxy; /* NULL none */
	struct consign_public_key broker_transport_key;
	struct document_ref invited_root; /* version 0: not known */
	const struct profile *profile; /* borrowed until agent_close; NULL none */
	struct keyfile **keys; /* taken */
};
CONSIGN_MUST_CHECK enum consign_err agent_open(const struct agent_options *options, struct agent **ret_agent, char ret_problem[256]);
void agent_run(struct agent *a); /* until SIGTERM or SIGINT */
void agent_close(struct agent **agent);

/* A commit failed: everything decided since is gone. Reloads from the store at the next turn; peers and tools are told. */
void agent_store_failed(struct agent *a, enum consign_err err);

/* The newest signing key of our card, with its id. NULL when the key file has none (then nothing can be signed). */
const struct secret *agent_signing_key(const struct agent *a, struct consign_key_id *ret_id);
/* The secret of a seal key of ours; NULL when it is gone. */
const struct secret *agent_seal_key(const struct agent *a, const struct consign_key_id *id);
/* What we have verified, for manifests and delivery receipts. Lives in arena; NOT_FOUND before the first documents. */
CONSIGN_MUST_CHECK enum consign_err agent_seen(const struct agent *a, struct arena *arena, struct seen **ret_seen);

/*
 * Misbehaviour of the broker, or of a peer through it, that was found out: shown in status, logged once, with its
 * evidence kept (accusations.h). kind is one word, what one sentence.
 */
void accuse(struct agent *a, const char *kind, const char *what);
struct accusation {
	uint64_t since_us;
	uint64_t at_us; /* the last time */
	char kind[32];
	char what[224];
	char folder[64]; /* of its evidence, in HOME/evidence; empty: nothing could be kept */
	uint64_t count;  /* since this agent was started */
	struct accusation *next;
};
const struct accusation *accusations(const struct agent *a); /* newest first */

#endif
