/* The store of the broker: what was appended is read back, and a group that failed leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub_fixture.h"
#include "ledger.h"
#include "ledger/statement.h"
#include "mailbox.h"
#include "store/store.h"

struct fixture {
	struct hub_fixture f;
	char folder[64];
	char path[96];
	struct db *db; /* writing */
	struct db *reading;
	struct store_writer *writer;
	struct ledger *ledger;
	struct mailboxes *mailboxes;
	struct arena *arena;
};

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 1, 1);
	hub_fixture_standard(&t->f);
	snprintf(t->folder, sizeof t->folder, "/tmp/consign-store-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->path, sizeof t->path, "%s/broker.db", t->folder);
	assert_int_equal(store_open(t->path, false, &t->db), CONSIGN_OK);
	assert_int_equal(store_open(t->path, true, &t->reading), CONSIGN_OK);
	assert_int_equal(store_writer_new(&t->f.hub_id, t->f.ledger, &t->writer), CONSIGN_OK);
	assert_int_equal(ledger_open(t->reading, &t->f.hub_id, &t->ledger), CONSIGN_OK);
	assert_int_equal(mailboxes_load(t->reading, &t->f.hub_id, &t->mailboxes), CONSIGN_OK);
	assert_int_equal(arena_new(1 << 24, &t->arena), CONSIGN_OK);
	*state = t;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	mailboxes_free(&t->mailboxes);
	ledger_close(&t->ledger);
	store_writer_free(&t->writer);
	db_close(&t->reading);
	db_close(&t->db);
	arena_free(&t->arena);
	nftw(t->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

/* A group of one: as the commit thread does it. Takes in the checkpoint as broker_done does. */
static enum consign_err
commit(struct fixture *t, struct store_entry *e)
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

static struct store_leaf *
leaf_of(struct fixture *t, struct ledger_record *record)
{
	struct store_leaf *leaf = arena_alloc(t->arena, sizeof *leaf);

	record->format = 1;
	record->at_us = FIXTURE_NOW_US;
	assert_int_equal(ledger_append(t->ledger, record, t->arena, leaf), CONSIGN_OK);
	return leaf;
}

struct mail {
	struct manifest *m;
	struct consign_slice frame;
	struct consign_hash digest;
	uint64_t leaf;
};

/* acme's consignment to those orgs, decided and committed. */
static enum consign_err
accept(struct fixture *t, const char *const *to, size_t n, struct mail *ret_mail)
{
	struct mail mail = {.m = fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, to, n)};
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

		mailbox_take(box, mailbox_share(box, "acme"), mail.frame.len + fixture_body().len, &e.mailboxes[i]);
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
	e.body = fixture_body();
	mail.leaf = e.leaves->index;
	enum consign_err err = commit(t, &e);

	*ret_mail = mail;
	return err;
}

static enum consign_err
deliver(struct fixture *t, const struct mail *mail, const char *org, uint64_t position)
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
	return commit(t, &e);
}

static void
test_store_is_empty_at_first(void **state)
{
	struct fixture *t = *state;
	struct buf note = {0};
	struct consign_hash hash;
	struct leaf leaf;
	struct store_past past = {.attempt = 77};
	struct store_mail *mail;
	size_t n;
	uint64_t size = 1;

	assert_int_equal(store_size(t->reading, &size), CONSIGN_OK);
	assert_int_equal(size, 0);
	assert_int_equal(store_note_read(t->reading, &note), CONSIGN_E_NOT_FOUND);
	assert_int_equal(store_node(t->reading, 0, 0, &hash), CONSIGN_E_NOT_FOUND);
	assert_int_equal(store_leaf_read(t->reading, 0, t->arena, &leaf), CONSIGN_E_NOT_FOUND);
	assert_int_equal(store_past(t->reading, "acme", &(struct consign_id){{0}}, t->arena, &past), CONSIGN_E_NOT_FOUND);
	assert_int_equal(past.attempt, 77);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 1000, t->arena, &mail, &n), CONSIGN_OK);
	assert_int_equal(n, 0);
}

