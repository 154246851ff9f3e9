/*
 * docs/policy.schema.json says what the reader says, as far as a schema can: the same keys, the same that must be there, the same
 * words, the same forms. So a key that the reader learns and the schema does not have fails here.
 *
 * The validator below knows the part of draft-07 that the schema uses, and refuses a schema that uses more. What is a number to
 * an editor (12) is a word to the reader: a word of digits counts as both.
 */
#include <jansson.h>
#include <regex.h>
#include <stdlib.h>

#include "build.h"
#include "core/file.h"
#include "policy/yaml_tree.h"

#define NAMES_MAX 32u

static json_t *schema;

/* ── a small validator ── */

static bool is_valid(const json_t *rule, const struct node *node);

static bool
is_integer(const struct node *node)
{
	const char *text = node->kind == NODE_WORD ? (const char *)node->text.data : "";
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text) && (text[0] != '0' || text[1] == '\0');
}

static bool
is_of_type(const char *type, const struct node *node)
{
	if (strcmp(type, "object") == 0)
		return node->kind == NODE_MAP;
	if (strcmp(type, "array") == 0)
		return node->kind == NODE_LIST;
	if (strcmp(type, "string") == 0)
		return node->kind == NODE_WORD && node->text.len > 0 && !is_integer(node);
	if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
		return is_integer(node);
	fail_msg("the schema has the type %s, which this test does not know", type);
	return false;
}

static bool
check_type(const json_t *value, const struct node *node)
{
	bool is = json_is_string(value) && is_of_type(json_string_value(value), node);
	for (size_t i = 0; !is && i < json_array_size(value); i++)
		is = is_of_type(json_string_value(json_array_get(value, i)), node);
	return is;
}

static bool
check_enum(const json_t *value, const struct node *node)
{
	for (size_t i = 0; node->kind == NODE_WORD && i < json_array_size(value); i++) {
		const json_t *word = json_array_get(value, i);
		char text[32];
		(void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(word));
		if (strcmp(json_is_string(word) ? json_string_value(word) : text, (const char *)node->text.data) == 0)
			return true;
	}
	return false;
}

/* Patterns are kept to what POSIX and ECMAScript read alike. */
static bool
check_pattern(const json_t *value, const struct node *node)
{
	regex_t regex;
	if (node->kind != NODE_WORD)
		return true;
	assert_int_equal(regcomp(&regex, json_string_value(value), REG_EXTENDED | REG_NOSUB), 0);
	bool is = regexec(&regex, (const char *)node->text.data, 0, NULL, 0) == 0;
	regfree(&regex);
	return is;
}

static const struct node *
find_key(const struct node *map, const char *name)
{
	for (const struct node *key = map->kind == NODE_MAP ? map->first : NULL; key != NULL; key = key->next) {
		if (strcmp((const char *)key->text.data, name) == 0)
			return key;
	}
	return NULL;
}

static bool
check_required(const json_t *value, const struct node *node)
{
	for (size_t i = 0; node->kind == NODE_MAP && i < json_array_size(value); i++) {
		if (find_key(node, json_string_value(json_array_get(value, i))) == NULL)
			return false;
	}
	return true;
}

static bool
check_dependencies(const json_t *value, const struct node *node)
{
	const char *name;
	json_t *others;
	json_object_foreach((json_t *)(uintptr_t)value, name, others)
	{
		if (find_key(node, name) != NULL && !check_required(others, node))
			return false;
	}
	return true;
}

/* Each key against its own schema, or that of additionalProperties. */
static bool
check_properties(const json_t *rule, const struct node *node)
{
	const json_t *properties = json_object_get(rule, "properties"), *others = json_object_get(rule, "additionalProperties");
	for (const struct node *key = node->kind == NODE_MAP ? node->first : NULL; key != NULL; key = key->next) {
		const json_t *own = json_object_get(properties, (const char *)key->text.data);
		if (own == NULL && (json_is_false(others) || !is_valid(others, key->value)))
			return false;
		if (own != NULL && !is_valid(own, key->value))
			return false;
	}
	return true;
}

static bool
check_names(const json_t *value, const struct node *node)
{
	for (const struct node *key = node->kind == NODE_MAP ? node->first : NULL; key != NULL; key = key->next) {
		if (!is_valid(value, key))
			return false;
	}
	return true;
}

