/* The broker as a whole: opening in order, the loop's regular turns, commits and what follows a failed one, draining. */
#include "broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/limits.h"
#include "core/log.h"
#include "net/guard.h"
#include "freshness.h"
#include "refusals.h"
#include "watching.h"

#define TICK_MS 200u
#define EXPIRE_MS 2000u
/* Whoever has not said hello by then is not a peer of ours. */
#define HELLO_TIMEOUT_US 15000000u
#define DRAIN_US 5000000u
#define RELOAD_PAUSE_US 500000u
#define RELOAD_PAUSE_MAX_US 15000000u
#define RELOAD_CALM_US 60000000u

enum consign_err
broker_entry(struct broker *b, size_t arena_bytes, size_t entry_bytes, struct store_entry **ret_entry)
{
	struct store_entry *e = calloc(1, entry_bytes);

	if (e == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (arena_bytes > 0 && arena_new(arena_bytes, &e->arena) != CONSIGN_OK) {
		free(e);
		return CONSIGN_E_NO_MEMORY;
	}
	e->writer = b->writer;
	e->job.apply = store_apply;
	*ret_entry = e;
	return CONSIGN_OK;
}

void
broker_commit(struct broker *b, struct store_entry *entry)
{
	commit_put(b->committer, &entry->job);
}

void
broker_commit_later(struct broker *b, struct store_entry *entry)
{
	commit_put_later(b->committer, &entry->job);
}

struct ledger_record
broker_record(const struct broker *b)
{
	return (struct ledger_record){.format = 1, .at_us = clock_wall_us(b->clock)};
}

void
broker_done(struct broker *b, struct store_entry *entry, enum consign_err err)
{
	if (err == CONSIGN_OK && entry->note != NULL)
		err = ledger_committed(b->ledger, entry->note);
	if (err == CONSIGN_OK) {
		metrics_add(b->metrics, METRIC_LEAVES, entry->n_leaves);
		watching_leaves(b, entry);
		return;
	}
	metrics_add(b->metrics, METRIC_COMMITS_FAILED, 1);
	if (!b->store_failed)
		log_event(LOG_ERROR, "store.failed", "reason", "s", consign_err_text(err), "hint", "s",
		    err == CONSIGN_E_FULL ? "free some disk" : "check the disk and its file system; nothing was promised", NULL);
	if (!b->store_failed) {
		uint64_t now = clock_steady_us(b->clock);

		/* The first failure is looked at soon, the next ones at a distance: a full disk does not empty by asking. */
		b->reload_pause_us = now - b->reloaded_us > RELOAD_CALM_US ? RELOAD_PAUSE_US
		    : b->reload_pause_us * 2 > RELOAD_PAUSE_MAX_US        ? RELOAD_PAUSE_MAX_US
		                                                           : b->reload_pause_us * 2;
		b->reload_us = now + b->reload_pause_us;
	}
	b->store_failed = true;
	atomic_store(&b->metrics->store_ok, 0);
}

struct plain_act {
	struct store_entry entry; /* first */
	struct broker *broker;
};

static void
act_done(struct commit_job *job, enum consign_err err)
{
	struct plain_act *a = (struct plain_act *)job;

	broker_done(a->broker, &a->entry, err);
	store_entry_clear(&a->entry);
	free(a);
}

void
broker_act(struct broker *b, const char *act, const char *subject, uint64_t count, const char *detail)
{
	struct store_entry *e;
	struct act_record what = {.subject = slice_text(subject), .count = count, .detail = slice_text(detail)};
	struct ledger_record record = broker_record(b);
	enum consign_err err = broker_entry(b, CONSIGN_UNPACK_BUDGET_BASE_BYTES, sizeof(struct plain_act), &e);

	if (err == CONSIGN_OK) {
		((struct plain_act *)e)->broker = b;
		e->job.done = act_done;
		memcpy(what.act, act, strlen(act) + 1);
		record.act = &what;
		e->leaves = arena_alloc(e->arena, sizeof *e->leaves);
		err = e->leaves == NULL ? CONSIGN_E_NO_MEMORY : ledger_append(b->ledger, &record, e->arena, &e->leaves[0]);
		if (err == CONSIGN_OK) {
			e->n_leaves = 1;
			broker_commit(b, e);
			return;
		}
		store_entry_clear(e);
		free(e);
	}
	log_event(LOG_ERROR, "act.failed", "act", "s", act, "reason", "s", consign_err_text(err), NULL);
}

static enum consign_err
take_stored_documents(void *context, struct consign_slice documents)
{
	char problem[HUB_PROBLEM_BYTES];
	enum consign_err err = hub_take_stored(context, documents, problem);

	if (err != CONSIGN_OK)
		log_event(LOG_ERROR, "store.documents", "problem", "s", problem, NULL);
	return err;
}

static enum consign_err
take_stored_invite(void *context, const struct invite_notice *notice, struct consign_slice join)
{
	struct broker *b = context;
	struct invited *i = calloc(1, sizeof *i);

	if (i == NULL)
		return CONSIGN_E_NO_MEMORY;
	i->notice = *notice;
	i->next = b->invited;
	b->invited = i;
	return buf_append(&i->request, join);
}

static void
free_invites(struct broker *b)
{
	while (b->invited != NULL) {
		struct invited *next = b->invited->next;

		buf_clear(&b->invited->request);
		free(b->invited);
		b->invited = next;
	}
}

/* Everything that is kept in memory, from what is stored. */
static enum consign_err
load(struct broker *b)
{
	struct hub *hub = NULL;
	struct mailboxes *mailboxes = NULL;
	enum consign_err err = hub_new(&b->hub_id, true, &hub);

	if (err == CONSIGN_OK)
		err = store_documents(b->db, take_stored_documents, hub);
	if (err == CONSIGN_OK)
		err = mailboxes_load(b->db, &b->hub_id, &mailboxes);
	if (err == CONSIGN_OK)
		err = b->ledger == NULL ? ledger_open(b->db, &b->hub_id, &b->ledger) : ledger_reload(b->ledger);
	if (err != CONSIGN_OK) {
		hub_free(&hub);
		mailboxes_free(&mailboxes);
		return err;
	}
	mailboxes_inherit(mailboxes, b->mailboxes);
	hub_free(&b->hub);
	mailboxes_free(&b->mailboxes);
	b->hub = hub;
	b->mailboxes = mailboxes;
	free_invites(b);
	return store_invites(b->db, take_stored_invite, b);
}

void
broker_reload(struct broker *b)
{
	if (b->reload_us > clock_steady_us(b->clock))
		return;
	/* What was put is finished first (it fails: the committer is sticky), so that nobody waits for what will not be. */
	commit_flush(b->committer);
	commit_reap(b->committer);
	if (commit_waiting(b->committer) > 0 || load(b) != CONSIGN_OK)
		return; /* tried again at the next tick */
	buckets_clear(b->buckets); /* in them is also what was taken for what was not stored, and comes again */
	commit_resume(b->committer);
	b->store_failed = false;
	b->reloaded_us = clock_steady_us(b->clock);
	atomic_store(&b->metrics->store_ok, 1);
	log_event(LOG_WARN, "store.reloaded", "ledger", "u", ledger_next(b->ledger), NULL);
}

static void
on_commits(void *context)
{
	struct broker *b = context;

	commit_reap(b->committer);
	answers_flush(b);
	watching_pump(b);
}

static void
on_reads(void *context)
{
	reader_reap(((struct broker *)context)->reader);
}

static void
round_over(void *context)
{
	answers_flush(context);
	watching_pump(context);
}

static void
connection_closed(void *context, int fd)
{
	struct broker *b = context;

	for (struct session *s = sessions_first(b->sessions), *next; s != NULL; s = next) {
		next = s->next;
		if (s->route.fd == fd) {
			if (s->state != SESSION_STATES && s->name[0] != '\0')
				say_gone(b, s, "");
			sessions_end(b->sessions, s);
		}
	}
}

static void
tell_disk(struct broker *b, bool is_full, bool is_filling, unsigned used)
{
	struct admin_event e = {.kind = "disk", .code = is_full ? CONSIGN_CODE_DISK_FULL : CONSIGN_CODE_NONE};
	char detail[96];

	snprintf(detail, sizeof detail, "%u %% of the broker's disk are used%s", used,
	    is_full ? ": nothing is taken" : is_filling ? "" : ": there is room again");
	e.detail = slice_text(detail);
	watching_tell(b, &e);
}

static void
check_disk(struct broker *b)
{
	unsigned used;
	uint64_t left;

	if (file_disk_use(b->home, &used, &left) != CONSIGN_OK)
		return;
	bool full = file_disk_is_full(used, left), is_filling = file_disk_is_filling(used);

	if (full != b->disk_full || is_filling != b->disk_warned)
		tell_disk(b, full, is_filling, used);
	if (full != b->disk_full)
		log_event(full ? LOG_ERROR : LOG_INFO, full ? "disk.full" : "disk.has_room", "used_percent", "u", (uint64_t)used, NULL);
	else if (is_filling && !b->disk_warned)
		log_event(LOG_WARN, "disk.filling", "used_percent", "u", (uint64_t)used, NULL);
	b->disk_warned = is_filling;
	b->disk_full = full;
}

/* Cuts connections that were told goodbye a tick ago, or never said hello. */
static void
sweep_sessions(struct broker *b)
{
	uint64_t now = clock_steady_us(b->clock);

	for (struct session *s = sessions_first(b->sessions), *next; s != NULL; s = next) {
		next = s->next;
		if ((s->state == SESSION_NEW || s->state == SESSION_CHALLENGED) && now - s->opened_us > HELLO_TIMEOUT_US)
			s->state = SESSION_STATES;
		if (s->state != SESSION_STATES)
			continue;
		if (!s->doomed) {
			s->doomed = true; /* the goodbye is on its way */
			continue;
		}
		listener_drop(b->listener, &s->route);
		sessions_end(b->sessions, s);
	}
}

static void
stop_when_drained(struct broker *b)
{
	if (commit_waiting(b->committer) > 0 && clock_steady_us(b->clock) < b->drain_until_us)
		return;
	answers_flush(b);
	for (struct session *s = sessions_first(b->sessions); s != NULL; s = s->next)
		if (s->state != SESSION_STATES)
			say_bye(b, s, CONSIGN_CODE_SHUTTING_DOWN, "the broker is stopping");
	loop_stop(b->loop);
}

/* What the guard did since the last tick: counted by reason, and said once a tick. */
static void
count_connections(struct broker *b)
{
	struct listener_counts counts;

	listener_counts(b->listener, &counts);
	metrics_set(b->metrics, METRIC_CONNECTIONS, counts.connections);
	metrics_set(b->metrics, METRIC_STRANGERS, counts.strangers);
	if (counts.not_accepted > 0 && b->not_accepted_told == 0)
		log_event(LOG_ERROR, "connections.not_accepted", "hint", "s",
		    "no files are left for new connections: raise the limit (ulimit -n; systemd: LimitNOFILE=)", NULL);
	b->not_accepted_told = counts.not_accepted;
	for (size_t i = 0; i < LISTENER_CUT_REASONS; i++) {
		if (counts.cut[i] > b->cut_told[i]) {
			watching_tell(b, &(struct admin_event){.kind = "cut", .detail = slice_text(guard_reason_text((enum guard_reason)i)),
			    .count = counts.cut[i] - b->cut_told[i]});
			log_event(LOG_WARN, "connections.cut", "reason", "s", guard_reason_text((enum guard_reason)i), "count", "u",
			    counts.cut[i] - b->cut_told[i], NULL);
		}
		metrics_set(b->metrics, (enum metric)(METRIC_CUT_CROWD + i), counts.cut[i]);
		b->cut_told[i] = counts.cut[i];
	}
}

static void
tick(void *context)
{
	struct broker *b = context;

	atomic_store(&b->metrics->heartbeat_us, clock_steady_us(b->clock));
	if (b->store_failed)
		broker_reload(b);
	if (b->draining) {
		stop_when_drained(b);
		return;
	}
	sweep_sessions(b);
	count_connections(b);
	check_disk(b);
	if (!b->store_failed)
		refusals_count(b, false);
	watching_tick(b);
	spare_tick(b);
	for (struct session *s = sessions_first(b->sessions); s != NULL; s = s->next) {
		deliver_pump(b, s);
		settle_pump(b, s);
	}
	metrics_set(b->metrics, METRIC_SESSIONS, sessions_count(b->sessions));
	metrics_set(b->metrics, METRIC_WAITING, commit_waiting(b->committer));
	metrics_set(b->metrics, METRIC_LEDGER_SIZE, ledger_checkpoint(b->ledger)->size);
}

static void
on_signal(void *context)
{
	struct broker *b = context;

	if (b->draining)
		return;
	log_event(LOG_INFO, "broker.draining", NULL);
	if (!b->store_failed)
		refusals_count(b, true);
	b->draining = true;
	b->drain_until_us = clock_steady_us(b->clock) + DRAIN_US;
}

static enum consign_err
take_genesis(struct broker *b, char ret_problem[256])
{
	char *path = path_join(b->home, "genesis.documents");
	struct buf genesis = {0};
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_read(path, CONSIGN_COMMAND_MAX_BYTES, &genesis);

	if (err == CONSIGN_OK)
		err = documents_genesis(b, buf_slice(&genesis), ret_problem);
	else
		snprintf(ret_problem, 256, "genesis.documents cannot be read: %s", consign_err_text(err));
	if (err == CONSIGN_OK) {
		commit_flush(b->committer);
		commit_reap(b->committer);
		if (b->store_failed)
			err = CONSIGN_E_IO;
	}
	buf_clear(&genesis);
	free(path);
	return err;
}

static enum consign_err
open_keys(struct broker *b, char ret_problem[256])
{
	b->transport_secret = keyfile_find(b->keys, "transport", NULL);
	b->receipt_key = keyfile_find(b->keys, "receipt", NULL);
	b->ledger_key = keyfile_find(b->keys, "ledger", NULL);
	if (b->transport_secret == NULL || b->receipt_key == NULL || b->ledger_key == NULL) {
		snprintf(ret_problem, 256, "keys/broker.key lacks transport, receipt or ledger key");
		return CONSIGN_E_KEY_FILE;
	}
	return CONSIGN_OK;
}

static enum consign_err
open_store(struct broker *b, char ret_problem[256])
{
	char *path = path_join(b->home, "broker.db");
	struct db *writing = NULL, *reading = NULL;
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : store_open(path, false, &writing);

	if (err == CONSIGN_OK)
		err = store_open(path, true, &b->db);
	if (err == CONSIGN_OK)
		err = store_open(path, true, &reading);
	if (err == CONSIGN_OK)
		err = store_writer_new(&b->hub_id, b->ledger_key, &b->writer);
	if (err == CONSIGN_OK)
		err = load(b);
	if (err == CONSIGN_OK)
		err = commit_start(&writing, store_before_commit, b->writer, &b->committer);
	if (err == CONSIGN_OK)
		err = reader_start(&reading, &b->reader);
	if (err != CONSIGN_OK)
		snprintf(ret_problem, 256, "broker.db: %s", consign_err_text(err));
	db_close(&writing);
	db_close(&reading);
	free(path);
	return err;
}

static enum consign_err
check_keys_in_force(struct broker *b, char ret_problem[256])
{
	const struct broker_keys *named = hub_root(b->hub)->root->broker;
	struct consign_public_key transport, receipt, ledger;

	box_public(b->transport_secret, &transport);
	sign_public(b->receipt_key, &receipt);
	sign_public(b->ledger_key, &ledger);
	if (memcmp(transport.b, named->transport_key.b, 32) != 0 || memcmp(receipt.b, named->receipt_key.b, 32) != 0
	    || memcmp(ledger.b, named->ledger_key.b, 32) != 0) {
		snprintf(ret_problem, 256, "keys/broker.key does not hold the keys that the root names");
		return CONSIGN_E_KEY_FILE;
	}
	return CONSIGN_OK;
}

static enum consign_err
open_listener(struct broker *b, const char *bind, char ret_problem[256])
{
	struct listener_options o = {.bind = bind, .transport_secret = b->transport_secret, .admit = admit_key, .received = dispatch_frames,
	    .round = round_over, .closed = connection_closed, .context = b};
	int timer;

	box_public(b->transport_secret, &o.transport_public);
	enum consign_err err = transport_new(1, &b->transport);

	if (err == CONSIGN_OK)
		err = listener_open(b->transport, b->loop, &o, &b->listener);
	if (err == CONSIGN_E_CONFIG)
		snprintf(ret_problem, 256, "cannot listen on %s: in use, or not an address of this machine", bind);
	if (err == CONSIGN_OK)
		err = loop_watch(b->loop, commit_fd(b->committer), LOOP_READ, on_commits, b);
	if (err == CONSIGN_OK)
		err = loop_watch(b->loop, reader_fd(b->reader), LOOP_READ, on_reads, b);
	if (err == CONSIGN_OK)
		err = loop_every(b->loop, TICK_MS, tick, b, &timer);
	if (err == CONSIGN_OK)
		err = loop_every(b->loop, EXPIRE_MS, expire_tick, b, &timer);
	return err;
}

enum consign_err
broker_open(const struct broker_options *options, struct broker **ret_broker, char ret_problem[256])
{
	struct broker *b = calloc(1, sizeof *b);
	enum consign_err err;

	snprintf(ret_problem, 256, "out of memory");
	if (b == NULL)
		return CONSIGN_E_NO_MEMORY;
	b->clock = clock_system();
	b->wall_ahead_us = clock_wall_ahead(b->clock);
	b->home = options->home;
	b->hub_id = options->hub_id;
	b->retention_us = options->retention_days * 24 * 3600 * 1000000ull;
	b->quota = options->quota;
	b->keys = *options->keys;
	*options->keys = NULL;
	err = loop_new(&b->loop);
	/* Signals are blocked before the first thread is started, so that every thread has them blocked. */
	if (err == CONSIGN_OK)
		err = loop_on_signals(b->loop, on_signal, b);
	if (err == CONSIGN_OK)
		err = metrics_new(&b->metrics);
	if (err == CONSIGN_OK)
		err = sessions_new(&b->sessions);
	if (err == CONSIGN_OK)
		err = pending_new(&b->pending);
	if (err == CONSIGN_OK && (b->buckets = buckets_new()) == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err == CONSIGN_OK)
		err = open_keys(b, ret_problem);
	if (err == CONSIGN_OK)
		err = open_store(b, ret_problem);
	if (err == CONSIGN_OK && hub_root(b->hub) == NULL)
		err = take_genesis(b, ret_problem);
	if (err == CONSIGN_OK)
		err = check_keys_in_force(b, ret_problem);
	if (err == CONSIGN_OK)
		err = open_listener(b, options->bind, ret_problem);
	if (err == CONSIGN_OK && options->metrics_bind != NULL) {
		atomic_store(&b->metrics->heartbeat_us, clock_steady_us(b->clock));
		err = metrics_serve(b->metrics, options->metrics_bind);
		if (err != CONSIGN_OK)
			snprintf(ret_problem, 256, "cannot serve metrics on %s", options->metrics_bind);
	}
	if (err != CONSIGN_OK) {
		broker_close(&b);
		return err;
	}
	freshness_load(b);
	broker_act(b, "restart", "broker", ledger_next(b->ledger), CONSIGN_VERSION);
	*ret_broker = b;
	return CONSIGN_OK;
}

void
broker_run(struct broker *b)
{
	loop_run(b->loop);
}

void
broker_close(struct broker **broker)
{
	struct broker *b = *broker;

	if (b == NULL)
		return;
	listener_close(&b->listener, 1000);
	if (b->committer != NULL) {
		commit_flush(b->committer);
		commit_reap(b->committer);
		commit_stop(&b->committer);
	}
	reader_stop(&b->reader);
	metrics_free(&b->metrics);
	transport_free(&b->transport);
	loop_free(&b->loop);
	sessions_free(&b->sessions);
	free(b->answered.numbers);
	pending_free(&b->pending);
	watching_free(&b->watching);
	buf_clear(&b->freshness);
	free_invites(b);
	buckets_free(&b->buckets);
	mailboxes_free(&b->mailboxes);
	recent_clear(&b->recent);
	ledger_close(&b->ledger);
	hub_free(&b->hub);
	store_writer_free(&b->writer);
	db_close(&b->db);
	keyfile_free(&b->keys);
	free(b);
	*broker = NULL;
}
