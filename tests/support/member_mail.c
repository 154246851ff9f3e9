/* A member's mail, receipts and settlements. See member.h. */
#include "member_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "ledger/statement.h"

#define ARENA_BYTES (4u * 1024u * 1024u)

/* ── mail ── */

void
mail_clear(struct mail *mail)
{
	heard_free(&mail->heard);
	arena_free(&mail->arena);
	*mail = (struct mail){0};
}

enum consign_err
member_mail(struct live_member *m, struct mail *ret_mail)
{
	struct mail mail = {0};
	enum consign_err err = member_hear(m, HEAR_DELIVER, &mail.heard);

	if (err != CONSIGN_OK)
		return err;
	mail.deliver = mail.heard->command->deliver;
	if (mail.heard->n == 3) {
		mail.manifest = frame_slice(&mail.heard->frames[1]);
		mail.body = frame_slice(&mail.heard->frames[2]);
		err = arena_new(ARENA_BYTES, &mail.arena);
	} else {
		err = CONSIGN_E_MALFORMED;
	}
	if (err == CONSIGN_OK)
		err = verify_delivery(
		    &m->agent, mail.deliver, mail.manifest, mail.body, &mail.heard->checkpoint, mail.arena, &mail.v);
	if (err != CONSIGN_OK) {
		mail_clear(&mail);
		return member_fail(m, err, "a delivery");
	}
	*ret_mail = mail;
	return CONSIGN_OK;
}

enum consign_err
member_unseal(struct live_member *m, const struct mail *mail, size_t place, struct buf *plain)
{
	const struct manifest *manifest = mail->v.manifest;
	const struct manifest_consignee *me = manifest->consignees.v[mail->v.my_place];
	const struct secret *seal = agent_seal_key(&m->agent, &me->seal_key_id);
	struct seal_context context = {
	    manifest->hub_id, mail->v.consignor_identity, manifest->consignment_id, manifest->attempt, manifest->random};
	struct consign_public_key seal_public;
	struct seal_body *parsed = calloc(1, sizeof *parsed);
	struct secret *key = NULL;
	enum consign_err err = parsed == NULL ? CONSIGN_E_NO_MEMORY : seal == NULL ? CONSIGN_E_NOT_FOUND : secret_new(&key);

	if (err == CONSIGN_OK)
		err = seal_body_parse(mail->body, manifest->consignees.n, manifest->items.n, parsed);
	if (err == CONSIGN_OK) {
		box_public(seal, &seal_public);
		err = seal_receive(m->agent.receiver, manifest->consignor.s, &me->seal_key_id, seal, &seal_public,
		    parsed->wraps[mail->v.my_place], &context, key);
	}
	if (err == CONSIGN_OK)
		err = unseal_item(key, &context, manifest->items.v[place]->index, (enum consign_label)manifest->label,
		    parsed->items[place], &manifest->items.v[place]->commitment, plain);
	secret_free(&key);
	free(parsed);
	return err == CONSIGN_OK ? err : member_fail(m, err, "unsealing");
}

void
receipt_clear(struct receipt *r)
{
	arena_free(&r->arena);
	*r = (struct receipt){0};
}

static enum consign_err
accept_all(const struct mail *mail, struct receipt *r)
{
	size_t n = mail->v.manifest != NULL ? mail->v.manifest->items.n : 1;
	struct item_verdict *verdicts = arena_alloc(r->arena, n * sizeof *verdicts);

	r->content->verdicts.v = arena_alloc(r->arena, n * sizeof *r->content->verdicts.v);
	if (verdicts == NULL || r->content->verdicts.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		verdicts[i] = mail->v.manifest != NULL
				  ? (struct item_verdict){.index = mail->v.manifest->items.v[i]->index, .outcome = ITEM_ACCEPTED}
				  : (struct item_verdict){.outcome = ITEM_REJECTED, .code = CONSIGN_CODE_EXPIRED};
		r->content->verdicts.v[r->content->verdicts.n++] = &verdicts[i];
	}
	return CONSIGN_OK;
}

enum consign_err
member_receipt(struct live_member *m, const struct mail *mail, struct receipt *ret_receipt)
{
	struct agent *a = &m->agent;
	const struct accepted_record *accepted = mail->v.accepted;
	struct receipt r = {0};
	enum consign_err err = arena_new(ARENA_BYTES, &r.arena);

	if (err == CONSIGN_OK && (accepted == NULL || mail->v.opening == NULL))
		err = CONSIGN_E_BAD_PROOF; /* mail that proves nothing has nothing to acknowledge */
	if (err == CONSIGN_OK && (r.content = arena_alloc(r.arena, sizeof *r.content)) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err == CONSIGN_OK) {
		*r.content = (struct delivery_receipt_content){.format = 1,
		    .hub_id = a->hub_id,
		    .consignee = a->org,
		    .consignor = accepted->consignor,
		    .consignment_id = accepted->consignment_id,
		    .attempt = accepted->attempt,
		    .manifest_digest = accepted->manifest_digest,
		    .position = mail->deliver->position,
		    .at_us = clock_wall_us(a->clock)};
		mailbox_next(&mail->v.opening->previous, mail->deliver->position, &mail->v.entry, &r.content->mailbox_head);
		err = agent_seen(a, r.arena, &r.content->seen);
	}
	if (err == CONSIGN_OK)
		err = accept_all(mail, &r);
	if (err == CONSIGN_OK)
		err = member_sign_receipt(m, &r);
	if (err != CONSIGN_OK) {
		receipt_clear(&r);
		return member_fail(m, err, "a receipt");
	}
	*ret_receipt = r;
	return CONSIGN_OK;
}

