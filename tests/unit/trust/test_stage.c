/* Verifying Documents messages: what is accepted, and each refusal with its error (PROTOCOL.md 3, 7.4). */
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
	struct hub *hub; /* knows everything of the standard hub */
	char problem[HUB_PROBLEM_BYTES];
};

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 3, 2);
	hub_fixture_standard(&t->f);
	t->hub = hub_fixture_hub(&t->f, true);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	hub_free(&t->hub);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

static uint64_t
size_of(const struct fixture *t)
{
	return hub_checkpoint(t->hub)->size;
}

/* Stages a change for the hub; an error leaves the hub as it was. */
static enum consign_err
stage(struct fixture *t, const struct session_documents *d, enum hub_mode mode)
{
	uint64_t root = hub_root(t->hub)->root->version, size = size_of(t);
	enum consign_err err = fixture_take(&t->f, t->hub, d, mode);

	if (err != CONSIGN_OK) {
		assert_int_equal(hub_root(t->hub)->root->version, root);
		assert_int_equal(size_of(t), size);
	}
	return err;
}

static enum consign_err
stage_fresh(struct fixture *t, const struct session_documents *d)
{
	struct hub *hub;

	assert_int_equal(hub_new(&t->f.hub_id, false, &hub), CONSIGN_OK);
	enum consign_err err = fixture_take(&t->f, hub, d, HUB_PROVEN);

	if (err != CONSIGN_OK)
		assert_null(hub_root(hub));
	hub_free(&hub);
	return err;
}

static void
test_stage_accepts_a_chain_of_roots_with_what_they_name(void **state)
{
	struct fixture *t = *state;

	assert_int_equal(hub_root(t->hub)->root->version, 2);
	assert_int_equal(hub_directory(t->hub)->n_members, 4);
	assert_int_equal(hub_policy(t->hub)->version, 1);
	assert_int_equal(hub_card(t->hub, "dune")->card->version, 1);
	fixture_root(&t->f, 3);
	fixture_root(&t->f, 6);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_root(t->hub)->root->version, 4);
}

static void
test_stage_of_what_is_known_is_empty(void **state)
{
	struct fixture *t = *state;
	struct hub_stage *s = NULL;

	assert_int_equal(
	    hub_stage(t->hub, fixture_encode(&t->f, &wire_session_documents, fixture_all(&t->f, 0)), HUB_PROVEN, &s, t->problem),
	    CONSIGN_OK);
	assert_true(hub_stage_is_empty(s));
	hub_stage_free(&s);
	assert_null(s);
}

static void
test_stage_refuses_bytes_that_are_no_documents(void **state)
{
	struct fixture *t = *state;
	struct hub_stage *s = NULL;

	assert_int_equal(hub_stage(t->hub, slice_text("nonsense"), HUB_PROVEN, &s, t->problem), CONSIGN_E_MALFORMED);
	assert_null(s);
	assert_true(t->problem[0] != '\0');
}

static void
test_stage_counts_two_of_three(void **state)
{
	struct fixture *t = *state;

	fixture_publish(&t->f, fixture_root(&t->f, 1));
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
}

/* The form allows no key id twice, so the second signature of one key hides behind another administrator's id. */
static void
test_stage_counts_an_administrator_once(void **state)
{
	struct fixture *t = *state;
	struct fixture_document *root = fixture_root(&t->f, 1);
	struct signed_document *d = root->document->document;
	struct doc_signature twice = *d->signatures.v[0];

	key_id_of(&t->f.admins[1].admin.signing_key, &twice.key_id);
	d->signatures.v[d->signatures.n++] = &twice;
	fixture_publish(&t->f, root);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
}

static void
test_stage_counts_no_stranger(void **state)
{
	struct fixture *t = *state;
	struct fixture_org *acme = fixture_org(&t->f, "acme");
	struct fixture_document *root = fixture_root(&t->f, 1);
	struct signed_document *d = root->document->document;
	struct doc_signature stranger;

	key_id_of(&acme->identity_public, &stranger.key_id);
	sign_make(acme->identity, SIGN_ROOT, &t->f.hub_id, d->content, &stranger.signature);
	d->signatures.v[d->signatures.n++] = &stranger;
	fixture_publish(&t->f, root);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
}

