/* An agent built by hand (agent_fixture.h). */
#include "agent_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/payload.h"
#include "folder.h"
#include "recent.h"
#include "standing_clock.h"

const char *const consignors[3] = {"acme", "biomake", "globalcro"};
unsigned store_failures;
enum consign_err commit_error;

void
agent_store_failed(struct agent *a, enum consign_err err)
{
	(void)a;
	(void)err;
	store_failures++;
}

static enum consign_err
before_commit(void *context, struct db *db)
{
	(void)context;
	(void)db;
	return commit_error;
}

void
add_card(struct fixture *f, const char *org, uint64_t version, const struct consign_public_key *identity)
{
	struct card_cell *cell = calloc(1, sizeof *cell);
	struct hub_frame *frame = calloc(1, sizeof *frame);
	struct card *card;

	assert_non_null(cell);
	assert_non_null(frame);
	assert_int_equal(arena_new(4096, &frame->arena), CONSIGN_OK);
	frame->refs = 1;
	card = arena_alloc(frame->arena, sizeof *card);
	assert_non_null(card);
	snprintf(card->org.s, sizeof card->org.s, "%s", org);
	card->version = version;
	card->identity_key = *identity;
	cell->card.card = card;
	cell->frame = frame;
	assert_int_equal(cell_list_put(&f->agent.hub->cards, cell), CONSIGN_OK);
}

void
add_directory(struct fixture *f, const char *org, const struct consign_public_key *identity)
{
	struct root_cell *root = calloc(1, sizeof *root);
	struct directory_cell *directory = calloc(1, sizeof *directory);
	struct hub_frame *frame = calloc(1, sizeof *frame);
	struct member *member;
	struct root *content;

	assert_true(root != NULL && directory != NULL && frame != NULL);
	assert_int_equal(arena_new(4096, &frame->arena), CONSIGN_OK);
	frame->refs = 2;
	content = arena_alloc(frame->arena, sizeof *content);
	member = arena_alloc(frame->arena, sizeof *member);
	assert_true(content != NULL && member != NULL);
	content->version = 1;
	content->name = slice_text("Test hub");
	content->directory = arena_alloc(frame->arena, sizeof *content->directory);
	assert_non_null(content->directory);
	content->directory->version = 1;
	snprintf(member->org.s, sizeof member->org.s, "%s", org);
	member->identity_key = *identity;
	root->root.root = content;
	root->frame = frame;
	directory->directory.version = 1;
	directory->directory.members = calloc(1, sizeof *directory->directory.members);
	assert_non_null(directory->directory.members);
	directory->directory.members[0] = member;
	directory->directory.n_members = 1;
	directory->frame = frame;
	assert_int_equal(cell_list_put(&f->agent.hub->roots, root), CONSIGN_OK);
	assert_int_equal(cell_list_put(&f->agent.hub->directories, directory), CONSIGN_OK);
}

int
fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct db *db;

	assert_non_null(f);
	store_failures = 0;
	commit_error = CONSIGN_OK;
	assert_int_equal(secret_start(), CONSIGN_OK);
	snprintf(f->home, sizeof f->home, "/tmp/consign-agent-XXXXXX");
	assert_non_null(mkdtemp(f->home));
	snprintf(f->path, sizeof f->path, "%s/agent.db", f->home);
	assert_int_equal(agent_store_open(f->path, false, &db), CONSIGN_OK);
	assert_int_equal(agent_store_open(f->path, false, &f->writer), CONSIGN_OK);
	assert_int_equal(agent_store_open(f->path, true, &f->agent.db), CONSIGN_OK);
	assert_int_equal(commit_start(&db, before_commit, NULL, &f->agent.committer), CONSIGN_OK);
	assert_int_equal(secret_new(&f->storage_key), CONSIGN_OK);
	random_bytes(f->storage_key->b, 32);
	assert_int_equal(box_keypair(&f->seal_secret, &f->seal_public), CONSIGN_OK);
	f->now_us = T0;
	f->clock = (struct consign_clock)STANDING_CLOCK(&f->now_us);
	f->agent.clock = &f->clock;
	f->agent.home = f->home;
	snprintf(f->agent.org.s, sizeof f->agent.org.s, "sitecare");
	memset(f->agent.hub_id.b, 7, sizeof f->agent.hub_id.b);
	f->agent.storage_key = f->storage_key;
	assert_int_equal(hub_new(&f->agent.hub_id, false, &f->agent.hub), CONSIGN_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(sign_keypair(&f->identity[i], &f->identity_public[i]), CONSIGN_OK);
		add_card(f, consignors[i], 1, &f->identity_public[i]);
	}
	assert_int_equal(arena_new(64u * 1024 * 1024, &f->arena), CONSIGN_OK);
	assert_int_equal(inbox_new(&f->agent, &f->agent.inbox), CONSIGN_OK);
	assert_int_equal(recent_new(&f->agent.recent), CONSIGN_OK);
	*state = f;
	return 0;
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	commit_flush(f->agent.committer);
	commit_reap(f->agent.committer);
	commit_stop(&f->agent.committer);
	inbox_free(&f->agent.inbox);
	recent_free(&f->agent.recent);
	hub_free(&f->agent.hub);
	db_close(&f->agent.db);
	db_close(&f->writer);
	for (size_t i = 0; i < 3; i++)
		secret_free(&f->identity[i]);
	secret_free(&f->storage_key);
	secret_free(&f->seal_secret);
	arena_free(&f->arena);
	folder_remove(f->home);
	free(f);
	return 0;
}

