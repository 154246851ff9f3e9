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
	const char *hint; /* NULL: none */
} rows[] = {
    /* YAML itself */
    {"empty file", "", 1, 1, "the file is empty: expected a mapping with the keys studies and rules",
	"start from the first example of docs/POLICY.md"},
    {"only a comment", "# nothing\n", 2, 1, "the file is empty: expected a mapping with the keys studies and rules",
	"start from the first example of docs/POLICY.md"},
    {"only a dash line", "---\n", 2, 1,
	"found nothing: expected a policy, a mapping with the keys studies, rules, groups, quotas, version",
	"write each key with its value, such as `studies: ...`"},
    {"not YAML", "studies: []\nrules: [\n", 3, 1,
	"this is not YAML: did not find expected node content while parsing a flow node"},
    {"tab as indentation", "studies:\n\t- id: S1\n", 2, 1,
	"this is not YAML: found character that cannot start any token while scanning for the next token",
	"indent with blanks: YAML takes no tabs there"},
    {"bad indentation", "studies: []\n  rules: []\n", 2, 3,
	"this is not YAML: did not find expected key while parsing a block mapping"},
    {"control character", "studies: []\nrules: [\x01]\n", 2, 9,
	"found the character U+0001: expected UTF-8 text without control characters", "take the character out: editors may not show it"},
    {"carriage returns alone", "studies: []\rrules: []\r", 1, 12, "found a carriage return without a newline: expected UTF-8 text without control characters",
	"save the file with the ends of lines of Unix (LF) or of Windows (CRLF)"},
    {"a carriage return too many", "studies: []\r\r\nrules: []\r\n", 1, 12, "found a carriage return without a newline: expected UTF-8 text without control characters",
	"save the file with the ends of lines of Unix (LF) or of Windows (CRLF)"},
    {"next line in a comment", "studies: []\nrules: [] # \xc3\xa4\xc2\x85\n", 2, 14, "found the character U+0085: expected UTF-8 text without control characters",
	"take the character out: editors may not show it"},
    {"next line in a title", RULES "  - id: S1\n    title: \"a\xc2\x85" "b\"\n    parties: []\n", 4, 14, "found the character U+0085: expected UTF-8 text without control characters",
	"take the character out: editors may not show it"},
    {"byte order mark", "\xef\xbb\xbfstudies: []\nrules: []\n", 1, 1,
	"found a byte order mark (BOM) before the first word: expected UTF-8 text without one", "save the file as UTF-8 without BOM"},
    {"byte order mark before a bracket", "\xef\xbb\xbf{studies: [], rules: []}\n", 1, 1,
	"found a byte order mark (BOM) before the first word: expected UTF-8 text without one", "save the file as UTF-8 without BOM"},
    {"not UTF-8", "studies: []\nrules: ['\xc3\xa4\xff']\n", 2, 11,
	"found bytes that are no UTF-8: expected UTF-8 text without control characters",
	"save the file as UTF-8"},
    {"anchor", "studies: &all []\nrules: []\n", 1, 10, "found an anchor (&): expected the thing itself, written out",
	"a list that recurs gets a name under groups, which rules write as \"@name\""},
    {"anchor on a word", "studies: []\nrules: [&a word]\n", 2, 9, "found an anchor (&): expected the thing itself, written out",
	"a list that recurs gets a name under groups, which rules write as \"@name\""},
    {"anchor on a key", "studies: []\n&k rules: []\n", 2, 1, "found an anchor (&): expected the thing itself, written out",
	"a list that recurs gets a name under groups, which rules write as \"@name\""},
    {"alias", "studies: []\nrules: *all\n", 2, 8, "found an alias (*): expected the thing itself, written out",
	"a word that begins with * needs quotes: \"*\"; a list that recurs gets a name under groups, which rules write as "
	"\"@name\""},
    {"alias as a key", "studies: []\n*all : []\n", 2, 1, "found an alias (*): expected the thing itself, written out",
	"a word that begins with * needs quotes: \"*\"; a list that recurs gets a name under groups, which rules write as "
	"\"@name\""},
    {"tag", "studies: !!seq []\nrules: []\n", 1, 10, "found a tag (!): expected plain words, lists and mappings"},
    {"tag on a word", RULES "  - id: !!str S1\n", 3, 9, "found a tag (!): expected plain words, lists and mappings"},
    {"two documents", "studies: []\nrules: []\n---\nstudies: []\n", 3, 1,
	"found a second document: expected one file, one policy"},
    {"directive", "%YAML 1.1\n---\nstudies: []\nrules: []\n", 1, 1, "found a directive (%): expected the policy without one"},
    {"tag directive", "%TAG ! tag:x,2000:\n---\nstudies: []\nrules: []\n", 1, 1,
	"found a directive (%): expected the policy without one"},
    {"key that is a list", "studies: []\n[rules]: []\n", 2, 1, "found a list or mapping as a key: expected a word"},
    {"key twice", "studies: []\nrules: []\nstudies: []\n", 3, 1,
	"found the key 'studies' again (first in line 1): expected it once", "put both into one, or take one of them out"},
    {"key twice, deep", RULES "  - id: S1\n    parties:\n    - {org: acme, roles: [cro], org: bio}\n", 5, 33,
	"found the key 'org' again (first in line 5): expected it once", "put both into one, or take one of them out"},
    {"nested too deep", "studies: [[[[[[[[[]]]]]]]]]\nrules: []\n", 1, 18,
	"found lists or mappings nested deeper than 8: expected the shape of docs/POLICY.md",
	"look for a bracket too many, or lines that are indented too far"},
    /* the root */
    {"a list", "- studies\n", 1, 1, "found a list: expected a policy, a mapping with the keys studies, rules, groups, quotas, version",
	"write each key with its value, such as `studies: ...`"},
    {"a word", "deny\n", 1, 1, "found 'deny': expected a policy, a mapping with the keys studies, rules, groups, quotas, version",
	"write each key with its value, such as `studies: ...`"},
    {"unknown key", "studies: []\nrule: []\n", 2, 1,
	"found the unknown key 'rule' in a policy: expected one of studies, rules, groups, quotas, version", "write `rules`"},
    {"merge key", "studies: []\nrules: []\n<<: {}\n", 3, 1,
	"found the unknown key '<<' in a policy: expected one of studies, rules, groups, quotas, version"},
    {"no studies", "rules: []\n", 1, 1, "found no key 'studies' in a policy: expected it beside studies, rules, groups, quotas, version"},
    {"no rules", "studies: []\n", 1, 1, "found no key 'rules' in a policy: expected it beside studies, rules, groups, quotas, version"},
    {"version of the future", "version: 2\nstudies: []\nrules: []\n", 1, 10, "found '2': expected the version, which is 1"},
    {"version that is a list", "version: [1]\nstudies: []\nrules: []\n", 1, 10, "found a list: expected the version, which is 1"},
    {"studies that is a mapping", "studies: {}\nrules: []\n", 1, 10, "found a mapping: expected a list of studies",
	"write each of them in a line of its own that begins with `- `; `[]` for none"},
    {"rules without a value", "studies: []\nrules:\n", 2, 7, "found nothing: expected a list of rules",
	"write each of them in a line of its own that begins with `- `; `[]` for none"},
    /* studies */
    {"study that is a word", RULES "  - S1\n", 3, 5, "found 'S1': expected a study, a mapping with the keys id, title, parties",
	"write each key with its value, such as `id: ...`"},
    {"unknown key in a study", RULES "  - id: S1\n    name: x\n", 4, 5,
	"found the unknown key 'name' in a study: expected one of id, title, parties", "write `title`"},
    {"study without id", RULES "  - parties: []\n", 3, 5, "found no key 'id' in a study: expected it beside id, title, parties"},
    {"study without parties", RULES "  - id: S1\n", 3, 5,
	"found no key 'parties' in a study: expected it beside id, title, parties"},
    {"study with an empty list", RULES "  - id: S1\n    parties: []\n", 4, 14,
	"found an empty list of parties: expected at least one",
	"write each of them in a line of its own that begins with `- `"},
    {"study id with a blank", RULES "  - id: S 1\n    parties: []\n", 3, 9,
	"found 'S 1': expected a study id, of A-Z a-z 0-9 . _ -"},
    {"study id with a NUL", RULES "  - id: \"S\\01\"\n    parties: []\n", 3, 9,
	"found 'S?1': expected a study id, of A-Z a-z 0-9 . _ -"},
    {"study id missing", RULES "  - id:\n    parties: []\n", 3, 8, "found nothing: expected a study id"},
    {"study id a list", RULES "  - id: [S1]\n    parties: []\n", 3, 9, "found a list: expected a study id"},
    {"no mistake", STUDIES "  []\n", 0, 0, NULL},
    {"study id again",
	RULES "  - {id: S1, parties: [{org: acme, roles: [cro]}]}\n  - {id: S1, parties: [{org: acme, roles: [cro]}]}\n", 4, 10,
	"found the study 'S1' again: expected each study once",
	"the first one is in line 3: put all parties there, or give this one another id"},
    {"title with a line break", RULES "  - id: S1\n    title: |\n      a\n      b\n    parties: []\n", 4, 12,
	"found 'a?b?': expected a title, one line without control characters",
	"write it in one line and in quotes: `title: \"Phase III: double-blind\"`, or leave the key out"},
    {"title with a colon", RULES "  - id: S1\n    title: Phase III: blind\n    parties: []\n", 4, 21,
	"this is not YAML: mapping values are not allowed in this context",
	"a word with a colon and a blank in it needs quotes: \"a: b\"; or the line is indented too far"},
    {"title that is a mapping", RULES "  - id: S1\n    title: {a: b}\n    parties: []\n", 4, 12,
	"found a mapping: expected a title",
	"write it in one line and in quotes: `title: \"Phase III: double-blind\"`, or leave the key out"},
    /* parties */
    {"party that is a word", RULES "  - id: S1\n    parties: [acme]\n", 4, 15,
	"found 'acme': expected a party, a mapping with the keys org, roles, clearance",
	"write each key with its value, such as `org: ...`"},
    {"unknown key in a party", RULES "  - id: S1\n    parties:\n      - {org: acme, role: cro}\n", 5, 21,
	"found the unknown key 'role' in a party: expected one of org, roles, clearance", "write `roles`"},
    {"party without org", RULES "  - id: S1\n    parties:\n      - {roles: [cro]}\n", 5, 9,
	"found no key 'org' in a party: expected it beside org, roles, clearance"},
    {"party without roles", RULES "  - id: S1\n    parties:\n      - {org: acme}\n", 5, 9,
	"found no key 'roles' in a party: expected it beside org, roles, clearance"},
    {"org in capitals", RULES "  - id: S1\n    parties:\n      - {org: Acme, roles: [cro]}\n", 5, 15,
	"found 'Acme': expected an organisation, an id of a-z 0-9 -, 2 to 40 of them, no - at an end", "write `acme`"},
    {"org not in the directory", RULES "  - id: S1\n    parties:\n      - {org: ghost, roles: [cro]}\n", 5, 15,
	"found the organisation 'ghost': expected one that the directory of this hub knows",
	"admit it first: `consign org invite ghost`"},
    {"org twice in a study",
	RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro]}\n      - {org: acme, roles: [lab]}\n", 6, 15,
	"found the organisation 'acme' again in study S1: expected one entry with all its roles",
	"its first entry is in line 5: put all roles there"},
    {"unknown role", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro, sponser]}\n", 5, 34,
	"found the unknown role 'sponser': expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, "
	"dsmb",
	"write `sponsor`"},
    {"role with a NUL", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [\"cro\\0\"]}\n", 5, 29,
	"found the unknown role 'cro?': expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, "
	"dsmb",
	"write `cro`"},
    {"role that is a list", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [[cro]]}\n", 5, 29,
	"found a list: expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, dsmb"},
    {"role twice", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro, cro]}\n", 5, 34,
	"found 'cro' again: expected each of the roles once"},
    {"roles that are a word", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: cro}\n", 5, 28,
	"found 'cro': expected a list of roles", "write `[cro]`"},
    {"no roles", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: []}\n", 5, 28,
	"found an empty list of roles: expected at least one", "name at least one: `[sponsor]`"},
    {"unknown clearance", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro], clearance: blinded}\n", 5, 46,
	"found 'blinded': expected a clearance, one of open, restricted, unblinded", "who must stay blind is cleared for `open`"},
    {"clearance that is a list", RULES "  - id: S1\n    parties:\n      - {org: acme, roles: [cro], clearance: [open]}\n", 5, 46,
	"found a list: expected a clearance, one of open, restricted, unblinded"},
    /* rules */
    {"rule that is a list", STUDIES "  - [permit]\n", 9, 5,
	"found a list: expected a rule, a mapping with the keys id, permit, forbid, from, to, studies, label, since, until, "
	"max-size, deliver-within, rate", "write each key with its value, such as `id: ...`"},
    {"unknown key in a rule", STUDIES "  - {id: r, allow: ['*']}\n", 9, 13,
	"found the unknown key 'allow' in a rule: expected one of id, permit, forbid, from, to, studies, label, since, until, "
	"max-size, deliver-within, rate",
	"write `permit`"},
    {"rule without id", STUDIES "  - {permit: ['*']}\n", 9, 5,
	"found no key 'id' in a rule: expected it beside id, permit, forbid, from, to, studies, label, since, until, max-size, "
	"deliver-within, rate"},
    {"rule id with a slash", STUDIES "  - {id: a/b, permit: ['*']}\n", 9, 10,
	"found 'a/b': expected a rule id, of A-Z a-z 0-9 . _ -"},
    {"rule id again", STUDIES "  - {id: r, permit: ['*']}\n  - {id: r, forbid: ['*']}\n", 10, 10,
	"found the rule 'r' again: expected each rule id once", "the first one is in line 9: give one of them another id"},
    {"neither permit nor forbid", STUDIES "  - {id: r, to: {roles: [cro]}}\n", 9, 5,
	"found neither permit nor forbid in rule 'r': expected exactly one",
	"say which message types it permits or forbids: `permit: [trial.*]`"},
    {"permit and forbid", STUDIES "  - {id: r, permit: ['*'], forbid: [a]}\n", 9, 28,
	"found both permit and forbid in rule 'r': expected exactly one",
	"make two rules of it, each with its id; the forbid wins where both match"},
    {"forbid and permit", STUDIES "  - id: r\n    forbid: ['*']\n    permit: [a]\n", 11, 5,
	"found both permit and forbid in rule 'r': expected exactly one",
	"make two rules of it, each with its id; the forbid wins where both match"},
    {"permit that is a word", STUDIES "  - {id: r, permit: all}\n", 9, 21, "found 'all': expected a list of message types",
	"name at least one: `[trial.*]`; `[\"*\"]` is every type"},
    {"permit that is a star", STUDIES "  - {id: r, permit: '*'}\n", 9, 21, "found '*': expected a list of message types",
	"write `[\"*\"]`"},
    {"permit of nothing", STUDIES "  - {id: r, permit: []}\n", 9, 21,
	"found an empty list of message types: expected at least one", "name at least one: `[trial.*]`; `[\"*\"]` is every type"},
    {"glob in capitals", STUDIES "  - {id: r, permit: [trial.*, Trial.*]}\n", 9, 31,
	"found 'Trial.*': expected a message type, of a-z 0-9 _ in parts joined by single dots, * for any run",
	"write `trial.*`"},
    {"glob with an empty part", STUDIES "  - {id: r, permit: [trial..a]}\n", 9, 22,
	"found 'trial..a': expected a message type, of a-z 0-9 _ in parts joined by single dots, * for any run"},
    {"glob twice", STUDIES "  - {id: r, permit: [a.*, b, a.*]}\n", 9, 30,
	"found 'a.*' again: expected each of the message types once"},
    {"star without quotes is an alias", STUDIES "  - {id: r, permit: [*]}\n", 9, 23,
	"this is not YAML: did not find expected alphabetic or numeric character while scanning an alias",
	"a word that begins with * needs quotes: \"*\""},
    {"from that is a list", STUDIES "  - {id: r, permit: [a], from: [cro]}\n", 9, 32,
	"found a list: expected a from, a mapping with the keys roles, orgs", "write `from: {roles: [...]}`"},
    {"from that is empty", STUDIES "  - {id: r, permit: [a], from: {}}\n", 9, 32,
	"found an empty mapping: expected a from with roles, orgs or both (without the key: any)",
	"leave `from` out to mean any party"},
    {"from that is a date", STUDIES "  - {id: r, permit: [a], from: 2026-01-01}\n", 9, 32,
	"found '2026-01-01': expected a from, a mapping with the keys roles, orgs",
	"`from` says who sends; since when the rule holds is written `since: 2026-01-01`"},
    {"to that is a time with an offset", STUDIES "  - {id: r, permit: [a], to: 2026-01-01T01:00:00+01:00}\n", 9, 30,
	"found '2026-01-01T01:00:00+01:00': expected a to, a mapping with the keys roles, orgs",
	"`to` says who receives; until when the rule holds is written `until: 2026-01-01`"},
    {"to that is an organisation", STUDIES "  - {id: r, permit: [a], to: acme}\n", 9, 30,
	"found 'acme': expected a to, a mapping with the keys roles, orgs", "write `to: {orgs: [...]}`"},
    {"from that is nothing", STUDIES "  - id: r\n    from:\n    permit: [a]\n", 10, 10,
	"found nothing: expected a from, a mapping with the keys roles, orgs", "leave `from` out to mean any party"},
    {"unknown key in a to", STUDIES "  - {id: r, permit: [a], to: {role: [cro]}}\n", 9, 31,
	"found the unknown key 'role' in a to: expected one of roles, orgs", "write `roles`"},
    {"unknown role in a rule", STUDIES "  - {id: r, permit: [a], to: {roles: [boss]}}\n", 9, 39,
	"found the unknown role 'boss': expected one of sponsor, cro, cdmo, cmo, smo, site, lab, regulator, irt, pv, depot, "
	"dsmb"},
    {"no roles in a rule", STUDIES "  - {id: r, permit: [a], to: {roles: []}}\n", 9, 38,
	"found an empty list of roles: expected at least one", "leave `roles` out to mean any role, or name one: `[sponsor]`"},
    {"no orgs in a rule", STUDIES "  - {id: r, permit: [a], to: {orgs: []}}\n", 9, 37,
	"found an empty list of organisations: expected at least one",
	"leave `orgs` out to mean any organisation, or name one"},
    {"unknown org in a rule", STUDIES "  - {id: r, permit: [a], to: {orgs: [ghost]}}\n", 9, 38,
	"found the organisation 'ghost': expected one that the directory of this hub knows",
	"admit it first: `consign org invite ghost`"},
    {"org twice in a rule", STUDIES "  - {id: r, permit: [a], to: {orgs: [acme, acme]}}\n", 9, 44,
	"found 'acme' again: expected each of the organisations once"},
    {"known org that is no party", STUDIES "  - {id: r, permit: [a], to: {orgs: [acme, idle]}}\n", 9, 44,
	"found the organisation 'idle': expected a party to a study that rule 'r' covers",
	"add it to the study's parties, or take it out of the rule"},
    {"org of a study that the rule does not cover", STUDIES "  - {id: r, permit: [a], from: {orgs: [lab-x]}, studies: [S1]}\n", 9,
	40, "found the organisation 'lab-x': expected a party to a study that rule 'r' covers",
	"add it to the study's parties, or take it out of the rule"},
    {"orgs that never meet", STUDIES "  - {id: r, permit: [a], from: {orgs: [lab-x]}, to: {orgs: [bio]}}\n", 9, 5,
	"found rule 'r', which can never match: expected a study with a party for its from and its to",
	"the organisations that it names share no study that it covers"},
    {"unknown study", STUDIES "  - {id: r, permit: [a], studies: [S1, S3]}\n", 9, 40,
	"found the study 'S3': expected one that stands under studies in this file", "write `S1`, or add the study"},
    {"glob without a study", STUDIES "  - {id: r, permit: [a], studies: ['T*']}\n", 9, 36,
	"found the study 'T*': expected one that stands under studies in this file"},
    {"study glob with a blank", STUDIES "  - {id: r, permit: [a], studies: ['S *']}\n", 9, 36,
	"found 'S *': expected a study id of A-Z a-z 0-9 . _ -, * for any run"},
    {"no studies in a rule", STUDIES "  - {id: r, permit: [a], studies: []}\n", 9, 35,
	"found an empty list of studies: expected at least one", "leave `studies` out to mean every study, or name one"},
    {"study twice in a rule", STUDIES "  - {id: r, permit: [a], studies: [S1, S1]}\n", 9, 40,
	"found 'S1' again: expected each of the studies once"},
    {"unknown label", STUDIES "  - {id: r, permit: [a], label: [secret]}\n", 9, 34,
	"found 'secret': expected a label, one of open, restricted, unblinded"},
    {"label twice", STUDIES "  - {id: r, permit: [a], label: [open, open]}\n", 9, 40,
	"found 'open' again: expected each of the labels once"},
    {"label that is a word", STUDIES "  - {id: r, permit: [a], label: open}\n", 9, 33, "found 'open': expected a list of labels",
	"write `[open]`"},
    {"no labels", STUDIES "  - {id: r, permit: [a], label: []}\n", 9, 33, "found an empty list of labels: expected at least one",
	"leave `label` out to mean all, or name one: `[open]`"},
    /* times, sizes and spans */
    {"since that is a word", STUDIES "  - {id: r, permit: [a], since: tomorrow}\n", 9, 33,
	"found 'tomorrow': expected a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01"},
    {"since with an offset", STUDIES "  - {id: r, permit: [a], since: 2026-12-01T00:00:00+01:00}\n", 9, 33,
	"found '2026-12-01T00:00:00+01:00': expected a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01",
	"write `2026-11-30T23:00:00Z`, the same time in UTC to the second"},
    {"since without a zone", STUDIES "  - {id: r, permit: [a], since: 2026-12-01 08:30}\n", 9, 33,
	"found '2026-12-01 08:30': expected a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01",
	"write `2026-12-01T08:30:00Z` if that was meant in UTC"},
    {"since with a fraction", STUDIES "  - {id: r, permit: [a], since: 2026-12-01T00:00:00.5Z}\n", 9, 33,
	"found '2026-12-01T00:00:00.5Z': expected a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01",
	"write `2026-12-01`, the same time in UTC to the second"},
    {"since without seconds", STUDIES "  - {id: r, permit: [a], since: 2026-12-01T00:00Z}\n", 9, 33,
	"found '2026-12-01T00:00Z': expected a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01",
	"write `2026-12-01`, the same time in UTC to the second"},
    {"since on a day that is none", STUDIES "  - {id: r, permit: [a], since: 2026-02-29}\n", 9, 33,
	"found '2026-02-29': expected a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01"},
    {"since before hubs", STUDIES "  - {id: r, permit: [a], since: 1999-12-31}\n", 9, 33,
	"found '1999-12-31': expected a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01"},
    {"since that is a list", STUDIES "  - {id: r, permit: [a], since: [2026-12-01]}\n", 9, 33,
	"found a list: expected a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01"},
    {"until that is nothing", STUDIES "  - {id: r, permit: [a], until: }\n", 9, 33,
	"found nothing: expected a time in UTC such as 2026-12-01T08:30:00Z, or a date such as 2026-12-01"},
    {"until before since", STUDIES "  - {id: r, permit: [a], since: 2026-12-01, until: 2026-11-30}\n", 9, 52,
	"found an until of rule 'r' that is not after its since: expected a later time",
	"the rule holds from since on and no longer at until; a date is its first moment, 00:00 UTC"},
    {"until at since", STUDIES "  - {id: r, permit: [a], since: 2026-12-01, until: 2026-12-01T00:00:00Z}\n", 9, 52,
	"found an until of rule 'r' that is not after its since: expected a later time",
	"the rule holds from since on and no longer at until; a date is its first moment, 00:00 UTC"},
    {"max-size of nothing", STUDIES "  - {id: r, permit: [a], max-size: 0}\n", 9, 36,
	"found '0': expected a number of bytes, or one with KiB or MiB, such as 64KiB"},
    {"max-size with a blank", STUDIES "  - {id: r, permit: [a], max-size: 64 KiB}\n", 9, 36,
	"found '64 KiB': expected a number of bytes, or one with KiB or MiB, such as 64KiB"},
    {"max-size in KB", STUDIES "  - {id: r, permit: [a], max-size: 64KB}\n", 9, 36,
	"found '64KB': expected a number of bytes, or one with KiB or MiB, such as 64KiB"},
    {"max-size that is too large", STUDIES "  - {id: r, permit: [a], max-size: 1048577}\n", 9, 36,
	"found a max-size of 1048577: expected at most 1MiB", "no message is larger than that: leave max-size out"},
    {"max-size that overflows", STUDIES "  - {id: r, permit: [a], max-size: 99999999999999999999}\n", 9, 36,
	"found '99999999999999999999': expected a number of bytes, or one with KiB or MiB, such as 64KiB"},
    {"max-size that no message has", STUDIES "  - {id: r, permit: [a], max-size: 255}\n", 9, 36,
	"found a max-size of 255, which no message under the labels of rule 'r' has: expected at least 256",
	"messages are padded before they are counted: to 256 bytes under open, to 4096 above"},
    {"max-size that no message under its labels has",
	STUDIES "  - {id: r, permit: [a], max-size: 4095, label: [unblinded, restricted]}\n", 9, 36,
	"found a max-size of 4095, which no message under the labels of rule 'r' has: expected at least 4096",
	"messages are padded before they are counted: to 256 bytes under open, to 4096 above"},
    {"max-size on a forbid", STUDIES "  - {id: r, forbid: [a], max-size: 64KiB}\n", 9, 26,
	"found max-size in rule 'r', which forbids: expected it in a rule that permits",
	"a forbid holds whatever the size and however fast: put `max-size` into the permit"},
    {"deliver-within on a forbid", STUDIES "  - {id: r, forbid: [a], deliver-within: 4h}\n", 9, 26,
	"found deliver-within in rule 'r', which forbids: expected it in a rule that permits",
	"a forbid holds whatever the size and however fast: put `deliver-within` into the permit"},
    {"deliver-within without a unit", STUDIES "  - {id: r, permit: [a], deliver-within: 4}\n", 9, 42,
	"found '4': expected a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"deliver-within in weeks", STUDIES "  - {id: r, permit: [a], deliver-within: 2w}\n", 9, 42,
	"found '2w': expected a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"deliver-within of nothing", STUDIES "  - {id: r, permit: [a], deliver-within: 0h}\n", 9, 42,
	"found '0h': expected a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"deliver-within beyond a year", STUDIES "  - {id: r, permit: [a], deliver-within: 367d}\n", 9, 42,
	"found '367d': expected a number and s, m, h or d, from 1s to 366d, such as 24h"},
    {"key that somebody else would use", STUDIES "  - {id: r, permit: [a], expires: 2026-12-01}\n", 9, 26,
	"found the unknown key 'expires' in a rule: expected one of id, permit, forbid, from, to, studies, label, since, until, "
	"max-size, deliver-within, rate",
	"write `until`"},
    {"key with a slip", STUDIES "  - {id: r, permit: [a], delivr-within: 4h}\n", 9, 26,
	"found the unknown key 'delivr-within' in a rule: expected one of id, permit, forbid, from, to, studies, label, since, "
	"until, max-size, deliver-within, rate",
	"write `deliver-within`"},
    {"a rate without a time", STUDIES "  - {id: r, permit: [a], rate: 4}\n", 9, 32,
	"found '4': expected a number and /s, /m, /h or /d, such as 500/h"},
    {"a rate of bytes", STUDIES "  - {id: r, permit: [a], rate: 4KiB/s}\n", 9, 32,
	"found '4KiB/s': expected a number and /s, /m, /h or /d, such as 500/h"},
    {"a rate that is a list", STUDIES "  - {id: r, permit: [a], rate: [4/s]}\n", 9, 32,
	"found a list: expected a number and /s, /m, /h or /d, such as 500/h"},
    {"a forbid with a rate", STUDIES "  - {id: r, forbid: [a], rate: 4/s}\n", 9, 26,
	"found rate in rule 'r', which forbids: expected it in a rule that permits",
	"a forbid holds whatever the size and however fast: put `rate` into the permit"},
    {"study with a slip", STUDIES "  - {id: r, permit: [a], studies: [s1]}\n", 9, 36,
	"found the study 's1': expected one that stands under studies in this file", "write `S1`, or add the study"},
    {"label with a slip", STUDIES "  - {id: r, permit: [a], label: [restriced]}\n", 9, 34,
	"found 'restriced': expected a label, one of open, restricted, unblinded", "write `restricted`"},
    {"label that must not be mended into its opposite", STUDIES "  - {id: r, permit: [a], label: [blinded]}\n", 9, 34,
	"found 'blinded': expected a label, one of open, restricted, unblinded", "who must stay blind is cleared for `open`"},
    {"org with a slip", STUDIES "  - {id: r, permit: [a], to: {orgs: [acmee]}}\n", 9, 38,
	"found the organisation 'acmee': expected a party to a study that rule 'r' covers",
	"write `acme`, or add it to the study's parties"},
    /* bytes */
    {"NUL byte, written out", STUDIES "  - {id: \"r\\0\", permit: [a]}\n", 9, 10,
	"found 'r?': expected a rule id, of A-Z a-z 0-9 . _ -"},
    {"UTF-16", "\xff\xfes", 1, 1,
	"found bytes that are no UTF-8: expected UTF-8 text without control characters",
	"the file is UTF-16: save it as UTF-8"},
    {"cut short in a character", "studies: []\nrules: ['\xe2\x82", 2, 10,
	"found bytes that are no UTF-8: expected UTF-8 text without control characters",
	"save the file as UTF-8"},
    {"no character at all", "studies: []\nrules: ['\xc3(']", 2, 10,
	"found bytes that are no UTF-8: expected UTF-8 text without control characters",
	"save the file as UTF-8"},
    {"longer than need be", "studies: []\nrules: [\xc0\xaf]", 2, 9,
	"found bytes that are no UTF-8: expected UTF-8 text without control characters",
	"save the file as UTF-8"},
    {"an at sign without quotes", STUDIES "  - {id: r, permit: [@kits]}\n", 9, 22,
	"this is not YAML: found character that cannot start any token while scanning for the next token",
	"a word that begins with @, * or another sign needs quotes: \"@sites\""},
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
						      strcmp(e.text, r->text) == 0 && parts.parts.v == NULL &&
						      strcmp(e.hint, r->hint != NULL ? r->hint : "") == 0;
		if (!is_right) {
			wrong++;
			print_error("%s: found %zu:%zu \"%s\", hint \"%s\" (0x%x), expected %zu:%zu \"%s\", hint \"%s\"\n",
			    r->name, e.line, e.column, e.text, e.hint, err, r->line, r->column,
			    r->text != NULL ? r->text : "no error", r->hint != NULL ? r->hint : "");
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
test_policy_file_reads_times_sizes_and_spans(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct policy_file_parts parts = build_parts(arena, STUDIES
	    "  - {id: a, permit: [x], since: 2026-12-01, until: 2026-12-01T08:30:00Z, max-size: 64KiB, deliver-within: 4h}\n"
	    "  - {id: b, forbid: [x], until: 2027-01-01}\n"
	    "  - {id: c, permit: [x]}\n"
	    "  - id: d\n    permit: [x]\n    max-size: 1MiB\n    deliver-within: 366d\n    since: 9999-12-31T23:59:59Z\n"
	    "    studies: [S1, 'S*']\n"
	    "  - {id: e, permit: [x], max-size: 256, label: [restricted, open]}\n"
	    "  - {id: f, permit: [x], max-size: 4096, label: [restricted]}\n");
	const struct policy_rule *a = parts.rules.v[0].rule, *b = parts.rules.v[1].rule, *c = parts.rules.v[2].rule,
				 *d = parts.rules.v[3].rule;
	assert_int_equal(parts.rules.n, 6);
	assert_int_equal(a->from_us, 1796083200ull * 1000000);
	assert_int_equal(a->until_us, (1796083200ull + 8 * 3600 + 1800) * 1000000);
	assert_int_equal(a->max_bytes, 65536);
	assert_int_equal(a->deliver_within_us, 4ull * 3600 * 1000000);
	assert_int_equal(b->from_us, 0);
	assert_int_equal(b->until_us, 1798761600ull * 1000000);
	assert_int_equal(c->from_us + c->until_us + c->max_bytes + c->deliver_within_us, 0);
	assert_int_equal(d->max_bytes, CONSIGN_CONTENT_MAX_BYTES);
	assert_int_equal(parts.rules.v[4].rule->max_bytes, 256);
	assert_int_equal(parts.rules.v[5].rule->max_bytes, 4096);
	assert_int_equal(d->deliver_within_us, CONSIGN_EXPIRES_MAX_US);
	assert_int_equal(d->from_us, 253402300799ull * 1000000);
	/* What the parts do not say. */
	assert_int_equal(parts.rules.v[0].at.line, 9);
	assert_int_equal(parts.rules.v[3].at.line, 12);
	assert_int_equal(parts.rules.v[3].at.column, 5);
	assert_int_equal(parts.rules.v[0].studies.n, 0);
	assert_string_equal(parts.rules.v[3].studies.v[1].s, "S*");
	assert_int_equal(parts.studies.n, 2);
	assert_int_equal(parts.studies.v[1].at.line, 6);
	assert_int_equal(parts.studies.v[0].parties[1].line, 5);
	assert_int_equal(parts.studies.v[1].parties[1].column, 46);
	/* In the parts are the same rules. */
	assert_ptr_equal(parts.parts.v[0]->common->rules.v[0], a);
	assert_ptr_equal(parts.parts.v[1]->study->rules.v[0], d);
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
	    {"studies: []\nrules: [{id: r, permit: [", "t#", "]}]", CONSIGN_RULE_TYPES_MAX, 2, 25,
		"found 257 message types: expected at most 256"},
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
int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_file_names_line_column_and_words_of_every_mistake),
	    cmocka_unit_test(test_policy_file_reads_every_field),
	    cmocka_unit_test(test_policy_file_reads_times_sizes_and_spans),
	    cmocka_unit_test(test_policy_file_parts_survive_the_wire),
	    cmocka_unit_test(test_policy_file_that_permits_nothing_is_a_policy),
	    cmocka_unit_test(test_policy_file_words_up_to_their_limits),
	    cmocka_unit_test(test_policy_file_lists_up_to_their_limits),
	    cmocka_unit_test(test_policy_file_up_to_its_size),
	    cmocka_unit_test(test_policy_file_with_an_arena_too_small_says_so),
	};
	return cmocka_run_group_tests_name("policy_file", tests, NULL, NULL);
}
