/* `consign policy explain`: whether a message would pass, and why, step by step, under the policy of now or of then. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "catalogue/payload.h"
#include "core/text.h"
#include "policy/policy.h"
#include "policy/units.h"
#include "policy_ask.h"
#include "policy_past.h"
#include "policy_pick.h"
#include "policy_proof.h"
#include "print.h"
#include "quota_view.h"

#define WHY_BYTES 512

/* A question, what it was asked of, and what came. */
struct explanation {
	struct policy_question question;
	uint64_t at_us;
	struct policy_shelf shelf;
	struct policy_pick pick;
	struct policy_verdict verdict; /* with what the directory says */
	const char *member;            /* whom the directory speaks against */
	struct policy_proof proof;
	const struct past *past; /* NULL: a question of now, or of a policy */
	const struct past_consignee *consignee; /* of the message, then */
	char why[WHY_BYTES];
};

static enum consign_err
read_question(const struct args *args, struct policy_question *q)
{
	const char *label = args_value(args, "label");

	*q = (struct policy_question){.consignor = args_value(args, "from"),
	    .consignee = args_value(args, "to"),
	    .study = args_value(args, "study"),
	    .type = args_value(args, "type")};
	if (q->consignor == NULL || q->consignee == NULL || q->study == NULL || q->type == NULL)
		return say_fail(CONSIGN_E_USAGE, "a question is --from, --to, --study and --type; a message of the past is its id alone");
	if (!text_is(CHARSET_ORG, slice_text(q->consignor)) || !text_is(CHARSET_ORG, slice_text(q->consignee)))
		return say_fail(CONSIGN_E_USAGE, "--from and --to name one organisation each: 2 to 40 of a-z, 0-9 and -");
	if (!text_is(CHARSET_STUDY, slice_text(q->study)))
		return say_fail(CONSIGN_E_USAGE, "--study %s: expected letters, digits, dots, - and _", q->study);
	if (!text_is(CHARSET_TYPE, slice_text(q->type)))
		return say_fail(CONSIGN_E_USAGE, "--type %s: expected a message type such as x.report, without *", q->type);
	q->label = payload_least_label(q->type);
	if (label != NULL && label_parse(label, &q->label) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "--label %s: expected open, restricted or unblinded", label);
	return CONSIGN_OK;
}

/* ── the answer ── */

static const struct member *
member_of(const struct explanation *e, const char *org)
{
	return e->pick.directory != NULL ? hub_member(e->pick.directory, org) : policy_source_member(&e->shelf.source, org);
}

/* A company knows whom it shares a study with; of others it says nothing. */
static enum consign_code
check_member(const struct explanation *e, const char *org)
{
	const struct member *m = member_of(e, org);

	return m == NULL && e->pick.directory == NULL ? CONSIGN_CODE_NONE : proof_member_code(m);
}

static void
decide(struct explanation *e)
{
	const struct policy_question *q = &e->question;
	struct proof_members members = {.consignor = member_of(e, q->consignor), .consignee = member_of(e, q->consignee)};

	members.is_known = e->pick.directory != NULL || (members.consignor != NULL && members.consignee != NULL);
	policy_decide(e->pick.policy, q, &e->verdict);
	proof_make(&e->pick.view, q, &members, &e->proof);
	e->member = q->consignor;
	if (e->verdict.code == CONSIGN_CODE_NONE)
		e->verdict.code = check_member(e, q->consignor);
	if (e->verdict.code == CONSIGN_CODE_NONE) {
		e->member = q->consignee;
		e->verdict.code = check_member(e, q->consignee);
	}
}

static void
explain(struct explanation *e)
{
	const struct policy_question *q = &e->question;
	const struct policy_verdict *v = &e->verdict;
	const char *label = consign_label_text(q->label);

	switch (v->code) {
	case CONSIGN_CODE_NONE:
		snprintf(e->why, WHY_BYTES, "rule %s permits %s from %s to %s in %s, and %s may receive up to %s", v->rule, q->type,
		    q->consignor, q->consignee, q->study, q->consignee, consign_label_text(v->clearance));
		break;
	case CONSIGN_CODE_STUDY_UNKNOWN:
		snprintf(e->why, WHY_BYTES, "there is no study %s, or %s is no party to it", q->study, q->consignor);
		break;
	case CONSIGN_CODE_NOT_A_PARTY:
		snprintf(e->why, WHY_BYTES, "%s is no party to %s", q->consignee, q->study);
		break;
	case CONSIGN_CODE_CLEARANCE:
		snprintf(e->why, WHY_BYTES, "%s may receive up to %s in %s, and this would be %s", q->consignee,
		    consign_label_text(v->clearance), q->study, label);
		break;
	case CONSIGN_CODE_POLICY_FORBIDDEN:
		snprintf(e->why, WHY_BYTES, "rule %s forbids %s (%s) from %s to %s in %s", v->rule, q->type, label, q->consignor,
		    q->consignee, q->study);
		break;
	case CONSIGN_CODE_POLICY_NO_RULE:
		snprintf(e->why, WHY_BYTES, "no rule permits %s (%s) from %s to %s in %s", q->type, label, q->consignor, q->consignee,
		    q->study);
		break;
	default:
		snprintf(e->why, WHY_BYTES, "the policy permits it, but %s is not an active member of the hub", e->member);
	}
}

