/*
 * Trust documents at the broker: it carries them, and obeys them. fetch and publish; who is admitted; who must leave.
 */
#include "broker.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "proposals.h"
#include "watching.h"

/* Decoding and proving a large hub's documents: bounded, and only for peers that are known. */
#define DOCUMENTS_ARENA_BYTES (64u * 1024u * 1024u)

bool
admit_key(void *context, const struct consign_public_key *key)
{
	struct broker *b = context;
	const struct hub_card *card = hub_card_by_transport(b->hub, key);

	if (card != NULL) {
		const struct member *member = hub_member(hub_directory(b->hub), card->card->org.s);

		/* Who has left may still fetch what was accepted before (design 6). */
		if (member != NULL && (member->status == MEMBER_ACTIVE || member->status == MEMBER_ENDED))
			return true;
	}
	if (hub_admin_by_transport(b->hub, key) != NULL)
		return true;
	for (const struct invited *i = b->invited; i != NULL; i = i->next)
		if (memcmp(i->notice.transport_key.b, key->b, sizeof key->b) == 0)
			return i->notice.expires_us > clock_wall_us(b->clock);
	metrics_add(b->metrics, METRIC_ADMISSIONS_REFUSED, 1);
	return false;
}

static enum consign_err
begin_documents(struct broker *b, const struct session *s, struct arena **ret_arena, struct hub_proofs *ret_proofs)
{
	struct checkpoint_update *update;
	enum consign_err err = arena_new(DOCUMENTS_ARENA_BYTES, ret_arena);

	if (err == CONSIGN_OK)
		err = ledger_update(b->ledger, s->seen_size, *ret_arena, &update);
	if (err == CONSIGN_OK)
		*ret_proofs = (struct hub_proofs){ledger_prove, b->ledger, update};
	return err;
}

static const char *
reader_of(const struct session *s)
{
	return s->state == SESSION_ADMIN ? NULL : s->name;
}

static void
send_documents(struct broker *b, struct session *s, struct session_documents *d)
{
	s->seen_size = ledger_checkpoint(b->ledger)->size;
	say(b, s, &(struct session_command){.documents = d});
}

void
say_documents(struct broker *b, struct session *s)
{
	struct arena *arena = NULL;
	struct hub_proofs proofs;
	struct session_documents *d;
	enum consign_err err = begin_documents(b, s, &arena, &proofs);

	/* A thousand that come back after a restart have it all: what they have is neither proven nor encoded again. */
	bool has_slice = s->documents_size > 0 && s->root_version == hub_root(b->hub)->root->version;

	if (err == CONSIGN_OK && has_slice)
		err = hub_slice_since(b->hub, reader_of(s), s->documents_size, &proofs, arena, &d);
	else if (err == CONSIGN_OK)
		err = hub_slice(b->hub, reader_of(s), s->root_version, 0, &proofs, arena, &d);
	if (err == CONSIGN_OK) {
		s->root_version = hub_root(b->hub)->root->version;
		s->documents_size = 0;
		send_documents(b, s, d);
	} else if (err == CONSIGN_E_NOT_FOUND) {
		/* Another publication is decided and not durable yet: its leaf cannot be proven now. documents_changed follows. */
		log_event(LOG_DEBUG, "documents.waiting", "name", "s", s->name, NULL);
	} else {
		log_event(LOG_ERROR, "documents.failed", "name", "s", s->name, "reason", "s", consign_err_text(err), NULL);
		say_bye(b, s, CONSIGN_CODE_TRY_LATER, "documents could not be prepared; connect again");
	}
	arena_free(&arena);
}

static const struct quota fetch_quota = {.messages = {CONSIGN_FETCHES_PER_SECOND, 1000000}};

void
on_fetch(struct broker *b, struct request *r)
{
	const struct session_fetch *f = r->command->fetch;
	struct session *s = r->session;
	struct arena *arena = NULL;
	struct hub_proofs proofs;
	struct session_documents *d = NULL;
	uint64_t retry_us;

	/* Each is some hundred proofs, or a window of mail again: an agent that misses something asks once. */
	if (!rate_take(&s->fetched, &fetch_quota, clock_steady_us(b->clock), 1, 0, &retry_us)) {
		say_bye(b, s, CONSIGN_CODE_QUOTA, "more fetches than 64 in a second");
		return;
	}
	if (f->redeliver_from > 0 && s->state == SESSION_AGENT) {
		if (f->redeliver_from < s->next_position)
			deliver_again(s, f->redeliver_from);
		s->more = true;
		deliver_pump(b, s);
	}
	enum consign_err err = begin_documents(b, s, &arena, &proofs);

	if (err == CONSIGN_OK && f->card_org[0] != '\0')
		err = hub_slice_card(b->hub, reader_of(s), f->card_org, f->card_version, &proofs, arena, &d);
	else if (err == CONSIGN_OK && f->root_version > 0)
		err = hub_slice(b->hub, reader_of(s), 0, f->root_version, &proofs, arena, &d);
	else if (err == CONSIGN_OK && f->redeliver_from == 0)
		err = hub_slice(b->hub, reader_of(s), f->root_after, 0, &proofs, arena, &d);
	if (err == CONSIGN_OK && d != NULL)
		send_documents(b, s, d);
	else if (err != CONSIGN_OK)
		log_event(LOG_INFO, "fetch.refused", "name", "s", s->name, "reason", "s", consign_err_text(err), NULL);
	arena_free(&arena);
}

