/* Limits of connections to the broker, and of what an organisation may use of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/file.h"
#include "core/secret.h"
#include "core/sign.h"
#include "ledger/checkpoint.h"
#include "limit_rows.h"
#include "net/guard.h"
#include "quota.h"
#include "standing_clock.h"

/* ── the guard, with the limits that a broker has ── */

struct kernel {
	struct guard *guard;
	uint64_t now, *received, queued;
	size_t n;
	uint64_t cuts;
	int last;
};

static bool
received(void *context, int fd, uint64_t *ret_bytes)
{
	*ret_bytes = ((struct kernel *)context)->received[fd];
	return true;
}

static bool
queued(void *context, int fd, uint64_t *ret_bytes)
{
	(void)fd;
	*ret_bytes = ((struct kernel *)context)->queued;
	return true;
}

static bool
acked(void *context, int fd, uint64_t *ret_bytes)
{
	(void)context;
	(void)fd;
	*ret_bytes = 0;
	return true;
}

static void
cut(void *context, int fd)
{
	struct kernel *k = context;

	k->cuts++;
	k->last = fd;
}

static struct consign_clock test_clock;

static void
begin(struct kernel *k, size_t connections)
{
	struct guard_io io = {.received = received, .queued = queued, .acked = acked, .cut = cut, .context = k};

	*k = (struct kernel){.now = 1000000, .n = connections, .received = calloc(connections, sizeof *k->received)};
	assert_non_null(k->received);
	test_clock = (struct consign_clock)STANDING_CLOCK(&k->now);
	assert_int_equal(guard_new(&guard_defaults, &io, &test_clock, &k->guard), CONSIGN_OK);
}

/* FULL when one was cut, for this reason. */
static enum consign_err
end(struct kernel *k, enum guard_reason reason)
{
	struct guard_counts counts;

	guard_counts(k->guard, &counts);
	assert_int_equal(counts.cut[reason], k->cuts);
	assert_true(k->cuts <= 1);
	guard_free(&k->guard);
	free(k->received);
	return k->cuts == 0 ? CONSIGN_OK : CONSIGN_E_FULL;
}

/* Comes, and has said something. */
static void
admit(struct kernel *k, int fd)
{
	guard_accepted(k->guard, fd);
	k->received[fd] = 100;
	guard_read(k->guard, fd, 100);
}

static enum consign_err
try_connections(const struct limit_row *row, uint64_t n)
{
	struct kernel k;

	(void)row;
	begin(&k, n);
	for (int fd = 0; fd < (int)n; fd++)
		admit(&k, fd);
	return end(&k, GUARD_CROWD);
}

static enum consign_err
try_member_connections(const struct limit_row *row, uint64_t n)
{
	static const uint8_t key[32] = {7};
	struct kernel k;

	(void)row;
	begin(&k, n);
	for (int fd = 0; fd < (int)n; fd++) {
		admit(&k, fd);
		guard_is_of(k.guard, fd, key);
	}
	return end(&k, GUARD_CROWD);
}

/* Said, and nothing of it acknowledged. */
static enum consign_err
try_behind(const struct limit_row *row, uint64_t n)
{
	struct kernel k;

	(void)row;
	begin(&k, 1);
	admit(&k, 0);
	guard_said(k.guard, 0, n);
	guard_look(k.guard, false);
	return end(&k, GUARD_BEHIND);
}

static enum consign_err
try_strangers(const struct limit_row *row, uint64_t n)
{
	struct kernel k;

	(void)row;
	begin(&k, n);
	for (int fd = 0; fd < (int)n; fd++)
		guard_accepted(k.guard, fd);
	return end(&k, GUARD_CROWD);
}

static enum consign_err
try_stranger_bytes(const struct limit_row *row, uint64_t n)
{
	struct kernel k;

	(void)row;
	begin(&k, 1);
	guard_accepted(k.guard, 0);
	k.received[0] = n;
	guard_look(k.guard, false);
	return end(&k, GUARD_BEFORE);
}

static enum consign_err
try_stranger_life(const struct limit_row *row, uint64_t n)
{
	struct kernel k;

	(void)row;
	begin(&k, 1);
	guard_accepted(k.guard, 0);
	k.now += n;
	guard_look(k.guard, false);
	return end(&k, GUARD_SLOW);
}

