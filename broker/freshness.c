/* See freshness.h. */
#include "freshness.h"

#include <stdlib.h>

#include "core/file.h"
#include "core/limits.h"
#include "core/log.h"
#include "trust/freshness.h"
#include "watching.h"

#define STATEMENT_ARENA_BYTES (4 * CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_FRESHNESS_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE)

void
freshness_load(struct broker *b)
{
	char *path = path_join(b->home, "freshness.statement");
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_read(path, CONSIGN_FRESHNESS_MAX_BYTES, &b->freshness);

	if (err != CONSIGN_OK)
		buf_reset(&b->freshness);
	free(path);
}

static void
keep(struct broker *b)
{
	char *path = path_join(b->home, "freshness.statement");
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_write(path, buf_slice(&b->freshness), 0600);

	if (err != CONSIGN_OK)
		log_event(LOG_WARN, "freshness.not_kept", "reason", "s", consign_err_text(err), NULL);
	free(path);
}

void
freshness_say(struct broker *b, struct session *s)
{
	struct arena *arena = NULL;
	struct session_freshness f;

	if (b->freshness.len == 0)
		return;
	if (arena_new(STATEMENT_ARENA_BYTES, &arena) == CONSIGN_OK
	    && signed_document_decode(buf_slice(&b->freshness), arena, &f.statement) == CONSIGN_OK)
		say(b, s, &(struct session_command){.freshness = &f});
	arena_free(&arena);
}

/* When the statement that is kept was made; 0 when it holds no more, or is by a key that is named no longer. */
static uint64_t
kept_since(struct broker *b, struct arena *arena)
{
	struct signed_document *d;
	struct freshness *f;
	struct consign_public_key key;

	if (b->freshness.len == 0 || signed_document_decode(buf_slice(&b->freshness), arena, &d) != CONSIGN_OK
	    || freshness_verify(b->hub, d, clock_wall_us(b->clock), arena, &f, &key) != CONSIGN_OK)
		return 0;
	return f->created_us;
}

/* By the agent of whom the key is, which has not left the hub: another must not pass on an old one in its place. */
static bool
is_its_own(struct broker *b, const struct session *s, const struct consign_public_key *key)
{
	const struct hub_card *card = hub_card(b->hub, s->name);
	const struct member *member = hub_member(hub_directory(b->hub), s->name);

	return card != NULL && member != NULL && member->status == MEMBER_ACTIVE && memcmp(card->card->witness_key.b, key->b, sizeof key->b) == 0;
}

static void
take(struct broker *b, const struct session *from, const struct signed_document *statement, const struct freshness *f)
{
	buf_reset(&b->freshness);
	if (signed_document_encode(statement, &b->freshness) != CONSIGN_OK) {
		buf_reset(&b->freshness);
		return;
	}
	keep(b);
	log_event(LOG_INFO, "freshness.stated", "by", "s", from->name, "root", "u", f->root->version, NULL);
	for (struct session *s = sessions_first(b->sessions); s != NULL; s = s->next)
		if (s != from && (s->state == SESSION_AGENT || s->state == SESSION_ADMIN))
			freshness_say(b, s);
}

void
on_freshness(struct broker *b, struct request *r)
{
	const struct signed_document *statement = r->command->freshness->statement;
	struct arena *arena = NULL;
	struct freshness *f;
	struct consign_public_key key;
	enum consign_err err = arena_new(STATEMENT_ARENA_BYTES, &arena);

	if (err == CONSIGN_OK)
		err = freshness_verify(b->hub, statement, clock_wall_us(b->clock), arena, &f, &key);
	if (err == CONSIGN_OK && !is_its_own(b, r->session, &key))
		err = CONSIGN_E_DENIED;
	/* The root may have changed while it was on its way: its author makes another. */
	if (err != CONSIGN_OK)
		log_event(LOG_WARN, "freshness.refused", "by", "s", r->session->name, "reason", "s", consign_err_text(err), NULL);
	else if (f->created_us > kept_since(b, arena))
		take(b, r->session, statement, f);
	arena_free(&arena);
}
