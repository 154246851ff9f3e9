/*
 * bench-seal [--size BYTES] [--items N] [--consignees N] [--rounds N] [--json]: what the cryptography of one consignment costs.
 *
 * Cpu time of every cryptographic step that a consignment takes on its way from the consignor's agent over the broker to one
 * consignee and, as a delivery receipt, back: each through the function of the project that the daemons call, as often as they
 * call it, divided by the consignment's messages. The sum is the floor: daemons that take these steps so often cannot be cheaper.
 * Encoding, copies, the store and the sockets are not in it. It is of a consignee who keeps up, up to the moment at which the
 * consignee's agent has it; what others pay is told apart.
 *
 * CURVE is libzmq's own; here is what it does to a frame, which is XSalsa20-Poly1305 under a key that was agreed before, with
 * libsodium. Manifest and body are counted, the small commands beside them are not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ledger/statement.h"
#include "measure.h"
#include "sample.h"

#define ROUNDS_DEFAULT 15u
#define LEAVES 32768u /* what a tree keeps in memory; a path has 15 hashes then, and 20 among a million */
#define ACCEPTED_LEAF 12345u
#define DELIVERED_LEAF 23456u
#define SCRATCH_BYTES (1024u * 1024u)

/* A statement of the broker with all that it takes to verify it. */
struct stated {
	struct leaf leaf;
	struct proof path;
	struct tree_path hashes;
	struct statement statement;
	struct consign_hash entry;
	struct buf record;
};

struct journey {
	struct sample s;
	struct buf body, manifest, frame, plain;
	struct seal_body parsed;
	struct seal_receiver *receiver;
	struct consign_key_id seal_key_id;
	struct secret *received, *storage;
	struct secret *ledger_key, *consignee_key;
	struct consign_public_key ledger_public, consignee_public;
	struct consign_signature manifest_signature, receipt_signature;
	struct buf receipt; /* the content of a delivery receipt */
	struct stated accepted, delivered;
	struct checkpoint checkpoint;
	char origin[256];
	struct buf note, made;
	struct arena *scratch;
	uint8_t curve[crypto_box_BEFORENMBYTES];
	uint8_t *boxed, *opened;
	uint8_t wrap[SEAL_WRAP_BYTES]; /* of the first consignee */
	uint8_t stored[SEAL_STORED_KEY_BYTES];
};

/* ── the steps ── */

static void
do_seal(void *context)
{
	struct journey *j = context;

	sample_seal(&j->s, &j->body);
}

static void
do_body_digest(void *context)
{
	struct journey *j = context;

	sample_digest(&j->s, &j->body);
}

static void
do_manifest_digest(void *context)
{
	struct journey *j = context;
	struct consign_hash hash;

	hash_sha256(buf_slice(&j->manifest), &hash);
}

static void
unseal_items(struct journey *j)
{
	const struct manifest *m = j->s.manifest;

	must(seal_body_parse(buf_slice(&j->body), m->consignees.n, m->items.n, &j->parsed), "body");
	for (size_t i = 0; i < m->items.n; i++) {
		buf_reset(&j->plain);
		must(unseal_item(j->received, &j->s.context, m->items.v[i]->index, (enum consign_label)m->label,
			 j->parsed.items[i], &m->items.v[i]->commitment, &j->plain),
		    "unseal");
	}
}

static void
do_unseal(void *context)
{
	struct journey *j = context;

	must(seal_receive(j->receiver, j->s.manifest->consignor.s, &j->seal_key_id, j->s.seal, &j->s.consignees[0],
		 slice_of(j->body.data, SEAL_WRAP_BYTES), &j->s.context, j->received),
	    "session key");
	unseal_items(j);
}

static void
do_store_key(void *context)
{
	struct journey *j = context;

	seal_store_key(j->storage, &j->s.context.consignment_id, j->s.key, j->stored);
}

/* One frame on one hop. The byte more holds libzmq's flags. */
static void
cross(struct journey *j, const struct buf *frame)
{
	uint8_t nonce[crypto_box_NONCEBYTES] = {0};
	size_t len = frame->len + 1;

	must_be(crypto_box_easy_afternm(j->boxed, frame->data, len, nonce, j->curve) == 0 &&
		    crypto_box_open_easy_afternm(j->opened, j->boxed, len + crypto_box_MACBYTES, nonce, j->curve) == 0,
	    "a frame does not open");
}

static void
do_hop(void *context)
{
	struct journey *j = context;

	cross(j, &j->frame);
	cross(j, &j->body);
}

