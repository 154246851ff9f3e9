/* The language: what a policy file says, and for every mistake the line, the column and the words. */
#include "build.h"

/* Studies for rows that are about rules: eight lines, so that a rule under test stands in line 9. */
#define STUDIES                                                                                                                  \
	"studies:\n"                                                                                                             \
	"  - id: S1\n"                                                                                                           \
	"    parties:\n"                                                                                                         \
	"      - {org: acme, roles: [sponsor]}\n"                                                                                \
	"      - {org: bio, roles: [cdmo]}\n"                                                                                    \
	"  - id: S2\n"                                                                                                           \
	"    parties: [{org: acme, roles: [sponsor]}, {org: lab-x, roles: [lab]}]\n"                                             \
	"rules:\n"
/* Rules for rows that are about studies, in front of them. */
#define RULES "rules: []\nstudies:\n"

static const struct row {
	const char *name, *yaml;
	size_t line, column;
	const char *text;
} rows[] = {
    /* YAML itself */
    {"empty file", "", 1, 1, "the file is empty: expected a mapping with the keys studies and rules"},
    {"only a comment", "# nothing\n", 2, 1, "the file is empty: expected a mapping with the keys studies and rules"},
    {"only a dash line", "---\n", 2, 1, "found nothing: expected a policy, a mapping with the keys studies, rules, version"},
    {"not YAML", "studies: []\nrules: [\n", 3, 1,
	"this is not YAML: did not find expected node content while parsing a flow node"},
    {"tab as indentation", "studies:\n\t- id: S1\n", 2, 1,
	"this is not YAML: found character that cannot start any token while scanning for the next token"},
    {"bad indentation", "studies: []\n  rules: []\n", 2, 3,
	"this is not YAML: did not find expected key while parsing a block mapping"},
    {"control character", "studies: []\nrules: [\x01]\n", 2, 9,
	"found bytes that YAML does not allow (control characters are not allowed): expected UTF-8 text without control "
	"characters"},
    {"not UTF-8", "studies: []\nrules: ['\xc3\xa4\xff']\n", 2, 11,
	"found bytes that YAML does not allow (invalid leading UTF-8 octet): expected UTF-8 text without control characters"},
    {"anchor", "studies: &all []\nrules: []\n", 1, 10, "found an anchor (&): expected the thing itself, written out"},
    {"anchor on a word", "studies: []\nrules: [&a word]\n", 2, 9, "found an anchor (&): expected the thing itself, written out"},
    {"anchor on a key", "studies: []\n&k rules: []\n", 2, 1, "found an anchor (&): expected the thing itself, written out"},
    {"alias", "studies: []\nrules: *all\n", 2, 8, "found an alias (*): expected the thing itself, written out"},
    {"alias as a key", "studies: []\n*all : []\n", 2, 1, "found an alias (*): expected the thing itself, written out"},
    {"tag", "studies: !!seq []\nrules: []\n", 1, 10, "found a tag (!): expected plain words, lists and mappings"},
    {"tag on a word", RULES "  - id: !!str S1\n", 3, 9, "found a tag (!): expected plain words, lists and mappings"},
    {"two documents", "studies: []\nrules: []\n---\nstudies: []\n", 3, 1,
	"found a second document: expected one file, one policy"},
    {"directive", "%YAML 1.1\n---\nstudies: []\nrules: []\n", 1, 1, "found a directive (%): expected the policy without one"},
    {"tag directive", "%TAG ! tag:x,2000:\n---\nstudies: []\nrules: []\n", 1, 1,
	"found a directive (%): expected the policy without one"},
    {"key that is a list", "studies: []\n[rules]: []\n", 2, 1, "found a list or mapping as a key: expected a word"},
    {"key twice", "studies: []\nrules: []\nstudies: []\n", 3, 1,
	"found the key 'studies' again (first in line 1): expected it once"},
    {"key twice, deep", RULES "  - id: S1\n    parties:\n    - {org: acme, roles: [cro], org: bio}\n", 5, 33,
	"found the key 'org' again (first in line 5): expected it once"},
    {"nested too deep", "studies: [[[[[[[[[]]]]]]]]]\nrules: []\n", 1, 18,
	"found lists or mappings nested deeper than 8: expected the shape of docs/POLICY.md"},
    /* the root */
    {"a list", "- studies\n", 1, 1, "found a list: expected a policy, a mapping with the keys studies, rules, version"},
    {"a word", "deny\n", 1, 1, "found 'deny': expected a policy, a mapping with the keys studies, rules, version"},
    {"unknown key", "studies: []\nrule: []\n", 2, 1,
	"found the unknown key 'rule' in a policy: expected one of studies, rules, version"},
    {"merge key", "studies: []\nrules: []\n<<: {}\n", 3, 1,
	"found the unknown key '<<' in a policy: expected one of studies, rules, version"},
    {"no studies", "rules: []\n", 1, 1, "found no key 'studies' in a policy: expected it beside studies, rules, version"},
    {"no rules", "studies: []\n", 1, 1, "found no key 'rules' in a policy: expected it beside studies, rules, version"},
    {"version of the future", "version: 2\nstudies: []\nrules: []\n", 1, 10, "found '2': expected the version, which is 1"},
    {"version that is a list", "version: [1]\nstudies: []\nrules: []\n", 1, 10, "found a list: expected the version, which is 1"},
    {"studies that is a mapping", "studies: {}\nrules: []\n", 1, 10, "found a mapping: expected a list of studies"},
    {"rules without a value", "studies: []\nrules:\n", 2, 7, "found nothing: expected a list of rules"},
    /* studies */
    {"study that is a word", RULES "  - S1\n", 3, 5, "found 'S1': expected a study, a mapping with the keys id, title, parties"},
    {"unknown key in a study", RULES "  - id: S1\n    name: x\n", 4, 5,
	"found the unknown key 'name' in a study: expected one of id, title, parties"},
    {"study without id", RULES "  - parties: []\n", 3, 5, "found no key 'id' in a study: expected it beside id, title, parties"},
    {"study without parties", RULES "  - id: S1\n", 3, 5,
	"found no key 'parties' in a study: expected it beside id, title, parties"},
    {"study with an empty list", RULES "  - id: S1\n    parties: []\n", 4, 14,
	"found an empty list of parties: expected at least one"},
    {"study id with a blank", RULES "  - id: S 1\n    parties: []\n", 3, 9,
	"found 'S 1': expected a study id, of A-Z a-z 0-9 . _ -"},
    {"study id with a NUL", RULES "  - id: \"S\\01\"\n    parties: []\n", 3, 9,
	"found 'S?1': expected a study id, of A-Z a-z 0-9 . _ -"},
    {"study id missing", RULES "  - id:\n    parties: []\n", 3, 8, "found nothing: expected a study id"},
    {"study id a list", RULES "  - id: [S1]\n    parties: []\n", 3, 9, "found a list: expected a study id"},
    {"no mistake", STUDIES "  []\n", 0, 0, NULL},
    {"study id again",
	RULES "  - {id: S1, parties: [{org: acme, roles: [cro]}]}\n  - {id: S1, parties: [{org: acme, roles: [cro]}]}\n", 4, 10,
	"found the study 'S1' again: expected each study once"},
    {"title with a line break", RULES "  - id: S1\n    title: |\n      a\n      b\n    parties: []\n", 4, 12,
	"found 'a?b?': expected a title, one line without control characters"},
    {"title that is a mapping", RULES "  - id: S1\n    title: {a: b}\n    parties: []\n", 4, 12,
	"found a mapping: expected a title"},
    /* parties */
    {"party that is a word", RULES "  - id: S1\n    parties: [acme]\n", 4, 15,
	"found 'acme': expected a party, a mapping with the keys org, roles, clearance"},
    {"unknown key in a party", RULES "  - id: S1\n    parties:\n      - {org: acme, role: cro}\n", 5, 21,
	"found the unknown key 'role' in a party: expected one of org, roles, clearance"},
    {"party without org", RULES "  - id: S1\n    parties:\n      - {roles: [cro]}\n", 5, 9,
	"found no key 'org' in a party: expected it beside org, roles, clearance"},
    {"party without roles", RULES "  - id: S1\n    parties:\n      - {org: acme}\n", 5, 9,
	"found no key 'roles' in a party: expected it beside org, roles, clearance"},
    {"org in capitals", RULES "  - id: S1\n    parties:\n      - {org: Acme, roles: [cro]}\n", 5, 15,
	"found 'Acme': expected an organisation, an id of a-z 0-9 -, 2 to 40 of them, no - at an end"},
    {"org not in the directory", RULES "  - id: S1\n    parties:\n      - {org: ghost, roles: [cro]}\n", 5, 15,
	"found the organisation 'ghost': expected one that the directory of this hub knows"},
    {"org twice in a study",
	RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro]}\n      - {org: acme, roles: [lab]}\n", 6, 15,
	"found the organisation 'acme' again in study S1: expected one entry with all its roles"},
    {"unknown role", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro, sponser]}\n", 5, 34,
	"found the unknown role 'sponser': expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, "
	"dsmb"},
    {"role with a NUL", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [\"cro\\0\"]}\n", 5, 29,
	"found the unknown role 'cro?': expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, "
	"dsmb"},
    {"role that is a list", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [[cro]]}\n", 5, 29,
	"found a list: expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, dsmb"},
    {"role twice", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro, cro]}\n", 5, 34,
	"found 'cro' again: expected each of the roles once"},
    {"roles that are a word", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: cro}\n", 5, 28,
	"found 'cro': expected a list of roles"},
    {"no roles", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: []}\n", 5, 28,
	"found an empty list of roles: expected at least one"},
    {"unknown clearance", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro], clearance: blinded}\n", 5, 46,
	"found 'blinded': expected a clearance, one of open, restricted, unblinded"},
    {"clearance that is a list", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro], clearance: [open]}\n", 5, 46,
	"found a list: expected a clearance, one of open, restricted, unblinded"},
    /* rules */
    {"rule that is a list", STUDIES "  - [permit]\n", 9, 5,
	"found a list: expected a rule, a mapping with the keys id, permit, forbid, from, to, studies, label"},
    {"unknown key in a rule", STUDIES "  - {id: r, allow: ['*']}\n", 9, 13,
	"found the unknown key 'allow' in a rule: expected one of id, permit, forbid, from, to, studies, label"},
    {"rule without id", STUDIES "  - {permit: ['*']}\n", 9, 5,
	"found no key 'id' in a rule: expected it beside id, permit, forbid, from, to, studies, label"},
    {"rule id with a slash", STUDIES "  - {id: a/b, permit: ['*']}\n", 9, 10,
	"found 'a/b': expected a rule id, of A-Z a-z 0-9 . _ -"},
    {"rule id again", STUDIES "  - {id: r, permit: ['*']}\n  - {id: r, forbid: ['*']}\n", 10, 10,
	"found the rule 'r' again: expected each rule id once"},
    {"neither permit nor forbid", STUDIES "  - {id: r, to: {roles: [cro]}}\n", 9, 5,
	"found neither permit nor forbid in rule 'r': expected exactly one"},
    {"permit and forbid", STUDIES "  - {id: r, permit: ['*'], forbid: [a]}\n", 9, 28,
	"found both permit and forbid in rule 'r': expected exactly one"},
    {"forbid and permit", STUDIES "  - id: r\n    forbid: ['*']\n    permit: [a]\n", 11, 5,
	"found both permit and forbid in rule 'r': expected exactly one"},
    {"permit that is a word", STUDIES "  - {id: r, permit: all}\n", 9, 21, "found 'all': expected a list of message types"},
    {"permit of nothing", STUDIES "  - {id: r, permit: []}\n", 9, 21,
	"found an empty list of message types: expected at least one"},
    {"glob in capitals", STUDIES "  - {id: r, permit: [trial.*, Trial.*]}\n", 9, 31,
	"found 'Trial.*': expected a message type, of a-z 0-9 _ in parts joined by single dots, * for any run"},
    {"glob with an empty part", STUDIES "  - {id: r, permit: [trial..a]}\n", 9, 22,
	"found 'trial..a': expected a message type, of a-z 0-9 _ in parts joined by single dots, * for any run"},
    {"glob twice", STUDIES "  - {id: r, permit: [a.*, b, a.*]}\n", 9, 30,
	"found 'a.*' again: expected each of the message types once"},
    {"star without quotes is an alias", STUDIES "  - {id: r, permit: [*]}\n", 9, 23,
	"this is not YAML: did not find expected alphabetic or numeric character while scanning an alias"},
    {"from that is a list", STUDIES "  - {id: r, permit: [a], from: [cro]}\n", 9, 32,
	"found a list: expected a from, a mapping with the keys roles, orgs"},
    {"from that is empty", STUDIES "  - {id: r, permit: [a], from: {}}\n", 9, 32,
	"found an empty mapping: expected a from with roles, orgs or both (without the key: any)"},
    {"unknown key in a to", STUDIES "  - {id: r, permit: [a], to: {role: [cro]}}\n", 9, 31,
	"found the unknown key 'role' in a to: expected one of roles, orgs"},
    {"unknown role in a rule", STUDIES "  - {id: r, permit: [a], to: {roles: [boss]}}\n", 9, 39,
	"found the unknown role 'boss': expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, "
	"dsmb"},
    {"no roles in a rule", STUDIES "  - {id: r, permit: [a], to: {roles: []}}\n", 9, 38,
	"found an empty list of roles: expected at least one"},
    {"no orgs in a rule", STUDIES "  - {id: r, permit: [a], to: {orgs: []}}\n", 9, 37,
	"found an empty list of organisations: expected at least one"},
    {"unknown org in a rule", STUDIES "  - {id: r, permit: [a], to: {orgs: [ghost]}}\n", 9, 38,
	"found the organisation 'ghost': expected one that the directory of this hub knows"},
    {"org twice in a rule", STUDIES "  - {id: r, permit: [a], to: {orgs: [acme, acme]}}\n", 9, 44,
	"found 'acme' again: expected each of the organisations once"},
    {"known org that is no party", STUDIES "  - {id: r, permit: [a], to: {orgs: [acme, idle]}}\n", 9, 44,
	"found the organisation 'idle': expected a party to a study that rule 'r' covers"},
    {"org of a study that the rule does not cover", STUDIES "  - {id: r, permit: [a], from: {orgs: [lab-x]}, studies: [S1]}\n", 9,
	40, "found the organisation 'lab-x': expected a party to a study that rule 'r' covers"},
    {"orgs that never meet", STUDIES "  - {id: r, permit: [a], from: {orgs: [lab-x]}, to: {orgs: [bio]}}\n", 9, 5,
	"found rule 'r', which can never match: expected a study with a party for its from and its to"},
    {"unknown study", STUDIES "  - {id: r, permit: [a], studies: [S1, S3]}\n", 9, 40,
	"found the study 'S3': expected one that stands under studies in this file"},
    {"glob without a study", STUDIES "  - {id: r, permit: [a], studies: ['T*']}\n", 9, 36,
	"found the study 'T*': expected one that stands under studies in this file"},
    {"study glob with a blank", STUDIES "  - {id: r, permit: [a], studies: ['S *']}\n", 9, 36,
	"found 'S *': expected a study id of A-Z a-z 0-9 . _ -, * for any run"},
    {"no studies in a rule", STUDIES "  - {id: r, permit: [a], studies: []}\n", 9, 35,
	"found an empty list of studies: expected at least one"},
    {"unknown label", STUDIES "  - {id: r, permit: [a], label: [secret]}\n", 9, 34,
	"found 'secret': expected a label, one of open, restricted, unblinded"},
    {"label twice", STUDIES "  - {id: r, permit: [a], label: [open, open]}\n", 9, 40,
	"found 'open' again: expected each of the labels once"},
    {"label that is a word", STUDIES "  - {id: r, permit: [a], label: open}\n", 9, 33, "found 'open': expected a list of labels"},
    {"no labels", STUDIES "  - {id: r, permit: [a], label: []}\n", 9, 33, "found an empty list of labels: expected at least one"},
};

