/* Directories and policies of Documents messages: those that a root names, signed likewise, with all parts or a slice of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stage_fixture.h"

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

/* Two of three have signed a policy of this version, but not the same one; the root, which all signed, names the first. */
static void
test_stage_refuses_a_policy_of_which_two_signed_different_contents(void **state)
{
	struct fixture *t = *state;
	struct fixture_document one = *fixture_policy(&t->f, fixture_yaml, 1);

	t->f.policies.n--;
	struct fixture_document *other = fixture_policy(&t->f, "studies: []\nrules: []\n", 2);
	struct signed_document *of_one = one.bundle->head->document, *of_other = other->bundle->head->document;

	assert_true(one.version == other->version);
	assert_false(slice_equal(of_one->content, of_other->content));
	of_one->signatures.v[of_one->signatures.n++] = of_other->signatures.v[0];
	*other = one;
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
	assert_int_equal(hub_policy(t->hub)->version, 1);
	/* With what the second signs over the same bytes it is in force. */
	of_one->signatures.v[1] = fixture_sign(&t->f, SIGN_POLICY, &t->f.hub_id, of_one->content, 2)->signatures.v[0];
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_OK);
	assert_int_equal(hub_policy(t->hub)->version, 2);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGE_TEST(test_stage_refuses_a_directory_that_no_root_names),
	    STAGE_TEST(test_stage_refuses_a_directory_other_than_the_root_names),
	    STAGE_TEST(test_stage_refuses_heads_that_too_few_signed),
	    STAGE_TEST(test_stage_refuses_a_policy_of_which_two_signed_different_contents),
	    STAGE_TEST(test_stage_refuses_an_altered_part),
	    STAGE_TEST(test_stage_refuses_a_foreign_part),
	    STAGE_TEST(test_stage_refuses_missing_parts_where_all_are_demanded),
	    STAGE_TEST(test_stage_refuses_a_part_twice_in_place_of_another),
	    STAGE_TEST(test_stage_refuses_a_root_without_what_it_names_where_all_is_demanded),
	    STAGE_TEST(test_stage_takes_more_parts_of_a_known_version),
	    STAGE_TEST(test_stage_keeps_what_it_had_beside_another_slice_of_a_known_version),
	};

	return cmocka_run_group_tests_name("trust/stage_sliced", tests, NULL, NULL);
}
