/* Limits of policy files, compiled policies, role profiles and the versions that a hub keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "hub_fixture.h"
#include "limit_rows.h"
#include "policy/profile.h"
#include "seal/seal_keys.h"
#include "trust/hub_private.h"

_Static_assert(SEAL_PAD_OPEN_BYTES == 256 && SEAL_PAD_BLINDED_BYTES == 4096, "lib/policy/policy_file.c refuses a max-size below them");

#define ARENA_BYTES ((size_t)256 << 20)

static struct buf text;
static struct policy_file_error where;

static enum consign_err
parse(void)
{
	struct policy_file_parts parts;
	struct arena *arena;

	assert_int_equal(arena_new(ARENA_BYTES, &arena), CONSIGN_OK);
	where = (struct policy_file_error){0};
	enum consign_err err = policy_file_parse(buf_slice(&text), NULL, NULL, arena, &parts, &where);

	arena_free(&arena);
	buf_clear(&text);
	return err;
}

static void
put(const char *words)
{
	assert_int_equal(buf_append(&text, slice_text(words)), CONSIGN_OK);
}

/* n times, with the number in place of #. */
static void
put_each(uint64_t n, const char *form, const char *between)
{
	const char *at = strchr(form, '#');

	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(buf_printf(&text, "%s%.*s%llu%s", i == 0 ? "" : between, (int)(at - form), form, (unsigned long long)i,
				     at + 1),
		    CONSIGN_OK);
}

static enum consign_err
try_source(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put("studies: []\nrules: []\n#");
	while (text.len < n)
		assert_int_equal(buf_append_u8(&text, 'x'), CONSIGN_OK);
	return parse();
}

static enum consign_err
try_title(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put("rules: []\nstudies: [{id: S, title: ");
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(buf_append_u8(&text, 'x'), CONSIGN_OK);
	put(", parties: [{org: aa, roles: [cro]}]}]\n");
	return parse();
}

/* A group of 970 bytes in each of 1,000 rules, and a comment that makes it n. */
static enum consign_err
try_written_out(const struct limit_row *row, uint64_t n)
{
	size_t rules = 1000, written = 0;

	(void)row;
	put("studies: []\ngroups: {types: {g: [");
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(buf_printf(&text, "%095u, ", i), CONSIGN_OK);
	put("]}}\nrules:\n");
	for (size_t i = 0; i < rules; i++, written += 970)
		assert_int_equal(buf_printf(&text, "- {id: r%zu, permit: ['@g'], studies: ['*']}\n", i), CONSIGN_OK);
	while (text.len + written < n)
		put("#");
	assert_int_equal(text.len + written, n);
	return parse();
}

static enum consign_err
try_studies(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put("rules: []\nstudies: [");
	put_each(n, "{id: S#, parties: [{org: aa, roles: [cro]}]}", ",\n");
	put("]\n");
	return parse();
}

static enum consign_err
try_quotas(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put("rules: []\nstudies: []\nquotas: [");
	put_each(n, "{org: aa#, messages: 1/s}", ",\n");
	put("]\n");
	return parse();
}

/* Real ones: lists of empty messages meet the budget of unpacking first. */
static struct policy_quota *
small_quotas(uint64_t n, struct policy_quota **list)
{
	struct policy_quota *quotas = calloc(n, sizeof *quotas);

	assert_non_null(quotas);
	for (uint64_t i = 0; i < n; i++) {
		quotas[i] = (struct policy_quota){.org = {"aa"}, .messages = 1, .messages_us = 1000000};
		list[i] = &quotas[i];
	}
	return quotas;
}

static enum consign_err
try_quotas_of_a_part(const struct limit_row *row, uint64_t n)
{
	struct policy_quota **list = calloc(n, sizeof(struct policy_quota *)), *quotas = small_quotas(n, list);
	struct policy_quotas all = {.quotas = {list, n}};
	struct policy_part part = {.quotas = &all}, *read;
	struct arena *arena = NULL;
	struct buf bytes = {0};
	enum consign_err err = policy_part_encode(&part, &bytes);

	(void)row;
	assert_int_equal(arena_new(256u << 20, &arena), CONSIGN_OK);
	if (err == CONSIGN_OK)
		err = policy_part_decode(buf_slice(&bytes), arena, &read);
	arena_free(&arena);
	buf_clear(&bytes);
	free(quotas);
	free(list);
	return err;
}