/* An administrator who is new in a root does not vouch for that root. */
static void
test_stage_asks_the_administrators_of_the_root_before(void **state)
{
	struct fixture *t = *state;
	struct admin old = t->f.admins[0].admin;
	struct secret *signing;

	assert_int_equal(sign_keypair(&signing, &t->f.admins[0].admin.signing_key), CONSIGN_OK);
	struct secret *old_signing = t->f.admins[0].signing;

	t->f.admins[0].signing = signing;
	fixture_publish(&t->f, fixture_root(&t->f, 3)); /* 0 is new, 1 is old: one of two */
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
	t->f.roots.n--;
	fixture_publish(&t->f, fixture_root(&t->f, 6)); /* 1 and 2 are old */
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_OK);
	assert_memory_not_equal(hub_root(t->hub)->root->admins.v[0]->signing_key.b, old.signing_key.b, 32);
	secret_free(&old_signing);
}

static void
test_stage_refuses_a_root_that_names_another_before_it(void **state)
{
	struct fixture *t = *state;

	t->f.roots.v[1].hash.b[0] ^= 1;
	struct fixture_document *root = fixture_root(&t->f, FIXTURE_ALL_SIGN);

	t->f.roots.v[1].hash.b[0] ^= 1;
	fixture_publish(&t->f, root);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_FORK);
}

static void
test_stage_refuses_a_root_of_another_hub(void **state)
{
	struct fixture *t = *state;
	struct consign_hash mine = t->f.hub_id;

	t->f.hub_id.b[0] ^= 1;
	struct fixture_document *root = fixture_root(&t->f, FIXTURE_ALL_SIGN);

	t->f.hub_id = mine;
	fixture_publish(&t->f, root);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_MALFORMED);
}

static void
test_stage_refuses_the_first_root_of_another_hub(void **state)
{
	struct fixture *t = *state;
	struct hub_fixture other;
	struct hub *hub;

	hub_fixture_begin(&other, 1, 1);
	struct session_documents *d = fixture_none(&other, 0);

	fixture_pass(&other, 1);
	fixture_add_root(&other, d, &other.roots.v[0]);
	assert_int_equal(hub_new(&t->f.hub_id, false, &hub), CONSIGN_OK);
	assert_int_equal(fixture_take(&other, hub, d, HUB_PROVEN), CONSIGN_E_FORK);
	hub_free(&hub);
	hub_fixture_end(&other);
}

static void
test_stage_refuses_a_gap_between_roots(void **state)
{
	struct fixture *t = *state;

	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	struct session_documents *d = fixture_none(&t->f, size_of(t));

	fixture_add_root(&t->f, d, fixture_at(&t->f.roots, 4));
	assert_int_equal(stage(t, d, HUB_PROVEN), CONSIGN_E_STALE);
}

static void
test_stage_refuses_documents_before_any_root(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->roots.n = 0;
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_STALE);
}

static void
test_stage_refuses_other_content_under_a_known_root_version(void **state)
{
	struct fixture *t = *state;

	t->f.roots.n = 1; /* root 2 again, from other documents */
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_FORK);
}

static void
test_stage_never_goes_back_to_an_older_root(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_none(&t->f, size_of(t));

	fixture_add_root(&t->f, d, fixture_at(&t->f.roots, 1));
	assert_int_equal(stage(t, d, HUB_PROVEN), CONSIGN_OK); /* the same as known: nothing new */
	assert_int_equal(hub_root(t->hub)->root->version, 2);
}

static void
test_stage_refuses_a_checkpoint_smaller_than_the_last(void **state)
{
	struct fixture *t = *state;
	struct checkpoint_update *old = fixture_update(&t->f, 0);

	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_OK);
	struct session_documents *d = fixture_none(&t->f, size_of(t));

	d->checkpoint = old;
	assert_int_equal(stage(t, d, HUB_PROVEN), CONSIGN_E_STALE);
}