static void
test_store_gives_back_mail_as_it_was_accepted(void **state)
{
	struct fixture *t = *state;
	struct mail first, second;
	struct store_mail *mail;
	size_t n;
	struct consign_hash entry, genesis;

	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &first), CONSIGN_OK);
	assert_int_equal(accept(t, (const char *const[]){"bolt", "cora"}, 2, &second), CONSIGN_OK);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &mail, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
	assert_int_equal(mail[0].position, 1);
	assert_int_equal(mail[1].position, 2);
	assert_int_equal(mail[0].leaf, first.leaf);
	assert_true(slice_equal(mail[0].manifest, first.frame));
	assert_true(slice_equal(mail[0].body, fixture_body()));
	assert_memory_equal(mail[1].consignment_id.b, second.m->consignment_id.b, 16);
	assert_true(hash_equal(&mail[1].digest, &second.digest));
	assert_string_equal(mail[1].consignor.s, "acme");
	assert_int_equal(mail[1].seen_size, second.m->seen->checkpoint->size);
	assert_null(mail[0].tombstone);
	assert_false(mail[0].corrupt);
	/* The chain: from nothing, over the first acceptance. */
	mailbox_genesis(&t->f.hub_id, "bolt", &genesis);
	assert_true(hash_equal(&mail[0].previous, &genesis));
	tree_entry(&mail[0].record.salt, mail[0].record.record, &entry);
	mailbox_next(&genesis, 1, &entry, &genesis);
	assert_true(hash_equal(&mail[1].previous, &genesis));
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 2, 10, 100000, t->arena, &mail, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_mailbox_read(t->reading, "cora", 1, 10, 100000, t->arena, &mail, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(mail[0].position, 1);
}

static void
test_store_reads_within_a_count_and_bytes_but_always_one(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_mail *read;
	size_t n;

	for (int i = 0; i < 4; i++)
		assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 3, 1000000, t->arena, &read, &n), CONSIGN_OK);
	assert_int_equal(n, 3);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 1, t->arena, &read, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
}

static void
test_store_remembers_what_an_id_became(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_past past = {0};
	struct ledger_record *record;
	struct consign_hash entry, commitment;

	assert_int_equal(accept(t, (const char *const[]){"bolt", "cora"}, 2, &mail), CONSIGN_OK);
	assert_int_equal(store_past(t->reading, "acme", &mail.m->consignment_id, t->arena, &past), CONSIGN_OK);
	assert_true(past.accepted);
	assert_int_equal(past.attempt, 1);
	assert_true(hash_equal(&past.digest, &mail.digest));
	assert_int_equal(past.statement->openings.n, 2);
	assert_string_equal(past.statement->openings.v[1]->org.s, "cora");
	/* The receipt is whole: it verifies, and its openings are those that the leaf commits to. */
	struct checkpoint checkpoint = *ledger_checkpoint(t->ledger);

	assert_int_equal(ledger_prove(t->ledger, past.statement->leaf->index, t->arena, &past.statement->path), CONSIGN_OK);
	assert_int_equal(statement_verify(past.statement, &checkpoint, t->arena, &record, &entry), CONSIGN_OK);
	for (size_t i = 0; i < 2; i++) {
		mailbox_commitment(&t->f.hub_id, past.statement->openings.v[i], &commitment);
		assert_true(hash_equal(&record->accepted->mailboxes.v[i], &commitment));
	}
	assert_int_equal(store_past(t->reading, "bolt", &mail.m->consignment_id, t->arena, &past), CONSIGN_E_NOT_FOUND);
}