static void
do_manifest_sign(void *context)
{
	struct journey *j = context;

	sign_make(j->s.signing, SIGN_MANIFEST, &j->s.context.hub_id, buf_slice(&j->manifest), &j->manifest_signature);
}

static void
do_manifest_verify(void *context)
{
	struct journey *j = context;

	must(sign_verify(
		 &j->s.signing_public, SIGN_MANIFEST, &j->s.context.hub_id, buf_slice(&j->manifest), &j->manifest_signature),
	    "manifest");
}

static void
check_stated(struct journey *j, const struct stated *st)
{
	struct ledger_record *record;
	struct consign_hash entry;

	arena_reset(j->scratch);
	must(statement_verify(&st->statement, &j->checkpoint, j->scratch, &record, &entry), "statement");
}

static void
do_accepted_verify(void *context)
{
	struct journey *j = context;

	check_stated(j, &j->accepted);
}

static void
do_receipt_sign(void *context)
{
	struct journey *j = context;

	sign_make(j->consignee_key, SIGN_DELIVERY, &j->s.context.hub_id, buf_slice(&j->receipt), &j->receipt_signature);
}

static void
do_receipt_verify(void *context)
{
	struct journey *j = context;

	must(
	    sign_verify(&j->consignee_public, SIGN_DELIVERY, &j->s.context.hub_id, buf_slice(&j->receipt), &j->receipt_signature),
	    "delivery receipt");
}

static void
do_receipt_digest(void *context)
{
	struct journey *j = context;
	struct consign_hash hash;

	hash_sha256(buf_slice(&j->receipt), &hash);
}

static void
do_delivered_verify(void *context)
{
	struct journey *j = context;

	check_stated(j, &j->delivered);
}

/* The store holds what it reads against what it accepted, so that a rotten disk frames nobody. */
static void
do_mail_read(void *context)
{
	do_body_digest(context);
	do_manifest_digest(context);
}

static void
do_tool_read(void *context)
{
	struct journey *j = context;

	must(seal_load_key(j->storage, &j->s.context.consignment_id, SLICE_ARRAY(j->stored), j->received), "stored key");
	unseal_items(j);
}

static void
do_session_new(void *context)
{
	struct journey *j = context;
	struct seal_session *session;

	must(seal_session_new(j->s.consignees, j->s.manifest->consignees.n, 0, &session), "session key");
	seal_session_free(&session);
}

static void
do_session_unwrap(void *context)
{
	struct journey *j = context;
	uint8_t key[SEAL_WRAP_BYTES - crypto_box_SEALBYTES];

	must_be(
	    crypto_box_seal_open(key, j->wrap, sizeof j->wrap, j->s.consignees[0].b, j->s.seal->b) == 0, "a wrap does not open");
}

static void
do_checkpoint_sign(void *context)
{
	struct journey *j = context;

	buf_reset(&j->made);
	must(checkpoint_make(j->origin, &j->checkpoint, j->ledger_key, &j->made), "checkpoint");
}

static void
do_checkpoint_verify(void *context)
{
	struct journey *j = context;
	struct checkpoint c;

	must(checkpoint_open(buf_slice(&j->note), j->origin, &j->ledger_public, &c), "checkpoint");
}

/* The way of a consignment: a step is taken so many times, by these. A change of the daemons that drops or adds one changes its
 * row. */
