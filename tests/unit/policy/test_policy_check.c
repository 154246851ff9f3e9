/* Warnings about policies that are well-formed and cannot have been meant. */
#include "build.h"

/* Six lines, so that a rule under test stands in line 7. */
#define STUDIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - id: S1\n"                                                                                                           \
	"    parties: [{org: acme, roles: [sponsor], clearance: restricted}, {org: one, roles: [cro]}]\n"                        \
	"  - id: S2\n"                                                                                                           \
	"    parties: [{org: acme, roles: [sponsor]}, {org: two, roles: [cro, lab], clearance: unblinded}]\n"                    \
	"rules:\n"
#define ALL STUDIES "  - {id: all, permit: ['x.*']}\n"

/* 2026-06-01 */
#define NOW_US 1780272000000000u

#define DEAD "8:5 never-matches: rule 'r' can never match: no study that it covers has two parties for its from and its to\n"
#define IDLE(AT, ORG) AT " idle-party: '" ORG "' can neither send nor receive in study S: no permit rule concerns it\n"

static const struct row {
	const char *name, *yaml, *said;
} rows[] = {
    {"all well", ALL, ""},
    /* rules that never match */
    {"no party has the role", ALL "  - {id: r, permit: [a], from: {roles: [dsmb]}}\n", DEAD},
    {"nobody receives", ALL "  - {id: r, forbid: [a], to: {roles: [dsmb]}}\n", DEAD},
    {"roles that do not meet in one study", ALL "  - {id: r, permit: [a], from: {roles: [lab]}, to: {roles: [smo]}}\n", DEAD},
    {"one party is no two", ALL "  - {id: r, permit: [a], from: {roles: [lab]}, to: {roles: [lab]}}\n", DEAD},
    {"a party is both ends with another", ALL "  - {id: r, permit: [a], from: {roles: [lab, sponsor]}, to: {roles: [lab]}}\n",
	""},
    {"in another study than its own", ALL "  - {id: r, permit: [a], from: {roles: [lab]}, studies: [S1]}\n", DEAD},
    {"alive in one of its studies", ALL "  - {id: r, permit: [a], from: {roles: [lab]}, studies: [S1, S2]}\n", ""},
    {"dead in all of its studies: said once", ALL "  - {id: r, permit: [a], from: {roles: [smo]}, studies: [S1, S2]}\n", DEAD},
    {"an org without the role", ALL "  - {id: r, permit: [a], from: {orgs: [acme], roles: [cro]}}\n", DEAD},
    /* labels */
    {"permit above every clearance", ALL "  - {id: r, permit: [a], label: [unblinded], to: {roles: [sponsor]}}\n",
	"8:5 uncleared: rule 'r' permits the label unblinded, which no consignee that it means is cleared for\n"},
    {"one label of two", ALL "  - {id: r, permit: [a], label: [restricted, unblinded], to: {roles: [sponsor]}}\n",
	"8:5 uncleared: rule 'r' permits the label unblinded, which no consignee that it means is cleared for\n"},
    {"both labels, in the study that it covers",
	ALL "  - {id: r, permit: [a], label: [restricted, unblinded], to: {orgs: [acme]}, studies: [S2]}\n",
	"8:5 uncleared: rule 'r' permits the label restricted, which no consignee that it means is cleared for\n"
	"8:5 uncleared: rule 'r' permits the label unblinded, which no consignee that it means is cleared for\n"},
    {"permit that some clearance covers", ALL "  - {id: r, permit: [a], label: [unblinded], to: {roles: [cro]}}\n", ""},
    {"permit to somebody cleared from himself only",
	ALL "  - {id: r, permit: [a], label: [unblinded], from: {orgs: [two]}, to: {roles: [cro, sponsor]}}\n",
	"8:5 uncleared: rule 'r' permits the label unblinded, which no consignee that it means is cleared for\n"},
    {"forbid above every clearance is care", ALL "  - {id: r, forbid: [a], label: [unblinded], to: {roles: [sponsor]}}\n", ""},
    /* parties and studies */
    {"parties without a permit",
	"studies:\n  - {id: S, parties: [{org: aa, roles: [sponsor]}, {org: bb, roles: [lab]}, {org: cc, roles: [smo]}]}\n"
	"rules:\n  - {id: p, permit: [a], from: {roles: [sponsor]}, to: {roles: [lab]}}\n  - {id: f, forbid: [a], to: {roles: "
	"[smo]}}\n",
	IDLE("2:77", "cc")},
    {"a party above whose clearance all permits are",
	"studies:\n  - {id: S, parties: [{org: aa, roles: [sponsor]}, {org: bb, roles: [lab], clearance: restricted}, {org: cc, "
	"roles: [smo]}]}\n"
	"rules:\n  - {id: p, permit: [a], label: [unblinded, restricted], from: {roles: [sponsor]}}\n",
	IDLE("2:100",
	    "cc") "4:5 uncleared: rule 'p' permits the label unblinded, which no consignee that it means is cleared for\n"},
    {"a party alone", "studies:\n  - {id: S, parties: [{org: aa, roles: [sponsor]}]}\nrules: []\n", IDLE("2:23", "aa")},
    {"a study without a sponsor",
	"rules:\n  - {id: r, permit: [a]}\nstudies:\n  - {id: S, parties: [{org: aa, roles: [cro]}, {org: bb, roles: [lab, "
	"smo]}]}\n",
	"4:5 no-sponsor: study S has no sponsor\n"},
    /* groups */
    {"groups that nobody uses", ALL "groups:\n  orgs:\n    makers: [one]\n  types:\n    kits: [a]\n",
	"10:5 unused-group: the group 'makers' of orgs is used by no rule\n"
	"12:5 unused-group: the group 'kits' of types is used by no rule\n"},
    {"a group that is used",
	ALL "  - {id: r, permit: ['@kits'], to: {orgs: ['@makers']}}\ngroups: {orgs: {makers: [one]}, types: {kits: [a]}}\n", ""},
    {"a member that is no party",
	ALL "  - {id: r, permit: [a], to: {orgs: ['@makers']}}\ngroups: {orgs: {makers: [idle, one, lazy]}}\n",
	"9:17 idle-member: 'idle' of the group 'makers' is a party to no study\n"},
    /* time */
    {"until is past", STUDIES "  - {id: all, permit: [a], until: 2026-06-01}\n",
	"7:5 past: rule 'all' is past: it held until 2026-06-01\n"},
    {"until is to come", STUDIES "  - {id: all, permit: [a], until: 2026-06-01T00:00:01Z}\n", ""},
    {"since is to come", STUDIES "  - {id: all, permit: [a], since: 2027-01-01}\n", ""},
    /* rules that others make superfluous */
    {"a permit in a forbid", ALL "  - {id: r, permit: [x.a], to: {roles: [cro]}}\n  - {id: f, forbid: [x.*]}\n",
	"7:5 shadowed: rule 'all' permits nothing: rule 'f' in line 9 forbids all of it\n"
	"8:5 shadowed: rule 'r' permits nothing: rule 'f' in line 9 forbids all of it\n"},
    {"a permit in an earlier one", ALL "  - {id: r, permit: [x.a], to: {roles: [cro]}}\n",
	"8:5 superfluous: rule 'r' is superfluous: rule 'all' in line 7 says all of it\n"},
    {"an earlier permit in a later one", STUDIES "  - {id: a, permit: [x.a]}\n  - {id: b, permit: [x.*]}\n", ""},
    {"a forbid in an earlier one", ALL "  - {id: f, forbid: [y]}\n  - {id: g, forbid: [y], studies: [S1]}\n",
	"9:5 superfluous: rule 'g' is superfluous: rule 'f' in line 8 says all of it\n"},
    {"a forbid in a permit is what forbids are for", ALL "  - {id: f, forbid: [x.a]}\n", ""},
};

static void
write_down(void *context, const struct policy_finding *f)
{
	assert_int_equal(buf_printf(context, "%u:%u %s: %s\n", f->at.line, f->at.column, f->kind, f->sentence), CONSIGN_OK);
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
		size_t n = policy_file_check(&parts, NOW_US, write_down, &said), lines = 0;
		assert_int_equal(buf_append_u8(&said, 0), CONSIGN_OK);
		for (const uint8_t *c = said.data; *c != 0; c++)
			lines += *c == '\n';
		assert_int_equal(n, lines);
		assert_int_equal(policy_file_check(&parts, NOW_US, NULL, NULL), n);
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
