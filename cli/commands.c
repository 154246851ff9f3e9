/* The table (cmd.h). Words are chosen once here; everything that shows them reads this. */
#include "cmd.h"

#define END                                                                                                                      \
	{                                                                                                                        \
		.name = NULL                                                                                                     \
	}
#define PASSPHRASE_FILE                                                                                                          \
	{                                                                                                                        \
		.name = "passphrase-file", .value = "FILE", .summary = "read the passphrase of the key file from FILE"           \
	}
#define NO_PASSPHRASE                                                                                                            \
	{                                                                                                                        \
		.name = "no-passphrase", .summary = "make key files without a lock: whoever reads them has the keys"             \
	}
#define REASON                                                                                                                   \
	{                                                                                                                        \
		.name = "reason", .value = "TEXT",                                                                               \
		.summary = "why it is done, asked for on a terminal: told to the administrators; others get a hash of it"        \
	}
#define REASON_IF_ANY                                                                                                            \
	{                                                                                                                        \
		.name = "reason", .value = "TEXT", .summary = "why: told to the administrators; others get a hash of it"          \
	}
#define DRY_RUN                                                                                                                  \
	{                                                                                                                        \
		.name = "dry-run", .summary = "show what would change, and change nothing"                                       \
	}
#define TYPE_GLOB                                                                                                                \
	{                                                                                                                        \
		.name = "type", .value = "GLOB", .summary = "only types that match, such as material.shipment.*"                        \
	}
#define STUDY                                                                                                                    \
	{                                                                                                                        \
		.name = "study", .value = "ID", .summary = "only this study"                                                     \
	}

#define POLICY_VERSION                                                                                                           \
	{                                                                                                                        \
		.name = "version", .value = "N", .summary = "this version of the policy, not the one in force (administrators)"  \
	}
#define POLICY_AT                                                                                                                \
	{                                                                                                                        \
		.name = "at", .value = "TIME", .summary = "the policy that was in force then: 2026-11-22T04:11:00Z, or a day (administrators)" \
	}

const struct option common_options[] = {
    {.name = "home", .value = "DIR", .summary = "whose keys and socket to use; else the environment's CONSIGN_HOME"},
    {.name = "help", .summary = "say what the command does and takes"},
    {.name = "version", .summary = "say which version this is"},
    END,
};

const struct option json_option = {.name = "json", .summary = "print JSON, for programs"};

static const struct option hub_init_options[] = {
    {.name = "name", .value = "NAME", .summary = "what the hub is called", .is_required = true},
    {.name = "endpoint",
	.value = "tcp://HOST:PORT",
	.summary = "where companies reach the broker (default tcp://127.0.0.1:7411)"},
    {.name = "bind",
	.value = "tcp://HOST:PORT",
	.summary = "where the broker listens (default: the endpoint; every address when its host is not this machine)"},
    {.name = "metrics", .value = "HOST:PORT", .summary = "where the broker answers /metrics and /healthz"},
    {.name = "admin-name", .value = "NAME", .summary = "what the first administrator is called (default admin)"}, PASSPHRASE_FILE,
    NO_PASSPHRASE, END};

static const struct option org_invite_options[] = {
    {.name = "name", .value = "TEXT", .summary = "the company's name for people"}, PASSPHRASE_FILE, END};

static const struct option org_approve_options[] = {
    {.name = "fingerprint", .value = "WORDS", .summary = "the six words that the company read out; asked for on a terminal"},
    REASON_IF_ANY, PASSPHRASE_FILE, END};

static const struct option admin_options[] = {PASSPHRASE_FILE, END};
static const struct option reason_options[] = {REASON, PASSPHRASE_FILE, END};
static const struct option decision_options[] = {REASON_IF_ANY, PASSPHRASE_FILE, END};

static const struct option admin_request_options[] = {
    {.name = "hub", .value = "FILE", .summary = "what an administrator's `consign hub export` printed", .is_required = true}, PASSPHRASE_FILE,
    NO_PASSPHRASE, END};
static const struct option admin_add_options[] = {
    {.name = "fingerprint", .value = "WORDS", .summary = "the six words that the newcomer read out", .is_required = true}, REASON, PASSPHRASE_FILE, END};
