/*
 * A broker that lies: consign-broker with this in the place of some of its functions (-Wl,--wrap). It has the real broker's keys,
 * so it signs whatever a dishonest operator could sign. Everything else is the real broker. Test double: never installed.
 *
 *   export CONSIGN_LIES=FILE
 *
 * FILE, read at each occasion; while it is absent or empty, the broker is honest. A line a lie:
 *     NAME ORG COUNT NONCE ARGUMENT
 *   NAME      one of those below, or of lying_broker_says.c
 *   ORG       the company that it is told to, or of
 *   COUNT     how often; 0: at every occasion
 *   NONCE     a number: they are counted anew when it changes
 *   ARGUMENT  what some need; - for none
 * FILE.hit grows by a line "NAME ORG NONCE" for each lie told.
 *
 * Lies that go into the ledger:
 *   back-date        of ORG, the consignor: accepted an hour before it was
 *   early-tombstone  of ORG, the consignee: its mail is called expired
 *   skip-position    of ORG, the consignee: a position of its mailbox is left out
 *   same-position    of ORG, the consignee: the position before is given once more
 *   false-chain      of ORG, the consignee: its mail names another head of the chain before it
 *   forge-manifest   of ORG, the consignor: another label is put into its manifest; what it signed is not accepted
 *   drop-consignee   of ORG, the consignor: ARGUMENT is struck off the consignees
 *   add-consignee    of ORG, the consignor: ARGUMENT is put among them
 *   older-root       of ORG, the consignor: accepted under the root before the one in force
 *   newer-root       of ORG, the consignor: accepted under a root that is to come, and is none yet
 *   accept-all       of ORG, the consignor: accepted whatever the policy says
 *   admit            of ORG: it stays, and is believed, whatever the directory says of it
 * and
 *   goodbye          to ORG: its session is ended
 */
#include "lying_broker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "ledger/statement.h"
#include "wire/engine.h"

#define LIES_MAX_BYTES 4096u
#define TOLD_MAX 512u
#define TURN_MS 20u
#define HOUR_US (3600ull * 1000000)

struct broker *lying_broker;

/* A seam whose real function has changed its form does not compile. */
#define SEAM(NAME) __typeof__(NAME) __real_##NAME, __wrap_##NAME
SEAM(listener_send);
SEAM(listener_drop);
SEAM(ledger_append);
SEAM(mailbox_take);
SEAM(judge_submission);
SEAM(on_submit);
SEAM(store_expired);
SEAM(hub_member);
SEAM(hub_slice_since);
SEAM(wire_checks_hold);
SEAM(broker_run);

/* ── orders ── */

static struct {
	struct lie lie;
	unsigned long long times;
} told[TOLD_MAX];
static size_t n_told;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the reader thread asks too */

static void
die(const char *what)
{
	fprintf(stderr, "lying broker: %s\n", what);
	abort();
}

static size_t
told_place(const struct lie *lie)
{
	for (size_t i = 0; i < n_told; i++)
		if (told[i].lie.nonce == lie->nonce && strcmp(told[i].lie.name, lie->name) == 0 &&
		    strcmp(told[i].lie.org, lie->org) == 0)
			return i;
	if (n_told == TOLD_MAX)
		die("too many lies");
	told[n_told].lie = *lie;
	return n_told++;
}

static unsigned long long
times_told(const struct lie *lie, unsigned long long more)
{
	pthread_mutex_lock(&lock);
	unsigned long long times = told[told_place(lie)].times += more;

	pthread_mutex_unlock(&lock);
	return times;
}

bool
lie_ordered(const char *name, const char *org, struct lie *ret_lie)
{
	const char *path = getenv("CONSIGN_LIES");
	char text[LIES_MAX_BYTES], *rest = text, *line;
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);

	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		struct lie lie;

		if (line[0] == '\0')
			continue;
		if (sscanf(line, "%31s %63s %llu %llu %63s", lie.name, lie.org, &lie.count, &lie.nonce, lie.argument) != 5)
			die("not NAME ORG COUNT NONCE ARGUMENT");
		if (strcmp(lie.name, name) == 0 && strcmp(lie.org, org) == 0 &&
		    (lie.count == 0 || times_told(&lie, 0) < lie.count)) {
			*ret_lie = lie;
			return true;
		}
	}
	return false;
}

void
lie_told(const struct lie *lie)
{
	char path[1024], line[160];
	int n = snprintf(line, sizeof line, "%s %s %llu\n", lie->name, lie->org, lie->nonce);

	snprintf(path, sizeof path, "%s.hit", getenv("CONSIGN_LIES"));
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, line, (size_t)n) != n)
		die("cannot write the hit file");
	close(fd);
	times_told(lie, 1);
}

