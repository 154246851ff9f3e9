/*
 * What the broker takes for a proposal and for a decision: everything that is signed by the wrong one, over something else,
 * for too long, one too many, twice or too late is refused, and written down by nobody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "done_wraps.h"
#include "hub_fixture.h"
#include "proposals.h"
#include "standing_clock.h"

#define NOW_US FIXTURE_NOW_US

#define OPEN_PROPOSALS 64u

static struct consign_slice open_proposals[OPEN_PROPOSALS]; /* as they stand in the store */
static size_t n_open;
static struct store_proposed stored;

enum consign_err __wrap_store_proposals_open(struct db *db, uint64_t root_version, uint64_t now_us,
    enum consign_err (*each)(void *context, struct consign_slice proposal), void *context);
enum consign_err __wrap_store_proposal(
    struct db *db, const struct consign_hash *id, bool with_documents, struct arena *arena, struct store_proposed *ret_proposed);

enum consign_err
__wrap_store_proposals_open(struct db *db, uint64_t root_version, uint64_t now_us,
    enum consign_err (*each)(void *context, struct consign_slice proposal), void *context)
{
	(void)db;
	assert_int_equal(root_version, 2); /* what hub_fixture_standard puts in force */
	assert_int_equal(now_us, NOW_US);
	for (size_t i = 0; i < n_open; i++) {
		enum consign_err err = each(context, open_proposals[i]);

		if (err != CONSIGN_OK)
			return err;
	}
	return CONSIGN_OK;
}

enum consign_err
__wrap_store_proposal(struct db *db, const struct consign_hash *id, bool with_documents, struct arena *arena, struct store_proposed *ret_proposed)
{
	(void)db;
	(void)with_documents;
	(void)arena;
	if (!hash_equal(id, &stored.id))
		return CONSIGN_E_NOT_FOUND;
	*ret_proposed = stored;
	return CONSIGN_OK;
}

static uint64_t now_us = NOW_US;
static const struct consign_clock standing = STANDING_CLOCK(&now_us);

struct fixture {
	struct hub_fixture f;
	struct broker b;
	struct session s;
	struct session_documents *documents; /* the next policy and root, signed by the author */
	struct proposal proposal;
	struct arena *arena;
};

/* Three administrators of whom two must sign; what the first proposes. */
static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	assert_non_null(t);
	hub_fixture_begin(&t->f, 3, 2);
	hub_fixture_standard(&t->f);
	t->b.clock = &standing;
	t->b.hub = hub_fixture_hub(&t->f, true);
	t->b.hub_id = t->f.hub_id;
	assert_int_equal(metrics_new(&t->b.metrics), CONSIGN_OK);
	assert_int_equal(arena_new(1 << 24, &t->arena), CONSIGN_OK);
	snprintf(t->s.name, sizeof t->s.name, "%s", t->f.admins[0].admin.name);
	struct fixture_document *policy = fixture_policy(&t->f, "studies: []\nrules: []\n", 1), *root = fixture_root(&t->f, 1);

	t->documents = fixture_none(&t->f, 0);
	t->documents->checkpoint = NULL;
	fixture_add_policy(&t->f, t->documents, policy);
	fixture_add_root(&t->f, t->documents, root);
	t->proposal = (struct proposal){.format = 1, .hub_id = t->f.hub_id, .created_us = NOW_US, .expires_us = NOW_US + CONSIGN_PROPOSAL_LIFE_US,
	    .reason = slice_text("because"), .root_version = root->version};
	snprintf(t->proposal.author, sizeof t->proposal.author, "%s", t->f.admins[0].admin.name);
	n_open = 0;
	stored = (struct store_proposed){0};
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	arena_free(&t->arena);
	metrics_free(&t->b.metrics);
	hub_free(&t->b.hub);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

static void
seal_digest(struct fixture *t)
{
	struct buf encoded = {0};

	assert_int_equal(session_documents_encode(t->documents, &encoded), CONSIGN_OK);
	hash_sha256(buf_slice(&encoded), &t->proposal.documents_digest);
	buf_clear(&encoded);
}

/* Signed by the administrators whose bits are set, brought by the session. */
static enum consign_code
propose(struct fixture *t, unsigned signers)
{
	struct consign_slice content = fixture_encode(&t->f, &wire_proposal, &t->proposal);
	struct session_propose in = {.request = 1, .documents = t->documents,
	    .proposal = fixture_sign(&t->f, SIGN_PROPOSAL, &t->f.hub_id, content, signers)};
	struct session_command command = {.propose = &in};
	struct request r = {.session = &t->s, .command = &command, .arena = t->arena};

	done_code = CONSIGN_CODE_NONE;
	is_written = false;
	on_propose(&t->b, &r);
	return done_code;
}

