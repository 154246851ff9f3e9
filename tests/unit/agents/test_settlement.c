/* Delivery receipts at the consignor: what the consignee had seen is held against the history that the broker shows here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "hub_fixture.h"
#include "reception.h"
#include "standing_clock.h"
#include "uplink.h"

#define SECOND_US 1000000u
#define MOST 4u

/* acme's agent, which sent mail to bolt. */
struct fixture {
	struct hub_fixture f;
	struct agent agent;
	struct arena *arena;
	uint64_t now_us;
	struct seen *seen; /* of the next receipt; changed by a test */
	struct settlement *settlements[MOST];
	size_t n;
	struct seen_proof *proofs[MOST];
	size_t n_proofs;
};

static enum uplink_state state_now;
static unsigned taken, confirmed, fetched, accused;
static char accused_kind[32], accused_what[224];

enum uplink_state __wrap_uplink_state(const struct uplink *u);
enum consign_err __wrap_uplink_say(
    struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body);
void __wrap_uplink_break(struct uplink *u, const char *why);
void __wrap_accuse(struct agent *a, const char *kind, const char *what);
void __wrap_commit_put_later(struct committer *c, struct commit_job *job);

enum uplink_state
__wrap_uplink_state(const struct uplink *u)
{
	(void)u;
	return state_now;
}

enum consign_err
__wrap_uplink_say(struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body)
{
	(void)u;
	(void)manifest;
	(void)body;
	fetched += command->fetch != NULL;
	confirmed += command->confirm != NULL;
	return CONSIGN_OK;
}

void
__wrap_uplink_break(struct uplink *u, const char *why)
{
	(void)u;
	fail_msg("the session ended: %s", why);
}

void
__wrap_accuse(struct agent *a, const char *kind, const char *what)
{
	(void)a;
	accused++;
	snprintf(accused_kind, sizeof accused_kind, "%s", kind);
	snprintf(accused_what, sizeof accused_what, "%s", what);
}

/* The store is not what is tried here. */
void
__wrap_commit_put_later(struct committer *c, struct commit_job *job)
{
	(void)c;
	taken++;
	job->done(job, CONSIGN_OK);
}

/* What bolt's agent would say it has seen now: the newest of everything, also of what acme's was not shown. */
static void
see(struct fixture *t)
{
	const struct fixture_document *root = fixture_newest(&t->f.roots);
	struct checkpoint now = fixture_checkpoint(&t->f);

	t->seen = arena_alloc(t->arena, sizeof *t->seen);
	*t->seen = (struct seen){.root = fixture_ref(&t->f, root),
	    .directory = fixture_ref(&t->f, fixture_newest(&t->f.directories)),
	    .policy = fixture_ref(&t->f, fixture_newest(&t->f.policies)),
	    .card = fixture_ref(&t->f, &t->f.cards.v[1])};
	t->seen->checkpoint = arena_alloc(t->arena, sizeof *t->seen->checkpoint);
	*t->seen->checkpoint = (struct checkpoint_ref){now.size, now.head};
}

