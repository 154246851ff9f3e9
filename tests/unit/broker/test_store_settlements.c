/* What the broker's store says to consignors of mail that was settled, by a receipt or by its expiry: each once, until confirmed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store_fixture.h"

struct tails {
	struct store_tail v[4];
	size_t n;
};

static void
note_tail(void *context, const struct store_tail *tail)
{
	struct tails *all = context;

	assert_true(all->n < 4);
	all->v[all->n++] = *tail;
}

static void
test_store_settles_a_position_once(void **state)
{
	struct fixture *t = *state;
	struct mail first, second;
	struct store_mail *mail;
	struct store_settlement *settlements;
	struct tails tails = {.n = 0};
	size_t n;

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &first), CONSIGN_OK);
	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &second), CONSIGN_OK);
	assert_int_equal(deliver_mail(t, &second, "bolt", 2), CONSIGN_OK);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &mail, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(mail[0].position, 1);
	assert_int_equal(store_tails(t->reading, note_tail, &tails), CONSIGN_OK);
	assert_int_equal(tails.n, 1);
	assert_int_equal(tails.v[0].position, 2);
	assert_int_equal(deliver_mail(t, &first, "bolt", 1), CONSIGN_OK);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
	assert_int_equal(settlements[0].n, 1);
	assert_true(slice_equal(settlements[0].receipt, slice_text("a delivery receipt")));
}

static void
test_store_reads_settlements_until_they_are_large(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_settlement *settlements;
	size_t n, each = strlen("a delivery receipt");

	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
		assert_int_equal(deliver_mail(t, &mail, "bolt", i), CONSIGN_OK);
	}
	/* One at least, and the one that passes the limit. */
	assert_int_equal(store_settlements(t->reading, "acme", 10, 1, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_settlements(t->reading, "acme", 10, each, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_settlements(t->reading, "acme", 10, each + 1, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
	assert_int_equal(settlements[1].n, 2);
	assert_int_equal(store_settlements(t->reading, "acme", 2, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
}

static void
test_store_forgets_settlements_that_were_confirmed(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_settlement *settlements;
	size_t n;

	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
		assert_int_equal(deliver_mail(t, &mail, "bolt", i), CONSIGN_OK);
	}
	struct store_entry e = {.has_confirm = true, .consignor = mail.m->consignor, .confirm_to = 2};

	assert_int_equal(commit_entry(t, &e), CONSIGN_OK);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(settlements[0].n, 3);
	/* The numbers go on, also when none is left. */
	e = (struct store_entry){.has_confirm = true, .consignor = mail.m->consignor, .confirm_to = 3};
	assert_int_equal(commit_entry(t, &e), CONSIGN_OK);
	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(deliver_mail(t, &mail, "bolt", 4), CONSIGN_OK);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(settlements[0].n, 4);
}

static void
test_store_finds_what_expired_until_it_has_its_tombstone(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_expired *expired;
	struct store_mail *read;
	struct store_settlement *settlements;
	size_t n;

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt", "cora"}, 2, &mail), CONSIGN_OK);
	assert_int_equal(deliver_mail(t, &mail, "cora", 1), CONSIGN_OK);
	assert_int_equal(store_expired(t->reading, mail.m->expires_us - 1, 10, t->arena, &expired, &n), CONSIGN_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_expired(t->reading, mail.m->expires_us, 10, t->arena, &expired, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_string_equal(expired[0].consignee.s, "bolt");
	assert_string_equal(expired[0].consignor.s, "acme");
	assert_int_equal(expired[0].position, 1);
	struct retention_record retention = {.consignor = mail.m->consignor,
	    .consignment_id = mail.m->consignment_id,
	    .consignee = expired[0].consignee,
	    .position = 1,
	    .reason = RETENTION_EXPIRED};
	struct ledger_record record = {.retention = &retention};
	struct store_entry e = {.has_tombstone = true,
	    .consignee = expired[0].consignee,
	    .position = 1,
	    .consignor = mail.m->consignor,
	    .consignment_id = mail.m->consignment_id,
	    .leaves = leaf_of(t, &record),
	    .n_leaves = 1};

	assert_int_equal(commit_entry(t, &e), CONSIGN_OK);
	assert_int_equal(store_expired(t->reading, mail.m->expires_us, 10, t->arena, &expired, &n), CONSIGN_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_non_null(read[0].tombstone);
	assert_int_equal(read[0].manifest.len, 0);
	assert_int_equal(read[0].body.len, 0);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
	assert_int_equal(settlements[1].receipt.len, 0);
	/* Acknowledged: settled, without another leaf or settlement. */
	e = (struct store_entry){.has_delivery = true, .position = 1, .mail_leaf = mail.leaf, .consignor = mail.m->consignor};
	snprintf(e.consignee.s, sizeof e.consignee.s, "bolt");
	assert_int_equal(commit_entry(t, &e), CONSIGN_OK);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
}

/* A receipt and the expiry may meet in one group: whichever came first settles, and the consignor hears once. */
static void
test_store_gives_no_tombstone_to_what_is_settled(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_settlement *settlements;
	size_t n;

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(deliver_mail(t, &mail, "bolt", 1), CONSIGN_OK);
	struct retention_record retention = {
	    .consignor = mail.m->consignor, .consignment_id = mail.m->consignment_id, .position = 1, .reason = RETENTION_EXPIRED};
	struct ledger_record record = {.retention = &retention};
	struct store_entry e = {.has_tombstone = true,
	    .position = 1,
	    .consignor = mail.m->consignor,
	    .consignment_id = mail.m->consignment_id,
	    .n_leaves = 1};

	snprintf(e.consignee.s, sizeof e.consignee.s, "bolt");
	retention.consignee = e.consignee;
	e.leaves = leaf_of(t, &record);
	(void)!commit_entry(t, &e); /* refusing the entry would do as well */
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_store_settles_a_position_once),
	    STORE_TEST(test_store_reads_settlements_until_they_are_large),
	    STORE_TEST(test_store_forgets_settlements_that_were_confirmed),
	    STORE_TEST(test_store_finds_what_expired_until_it_has_its_tombstone),
	    STORE_TEST(test_store_gives_no_tombstone_to_what_is_settled),
	};

	return cmocka_run_group_tests_name("broker/store_settlements", tests, NULL, NULL);
}
