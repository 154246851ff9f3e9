/* See watching.h. */
#include "watching.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "events.h"
#include "postponed.h"

/* Events of one answer; those of one leaf stay together, so it may be more. */
#define EVENTS_AN_ANSWER 64u
/* Leaves of one read: little enough to hold up mail for a millisecond. */
#define LEAVES_A_READ 256u
#define RECORD_ARENA_BYTES (2 * (CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_RECORD_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE))
/* Texts of the events of a page, each below a kilobyte, twice. */
#define PAGE_ARENA_BYTES (2u * 1024u * 1024u)

struct watcher {
	uint64_t session;
	uint64_t request;
	bool is_asking;  /* and has no answer yet */
	bool at_once;
	bool is_reading; /* a page of the ledger is on its way */
	bool is_live;    /* told from memory */
	uint64_t since_us;  /* 0, or the time from which the ledger is to be read: its leaf is not known yet */
	uint64_t place;  /* the next leaf that it is told of */
	uint64_t number; /* the next event that it is told of */
	uint64_t dropped;
};

/* The nth event since somebody watched first lies at n % CONSIGN_EVENTS_KEPT. */
struct kept {
	struct admin_event event;
	struct buf text;
};

struct watching {
	struct kept kept[CONSIGN_EVENTS_KEPT];
	uint64_t next;
	struct watcher watchers[CONSIGN_WATCHERS_MAX];
	size_t n;
	struct postponed_list postponed;
};

struct page_job {
	struct reader_job job; /* first */
	struct broker *broker;
	uint64_t session;
	uint64_t since_us;
	uint64_t from, to;
	struct arena *arena;
	struct event *events;
	size_t n;
};

void
watching_free(struct watching **watching)
{
	if (*watching == NULL)
		return;
	for (size_t i = 0; i < CONSIGN_EVENTS_KEPT; i++)
		buf_clear(&(*watching)->kept[i].text);
	free(*watching);
	*watching = NULL;
}

static bool
is_watched(const struct broker *b)
{
	return b->watching != NULL && b->watching->n > 0;
}

/* ── what happens ── */

static enum consign_err
keep_slices(struct kept *k)
{
	struct admin_event *e = &k->event;
	struct consign_slice *const slices[] = {&e->org, &e->subject, &e->detail, &e->consignment_id};
	size_t at = 0;
	enum consign_err err = CONSIGN_OK;

	buf_reset(&k->text);
	for (size_t i = 0; err == CONSIGN_OK && i < sizeof slices / sizeof *slices; i++)
		err = buf_append(&k->text, *slices[i]);
	for (size_t i = 0; err == CONSIGN_OK && i < sizeof slices / sizeof *slices; i++) {
		*slices[i] = slice_of(k->text.data + at, slices[i]->len);
		at += slices[i]->len;
	}
	return err;
}

/* What could not be kept is in the ledger, or was dropped. */
static void
read_again(struct watching *w)
{
	for (size_t i = 0; i < w->n; i++)
		w->watchers[i].is_live = false;
}

void
watching_tell(struct broker *b, const struct admin_event *event)
{
	if (!is_watched(b))
		return;
	struct watching *w = b->watching;
	struct kept *k = &w->kept[w->next % CONSIGN_EVENTS_KEPT];

	k->event = *event;
	if (k->event.at_us == 0)
		k->event.at_us = clock_wall_us(b->clock);
	if (keep_slices(k) != CONSIGN_OK) {
		k->event = (struct admin_event){.at_us = clock_wall_us(b->clock), .kind = "dropped", .count = 1};
		read_again(w);
	}
	w->next++;
}

