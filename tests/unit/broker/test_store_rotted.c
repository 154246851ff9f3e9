/* A store of the broker whose rows are not what was written: mail of them is flagged, a ledger of them is not opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

static void
change_all(struct fixture *t, const char *const *sql, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run_sql(t->db, sql[i]);
}

/* All that the test below damages, as it was. */
static void
save(struct fixture *t)
{
	static const char *const sql[] = {"CREATE TEMP TABLE c AS SELECT leaf, manifest, body FROM consignment",
	    "CREATE TEMP TABLE l AS SELECT id, salt, record FROM leaf", "CREATE TEMP TABLE n AS SELECT id, hash FROM node"};

	change_all(t, sql, 3);
}

static void
restore(struct fixture *t)
{
	static const char *const sql[] = {
	    "UPDATE consignment SET manifest = c.manifest, body = c.body FROM c WHERE c.leaf = consignment.leaf",
	    "UPDATE leaf SET salt = l.salt, record = l.record FROM l WHERE l.id = leaf.id",
	    "UPDATE node SET hash = n.hash FROM n WHERE n.id = node.id", "DROP TABLE temp.c", "DROP TABLE temp.l",
	    "DROP TABLE temp.n"};

	change_all(t, sql, 6);
}

static void
test_store_flags_mail_that_rotted(void **state)
{
	/* Each makes one of three differ from what was accepted: of the last, the leaf itself. */
	static const char *const rot[] = {
	    "UPDATE consignment SET body = x'00'",
	    "UPDATE consignment SET manifest = x'00'",
	    "UPDATE consignment SET manifest = (SELECT max(manifest) FROM consignment c WHERE c.leaf > 0)",
	    "UPDATE leaf SET record = zeroblob(length(record))",
	    "UPDATE leaf SET salt = zeroblob(32)",
	    "UPDATE node SET hash = zeroblob(32)",
	};
	struct fixture *t = *state;
	struct mail mail;
	struct store_mail *read;
	size_t n;

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(accept_mail(t, (const char *const[]){"cora"}, 1, &mail), CONSIGN_OK);
	for (size_t i = 0; i < sizeof rot / sizeof rot[0]; i++) {
		save(t);
		run_sql(t->db, rot[i]);
		assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
		restore(t);
		assert_int_equal(n, 1);
		if (!read[0].corrupt)
			fail_msg("not noticed: %s", rot[i]);
	}
	assert_int_equal(store_mailbox_read(t->db, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
	assert_false(read[0].corrupt);
}

/* A broker that signs a head which its own records do not have would be accused by everybody. */
static void
test_store_of_a_ledger_that_rotted_is_not_opened(void **state)
{
	static const char *const rot[] = {"UPDATE node SET hash = zeroblob(32)", "DELETE FROM leaf WHERE id = 2",
	    "DELETE FROM checkpoint", "UPDATE checkpoint SET note = 'nothing'"};
	struct fixture *t = *state;
	struct mail mail;

	for (int i = 0; i < 3; i++)
		assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	for (size_t i = 0; i < sizeof rot / sizeof rot[0]; i++) {
		struct ledger *ledger = NULL;

		assert_int_equal(db_begin(t->db), CONSIGN_OK);
		run_sql(t->db, rot[i]);
		enum consign_err err = ledger_open(t->db, &t->f.hub_id, &ledger);

		db_rollback(t->db);
		if (err != CONSIGN_E_CORRUPT)
			fail_msg("opened with %d after: %s", err, rot[i]);
	}
	assert_int_equal(ledger_reload(t->ledger), CONSIGN_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_store_flags_mail_that_rotted),
	    STORE_TEST(test_store_of_a_ledger_that_rotted_is_not_opened),
	};

	return cmocka_run_group_tests_name("broker/store_rotted", tests, NULL, NULL);
}
