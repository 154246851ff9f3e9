/* Groups: what may stand in them, what a rule becomes that uses them, and that no part tells of them. */
#include "build.h"

#define STUDIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - id: A-1\n"                                                                                                          \
	"    parties: [{org: acme, roles: [sponsor]}, {org: site-one, roles: [site]}, {org: lab-x, roles: [lab]}]\n"             \
	"  - id: B-1\n"                                                                                                          \
	"    parties: [{org: beta, roles: [sponsor]}, {org: site-two, roles: [site]}]\n"

/* Lines 6 to 11, so that a rule under test stands in line 13. */
#define GROUPS                                                                                                                   \
	"groups:\n"                                                                                                              \
	"  orgs:\n"                                                                                                              \
	"    sites: [site-one, site-two]\n"                                                                                      \
	"    makers: [acme, idle]\n"                                                                                             \
	"  types:\n"                                                                                                             \
	"    kits: [material.shipment.*, lab.kit]\n"                                                                             \
	"rules:\n"

static bool
org_is_known(void *context, const char *org)
{
	(void)context;
	return strcmp(org, "ghost") != 0;
}

static const struct row {
	const char *name, *yaml;
	size_t line, column;
	const char *text, *hint;
} rows[] = {
    /* definitions */
    {"groups that are a list", STUDIES "rules: []\ngroups: []\n", 7, 9,
	"found a list: expected groups, a mapping of orgs, types or both", ""},
    {"no groups", STUDIES "rules: []\ngroups: {}\n", 7, 9,
	"found an empty mapping: expected groups, a mapping of orgs, types or both", ""},
    {"groups of something else", STUDIES "rules: []\ngroups: {roles: {a: [cro]}}\n", 7, 10,
	"found the unknown key 'roles' in groups: expected one of orgs, types", ""},
    {"groups without names", STUDIES "rules: []\ngroups: {orgs: [acme]}\n", 7, 16,
	"found a list: expected orgs, a mapping of names to lists", ""},
    {"orgs of nothing", STUDIES "rules: []\ngroups: {orgs: {}}\n", 7, 16,
	"found an empty mapping: expected orgs, a mapping of names to lists", ""},
    {"a name with a blank", STUDIES "rules: []\ngroups: {orgs: {our sites: [acme]}}\n", 7, 17,
	"found 'our sites': expected the name of a group, of A-Z a-z 0-9 . _ -", ""},
    {"a name with its sign", STUDIES "rules: []\ngroups: {orgs: {'@sites': [acme]}}\n", 7, 17,
	"found '@sites': expected the name of a group, of A-Z a-z 0-9 . _ -", ""},
    {"a name twice", STUDIES "rules: []\ngroups: {orgs: {a: [acme], a: [beta]}}\n", 7, 28,
	"found the key 'a' again (first in line 7): expected it once", "put both into one, or take one of them out"},
    {"an empty group", STUDIES "rules: []\ngroups: {orgs: {a: []}}\n", 7, 20,
	"found an empty list of organisations: expected at least one", "name a member, or take the group out"},
    {"a group that is a word", STUDIES "rules: []\ngroups: {types: {a: x}}\n", 7, 21,
	"found 'x': expected a list of message types", "write `[x]`"},
    {"a member twice", STUDIES "rules: []\ngroups: {orgs: {a: [acme, acme]}}\n", 7, 27,
	"found 'acme' again: expected each of the organisations once", ""},
    {"a member that is not in the directory", STUDIES "rules: []\ngroups: {orgs: {a: [acme, ghost]}}\n", 7, 27,
	"found the organisation 'ghost': expected one that the directory of this hub knows",
	"admit it first: `consign org invite ghost`"},
    {"a member that is no organisation", STUDIES "rules: []\ngroups: {orgs: {a: [Acme]}}\n", 7, 21,
	"found 'Acme': expected an organisation, an id of a-z 0-9 -, 2 to 40 of them, no - at an end", "write `acme`"},
    {"a member that is no glob", STUDIES "rules: []\ngroups: {types: {a: [a..b]}}\n", 7, 22,
	"found 'a..b': expected a message type, of a-z 0-9 _ in parts joined by single dots, * for any run", ""},
    {"a group of groups", STUDIES "rules: []\ngroups: {orgs: {a: [acme], b: [beta, '@a']}}\n", 7, 38,
	"found '@a' in a group: expected organisations themselves",
	"there are no groups of groups: write out what it holds, or name both groups in the rule"},
    {"a group of itself", STUDIES "rules: []\ngroups: {types: {a: ['@a']}}\n", 7, 22,
	"found '@a' in a group: expected message types themselves",
	"there are no groups of groups: write out what it holds, or name both groups in the rule"},
    /* use */
    {"no mistake", STUDIES GROUPS "  - {id: r, permit: ['@kits'], from: {orgs: ['@makers']}, to: {orgs: ['@sites']}}\n", 0, 0,
	NULL, ""},
    {"unknown group", STUDIES GROUPS "  - {id: r, permit: [a], to: {orgs: ['@labs']}}\n", 13, 38,
	"found the unknown group '@labs': expected one that stands under groups, orgs",
	"write out its members here, or add it: `groups: {orgs: {NAME: [...]}}`"},
    {"unknown group, a slip", STUDIES GROUPS "  - {id: r, permit: [a], to: {orgs: ['@site']}}\n", 13, 38,
	"found the unknown group '@site': expected one that stands under groups, orgs", "write `\"@sites\"`"},
    {"unknown group of types", STUDIES GROUPS "  - {id: r, permit: ['@kitz']}\n", 13, 22,
	"found the unknown group '@kitz': expected one that stands under groups, types", "write `\"@kits\"`"},
    {"a group of the other kind", STUDIES GROUPS "  - {id: r, permit: ['@sites']}\n", 13, 22,
	"found the unknown group '@sites': expected one that stands under groups, types", "'@sites' is a group of organisations"},
    {"no name", STUDIES GROUPS "  - {id: r, permit: ['@']}\n", 13, 22,
	"found the unknown group '@': expected one that stands under groups, types",
	"write out its members here, or add it: `groups: {types: {NAME: [...]}}`"},
    {"no groups at all", STUDIES "rules:\n  - {id: r, permit: ['@kits']}\n", 7, 22,
	"found the unknown group '@kits': expected one that stands under groups, types",
	"write out its members here, or add it: `groups: {types: {NAME: [...]}}`"},
    {"a group twice", STUDIES GROUPS "  - {id: r, permit: ['@kits', a, '@kits']}\n", 13, 34,
	"found '@kits' again: expected each of the message types once", ""},
    {"a group for roles", STUDIES GROUPS "  - {id: r, permit: [a], to: {roles: ['@sites']}}\n", 13, 39,
	"found the unknown role '@sites': expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, "
	"dsmb",
	"write `site`"},
    {"a group for studies", STUDIES GROUPS "  - {id: r, permit: [a], studies: ['@sites']}\n", 13, 36,
	"found '@sites': expected a study id of A-Z a-z 0-9 . _ -, * for any run", ""},
    {"a group without a party there", STUDIES GROUPS "  - {id: r, permit: [a], to: {orgs: ['@makers']}, studies: [B-1]}\n", 13,
	38, "found the group '@makers' without a member that is a party to a study that rule 'r' covers: expected one",
	"add one of its members to the study's parties, or take the group out of the rule"},
    {"groups that never meet", STUDIES GROUPS "  - {id: r, permit: [a], from: {orgs: ['@makers']}, to: {orgs: [site-two]}}\n", 13,
	5, "found rule 'r', which can never match: expected a study with a party for its from and its to",
	"the organisations that it names share no study that it covers"},
};