static bool
org_is_known(void *context, const char *org)
{
	size_t *asked = context;
	(*asked)++;
	return strcmp(org, "ghost") != 0;
}

static void
test_policy_file_names_line_column_and_words_of_every_mistake(void **state)
{
	(void)state;
	size_t wrong = 0, asked = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct arena *arena = build_arena();
		struct policy_file_parts parts = {0};
		struct policy_file_error e = {0};
		enum consign_err err = policy_file_parse(slice_text(r->yaml), org_is_known, &asked, arena, &parts, &e);
		bool is_right = r->text == NULL ? err == CONSIGN_OK
						: err == CONSIGN_E_CONFIG && e.line == r->line && e.column == r->column &&
						      strcmp(e.text, r->text) == 0 && parts.parts.v == NULL;
		if (!is_right) {
			wrong++;
			print_error("%s: found %zu:%zu \"%s\" (0x%x), expected %zu:%zu \"%s\"\n", r->name, e.line, e.column,
			    e.text, err, r->line, r->column, r->text != NULL ? r->text : "no error");
		}
		arena_free(&arena);
	}
	assert_int_equal(wrong, 0);
	assert_true(asked > 0);
}

static const char *const whole = "# as an administrator writes it\n"
				 "version: 1\n"
				 "studies:\n"
				 "  - id: ACME-301\n"
				 "    title: Phase III, double-blind\n"
				 "    parties:\n"
				 "      - {org: acme,      roles: [sponsor], clearance: restricted}\n"
				 "      - {org: globalcro, roles: [cro, pv]}\n"
				 "      - {org: biomake,   roles: [cdmo],    clearance: unblinded}\n"
				 "      - org: \"sitecare\"\n"
				 "        roles:\n"
				 "          - smo\n"
				 "rules:\n"
				 "  - id: trial-data-up\n"
				 "    permit: [trial.*, safety.*]\n"
				 "    from: {roles: [smo, cro]}\n"
				 "    to:   {roles: [sponsor, cro]}\n"
				 "  - id: kits-to-site\n"
				 "    permit: [material.shipment.*]\n"
				 "    from: {roles: [cdmo], orgs: [biomake]}\n"
				 "    studies: [ACME-301]\n"
				 "  - id: no-unblinded-to-sites\n"
				 "    forbid: [\"*\"]\n"
				 "    label: [unblinded, restricted]\n"
				 "    to: {roles: [smo, site]}\n";

