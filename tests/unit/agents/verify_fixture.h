/*
 * bolt's agent, which is given mail from acme in the hub of hub_fixture.h: a good delivery is made step by step, and a case puts
 * its hand in between. What cannot be built stops the test with a failed assert.
 */
#ifndef VERIFY_FIXTURE_H
#define VERIFY_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "hub_fixture.h"
#include "verify.h"

struct fixture {
	struct hub_fixture f;
	struct agent agent;
	struct arena *arena;
};

/* Made in this order; a case changes what it is about, then the rest is made from it. */
struct delivery {
	struct fixture *t;
	struct manifest *m;
	struct signed_manifest *sm;
	struct consign_slice body;
	struct accepted_record accepted;
	struct ledger_record record;
	struct mailbox_opening opening;
	struct statement statement;
	struct statement tombstone;
	struct consign_signature signature;
	struct session_deliver d;
	struct consign_slice frame;
	struct checkpoint checkpoint;
};

/* The places where a case may put its hand in. */
struct verify_case {
	const char *name;
	void (*manifest)(struct delivery *d); /* before it is signed */
	void (*record)(struct delivery *d);   /* before it becomes a leaf */
	void (*delivered)(struct delivery *d);
	enum verify_outcome outcome;
	enum consign_code code;
};

/* The cases of the acceptance rule (PROTOCOL.md 7.7), each a good delivery with one thing changed; the last has no name. */
extern const struct verify_case
    verify_cases_statement[]; /* statement, opening and tombstone: what the ledger proves of this mail */
extern const struct verify_case
    verify_cases_documents[]; /* root, card, directory and policy that it was accepted under, and times */
extern const struct verify_case verify_cases_standing[]; /* who is still believed, and what may still be read */

/* cmocka's setup and teardown; *state is the fixture. */
int verify_setup(void **state);
int verify_teardown(void **state);
/* Publishes what was made of documents since, and has the agent take it in. */
void learn(struct fixture *t);
/* A policy in which bolt is no party of study one any more, and the root that names it; not published yet. */
void leave_study(struct fixture *t);

/* The whole delivery, with the hands of a case. */
void make_delivery(struct fixture *t, const struct verify_case *c, struct delivery *d);
/* Its steps: the manifest; what is signed of it and the record of its acceptance; that record as a leaf; the proofs. */
void write_manifest(struct fixture *t, struct delivery *d);
void write_record(struct delivery *d);
void state_it(struct delivery *d, const struct ledger_record *record, struct statement *s);
void prove(struct delivery *d);
/* Takes its place away and has it signed, as a refusal may be. */
void sign_unplaced(struct delivery *d, struct statement *s);
/* Two hands: the acceptance names a root, or a card, that the agent does not have. */
void root_not_here(struct delivery *d);
void card_not_here(struct delivery *d);
/* Asks verify_delivery. */
void verify_it(struct delivery *d, struct verified *v);

#define VERIFY_TEST(name) cmocka_unit_test_setup_teardown(name, verify_setup, verify_teardown)

#endif
