/*
 * bench-ledger [--leaves N] [--rounds N] [--json]: what the ledger's tree, its proofs and its signatures cost, on one core.
 *
 * The nodes are kept in memory, so this is lib/ledger without a store; the broker's store is in bench-store. Leaves are appended
 * in as many slices as there are rounds; proofs are of leaves and sizes at random in the whole tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/statement.h"
#include "measure.h"

#define ROUNDS_DEFAULT 15u
#define LEVELS 64u
#define LEAVES_MAX (UINT64_C(1) << 26)
#define ENTRIES 4096u /* made beforehand, used round about */
#define PROOFS 1024u
#define SCRATCH_BYTES (64u * 1024u)

/* The perfect subtrees, level by level: a level holds half as many as the one below. */
struct nodes {
	struct consign_hash *level[LEVELS];
};

struct asked {
	uint64_t from, to; /* an inclusion: leaf and size */
	struct consign_hash from_head, to_head;
	struct tree_path path;
};

struct bench {
	struct nodes nodes;
	struct tree *tree;
	struct consign_hash entries[ENTRIES];
	struct asked inclusion[PROOFS], consistency[PROOFS];
	size_t at; /* round about, in whichever is measured */
	struct secret *ledger_key;
	struct consign_public_key ledger_public;
	struct consign_hash hub_id;
	char origin[256];
	struct checkpoint checkpoint;
	struct buf note, made;
	struct buf record;
	struct leaf leaf;
	struct consign_hash entry;
	struct tree_path path;
	struct proof proof;
	struct statement statement;
	struct arena *scratch;
};

static enum consign_err
read_node(void *self, uint32_t level, uint64_t index, struct consign_hash *ret_hash)
{
	const struct nodes *nodes = self;

	*ret_hash = nodes->level[level][index];
	return CONSIGN_OK;
}

static const struct consign_hash *
entry_at(const struct bench *b, uint64_t index)
{
	return index == b->leaf.index ? &b->entry : &b->entries[index % ENTRIES];
}

static void
append(struct bench *b, uint64_t index)
{
	struct tree_node made[CONSIGN_PATH_MAX];
	size_t n;

	tree_append(b->tree, entry_at(b, index), made, &n);
	for (size_t i = 0; i < n; i++)
		b->nodes.level[made[i].level][made[i].index] = made[i].hash;
}

/* ── what is measured ── */

static struct asked *
next(struct bench *b, struct asked *all)
{
	return &all[b->at++ % PROOFS];
}

static void
do_entry(void *context)
{
	struct bench *b = context;

	tree_entry(&b->leaf.salt, b->leaf.record, &b->entry);
}

static void
do_inclusion(void *context)
{
	struct bench *b = context;
	const struct asked *a = next(b, b->inclusion);
	struct tree_path path;

	must(tree_inclusion(b->tree, a->from, a->to, &path), "inclusion");
}

static void
do_inclusion_verify(void *context)
{
	struct bench *b = context;
	const struct asked *a = next(b, b->inclusion);

	must(tree_verify_inclusion(entry_at(b, a->from), a->from, a->to, a->path.hash, a->path.n, &a->to_head), "inclusion");
}

static void
do_consistency(void *context)
{
	struct bench *b = context;
	const struct asked *a = next(b, b->consistency);
	struct tree_path path;

	must(tree_consistency(b->tree, a->from, a->to, &path), "consistency");
}

static void
do_consistency_verify(void *context)
{
	struct bench *b = context;
	const struct asked *a = next(b, b->consistency);

	must(tree_verify_consistency(a->from, &a->from_head, a->to, &a->to_head, a->path.hash, a->path.n), "consistency");
}

static void
do_checkpoint_sign(void *context)
{
	struct bench *b = context;

	buf_reset(&b->made);
	must(checkpoint_make(b->origin, &b->checkpoint, b->ledger_key, &b->made), "checkpoint");
}

