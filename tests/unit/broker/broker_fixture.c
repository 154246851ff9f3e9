/* The broker of broker_fixture.h: its home, its peers, what they say and hear. What stands in for its socket is in
 * broker_wraps.c. */
#include "broker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/file.h"
#include "core/limits.h"
#include "core/log.h"
#include "folder.h"

#define ARENA_BYTES (256u * 1024u * 1024u)

/* ── the broker ── */

static uint64_t
wall(void *self)
{
	return ((struct broker_fixture *)self)->wall_us;
}

static uint64_t
steady(void *self)
{
	return ((struct broker_fixture *)self)->steady_us;
}

struct keyfile *
broker_keyfile(struct broker_fixture *t)
{
	struct keyfile *keys;

	assert_int_equal(keyfile_new("broker", "hub", NULL, &keys), CONSIGN_OK);
	assert_int_equal(keyfile_put(keys, "transport", 1, t->f.transport), CONSIGN_OK);
	assert_int_equal(keyfile_put(keys, "receipt", 1, t->f.receipt), CONSIGN_OK);
	assert_int_equal(keyfile_put(keys, "ledger", 1, t->f.ledger), CONSIGN_OK);
	return keys;
}

void
broker_write(struct broker_fixture *t, const char *name, struct consign_slice content)
{
	char *path = path_join(t->folder, name);

	assert_int_equal(file_write(path, content, 0600), CONSIGN_OK);
	free(path);
}

enum consign_err
broker_begin(struct broker_fixture *t, char ret_problem[256])
{
	struct keyfile *keys = t->keys != NULL ? t->keys : broker_keyfile(t);
	struct broker_options o = {.home = t->folder,
	    .bind = t->bind,
	    .metrics_bind = t->metrics_bind,
	    .retention_days = 90,
	    .keys = &keys,
	    .quota = t->quota,
	    .hub_id = t->f.hub_id};

	t->keys = NULL;
	broker_now = t;
	enum consign_err err = broker_open(&o, &t->broker, ret_problem);

	keyfile_free(&keys);
	if (err != CONSIGN_OK)
		return err;
	t->clock = (struct consign_clock){wall, steady, t};
	t->broker->clock = &t->clock;
	t->broker->wall_ahead_us = clock_wall_ahead(&t->clock);
	broker_turn(t);
	return CONSIGN_OK;
}

void
broker_end(struct broker_fixture *t)
{
	broker_turn(t);
	broker_close(&t->broker);
	assert_null(t->broker);
}

static struct published_document *
unproven(struct broker_fixture *t, const struct published_document *p)
{
	struct published_document *copy = arena_alloc(t->arena, sizeof *copy);

	assert_non_null(copy);
	copy->document = p->document;
	return copy;
}

struct session_documents *
broker_unproven(struct broker_fixture *t, const struct session_documents *d)
{
	struct session_documents *u = fixture_none(&t->f, 0);

	u->checkpoint = NULL;
	for (size_t i = 0; i < d->roots.n; i++)
		u->roots.v[u->roots.n++] = unproven(t, d->roots.v[i]);
	for (size_t i = 0; i < d->cards.n; i++)
		u->cards.v[u->cards.n++] = unproven(t, d->cards.v[i]);
	for (size_t i = 0; i < d->directories.n; i++) {
		u->directories.v[u->directories.n++] = d->directories.v[i];
		d->directories.v[i]->head = unproven(t, d->directories.v[i]->head);
	}
	for (size_t i = 0; i < d->policies.n; i++) {
		u->policies.v[u->policies.n++] = d->policies.v[i];
		d->policies.v[i]->head = unproven(t, d->policies.v[i]->head);
	}
	return u;
}