static void
test_policy_file_reads_every_field(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct policy_file_parts parts = build_parts(arena, whole);
	const struct consign_hash zero = {{0}};
	assert_int_equal(parts.parts.n, 2);
	const struct policy_common *common = parts.parts.v[0]->common;
	const struct policy_study *study = parts.parts.v[1]->study;
	assert_non_null(common);
	assert_null(parts.parts.v[0]->study);
	assert_non_null(study);
	assert_memory_equal(&parts.parts.v[1]->salt, &zero, sizeof zero);
	assert_string_equal(study->id.s, "ACME-301");
	assert_true(slice_equal(study->title, slice_text("Phase III, double-blind")));
	assert_int_equal(study->parties.n, 4);
	assert_string_equal(study->parties.v[0]->org.s, "acme");
	assert_int_equal(study->parties.v[0]->clearance, CONSIGN_LABEL_RESTRICTED);
	assert_int_equal(study->parties.v[1]->roles.n, 2);
	assert_int_equal(study->parties.v[1]->roles.v[0], ROLE_CRO);
	assert_int_equal(study->parties.v[1]->roles.v[1], ROLE_PV);
	assert_int_equal(study->parties.v[1]->clearance, CONSIGN_LABEL_OPEN);
	assert_string_equal(study->parties.v[3]->org.s, "sitecare");
	assert_int_equal(common->rules.n, 2);
	const struct policy_rule *up = common->rules.v[0], *no = common->rules.v[1], *kits = study->rules.v[0];
	assert_string_equal(up->id.s, "trial-data-up");
	assert_int_equal(up->order, 1);
	assert_int_equal(up->effect, POLICY_PERMIT);
	assert_int_equal(up->types.n, 2);
	assert_string_equal(up->types.v[1].s, "safety.*");
	assert_int_equal(up->from->roles.n, 2);
	assert_int_equal(up->from->roles.v[0], ROLE_SMO);
	assert_int_equal(up->from->orgs.n, 0);
	assert_int_equal(up->to->roles.v[0], ROLE_SPONSOR);
	assert_int_equal(up->labels.n, 0);
	assert_int_equal(study->rules.n, 1);
	assert_string_equal(kits->id.s, "kits-to-site");
	assert_int_equal(kits->order, 2);
	assert_string_equal(kits->from->orgs.v[0].s, "biomake");
	assert_null(kits->to);
	assert_int_equal(no->order, 3);
	assert_int_equal(no->effect, POLICY_FORBID);
	assert_int_equal(no->labels.n, 2);
	assert_int_equal(no->labels.v[0], CONSIGN_LABEL_UNBLINDED);
	assert_null(no->from);
	arena_free(&arena);
}

