/*
 * The consignments committed last (recent.h): a ring of them, each with one piece of memory for its texts and contents.
 *
 * seq counts rows without a gap, so the entry of a row is found by subtraction. What breaks the row of seqs (mail that was judged
 * while nobody watched, or for which there was no memory) ends the run: then the next put begins a new one.
 */
#include "recent.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

struct recent_item {
	uint32_t index; /* in its message id */
	uint32_t size;
	size_t at; /* in bytes: media type, name, content */
	uint16_t media_type_len;
	uint16_t name_len;
	bool is_accepted;
	struct consign_type type;
};

struct recent_mail {
	struct recent_row row;
	struct consign_id id;
	struct consign_org consignor;
	struct consign_study study;
	uint32_t label;
	uint64_t sent_us;
	struct consign_org *consignees;
	size_t n_consignees;
	uint8_t *bytes; /* plaintext */
	size_t room;
	size_t used;
	size_t n;
	struct recent_item items[];
};

struct recent {
	struct recent_mail *ring[RECENT_MAX];
	size_t head; /* of the oldest */
	size_t n;
	size_t bytes; /* what they take */
	size_t watches;
};

/* ── one consignment ── */

static size_t
cost_of(const struct recent_mail *m)
{
	return sizeof *m + m->n * sizeof *m->items + m->n_consignees * sizeof *m->consignees + m->room;
}

void
recent_mail_free(struct recent_mail **mail)
{
	struct recent_mail *m = *mail;

	if (m == NULL)
		return;
	if (m->bytes != NULL)
		explicit_bzero(m->bytes, m->used);
	free(m->bytes);
	free(m->consignees);
	free(m);
	*mail = NULL;
}

enum consign_err
recent_mail_new(const struct manifest *m, size_t room, struct recent_mail **ret_mail)
{
	struct recent_mail *mail = calloc(1, sizeof *mail + m->items.n * sizeof *mail->items);

	if (mail == NULL)
		return CONSIGN_E_NO_MEMORY;
	mail->consignees = calloc(m->consignees.n + 1, sizeof *mail->consignees);
	mail->bytes = malloc(room + 1);
	if (mail->consignees == NULL || mail->bytes == NULL) {
		recent_mail_free(&mail);
		return CONSIGN_E_NO_MEMORY;
	}
	mail->id = m->consignment_id;
	mail->consignor = m->consignor;
	mail->study = m->study;
	mail->label = m->label;
	mail->sent_us = m->created_us;
	for (size_t i = 0; i < m->consignees.n; i++)
		mail->consignees[i] = m->consignees.v[i]->org;
	mail->n_consignees = m->consignees.n;
	for (size_t i = 0; i < m->items.n; i++) {
		mail->items[i].index = m->items.v[i]->index;
		mail->items[i].type = m->items.v[i]->type;
	}
	mail->n = m->items.n;
	mail->room = room;
	*ret_mail = mail;
	return CONSIGN_OK;
}

static void
add_bytes(struct recent_mail *m, struct consign_slice s)
{
	if (s.len > 0)
		memcpy(m->bytes + m->used, s.data, s.len);
	m->used += s.len;
}

enum consign_err
recent_mail_add(struct recent_mail *m, size_t idx, const struct payload *p)
{
	struct consign_slice media_type = slice_text(p->media_type);
	struct recent_item *item = &m->items[idx];

	/* Each is bounded by what a payload may be: the sum does not wrap. */
	if (media_type.len + p->name.len + p->content.len > m->room - m->used)
		return CONSIGN_E_NO_MEMORY;
	item->at = m->used;
	item->media_type_len = (uint16_t)media_type.len;
	item->name_len = (uint16_t)p->name.len;
	item->size = (uint32_t)p->content.len;
	item->is_accepted = true;
	add_bytes(m, media_type);
	add_bytes(m, p->name);
	add_bytes(m, p->content);
	return CONSIGN_OK;
}

/* ── the run ── */

enum consign_err
recent_new(struct recent **ret_recent)
{
	struct recent *r = calloc(1, sizeof *r);

	if (r == NULL)
		return CONSIGN_E_NO_MEMORY;
	*ret_recent = r;
	return CONSIGN_OK;
}

void
recent_free(struct recent **recent)
{
	recent_clear(*recent);
	free(*recent);
	*recent = NULL;
}

static void
drop_oldest(struct recent *r)
{
	struct recent_mail **oldest = &r->ring[r->head];

	r->bytes -= cost_of(*oldest);
	recent_mail_free(oldest);
	r->head = (r->head + 1) % RECENT_MAX;
	r->n--;
}

void
recent_clear(struct recent *r)
{
	while (r != NULL && r->n > 0)
		drop_oldest(r);
}

void
recent_watch(struct recent *r)
{
	r->watches++;
}

void
recent_unwatch(struct recent *r)
{
	if (--r->watches == 0)
		recent_clear(r);
}

bool
recent_is_wanted(const struct recent *r)
{
	return r != NULL && r->watches > 0;
}

static uint64_t
first_seq(const struct recent *r)
{
	return r->ring[r->head]->row.seq;
}

