/* The store of a broker, with mail in it (store_fixture.h). */
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/file.h"
#include "folder.h"
#include "ledger/statement.h"

int
store_setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	t->folder = folder_new();
	assert_non_null(t->folder);
	t->path = path_join(t->folder, "broker.db");
	assert_int_equal(store_open(t->path, false, &t->db), CONSIGN_OK);
	assert_int_equal(store_open(t->path, true, &t->reading), CONSIGN_OK);
	assert_int_equal(store_writer_new(&t->f.hub_id, t->f.ledger, &t->writer), CONSIGN_OK);
	assert_int_equal(ledger_open(t->reading, &t->f.hub_id, &t->ledger), CONSIGN_OK);
	assert_int_equal(mailboxes_load(t->reading, &t->f.hub_id, &t->mailboxes), CONSIGN_OK);
	assert_int_equal(arena_new(1 << 24, &t->arena), CONSIGN_OK);
	*state = t;
	return 0;
}

int
store_teardown(void **state)
{
	struct fixture *t = *state;

	mailboxes_free(&t->mailboxes);
	ledger_close(&t->ledger);
	store_writer_free(&t->writer);
	db_close(&t->reading);
	db_close(&t->db);
	arena_free(&t->arena);
	free(t->path);
	folder_free(t->folder);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

enum consign_err
commit_entry(struct fixture *t, struct store_entry *e)
{
	e->writer = t->writer;
	assert_int_equal(db_begin(t->db), CONSIGN_OK);
	enum consign_err err = store_apply(&e->job, t->db);

	if (err == CONSIGN_OK)
		err = store_before_commit(t->writer, t->db);
	if (err == CONSIGN_OK)
		err = db_commit(t->db);
	if (err == CONSIGN_OK)
		err = ledger_committed(t->ledger, e->note);
	else
		db_rollback(t->db);
	store_entry_clear(e);
	return err;
}

struct store_leaf *
leaf_of(struct fixture *t, struct ledger_record *record)
{
	struct store_leaf *leaf = arena_alloc(t->arena, sizeof *leaf);

	record->format = 1;
	record->at_us = FIXTURE_NOW_US;
	assert_int_equal(ledger_append(t->ledger, record, t->arena, leaf), CONSIGN_OK);
	return leaf;
}

enum consign_err
accept_mail(struct fixture *t, const char *const *to, size_t n, struct mail *ret_mail)
{
	struct mail mail = {.m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to, n)};
	struct consign_slice body = t->body.len > 0 ? t->body : fixture_body();

	if (t->body.len > 0)
		fixture_give_body(&t->f, mail.m, 64, body);
	struct signed_manifest *sm = fixture_sign_manifest(&t->f, mail.m);
	struct document_ref root = {2, t->f.hub_id}, card = {1, t->f.hub_id};
	struct accepted_record accepted = {
	    .consignor = mail.m->consignor, .consignment_id = mail.m->consignment_id, .attempt = 1, .root = &root, .card = &card};
	struct store_entry e = {0};
	struct consign_hash commitments[4];

	hash_sha256(sm->manifest, &mail.digest);
	mail.frame = fixture_encode(&t->f, &wire_signed_manifest, sm);
	accepted.manifest_digest = mail.digest;
	e.mailboxes = arena_alloc(t->arena, n * sizeof *e.mailboxes);
	e.n_mailboxes = n;
	for (size_t i = 0; i < n; i++) {
		struct mailbox_opening o = {0};

		struct mailbox *box = mailbox_of(t->mailboxes, to[i]);

		mailbox_take(box, mailbox_share(box, "acme"), mail.frame.len + body.len, &e.mailboxes[i]);
		o = (struct mailbox_opening){
		    e.mailboxes[i].org, e.mailboxes[i].position, e.mailboxes[i].previous, e.mailboxes[i].salt};
		mailbox_commitment(&t->f.hub_id, &o, &commitments[i]);
	}
	accepted.mailboxes.v = commitments;
	accepted.mailboxes.n = n;
	struct ledger_record record = {.accepted = &accepted};

	e.leaves = leaf_of(t, &record);
	e.n_leaves = 1;
	for (size_t i = 0; i < n; i++)
		mailbox_chain(mailbox_of(t->mailboxes, to[i]), &e.leaves->entry, &e.mailboxes[i]);
	e.has_consignment = true;
	e.manifest = mail.m;
	e.manifest_digest = mail.digest;
	e.manifest_frame = mail.frame;
	e.body = body;
	mail.leaf = e.leaves->index;
	enum consign_err err = commit_entry(t, &e);

	*ret_mail = mail;
	return err;
}

enum consign_err
deliver_mail(struct fixture *t, const struct mail *mail, const char *org, uint64_t position)
{
	struct delivered_record delivered = {.consignor = mail->m->consignor, .consignment_id = mail->m->consignment_id};
	struct store_entry e = {.has_delivery = true,
	    .position = position,
	    .mail_leaf = mail->leaf,
	    .consignor = mail->m->consignor,
	    .consignment_id = mail->m->consignment_id,
	    .receipt = slice_text("a delivery receipt"),
	    .n_leaves = 1};
	struct ledger_record record = {.delivered = &delivered};

	snprintf(e.consignee.s, sizeof e.consignee.s, "%s", org);
	delivered.consignee = e.consignee;
	e.leaves = leaf_of(t, &record);
	return commit_entry(t, &e);
}

void
run_sql(struct db *db, const char *sql)
{
	struct db_statement *s;

	assert_int_equal(db_statement(db, sql, &s), CONSIGN_OK);
	assert_int_equal(db_run(s), CONSIGN_OK);
}