static void
test_policy_file_parts_survive_the_wire(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct policy_file_parts parts = build_parts(arena, whole);
	struct policy_part *decoded[2];
	struct policy *policy = NULL;
	for (size_t i = 0; i < 2; i++) {
		struct buf bytes = {0};
		assert_int_equal(policy_part_encode(parts.parts.v[i], &bytes), CONSIGN_OK);
		assert_int_equal(policy_part_decode(buf_slice(&bytes), arena, &decoded[i]), CONSIGN_OK);
		buf_clear(&bytes);
	}
	assert_int_equal(policy_compile(decoded, 2, &policy), CONSIGN_OK);
	assert_string_equal(
	    ask(policy, "biomake", "sitecare", "ACME-301", "material.shipment.x", CONSIGN_LABEL_OPEN).rule, "kits-to-site");
	policy_free(&policy);
	arena_free(&arena);
}

static void
test_policy_file_that_permits_nothing_is_a_policy(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct policy_file_parts parts = build_parts(arena, "studies: []\nrules: []\n");
	assert_int_equal(parts.parts.n, 1);
	assert_non_null(parts.parts.v[0]->common);
	parts = build_parts(arena, "---\nrules: [{id: r, permit: ['*'], studies: ['*']}]\nstudies: []\n...\n");
	assert_int_equal(parts.parts.v[0]->common->rules.n, 1);
	arena_free(&arena);
}

