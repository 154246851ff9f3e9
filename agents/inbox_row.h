/*
 * One row of the inbox, a consignment, as listing (inbox.c) and finding (inbox_find.c) look at it.
 *
 *   struct inbox_row r = {.in = in};
 *   err = arena_new(inbox_row_budget(), &r.scratch);
 *   err = db_statement(db, "SELECT " INBOX_ROW_COLUMNS " FROM inbox …", &r.statement);
 *   while (… db_step …)
 *           err = inbox_row_take(&r), inbox_row_manifest(&r), inbox_row_message(&r, idx, …);
 *   inbox_row_clear(&r);
 *
 * Threads   the loop
 */
#ifndef AGENTS_INBOX_ROW_H
#define AGENTS_INBOX_ROW_H

#include "inbox_private.h"

#define INBOX_ROW_COLUMNS "seq, consignor, position, received_us, accepted_us, kept(manifest, manifest_at, manifest_bytes), outcomes, key, body, body_at, body_bytes"

/* The row under the reader's eyes. Everything lives until the next step of the statement. */
struct inbox_row {
	struct inbox *in;
	struct db_statement *statement;
	struct arena *scratch;
	uint64_t seq;
	struct consign_org consignor;
	struct consign_slice outcomes;
	size_t n_items;
	struct manifest *manifest;      /* NULL until needed */
	struct consign_org *consignees; /* in the caller's arena; NULL until needed */
	struct secret *key;
	struct seal_body *body;
	bool is_open; /* key and body are this row's */
};

/* Bytes of scratch that any row needs at most. */
size_t inbox_row_budget(void);
/* Not the statement. */
void inbox_row_clear(struct inbox_row *r);
/* Takes over the row that the statement stands on. Errors: CORRUPT */
CONSIGN_MUST_CHECK enum consign_err inbox_row_take(struct inbox_row *r);
/* Decodes it, once. Errors: NO_MEMORY, CORRUPT */
CONSIGN_MUST_CHECK enum consign_err inbox_row_manifest(struct inbox_row *r);
/* Bytes of an item's content, by its place in the manifest. */
uint32_t inbox_row_content_bytes(const struct inbox_row *r, size_t idx);
/* An item as tools are told of it, in the caller's arena; after inbox_row_manifest. with_content unseals. Errors: NO_MEMORY, CORRUPT, those of the store */
CONSIGN_MUST_CHECK enum consign_err
inbox_row_message(struct inbox_row *r, size_t idx, bool with_content, struct arena *arena, struct local_message **ret_message);

#endif
