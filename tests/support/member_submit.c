/* A member's consignments and what is answered to them. See member.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/payload.h"
#include "core/limits.h"
#include "core/text.h"
#include "ledger/statement.h"
#include "member_private.h"

#define ARENA_BYTES (4u * 1024u * 1024u)

/* ── consignments ── */

void
draft_clear(struct draft *d)
{
	arena_free(&d->arena);
	buf_clear(&d->body);
	buf_clear(&d->frame);
	*d = (struct draft){0};
}

enum consign_err
member_draft(struct live_member *m, const struct sealing_order *order, struct draft *ret_draft)
{
	struct draft d = {0};
	struct sealed sealed = {0};
	enum consign_err err = arena_new(ARENA_BYTES, &d.arena);

	if (err == CONSIGN_OK)
		err = sealing_make(m->agent.sealing, order, d.arena, &sealed);
	if (err != CONSIGN_OK) {
		draft_clear(&d);
		return member_fail(m, err, "sealing");
	}
	d.manifest = sealed.manifest;
	d.body = sealed.body;
	d.frame = sealed.frame;
	*ret_draft = d;
	return CONSIGN_OK;
}

enum consign_err
member_payload(struct consign_slice content, struct buf *out)
{
	struct payload payload = {.media_type = "text/plain", .content = content};

	return payload_encode(&payload, out);
}

static size_t
split(const char *list, struct consign_org orgs[CONSIGN_CONSIGNEES_MAX])
{
	size_t n = 0;

	while (n < CONSIGN_CONSIGNEES_MAX && *list != '\0') {
		size_t len = strcspn(list, ",");

		snprintf(orgs[n++].s, sizeof orgs->s, "%.*s", (int)len, list);
		list += len + (list[len] == ',');
	}
	return n;
}

enum consign_err
member_draft_note_under(struct live_member *m, const struct consign_id *id, const char *to, const char *study, const char *text,
    struct draft *ret_draft)
{
	struct consign_org orgs[CONSIGN_CONSIGNEES_MAX];
	uint64_t now = clock_wall_us(m->agent.clock);
	struct buf plain = {0};
	struct sealing_item item = {.type = {"x.note"}};
	struct sealing_order o = {.id = *id,
	    .label = CONSIGN_LABEL_OPEN,
	    .attempt = 1,
	    .created_us = now,
	    .expires_us = now + CONSIGN_EXPIRES_DEFAULT_US,
	    .consignees = orgs,
	    .n_consignees = split(to, orgs),
	    .items = &item,
	    .n_items = 1};
	enum consign_err err = member_payload(slice_text(text), &plain);

	snprintf(o.study.s, sizeof o.study.s, "%s", study);
	item.plain = buf_slice(&plain);
	if (err == CONSIGN_OK)
		err = member_draft(m, &o, ret_draft);
	buf_clear(&plain);
	return err;
}

enum consign_err
member_draft_note(struct live_member *m, const char *to, const char *study, const char *text, struct draft *ret_draft)
{
	uint8_t random[10];
	struct consign_id id;

	random_bytes(random, sizeof random);
	id_make(clock_wall_us(m->agent.clock), random, &id);
	return member_draft_note_under(m, &id, to, study, text, ret_draft);
}

void
draft_digest(struct draft *d)
{
	d->manifest->body_bytes = d->body.len;
	hash_sha256(buf_slice(&d->body), &d->manifest->body_digest);
}

enum consign_err
member_sign_by(struct live_member *m, const struct secret *key, enum sign_kind kind, struct draft *d)
{
	struct buf bytes = {0};
	struct signed_manifest sm;
	enum consign_err err = manifest_encode(d->manifest, &bytes);

	buf_reset(&d->frame);
	if (err == CONSIGN_OK) {
		sm.manifest = buf_slice(&bytes);
		sign_make(key, kind, &m->agent.hub_id, sm.manifest, &sm.signature);
		err = signed_manifest_encode(&sm, &d->frame);
	}
	buf_clear(&bytes);
	return err == CONSIGN_OK ? err : member_fail(m, err, "a manifest of ours");
}

enum consign_err
member_sign(struct live_member *m, struct draft *d)
{
	struct consign_key_id id;
	const struct secret *key = agent_signing_key(&m->agent, &id);

	return key == NULL ? member_fail(m, CONSIGN_E_NOT_FOUND, "a signing key") : member_sign_by(m, key, SIGN_MANIFEST, d);
}

enum consign_err
member_submit(struct live_member *m, const struct draft *d, uint64_t sequence)
{
	struct session_submit submit = {sequence};
	struct buf bytes = {0};
	enum consign_err err = session_command_encode(&(struct session_command){.submit = &submit}, &bytes);
	struct consign_slice frames[3] = {buf_slice(&bytes), buf_slice(&d->frame), buf_slice(&d->body)};

	if (err == CONSIGN_OK)
		err = member_send(m, frames, 3);
	buf_clear(&bytes);
	return err;
}