static void
test_policy_groups_name_line_column_words_and_hint_of_every_mistake(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct arena *arena = build_arena();
		struct policy_file_parts parts = {0};
		struct policy_file_error e = {0};
		enum consign_err err = policy_file_parse(slice_text(r->yaml), org_is_known, NULL, arena, &parts, &e);
		bool is_right = r->text == NULL ? err == CONSIGN_OK
						: err == CONSIGN_E_CONFIG && e.line == r->line && e.column == r->column &&
						      strcmp(e.text, r->text) == 0 && strcmp(e.hint, r->hint) == 0;
		wrong += !is_right;
		if (!is_right)
			print_error(
			    "%s: found %zu:%zu \"%s\", hint \"%s\" (0x%x)\n", r->name, e.line, e.column, e.text, e.hint, err);
		arena_free(&arena);
	}
	assert_int_equal(wrong, 0);
}

/* "a b > c d: t u" of the nth rule in a list. */
static const char *
shown(struct arena *arena, const struct policy_rule *rule)
{
	struct buf out = {0};
	for (size_t i = 0; rule->from != NULL && i < rule->from->orgs.n; i++)
		assert_int_equal(buf_printf(&out, "%s ", rule->from->orgs.v[i].s), CONSIGN_OK);
	assert_int_equal(buf_printf(&out, ">"), CONSIGN_OK);
	for (size_t i = 0; rule->to != NULL && i < rule->to->orgs.n; i++)
		assert_int_equal(buf_printf(&out, " %s", rule->to->orgs.v[i].s), CONSIGN_OK);
	assert_int_equal(buf_printf(&out, ":"), CONSIGN_OK);
	for (size_t i = 0; i < rule->types.n; i++)
		assert_int_equal(buf_printf(&out, " %s", rule->types.v[i].s), CONSIGN_OK);
	struct consign_slice copy = arena_copy(arena, buf_slice(&out));
	buf_clear(&out);
	return (const char *)copy.data;
}

