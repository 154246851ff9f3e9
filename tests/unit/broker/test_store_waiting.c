/* How much waits in each mailbox, and of whom, as the broker's store counts it: also in a store that did not count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

struct uses {
	struct store_use v[4];
	size_t n;
};

static void
note_use(void *context, const struct store_use *use)
{
	struct uses *all = context;

	assert_true(all->n < 4);
	all->v[all->n++] = *use;
}

static void
assert_use(struct fixture *t, size_t n, const char *org, uint64_t consignments, uint64_t bytes)
{
	struct uses uses = {.n = 0};

	assert_int_equal(store_uses(t->reading, note_use, &uses), CONSIGN_OK);
	assert_int_equal(uses.n, n);
	if (n == 0)
		return;
	assert_string_equal(uses.v[0].org.s, org);
	assert_string_equal(uses.v[0].consignor.s, "acme");
	assert_int_equal(uses.v[0].consignments, consignments);
	assert_int_equal(uses.v[0].bytes, bytes);
}

static void
test_store_knows_how_much_waits_and_of_whom(void **state)
{
	struct fixture *t = *state;
	struct mail first, second;
	struct store_mail *mail;
	struct mailboxes *again = NULL;
	size_t n;

	assert_use(t, 0, NULL, 0, 0);
	assert_int_equal(accept_mail(t, (const char *const[]){"bolt", "cora"}, 2, &first), CONSIGN_OK);
	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &second), CONSIGN_OK);
	uint64_t a = first.frame.len + fixture_body().len, b = second.frame.len + fixture_body().len;

	assert_use(t, 2, "bolt", 2, a + b);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &mail, &n), CONSIGN_OK);
	assert_int_equal(mail[0].bytes, a);
	assert_int_equal(mail[1].bytes, b);
	assert_int_equal(deliver_mail(t, &second, "bolt", 2), CONSIGN_OK);
	assert_use(t, 2, "bolt", 1, a);
	/* A start finds the same as was known before it. */
	mailbox_settle(mailbox_of(t->mailboxes, "bolt"), "acme", b);
	assert_int_equal(mailboxes_load(t->reading, &t->f.hub_id, &again), CONSIGN_OK);
	for (size_t i = 0; i < 2; i++) {
		const char *org = i == 0 ? "bolt" : "cora";
		struct mailbox *known = mailbox_of(t->mailboxes, org), *loaded = mailbox_of(again, org);

		assert_memory_equal(&known->waiting, &loaded->waiting, sizeof known->waiting);
		assert_memory_equal(
		    &mailbox_share(known, "acme")->waiting, &mailbox_share(loaded, "acme")->waiting, sizeof known->waiting);
		assert_int_equal(known->position, loaded->position);
		assert_true(hash_equal(&known->head, &loaded->head));
	}
	mailboxes_free(&again);
	assert_int_equal(deliver_mail(t, &first, "bolt", 1), CONSIGN_OK);
	assert_use(t, 1, "cora", 1, a);
}

/* A store of schema version 1 did not count: it is counted when the store is brought to version 2. */
static void
test_store_counts_what_waits_in_an_older_store(void **state)
{
	struct fixture *t = *state;
	struct mail first, second;

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &first), CONSIGN_OK);
	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &second), CONSIGN_OK);
	assert_int_equal(deliver_mail(t, &first, "bolt", 1), CONSIGN_OK);
	run_sql(t->db, "DROP TABLE mailbox_use");
	run_sql(t->db, "ALTER TABLE mailbox DROP COLUMN bytes");
	run_sql(t->db, "ALTER TABLE consignment DROP COLUMN body_at");
	run_sql(t->db, "ALTER TABLE consignment DROP COLUMN body_bytes");
	run_sql(t->db, "ALTER TABLE consignment DROP COLUMN manifest_at");
	run_sql(t->db, "ALTER TABLE consignment DROP COLUMN manifest_bytes");
	run_sql(t->db, "DROP TABLE body_file");
	run_sql(t->db, "DROP TABLE proposal");
	run_sql(t->db, "DROP TABLE decision");
	run_sql(t->db, "DROP INDEX refusal_leaf");
	run_sql(t->db, "ALTER TABLE refusal DROP COLUMN manifest");
	run_sql(t->db, "PRAGMA user_version = 1");
	db_close(&t->reading);
	db_close(&t->db);
	assert_int_equal(store_open(t->path, false, &t->db), CONSIGN_OK);
	assert_int_equal(store_open(t->path, true, &t->reading), CONSIGN_OK);
	assert_use(t, 1, "bolt", 1, second.frame.len + fixture_body().len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_store_knows_how_much_waits_and_of_whom),
	    STORE_TEST(test_store_counts_what_waits_in_an_older_store),
	};

	return cmocka_run_group_tests_name("broker/store_waiting", tests, NULL, NULL);
}
