/*
 * The public calls: structs of consign/client.h to the wire's and back. What breaks a form is found by the wire's own
 * tables when a request is encoded; here only that texts fit where they are copied to.
 */
#include "client/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

#define WATCH_WINDOW 256u

/* A reply and the wire's that it borrows from. The public struct is first, so that one address names both. */
struct owned_reply {
	struct consign_reply reply;
	struct client_reply *source;
};

/* Copies a text into a struct's member; NULL is the empty text. Errors: MALFORMED (it does not fit: over its form's length) */
static enum consign_err
put_text(char *to, size_t room, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	if (len >= room)
		return CONSIGN_E_MALFORMED;
	if (len > 0)
		memcpy(to, text, len);
	to[len] = '\0';
	return CONSIGN_OK;
}
#define PUT(to, text) put_text((to), sizeof(to), (text))

static struct consign_slice
text_slice(const char *text)
{
	return slice_of(text, text == NULL ? 0 : strlen(text));
}

static enum consign_err
put_outgoing(struct arena *arena, const struct consign_outgoing *m, struct local_outgoing **ret_wire)
{
	struct local_outgoing *w = arena_alloc(arena, sizeof *w);
	struct consign_org *to = arena_alloc(arena, (m->n_to + 1) * sizeof *to);
	enum consign_err err = CONSIGN_OK;

	if (w == NULL || to == NULL)
		return CONSIGN_E_NO_MEMORY;
	w->to.v = to;
	w->to.n = m->n_to;
	for (size_t i = 0; err == CONSIGN_OK && i < m->n_to; i++)
		err = PUT(to[i].s, m->to[i]);
	if (err == CONSIGN_OK)
		err = PUT(w->study.s, m->study);
	if (err == CONSIGN_OK)
		err = PUT(w->type.s, m->type);
	if (err == CONSIGN_OK)
		err = PUT(w->media_type, m->media_type);
	w->label = m->label;
	w->name = text_slice(m->name);
	w->content = m->content;
	w->idempotency_key = text_slice(m->idempotency_key);
	w->expires_us = m->expires_us;
	if (m->content.len > CONSIGN_LOCAL_CONTENT_MAX_BYTES)
		return CONSIGN_E_TOO_BIG;
	*ret_wire = w;
	return err;
}

enum consign_err
consign_client_post_send(struct consign_client *c, const struct consign_outgoing *messages, size_t n, uint64_t *ret_number)
{
	struct arena *arena = NULL;
	struct local_send send = {0};
	size_t cost = 1024;

	if (n > CONSIGN_LOCAL_MESSAGES_MAX)
		return CONSIGN_E_TOO_BIG;
	for (size_t i = 0; i < n; i++) {
		if (messages[i].n_to > CONSIGN_CONSIGNEES_MAX)
			return CONSIGN_E_TOO_BIG;
		cost += sizeof(struct local_outgoing) + (messages[i].n_to + 1) * sizeof(struct consign_org) + 128;
	}
	enum consign_err err = arena_new(cost + n * sizeof *send.messages.v, &arena);

	if (err != CONSIGN_OK)
		return err;
	send.messages.v = arena_alloc(arena, (n + 1) * sizeof *send.messages.v);
	if (send.messages.v == NULL)
		err = CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
		err = put_outgoing(arena, &messages[i], &send.messages.v[i]);
	send.messages.n = n;
	if (err == CONSIGN_OK)
		err = client_post(c, &(struct local_request){.send = &send}, ret_number);
	arena_free(&arena);
	return err;
}

enum consign_err
consign_client_post_inbox(struct consign_client *c, const struct consign_inbox_filter *filter, uint64_t *ret_number)
{
	struct local_inbox inbox = {.unacked = filter->unacked, .limit = filter->limit};
	enum consign_err err = PUT(inbox.type, filter->type);

	if (err == CONSIGN_OK)
		err = PUT(inbox.study, filter->study);
	if (err == CONSIGN_OK)
		err = PUT(inbox.after, filter->after);
	return err != CONSIGN_OK ? err : client_post(c, &(struct local_request){.inbox = &inbox}, ret_number);
}

enum consign_err
consign_client_post_show(struct consign_client *c, const char *id, uint64_t *ret_number)
{
	struct local_show show = {0};
	enum consign_err err = PUT(show.id, id);

	return err != CONSIGN_OK ? err : client_post(c, &(struct local_request){.show = &show}, ret_number);
}

enum consign_err
consign_client_post_ack(
    struct consign_client *c, const char *subscription, const char *const *ids, size_t n, uint64_t *ret_number)
{
	struct local_ack ack = {0};

	if (n > CONSIGN_LOCAL_MESSAGES_MAX)
		return CONSIGN_E_TOO_BIG;
	enum consign_err err = PUT(ack.subscription, subscription);

