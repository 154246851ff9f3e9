/* What outbox.c (checking, bundling) and outbox_store.c (sealing, committing) share. */
#ifndef AGENTS_OUTBOX_PRIVATE_H
#define AGENTS_OUTBOX_PRIVATE_H

#include "core/limits.h"
#include "outbox.h"
#include "problem_list.h"
#include "store/store.h"

struct bundle_message {
	struct consign_type type;
	struct buf plain; /* encoded payload; wiped */
	struct buf key;   /* idempotency key; empty none */
	struct consign_hash digest;
	outbox_outcome *told;
	void *context;
	uint64_t request;
	size_t index;
	struct bundle_message *keyed_next;
};

/* Messages of one study, label and set of consignees: one consignment to be. */
struct bundle {
	struct consign_id id;
	struct consign_study study;
	enum consign_label label;
	uint64_t expires_us; /* 0: the default */
	struct consign_org orgs[CONSIGN_CONSIGNEES_MAX];
	size_t n_orgs;
	size_t n;
	size_t most; /* n at which it closes: the least that a rate of a rule which permits one of them gives in its time */
	size_t bytes;
	uint64_t opened_us; /* steady */
	struct bundle *next;
	struct bundle_message messages[CONSIGN_BUNDLE_MAX_ITEMS]; /* n of them; the rest, most of the struct, is never written */
};

void bundle_free(struct bundle *b);
void outbox_forget_keyed(struct outbox *o, struct bundle_message *message);
/* Seals, signs and puts it for commit; tells each message's tool. Takes the bundle. */
void outbox_commit_bundle(struct agent *a, struct bundle *b);
/* A message that never left, with an id of its own; tells the tool when it is durable. problems: borrowed for the call. */
void outbox_commit_refusal(struct agent *a, const struct local_outgoing *m, enum consign_label label, const struct consign_id *id,
    enum consign_code code, const char *org, const char *rule, const char *detail, const struct problems *problems, outbox_outcome *told, void *context, uint64_t request,
    size_t index);
/* NOT_FOUND: never used. */
CONSIGN_MUST_CHECK enum consign_err outbox_find_key(struct db *db, struct consign_slice key, struct consign_hash *ret_digest,
    struct consign_message_id *ret_id);

#endif