static const struct step {
	const char *name;
	unsigned times;
	bool is_signature;
	void (*act)(void *context);
	const char *where; /* where the daemons take it */
} steps[] = {
    {"seal", 1, false, do_seal, "agents/sealing.c: pad, encrypt, commit"},
    {"body_digest", 3, false, do_body_digest, "SHA-256: agents/sealing.c, broker/judge.c, agents/verify.c"},
    {"manifest_digest", 3, false, do_manifest_digest, "SHA-256: agents/sealing.c, broker/on_submit.c, agents/verify.c"},
    {"stored_key", 2, false, do_store_key, "the key at rest: agents/sealing.c, agents/judging.c"},
    {"curve", 2, false, do_hop, "libzmq: boxed and opened on both hops"},
    {"unseal", 1, false, do_unseal, "agents/judging.c: decrypt, unpad, check the commitment"},
    {"receipt_digest", 2, false, do_receipt_digest, "SHA-256: broker/on_delivered.c, agents/settlement.c"},
    {"manifest_sign", 1, true, do_manifest_sign, "agents/sealing.c"},
    {"manifest_verify", 2, true, do_manifest_verify, "broker/judge.c, agents/verify.c"},
    {"accepted_path", 2, false, do_accepted_verify, "the receipt's path: agents/answers.c, agents/verify.c"},
    {"receipt_sign", 1, true, do_receipt_sign, "the delivery receipt: agents/reception.c"},
    {"receipt_verify", 2, true, do_receipt_verify, "broker/on_delivered.c, agents/settlement.c"},
    {"delivered_path", 1, false, do_delivered_verify, "the path of a delivery's leaf: agents/settlement.c"},
    /* In no sum: not every consignment pays them, or many share one. They come last. */
    {"mail_read", 0, false, do_mail_read, "both digests, when a consignee does not keep up: broker/store/read.c"},
    {"tool_read", 0, false, do_tool_read, "unsealed once more, when a tool reads all of it: agents/inbox.c"},
    {"session_wrap", 0, false, do_session_new, "a session key made and wrapped: serves 65536 consignments or 10 minutes"},
    {"session_unwrap", 0, false, do_session_unwrap, "a session key unwrapped, as often"},
    {"checkpoint_sign", 0, true, do_checkpoint_sign, "once a commit group of the broker"},
    {"checkpoint_verify", 0, true, do_checkpoint_verify, "once a checkpoint at each agent"},
};
#define STEPS (sizeof steps / sizeof *steps)

/* ── what they work on ── */

static struct document_ref some_ref = {.version = 12, .hash = {{1}}};

static void
encode_record(struct stated *st, const struct ledger_record *record)
{
	must(ledger_record_encode(record, &st->record), "record");
	random_bytes(st->leaf.salt.b, sizeof st->leaf.salt.b);
	st->leaf.record = buf_slice(&st->record);
	tree_entry(&st->leaf.salt, st->leaf.record, &st->entry);
}

static void
make_accepted(struct journey *j)
{
	const struct manifest *m = j->s.manifest;
	struct consign_hash mailboxes[CONSIGN_CONSIGNEES_MAX];
	struct accepted_record accepted = {.consignor = m->consignor,
	    .consignment_id = m->consignment_id,
	    .attempt = 1,
	    .root = &some_ref,
	    .card = &some_ref,
	    .mailboxes = {mailboxes, m->consignees.n}};

	hash_sha256(buf_slice(&j->manifest), &accepted.manifest_digest);
	random_bytes(mailboxes, sizeof mailboxes);
	j->accepted.leaf.index = ACCEPTED_LEAF;
	encode_record(&j->accepted, &(struct ledger_record){.format = 1, .at_us = SAMPLE_CREATED_US, .accepted = &accepted});
}

/* The content that the consignee signs: a verdict for each item. */
static void
make_receipt(struct journey *j)
{
	const struct manifest *m = j->s.manifest;
	struct item_verdict verdicts[CONSIGN_BUNDLE_MAX_ITEMS], *list[CONSIGN_BUNDLE_MAX_ITEMS];
	struct delivery_receipt_content c = {.format = 1,
	    .hub_id = m->hub_id,
	    .consignee = m->consignees.v[0]->org,
	    .consignor = m->consignor,
	    .consignment_id = m->consignment_id,
	    .attempt = 1,
	    .position = 1000,
	    .at_us = SAMPLE_CREATED_US,
	    .verdicts = {list, m->items.n},
	    .seen = m->seen};

	for (size_t i = 0; i < m->items.n; i++) {
		verdicts[i] = (struct item_verdict){.index = m->items.v[i]->index, .outcome = ITEM_ACCEPTED};
		list[i] = &verdicts[i];
	}
	hash_sha256(buf_slice(&j->manifest), &c.manifest_digest);
	random_bytes(c.mailbox_head.b, sizeof c.mailbox_head.b);
	must(delivery_receipt_content_encode(&c, &j->receipt), "delivery receipt");
}

static void
make_delivered(struct journey *j)
{
	const struct manifest *m = j->s.manifest;
	struct delivered_record delivered = {
	    .consignor = m->consignor, .consignment_id = m->consignment_id, .consignee = m->consignees.v[0]->org};

	hash_sha256(buf_slice(&j->receipt), &delivered.receipt_digest);
	j->delivered.leaf.index = DELIVERED_LEAF;
	encode_record(&j->delivered, &(struct ledger_record){.format = 1, .at_us = SAMPLE_CREATED_US, .delivered = &delivered});
}

