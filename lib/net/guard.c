/*
 * See guard.h. Connections are kept by their file descriptor, which libzmq tells with ACCEPTED, and again with each message.
 *
 * libzmq closes descriptors in its own thread, so a number may have gone to somebody else by the time we act on it. Then a newcomer is
 * cut off by mistake, and connects again; what is no socket is not touched (ENOTSOCK).
 *
 * Invariants
 *   what is known of a connection is of now, or the kernel has received nothing since
 *   a connection that was cut is not looked at again until it is closed, or its number accepted anew
 *   read bytes are counted as they were on the wire, so that what is ahead is what kernel and libzmq hold, and does not drift
 */
#include "net/guard.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"

#define MS 1000u
/* A look costs about 1 us a connection that received something. */
#define INTERVAL_MIN_MS 20u
#define INTERVAL_PER_CONNECTIONS 100u
#define INTERVAL_MAX_MS 100u
/* While somebody is ahead: libzmq takes in some 300 KiB a millisecond. */
#define INTERVAL_NEAR_PART 4u

const struct guard_limits guard_defaults = {
    .connections = CONSIGN_CONNECTIONS_MAX,
    .strangers = CONSIGN_STRANGERS_MAX,
    .stranger_bytes = CONSIGN_STRANGER_MAX_BYTES,
    .stranger_us = CONSIGN_STRANGER_LIFE_US,
    .member_connections = CONSIGN_MEMBER_CONNECTIONS_MAX,
    .ahead_bytes = CONSIGN_AHEAD_MAX_BYTES,
    .behind_bytes = CONSIGN_BEHIND_MAX_BYTES,
    .message_bytes = CONSIGN_UNENDED_MAX_BYTES,
    .ahead_all_bytes = CONSIGN_AHEAD_ALL_MAX_BYTES,
};

#define CHANGED_MAX 256u

#define SCRAPS_MAX 1024 /* of 64 KiB: more than the kernel keeps for a connection */

struct connection {
	bool is_open;
	bool is_stranger;
	bool is_cut;
	bool is_watched; /* the kernel tells when it has received something */
	bool has_changed; /* since the last look */
	uint32_t place; /* in `open` */
	uint64_t connection; /* counts up */
	uint64_t accepted_us;
	uint64_t member;   /* the beginning of its key; 0 not known yet */
	uint64_t received; /* by the kernel, at the last look */
	uint64_t read;     /* by us, as on the wire */
	uint64_t said;     /* by us, with what the greeting and handshake took */
	uint64_t acked;    /* at the last look */
	bool is_suspect;   /* at an earlier look, libzmq had more of it than a message has */
	uint64_t read_then;
};

/* What the connections of one member are ahead, in one look. A small part of the budget (64 KiB) is not counted: so the table does not fill. */
#define MEMBER_COUNTED_PART 192u
#define MEMBER_SLOTS 8192u

struct member_sum {
	uint64_t member;
	uint64_t ahead;
	uint64_t look; /* of which it is; older ones are none */
};

struct guard {
	const struct guard_limits *limits;
	struct guard_io io;
	const struct consign_clock *clock;
	struct connection *by_fd;
	size_t n_by_fd;
	int *open; /* descriptors of connections */
	size_t n_open, cap_open;
	bool is_near; /* somebody was ahead at the last look */
	uint64_t looks;
	uint64_t connections; /* since the start */
	struct member_sum sums[MEMBER_SLOTS];
	struct guard_counts counts;
};

const char *
guard_reason_text(enum guard_reason reason)
{
	static const char *const texts[] = {"crowd", "before_hello", "slow", "ahead", "behind"};

	_Static_assert(sizeof texts / sizeof texts[0] == GUARD_REASONS, "a word for each reason");
	return texts[reason];
}

uint64_t
guard_wire_bytes(uint64_t len)
{
	uint64_t body = 8 + 8 + 16 + 1 + len; /* "\7MESSAGE", nonce, MAC, flags */

	return body + (body > 255 ? 9 : 2);
}

enum consign_err
guard_new(const struct guard_limits *limits, const struct guard_io *io, const struct consign_clock *clock, struct guard **ret_guard)
{
	struct guard *g = calloc(1, sizeof *g);

	if (g == NULL)
		return CONSIGN_E_NO_MEMORY;
	g->limits = limits;
	g->io = *io;
	g->clock = clock;
	*ret_guard = g;
	return CONSIGN_OK;
}

void
guard_free(struct guard **guard)
{
	if (*guard == NULL)
		return;
	free((*guard)->by_fd);
	free((*guard)->open);
	free(*guard);
	*guard = NULL;
}