static const struct option proposal_list_options[] = {{.name = "open", .summary = "only those that can be decided on"}, PASSPHRASE_FILE, END};
static const struct option proposal_sign_options[] = {{.name = "reject", .summary = "sign that this administrator does not agree"}, REASON_IF_ANY, PASSPHRASE_FILE, END};
static const struct option hub_move_options[] = {
    {.name = "endpoint", .value = "tcp://HOST:PORT", .summary = "where companies will reach the broker", .is_required = true}, REASON, PASSPHRASE_FILE,
    END};
static const struct option compromised_options[] = {
    {.name = "since", .value = "LEAF|now", .summary = "mail accepted at this leaf of the ledger or after it is refused", .is_required = true},
    REASON, PASSPHRASE_FILE, END};

static const struct option freshness_options[] = {
    {.name = "none", .summary = "nobody states anything, and nothing waits for it"}, REASON, PASSPHRASE_FILE, END};

static const struct option join_options[] = {{.name = "name", .value = "TEXT", .summary = "the company's name for people"},
    {.name = "contact", .value = "TEXT", .summary = "whom partners may write to, on the company's card"},
    {.name = "profile",
	.value = "NAME|FILE",
	.summary = "the agent's first subscriptions and alarms: sponsor, cro, cdmo, cmo, smo, lab, or a file such as ./mine.yaml"},
    PASSPHRASE_FILE, NO_PASSPHRASE, END};

static const struct option explain_options[] = {{.name = "from", .value = "ORG", .summary = "the consignor"},
    {.name = "to", .value = "ORG", .summary = "the consignee"},
    {.name = "study", .value = "ID", .summary = "the study"},
    {.name = "type", .value = "TYPE", .summary = "the message type"},
    {.name = "label", .value = "LABEL", .summary = "open, restricted or unblinded (default: the least label of the type)"},
    POLICY_VERSION, POLICY_AT, PASSPHRASE_FILE, END};
static const struct option policy_show_options[] = {POLICY_VERSION, POLICY_AT, PASSPHRASE_FILE, END};
static const struct option policy_test_options[] = {
    {.name = "policy", .value = "FILE", .summary = "a policy file, not the policy in force"}, PASSPHRASE_FILE, END};
static const struct option policy_diff_options[] = {
    {.name = "all", .summary = "list every change, also of the rule or code alone"}, PASSPHRASE_FILE, END};
static const struct option policy_simulate_options[] = {
    {.name = "last", .value = "SPAN", .summary = "how far back: 30d, 12h, 90m (default 30d)"}, PASSPHRASE_FILE, END};
static const struct option policy_matrix_options[] = {STUDY,
    {.name = "html", .value = "FILE", .summary = "write a page to be printed on A4 landscape; - is standard output"},
    {.name = "policy", .value = "FILE", .summary = "a policy file, not the policy in force"}, POLICY_VERSION, POLICY_AT,
    PASSPHRASE_FILE, END};
static const struct option policy_history_options[] = {
    {.name = "limit", .value = "N", .summary = "the newest N versions (default 20)"}, PASSPHRASE_FILE, END};

#define RULE_FROM                                                                                                                \
	.name = "from", .value = "ORG|role:ROLE", .summary = "the consignors: organisations, roles or groups (@NAME); '*' is any party",         \
	.may_repeat = true
#define RULE_TO                                                                                                                  \
	.name = "to", .value = "ORG|role:ROLE", .summary = "the consignees: organisations, roles or groups (@NAME); '*' is any party",           \
	.may_repeat = true
#define RULE_REST                                                                                                                \
	{.name = "type", .value = "GLOB", .summary = "the message types, such as trial.*, or groups (@NAME)", .is_required = true, .may_repeat = true}, \
	    {.name = "study", .value = "GLOB", .summary = "the studies (default: every study)", .may_repeat = true},             \
	    {.name = "label", .value = "LABEL", .summary = "only messages under these labels (default: all)", .may_repeat = true}, \
	    {.name = "since", .value = "TIME", .summary = "it holds from then on, such as 2026-12-01 or 2026-12-01T08:30:00Z"},   \
	    {.name = "until", .value = "TIME", .summary = "and no longer from then on"},                                         \
	    {.name = "id", .value = "ID", .summary = "the rule's name, which refusals show (default: made of its words)"}, REASON,  \
	    DRY_RUN, PASSPHRASE_FILE, END