static void
refuse(struct fixture *t, struct manifest *m, const struct consign_hash *digest)
{
	struct document_ref root = {2, t->f.hub_id};
	struct verdict verdict = {.code = CONSIGN_CODE_POLICY_NO_RULE}, *verdicts[] = {&verdict};
	struct refused_record refused = {.consignor = m->consignor,
	    .consignment_id = m->consignment_id,
	    .attempt = m->attempt,
	    .manifest_digest = *digest,
	    .root = &root,
	    .verdicts = {verdicts, 1}};
	struct ledger_record record = {.refused = &refused};
	struct store_entry e = {
	    .has_refusal = true, .manifest = m, .manifest_digest = *digest, .leaves = leaf_of(t, &record), .n_leaves = 1};

	assert_int_equal(commit(t, &e), CONSIGN_OK);
}

static void
test_store_remembers_the_newest_refusal(void **state)
{
	struct fixture *t = *state;
	struct manifest *m =
	    fixture_manifest(&t->f, "acme", "one", "x.note", CONSIGN_LABEL_OPEN, (const char *const[]){"bolt"}, 1);
	struct consign_hash one = {{1}}, two = {{2}};
	struct store_past past;

	refuse(t, m, &one);
	m->attempt = 2;
	refuse(t, m, &two);
	assert_int_equal(store_past(t->reading, "acme", &m->consignment_id, t->arena, &past), CONSIGN_OK);
	assert_false(past.accepted);
	assert_int_equal(past.attempt, 2);
	assert_true(hash_equal(&past.digest, &two));
	assert_int_equal(past.statement->leaf->index, 1);
	/* The same attempt refused again keeps the first answer. */
	refuse(t, m, &one);
	assert_int_equal(store_past(t->reading, "acme", &m->consignment_id, t->arena, &past), CONSIGN_OK);
	assert_true(hash_equal(&past.digest, &two));
	assert_int_equal(past.statement->leaf->index, 1);
}

static void
test_store_takes_an_id_once(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_entry e = {.has_consignment = true, .n_leaves = 1};
	struct act_record act = {.act = "restart", .count = 1};
	struct ledger_record record = {.act = &act};
	uint64_t size;

	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	e.leaves = leaf_of(t, &record);
	e.manifest = mail.m;
	e.manifest_frame = mail.frame;
	e.body = fixture_body();
	assert_int_not_equal(commit(t, &e), CONSIGN_OK);
	assert_int_equal(store_size(t->reading, &size), CONSIGN_OK);
	assert_int_equal(size, 1);
}

struct tails {
	struct store_tail v[4];
	size_t n;
};

static void
note_tail(void *context, const struct store_tail *tail)
{
	struct tails *all = context;

	assert_true(all->n < 4);
	all->v[all->n++] = *tail;
}

static void
test_store_settles_a_position_once(void **state)
{
	struct fixture *t = *state;
	struct mail first, second;
	struct store_mail *mail;
	struct store_settlement *settlements;
	struct tails tails = {.n = 0};
	size_t n;

	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &first), CONSIGN_OK);
	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &second), CONSIGN_OK);
	assert_int_equal(deliver(t, &second, "bolt", 2), CONSIGN_OK);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &mail, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(mail[0].position, 1);
	assert_int_equal(store_tails(t->reading, note_tail, &tails), CONSIGN_OK);
	assert_int_equal(tails.n, 1);
	assert_int_equal(tails.v[0].position, 2);
	assert_int_equal(deliver(t, &first, "bolt", 1), CONSIGN_OK);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
	assert_int_equal(settlements[0].n, 1);
	assert_true(slice_equal(settlements[0].receipt, slice_text("a delivery receipt")));
}

struct uses {
	struct store_use v[4];
	size_t n;
};

static void
note_use(void *context, const struct store_use *use)
{
	struct uses *all = context;

	assert_true(all->n < 4);
	all->v[all->n++] = *use;
}

static void
assert_use(struct fixture *t, size_t n, const char *org, uint64_t consignments, uint64_t bytes)
{
	struct uses uses = {.n = 0};

	assert_int_equal(store_uses(t->reading, note_use, &uses), CONSIGN_OK);
	assert_int_equal(uses.n, n);
	if (n == 0)
		return;
	assert_string_equal(uses.v[0].org.s, org);
	assert_string_equal(uses.v[0].consignor.s, "acme");
	assert_int_equal(uses.v[0].consignments, consignments);
	assert_int_equal(uses.v[0].bytes, bytes);
}

