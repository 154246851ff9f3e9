/* Quotas and rates in a file: what may stand there, which part they become, and that no other part tells of them. */
#include "build.h"

#define STUDIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - id: A-1\n"                                                                                                          \
	"    parties: [{org: acme, roles: [sponsor]}, {org: site-one, roles: [site]}]\n"                                         \
	"  - {id: acme, parties: [{org: beta, roles: [sponsor]}]}\n"                                                             \
	"rules: [{id: r, permit: [a], rate: 2/m}]\n"

static bool
org_is_known(void *context, const char *org)
{
	(void)context;
	return strcmp(org, "ghost") != 0;
}

/* All in line 6. text NULL: no mistake. */
static const struct row {
	const char *name, *yaml;
	size_t column;
	const char *text, *hint;
} rows[] = {
    {"none", "quotas: []", 0, NULL, ""},
    {"all of them", "quotas: [{org: acme, messages: 1/s, bytes: 1KiB/s, mailbox-consignments: 1, mailbox-bytes: 1}, {study: A-1, messages: 1/d}]", 0,
	NULL, ""},
    {"an organisation and a study of one name", "quotas: [{org: acme, messages: 1/s}, {study: acme, messages: 1/s}]", 0, NULL, ""},
    {"an organisation that is no party anywhere", "quotas: [{org: idle, messages: 1/s}]", 0, NULL, ""},
    {"the most", "quotas: [{org: acme, messages: 99999999/s, bytes: 1024GiB/d, mailbox-consignments: 99999999, mailbox-bytes: 1024GiB}]", 0, NULL, ""},
    {"a mapping", "quotas: {acme: 1/s}", 9, "found a mapping: expected a list of quotas",
	"write each of them in a line of its own that begins with `- `; `[]` for none"},
    {"a word", "quotas: [acme]", 10,
	"found 'acme': expected a quota, a mapping with the keys org, study, messages, bytes, mailbox-consignments, mailbox-bytes",
	"write each key with its value, such as `org: ...`"},
    {"unknown key", "quotas: [{org: acme, mesages: 1/s}]", 22,
	"found the unknown key 'mesages' in a quota: expected one of org, study, messages, bytes, mailbox-consignments, mailbox-bytes",
	"write `messages`"},
    {"of nobody", "quotas: [{messages: 1/s}]", 10, "found a quota of nobody: expected org, study or both", ""},
    {"of nothing", "quotas: [{org: acme}]", 10,
	"found a quota that says nothing: expected messages, bytes, mailbox-consignments or mailbox-bytes", ""},
    {"unknown organisation", "quotas: [{org: ghost, messages: 1/s}]", 16,
	"found the organisation 'ghost': expected one that the directory of this hub knows", "admit it first: `consign org invite ghost`"},
    {"no organisation", "quotas: [{org: Acme, messages: 1/s}]", 16,
	"found 'Acme': expected an organisation, an id of a-z 0-9 -, 2 to 40 of them, no - at an end", "write `acme`"},
    {"unknown study", "quotas: [{study: A-2, messages: 1/s}]", 18, "found the study 'A-2': expected one of this policy", ""},
    {"a glob of studies", "quotas: [{study: 'A-*', messages: 1/s}]", 18, "found 'A-*': expected a study id, of A-Z a-z 0-9 . _ -", ""},
    {"no party", "quotas: [{org: beta, study: A-1, messages: 1/s}]", 16,
	"found the organisation 'beta', which is no party to A-1: expected one that is", ""},
    {"a party of no study", "quotas: [{org: idle, study: A-1, messages: 1/s}]", 16,
	"found the organisation 'idle', which is no party to A-1: expected one that is", ""},
    {"a second one", "quotas: [{org: acme, messages: 1/s}, {org: acme, bytes: 1/s}]", 38,
	"found a second quota of acme: expected one with all its limits", "put all limits into the first one"},
    {"a second one in a study", "quotas: [{org: acme, study: A-1, messages: 1/s}, {study: A-1, org: acme, bytes: 1/s}]", 50,
	"found a second quota of acme in A-1: expected one with all its limits", "put all limits into the first one"},
    {"a mailbox of a study", "quotas: [{study: A-1, mailbox-bytes: 1GiB}]", 23,
	"found mailbox-bytes in a quota of a study: expected it in one of an organisation alone",
	"an organisation has one mailbox for all studies"},
    {"messages without a time", "quotas: [{org: acme, messages: 100}]", 32, "found '100': expected a number and /s, /m, /h or /d, such as 500/h", ""},
    {"messages in KiB", "quotas: [{org: acme, messages: 1KiB/s}]", 32, "found '1KiB/s': expected a number and /s, /m, /h or /d, such as 500/h", ""},
    {"bytes a week", "quotas: [{org: acme, bytes: 1KiB/w}]", 29, "found '1KiB/w': expected a size and /s, /m, /h or /d, such as 64MiB/h", ""},
    {"none at all", "quotas: [{org: acme, mailbox-consignments: 0}]", 44, "found '0': expected a whole number above 0, such as 10000", ""},
    {"a mailbox in TiB", "quotas: [{org: acme, mailbox-bytes: 1TiB}]", 37,
	"found '1TiB': expected a number of bytes, or one with KiB, MiB or GiB, such as 2GiB", ""},
    {"too much", "quotas: [{org: acme, mailbox-bytes: 1025GiB}]", 37, "found a mailbox-bytes of 1025GiB: expected at most 1024GiB", ""},
};

