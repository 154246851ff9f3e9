/* Profiles: what a file says, the words for every mistake, and that the profiles which come with Consign fit one another. */
#include "build.h"

#include <dirent.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/text.h"
#include "policy/profile.h"

/* Two lines, so that what is under test begins in line 3. */
#define HEAD                                                                                                                     \
	"role: cdmo\n"                                                                                                           \
	"title: Maker\n"
#define WATCHES                                                                                                                  \
	HEAD "watches:\n"                                                                                                        \
	     "  - {as: orders, type: material.*, says: orders}\n"                                                                  \
	     "alarms:\n"

static enum consign_err
read_text(struct arena *arena, const char *yaml, struct profile **ret_profile, struct policy_file_error *error)
{
	*error = (struct policy_file_error){0};
	return profile_read(slice_text(yaml), arena, ret_profile, error);
}

static struct profile *
must_read(struct arena *arena, struct consign_slice yaml)
{
	struct policy_file_error error = {0};
	struct profile *p = NULL;
	enum consign_err err = profile_read(yaml, arena, &p, &error);
	if (err == CONSIGN_E_CONFIG)
		print_error("%zu:%zu: %s\n", error.line, error.column, error.text);
	assert_int_equal(err, CONSIGN_OK);
	return p;
}

static void
test_profile_read_keeps_everything_that_is_said(void **state)
{
	struct arena *arena = build_arena();
	(void)state;
	const struct profile *p = must_read(arena, slice_text("alarms:\n"
							      "  - {type: material.order, when: unacknowledged, within: 90m, as: orders, says: late}\n"
							      "  - {type: '*', when: unacknowledged, within: 366d, says: very late}\n"
							      "  - {type: quality.*, when: refused, within: 9999999s, says: 'no: refused'}\n"
							      "role: cdmo\n"
							      "title: A maker\n"
							      "sends:\n"
							      "  - {type: quality.*, to: [sponsor, cmo]}\n"
							      "  - {type: x.lot.*, to: [cmo]}\n"
							      "receives:\n"
							      "  - type: material.order\n"
							      "    from: [sponsor]\n"
							      "watches:\n"
							      "  - {as: orders, type: '*.order', study: any, says: orders}\n"
							      "  - {as: s-301, type: '*', study: ACME-301, says: one study}\n"));
	assert_int_equal(p->role, ROLE_CDMO);
	assert_string_equal(p->title, "A maker");
	assert_int_equal(p->sends.n, 2);
	assert_string_equal(p->sends.v[0].type.s, "quality.*");
	assert_int_equal(p->sends.v[0].roles.n, 2);
	assert_int_equal(p->sends.v[0].roles.v[0], ROLE_SPONSOR);
	assert_int_equal(p->sends.v[0].roles.v[1], ROLE_CMO);
	assert_string_equal(p->sends.v[1].type.s, "x.lot.*");
	assert_int_equal(p->receives.n, 1);
	assert_string_equal(p->receives.v[0].type.s, "material.order");
	assert_int_equal(p->receives.v[0].roles.v[0], ROLE_SPONSOR);
	assert_int_equal(p->watches.n, 2);
	assert_string_equal(p->watches.v[0].name, "orders");
	assert_string_equal(p->watches.v[0].type.s, "*.order");
	assert_string_equal(p->watches.v[0].study.s, "");
	assert_string_equal(p->watches.v[0].says, "orders");
	assert_string_equal(p->watches.v[1].study.s, "ACME-301");
	assert_int_equal(p->alarms.n, 3);
	assert_int_equal(p->alarms.v[0].when, PROFILE_UNACKNOWLEDGED);
	assert_string_equal(p->alarms.v[0].as, "orders");
	assert_int_equal(p->alarms.v[0].within_us, 90ull * 60 * 1000000);
	assert_string_equal(p->alarms.v[0].within, "90m");
	assert_string_equal(p->alarms.v[0].says, "late");
	assert_string_equal(p->alarms.v[1].as, "default");
	assert_int_equal(p->alarms.v[1].within_us, 366ull * 24 * 3600 * 1000000);
	assert_int_equal(p->alarms.v[2].when, PROFILE_REFUSED);
	assert_string_equal(p->alarms.v[2].as, "");
	assert_int_equal(p->alarms.v[2].within_us, 9999999ull * 1000000);
	assert_string_equal(p->alarms.v[2].says, "no: refused");
	arena_free(&arena);
}