static void
test_stage_refuses_a_checkpoint_of_another_history(void **state)
{
	struct fixture *t = *state;
	struct hub_fixture other = t->f; /* the same keys, a ledger of its own */
	struct tree_store nothing = {NULL, NULL};

	other.nodes = NULL;
	other.n_nodes = other.cap_nodes = 0;
	assert_int_equal(tree_new(&nothing, 0, &other.tree), CONSIGN_OK);
	fixture_pass(&other, size_of(t));
	struct session_documents *d = fixture_none(&t->f, 0);

	d->checkpoint = fixture_update(&other, 0);
	assert_int_equal(stage(t, d, HUB_PROVEN), CONSIGN_E_FORK);
	fixture_pass(&other, 3);
	d->checkpoint = fixture_update(&other, size_of(t));
	assert_int_equal(stage(t, d, HUB_PROVEN), CONSIGN_E_BAD_PROOF);
	tree_free(&other.tree);
	free(other.nodes);
}

static void
test_stage_refuses_a_checkpoint_under_another_key(void **state)
{
	struct fixture *t = *state;
	struct hub_fixture other = t->f;

	other.ledger = t->f.receipt;
	struct session_documents *d = fixture_none(&t->f, 0);

	fixture_pass(&t->f, 1);
	d->checkpoint = fixture_update(&other, size_of(t));
	assert_int_not_equal(stage(t, d, HUB_PROVEN), CONSIGN_OK);
}

static void
test_stage_refuses_documents_without_a_checkpoint(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->checkpoint = NULL;
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_PROOF);
}

static void
test_stage_refuses_a_leaf_of_another_document(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->cards.v[0]->leaf = d->cards.v[1]->leaf;
	d->cards.v[0]->path = d->cards.v[1]->path;
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_PROOF);
}

static void
test_stage_refuses_a_proof_to_another_checkpoint(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0); /* paths to the checkpoint of now */

	fixture_pass(&t->f, 5);
	d->checkpoint = fixture_update(&t->f, 0);
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_PROOF);
}

static void
test_stage_refuses_a_document_without_leaf(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->policies.v[0]->head->leaf = NULL;
	d->policies.v[0]->head->path = NULL;
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_PROOF);
}

static void
test_stage_refuses_roots_whose_leaves_do_not_rise(void **state)
{
	struct fixture *t = *state;
	struct fixture_document *third = fixture_root(&t->f, FIXTURE_ALL_SIGN), *fourth = fixture_root(&t->f, FIXTURE_ALL_SIGN);

	fixture_publish(&t->f, fourth);
	fixture_publish(&t->f, third);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_PROOF);
}

/* The same in two messages: the leaf of the next root must be after the one that is known. */
static void
test_stage_refuses_a_root_whose_leaf_is_before_that_of_the_known_one(void **state)
{
	struct fixture *t = *state;
	struct hub *hub;
	struct fixture_document *third = fixture_root(&t->f, FIXTURE_ALL_SIGN), *fourth = fixture_root(&t->f, FIXTURE_ALL_SIGN);

	fixture_publish(&t->f, fourth);
	fixture_publish(&t->f, third);
	struct session_documents *first = fixture_all(&t->f, 0), *second = fixture_none(&t->f, tree_size(t->f.tree));

	first->roots.n = 3;
	fixture_add_root(&t->f, second, fourth);
	assert_int_equal(hub_new(&t->f.hub_id, false, &hub), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, hub, first, HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, hub, second, HUB_PROVEN), CONSIGN_E_BAD_PROOF);
	hub_free(&hub);
}

static void
test_stage_refuses_a_directory_that_no_root_names(void **state)
{
	struct fixture *t = *state;

	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_STALE);
}

static void
test_stage_refuses_a_directory_other_than_the_root_names(void **state)
{
	struct fixture *t = *state;

	t->f.directories.n = 0;
	fixture_directory(&t->f, FIXTURE_ALL_SIGN); /* version 1 again: other salts */
	fixture_publish_all(&t->f);
	assert_int_equal(stage_fresh(t, fixture_all(&t->f, 0)), CONSIGN_E_FORK);
}