static void
test_policy_quotas_name_column_words_and_hint_of_every_mistake(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct arena *arena = build_arena();
		struct policy_file_parts parts = {0};
		struct policy_file_error e = {0};
		char yaml[1024];
		(void)snprintf(yaml, sizeof yaml, STUDIES "%s\n", r->yaml);
		enum consign_err err = policy_file_parse(slice_text(yaml), org_is_known, NULL, arena, &parts, &e);
		bool is_right = r->text == NULL ? err == CONSIGN_OK
						: err == CONSIGN_E_CONFIG && e.line == 6 && e.column == r->column &&
						      strcmp(e.text, r->text) == 0 && strcmp(e.hint, r->hint) == 0;
		wrong += !is_right;
		if (!is_right)
			print_error(
			    "%s: found %zu:%zu \"%s\", hint \"%s\" (0x%x)\n", r->name, e.line, e.column, e.text, e.hint, err);
		arena_free(&arena);
	}
	assert_int_equal(wrong, 0);
}

static void
test_policy_quotas_become_one_part_of_their_own(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct policy_file_parts parts = build_parts(arena,
	    STUDIES "quotas: [{org: acme, study: A-1, bytes: 2MiB/h}, {org: acme, messages: 7/m, mailbox-consignments: 5, mailbox-bytes: 3GiB}]\n");
	assert_int_equal(parts.parts.n, 4);
	for (size_t i = 0; i < 3; i++)
		assert_null(parts.parts.v[i]->quotas);
	const struct policy_part *part = parts.parts.v[3];
	assert_null(part->common);
	assert_null(part->study);
	assert_int_equal(part->source.len, 0);
	assert_int_equal(part->quotas->quotas.n, 2);
	const struct policy_quota *q = part->quotas->quotas.v[0];
	assert_string_equal(q->org.s, "acme");
	assert_string_equal(q->study.s, "A-1");
	assert_true(q->messages == 0 && q->messages_us == 0 && q->bytes == 2u << 20 && q->bytes_us == UINT64_C(3600000000));
	assert_true(q->mailbox_consignments == 0 && q->mailbox_bytes == 0);
	q = part->quotas->quotas.v[1];
	assert_string_equal(q->study.s, "");
	assert_true(q->messages == 7 && q->messages_us == 60000000 && q->bytes == 0 && q->bytes_us == 0);
	assert_true(q->mailbox_consignments == 5 && q->mailbox_bytes == UINT64_C(3) << 30);
	/* Without quotas there is no such part: not even that there are none is told. */
	parts = build_parts(arena, STUDIES "quotas: []\n");
	assert_int_equal(parts.parts.n, 3);
	assert_int_equal(parts.parts.v[0]->common->rules.v[0]->rate_messages, 2);
	assert_int_equal(parts.parts.v[0]->common->rules.v[0]->rate_us, 60000000);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_quotas_name_column_words_and_hint_of_every_mistake),
	    cmocka_unit_test(test_policy_quotas_become_one_part_of_their_own),
	};
	return cmocka_run_group_tests_name("policy/policy_quotas", tests, NULL, NULL);
}