/* After so long a crowd's oldest stranger still has its place, and the newcomer is cut; FULL: it made room. */
static enum consign_err
try_stale(const struct limit_row *row, uint64_t n)
{
	struct kernel k;

	(void)row;
	begin(&k, CONSIGN_STRANGERS_MAX + 1);
	for (int fd = 0; fd < (int)CONSIGN_STRANGERS_MAX; fd++)
		guard_accepted(k.guard, fd);
	k.now += n;
	guard_accepted(k.guard, CONSIGN_STRANGERS_MAX);
	assert_int_equal(end(&k, GUARD_CROWD), CONSIGN_E_FULL);
	return k.last == (int)CONSIGN_STRANGERS_MAX ? CONSIGN_OK : CONSIGN_E_FULL;
}

static enum consign_err
try_ahead(const struct limit_row *row, uint64_t n)
{
	struct kernel k;

	(void)row;
	begin(&k, 1);
	admit(&k, 0);
	k.received[0] += n;
	guard_look(k.guard, false);
	return end(&k, GUARD_AHEAD);
}

/* libzmq has it, nothing else waits, and a second look finds it unchanged. */
static enum consign_err
try_unended(const struct limit_row *row, uint64_t n)
{
	struct kernel k;

	(void)row;
	begin(&k, 1);
	admit(&k, 0);
	k.received[0] += n;
	guard_look(k.guard, true);
	guard_look(k.guard, true);
	return end(&k, GUARD_AHEAD);
}

static enum consign_err
try_ahead_of_all(const struct limit_row *row, uint64_t n)
{
	const int connections = CONSIGN_AHEAD_ALL_MAX_BYTES / CONSIGN_AHEAD_MAX_BYTES + 1;
	struct kernel k;

	(void)row;
	begin(&k, (size_t)connections);
	k.queued = UINT64_MAX; /* none of it without an end */
	for (int fd = 0; fd < connections; fd++) {
		uint64_t part = n / (uint64_t)connections;

		admit(&k, fd);
		k.received[fd] += fd > 0 ? part : n - part * (uint64_t)(connections - 1);
	}
	guard_look(k.guard, false);
	return end(&k, GUARD_AHEAD);
}

/* ── quotas, as they are when nothing is configured ── */

static void
default_quota(struct quota *ret_quota)
{
	static const char *const known[] = {"hub_name", NULL};
	struct config *config;
	char problem[256];

	assert_int_equal(config_open(limit_file("broker.yaml", "hub_name: x\n", 12), known, &config, problem), CONSIGN_OK);
	assert_int_equal(quota_read(config, ret_quota, problem), CONSIGN_OK);
	config_free(&config);
}

/* So many at one moment. */
static enum consign_err
try_messages(const struct limit_row *row, uint64_t n)
{
	struct quota quota;
	struct rate rate = {0};
	uint64_t retry_us;
	bool is_taken = true;

	(void)row;
	default_quota(&quota);
	for (uint64_t i = 0; i < n; i++) {
		assert_true(is_taken);
		is_taken = rate_take(&rate, &quota, 1000000, 1, 1, &retry_us);
	}
	return is_taken ? CONSIGN_OK : CONSIGN_E_FULL;
}

/* 4 MiB at a time, which are whole microseconds of the quota, and what is left. What is alone passes, so it is not alone. */
static enum consign_err
try_bytes(const struct limit_row *row, uint64_t n)
{
	const uint64_t step = 4u << 20;
	struct quota quota;
	struct rate rate = {0};
	uint64_t retry_us;
	bool is_taken = true;

	(void)row;
	default_quota(&quota);
	for (uint64_t left = n; left > 0;) {
		uint64_t bytes = left < 2 * step ? left : step;

		assert_true(is_taken);
		is_taken = rate_take(&rate, &quota, 1000000, 1, bytes, &retry_us);
		left -= bytes;
	}
	return is_taken ? CONSIGN_OK : CONSIGN_E_FULL;
}

/* The n-th consignment, and the n-th byte, of a mailbox whose others are of somebody else. */
static enum consign_err
try_mailbox(const struct limit_row *row, uint64_t n)
{
	const struct use mine = {0};
	struct use all = {.consignments = n - 1, .bytes = 1};
	struct quota quota;

	(void)row;
	default_quota(&quota);
	return quota_room(&quota, &all, &mine, 1) == ROOM ? CONSIGN_OK : CONSIGN_E_FULL;
}

