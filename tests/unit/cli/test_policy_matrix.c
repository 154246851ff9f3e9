/* Tests of cli/policy_matrix.c: a table for eyes, lines for programs, a page for paper in which nothing is live. */
#include "policies.h"

#include "policy_matrix.h"

static const char text[] = "studies:\n"
			   "  - id: S-1\n"
			   "    title: 'A <b>bold</b> & \"quoted\" title'\n"
			   "    parties:\n"
			   "      - {org: acme, roles: [sponsor], clearance: restricted}\n"
			   "      - {org: site-1, roles: [smo]}\n"
			   "  - id: S-2\n"
			   "    parties: [{org: acme, roles: [cro]}, {org: site-1, roles: [lab]}]\n"
			   "rules:\n"
			   "  - {id: up, permit: [x.a, x.b, x.c], from: {roles: [smo]}, to: {roles: [sponsor]}}\n";

struct fixture {
	struct read_policy policy;
	struct arena *arena;
	struct policy_matrix matrix;
	struct buf out;
};

static void
make(struct fixture *f, const char *yaml, const char *study)
{
	*f = (struct fixture){0};
	policy_of(yaml, &f->policy);
	assert_int_equal(arena_new(1u << 26, &f->arena), CONSIGN_OK);
	assert_int_equal(policy_matrix_make(&f->policy.view, f->policy.policy, study, 1, f->arena, &f->matrix), CONSIGN_OK);
}

static void
end(struct fixture *f)
{
	policy_matrix_clear(&f->matrix);
	arena_free(&f->arena);
	policy_end(&f->policy);
	buf_clear(&f->out);
}

static const char *
written(struct fixture *f)
{
	assert_int_equal(buf_append_u8(&f->out, '\0'), CONSIGN_OK);
	return (const char *)f->out.data;
}

static void
test_policy_matrix_format_is_a_table_of_each_study(void **state)
{
	struct fixture f;

	(void)state;
	make(&f, text, NULL);
	assert_int_equal(policy_matrix_format(&f.matrix, &f.out), CONSIGN_OK);
	assert_string_equal(written(&f), "S-1: A <b>bold</b> & \"quoted\" title\n"
					 "from \\ to  acme                            site-1\n"
					 "acme       ·                               -\n"
					 "site-1     x.a, x.b +1 (up to restricted)  ·\n"
					 "\n"
					 "S-2\n"
					 "from \\ to  acme  site-1\n"
					 "acme       ·     -\n"
					 "site-1     -     ·\n");
	end(&f);
}

static void
test_policy_matrix_lines_and_json_name_every_type_and_the_rule(void **state)
{
	struct fixture f;

	(void)state;
	make(&f, text, NULL);
	assert_int_equal(policy_matrix_lines(&f.matrix, &f.out), CONSIGN_OK);
	assert_string_equal(written(&f), "S-1\tsite-1\tacme\tup to restricted\tx.a, x.b, x.c\tup\n");
	json_t *json = policy_matrix_json(&f.matrix);

	assert_int_equal(json_array_size(json), 2);
	json_t *flow = json_array_get(json_object_get(json_array_get(json, 0), "flows"), 0);

	assert_int_equal(json_array_size(json_object_get(flow, "types")), 3);
	assert_int_equal(json_array_size(json_object_get(flow, "labels")), 2);
	assert_int_equal(json_array_size(json_object_get(json_array_get(json, 1), "flows")), 0);
	json_decref(json);
	end(&f);
}

static void
test_policy_matrix_of_one_study_has_no_other(void **state)
{
	struct fixture f;

	(void)state;
	make(&f, text, "S-2");
	assert_int_equal(policy_matrix_format(&f.matrix, &f.out), CONSIGN_OK);
	assert_null(strstr(written(&f), "S-1"));
	end(&f);
}