static void
test_profile_read_takes_a_profile_that_only_says_who_it_is_for(void **state)
{
	struct arena *arena = build_arena();
	(void)state;
	const struct profile *p = must_read(arena, slice_text("role: dsmb\ntitle: Board\nsends: []\nwatches: []\n"));
	assert_int_equal(p->role, ROLE_DSMB);
	assert_int_equal(p->sends.n + p->receives.n + p->watches.n + p->alarms.n, 0);
	arena_free(&arena);
}

static const struct row {
	const char *name, *yaml;
	size_t line, column;
	const char *text;
} rows[] = {
    /* the whole */
    {"empty file", "", 1, 1, "the file is empty: expected a mapping with the keys role and title"},
    {"second document", HEAD "---\nrole: cro\n", 3, 1, "found a second document: expected one file, one profile"},
    {"directive", "%YAML 1.1\n---\nrole: cro\n", 1, 1, "found a directive (%): expected the profile without one"},
    {"nested too deep", HEAD "sends: [[[[[[[[[]]]]]]]]]\n", 3, 16,
	"found lists or mappings nested deeper than 8: expected the shape of profiles/cdmo.yaml"},
    {"anchor", "role: &r cdmo\n", 1, 7, "found an anchor (&): expected the thing itself, written out"},
    {"not YAML", "role: [\n", 2, 1, "this is not YAML: did not find expected node content while parsing a flow node"},
    {"a list", "- role\n", 1, 1,
	"found a list: expected a profile, a mapping with the keys role, title, sends, receives, watches, alarms"},
    {"unknown key", HEAD "send: []\n", 3, 1,
	"found the unknown key 'send' in a profile: expected one of role, title, sends, receives, watches, alarms"},
    {"key twice", HEAD "role: cro\n", 3, 1, "found the key 'role' again (first in line 1): expected it once"},
    {"no role", "title: x\n", 1, 1,
	"found no key 'role' in a profile: expected it beside role, title, sends, receives, watches, alarms"},
    {"no title", "role: cro\n", 1, 1,
	"found no key 'title' in a profile: expected it beside role, title, sends, receives, watches, alarms"},
    {"unknown role", "role: maker\ntitle: x\n", 1, 7,
	"found the unknown role 'maker': expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, "
	"dsmb"},
    {"several roles", "role: [cro]\ntitle: x\n", 1, 7,
	"found a list: expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, dsmb"},
    {"no word as title", "role: cro\ntitle:\n", 2, 7, "found nothing: expected a title"},
    {"title of two lines", "role: cro\ntitle: \"a\\nb\"\n", 2, 8,
	"found 'a?b': expected a title, one line without control characters"},
    /* sends, receives */
    {"sends that is a mapping", HEAD "sends: {}\n", 3, 8, "found a mapping: expected a list of sends"},
    {"sends of a word", HEAD "sends: [quality.coa]\n", 3, 9,
	"found 'quality.coa': expected an entry of sends, a mapping with the keys type, to"},
    {"sends from", HEAD "sends:\n  - {type: quality.coa, from: [sponsor]}\n", 4, 25,
	"found the unknown key 'from' in an entry of sends: expected one of type, to"},
    {"receives to", HEAD "receives:\n  - {type: quality.coa, to: [sponsor]}\n", 4, 25,
	"found the unknown key 'to' in an entry of receives: expected one of type, from"},
    {"sends to nobody", HEAD "sends:\n  - {type: quality.coa}\n", 4, 5,
	"found no key 'to' in an entry of sends: expected it beside type, to"},
    {"sends to an empty list", HEAD "sends:\n  - {type: quality.coa, to: []}\n", 4, 29,
	"found an empty list of roles: expected at least one"},
    {"sends to a role twice", HEAD "sends:\n  - {type: quality.coa, to: [cmo, cmo]}\n", 4, 35,
	"found 'cmo' again: expected each of the roles once"},
    {"sends to an organisation", HEAD "sends:\n  - {type: quality.coa, to: [acme]}\n", 4, 30,
	"found the unknown role 'acme': expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, dsmb"},
    {"type in capitals", HEAD "sends:\n  - {type: Quality.coa, to: [cmo]}\n", 4, 12,
	"found 'Quality.coa': expected a message type, of a-z 0-9 _ in parts joined by single dots, * for any run"},
    {"type with two dots", HEAD "sends:\n  - {type: quality..coa, to: [cmo]}\n", 4, 12,
	"found 'quality..coa': expected a message type, of a-z 0-9 _ in parts joined by single dots, * for any run"},
    {"type with a NUL", HEAD "sends:\n  - {type: \"quality\\0\", to: [cmo]}\n", 4, 12,
	"found 'quality?': expected a message type, of a-z 0-9 _ in parts joined by single dots, * for any run"},
    {"type that is a list", HEAD "sends:\n  - {type: [a], to: [cmo]}\n", 4, 12, "found a list: expected a message type"},
    {"type twice", HEAD "sends:\n  - {type: quality.coa, to: [cmo]}\n  - {type: quality.coa, to: [sponsor]}\n", 5, 5,
	"found the type 'quality.coa' again in sends: expected one entry with all its roles"},
    {"no mistake: the same type both ways",
	HEAD "sends:\n  - {type: quality.coa, to: [cmo]}\nreceives:\n  - {type: quality.coa, from: [cmo]}\n", 0, 0, NULL},
    /* watches */
    {"watch without a name", HEAD "watches:\n  - {type: '*', says: x}\n", 4, 5,
	"found no key 'as' in an entry of watches: expected it beside as, type, study, says"},
    {"watch that says nothing", HEAD "watches:\n  - {as: a, type: '*'}\n", 4, 5,
	"found no key 'says' in an entry of watches: expected it beside as, type, study, says"},
    {"watch named with a blank", HEAD "watches:\n  - {as: a b, type: '*', says: x}\n", 4, 10,
	"found 'a b': expected the name of a subscription, of A-Z a-z 0-9 . _ -"},
    {"watch named default", HEAD "watches:\n  - {as: default, type: '*', says: x}\n", 4, 10,
	"found 'default': expected another name, for that one is there already, with every type and study"},
    {"watch named twice", HEAD "watches:\n  - {as: a, type: '*', says: x}\n  - {as: a, type: x.*, says: y}\n", 5, 10,
	"found the subscription 'a' again: expected each name once"},
    {"watch of a study with a blank", HEAD "watches:\n  - {as: a, type: '*', study: A 1, says: x}\n", 4, 31,
	"found 'A 1': expected a study id or the word any, of A-Z a-z 0-9 . _ -"},
    /* alarms */
    {"alarm without a time", WATCHES "  - {type: '*', when: refused, says: x}\n", 6, 5,
	"found no key 'within' in an entry of alarms: expected it beside type, when, within, as, says"},
    {"alarm of another kind", WATCHES "  - {type: '*', when: rejected, within: 1h, says: x}\n", 6, 23,
	"found 'rejected': expected unacknowledged or refused"},
    {"time without a unit", WATCHES "  - {type: '*', when: refused, within: 24, says: x}\n", 6, 40,
	"found '24': expected a time, a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"time without a number", WATCHES "  - {type: '*', when: refused, within: h, says: x}\n", 6, 40,
	"found 'h': expected a time, a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"time of nothing", WATCHES "  - {type: '*', when: refused, within: 0h, says: x}\n", 6, 40,
	"found '0h': expected a time, a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"time below nothing", WATCHES "  - {type: '*', when: refused, within: -1h, says: x}\n", 6, 40,
	"found '-1h': expected a time, a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"time of another unit", WATCHES "  - {type: '*', when: refused, within: 1w, says: x}\n", 6, 40,
	"found '1w': expected a time, a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"time over a year", WATCHES "  - {type: '*', when: refused, within: 367d, says: x}\n", 6, 40,
	"found '367d': expected a time, a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"time of many digits", WATCHES "  - {type: '*', when: refused, within: 18446744073709551616s, says: x}\n", 6, 40,
	"found '18446744073709551616s': expected a time, a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"time that is a list", WATCHES "  - {type: '*', when: refused, within: [1h], says: x}\n", 6, 40,
	"found a list: expected a time, a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"subscription of what was sent", WATCHES "  - {type: '*', when: refused, within: 1h, as: orders, says: x}\n", 6, 44,
	"found the key 'as' in an alarm for what is refused: expected it for unacknowledged only"},
    {"subscription that is not there", WATCHES "  - {type: '*', when: unacknowledged, within: 1h, as: order, says: x}\n", 6,
	55, "found 'order': expected a name of watches, or default"},
    {"types that the subscription has not", WATCHES "  - {type: '*', when: unacknowledged, within: 1h, as: orders, says: x}\n", 6,
	12, "found '*': expected types that the subscription 'orders' has, which are material.*"},
    {"type that the subscription has not",
	WATCHES "  - {type: batch.release, when: unacknowledged, within: 1h, as: orders, says: x}\n", 6, 12,
	"found 'batch.release': expected types that the subscription 'orders' has, which are material.*"},
    {"no mistake: some of its types",
	WATCHES "  - {type: material.shipment.*, when: unacknowledged, within: 1h, as: orders, says: x}\n", 0, 0, NULL},
    {"alarm twice",
	WATCHES "  - {type: x.a, when: refused, within: 1h, says: x}\n  - {type: x.a, when: refused, within: 2h, says: y}\n", 7, 5,
	"found the alarm for 'x.a' refused again: expected it once"},
    {"alarm that says nothing", WATCHES "  - {type: '*', when: refused, within: 1h, says: ''}\n", 6, 50,
	"found nothing: expected what it means"},
};