static const struct option allow_options[] = {{RULE_FROM, .is_required = true}, {RULE_TO, .is_required = true}, RULE_REST};
static const struct option forbid_options[] = {{RULE_FROM}, {RULE_TO}, RULE_REST};
static const struct option change_options[] = {REASON, DRY_RUN, PASSPHRASE_FILE, END};
static const struct option rollback_options[] = {REASON, DRY_RUN, PASSPHRASE_FILE, END};
static const struct option study_add_options[] = {{.name = "title", .value = "TEXT", .summary = "the study's title, for people"},
    {.name = "party",
	.value = "ORG:ROLE[,ROLE][:LABEL]",
	.summary = "who takes part, as what, and the highest label it may receive (default open)",
	.is_required = true,
	.may_repeat = true},
    REASON, DRY_RUN, PASSPHRASE_FILE, END};
static const struct option party_add_options[] = {
    {.name = "role", .value = "ROLE", .summary = "what it is in the study: sponsor, cro, cdmo, smo …", .is_required = true, .may_repeat = true},
    {.name = "clearance", .value = "LABEL", .summary = "the highest label that it may receive (default open)"}, REASON, DRY_RUN,
    PASSPHRASE_FILE, END};

#define QUOTA_OWNER                                                                                                              \
	{.name = "org", .value = "ORG", .summary = "of what this organisation sends, and what waits for it"},                        \
	    {.name = "study", .value = "ID", .summary = "of what all send in this study; with --org of what that one sends in it"}
static const struct option quota_list_options[] = {{.name = "org", .value = "ORG", .summary = "only of this organisation"}, STUDY, PASSPHRASE_FILE, END};
static const struct option quota_set_options[] = {QUOTA_OWNER,
    {.name = "messages", .value = "N/s|m|h|d", .summary = "so many messages a second, minute, hour or day, such as 500/h"},
    {.name = "bytes", .value = "SIZE/s|m|h|d", .summary = "so much as it travels, such as 64MiB/h"},
    {.name = "mailbox-consignments", .value = "N", .summary = "so many may wait for the organisation"},
    {.name = "mailbox-bytes", .value = "SIZE", .summary = "so much may wait for it, such as 2GiB"}, REASON, DRY_RUN, PASSPHRASE_FILE, END};
static const struct option quota_clear_options[] = {QUOTA_OWNER, REASON, DRY_RUN, PASSPHRASE_FILE, END};

static const struct option send_options[] = {
    {.name = "to", .value = "ORG[,ORG…]", .summary = "the consignees", .is_required = true, .may_repeat = true},
    {.name = "study", .value = "ID", .summary = "the study", .is_required = true},
    {.name = "type", .value = "TYPE", .summary = "the message type", .is_required = true},
    {.name = "label", .value = "LABEL", .summary = "open, restricted or unblinded (default: the least that the message needs, by its type and fields)"},
    {.name = "file",
	.value = "FILE",
	.summary = "what to send; - is standard input; several make several messages",
	.may_repeat = true},
    {.name = "attach", .value = "FILE", .summary = "an original that travels in a message of the catalogue, byte for byte", .may_repeat = true},
    {.name = "media-type", .value = "TYPE", .summary = "what kind of content it is (default: by the name of the file; JSON for a type of the catalogue)"},
    {.name = "name", .value = "NAME", .summary = "the name that travels with it (default: the file's own)"},
    {.name = "idempotency-key", .value = "KEY", .summary = "the same key again sends nothing and gives the first id"},
    {.name = "expires", .value = "SECONDS", .summary = "not worth delivering after so long (default: 30 days)"},
    {.name = "wait",
	.value = "accepted|delivered",
	.summary = "do not end before the hub has taken it, or every consignee has it"},
    {.name = "timeout", .value = "SECONDS", .summary = "how long to wait (default 30)"}, END};