static struct connection *
find(struct guard *g, int fd)
{
	return fd >= 0 && (size_t)fd < g->n_by_fd && g->by_fd[fd].is_open ? &g->by_fd[fd] : NULL;
}

static void
cut(struct guard *g, int fd, enum guard_reason reason)
{
	struct connection *c = find(g, fd);

	if (c != NULL)
		c->is_cut = true;
	g->counts.cut[reason]++;
	g->io.cut(g->io.context, fd);
}

static bool
reserve(struct guard *g, int fd)
{
	if ((size_t)fd >= g->n_by_fd) {
		size_t n = g->n_by_fd == 0 ? 64 : g->n_by_fd;

		while (n <= (size_t)fd)
			n *= 2;
		struct connection *grown = reallocarray(g->by_fd, n, sizeof *grown);

		if (grown == NULL)
			return false;
		memset(grown + g->n_by_fd, 0, (n - g->n_by_fd) * sizeof *grown);
		g->by_fd = grown;
		g->n_by_fd = n;
	}
	if (g->n_open == g->cap_open) {
		size_t n = g->cap_open == 0 ? 64 : 2 * g->cap_open;
		int *grown = reallocarray(g->open, n, sizeof *grown);

		if (grown == NULL)
			return false;
		g->open = grown;
		g->cap_open = n;
	}
	return true;
}

/* The stranger that has been here longest, if that is long; -1 otherwise. */
static int
stalest_stranger(const struct guard *g, uint64_t now)
{
	int found = -1;
	uint64_t oldest = now < CONSIGN_STRANGER_STALE_US ? 0 : now - CONSIGN_STRANGER_STALE_US;

	for (size_t i = 0; i < g->n_open; i++) {
		const struct connection *c = &g->by_fd[g->open[i]];

		if (c->is_stranger && !c->is_cut && c->accepted_us < oldest) {
			oldest = c->accepted_us;
			found = g->open[i];
		}
	}
	return found;
}

void
guard_accepted(struct guard *g, int fd)
{
	uint64_t now = clock_steady_us(g->clock);

	if (fd < 0)
		return;
	guard_closed(g, fd); /* its end was not told yet */
	if (!reserve(g, fd)) {
		cut(g, fd, GUARD_CROWD);
		return;
	}
	if (g->counts.connections >= g->limits->connections || g->counts.strangers >= g->limits->strangers) {
		int stale = stalest_stranger(g, now);

		if (stale < 0) {
			cut(g, fd, GUARD_CROWD);
			return;
		}
		cut(g, stale, GUARD_CROWD);
		guard_closed(g, stale);
	}
	g->by_fd[fd] = (struct connection){.is_open = true, .is_stranger = true, .connection = ++g->connections, .place = (uint32_t)g->n_open, .accepted_us = now};
	g->by_fd[fd].has_changed = true;
	g->by_fd[fd].is_watched = g->io.watch != NULL && g->io.watch(g->io.context, fd);
	g->open[g->n_open++] = fd;
	g->counts.connections++;
	g->counts.strangers++;
}

void
guard_closed(struct guard *g, int fd)
{
	struct connection *c = find(g, fd);

	if (c == NULL)
		return;
	g->open[c->place] = g->open[--g->n_open];
	g->by_fd[g->open[c->place]].place = c->place;
	g->counts.connections--;
	g->counts.strangers -= c->is_stranger;
	c->is_open = false;
}

void
guard_read(struct guard *g, int fd, uint64_t bytes)
{
	struct connection *c = find(g, fd);

	if (c == NULL)
		return;
	c->read += bytes;
	if (!c->is_stranger)
		return;
	c->is_stranger = false;
	g->counts.strangers--;
	/* What came before the first message was greeting and handshake: read by libzmq, and no burden any more. */
	if (g->io.received(g->io.context, fd, &c->received) && c->received > c->read) {
		uint64_t before = c->received - c->read;

		c->read += before < g->limits->stranger_bytes ? before : g->limits->stranger_bytes;
	}
	/* Likewise what was said to it before. */
	if (g->io.acked(g->io.context, fd, &c->acked))
		c->said = c->acked;
}

void
guard_is_of(struct guard *g, int fd, const uint8_t key[32])
{
	struct connection *c = find(g, fd);
	size_t others = 0;
	int oldest = -1;

	if (c == NULL || c->member != 0)
		return;
	memcpy(&c->member, key, sizeof c->member);
	for (size_t i = 0; i < g->n_open; i++) {
		const struct connection *o = &g->by_fd[g->open[i]];

		if (o->member != c->member || o->is_cut || g->open[i] == fd)
			continue;
		others++;
		if (oldest < 0 || o->accepted_us < g->by_fd[oldest].accepted_us)
			oldest = g->open[i];
	}
	if (others >= g->limits->member_connections)
		cut(g, oldest, GUARD_CROWD);
}

