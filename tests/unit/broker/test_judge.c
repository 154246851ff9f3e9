/* The judgement of a submission: one row a code that it can give, in the order of PROTOCOL.md 7.5. */
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
#include "judge.h"

struct fixture {
	struct hub_fixture f;
	struct hub *hub;
	struct arena *arena;
};

/* What a case may change before it is judged. */
struct submission {
	struct fixture *t;
	const char *org;
	struct manifest *m;
	struct signed_manifest *sm;
	struct consign_slice body;
	uint64_t now_us;
	bool is_signed; /* sm is what the case made */
};

static const char *const to_bolt[] = {"bolt"};

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	t->hub = hub_fixture_hub(&t->f, true);
	assert_int_equal(arena_new(1 << 20, &t->arena), CONSIGN_OK);
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

/* The next directory, with what the case did to the members, comes into force. */
static void
new_directory(struct fixture *t)
{
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	assert_int_equal(fixture_take(&t->f, t->hub, fixture_all(&t->f, hub_checkpoint(t->hub)->size), HUB_PROVEN), CONSIGN_OK);
}

static void
change_status(struct fixture *t, const char *org, enum member_status status)
{
	fixture_org(&t->f, org)->member.status = status;
	fixture_org(&t->f, org)->member.compromised_since = status == MEMBER_COMPROMISED ? 3 : 0;
	new_directory(t);
}

static void
change_nothing(struct submission *s)
{
	(void)s;
}

static void
other_hub(struct submission *s)
{
	s->m->hub_id.b[0] ^= 1;
}

static void
other_connection(struct submission *s)
{
	s->org = "bolt";
}

static void
unknown_signing_key(struct submission *s)
{
	s->m->signing_key_id.b[0] ^= 1;
}

static void
expired_card(struct submission *s)
{
	s->now_us = FIXTURE_NOW_US + 30 * FIXTURE_DAY_US;
	s->m->expires_us = s->now_us + 1;
}

static void
broken_signature(struct submission *s)
{
	s->sm = fixture_sign_manifest(&s->t->f, s->m);
	s->sm->signature.b[5] ^= 1;
	s->is_signed = true;
}

static void
longer_body(struct submission *s)
{
	s->body.len--;
}

static void
other_body(struct submission *s)
{
	static const char other[] = "sealed bytes that nobody here can reaD";

	s->body = slice_text(other);
}

static void
made_in_the_future(struct submission *s)
{
	s->m->created_us = s->now_us + CONSIGN_CLOCK_SKEW_MAX_US + 1;
}

static void
made_as_far_in_the_future_as_may_be(struct submission *s)
{
	s->m->created_us = s->now_us + CONSIGN_CLOCK_SKEW_MAX_US;
}

static void
expired(struct submission *s)
{
	s->now_us = s->m->expires_us;
}

static void
expires_late(struct submission *s)
{
	s->m->expires_us = s->m->created_us + CONSIGN_EXPIRES_MAX_US + 1;
}

static void
expires_as_late_as_may_be(struct submission *s)
{
	s->m->expires_us = s->m->created_us + CONSIGN_EXPIRES_MAX_US;
}

static void
seen_a_newer_root(struct submission *s)
{
	s->m->seen->root->version = 3;
}

static void
seen_a_newer_card(struct submission *s)
{
	s->m->seen->card->version = 2;
}

static void
seen_another_root(struct submission *s)
{
	s->m->seen->root->hash.b[0] ^= 1;
}

static void
seen_another_directory(struct submission *s)
{
	s->m->seen->directory->version = 9;
}

static void
seen_another_policy(struct submission *s)
{
	s->m->seen->policy->hash.b[0] ^= 1;
}

static void
seen_the_first_root(struct submission *s)
{
	s->m->seen->root = fixture_ref(&s->t->f, fixture_at(&s->t->f.roots, 1));
}

static void
consignor_suspended(struct submission *s)
{
	change_status(s->t, "acme", MEMBER_SUSPENDED);
}