static const struct option inbox_options[] = {TYPE_GLOB, STUDY,
    {.name = "unacked", .summary = "only those that the subscription `default` has not acknowledged"},
    {.name = "limit", .value = "N", .summary = "at most N"}, END};

static const struct option show_options[] = {{.name = "raw", .summary = "the bytes as they are kept, and nothing else"},
    {.name = "attachment", .value = "N|NAME", .summary = "one original of the message, and nothing else"}, END};
static const struct option example_options[] = {{.name = "full", .summary = "with every field, not only what is mandatory"}, END};
static const struct option validate_options[] = {{.name = "label", .value = "LABEL", .summary = "as if sent under it (default: the least that the message needs)"}, END};

static const struct option watch_options[] = {
    {.name = "as", .value = "NAME", .summary = "the subscription, whose place the agent keeps (default: default)"}, TYPE_GLOB,
    STUDY, {.name = "limit", .value = "N", .summary = "end after N messages"},
    {.name = "content", .summary = "with the payload, base64"},
    {.name = "since",
	.value = "WHERE",
	.summary = "where a new subscription begins: start (the default) or now; with --admin also a leaf, a time such as 2026-11-22T17:00:00Z, or 30m, 12h, 7d ago (default now)"},
    {.name = "admin", .summary = "at an administrator's home: what happens on the hub"},
    {.name = "once", .summary = "with --admin: what the ledger has, from the start or --since, and no more"}, PASSPHRASE_FILE, END};

