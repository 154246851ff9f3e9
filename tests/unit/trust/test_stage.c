/* Verifying Documents messages (PROTOCOL.md 3, 7.4): the chain of roots, and who must have signed each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stage_fixture.h"

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

/* Two of three have signed, but not the same: neither root is one that two signed, whichever of them carries the signatures. */
static void
test_stage_counts_nobody_who_signed_other_contents(void **state)
{
	struct fixture *t = *state;
	struct fixture_document one = *fixture_root(&t->f, 1);

	t->f.roots.n--;
	t->f.reason = "another";
	struct fixture_document *other = fixture_root(&t->f, 2);
	struct signed_document *of_one = one.document->document, *of_other = other->document->document;
	struct doc_signature *first = of_one->signatures.v[0], *second = of_other->signatures.v[0];

	assert_true(one.version == other->version);
	assert_false(slice_equal(of_one->content, of_other->content));
	of_other->signatures.v[of_other->signatures.n++] = first;
	fixture_publish(&t->f, other);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
	of_one->signatures.v[of_one->signatures.n++] = second;
	*other = one;
	fixture_publish(&t->f, other);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
	/* With what the second signs over the same bytes it is one. */
	of_one->signatures.v[1] = fixture_sign(&t->f, SIGN_ROOT, &t->f.hub_id, of_one->content, 2)->signatures.v[0];
	fixture_publish(&t->f, other);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_OK);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGE_TEST(test_stage_accepts_a_chain_of_roots_with_what_they_name),
	    STAGE_TEST(test_stage_of_what_is_known_is_empty),
	    STAGE_TEST(test_stage_refuses_bytes_that_are_no_documents),
	    STAGE_TEST(test_stage_counts_two_of_three),
	    STAGE_TEST(test_stage_counts_an_administrator_once),
	    STAGE_TEST(test_stage_counts_no_stranger),
	    STAGE_TEST(test_stage_counts_nobody_who_signed_other_contents),
	    STAGE_TEST(test_stage_asks_the_administrators_of_the_root_before),
	    STAGE_TEST(test_stage_refuses_a_root_that_names_another_before_it),
	    STAGE_TEST(test_stage_refuses_a_root_of_another_hub),
	    STAGE_TEST(test_stage_refuses_the_first_root_of_another_hub),
	    STAGE_TEST(test_stage_refuses_a_gap_between_roots),
	    STAGE_TEST(test_stage_refuses_documents_before_any_root),
	    STAGE_TEST(test_stage_refuses_other_content_under_a_known_root_version),
	    STAGE_TEST(test_stage_never_goes_back_to_an_older_root),
	    STAGE_TEST(test_stage_refuses_documents_in_each_others_place),
	};

	return cmocka_run_group_tests_name("trust/stage", tests, NULL, NULL);
}