static void
consignor_ended(struct submission *s)
{
	change_status(s->t, "acme", MEMBER_ENDED);
}

static void
consignor_compromised(struct submission *s)
{
	change_status(s->t, "acme", MEMBER_COMPROMISED);
}

static void
unknown_study(struct submission *s)
{
	snprintf(s->m->study.s, sizeof s->m->study.s, "three");
}

static void
study_of_others(struct submission *s)
{
	s->org = "bolt";
	s->m = fixture_manifest(&s->t->f, "bolt", "two", "x.note", CONSIGN_LABEL_OPEN, (const char *const[]){"acme"}, 1);
}

static void
no_party(struct submission *s)
{
	snprintf(s->m->consignees.v[0]->org.s, sizeof s->m->consignees.v[0]->org.s, "cora");
}

/* The policy is asked first: an outsider hears the same of a member and of nobody. */
static void
nobody(struct submission *s)
{
	snprintf(s->m->consignees.v[0]->org.s, sizeof s->m->consignees.v[0]->org.s, "nobody");
}

static void
above_clearance(struct submission *s)
{
	s->m->label = CONSIGN_LABEL_UNBLINDED;
}

static void
at_clearance(struct submission *s)
{
	s->m->label = CONSIGN_LABEL_RESTRICTED;
}

static void
forbidden(struct submission *s)
{
	snprintf(s->m->items.v[0]->type.s, sizeof s->m->items.v[0]->type.s, "x.secret");
}

static void
without_rule(struct submission *s)
{
	snprintf(s->m->items.v[0]->type.s, sizeof s->m->items.v[0]->type.s, "x.other");
}

static void
consignee_unlisted(struct submission *s)
{
	fixture_org(&s->t->f, "bolt")->is_listed = false;
	new_directory(s->t);
}

static void
consignee_suspended(struct submission *s)
{
	change_status(s->t, "bolt", MEMBER_SUSPENDED);
}

static void
consignee_ended(struct submission *s)
{
	change_status(s->t, "bolt", MEMBER_ENDED);
}

static void
consignee_compromised(struct submission *s)
{
	change_status(s->t, "bolt", MEMBER_COMPROMISED);
}

static void
other_seal_key(struct submission *s)
{
	s->m->consignees.v[0]->seal_key_id.b[0] ^= 1;
}

struct judge_case {
	const char *name;
	void (*change)(struct submission *s);
	enum consign_code code;
	const char *rule; /* NULL: one verdict about the whole */
};