/* One rule or study around a word of n letters. */
static enum consign_err
parse_with_word(const char *before, size_t n, const char *after, struct policy_file_error *ret_error)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	struct buf yaml = {0};
	assert_int_equal(buf_append(&yaml, slice_text(before)), CONSIGN_OK);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf_append_u8(&yaml, 'a'), CONSIGN_OK);
	assert_int_equal(buf_append(&yaml, slice_text(after)), CONSIGN_OK);
	enum consign_err err = policy_file_parse(buf_slice(&yaml), NULL, NULL, arena, &parts, ret_error);
	buf_clear(&yaml);
	arena_free(&arena);
	return err;
}

static void
test_policy_file_words_up_to_their_limits(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after;
		size_t max, line, column;
	} words[] = {
	    {"rules: []\nstudies:\n  - {id: ", ", parties: [{org: aa, roles: [cro]}]}", CONSIGN_STUDY_MAX_BYTES, 3, 10},
	    {"rules: []\nstudies:\n  - {id: S, title: ", ", parties: [{org: aa, roles: [cro]}]}", CONSIGN_TEXT_MAX_BYTES, 3, 20},
	    {"rules: []\nstudies:\n  - {id: S, parties: [{org: ", ", roles: [cro]}]}", CONSIGN_ORG_MAX_BYTES, 3, 29},
	    {"studies: []\nrules:\n  - {id: ", ", permit: [a]}", CONSIGN_RULE_MAX_BYTES, 3, 10},
	    {"studies: []\nrules:\n  - {id: r, permit: [", "]}", CONSIGN_TYPE_MAX_BYTES, 3, 22},
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct policy_file_error e = {0};
		assert_int_equal(parse_with_word(words[i].before, words[i].max, words[i].after, &e), CONSIGN_OK);
		assert_int_equal(parse_with_word(words[i].before, words[i].max + 1, words[i].after, &e), CONSIGN_E_CONFIG);
		assert_int_equal(e.line, words[i].line);
		assert_int_equal(e.column, words[i].column);
		assert_non_null(strstr(e.text, "aaaa...' of "));
		assert_non_null(strstr(e.text, "of at most "));
	}
}

