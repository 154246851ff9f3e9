/*
 * A member of the hub that misbehaves below the protocol. With the transport key of a company it passes CURVE over a socket of its
 * own, because libzmq never sends an unfinished message; then it does what no libzmq would.
 *
 *   flooder KEYFILE HOST PORT SERVER-KEY-HEX flood MIB FRAME-BYTES [HUB-ID-HEX]
 *       one message whose frames of that size never end, so many MiB of it on the wire. With a hub id it says `open` before, and
 *       waits for the challenge: so it is no stranger any more. Prints "cut after N MiB", "sent N MiB" or "stuck after N MiB".
 *   flooder KEYFILE HOST PORT SERVER-KEY-HEX slow
 *       the handshake, then a byte of a frame each 100 ms
 *   flooder KEYFILE HOST PORT SERVER-KEY-HEX half
 *       HELLO of the handshake, then nothing
 *       Both for 12 s, or until they are cut off. Print "cut after N ms" or "still open".
 *
 * Source: ZMTP 3.1 (RFC 37) for greeting and frames, CurveZMQ (RFC 26) for the handshake
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/keyfile.h"
#include "core/secret.h"
#include "core/sign.h"
#include "core/text.h"
#include "wire/session_wire.h"

#define KEY_BYTES 32u
#define MAC_BYTES 16u
#define NONCE_BYTES 24u
#define GREETING_BYTES 64u
#define COOKIE_BYTES 96u
#define ANSWER_MAX_BYTES 65536u /* what a broker says to us */
#define FRAME_MAX_BYTES 1048576u
/* Made before the first byte of it is sent, so that sealing does not slow the flood down. */
#define BATCH_BYTES (32u << 20)
#define PATIENCE_MS 5000
#define SLOW_MS 12000u
#define DRIP_MS 100

enum frame_flags { FRAME_MESSAGE = 0x00, FRAME_LONG = 0x02, FRAME_COMMAND = 0x04 };
enum content_flags { CONTENT_LAST = 0x00, CONTENT_MORE = 0x01 };

struct peer {
	int fd;
	uint8_t server[KEY_BYTES];      /* S */
	uint8_t public[KEY_BYTES];      /* C */
	uint8_t secret[KEY_BYTES];      /* c */
	uint8_t own_public[KEY_BYTES];  /* C', of this connection only */
	uint8_t own_secret[KEY_BYTES];  /* c' */
	uint8_t server_own[KEY_BYTES];  /* S' */
	uint8_t cookie[COOKIE_BYTES];
	uint8_t shared[KEY_BYTES];      /* of c' and S' */
	uint64_t nonce;
};

static int
fail(const char *what)
{
	fprintf(stderr, "flooder: error: %s\n", what);
	return 2;
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ── the socket ── */

static int
connect_to(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int fd;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM, 0);
	if (fd >= 0
	    && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0
		|| setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0
		|| connect(fd, found->ai_addr, found->ai_addrlen) != 0)) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

/* How much was taken; errno says why not all of it. */
static size_t
put(int fd, const void *bytes, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = send(fd, (const uint8_t *)bytes + at, len - at, 0);

		if (n < 0 && errno != EINTR)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	return at;
}