void
guard_said(struct guard *g, int fd, uint64_t bytes)
{
	struct connection *c = find(g, fd);

	if (c == NULL)
		return;
	c->said += bytes;
	c->has_changed = true;
}

uint64_t
guard_connection(const struct guard *g, int fd)
{
	return fd >= 0 && (size_t)fd < g->n_by_fd && g->by_fd[fd].is_open ? g->by_fd[fd].connection : 0;
}

static uint64_t
ahead_of(const struct connection *c)
{
	return c->received > c->read ? c->received - c->read : 0;
}

/*
 * Whether libzmq has more of it than a message, and cannot give us any: it had as much at an earlier look, has been drained
 * since, and nothing was read of this connection. Whole messages would have been read.
 */
static bool
is_endless(const struct guard *g, int fd, struct connection *c, bool is_drained)
{
	uint64_t queued, ahead = ahead_of(c);

	if (ahead <= g->limits->message_bytes || !g->io.queued(g->io.context, fd, &queued) || queued > ahead
	    || ahead - queued <= g->limits->message_bytes) {
		c->is_suspect = false;
		return false;
	}
	if (c->is_suspect && c->read_then == c->read)
		return is_drained;
	c->is_suspect = true;
	c->read_then = c->read;
	return false;
}

/* What all connections of its member that were looked at before it, and this one, are ahead. */
static uint64_t
member_ahead(struct guard *g, const struct connection *c)
{
	size_t slot = (size_t)(c->member * UINT64_C(0x9e3779b97f4a7c15) >> 32) % MEMBER_SLOTS;

	if (c->member == 0 || ahead_of(c) < g->limits->ahead_bytes / MEMBER_COUNTED_PART)
		return ahead_of(c);
	for (size_t i = 0; i < MEMBER_SLOTS; i++, slot = (slot + 1) % MEMBER_SLOTS) {
		struct member_sum *sum = &g->sums[slot];

		if (sum->look != g->looks)
			*sum = (struct member_sum){.member = c->member, .look = g->looks};
		if (sum->member == c->member)
			return sum->ahead += ahead_of(c);
	}
	return ahead_of(c);
}

static bool
is_behind(const struct guard *g, int fd, struct connection *c)
{
	/* Asked only where it may be: what was said since the last look is not enough for others. */
	if (c->said <= c->acked || c->said - c->acked <= g->limits->behind_bytes || !g->io.acked(g->io.context, fd, &c->acked))
		return false;
	return c->said > c->acked && c->said - c->acked > g->limits->behind_bytes;
}

/* One connection; the reason to cut it, or GUARD_REASONS. */
static enum guard_reason
judge(struct guard *g, int fd, struct connection *c, uint64_t now, bool is_drained)
{
	if (!c->is_stranger && is_behind(g, fd, c))
		return GUARD_BEHIND;
	if (!c->is_stranger)
		return member_ahead(g, c) > g->limits->ahead_bytes || is_endless(g, fd, c, is_drained) ? GUARD_AHEAD : GUARD_REASONS;
	if (c->received > g->limits->stranger_bytes)
		return GUARD_BEFORE;
	return now - c->accepted_us > g->limits->stranger_us ? GUARD_SLOW : GUARD_REASONS;
}

/* Asking the kernel about a connection costs a microsecond: only about those that received something. */
static void
note_changed(struct guard *g)
{
	int fds[CHANGED_MAX];
	size_t n = CHANGED_MAX;

	while (g->io.changed != NULL && n == CHANGED_MAX) {
		n = g->io.changed(g->io.context, fds, CHANGED_MAX);
		for (size_t i = 0; i < n; i++) {
			struct connection *c = find(g, fds[i]);

			if (c != NULL)
				c->has_changed = true;
		}
	}
}

/*
 * Whether what is known of it is of now. Of strangers there are few, and of who has not taken what was said to it the kernel may
 * not tell (tcp_changed): they are asked about each time.
 */
static bool
ask(struct guard *g, int fd, struct connection *c)
{
	if (c->is_watched && !c->has_changed && !c->is_stranger && c->said <= c->acked)
		return true;
	c->has_changed = false;
	if (c->said > c->acked)
		(void)g->io.acked(g->io.context, fd, &c->acked);
	return g->io.received(g->io.context, fd, &c->received);
}