static enum consign_err
parse_with_list(const char *before, size_t n, const char *element, const char *after, struct policy_file_error *ret_error)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	struct buf yaml = {0};
	assert_int_equal(buf_append(&yaml, slice_text(before)), CONSIGN_OK);
	for (size_t i = 0; i < n; i++) {
		const char *hash = strchr(element, '#');
		assert_int_equal(
		    buf_printf(&yaml, "%s%.*s%zu%s", i == 0 ? "" : ",\n", (int)(hash - element), element, i, hash + 1),
		    CONSIGN_OK);
	}
	assert_int_equal(buf_append(&yaml, slice_text(after)), CONSIGN_OK);
	assert_true(yaml.len <= CONSIGN_POLICY_SOURCE_MAX_BYTES);
	enum consign_err err = policy_file_parse(buf_slice(&yaml), NULL, NULL, arena, &parts, ret_error);
	buf_clear(&yaml);
	arena_free(&arena);
	return err;
}

static void
test_policy_file_lists_up_to_their_limits(void **state)
{
	(void)state;
	static const struct {
		const char *before, *element, *after;
		size_t max, line, column;
		const char *text;
	} lists[] = {
	    {"rules: []\nstudies: [{id: S, parties: [", "{org: aa#, roles: [cro]}", "]}]", CONSIGN_PARTIES_MAX, 2, 28,
		"found 1025 parties: expected at most 1024"},
	    {"studies: []\nrules: [{id: r, permit: [", "t#", "]}]", CONSIGN_RULE_TYPES_MAX, 2, 25, "found 257 message types: expected at most 256"},
	    {"rules: []\nstudies: [", "{id: S#, parties: [{org: aa, roles: [cro]}]}", "]", CONSIGN_STUDIES_MAX, 2, 10,
		"found 16385 studies: expected at most 16384"},
	};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct policy_file_error e = {0};
		assert_int_equal(
		    parse_with_list(lists[i].before, lists[i].max, lists[i].element, lists[i].after, &e), CONSIGN_OK);
		assert_int_equal(
		    parse_with_list(lists[i].before, lists[i].max + 1, lists[i].element, lists[i].after, &e), CONSIGN_E_CONFIG);
		assert_int_equal(e.line, lists[i].line);
		assert_int_equal(e.column, lists[i].column);
		assert_string_equal(e.text, lists[i].text);
	}
}