void
watching_leaves(struct broker *b, const struct store_entry *entry)
{
	struct event *events;
	struct arena *arena = NULL;
	enum consign_err err;

	if (!is_watched(b) || entry->n_leaves == 0 || entry->has_consignment || entry->has_delivery)
		return;
	events = calloc(EVENTS_A_LEAF, sizeof *events);
	err = events == NULL ? CONSIGN_E_NO_MEMORY : arena_new(RECORD_ARENA_BYTES, &arena);
	for (size_t i = 0; err == CONSIGN_OK && i < entry->n_leaves; i++) {
		const struct store_leaf *leaf = &entry->leaves[i];
		struct ledger_record *record;
		size_t n = 0;

		arena_reset(arena);
		err = ledger_record_decode(leaf->record, arena, &record);
		if (err == CONSIGN_OK)
			err = events_of_leaf(leaf->index, record, arena, events, &n);
		for (size_t j = 0; err == CONSIGN_OK && j < n; j++) {
			err = events_describe(b->hub, &events[j], arena);
			if (err == CONSIGN_OK)
				watching_tell(b, &events[j].told);
		}
	}
	arena_free(&arena);
	free(events);
	if (err != CONSIGN_OK) {
		log_event(LOG_ERROR, "watching.failed", "reason", "s", consign_err_text(err), NULL);
		read_again(b->watching);
	}
}

void
watching_postponed(struct broker *b, const char *org, const char *whom, enum consign_code code, struct consign_slice detail)
{
	struct postponed_told told;

	if (is_watched(b)
	    && postponed_note(&b->watching->postponed, org, whom, code, detail, clock_steady_us(b->clock), clock_wall_us(b->clock), &told))
		watching_tell(b, &told.event);
}

/* ── who watches ── */

static struct watcher *
find_watcher(struct watching *w, uint64_t session)
{
	for (size_t i = 0; w != NULL && i < w->n; i++)
		if (w->watchers[i].session == session)
			return &w->watchers[i];
	return NULL;
}

/* Those who are gone. */
static void
sweep_watchers(struct broker *b)
{
	struct watching *w = b->watching;

	for (size_t i = 0; i < w->n;) {
		const struct session *s = sessions_by_number(b->sessions, w->watchers[i].session);

		if (s != NULL && s->state == SESSION_ADMIN)
			i++;
		else
			w->watchers[i] = w->watchers[--w->n];
	}
}

static void
answer(struct broker *b, struct watcher *x, struct admin_event **events, size_t n, bool is_present)
{
	struct session *s = sessions_by_number(b->sessions, x->session);
	struct session_admin_events a = {.request = x->request, .events = {events, n}, .next_leaf = x->place, .is_present = is_present};

	x->is_asking = false;
	if (s != NULL && s->state == SESSION_ADMIN)
		say(b, s, &(struct session_command){.admin_events = &a});
}

/* From memory: what it was not told yet. */
static void
answer_kept(struct broker *b, struct watcher *x)
{
	struct watching *w = b->watching;
	struct admin_event *events[EVENTS_AN_ANSWER + EVENTS_A_LEAF + 1], dropped = {.at_us = clock_wall_us(b->clock), .kind = "dropped"};
	uint64_t place = x->place;
	size_t n = 0;

	if (x->dropped > 0) {
		dropped.count = x->dropped;
		dropped.detail = slice_text("this watch did not keep up; what is in the ledger is told all the same");
		events[n++] = &dropped;
	}
	for (; x->number < w->next; x->number++) {
		struct admin_event *e = &w->kept[x->number % CONSIGN_EVENTS_KEPT].event;

		if (n >= EVENTS_AN_ANSWER && (e->place == 0 || e->place != events[n - 1]->place))
			break;
		if (e->place > 0 && e->place <= x->place)
			continue; /* read from the ledger before */
		if (e->place > place)
			place = e->place;
		events[n++] = e;
	}
	x->place = place;
	if (n > 0 || x->at_once) {
		x->dropped = 0;
		answer(b, x, events, n, x->number == w->next);
	}
}

/* ── from the ledger ── */