/* NONE, or why the documents no longer admit this session. */
static enum consign_code
why_not_stay(struct broker *b, const struct session *s)
{
	if (s->state == SESSION_ADMIN)
		return hub_admin_by_transport(b->hub, &s->route.key) != NULL ? CONSIGN_CODE_NONE : CONSIGN_CODE_DENIED;
	if (s->state != SESSION_AGENT)
		return CONSIGN_CODE_NONE;
	const struct member *m = hub_member(hub_directory(b->hub), s->name);

	if (m != NULL && m->status == MEMBER_COMPROMISED)
		return CONSIGN_CODE_COMPROMISED;
	/* Who ends is cut off like who is suspended; the next session is admitted for what was accepted before. PROTOCOL.md 3.3. */
	if (m == NULL || (m->status != MEMBER_ACTIVE && !(m->status == MEMBER_ENDED && s->had_ended)))
		return CONSIGN_CODE_ORG_SUSPENDED;
	/* It has a card with another transport key now: its agent knows, and comes back with that one. */
	return hub_card_by_transport(b->hub, &s->route.key) != NULL ? CONSIGN_CODE_NONE : CONSIGN_CODE_STALE_DOCUMENT;
}

static bool
has_ended(const struct broker *b, const struct session *s)
{
	const struct member *m = hub_member(hub_directory(b->hub), s->name);

	return m != NULL && m->status == MEMBER_ENDED;
}

void
documents_changed(struct broker *b)
{
	for (struct session *s = sessions_first(b->sessions); s != NULL; s = s->next) {
		enum consign_code code = why_not_stay(b, s);

		if (code == CONSIGN_CODE_STALE_DOCUMENT) {
			say_documents(b, s); /* the card, so that it comes back knowing it */
			say_bye(b, s, code, "the organisation's newest card has another transport key");
		} else if (code == CONSIGN_CODE_ORG_SUSPENDED && has_ended(b, s)) {
			say_documents(b, s); /* so that its agent takes no more from its tools, also while it is away */
			say_bye(b, s, code, "the organisation has left the hub; connect again for what was accepted before");
		} else if (code != CONSIGN_CODE_NONE) {
			say_bye(b, s, code, "the directory no longer admits this connection");
		} else if (s->state == SESSION_AGENT || s->state == SESSION_ADMIN) {
			say_documents(b, s);
		}
	}
}

struct publication {
	struct store_entry entry; /* first */
	struct broker *broker;
	uint64_t session;
	uint64_t request;
	bool ends_decision; /* broker.deciding is to be taken back */
	enum consign_err assign_err;
};

/* One leaf for each document, in the order in which hub_stage_assign asks. */
static void
assign_leaf(void *context, enum sign_kind kind, const char *org, uint64_t version, const struct consign_hash *hash, struct leaf *ret_leaf)
{
	struct publication *p = context;
	struct document_ref ref = {version, *hash};
	struct document_record document = {.kind = kind, .document = &ref};
	struct ledger_record record = broker_record(p->broker);
	struct store_leaf *leaf = &p->entry.leaves[p->entry.n_leaves];

	memcpy(document.org, org, strlen(org) + 1);
	record.document = &document;
	enum consign_err err = ledger_append(p->broker->ledger, &record, p->entry.arena, leaf);

	if (err != CONSIGN_OK) {
		p->assign_err = err;
		return;
	}
	*ret_leaf = (struct leaf){leaf->index, leaf->salt, leaf->record};
	p->entry.n_leaves++;
}

static void
published(struct commit_job *job, enum consign_err err)
{
	struct publication *p = (struct publication *)job;
	struct broker *b = p->broker;
	struct session *s = sessions_by_number(b->sessions, p->session);

	broker_done(b, &p->entry, err);
	if (p->ends_decision)
		b->deciding = false;
	if (s != NULL && s->state != SESSION_STATES && p->request > 0)
		say_done(b, s, p->request, err == CONSIGN_OK ? CONSIGN_CODE_NONE : CONSIGN_CODE_TRY_LATER, err == CONSIGN_OK ? "" : consign_err_text(err));
	if (err == CONSIGN_OK)
		documents_changed(b);
	store_entry_clear(&p->entry);
	free(p);
}