int
broker_setup(void **state)
{
	struct broker_fixture *t = calloc(1, sizeof *t);
	char problem[256];

	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	assert_int_equal(arena_new(ARENA_BYTES, &t->arena), CONSIGN_OK);
	t->bind = "tcp://127.0.0.1:1";
	t->quota = (struct quota){{CONSIGN_QUOTA_MESSAGES_PER_SECOND, 1000000}, {CONSIGN_QUOTA_BYTES_PER_SECOND, 1000000},
	    CONSIGN_MAILBOX_MAX_CONSIGNMENTS, CONSIGN_MAILBOX_MAX_BYTES};
	t->wall_us = FIXTURE_NOW_US;
	t->steady_us = 1000000000;
	t->folder = folder_new();
	assert_non_null(t->folder);
	broker_write(
	    t, "genesis.documents", fixture_encode(&t->f, &wire_session_documents, broker_unproven(t, fixture_all(&t->f, 0))));
	if (broker_begin(t, problem) != CONSIGN_OK)
		fail_msg("broker_open: %s", problem);
	*state = t;
	return 0;
}

int
broker_teardown(void **state)
{
	struct broker_fixture *t = *state;

	t->commit_err = t->read_err = t->send_err = CONSIGN_OK;
	t->apply_fails_at = t->note_fails_at = 0;
	if (t->broker != NULL)
		broker_end(t);
	folder_free(t->folder);
	arena_free(&t->arena);
	hub_fixture_end(&t->f);
	broker_now = NULL;
	free(t);
	return 0;
}

void
broker_sql(struct broker_fixture *t, const char *sql)
{
	char *path = path_join(t->folder, "broker.db");
	struct db *db;
	struct db_statement *s = NULL;

	assert_int_equal(store_open(path, false, &db), CONSIGN_OK);
	assert_int_equal(db_statement(db, sql, &s), CONSIGN_OK);
	assert_int_equal(db_run(s), CONSIGN_OK);
	db_close(&db);
	free(path);
}

/* ── peers ── */

struct peer
broker_peer(struct broker_fixture *t, const char *name, const struct consign_public_key *transport, const struct secret *signing,
    enum session_party party)
{
	struct peer p = {.name = name, .signing = signing, .party = party, .window_bytes = 8u * 1024u * 1024u};
	struct consign_public_key public;

	p.route.id[4] = ++t->n_peers;
	p.route.key = *transport;
	p.route.fd = 100 + t->n_peers;
	if (signing != NULL) {
		sign_public(signing, &public);
		key_id_of(&public, &p.key_id);
	}
	return p;
}

struct peer
broker_org(struct broker_fixture *t, const char *org)
{
	struct fixture_org *o = fixture_org(&t->f, org);

	return broker_peer(t, org, &o->transport_public, o->signing, PARTY_AGENT);
}

struct peer
broker_admin(struct broker_fixture *t)
{
	return broker_peer(
	    t, t->f.admins[0].admin.name, &t->f.admins[0].admin.transport_key, t->f.admins[0].signing, PARTY_ADMIN);
}

void
broker_hears_frames(struct broker_fixture *t, const struct peer *p, const struct consign_slice *frames, size_t n)
{
	struct frame f[TRANSPORT_FRAMES_MAX];

	for (size_t i = 0; i < n; i++) {
		frame_init(&f[i]);
		assert_int_equal(__real_frame_copy(&f[i], frames[i]), CONSIGN_OK);
	}
	t->listener.received(t->broker, &p->route, f, n);
	for (size_t i = 0; i < n; i++)
		frame_clear(&f[i]);
}

void
broker_hears(struct broker_fixture *t, const struct peer *p, const struct session_command *command)
{
	struct consign_slice bytes = fixture_encode(&t->f, &wire_session_command, command);

	broker_hears_frames(t, p, &bytes, 1);
}

void
broker_hears_submit(struct broker_fixture *t, const struct peer *p, uint64_t sequence, const struct signed_manifest *sm,
    struct consign_slice body)
{
	struct session_submit submit = {.sequence = sequence};
	struct consign_slice frames[3] = {
	    fixture_encode(&t->f, &wire_session_command, &(struct session_command){.submit = &submit}),
	    fixture_encode(&t->f, &wire_signed_manifest, sm), body};

	broker_hears_frames(t, p, frames, 3);
}