static const struct judge_case cases[] = {
    {"all is well", change_nothing, CONSIGN_CODE_NONE, NULL},
    {"the label at the clearance", at_clearance, CONSIGN_CODE_NONE, NULL},
    {"a clock two minutes ahead", made_as_far_in_the_future_as_may_be, CONSIGN_CODE_NONE, NULL},
    {"an expiry 366 days ahead", expires_as_late_as_may_be, CONSIGN_CODE_NONE, NULL},
    {"another hub", other_hub, CONSIGN_CODE_WRONG_HUB, NULL},
    {"another connection's org", other_connection, CONSIGN_CODE_SIGNATURE_BAD, NULL},
    {"a signing key of no card", unknown_signing_key, CONSIGN_CODE_STALE_DOCUMENT, NULL},
    {"an expired card", expired_card, CONSIGN_CODE_STALE_DOCUMENT, NULL},
    {"a broken signature", broken_signature, CONSIGN_CODE_SIGNATURE_BAD, NULL},
    {"a body of another length", longer_body, CONSIGN_CODE_BODY_DIGEST, NULL},
    {"another body", other_body, CONSIGN_CODE_BODY_DIGEST, NULL},
    {"made in the future", made_in_the_future, CONSIGN_CODE_CLOCK_SKEW, NULL},
    {"expired", expired, CONSIGN_CODE_EXPIRED, NULL},
    {"an expiry too far ahead", expires_late, CONSIGN_CODE_MALFORMED, NULL},
    {"a root not here yet", seen_a_newer_root, CONSIGN_CODE_TRY_LATER, NULL},
    {"a card not here yet", seen_a_newer_card, CONSIGN_CODE_TRY_LATER, NULL},
    {"another root", seen_another_root, CONSIGN_CODE_STALE_DOCUMENT, NULL},
    {"a directory that is not its root's", seen_another_directory, CONSIGN_CODE_STALE_DOCUMENT, NULL},
    {"a policy that is not its root's", seen_another_policy, CONSIGN_CODE_STALE_DOCUMENT, NULL},
    {"the first root, which names nothing", seen_the_first_root, CONSIGN_CODE_STALE_DOCUMENT, NULL},
    {"the consignor suspended", consignor_suspended, CONSIGN_CODE_ORG_SUSPENDED, NULL},
    {"the consignor gone", consignor_ended, CONSIGN_CODE_ORG_SUSPENDED, NULL},
    {"the consignor compromised", consignor_compromised, CONSIGN_CODE_COMPROMISED, NULL},
    {"an unknown study", unknown_study, CONSIGN_CODE_STUDY_UNKNOWN, ""},
    {"a study of others", study_of_others, CONSIGN_CODE_STUDY_UNKNOWN, ""},
    {"a consignee of another study", no_party, CONSIGN_CODE_NOT_A_PARTY, ""},
    {"a consignee that does not exist", nobody, CONSIGN_CODE_NOT_A_PARTY, ""},
    {"a label above the clearance", above_clearance, CONSIGN_CODE_CLEARANCE, ""},
    {"a forbidden type", forbidden, CONSIGN_CODE_POLICY_FORBIDDEN, "no-secrets"},
    {"a type without rule", without_rule, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"a consignee that left the directory", consignee_unlisted, CONSIGN_CODE_ORG_UNKNOWN, ""},
    {"a consignee suspended", consignee_suspended, CONSIGN_CODE_ORG_SUSPENDED, ""},
    {"a consignee gone", consignee_ended, CONSIGN_CODE_ORG_SUSPENDED, ""},
    {"a consignee compromised", consignee_compromised, CONSIGN_CODE_COMPROMISED, ""},
    {"a seal key that is not offered", other_seal_key, CONSIGN_CODE_STALE_SEAL_KEY, ""},
};

static void
judge(struct submission *s, struct judgement *ret_judgement)
{
	struct buf encoded = {0};

	/* Some cases are no manifest that decodes; the judge reads the struct and verifies what was signed, so any bytes do. */
	if (!s->is_signed && manifest_encode(s->m, &encoded) == CONSIGN_OK) {
		s->sm = fixture_sign_manifest(&s->t->f, s->m);
	} else if (!s->is_signed) {
		s->sm = arena_alloc(s->t->arena, sizeof *s->sm);
		s->sm->manifest = slice_text("no manifest");
		sign_make(fixture_org(&s->t->f, s->m->consignor.s)->signing, SIGN_MANIFEST, &s->t->f.hub_id, s->sm->manifest,
		    &s->sm->signature);
	}
	buf_clear(&encoded);
	assert_int_equal(
	    judge_submission(s->t->hub, s->org, s->sm, s->m, s->body, s->now_us, s->t->arena, ret_judgement), CONSIGN_OK);
}

static struct submission
good(struct fixture *t)
{
	return (struct submission){.t = t,
	    .org = "acme",
	    .m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to_bolt, 1),
	    .body = fixture_body(),
	    .now_us = FIXTURE_NOW_US};
}