const struct command command_table[] = {
    {"hub", "init", cmd_hub_init, "", true, hub_init_options, "make a hub: its keys, first documents and the two homes",
	"Makes the administrator's home in DIR and the broker's in DIR/broker. The endpoint is what companies are told; bind is "
	"where the broker listens. Refuses a folder that holds a hub already."},
    {"hub", "export", cmd_hub_export, "", false, admin_options, "print what a new administrator's home needs to know of the hub",
	"The hub's id, where its broker is and the newest root. It is no secret, and must not be exchanged on its way: hand it over by a channel that you trust."},
    {"hub", "move", cmd_hub_move, "", false, hub_move_options, "say where the broker will be",
	"Signs it into the next root. Agents that hear it while the broker still answers at its old place find it at the new one by themselves; new "
	"invites name the new one. The broker's keys stay. docs/OPERATIONS.md says how a broker is moved."},
    {"admin", "list", cmd_admin_list, "", true, admin_options, "list the administrators and how many of them a change needs", NULL},
    {"admin", "request", cmd_admin_request, "NAME", false, admin_request_options, "make a new administrator's home; prints the request to be taken in",
	"Makes the keys, which never leave the home. Hand the request to an administrator and read the six words out by another channel."},
    {"admin", "add", cmd_admin_add, "FILE", false, admin_add_options, "take in an administrator by a request; - is standard input",
	"The fingerprint is what the newcomer read out. Where a change needs several administrators, it is proposed."},
    {"admin", "replace", cmd_admin_replace, "FILE", false, admin_add_options, "give an administrator who lost a key the new ones of a request",
	"The newcomer's request bears the name of the administrator whose keys are lost or stolen. The old keys are good for nothing from then on."},
    {"admin", "remove", cmd_admin_remove, "NAME", false, reason_options, "remove an administrator", NULL},
    {"admin", "threshold", cmd_admin_threshold, "K", false, reason_options, "set how many administrators a change needs",
	"With more than one, every change of policy, directory and root is a proposal that others must approve; nobody's own signature is enough."},
    {"proposal", "list", cmd_proposal_list, "", true, proposal_list_options, "list proposals, newest first", NULL},
    {"proposal", "show", cmd_proposal_show, "ID", true, admin_options, "say what a proposal would change, by whom, why, and who agrees",
	"Read from the bytes that would be signed, never from what their author says of them. The beginning of an id is enough."},
    {"proposal", "approve", cmd_proposal_approve, "ID", false, decision_options, "agree to a proposal, and sign what it would put in force",
	"Shows what it changes. With the last signature that is needed it is in force at once. One's own proposal counts as agreed by its author."},
    {"proposal", "reject", cmd_proposal_reject, "ID", false, decision_options, "say that this administrator does not agree",
	"When too few are left who could agree, the proposal is over."},
    {"proposal", "withdraw", cmd_proposal_withdraw, "ID", false, decision_options, "take one's own proposal back, for good", NULL},
    {"proposal", "export", cmd_proposal_export, "ID", false, admin_options, "print a proposal as a file, for a machine without network", NULL},
    {"proposal", "sign", cmd_proposal_sign, "FILE", false, proposal_sign_options, "agree to a proposal in a file, without network; prints the decision",
	"Verifies the file against the newest root that this home has seen and says on standard error what would change. Carry the decision back to `consign proposal import`."},
    {"proposal", "import", cmd_proposal_import, "FILE", false, admin_options, "hand in a decision that was signed without network",
	"Any administrator may carry it; it counts for who signed it."},
    {"org", "invite", cmd_org_invite, "ORG", false, org_invite_options, "print an invite for a company",
	"The invite goes to standard output. It is a secret until it is used: hand it to the company by a channel that you "
	"trust. It is good for 7 days; a new one for the same company replaces it."},
    {"org", "approve", cmd_org_approve, "ORG", false, org_approve_options, "admit a company that has joined",
	"The company runs `consign fingerprint` and reads the six words out by another channel; type what you hear. They are "
	"compared, never shown."},
    {"org", "list", cmd_org_list, "", true, admin_options, "list companies, pending joins and invites", NULL},
    {"org", "show", cmd_org_show, "ORG", true, admin_options, "show a company: status, keys, card, studies",
	"With the directory that made it what it is now, when that was, and who signed it."},
    {"org", "suspend", cmd_org_suspend, "ORG", false, reason_options, "stop a company for now",
	"The hub takes nothing more from it and delivers nothing more to it until `consign org resume`."},
    {"org", "resume", cmd_org_resume, "ORG", false, reason_options, "let a suspended company go on", NULL},
    {"org", "end", cmd_org_end, "ORG", false, reason_options, "end a company's membership",
	"For good. What the hub accepted before is still delivered."},
    {"org", "compromised", cmd_org_compromised, "ORG", false, compromised_options, "declare a company's keys stolen",
	"For good: it comes back under another id only. The hub takes nothing more from it and lets it in no more. Agents reject what "
	"was accepted from it since that leaf, and give their tools nothing more of what they have of it already. `--since now` lets all stand that "
	"was accepted until now. It can be said again with an earlier leaf."},
    {"freshness", "delegate", cmd_freshness_delegate, "[ORG]", false, freshness_options,
	"let a company's agent state that what the broker shows is the newest",
	"The next root names its key. From then on every agent sends only while a statement of it holds, which is 24 hours; the agent makes "
	"one every hour and whenever documents change. A broker that shows an old hub is so found out within a day."},
    {"freshness", "status", cmd_freshness_status, "", true, admin_options, "say who states freshness, what was stated last, and until when it holds", NULL},
    {"join", NULL, cmd_join, "FILE", false, join_options, "join a hub with an invite; - is standard input",
	"Makes the company's keys, which never leave the home, and asks the hub to be admitted. With the same invite again it "
	"asks again with the same keys. A profile is copied to profile.yaml in the home, where it may be changed. It is a "
	"convenience, never a right: what may pass is decided by the policy; `consign doctor` compares the two."},
    {"fingerprint", NULL, cmd_fingerprint, "", true, NULL,
	"print this company's fingerprint, to be read out to the administrator", NULL},
    {"key", "list", cmd_key_list, "", true, NULL, "list this company's keys",
	"current: in use, on the card. next: made, and not in force yet. old: a seal key that waits for mail which may still come."},
    {"key", "rotate", cmd_key_rotate, "[signing|seal|transport|all]", false, NULL, "replace keys of this company (default: all)",
	"The agent makes new keys, publishes a card with them and goes over to them, while mail comes and goes. Ends when they are in force. Old "
	"signing and transport keys are destroyed at once, old seal keys when everything that was sealed to them has come. No administrator is "
	"needed; the identity key stays. Seal keys are also replaced once a week by the agent itself."},
    {"policy", "apply", cmd_policy_apply, "FILE", false, reason_options,
	"sign a policy file and put it in force; - is standard input", NULL},
    {"policy", "check", cmd_policy_check, "FILE", true, NULL, "check a policy file without a hub; - is standard input",
	"What is a mistake is refused with its place and ends with status 1. What is well-formed and cannot have been meant is warned "
	"of: labels without clearance, rules that never match or say nothing new, idle parties, studies without a sponsor."},
    {"policy", "show", cmd_policy_show, "", true, policy_show_options, "print the policy in force, or an older one",
	"At an administrator's home the file as it was applied; at a company's what concerns that company."},
    {"policy", "explain", cmd_policy_explain, "[MESSAGE-ID]", true, explain_options, "say whether a message would pass, and why, step by step",
	"Of a question: --from, --to, --study and --type; or of a message of the past, by its id, under the policy that then held: at "
	"an administrator's home any, at a company's what it sent or received. Each step of the decision with what was found, the rules that were looked at, and the policy that decided: since when it "
	"holds and who signed it. Ends with status 0 when the message would pass, with 1 when it would not."},
    {"policy", "test", cmd_policy_test, "CASES", true, policy_test_options, "hold a policy against cases; - is standard input",
	"CASES is a YAML list of {from, to, study, type, expect} and, where wanted, label (default open), at (a time; default now) "
	"and rule. expect is permit, refuse or the code of a refusal. Prints a line for each case that does not hold, and ends with "
	"status 1 when there is one."},
    {"policy", "diff", cmd_policy_diff, "A B", true, policy_diff_options, "say which questions two policies answer differently",
	"A and B are versions, in-force, or files. Every consignor, consignee, label and type of every study is asked about: the "
	"types of the catalogue, those that rules name, and one for each glob. Ends with status 0 whether or not anything changes."},
    {"policy", "simulate", cmd_policy_simulate, "FILE", true, policy_simulate_options,
	"say what a policy would have done with the messages that were sent",
	"Asks the broker what it accepted and refused, and the policy in FILE (or a version of it) about each: what would have been "
	"refused, and what permitted. A message to several consignees counts for each. What a company's own agent refused never "
	"reached the broker, and is not among them. Ends with status 0 whatever comes out."},
    {"policy", "matrix", cmd_policy_matrix, "", true, policy_matrix_options, "show who may send what to whom",
	"A table for each study: consignors down, consignees across. Into a pipe: a line for each study, consignor, consignee and "
	"rule, with tabs. What is refused all the same, for a company that is suspended, ended or compromised, bears the code."},
    {"policy", "history", cmd_policy_history, "", true, policy_history_options,
	"list the versions of the policy: when, by whom, why, what changed",
	"Newest first. +1 -2 ~3 means: one came, two went, three say something else."},
    {"policy", "allow", cmd_policy_allow, "", false, allow_options, "add a permit rule to the policy in force",
	"The file of the policy keeps its comments and layout; the rule is added at its end, as the others are written. Options that "
	"may be given again also take words with commas between."},
    {"policy", "forbid", cmd_policy_forbid, "", false, forbid_options, "add a forbid rule to the policy in force",
	"A forbid always wins. Without --from or --to it is about any party."},
    {"policy", "revoke", cmd_policy_revoke, "RULE", false, change_options, "remove a rule from the policy in force",
	"`consign policy show` lists the rules; a comment above the rule stays where it is."},
    {"policy", "edit", cmd_policy_edit, "", false, change_options, "change the policy in force in an editor",
	"Opens the source in $VISUAL, $EDITOR or vi, checks it when the editor ends, shows what changes in meaning, and applies it. "
	"After a mistake it asks whether to edit again; without a terminal it ends with status 1 and keeps the file."},
    {"policy", "rollback", cmd_policy_rollback, "VERSION", false, rollback_options, "put the text of an older policy in force again",
	"It becomes the next version; history keeps all of them."},
    {"study", "add", cmd_study_add, "ID", false, study_add_options, "add a study with its parties to the policy in force",
	"What may pass in it is said by the rules: those for every study hold in it at once."},
    {"study", "close", cmd_study_close, "ID", false, change_options, "close a study: nothing more passes in it",
	"Takes the study out of the policy, and its id out of the rules that name it; a rule that held nowhere else goes, which is "
	"said. Nothing is forgotten: older versions of the policy keep the study, and what was accepted is still delivered."},
    {"study", "list", cmd_study_list, "", true, admin_options, "list the studies of the policy in force",
	"At a company's home those that it is a party to."},
    {"party", "add", cmd_party_add, "STUDY ORG", false, party_add_options, "make a company a party to a study",
	"One that is a party already gets the further roles, and the clearance when one is said."},
    {"party", "remove", cmd_party_remove, "STUDY ORG", false, change_options, "take a company out of a study",
	"Its name also goes from rules that hold in no other study of its own; a rule that is about nobody then goes, which is said."},
    {"party", "clear", cmd_party_clear, "STUDY ORG LABEL", false, change_options, "set the highest label that a party may receive",
	"LABEL is open, restricted or unblinded. Lowering it also refuses mail that is on its way."},
    {"quota", "list", cmd_quota_list, "", true, quota_list_options, "list quotas and what is used of them",
	"One line for each organisation, and for each study and each organisation in a study of which the policy says something. What is marked as the hub's own is the broker's configuration."},
    {"quota", "set", cmd_quota_set, "", false, quota_set_options, "set what an organisation may send and keep waiting, or what may be sent in a study",
	"What is not said stays as it is. Who is over a quota waits, in order; nothing is refused or lost."},
    {"quota", "clear", cmd_quota_clear, "", false, quota_clear_options, "take a quota out of the policy", "For an organisation the broker's configuration holds again."},
    {"send", NULL, cmd_send, "", true, send_options, "send a message; prints its id",
	"A type of the catalogue takes a message in JSON (`consign catalogue example TYPE` prints one); a type x.* takes any file. The id is printed once the message is safely queued at the agent, whether or not the broker can be reached."},
    {"catalogue", "list", cmd_catalogue_list, "", true, NULL, "list the message types", NULL},
    {"catalogue", "show", cmd_catalogue_show, "TYPE", true, NULL, "say what a message of a type holds, and its rules",
	"TYPE may also be `event`, which every message has, or another part that types share, such as When or Quantity."},
    {"catalogue", "example", cmd_catalogue_example, "TYPE", true, example_options, "print an example of a type, in JSON",
	"The example is valid as it is: `consign catalogue example TYPE > x.json`, change it, and send it."},
    {"catalogue", "validate", cmd_catalogue_validate, "TYPE FILE", true, validate_options, "check a message without sending it; - is standard input",
	"Lists every problem. Ends with status 0 when there is none, with 1 when the message would be refused."},
    {"inbox", NULL, cmd_inbox, "", true, inbox_options, "list received messages", NULL},
    {"show", NULL, cmd_show, "ID", true, show_options, "show a received message", NULL},
    {"ack", NULL, cmd_ack, "ID…", false, NULL, "acknowledge messages for the subscription `default`", NULL},
    {"watch", NULL, cmd_watch, "", true, watch_options, "print messages as they come, one JSON line each",
	"A durable subscription: a message is acknowledged after its line is written out, and the next `watch` under the same "
	"name goes on where this one stopped.\n\n"
	"With --admin: refusals, joins, documents and who signed them, connections, quotas, disk and restarts as they happen, one line "
	"each, or JSON lines with --json. What is in the ledger can be read again with --since."},
    {"track", NULL, cmd_track, "ID", true, NULL, "say where a message is that was sent", NULL},
    {"status", NULL, cmd_status, "", true, admin_options, "say how this home and its hub are", NULL},
    {"doctor", NULL, cmd_doctor, "", true, admin_options,
	"check keys, clock, permissions, disk, connection, documents and profile; say what to do", NULL},
    {"help", NULL, cmd_help, "[NOUN] [VERB]", false, NULL, "explain the command, or one of its words", NULL},
    {"completion", NULL, cmd_completion, "bash|zsh", false, NULL, "print a script that completes commands in a shell",
	"For bash: consign completion bash > /etc/bash_completion.d/consign"},
    {"manual", NULL, cmd_manual, "", false, NULL, "print the manual page consign(1)", NULL},
    {.noun = NULL},
};