static void
test_stage_refuses_heads_that_too_few_signed(void **state)
{
	struct fixture *t = *state;

	fixture_directory(&t->f, 4);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
	t->f.roots.n = 2;
	t->f.directories.n = 1;
	fixture_policy(&t->f, fixture_yaml, 2);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
}

static void
test_stage_refuses_an_altered_part(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);
	struct consign_slice *part = &d->directories.v[0]->parts.v[1];

	*part = arena_copy(t->f.arena, *part);
	((uint8_t *)(uintptr_t)part->data)[part->len - 1] ^= 1;
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_SIGNATURE);
}

static void
test_stage_refuses_a_foreign_part(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->policies.v[0]->parts.v[0] = d->directories.v[0]->parts.v[0];
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_BAD_SIGNATURE);
}

static void
test_stage_refuses_missing_parts_where_all_are_demanded(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);
	struct hub *broker;

	d->policies.v[0]->parts.n--;
	assert_int_equal(stage_fresh(t, d), CONSIGN_OK); /* a slice */
	assert_int_equal(hub_new(&t->f.hub_id, true, &broker), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, broker, d, HUB_PROVEN), CONSIGN_E_DENIED);
	hub_free(&broker);
}

/* A part sent twice does not stand for one that is missing: the text of the policy, given twice, hides a study. */
static void
test_stage_refuses_a_part_twice_in_place_of_another(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);
	struct hub *broker;
	struct sliced_bundle *policy = d->policies.v[0];

	policy->parts.v[1] = policy->parts.v[policy->parts.n - 1]; /* the source is last */
	assert_int_equal(hub_new(&t->f.hub_id, true, &broker), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, broker, d, HUB_PROVEN), CONSIGN_E_DENIED);
	hub_free(&broker);
}

/* Who demands everything cannot take in a root without the directory and policy that it names. */
static void
test_stage_refuses_a_root_without_what_it_names_where_all_is_demanded(void **state)
{
	struct fixture *t = *state;

	fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	struct session_documents *d = fixture_none(&t->f, 0);

	d->checkpoint = NULL;
	fixture_add_root(&t->f, d, fixture_newest(&t->f.roots));
	assert_int_equal(stage(t, d, HUB_PUBLISH), CONSIGN_E_DENIED);
}

static void
test_stage_takes_more_parts_of_a_known_version(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);
	struct hub *agent;

	d->policies.v[0]->parts.n = 2;
	assert_int_equal(hub_new(&t->f.hub_id, false, &agent), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_policy(agent)->n_parts, 2);
	d->policies.v[0]->parts.n = 4;
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_policy(agent)->n_parts, 4);
	hub_free(&agent);
}

/* A slice of directory and policy: the first part and the one at `second`; with the cards when they are wanted. */
static struct session_documents *
two_parts(struct fixture *t, size_t second)
{
	struct session_documents *d = fixture_none(&t->f, 0);
	struct consign_slice *v;

	for (size_t i = 0; i < t->f.roots.n; i++)
		fixture_add_root(&t->f, d, &t->f.roots.v[i]);
	fixture_add_directory(&t->f, d, fixture_newest(&t->f.directories));
	fixture_add_policy(&t->f, d, fixture_newest(&t->f.policies));
	for (size_t i = 0; i < 2; i++) {
		struct sliced_bundle **b = i == 0 ? &d->directories.v[0] : &d->policies.v[0],
				     *copy = arena_alloc(t->f.arena, sizeof *copy);

		v = arena_alloc(t->f.arena, 2 * sizeof *v);
		v[0] = (*b)->parts.v[0];
		v[1] = (*b)->parts.v[second];
		*copy = **b;
		copy->parts.v = v;
		copy->parts.n = 2;
		*b = copy;
	}
	return d;
}

