/* Changes of a policy's source: what each does to files of many styles, and that nothing else in them changes. */
#include "build.h"

#include <stdlib.h>

#include "policy/policy_edit.h"

#define WORDS(...)                                                                                                               \
	{                                                                                                                        \
		(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)            \
	}

static const struct policy_edit_party bio_party = {.org = "bio", .roles = WORDS("cdmo"), .clearance = "unblinded"};
static const struct policy_edit_party two_roles = {.org = "bio", .roles = WORDS("cdmo", "depot")};
static const struct policy_edit_party just_bio = {.org = "bio"};
static const struct policy_edit_party bio_restricted = {.org = "bio", .clearance = "restricted"};
static const struct policy_edit_party bio_open = {.org = "bio", .clearance = "open"};
static const struct policy_edit_party bio_lab = {.org = "bio", .roles = WORDS("lab")};
static const struct policy_edit_party bio_lab_cdmo = {.org = "bio", .roles = WORDS("lab", "cdmo")};
static const struct policy_edit_party new_study[] = {
    {.org = "acme", .roles = WORDS("sponsor"), .clearance = "restricted"}, {.org = "cro-1", .roles = WORDS("cro", "lab")}};

static const struct policy_edit add_rule = {.kind = POLICY_ADD_RULE,
    .rule = {.id = "new",
	.types = WORDS("x.report", "*.opened"),
	.from = {.roles = WORDS("cdmo")},
	.to = {.orgs = WORDS("acme")},
	.studies = WORDS("S1")}};
static const struct policy_edit add_forbid = {
    .kind = POLICY_ADD_RULE, .rule = {.id = "no", .is_forbid = true, .types = WORDS("*"), .labels = WORDS("unblinded")}};
static const struct policy_edit add_limited = {.kind = POLICY_ADD_RULE,
    .rule = {.id = "new", .types = WORDS("@all", "y"), .to = {.orgs = WORDS("@us")}, .since = "2026-12-01", .until = "2027-01-01T08:30:00Z"}};
static const struct policy_edit remove_a = {.kind = POLICY_REMOVE_RULE, .rule = {.id = "a"}};
static const struct policy_edit remove_b = {.kind = POLICY_REMOVE_RULE, .rule = {.id = "b"}};
static const struct policy_edit remove_c = {.kind = POLICY_REMOVE_RULE, .rule = {.id = "c"}};
static const struct policy_edit add_study = {
    .kind = POLICY_ADD_STUDY, .study = "S2", .title = "Phase II: blind", .parties = new_study, .n_parties = 2};
static const struct policy_edit close_s1 = {.kind = POLICY_CLOSE_STUDY, .study = "S1"};
static const struct policy_edit close_s2 = {.kind = POLICY_CLOSE_STUDY, .study = "S2"};
static const struct policy_edit add_bio = {.kind = POLICY_ADD_PARTY, .study = "S1", .parties = &bio_party, .n_parties = 1};
static const struct policy_edit add_two_roles = {.kind = POLICY_ADD_PARTY, .study = "S1", .parties = &two_roles, .n_parties = 1};
static const struct policy_edit remove_bio = {.kind = POLICY_REMOVE_PARTY, .study = "S1", .parties = &just_bio, .n_parties = 1};
static const struct policy_edit restrict_bio = {
    .kind = POLICY_SET_CLEARANCE, .study = "S1", .parties = &bio_restricted, .n_parties = 1};
static const struct policy_edit open_bio = {.kind = POLICY_SET_CLEARANCE, .study = "S1", .parties = &bio_open, .n_parties = 1};
static const struct policy_edit lab_bio = {.kind = POLICY_SET_ROLES, .study = "S1", .parties = &bio_lab, .n_parties = 1};
static const struct policy_edit lab_cdmo_bio = {.kind = POLICY_SET_ROLES, .study = "S1", .parties = &bio_lab_cdmo, .n_parties = 1};