static void
test_policy_groups_are_written_out_each_member_once(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct policy_file_parts parts =
	    build_parts(arena, STUDIES GROUPS "  - {id: r, permit: [x, '@kits', lab.kit], from: {orgs: [beta, '@makers', acme]}, "
					      "to: {orgs: ['@sites', lab-x, site-two]}}\n");
	assert_string_equal(
	    shown(arena, parts.rules.v[0].rule), "beta acme idle > site-one site-two lab-x: x material.shipment.* lab.kit");
	/* In a study only its parties are named: the other members stay out of its part. */
	assert_string_equal(
	    shown(arena, parts.parts.v[1]->study->rules.v[0]), "acme > site-one lab-x: x material.shipment.* lab.kit");
	assert_string_equal(shown(arena, parts.parts.v[2]->study->rules.v[0]), "beta > site-two: x material.shipment.* lab.kit");
	assert_int_equal(parts.groups.n, 3);
	assert_string_equal(parts.groups.v[1].name.s, "makers");
	assert_true(parts.groups.v[1].is_used && !parts.groups.v[1].is_of_types);
	assert_string_equal(parts.groups.v[1].idle.s, "idle");
	assert_string_equal(parts.groups.v[0].idle.s, "");
	assert_true(parts.groups.v[2].is_used && parts.groups.v[2].is_of_types);
	assert_int_equal(parts.groups.v[2].at.line, 11);
	arena_free(&arena);
}

/* The bytes of a part, in which no member may be found that is no party there, nor a name of a group. */
static bool
part_tells(const struct policy_part *part, const char *word)
{
	struct buf bytes = {0};
	bool tells = false;
	assert_int_equal(policy_part_encode(part, &bytes), CONSIGN_OK);
	for (size_t i = 0; i + strlen(word) <= bytes.len && !tells; i++)
		tells = memcmp(bytes.data + i, word, strlen(word)) == 0;
	buf_clear(&bytes);
	return tells;
}

static void
test_policy_groups_are_told_by_no_part(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct policy_file_parts parts = build_parts(arena, STUDIES GROUPS
	    "  - {id: r, permit: ['@kits'], to: {orgs: ['@sites']}}\n  - {id: f, forbid: [y], from: {orgs: ['@makers']}}\n");
	static const char *const everywhere[] = {"idle", "sites", "makers", "kits", "@"};
	for (size_t part = 0; part < parts.parts.n; part++) {
		for (size_t i = 0; i < sizeof everywhere / sizeof everywhere[0]; i++)
			assert_false(part_tells(parts.parts.v[part], everywhere[i]));
	}
	assert_true(part_tells(parts.parts.v[1], "site-one"));
	assert_false(part_tells(parts.parts.v[1], "site-two"));
	assert_true(part_tells(parts.parts.v[2], "site-two"));
	assert_false(part_tells(parts.parts.v[2], "site-one"));
	assert_false(part_tells(parts.parts.v[2], "acme"));
	arena_free(&arena);
}

/* With groups or with everything written out: the same bytes. */
static void
test_policy_groups_mean_what_stands_in_them(void **state)
{
	(void)state;
	static const char groups[] =
	    STUDIES GROUPS "  - {id: r, permit: ['@kits'], from: {orgs: ['@makers', beta]}, to: {orgs: ['@sites']}}\n";
	static const char plain[] = STUDIES "rules:\n  - {id: r, permit: [material.shipment.*, lab.kit], from: {orgs: [acme, "
					    "beta]}, to: {orgs: [site-one, site-two]}}\n";
	struct arena *arena = build_arena();
	struct policy_file_parts a = build_parts(arena, groups), b = build_parts(arena, plain);
	assert_int_equal(a.parts.n, b.parts.n);
	for (size_t i = 0; i < a.parts.n; i++) {
		struct buf x = {0}, y = {0};
		assert_int_equal(policy_part_encode(a.parts.v[i], &x), CONSIGN_OK);
		assert_int_equal(policy_part_encode(b.parts.v[i], &y), CONSIGN_OK);
		assert_true(slice_equal(buf_slice(&x), buf_slice(&y)));
		buf_clear(&x);
		buf_clear(&y);
	}
	arena_free(&arena);
}

