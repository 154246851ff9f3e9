/*
 * The store of a broker, with ledger and mailboxes but without the broker: the hub of hub_fixture.h, whose acme sends mail that
 * is accepted and delivered as the broker would have it written. What cannot be built stops the test with a failed assert.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "hub_fixture.h"
#include "ledger.h"
#include "mailbox.h"
#include "store/store.h"

struct fixture {
	struct hub_fixture f;
	char *folder;
	char *path;
	struct db *db; /* writing */
	struct db *reading;
	struct store_writer *writer;
	struct ledger *ledger;
	struct mailboxes *mailboxes;
	struct arena *arena;
	struct consign_slice body; /* empty: fixture_body, of one item; else of 64 */
};

struct mail {
	struct manifest *m;
	struct consign_slice frame;
	struct consign_hash digest;
	uint64_t leaf;
};

/* cmocka's setup and teardown; *state is the fixture, its store is empty. */
int store_setup(void **state);
int store_teardown(void **state);
/* A group of one: as the commit thread does it. Takes in the checkpoint as broker_done does. Ends the entry. */
enum consign_err commit_entry(struct fixture *t, struct store_entry *e);
/* The next leaf of the ledger, with this record; lent by the fixture's arena. */
struct store_leaf *leaf_of(struct fixture *t, struct ledger_record *record);
/* acme's consignment to those orgs, decided and committed. */
enum consign_err accept_mail(struct fixture *t, const char *const *to, size_t n, struct mail *ret_mail);
/* Its delivery to one of them, committed. */
enum consign_err deliver_mail(struct fixture *t, const struct mail *mail, const char *org, uint64_t position);
/* Runs one statement without parameters. */
void run_sql(struct db *db, const char *sql);

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)

#endif
