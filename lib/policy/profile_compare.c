/* What a profile names and the policy does not let through: one decision for each type, partner and study. */
#include "policy/profile.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "policy/table.h"

/* Types under x.* are not listed anywhere; a glob of them is asked about with this word for each *. */
#define SAMPLE "any"

/* A way of the profile, resolved to one type. */
struct lane {
	char type[CONSIGN_TYPE_MAX_BYTES + 1];
	enum consign_label label;
	const struct profile_way *way;
	struct policy_verdict verdict; /* of the partner under the eyes */
	bool is_missing;               /* not permitted, and not yet said */
};

struct lanes {
	struct lane *v;
	size_t n, cap;
};

struct comparison {
	const struct profile_question *q;
	void (*say)(void *context, const struct profile_gap *gap);
	void *context;
	struct lanes sends, receives;
	const char **types; /* of one gap; room for the longer of the two */
	struct profile_sum sum;
};

static bool
has_role(const struct policy_party *party, uint32_t role)
{
	for (size_t i = 0; i < party->roles.n; i++)
		if (party->roles.v[i] == role)
			return true;
	return false;
}

/* The first of the party's roles that the way names; 0: none. */
static uint32_t
role_on_way(const struct policy_party *party, const struct profile_way *way)
{
	for (size_t i = 0; i < way->roles.n; i++)
		if (has_role(party, way->roles.v[i]))
			return way->roles.v[i];
	return 0;
}

/* ── types ── */

static enum consign_err
put_lane(struct lanes *lanes, const char *type, enum consign_label label, const struct profile_way *way)
{
	enum consign_err err = table_grow(&lanes->v, sizeof *lanes->v, lanes->n, &lanes->cap);
	if (err != CONSIGN_OK)
		return err;
	struct lane *lane = &lanes->v[lanes->n++];
	*lane = (struct lane){.label = label, .way = way};
	memcpy(lane->type, type, strlen(type) + 1);
	return CONSIGN_OK;
}

/* x.lot.* as x.lot.any: cut where it would be too long for a type, which no rule could tell apart. */
static void
sample_type(const char *glob, char ret_type[CONSIGN_TYPE_MAX_BYTES + 1])
{
	size_t at = 0;
	for (; *glob != '\0' && at < CONSIGN_TYPE_MAX_BYTES; glob++) {
		size_t len = *glob == '*' ? strlen(SAMPLE) : 1;
		if (len > CONSIGN_TYPE_MAX_BYTES - at)
			break;
		memcpy(ret_type + at, *glob == '*' ? SAMPLE : glob, len);
		at += len;
	}
	ret_type[at] = '\0';
}

static enum consign_err
resolve(struct comparison *c, const struct profile_way *ways, size_t n, struct lanes *lanes)
{
	const struct profile_question *q = c->q;
	enum consign_err err = CONSIGN_OK;
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		const struct profile_way *way = &ways[i];
		size_t before = lanes->n;
		for (size_t t = 0; err == CONSIGN_OK && t < q->n_types; t++)
			if (glob_match(way->type.s, q->types[t].name))
				err = put_lane(lanes, q->types[t].name, q->types[t].label, way);
		if (err == CONSIGN_OK && strncmp(way->type.s, "x.", 2) == 0) {
			char type[CONSIGN_TYPE_MAX_BYTES + 1];
			sample_type(way->type.s, type);
			err = put_lane(lanes, type, CONSIGN_LABEL_OPEN, way);
		}
		c->sum.unknown += lanes->n == before;
	}
	return err;
}

/* ── decisions ── */

/* A glob and a name of the profile may resolve to one type: it is asked about once for a partner. */
static bool
is_asked_before(const struct lanes *lanes, size_t i, const struct policy_party *partner)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(lanes->v[j].type, lanes->v[i].type) == 0 && role_on_way(partner, lanes->v[j].way) != 0)
			return true;
	return false;
}