static bool
check_items(const json_t *value, const struct node *node)
{
	for (const struct node *item = node->kind == NODE_LIST ? node->first : NULL; item != NULL; item = item->next) {
		if (!is_valid(value, item))
			return false;
	}
	return true;
}

/* Of words only: no list of ours has others that must differ. */
static bool
check_unique(const struct node *node)
{
	for (const struct node *a = node->kind == NODE_LIST ? node->first : NULL; a != NULL; a = a->next) {
		for (const struct node *b = a->next; b != NULL; b = b->next) {
			if (a->kind == NODE_WORD && b->kind == NODE_WORD && slice_equal(a->text, b->text))
				return false;
		}
	}
	return true;
}

static size_t
count_valid(const json_t *rules, const struct node *node)
{
	size_t n = 0;
	for (size_t i = 0; i < json_array_size(rules); i++)
		n += is_valid(json_array_get(rules, i), node);
	return n;
}

static bool
check_ref(const json_t *value, const struct node *node)
{
	const char *name = strrchr(json_string_value(value), '/') + 1;
	const json_t *definition = json_object_get(json_object_get(schema, "definitions"), name);
	assert_non_null(definition);
	return is_valid(definition, node);
}

static bool
check_bound(const char *word, size_t bound, const struct node *node)
{
	size_t n = node->n;
	if (strcmp(word, "minLength") == 0 || strcmp(word, "maxLength") == 0) {
		if (node->kind != NODE_WORD)
			return true;
		n = node->text.len;
	} else if (strcmp(word, "minItems") == 0 || strcmp(word, "maxItems") == 0) {
		if (node->kind != NODE_LIST)
			return true;
	} else if (strcmp(word, "minProperties") == 0 || strcmp(word, "maxProperties") == 0) {
		if (node->kind != NODE_MAP)
			return true;
	} else {
		if (!is_integer(node))
			return true;
		n = strtoul((const char *)node->text.data, NULL, 10);
	}
	return word[1] == 'i' ? n >= bound : n <= bound;
}

static bool
check_word(const json_t *rule, const char *word, const json_t *value, const struct node *node)
{
	static const char *const said[] = {"$schema", "$id", "title", "description", "definitions", "additionalProperties"};
	static const char *const bounds[] = {
	    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minimum", "maximum"};
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
		if (strcmp(word, said[i]) == 0)
			return strcmp(word, "additionalProperties") != 0 || check_properties(rule, node);
	}
	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
		if (strcmp(word, bounds[i]) == 0)
			return check_bound(word, (size_t)json_integer_value(value), node);
	}
	static const struct {
		const char *word;
		bool (*check)(const json_t *value, const struct node *node);
	} words[] = {{"type", check_type}, {"enum", check_enum}, {"pattern", check_pattern}, {"required", check_required},
	    {"dependencies", check_dependencies}, {"propertyNames", check_names}, {"items", check_items}, {"$ref", check_ref}};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(word, words[i].word) == 0)
			return words[i].check(value, node);
	}
	if (strcmp(word, "properties") == 0)
		return json_object_get(rule, "additionalProperties") != NULL; /* looked at there: every object of ours has both */
	if (strcmp(word, "uniqueItems") == 0)
		return check_unique(node);
	if (strcmp(word, "anyOf") == 0)
		return count_valid(value, node) > 0;
	if (strcmp(word, "oneOf") == 0)
		return count_valid(value, node) == 1;
	if (strcmp(word, "allOf") == 0)
		return count_valid(value, node) == json_array_size(value);
	fail_msg("the schema has the word %s, which this test does not know", word);
	return false;
}

static bool
is_valid(const json_t *rule, const struct node *node)
{
	const char *word;
	json_t *value;
	bool is = true;
	json_object_foreach((json_t *)(uintptr_t)rule, word, value)
	{
		is = check_word(rule, word, value, node) && is;
	}
	return is;
}

/* What the schema says of a text; one that is no YAML is not its matter. */
static bool
schema_takes(const char *yaml)
{
	static const struct yaml_form form = {"policy", "studies and rules", "docs/POLICY.md", NULL};
	struct arena *arena = build_arena();
	struct policy_file_error e = {0};
	struct node *root;
	enum consign_err err = yaml_tree_read(slice_text(yaml), &form, arena, &root, &e);
	if (err != CONSIGN_OK)
		print_error("%s: %s\n", yaml, e.text);
	assert_int_equal(err, CONSIGN_OK);
	bool takes = is_valid(schema, root);
	arena_free(&arena);
	return takes;
}

