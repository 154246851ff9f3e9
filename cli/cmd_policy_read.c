/* `consign policy show` and `consign policy explain`, at either kind of home. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "catalogue/payload.h"
#include "client/exchange.h"
#include "core/clock.h"
#include "core/text.h"
#include "policy/policy.h"
#include "policy_source.h"
#include "print.h"

#define WHY_BYTES 512

enum consign_err
cmd_policy_show(const struct args *args)
{
	struct policy_source source = {0};
	struct buf text = {0};
	enum consign_err err = policy_source_open(args, &source);

	if (err != CONSIGN_OK)
		return err;
	if (args_has(args, "json")) {
		json_t *json = policy_view_json(&source.view);

		err = print_json(&json);
	} else if (source.view.source.len > 0) {
		err = print_bytes(source.view.source);
	} else {
		err = policy_view_format(&source.view, &text);
		if (err == CONSIGN_OK)
			err = print_bytes(buf_slice(&text));
	}
	if (err != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	buf_clear(&text);
	policy_source_close(&source);
	return err;
}

static enum consign_err
read_question(const struct args *args, struct policy_question *q)
{
	const char *label = args_value(args, "label");

	*q = (struct policy_question){.consignor = args_value(args, "from"),
	    .consignee = args_value(args, "to"),
	    .study = args_value(args, "study"),
	    .type = args_value(args, "type"),
	    .at_us = clock_wall_us(clock_system())};
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

/* What the directory says of an organisation, when the policy alone would permit. */
static enum consign_code
check_member(const struct policy_source *s, const char *org)
{
	const struct member *m = policy_source_member(s, org);

	if (m == NULL)
		return s->is_complete ? CONSIGN_CODE_ORG_UNKNOWN : CONSIGN_CODE_NONE;
	switch (m->status) {
	case MEMBER_ACTIVE:
		return CONSIGN_CODE_NONE;
	case MEMBER_COMPROMISED:
		return CONSIGN_CODE_COMPROMISED;
	default:
		return CONSIGN_CODE_ORG_SUSPENDED;
	}
}

static void
explain(const struct policy_question *q, const struct policy_verdict *v, const char *member, char ret_why[WHY_BYTES])
{
	const char *label = consign_label_text(q->label);

	switch (v->code) {
	case CONSIGN_CODE_NONE:
		snprintf(ret_why, WHY_BYTES, "rule %s permits %s from %s to %s in %s, and %s may receive up to %s", v->rule,
		    q->type, q->consignor, q->consignee, q->study, q->consignee, consign_label_text(v->clearance));
		break;
	case CONSIGN_CODE_STUDY_UNKNOWN:
		snprintf(ret_why, WHY_BYTES, "there is no study %s, or %s is no party to it", q->study, q->consignor);
		break;
	case CONSIGN_CODE_NOT_A_PARTY:
		snprintf(ret_why, WHY_BYTES, "%s is no party to %s", q->consignee, q->study);
		break;
	case CONSIGN_CODE_CLEARANCE:
		snprintf(ret_why, WHY_BYTES, "%s may receive up to %s in %s, and this would be %s", q->consignee,
		    consign_label_text(v->clearance), q->study, label);
		break;
	case CONSIGN_CODE_POLICY_FORBIDDEN:
		snprintf(ret_why, WHY_BYTES, "rule %s forbids %s (%s) from %s to %s in %s", v->rule, q->type, label, q->consignor,
		    q->consignee, q->study);
		break;
	case CONSIGN_CODE_POLICY_NO_RULE:
		snprintf(ret_why, WHY_BYTES, "no rule permits %s (%s) from %s to %s in %s", q->type, label, q->consignor,
		    q->consignee, q->study);
		break;
	default:
		snprintf(ret_why, WHY_BYTES, "the policy permits it, but %s is not an active member of the hub", member);
	}
}

static enum consign_err
print_verdict(
    const struct policy_source *s, const struct policy_question *q, const struct policy_verdict *v, const char *why, bool as_json)
{
	bool is_permitted = v->code == CONSIGN_CODE_NONE;
	const char *rule = v->rule[0] != '\0' ? v->rule : NULL;
	/* The consignee's, when it is a party at all. */
	bool has_clearance = v->code != CONSIGN_CODE_STUDY_UNKNOWN && v->code != CONSIGN_CODE_NOT_A_PARTY;
	const char *clearance = has_clearance ? consign_label_text(v->clearance) : NULL;

	if (as_json) {
		json_t *json = json_pack("{s:b, s:s?, s:s?, s:s?, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "permitted",
		    (int)is_permitted, "code", is_permitted ? NULL : consign_code_text(v->code), "rule", rule, "clearance",
		    clearance, "why", why, "from", q->consignor, "to", q->consignee, "study", q->study, "type", q->type, "label",
		    consign_label_text(q->label), "policy", (json_int_t)s->view.version);

		return print_json(&json);
	}
	printf("%s\n", is_permitted ? "permitted" : "refused");
	printf("code       %s\nrule       %s\nclearance  %s\nlabel      %s\npolicy     %llu\nwhy        %s\n",
	    is_permitted ? "-" : consign_code_text(v->code), rule != NULL ? rule : "-", clearance != NULL ? clearance : "-",
	    consign_label_text(q->label), (unsigned long long)s->view.version, why);
	return CONSIGN_OK;
}

enum consign_err
cmd_policy_explain(const struct args *args)
{
	struct policy_source source = {0};
	struct policy_question question;
	struct policy_verdict verdict = {.rule = ""};
	char why[WHY_BYTES];
	enum consign_err err = read_question(args, &question);

	if (err == CONSIGN_OK)
		err = policy_source_open(args, &source);
	if (err != CONSIGN_OK)
		return err;
	const char *member = question.consignor;

	policy_decide(source.policy, &question, &verdict);
	if (verdict.code == CONSIGN_CODE_NONE)
		verdict.code = check_member(&source, question.consignor);
	if (verdict.code == CONSIGN_CODE_NONE) {
		member = question.consignee;
		verdict.code = check_member(&source, question.consignee);
	}
	explain(&question, &verdict, member, why);
	err = print_verdict(&source, &question, &verdict, why, args_has(args, "json"));
	if (err != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	else if (verdict.code != CONSIGN_CODE_NONE)
		err = CONSIGN_E_DENIED; /* the answer is the words */
	policy_source_close(&source);
	return err;
}