enum consign_err
member_sign_receipt(struct live_member *m, struct receipt *r)
{
	struct buf content = {0};
	const struct secret *key = agent_signing_key(&m->agent, &r->receipt.signing_key_id);
	enum consign_err err = key == NULL ? CONSIGN_E_NOT_FOUND : delivery_receipt_content_encode(r->content, &content);

	if (err == CONSIGN_OK && (r->receipt.content = arena_copy(r->arena, buf_slice(&content))).data == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err == CONSIGN_OK)
		sign_make(key, SIGN_DELIVERY, &m->agent.hub_id, r->receipt.content, &r->receipt.signature);
	buf_clear(&content);
	return err;
}

enum consign_err
member_delivered(struct live_member *m, struct receipt *const *receipts, size_t n)
{
	struct session_delivered delivered = {0};
	enum consign_err err = CONSIGN_E_NO_MEMORY;

	delivered.receipts.v = calloc(n, sizeof *delivered.receipts.v);
	if (delivered.receipts.v == NULL)
		return err;
	for (size_t i = 0; i < n; i++)
		delivered.receipts.v[delivered.receipts.n++] = &receipts[i]->receipt;
	err = member_say(m, &(struct session_command){.delivered = &delivered});
	free(delivered.receipts.v);
	return err;
}

enum consign_err
member_acknowledge(struct live_member *m, const struct mail *mail)
{
	struct receipt r, *list = &r;
	enum consign_err err = member_receipt(m, mail, &r);

	if (err != CONSIGN_OK)
		return err;
	err = member_delivered(m, &list, 1);
	receipt_clear(&r);
	return err;
}

/* ── settlements ── */

static void
read_receipt(const struct delivery_receipt_content *c, struct settled *s)
{
	s->id = c->consignment_id;
	s->consignee = c->consignee;
	s->position = c->position;
	s->n_verdicts = c->verdicts.n;
	if (c->verdicts.n == 0)
		return;
	s->first = *c->verdicts.v[0];
	snprintf(s->reason, sizeof s->reason, "%.*s", (int)s->first.reason.len,
	    s->first.reason.len > 0 ? (const char *)s->first.reason.data : "");
	s->first.reason = (struct consign_slice){0};
}

static enum consign_err
take_settlement(struct live_member *m, const struct settlement *in)
{
	struct settled *s = calloc(1, sizeof *s);
	struct arena *arena = NULL;
	struct ledger_record *record;
	struct consign_hash entry;
	struct delivery_receipt_content *content;
	enum consign_err err = s == NULL ? CONSIGN_E_NO_MEMORY : arena_new(ARENA_BYTES, &arena);

	if (err != CONSIGN_OK) {
		free(s);
		return err;
	}
	s->proof = statement_verify(in->statement, hub_checkpoint(m->agent.hub), arena, &record, &entry);
	s->is_tombstone = in->receipt == NULL;
	if (s->proof == CONSIGN_OK && in->receipt != NULL) {
		s->proof = delivery_receipt_content_decode(in->receipt->content, arena, &content);
		if (s->proof == CONSIGN_OK)
			read_receipt(content, s);
	} else if (s->proof == CONSIGN_OK && record->retention != NULL) {
		s->id = record->retention->consignment_id;
		s->consignee = record->retention->consignee;
		s->position = record->retention->position;
	}
	arena_free(&arena);
	*m->settled_end = s;
	m->settled_end = &s->next;
	return CONSIGN_OK;
}

enum consign_err
member_take_settled(struct live_member *m, const struct session_settled *settled)
{
	struct session_confirm confirm = {settled->cursor};
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < settled->settlements.n; i++)
		err = take_settlement(m, settled->settlements.v[i]);
	if (err == CONSIGN_OK && m->confirms)
		err = member_say(m, &(struct session_command){.confirm = &confirm});
	return err;
}

struct wanted_settled {
	const struct consign_id *id;
	struct settled **at;
};

static bool
is_settled(struct live_member *m, void *context)
{
	struct wanted_settled *w = context;

	for (w->at = &m->settled; *w->at != NULL; w->at = &(*w->at)->next)
		if (w->id == NULL || memcmp(w->id->b, (*w->at)->id.b, sizeof w->id->b) == 0)
			return true;
	return false;
}

enum consign_err
member_settled(struct live_member *m, const struct consign_id *id, struct settled *ret_settled)
{
	struct wanted_settled w = {.id = id};
	enum consign_err err = member_wait(m, is_settled, &w);

	if (err != CONSIGN_OK)
		return err;
	struct settled *s = *w.at;

	*w.at = s->next;
	if (m->settled_end == &s->next)
		m->settled_end = w.at;
	*ret_settled = *s;
	ret_settled->next = NULL;
	free(s);
	return CONSIGN_OK;
}