static enum consign_err
read_record(struct db *db, uint64_t leaf, struct arena *arena, struct ledger_record **ret_record)
{
	struct leaf l;
	enum consign_err err = store_leaf_read(db, leaf, arena, &l);

	return err == CONSIGN_OK ? ledger_record_decode(l.record, arena, ret_record) : err;
}

/* The first leaf that is not older; clocks that were set back make it one of several. */
static enum consign_err
find_since(struct db *db, struct page_job *j, struct arena *arena)
{
	uint64_t from = 0, to = j->to;

	while (from < to) {
		uint64_t middle = from + (to - from) / 2;
		struct ledger_record *record;

		arena_reset(arena);
		enum consign_err err = read_record(db, middle, arena, &record);

		if (err != CONSIGN_OK)
			return err;
		if (record->at_us < j->since_us)
			from = middle + 1;
		else
			to = middle;
	}
	j->from = from;
	return CONSIGN_OK;
}

static enum consign_err
copy_slices(struct admin_event *e, struct arena *arena)
{
	struct consign_slice *const slices[] = {&e->org, &e->subject, &e->detail, &e->consignment_id};

	for (size_t i = 0; i < sizeof slices / sizeof *slices; i++)
		if (slices[i]->len > 0 && (*slices[i] = arena_copy(arena, *slices[i])).data == NULL)
			return CONSIGN_E_NO_MEMORY;
	return CONSIGN_OK;
}

static enum consign_err
read_page(struct reader_job *job, struct db *db)
{
	struct page_job *j = (struct page_job *)job;
	struct arena *arena = NULL;
	enum consign_err err = arena_new(RECORD_ARENA_BYTES, &arena);

	if (err == CONSIGN_OK && j->since_us > 0)
		err = find_since(db, j, arena);
	if (err == CONSIGN_OK && j->to - j->from > LEAVES_A_READ)
		j->to = j->from + LEAVES_A_READ;
	for (; err == CONSIGN_OK && j->from < j->to && j->n < EVENTS_AN_ANSWER; j->from++) {
		struct ledger_record *record;
		size_t n = 0;

		arena_reset(arena);
		err = read_record(db, j->from, arena, &record);
		if (err == CONSIGN_OK)
			err = events_of_leaf(j->from, record, arena, &j->events[j->n], &n);
		for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
			err = copy_slices(&j->events[j->n + i].told, j->arena);
		j->n += n;
	}
	arena_free(&arena);
	return err;
}

static void
answer_read(struct broker *b, struct watcher *x, struct page_job *j)
{
	struct admin_event *events[EVENTS_AN_ANSWER + EVENTS_A_LEAF];

	for (size_t i = 0; i < j->n; i++) {
		/* What cannot be described for lack of memory is told as it is. */
		if (events_describe(b->hub, &j->events[i], j->arena) != CONSIGN_OK)
			log_event(LOG_ERROR, "watching.failed", "reason", "s", consign_err_text(CONSIGN_E_NO_MEMORY), NULL);
		events[i] = &j->events[i].told;
	}
	answer(b, x, events, j->n, false);
}

static void pump(struct broker *b, struct watcher *x);

static void
page_read(struct reader_job *job, enum consign_err err)
{
	struct page_job *j = (struct page_job *)job;
	struct broker *b = j->broker;
	struct watcher *x = err == CONSIGN_E_STATE ? NULL : find_watcher(b->watching, j->session);
	struct session *s = x != NULL ? sessions_by_number(b->sessions, x->session) : NULL;

	if (x == NULL)
		goto out;
	x->is_reading = false;
	if (err != CONSIGN_OK) {
		log_event(LOG_ERROR, "watching.failed", "reason", "s", consign_err_text(err), NULL);
		x->is_asking = false;
		if (s != NULL && s->state == SESSION_ADMIN)
			say_done(b, s, x->request, CONSIGN_CODE_TRY_LATER, consign_err_text(err));
		goto out;
	}
	x->since_us = 0;
	x->place = j->from;
	if (j->n > 0)
		answer_read(b, x, j);
	else
		pump(b, x);
out:
	arena_free(&j->arena);
	free(j);
}