void
guard_look(struct guard *g, bool is_drained)
{
	uint64_t now = clock_steady_us(g->clock), all = 0, most = 0;
	int largest = -1;

	g->looks++;
	note_changed(g);
	for (size_t i = 0; i < g->n_open; i++) {
		int fd = g->open[i];
		struct connection *c = &g->by_fd[fd];

		if (c->is_cut || !ask(g, fd, c))
			continue;
		enum guard_reason reason = judge(g, fd, c, now, is_drained);

		if (reason != GUARD_REASONS) {
			cut(g, fd, reason);
			continue;
		}
		all += ahead_of(c);
		if (ahead_of(c) > most) {
			most = ahead_of(c);
			largest = fd;
		}
	}
	if (all > g->limits->ahead_all_bytes && largest >= 0)
		cut(g, largest, GUARD_AHEAD);
	g->is_near = most > g->limits->message_bytes / INTERVAL_NEAR_PART;
}

uint32_t
guard_interval_ms(const struct guard *g)
{
	uint32_t ms = g->counts.connections / INTERVAL_PER_CONNECTIONS;

	ms = ms < INTERVAL_MIN_MS ? INTERVAL_MIN_MS : ms > INTERVAL_MAX_MS ? INTERVAL_MAX_MS : ms;
	return g->is_near ? ms / INTERVAL_NEAR_PART : ms;
}

void
guard_counts(const struct guard *g, struct guard_counts *ret_counts)
{
	*ret_counts = g->counts;
}

/* ── the kernel ── */

/* Linux 4.1 and later say how many bytes were received, and acknowledged by the peer (include/uapi/linux/tcp.h). */
static bool
tcp_info_of(int fd, struct tcp_info *ret_info)
{
	socklen_t len = sizeof *ret_info;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret_info, &len) == 0
	    && len >= offsetof(struct tcp_info, tcpi_bytes_received) + sizeof ret_info->tcpi_bytes_received;
}

static bool
tcp_received(void *context, int fd, uint64_t *ret_bytes)
{
	struct tcp_info info;

	(void)context;
	if (!tcp_info_of(fd, &info))
		return false;
	*ret_bytes = info.tcpi_bytes_received;
	return true;
}

static bool
tcp_acked(void *context, int fd, uint64_t *ret_bytes)
{
	struct tcp_info info;

	(void)context;
	if (!tcp_info_of(fd, &info))
		return false;
	*ret_bytes = info.tcpi_bytes_acked;
	return true;
}

static bool
tcp_queued(void *context, int fd, uint64_t *ret_bytes)
{
	int n;

	(void)context;
	if (ioctl(fd, FIONREAD, &n) != 0 || n < 0)
		return false;
	*ret_bytes = (uint64_t)n;
	return true;
}

/*
 * libzmq has no call for it; it notices within milliseconds. But before, it would take in whatever the kernel has, which may be
 * as much again as was too much: so that is thrown away. It may break a frame in two, which is all the same now. Without a
 * linger the close is told at once, also to a peer whose window is shut.
 */
static void
tcp_cut(void *context, int fd)
{
	static uint8_t scrap[65536];
	static const struct linger none = {.l_onoff = 1, .l_linger = 0};

	(void)context;
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	(void)shutdown(fd, SHUT_RDWR);
	for (int i = 0; i < SCRAPS_MAX && recv(fd, scrap, sizeof scrap, MSG_DONTWAIT | MSG_TRUNC) > 0; i++)
		continue;
}

/*
 * Edges: what has told of itself is silent until it receives more. libzmq has mostly read that by the time we ask, and what cannot be
 * read is not told of as such; but it can be written to, which is told instead, unless the peer does not take what was sent.
 * A descriptor leaves the set when libzmq closes it, so a number is never told of for the connection that had it before.
 */
static size_t
tcp_changed(void *context, int *ret_fds, size_t max)
{
	struct epoll_event events[CHANGED_MAX];
	int n = epoll_wait(*(int *)context, events, max < CHANGED_MAX ? (int)max : (int)CHANGED_MAX, 0);

	for (int i = 0; i < n; i++)
		ret_fds[i] = events[i].data.fd;
	return n < 0 ? 0 : (size_t)n;
}

static bool
tcp_watch(void *context, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};

	return epoll_ctl(*(int *)context, EPOLL_CTL_ADD, fd, &event) == 0;
}

void
guard_tcp_open(struct guard_io *ret_io)
{
	struct guard_io io = {.received = tcp_received, .queued = tcp_queued, .acked = tcp_acked, .cut = tcp_cut};
	int *epoll = malloc(sizeof *epoll);

	if (epoll != NULL && (*epoll = epoll_create1(EPOLL_CLOEXEC)) >= 0) {
		io.changed = tcp_changed;
		io.watch = tcp_watch;
		io.context = epoll;
	} else {
		free(epoll);
	}
	*ret_io = io;
}

void
guard_tcp_close(struct guard_io *io)
{
	if (io->context == NULL)
		return;
	close(*(int *)io->context);
	free(io->context);
	*io = (struct guard_io){0};
}