static void
do_checkpoint_verify(void *context)
{
	struct bench *b = context;
	struct checkpoint c;

	must(checkpoint_open(buf_slice(&b->note), b->origin, &b->ledger_public, &c), "checkpoint");
}

static void
do_statement_verify(void *context)
{
	struct bench *b = context;
	struct ledger_record *record;
	struct consign_hash entry;

	arena_reset(b->scratch);
	must(statement_verify(&b->statement, &b->checkpoint, b->scratch, &record, &entry), "statement");
}

static const struct act {
	const char *name, *says;
	void (*act)(void *context);
} acts[] = {
    {"entry", "a record's entry: salt and record hashed", do_entry},
    {"inclusion", "inclusion proof made", do_inclusion},
    {"inclusion_verify", "inclusion proof verified", do_inclusion_verify},
    {"consistency", "consistency proof made", do_consistency},
    {"consistency_verify", "consistency proof verified", do_consistency_verify},
    {"checkpoint_sign", "checkpoint made and signed", do_checkpoint_sign},
    {"checkpoint_verify", "checkpoint read and verified", do_checkpoint_verify},
    {"statement_verify", "statement verified, with its path, and decoded", do_statement_verify},
};
#define ACTS (sizeof acts / sizeof *acts)

/* ── what it works on ── */

static uint64_t
random_below(uint64_t n)
{
	uint64_t r;

	random_bytes(&r, sizeof r);
	return r % n;
}

/* The leaf in the middle, which has a long path, is the acceptance that statements are measured with. */
static void
make_record(struct bench *b, uint64_t leaves)
{
	struct document_ref ref = {.version = 12, .hash = {{1}}};
	struct consign_hash mailbox = {{2}};
	struct accepted_record accepted = {
	    .consignor = {"globalcro"}, .attempt = 1, .root = &ref, .card = &ref, .mailboxes = {&mailbox, 1}};
	struct ledger_record record = {.format = 1, .at_us = UINT64_C(1800000000000000), .accepted = &accepted};

	random_bytes(accepted.consignment_id.b, sizeof accepted.consignment_id.b);
	random_bytes(accepted.manifest_digest.b, sizeof accepted.manifest_digest.b);
	must(ledger_record_encode(&record, &b->record), "record");
	random_bytes(b->leaf.salt.b, sizeof b->leaf.salt.b);
	b->leaf.index = leaves / 2;
	b->leaf.record = buf_slice(&b->record);
	do_entry(b);
}

static void
prepare(struct bench *b, uint64_t leaves)
{
	struct tree_store store = {read_node, &b->nodes};

	must(secret_start(), "libsodium");
	for (uint32_t level = 0; leaves >> level > 0; level++) {
		b->nodes.level[level] = malloc((leaves >> level) * sizeof(struct consign_hash));
		must_be(b->nodes.level[level] != NULL, "out of memory");
		/* Pages that are there: the first touch is the kernel's work, not the ledger's. */
		memset(b->nodes.level[level], 0, (leaves >> level) * sizeof(struct consign_hash));
	}
	must(tree_new(&store, 0, &b->tree), "tree");
	random_bytes(b->entries, sizeof b->entries);
	random_bytes(b->hub_id.b, sizeof b->hub_id.b);
	must(sign_keypair(&b->ledger_key, &b->ledger_public), "ledger key");
	must(arena_new(SCRATCH_BYTES, &b->scratch), "arena");
	make_record(b, leaves);
}

/* Nanoseconds a leaf, slice by slice. */
static void
append_all(struct bench *b, uint64_t leaves, unsigned rounds, double ns[MEASURE_ROUNDS_MAX])
{
	for (unsigned r = 0; r < rounds; r++) {
		uint64_t first = tree_size(b->tree), end = leaves * (r + 1) / rounds, from = bench_cpu_ns();

		for (uint64_t i = first; i < end; i++)
			append(b, i);
		ns[r] = (double)(bench_cpu_ns() - from) / (double)(end - first);
	}
}