void
broker_hello(struct broker_fixture *t, struct peer *p)
{
	uint32_t version = 1;
	struct session_open open = {.versions = {&version, 1}, .hub_id = t->f.hub_id};
	struct session_hello hello = {.party = p->party, .window_consignments = 64, .window_bytes = p->window_bytes};
	struct consign_signature signature;
	uint8_t bytes[65 + CONSIGN_ORG_MAX_BYTES];
	size_t name = strlen(p->name);

	broker_hears(t, p, &(struct session_command){.open = &open});
	const struct said *s = expect_said(t, p);

	assert_non_null(s->command->challenge);
	memcpy(bytes, p->route.key.b, 32);
	memcpy(bytes + 32, s->command->challenge->nonce.b, 32);
	bytes[64] = (uint8_t)p->party;
	memcpy(bytes + 65, p->name, name + 1);
	memcpy(hello.name, p->name, name + 1);
	if (p->signing != NULL) {
		sign_make(p->signing, SIGN_HELLO, &t->f.hub_id, slice_of(bytes, 65 + name), &signature);
		hello.signature = SLICE_ARRAY(signature.b);
		hello.key_id = SLICE_ARRAY(p->key_id.b);
	}
	broker_hears(t, p, &(struct session_command){.hello = &hello});
}

static struct peer
arrive(struct broker_fixture *t, struct peer p)
{
	broker_hello(t, &p);
	assert_non_null(expect_said(t, &p)->command->welcome);
	assert_non_null(expect_said(t, &p)->command->documents);
	return p;
}

struct peer
broker_agent(struct broker_fixture *t, const char *org)
{
	struct peer p = arrive(t, broker_org(t, org));

	broker_turn(t);
	return p;
}

struct peer
broker_administrator(struct broker_fixture *t)
{
	return arrive(t, broker_admin(t));
}

struct session *
broker_session(struct broker_fixture *t, const struct peer *p)
{
	for (struct session *s = sessions_first(t->broker->sessions); s != NULL; s = s->next)
		if (memcmp(s->route.id, p->route.id, sizeof s->route.id) == 0)
			return s;
	return NULL;
}

/* ── going on ── */

static bool
read_one(struct broker_fixture *t)
{
	struct reader_job *job = t->reads;

	if (job == NULL)
		return false;
	t->reads = job->next;
	job->done(job, t->read_err != CONSIGN_OK ? t->read_err : job->read(job, t->broker->db));
	return true;
}

void
broker_turn(struct broker_fixture *t)
{
	do {
		commit_flush(t->broker->committer);
		t->on_commits(t->broker);
		t->listener.round(t->broker);
	} while (read_one(t) || commit_waiting(t->broker->committer) > 0);
	t->on_reads(t->broker); /* there is nothing: what was read came by read_one */
}

void
broker_read(struct broker_fixture *t)
{
	while (read_one(t))
		continue;
}

void
broker_recover(struct broker_fixture *t)
{
	broker_turn(t);
	t->steady_us += 3600ull * 1000000;
	t->tick(t->broker);
	broker_turn(t);
	assert_false(t->broker->store_failed);
}

/* ── what was said ── */

static struct said *
next_said(struct broker_fixture *t, const struct peer *p)
{
	for (size_t i = 0; i < t->n_said; i++)
		if (!t->said[i]->is_heard && t->said[i]->to == p->route.id[4])
			return t->said[i];
	return NULL;
}

const struct said *
expect_said(struct broker_fixture *t, const struct peer *p)
{
	struct said *s = next_said(t, p);

	if (s == NULL) {
		fail_msg("the broker said nothing to %s", p->name);
		return NULL;
	}
	s->is_heard = true;
	return s;
}

void
expect_silence(struct broker_fixture *t, const struct peer *p)
{
	assert_null(next_said(t, p));
}

void
hear_all(struct broker_fixture *t, const struct peer *p)
{
	for (struct said *s; (s = next_said(t, p)) != NULL;)
		s->is_heard = true;
}

void
expect_bye(struct broker_fixture *t, const struct peer *p, enum consign_code code)
{
	const struct said *s = expect_said(t, p);

	assert_non_null(s->command->bye);
	assert_string_equal(consign_code_text(s->command->bye->code), consign_code_text(code));
}

void
expect_done(struct broker_fixture *t, const struct peer *p, uint64_t request, enum consign_code code)
{
	const struct said *s = expect_said(t, p);

	assert_non_null(s->command->done);
	assert_int_equal(s->command->done->request, request);
	assert_string_equal(consign_code_text(s->command->done->code), consign_code_text(code));
}