/* A partner goes and another comes, in a policy that leaves the directory as it is: the slice is as large, and another. */
static void
test_stage_keeps_what_it_had_beside_another_slice_of_a_known_version(void **state)
{
	struct fixture *t = *state;
	struct hub *agent, *again;

	assert_int_equal(hub_new(&t->f.hub_id, false, &agent), CONSIGN_OK);
	assert_int_equal(hub_new(&t->f.hub_id, false, &again), CONSIGN_OK);
	for (size_t second = 1; second <= 2; second++)
		for (unsigned times = 0; times < 2; times++) {
			struct hub_stage *stage = NULL;
			char problem[HUB_PROBLEM_BYTES];
			struct buf stored = {0};

			assert_int_equal(hub_stage(agent, fixture_encode(&t->f, &wire_session_documents, two_parts(t, second)),
					     HUB_PROVEN, &stage, problem),
			    CONSIGN_OK);
			assert_int_equal(hub_stage_is_empty(stage), times == 1);
			assert_int_equal(hub_stage_encode(stage, &stored), CONSIGN_OK);
			hub_adopt(agent, &stage);
			assert_int_equal(hub_take_stored(again, buf_slice(&stored), problem), CONSIGN_OK);
			buf_clear(&stored);
		}
	for (size_t i = 0; i < 2; i++) {
		struct hub *hub = i == 0 ? agent : again;

		assert_int_equal(hub_directory(hub)->n_members, 3);
		assert_int_equal(hub_directory(hub)->bundle->parts.n, 3);
		for (const char *const *org = (const char *const[]){"acme", "bolt", "cora", NULL}; *org != NULL; org++)
			assert_string_equal(hub_member(hub_directory(hub), *org)->org.s, *org);
		assert_int_equal(hub_policy(hub)->n_parts, 3);
		assert_true(policy_is_party(hub_policy(hub)->policy, "one", "bolt"));
		assert_true(policy_is_party(hub_policy(hub)->policy, "two", "cora"));
	}
	hub_free(&agent);
	hub_free(&again);
}

static void
test_stage_refuses_a_card_of_nobody(void **state)
{
	struct fixture *t = *state;

	fixture_card(&t->f, "echo-labs");
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_NOT_FOUND);
}

static void
test_stage_refuses_a_card_of_another_identity_key(void **state)
{
	struct fixture *t = *state;
	struct fixture_org *bolt = fixture_org(&t->f, "bolt"), *acme = fixture_org(&t->f, "acme");
	struct consign_public_key own = bolt->identity_public;
	struct secret *own_secret = bolt->identity;

	bolt->identity_public = acme->identity_public;
	bolt->identity = acme->identity;
	fixture_card(&t->f, "bolt");
	bolt->identity_public = own;
	bolt->identity = own_secret;
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
}

static void
test_stage_refuses_a_card_that_another_key_signed(void **state)
{
	struct fixture *t = *state;
	struct fixture_document *card = fixture_card(&t->f, "bolt");

	card->document =
	    fixture_document_by(&t->f, SIGN_CARD, fixture_org(&t->f, "acme")->identity, card->document->document->content);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
}

/* An identity key that the directory has replaced signs nothing any more, whatever old directory comes along. */
static void
test_stage_goes_by_the_identity_key_of_the_newest_directory(void **state)
{
	struct fixture *t = *state;
	struct hub *agent;
	struct fixture_org *bolt = fixture_org(&t->f, "bolt");
	struct secret *stolen = bolt->identity;
	struct consign_public_key stolen_public = bolt->identity_public;

	assert_int_equal(sign_keypair(&bolt->identity, &bolt->identity_public), CONSIGN_OK);
	bolt->member.identity_key = bolt->identity_public;
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	/* This agent joined later: it has the newest directory only. */
	struct session_documents *d = fixture_all(&t->f, 0);

	d->directories.v[0] = d->directories.v[1];
	d->directories.n = 1;
	d->cards.n = 1; /* acme's */
	assert_int_equal(hub_new(&t->f.hub_id, false, &agent), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_OK);

	struct secret *own = bolt->identity;
	struct consign_public_key own_public = bolt->identity_public;

	bolt->identity = stolen;
	bolt->identity_public = stolen_public;
	struct fixture_document *forged = fixture_card(&t->f, "bolt");

	bolt->identity = own;
	bolt->identity_public = own_public;
	fixture_publish_all(&t->f);
	d = fixture_none(&t->f, hub_checkpoint(agent)->size);
	fixture_add_card(&t->f, d, forged);
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
	fixture_add_directory(&t->f, d, fixture_at(&t->f.directories, 1));
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
	secret_free(&stolen);
	hub_free(&agent);
}

