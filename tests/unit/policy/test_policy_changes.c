/* Two sources of a policy compared: what is new, gone and changed in meaning, and nothing about words that mean nothing. */
#include "build.h"

#include "policy/policy_changes.h"

static void
note(void *context, const char *line)
{
	assert_int_equal(buf_printf(context, "%s\n", line), CONSIGN_OK);
}

#define A "studies:\n- {id: S1, title: one, parties: [{org: acme, roles: [sponsor]}, {org: bio, roles: [cdmo]}]}\n"

static const struct row {
	const char *name, *before, *after, *lines;
} rows[] = {
    {"the same", A "rules: []\n", A "rules: []\n", ""},
    {"layout, comments, quotes, order of studies and keys", A "- {id: S2, parties: [{org: acme, roles: [cro]}]}\nrules: []\n",
	"# new\nrules: []\nversion: 1\nstudies:\n- parties:\n  - {roles: ['cro'], org: acme}\n  id: S2\n- {id: S1, title: \"one\", parties: [{org: bio, "
	"roles: [cdmo]}, {org: acme, roles: [sponsor]}]}\n",
	""},
    {"the order of words and of keys", A "rules: [{id: a, permit: [x, y], from: {roles: [smo, cro], orgs: [acme, bio]}}]\n",
	A "rules: [{id: a, from: {orgs: [bio, acme], roles: [cro, smo]}, permit: [y, x]}]\n", ""},
    {"as many words, another one", A "rules: [{id: a, permit: [x, y], from: {roles: [smo]}}]\n",
	A "rules: [{id: a, permit: [x, z], from: {orgs: [acme]}}]\n",
	"~ rule a: permit was [x, y], is [x, z]; from was {roles: [smo]}, is {orgs: [acme]}\n"},
    {"a rule more and one less", A "rules: [{id: a, permit: [x]}]\n", A "rules: [{id: b, forbid: ['*'], to: {roles: [smo]}}]\n",
	"- rule a: permit [x]\n+ rule b: forbid [\"*\"], to {roles: [smo]}\n"},
    {"a rule changed", A "rules: [{id: a, permit: [x], label: [open]}]\n", A "rules: [{id: a, permit: [x, y.*], studies: [S1]}]\n",
	"~ rule a: permit was [x], is [x, y.*]; label was [open], is not said; studies was not said, is [S1]\n"},
    {"the order of rules", A "rules: [{id: a, permit: [x]}, {id: b, permit: [y]}]\n", A "rules: [{id: b, permit: [y]}, {id: a, permit: [x]}]\n",
	"~ the order of rules: verdicts stay, but another rule may be named\n"},
    {"a study more", "studies: []\nrules: []\n", A "rules: []\n",
	"+ study S1: title one\n+ party acme in S1: roles [sponsor]\n+ party bio in S1: roles [cdmo]\n"},
    {"a study less", A "rules: []\n", "studies: []\nrules: []\n", "- study S1: title one\n"},
    {"parties", A "rules: []\n",
	"studies:\n- {id: S1, title: two, parties: [{org: lab-x, roles: [lab]}, {org: bio, roles: [cdmo], clearance: unblinded}]}\nrules: []\n",
	"~ study S1: title was one, is two\n- party acme in S1: roles [sponsor]\n+ party lab-x in S1: roles [lab]\n"
	"~ party bio in S1: clearance was not said, is unblinded\n"},
    {"quotas", A "rules: []\nquotas: [{org: acme, messages: 1/s}, {study: S1, messages: 2/s}, {org: acme, study: S1, messages: 3/s}]\n",
	A "rules: []\nquotas: [{study: S1, org: acme, messages: 3/s}, {org: acme, messages: 1/h, bytes: 1KiB/s}, {org: bio, study: S1, messages: 4/s}]\n",
	"- quota of study S1: messages 2/s\n~ quota of acme: messages was 1/s, is 1/h; bytes was not said, is 1KiB/s\n"
	"+ quota of bio in S1: messages 4/s\n"},
    {"a study and an organisation of one name", "studies: [{id: acme, parties: [{org: acme, roles: [cro]}]}]\nrules: []\nquotas: [{org: acme, messages: 1/s}]\n",
	"studies: [{id: acme, parties: [{org: acme, roles: [cro]}]}]\nrules: []\nquotas: [{study: acme, messages: 1/s}]\n",
	"- quota of acme: messages 1/s\n+ quota of study acme: messages 1/s\n"},
    {"what the language may learn", "studies: []\nrules: []\nold: [a]\nboth: 1\n", "studies: []\nrules: []\nboth: 2\nnew: {b: c}\n",
	"~ old was [a], is not said\n~ both was 1, is 2\n~ new was not said, is {b: c}\n"},
};

static void
test_policy_changes_says_what_differs_in_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf lines = {0};
		size_t n = 99, wanted = 0;

		for (const char *c = rows[i].lines; *c != '\0'; c++)
			wanted += *c == '\n';
		assert_int_equal(policy_changes(slice_text(rows[i].before), slice_text(rows[i].after), note, &lines, &n), CONSIGN_OK);
		if (!slice_equal(buf_slice(&lines), slice_text(rows[i].lines)))
			print_error("%s:\n%.*s", rows[i].name, (int)lines.len, (const char *)lines.data);
		assert_true(slice_equal(buf_slice(&lines), slice_text(rows[i].lines)));
		assert_int_equal(n, wanted);
		buf_clear(&lines);
	}
}

static void
test_policy_changes_of_what_is_no_yaml_is_refused(void **state)
{
	(void)state;
	size_t n = 7;
	struct buf lines = {0};

	assert_int_equal(policy_changes(slice_text("a: ["), slice_text("a: b"), note, &lines, &n), CONSIGN_E_CONFIG);
	assert_int_equal(policy_changes(slice_text("a: b"), slice_text("&x"), note, &lines, &n), CONSIGN_E_CONFIG);
	assert_int_equal(n, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_changes_says_what_differs_in_meaning),
	    cmocka_unit_test(test_policy_changes_of_what_is_no_yaml_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