static void
test_judge_gives_each_code_for_its_reason(void **state)
{
	struct fixture *t = *state;
	const struct judge_case *c = cases;

	(void)t;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++, c++) {
		void *own;

		setup(&own);
		struct submission s = good(own);
		struct judgement j = {.code = (enum consign_code)99};

		c->change(&s);
		judge(&s, &j);
		if (j.code != c->code)
			fail_msg("%s: %s, not %s", c->name, consign_code_text(j.code), consign_code_text(c->code));
		assert_int_equal(j.n, c->code == CONSIGN_CODE_NONE ? 0 : 1);
		if (j.n == 1) {
			assert_int_equal(j.verdicts[0]->code, c->code);
			assert_string_equal(j.verdicts[0]->org, c->rule == NULL ? "" : s.m->consignees.v[0]->org.s);
			assert_string_equal(j.verdicts[0]->rule, c->rule == NULL ? "" : c->rule);
		}
		teardown(&own);
	}
}

static void
test_judge_names_each_item_and_consignee_that_fails(void **state)
{
	struct fixture *t = *state;
	struct submission s = good(t);
	static const char *const to[] = {"bolt", "cora"};
	struct judgement j;

	s.m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to, 2);
	s.m->items.v[1] = arena_alloc(t->arena, sizeof **s.m->items.v);
	s.m->items.v[1]->index = 7;
	snprintf(s.m->items.v[1]->type.s, sizeof s.m->items.v[1]->type.s, "x.secret");
	s.m->items.n = 2;
	judge(&s, &j);
	assert_int_equal(j.n, 3);
	assert_int_equal(j.code, CONSIGN_CODE_NOT_A_PARTY);
	assert_int_equal(j.verdicts[0]->index, 0);
	assert_string_equal(j.verdicts[0]->org, "cora");
	assert_int_equal(j.verdicts[1]->index, 7);
	assert_string_equal(j.verdicts[1]->org, "bolt");
	assert_int_equal(j.verdicts[1]->code, CONSIGN_CODE_POLICY_FORBIDDEN);
	assert_string_equal(j.verdicts[1]->rule, "no-secrets");
	assert_int_equal(j.verdicts[2]->index, 7);
	assert_string_equal(j.verdicts[2]->org, "cora");
}

/* One question for items of one type in a row is one question, not one for all. */
static void
test_judge_asks_the_policy_of_each_type_in_the_order_of_items(void **state)
{
	static const char *const types[] = {"x.note", "x.secret", "x.secret", "x.note", "x.note", "x.secret"};
	struct fixture *t = *state;
	struct submission s = good(t);
	struct judgement j;

	s.m->items.v = arena_alloc(t->arena, 6 * sizeof *s.m->items.v);
	for (uint32_t i = 0; i < 6; i++) {
		s.m->items.v[i] = arena_alloc(t->arena, sizeof **s.m->items.v);
		s.m->items.v[i]->index = i;
		snprintf(s.m->items.v[i]->type.s, sizeof s.m->items.v[i]->type.s, "%s", types[i]);
	}
	s.m->items.n = 6;
	judge(&s, &j);
	assert_int_equal(j.n, 3);
	assert_int_equal(j.verdicts[0]->index, 1);
	assert_int_equal(j.verdicts[1]->index, 2);
	assert_int_equal(j.verdicts[2]->index, 5);
	for (size_t i = 0; i < j.n; i++)
		assert_int_equal(j.verdicts[i]->code, CONSIGN_CODE_POLICY_FORBIDDEN);
}

static void
ten_more_microseconds_and_two_blocks(struct policy_rule *rule)
{
	if (rule->effect != POLICY_PERMIT)
		return;
	rule->until_us = FIXTURE_NOW_US + 10;
	rule->max_bytes = 512;
}

/* Items of one type in a row are asked about apart when they differ in size; all of them when their time is over. */
static void
test_judge_asks_with_the_time_of_acceptance_and_the_size_of_each_item(void **state)
{
	static const uint32_t sizes[] = {512, 768, 256};
	struct fixture *t = *state;
	struct judgement j;

	t->f.bend_rule = ten_more_microseconds_and_two_blocks;
	fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN);
	new_directory(t);
	struct submission s = good(t);

	s.body = fixture_body_of(&t->f, sizes, 3);
	fixture_give_body(&t->f, s.m, 3, s.body);
	for (s.now_us = FIXTURE_NOW_US; s.now_us < FIXTURE_NOW_US + 10; s.now_us++) {
		judge(&s, &j);
		assert_int_equal(j.n, 1);
		assert_int_equal(j.verdicts[0]->index, 1);
		assert_int_equal(j.code, CONSIGN_CODE_POLICY_NO_RULE);
	}
	judge(&s, &j);
	assert_int_equal(j.n, 3);
	/* What is no body has no size that a limit would let through. */
	s = good(t);
	judge(&s, &j);
	assert_int_equal(j.code, CONSIGN_CODE_POLICY_NO_RULE);
}