/* ── mail ── */

struct consign_id
new_id(struct fixture *f)
{
	struct consign_id id = {{0}};

	be32_store(id.b + 12, ++f->ids);
	return id;
}

struct consign_message_id
message_of(const struct consign_id *id, uint32_t index)
{
	return (struct consign_message_id){*id, index};
}

/* The manifest of mail, sealed for us; body, key and outcomes as an agent stores them. */
static void
seal_mail(struct fixture *f, const struct mail *mail, const struct consign_id *id, struct buf *manifest, struct buf *body,
    uint8_t stored_key[SEAL_STORED_KEY_BYTES], struct buf *outcomes)
{
	struct document_ref ref = {.version = 1};
	struct seen seen = {.root = &ref, .directory = &ref, .policy = &ref, .card = &ref};
	struct manifest_consignee us = {.org = f->agent.org};
	struct manifest_consignee *consignees[1] = {&us};
	struct manifest_item items[CONSIGN_BUNDLE_MAX_ITEMS] = {0}, *list[CONSIGN_BUNDLE_MAX_ITEMS];
	struct manifest m = {.format = 1,
	    .suite = 1,
	    .hub_id = f->agent.hub_id,
	    .consignment_id = *id,
	    .attempt = 1,
	    .label = CONSIGN_LABEL_RESTRICTED,
	    .created_us = T0 - 5000000,
	    .expires_us = T0 + 5000000,
	    .consignees = {consignees, 1},
	    .items = {list, mail->n},
	    .seen = &seen};
	struct seal_context context = {.hub_id = f->agent.hub_id,
	    .consignor_identity = f->identity_public[mail->consignor],
	    .consignment_id = *id,
	    .attempt = 1};
	struct signed_manifest sm = {0};
	struct seal_session *session;
	struct secret *key;
	struct buf encoded = {0};

	snprintf(m.consignor.s, sizeof m.consignor.s, "%s", consignors[mail->consignor]);
	snprintf(m.study.s, sizeof m.study.s, "%s", mail->study == NULL ? "ACME-301" : mail->study);
	random_bytes(m.random.b, sizeof m.random.b);
	context.random = m.random;
	key_id_of(&f->seal_public, &us.seal_key_id);
	assert_int_equal(secret_new(&key), CONSIGN_OK);
	assert_int_equal(seal_session_new(&f->seal_public, 1, 0, &session), CONSIGN_OK);
	assert_int_equal(seal_begin(session, &context, key, body), CONSIGN_OK);
	for (size_t i = 0; i < mail->n; i++) {
		const struct mail_item *x = &mail->items[i];
		struct consign_slice content = slice_of(x->content, x->size == 0 ? strlen(x->content) : x->size);
		struct payload payload = {.media_type = "text/plain", .name = slice_text("note.txt"), .content = content};
		struct buf plain = {0};

		list[i] = &items[i];
		items[i].index = x->index;
		snprintf(items[i].type.s, sizeof items[i].type.s, "%s", x->type);
		assert_int_equal(payload_encode(&payload, &plain), CONSIGN_OK);
		assert_int_equal(
		    seal_item(key, &context, x->index, CONSIGN_LABEL_RESTRICTED, buf_slice(&plain), body, &items[i].commitment),
		    CONSIGN_OK);
		buf_clear(&plain);
		assert_int_equal(buf_append_u8(outcomes, x->is_rejected ? ITEM_REJECTED : ITEM_ACCEPTED), CONSIGN_OK);
		assert_int_equal(buf_append_be32(outcomes, (uint32_t)content.len), CONSIGN_OK);
	}
	m.body_bytes = body->len;
	seal_store_key(f->storage_key, id, key, stored_key);
	assert_int_equal(manifest_encode(&m, &encoded), CONSIGN_OK);
	sm.manifest = buf_slice(&encoded);
	assert_int_equal(signed_manifest_encode(&sm, manifest), CONSIGN_OK);
	buf_clear(&encoded);
	seal_session_free(&session);
	secret_free(&key);
}