void
recent_put(struct recent *r, struct recent_mail **mail, const struct recent_row *row)
{
	struct recent_mail *m = *mail;
	bool is_kept = m != NULL && recent_is_wanted(r) && cost_of(m) <= RECENT_MAX_BYTES;

	if (!is_kept || (r->n > 0 && row->seq != first_seq(r) + r->n))
		recent_clear(r); /* it would not be a run, or not end with the newest */
	if (!is_kept) {
		recent_mail_free(mail);
		return;
	}
	while (r->n == RECENT_MAX || r->bytes > RECENT_MAX_BYTES - cost_of(m))
		drop_oldest(r);
	m->row = *row;
	r->ring[(r->head + r->n++) % RECENT_MAX] = m;
	r->bytes += cost_of(m);
	*mail = NULL;
}

/* Of a row, or NULL. */
static const struct recent_mail *
mail_at(const struct recent *r, uint64_t seq)
{
	if (r->n == 0 || seq < first_seq(r) || seq - first_seq(r) >= r->n)
		return NULL;
	return r->ring[(r->head + (seq - first_seq(r))) % RECENT_MAX];
}

/* ── a page ── */

static enum consign_err
put_message(const struct recent_mail *m, size_t idx, struct arena *arena, struct inbox_page *page)
{
	const struct recent_item *item = &m->items[idx];
	const uint8_t *bytes = m->bytes + item->at;
	struct local_message *message = arena_alloc(arena, sizeof *message);
	struct consign_message_id id = {m->id, item->index};

	if (message == NULL)
		return CONSIGN_E_NO_MEMORY;
	message_id_format(&id, message->id);
	message->consignor = m->consignor;
	message->study = m->study;
	message->type = item->type;
	message->label = m->label;
	message->sent_us = m->sent_us;
	message->received_us = m->row.received_us;
	message->accepted_us = m->row.accepted_us;
	message->position = m->row.position;
	message->size = item->size;
	message->consignees.v = m->consignees;
	message->consignees.n = m->n_consignees;
	memcpy(message->media_type, bytes, item->media_type_len); /* the arena is zeroed */
	message->name = slice_of(bytes + item->media_type_len, item->name_len);
	message->content = slice_of(message->name.data + item->name_len, item->size);
	page->messages[page->n] = message;
	page->places[page->n++] = (struct inbox_cursor){m->row.seq, (uint32_t)idx};
	return CONSIGN_OK;
}

/* Items of one consignment behind the page's cursor. ret_full: the next one is for another page. */
static enum consign_err
put_mail(const struct recent_mail *m, const struct inbox_query *q, struct arena *arena, struct inbox_page *page, size_t *bytes,
    bool *ret_full)
{
	size_t idx = m->row.seq == page->cursor.seq ? (size_t)page->cursor.idx + 1 : 0;

	for (; idx < m->n; idx++) {
		const struct recent_item *item = &m->items[idx];

		if (page->n == q->max) {
			*ret_full = true;
			return CONSIGN_OK;
		}
		if (item->is_accepted && inbox_filter_takes(q->type, q->study, item->type.s, m->study.s)) {
			/* The first is given whatever its size, as from the store. */
			if (page->n > 0 && item->size > q->max_bytes - *bytes) {
				*ret_full = true;
				return CONSIGN_OK;
			}
			enum consign_err err = put_message(m, idx, arena, page);

			if (err != CONSIGN_OK)
				return err;
			*bytes = item->size > q->max_bytes - *bytes ? q->max_bytes : *bytes + item->size;
		}
		page->cursor = (struct inbox_cursor){m->row.seq, (uint32_t)idx};
	}
	return CONSIGN_OK;
}

enum consign_err
recent_page(const struct recent *r, const struct inbox_query *q, struct arena *arena, struct inbox_page *ret_page)
{
	struct inbox_page page = {.cursor = q->after};
	const struct recent_mail *m;
	size_t bytes = 0;
	enum consign_err err = CONSIGN_OK;

	/* Right before the run is not enough: whether the row there was read to its end is not known here. */
	if (r == NULL || r->n == 0 || !q->with_content || q->after.seq < first_seq(r) ||
	    !inbox_is_behind(&q->after, q->acked_to->seq, q->acked_to->idx))
		return CONSIGN_E_NOT_FOUND;
	page.messages = arena_alloc(arena, q->max * sizeof *page.messages);
	page.places = arena_alloc(arena, q->max * sizeof *page.places);
	if (page.messages == NULL || page.places == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (uint64_t seq = q->after.seq; err == CONSIGN_OK && !page.has_more && (m = mail_at(r, seq)) != NULL; seq++)
		err = put_mail(m, q, arena, &page, &bytes, &page.has_more);
	if (err == CONSIGN_OK)
		*ret_page = page;
	return err;
}

bool
recent_has(const struct recent *r, const struct inbox_cursor *place, const struct consign_message_id *id)
{
	const struct recent_mail *m = r == NULL ? NULL : mail_at(r, place->seq);

	return m != NULL && place->idx < m->n && m->items[place->idx].is_accepted && m->items[place->idx].index == id->index &&
	       memcmp(m->id.b, id->consignment.b, sizeof m->id.b) == 0;
}