static void
test_stage_refuses_a_next_card_that_names_another_before_it(void **state)
{
	struct fixture *t = *state;

	t->f.cards.v[1].hash.b[0] ^= 1;
	fixture_card(&t->f, "bolt");
	t->f.cards.v[1].hash.b[0] ^= 1;
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_FORK);
}

static void
test_stage_refuses_another_card_under_a_known_version(void **state)
{
	struct fixture *t = *state;
	struct fixture_documents all = t->f.cards;

	t->f.cards.n = 0;
	fixture_org(&t->f, "acme")->transport_public.b[0] ^= 1;
	fixture_card(&t->f, "acme");
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_FORK);
	t->f.cards = all;
}

static void
test_stage_refuses_a_card_twice(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->cards.v[d->cards.n++] = d->cards.v[0];
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_MALFORMED);
}

static void
test_stage_refuses_a_published_card_that_leaves_a_gap(void **state)
{
	struct fixture *t = *state;

	fixture_card(&t->f, "bolt");
	fixture_card(&t->f, "bolt");
	struct session_documents *d = fixture_none(&t->f, 0);

	d->checkpoint = NULL;
	fixture_add_card(&t->f, d, fixture_newest(&t->f.cards));
	assert_int_equal(stage(t, d, HUB_PUBLISH), CONSIGN_E_STALE);
}

static void
test_stage_refuses_documents_in_each_others_place(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->cards.v[0] = d->roots.v[1];
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_MALFORMED);
	d = fixture_all(&t->f, 0);
	d->roots.v[1] = d->cards.v[0];
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_MALFORMED);
	d = fixture_all(&t->f, 0);
	d->directories.v[0] = d->policies.v[0];
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_MALFORMED);
	d = fixture_all(&t->f, 0);
	d->policies.v[0] = d->directories.v[0];
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_MALFORMED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_stage_##name, setup, teardown)

/* ── reasons ── */

/* The next of everything, with a reason; the document that a case is about: the root, the directory, the policy. */
static void
make_with_reason(struct fixture *t, struct published_document *ret_documents[3])
{
	t->f.reason = "four eyes saw it";
	ret_documents[1] = fixture_directory(&t->f, FIXTURE_ALL_SIGN)->bundle->head;
	ret_documents[2] = fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN)->bundle->head;
	ret_documents[0] = fixture_root(&t->f, FIXTURE_ALL_SIGN)->document;
	fixture_publish_all(&t->f);
}

static enum consign_err
stage_all(struct fixture *t)
{
	return stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN);
}

static void
test_stage_refuses_any_reason_but_the_one_that_was_signed(void **state)
{
	struct fixture *t = *state;
	struct published_document *documents[3];

	make_with_reason(t, documents);
	for (size_t i = 0; i < 3; i++) {
		struct reason *good = documents[i]->reason, altered = *good;

		documents[i]->reason = &altered;
		altered.text = slice_text("nobody saw it");
		assert_int_equal(stage_all(t), CONSIGN_E_BAD_SIGNATURE);
		assert_int_equal(stage_fresh(t, fixture_all(&t->f, 0)), CONSIGN_E_BAD_SIGNATURE); /* an organisation, too */
		altered.text = good->text;
		altered.salt.b[0] ^= 1;
		assert_int_equal(stage_all(t), CONSIGN_E_BAD_SIGNATURE);
		documents[i]->reason = good;
	}
	assert_int_equal(stage_all(t), CONSIGN_OK);
	assert_true(slice_equal(hub_root(t->hub)->root->reason, slice_text("four eyes saw it")));
	assert_true(slice_equal(hub_directory(t->hub)->head->reason, slice_text("four eyes saw it")));
	assert_true(slice_equal(hub_policy(t->hub)->head->reason, slice_text("four eyes saw it")));
}

