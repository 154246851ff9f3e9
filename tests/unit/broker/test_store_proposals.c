/* Proposals in the broker's store: which are open, and that what is open is shown, however many others there are and whatever they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store_fixture.h"

#define ROOT 7u /* the newest */
#define NOW_US FIXTURE_NOW_US

/* A proposal of this number, which is its id and its bytes. */
static void
put(struct fixture *t, uint8_t n, uint64_t created_us, uint64_t expires_us, uint64_t root_version)
{
	struct store_proposal p = {.id = {{n}}, .created_us = created_us, .expires_us = expires_us, .root_version = root_version,
	    .proposal = slice_of(&n, 1), .documents = slice_text("documents")};
	struct store_entry e = {.proposal = &p};

	assert_int_equal(db_begin(t->db), CONSIGN_OK);
	assert_int_equal(store_put_proposals(t->db, &e), CONSIGN_OK);
	assert_int_equal(db_commit(t->db), CONSIGN_OK);
}

static void
withdraw(struct fixture *t, uint8_t n)
{
	struct store_decision d = {.proposal = {{n}}, .decision = slice_text("withdrawn"), .state = PROPOSAL_WITHDRAWN, .at_us = NOW_US};
	struct store_entry e = {.decision = &d};

	assert_int_equal(db_begin(t->db), CONSIGN_OK);
	assert_int_equal(store_put_proposals(t->db, &e), CONSIGN_OK);
	assert_int_equal(db_commit(t->db), CONSIGN_OK);
}

struct heard {
	uint8_t v[8];
	size_t n;
	size_t most;
};

static enum consign_err
hear(void *context, struct consign_slice proposal)
{
	struct heard *h = context;

	assert_int_equal(proposal.len, 1);
	if (h->n == h->most)
		return CONSIGN_E_FULL;
	h->v[h->n++] = proposal.data[0];
	return CONSIGN_OK;
}

static void
test_store_tells_the_proposals_that_are_open(void **state)
{
	struct fixture *t = *state;
	struct heard h = {.most = 8};

	assert_int_equal(store_proposals_open(t->db, ROOT, NOW_US, hear, &h), CONSIGN_OK);
	assert_int_equal(h.n, 0);
	put(t, 1, NOW_US, NOW_US + 1, ROOT + 1);
	put(t, 2, NOW_US, NOW_US, ROOT + 1); /* has expired */
	put(t, 3, NOW_US, NOW_US + 1, ROOT); /* is superseded */
	put(t, 4, NOW_US, NOW_US + 1, ROOT + 1);
	put(t, 5, NOW_US, NOW_US + 1, ROOT + 1);
	withdraw(t, 4);
	assert_int_equal(store_proposals_open(t->db, ROOT, NOW_US, hear, &h), CONSIGN_OK);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.v[0] + h.v[1], 1 + 5);
	/* Its error ends it, and the next question begins anew. */
	h = (struct heard){.most = 1};
	assert_int_equal(store_proposals_open(t->db, ROOT, NOW_US, hear, &h), CONSIGN_E_FULL);
	assert_int_equal(h.n, 1);
	h = (struct heard){.most = 8};
	assert_int_equal(store_proposals_open(t->db, ROOT + 1, NOW_US, hear, &h), CONSIGN_OK);
	assert_int_equal(h.n, 0);
}

static void
assert_newest(struct fixture *t, size_t max, const uint8_t *ids, size_t n)
{
	struct consign_hash got[8];
	size_t n_got = 0;

	assert_int_equal(store_proposals_newest(t->db, ROOT, NOW_US, max, got, &n_got), CONSIGN_OK);
	assert_int_equal(n_got, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(got[i].b[0], ids[i]);
}

static void
test_store_shows_what_is_open_before_all_else(void **state)
{
	struct fixture *t = *state;

	assert_newest(t, 8, NULL, 0);
	put(t, 1, NOW_US - 9, NOW_US + 1, ROOT + 1);
	put(t, 2, NOW_US - 8, NOW_US + 1, ROOT); /* superseded */
	put(t, 3, NOW_US - 7, NOW_US + 1, ROOT + 1);
	assert_newest(t, 8, (const uint8_t[]){3, 2, 1}, 3);
	/* Withdrawn again and again, the last of them dated tomorrow. */
	for (uint8_t n = 4; n < 8; n++) {
		put(t, n, n == 7 ? NOW_US * 2 : NOW_US - 7 + n, NOW_US * 3, ROOT + 1);
		withdraw(t, n);
	}
	assert_newest(t, 8, (const uint8_t[]){7, 6, 5, 4, 3, 2, 1}, 7);
	assert_newest(t, 3, (const uint8_t[]){7, 3, 1}, 3);
	assert_newest(t, 2, (const uint8_t[]){3, 1}, 2);
	assert_newest(t, 1, (const uint8_t[]){3}, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_store_tells_the_proposals_that_are_open),
	    STORE_TEST(test_store_shows_what_is_open_before_all_else),
	};

	return cmocka_run_group_tests_name("broker/store_proposals", tests, NULL, NULL);
}
