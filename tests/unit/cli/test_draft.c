/* Tests of cli/draft.c: what it makes is what lib/trust accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "draft.h"

struct fixture {
	struct secret *signing, *other;
	struct admin admin;
	struct broker_keys broker;
	struct root root;
	struct consign_hash random;
	struct admin *admins[1];
	struct hub *hub;
	char problem[HUB_PROBLEM_BYTES];
};

/* Verifies a draft as the broker does, and takes it in. */
static enum consign_err
adopt(struct fixture *f, const struct draft *draft)
{
	struct buf encoded = {0};
	struct hub_stage *stage = NULL;
	enum consign_err err;

	assert_int_equal(session_documents_encode(&draft->documents, &encoded), CONSIGN_OK);
	err = hub_stage(f->hub, buf_slice(&encoded), HUB_PUBLISH, &stage, f->problem);
	if (err == CONSIGN_OK)
		hub_adopt(f->hub, &stage);
	buf_clear(&encoded);
	return err;
}

static void
make_hub(struct fixture *f)
{
	static const struct consign_hash no_hub;
	struct policy_common no_rules = {0};
	struct policy_part common = {.common = &no_rules};
	struct consign_slice part;
	struct draft draft;

	assert_int_equal(draft_start(&draft, &no_hub, f->signing, 1000, "made"), CONSIGN_OK);
	assert_int_equal(draft_first_root(&draft, &f->root), CONSIGN_OK);
	struct consign_hash first = draft.root.hash;

	assert_memory_equal(draft.hub_id.b, first.b, 32);
	assert_int_equal(draft_directory(&draft, NULL, NULL, 0), CONSIGN_OK);
	assert_int_equal(draft_policy_part(&draft, &common, &part), CONSIGN_OK);
	assert_int_equal(draft_policy(&draft, NULL, &part, 1), CONSIGN_OK);
	assert_int_equal(draft_root(&draft, &f->root, &first), CONSIGN_OK);
	assert_int_equal(hub_new(&first, true, &f->hub), CONSIGN_OK);
	assert_int_equal(adopt(f, &draft), CONSIGN_OK);
	draft_clear(&draft);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_int_equal(sign_keypair(&f->signing, &f->admin.signing_key), CONSIGN_OK);
	struct consign_public_key public;

	assert_int_equal(sign_keypair(&f->other, &public), CONSIGN_OK);
	strcpy(f->admin.name, "admin");
	strcpy(f->broker.endpoint, "tcp://h:1");
	f->admins[0] = &f->admin;
	f->root = (struct root){.format = 1,
	    .version = 1,
	    .created_us = 1,
	    .random = SLICE_ARRAY(f->random.b),
	    .name = slice_text("Pilot"),
	    .admins = {f->admins, 1},
	    .threshold = 1,
	    .broker = &f->broker};
	make_hub(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	secret_free(&f->signing);
	secret_free(&f->other);
	hub_free(&f->hub);
	free(f);
	return 0;
}

/* A next directory with members a1, a2 … a<n>. */
static enum consign_err
publish_members(struct fixture *f, const struct secret *signing, size_t n)
{
	const struct hub_root *root = hub_root(f->hub);
	struct member member = {.status = MEMBER_ACTIVE, .name = slice_text("A")};
	struct consign_slice parts[9];
	struct draft draft;

	assert_int_equal(draft_start(&draft, hub_id(f->hub), signing, 2000, "members"), CONSIGN_OK);
	for (size_t i = 0; i < n; i++) {
		strcpy(member.org.s, "a0");
		member.org.s[1] = (char)('1' + i);
		member.identity_key.b[0] = (uint8_t)i;
		assert_int_equal(draft_member_part(&draft, &member, &parts[i]), CONSIGN_OK);
	}
	assert_int_equal(draft_directory(&draft, hub_directory(f->hub), parts, n), CONSIGN_OK);
	assert_int_equal(draft_root(&draft, root->root, &root->hash), CONSIGN_OK);
	enum consign_err err = adopt(f, &draft);

	draft_clear(&draft);
	return err;
}

static void
test_draft_of_a_first_hub_is_accepted(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(hub_root(f->hub)->root->version, 2);
	assert_int_equal(hub_directory(f->hub)->version, 1);
	assert_int_equal(hub_policy(f->hub)->version, 1);
}

static void
test_draft_of_the_next_directory_is_accepted_and_leaves_the_policy(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(publish_members(f, f->signing, 3), CONSIGN_OK);
	assert_int_equal(hub_root(f->hub)->root->version, 3);
	assert_int_equal(hub_directory(f->hub)->version, 2);
	assert_int_equal(hub_directory(f->hub)->n_members, 3);
	assert_non_null(hub_member(hub_directory(f->hub), "a2"));
	assert_int_equal(hub_policy(f->hub)->version, 1);
	assert_int_equal(publish_members(f, f->signing, 2), CONSIGN_OK);
	assert_int_equal(hub_directory(f->hub)->version, 3);
	assert_null(hub_member(hub_directory(f->hub), "a3"));
}

static void
test_draft_by_another_key_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(publish_members(f, f->other, 1), CONSIGN_E_BAD_SIGNATURE);
	assert_int_equal(hub_root(f->hub)->root->version, 2);
}

static void
test_draft_salts_make_equal_parts_differ(void **state)
{
	struct fixture *f = *state;
	struct member member = {.org = {"acme"}, .status = MEMBER_ACTIVE};
	struct consign_slice a, b;
	struct draft draft;

	assert_int_equal(draft_start(&draft, hub_id(f->hub), f->signing, 1, NULL), CONSIGN_OK);
	assert_int_equal(draft_member_part(&draft, &member, &a), CONSIGN_OK);
	assert_int_equal(draft_member_part(&draft, &member, &b), CONSIGN_OK);
	assert_false(slice_equal(a, b));
	draft_clear(&draft);
}

static void
test_draft_with_a_reason_that_is_no_text_is_refused(void **state)
{
	struct fixture *f = *state;
	struct draft draft;

	assert_int_equal(draft_start(&draft, hub_id(f->hub), f->signing, 1, "line\nbreak"), CONSIGN_OK);
	assert_int_equal(draft_directory(&draft, hub_directory(f->hub), NULL, 0), CONSIGN_E_MALFORMED);
	draft_clear(&draft);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_draft_of_a_first_hub_is_accepted),
	    TEST(test_draft_of_the_next_directory_is_accepted_and_leaves_the_policy),
	    TEST(test_draft_by_another_key_is_refused),
	    TEST(test_draft_salts_make_equal_parts_differ),
	    TEST(test_draft_with_a_reason_that_is_no_text_is_refused),
	};

	if (secret_start() != CONSIGN_OK)
		return 1;
	return cmocka_run_group_tests_name("cli/draft", tests, NULL, NULL);
}