/* What was appended to a tree of this size is in its memory: the store behind it is never asked. */
static enum consign_err
read_no_node(void *self, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	(void)self;
	(void)level;
	(void)index;
	(void)ret_hash;
	return CONSIGN_E_NOT_FOUND;
}

static void
prove(struct tree *tree, struct stated *st)
{
	must(tree_inclusion(tree, st->leaf.index, LEAVES, &st->hashes), "path");
	st->path.path.v = st->hashes.hash;
	st->path.path.n = st->hashes.n;
	st->statement = (struct statement){.leaf = &st->leaf, .has_place = 1, .path = &st->path};
}

static void
make_ledger(struct journey *j)
{
	struct tree_store store = {.read = read_no_node};
	struct tree_node nodes[CONSIGN_PATH_MAX];
	struct tree *tree;
	size_t n;

	must(tree_new(&store, 0, &tree), "ledger");
	for (uint64_t i = 0; i < LEAVES; i++) {
		struct consign_hash entry;

		random_bytes(entry.b, sizeof entry.b);
		tree_append(tree,
		    i == ACCEPTED_LEAF    ? &j->accepted.entry
		    : i == DELIVERED_LEAF ? &j->delivered.entry
					  : &entry,
		    nodes, &n);
	}
	prove(tree, &j->accepted);
	prove(tree, &j->delivered);
	j->checkpoint.size = LEAVES;
	must(tree_head(tree, LEAVES, &j->checkpoint.head), "ledger");
	tree_free(&tree);
	checkpoint_origin(&j->s.context.hub_id, j->origin);
	must(checkpoint_make(j->origin, &j->checkpoint, j->ledger_key, &j->note), "checkpoint");
}

static void
make_curve(struct journey *j)
{
	uint8_t secret[crypto_box_SECRETKEYBYTES], public[crypto_box_PUBLICKEYBYTES];
	size_t largest = j->body.len > j->frame.len ? j->body.len : j->frame.len;

	crypto_box_keypair(public, secret);
	must_be(crypto_box_beforenm(j->curve, public, secret) == 0, "key agreement");
	j->boxed = malloc(largest + 1 + crypto_box_MACBYTES);
	j->opened = malloc(largest + 1);
	must_be(j->boxed != NULL && j->opened != NULL, "out of memory");
	/* cross() reads a byte more than there is. */
	must(buf_reserve(&j->body, 1), "body");
	must(buf_reserve(&j->frame, 1), "frame");
	j->body.data[j->body.len] = 0;
	j->frame.data[j->frame.len] = 0;
}

static void
prepare(struct journey *j, size_t size, size_t items, size_t consignees)
{
	sample_new(&j->s, size, items, consignees);
	must(sign_keypair(&j->ledger_key, &j->ledger_public), "ledger key");
	must(sign_keypair(&j->consignee_key, &j->consignee_public), "consignee's key");
	must(secret_new(&j->received), "key");
	must(secret_new(&j->storage), "storage key");
	random_bytes(j->storage->b, 32);
	must(seal_receiver_new(&j->receiver), "receiver");
	must(arena_new(SCRATCH_BYTES, &j->scratch), "arena");
	key_id_of(&j->s.consignees[0], &j->seal_key_id);
	sample_seal(&j->s, &j->body);
	memcpy(j->wrap, j->body.data, sizeof j->wrap);
	sample_digest(&j->s, &j->body);
	sample_encode(&j->s, &j->manifest);
	sample_sign(&j->s, &j->manifest, &j->frame);
	make_accepted(j);
	make_receipt(j);
	make_delivered(j);
	make_ledger(j);
	make_curve(j);
	/* What is measured first must not be what another step needs. */
	do_manifest_sign(j);
	do_receipt_sign(j);
	do_store_key(j);
	do_unseal(j);
	must_be(slice_equal(buf_slice(&j->plain), j->s.plain), "what was unsealed is not what was sealed");
}

static void
finish(struct journey *j)
{
	buf_clear(&j->body);
	buf_clear(&j->manifest);
	buf_clear(&j->frame);
	buf_clear(&j->plain);
	buf_clear(&j->receipt);
	buf_clear(&j->accepted.record);
	buf_clear(&j->delivered.record);
	buf_clear(&j->note);
	buf_clear(&j->made);
	seal_receiver_free(&j->receiver);
	secret_free(&j->received);
	secret_free(&j->storage);
	secret_free(&j->ledger_key);
	secret_free(&j->consignee_key);
	arena_free(&j->scratch);
	free(j->boxed);
	free(j->opened);
	sample_free(&j->s);
}