/* ── what is said ── */

static struct kept *kept;

void
say_really(const struct route *route, struct frame *frames, size_t n)
{
	if (__real_listener_send(lying_broker->listener, route, frames, n) != CONSIGN_OK)
		for (size_t i = 0; i < n; i++)
			frame_clear(&frames[i]);
}

void
keep_for_later(const struct route *route, struct frame *frames, size_t n, uint64_t due_us)
{
	struct kept *k = calloc(1, sizeof *k), **end = &kept;

	if (k == NULL)
		die("out of memory");
	k->route = *route;
	k->n = n;
	k->due_us = due_us;
	for (size_t i = 0; i < n; i++)
		frame_move(&k->frames[i], &frames[i]);
	while (*end != NULL)
		end = &(*end)->next;
	*end = k;
}

/* Those of a route that wait for another message; or, with NULL, those that are due. */
void
send_kept(const struct route *route)
{
	uint64_t now = clock_steady_us(lying_broker->clock);

	for (struct kept **at = &kept; *at != NULL;) {
		struct kept *k = *at;
		bool is_meant = route != NULL ? k->due_us == UINT64_MAX && memcmp(k->route.id, route->id, sizeof route->id) == 0
					      : k->due_us <= now;

		if (!is_meant) {
			at = &k->next;
			continue;
		}
		*at = k->next;
		say_really(&k->route, k->frames, k->n);
		free(k);
	}
}

/* While one is put into words that breaks them. */
static _Thread_local bool is_bent;

bool
__wrap_wire_checks_hold(const struct wire_message *m, const void *message)
{
	return is_bent || __real_wire_checks_hold(m, message);
}

static void
encode_again(struct saying *s)
{
	struct buf bytes = {0};

	frame_clear(&s->frames[0]);
	if (session_command_encode(s->command, &bytes) != CONSIGN_OK || frame_take(&s->frames[0], &bytes) != CONSIGN_OK)
		die("a lie that cannot be put into words");
}

/* Tells the first lie that is ordered and has its occasion in this message. */
static enum outcome
tell(struct saying *s)
{
	for (const struct wire_lie *w = wire_lies; w->name != NULL; w++) {
		struct lie lie;

		if (w->command != SIZE_MAX && *(void **)((char *)s->command + w->command) == NULL)
			continue;
		if (!lie_ordered(w->name, s->org, &lie))
			continue;
		s->lie = &lie;
		enum outcome outcome = w->tell(s);

		if (outcome == NOTHING)
			continue;
		is_bent = outcome == BENT;
		if (outcome == CHANGED || outcome == BENT)
			encode_again(s);
		is_bent = false;
		lie_told(&lie);
		return outcome;
	}
	return NOTHING;
}

/* Who is lied to: an organisation or an administrator; "" nobody. */
static const char *
name_of(const struct route *route)
{
	const struct hub_card *card = hub_card_by_transport(lying_broker->hub, &route->key);
	const struct admin *admin = hub_admin_by_transport(lying_broker->hub, &route->key);

	return card != NULL ? card->card->org.s : admin != NULL ? admin->name : "";
}

enum consign_err
__wrap_listener_send(struct listener *l, const struct route *route, struct frame *frames, size_t n)
{
	struct saying s = {.org = name_of(route), .route = route, .frames = frames, .n = n};
	struct consign_slice bytes = frame_slice(&frames[0]);
	enum outcome outcome = NOTHING;

	if (s.org[0] != '\0' &&
	    arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES * 64 + 8 * bytes.len * CONSIGN_UNPACK_BUDGET_PER_BYTE, &s.arena) ==
		CONSIGN_OK &&
	    session_command_decode(bytes, s.arena, &s.command) == CONSIGN_OK)
		outcome = tell(&s);
	if (outcome == NOTHING && s.command != NULL)
		say_remember(&s);
	bool is_delivery = s.command != NULL && s.command->deliver != NULL;

	arena_free(&s.arena);
	if (outcome == DROPPED)
		for (size_t i = 0; i < n; i++)
			frame_clear(&frames[i]);
	enum consign_err err = outcome == DROPPED || outcome == TAKEN ? CONSIGN_OK : __real_listener_send(l, route, frames, n);

	if (is_delivery && outcome == NOTHING)
		send_kept(route);
	return err;
}

/* Who is silent does not hang up either. */
void
__wrap_listener_drop(struct listener *l, const struct route *route)
{
	const struct hub_card *card = hub_card_by_transport(lying_broker->hub, &route->key);
	struct lie lie;

	if (card == NULL || !lie_ordered("mute", card->card->org.s, &lie))
		__real_listener_drop(l, route);
}

