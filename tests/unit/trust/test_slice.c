/* What an organisation is shown: enough to verify, and nothing of studies and organisations that are not its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub_fixture.h"

struct fixture {
	struct hub_fixture f;
	struct hub *hub;
	struct arena *arena;
	struct hub_proofs proofs;
};

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 1, 1);
	t->f.reason = "bolt joins study one, and cora must not know";
	hub_fixture_standard(&t->f);
	fixture_card(&t->f, "bolt");
	fixture_publish_all(&t->f);
	t->hub = hub_fixture_hub(&t->f, true);
	assert_int_equal(arena_new(1 << 22, &t->arena), CONSIGN_OK);
	t->proofs = (struct hub_proofs){fixture_prove, &t->f, fixture_update(&t->f, 0)};
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	hub_free(&t->hub);
	arena_free(&t->arena);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

static struct session_documents *
slice(struct fixture *t, const char *org)
{
	struct session_documents *d = NULL;

	assert_int_equal(hub_slice(t->hub, org, 0, 0, &t->proofs, t->arena, &d), CONSIGN_OK);
	return d;
}

static bool
mentions(struct consign_slice bytes, const char *word)
{
	return memmem(bytes.data, bytes.len, word, strlen(word)) != NULL;
}

/* Whether any byte of what goes over the wire speaks of it. Names here occur in no other word. */
static bool
slice_mentions(struct fixture *t, const char *org, const char *word)
{
	return mentions(fixture_encode(&t->f, &wire_session_documents, slice(t, org)), word);
}

static void
test_slice_is_enough_to_follow_the_hub(void **state)
{
	struct fixture *t = *state;
	struct hub *agent;

	assert_int_equal(hub_new(&t->f.hub_id, false, &agent), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, agent, slice(t, "bolt"), HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_root(agent)->root->version, 2);
	assert_int_equal(hub_root(agent)->root->reason.len, 0);
	assert_int_equal(hub_policy(agent)->head->reason.len, 0);
	assert_int_equal(hub_directory(agent)->n_members, 2);
	assert_int_equal(hub_card(agent, "bolt")->card->version, 2);
	assert_true(policy_is_party(hub_policy(agent)->policy, "one", "bolt"));
	assert_int_equal(hub_checkpoint(agent)->size, tree_size(t->f.tree));
	hub_free(&agent);
}

static void
test_slice_never_speaks_of_what_the_reader_must_not_know(void **state)
{
	struct fixture *t = *state;
	static const struct {
		const char *reader;
		const char *known[4], *hidden[7];
	} cases[] = {
	    {"acme", {"bolt", "cora", "First", "Second"}, {"dune", "studies:", "must not know"}},
	    {"bolt", {"acme", "First"}, {"cora", "dune", "Second", "studies:", "must not know"}},
	    {"cora", {"acme", "Second"}, {"bolt", "dune", "First", "studies:", "must not know"}},
	    {"dune", {"dune"}, {"acme", "bolt", "cora", "First", "Second", "studies:", "must not know"}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(slice_mentions(t, cases[i].reader, cases[i].reader));
		for (size_t k = 0; k < 4 && cases[i].known[k] != NULL; k++)
			assert_true(slice_mentions(t, cases[i].reader, cases[i].known[k]));
		for (size_t k = 0; k < 7 && cases[i].hidden[k] != NULL; k++)
			if (slice_mentions(t, cases[i].reader, cases[i].hidden[k]))
				fail_msg("%s is told of %s", cases[i].reader, cases[i].hidden[k]);
	}
}

static void
test_slice_for_administrators_is_everything(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = slice(t, NULL);
	struct hub *admin;

	assert_int_equal(d->cards.n, 4);
	assert_true(slice_mentions(t, NULL, "studies:"));
	assert_true(slice_mentions(t, NULL, "must not know"));
	assert_int_equal(hub_new(&t->f.hub_id, true, &admin), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, admin, d, HUB_PROVEN), CONSIGN_OK);
	assert_true(slice_equal(hub_root(admin)->root->reason, slice_text(t->f.reason)));
	assert_true(slice_equal(hub_directory(admin)->head->reason, slice_text(t->f.reason)));
	assert_true(slice_equal(hub_policy(admin)->head->reason, slice_text(t->f.reason)));
	hub_free(&admin);
}