static void
test_policy_file_up_to_its_size(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	struct policy_file_error e;
	struct buf yaml = {0};
	assert_int_equal(buf_append(&yaml, slice_text("studies: []\nrules: []\n#")), CONSIGN_OK);
	while (yaml.len < CONSIGN_POLICY_SOURCE_MAX_BYTES)
		assert_int_equal(buf_append_u8(&yaml, 'x'), CONSIGN_OK);
	assert_int_equal(policy_file_parse(buf_slice(&yaml), NULL, NULL, arena, &parts, &e), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&yaml, 'x'), CONSIGN_OK);
	assert_int_equal(policy_file_parse(buf_slice(&yaml), NULL, NULL, arena, &parts, &e), CONSIGN_E_TOO_BIG);
	buf_clear(&yaml);
	arena_free(&arena);
}

static void
test_policy_file_with_an_arena_too_small_says_so(void **state)
{
	(void)state;
	for (size_t budget = 0; budget < 1500; budget += 100) {
		struct arena *arena = NULL;
		struct policy_file_parts parts = {0};
		struct policy_file_error e;
		assert_int_equal(arena_new(budget, &arena), CONSIGN_OK);
		assert_int_equal(policy_file_parse(slice_text(whole), NULL, NULL, arena, &parts, &e), CONSIGN_E_NO_MEMORY);
		assert_null(parts.parts.v);
		arena_free(&arena);
	}
}

/* Every byte of a good file, changed: a policy or an error with a place, nothing else. */
static void
test_policy_file_any_changed_byte_is_a_policy_or_a_placed_error(void **state)
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
		}
		arena_free(&one);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_file_names_line_column_and_words_of_every_mistake),
	    cmocka_unit_test(test_policy_file_reads_every_field),
	    cmocka_unit_test(test_policy_file_parts_survive_the_wire),
	    cmocka_unit_test(test_policy_file_that_permits_nothing_is_a_policy),
	    cmocka_unit_test(test_policy_file_words_up_to_their_limits),
	    cmocka_unit_test(test_policy_file_lists_up_to_their_limits),
	    cmocka_unit_test(test_policy_file_up_to_its_size),
	    cmocka_unit_test(test_policy_file_with_an_arena_too_small_says_so),
	    cmocka_unit_test(test_policy_file_any_changed_byte_is_a_policy_or_a_placed_error),
	};
	return cmocka_run_group_tests_name("policy_file", tests, NULL, NULL);
}