static enum consign_err
read_text(const char *yaml, struct policy_file_error *ret_error)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	enum consign_err err = policy_file_parse(slice_text(yaml), NULL, NULL, arena, &parts, ret_error);
	arena_free(&arena);
	return err;
}

static int
setup(void **state)
{
	json_error_t where;
	(void)state;
	schema = json_load_file(CONSIGN_SOURCE_DIR "/docs/policy.schema.json", JSON_REJECT_DUPLICATES, &where);
	if (schema == NULL)
		print_error("policy.schema.json:%d: %s\n", where.line, where.text);
	return schema == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(schema);
	return 0;
}

/* ── the same keys ── */

/* A key where it is unknown, to hear from the reader which ones there are; and where the schema has them. */
static const struct place {
	const char *definition; /* "" : the root */
	const char *yaml;
} places[] = {
    {"", "unknown-key: []\n"},
    {"study", "studies: [{unknown-key: x}]\nrules: []\n"},
    {"party", "studies: [{id: S, parties: [{unknown-key: x}]}]\nrules: []\n"},
    {"rule", "studies: []\nrules: [{unknown-key: x}]\n"},
    {"end", "studies: []\nrules: [{id: r, permit: [a], from: {unknown-key: x}}]\n"},
    {"groups", "studies: []\nrules: []\ngroups: {unknown-key: x}\n"},
    {"quota", "studies: []\nrules: []\nquotas: [{unknown-key: x}]\n"},
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of a definition, sorted, with ", " between. */
static void
put_keys(const char *definition, struct buf *out)
{
	const json_t *from = definition[0] == '\0' ? schema : json_object_get(json_object_get(schema, "definitions"), definition);
	json_t *properties = json_object_get(from, "properties"), *value;
	const char *names[NAMES_MAX], *name;
	size_t n = 0;
	assert_true(json_object_size(properties) > 0 && json_object_size(properties) <= NAMES_MAX);
	json_object_foreach(properties, name, value)
	{
		names[n++] = name;
	}
	qsort(names, n, sizeof names[0], by_text);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf_printf(out, "%s%s", i > 0 ? ", " : "", names[i]), CONSIGN_OK);
	assert_int_equal(buf_append_u8(out, 0), CONSIGN_OK);
}

static void
put_sorted(char *list, struct buf *out)
{
	const char *names[NAMES_MAX];
	size_t n = 0;
	for (char *name = strtok(list, ", "); name != NULL && n < NAMES_MAX; name = strtok(NULL, ", "))
		names[n++] = name;
	qsort(names, n, sizeof names[0], by_text);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf_printf(out, "%s%s", i > 0 ? ", " : "", names[i]), CONSIGN_OK);
	assert_int_equal(buf_append_u8(out, 0), CONSIGN_OK);
}

static void
test_schema_has_the_keys_that_the_reader_has(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct policy_file_error e = {0};
		struct buf ours = {0}, theirs = {0};
		assert_int_equal(read_text(places[i].yaml, &e), CONSIGN_E_CONFIG);
		char *list = strstr(e.text, ": expected one of ");
		assert_non_null(list);
		put_sorted(list + strlen(": expected one of "), &theirs);
		put_keys(places[i].definition, &ours);
		assert_string_equal((const char *)ours.data, (const char *)theirs.data);
		assert_false(schema_takes(places[i].yaml));
		buf_clear(&ours);
		buf_clear(&theirs);
	}
}

/* ── the same forms ── */

#define STUDY "studies: [{id: S, parties: [{org: aa, roles: [sponsor]}, {org: bb, roles: [cro]}]}]\n"
#define GROUPS "groups: {orgs: {g: [bb]}, types: {t: [a]}}\n"
#define HEAD STUDY GROUPS
#define LONG_32 "a2345678901234567890123456789012"
#define LONG_96 LONG_32 LONG_32 LONG_32