static enum consign_err
try_quota_rows(const struct limit_row *row, uint64_t n)
{
	struct policy_quota **list = calloc(n, sizeof(struct policy_quota *)), *quotas = small_quotas(n, list);
	struct quota_row *rows = calloc(n, sizeof *rows), **lines = calloc(n, sizeof(struct quota_row *));
	struct session_quotas_reply reply = {.rows = {lines, n}};
	struct session_command command = {.quotas_reply = &reply}, *read;
	struct arena *arena = NULL;
	struct buf bytes = {0};

	(void)row;
	for (uint64_t i = 0; i < n; i++) {
		rows[i] = (struct quota_row){.quota = list[i], .is_own = 1};
		lines[i] = &rows[i];
	}
	enum consign_err err = session_command_encode(&command, &bytes);

	assert_int_equal(arena_new(256u << 20, &arena), CONSIGN_OK);
	if (err == CONSIGN_OK)
		err = session_command_decode(buf_slice(&bytes), arena, &read);
	arena_free(&arena);
	buf_clear(&bytes);
	free(lines);
	free(rows);
	free(quotas);
	free(list);
	return err;
}

static enum consign_err
try_parties(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put("rules: []\nstudies: [{id: S, parties: [");
	put_each(n, "{org: aa#, roles: [cro]}", ",\n");
	put("]}]\n");
	return parse();
}

static enum consign_err
try_globs(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put("studies: []\nrules: [{id: r, permit: [");
	put_each(n, "t#", ",\n");
	put("]}]\n");
	return parse();
}

static enum consign_err
try_organisations(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put("studies:\n - {id: S, parties: [");
	put_each(n - 1, "{org: aa#, roles: [cro]}", ",\n");
	assert_int_equal(buf_printf(&text, "]}\n - {id: T, parties: [{org: aa%llu, roles: [cro]}]}\n", (unsigned long long)(n - 1)), CONSIGN_OK);
	put("rules: [{id: r, permit: [a], from: {orgs: [");
	put_each(n, "aa#", ",\n");
	put("]}}]\n");
	return parse();
}

/* What is read as YAML and is no policy, has another fault than that it is too much. */
static enum consign_err
fault(const char *of_too_much)
{
	assert_int_equal(parse(), CONSIGN_E_CONFIG);
	return strstr(where.text, of_too_much) != NULL ? CONSIGN_E_CONFIG : CONSIGN_OK;
}

static enum consign_err
try_depth(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put("rules: ");
	for (uint64_t i = 0; i < n; i++)
		put("[");
	for (uint64_t i = 0; i < n; i++)
		put("]");
	put("\n");
	return fault("nested deeper than 8");
}

static enum consign_err
try_keys(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put_each(n, "k#: a", "\n");
	return fault("found more than 64 keys in one mapping");
}

/* ── compiled ── */

static enum consign_err
compile(struct policy_part **parts, size_t n)
{
	struct policy *policy = NULL;
	enum consign_err err = policy_compile(parts, n, &policy);

	policy_free(&policy);
	return err;
}

static enum consign_err
try_rules(const struct limit_row *row, uint64_t n)
{
	struct policy_rule *rules = calloc(n, sizeof *rules), **list = calloc(n, sizeof *list);
	struct consign_type type = {"a.*"};
	struct policy_common common = {.rules = {list, n}};
	struct policy_part part = {.common = &common}, *parts[] = {&part};

	(void)row;
	assert_true(rules != NULL && list != NULL);
	for (uint64_t i = 0; i < n; i++) {
		snprintf(rules[i].id.s, sizeof rules[i].id.s, "r%llu", (unsigned long long)i);
		rules[i].order = (uint32_t)i;
		rules[i].effect = POLICY_PERMIT;
		rules[i].types.v = &type;
		rules[i].types.n = 1;
		list[i] = &rules[i];
	}
	enum consign_err err = compile(parts, 1);

	free(rules);
	free(list);
	return err;
}