static bool
get(int fd, void *ret_bytes, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = recv(fd, (uint8_t *)ret_bytes + at, len - at, 0);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		at += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Whether the broker has ended it, reading what it said before. */
static bool
is_cut(int fd, int wait_ms)
{
	static uint8_t said[ANSWER_MAX_BYTES];
	struct pollfd item = {.fd = fd, .events = POLLIN};

	while (poll(&item, 1, wait_ms) == 1)
		if (recv(fd, said, sizeof said, MSG_DONTWAIT) <= 0)
			return true;
	return false;
}

/* ── frames ── */

static size_t
big_endian(uint64_t value, uint8_t *ret_bytes)
{
	for (int i = 0; i < 8; i++)
		ret_bytes[i] = (uint8_t)(value >> (56 - 8 * i));
	return 8;
}

static size_t
header(uint8_t flags, size_t len, uint8_t *ret_bytes)
{
	if (len > 255) {
		ret_bytes[0] = flags | FRAME_LONG;
		return 1 + big_endian(len, ret_bytes + 1);
	}
	ret_bytes[0] = flags;
	ret_bytes[1] = (uint8_t)len;
	return 2;
}

static bool
put_command(struct peer *p, const uint8_t *body, size_t len)
{
	uint8_t head[9];
	size_t n = header(FRAME_COMMAND, len, head);

	return put(p->fd, head, n) == n && put(p->fd, body, len) == len;
}

/* The next frame, command or message; 0: none, or too large. */
static size_t
get_frame(struct peer *p, uint8_t ret_body[ANSWER_MAX_BYTES])
{
	uint8_t head[9];
	uint64_t len = 0;

	if (!get(p->fd, head, 2))
		return 0;
	if ((head[0] & FRAME_LONG) == 0) {
		len = head[1];
	} else {
		if (!get(p->fd, head + 2, 7))
			return 0;
		for (int i = 1; i <= 8; i++)
			len = len << 8 | head[i];
	}
	return len <= ANSWER_MAX_BYTES && get(p->fd, ret_body, (size_t)len) ? (size_t)len : 0;
}

static bool
is_named(const uint8_t *body, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && body[0] == n && memcmp(body + 1, name, n) == 0;
}

/* ── CurveZMQ ── */

/* 16 letters and 8 bytes; the bytes go to ret_short too, as they are on the wire. */
static void
next_nonce(struct peer *p, const char *letters, uint8_t ret_nonce[NONCE_BYTES], uint8_t *ret_short)
{
	memcpy(ret_nonce, letters, 16);
	big_endian(++p->nonce, ret_nonce + 16);
	memcpy(ret_short, ret_nonce + 16, 8);
}

static bool
greet(struct peer *p)
{
	uint8_t mine[GREETING_BYTES] = {0xff, [9] = 0x7f, [10] = 3, [11] = 1}, its[GREETING_BYTES];

	memcpy(mine + 12, "CURVE", 5);
	return put(p->fd, mine, sizeof mine) == sizeof mine && get(p->fd, its, sizeof its) && its[0] == 0xff && its[9] == 0x7f
	    && memcmp(its + 12, "CURVE", 6) == 0;
}

/* HELLO, and WELCOME for an answer: S' and the cookie. */
static bool
handshake_begin(struct peer *p)
{
	static const uint8_t zeros[64];
	static uint8_t answer[ANSWER_MAX_BYTES];
	uint8_t hello[200] = "\5HELLO\1", nonce[NONCE_BYTES], plain[KEY_BYTES + COOKIE_BYTES];

	crypto_box_keypair(p->own_public, p->own_secret);
	memcpy(hello + 80, p->own_public, KEY_BYTES);
	next_nonce(p, "CurveZMQHELLO---", nonce, hello + 112);
	if (crypto_box_easy(hello + 120, zeros, sizeof zeros, nonce, p->server, p->own_secret) != 0 || !put_command(p, hello, sizeof hello))
		return false;
	size_t len = get_frame(p, answer);

	if (len != 8 + 16 + MAC_BYTES + sizeof plain || !is_named(answer, len, "WELCOME"))
		return false;
	memcpy(nonce, "WELCOME-", 8);
	memcpy(nonce + 8, answer + 8, 16);
	if (crypto_box_open_easy(plain, answer + 24, MAC_BYTES + sizeof plain, nonce, p->server, p->own_secret) != 0)
		return false;
	memcpy(p->server_own, plain, KEY_BYTES);
	memcpy(p->cookie, plain + KEY_BYTES, COOKIE_BYTES);
	return crypto_box_beforenm(p->shared, p->server_own, p->own_secret) == 0;
}

/* INITIATE with the vouch that C owns C', and READY for an answer: the ZAP handler has admitted us. */
static bool
handshake_end(struct peer *p)
{
	static const uint8_t metadata[] = "\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0"; /* and the NUL: Identity is empty */
	static uint8_t answer[ANSWER_MAX_BYTES];
	uint8_t vouched[2 * KEY_BYTES], nonce[NONCE_BYTES];
	uint8_t plain[KEY_BYTES + 16 + MAC_BYTES + sizeof vouched + sizeof metadata];
	uint8_t initiate[9 + COOKIE_BYTES + 8 + MAC_BYTES + sizeof plain] = "\10INITIATE";

	memcpy(vouched, p->own_public, KEY_BYTES);
	memcpy(vouched + KEY_BYTES, p->server, KEY_BYTES);
	memcpy(nonce, "VOUCH---", 8);
	randombytes_buf(nonce + 8, 16);
	memcpy(plain, p->public, KEY_BYTES);
	memcpy(plain + KEY_BYTES, nonce + 8, 16);
	if (crypto_box_easy(plain + KEY_BYTES + 16, vouched, sizeof vouched, nonce, p->server_own, p->secret) != 0)
		return false;
	memcpy(plain + sizeof plain - sizeof metadata, metadata, sizeof metadata);
	memcpy(initiate + 9, p->cookie, COOKIE_BYTES);
	next_nonce(p, "CurveZMQINITIATE", nonce, initiate + 9 + COOKIE_BYTES);
	if (crypto_box_easy_afternm(initiate + 9 + COOKIE_BYTES + 8, plain, sizeof plain, nonce, p->shared) != 0
	    || !put_command(p, initiate, sizeof initiate))
		return false;
	size_t len = get_frame(p, answer);

	return is_named(answer, len, "READY");
}

/* One frame of a message, sealed, as it goes on the wire. content: its flags, and its bytes behind them. */
static size_t
seal_frame(struct peer *p, const uint8_t *content, size_t len, uint8_t *ret_wire)
{
	uint8_t nonce[NONCE_BYTES];
	size_t body = 8 + 8 + MAC_BYTES + len, at = header(FRAME_MESSAGE, body, ret_wire);

	memcpy(ret_wire + at, "\7MESSAGE", 8);
	next_nonce(p, "CurveZMQMESSAGEC", nonce, ret_wire + at + 8);
	(void)crypto_box_easy_afternm(ret_wire + at + 16, content, len, nonce, p->shared); /* fails for no length that we have */
	return at + body;
}

static bool
is_challenge(const uint8_t *bytes, size_t len)
{
	struct arena *arena;
	struct session_command *command;
	bool is;

	if (arena_new(ANSWER_MAX_BYTES, &arena) != CONSIGN_OK)
		return false;
	is = session_command_decode(slice_of(bytes, len), arena, &command) == CONSIGN_OK && command->challenge != NULL;
	arena_free(&arena);
	return is;
}

/* Waits for the challenge too: any other answer would mean that the broker ends the session for a reason of its own. */
static bool
say_open(struct peer *p, const struct consign_hash *hub_id)
{
	static uint8_t answer[ANSWER_MAX_BYTES], plain[ANSWER_MAX_BYTES];
	uint32_t version = 1;
	struct session_open open = {.versions = {&version, 1}, .hub_id = *hub_id};
	struct session_command command = {.open = &open};
	struct buf bytes = {0};
	uint8_t content[256] = {CONTENT_LAST}, wire[512], nonce[NONCE_BYTES];
	size_t len = 0;

	if (session_command_encode(&command, &bytes) == CONSIGN_OK && bytes.len < sizeof content) {
		memcpy(content + 1, bytes.data, bytes.len);
		size_t n = seal_frame(p, content, 1 + bytes.len, wire);

		len = put(p->fd, wire, n) == n ? get_frame(p, answer) : 0;
	}
	buf_clear(&bytes);
	if (len <= 16 + MAC_BYTES || !is_named(answer, len, "MESSAGE"))
		return false;
	memcpy(nonce, "CurveZMQMESSAGES", 16);
	memcpy(nonce + 16, answer + 8, 8);
	return crypto_box_open_easy_afternm(plain, answer + 16, len - 16, nonce, p->shared) == 0
	    && is_challenge(plain + 1, len - 16 - MAC_BYTES - 1);
}

/* ── what it does ── */

static int
flood(struct peer *p, uint64_t bytes, size_t frame_bytes)
{
	static uint8_t content[1 + FRAME_MAX_BYTES] = {CONTENT_MORE};
	size_t wire_bytes = frame_bytes + 64, size = BATCH_BYTES + wire_bytes, len, taken;
	uint8_t *batch = malloc(size);
	uint64_t sent = 0;
	const char *end = "sent";

	if (batch == NULL)
		return fail("there is no memory");
	do {
		for (len = 0; len < BATCH_BYTES && sent + len < bytes;)
			len += seal_frame(p, content, 1 + frame_bytes, batch + len);
		taken = put(p->fd, batch, len);
		sent += taken;
	} while (taken == len && sent < bytes);
	if (taken < len)
		end = errno == EAGAIN || errno == EWOULDBLOCK ? "stuck after" : "cut after";
	else if (is_cut(p->fd, PATIENCE_MS))
		end = "cut after";
	printf("%s %llu MiB\n", end, (unsigned long long)(sent >> 20));
	free(batch);
	return 0;
}

/* drips: sends a byte of a frame of 1 MiB now and then; otherwise nothing. */
static int
dawdle(struct peer *p, bool drips)
{
	uint8_t frame[9] = {0};
	size_t at = 0, n = header(FRAME_MESSAGE, FRAME_MAX_BYTES, frame);
	uint64_t from = now_ms();

	while (now_ms() - from < SLOW_MS) {
		static const uint8_t zero;

		if ((drips && put(p->fd, at < n ? &frame[at] : &zero, 1) != 1) || is_cut(p->fd, DRIP_MS)) {
			printf("cut after %llu ms\n", (unsigned long long)(now_ms() - from));
			return 0;
		}
		at++;
	}
	printf("still open\n");
	return 0;
}

static int
act(struct peer *p, int argc, char **argv)
{
	struct buf hub_id = {0};
	struct consign_hash hash;
	const char *way = argv[0];

	if (!greet(p) || !handshake_begin(p))
		return fail("the broker does not greet, or not welcome us");
	if (strcmp(way, "half") == 0)
		return dawdle(p, false);
	if (!handshake_end(p))
		return fail("the broker does not admit us");
	if (strcmp(way, "slow") == 0)
		return dawdle(p, true);
	if (argc == 4) {
		bool is_id = hex_parse(argv[3], &hub_id) == CONSIGN_OK && hub_id.len == sizeof hash.b;

		if (is_id)
			memcpy(hash.b, hub_id.data, sizeof hash.b);
		buf_clear(&hub_id);
		if (!is_id)
			return fail("the id of the hub is none");
		if (!say_open(p, &hash))
			return fail("the broker does not answer to open with a challenge");
	}
	return flood(p, strtoull(argv[1], NULL, 10) << 20, strtoul(argv[2], NULL, 10));
}

static bool
is_usage(int argc, char **argv)
{
	if (argc < 6)
		return false;
	if (strcmp(argv[5], "flood") == 0)
		return (argc == 8 || argc == 9) && atoi(argv[6]) > 0 && atoi(argv[7]) > 0 && atoi(argv[7]) <= (int)FRAME_MAX_BYTES;
	return argc == 6 && (strcmp(argv[5], "slow") == 0 || strcmp(argv[5], "half") == 0);
}

static bool
read_keys(struct peer *p, const char *path, const char *server_key)
{
	struct keyfile *file = NULL;
	struct consign_public_key public;
	struct buf server = {0};
	const struct secret *secret;
	bool ok = false;

	if (keyfile_open(path, NULL, NULL, &file) == CONSIGN_OK && (secret = keyfile_find(file, "transport", NULL)) != NULL
	    && hex_parse(server_key, &server) == CONSIGN_OK && server.len == KEY_BYTES) {
		box_public(secret, &public);
		memcpy(p->secret, secret->b, KEY_BYTES);
		memcpy(p->public, public.b, KEY_BYTES);
		memcpy(p->server, server.data, KEY_BYTES);
		ok = true;
	}
	buf_clear(&server);
	keyfile_free(&file);
	return ok;
}

int
main(int argc, char **argv)
{
	struct peer peer = {.fd = -1};
	int status;

	if (!is_usage(argc, argv))
		return fail("usage: flooder KEYFILE HOST PORT SERVER-KEY-HEX flood MIB FRAME-BYTES [HUB-ID-HEX] | slow | half");
	signal(SIGPIPE, SIG_IGN);
	if (secret_start() != CONSIGN_OK || !read_keys(&peer, argv[1], argv[4]))
		return fail("a key cannot be read");
	peer.fd = connect_to(argv[2], argv[3]);
	if (peer.fd < 0)
		return fail("the broker cannot be reached");
	status = act(&peer, argc - 5, argv + 5);
	close(peer.fd);
	sodium_memzero(&peer, sizeof peer);
	return status;
}