/* ── what comes of it ── */

/* µs a message of all steps, round by round. */
static struct spread
sum_of(struct measured *const *all, size_t items, bool with_signatures, unsigned rounds)
{
	double us[MEASURE_ROUNDS_MAX] = {0};

	for (unsigned r = 0; r < rounds; r++)
		for (size_t i = 0; i < STEPS; i++)
			if (with_signatures || !steps[i].is_signature)
				us[r] += all[i]->ns[r] * steps[i].times / 1000 / (double)items;
	return spread_of(us, rounds);
}

static void
report_text(struct measured *const *all, size_t items, unsigned rounds)
{
	size_t i = 0;

	printf("%-18s %12s %5s %8s %-18s  %s\n", "step", "us each time", "times", "us/msg", "(quartiles)", "where");
	for (; steps[i].times > 0; i++) {
		struct spread ns = measured_spread(all[i]->ns, rounds);
		double share = steps[i].times / 1000.0 / (double)items;
		char quartiles[32];

		snprintf(quartiles, sizeof quartiles, "(%.3f to %.3f)", ns.low * share, ns.high * share);
		printf("%-18s %12.2f %5u %8.3f %-18s  %s\n", steps[i].name, ns.median / 1000, steps[i].times, ns.median * share,
		    quartiles, steps[i].where);
	}
	printf("\nin no sum: not paid by every consignment, or shared by many\n");
	for (; i < STEPS; i++)
		printf("%-18s %12.2f %35s %s\n", steps[i].name, measured_spread(all[i]->ns, rounds).median / 1000, "",
		    steps[i].where);
}

static void
report_json(struct measured *const *all, size_t items, unsigned rounds)
{
	for (size_t i = 0; i < STEPS; i++) {
		struct spread ns = measured_spread(all[i]->ns, rounds);

		if (steps[i].times == 0)
			printf(",\"%s_us\":%.2f", steps[i].name, ns.median / 1000);
		else
			printf(",\"%s_us_per_msg\":%.3f,\"%s_times\":%u", steps[i].name,
			    ns.median * steps[i].times / 1000 / (double)items, steps[i].name, steps[i].times);
	}
}

int
main(int argc, char **argv)
{
	static struct journey j;
	static struct measured measured[STEPS];
	struct measured *all[STEPS];
	uint64_t size = 1024, items = CONSIGN_BUNDLE_MAX_ITEMS, consignees = 1;
	const struct option_number numbers[] = {{"--size", &size, 1, CONSIGN_PAYLOAD_MAX_BYTES},
	    {"--items", &items, 1, CONSIGN_BUNDLE_MAX_ITEMS}, {"--consignees", &consignees, 1, CONSIGN_CONSIGNEES_MAX}, {0}};
	struct bench_run run = {.rounds = ROUNDS_DEFAULT};
	char title[96];

	options_read(argc, argv, numbers, &run);
	prepare(&j, size, items, consignees);
	for (size_t i = 0; i < STEPS; i++) {
		measured[i] = (struct measured){.act = steps[i].act, .context = &j};
		all[i] = &measured[i];
	}
	measure(all, STEPS, run.rounds);
	struct spread floor = sum_of(all, items, true, run.rounds), without = sum_of(all, items, false, run.rounds);

	if (run.as_json) {
		printf(
		    "{\"bench\":\"seal\",\"size\":%zu,\"items\":%zu,\"consignees\":%zu,\"body_bytes\":%zu,\"manifest_bytes\":%zu,"
		    "\"floor_us_per_msg\":%.2f,\"floor_us_per_msg_quartiles\":[%.2f,%.2f],\"floor_without_signatures\":%.2f",
		    (size_t)size, (size_t)items, (size_t)consignees, j.body.len, j.frame.len, floor.median, floor.low, floor.high,
		    without.median);
		report_json(all, items, run.rounds);
		bench_json_end(run.rounds);
	} else {
		snprintf(title, sizeof title, "bench-seal, items %zu of %zu bytes, consignees %zu", (size_t)items, (size_t)size,
		    (size_t)consignees);
		bench_title(title, run.rounds);
		report_text(all, items, run.rounds);
		printf("\nfloor_us_per_msg          %6.2f (%.2f to %.2f); body %zu bytes, manifest %zu "
		       "bytes\nfloor_without_signatures  %6.2f (%.2f to %.2f)\n",
		    floor.median, floor.low, floor.high, j.body.len, j.frame.len, without.median, without.low, without.high);
	}
	finish(&j);
	return 0;
}
