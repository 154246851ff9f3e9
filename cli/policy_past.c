/* What was asked then (policy_past.h). */
#include "policy_past.h"

#include <string.h>

#include "core/text.h"
#include "print.h"

/* ── an administrator's ── */

static bool
is_there(const struct past *p, const char *org)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->consignees[i].org.s, org) == 0)
			return true;
	return false;
}

/* Rows come newest attempt first: that one decided. */
static void
take_row(struct past *p, const struct traffic_row *row, uint64_t *ret_root)
{
	if (p->n == CONSIGN_CONSIGNEES_MAX || is_there(p, row->consignee.s))
		return;
	if (p->n == 0) {
		p->consignor = row->consignor;
		p->study = row->study;
		p->type = row->type;
		p->label = (enum consign_label)row->label;
		p->at_us = row->at_us;
		*ret_root = row->root_version;
	} else if (row->root_version != *ret_root) {
		return; /* an earlier attempt, under another root */
	}
	struct past_consignee *c = &p->consignees[p->n++];

	c->org = row->consignee;
	c->code = (enum consign_code)row->code;
	memcpy(c->rule, row->rule, sizeof c->rule);
}

static enum consign_err
find_at_broker(struct policy_shelf *shelf, const struct consign_message_id *id, struct past *past, struct policy_pick *ret_pick)
{
	const struct session_traffic_reply *reply;
	uint64_t root = 0;
	enum consign_err err = shelf_open(shelf);

	if (err == CONSIGN_OK)
		err = hub_session_traffic(shelf->source.desk.session, 0, 0, &id->consignment, &reply);
	if (err != CONSIGN_OK)
		return err;
	for (size_t i = 0; i < reply->rows.n; i++)
		if (reply->rows.v[i]->item == id->index)
			take_row(past, reply->rows.v[i], &root);
	if (past->n > 0)
		return pick_root(shelf, root, ret_pick);
	say_error("the broker knows no message %s", past->id);
	say_hint("what a company's own agent refused never left it: ask there, with the same command");
	return CONSIGN_E_NOT_FOUND;
}

/* ── a company's ── */

static void
take_past(struct past *p, const struct local_past *from)
{
	p->consignor = from->consignor;
	p->study = from->study;
	p->type = from->type;
	p->label = from->label == 0 ? CONSIGN_LABEL_OPEN : (enum consign_label)from->label;
	p->at_us = from->at_us;
	for (size_t i = 0; i < from->consignees.n; i++) {
		const struct local_past_consignee *x = from->consignees.v[i];
		struct past_consignee *c = &p->consignees[p->n++];

		c->org = x->org;
		c->code = (enum consign_code)x->code;
		c->is_rejected = x->rejected == 1;
		memcpy(c->rule, x->rule, sizeof c->rule);
	}
}

static enum consign_err
find_at_agent(struct policy_shelf *shelf, struct past *past, struct policy_pick *ret_pick)
{
	enum consign_err err = shelf_open_of(shelf, past->id);

	if (err != CONSIGN_OK)
		return err;
	const struct local_past *from = policy_source_past(&shelf->source);

	take_past(past, from);
	if (from->decided == 0)
		say_note("the hub has not decided about it: asked of the policy that this agent holds now");
	return pick_in_force(shelf, ret_pick);
}

enum consign_err
past_find(struct policy_shelf *shelf, const char *text, struct past *ret_past, struct policy_pick *ret_pick)
{
	struct consign_message_id id;
	struct home home = {0};

	*ret_past = (struct past){0};
	if (message_id_parse(slice_text(text), &id) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "%s is no message id", text);
	message_id_format(&id, ret_past->id);
	enum consign_err err = home_open(shelf->args, HOME_ADMIN | HOME_COMPANY, &home);

	if (err == CONSIGN_OK)
		err = home.kind == HOME_ADMIN ? find_at_broker(shelf, &id, ret_past, ret_pick)
					      : find_at_agent(shelf, ret_past, ret_pick);
	home_clear(&home);
	return err;
}