static void
refuses(struct fixture *t, unsigned signers, enum consign_code code, const char *why)
{
	assert_int_equal(propose(t, signers), code);
	assert_non_null(strstr(done_detail, why));
	assert_false(is_written);
}

static void
takes(struct fixture *t)
{
	assert_int_equal(propose(t, 1), CONSIGN_CODE_TRY_LATER);
	assert_string_equal(done_detail, consign_err_text(CONSIGN_E_NO_MEMORY));
	assert_true(is_written);
}

static void
test_propose_takes_what_its_author_signed_and_nothing_else(void **state)
{
	struct fixture *t = *state;

	seal_digest(t);
	takes(t);
	refuses(t, 2, CONSIGN_CODE_DENIED, "not signed by the administrator who brings it");
	refuses(t, 3, CONSIGN_CODE_DENIED, "not signed by the administrator who brings it");
	snprintf(t->s.name, sizeof t->s.name, "%s", t->f.admins[1].admin.name);
	refuses(t, 1, CONSIGN_CODE_DENIED, "not signed by the administrator who brings it");
	refuses(t, 2, CONSIGN_CODE_DENIED, "not signed by the administrator who brings it");
	snprintf(t->s.name, sizeof t->s.name, "%s", t->f.admins[0].admin.name);
	t->proposal.documents_digest.b[31] ^= 1;
	refuses(t, 1, CONSIGN_CODE_DENIED, "not those that the proposal names");
	t->proposal.documents_digest.b[31] ^= 1;
	t->proposal.hub_id.b[0] ^= 1;
	refuses(t, 1, CONSIGN_CODE_DENIED, "for another hub");
	t->proposal.hub_id.b[0] ^= 1;
	t->proposal.root_version++;
	refuses(t, 1, CONSIGN_CODE_MALFORMED, "does not put the root in force that it names");
	t->proposal.root_version--;
	takes(t);
}

static void
test_propose_lives_for_four_weeks_and_not_a_microsecond_more(void **state)
{
	struct fixture *t = *state;

	seal_digest(t);
	t->proposal.expires_us = NOW_US + 4 * CONSIGN_PROPOSAL_LIFE_US;
	takes(t);
	t->proposal.expires_us++;
	refuses(t, 1, CONSIGN_CODE_DENIED, "must expire within four weeks");
	t->proposal.created_us = NOW_US - 2;
	t->proposal.expires_us = NOW_US + 1;
	takes(t);
	t->proposal.expires_us = NOW_US;
	refuses(t, 1, CONSIGN_CODE_DENIED, "must expire within four weeks");
}

/* One more of this administrator stands in the store. */
static void
put_open(struct fixture *t, size_t who)
{
	struct proposal p = t->proposal;

	assert_true(n_open < OPEN_PROPOSALS);
	p.created_us -= n_open + 1; /* another one */
	snprintf(p.author, sizeof p.author, "%s", t->f.admins[who].admin.name);
	struct consign_slice content = fixture_encode(&t->f, &wire_proposal, &p);

	open_proposals[n_open++] =
	    fixture_encode(&t->f, &wire_signed_document, fixture_sign(&t->f, SIGN_PROPOSAL, &t->f.hub_id, content, 1u << who));
}

/* Brought and signed by another than setup has it. */
static void
give_to(struct fixture *t, size_t who)
{
	snprintf(t->s.name, sizeof t->s.name, "%s", t->f.admins[who].admin.name);
	snprintf(t->proposal.author, sizeof t->proposal.author, "%s", t->f.admins[who].admin.name);
}

static void
test_propose_keeps_so_many_of_one_administrator_open_whatever_others_do(void **state)
{
	struct fixture *t = *state;
	char words[128];

	seal_digest(t);
	for (size_t n = 0; n < CONSIGN_PROPOSALS_OPEN_MAX; n++) {
		takes(t);
		put_open(t, 0);
	}
	snprintf(words, sizeof words, "%s has 4 proposals open, as many as one administrator may have", t->f.admins[0].admin.name);
	refuses(t, 1, CONSIGN_CODE_QUOTA, words);
	assert_string_equal(done_detail, words);
	/* Many more than that, in the store of a hub that once took them: the others still have their room. */
	while (n_open < OPEN_PROPOSALS - CONSIGN_PROPOSALS_OPEN_MAX)
		put_open(t, 0);
	refuses(t, 1, CONSIGN_CODE_QUOTA, "proposals open, as many as one administrator may have");
	give_to(t, 1);
	for (size_t n = 0; n < CONSIGN_PROPOSALS_OPEN_MAX; n++) {
		assert_int_equal(propose(t, 2), CONSIGN_CODE_TRY_LATER);
		assert_true(is_written);
		put_open(t, 1);
	}
	snprintf(words, sizeof words, "%s has 4 proposals open", t->f.admins[1].admin.name);
	refuses(t, 2, CONSIGN_CODE_QUOTA, words);
	give_to(t, 2);
	assert_int_equal(propose(t, 4), CONSIGN_CODE_TRY_LATER);
	assert_true(is_written);
	assert_int_equal(CONSIGN_PROPOSALS_OPEN_MAX, 4);
}

