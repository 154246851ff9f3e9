/*
 * An agent built by hand: a store in a temporary folder, a commit thread, keys, and a hub that knows the cards of three
 * consignors; and a builder of received mail. No broker, no uplink. What cannot be built stops the test with a failed assert.
 */
#ifndef AGENT_FIXTURE_H
#define AGENT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/text.h"
#include "inbox_private.h"
#include "recent.h"
#include "trust/hub_private.h"

#define T0 1800000000000000u /* what the clock of the agent says until a test moves it */

struct fixture {
	struct agent agent;
	struct consign_clock clock; /* the agent's: says now_us */
	uint64_t now_us;
	char home[64];
	char path[96];
	struct db *writer; /* the builder's own connection */
	struct secret *identity[3];
	struct consign_public_key identity_public[3];
	struct secret *storage_key;
	struct consign_public_key seal_public;
	struct secret *seal_secret;
	struct arena *arena; /* results of a test */
	uint64_t position;
	uint32_t ids;
	/* What was told last, and how often. */
	unsigned told;
	enum consign_err told_err;
	uint32_t told_count;
	uint64_t told_request;
};

extern const char *const consignors[3];
extern unsigned store_failures;       /* agent_store_failed was called */
extern enum consign_err commit_error; /* what the next commits answer */

/* cmocka's setup and teardown; *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Takes a card in, unverified. Cards are added sorted by org, then version. */
void add_card(struct fixture *f, const char *org, uint64_t version, const struct consign_public_key *identity);
/* A first root and a first directory with one member. */
void add_directory(struct fixture *f, const char *org, const struct consign_public_key *identity);
/* Runs one statement without parameters on the builder's connection; sql must be a constant. */
void run_sql(struct fixture *f, const char *sql);

/* ── mail ── */

struct mail_item {
	uint32_t index;
	const char *type;
	const char *content;
	size_t size; /* 0: of the text */
	bool is_rejected;
};

struct mail {
	size_t consignor;            /* of consignors[] */
	const char *study;           /* NULL: ACME-301 */
	const struct consign_id *id; /* NULL: a new one */
	const struct mail_item *items;
	size_t n;
};

/* An id that no mail has had. */
struct consign_id new_id(struct fixture *f);
struct consign_message_id message_of(const struct consign_id *id, uint32_t index);
/* Puts mail into the inbox, as if it had been delivered. Its seq and position are the same: 1, 2, 3 … */
struct consign_id deliver(struct fixture *f, const struct mail *mail);
/* The same, and what reception keeps of it for those who watch with content. */
struct consign_id deliver_kept(struct fixture *f, const struct mail *mail);
/* One message of x.note, or of another type. */
struct consign_id deliver_one(struct fixture *f, const char *type, const char *content);
/* n consignments of one message each. */
void deliver_many(struct fixture *f, size_t n, const char *type);

/* ── commits ── */

/* Notes in the fixture, the context, what was told. */
void on_told(void *context, uint64_t request, enum consign_err err, uint32_t count);
/* Waits for all commits that are under way, and has them told. */
void settle(struct fixture *f);
/* Acknowledges for a subscription; how many of them were new. */
uint32_t ack_places(struct fixture *f, const char *name, const struct inbox_cursor *places, size_t n);
uint32_t ack_one(struct fixture *f, const char *name, uint64_t seq, uint32_t idx);

#endif