static int
setup(void **state)
{
	static struct consign_clock clock;
	struct fixture *t = calloc(1, sizeof *t);

	assert_non_null(t);
	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	t->agent.hub = hub_fixture_hub(&t->f, false);
	t->agent.hub_id = t->f.hub_id;
	snprintf(t->agent.org.s, sizeof t->agent.org.s, "acme");
	t->now_us = FIXTURE_NOW_US;
	clock = (struct consign_clock)STANDING_CLOCK(&t->now_us);
	t->agent.clock = &clock;
	assert_int_equal(arena_new(1 << 22, &t->arena), CONSIGN_OK);
	state_now = UPLINK_UP;
	taken = confirmed = fetched = accused = 0;
	fixture_pass(&t->f, 3);
	see(t);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	hub_free(&t->agent.hub);
	arena_free(&t->arena);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

/* bolt's receipt, with what it has seen; it becomes a leaf. */
static void
receive(struct fixture *t)
{
	struct fixture_org *bolt = fixture_org(&t->f, "bolt");
	struct item_verdict verdict = {.outcome = ITEM_ACCEPTED}, *verdicts[] = {&verdict};
	struct delivery_receipt_content c = {.format = 1,
	    .hub_id = t->f.hub_id,
	    .consignee = {"bolt"},
	    .consignor = {"acme"},
	    .attempt = 1,
	    .position = t->n + 1,
	    .at_us = t->now_us,
	    .verdicts = {verdicts, 1},
	    .seen = t->seen};
	struct delivered_record delivered = {.consignor = {"acme"}, .consignee = {"bolt"}};
	struct ledger_record record = {.format = 1, .at_us = t->now_us, .delivered = &delivered};
	struct delivery_receipt *r = arena_alloc(t->arena, sizeof *r);
	struct statement *statement = arena_alloc(t->arena, sizeof *statement);
	struct settlement *s = arena_alloc(t->arena, sizeof *s);

	c.consignment_id.b[0] = delivered.consignment_id.b[0] = (uint8_t)(t->n + 1);
	r->content = fixture_encode(&t->f, &wire_delivery_receipt_content, &c);
	key_id_of(&bolt->signing_public, &r->signing_key_id);
	sign_make(bolt->signing, SIGN_DELIVERY, &t->f.hub_id, r->content, &r->signature);
	hash_sha256(r->content, &delivered.receipt_digest);
	*statement = (struct statement){.leaf = fixture_leaf(&t->f, &record), .has_place = 1};
	*s = (struct settlement){.receipt = r, .statement = statement};
	assert_true(t->n < MOST);
	t->settlements[t->n++] = s;
}

/* The proof of a size, to the ledger as it is now; nothing may be added to it after that. */
static void
prove(struct fixture *t, uint64_t size)
{
	struct seen_proof *p = arena_alloc(t->arena, sizeof *p);

	*p = (struct seen_proof){size, fixture_consistency(&t->f, size)};
	assert_true(t->n_proofs < MOST);
	t->proofs[t->n_proofs++] = p;
}

/* The receipts, in one frame, as the broker says it. */
static void
settle(struct fixture *t)
{
	struct session_settled settled = {.settlements = {t->settlements, t->n},
	    .checkpoint = fixture_update(&t->f, hub_checkpoint(t->agent.hub)->size),
	    .cursor = 7,
	    .seen = {t->proofs, t->n_proofs}};

	for (size_t i = 0; i < t->n; i++)
		t->settlements[i]->statement->path = fixture_path(&t->f, t->settlements[i]->statement->leaf->index);
	settlements_take(&t->agent, &settled);
	t->n = t->n_proofs = 0;
}

static void
expect_taken(void)
{
	assert_int_equal(accused, 0);
	assert_int_equal(taken, 1);
	assert_int_equal(confirmed, 1);
	taken = confirmed = 0;
}

static void
expect_accusation(const char *what)
{
	assert_int_equal(taken, 0);
	assert_int_equal(confirmed, 0);
	assert_int_equal(accused, 1);
	assert_string_equal(accused_kind, "settlement");
	assert_non_null(strstr(accused_what, what));
	accused = 0;
}

/* ── honest ones ── */

static void
test_settlement_takes_what_had_seen_less_as_much_or_more_than_we_have(void **state)
{
	struct fixture *t = *state;
	uint64_t before = t->seen->checkpoint->size, ours;

	receive(t); /* more: we are shown the ledger up to here only with it */
	assert_true(hub_checkpoint(t->agent.hub)->size < before);
	prove(t, before);
	settle(t);
	expect_taken();
	ours = hub_checkpoint(t->agent.hub)->size;
	receive(t); /* less: it was under way */
	see(t);
	t->seen->checkpoint->size = ours;
	t->seen->checkpoint->hash = hub_checkpoint(t->agent.hub)->head;
	receive(t); /* as much */
	see(t);
	receive(t); /* all but its own leaf */
	prove(t, before);
	prove(t, ours);
	prove(t, t->seen->checkpoint->size);
	settle(t);
	expect_taken();
}

static void
test_settlement_takes_receipts_that_had_seen_the_same_or_no_ledger(void **state)
{
	struct fixture *t = *state;
	uint64_t size = t->seen->checkpoint->size;

	receive(t);
	receive(t);
	t->seen->checkpoint = NULL;
	receive(t);
	prove(t, size);
	settle(t);
	expect_taken();
}

/* ── two histories ── */

static void
no_proof(struct fixture *t)
{
	(void)t;
}

static void
proof_of_another_size(struct fixture *t)
{
	prove(t, t->seen->checkpoint->size - 1);
}

static void
altered_proof(struct fixture *t)
{
	prove(t, t->seen->checkpoint->size);
	t->proofs[0]->path->path.v[0].b[0] ^= 1;
}

static void
empty_proof(struct fixture *t)
{
	prove(t, t->seen->checkpoint->size);
	t->proofs[0]->path = NULL;
}

static void
right_proof(struct fixture *t)
{
	prove(t, t->seen->checkpoint->size);
}

static void
another_head(struct fixture *t)
{
	t->seen->checkpoint->hash.b[0] ^= 1;
}

static void
more_than_there_is(struct fixture *t)
{
	t->seen->checkpoint->size += 1000;
}

static void
another_root(struct fixture *t)
{
	t->seen->root->hash.b[0] ^= 1;
}

static void
nothing(struct fixture *t)
{
	(void)t;
}

static void
test_settlement_accuses_of_two_histories_and_takes_nothing(void **state)
{
	static const struct {
		const char *name;
		void (*seen)(struct fixture *t);
		void (*proof)(struct fixture *t);
		const char *what;
	} cases[] = {
	    {"nothing proves it", nothing, no_proof, "the consignee has verified a ledger that is not a beginning of ours"},
	    {"another size is proven", nothing, proof_of_another_size, "the consignee has verified a ledger that is not"},
	    {"the proof is altered", nothing, altered_proof, "the consignee has verified a ledger that is not"},
	    {"the proof is empty", nothing, empty_proof, "the consignee has verified a ledger that is not"},
	    {"it has seen another ledger", another_head, right_proof, "the consignee has verified a ledger that is not"},
	    {"it has seen a longer one than the one its receipt is in", more_than_there_is, no_proof, "a ledger that is not a beginning"},
	    {"it has seen another root", another_root, right_proof, "the consignee has verified another root than we have"},
	};
	struct fixture *t = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		see(t);
		cases[i].seen(t);
		receive(t);
		cases[i].proof(t);
		print_message("%s\n", cases[i].name);
		settle(t);
		expect_accusation(cases[i].what);
	}
}