void
expect_later(struct broker_fixture *t, const struct peer *p, uint64_t sequence, enum consign_code code)
{
	const struct said *s = expect_said(t, p);

	assert_non_null(s->command->try_later);
	assert_int_equal(s->command->try_later->sequence, sequence);
	assert_string_equal(consign_code_text(s->command->try_later->code), consign_code_text(code));
}

const struct ledger_record *
expect_answer(struct broker_fixture *t, const struct peer *p, uint64_t sequence)
{
	const struct said *s = expect_said(t, p);
	struct ledger_record *record = NULL;

	assert_non_null(s->command->answers);
	assert_int_equal(s->command->answers->answers.n, 1);
	assert_int_equal(s->command->answers->answers.v[0]->sequence, sequence);
	assert_int_equal(
	    ledger_record_decode(s->command->answers->answers.v[0]->statement->leaf->record, t->arena, &record), CONSIGN_OK);
	return record;
}

void
expect_refusal(struct broker_fixture *t, const struct peer *p, uint64_t sequence, enum consign_code code)
{
	const struct ledger_record *record = expect_answer(t, p, sequence);

	assert_non_null(record->refused);
	assert_int_equal(record->refused->verdicts.n, 1);
	assert_string_equal(consign_code_text(record->refused->verdicts.v[0]->code), consign_code_text(code));
}

void
expect_acceptance(struct broker_fixture *t, const struct peer *p, uint64_t sequence)
{
	assert_non_null(expect_answer(t, p, sequence)->accepted);
}

size_t
logged(struct broker_fixture *t, const char *event)
{
	size_t n = 0;

	for (size_t i = 0; i < LOGGED_KEPT; i++)
		n += strcmp(t->logged[i], event) == 0;
	return n;
}

/* ── what peers have to say ── */

struct manifest *
broker_note(struct broker_fixture *t)
{
	static const char *const to[] = {"bolt"};
	struct manifest *m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to, 1);

	m->seen->checkpoint = NULL; /* the fixture's ledger is another one */
	return m;
}

struct delivery_receipt *
broker_receipt(struct broker_fixture *t, const struct peer *p, const struct said *delivery)
{
	struct item_verdict verdict = {.outcome = ITEM_ACCEPTED}, *verdicts[] = {&verdict};
	struct delivery_receipt_content c = {.format = 1,
	    .hub_id = t->f.hub_id,
	    .attempt = 1,
	    .position = delivery->command->deliver->position,
	    .at_us = t->wall_us,
	    .verdicts = {verdicts, 1}};
	struct delivery_receipt *r = arena_alloc(t->arena, sizeof *r);
	struct ledger_record *record = NULL;
	struct manifest note = *broker_note(t);

	assert_non_null(r);
	assert_int_equal(
	    ledger_record_decode(delivery->command->deliver->statement->leaf->record, t->arena, &record), CONSIGN_OK);
	memcpy(c.consignee.s, p->name, strlen(p->name) + 1);
	c.consignor = record->accepted->consignor;
	c.consignment_id = record->accepted->consignment_id;
	c.manifest_digest = record->accepted->manifest_digest;
	c.seen = note.seen;
	r->content = fixture_encode(&t->f, &wire_delivery_receipt_content, &c);
	r->signing_key_id = p->key_id;
	sign_make(p->signing, SIGN_DELIVERY, &t->f.hub_id, r->content, &r->signature);
	return r;
}

void
broker_hears_receipt(struct broker_fixture *t, const struct peer *p, struct delivery_receipt *r)
{
	struct delivery_receipt *receipts[] = {r};
	struct session_delivered delivered = {.receipts = {receipts, 1}};

	broker_hears(t, p, &(struct session_command){.delivered = &delivered});
}

void
broker_hears_publish(struct broker_fixture *t, const struct peer *p, uint64_t request, struct session_documents *d)
{
	struct session_publish publish = {.documents = d, .request = request};

	broker_hears(t, p, &(struct session_command){.publish = &publish});
}
