/*
 * Watches: the messages of a subscription, as they come, up to a window of unacknowledged ones.
 *
 * A watch begins at the subscription's durable place, skips what is acknowledged, and remembers what it has sent only
 * while the connection lives: a tool that comes back gets everything again that it did not acknowledge. Two watches of
 * one subscription each get every message that is not acknowledged when its turn comes.
 *
 * Invariants  `sent` is sorted by place: messages are sent in their order.
 *             Behind `acked_to` nothing is acknowledged: it was the end of the inbox when the watch began, and moves with every
 *             acknowledgement before that one is handed to the store. So what is kept in memory is given only where the store
 * would say the same. Source: docs/PROTOCOL.md 8.3
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doors/local.h"
#include "core/limits.h"
#include "inbox_private.h"
#include "recent.h"

/* Looked up at once, and content of them: what one turn of the loop may take. */
#define TURN_MESSAGES 512u
#define TURN_BYTES (1024u * 1024)
/* One message of the largest content beside TURN_BYTES of others, each with its consignees. */
#define TURN_BUDGET_BYTES (16u * 1024 * 1024)

struct local_watch_state {
	struct local_watch_state *next;
	uint64_t number;
	struct subscription subscription;
	uint32_t window;
	bool with_content;
	bool is_due;            /* there may be something to send */
	struct inbox_cursor at; /* looked at up to here */
	struct inbox_cursor acked_to;
	struct inbox_cursor asked; /* up to here what is sent is on its way to be acknowledged */
	struct inbox_cursor *sent; /* unacknowledged: [head, head + n) of the window's places */
	size_t head;
	size_t n;
	size_t cap;
};

static void
free_watch(struct tool *t, struct local_watch_state *w)
{
	if (w->with_content)
		recent_unwatch(t->door->agent->recent);
	free(w->sent);
	free(w);
}

void
local_watch_end(struct tool *t)
{
	while (t->watches != NULL) {
		struct local_watch_state *next = t->watches->next;

		free_watch(t, t->watches);
		t->watches = next;
	}
	t->n_watches = 0;
}

/* ── what is sent and not acknowledged ── */