static void
test_profile_read_says_every_mistake_with_its_place(void **state)
{
	size_t failed = 0;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena *arena = build_arena();
		struct policy_file_error error;
		struct profile *p = NULL;
		enum consign_err err = read_text(arena, rows[i].yaml, &p, &error);
		bool is_as_said = rows[i].text == NULL
				      ? err == CONSIGN_OK
				      : err == CONSIGN_E_CONFIG && p == NULL && error.line == rows[i].line &&
					    error.column == rows[i].column && strcmp(error.text, rows[i].text) == 0;
		if (!is_as_said) {
			print_error("%s: error %d, %zu:%zu: %s\n", rows[i].name, err, error.line, error.column, error.text);
			failed++;
		}
		arena_free(&arena);
	}
	assert_int_equal(failed, 0);
}

/* n lines of one form behind HEAD; the form takes the number. */
static void
lines(struct buf *out, const char *key, const char *form, size_t n)
{
	assert_int_equal(buf_printf(out, HEAD "%s:\n", key), CONSIGN_OK);
	for (size_t i = 0; i < n; i++) {
		char line[256];
		const char *at = strchr(form, '#');
		snprintf(line, sizeof line, "%.*s%zu%s\n", (int)(at - form), form, i, at + 1);
		assert_int_equal(buf_append(out, slice_text(line)), CONSIGN_OK);
	}
}

