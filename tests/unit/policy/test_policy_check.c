/* Warnings about policies that are well-formed and cannot have been meant. */
#include "build.h"

#define STUDIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - id: S1\n"                                                                                                           \
	"    parties: [{org: acme, roles: [sponsor], clearance: restricted}, {org: one, roles: [cro]}]\n"                        \
	"  - id: S2\n"                                                                                                           \
	"    parties: [{org: acme, roles: [sponsor]}, {org: two, roles: [cro, lab], clearance: unblinded}]\n"                    \
	"rules:\n"                                                                                                               \
	"  - {id: all, permit: ['*']}\n"

#define DEAD " can never match: no study has two parties with its roles and, for a permit, the clearance"
#define DEAD_HERE " can never match: no study that it covers has two parties with its roles and, for a permit, the clearance"

static const struct row {
	const char *name, *yaml, *said;
} rows[] = {
    {"all well", STUDIES, ""},
    {"no party has the role", STUDIES "  - {id: r, permit: [a], from: {roles: [dsmb]}}\n", "rule 'r'" DEAD "\n"},
    {"nobody receives", STUDIES "  - {id: r, forbid: [a], to: {roles: [dsmb]}}\n", "rule 'r'" DEAD "\n"},
    {"roles that do not meet in one study", STUDIES "  - {id: r, permit: [a], from: {roles: [lab]}, to: {roles: [smo]}}\n",
	"rule 'r'" DEAD "\n"},
    {"one party is no two", STUDIES "  - {id: r, permit: [a], from: {roles: [lab]}, to: {roles: [lab]}}\n", "rule 'r'" DEAD "\n"},
    {"a party is both ends with another", STUDIES "  - {id: r, permit: [a], from: {roles: [lab, sponsor]}, to: {roles: [lab]}}\n",
	""},
    {"in another study than its own", STUDIES "  - {id: r, permit: [a], from: {roles: [lab]}, studies: [S1]}\n",
	"rule 'r'" DEAD_HERE "\n"},
    {"alive in one of its studies", STUDIES "  - {id: r, permit: [a], from: {roles: [lab]}, studies: [S1, S2]}\n", ""},
    {"dead in all of its studies: said once", STUDIES "  - {id: r, permit: [a], from: {roles: [smo]}, studies: [S1, S2]}\n",
	"rule 'r'" DEAD_HERE "\n"},
    {"an org without the role", STUDIES "  - {id: r, permit: [a], from: {orgs: [acme], roles: [cro]}}\n",
	"rule 'r'" DEAD_HERE "\n"},
    {"permit above every clearance", STUDIES "  - {id: r, permit: [a], label: [unblinded], to: {roles: [sponsor]}}\n",
	"rule 'r'" DEAD "\n"},
    {"permit that some clearance covers", STUDIES "  - {id: r, permit: [a], label: [unblinded], to: {roles: [cro]}}\n", ""},
    {"forbid above every clearance is care", STUDIES "  - {id: r, forbid: [a], label: [unblinded], to: {roles: [sponsor]}}\n",
	""},
    {"parties without a permit",
	"studies:\n  - {id: S, parties: [{org: aa, roles: [cro]}, {org: bb, roles: [lab]}, {org: cc, roles: [smo]}]}\n"
	"rules:\n  - {id: p, permit: [a], from: {roles: [cro]}, to: {roles: [lab]}}\n  - {id: f, forbid: [a], to: {roles: "
	"[smo]}}\n",
	"'cc' can neither send nor receive in study S: no permit rule concerns it\n"},
    {"a party alone", "studies:\n  - {id: S, parties: [{org: aa, roles: [cro]}]}\nrules: []\n",
	"'aa' can neither send nor receive in study S: no permit rule concerns it\n"},
};

static void
write_down(void *context, const char *sentence)
{
	assert_int_equal(buf_printf(context, "%s\n", sentence), CONSIGN_OK);
}

static void
test_policy_check_says_the_findings_of_every_row(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *arena = build_arena();
		struct buf said = {0};
		struct policy_file_parts parts = build_parts(arena, rows[i].yaml);
		size_t n = policy_file_check(&parts, write_down, &said), lines = 0;
		assert_int_equal(buf_append_u8(&said, 0), CONSIGN_OK);
		for (const uint8_t *c = said.data; *c != 0; c++)
			lines += *c == '\n';
		assert_int_equal(n, lines);
		assert_int_equal(policy_file_check(&parts, NULL, NULL), n);
		if (strcmp((const char *)said.data, rows[i].said) != 0) {
			wrong++;
			print_error("%s: found \"%s\", expected \"%s\"\n", rows[i].name, (const char *)said.data, rows[i].said);
		}
		buf_clear(&said);
		arena_free(&arena);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_check_says_the_findings_of_every_row),
	};
	return cmocka_run_group_tests_name("policy_check", tests, NULL, NULL);
}