/* Room for more behind the last one. Places are moved when as many have gone as are moved: that costs a place one move. */
static enum consign_err
reserve_sent(struct local_watch_state *w, size_t more)
{
	if (w->cap - w->head - w->n >= more)
		return CONSIGN_OK;
	if (w->head >= w->n && w->cap - w->n >= more) {
		if (w->n > 0)
			memcpy(w->sent, w->sent + w->head, w->n * sizeof *w->sent);
		w->head = 0;
		return CONSIGN_OK;
	}
	size_t cap = 2 * (w->n + more);
	struct inbox_cursor *sent = calloc(cap, sizeof *sent);

	if (sent == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (w->n > 0)
		memcpy(sent, w->sent + w->head, w->n * sizeof *sent);
	free(w->sent);
	w->sent = sent;
	w->head = 0;
	w->cap = cap;
	return CONSIGN_OK;
}

static int
by_place(const void *a, const void *b)
{
	const struct inbox_cursor *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return x->idx < y->idx ? -1 : x->idx > y->idx;
}

static void
drop_sent(struct local_watch_state *w, const struct inbox_cursor *place)
{
	struct inbox_cursor *first = w->sent + w->head, *found;

	if (w->n == 0)
		return;
	if (by_place(place, first) == 0) { /* in order, as most tools do */
		w->head++;
		w->n--;
		return;
	}
	found = bsearch(place, first, w->n, sizeof *first, by_place);
	if (found == NULL)
		return;
	memmove(found, found + 1, (size_t)(first + w->n - found - 1) * sizeof *found);
	w->n--;
}

/* The first that was sent and is not on its way to be acknowledged; from there on they are in order. */
static const struct inbox_cursor *
first_unasked(const struct local_watch_state *w, size_t *ret_n)
{
	const struct inbox_cursor *first = w->n == 0 ? NULL : w->sent + w->head;
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_place(&first[middle], &w->asked) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_n = w->n - low;
	return *ret_n == 0 ? NULL : first + low;
}

/*
 * An id may be two consignors'; an acknowledgement means the first place that is not acknowledged. All that are not acknowledged
 * up to `at` are in `sent`: the next one in there is that place, if none before it is left out.
 */
const struct inbox_cursor *
local_watch_places(const struct tool *t, const char *subscription, const struct consign_message_id *ids, size_t n)
{
	for (const struct local_watch_state *w = t->watches; w != NULL; w = w->next) {
		size_t left, i = 0;

		if (strcmp(w->subscription.name, subscription) != 0)
			continue;
		const struct inbox_cursor *next = first_unasked(w, &left);

		while (i < n && i < left && recent_has(t->door->agent->recent, &next[i], &ids[i]))
			i++;
		if (i == n)
			return next;
	}
	return NULL;
}

void
local_watch_acking(struct tool *t, const char *subscription, const struct inbox_cursor *places, size_t n)
{
	for (struct local_watch_state *w = t->watches; w != NULL; w = w->next) {
		size_t left, i;

		if (strcmp(w->subscription.name, subscription) != 0)
			continue;
		for (i = 0; i < n; i++)
			if (by_place(&places[i], &w->acked_to) > 0)
				w->acked_to = places[i];
		const struct inbox_cursor *next = first_unasked(w, &left);

		for (i = 0; i < n && i < left && by_place(&places[i], &next[i]) == 0; i++)
			w->asked = places[i];
	}
}

void
local_watch_unacked(struct tool *t, const char *subscription)
{
	for (struct local_watch_state *w = t->watches; w != NULL; w = w->next)
		if (strcmp(w->subscription.name, subscription) == 0)
			w->asked = (struct inbox_cursor){0};
}

void
local_watch_acked(struct tool *t, const char *subscription, const struct inbox_cursor *places, size_t n)
{
	for (struct local_watch_state *w = t->watches; w != NULL; w = w->next) {
		if (strcmp(w->subscription.name, subscription) != 0)
			continue;
		for (size_t i = 0; i < n; i++)
			drop_sent(w, &places[i]);
		w->is_due = true;
		tool_wake(t);
	}
}

void
local_watch_news(struct tool *t)
{
	for (struct local_watch_state *w = t->watches; w != NULL; w = w->next) {
		w->is_due = true;
		tool_wake(t);
	}
}

/* ── sending ── */

/* What an event takes beside its content, its name and its consignees. */
#define EVENT_BYTES 512u

/* Room for all events of a page: a buffer that grows is copied, and what it leaves behind overwritten. Without memory for all, each asks for its own. */
static void
reserve_events(struct tool *t, const struct inbox_page *page)
{
	size_t bytes = 0;

	for (size_t i = 0; i < page->n; i++)
		bytes += EVENT_BYTES + page->messages[i]->content.len + page->messages[i]->name.len + page->messages[i]->consignees.n * sizeof(struct consign_org);
	(void)!buf_reserve(&t->out, bytes);
}

static enum consign_err
send_page(struct tool *t, struct local_watch_state *w, struct arena *arena, bool *ret_more)
{
	size_t room = w->window - w->n;
	struct inbox_query q = {.after = w->at,
	    .type = w->subscription.type,
	    .study = w->subscription.study,
	    .acked_by = w->subscription.name,
	    .only_unacked = true,
	    .with_content = w->with_content,
	    .acked_to = &w->acked_to,
	    .max = room < TURN_MESSAGES ? room : TURN_MESSAGES,
	    .max_bytes = TURN_BYTES};
	struct inbox_page page;
	enum consign_err err = reserve_sent(w, q.max);

	if (err == CONSIGN_OK)
		err = inbox_page(t->door->agent->inbox, &q, arena, &page);
	if (err != CONSIGN_OK)
		return err;
	reserve_events(t, &page);
	for (size_t i = 0; i < page.n; i++) {
		struct local_watch_event event = {.message = page.messages[i]};

		tool_reply(t, &(struct local_reply){.number = w->number, .watch = &event});
		w->sent[w->head + w->n++] = page.places[i];
	}
	w->at = page.cursor;
	*ret_more = page.has_more;
	return CONSIGN_OK;
}

/* One page. True: there is more that could be sent at once. */
static bool
fill_one(struct tool *t, struct local_watch_state *w)
{
	struct arena *arena;
	bool more = false;
	enum consign_err err;

	if (!w->is_due || w->n >= w->window || tool_is_choked(t) || t->is_closing)
		return false;
	err = arena_new(TURN_BUDGET_BYTES, &arena);
	if (err == CONSIGN_OK) {
		err = send_page(t, w, arena, &more);
		arena_free(&arena);
	}
	/* A watch that skipped what it cannot read would lose it for the tool: so it says so, and waits for the next news. */
	if (err != CONSIGN_OK)
		tool_fail(t, w->number, err);
	w->is_due = more;
	return more && w->n < w->window && !tool_is_choked(t);
}

bool
local_watch_fill(struct tool *t)
{
	bool again = false;

	for (struct local_watch_state *w = t->watches; w != NULL; w = w->next)
		again = fill_one(t, w) || again;
	return again;
}

/* ── beginning ── */

struct watch_request {
	struct tool *tool;
	struct local_watch wish;
};

/* A watch that names no filter takes the subscription as it is. */
static bool
is_same_filter(const struct subscription *s, const struct local_watch *wish)
{
	if (wish->type[0] == '\0' && wish->study[0] == '\0')
		return true;
	const char *type = wish->type[0] == '\0' ? "*" : wish->type;

	return strcmp(s->type, type) == 0 && strcmp(s->study, wish->study) == 0;
}

static void
refuse_filter(struct tool *t, uint64_t number, const struct subscription *s)
{
	char detail[320];

	snprintf(detail, sizeof detail, "the subscription %s exists with another filter: type %s, %s%s", s->name, s->type,
	    s->study[0] == '\0' ? "every study" : "study ", s->study);
	tool_refuse(t, number, CONSIGN_CODE_STATE, detail, "watch under another name, or with that filter");
}

static enum consign_err
begin(struct tool *t, uint64_t number, const struct local_watch *wish, const struct subscription *s)
{
	struct inbox_cursor end;
	enum consign_err err;

	if (!is_same_filter(s, wish)) {
		refuse_filter(t, number, s);
		return CONSIGN_OK;
	}
	err = inbox_end(t->door->agent->db, &end);
	if (err != CONSIGN_OK)
		return err;
	struct local_watch_state *w = calloc(1, sizeof *w);

	if (w == NULL)
		return CONSIGN_E_NO_MEMORY;
	*w = (struct local_watch_state){.next = t->watches,
	    .number = number,
	    .subscription = *s,
	    .window = wish->window,
	    .with_content = wish->content == 1,
	    .is_due = true,
	    .at = s->cursor,
	    .acked_to = end};
	t->watches = w;
	t->n_watches++;
	if (w->with_content)
		recent_watch(t->door->agent->recent);
	tool_wake(t); /* filled at the end of this turn, or at the next */
	return CONSIGN_OK;
}

static void
on_created(void *context, uint64_t number, enum consign_err err, uint32_t count)
{
	struct watch_request *r = context;
	struct tool *t = r->tool;
	struct subscription s;

	(void)count;
	if (t->door != NULL) {
		/* Read again: another tool may have made it meanwhile, with a filter of its own. */
		if (err == CONSIGN_OK)
			err = subscription_find(t->door->agent->inbox, r->wish.subscription, &s);
		if (err == CONSIGN_OK)
			err = begin(t, number, &r->wish, &s);
		if (err != CONSIGN_OK)
			tool_fail(t, number, err == CONSIGN_E_NOT_FOUND ? CONSIGN_E_CORRUPT : err);
	}
	tool_release(&r->tool);
	free(r);
}

static enum consign_err
create(struct tool *t, uint64_t number, const struct local_watch *wish)
{
	struct watch_request *r = calloc(1, sizeof *r);
	struct subscription s = {0};

	if (r == NULL)
		return CONSIGN_E_NO_MEMORY;
	r->tool = tool_hold(t);
	r->wish = *wish;
	memcpy(s.name, wish->subscription, sizeof s.name);
	memcpy(s.type, wish->type, sizeof s.type);
	memcpy(s.study, wish->study, sizeof s.study);
	subscription_create(t->door->agent->inbox, &s, strcmp(wish->since, "now") == 0, on_created, r, number);
	return CONSIGN_OK;
}

_Static_assert(sizeof(((struct subscription *)0)->name) == sizeof(((struct local_watch *)0)->subscription) &&
		   sizeof(((struct subscription *)0)->type) == sizeof(((struct local_watch *)0)->type) &&
		   sizeof(((struct subscription *)0)->study) == sizeof(((struct local_watch *)0)->study),
    "a wish is copied into a subscription");

void
local_watch(struct tool *t, uint64_t number, const struct local_watch *watch)
{
	struct subscription s;
	enum consign_err err;

	if (t->n_watches >= LOCAL_WATCHES_MAX) {
		tool_refuse(t, number, CONSIGN_CODE_QUOTA, "this connection has 64 watches already", "open another connection");
		return;
	}
	err = subscription_find(t->door->agent->inbox, watch->subscription, &s);
	if (err == CONSIGN_OK)
		err = begin(t, number, watch, &s);
	else if (err == CONSIGN_E_NOT_FOUND)
		err = create(t, number, watch);
	if (err != CONSIGN_OK)
		tool_fail(t, number, err);
}