static void
test_profile_read_refuses_more_than_its_limits(void **state)
{
	static const struct {
		const char *key, *form;
		size_t max;
		const char *text;
	} limits[] = {
	    {"sends", "  - {type: x.a#, to: [cmo]}", PROFILE_WAYS_MAX, "found 257 sends: expected at most 256"},
	    {"receives", "  - {type: x.a#, from: [cmo]}", PROFILE_WAYS_MAX, "found 257 receives: expected at most 256"},
	    {"watches", "  - {as: a#, type: '*', says: x}", PROFILE_WATCHES_MAX, "found 65 watches: expected at most 64"},
	    {"alarms", "  - {type: x.a#, when: refused, within: 1h, says: x}", PROFILE_ALARMS_MAX,
		"found 17 alarms: expected at most 16"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct arena *arena = build_arena();
		struct policy_file_error error = {0};
		struct profile *p = NULL;
		struct buf yaml = {0};
		lines(&yaml, limits[i].key, limits[i].form, limits[i].max);
		assert_int_equal(profile_read(buf_slice(&yaml), arena, &p, &error), CONSIGN_OK);
		buf_reset(&yaml);
		lines(&yaml, limits[i].key, limits[i].form, limits[i].max + 1);
		assert_int_equal(profile_read(buf_slice(&yaml), arena, &p, &error), CONSIGN_E_CONFIG);
		assert_string_equal(error.text, limits[i].text);
		buf_clear(&yaml);
		arena_free(&arena);
	}
}

static void
test_profile_read_refuses_a_file_over_the_limit_and_an_arena_below_it(void **state)
{
	struct arena *arena = build_arena(), *small = NULL;
	struct policy_file_error error = {0};
	struct profile *p = NULL;
	char *big = malloc(PROFILE_MAX_BYTES + 1);
	(void)state;
	assert_non_null(big);
	memset(big, '#', PROFILE_MAX_BYTES + 1);
	assert_int_equal(profile_read(slice_of(big, PROFILE_MAX_BYTES + 1), arena, &p, &error), CONSIGN_E_TOO_BIG);
	memcpy(big, HEAD, strlen(HEAD));
	assert_int_equal(profile_read(slice_of(big, PROFILE_MAX_BYTES), arena, &p, &error), CONSIGN_OK);
	assert_int_equal(arena_new(16, &small), CONSIGN_OK);
	assert_int_equal(profile_read(slice_text(HEAD), small, &p, &error), CONSIGN_E_NO_MEMORY);
	free(big);
	arena_free(&small);
	arena_free(&arena);
}

/* ── the profiles that come with Consign ── */

static const char *const names[] = {"sponsor", "cro", "cdmo", "cmo", "smo", "lab"};
#define NAMES (sizeof names / sizeof *names)

static void
read_all(struct arena *arena, const struct profile *profiles[NAMES])
{
	for (size_t i = 0; i < NAMES; i++) {
		struct buf text = {0};
		char path[512];
		snprintf(path, sizeof path, "%s/agents/profiles/%s.yaml", CONSIGN_SOURCE_DIR, names[i]);
		assert_int_equal(file_read(path, PROFILE_MAX_BYTES, &text), CONSIGN_OK);
		profiles[i] = must_read(arena, buf_slice(&text));
		buf_clear(&text);
	}
}

static void
test_profile_of_each_name_is_of_that_role(void **state)
{
	const struct profile *profiles[NAMES];
	struct arena *arena = build_arena();
	char path[512];
	size_t files = 0;
	(void)state;
	read_all(arena, profiles);
	for (size_t i = 0; i < NAMES; i++) {
		assert_string_equal(policy_role_text(profiles[i]->role), names[i]);
		assert_true(profiles[i]->sends.n > 0 && profiles[i]->receives.n > 0);
		assert_true(profiles[i]->watches.n > 0 && profiles[i]->alarms.n > 0);
	}
	snprintf(path, sizeof path, "%s/agents/profiles", CONSIGN_SOURCE_DIR);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		files += entry->d_name[0] != '.';
	closedir(dir);
	assert_int_equal(files, NAMES);
	arena_free(&arena);
}

static bool
way_has_role(const struct profile_way *way, uint32_t role)
{
	for (size_t i = 0; i < way->roles.n; i++)
		if (way->roles.v[i] == role)
			return true;
	return false;
}

/* Whether some of the ways takes the type from, or to, the role. */
static bool
is_met(const struct profile_way *ways, size_t n, const char *type, uint32_t role)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ways[i].type.s, type) == 0 && way_has_role(&ways[i], role))
			return true;
	return false;
}

