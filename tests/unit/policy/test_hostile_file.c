/* Files that nobody wrote with good intent, or that were damaged: each is refused at once, at a place, with a hint. */
#include "build.h"

/* What somebody sends who wants to see the reader work. Each is refused at once, at a place, with a hint. */
static void
test_hostile_text_is_refused_at_once(void **state)
{
	(void)state;
	static const struct {
		const char *name, *before, *repeated, *after;
		size_t times;
		const char *hint;
	} hostile[] = {
	    {"brackets", "rules: ", "[", "", 1000000, "look for a bracket too many, or lines that are indented too far"},
	    {"braces", "rules: ", "{a: ", "", 250000, "look for a bracket too many, or lines that are indented too far"},
	    {"dashes", "rules:\n", "- ", "", 500000, "look for a bracket too many, or lines that are indented too far"},
	    {"keys that are questions", "", "? ", "", 500000, ""},
	    {"anchors", "a: &a [x]\n", "b: [*a, *a, *a, *a, *a, *a, *a, *a]\n", "", 20000,
		"a list that recurs gets a name under groups, which rules write as \"@name\""},
	    {"merge keys", "", "<<: {}\n", "", 100000, "put both into one, or take one of them out"},
	    {"one long word", "studies: []\nrules: ", "x", "\n", 1000000,
		"write each of them in a line of its own that begins with `- `; `[]` for none"},
	    {"one long key", "", "x", ": a\n", 1000000,
		"a word with a colon and a blank in it needs quotes: \"a: b\"; or the line is indented too far"},
	    {"quotes without an end", "studies: '", "x", "", 1000000, ""},
	};
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		struct arena *arena = build_arena();
		struct policy_file_parts parts = {0};
		struct policy_file_error e = {0};
		struct buf yaml = {0};
		assert_int_equal(buf_printf(&yaml, "%s", hostile[i].before), CONSIGN_OK);
		for (size_t n = 0; n < hostile[i].times; n++)
			assert_int_equal(buf_append(&yaml, slice_text(hostile[i].repeated)), CONSIGN_OK);
		assert_int_equal(buf_printf(&yaml, "%s", hostile[i].after), CONSIGN_OK);
		enum consign_err err = policy_file_parse(buf_slice(&yaml), NULL, NULL, arena, &parts, &e);
		if (err != CONSIGN_E_CONFIG || strcmp(e.hint, hostile[i].hint) != 0)
			print_error(
			    "%s: 0x%x, %zu:%zu \"%s\", hint \"%s\"\n", hostile[i].name, err, e.line, e.column, e.text, e.hint);
		assert_int_equal(err, CONSIGN_E_CONFIG);
		assert_string_equal(e.hint, hostile[i].hint);
		assert_null(parts.parts.v);
		buf_clear(&yaml);
		arena_free(&arena);
	}
}

static void
test_hostile_nul_byte_is_no_text(void **state)
{
	(void)state;
	static const char yaml[] = "studies: []\nrules: []\n# \0\n";
	struct arena *arena = build_arena();
	struct policy_file_parts parts = {0};
	struct policy_file_error e = {0};
	assert_int_equal(policy_file_parse(slice_of(yaml, sizeof yaml - 1), NULL, NULL, arena, &parts, &e), CONSIGN_E_CONFIG);
	assert_int_equal(e.line, 3);
	assert_int_equal(e.column, 3);
	assert_string_equal(e.hint, "there is a NUL byte: this is no text file, or it was damaged");
	arena_free(&arena);
}

/* A policy of nothing whose comment holds one character. */
static struct consign_slice
around(uint32_t point, uint8_t ret_yaml[64])
{
	static const char before[] = "studies: []\n# a", after[] = "# b\nrules: []\n"; /* some end a line for YAML */
	uint8_t *at = ret_yaml + sizeof before - 1;
	memcpy(ret_yaml, before, sizeof before - 1);
	if (point < 0x80) {
		*at++ = (uint8_t)point;
	} else if (point < 0x800) {
		*at++ = (uint8_t)(0xc0 | point >> 6);
		*at++ = (uint8_t)(0x80 | (point & 0x3f));
	} else {
		*at++ = (uint8_t)(0xe0 | point >> 12);
		*at++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
		*at++ = (uint8_t)(0x80 | (point & 0x3f));
	}
	memcpy(at, after, sizeof after - 1);
	return slice_of(ret_yaml, (size_t)(at - ret_yaml) + sizeof after - 1);
}