static void
test_propose_refuses_when_the_store_s_rows_cannot_be_read(void **state)
{
	struct fixture *t = *state;

	seal_digest(t);
	open_proposals[n_open++] = slice_text("nothing that was signed");
	refuses(t, 1, CONSIGN_CODE_TRY_LATER, consign_err_text(CONSIGN_E_CORRUPT));
}

/* A row that stands there already would make the whole group fail, and the broker begin anew from its store. */
static void
test_propose_refuses_what_was_proposed_before(void **state)
{
	struct fixture *t = *state;
	struct consign_slice content;

	seal_digest(t);
	content = fixture_encode(&t->f, &wire_proposal, &t->proposal);
	hash_sha256(content, &stored.id);
	refuses(t, 1, CONSIGN_CODE_DENIED, "this proposal was made before");
	assert_string_equal(done_detail, "this proposal was made before");
	stored.id.b[0] ^= 1;
	takes(t);
}

static void
test_propose_waits_for_the_decision_before_it(void **state)
{
	struct fixture *t = *state;

	seal_digest(t);
	t->b.deciding = true;
	assert_int_equal(propose(t, 1), CONSIGN_CODE_TRY_LATER);
	assert_string_equal(done_detail, "another decision is being written down");
	assert_false(is_written);
}

static void
test_propose_refuses_documents_that_could_never_be_in_force(void **state)
{
	struct fixture *t = *state;

	/* Nobody of this hub signed the head. */
	t->documents->policies.v[0]->head->document->signatures.v[0]->signature.b[0] ^= 1;
	seal_digest(t);
	refuses(t, 1, CONSIGN_CODE_SIGNATURE_BAD, "too few administrators signed it");
	t->documents->policies.v[0]->head->document->signatures.v[0]->signature.b[0] ^= 1;
	/* No root. */
	t->documents->roots.n = 0;
	seal_digest(t);
	refuses(t, 1, CONSIGN_CODE_DENIED, "holds one next root");
}

/* ── decisions ── */

/* What setup made stands in the store, with these decisions. */
static void
store_it(struct fixture *t)
{
	struct consign_slice content;

	seal_digest(t);
	content = fixture_encode(&t->f, &wire_proposal, &t->proposal);
	hash_sha256(content, &stored.id);
	stored.state = PROPOSAL_OPEN;
	stored.proposal = fixture_encode(&t->f, &wire_signed_document, fixture_sign(&t->f, SIGN_PROPOSAL, &t->f.hub_id, content, 1));
	stored.documents = fixture_encode(&t->f, &wire_session_documents, t->documents);
}

/* Approvals sign root, then policy. over: whose bits sign the documents; by: the decision. */
static struct signed_document *
make_decision(struct fixture *t, size_t who, enum decision_kind kind, unsigned over, unsigned by)
{
	struct doc_signature *list[2] = {0};
	struct decision d = {.format = 1, .hub_id = t->f.hub_id, .proposal = stored.id, .decision = kind, .at_us = NOW_US};

	snprintf(d.administrator, sizeof d.administrator, "%s", t->f.admins[who].admin.name);
	if (kind == DECISION_APPROVE) {
		list[0] = fixture_sign(&t->f, SIGN_ROOT, &t->f.hub_id, t->documents->roots.v[0]->document->content, over)->signatures.v[0];
		list[1] = fixture_sign(&t->f, SIGN_POLICY, &t->f.hub_id, t->documents->policies.v[0]->head->document->content, over)->signatures.v[0];
		d.signatures.v = list;
		d.signatures.n = 2;
	}
	return fixture_sign(&t->f, SIGN_DECISION, &t->f.hub_id, fixture_encode(&t->f, &wire_decision, &d), by);
}

/* What an administrator signs in the place of the nth document, root before policy. */
struct signing {
	enum sign_kind kind;
	struct consign_slice content;
};

