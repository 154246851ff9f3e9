/* Tests of cli/policy_compare.c and cli/policy_types.c: which questions change their answer, all of them and no other. */
#include "policies.h"

#include "policy_compare.h"

#define HEAD                                                                                                                     \
	"studies:\n"                                                                                                             \
	"  - id: S-1\n"                                                                                                          \
	"    parties:\n"                                                                                                         \
	"      - {org: acme, roles: [sponsor], clearance: restricted}\n"                                                         \
	"      - {org: biomake, roles: [cdmo]}\n"                                                                                \
	"      - {org: site-1, roles: [smo]}\n"                                                                                  \
	"      - {org: site-2, roles: [smo]}\n"                                                                                  \
	"      - {org: site-3, roles: [smo]}\n"                                                                                  \
	"rules:\n"

struct fixture {
	struct read_policy before, after;
	struct arena *arena;
	struct policy_comparison changes;
};

static void
compare(struct fixture *f, const char *before, const char *after)
{
	policy_of(before, &f->before);
	policy_of(after, &f->after);
	assert_int_equal(arena_new(1u << 26, &f->arena), CONSIGN_OK);
	assert_int_equal(policy_compare(&(struct compare_side){&f->before.view, f->before.policy},
			     &(struct compare_side){&f->after.view, f->after.policy}, NULL, 1, f->arena, &f->changes),
	    CONSIGN_OK);
}

static void
end(struct fixture *f)
{
	policy_comparison_clear(&f->changes);
	arena_free(&f->arena);
	policy_end(&f->before);
	policy_end(&f->after);
}

static void
check_line(const struct policy_change *change, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(policy_change_format(change, &out), CONSIGN_OK);
	if (!slice_equal(buf_slice(&out), slice_text(expected)))
		fail_msg("expected\n%s\ngot\n%.*s", expected, (int)out.len, (const char *)out.data);
	buf_clear(&out);
}

static void
test_policy_compare_of_the_same_finds_nothing(void **state)
{
	struct fixture f;

	(void)state;
	compare(&f, HEAD "  - {id: a, permit: [x.a, y.*]}\n", HEAD "  - {id: a, permit: [y.*, x.a]}\n");
	assert_int_equal(f.changes.n, 0);
	assert_true(f.changes.asked > 100);
	end(&f);
}

static void
test_policy_compare_names_what_may_now_be_sent(void **state)
{
	struct fixture f;

	(void)state;
	compare(&f, HEAD "  - {id: a, permit: [x.a]}\n",
	    HEAD "  - {id: a, permit: [x.a]}\n  - {id: up, permit: [x.b], from: {roles: [smo]}, to: {roles: [sponsor]}}\n");
	assert_int_equal(f.changes.n, 1);
	/* Three sites, open and restricted. */
	assert_int_equal(f.changes.questions[CHANGE_PERMITTED], 6);
	assert_int_equal(f.changes.questions[CHANGE_REFUSED], 0);
	check_line(&f.changes.v[0], "in S-1: site-1, site-2, site-3 → acme may now send x.b (up to restricted): permitted by up\n");
	end(&f);
}

static void
test_policy_compare_names_what_may_no_longer_be_sent_and_why(void **state)
{
	struct fixture f;

	(void)state;
	compare(&f, HEAD "  - {id: a, permit: [x.a]}\n",
	    HEAD "  - {id: a, permit: [x.a]}\n  - {id: no, forbid: [\"*\"], from: {orgs: [biomake]}, label: [restricted]}\n");
	/* To acme alone: nobody else is cleared. */
	assert_int_equal(f.changes.questions[CHANGE_REFUSED], 1);
	size_t i = 0;

	while (f.changes.v[i].kind != CHANGE_REFUSED)
		i++;
	check_line(&f.changes.v[i], "in S-1: biomake → acme may no longer send x.a (restricted): refused: POLICY_FORBIDDEN by no\n");
	/* What was refused by no rule is forbidden now. */
	assert_true(f.changes.questions[CHANGE_REASON] > 0);
	json_t *json = policy_change_json(&f.changes.v[i]);

	assert_string_equal(json_string_value(json_object_get(json, "change")), "refused");
	assert_string_equal(json_string_value(json_object_get(json_object_get(json, "before"), "rule")), "a");
	assert_string_equal(json_string_value(json_object_get(json_object_get(json, "after"), "code")), "POLICY_FORBIDDEN");
	json_decref(json);
	end(&f);
}