static void
test_store_knows_how_much_waits_and_of_whom(void **state)
{
	struct fixture *t = *state;
	struct mail first, second;
	struct store_mail *mail;
	struct mailboxes *again = NULL;
	size_t n;

	assert_use(t, 0, NULL, 0, 0);
	assert_int_equal(accept(t, (const char *const[]){"bolt", "cora"}, 2, &first), CONSIGN_OK);
	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &second), CONSIGN_OK);
	uint64_t a = first.frame.len + fixture_body().len, b = second.frame.len + fixture_body().len;

	assert_use(t, 2, "bolt", 2, a + b);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &mail, &n), CONSIGN_OK);
	assert_int_equal(mail[0].bytes, a);
	assert_int_equal(mail[1].bytes, b);
	assert_int_equal(deliver(t, &second, "bolt", 2), CONSIGN_OK);
	assert_use(t, 2, "bolt", 1, a);
	/* A start finds the same as was known before it. */
	mailbox_settle(mailbox_of(t->mailboxes, "bolt"), "acme", b);
	assert_int_equal(mailboxes_load(t->reading, &t->f.hub_id, &again), CONSIGN_OK);
	for (size_t i = 0; i < 2; i++) {
		const char *org = i == 0 ? "bolt" : "cora";
		struct mailbox *known = mailbox_of(t->mailboxes, org), *loaded = mailbox_of(again, org);

		assert_memory_equal(&known->waiting, &loaded->waiting, sizeof known->waiting);
		assert_memory_equal(&mailbox_share(known, "acme")->waiting, &mailbox_share(loaded, "acme")->waiting, sizeof known->waiting);
		assert_int_equal(known->position, loaded->position);
		assert_true(hash_equal(&known->head, &loaded->head));
	}
	mailboxes_free(&again);
	assert_int_equal(deliver(t, &first, "bolt", 1), CONSIGN_OK);
	assert_use(t, 1, "cora", 1, a);
}

static void
run_sql(struct db *db, const char *sql)
{
	struct db_statement *s;

	assert_int_equal(db_statement(db, sql, &s), CONSIGN_OK);
	assert_int_equal(db_run(s), CONSIGN_OK);
}

/* A store of schema version 1 did not count: it is counted when the store is brought to version 2. */
static void
test_store_counts_what_waits_in_an_older_store(void **state)
{
	struct fixture *t = *state;
	struct mail first, second;

	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &first), CONSIGN_OK);
	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &second), CONSIGN_OK);
	assert_int_equal(deliver(t, &first, "bolt", 1), CONSIGN_OK);
	run_sql(t->db, "DROP TABLE mailbox_use");
	run_sql(t->db, "ALTER TABLE mailbox DROP COLUMN bytes");
	run_sql(t->db, "ALTER TABLE consignment DROP COLUMN body_at");
	run_sql(t->db, "ALTER TABLE consignment DROP COLUMN body_bytes");
	run_sql(t->db, "DROP TABLE body_file");
	run_sql(t->db, "DROP TABLE proposal");
	run_sql(t->db, "DROP TABLE decision");
	run_sql(t->db, "DROP INDEX refusal_leaf");
	run_sql(t->db, "ALTER TABLE refusal DROP COLUMN manifest");
	run_sql(t->db, "PRAGMA user_version = 1");
	db_close(&t->reading);
	db_close(&t->db);
	assert_int_equal(store_open(t->path, false, &t->db), CONSIGN_OK);
	assert_int_equal(store_open(t->path, true, &t->reading), CONSIGN_OK);
	assert_use(t, 1, "bolt", 1, second.frame.len + fixture_body().len);
}

