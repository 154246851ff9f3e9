/* One list of consignments by age, and a ring of places for each mailbox that point into it. */
#include "recent.h"

#include <stdlib.h>
#include <string.h>

/* A small frame that was received lies in the 8 KB that libzmq read at once, and keeps all of them from being freed. */
#define COPY_BELOW_BYTES 8192u

static void
release(struct recent_mail *m)
{
	if (--m->refs > 0)
		return;
	frame_clear(&m->manifest);
	frame_clear(&m->body);
	buf_clear(&m->record);
	free(m);
}

/* Takes the oldest out of the list. */
static void
drop_first(struct recent *r)
{
	struct recent_mail *m = r->first;

	r->first = m->next;
	if (r->first == NULL)
		r->last = &r->first;
	r->bytes -= m->mail.bytes;
	m->is_gone = true;
	frame_clear(&m->manifest);
	frame_clear(&m->body);
	release(m);
}

/* See COPY_BELOW_BYTES. */
static enum consign_err
keep_frame(struct frame *to, struct frame *from)
{
	struct consign_slice bytes = frame_slice(from);

	if (bytes.len < COPY_BELOW_BYTES)
		return frame_copy(to, bytes);
	frame_share(to, from);
	return CONSIGN_OK;
}

struct recent_mail *
recent_keep(struct recent *r, const struct store_entry *entry, struct frame *manifest, struct frame *body)
{
	const struct store_leaf *leaf = &entry->leaves[0];
	const struct manifest *m = entry->manifest;
	struct recent_mail *kept = calloc(1, sizeof *kept);

	if (kept == NULL)
		return NULL;
	frame_init(&kept->manifest);
	frame_init(&kept->body);
	kept->refs = 1;
	if (buf_append(&kept->record, leaf->record) != CONSIGN_OK) {
		release(kept);
		return NULL;
	}
	if (keep_frame(&kept->manifest, manifest) != CONSIGN_OK || keep_frame(&kept->body, body) != CONSIGN_OK) {
		release(kept);
		return NULL;
	}
	kept->mail = (struct store_mail){.leaf = leaf->index, .record = {leaf->index, leaf->salt, buf_slice(&kept->record)},
	    .manifest = frame_slice(&kept->manifest), .body = frame_slice(&kept->body), .consignor = m->consignor,
	    .consignment_id = m->consignment_id, .digest = entry->manifest_digest,
	    .seen_size = m->seen->checkpoint != NULL ? m->seen->checkpoint->size : 0};
	kept->mail.bytes = kept->mail.manifest.len + kept->mail.body.len;
	if (r->first == NULL)
		r->last = &r->first;
	*r->last = kept;
	r->last = &kept->next;
	r->bytes += kept->mail.bytes;
	while (r->bytes > RECENT_MAX_BYTES && r->first != kept)
		drop_first(r);
	return kept;
}

static void
empty(struct recent_place *place)
{
	if (place->mail != NULL)
		release(place->mail);
	place->mail = NULL;
}

void
recent_put(struct recent_place *places, const struct store_mailbox *row, struct recent_mail *mail)
{
	struct recent_place *place = &places[row->position % RECENT_PLACES];

	empty(place);
	*place = (struct recent_place){row->position, row->previous, row->salt, mail};
	mail->refs++;
}

struct recent_mail *
recent_find(const struct recent_place *places, uint64_t position, struct store_mail *ret_mail)
{
	const struct recent_place *place = places == NULL ? NULL : &places[position % RECENT_PLACES];

	if (place == NULL || place->mail == NULL || place->position != position || place->mail->is_gone)
		return NULL;
	*ret_mail = place->mail->mail;
	ret_mail->position = position;
	ret_mail->previous = place->previous;
	ret_mail->salt = place->salt;
	return place->mail;
}

void
recent_forget(struct recent_place *places, uint64_t position)
{
	if (places != NULL && places[position % RECENT_PLACES].position == position)
		empty(&places[position % RECENT_PLACES]);
}

void
recent_free_places(struct recent_place **places)
{
	for (size_t i = 0; *places != NULL && i < RECENT_PLACES; i++)
		empty(&(*places)[i]);
	free(*places);
	*places = NULL;
}

void
recent_clear(struct recent *r)
{
	while (r->first != NULL)
		drop_first(r);
}