/* What stands in place of the word. Both must say the same of each; what only the reader can know is left to it. */
static const struct form {
	const char *before, *after;
	const char *words[40];
} forms[] = {
    {HEAD "rules: [{id: ", ", permit: [a]}]\n",
	{"r", "R.1_x-y", "12", "0123456789012345678901234567890123456789012345678901234567890123",
	    "01234567890123456789012345678901234567890123456789012345678901234", "a b", "a/b", "''", "[r]", "{a: b}", "ä",
	    "'@r'"}},
    {HEAD "rules: [{id: r, permit: ", "}]\n",
	{"[a]", "['*']", "[a.b.c]", "['a.*.b', c_1]", "['@t']", "['@t', b]", "[]", "a", "[A]", "[a..b]", "[.a]", "[a.]", "['']",
	    "[a, a]", "[a-b]", "[[a]]", "'*'", "['@']", "['@t x']", "{a: b}", "['a*b*.*']", "[_]", "[" LONG_96 "]",
	    "[" LONG_96 "x]"}},
    {HEAD "rules: [{id: r, permit: [a], from: ", "}]\n",
	{"{roles: [cro]}", "{orgs: [aa]}", "{roles: [cro], orgs: [bb]}", "{orgs: ['@g']}", "{orgs: ['@g', aa]}", "{}", "[cro]",
	    "cro", "{roles: []}", "{roles: cro}", "{roles: [boss]}", "{roles: [cro, cro]}", "{orgs: []}", "{orgs: [aa, aa]}",
	    "{orgs: [AA]}", "{orgs: [-a]}", "{orgs: [a]}", "{orgs: ['@']}", "{role: [cro]}", "{roles: ['@g']}",
	    "{roles: [[cro]]}"}},
    {HEAD "rules: [{id: r, permit: [a], studies: ", "}]\n",
	{"[S]", "['*']", "['S*']", "[S, '*']", "[]", "S", "[S, S]", "['S x']", "[[S]]", "['@g']"}},
    {HEAD "rules: [{id: r, permit: [a], label: ", "}]\n",
	{"[open]", "[open, restricted, unblinded]", "[]", "open", "[open, open]", "[Open]", "[blinded]", "[[open]]"}},
    {HEAD "rules: [{id: r, permit: [a], since: ", "}]\n",
	{"2026-12-01", "2026-12-01T08:30:00Z", "2000-01-01", "9999-12-31T23:59:59Z", "1999-12-31", "2026-13-01", "2026-00-01",
	    "2026-01-32", "2026-01-00", "2026-12-01T24:00:00Z", "2026-12-01T00:60:00Z", "2026-12-01T00:00:60Z",
	    "2026-12-01T08:30:00", "2026-12-01T08:30:00+01:00", "2026-12-01T08:30:00.5Z", "'2026-12-01 08:30:00Z'", "tomorrow",
	    "20261201", "[2026-12-01]", "''"}},
    {HEAD "rules: [{id: r, permit: [a], until: ", "}]\n", {"2026-12-01", "never", "0"}},
    {HEAD "rules: [{id: r, permit: [a], max-size: ", "}]\n",
	{"256", "1024", "1048576", "1048577", "255", "64KiB", "1023KiB", "1024KiB", "1025KiB", "1MiB", "2MiB", "1", "0", "01",
	    "64KB", "64 KiB", "1GiB", "-1", "KiB", "1.5MiB", "''", "[1]", "0KiB", "99999999"}},
    {HEAD "rules: [{id: r, permit: [a], deliver-within: ", "}]\n",
	{"1s", "30m", "4h", "366d", "0h", "04h", "4", "4w", "h", "4 h", "4H", "-4h", "''", "[4h]"}},
    {HEAD "rules: [{id: r, ", "}]\n",
	{"permit: [a]", "forbid: [a]", "permit: [a], forbid: [a]", "to: {roles: [cro]}", "forbid: [a], max-size: 256",
	    "forbid: [a], deliver-within: 1h", "forbid: [a], since: 2026-12-01, until: 2027-01-01",
	    "permit: [a], max-size: 1KiB, deliver-within: 1h"}},
    {HEAD "rules: ", "\n", {"[]", "{}", "r", "[r]", "[[r]]", "[{permit: [a]}]", "[{}]"}},
    {"rules: []\nstudies: ", "\n",
	{"[]", "[{id: S, parties: [{org: aa, roles: [cro]}]}]", "[{id: S, parties: []}]", "[{id: S}]",
	    "[{parties: [{org: aa, roles: [cro]}]}]", "[{id: S, title: Phase III, parties: [{org: aa, roles: [cro]}]}]",
	    "[{id: S, title: [x], parties: [{org: aa, roles: [cro]}]}]",
	    "[{id: S, title: '', parties: [{org: aa, roles: [cro]}]}]",
	    "[{id: S, parties: [{org: aa, roles: [cro, lab], clearance: restricted}]}]",
	    "[{id: S, parties: [{org: aa, roles: []}]}]", "[{id: S, parties: [{org: aa}]}]",
	    "[{id: S, parties: [{roles: [cro]}]}]", "[{id: S, parties: [{org: aa, roles: [cro], clearance: secret}]}]",
	    "[{id: S, parties: [{org: aa, roles: [cro], clearance: [open]}]}]", "[{id: S, parties: [{org: a_a, roles: [cro]}]}]",
	    "[{id: S, parties: [{org: '@g', roles: [cro]}]}]", "[{id: 301, parties: [{org: '12', roles: [cro]}]}]"}},
    {STUDY "rules: []\ngroups: ", "\n",
	{"{orgs: {g: [aa]}}", "{types: {t: [a, 'b.*']}}", "{orgs: {g: [aa]}, types: {t: [a]}}", "{}", "[]", "{orgs: {}}",
	    "{orgs: [aa]}", "{orgs: {g: []}}", "{orgs: {g: aa}}", "{orgs: {'g h': [aa]}}", "{orgs: {g: ['@g']}}",
	    "{types: {t: ['@t']}}", "{types: {t: [a, a]}}", "{orgs: {g: [AA]}}", "{types: {t: [A]}}", "{roles: {r: [cro]}}",
	    "{orgs: {'@g': [aa]}}", "{orgs: {G.1: [aa]}}"}},
    {"studies: []\nrules: []\nversion: ", "\n", {"1", "'1'", "2", "''", "[1]", "1.0"}},
    {"", "\n", {"{studies: [], rules: []}", "{rules: []}", "{studies: []}", "[]", "x"}},
};