/* ── what is written down ── */

/* The opening whose position was given twice: what the ledger binds says the position before. */
static struct store_mailbox twice;

enum consign_err
__wrap_ledger_append(struct ledger *ledger, const struct ledger_record *record, struct arena *arena, struct store_leaf *ret_leaf)
{
	struct ledger_record other = *record;
	struct lie lie;

	if (record->accepted != NULL && lie_ordered("back-date", record->accepted->consignor.s, &lie)) {
		other.at_us -= HOUR_US;
		lie_told(&lie);
	}
	if (record->accepted != NULL && lie_ordered("older-root", record->accepted->consignor.s, &lie)) {
		const struct hub_root *older = hub_root_at(lying_broker->hub, record->accepted->root->version - 1);

		*record->accepted->root = (struct document_ref){older->root->version, older->hash};
		lie_told(&lie);
	}
	if (record->accepted != NULL && lie_ordered("newer-root", record->accepted->consignor.s, &lie)) {
		record->accepted->root->version++;
		random_bytes(&record->accepted->root->hash, sizeof record->accepted->root->hash);
		lie_told(&lie);
	}
	if (record->accepted != NULL && twice.position > 0) {
		struct mailbox_opening real = {twice.org, twice.position, twice.previous, twice.salt}, false_one = real;
		struct consign_hash from, to;

		false_one.position--;
		mailbox_commitment(&lying_broker->hub_id, &real, &from);
		mailbox_commitment(&lying_broker->hub_id, &false_one, &to);
		for (size_t i = 0; i < record->accepted->mailboxes.n; i++)
			if (hash_equal(&record->accepted->mailboxes.v[i], &from))
				record->accepted->mailboxes.v[i] = to;
		twice.position = 0;
	}
	return __real_ledger_append(ledger, &other, arena, ret_leaf);
}

void
__wrap_mailbox_take(struct mailbox *m, struct mailbox_share *share, uint64_t bytes, struct store_mailbox *ret_row)
{
	struct lie lie;

	if (lie_ordered("skip-position", m->org.s, &lie)) {
		m->position++;
		lie_told(&lie);
	}
	__real_mailbox_take(m, share, bytes, ret_row);
	if (lie_ordered("false-chain", m->org.s, &lie)) {
		random_bytes(&ret_row->previous, sizeof ret_row->previous);
		lie_told(&lie);
	}
	if (lie_ordered("same-position", m->org.s, &lie)) {
		twice = *ret_row;
		lie_told(&lie);
	}
}

static bool accepts_all;

enum consign_err
__wrap_judge_submission(const struct hub *hub, const char *org, const struct signed_manifest *sm, const struct manifest *m,
    struct consign_slice body, uint64_t now_us, struct arena *arena, struct judgement *ret_judgement)
{
	enum consign_err err = __real_judge_submission(hub, org, sm, m, body, now_us, arena, ret_judgement);

	if (err == CONSIGN_OK && accepts_all)
		*ret_judgement = (struct judgement){0};
	return err;
}

const struct member *
__wrap_hub_member(const struct hub_directory *directory, const char *org)
{
	static struct member admitted;
	const struct member *member = __real_hub_member(directory, org);
	struct lie lie;

	if (member == NULL || member->status == MEMBER_ACTIVE || !lie_ordered("admit", org, &lie))
		return member;
	lie_told(&lie);
	admitted = *member;
	admitted.status = MEMBER_ACTIVE;
	return &admitted;
}

/* An agent is brought all documents again, whatever it says it has: there must be something to lie about. */
enum consign_err
__wrap_hub_slice_since(const struct hub *hub, const char *org, uint64_t size, const struct hub_proofs *proofs, struct arena *arena,
    struct session_documents **ret_documents)
{
	(void)size;
	return hub_slice(hub, org, hub_root(hub)->root->version, 0, proofs, arena, ret_documents);
}

/* The manifest of a submission, with one change, under the signature of what it was before. */
static bool
change_manifest(
    struct request *r, bool (*change)(struct manifest *m, const char *argument, struct arena *arena), const char *argument)
{
	struct signed_manifest *sm;
	struct manifest *m;
	struct buf content = {0}, frame = {0};
	bool is_changed = signed_manifest_decode(frame_slice(r->manifest), r->arena, &sm) == CONSIGN_OK &&
			  manifest_decode(sm->manifest, r->arena, &m) == CONSIGN_OK && change(m, argument, r->arena);