static void
test_policy_compare_sees_parties_clearances_and_studies_that_come_and_go(void **state)
{
	static const char rule[] = "rules:\n  - {id: a, permit: [x.a]}\n";
	struct buf before = {0}, after = {0};
	struct fixture f;

	(void)state;
	assert_int_equal(buf_printf(&before, "studies:\n  - id: S-1\n    parties: [{org: aa, roles: [cro]}, {org: bb, roles: [lab]}]\n"
					     "  - id: S-2\n    parties: [{org: aa, roles: [cro]}, {org: bb, roles: [lab]}]\n%s%c",
			     rule, '\0'),
	    CONSIGN_OK);
	assert_int_equal(buf_printf(&after, "studies:\n  - id: S-1\n    parties: [{org: aa, roles: [cro], clearance: unblinded}, {org: cc, roles: [lab]}]\n%s%c",
			     rule, '\0'),
	    CONSIGN_OK);
	compare(&f, (const char *)before.data, (const char *)after.data);
	/* S-1: cc → aa under any label, aa → cc open. */
	assert_int_equal(f.changes.questions[CHANGE_PERMITTED], 4);
	/* S-1: bb → aa, aa → bb; S-2: both ways. */
	assert_int_equal(f.changes.questions[CHANGE_REFUSED], 4);
	end(&f);
	buf_clear(&before);
	buf_clear(&after);
}

/* The same roles and another clearance: other answers. */
static void
test_policy_compare_asks_each_clearance_by_itself(void **state)
{
	static const char head[] = "studies:\n  - id: S-1\n    parties: [{org: aa, roles: [lab], clearance: restricted},"
				   " {org: bb, roles: [lab]}, {org: cc, roles: [cro]}]\nrules:\n";
	struct buf after = {0}, before = {0};
	struct fixture f;

	(void)state;
	assert_int_equal(buf_printf(&before, "%s  - {id: a, permit: [x.a]}\n%c", head, '\0'), CONSIGN_OK);
	assert_int_equal(buf_printf(&after, "%s  - {id: a, permit: [x.a]}\n  - {id: b, permit: [x.b], from: {roles: [cro]}}\n%c", head, '\0'), CONSIGN_OK);
	compare(&f, (const char *)before.data, (const char *)after.data);
	assert_int_equal(f.changes.questions[CHANGE_PERMITTED], 3);
	assert_int_equal(f.changes.n, 2);
	end(&f);
	buf_clear(&before);
	buf_clear(&after);
}

/* Every question asked one by one, of every pair of parties: the grouped answer counts the same. */
static void
test_policy_compare_counts_as_asking_one_by_one_does(void **state)
{
	static const char *const orgs[] = {"acme", "biomake", "site-1", "site-2", "site-3"};
	static const char before[] = HEAD "  - {id: a, permit: [x.*], from: {roles: [smo, cdmo]}}\n"
					  "  - {id: b, forbid: [x.l*], to: {orgs: [site-2, acme]}}\n"
					  "  - {id: c, permit: [\"*.b\"], label: [open]}\n";
	static const char after[] = HEAD "  - {id: a, permit: [x.*, y.c], from: {roles: [smo]}}\n"
					 "  - {id: b, forbid: [x.l*], to: {orgs: [acme]}}\n"
					 "  - {id: d, permit: [\"*.b\"], label: [open, restricted], from: {orgs: [site-3]}}\n";
	struct fixture f;
	struct asked_types types;
	size_t counted[CHANGE_REASON + 1] = {0}, asked = 0;

	(void)state;
	compare(&f, before, after);
	const struct policy_view *views[] = {&f.before.view, &f.after.view};

	assert_int_equal(policy_types_list(views, 2, f.arena, &types), CONSIGN_OK);
	for (size_t i = 0; i < 25; i++)
		for (size_t t = 0; i / 5 != i % 5 && t < types.n; t++)
			for (enum consign_label l = types.v[t].least; l <= CONSIGN_LABEL_UNBLINDED; l++) {
				struct policy_question q = {.consignor = orgs[i / 5],
				    .consignee = orgs[i % 5],
				    .study = "S-1",
				    .type = types.v[t].type,
				    .label = l};
				struct policy_verdict x, y;

				policy_decide(f.before.policy, &q, &x);
				policy_decide(f.after.policy, &q, &y);
				asked++;
				if (x.code == y.code && strcmp(x.rule, y.rule) == 0)
					continue;
				counted[x.code != CONSIGN_CODE_NONE && y.code == CONSIGN_CODE_NONE ? CHANGE_PERMITTED
					: x.code == CONSIGN_CODE_NONE && y.code != CONSIGN_CODE_NONE ? CHANGE_REFUSED
												     : CHANGE_REASON]++;
			}
	assert_true(counted[CHANGE_PERMITTED] > 0 && counted[CHANGE_REFUSED] > 0 && counted[CHANGE_REASON] > 0);
	for (size_t k = CHANGE_PERMITTED; k <= CHANGE_REASON; k++)
		assert_int_equal(f.changes.questions[k], counted[k]);
	assert_true(f.changes.asked <= asked);
	end(&f);
}