enum consign_code
documents_code(enum consign_err err)
{
	switch (err) {
	case CONSIGN_E_BAD_SIGNATURE:
		return CONSIGN_CODE_SIGNATURE_BAD;
	case CONSIGN_E_STALE:
		return CONSIGN_CODE_STALE_DOCUMENT;
	case CONSIGN_E_FORK:
		return CONSIGN_CODE_CHAIN_BROKEN;
	case CONSIGN_E_DENIED:
		return CONSIGN_CODE_DENIED;
	case CONSIGN_E_EXPIRED: /* of another time than now */
		return CONSIGN_CODE_CLOCK_SKEW;
	case CONSIGN_E_NOT_FOUND:
		return CONSIGN_CODE_ORG_UNKNOWN;
	case CONSIGN_E_TOO_BIG:
		return CONSIGN_CODE_TOO_BIG;
	default:
		return consign_err_class(err) == CONSIGN_CLASS_PEER ? CONSIGN_CODE_MALFORMED : CONSIGN_CODE_TRY_LATER;
	}
}

/* Invites of orgs that now have a card are done with. */
static void
forget_joined(struct broker *b, struct store_entry *e, const struct session_documents *d)
{
	for (size_t i = 0; i < d->cards.n; i++) {
		struct arena *arena = NULL;
		struct card *card;

		if (arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES * 2, &arena) == CONSIGN_OK
		    && card_decode(d->cards.v[i]->document->content, arena, &card) == CONSIGN_OK)
			for (struct invited **at = &b->invited; *at != NULL; at = &(*at)->next)
				if (strcmp((*at)->notice.org.s, card->org.s) == 0) {
					struct invited *gone = *at;

					*at = gone->next;
					buf_clear(&gone->request);
					free(gone);
					e->has_joined = true;
					e->consignee = card->org;
					break;
				}
		arena_free(&arena);
	}
}

/* What an agent may publish: its own next card, and nothing else. */
static const char *
agent_may_publish(const struct session *s, const struct session_documents *d, struct arena *arena)
{
	struct card *card;

	if (d->roots.n + d->directories.n + d->policies.n > 0 || d->cards.n != 1)
		return "an organisation publishes its own card only";
	if (card_decode(d->cards.v[0]->document->content, arena, &card) != CONSIGN_OK || strcmp(card->org.s, s->name) != 0)
		return "this card is not of this organisation";
	return NULL;
}

static uint64_t
made_at(const struct wire_message *table, const struct published_document *p, size_t created_us, struct arena *arena)
{
	void *made;

	/* What cannot be read is refused by who verifies it. */
	return wire_decode(table, p->document->content, arena, &made) == CONSIGN_OK ? *(const uint64_t *)((const char *)made + created_us) : 0;
}

/* Whether one of them says that it was made later than now: then a clock is wrong, and what follows it would seem to be before it. */
static bool
is_of_the_future(const struct broker *b, const struct session_documents *d)
{
	uint64_t latest = clock_wall_us(b->clock) + CONSIGN_CLOCK_SKEW_MAX_US;
	struct arena *arena = NULL;
	bool is = false;

	if (arena_new(DOCUMENTS_ARENA_BYTES, &arena) != CONSIGN_OK)
		return false; /* who verifies them will have none either */
	for (size_t i = 0; i < d->roots.n; i++)
		is = is || made_at(&wire_root, d->roots.v[i], offsetof(struct root, created_us), arena) > latest;
	for (size_t i = 0; i < d->directories.n; i++)
		is = is || made_at(&wire_document_head, d->directories.v[i]->head, offsetof(struct document_head, created_us), arena) > latest;
	for (size_t i = 0; i < d->policies.n; i++)
		is = is || made_at(&wire_policy_head, d->policies.v[i]->head, offsetof(struct document_head, created_us), arena) > latest;
	for (size_t i = 0; i < d->cards.n; i++)
		is = is || made_at(&wire_card, d->cards.v[i], offsetof(struct card, created_us), arena) > latest;
	arena_free(&arena);
	return is;
}

/* The entry of a publication, with room for its leaves, those of the decision that brought it about first. */
static enum consign_err
new_publication(struct broker *b, struct session *s, uint64_t request, size_t bytes, const struct decided *decided, size_t most,
    struct publication **ret_publication)
{
	struct store_entry *entry;
	enum consign_err err = broker_entry(b, bytes + most * CONSIGN_UNPACK_BUDGET_BASE_BYTES, sizeof(struct publication), &entry);