static void
test_judge_names_at_most_256_and_fits_a_record(void **state)
{
	struct fixture *t = *state;
	const char *to[CONSIGN_CONSIGNEES_MAX];
	char names[CONSIGN_CONSIGNEES_MAX][CONSIGN_ORG_MAX_BYTES + 1];
	struct submission s = good(t);
	struct judgement j;

	for (size_t i = 0; i < CONSIGN_CONSIGNEES_MAX; i++) {
		snprintf(names[i], sizeof names[i], "organisation-with-a-name-as-long-as-%04zu", i);
		to[i] = names[i];
	}
	s.m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to, CONSIGN_CONSIGNEES_MAX);
	struct manifest_item *first = s.m->items.v[0];

	s.m->items.v = arena_alloc(t->arena, CONSIGN_BUNDLE_MAX_ITEMS * sizeof *s.m->items.v);
	for (size_t i = 0; i < CONSIGN_BUNDLE_MAX_ITEMS; i++) {
		s.m->items.v[i] = arena_alloc(t->arena, sizeof **s.m->items.v);
		*s.m->items.v[i] = *first;
		s.m->items.v[i]->index = (uint32_t)i;
	}
	s.m->items.n = CONSIGN_BUNDLE_MAX_ITEMS;
	judge(&s, &j);
	assert_int_equal(j.n, CONSIGN_VERDICTS_MAX);
	struct document_ref root = {2, t->f.hub_id};
	struct refused_record refused = {.consignor = s.m->consignor,
	    .consignment_id = s.m->consignment_id,
	    .attempt = 1,
	    .root = &root,
	    .verdicts = {j.verdicts, j.n}};
	struct ledger_record record = {.format = 1, .at_us = FIXTURE_NOW_US, .refused = &refused};
	struct buf bytes = {0};

	assert_int_equal(ledger_record_encode(&record, &bytes), CONSIGN_OK);
	buf_clear(&bytes);
}

static void
test_judge_whole_is_one_verdict_without_consignee(void **state)
{
	struct fixture *t = *state;
	struct judgement j;
	struct arena *tiny;

	assert_int_equal(judge_whole(t->arena, CONSIGN_CODE_TOO_BIG, "the body is too long", &j), CONSIGN_OK);
	assert_int_equal(j.code, CONSIGN_CODE_TOO_BIG);
	assert_int_equal(j.n, 1);
	assert_int_equal(j.verdicts[0]->index, 0);
	assert_string_equal(j.verdicts[0]->org, "");
	assert_true(slice_equal(j.verdicts[0]->detail, slice_text("the body is too long")));
	assert_string_equal(j.detail, "the body is too long");
	assert_int_equal(arena_new(16, &tiny), CONSIGN_OK);
	assert_int_equal(judge_whole(tiny, CONSIGN_CODE_TOO_BIG, "", &j), CONSIGN_E_NO_MEMORY);
	arena_free(&tiny);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_judge_gives_each_code_for_its_reason, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judge_names_each_item_and_consignee_that_fails, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judge_asks_the_policy_of_each_type_in_the_order_of_items, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judge_asks_with_the_time_of_acceptance_and_the_size_of_each_item, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judge_names_at_most_256_and_fits_a_record, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judge_whole_is_one_verdict_without_consignee, setup, teardown),
	};

	return cmocka_run_group_tests_name("broker/judge", tests, NULL, NULL);
}