	if (is_changed) {
		if (manifest_encode(m, &content) != CONSIGN_OK)
			die("a manifest that cannot be written");
		sm->manifest = buf_slice(&content);
		if (signed_manifest_encode(sm, &frame) != CONSIGN_OK)
			die("a manifest that cannot be framed");
		frame_clear(r->manifest);
		if (frame_take(r->manifest, &frame) != CONSIGN_OK)
			die("out of memory");
	}
	buf_clear(&content);
	return is_changed;
}

static bool
change_label(struct manifest *m, const char *argument, struct arena *arena)
{
	(void)argument;
	(void)arena;
	m->label = m->label == CONSIGN_LABEL_OPEN ? CONSIGN_LABEL_RESTRICTED : CONSIGN_LABEL_OPEN;
	return true;
}

static bool
drop_consignee(struct manifest *m, const char *argument, struct arena *arena)
{
	(void)arena;
	for (size_t i = 0; i < m->consignees.n; i++)
		if (strcmp(m->consignees.v[i]->org.s, argument) == 0) {
			memmove(m->consignees.v + i, m->consignees.v + i + 1, (--m->consignees.n - i) * sizeof *m->consignees.v);
			return m->consignees.n > 0;
		}
	return false;
}

/* They stand in the order of their names. */
static bool
add_consignee(struct manifest *m, const char *argument, struct arena *arena)
{
	struct manifest_consignee **v = arena_alloc(arena, (m->consignees.n + 1) * sizeof *v),
				  *more = arena_alloc(arena, sizeof *more);
	size_t at = 0;

	if (v == NULL || more == NULL)
		die("out of memory");
	random_bytes(&more->seal_key_id, sizeof more->seal_key_id);
	snprintf(more->org.s, sizeof more->org.s, "%.40s", argument);
	while (at < m->consignees.n && strcmp(m->consignees.v[at]->org.s, argument) < 0)
		at++;
	memcpy(v, m->consignees.v, at * sizeof *v);
	v[at] = more;
	memcpy(v + at + 1, m->consignees.v + at, (m->consignees.n - at) * sizeof *v);
	m->consignees.v = v;
	m->consignees.n++;
	return true;
}

void
__wrap_on_submit(struct broker *b, struct request *r)
{
	static const struct {
		const char *name;
		bool (*change)(struct manifest *m, const char *argument, struct arena *arena);
	} changes[] = {{"forge-manifest", change_label}, {"drop-consignee", drop_consignee}, {"add-consignee", add_consignee}};
	struct lie lie;

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		if (lie_ordered(changes[i].name, r->session->name, &lie) && change_manifest(r, changes[i].change, lie.argument)) {
			lie_told(&lie);
			accepts_all = true;
		}
	if (lie_ordered("accept-all", r->session->name, &lie)) {
		lie_told(&lie);
		accepts_all = true;
	}
	__real_on_submit(b, r);
	accepts_all = false;
}

enum consign_err
__wrap_store_expired(
    struct db *db, uint64_t now_us, size_t max, struct arena *arena, struct store_expired **ret_expired, size_t *ret_n)
{
	enum consign_err err = __real_store_expired(db, INT64_MAX, max, arena, ret_expired, ret_n);
	struct lie lie;
	size_t n = 0;

	for (size_t i = 0; err == CONSIGN_OK && i < *ret_n; i++)
		if (lie_ordered("early-tombstone", (*ret_expired)[i].consignee.s, &lie)) {
			lie_told(&lie);
			(*ret_expired)[n++] = (*ret_expired)[i];
		}
	if (err == CONSIGN_OK && n > 0) {
		*ret_n = n;
		return CONSIGN_OK;
	}
	return __real_store_expired(db, now_us, max, arena, ret_expired, ret_n);
}

/* ── turns ── */

static void
turn(void *context)
{
	struct broker *b = context;
	struct lie lie;

	send_kept(NULL);
	for (struct session *s = sessions_first(b->sessions); s != NULL; s = s->next)
		if (s->state == SESSION_AGENT && lie_ordered("goodbye", s->name, &lie)) {
			lie_told(&lie);
			say_bye(b, s, CONSIGN_CODE_TRY_LATER, "said by a broker that lies");
		}
}

void
__wrap_broker_run(struct broker *b)
{
	int timer;

	lying_broker = b;
	if (loop_every(b->loop, TURN_MS, turn, b, &timer) != CONSIGN_OK)
		die("no timer");
	__real_broker_run(b);
	while (kept != NULL) {
		struct kept *k = kept;

		kept = k->next;
		for (size_t i = 0; i < k->n; i++)
			frame_clear(&k->frames[i]);
		free(k);
	}
}