static const struct policy_edit quota_acme = {.kind = POLICY_SET_QUOTA, .quota = {.org = "acme", .messages = "5/h", .mailbox_bytes = "2GiB"}};
static const struct policy_edit quota_s1 = {.kind = POLICY_SET_QUOTA, .quota = {.study = "S1", .bytes = "1MiB/d"}};
static const struct policy_edit quota_bio_s1 = {.kind = POLICY_SET_QUOTA, .quota = {.org = "bio", .study = "S1", .messages = "1/s"}};
static const struct policy_edit clear_acme = {.kind = POLICY_CLEAR_QUOTA, .quota = {.org = "acme"}};
static const struct policy_edit clear_bio_s1 = {.kind = POLICY_CLEAR_QUOTA, .quota = {.org = "bio", .study = "S1"}};

#define S1 "studies:\n  - {id: S1, parties: [{org: acme, roles: [sponsor]}, {org: bio, roles: [cdmo]}]}\n"
#define BLOCK                                                                                                                    \
	"# top\nstudies:\n  # about S1\n  - id: S1   # first\n    title: \"a # b\"\n    parties:   # who\n"                       \
	"      - {org: acme, roles: [sponsor]}  # pays\n      - {org: bio,  roles: [cdmo]}     # makes\n"

static const struct row {
	const char *name;
	const struct policy_edit *edit;
	const char *before, *after;
} rows[] = {
    /* quotas */
    {"the first quota", &quota_acme, S1 "rules: [] # none\n# end\n",
	S1 "rules: [] # none\nquotas:\n  - {org: acme, messages: 5/h, mailbox-bytes: 2GiB}\n# end\n"},
    {"the first quota of a file in brackets", &quota_s1, "{studies: [{id: S1, parties: [{org: acme, roles: [cro]}]}], rules: []}\n",
	"{studies: [{id: S1, parties: [{org: acme, roles: [cro]}]}], rules: [], quotas: [{study: S1, bytes: 1MiB/d}]}\n"},
    {"a quota more, like the one that is there", &quota_bio_s1, S1 "rules: []\nquotas:\n  - org: bio # all\n    messages: 7/s\n# end\n",
	S1 "rules: []\nquotas:\n  - org: bio # all\n    messages: 7/s\n  - org: bio\n    study: S1\n    messages: 1/s\n# end\n"},
    {"a limit changed, another added, the rest kept", &quota_acme, S1 "rules: []\nquotas: [{org: acme, messages: 9/s, bytes: 1KiB/s}] # few\n",
	S1 "rules: []\nquotas: [{org: acme, messages: 5/h, bytes: 1KiB/s, mailbox-bytes: 2GiB}] # few\n"},
    {"a quota that says so already", &quota_s1, S1 "rules: []\nquotas: [{study: S1, bytes: 1MiB/d}]\n",
	S1 "rules: []\nquotas: [{study: S1, bytes: 1MiB/d}]\n"},
    {"a quota less", &clear_acme, S1 "rules: []\nquotas:\n  - {org: acme, messages: 9/s} # a\n  - {study: S1, messages: 9/s} # b\n",
	S1 "rules: []\nquotas:\n  - {study: S1, messages: 9/s} # b\n"},
    {"the last quota", &clear_bio_s1, S1 "rules: []\nquotas: [{org: bio, study: S1, messages: 9/s}]\n", S1 "rules: []\nquotas: []\n"},
    {"a study that closes takes its quotas along", &close_s1,
	S1 "rules: []\nquotas:\n  - {org: acme, messages: 1/s}\n  - {study: S1, messages: 2/s}\n  - {org: bio, study: S1, messages: 3/s}\n",
	"studies: []\nrules: []\nquotas:\n  - {org: acme, messages: 1/s}\n"},
    {"who leaves a study leaves its quota there", &remove_bio,
	S1 "rules: []\nquotas:\n  - {org: bio, messages: 1/s}\n  - {study: S1, messages: 2/s}\n  - {org: bio, study: S1, messages: 3/s}\n",
	"studies:\n  - {id: S1, parties: [{org: acme, roles: [sponsor]}]}\nrules: []\nquotas:\n  - {org: bio, messages: 1/s}\n  - {study: S1, messages: 2/s}\n"},
    /* a rule more */
    {"first rule of a list in brackets", &add_rule, S1 "rules: []\n",
	S1 "rules:\n  - id: new\n    permit: [x.report, \"*.opened\"]\n    from: {roles: [cdmo]}\n    to: {orgs: [acme]}\n"
	   "    studies: [S1]\n"},
    {"first rule, comment behind, no newline at the end", &add_forbid, S1 "rules: [ ]  # none yet",
	S1 "rules:  # none yet\n  - id: no\n    forbid: [\"*\"]\n    label: [unblinded]"},
    {"first rule, comment in the brackets", &add_forbid, S1 "rules: [ # none\n  ]\n",
	S1 "rules: [{id: no, forbid: [\"*\"], label: [unblinded]} # none\n  ]\n"},
    {"first rule of a file in brackets", &add_forbid, "{studies: [], rules: []}\n",
	"{studies: [], rules: [{id: no, forbid: [\"*\"], label: [unblinded]}]}\n"},
    {"rules before studies", &add_forbid, "rules: []\nstudies: []\n",
	"rules:\n  - id: no\n    forbid: [\"*\"]\n    label: [unblinded]\nstudies: []\n"},
    {"like the rules that are there", &add_rule,
	S1 "rules:\n- id:    a\n  # why\n  permit:\n  - x.*   # all\n  from:  {roles: [cdmo]}\n  to:\n    orgs: [ acme ]\n# end\n",
	S1 "rules:\n- id:    a\n  # why\n  permit:\n  - x.*   # all\n  from:  {roles: [cdmo]}\n  to:\n    orgs: [ acme ]\n"
	   "- id:    new\n  permit:\n  - x.report\n  - \"*.opened\"\n  from:  {roles: [cdmo]}\n  to:\n    orgs: [ acme ]\n"
	   "  studies: [S1]\n# end\n"},
    {"rules in brackets, in lines", &add_forbid, S1 "rules:\n  - {id: a, permit: [x.a]}  # one\n  # end\n",
	S1 "rules:\n  - {id: a, permit: [x.a]}  # one\n  - {id: no, forbid: [\"*\"], label: [unblinded]}\n  # end\n"},
    {"behind the comment about the last rule, with a blank line", &add_forbid,
	S1 "rules:\n  - id: a\n    permit: [x.a]\n\n  - id: b\n    permit: [x.b]\n    # about b\n\n# end\n",
	S1 "rules:\n  - id: a\n    permit: [x.a]\n\n  - id: b\n    permit: [x.b]\n    # about b\n\n  - id: no\n    forbid: [\"*\"]\n"
	   "    label: [unblinded]\n\n# end\n"},
    {"in a list in brackets, one line", &add_forbid, "rules: [{id: a, permit: [x.a]}]\nstudies: []\n",
	"rules: [{id: a, permit: [x.a]}, {id: no, forbid: [\"*\"], label: [unblinded]}]\nstudies: []\n"},
    {"in a list in brackets, line by line", &add_forbid, "rules: [\n  {id: a, permit: [x.a]} # one\n]\nstudies: []\n",
	"rules: [\n  {id: a, permit: [x.a]}, # one\n  {id: no, forbid: [\"*\"], label: [unblinded]}\n]\nstudies: []\n"},
    {"in a list in brackets, with a comma at its end", &add_forbid, "rules: [\n  {id: a, permit: [x.a]}, # one\n]\nstudies: []\n",
	"rules: [\n  {id: a, permit: [x.a]}, # one\n  {id: no, forbid: [\"*\"], label: [unblinded]},\n]\nstudies: []\n"},
    {"lines that end with CR LF", &add_forbid, "studies: []\r\nrules:\r\n  - id: a\r\n    permit: [x.a] # a\r\n",
	"studies: []\r\nrules:\r\n  - id: a\r\n    permit: [x.a] # a\r\n  - id: no\r\n    forbid: [\"*\"]\r\n    label: [unblinded]\r\n"},
    {"before the end of the document", &add_forbid, "---\nstudies: []\nrules:\n  - id: a\n    permit: [x.a]\n...\n",
	"---\nstudies: []\nrules:\n  - id: a\n    permit: [x.a]\n  - id: no\n    forbid: [\"*\"]\n    label: [unblinded]\n...\n"},
    {"letters of more bytes than one before it", &add_forbid, "# für ü €\nstudies: []\nrules: [{id: a, permit: [x.a]}] # ü\n",
	"# für ü €\nstudies: []\nrules: [{id: a, permit: [x.a]}, {id: no, forbid: [\"*\"], label: [unblinded]}] # ü\n"},
    {"dashes far from their words", &add_forbid, "studies: []\nrules:\n   -   id: a\n       permit: [x.a]\n",
	"studies: []\nrules:\n   -   id: a\n       permit: [x.a]\n   -   id: no\n       forbid: [\"*\"]\n       label: [unblinded]\n"},
    /* a rule less */
    {"the first of lines", &remove_a, "rules:\n  # section\n  - id: a # a\n    # why\n    permit: [x.a]\n  - id: b\n    permit: [x.b]\nstudies: []\n",
	"rules:\n  # section\n  - id: b\n    permit: [x.b]\nstudies: []\n"},
    {"the last of lines, no newline at the end", &remove_b, "studies: []\nrules:\n  - id: a\n    permit: [x.a]\n  - id: b\n    permit: [x.b] # b",
	"studies: []\nrules:\n  - id: a\n    permit: [x.a]\n"},
    {"the only one", &remove_a, "studies: []\nrules: # here\n  # about a\n  - {id: a, permit: [x.a]}\n# end\n",
	"studies: []\nrules: [] # here\n  # about a\n# end\n"},
    {"a dash by itself", &remove_b, "studies: []\nrules:\n  -\n    id: a\n    permit: [x.a]\n  - # b\n    id: b\n    permit:\n      - x.b\n\n# end\n",
	"studies: []\nrules:\n  -\n    id: a\n    permit: [x.a]\n\n# end\n"},
    {"the only one, in brackets", &remove_a, "studies: []\nrules: [{id: a, permit: [x.a]}]\n", "studies: []\nrules: []\n"},
    {"the only one, in brackets with a comma", &remove_a, "studies: []\nrules: [ {id: a, permit: [x.a]}, ]\n", "studies: []\nrules: [  ]\n"},
    {"the first in brackets", &remove_a, "rules: [{id: a, permit: [x]}, {id: b, permit: [x]}]\nstudies: []\n",
	"rules: [{id: b, permit: [x]}]\nstudies: []\n"},
    {"the last in brackets", &remove_b, "rules: [{id: a, permit: [x]}, {id: b, permit: [x]}]\nstudies: []\n",
	"rules: [{id: a, permit: [x]}]\nstudies: []\n"},
    {"one in the middle, line by line", &remove_b,
	"rules: [\n  {id: a, permit: [x]}, # a\n  {id: b, permit: [x]}, # b\n  {id: c, permit: [x]} # c\n]\nstudies: []\n",
	"rules: [\n  {id: a, permit: [x]}, # a\n  {id: c, permit: [x]} # c\n]\nstudies: []\n"},
    {"the last, line by line", &remove_c,
	"rules: [\n  {id: a, permit: [x]}, # a\n  {id: b, permit: [x]}, # b\n  {id: c, permit: [x]} # c\n]\nstudies: []\n",
	"rules: [\n  {id: a, permit: [x]}, # a\n  {id: b, permit: [x]}, # b\n]\nstudies: []\n"},
    {"the last, line by line, bracket beside it", &remove_b, "rules: [{id: a, permit: [x]}, # a\n  {id: b, permit: [x]}]\nstudies: []\n",
	"rules: [{id: a, permit: [x]}, # a\n  ]\nstudies: []\n"},
    {"a quoted id and a folded word", &remove_a, "studies: []\nrules:\n  - permit: [x]\n    id: >-\n      a\n\n  - id: 'b'\n    permit: [x]\n",
	"studies: []\nrules:\n\n  - id: 'b'\n    permit: [x]\n"},
    {"a rule with groups and a time", &add_limited,
	S1 "groups: {orgs: {us: [acme, bio]}, types: {all: [x, \"y.*\"]}} # names\nrules:\n  - {id: a, permit: [x]}\n",
	S1 "groups: {orgs: {us: [acme, bio]}, types: {all: [x, \"y.*\"]}} # names\nrules:\n  - {id: a, permit: [x]}\n"
	   "  - {id: new, permit: [\"@all\", y], to: {orgs: [\"@us\"]}, since: 2026-12-01, until: 2027-01-01T08:30:00Z}\n"},
    /* studies */
    {"closing leaves groups that still mean somebody, and drops those that do not", &close_s2,
	S1 "  - {id: S2, parties: [{org: acme, roles: [sponsor]}, {org: cro-1, roles: [cro]}, {org: lab-1, roles: [lab]}]}\n"
	   "groups: {orgs: {labs: [cro-1, lab-1], mixed: [cro-1, bio], us: [acme, bio]}}\nrules:\n"
	   "  - {id: a, permit: [x], to: {orgs: [\"@labs\", \"@mixed\"]}}\n"
	   "  - {id: b, permit: [x], to: {orgs: [\"@labs\", lab-1]}}\n"
	   "  - {id: c, permit: [x], from: {orgs: [\"@us\"]}, to: {orgs: [\"@mixed\"]}, studies: [S1, S2]}\n"
	   "  - {id: d, permit: [x], from: {orgs: [\"@mixed\"]}, to: {orgs: [\"@labs\"]}}\n",
	S1 "groups: {orgs: {labs: [cro-1, lab-1], mixed: [cro-1, bio], us: [acme, bio]}}\nrules:\n"
	   "  - {id: a, permit: [x], to: {orgs: [\"@mixed\"]}}\n"
	   "  - {id: c, permit: [x], from: {orgs: [\"@us\"]}, to: {orgs: [\"@mixed\"]}, studies: [S1]}\n"},
    {"first study", &add_study, "studies: []\nrules: []\n",
	"studies:\n  - id: S2\n    title: \"Phase II: blind\"\n    parties:\n      - {org: acme, roles: [sponsor], clearance: restricted}\n"
	"      - {org: cro-1, roles: [cro, lab]}\nrules: []\n"},
    {"a study like the last", &add_study, BLOCK "\nrules: []\n",
	BLOCK "  - id: S2\n    title: \"Phase II: blind\"\n    parties:\n      - {org: acme, roles: [sponsor], clearance: restricted}\n"
	      "      - {org: cro-1, roles: [cro, lab]}\n\nrules: []\n"},
    {"a study in one line", &add_study, S1 "rules: []\n",
	S1 "  - {id: S2, title: \"Phase II: blind\", parties: [{org: acme, roles: [sponsor], clearance: restricted}, {org: cro-1, roles: "
	   "[cro, lab]}]}\nrules: []\n"},
    {"closing the only study", &close_s1, BLOCK "# rules\nrules: []\n", "# top\nstudies: []\n  # about S1\n# rules\nrules: []\n"},
    {"closing takes the rules of the study along", &close_s2,
	S1 "  - {id: S2, parties: [{org: acme, roles: [sponsor]}, {org: cro-1, roles: [cro]}]}\nrules:\n"
	   "  - {id: everywhere, permit: [x], studies: [\"S*\"]}\n"
	   "  - {id: both, permit: [x], studies: [S1, S2]}   # both\n"
	   "  - {id: both2, permit: [x], studies: [S2, \"S1*\"]}\n"
	   "  - {id: gone, permit: [x], studies: [\"S2*\"]}  # gone\n"
	   "  - {id: named, permit: [x], from: {orgs: [acme, cro-1]}}\n"
	   "  - {id: named2, permit: [x], to: {orgs: [cro-1]}}\n"
	   "  - {id: pair, permit: [x], from: {orgs: [acme]}, to: {orgs: [cro-1]}}\n"
	   "  - {id: stays, permit: [x], from: {orgs: [acme]}, to: {orgs: [bio]}}\n",
	S1 "rules:\n"
	   "  - {id: everywhere, permit: [x], studies: [\"S*\"]}\n"
	   "  - {id: both, permit: [x], studies: [S1]}   # both\n"
	   "  - {id: both2, permit: [x], studies: [\"S1*\"]}\n"
	   "  - {id: named, permit: [x], from: {orgs: [acme]}}\n"
	   "  - {id: stays, permit: [x], from: {orgs: [acme]}, to: {orgs: [bio]}}\n"},
    {"closing takes words from a list in lines", &close_s2,
	S1 "  - id: S2\n    parties: [{org: acme, roles: [sponsor]}]\nrules:\n  - id: r\n    permit: [x]\n    studies:\n"
	   "      - S1  # one\n      - S2  # two\n    # end of r\n",
	S1 "rules:\n  - id: r\n    permit: [x]\n    studies:\n      - S1  # one\n    # end of r\n"},
    {"two that could only meet in the closed study", &close_s2,
	"studies:\n  - {id: S1, parties: [{org: acme, roles: [cro]}]}\n  - {id: S2, parties: [{org: acme, roles: [cro]}, {org: bio, roles: [cmo]}]}\n"
	"  - {id: S3, parties: [{org: bio, roles: [cro]}]}\nrules: [{id: a, permit: [x], from: {orgs: [acme]}, to: {orgs: [bio]}}]\n",
	"studies:\n  - {id: S1, parties: [{org: acme, roles: [cro]}]}\n  - {id: S3, parties: [{org: bio, roles: [cro]}]}\nrules: []\n"},
    /* parties */
    {"a party more, columns kept", &add_bio,
	"studies:\n  - id: S1\n    parties:\n      - {org: acme,      roles: [sponsor], clearance: open}\n      - {org: globalcro, roles: [cro]}\nrules: []\n",
	"studies:\n  - id: S1\n    parties:\n      - {org: acme,      roles: [sponsor], clearance: open}\n      - {org: globalcro, roles: [cro]}\n"
	"      - {org: bio,       roles: [cdmo], clearance: unblinded}\nrules: []\n"},
    {"a party more, in brackets", &add_two_roles, "studies: [{id: S1, parties: [{org: acme, roles: [cro]}]}]\nrules: []\n",
	"studies: [{id: S1, parties: [{org: acme, roles: [cro]}, {org: bio, roles: [cdmo, depot]}]}]\nrules: []\n"},
    {"a party more, in lines", &add_bio,
	"studies:\n- id: S1\n  parties:\n  - org: acme\n    roles:\n    - cro # c\nrules: []\n",
	"studies:\n- id: S1\n  parties:\n  - org: acme\n    roles:\n    - cro # c\n  - org: bio\n    roles:\n    - cdmo\n    clearance: unblinded\nrules: []\n"},
    {"a party less", &remove_bio, BLOCK "rules: []\n",
	"# top\nstudies:\n  # about S1\n  - id: S1   # first\n    title: \"a # b\"\n    parties:   # who\n      - {org: acme, roles: [sponsor]}  # pays\nrules: []\n"},
    {"a party less, in brackets", &remove_bio, S1 "rules: [{id: a, permit: [x], to: {orgs: [bio, acme]}}]\n",
	"studies:\n  - {id: S1, parties: [{org: acme, roles: [sponsor]}]}\nrules: [{id: a, permit: [x], to: {orgs: [acme]}}]\n"},
    {"a party less, and a rule that named it alone", &remove_bio, S1 "rules:\n  - {id: a, permit: [x], to: {orgs: [bio]}}\n  - {id: b, permit: [y]}\n",
	"studies:\n  - {id: S1, parties: [{org: acme, roles: [sponsor]}]}\nrules:\n  - {id: b, permit: [y]}\n"},
    /* clearances and roles */
    {"a clearance that was not said", &restrict_bio, BLOCK "rules: []\n",
	"# top\nstudies:\n  # about S1\n  - id: S1   # first\n    title: \"a # b\"\n    parties:   # who\n"
	"      - {org: acme, roles: [sponsor]}  # pays\n      - {org: bio,  roles: [cdmo], clearance: restricted}     # makes\nrules: []\n"},
    {"a clearance that was said", &restrict_bio,
	"studies: [{id: S1, parties: [{clearance: \"unblinded\" , org: bio, roles: [cro]}]}]\nrules: []\n",
	"studies: [{id: S1, parties: [{clearance: restricted , org: bio, roles: [cro]}]}]\nrules: []\n"},
    {"a clearance in lines", &restrict_bio, "studies:\n- id: S1\n  parties:\n  - org: bio\n    roles: [cro] # c\n  - {org: acme, roles: [cro]}\nrules: []\n",
	"studies:\n- id: S1\n  parties:\n  - org: bio\n    roles: [cro] # c\n    clearance: restricted\n  - {org: acme, roles: [cro]}\nrules: []\n"},
    {"open, which it was", &open_bio, BLOCK "rules: []\n", BLOCK "rules: []\n"},
    {"another role", &lab_bio, S1 "rules: []\n",
	"studies:\n  - {id: S1, parties: [{org: acme, roles: [sponsor]}, {org: bio, roles: [lab]}]}\nrules: []\n"},
    {"a role more", &lab_cdmo_bio, BLOCK "rules: []\n",
	"# top\nstudies:\n  # about S1\n  - id: S1   # first\n    title: \"a # b\"\n    parties:   # who\n"
	"      - {org: acme, roles: [sponsor]}  # pays\n      - {org: bio,  roles: [cdmo, lab]}     # makes\nrules: []\n"},
    {"roles less", &lab_bio, "studies:\n- id: S1\n  parties:\n  - org: bio\n    roles:\n    - cdmo # c\n    - lab # l\n    - irt # i\nrules: []\n",
	"studies:\n- id: S1\n  parties:\n  - org: bio\n    roles:\n    - lab # l\nrules: []\n"},
};