static void
test_schema_takes_what_the_reader_takes(void **state)
{
	(void)state;
	size_t wrong = 0, taken = 0, refused = 0;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		for (size_t j = 0; forms[i].words[j] != NULL; j++) {
			struct policy_file_error e = {0};
			struct buf yaml = {0};
			assert_int_equal(
			    buf_printf(&yaml, "%s%s%s", forms[i].before, forms[i].words[j], forms[i].after), CONSIGN_OK);
			assert_int_equal(buf_append_u8(&yaml, 0), CONSIGN_OK);
			bool reads = read_text((const char *)yaml.data, &e) == CONSIGN_OK,
			     takes = schema_takes((const char *)yaml.data);
			taken += reads;
			refused += !reads;
			wrong += reads != takes;
			if (reads != takes)
				print_error("%s%s: the reader says %s, the schema %s\n",
				    strrchr(forms[i].before, '\n') != NULL ? strrchr(forms[i].before, '\n') + 1 : "",
				    forms[i].words[j], reads ? "yes" : e.text, takes ? "yes" : "no");
			buf_clear(&yaml);
		}
	}
	assert_int_equal(wrong, 0);
	assert_true(taken > 50 && refused > 100);
}

static void
test_schema_takes_the_examples(void **state)
{
	static const char *const files[] = {"/examples/policy/four-companies.yaml", "/examples/acme-301/policy.yaml"};
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct buf yaml = {0};
		char path[512];
		(void)snprintf(path, sizeof path, "%s%s", CONSIGN_SOURCE_DIR, files[i]);
		assert_int_equal(file_read(path, CONSIGN_POLICY_SOURCE_MAX_BYTES, &yaml), CONSIGN_OK);
		assert_int_equal(buf_append_u8(&yaml, 0), CONSIGN_OK);
		assert_true(schema_takes((const char *)yaml.data));
		buf_clear(&yaml);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_schema_has_the_keys_that_the_reader_has),
	    cmocka_unit_test(test_schema_takes_what_the_reader_takes),
	    cmocka_unit_test(test_schema_takes_the_examples),
	};
	return cmocka_run_group_tests_name("schema", tests, setup, teardown);
}