/* Who demands everything is not put off with a digest; an organisation gets no more. */
static void
test_stage_demands_the_reason_for_who_has_to_have_everything(void **state)
{
	struct fixture *t = *state;
	struct published_document *documents[3];

	make_with_reason(t, documents);
	for (size_t i = 0; i < 3; i++) {
		struct reason *good = documents[i]->reason;

		documents[i]->reason = NULL;
		assert_int_equal(stage_all(t), CONSIGN_E_DENIED);
		assert_int_equal(stage_fresh(t, fixture_all(&t->f, 0)), CONSIGN_OK);
		documents[i]->reason = good;
	}
	assert_int_equal(stage_all(t), CONSIGN_OK);
}

static void
test_stage_refuses_a_reason_where_none_was_signed(void **state)
{
	struct fixture *t = *state;
	struct reason invented = {.text = slice_text("words put into their mouths")};
	struct fixture_document *root = fixture_root(&t->f, FIXTURE_ALL_SIGN), *card = fixture_card(&t->f, "bolt");

	fixture_publish_all(&t->f);
	root->document->reason = &invented;
	assert_int_equal(stage_all(t), CONSIGN_E_BAD_SIGNATURE);
	root->document->reason = NULL;
	card->document->reason = &invented;
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_MALFORMED);
	card->document->reason = NULL;
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(accepts_a_chain_of_roots_with_what_they_name),
	    CASE(of_what_is_known_is_empty),
	    CASE(refuses_bytes_that_are_no_documents),
	    CASE(counts_two_of_three),
	    CASE(counts_an_administrator_once),
	    CASE(counts_no_stranger),
	    CASE(asks_the_administrators_of_the_root_before),
	    CASE(refuses_a_root_that_names_another_before_it),
	    CASE(refuses_a_root_of_another_hub),
	    CASE(refuses_the_first_root_of_another_hub),
	    CASE(refuses_a_gap_between_roots),
	    CASE(refuses_documents_before_any_root),
	    CASE(refuses_other_content_under_a_known_root_version),
	    CASE(never_goes_back_to_an_older_root),
	    CASE(refuses_a_checkpoint_smaller_than_the_last),
	    CASE(refuses_a_checkpoint_of_another_history),
	    CASE(refuses_a_checkpoint_under_another_key),
	    CASE(refuses_documents_without_a_checkpoint),
	    CASE(refuses_a_leaf_of_another_document),
	    CASE(refuses_a_proof_to_another_checkpoint),
	    CASE(refuses_a_document_without_leaf),
	    CASE(refuses_roots_whose_leaves_do_not_rise),
	    CASE(refuses_a_root_whose_leaf_is_before_that_of_the_known_one),
	    CASE(refuses_a_directory_that_no_root_names),
	    CASE(refuses_a_directory_other_than_the_root_names),
	    CASE(refuses_heads_that_too_few_signed),
	    CASE(refuses_an_altered_part),
	    CASE(refuses_a_foreign_part),
	    CASE(refuses_missing_parts_where_all_are_demanded),
	    CASE(refuses_a_part_twice_in_place_of_another),
	    CASE(refuses_a_root_without_what_it_names_where_all_is_demanded),
	    CASE(takes_more_parts_of_a_known_version),
	    CASE(keeps_what_it_had_beside_another_slice_of_a_known_version),
	    CASE(refuses_a_card_of_nobody),
	    CASE(refuses_a_card_of_another_identity_key),
	    CASE(refuses_a_card_that_another_key_signed),
	    CASE(goes_by_the_identity_key_of_the_newest_directory),
	    CASE(refuses_a_next_card_that_names_another_before_it),
	    CASE(refuses_another_card_under_a_known_version),
	    CASE(refuses_a_card_twice),
	    CASE(refuses_a_published_card_that_leaves_a_gap),
	    CASE(refuses_documents_in_each_others_place),
	    CASE(refuses_any_reason_but_the_one_that_was_signed),
	    CASE(demands_the_reason_for_who_has_to_have_everything),
	    CASE(refuses_a_reason_where_none_was_signed),
	};

	return cmocka_run_group_tests_name("trust/stage", tests, NULL, NULL);
}
