/*
 * bench-store [--consignments N] [--items N] [--size BYTES] [--rounds N] [--json]: what the broker's store costs.
 *
 * Consignments of one consignee are decided as broker/on_submit.c decides them and go through the broker's own commit thread,
 * writer and schema, in groups of 1, 8 and 32; then the mailbox is read as the broker's reader reads it. Measured is the commit,
 * from the moment at which the group waits until it is durable and reaped: leaf, nodes, signatures, manifest, body, mailbox,
 * checkpoint, fsync. What the loop does before that is not in it. Each group size has a store of its own, in TMPDIR; a round
 * writes and reads a slice of each.
 *
 * Of the agents' stores there is no such bench: their inserts are static functions behind the outbox and the reception, which
 * want a hub, keys and an uplink. bench-exchange has them, within whole daemons.
 */
#include <ftw.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/commit.h"
#include "ledger.h"
#include "ledger/statement.h"
#include "mailbox.h"
#include "measure.h"
#include "sample.h"
#include "store/store.h"

#define ROUNDS_DEFAULT 15u
#define GROUP_MAX 32u
#define CONSIGNEE "sponsor-0"
#define ENTRY_BYTES (64u * 1024u)
/* One read of mail: those of broker/deliver.c. */
#define MAIL_A_READ 64u
#define MAIL_BYTES_A_READ (1024u * 1024u)

static const size_t group_sizes[] = {1, 8, GROUP_MAX};
#define GROUPS (sizeof group_sizes / sizeof *group_sizes)

/* ── fsyncs, counted where SQLite asks for them: these two come before the C library's ── */

static _Atomic uint64_t fsync_count, fsync_ns;

static int
timed_sync(long call, int fd)
{
	uint64_t from = bench_wall_ns();
	int rc = (int)syscall(call, fd);

	fsync_ns += bench_wall_ns() - from;
	fsync_count++;
	return rc;
}