/* An approval that is well signed itself, by the administrator whose signatures it holds. */
static struct signed_document *
approve_as_signed(struct fixture *t, size_t who, const struct signing *signing, size_t n)
{
	struct doc_signature **list = arena_alloc(t->f.arena, (n + 1) * sizeof *list);
	struct decision d = {.format = 1, .hub_id = t->f.hub_id, .proposal = stored.id, .decision = DECISION_APPROVE, .at_us = NOW_US};
	unsigned bit = 1u << who;

	assert_non_null(list);
	snprintf(d.administrator, sizeof d.administrator, "%s", t->f.admins[who].admin.name);
	for (size_t i = 0; i < n; i++)
		list[i] = fixture_sign(&t->f, signing[i].kind, &t->f.hub_id, signing[i].content, bit)->signatures.v[0];
	d.signatures.v = list;
	d.signatures.n = n;
	return fixture_sign(&t->f, SIGN_DECISION, &t->f.hub_id, fixture_encode(&t->f, &wire_decision, &d), bit);
}

/* The same bytes but for the last bit. */
static struct consign_slice
but_for_a_bit(struct fixture *t, struct consign_slice content)
{
	struct consign_slice other = arena_copy(t->f.arena, content);

	assert_non_null(other.data);
	((uint8_t *)(uintptr_t)other.data)[other.len - 1] ^= 1;
	return other;
}

static enum consign_code
decide(struct fixture *t, struct signed_document *decision)
{
	struct session_decide in = {.request = 1, .decision = decision};
	struct session_command command = {.decide = &in};
	struct request r = {.session = &t->s, .command = &command, .arena = t->arena};

	done_code = CONSIGN_CODE_NONE;
	is_written = false;
	on_decide(&t->b, &r);
	return done_code;
}

static void
refuses_decision(struct fixture *t, struct signed_document *decision, const char *why)
{
	assert_int_equal(decide(t, decision), CONSIGN_CODE_DENIED);
	assert_non_null(strstr(done_detail, why));
	assert_false(is_written);
}

static void
takes_decision(struct fixture *t, struct signed_document *decision)
{
	assert_int_equal(decide(t, decision), CONSIGN_CODE_TRY_LATER);
	assert_true(is_written);
}

static void
test_decide_counts_nobody_for_another(void **state)
{
	struct fixture *t = *state;

	store_it(t);
	takes_decision(t, make_decision(t, 1, DECISION_APPROVE, 2, 2));
	refuses_decision(t, make_decision(t, 1, DECISION_APPROVE, 2, 4), "not signed by an administrator");
	refuses_decision(t, make_decision(t, 1, DECISION_APPROVE, 2, 1), "not signed by an administrator");
	/* Signatures of another, which would count for nobody in the end. */
	refuses_decision(t, make_decision(t, 1, DECISION_APPROVE, 4, 2), "not over the documents of this proposal");
	refuses_decision(t, make_decision(t, 1, DECISION_APPROVE, 1, 2), "not over the documents of this proposal");
	takes_decision(t, make_decision(t, 1, DECISION_REJECT, 0, 2));
	takes_decision(t, make_decision(t, 0, DECISION_WITHDRAW, 0, 1));
}

/*
 * Two administrators who mean different things by one proposal: whatever the second signs that is not byte for byte what the first
 * signed is refused, and counts for nothing: the same administrator may agree afterwards.
 */