static void
test_slice_begins_after_the_root_that_is_known(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d;

	assert_int_equal(hub_slice(t->hub, "acme", 1, 0, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(d->roots.n, 1);
	assert_int_equal(hub_slice(t->hub, "acme", 2, 0, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(d->roots.n, 0);
	assert_int_equal(hub_slice(t->hub, "acme", 99, 0, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(d->roots.n, 0);
}

static void
test_slice_of_one_root_holds_directory_and_policy_only(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = NULL;

	assert_int_equal(hub_slice(t->hub, "bolt", 0, 2, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(d->roots.n, 0);
	assert_int_equal(d->cards.n, 0);
	assert_int_equal(d->directories.n, 1);
	assert_int_equal(d->directories.v[0]->parts.n, 2);
	assert_int_equal(d->policies.n, 1);
	d = NULL;
	assert_int_equal(hub_slice(t->hub, "bolt", 0, 3, &t->proofs, t->arena, &d), CONSIGN_E_NOT_FOUND);
	assert_null(d);
}

static void
test_slice_gives_a_card_to_those_who_may_know_its_org(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = NULL;

	assert_int_equal(hub_slice_card(t->hub, "bolt", "cora", 1, &t->proofs, t->arena, &d), CONSIGN_E_NOT_FOUND);
	assert_int_equal(hub_slice_card(t->hub, "acme", "bolt", 3, &t->proofs, t->arena, &d), CONSIGN_E_NOT_FOUND);
	assert_int_equal(hub_slice_card(t->hub, "acme", "nobody", 1, &t->proofs, t->arena, &d), CONSIGN_E_NOT_FOUND);
	assert_null(d);
	assert_int_equal(hub_slice_card(t->hub, "acme", "bolt", 1, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(d->cards.n, 1);
	assert_int_equal(hub_slice_card(t->hub, "dune", "dune", 1, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(hub_slice_card(t->hub, NULL, "dune", 1, &t->proofs, t->arena, &d), CONSIGN_OK);
}

static void
test_slice_may_know_follows_shared_studies(void **state)
{
	struct fixture *t = *state;

	assert_true(hub_may_know(t->hub, "acme", "bolt"));
	assert_true(hub_may_know(t->hub, "cora", "acme"));
	assert_false(hub_may_know(t->hub, "bolt", "cora"));
	assert_false(hub_may_know(t->hub, "dune", "acme"));
	assert_true(hub_may_know(t->hub, "dune", "dune"));
}

/* Leaving a study takes the part away with the next version. */
static void
test_slice_follows_the_newest_policy(void **state)
{
	struct fixture *t = *state;
	static const char without_cora[] = "studies:\n"
					   "  - id: one\n"
					   "    title: First\n"
					   "    parties:\n"
					   "      - {org: acme, roles: [sponsor], clearance: unblinded}\n"
					   "      - {org: bolt, roles: [cro], clearance: restricted}\n"
					   "rules:\n"
					   "  - {id: notes, permit: [x.note]}\n";

	assert_true(slice_mentions(t, "cora", "acme"));
	fixture_policy(&t->f, without_cora, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(fixture_take(&t->f, t->hub, fixture_all(&t->f, hub_checkpoint(t->hub)->size), HUB_PROVEN), CONSIGN_OK);
	t->proofs.checkpoint = fixture_update(&t->f, 0);
	assert_false(slice_mentions(t, "cora", "acme"));
	assert_false(slice_mentions(t, "cora", "Second"));
}

/* A policy with one study of two parties, in force; what there is of new members and statuses, too. */
static void
put_in_force(struct fixture *t, const char *a, const char *b)
{
	char yaml[512];

	snprintf(yaml, sizeof yaml,
	    "studies:\n  - id: one\n    title: First\n    parties:\n      - {org: %s, roles: [sponsor]}\n      - {org: %s, roles: [cro]}\n"
	    "rules:\n  - {id: notes, permit: [x.note]}\n",
	    a, b);
	fixture_policy(&t->f, yaml, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(fixture_take(&t->f, t->hub, fixture_all(&t->f, hub_checkpoint(t->hub)->size), HUB_PROVEN), CONSIGN_OK);
	t->proofs.checkpoint = fixture_update(&t->f, 0);
}

static void
test_slice_is_enough_when_a_party_is_replaced_by_another(void **state)
{
	struct fixture *t = *state;
	struct hub *agent;

	/* The same directory, and as many members of it as before: but another one. */
	assert_int_equal(hub_new(&t->f.hub_id, false, &agent), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, agent, slice(t, "bolt"), HUB_PROVEN), CONSIGN_OK);
	assert_null(hub_member(hub_directory(agent), "dune"));
	put_in_force(t, "bolt", "dune");
	t->proofs.checkpoint = fixture_update(&t->f, hub_checkpoint(agent)->size);
	assert_int_equal(fixture_take(&t->f, agent, slice(t, "bolt"), HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_directory(agent)->version, 1);
	assert_non_null(hub_member(hub_directory(agent), "dune"));
	assert_non_null(hub_card(agent, "dune"));
	hub_free(&agent);
}

static void
test_slice_tells_of_a_compromise_those_who_have_met_it(void **state)
{
	struct fixture *t = *state;

	fixture_org(&t->f, "bolt")->member.status = MEMBER_SUSPENDED;
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	put_in_force(t, "acme", "cora");
	assert_false(slice_mentions(t, "acme", "bolt"));
	fixture_org(&t->f, "bolt")->member.status = MEMBER_COMPROMISED;
	fixture_org(&t->f, "bolt")->member.compromised_since = 3;
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	put_in_force(t, "acme", "cora");
	assert_true(slice_mentions(t, "acme", "bolt"));
	assert_false(slice_mentions(t, "cora", "bolt"));
	assert_false(slice_mentions(t, "dune", "bolt"));
}

static struct session_documents *
slice_since(struct fixture *t, const char *org, uint64_t size)
{
	struct session_documents *d = NULL;

	assert_int_equal(hub_slice_since(t->hub, org, size, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(d->roots.n + d->directories.n + d->policies.n, 0);
	return d;
}

static void
test_slice_since_a_size_holds_the_cards_that_came_after_it(void **state)
{
	struct fixture *t = *state;
	struct hub *agent;
	uint64_t size;

	assert_int_equal(hub_new(&t->f.hub_id, false, &agent), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, agent, slice(t, "acme"), HUB_PROVEN), CONSIGN_OK);
	size = hub_documents_size(agent);
	assert_int_equal(slice_since(t, "acme", size)->cards.n, 0);
	fixture_card(&t->f, "bolt");
	fixture_publish_all(&t->f);
	assert_int_equal(fixture_take(&t->f, t->hub, fixture_all(&t->f, hub_checkpoint(t->hub)->size), HUB_PROVEN), CONSIGN_OK);
	t->proofs.checkpoint = fixture_update(&t->f, hub_checkpoint(agent)->size);
	assert_int_equal(slice_since(t, "acme", size)->cards.n, 1);
	assert_int_equal(slice_since(t, "bolt", size)->cards.n, 1);
	assert_int_equal(slice_since(t, "cora", size)->cards.n, 0); /* has no study with it */
	assert_int_equal(slice_since(t, "dune", size)->cards.n, 0);
	assert_int_equal(fixture_take(&t->f, agent, slice_since(t, "acme", size), HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_card(agent, "bolt")->card->version, 3);
	assert_int_equal(hub_documents_size(agent), size); /* not a whole one: that card may come again */
	hub_free(&agent);
}

static void
test_slice_that_is_whole_is_remembered_until_it_is_doubted(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = NULL;
	struct hub *agent;

	assert_int_equal(hub_new(&t->f.hub_id, false, &agent), CONSIGN_OK);
	assert_int_equal(hub_documents_size(agent), 0);
	assert_int_equal(fixture_take(&t->f, agent, slice(t, "bolt"), HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_documents_size(agent), hub_checkpoint(agent)->size);
	hub_doubt_documents(agent);
	assert_int_equal(hub_slice_card(t->hub, "bolt", "acme", 1, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_documents_size(agent), 0);
	assert_int_equal(hub_slice(t->hub, "bolt", 0, 2, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_documents_size(agent), 0);
	assert_int_equal(fixture_take(&t->f, agent, slice(t, "bolt"), HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_documents_size(agent), hub_checkpoint(agent)->size);
	hub_free(&agent);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_slice_##name, setup, teardown)

/* Mail of a time when they were partners names the card of that time; a later card is not theirs to know. */
static void
test_slice_gives_a_card_of_before_to_who_was_a_partner_then(void **state)
{
	struct fixture *t = *state;
	static const char apart[] = "studies:\n"
				    "  - id: two\n"
				    "    parties:\n"
				    "      - {org: acme, roles: [sponsor]}\n"
				    "      - {org: cora, roles: [site]}\n"
				    "rules:\n"
				    "  - {id: notes, permit: [x.note]}\n";
	struct session_documents *d = NULL;

	fixture_policy(&t->f, apart, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	fixture_card(&t->f, "bolt");
	fixture_publish_all(&t->f);
	hub_free(&t->hub);
	t->hub = hub_fixture_hub(&t->f, true);
	t->proofs = (struct hub_proofs){fixture_prove, &t->f, fixture_update(&t->f, 0)};
	assert_false(hub_may_know(t->hub, "acme", "bolt"));
	assert_int_equal(hub_slice_card(t->hub, "acme", "bolt", 3, &t->proofs, t->arena, &d), CONSIGN_E_NOT_FOUND);
	assert_int_equal(hub_slice_card(t->hub, "cora", "bolt", 1, &t->proofs, t->arena, &d), CONSIGN_E_NOT_FOUND);
	assert_int_equal(hub_slice_card(t->hub, "acme", "bolt", 2, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(hub_slice_card(t->hub, "acme", "bolt", 1, &t->proofs, t->arena, &d), CONSIGN_OK);
	assert_int_equal(hub_slice_card(t->hub, "acme", "cora", 1, &t->proofs, t->arena, &d), CONSIGN_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(is_enough_to_follow_the_hub),
	    CASE(never_speaks_of_what_the_reader_must_not_know),
	    CASE(for_administrators_is_everything),
	    CASE(begins_after_the_root_that_is_known),
	    CASE(of_one_root_holds_directory_and_policy_only),
	    CASE(gives_a_card_to_those_who_may_know_its_org),
	    CASE(may_know_follows_shared_studies),
	    CASE(follows_the_newest_policy),
	    CASE(gives_a_card_of_before_to_who_was_a_partner_then),
	    CASE(is_enough_when_a_party_is_replaced_by_another),
	    CASE(tells_of_a_compromise_those_who_have_met_it),
	    CASE(since_a_size_holds_the_cards_that_came_after_it),
	    CASE(that_is_whole_is_remembered_until_it_is_doubted),
	};

	return cmocka_run_group_tests_name("trust/slice", tests, NULL, NULL);
}