int
fsync(int fd)
{
	return timed_sync(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return timed_sync(SYS_fdatasync, fd);
}

/* Bytes that this process has caused to be written to a disk, by the kernel's count; 0 where it does not tell. */
static uint64_t
bytes_written(void)
{
	unsigned long long bytes = 0;
	char line[128];
	FILE *f = fopen("/proc/self/io", "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "write_bytes: %llu", &bytes) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return bytes;
}

/* ── a store with all that the broker has around it ── */

/* What one round took; of all messages of its slice together. */
struct took {
	double wall_ns, cpu_ns, read_wall_ns, read_cpu_ns;
	double fsyncs, fsync_ns, written;
};

struct shop {
	size_t group;
	struct db *db; /* the loop's */
	struct db *reader;
	struct store_writer *writer;
	struct ledger *ledger;
	struct mailboxes *mailboxes;
	struct committer *committer;
	uint64_t committed, read; /* mailbox positions */
	struct took took[MEASURE_ROUNDS_MAX];
};

/* A submission on its way through the commit thread. */
struct submission {
	struct store_entry entry; /* first */
	struct shop *shop;
	struct manifest manifest;
	struct buf frame;
};

static struct {
	struct sample sample;
	struct buf body, encoded;
	struct secret *ledger_key;
	char folder[512];
	struct shop shops[GROUPS];
} bench;

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

/* However the program ends. */
static void
remove_folder(void)
{
	if (bench.folder[0] != '\0')
		nftw(bench.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
make_folder(uint64_t bytes)
{
	const char *parent = getenv("TMPDIR");
	char path[sizeof bench.folder];
	struct statvfs fs;
	int n = snprintf(path, sizeof path, "%s/consign-bench-XXXXXX", parent == NULL || parent[0] == '\0' ? "/tmp" : parent);

	must_be(n > 0 && (size_t)n < sizeof path && mkdtemp(path) != NULL, "a temporary folder cannot be made in TMPDIR");
	memcpy(bench.folder, path, sizeof path);
	atexit(remove_folder);
	/* Bodies in the store and for a while in its log, and what is around them. */
	must_be(
	    statvfs(bench.folder, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize > bytes + bytes / 4 + (UINT64_C(512) << 20),
	    "not enough room in TMPDIR");
}

/* fsync costs what the disk behind it costs, and on some nothing. */
static const char *
disk_name(void)
{
	static const struct {
		unsigned long type;
		const char *name;
	} known[] = {
	    {0xef53, "ext4"}, {0x58465342, "xfs"}, {0x9123683e, "btrfs"}, {0x01021994, "tmpfs"}, {0x794c7630, "overlay"}};
	struct statfs fs;

	for (size_t i = 0; statfs(bench.folder, &fs) == 0 && i < sizeof known / sizeof *known; i++)
		if ((unsigned long)fs.f_type == known[i].type)
			return known[i].name;
	return "another file system";
}

static void
open_shop(struct shop *s, size_t group)
{
	const struct consign_hash *hub_id = &bench.sample.context.hub_id;
	char path[sizeof bench.folder + 32];
	struct db *db;

	s->group = group;
	snprintf(path, sizeof path, "%s/broker-%zu.db", bench.folder, group);
	must(store_open(path, false, &db), "store");
	must(store_open(path, true, &s->db), "store");
	must(store_open(path, true, &s->reader), "store");
	must(store_writer_new(hub_id, bench.ledger_key, &s->writer), "writer");
	must(ledger_open(s->db, hub_id, &s->ledger), "ledger");
	must(mailboxes_load(s->db, hub_id, &s->mailboxes), "mailboxes");
	must(commit_start(&db, store_before_commit, s->writer, &s->committer), "commit thread");
}

static void
close_shop(struct shop *s)
{
	commit_stop(&s->committer);
	mailboxes_free(&s->mailboxes);
	ledger_close(&s->ledger);
	store_writer_free(&s->writer);
	db_close(&s->reader);
	db_close(&s->db);
}

/* ── writing ── */

static void
submission_done(struct commit_job *job, enum consign_err err)
{
	struct submission *x = (struct submission *)job;

	must(err, "commit");
	must(ledger_committed(x->shop->ledger, x->entry.note), "ledger");
	x->shop->committed++;
	store_entry_clear(&x->entry);
	buf_clear(&x->frame);
	free(x);
}

/* Its place in the consignee's mailbox and its leaf, in the broker's order (broker/on_submit.c). */
static void
decide(struct shop *s, struct submission *x)
{
	struct store_entry *e = &x->entry;
	const struct manifest *m = &x->manifest;
	struct mailbox *box = mailbox_of(s->mailboxes, CONSIGNEE);
	struct document_ref ref = {.version = 12, .hash = {{1}}};
	struct mailbox_opening opening;
	struct consign_hash commitment;
	struct accepted_record accepted = {.consignor = m->consignor,
	    .consignment_id = m->consignment_id,
	    .attempt = 1,
	    .manifest_digest = e->manifest_digest,
	    .root = &ref,
	    .card = &ref,
	    .mailboxes = {&commitment, 1}};
	struct ledger_record record = {.format = 1, .at_us = clock_wall_us(clock_system()), .accepted = &accepted};

	e->mailboxes = arena_alloc(e->arena, sizeof *e->mailboxes);
	e->leaves = arena_alloc(e->arena, sizeof *e->leaves);
	must_be(box != NULL && e->mailboxes != NULL && e->leaves != NULL, "out of memory");
	struct mailbox_share *share = mailbox_share(box, m->consignor.s);

	must_be(share != NULL, "out of memory");
	mailbox_take(box, share, e->manifest_frame.len + e->body.len, e->mailboxes);
	opening = (struct mailbox_opening){e->mailboxes->org, e->mailboxes->position, e->mailboxes->previous, e->mailboxes->salt};
	mailbox_commitment(&m->hub_id, &opening, &commitment);
	must(ledger_append(s->ledger, &record, e->arena, e->leaves), "leaf");
	mailbox_chain(box, &e->leaves->entry, e->mailboxes);
	e->n_mailboxes = e->n_leaves = 1;
}

/* The same body under a new id, signed: the store looks into none of it. */
static struct submission *
make_submission(struct shop *s)
{
	struct sample *sample = &bench.sample;
	struct submission *x = calloc(1, sizeof *x);

	must_be(x != NULL, "out of memory");
	random_bytes(sample->manifest->consignment_id.b, sizeof sample->manifest->consignment_id.b);
	sample_encode(sample, &bench.encoded);
	sample_sign(sample, &bench.encoded, &x->frame);
	x->shop = s;
	x->manifest = *sample->manifest;
	x->entry = (struct store_entry){.job = {.apply = store_apply, .done = submission_done},
	    .writer = s->writer,
	    .has_consignment = true,
	    .manifest = &x->manifest,
	    .manifest_frame = buf_slice(&x->frame),
	    .body = buf_slice(&bench.body)};
	hash_sha256(buf_slice(&bench.encoded), &x->entry.manifest_digest);
	must(arena_new(ENTRY_BYTES, &x->entry.arena), "arena");
	decide(s, x);
	return x;
}

/* Keeps the commit thread busy, without writing anything, until a whole group waits: else the first of it would go alone. */
struct gate {
	struct commit_job job; /* first */
	sem_t entered, open;
};

static enum consign_err
gate_apply(struct commit_job *job, struct db *db)
{
	struct gate *g = (struct gate *)job;

	(void)db;
	sem_post(&g->entered);
	while (sem_wait(&g->open) != 0)
		;
	return CONSIGN_OK;
}

static void
gate_done(struct commit_job *job, enum consign_err err)
{
	(void)job;
	must(err, "gate");
}

static void
commit_group(struct shop *s, struct submission **group, size_t n, struct took *took)
{
	struct gate gate = {.job = {.apply = gate_apply, .done = gate_done}};
	uint64_t wall, cpu;

	if (n > 1) {
		sem_init(&gate.entered, 0, 0);
		sem_init(&gate.open, 0, 0);
		commit_put(s->committer, &gate.job);
		while (sem_wait(&gate.entered) != 0)
			;
		for (size_t i = 0; i < n; i++)
			commit_put(s->committer, &group[i]->entry.job);
	}
	wall = bench_wall_ns();
	cpu = bench_cpu_ns();
	if (n > 1)
		sem_post(&gate.open);
	else
		commit_put(s->committer, &group[0]->entry.job);
	commit_flush(s->committer);
	commit_reap(s->committer);
	took->wall_ns += (double)(bench_wall_ns() - wall);
	took->cpu_ns += (double)(bench_cpu_ns() - cpu);
	if (n > 1) {
		sem_destroy(&gate.entered);
		sem_destroy(&gate.open);
	}
}

static void
write_slice(struct shop *s, size_t consignments, struct took *took)
{
	struct submission *group[GROUP_MAX];
	uint64_t fsyncs = fsync_count, sync_ns = fsync_ns, written = bytes_written();

	for (size_t done = 0; done < consignments; done += s->group) {
		for (size_t i = 0; i < s->group; i++)
			group[i] = make_submission(s);
		commit_group(s, group, s->group, took);
	}
	took->fsyncs = (double)(fsync_count - fsyncs);
	took->fsync_ns = (double)(fsync_ns - sync_ns);
	took->written = (double)(bytes_written() - written);
}

/* ── reading ── */

static void
read_slice(struct shop *s, struct took *took)
{
	uint64_t wall = bench_wall_ns(), cpu = bench_cpu_ns();

	while (s->read < s->committed) {
		struct store_mail *mail;
		struct arena *arena;
		size_t n;

		must(arena_new(
			 MAIL_A_READ * CONSIGN_UNPACK_BUDGET_BASE_BYTES + 2 * CONSIGN_BODY_MAX_BYTES + MAIL_BYTES_A_READ, &arena),
		    "arena");
		must(store_mailbox_read(s->reader, CONSIGNEE, s->read + 1, MAIL_A_READ, MAIL_BYTES_A_READ, arena, &mail, &n),
		    "mailbox");
		must_be(n > 0, "mail that was committed is not there");
		for (size_t i = 0; i < n; i++)
			must_be(mail[i].position == ++s->read && !mail[i].corrupt && mail[i].body.len == bench.body.len,
			    "mail is not what was committed");
		arena_free(&arena);
	}
	took->read_wall_ns = (double)(bench_wall_ns() - wall);
	took->read_cpu_ns = (double)(bench_cpu_ns() - cpu);
}

/* ── what comes of it ── */

struct found {
	struct spread wall_us, cpu_us, mb_per_s, read_per_s, read_cpu_us; /* a message each, but for the rates */
	double fsyncs, fsync_us, fsync_share, written;
};

/* One value of every round, times a factor; or the factor by it. */
static struct spread
over_rounds(const struct shop *s, size_t offset, double factor, bool is_rate, unsigned rounds)
{
	double values[MEASURE_ROUNDS_MAX];

	for (unsigned r = 0; r < rounds; r++) {
		double value = *(const double *)(const void *)((const char *)&s->took[r] + offset);

		values[r] = is_rate ? factor / value : value * factor;
	}
	return spread_of(values, rounds);
}

static struct found
find(const struct shop *s, size_t consignments, size_t items, unsigned rounds)
{
	double messages = (double)consignments * (double)items, bytes = (double)consignments * (double)bench.body.len;
	struct found f = {
	    .wall_us = over_rounds(s, offsetof(struct took, wall_ns), 1e-3 / messages, false, rounds),
	    .cpu_us = over_rounds(s, offsetof(struct took, cpu_ns), 1e-3 / messages, false, rounds),
	    .mb_per_s = over_rounds(s, offsetof(struct took, wall_ns), bytes * 1e3, true, rounds),
	    .read_per_s = over_rounds(s, offsetof(struct took, read_wall_ns), messages * 1e9, true, rounds),
	    .read_cpu_us = over_rounds(s, offsetof(struct took, read_cpu_ns), 1e-3 / messages, false, rounds),
	};
	double fsyncs = 0, sync_ns = 0, wall_ns = 0, written = 0;

	for (unsigned r = 0; r < rounds; r++) {
		fsyncs += s->took[r].fsyncs;
		sync_ns += s->took[r].fsync_ns;
		wall_ns += s->took[r].wall_ns;
		written += s->took[r].written;
	}
	f.fsyncs = fsyncs / ((double)consignments * rounds / (double)s->group);
	f.fsync_us = fsyncs > 0 ? sync_ns / fsyncs / 1e3 : 0;
	f.fsync_share = sync_ns / wall_ns;
	f.written = written / (bytes * rounds);
	return f;
}

static void
report_text(const struct shop *s, const struct found *f)
{
	char wall[40], cpu[40];

	snprintf(wall, sizeof wall, "%.2f (%.2f to %.2f)", f->wall_us.median, f->wall_us.low, f->wall_us.high);
	snprintf(cpu, sizeof cpu, "%.2f (%.2f to %.2f)", f->cpu_us.median, f->cpu_us.low, f->cpu_us.high);
	printf("%5zu  %-24s %-24s %7.1f %9.2f %9.0f %8.0f %% %9.2f %12.0f %11.2f\n", s->group, wall, cpu, f->mb_per_s.median,
	    f->fsyncs, f->fsync_us, 100 * f->fsync_share, f->written, f->read_per_s.median, f->read_cpu_us.median);
}

static void
report_json(const struct shop *s, const struct found *f, size_t consignments, size_t items, size_t size, unsigned rounds)
{
	printf("{\"bench\":\"store\",\"group\":%zu,\"consignments\":%zu,\"items\":%zu,\"size\":%zu,\"body_bytes\":%zu,\"wall_us_"
	       "per_msg\":%.3f,"
	       "\"wall_us_per_msg_quartiles\":[%.3f,%.3f],\"cpu_us_per_msg\":%.3f,\"cpu_us_per_msg_quartiles\":[%.3f,%.3f],\"mb_"
	       "per_s\":%.1f,"
	       "\"fsyncs_per_group\":%.3f,\"fsync_us\":%.0f,\"fsync_share\":%.3f,\"written_per_body_byte\":%.3f,\"read_msgs_per_"
	       "s\":%.0f,"
	       "\"read_cpu_us_per_msg\":%.3f,\"disk\":\"%s\"",
	    s->group, consignments * rounds, items, size, bench.body.len, f->wall_us.median, f->wall_us.low, f->wall_us.high,
	    f->cpu_us.median, f->cpu_us.low, f->cpu_us.high, f->mb_per_s.median, f->fsyncs, f->fsync_us, f->fsync_share,
	    f->written, f->read_per_s.median, f->read_cpu_us.median, disk_name());
	bench_json_end(rounds);
}

static void
prepare(size_t size, size_t items, uint64_t consignments)
{
	struct consign_public_key unused;

	sample_new(&bench.sample, size, items, 1);
	sample_seal(&bench.sample, &bench.body);
	sample_digest(&bench.sample, &bench.body);
	must(sign_keypair(&bench.ledger_key, &unused), "ledger key");
	make_folder(GROUPS * consignments * bench.body.len);
	for (size_t i = 0; i < GROUPS; i++)
		open_shop(&bench.shops[i], group_sizes[i]);
}

int
main(int argc, char **argv)
{
	uint64_t consignments = 2000, items = CONSIGN_BUNDLE_MAX_ITEMS, size = 1024;
	const struct option_number numbers[] = {{"--consignments", &consignments, GROUP_MAX, 10000000},
	    {"--items", &items, 1, CONSIGN_BUNDLE_MAX_ITEMS}, {"--size", &size, 1, CONSIGN_PAYLOAD_MAX_BYTES}, {0}};
	struct bench_run run = {.rounds = ROUNDS_DEFAULT};
	char title[128];

	options_read(argc, argv, numbers, &run);
	/* Whole groups of each size in every round, so near the number asked for as that lets it be. */
	uint64_t groups = (consignments / run.rounds + GROUP_MAX / 2) / GROUP_MAX, slice = (groups == 0 ? 1 : groups) * GROUP_MAX;

	prepare(size, items, slice * run.rounds);
	for (unsigned r = 0; r < run.rounds; r++)
		for (size_t i = 0; i < GROUPS; i++) {
			write_slice(&bench.shops[i], slice, &bench.shops[i].took[r]);
			read_slice(&bench.shops[i], &bench.shops[i].took[r]);
		}
	if (!run.as_json) {
		snprintf(title, sizeof title,
		    "bench-store, consignments %llu in each group size, items %llu of %llu bytes, on %s",
		    (unsigned long long)(slice * run.rounds), (unsigned long long)items, (unsigned long long)size, disk_name());
		bench_title(title, run.rounds);
		printf("%-5s  %-24s %-24s %7s %9s %9s %10s %9s %12s %11s\n", "group", "wall us/msg", "cpu us/msg", "MB/s",
		    "fsyncs", "us each", "of wall", "written", "read msg/s", "cpu us/msg");
	}
	for (size_t i = 0; i < GROUPS; i++) {
		struct found f = find(&bench.shops[i], slice, items, run.rounds);

		if (run.as_json)
			report_json(&bench.shops[i], &f, slice, items, size, run.rounds);
		else
			report_text(&bench.shops[i], &f);
		close_shop(&bench.shops[i]);
	}
	if (!run.as_json)
		printf(
		    "\nMB/s: of bodies. fsyncs: of a group, for bodies, log and the log's take-over. written: bytes to the disk "
		    "for each of a body."
		    " Reading finds the pages in memory.\n");
	buf_clear(&bench.body);
	buf_clear(&bench.encoded);
	secret_free(&bench.ledger_key);
	sample_free(&bench.sample);
	return 0;
}