static const struct asked_type *
find_type(const struct asked_types *types, const char *shown)
{
	for (size_t i = 0; i < types->n; i++)
		if (strcmp(types->v[i].shown, shown) == 0)
			return &types->v[i];
	return NULL;
}

static void
test_policy_types_has_catalogue_names_globs_and_where_globs_overlap(void **state)
{
	struct read_policy p;
	struct asked_types types;

	(void)state;
	policy_of(HEAD "  - {id: a, permit: [x.one, x.*, \"*.b\", x.d*]}\n", &p);
	const struct policy_view *views[] = {&p.view};

	assert_int_equal(policy_types_list(views, 1, p.arena, &types), CONSIGN_OK);
	assert_non_null(find_type(&types, "trial.query"));
	assert_int_equal(find_type(&types, "batch.release")->least, CONSIGN_LABEL_RESTRICTED);
	assert_false(find_type(&types, "x.one")->is_glob);
	assert_true(find_type(&types, "x.*")->is_glob);
	assert_non_null(find_type(&types, "x.d*"));
	assert_non_null(find_type(&types, "x.*.b") != NULL ? find_type(&types, "x.*.b") : find_type(&types, "x.d*.b"));
	assert_null(find_type(&types, "y.*"));
	policy_end(&p);
}

static void
test_policy_types_fold_leaves_out_what_a_glob_covers(void **state)
{
	struct read_policy p;
	struct asked_types types;
	size_t places[16], n = 0;
	const char *shown[16];

	(void)state;
	policy_of(HEAD "  - {id: a, permit: [x.*, x.a, x.b, y.c]}\n", &p);
	const struct policy_view *views[] = {&p.view};

	assert_int_equal(policy_types_list(views, 1, p.arena, &types), CONSIGN_OK);
	for (size_t i = 0; i < types.n; i++)
		if (types.v[i].shown[0] == 'x' || types.v[i].shown[0] == 'y')
			places[n++] = i;
	assert_int_equal(n, 4);
	assert_int_equal(policy_types_fold(&types, places, 4, shown), 2);
	assert_string_equal(shown[0], "x.*");
	assert_string_equal(shown[1], "y.c");
	/* Without x.a the glob says too much by itself. */
	size_t without[] = {places[0], places[2], places[3]};

	assert_int_equal(policy_types_fold(&types, without, 3, shown), 3);
	policy_end(&p);
}

static void
test_policy_labels_text_reads_well(void **state)
{
	char words[LABELS_BYTES];

	(void)state;
	assert_string_equal(policy_labels_text(2, words), "open");
	assert_string_equal(policy_labels_text(4, words), "restricted");
	assert_string_equal(policy_labels_text(6, words), "up to restricted");
	assert_string_equal(policy_labels_text(12, words), "restricted or unblinded");
	assert_string_equal(policy_labels_text(14, words), "any label");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_compare_of_the_same_finds_nothing),
	    cmocka_unit_test(test_policy_compare_names_what_may_now_be_sent),
	    cmocka_unit_test(test_policy_compare_names_what_may_no_longer_be_sent_and_why),
	    cmocka_unit_test(test_policy_compare_sees_parties_clearances_and_studies_that_come_and_go),
	    cmocka_unit_test(test_policy_compare_asks_each_clearance_by_itself),
	    cmocka_unit_test(test_policy_compare_counts_as_asking_one_by_one_does),
	    cmocka_unit_test(test_policy_types_has_catalogue_names_globs_and_where_globs_overlap),
	    cmocka_unit_test(test_policy_types_fold_leaves_out_what_a_glob_covers),
	    cmocka_unit_test(test_policy_labels_text_reads_well),
	};

	return cmocka_run_group_tests_name("policy_compare", tests, NULL, NULL);
}