/* ── printing ── */

static const char *
clearance_text(const struct policy_verdict *v)
{
	/* The consignee's, when it is a party at all. */
	bool has = v->code != CONSIGN_CODE_STUDY_UNKNOWN && v->code != CONSIGN_CODE_NOT_A_PARTY;

	return has ? consign_label_text(v->clearance) : NULL;
}

/* Where the policy comes from: version, since when, by which root, signed by whom; as far as this home knows. */
static json_t *
source_json(const struct explanation *e)
{
	const struct hub *hub = shelf_hub(&e->shelf);
	const struct hub_root *since = e->pick.since;

	if (hub == NULL || since == NULL)
		return json_null();
	return json_pack("{s:o, s:o, s:I, s:o, s:o}", "hash", json_hash(&since->root->policy->hash), "since", json_time(since->root->created_us), "root",
	    (json_int_t)since->root->version, "signed_by", root_signers_json(hub, since), "reason", json_slice(since->root->reason));
}

/* What became of the message then. */
static const char *
end_text(const struct past_consignee *c, const char *accepted)
{
	if (c->code == CONSIGN_CODE_NONE)
		return accepted;
	return c->is_rejected ? "rejected" : "refused";
}

/* ── what it falls under once it is permitted: that it may pass says nothing of when ── */

static const struct policy_rate *
rate_of(const struct explanation *e)
{
	return e->verdict.code == CONSIGN_CODE_NONE ? policy_rule_rate(e->pick.policy, e->verdict.rule) : NULL;
}

static enum consign_err
put_obligations(const struct explanation *e, struct buf *out)
{
	const struct policy_question *q = &e->question;
	const struct policy_rate *rate = rate_of(e);
	char text[UNITS_TEXT_BYTES];
	enum consign_err err = CONSIGN_OK;

	if (e->verdict.code != CONSIGN_CODE_NONE)
		return CONSIGN_OK;
	if (e->verdict.deliver_within_us != 0) {
		units_span_format(e->verdict.deliver_within_us, text);
		err = buf_printf(out, "deliver    within %s\n", text);
	}
	if (err == CONSIGN_OK && rate != NULL) {
		units_rate_format(rate->messages, rate->us, false, text);
		err = buf_printf(out, "rate       %s messages under rule %s from %s to %s; what is beyond waits\n", text, e->verdict.rule, q->consignor, q->consignee);
	}
	/* Only administrators are given them. */
	return err == CONSIGN_OK ? quota_view_of_message(e->pick.view.quotas, q->consignor, q->consignee, q->study, out) : err;
}

static void
set_obligations(const struct explanation *e, json_t *json)
{
	const struct policy_question *q = &e->question;
	const struct policy_rate *rate = rate_of(e);

	if (e->verdict.code != CONSIGN_CODE_NONE)
		return;
	if (e->verdict.deliver_within_us != 0)
		json_object_set_new(json, "deliver_within_us", json_integer((json_int_t)e->verdict.deliver_within_us));
	if (rate != NULL) {
		json_object_set_new(json, "rate_messages", json_integer((json_int_t)rate->messages));
		json_object_set_new(json, "rate_us", json_integer((json_int_t)rate->us));
	}
	if (e->pick.view.quotas != NULL)
		json_object_set_new(json, "quotas", quota_view_of_message_json(e->pick.view.quotas, q->consignor, q->consignee, q->study));
}

static enum consign_err
print_json_verdict(const struct explanation *e)
{
	const struct policy_question *q = &e->question;
	const struct policy_verdict *v = &e->verdict;
	bool is_permitted = v->code == CONSIGN_CODE_NONE;
	const char *rule = v->rule[0] != '\0' ? v->rule : NULL;
	json_t *json = json_pack("{s:b, s:s?, s:s?, s:s?, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o}", "permitted",
	    (int)is_permitted, "code", is_permitted ? NULL : consign_code_text(v->code), "rule", rule, "clearance", clearance_text(v),
	    "why", e->why, "from", q->consignor, "to", q->consignee, "study", q->study, "type", q->type, "label",
	    consign_label_text(q->label), "policy", (json_int_t)e->pick.view.version, "asked_at", json_time(e->at_us),
	    "in_force", source_json(e), "proof", proof_json(&e->pick.view, &e->proof));

	if (json != NULL)
		set_obligations(e, json);
	if (json != NULL && e->past != NULL) {
		json_object_set_new(json, "message", json_string(e->past->id));
		json_object_set_new(json, "decided_at", json_time(e->past->at_us));
		json_object_set_new(json, "was", json_string(end_text(e->consignee, "accepted")));
		json_object_set_new(json, "was_code", e->consignee->code == CONSIGN_CODE_NONE ? json_null() : json_string(consign_code_text(e->consignee->code)));
	}
	return print_json(&json);
}