static enum consign_err
try_compiled_studies(const struct limit_row *row, uint64_t n)
{
	struct policy_study *studies = calloc(n, sizeof *studies);
	struct policy_part *all = calloc(n, sizeof *all), **parts = calloc(n, sizeof *parts);

	(void)row;
	assert_true(studies != NULL && all != NULL && parts != NULL);
	for (uint64_t i = 0; i < n; i++) {
		snprintf(studies[i].id.s, sizeof studies[i].id.s, "S%llu", (unsigned long long)i);
		all[i].study = &studies[i];
		parts[i] = &all[i];
	}
	enum consign_err err = compile(parts, n);

	free(studies);
	free(all);
	free(parts);
	return err;
}

/* ── profiles ── */

static enum consign_err
read_profile(void)
{
	struct profile *p;
	struct arena *arena;

	assert_int_equal(arena_new(PROFILE_ARENA_BYTES, &arena), CONSIGN_OK);
	enum consign_err err = profile_read(buf_slice(&text), arena, &p, &where);

	arena_free(&arena);
	buf_clear(&text);
	return err;
}

#define HEAD "role: cdmo\ntitle: Maker\n"

static enum consign_err
try_profile(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put(HEAD "#");
	while (text.len < n)
		assert_int_equal(buf_append_u8(&text, 'x'), CONSIGN_OK);
	return read_profile();
}

/* of: "key:form of a line" */
static enum consign_err
try_profile_list(const struct limit_row *row, uint64_t n)
{
	const char *form = strchr(row->of, ':') + 1;

	put(HEAD);
	assert_int_equal(buf_printf(&text, "%.*s\n", (int)(form - row->of), row->of), CONSIGN_OK);
	put_each(n, form, "\n");
	return read_profile();
}

static enum consign_err
try_says(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put(HEAD "watches: [{as: a, type: '*', says: ");
	for (uint64_t i = 0; i < n; i++)
		put("x");
	put("}]\n");
	return read_profile();
}

static enum consign_err
try_subscription(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put(HEAD "watches: [{says: x, type: '*', as: ");
	for (uint64_t i = 0; i < n; i++)
		put("x");
	put("}]\n");
	return read_profile();
}

#define MINUTE_US 60000000u

static enum consign_err
try_within(const struct limit_row *row, uint64_t n)
{
	(void)row;
	assert_int_equal(n % MINUTE_US, 0);
	put(HEAD);
	assert_int_equal(buf_printf(&text, "alarms: [{type: '*', when: refused, within: %llum, says: x}]\n", (unsigned long long)(n / MINUTE_US)),
	    CONSIGN_OK);
	return read_profile();
}

static enum consign_err
try_rule_within(const struct limit_row *row, uint64_t n)
{
	(void)row;
	assert_int_equal(n % 1000000, 0);
	assert_int_equal(
	    buf_printf(&text, "studies: []\nrules: [{id: r, permit: [a], studies: ['*'], deliver-within: %llus}]\n", (unsigned long long)(n / 1000000)),
	    CONSIGN_OK);
	return parse();
}

static enum consign_err
try_max_size(const struct limit_row *row, uint64_t n)
{
	(void)row;
	assert_int_equal(
	    buf_printf(&text, "studies: []\nrules: [{id: r, permit: [a], studies: ['*'], max-size: %llu}]\n", (unsigned long long)n), CONSIGN_OK);
	return parse();
}

static enum consign_err
try_groups(const struct limit_row *row, uint64_t n)
{
	(void)row;
	put("studies: []\nrules: []\ngroups: {types: {");
	put_each(n, "g#: [a]", ", ");
	put("}}\n");
	return parse();
}

/* ── a hub's memory ── */