/* n rules, each of which names a group of 40 members: they grow fifty times in being written out. */
static enum consign_err
parse_rules(unsigned n, struct policy_file_error *ret_error, size_t *ret_len)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	struct buf yaml = {0};
	assert_int_equal(buf_printf(&yaml, "studies:\n - {id: S, parties: [{org: member-00, roles: [cro]}, {org: bb, roles: "
					   "[cro]}]}\ngroups:\n orgs:\n  all: ["),
	    CONSIGN_OK);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(buf_printf(&yaml, "member-%02u, ", i), CONSIGN_OK);
	assert_int_equal(buf_printf(&yaml, "]\nrules:\n"), CONSIGN_OK);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(buf_printf(&yaml, " - {id: r%u, permit: [a], to: {orgs: ['@all']}}\n", i), CONSIGN_OK);
	enum consign_err err = policy_file_parse(buf_slice(&yaml), NULL, NULL, arena, &parts, ret_error);
	*ret_len = yaml.len;
	buf_clear(&yaml);
	arena_free(&arena);
	return err;
}

static void
test_policy_groups_written_out_stay_within_the_size_of_a_source(void **state)
{
	(void)state;
	struct policy_file_error e = {0};
	size_t len;
	/* 40 members of 9 bytes and ", ": 440 bytes a rule, beside the rule itself. */
	unsigned most = 0;
	for (unsigned n = 2140; n < 2160 && most == 0; n++) {
		enum consign_err err = parse_rules(n, &e, &len);
		if (err == CONSIGN_OK) {
			assert_true(len + 440u * n <= CONSIGN_POLICY_SOURCE_MAX_BYTES);
			continue;
		}
		assert_int_equal(err, CONSIGN_E_CONFIG);
		assert_true(len + 440u * n > CONSIGN_POLICY_SOURCE_MAX_BYTES);
		most = n - 1;
	}
	assert_true(most > 2140);
	assert_true(e.line == 6 + most || e.line == 6 + most + 1);
	assert_string_equal(
	    e.text, "found '@all' to be one too many: expected at most 1048576 bytes of policy with all groups written out");
	assert_string_equal(
	    e.hint, "use roles instead of groups where you can: a role costs nothing, however many parties hold it");
	/* A file full of them is refused as quickly. */
	assert_int_equal(parse_rules(20000, &e, &len), CONSIGN_E_CONFIG);
	assert_true(e.line < 6 + most);
}

/* Two groups of half as many and one more. */
static void
test_policy_groups_count_against_the_limits_of_a_rule(void **state)
{
	(void)state;
	static const struct {
		const char *before, *between, *after;
		char letter;
		size_t limit;
		const char *text;
	} lists[] = {
	    {"studies: [{id: S, parties: [{org: aa, roles: [cro]}, {org: m0, roles: [cro]}, {org: m512, roles: "
	     "[cro]}]}]\ngroups: {orgs: {a: [",
		"], b: [", "]}}\nrules: [{id: r, permit: [a], to: {orgs: ['@a', '@b']}}]\n", 'm', CONSIGN_PARTIES_MAX,
		"found 1025 organisations with this group written out: expected at most 1024"},
	    {"studies: []\ngroups: {types: {a: [", "], b: [", "]}}\nrules: [{id: r, permit: ['@a', '@b'], studies: ['*']}]\n",
		't', CONSIGN_RULE_TYPES_MAX, "found 257 message types with this group written out: expected at most 256"},
	};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		for (size_t more = 0; more < 2; more++) {
			struct arena *arena = build_arena();
			struct policy_file_parts parts;
			struct policy_file_error e = {0};
			struct buf yaml = {0};
			assert_int_equal(buf_printf(&yaml, "%s", lists[i].before), CONSIGN_OK);
			for (size_t n = 0; n < lists[i].limit + more; n++) {
				assert_int_equal(buf_printf(&yaml, "%s%c%zu, ", n == lists[i].limit / 2 ? lists[i].between : "",
						     lists[i].letter, n),
				    CONSIGN_OK);
			}
			assert_int_equal(buf_printf(&yaml, "%s", lists[i].after), CONSIGN_OK);
			enum consign_err err = policy_file_parse(buf_slice(&yaml), NULL, NULL, arena, &parts, &e);
			assert_int_equal(err, more == 0 ? CONSIGN_OK : CONSIGN_E_CONFIG);
			if (more == 1)
				assert_string_equal(e.text, lists[i].text);
			buf_clear(&yaml);
			arena_free(&arena);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_groups_name_line_column_words_and_hint_of_every_mistake),
	    cmocka_unit_test(test_policy_groups_are_written_out_each_member_once),
	    cmocka_unit_test(test_policy_groups_are_told_by_no_part),
	    cmocka_unit_test(test_policy_groups_mean_what_stands_in_them),
	    cmocka_unit_test(test_policy_groups_written_out_stay_within_the_size_of_a_source),
	    cmocka_unit_test(test_policy_groups_count_against_the_limits_of_a_rule),
	};
	return cmocka_run_group_tests_name("policy_groups", tests, NULL, NULL);
}