/* One of them is enough: nothing of the frame is stored or confirmed. */
static void
test_settlement_takes_none_of_a_frame_with_one_of_another_history(void **state)
{
	struct fixture *t = *state;
	uint64_t size = t->seen->checkpoint->size;

	receive(t);
	another_head(t);
	receive(t);
	prove(t, size);
	settle(t);
	expect_accusation("the consignee has verified a ledger that is not a beginning of ours");
}

/* ── a root that is not here yet ── */

/* A root that acme's agent is not shown, and a receipt of who has seen it. */
static void
settle_ahead(struct fixture *t)
{
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	see(t);
	receive(t);
	prove(t, t->seen->checkpoint->size);
}

static void
pass(struct fixture *t, uint64_t us)
{
	t->now_us += us;
	settlements_tend(&t->agent);
}

static void
learn(struct fixture *t)
{
	assert_int_equal(
	    fixture_take(&t->f, t->agent.hub, fixture_all(&t->f, hub_checkpoint(t->agent.hub)->size), HUB_PROVEN), CONSIGN_OK);
	settlements_tend(&t->agent);
}

static void
test_settlement_takes_what_had_seen_a_newer_root_and_waits_for_it(void **state)
{
	struct fixture *t = *state;

	settle_ahead(t);
	settle(t);
	expect_taken();
	pass(t, 0);
	assert_int_equal(fetched, 0); /* it comes by itself */
	pass(t, 3 * SECOND_US);
	assert_int_equal(fetched, 1);
	learn(t);
	pass(t, 60 * SECOND_US);
	assert_int_equal(fetched, 1);
	assert_int_equal(accused, 0);
}

static void
test_settlement_accuses_who_withholds_a_root_for_half_a_minute(void **state)
{
	struct fixture *t = *state;

	settle_ahead(t);
	settle(t);
	expect_taken();
	pass(t, 0);
	pass(t, 29 * SECOND_US);
	state_now = UPLINK_DOWN; /* without a connection nothing is withheld, and the time begins anew */
	pass(t, 60 * SECOND_US);
	state_now = UPLINK_UP;
	pass(t, 0);
	pass(t, 30 * SECOND_US);
	assert_int_equal(accused, 0);
	pass(t, 1);
	assert_int_equal(accused, 1);
	assert_string_equal(accused_kind, "withheld");
	assert_string_equal(accused_what,
	    "root 3, which bolt had verified when it gave a receipt, has not come since 2023-11-14T22:14:49.000000Z");
	pass(t, 60 * SECOND_US);
	assert_int_equal(accused, 1);
}

static void
test_settlement_accuses_of_a_fork_when_another_root_comes(void **state)
{
	struct fixture *t = *state;

	settle_ahead(t);
	t->n = t->n_proofs = 0;
	another_root(t);
	receive(t);
	prove(t, t->seen->checkpoint->size);
	settle(t);
	expect_taken();
	learn(t);
	assert_int_equal(accused, 1);
	assert_string_equal(accused_kind, "fork");
	assert_string_equal(accused_what, "bolt has verified another root 3 than the broker brought here");
	pass(t, 60 * SECOND_US);
	assert_int_equal(accused, 1);
	assert_int_equal(fetched, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_settlement_takes_what_had_seen_less_as_much_or_more_than_we_have),
	    TEST(test_settlement_takes_receipts_that_had_seen_the_same_or_no_ledger),
	    TEST(test_settlement_accuses_of_two_histories_and_takes_nothing),
	    TEST(test_settlement_takes_none_of_a_frame_with_one_of_another_history),
	    TEST(test_settlement_takes_what_had_seen_a_newer_root_and_waits_for_it),
	    TEST(test_settlement_accuses_who_withholds_a_root_for_half_a_minute),
	    TEST(test_settlement_accuses_of_a_fork_when_another_root_comes),
	};

	return cmocka_run_group_tests_name("settlement", tests, NULL, NULL);
}