/* Compares, and says both texts when they differ. */
static void
check_text(const char *name, const struct buf *got, const char *wanted)
{
	if (slice_equal(buf_slice(got), slice_text(wanted)))
		return;
	print_error("%s\nwanted:\n%s\ngot:\n%.*s\n", name, wanted, (int)got->len, (const char *)got->data);
	fail();
}

static void
test_policy_edit_changes_only_what_it_is_about(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct policy_edit_problem problem = {.text = ""};
		struct buf out = {0};
		enum consign_err err = policy_edit(slice_text(r->before), r->edit, NULL, NULL, &out, &problem);

		if (err != CONSIGN_OK)
			print_error("%s: %s\n", r->name, problem.text);
		assert_int_equal(err, CONSIGN_OK);
		check_text(r->name, &out, r->after);
		buf_clear(&out);
	}
}

static const struct refused_row {
	const char *name;
	const struct policy_edit *edit;
	const char *before;
	enum consign_err err;
	const char *problem;
} refused_rows[] = {
    {"no policy", &add_rule, "rules: []\n", CONSIGN_E_CONFIG, "this is no policy: found no key 'studies'"},
    {"a rule that is there", &add_forbid, "studies: []\nrules: [{id: no, permit: [x]}]\n", CONSIGN_E_CONFLICT, "has a rule no already"},
    {"a rule about a study that is not there", &add_rule, "studies: []\nrules: []\n", CONSIGN_E_CONFIG, "the changed policy would be none: found the study 'S1'"},
    {"no such rule", &remove_a, S1 "rules: []\n", CONSIGN_E_NOT_FOUND, "the policy has no rule a"},
    {"a study that is there", &add_study, "studies: [{id: S2, parties: [{org: acme, roles: [cro]}]}]\nrules: []\n", CONSIGN_E_CONFLICT, "has a study S2 already"},
    {"no such study", &close_s2, S1 "rules: []\n", CONSIGN_E_NOT_FOUND, "the policy has no study S2"},
    {"a party that is there", &add_bio, S1 "rules: []\n", CONSIGN_E_CONFLICT, "bio is a party to S1 already"},
    {"no such party", &restrict_bio, "studies: [{id: S1, parties: [{org: acme, roles: [cro]}]}]\nrules: []\n", CONSIGN_E_NOT_FOUND, "bio is no party to S1"},
    {"the only party", &remove_bio, "studies: [{id: S1, parties: [{org: bio, roles: [cro]}]}]\nrules: []\n", CONSIGN_E_CONFLICT, "consign study close S1"},
    {"a comma at the beginning of its line", &remove_a, "studies: []\nrules: [{id: a, permit: [x]}\n, {id: b, permit: [x]}]\n", CONSIGN_E_CONFLICT, "cannot be edited safely"},
    {"another end of a line behind the rule", &add_forbid, "studies: []\nrules:\n  - {id: a, permit: [x]} \xe2\x80\xa8", CONSIGN_E_CONFIG, "this is no policy: found the character U+2028"},
    {"ends of lines that only YAML knows", &add_forbid, "# a\xe2\x80\xa8studies: []\nrules: []\n", CONSIGN_E_CONFIG, "this is no policy: found the character U+2028"},
    {"ends of lines of another time", &add_forbid, "# a\rstudies: []\rrules: []\r", CONSIGN_E_CONFIG, "this is no policy: found a carriage return without a newline"},
};