static void
ask(struct comparison *c, struct lanes *lanes, struct profile_gap *gap)
{
	bool is_send = gap->kind == PROFILE_GAP_SEND;
	for (size_t i = 0; i < lanes->n; i++) {
		struct lane *lane = &lanes->v[i];
		lane->is_missing = false;
		if (role_on_way(gap->partner, lane->way) == 0 || is_asked_before(lanes, i, gap->partner))
			continue;
		struct policy_question question = {.consignor = is_send ? gap->own->org.s : gap->partner->org.s,
		    .consignee = is_send ? gap->partner->org.s : gap->own->org.s,
		    .study = gap->study->id.s,
		    .type = lane->type,
		    .label = lane->label};
		policy_decide(c->q->policy, &question, &lane->verdict);
		lane->is_missing = lane->verdict.code != CONSIGN_CODE_NONE;
		c->sum.missing += lane->is_missing;
		c->sum.permitted += !lane->is_missing;
	}
}

static bool
is_same_gap(const struct lane *a, const struct lane *b, const struct policy_party *partner)
{
	return a->verdict.code == b->verdict.code && strcmp(a->verdict.rule, b->verdict.rule) == 0 &&
	       (a->verdict.code != CONSIGN_CODE_CLEARANCE || a->label == b->label) &&
	       role_on_way(partner, a->way) == role_on_way(partner, b->way);
}

/* Says what is missing, types of one reason together. */
static void
say_missing(struct comparison *c, struct lanes *lanes, struct profile_gap *gap)
{
	for (size_t i = 0; i < lanes->n; i++) {
		const struct lane *first = &lanes->v[i];
		if (!first->is_missing)
			continue;
		gap->role = role_on_way(gap->partner, first->way);
		gap->code = first->verdict.code;
		gap->rule = first->verdict.rule;
		gap->label = first->label;
		gap->types = c->types;
		gap->n_types = 0;
		for (size_t j = i; j < lanes->n; j++) {
			if (!lanes->v[j].is_missing || !is_same_gap(first, &lanes->v[j], gap->partner))
				continue;
			c->types[gap->n_types++] = lanes->v[j].type;
			lanes->v[j].is_missing = false;
		}
		c->say(c->context, gap);
	}
}

static void
compare_study(struct comparison *c, const struct policy_study *study)
{
	const struct policy_party *own = NULL;
	for (size_t i = 0; own == NULL && i < study->parties.n; i++)
		if (strcmp(study->parties.v[i]->org.s, c->q->org) == 0)
			own = study->parties.v[i];
	if (own == NULL)
		return;
	if (!has_role(own, c->q->profile->role)) {
		c->say(c->context, &(struct profile_gap){.kind = PROFILE_GAP_ROLE, .study = study, .own = own, .rule = ""});
		return;
	}
	c->sum.studies++;
	for (size_t i = 0; i < study->parties.n; i++) {
		struct profile_gap gap = {.kind = PROFILE_GAP_SEND, .study = study, .own = own, .partner = study->parties.v[i]};
		if (gap.partner == own)
			continue;
		ask(c, &c->sends, &gap);
		say_missing(c, &c->sends, &gap);
		gap.kind = PROFILE_GAP_RECEIVE;
		ask(c, &c->receives, &gap);
		say_missing(c, &c->receives, &gap);
	}
}

enum consign_err
profile_compare(const struct profile_question *q, void (*say)(void *context, const struct profile_gap *gap), void *context,
    struct profile_sum *ret_sum)
{
	struct comparison c = {.q = q, .say = say, .context = context};
	enum consign_err err = resolve(&c, q->profile->sends.v, q->profile->sends.n, &c.sends);
	if (err == CONSIGN_OK)
		err = resolve(&c, q->profile->receives.v, q->profile->receives.n, &c.receives);
	if (err == CONSIGN_OK) {
		c.types = calloc(c.sends.n + c.receives.n + 1, sizeof *c.types);
		err = c.types == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	}
	for (size_t i = 0; err == CONSIGN_OK && i < q->n_studies; i++)
		compare_study(&c, q->studies[i]);
	if (err == CONSIGN_OK)
		*ret_sum = c.sum;
	free(c.types);
	free(c.sends.v);
	free(c.receives.v);
	return err;
}