enum consign_err
member_release(struct live_member *m, const struct consign_id *id)
{
	struct session_release release = {*id};

	return member_say(m, &(struct session_command){.release = &release});
}

/* ── answers ── */

static void
keep_answer(struct live_member *m, struct answer *a)
{
	*m->answers_end = a;
	m->answers_end = &a->next;
}

static void
read_refusal(const struct refused_record *refused, struct answer *a)
{
	const struct verdict *v = refused->verdicts.n > 0 ? refused->verdicts.v[0] : NULL;

	a->kind = ANSWER_REFUSED;
	a->id = refused->consignment_id;
	a->consignor = refused->consignor;
	a->digest = refused->manifest_digest;
	a->n_verdicts = refused->verdicts.n;
	if (v == NULL)
		return;
	a->code = (enum consign_code)v->code;
	memcpy(a->org, v->org, sizeof a->org);
	memcpy(a->rule, v->rule, sizeof a->rule);
	snprintf(a->detail, sizeof a->detail, "%.*s", (int)v->detail.len, v->detail.len > 0 ? (const char *)v->detail.data : "");
}

static enum consign_err
take_answer(struct live_member *m, const struct session_answer *in)
{
	const struct statement *s = in->statement;
	struct agent *agent = &m->agent;
	struct arena *arena = NULL;
	struct ledger_record *record;
	struct consign_hash entry;
	struct answer *a = calloc(1, sizeof *a);
	enum consign_err err = a == NULL ? CONSIGN_E_NO_MEMORY : arena_new(ARENA_BYTES, &arena);

	if (err != CONSIGN_OK) {
		free(a);
		return err;
	}
	a->sequence = in->sequence;
	a->proof = s->has_place ? statement_verify(s, hub_checkpoint(agent->hub), arena, &record, &entry)
				: statement_verify_unplaced(s, hub_receipt_key(agent->hub), &agent->hub_id, arena, &record);
	a->has_place = s->has_place != 0;
	a->leaf = s->leaf->index;
	if (a->proof == CONSIGN_OK && record->accepted != NULL) {
		a->kind = ANSWER_ACCEPTED;
		a->id = record->accepted->consignment_id;
		a->consignor = record->accepted->consignor;
		a->digest = record->accepted->manifest_digest;
		a->position = s->openings.n > 0 ? s->openings.v[0]->position : 0;
	} else if (a->proof == CONSIGN_OK && record->refused != NULL) {
		read_refusal(record->refused, a);
	} else if (a->proof == CONSIGN_OK) {
		a->proof = CONSIGN_E_MALFORMED;
	}
	arena_free(&arena);
	keep_answer(m, a);
	return CONSIGN_OK;
}

enum consign_err
member_take_answers(struct live_member *m, const struct session_answers *answers)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < answers->answers.n; i++)
		err = take_answer(m, answers->answers.v[i]);
	return err;
}

enum consign_err
member_take_try_later(struct live_member *m, const struct session_try_later *later)
{
	struct answer *a = calloc(1, sizeof *a);

	if (a == NULL)
		return CONSIGN_E_NO_MEMORY;
	a->sequence = later->sequence;
	a->kind = ANSWER_TRY_LATER;
	a->code = (enum consign_code)later->code;
	a->retry_ms = later->retry_ms;
	memcpy(a->org, later->org, sizeof a->org);
	snprintf(a->detail, sizeof a->detail, "%.*s", (int)later->detail.len,
	    later->detail.len > 0 ? (const char *)later->detail.data : "");
	keep_answer(m, a);
	return CONSIGN_OK;
}

struct wanted_answer {
	uint64_t sequence;
	struct answer **at;
};

static bool
is_answered(struct live_member *m, void *context)
{
	struct wanted_answer *w = context;

	for (w->at = &m->answers; *w->at != NULL; w->at = &(*w->at)->next)
		if (w->sequence == 0 || (*w->at)->sequence == w->sequence)
			return true;
	return false;
}

enum consign_err
member_answer(struct live_member *m, uint64_t sequence, struct answer *ret_answer)
{
	struct wanted_answer w = {.sequence = sequence};
	enum consign_err err = member_wait(m, is_answered, &w);

	if (err != CONSIGN_OK)
		return err;
	struct answer *a = *w.at;

	*w.at = a->next;
	if (m->answers_end == &a->next)
		m->answers_end = w.at;
	*ret_answer = *a;
	ret_answer->next = NULL;
	free(a);
	return CONSIGN_OK;
}

enum consign_err
member_ask(struct live_member *m, const struct draft *d, uint64_t sequence, struct answer *ret_answer)
{
	enum consign_err err = member_submit(m, d, sequence);

	return err == CONSIGN_OK ? member_answer(m, sequence, ret_answer) : err;
}