static void
test_policy_edit_refuses_and_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused_rows / sizeof refused_rows[0]; i++) {
		const struct refused_row *r = &refused_rows[i];
		struct policy_edit_problem problem = {.text = ""};
		struct buf out = {0};
		enum consign_err err = policy_edit(slice_text(r->before), r->edit, NULL, NULL, &out, &problem);

		if (err != r->err || strstr(problem.text, r->problem) == NULL)
			print_error("%s: %s: %s\n%.*s", r->name, consign_err_text(err), problem.text, (int)out.len, out.len ? (const char *)out.data : "");
		assert_int_equal(err, r->err);
		assert_non_null(strstr(problem.text, r->problem));
		assert_int_equal(out.len, 0);
		buf_clear(&out);
	}
}

static void
remember(void *context, const char *sentence)
{
	assert_int_equal(buf_printf(context, "%s\n", sentence), CONSIGN_OK);
}

static void
test_policy_edit_says_what_else_goes(void **state)
{
	(void)state;
	static const char source[] =
	    S1 "  - {id: S2, parties: [{org: acme, roles: [sponsor]}, {org: cro-1, roles: [cro]}]}\nrules:\n"
	       "  - {id: both, permit: [x], studies: [S1, S2]}\n  - {id: named, permit: [x], to: {orgs: [cro-1]}}\n";
	struct policy_edit_problem problem;
	struct buf out = {0}, said = {0};

	assert_int_equal(policy_edit(slice_text(source), &close_s2, remember, &said, &out, &problem), CONSIGN_OK);
	check_text("said", &said, "rule named held nowhere else and goes\n");
	buf_clear(&out);
	buf_clear(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy_edit_changes_only_what_it_is_about),
	    cmocka_unit_test(test_policy_edit_refuses_and_says_why),
	    cmocka_unit_test(test_policy_edit_says_what_else_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