	ack.ids.v = calloc(n + 1, sizeof *ack.ids.v);
	ack.ids.n = n;
	if (ack.ids.v == NULL)
		err = CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
		err = PUT(ack.ids.v[i].s, ids[i]);
	if (err == CONSIGN_OK)
		err = client_post(c, &(struct local_request){.ack = &ack}, ret_number);
	free(ack.ids.v);
	return err;
}

enum consign_err
consign_client_post_watch(struct consign_client *c, const struct consign_watch_options *options, uint64_t *ret_number)
{
	struct local_watch watch = {
	    .window = options->window == 0 ? WATCH_WINDOW : options->window, .content = options->with_content};
	enum consign_err err = PUT(watch.subscription, options->subscription);

	if (err == CONSIGN_OK)
		err = PUT(watch.type, options->type);
	if (err == CONSIGN_OK)
		err = PUT(watch.study, options->study);
	if (err == CONSIGN_OK)
		err = PUT(watch.since, options->since);
	return err != CONSIGN_OK ? err : client_post(c, &(struct local_request){.watch = &watch}, ret_number);
}

enum consign_err
consign_client_post_track(struct consign_client *c, const char *id, uint64_t *ret_number)
{
	struct local_track track = {0};
	enum consign_err err = PUT(track.id, id);

	return err != CONSIGN_OK ? err : client_post(c, &(struct local_request){.track = &track}, ret_number);
}

enum consign_err
consign_client_post_status(struct consign_client *c, uint64_t *ret_number)
{
	struct local_status status = {0};

	return client_post(c, &(struct local_request){.status = &status}, ret_number);
}

/* ── replies ── */

/* A slice that the wire checked to be text, with a NUL behind; NULL when memory is out. */
static const char *
text_of(struct arena *arena, struct consign_slice s)
{
	return s.len == 0 ? "" : (const char *)arena_copy(arena, s).data;
}

static enum consign_err
take_problems(struct arena *arena, struct stated_problem *const *w, size_t n, uint32_t total, struct consign_problems *ret_problems)
{
	struct consign_problem *v = n == 0 ? NULL : arena_alloc(arena, n * sizeof *v);

	if (n > 0 && v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct consign_problem){text_of(arena, w[i]->path), text_of(arena, w[i]->rule), text_of(arena, w[i]->found),
		    text_of(arena, w[i]->expected)};
		if (v[i].path == NULL || v[i].rule == NULL || v[i].found == NULL || v[i].expected == NULL)
			return CONSIGN_E_NO_MEMORY;
	}
	*ret_problems = (struct consign_problems){v, n, total < n ? (uint32_t)n : total};
	return CONSIGN_OK;
}

static enum consign_err
take_outcomes(struct arena *arena, const struct local_send_reply *w, struct consign_reply *r)
{
	struct consign_outcome *out = arena_alloc(arena, (w->outcomes.n + 1) * sizeof *out);

	if (out == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < w->outcomes.n; i++) {
		const struct local_outcome *o = w->outcomes.v[i];

		out[i] = (struct consign_outcome){.id = o->id,
		    .code = (enum consign_code)o->code,
		    .may_retry = o->retry_class == 1,
		    .is_repeated = o->repeated == 1,
		    .org = o->org,
		    .rule = o->rule,
		    .detail = text_of(arena, o->detail)};
		if (out[i].detail == NULL
		    || take_problems(arena, o->problems.v, o->problems.n, o->problems_total, &out[i].problems) != CONSIGN_OK)
			return CONSIGN_E_NO_MEMORY;
	}
	r->kind = CONSIGN_REPLY_SEND;
	r->outcomes = out;
	r->n_outcomes = w->outcomes.n;
	return CONSIGN_OK;
}

static enum consign_err
take_message(struct arena *arena, const struct local_message *w, struct consign_message *ret_message)
{
	const char **consignees = arena_alloc(arena, (w->consignees.n + 1) * sizeof *consignees);
	const char *name = text_of(arena, w->name);

	if (consignees == NULL || name == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < w->consignees.n; i++)
		consignees[i] = w->consignees.v[i].s;
	*ret_message = (struct consign_message){
	    .id = w->id,
	    .consignor = w->consignor.s,
	    .study = w->study.s,
	    .type = w->type.s,
	    .label = (enum consign_label)w->label,
	    .sent_us = w->sent_us,
	    .accepted_us = w->accepted_us,
	    .received_us = w->received_us,
	    .size_bytes = w->size,
	    .position = w->position,
	    .is_acked = w->acked == 1,
	    .media_type = w->media_type,
	    .name = name,
	    .content = w->content,
	    .consignees = consignees,
	    .n_consignees = w->consignees.n,
	};
	return CONSIGN_OK;
}

static enum consign_err
take_messages(struct arena *arena, struct local_message *const *v, size_t n, struct consign_reply *r)
{
	struct consign_message *m = arena_alloc(arena, (n + 1) * sizeof *m);
	enum consign_err err = m == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
		err = take_message(arena, v[i], &m[i]);
	r->messages = m;
	r->n_messages = n;
	return err;
}

