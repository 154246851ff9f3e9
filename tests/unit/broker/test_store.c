/* The store of the broker: what was appended is read back, and a group that failed leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ledger/statement.h"
#include "store_fixture.h"

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

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &first), CONSIGN_OK);
	assert_int_equal(accept_mail(t, (const char *const[]){"bolt", "cora"}, 2, &second), CONSIGN_OK);
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
		assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
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

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt", "cora"}, 2, &mail), CONSIGN_OK);
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

	assert_int_equal(commit_entry(t, &e), CONSIGN_OK);
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

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	e.leaves = leaf_of(t, &record);
	e.manifest = mail.m;
	e.manifest_frame = mail.frame;
	e.body = fixture_body();
	assert_int_not_equal(commit_entry(t, &e), CONSIGN_OK);
	assert_int_equal(store_size(t->reading, &size), CONSIGN_OK);
	assert_int_equal(size, 1);
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

	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
	assert_int_equal(db_statement(t->db, "PRAGMA max_page_count = 1", &s), CONSIGN_OK); /* not below what it has */
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	db_reset(s);
	big.leaves = leaf_of(t, &record);
	assert_int_equal(commit_entry(t, &big), CONSIGN_E_FULL);
	assert_int_equal(db_statement(t->db, "PRAGMA max_page_count = 100000", &s), CONSIGN_OK);
	assert_int_equal(db_step(s, &row), CONSIGN_OK);
	db_reset(s);
	assert_int_equal(ledger_next(t->ledger), 2); /* ran ahead */
	assert_int_equal(ledger_reload(t->ledger), CONSIGN_OK);
	assert_int_equal(ledger_next(t->ledger), 1);
	mailboxes_free(&t->mailboxes);
	assert_int_equal(mailboxes_load(t->reading, &t->f.hub_id, &t->mailboxes), CONSIGN_OK);
	assert_int_equal(mailbox_of(t->mailboxes, "bolt")->position, 1);
	assert_int_equal(accept_mail(t, (const char *const[]){"bolt"}, 1, &mail), CONSIGN_OK);
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
	assert_int_equal(commit_entry(t, &e), CONSIGN_E_CORRUPT);
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

	assert_int_equal(commit_entry(t, &first), CONSIGN_OK);
	struct store_entry second = {.documents = slice_text("second"), .invite = &notice};

	assert_int_equal(commit_entry(t, &second), CONSIGN_OK);
	assert_int_equal(store_documents(t->reading, note_documents, &texts), CONSIGN_OK);
	assert_int_equal(texts.n, 2);
	assert_string_equal(texts.v[0], "first");
	assert_string_equal(texts.v[1], "second");
	struct store_entry join = {.join = slice_text("request"), .consignee = {"echo"}};

	assert_int_equal(commit_entry(t, &join), CONSIGN_OK);
	texts.n = 0;
	assert_int_equal(store_invites(t->reading, note_invite, &texts), CONSIGN_OK);
	assert_string_equal(texts.v[0], "echo 5 request");
	notice.expires_us = 9; /* a new invite replaces the old one with its request */
	struct store_entry again = {.invite = &notice};

	assert_int_equal(commit_entry(t, &again), CONSIGN_OK);
	texts.n = 0;
	assert_int_equal(store_invites(t->reading, note_invite, &texts), CONSIGN_OK);
	assert_string_equal(texts.v[0], "echo 9 ");
	struct store_entry joined = {.has_joined = true, .consignee = {"echo"}};

	assert_int_equal(commit_entry(t, &joined), CONSIGN_OK);
	texts.n = 0;
	assert_int_equal(store_invites(t->reading, note_invite, &texts), CONSIGN_OK);
	assert_int_equal(texts.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_store_is_empty_at_first),
	    STORE_TEST(test_store_gives_back_mail_as_it_was_accepted),
	    STORE_TEST(test_store_reads_within_a_count_and_bytes_but_always_one),
	    STORE_TEST(test_store_remembers_what_an_id_became),
	    STORE_TEST(test_store_remembers_the_newest_refusal),
	    STORE_TEST(test_store_takes_an_id_once),
	    STORE_TEST(test_store_leaves_no_gap_when_a_group_fails),
	    STORE_TEST(test_store_promises_nothing_on_a_leaf_out_of_turn),
	    STORE_TEST(test_store_keeps_documents_in_their_order_and_invites_until_used),
	};

	return cmocka_run_group_tests_name("broker/store", tests, NULL, NULL);
}