/* A cell that nobody looks into. */
static void
put_version(struct cell_list *list, size_t size, uint64_t version)
{
	struct hub_frame *frame = calloc(1, sizeof *frame);
	void *cell = calloc(1, size);

	assert_true(frame != NULL && cell != NULL);
	assert_int_equal(arena_new(64, &frame->arena), CONSIGN_OK);
	frame->refs = 1;
	if (size == sizeof(struct directory_cell)) {
		((struct directory_cell *)cell)->frame = frame;
		((struct directory_cell *)cell)->directory.version = version;
	} else {
		((struct policy_cell *)cell)->frame = frame;
		((struct policy_cell *)cell)->policy.version = version;
	}
	assert_int_equal(cell_list_put(list, cell), CONSIGN_OK);
}

/* Of n directories and policies the oldest are still there after the next documents. FULL: they made room. */
static enum consign_err
try_versions(const struct limit_row *row, uint64_t n)
{
	char problem[HUB_PROBLEM_BYTES];
	struct session_documents empty = {0};
	struct hub_stage *stage;
	struct hub_fixture f;
	struct buf none = {0};

	(void)row;
	hub_fixture_begin(&f, 1, 1);
	hub_fixture_standard(&f);
	struct hub *hub = hub_fixture_hub(&f, true);
	uint64_t directory = ((struct directory_cell *)hub->directories.v[0])->directory.version;
	uint64_t policy = ((struct policy_cell *)hub->policies.v[0])->policy.version;

	while (hub->directories.n < n)
		put_version(&hub->directories, sizeof(struct directory_cell), 1000 + hub->directories.n);
	while (hub->policies.n < n)
		put_version(&hub->policies, sizeof(struct policy_cell), 1000 + hub->policies.n);
	assert_int_equal(session_documents_encode(&empty, &none), CONSIGN_OK);
	assert_int_equal(hub_stage(hub, buf_slice(&none), HUB_STORED, &stage, problem), CONSIGN_OK);
	hub_adopt(hub, &stage);
	bool are_there = hub_directory_at(hub, directory) != NULL;

	assert_int_equal(are_there, hub_policy_at(hub, policy) != NULL);
	buf_clear(&none);
	hub_free(&hub);
	hub_fixture_end(&f);
	return are_there ? CONSIGN_OK : CONSIGN_E_FULL;
}

/* A directory of n members that no root names, which is what is wrong with it when it is not too large. */
static enum consign_err
try_members(const struct limit_row *row, uint64_t n)
{
	char problem[HUB_PROBLEM_BYTES];
	struct consign_hash *hashes = calloc(n, sizeof *hashes);
	struct published_document published = {0};
	struct sliced_bundle bundle = {.head = &published}, *list = &bundle;
	struct session_documents documents = {.directories = {&list, 1}};
	struct document_head head = {.format = 1, .version = 2, .created_us = FIXTURE_NOW_US, .parts = {hashes, n}};
	struct hub_stage *stage = NULL;
	struct hub_fixture f;
	struct buf bytes = {0};

	(void)row;
	assert_non_null(hashes);
	for (uint64_t i = 0; i < n; i++)
		be32_store(hashes[i].b, (uint32_t)i);
	hub_fixture_begin(&f, 1, 1);
	head.hub_id = f.hub_id;
	head.previous = SLICE_ARRAY(f.hub_id.b);
	published.document = fixture_sign(&f, SIGN_DIRECTORY, &f.hub_id, fixture_encode(&f, &wire_document_head, &head), FIXTURE_ALL_SIGN);
	assert_int_equal(session_documents_encode(&documents, &bytes), CONSIGN_OK);
	struct hub *hub = hub_fixture_hub(&f, false);
	enum consign_err err = hub_stage(hub, buf_slice(&bytes), HUB_STORED, &stage, problem);

	hub_free(&hub);
	hub_fixture_end(&f);
	buf_clear(&bytes);
	free(hashes);
	return err == CONSIGN_E_STALE ? CONSIGN_OK : err;
}

#define LIST(NAME, OF) {.name = #NAME, .value = (NAME), .tries = try_profile_list, .refused = CONSIGN_E_CONFIG, .of = (OF)}
#define FILE_OF(NAME, TRIES, WHAT) {.name = #NAME, .value = (NAME), .tries = (TRIES), .refused = CONSIGN_E_CONFIG, .of = (WHAT)}