static enum consign_err
take_track(struct arena *arena, const struct local_track_reply *w, struct consign_reply *r)
{
	struct consign_track *t = arena_alloc(arena, sizeof *t);
	struct consign_track_consignee *c = arena_alloc(arena, (w->consignees.n + 1) * sizeof *c);
	const char *detail = text_of(arena, w->detail);

	if (t == NULL || c == NULL || detail == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < w->consignees.n; i++) {
		const struct local_track_consignee *one = w->consignees.v[i];

		c[i] = (struct consign_track_consignee){.org = one->org.s,
		    .state = one->state,
		    .due_us = one->due_us,
		    .position = one->position,
		    .at_us = one->at_us,
		    .code = (enum consign_code)one->code,
		    .detail = text_of(arena, one->detail)};
		if (c[i].detail == NULL
		    || take_problems(arena, one->problems.v, one->problems.n, one->problems_total, &c[i].problems) != CONSIGN_OK)
			return CONSIGN_E_NO_MEMORY;
	}
	*t = (struct consign_track){
	    .id = w->id,
	    .state = w->state,
	    .study = w->study.s,
	    .type = w->type.s,
	    .label = (enum consign_label)w->label,
	    .created_us = w->created_us,
	    .accepted_us = w->accepted_us,
	    .has_leaf = w->has_leaf == 1,
	    .leaf = w->leaf,
	    .attempt = w->attempt,
	    .code = (enum consign_code)w->code,
	    .rule = w->rule,
	    .detail = detail,
	    .consignees = c,
	    .n_consignees = w->consignees.n,
	};
	r->kind = CONSIGN_REPLY_TRACK;
	r->track = t;
	return take_problems(arena, w->problems.v, w->problems.n, w->problems_total, &t->problems);
}

static enum consign_err
take_facts(struct arena *arena, const struct local_status_reply *w, struct consign_reply *r)
{
	struct consign_fact *f = arena_alloc(arena, (w->facts.n + 1) * sizeof *f);

	if (f == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < w->facts.n; i++) {
		f[i] = (struct consign_fact){.name = w->facts.v[i]->name, .value = text_of(arena, w->facts.v[i]->value)};
		if (f[i].value == NULL)
			return CONSIGN_E_NO_MEMORY;
	}
	r->kind = CONSIGN_REPLY_STATUS;
	r->facts = f;
	r->n_facts = w->facts.n;
	return CONSIGN_OK;
}

static enum consign_err
take_error(struct arena *arena, const struct local_error *w, struct consign_reply *r)
{
	r->kind = CONSIGN_REPLY_ERROR;
	r->code = (enum consign_code)w->code;
	r->may_retry = w->retry_class == 1;
	r->detail = text_of(arena, w->detail);
	r->hint = text_of(arena, w->hint);
	return r->detail == NULL || r->hint == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

/* The wire says: exactly one is set. */
static enum consign_err
take_reply(struct arena *arena, const struct local_reply *w, struct consign_reply *r)
{
	r->number = w->number;
	r->detail = r->hint = "";
	if (w->send != NULL)
		return take_outcomes(arena, w->send, r);
	if (w->inbox != NULL) {
		r->kind = CONSIGN_REPLY_INBOX;
		r->has_more = w->inbox->more == 1;
		return take_messages(arena, w->inbox->messages.v, w->inbox->messages.n, r);
	}
	if (w->show != NULL) {
		r->kind = CONSIGN_REPLY_SHOW;
		return take_messages(arena, &w->show->message, 1, r);
	}
	if (w->watch != NULL) {
		r->kind = CONSIGN_REPLY_WATCH;
		return take_messages(arena, &w->watch->message, 1, r);
	}
	if (w->ack != NULL) {
		r->kind = CONSIGN_REPLY_ACK;
		r->acked = w->ack->acked;
		return CONSIGN_OK;
	}
	if (w->track != NULL)
		return take_track(arena, w->track, r);
	if (w->status != NULL)
		return take_facts(arena, w->status, r);
	return w->error != NULL ? take_error(arena, w->error, r) : CONSIGN_E_MALFORMED;
}

enum consign_err
consign_client_wait(struct consign_client *c, uint64_t number, uint32_t timeout_ms, const struct consign_reply **ret_reply)
{
	struct owned_reply *own = calloc(1, sizeof *own);

	if (own == NULL)
		return CONSIGN_E_NO_MEMORY;
	enum consign_err err = client_take(c, number, timeout_ms, &own->source);

	if (err == CONSIGN_OK)
		err = take_reply(own->source->arena, own->source->wire, &own->reply);
	if (err != CONSIGN_OK) {
		client_reply_free(&own->source);
		free(own);
		return err;
	}
	*ret_reply = &own->reply;
	return CONSIGN_OK;
}

void
consign_reply_free(const struct consign_reply **reply)
{
	struct owned_reply *own = (struct owned_reply *)(uintptr_t)*reply;

	if (own == NULL)
		return;
	client_reply_free(&own->source);
	free(own);
	*reply = NULL;
}
