/* Asking a policy about what was sent (policy_simulate.h). */
#include "policy_simulate.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "policy_ask.h"
#include "print.h"

/* A refusal that a policy gives; others, such as a stale document, no policy would have changed. */
static bool
is_of_policy(uint32_t code)
{
	switch (code) {
	case CONSIGN_CODE_STUDY_UNKNOWN:
	case CONSIGN_CODE_NOT_A_PARTY:
	case CONSIGN_CODE_CLEARANCE:
	case CONSIGN_CODE_POLICY_FORBIDDEN:
	case CONSIGN_CODE_POLICY_NO_RULE:
		return true;
	default:
		return false;
	}
}

static enum consign_err
put(struct simulation *s, const struct traffic_row *row, const struct policy_verdict *v)
{
	if (s->n == s->cap) {
		size_t cap = s->cap * 2 + 16;
		struct simulated *grown = realloc(s->v, cap * sizeof *grown);

		if (grown == NULL)
			return CONSIGN_E_NO_MEMORY;
		s->v = grown;
		s->cap = cap;
	}
	struct simulated *x = &s->v[s->n++];

	*x = (struct simulated){.row = *row, .code = v->code};
	strncpy(x->rule, v->rule, sizeof x->rule - 1);
	return CONSIGN_OK;
}

enum consign_err
simulation_take(struct simulation *s, struct traffic_row *const *rows, size_t n)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		const struct traffic_row *row = rows[i];
		struct policy_question q = {.consignor = row->consignor.s,
		    .consignee = row->consignee.s,
		    .study = row->study.s,
		    .type = row->type.s,
		    .label = (enum consign_label)row->label};
		struct policy_verdict v = {.rule = ""};
		bool was_permitted = row->code == CONSIGN_CODE_NONE;

		s->asked += row->count;
		if (!was_permitted && !is_of_policy(row->code))
			continue;
		question_at(&q, row->at_us);
		policy_decide(s->policy, &q, &v);
		if (was_permitted == (v.code == CONSIGN_CODE_NONE))
			continue;
		*(was_permitted ? &s->refused : &s->permitted) += row->count;
		err = put(s, row, &v);
	}
	return err;
}

static int
by_what_counts(const void *a, const void *b)
{
	const struct simulated *x = a, *y = b;
	int order = strcmp(x->row.study.s, y->row.study.s);

	if (order == 0)
		order = strcmp(x->row.consignor.s, y->row.consignor.s);
	if (order == 0)
		order = strcmp(x->row.consignee.s, y->row.consignee.s);
	if (order == 0)
		order = strcmp(x->row.type.s, y->row.type.s);
	if (order == 0 && x->row.label != y->row.label)
		order = x->row.label < y->row.label ? -1 : 1;
	if (order == 0 && x->row.code != y->row.code)
		order = x->row.code < y->row.code ? -1 : 1;
	if (order == 0)
		order = strcmp(x->row.rule, y->row.rule);
	if (order == 0 && x->code != y->code)
		order = x->code < y->code ? -1 : 1;
	return order != 0 ? order : strcmp(x->rule, y->rule);
}

static int
by_weight(const void *a, const void *b)
{
	const struct simulated *x = a, *y = b;

	if ((x->code == CONSIGN_CODE_NONE) != (y->code == CONSIGN_CODE_NONE))
		return x->code == CONSIGN_CODE_NONE ? 1 : -1;
	if (x->row.count != y->row.count)
		return x->row.count > y->row.count ? -1 : 1;
	return by_what_counts(a, b);
}

void
simulation_end(struct simulation *s)
{
	size_t n = 0;

	if (s->n == 0)
		return;
	qsort(s->v, s->n, sizeof *s->v, by_what_counts);
	for (size_t i = 0; i < s->n; i++) {
		struct simulated x = s->v[i];

		if (n == 0 || by_what_counts(&s->v[n - 1], &x) != 0) {
			s->v[n++] = x;
			continue;
		}
		x.row.count += s->v[n - 1].row.count;
		if (x.row.at_us >= s->v[n - 1].row.at_us)
			s->v[n - 1] = x;
		else
			s->v[n - 1].row.count = x.row.count;
	}
	s->n = n;
	qsort(s->v, s->n, sizeof *s->v, by_weight);
}

void
simulation_clear(struct simulation *s)
{
	free(s->v);
	s->v = NULL;
	s->n = s->cap = 0;
}

static json_t *
answer_json(uint32_t code, const char *rule)
{
	bool is_permitted = code == CONSIGN_CODE_NONE;

	return json_pack("{s:b, s:s?, s:s?}", "permitted", (int)is_permitted, "code",
	    is_permitted ? NULL : consign_code_text((enum consign_code)code), "rule", rule[0] != '\0' ? rule : NULL);
}

json_t *
simulated_json(const struct simulated *x)
{
	struct consign_message_id id = {.consignment = x->row.consignment_id, .index = x->row.item};
	char text[CONSIGN_MESSAGE_ID_TEXT_BYTES];

	message_id_format(&id, text);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:s, s:o}", "from", x->row.consignor.s, "to", x->row.consignee.s, "study",
	    x->row.study.s, "type", x->row.type.s, "label", consign_label_text((enum consign_label)x->row.label), "count",
	    (json_int_t)x->row.count, "was", answer_json(x->row.code, x->row.rule), "would_be", answer_json(x->code, x->rule), "newest",
	    text, "newest_at", json_time(x->row.at_us));
}