/* Proofs at random, to be verified later; and the statement. */
static void
ask(struct bench *b, uint64_t leaves)
{
	for (size_t i = 0; i < PROOFS; i++) {
		struct asked *a = &b->inclusion[i], *c = &b->consistency[i];

		a->from = random_below(leaves);
		a->to = leaves;
		must(tree_head(b->tree, a->to, &a->to_head), "head");
		must(tree_inclusion(b->tree, a->from, a->to, &a->path), "inclusion");
		c->from = 1 + random_below(leaves - 1);
		c->to = leaves;
		c->to_head = a->to_head;
		must(tree_head(b->tree, c->from, &c->from_head), "head");
		must(tree_consistency(b->tree, c->from, c->to, &c->path), "consistency");
	}
	b->checkpoint = (struct checkpoint){leaves, b->inclusion[0].to_head};
	checkpoint_origin(&b->hub_id, b->origin);
	must(checkpoint_make(b->origin, &b->checkpoint, b->ledger_key, &b->note), "checkpoint");
	must(tree_inclusion(b->tree, b->leaf.index, leaves, &b->path), "inclusion");
	b->proof.path.v = b->path.hash;
	b->proof.path.n = b->path.n;
	b->statement = (struct statement){.leaf = &b->leaf, .has_place = 1, .path = &b->proof};
}

static void
finish(struct bench *b)
{
	for (uint32_t level = 0; level < LEVELS; level++)
		free(b->nodes.level[level]);
	tree_free(&b->tree);
	secret_free(&b->ledger_key);
	buf_clear(&b->note);
	buf_clear(&b->made);
	buf_clear(&b->record);
	arena_free(&b->scratch);
}

static void
report(const char *name, const char *says, const double *rounds_ns, unsigned rounds, bool as_json)
{
	struct spread ns = measured_spread(rounds_ns, rounds);

	if (as_json)
		printf(",\"%s_ns\":%.0f,\"%s_ns_quartiles\":[%.0f,%.0f],\"%s_per_s\":%.0f", name, ns.median, name, ns.low,
		    ns.high, name, 1e9 / ns.median);
	else
		printf("%-50s %9.0f  %8.2f us (%.2f to %.2f)\n", says, 1e9 / ns.median, ns.median / 1000, ns.low / 1000,
		    ns.high / 1000);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	static struct measured measured[ACTS];
	static double append_ns[MEASURE_ROUNDS_MAX];
	struct measured *all[ACTS];
	uint64_t leaves = 1000000;
	/* At least a leaf a slice, whatever the rounds. */
	const struct option_number numbers[] = {{"--leaves", &leaves, MEASURE_ROUNDS_MAX, LEAVES_MAX}, {0}};
	struct bench_run run = {.rounds = ROUNDS_DEFAULT};
	char title[64];

	options_read(argc, argv, numbers, &run);
	prepare(&b, leaves);
	append_all(&b, leaves, run.rounds, append_ns);
	ask(&b, leaves);
	for (size_t i = 0; i < ACTS; i++) {
		measured[i] = (struct measured){.act = acts[i].act, .context = &b};
		all[i] = &measured[i];
	}
	measure(all, ACTS, run.rounds);
	snprintf(title, sizeof title, "bench-ledger, leaves %llu", (unsigned long long)leaves);
	if (run.as_json) {
		printf("{\"bench\":\"ledger\",\"leaves\":%llu", (unsigned long long)leaves);
	} else {
		bench_title(title, run.rounds);
		printf("%-50s %9s  %11s\n", "", "a second", "each");
	}
	report("append", "leaf appended, nodes kept in memory", append_ns, run.rounds, run.as_json);
	for (size_t i = 0; i < ACTS; i++)
		report(acts[i].name, acts[i].says, all[i]->ns, run.rounds, run.as_json);
	if (run.as_json)
		bench_json_end(run.rounds);
	finish(&b);
	return 0;
}