static void
test_store_reads_settlements_until_they_are_large(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_settlement *settlements;
	size_t n, each = strlen("a delivery receipt");

	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
		assert_int_equal(deliver(t, &mail, "bolt", i), CONSIGN_OK);
	}
	/* One at least, and the one that passes the limit. */
	assert_int_equal(store_settlements(t->reading, "acme", 10, 1, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_settlements(t->reading, "acme", 10, each, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_settlements(t->reading, "acme", 10, each + 1, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
	assert_int_equal(settlements[1].n, 2);
	assert_int_equal(store_settlements(t->reading, "acme", 2, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
}

static void
test_store_forgets_settlements_that_were_confirmed(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_settlement *settlements;
	size_t n;

	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
		assert_int_equal(deliver(t, &mail, "bolt", i), CONSIGN_OK);
	}
	struct store_entry e = {.has_confirm = true, .consignor = mail.m->consignor, .confirm_to = 2};

	assert_int_equal(commit(t, &e), CONSIGN_OK);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(settlements[0].n, 3);
	/* The numbers go on, also when none is left. */
	e = (struct store_entry){.has_confirm = true, .consignor = mail.m->consignor, .confirm_to = 3};
	assert_int_equal(commit(t, &e), CONSIGN_OK);
	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(deliver(t, &mail, "bolt", 4), CONSIGN_OK);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_int_equal(settlements[0].n, 4);
}

static void
test_store_finds_what_expired_until_it_has_its_tombstone(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_expired *expired;
	struct store_mail *read;
	struct store_settlement *settlements;
	size_t n;

	assert_int_equal(accept(t, (const char *const[]){"bolt", "cora"}, 2, &mail), CONSIGN_OK);
	assert_int_equal(deliver(t, &mail, "cora", 1), CONSIGN_OK);
	assert_int_equal(store_expired(t->reading, mail.m->expires_us - 1, 10, t->arena, &expired, &n), CONSIGN_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_expired(t->reading, mail.m->expires_us, 10, t->arena, &expired, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_string_equal(expired[0].consignee.s, "bolt");
	assert_string_equal(expired[0].consignor.s, "acme");
	assert_int_equal(expired[0].position, 1);
	struct retention_record retention = {.consignor = mail.m->consignor,
	    .consignment_id = mail.m->consignment_id,
	    .consignee = expired[0].consignee,
	    .position = 1,
	    .reason = RETENTION_EXPIRED};
	struct ledger_record record = {.retention = &retention};
	struct store_entry e = {.has_tombstone = true,
	    .consignee = expired[0].consignee,
	    .position = 1,
	    .consignor = mail.m->consignor,
	    .consignment_id = mail.m->consignment_id,
	    .leaves = leaf_of(t, &record),
	    .n_leaves = 1};

	assert_int_equal(commit(t, &e), CONSIGN_OK);
	assert_int_equal(store_expired(t->reading, mail.m->expires_us, 10, t->arena, &expired, &n), CONSIGN_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
	assert_non_null(read[0].tombstone);
	assert_int_equal(read[0].manifest.len, 0);
	assert_int_equal(read[0].body.len, 0);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
	assert_int_equal(settlements[1].receipt.len, 0);
	/* Acknowledged: settled, without another leaf or settlement. */
	e = (struct store_entry){.has_delivery = true, .position = 1, .mail_leaf = mail.leaf, .consignor = mail.m->consignor};
	snprintf(e.consignee.s, sizeof e.consignee.s, "bolt");
	assert_int_equal(commit(t, &e), CONSIGN_OK);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 2);
}

/* A receipt and the expiry may meet in one group: whichever came first settles, and the consignor hears once. */
static void
test_store_gives_no_tombstone_to_what_is_settled(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_settlement *settlements;
	size_t n;

	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(deliver(t, &mail, "bolt", 1), CONSIGN_OK);
	struct retention_record retention = {
	    .consignor = mail.m->consignor, .consignment_id = mail.m->consignment_id, .position = 1, .reason = RETENTION_EXPIRED};
	struct ledger_record record = {.retention = &retention};
	struct store_entry e = {.has_tombstone = true,
	    .position = 1,
	    .consignor = mail.m->consignor,
	    .consignment_id = mail.m->consignment_id,
	    .n_leaves = 1};

	snprintf(e.consignee.s, sizeof e.consignee.s, "bolt");
	retention.consignee = e.consignee;
	e.leaves = leaf_of(t, &record);
	(void)!commit(t, &e); /* refusing the entry would do as well */
	assert_int_equal(store_settlements(t->reading, "acme", 10, 100000, t->arena, &settlements, &n), CONSIGN_OK);
	assert_int_equal(n, 1);
}

/* All tables that the tests below damage, as they were. */
static void
change_all(struct fixture *t, const char *const *sql, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct db_statement *s;

		assert_int_equal(db_statement(t->db, sql[i], &s), CONSIGN_OK);
		assert_int_equal(db_run(s), CONSIGN_OK);
	}
}

static void
save(struct fixture *t)
{
	static const char *const sql[] = {"CREATE TEMP TABLE c AS SELECT leaf, manifest, body FROM consignment",
	    "CREATE TEMP TABLE l AS SELECT id, salt, record FROM leaf", "CREATE TEMP TABLE n AS SELECT id, hash FROM node"};

	change_all(t, sql, 3);
}

static void
restore(struct fixture *t)
{
	static const char *const sql[] = {"UPDATE consignment SET manifest = c.manifest, body = c.body FROM c WHERE c.leaf = consignment.leaf",
	    "UPDATE leaf SET salt = l.salt, record = l.record FROM l WHERE l.id = leaf.id",
	    "UPDATE node SET hash = n.hash FROM n WHERE n.id = node.id", "DROP TABLE temp.c", "DROP TABLE temp.l", "DROP TABLE temp.n"};

	change_all(t, sql, 6);
}

static void
test_store_flags_mail_that_rotted(void **state)
{
	/* Each makes one of three differ from what was accepted: of the last, the leaf itself. */
	static const char *const rot[] = {
	    "UPDATE consignment SET body = x'00'",
	    "UPDATE consignment SET manifest = x'00'",
	    "UPDATE consignment SET manifest = (SELECT max(manifest) FROM consignment c WHERE c.leaf > 0)",
	    "UPDATE leaf SET record = zeroblob(length(record))",
	    "UPDATE leaf SET salt = zeroblob(32)",
	    "UPDATE node SET hash = zeroblob(32)",
	};
	struct fixture *t = *state;
	struct mail mail;
	struct store_mail *read;
	struct db_statement *s;
	size_t n;

	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(accept(t, (const char *const[]){"cora"}, 1, &mail), CONSIGN_OK);
	for (size_t i = 0; i < sizeof rot / sizeof rot[0]; i++) {
		save(t);
		assert_int_equal(db_statement(t->db, rot[i], &s), CONSIGN_OK);
		assert_int_equal(db_run(s), CONSIGN_OK);
		assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
		restore(t);
		assert_int_equal(n, 1);
		if (!read[0].corrupt)
			fail_msg("not noticed: %s", rot[i]);
	}
	assert_int_equal(store_mailbox_read(t->db, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
	assert_false(read[0].corrupt);
}

/* A broker that signs a head which its own records do not have would be accused by everybody. */
static void
test_store_of_a_ledger_that_rotted_is_not_opened(void **state)
{
	static const char *const rot[] = {"UPDATE node SET hash = zeroblob(32)", "DELETE FROM leaf WHERE id = 2", "DELETE FROM checkpoint",
	    "UPDATE checkpoint SET note = 'nothing'"};
	struct fixture *t = *state;
	struct mail mail;

	for (int i = 0; i < 3; i++)
		assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	for (size_t i = 0; i < sizeof rot / sizeof rot[0]; i++) {
		struct db_statement *s;
		struct ledger *ledger = NULL;

		assert_int_equal(db_begin(t->db), CONSIGN_OK);
		assert_int_equal(db_statement(t->db, rot[i], &s), CONSIGN_OK);
		assert_int_equal(db_run(s), CONSIGN_OK);
		enum consign_err err = ledger_open(t->db, &t->f.hub_id, &ledger);

		db_rollback(t->db);
		if (err != CONSIGN_E_CORRUPT)
			fail_msg("opened with %d after: %s", err, rot[i]);
	}
	assert_int_equal(ledger_reload(t->ledger), CONSIGN_OK);
}

static void
test_store_drops_bodies_of_what_was_settled_before(void **state)
{
	struct fixture *t = *state;
	struct mail waiting, settled;
	struct store_mail *read;
	size_t n;
	uint64_t dropped;

	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &waiting), CONSIGN_OK);
	assert_int_equal(accept(t, (const char *const[]){"cora"}, 1, &settled), CONSIGN_OK);
	assert_int_equal(deliver(t, &settled, "cora", 1), CONSIGN_OK);
	assert_int_equal(store_drop_bodies(t->db, 1, &dropped), CONSIGN_OK);
	assert_int_equal(dropped, 0);
	assert_int_equal(store_drop_bodies(t->db, INT64_MAX, &dropped), CONSIGN_OK);
	assert_int_equal(dropped, 1);
	assert_int_equal(store_mailbox_read(t->reading, "bolt", 1, 10, 100000, t->arena, &read, &n), CONSIGN_OK);
	assert_false(read[0].corrupt);
	struct store_past past; /* the receipt outlives the body */

	assert_int_equal(store_past(t->reading, "acme", &settled.m->consignment_id, t->arena, &past), CONSIGN_OK);
}

/* The disk is full: the group fails, nothing of it is there, and what comes after it has no gap. */
static void
test_store_leaves_no_gap_when_a_group_fails(void **state)
{
	struct fixture *t = *state;
	struct mail mail;
	struct store_entry big = {.documents = {arena_alloc(t->arena, 1 << 20), 1 << 20}, .n_leaves = 1};
	struct act_record act = {.act = "restart", .count = 1};
	struct ledger_record record = {.act = &act};
	struct db_statement *s;
	struct checkpoint opened;
	struct buf note = {0};
	char origin[256];
	bool row;
	uint64_t size;

	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(db_statement(t->db, "PRAGMA max_page_count = 1", &s), CONSIGN_OK); /* not below what it has */
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	db_reset(s);
	big.leaves = leaf_of(t, &record);
	assert_int_equal(commit(t, &big), CONSIGN_E_FULL);
	assert_int_equal(db_statement(t->db, "PRAGMA max_page_count = 100000", &s), CONSIGN_OK);
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	db_reset(s);
	assert_int_equal(ledger_next(t->ledger), 2); /* ran ahead */
	assert_int_equal(ledger_reload(t->ledger), CONSIGN_OK);
	assert_int_equal(ledger_next(t->ledger), 1);
	mailboxes_free(&t->mailboxes);
	assert_int_equal(mailboxes_load(t->reading, &t->f.hub_id, &t->mailboxes), CONSIGN_OK);
	assert_int_equal(mailbox_of(t->mailboxes, "bolt")->position, 1);
	assert_int_equal(accept(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(mail.leaf, 1);
	assert_int_equal(store_size(t->reading, &size), CONSIGN_OK);
	assert_int_equal(size, 2);
	/* The stored checkpoint is signed and is the head of what is stored. */
	assert_int_equal(store_note_read(t->reading, &note), CONSIGN_OK);
	checkpoint_origin(&t->f.hub_id, origin);
	assert_int_equal(checkpoint_open(buf_slice(&note), origin, &t->f.broker.ledger_key, &opened), CONSIGN_OK);
	assert_int_equal(opened.size, 2);
	assert_int_equal(ledger_reload(t->ledger), CONSIGN_OK);
	assert_true(hash_equal(&opened.head, &ledger_checkpoint(t->ledger)->head));
	buf_clear(&note);
}

static void
test_store_promises_nothing_on_a_leaf_out_of_turn(void **state)
{
	struct fixture *t = *state;
	struct act_record act = {.act = "restart", .count = 1};
	struct ledger_record record = {.act = &act};
	struct store_entry e = {.leaves = leaf_of(t, &record), .n_leaves = 1};

	e.leaves->index = 5;
	assert_int_equal(commit(t, &e), CONSIGN_E_CORRUPT);
}

struct texts {
	char v[4][64];
	size_t n;
};

static enum consign_err
note_documents(void *context, struct consign_slice documents)
{
	struct texts *all = context;

	assert_true(all->n < 4);
	snprintf(all->v[all->n++], 64, "%.*s", (int)documents.len, (const char *)documents.data);
	return CONSIGN_OK;
}

static enum consign_err
note_invite(void *context, const struct invite_notice *notice, struct consign_slice join)
{
	struct texts *all = context;

	assert_true(all->n < 4);
	snprintf(all->v[all->n++], 64, "%s %llu %.*s", notice->org.s, (unsigned long long)notice->expires_us, (int)join.len,
	    join.data == NULL ? "" : (const char *)join.data);
	return CONSIGN_OK;
}

static void
test_store_keeps_documents_in_their_order_and_invites_until_used(void **state)
{
	struct fixture *t = *state;
	struct texts texts = {.n = 0};
	struct invite_notice notice = {.org = {"echo"}, .expires_us = 5};

	struct store_entry first = {.documents = slice_text("first")};

	assert_int_equal(commit(t, &first), CONSIGN_OK);
	struct store_entry second = {.documents = slice_text("second"), .invite = &notice};

	assert_int_equal(commit(t, &second), CONSIGN_OK);
	assert_int_equal(store_documents(t->reading, note_documents, &texts), CONSIGN_OK);
	assert_int_equal(texts.n, 2);
	assert_string_equal(texts.v[0], "first");
	assert_string_equal(texts.v[1], "second");
	struct store_entry join = {.join = slice_text("request"), .consignee = {"echo"}};

	assert_int_equal(commit(t, &join), CONSIGN_OK);
	texts.n = 0;
	assert_int_equal(store_invites(t->reading, note_invite, &texts), CONSIGN_OK);
	assert_string_equal(texts.v[0], "echo 5 request");
	notice.expires_us = 9; /* a new invite replaces the old one with its request */
	struct store_entry again = {.invite = &notice};

	assert_int_equal(commit(t, &again), CONSIGN_OK);
	texts.n = 0;
	assert_int_equal(store_invites(t->reading, note_invite, &texts), CONSIGN_OK);
	assert_string_equal(texts.v[0], "echo 9 ");
	struct store_entry joined = {.has_joined = true, .consignee = {"echo"}};

	assert_int_equal(commit(t, &joined), CONSIGN_OK);
	texts.n = 0;
	assert_int_equal(store_invites(t->reading, note_invite, &texts), CONSIGN_OK);
	assert_int_equal(texts.n, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_store_##name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(is_empty_at_first),
	    CASE(gives_back_mail_as_it_was_accepted),
	    CASE(reads_within_a_count_and_bytes_but_always_one),
	    CASE(remembers_what_an_id_became),
	    CASE(remembers_the_newest_refusal),
	    CASE(takes_an_id_once),
	    CASE(settles_a_position_once),
	    CASE(knows_how_much_waits_and_of_whom),
	    CASE(counts_what_waits_in_an_older_store),
	    CASE(reads_settlements_until_they_are_large),
	    CASE(forgets_settlements_that_were_confirmed),
	    CASE(finds_what_expired_until_it_has_its_tombstone),
	    CASE(gives_no_tombstone_to_what_is_settled),
	    CASE(flags_mail_that_rotted),
	    CASE(of_a_ledger_that_rotted_is_not_opened),
	    CASE(drops_bodies_of_what_was_settled_before),
	    CASE(leaves_no_gap_when_a_group_fails),
	    CASE(promises_nothing_on_a_leaf_out_of_turn),
	    CASE(keeps_documents_in_their_order_and_invites_until_used),
	};

	return cmocka_run_group_tests_name("broker/store", tests, NULL, NULL);
}