/* What the wire would refuse later, without a place, must never pass for a policy: every character of the first plane but surrogates. */
static void
test_hostile_characters_that_the_wire_refuses_are_refused_with_their_place(void **state)
{
	(void)state;
	size_t refused_by_wire = 0, refused_by_yaml = 0;
	for (uint32_t point = 0; point <= 0xffff; point++) {
		uint8_t yaml[64];
		struct policy_file_parts parts = {0};
		struct policy_file_error e = {0};
		struct buf bytes = {0};
		struct consign_slice text = around(point, yaml);
		if ((point >= 0xd800 && point <= 0xdfff) || point == '\n')
			continue;
		struct arena *arena = build_arena();
		enum consign_err on_wire = policy_part_encode(&(struct policy_part){.source = text}, &bytes);
		enum consign_err err = policy_file_parse(text, NULL, NULL, arena, &parts, &e);
		bool is_deceiving = (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
		bool is_yaml = point < 0xfffe && !is_deceiving;
		if (err != (on_wire == CONSIGN_OK && is_yaml ? CONSIGN_OK : CONSIGN_E_CONFIG))
			fail_msg("U+%04X: the wire says 0x%x, the reader 0x%x", (unsigned)point, on_wire, err);
		refused_by_wire += on_wire != CONSIGN_OK;
		refused_by_yaml += on_wire == CONSIGN_OK && err != CONSIGN_OK;
		if (err != CONSIGN_OK) {
			assert_int_equal(e.line, 2);
			assert_int_equal(e.column, 4);
			assert_string_not_equal(e.hint, "");
			assert_null(parts.parts.v);
		}
		buf_clear(&bytes);
		arena_free(&arena);
	}
	assert_int_equal(refused_by_wire, 32 - 2 + 33); /* C0 but tab and newline; DEL and C1 */
	/* What is no character, U+FFFE and U+FFFF; ends of lines that are not shown, other directions, marks. */
	assert_int_equal(refused_by_yaml, 2 + 7 + 4 + 1);
}

static const char *const whole = "# as an administrator writes it\n"
				 "version: 1\n"
				 "studies:\n"
				 "  - id: ACME-301\n"
				 "    title: Phase III, double-blind\n"
				 "    parties:\n"
				 "      - {org: acme,      roles: [sponsor], clearance: restricted}\n"
				 "      - {org: globalcro, roles: [cro, pv]}\n"
				 "      - org: \"sitecare\"\n"
				 "        roles:\n"
				 "          - smo\n"
				 "groups:\n"
				 "  orgs: {blind: [globalcro, sitecare]}\n"
				 "  types:\n"
				 "    data: [trial.*, safety.*]\n"
				 "rules:\n"
				 "  - id: trial-data-up\n"
				 "    permit: [\"@data\", x]\n"
				 "    from: {roles: [smo, cro]}\n"
				 "    to:   {orgs: ['@blind', acme]}\n"
				 "    since: 2026-12-01\n"
				 "    until: 2027-06-30T12:00:00Z\n"
				 "    max-size: 64KiB\n"
				 "    deliver-within: 4h\n"
				 "  - id: no-unblinded-to-sites\n"
				 "    forbid: [\"*\"]\n"
				 "    label: [unblinded, restricted]\n"
				 "    studies: [ACME-301]\n"
				 "    to: {roles: [smo, site]}\n";

static void
test_hostile_any_changed_byte_is_a_policy_or_a_placed_error(void **state)
{
	(void)state;
	static const char changes[] = {'\0', '\n', ' ', '\t', '*', '&', '!', '[', '{', '}', ':', '\'', '-', (char)0xff};
	struct arena *arena = build_arena();
	size_t len = strlen(whole);
	char *yaml = arena_alloc(arena, len);
	for (size_t i = 0; i < len * sizeof changes; i++) {
		struct arena *one = build_arena();
		struct policy_file_parts parts;
		struct policy_file_error e = {0};
		memcpy(yaml, whole, len);
		yaml[i / sizeof changes] = changes[i % sizeof changes];
		enum consign_err err = policy_file_parse(slice_of(yaml, len), NULL, NULL, one, &parts, &e);
		if (err != CONSIGN_OK) {
			assert_int_equal(err, CONSIGN_E_CONFIG);
			assert_true(e.line >= 1 && e.column >= 1 && e.text[0] != '\0');
			assert_true(memchr(e.text, '\0', sizeof e.text) != NULL && memchr(e.hint, '\0', sizeof e.hint) != NULL);
		}
		arena_free(&one);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hostile_text_is_refused_at_once),
	    cmocka_unit_test(test_hostile_nul_byte_is_no_text),
	    cmocka_unit_test(test_hostile_characters_that_the_wire_refuses_are_refused_with_their_place),
	    cmocka_unit_test(test_hostile_any_changed_byte_is_a_policy_or_a_placed_error),
	};
	return cmocka_run_group_tests_name("hostile_file", tests, NULL, NULL);
}