static void
test_decide_refuses_signatures_over_other_contents(void **state)
{
	struct fixture *t = *state;

	store_it(t);
	struct consign_slice root = t->documents->roots.v[0]->document->content, policy = t->documents->policies.v[0]->head->document->content;
	/* What another proposal would hold: the same versions, of another policy. */
	t->f.policies.n--;
	t->f.roots.n--;
	struct consign_slice other_policy =
	    fixture_policy(&t->f, "studies: [{id: S-9, parties: [{org: acme, roles: [sponsor]}]}]\nrules: []\n", 0)->bundle->head->document->content;
	struct consign_slice other_root = fixture_root(&t->f, 0)->document->document->content;
	const struct {
		const char *what;
		struct signing v[3];
		size_t n;
	} rows[] = {
	    {"another policy and the root that names it", {{SIGN_ROOT, other_root}, {SIGN_POLICY, other_policy}}, 2},
	    {"another policy under the same root", {{SIGN_ROOT, root}, {SIGN_POLICY, other_policy}}, 2},
	    {"the same policy under another root", {{SIGN_ROOT, other_root}, {SIGN_POLICY, policy}}, 2},
	    {"a policy that differs by a bit", {{SIGN_ROOT, root}, {SIGN_POLICY, but_for_a_bit(t, policy)}}, 2},
	    {"a root that differs by a bit", {{SIGN_ROOT, but_for_a_bit(t, root)}, {SIGN_POLICY, policy}}, 2},
	    {"each in the other's place", {{SIGN_POLICY, policy}, {SIGN_ROOT, root}}, 2},
	    {"the policy as a directory", {{SIGN_ROOT, root}, {SIGN_DIRECTORY, policy}}, 2},
	    {"the root alone", {{SIGN_ROOT, root}}, 1},
	    {"both, and another", {{SIGN_ROOT, root}, {SIGN_POLICY, policy}, {SIGN_POLICY, other_policy}}, 3},
	    {"nothing", {{SIGN_ROOT, root}}, 0},
	};
	uint64_t version = hub_root(t->b.hub)->root->version;

	assert_false(slice_equal(root, other_root));
	assert_false(slice_equal(policy, other_policy));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i].what);
		refuses_decision(t, approve_as_signed(t, 1, rows[i].v, rows[i].n), "the signatures are not over the documents of this proposal");
		assert_true(hub_root(t->b.hub)->root->version == version);
	}
	takes_decision(t, approve_as_signed(t, 1, (const struct signing[]){{SIGN_ROOT, root}, {SIGN_POLICY, policy}}, 2));
}

/* Permitted sequence of steps. */
static void
R8_decide_refuses_ones_own_twice_and_after_the_end(void **state)
{
	static const struct {
		uint32_t state;
		const char *words;
	} ends[] = {{PROPOSAL_IN_FORCE, "in force already"}, {PROPOSAL_REJECTED, "was rejected"}, {PROPOSAL_WITHDRAWN, "was withdrawn"}};
	struct fixture *t = *state;

	store_it(t);
	refuses_decision(t, make_decision(t, 0, DECISION_APPROVE, 1, 1), "another administrator must approve it");
	refuses_decision(t, make_decision(t, 0, DECISION_REJECT, 0, 1), "withdrawn, not rejected");
	refuses_decision(t, make_decision(t, 1, DECISION_WITHDRAW, 0, 2), "only its author");
	stored.decisions[0] = fixture_encode(&t->f, &wire_signed_document, make_decision(t, 1, DECISION_REJECT, 0, 2));
	stored.n_decisions = 1;
	refuses_decision(t, make_decision(t, 1, DECISION_APPROVE, 2, 2), "has decided on it already");
	takes_decision(t, make_decision(t, 2, DECISION_APPROVE, 4, 4));
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		stored.state = ends[i].state;
		refuses_decision(t, make_decision(t, 2, DECISION_APPROVE, 4, 4), ends[i].words);
	}
	stored.state = PROPOSAL_OPEN;
	stored.id.b[0] ^= 1;
	struct signed_document *other = make_decision(t, 2, DECISION_APPROVE, 4, 4);

	stored.id.b[0] ^= 1;
	refuses_decision(t, other, "there is no such proposal");
}

static void
test_decide_refuses_what_was_overtaken_or_is_too_old(void **state)
{
	struct fixture *t = *state;

	t->proposal.created_us = NOW_US - 2;
	t->proposal.expires_us = NOW_US;
	store_it(t);
	refuses_decision(t, make_decision(t, 1, DECISION_APPROVE, 2, 2), "has expired");
	t->proposal.expires_us = NOW_US + 1;
	store_it(t);
	takes_decision(t, make_decision(t, 1, DECISION_APPROVE, 2, 2));
	t->proposal.root_version--;
	store_it(t);
	refuses_decision(t, make_decision(t, 1, DECISION_APPROVE, 2, 2), "another change came into force first");
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_propose_takes_what_its_author_signed_and_nothing_else),
	    TEST(test_propose_lives_for_four_weeks_and_not_a_microsecond_more),
	    TEST(test_propose_keeps_so_many_of_one_administrator_open_whatever_others_do),
	    TEST(test_propose_refuses_when_the_store_s_rows_cannot_be_read),
	    TEST(test_propose_refuses_what_was_proposed_before),
	    TEST(test_propose_waits_for_the_decision_before_it),
	    TEST(test_propose_refuses_documents_that_could_never_be_in_force),
	    TEST(test_decide_counts_nobody_for_another),
	    TEST(R8_decide_refuses_ones_own_twice_and_after_the_end),
	    TEST(test_decide_refuses_signatures_over_other_contents),
	    TEST(test_decide_refuses_what_was_overtaken_or_is_too_old),
	};

	return cmocka_run_group_tests_name("broker/proposals", tests, NULL, NULL);
}