static enum consign_err
put_past(const struct explanation *e, struct buf *out)
{
	const struct past_consignee *c = e->consignee;
	bool was_accepted = c->code == CONSIGN_CODE_NONE;
	char time[PRINT_TIME_BYTES];

	return buf_printf(out, "message %s: %s → %s in %s, %s (%s)\n%s at %s%s%s%s%s%s%s; asked again, it is ", e->past->id,
	    e->past->consignor.s, c->org.s, e->past->study.s, e->past->type.s, consign_label_text(e->past->label),
	    c->is_rejected ? "sent" : end_text(c, "sent"), time_text(e->past->at_us, time), c->is_rejected ? " and rejected by " : "",
	    c->is_rejected ? c->org.s : "", was_accepted ? "" : " with ", was_accepted ? "" : consign_code_text(c->code),
	    c->rule[0] != '\0' ? " by " : "", c->rule);
}

static enum consign_err
put_source(const struct explanation *e, struct buf *out)
{
	const struct hub *hub = shelf_hub(&e->shelf);
	const struct hub_root *since = e->pick.since;
	char time[PRINT_TIME_BYTES], names[SIGNERS_BYTES];

	if (hub == NULL || since == NULL)
		return buf_printf(out, "\nby %s:\n", e->pick.name);
	return buf_printf(out, "\nby %s, in force since %s (root %llu), signed by %s:\n", e->pick.name,
	    time_text(since->root->created_us, time), (unsigned long long)since->root->version, root_signers(hub, since, names));
}

static enum consign_err
print_words(const struct explanation *e)
{
	const struct policy_verdict *v = &e->verdict;
	const char *clearance = clearance_text(v), *rule = v->rule[0] != '\0' ? v->rule : NULL;
	bool is_permitted = v->code == CONSIGN_CODE_NONE;
	struct buf out = {0};
	enum consign_err err = e->past == NULL ? CONSIGN_OK : put_past(e, &out);

	if (err == CONSIGN_OK)
		err = buf_printf(&out, "%s\ncode       %s\nrule       %s\nclearance  %s\nlabel      %s\npolicy     %llu\nwhy        %s\n",
		is_permitted ? "permitted" : "refused", is_permitted ? "-" : consign_code_text(v->code), rule != NULL ? rule : "-",
		clearance != NULL ? clearance : "-", consign_label_text(e->question.label),
		(unsigned long long)e->pick.view.version, e->why);

	if (err == CONSIGN_OK)
		err = put_obligations(e, &out);
	if (err == CONSIGN_OK)
		err = put_source(e, &out);
	if (err == CONSIGN_OK)
		err = proof_format(&e->pick.view, &e->proof, &out);
	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&out));
	buf_clear(&out);
	return err;
}

/* The question that stands in e, answered and printed. */
static enum consign_err
answer(struct explanation *e)
{
	question_at(&e->question, e->at_us);
	decide(e);
	explain(e);
	enum consign_err err = args_has(e->shelf.args, "json") ? print_json_verdict(e) : print_words(e);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	return e->verdict.code == CONSIGN_CODE_NONE ? CONSIGN_OK : CONSIGN_E_DENIED; /* the answer is the words */
}

static enum consign_err
answer_question(struct explanation *e)
{
	enum consign_err err = read_question(e->shelf.args, &e->question);

	if (err == CONSIGN_OK)
		err = pick_option(&e->shelf, &e->pick, &e->at_us);
	return err == CONSIGN_OK ? answer(e) : err;
}

/* Each of its consignees is a question. */
static enum consign_err
answer_past(struct explanation *e, struct past *past)
{
	static const char *const others[] = {"from", "to", "study", "type", "label", "version", "at"};
	const struct args *args = e->shelf.args;

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (args_has(args, others[i]))
			return say_fail(CONSIGN_E_USAGE, "--%s: a message says that itself", others[i]);
	enum consign_err err = past_find(&e->shelf, args->words[0], past, &e->pick), worst = CONSIGN_OK;

	e->past = past;
	e->at_us = past->at_us;
	for (size_t i = 0; err == CONSIGN_OK && i < past->n; i++) {
		e->consignee = &past->consignees[i];
		e->question = (struct policy_question){.consignor = past->consignor.s,
		    .consignee = past->consignees[i].org.s,
		    .study = past->study.s,
		    .type = past->type.s,
		    .label = past->label};
		if (i > 0 && !args_has(args, "json"))
			printf("\n");
		err = answer(e);
		if (err == CONSIGN_E_DENIED) {
			worst = err;
			err = CONSIGN_OK;
		}
	}
	return err == CONSIGN_OK ? worst : err;
}

enum consign_err
cmd_policy_explain(const struct args *args)
{
	struct explanation e = {.shelf.args = args};
	struct past past;
	enum consign_err err = args->n_words > 0 ? answer_past(&e, &past) : answer_question(&e);

	pick_clear(&e.pick);
	shelf_close(&e.shelf);
	return err;
}