struct consign_id
deliver(struct fixture *f, const struct mail *mail)
{
	static const char sql[] =
	    "INSERT INTO inbox (consignor, id, position, received_us, accepted_us, leaf, manifest, body, key,"
	    " outcomes, statement, receipt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, x'', x'')";
	struct consign_id id = mail->id == NULL ? new_id(f) : *mail->id;
	struct buf manifest = {0}, body = {0}, outcomes = {0};
	uint8_t key[SEAL_STORED_KEY_BYTES];
	struct db_statement *s;

	seal_mail(f, mail, &id, &manifest, &body, key, &outcomes);
	assert_int_equal(db_statement(f->writer, sql, &s), CONSIGN_OK);
	f->position++;
	db_bind_text(s, 1, consignors[mail->consignor]);
	db_bind_slice(s, 2, SLICE_ARRAY(id.b));
	db_bind_u64(s, 3, f->position);
	db_bind_u64(s, 4, T0 + f->position);
	db_bind_u64(s, 5, T0 - 1000);
	db_bind_u64(s, 6, 100 + f->position);
	db_bind_slice(s, 7, buf_slice(&manifest));
	db_bind_slice(s, 8, buf_slice(&body));
	db_bind_slice(s, 9, SLICE_ARRAY(key));
	db_bind_slice(s, 10, buf_slice(&outcomes));
	assert_int_equal(db_run(s), CONSIGN_OK);
	buf_clear(&manifest);
	buf_clear(&body);
	buf_clear(&outcomes);
	return id;
}

struct consign_id
deliver_kept(struct fixture *f, const struct mail *mail)
{
	struct consign_id id = deliver(f, mail);
	struct recent_mail *kept;
	struct manifest *m;
	struct db_statement *s;
	size_t room = 1024;

	assert_int_equal(db_statement(f->writer, "SELECT manifest FROM inbox WHERE seq = ?1", &s), CONSIGN_OK);
	db_bind_u64(s, 1, f->position);
	assert_int_equal(db_row(s), CONSIGN_OK);
	assert_int_equal(inbox_manifest(db_column_slice(s, 0), f->arena, &m), CONSIGN_OK);
	db_reset(s);
	for (size_t i = 0; i < mail->n; i++)
		room += 64 + (mail->items[i].size == 0 ? strlen(mail->items[i].content) : mail->items[i].size);
	assert_int_equal(recent_mail_new(m, room, &kept), CONSIGN_OK);
	for (size_t i = 0; i < mail->n; i++) {
		const struct mail_item *x = &mail->items[i];
		struct payload payload = {.media_type = "text/plain",
		    .name = slice_text("note.txt"),
		    .content = slice_of(x->content, x->size == 0 ? strlen(x->content) : x->size)};

		if (!x->is_rejected)
			assert_int_equal(recent_mail_add(kept, i, &payload), CONSIGN_OK);
	}
	recent_put(f->agent.recent, &kept, &(struct recent_row){f->position, f->position, T0 + f->position, T0 - 1000});
	return id;
}

struct consign_id
deliver_one(struct fixture *f, const char *type, const char *content)
{
	struct mail_item item = {0, type, content, 0, false};

	return deliver(f, &(struct mail){.items = &item, .n = 1});
}

void
deliver_many(struct fixture *f, size_t n, const char *type)
{
	assert_int_equal(db_begin(f->writer), CONSIGN_OK);
	for (size_t i = 0; i < n; i++)
		deliver_one(f, type, "many");
	assert_int_equal(db_commit(f->writer), CONSIGN_OK);
}

void
run_sql(struct fixture *f, const char *sql)
{
	struct db_statement *s;

	assert_int_equal(db_statement(f->writer, sql, &s), CONSIGN_OK);
	assert_int_equal(db_run(s), CONSIGN_OK);
}

/* ── commits ── */

void
on_told(void *context, uint64_t request, enum consign_err err, uint32_t count)
{
	struct fixture *f = context;

	f->told++;
	f->told_request = request;
	f->told_err = err;
	f->told_count = count;
}

void
settle(struct fixture *f)
{
	commit_flush(f->agent.committer);
	commit_reap(f->agent.committer);
}

uint32_t
ack_places(struct fixture *f, const char *name, const struct inbox_cursor *places, size_t n)
{
	subscription_ack(f->agent.inbox, name, places, n, on_told, f, 77);
	settle(f);
	assert_int_equal(f->told_err, CONSIGN_OK);
	return f->told_count;
}

uint32_t
ack_one(struct fixture *f, const char *name, uint64_t seq, uint32_t idx)
{
	return ack_places(f, name, &(struct inbox_cursor){seq, idx}, 1);
}