static void
test_profiles_agree_on_what_goes_between_two_of_them(void **state)
{
	const struct profile *profiles[NAMES];
	struct arena *arena = build_arena();
	(void)state;
	read_all(arena, profiles);
	for (size_t i = 0; i < NAMES; i++)
		for (size_t j = 0; j < NAMES; j++) {
			const struct profile *a = profiles[i], *b = profiles[j];
			for (size_t k = 0; k < a->sends.n; k++)
				if (way_has_role(&a->sends.v[k], b->role) &&
				    !is_met(b->receives.v, b->receives.n, a->sends.v[k].type.s, a->role))
					fail_msg("%s sends %s, and %s does not expect it", names[i], a->sends.v[k].type.s, names[j]);
			for (size_t k = 0; k < a->receives.n; k++)
				if (way_has_role(&a->receives.v[k], b->role) &&
				    !is_met(b->sends.v, b->sends.n, a->receives.v[k].type.s, a->role))
					fail_msg("%s expects %s, and %s does not send it", names[i], a->receives.v[k].type.s, names[j]);
		}
	arena_free(&arena);
}

/* Whether the role is one of a cell's, which are parted by ", ". */
static bool
cell_has_role(const char *cell, uint32_t role)
{
	const char *word = policy_role_text(role);
	size_t len = strlen(word);
	for (const char *at = cell; *at != '\0'; at += strspn(at, ", ")) {
		size_t n = strcspn(at, ", ");
		if (n == len && memcmp(at, word, len) == 0)
			return true;
		at += n;
	}
	return false;
}