static void
test_policy_matrix_html_escapes_people_and_holds_nothing_live(void **state)
{
	static const char *const lines[] = {"Hub: <script>alert('x')</script>"};
	struct fixture f;

	(void)state;
	make(&f, text, NULL);
	assert_int_equal(
	    policy_matrix_html(&f.matrix, &(struct matrix_page){"Who may send what", lines, 1}, &f.out), CONSIGN_OK);
	const char *page = written(&f);

	assert_non_null(strstr(page, "size: A4 landscape"));
	assert_non_null(strstr(page, "<h2>S-1: A &lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot; title</h2>"));
	assert_non_null(strstr(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
	assert_non_null(strstr(page, "<p>x.a, x.b, x.c <span class=\"up\">(up to restricted)</span> <span class=\"rule\">up</span></p>"));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<b>"));
	assert_null(strstr(page, "http://"));
	assert_null(strstr(page, "https://"));
	assert_null(strstr(page, "url("));
	assert_null(strstr(page, " on"));
	end(&f);
}

/* A directory of which site-1 is what the context says. */
static const struct member *
find(void *context, const char *org)
{
	const struct member *site = context;
	static const struct member active = {.status = MEMBER_ACTIVE};

	return strcmp(org, site->org.s) == 0 ? site : strcmp(org, "acme") == 0 ? &active : NULL;
}

/* What `policy explain` refuses for who is stopped must not look permitted. */
static void
test_policy_matrix_marks_who_is_stopped(void **state)
{
	static const struct {
		enum member_status status;
		const char *standing, *code;
	} rows[] = {{MEMBER_SUSPENDED, "suspended", "ORG_SUSPENDED"}, {MEMBER_ENDED, "ended", "ORG_SUSPENDED"},
	    {MEMBER_COMPROMISED, "compromised", "COMPROMISED"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct member site = {.org = {"site-1"}, .status = rows[i].status};
		struct fixture f;
		char part[128];

		make(&f, text, "S-1");
		f.matrix.find = find;
		f.matrix.context = &site;
		assert_int_equal(policy_matrix_format(&f.matrix, &f.out), CONSIGN_OK);
		(void)snprintf(part, sizeof part, "site-1 (%s)", rows[i].standing);
		assert_non_null(strstr(strstr(written(&f), part) + 1, part)); /* as consignor and as consignee */
		(void)snprintf(part, sizeof part, "  %s: x.a, x.b +1 (up to restricted)  ", rows[i].code);
		assert_non_null(strstr((const char *)f.out.data, part));
		buf_reset(&f.out);
		assert_int_equal(policy_matrix_lines(&f.matrix, &f.out), CONSIGN_OK);
		(void)snprintf(part, sizeof part, "S-1\tsite-1\tacme\tup to restricted\tx.a, x.b, x.c\tup\t%s\n", rows[i].code);
		assert_string_equal(written(&f), part);
		buf_reset(&f.out);
		assert_int_equal(policy_matrix_html(&f.matrix, &(struct matrix_page){"t", NULL, 0}, &f.out), CONSIGN_OK);
		(void)snprintf(part, sizeof part, "<td class=\"stop\"><p class=\"up\">%s</p><p>x.a, x.b, x.c ", rows[i].code);
		assert_non_null(strstr(written(&f), part));
		(void)snprintf(part, sizeof part, "<th>site-1 (%s)</th>", rows[i].standing);
		assert_non_null(strstr((const char *)f.out.data, part));
		assert_null(strstr((const char *)f.out.data, "acme ("));
		json_t *json = policy_matrix_json(&f.matrix), *study = json_array_get(json, 0);

		assert_string_equal(json_string_value(json_object_get(json_object_get(study, "stopped"), "site-1")), rows[i].standing);
		assert_int_equal(json_object_size(json_object_get(study, "stopped")), 1);
		assert_string_equal(
		    json_string_value(json_object_get(json_array_get(json_object_get(study, "flows"), 0), "refused")), rows[i].code);
		json_decref(json);
		end(&f);
	}
}

/* Who is active, or not known here, is not marked. */
static void
test_policy_matrix_marks_nobody_else(void **state)
{
	struct member site = {.org = {"site-1"}, .status = MEMBER_ACTIVE}, other = {.org = {"other"}, .status = MEMBER_ENDED};
	struct member *const directories[] = {&site, &other};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;

		make(&f, text, "S-1");
		f.matrix.find = find;
		f.matrix.context = directories[i];
		assert_int_equal(policy_matrix_lines(&f.matrix, &f.out), CONSIGN_OK);
		assert_string_equal(written(&f), "S-1\tsite-1\tacme\tup to restricted\tx.a, x.b, x.c\tup\n");
		json_t *json = policy_matrix_json(&f.matrix), *study = json_array_get(json, 0);

		assert_int_equal(json_object_size(json_object_get(study, "stopped")), 0);
		assert_true(json_is_null(json_object_get(json_array_get(json_object_get(study, "flows"), 0), "refused")));
		json_decref(json);
		end(&f);
	}
}

/* More parties than a page is wide: several tables on paper, a list on a terminal. */
static void
test_policy_matrix_divides_what_is_too_wide(void **state)
{
	struct buf yaml = {0};
	struct fixture f;
	size_t tables = 0;

	(void)state;
	assert_int_equal(buf_printf(&yaml, "studies:\n  - id: S-1\n    parties:\n      - {org: acme, roles: [sponsor]}\n"), CONSIGN_OK);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(buf_printf(&yaml, "      - {org: site-%u, roles: [smo]}\n", i), CONSIGN_OK);
	assert_int_equal(buf_printf(&yaml, "rules:\n  - {id: up, permit: [x.a], from: {roles: [smo]}, to: {roles: [sponsor]}}\n%c", '\0'), CONSIGN_OK);
	make(&f, (const char *)yaml.data, NULL);
	assert_int_equal(policy_matrix_html(&f.matrix, &(struct matrix_page){"t", NULL, 0}, &f.out), CONSIGN_OK);
	for (const char *at = strstr(written(&f), "<table>"); at != NULL; at = strstr(at + 1, "<table>"))
		tables++;
	assert_int_equal(tables, 3);
	buf_reset(&f.out);
	assert_int_equal(policy_matrix_format(&f.matrix, &f.out), CONSIGN_OK);
	assert_non_null(strstr(written(&f), "site-0, site-1, site-10 and 13 more → acme may now send x.a (open)"));
	assert_null(strstr((const char *)f.out.data, "refused"));
	f.matrix.find = find;
	f.matrix.context = &(struct member){.org = {"site-7"}, .status = MEMBER_ENDED};
	buf_reset(&f.out);
	assert_int_equal(policy_matrix_format(&f.matrix, &f.out), CONSIGN_OK);
	assert_non_null(strstr(written(&f), "\nsite-7 is ended: whatever it sends or is sent is refused, ORG_SUSPENDED\n"));
	end(&f);
	buf_clear(&yaml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_matrix_format_is_a_table_of_each_study),
	    cmocka_unit_test(test_policy_matrix_lines_and_json_name_every_type_and_the_rule),
	    cmocka_unit_test(test_policy_matrix_of_one_study_has_no_other),
	    cmocka_unit_test(test_policy_matrix_html_escapes_people_and_holds_nothing_live),
	    cmocka_unit_test(test_policy_matrix_marks_who_is_stopped),
	    cmocka_unit_test(test_policy_matrix_marks_nobody_else),
	    cmocka_unit_test(test_policy_matrix_divides_what_is_too_wide),
	};

	return cmocka_run_group_tests_name("policy_matrix", tests, NULL, NULL);
}