static void
begin_read(struct broker *b, struct watcher *x)
{
	struct page_job *j = calloc(1, sizeof *j);

	if (j == NULL || arena_new(PAGE_ARENA_BYTES, &j->arena) != CONSIGN_OK
	    || (j->events = arena_alloc(j->arena, (EVENTS_AN_ANSWER + EVENTS_A_LEAF) * sizeof *j->events)) == NULL) {
		if (j != NULL)
			arena_free(&j->arena);
		free(j);
		return; /* the tick tries again */
	}
	j->job.read = read_page;
	j->job.done = page_read;
	j->broker = b;
	j->session = x->session;
	j->since_us = x->since_us;
	j->from = x->place;
	j->to = ledger_checkpoint(b->ledger)->size;
	x->is_reading = true;
	reader_put(b->reader, &j->job);
}

/* True when all that is durable was told from the ledger, so that memory has the rest. */
static bool
has_caught_up(struct broker *b, struct watcher *x)
{
	uint64_t next = b->watching->next, first = next > CONSIGN_EVENTS_KEPT ? next - CONSIGN_EVENTS_KEPT : 0;

	if (x->number < first) {
		x->dropped += first - x->number;
		x->number = first;
		x->is_live = false;
	}
	if (x->since_us == 0 && x->place >= ledger_checkpoint(b->ledger)->size)
		x->is_live = true;
	return x->is_live;
}

static void
pump(struct broker *b, struct watcher *x)
{
	if (!x->is_asking || x->is_reading || b->draining)
		return;
	if (has_caught_up(b, x))
		answer_kept(b, x);
	else
		begin_read(b, x);
}

void
watching_pump(struct broker *b)
{
	for (size_t i = 0; is_watched(b) && i < b->watching->n; i++)
		pump(b, &b->watching->watchers[i]);
}

/* What was postponed and counted, and nothing came since that would have told it. */
static void
tell_others(struct broker *b)
{
	struct postponed_told told;

	for (size_t at = 0; postponed_next(&b->watching->postponed, &at, clock_steady_us(b->clock), &told);)
		watching_tell(b, &told.event);
}

void
watching_tick(struct broker *b)
{
	if (!is_watched(b))
		return;
	sweep_watchers(b);
	tell_others(b);
	watching_pump(b);
}

static struct watcher *
new_watcher(struct broker *b, const struct session *s)
{
	if (b->watching == NULL && (b->watching = calloc(1, sizeof *b->watching)) == NULL)
		return NULL;
	struct watching *w = b->watching;

	sweep_watchers(b);
	if (w->n == CONSIGN_WATCHERS_MAX)
		return NULL;
	struct watcher *x = &w->watchers[w->n++];

	*x = (struct watcher){.session = s->number, .number = w->next, .place = UINT64_MAX};
	return x;
}

void
on_admin_watch(struct broker *b, struct request *r)
{
	const struct session_admin_watch *q = r->command->admin_watch;
	struct watcher *x = find_watcher(b->watching, r->session->number);
	uint64_t size = ledger_checkpoint(b->ledger)->size;

	if (x == NULL && (x = new_watcher(b, r->session)) == NULL) {
		say_done(b, r->session, q->request, CONSIGN_CODE_QUOTA, "too many watch this hub already");
		return;
	}
	if (x->is_asking || x->is_reading) {
		say_bye(b, r->session, CONSIGN_CODE_STATE, "an earlier question has no answer yet");
		return;
	}
	x->request = q->request;
	x->is_asking = true;
	x->at_once = q->at_once != 0;
	if (q->since_us > 0 || q->from_leaf != x->place) {
		x->since_us = q->since_us;
		x->place = q->from_leaf < size ? q->from_leaf : size;
		x->is_live = false;
	}
	pump(b, x);
}