static enum consign_err
try_mailbox_bytes(const struct limit_row *row, uint64_t n)
{
	const struct use mine = {0};
	struct use all = {.consignments = 1, .bytes = n - 1};
	struct quota quota;

	(void)row;
	default_quota(&quota);
	return quota_room(&quota, &all, &mine, 1) == ROOM ? CONSIGN_OK : CONSIGN_E_FULL;
}

/* ── the ledger's notes ── */

/* A note by its maker, and cosignatures until it has n bytes. */
static enum consign_err
try_note(const struct limit_row *row, uint64_t n)
{
	static const char other[] = "\xe2\x80\x94 x ";
	const struct consign_hash hub = {{7}};
	struct checkpoint c = {.size = 5}, opened;
	struct consign_public_key public;
	struct secret *key;
	struct buf note = {0};
	char origin[256];

	(void)row;
	assert_int_equal(sign_keypair(&key, &public), CONSIGN_OK);
	checkpoint_origin(&hub, origin);
	assert_int_equal(checkpoint_make(origin, &c, key, &note), CONSIGN_OK);
	while (note.len < n) {
		size_t left = n - note.len, most = sizeof other - 1 + 4 * 25 + 1;
		/* base64 of at least five bytes; what is left behind a line holds another. */
		size_t text = left <= most + 60 ? left : most;

		assert_true(text > sizeof other + 8);
		assert_int_equal(buf_append(&note, slice_text(other)), CONSIGN_OK);
		size_t base64 = text - (sizeof other - 1) - 1;

		/* A name makes up for what base64 does not fill. */
		for (; base64 % 4 != 0; base64--) {
			note.data[note.len - 1] = 'x';
			assert_int_equal(buf_append_u8(&note, ' '), CONSIGN_OK);
		}
		for (size_t i = 0; i < base64; i++)
			assert_int_equal(buf_append_u8(&note, 'A'), CONSIGN_OK);
		assert_int_equal(buf_append_u8(&note, '\n'), CONSIGN_OK);
	}
	assert_int_equal(note.len, n);
	enum consign_err err = checkpoint_open(buf_slice(&note), origin, &public, &opened);

	secret_free(&key);
	buf_clear(&note);
	return err;
}

#define GUARDED(NAME, TRIES) {.name = #NAME, .value = (NAME), .tries = (TRIES), .refused = CONSIGN_E_FULL}

const struct limit_row limit_rows_broker[] = {
    GUARDED(CONSIGN_CONNECTIONS_MAX, try_connections),
    GUARDED(CONSIGN_STRANGERS_MAX, try_strangers),
    GUARDED(CONSIGN_STRANGER_MAX_BYTES, try_stranger_bytes),
    GUARDED(CONSIGN_STRANGER_LIFE_US, try_stranger_life),
    GUARDED(CONSIGN_STRANGER_STALE_US, try_stale),
    GUARDED(CONSIGN_MEMBER_CONNECTIONS_MAX, try_member_connections),
    GUARDED(CONSIGN_AHEAD_MAX_BYTES, try_ahead),
    GUARDED(CONSIGN_BEHIND_MAX_BYTES, try_behind),
    GUARDED(CONSIGN_UNENDED_MAX_BYTES, try_unended),
    GUARDED(CONSIGN_AHEAD_ALL_MAX_BYTES, try_ahead_of_all),
    GUARDED(CONSIGN_QUOTA_MESSAGES_PER_SECOND, try_messages),
    {LIMIT(CONSIGN_QUOTA_BYTES_PER_SECOND), .tries = try_bytes, .refused = CONSIGN_E_FULL,
	.next = CONSIGN_QUOTA_BYTES_PER_SECOND + CONSIGN_QUOTA_BYTES_PER_SECOND / 1000000 + 1}, /* the next microsecond */
    GUARDED(CONSIGN_MAILBOX_MAX_CONSIGNMENTS, try_mailbox),
    GUARDED(CONSIGN_MAILBOX_MAX_BYTES, try_mailbox_bytes),
    {LIMIT(CONSIGN_NOTE_MAX_BYTES), .tries = try_note, .refused = CONSIGN_E_TOO_BIG, .of = "read"},
    {0},
};