const struct limit_row limit_rows_policy[] = {
    {LIMIT(CONSIGN_POLICY_SOURCE_MAX_BYTES), .tries = try_source, .refused = CONSIGN_E_TOO_BIG, .of = "of a file"},
    FILE_OF(CONSIGN_POLICY_SOURCE_MAX_BYTES, try_written_out, "of a file with its groups written out"),
    FILE_OF(CONSIGN_TEXT_MAX_BYTES, try_title, "of a title"),
    FILE_OF(CONSIGN_STUDIES_MAX, try_studies, "of a file"),
    FILE_OF(CONSIGN_PARTIES_MAX, try_parties, "of a file"),
    FILE_OF(CONSIGN_QUOTAS_MAX, try_quotas, "of a file"),
    {LIMIT(CONSIGN_QUOTAS_MAX), .tries = try_quotas_of_a_part, .refused = CONSIGN_E_MALFORMED, .of = "of a part"},
    {LIMIT(CONSIGN_QUOTA_ROWS_MAX), .tries = try_quota_rows, .refused = CONSIGN_E_MALFORMED, .of = "of an answer"},
    FILE_OF(CONSIGN_RULE_TYPES_MAX, try_globs, "of a file"),
    FILE_OF(CONSIGN_PARTIES_MAX, try_organisations, "at an end of a rule"),
    FILE_OF(CONSIGN_YAML_DEPTH_MAX, try_depth, "of a file"),
    FILE_OF(CONSIGN_YAML_KEYS_MAX, try_keys, "of a file"),
    FILE_OF(CONSIGN_YAML_KEYS_MAX, try_groups, "of groups"),
    FILE_OF(CONSIGN_CONTENT_MAX_BYTES, try_max_size, "of a rule's max-size"),
    {LIMIT(CONSIGN_EXPIRES_MAX_US), .tries = try_rule_within, .refused = CONSIGN_E_CONFIG, .next = CONSIGN_EXPIRES_MAX_US + 1000000, .of = "of a rule's deliver-within"},
    {LIMIT(CONSIGN_RULES_MAX), .tries = try_rules, .refused = CONSIGN_E_TOO_BIG, .of = "compiled"},
    {LIMIT(CONSIGN_STUDIES_MAX), .tries = try_compiled_studies, .refused = CONSIGN_E_TOO_BIG, .of = "compiled"},
    {LIMIT(CONSIGN_RULE_COPIES_MAX), .shown = "tests/unit/policy/test_policy_parts.c::test_policy_parts_rules_of_all_studies_up_to_the_limit"},
    {LIMIT(PROFILE_MAX_BYTES), .tries = try_profile, .refused = CONSIGN_E_TOO_BIG},
    LIST(PROFILE_WAYS_MAX, "sends:  - {type: x.a#, to: [cmo]}"),
    LIST(PROFILE_WAYS_MAX, "receives:  - {type: x.a#, from: [cmo]}"),
    LIST(PROFILE_WATCHES_MAX, "watches:  - {as: a#, type: '*', says: x}"),
    LIST(PROFILE_ALARMS_MAX, "alarms:  - {type: x.a#, when: refused, within: 1h, says: x}"),
    FILE_OF(PROFILE_SAYS_MAX_BYTES, try_says, "of a watch"),
    FILE_OF(CONSIGN_SUBSCRIPTION_MAX_BYTES, try_subscription, "of a profile"),
    {LIMIT(PROFILE_WITHIN_MAX_US), .tries = try_within, .refused = CONSIGN_E_CONFIG, .next = PROFILE_WITHIN_MAX_US + MINUTE_US},
    {LIMIT(CONSIGN_ORGS_MAX), .tries = try_members, .refused = CONSIGN_E_TOO_BIG, .of = "of a directory"},
    {LIMIT(HUB_VERSIONS_KEPT), .tries = try_versions, .refused = CONSIGN_E_FULL},
    {0},
};