/* Whether some of the ways is of the type; each that is must be with roles of `there` only. */
static bool
ways_are_of_the_type(const char *profile, const struct profile_way *ways, size_t n, const char *type, const char *there)
{
	bool is_there = false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(ways[i].type.s, type) != 0)
			continue;
		is_there = true;
		for (size_t k = 0; k < ways[i].roles.n; k++)
			if (!cell_has_role(there, ways[i].roles.v[k]))
				fail_msg("%s has %s with %s, and the catalogue has not", profile, type, policy_role_text(ways[i].roles.v[k]));
	}
	return is_there;
}

/* The cell at *ref_at of a row of a table, ended there; *ref_at is behind it. */
static char *
next_cell(char **ref_at)
{
	char *cell = *ref_at, *end = strstr(cell, " | ");
	assert_non_null(end);
	*end = '\0';
	*ref_at = end + strlen(" | ");
	return cell;
}

/* By the table of types in docs/CATALOGUE.md, which is made of the descriptions and held against them by a test of its own. Types that
   the catalogue has not yet stand in profiles only. */
static void
test_profiles_agree_with_the_catalogue_on_who_sends_and_receives(void **state)
{
	const struct profile *profiles[NAMES];
	struct arena *arena = build_arena();
	struct buf text = {0};
	size_t types = 0;
	(void)state;
	read_all(arena, profiles);
	assert_int_equal(file_read(CONSIGN_SOURCE_DIR "/docs/CATALOGUE.md", 4u << 20, &text), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&text, 0), CONSIGN_OK);
	char *row = strstr((char *)text.data, "\n| type | what | from | to | label |\n");
	assert_non_null(row);
	for (row = strstr(row, "\n| [") + 1; strncmp(row, "| [", 3) == 0; types++) {
		char *at = row + 3, *next = strchr(row, '\n') + 1;
		const char *type = at;
		(void)next_cell(&at); /* the type with its link */
		*strchr(type, ']') = '\0';
		(void)next_cell(&at);
		const char *from = next_cell(&at), *to = next_cell(&at);
		for (size_t i = 0; i < NAMES; i++) {
			const struct profile *p = profiles[i];
			if (ways_are_of_the_type(names[i], p->sends.v, p->sends.n, type, to) != cell_has_role(from, p->role))
				fail_msg("%s: profile and catalogue differ on who sends %s", names[i], type);
			if (ways_are_of_the_type(names[i], p->receives.v, p->receives.n, type, from) != cell_has_role(to, p->role))
				fail_msg("%s: profile and catalogue differ on who receives %s", names[i], type);
		}
		row = next;
	}
	assert_true(types >= 13);
	buf_clear(&text);
	arena_free(&arena);
}

/* What is watched and alarmed must be able to come: of a type that is received; for a refusal, that is sent. */
static void
test_profiles_watch_for_what_they_receive(void **state)
{
	const struct profile *profiles[NAMES];
	struct arena *arena = build_arena();
	(void)state;
	read_all(arena, profiles);
	for (size_t i = 0; i < NAMES; i++) {
		const struct profile *p = profiles[i];
		for (size_t w = 0; w < p->watches.n + p->alarms.n; w++) {
			const struct profile_alarm *alarm = w < p->watches.n ? NULL : &p->alarms.v[w - p->watches.n];
			const char *glob = alarm == NULL ? p->watches.v[w].type.s : alarm->type.s;
			bool is_sent = alarm != NULL && alarm->when == PROFILE_REFUSED, is_there = false;
			for (size_t k = 0; k < (is_sent ? p->sends.n : p->receives.n); k++)
				is_there = is_there || glob_match(glob, is_sent ? p->sends.v[k].type.s : p->receives.v[k].type.s);
			if (!is_there)
				fail_msg("%s looks for %s, which never comes", names[i], glob);
		}
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_profile_read_keeps_everything_that_is_said),
	    cmocka_unit_test(test_profile_read_takes_a_profile_that_only_says_who_it_is_for),
	    cmocka_unit_test(test_profile_read_says_every_mistake_with_its_place),
	    cmocka_unit_test(test_profile_read_refuses_more_than_its_limits),
	    cmocka_unit_test(test_profile_read_refuses_a_file_over_the_limit_and_an_arena_below_it),
	    cmocka_unit_test(test_profile_of_each_name_is_of_that_role),
	    cmocka_unit_test(test_profiles_agree_on_what_goes_between_two_of_them),
	    cmocka_unit_test(test_profiles_agree_with_the_catalogue_on_who_sends_and_receives),
	    cmocka_unit_test(test_profiles_watch_for_what_they_receive),
	};
	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