	if (err != CONSIGN_OK)
		return err;
	struct publication *p = (struct publication *)entry;

	p->broker = b;
	p->session = s != NULL ? s->number : 0;
	p->request = request;
	entry->job.done = published;
	entry->leaves = arena_alloc(entry->arena, most * sizeof *entry->leaves);
	err = entry->leaves == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	if (err == CONSIGN_OK && decided != NULL)
		err = decided_enter(b, decided, entry);
	if (err != CONSIGN_OK) {
		store_entry_clear(entry);
		free(p);
		return err;
	}
	p->ends_decision = decided != NULL;
	*ret_publication = p;
	return CONSIGN_OK;
}

enum consign_err
documents_publish(struct broker *b, struct session *s, const struct session_documents *d, uint64_t request, const struct decided *decided,
    char problem[HUB_PROBLEM_BYTES])
{
	struct hub_stage *stage = NULL;
	struct publication *p = NULL;
	struct buf bytes = {0}, stored = {0};
	enum consign_err err = session_documents_encode(d, &bytes);
	size_t most = d->roots.n + d->directories.n + d->policies.n + d->cards.n + (decided != NULL ? 1 : 0);

	if (err == CONSIGN_OK && s != NULL && is_of_the_future(b, d)) {
		snprintf(problem, HUB_PROBLEM_BYTES, "made in the future: the clock of who made it is wrong");
		err = CONSIGN_E_EXPIRED;
	}
	if (err == CONSIGN_OK)
		err = hub_stage(b->hub, buf_slice(&bytes), HUB_PUBLISH, &stage, problem);
	if (err != CONSIGN_OK)
		goto out;
	if (hub_stage_is_empty(stage)) {
		if (s != NULL)
			say_done(b, s, request, CONSIGN_CODE_NONE, "was published before");
		goto out;
	}
	err = new_publication(b, s, request, bytes.len * 2 + (decided != NULL ? decided->bytes : 0), decided, most, &p);
	if (err != CONSIGN_OK)
		goto out;
	hub_stage_assign(stage, assign_leaf, p);
	err = p->assign_err;
	if (err == CONSIGN_OK)
		err = hub_stage_encode(stage, &stored);
	if (err == CONSIGN_OK && (p->entry.documents = arena_copy(p->entry.arena, buf_slice(&stored))).data == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err != CONSIGN_OK) {
		b->store_failed = true; /* leaves were made that will not be written: start over from the store */
		goto out;
	}
	forget_joined(b, &p->entry, d);
	hub_adopt(b->hub, &stage);
	b->deciding = b->deciding || p->ends_decision;
	broker_commit(b, &p->entry);
	p = NULL;
out:
	if (p != NULL) {
		store_entry_clear(&p->entry);
		free(p);
	}
	hub_stage_free(&stage);
	buf_clear(&bytes);
	buf_clear(&stored);
	return err;
}

void
on_publish(struct broker *b, struct request *r)
{
	const struct session_publish *pub = r->command->publish;
	struct session *s = r->session;
	char problem[HUB_PROBLEM_BYTES] = "";
	const char *why = s->state == SESSION_AGENT ? agent_may_publish(s, pub->documents, r->arena) : NULL;

	if (why != NULL) {
		say_done(b, s, pub->request, CONSIGN_CODE_DENIED, why);
		return;
	}
	enum consign_err err = documents_publish(b, s, pub->documents, pub->request, NULL, problem);

	if (err != CONSIGN_OK) {
		log_event(LOG_WARN, "publish.refused", "name", "s", s->name, "problem", "s", problem, NULL);
		watching_tell(b, &(struct admin_event){.kind = "denied", .org = slice_text(s->name), .subject = slice_text("publish"),
		    .code = documents_code(err), .detail = slice_text(problem)});
		say_done(b, s, pub->request, documents_code(err), problem[0] != '\0' ? problem : consign_err_text(err));
	} else {
		log_event(LOG_INFO, "documents.published", "by", "s", s->name, "root", "u", hub_root(b->hub)->root->version, NULL);
	}
}

enum consign_err
documents_genesis(struct broker *b, struct consign_slice genesis, char problem[HUB_PROBLEM_BYTES])
{
	struct arena *arena = NULL;
	struct session_documents *d;
	enum consign_err err = arena_new(DOCUMENTS_ARENA_BYTES, &arena);

	if (err == CONSIGN_OK)
		err = session_documents_decode(genesis, arena, &d);
	if (err == CONSIGN_OK)
		err = documents_publish(b, NULL, d, 0, NULL, problem);
	arena_free(&arena);
	return err;
}
