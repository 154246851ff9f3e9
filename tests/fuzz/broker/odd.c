/* What nobody says who means well. See world.h. */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "world.h"

#define FRAMES 4u
#define FRAME_MAX 3000u
/* Over the limit of a command frame, far below what ZeroMQ itself cuts. */
#define HUGE_FRAME (CONSIGN_COMMAND_MAX_BYTES + 10)

static const uint64_t faults =
    UINT64_C(1) << CONSIGN_CODE_STATE | UINT64_C(1) << CONSIGN_CODE_MALFORMED | UINT64_C(1) << CONSIGN_CODE_TOO_BIG;

/* Afterwards the session is over by one of these, or it goes on. */
static bool
afterwards(struct seat *s)
{
	return seat_settle(s);
}

/* Afterwards the session is over, by this bye. */
static bool
must_end(struct seat *s, enum consign_code code)
{
	s->may_say |= UINT64_C(1) << code;
	enum consign_err err = one_in(8) ? member_is_cut(s->m) : member_ended(s->m); /* the cut follows, within two ticks */

	if (err != CONSIGN_OK || !s->m->has_bye || s->m->bye != code)
		broken(s, "the session must end by %s: %s", consign_code_text(code),
		    s->m->has_bye ? consign_code_text(s->m->bye) : consign_err_text(err));
	note(s, "  bye: %s, %s", consign_code_text(code), s->m->bye_detail);
	seat_lost(s);
	return false;
}

static bool
say_noise(struct seat *s)
{
	static uint8_t bytes[FRAMES][FRAME_MAX];
	struct consign_slice frames[FRAMES];
	size_t n = 1 + pick(FRAMES);

	note(s, "says %zu frames of noise", n);
	for (size_t i = 0; i < n; i++) {
		frames[i] = slice_of(bytes[i], pick(FRAME_MAX));
		for (size_t j = 0; j < frames[i].len; j++)
			bytes[i][j] = (uint8_t)pick(256);
	}
	s->may_say |= faults;
	s->may_cut = s->may_cut || n > TRANSPORT_FRAMES_MAX;
	return seat_ok(s, member_send(s->m, frames, n)) && afterwards(s);
}

/* None of which one flipped bit makes a confirmation or a request that the model would have to know of. */
static enum consign_err
encode_some(struct buf *bytes)
{
	struct session_submit submit = {(UINT64_C(1) << 40) + pick(3)};
	struct session_release release = {{{(uint8_t)pick(256)}}};
	struct session_ping ping = {(UINT64_C(1) << 40) + pick(1000)};
	const struct session_command all[] = {{.submit = &submit}, {.release = &release}, {.ping = &ping}};

	return session_command_encode(&all[pick(sizeof all / sizeof *all)], bytes);
}

/* A command with some bytes altered, alone or with frames that do not belong there. */
static bool
say_bent(struct seat *s)
{
	struct buf bytes = {0};
	struct consign_slice frames[3];
	size_t n = one_in(3) ? 1 + pick(3) : 1;

	note(s, "says a bent command in %zu frames", n);
	if (encode_some(&bytes) != CONSIGN_OK)
		broken(s, "a command of ours is malformed");
	for (size_t i = 1 + pick(3); i > 0 && bytes.len > 0; i--)
		bytes.data[pick((uint32_t)bytes.len)] ^= (uint8_t)(1u << pick(8));
	for (size_t i = 0; i < n; i++)
		frames[i] = buf_slice(&bytes);
	s->may_say |= faults;
	/* What it became is not known: credit, or the submission of what cannot be read. */
	s->is_bent = s->is_starved = true;
	bool is_ok = seat_ok(s, member_send(s->m, frames, n));

	buf_clear(&bytes);
	return is_ok && afterwards(s);
}

static bool
say_huge(struct seat *s)
{
	uint8_t *bytes = calloc(1, HUGE_FRAME);
	struct consign_slice frame = slice_of(bytes, HUGE_FRAME);

	if (bytes == NULL)
		broken(s, "the fuzzer is out of memory");
	note(s, "says a command of %u bytes", HUGE_FRAME);
	s->may_say |= UINT64_C(1) << CONSIGN_CODE_TOO_BIG;
	bool is_ok = seat_ok(s, member_send(s->m, &frame, 1));

	free(bytes);
	return is_ok && must_end(s, CONSIGN_CODE_TOO_BIG);
}

static bool
say_out_of_turn(struct seat *s)
{
	uint32_t version = 1;
	struct session_open open = {.versions = {&version, 1}, .hub_id = s->m->agent.hub_id};
	struct session_joins_query query = {.request = 1};
	struct session_challenge challenge = {.version = 1, .now_us = 1};
	struct session_done done = {.request = 1};
	struct session_hello hello;
	struct hello_room room;
	const struct session_command all[] = {
	    {.open = &open}, {.hello = &hello}, {.joins_query = &query}, {.challenge = &challenge}, {.done = &done}};
	size_t which = pick(sizeof all / sizeof *all);

	note(s, "says a command that is not its to say, %zu", which);
	if (member_hello(s->m, &hello, &room) != CONSIGN_OK)
		broken(s, "%s", s->m->problem);
	s->may_say |= UINT64_C(1) << CONSIGN_CODE_STATE;
	return seat_ok(s, member_say(s->m, &all[which])) && must_end(s, CONSIGN_CODE_STATE);
}

static bool
confirm_wrong(struct seat *s)
{
	struct session_confirm confirm = {s->cursor + 1000000 + pick(100)};

	note(s, "confirms what was not sent");
	s->may_say |= UINT64_C(1) << CONSIGN_CODE_STATE;
	return seat_ok(s, member_say(s->m, &(struct session_command){.confirm = &confirm})) && must_end(s, CONSIGN_CODE_STATE);
}

/* A delivery receipt for what is on its way, with something wrong in it. */
static bool
acknowledge_wrong(struct seat *s)
{
	struct receipt r, *list = &r;

	if (s->got == NULL || s->again > 0)
		return true;
	if (member_receipt(s->m, &s->got->mail, &r) != CONSIGN_OK)
		broken(s, "%s", s->m->problem);
	unsigned how = pick(5);

	note(s, "acknowledges %llu, wrong in way %u", (unsigned long long)s->got->position, how);
	switch (how) {
	case 0:
		r.content->position += 1000;
		break;
	case 1:
		r.content->manifest_digest.b[0] ^= 1;
		break;
	case 2:
		r.content->consignment_id.b[3] ^= 1;
		break;
	case 3:
		r.content->hub_id.b[9] ^= 1;
		break;
	default:
		break;
	}
	if (member_sign_receipt(s->m, &r) != CONSIGN_OK)
		broken(s, "%s", s->m->problem);
	if (how == 4)
		r.receipt.signature.b[pick(64)] ^= 4;
	s->may_say |= UINT64_C(1) << CONSIGN_CODE_STATE;
	bool is_ok = seat_ok(s, member_delivered(s->m, &list, 1));

	receipt_clear(&r);
	return is_ok && must_end(s, CONSIGN_CODE_STATE);
}

static bool
fetch_odd(struct seat *s)
{
	struct session_fetch f = {.root_version = one_in(2) ? pick(20) : UINT64_MAX / 2, .root_after = one_in(2) ? pick(20) : 0};

	if (one_in(2)) {
		snprintf(f.card_org, sizeof f.card_org, "%s", one_in(3) ? "nobody" : world.orgs[pick(ORGS)].name);
		f.card_version = pick(3);
	}
	note(s, "fetches root %llu, after %llu, card of %s", (unsigned long long)f.root_version, (unsigned long long)f.root_after,
	    f.card_org);
	if (f.root_version == 0 && f.root_after == 0 && f.card_org[0] == '\0')
		f.root_version = 1;
	s->may_say |= UINT64_C(1) << CONSIGN_CODE_MALFORMED; /* a version of 0 */
	return seat_ok(s, member_say(s->m, &(struct session_command){.fetch = &f})) && afterwards(s);
}

static bool
credit_odd(struct seat *s)
{
	static const uint64_t bytes[] = {0, 1, 1000, 100000, CONSIGN_WINDOW_BYTES, UINT64_MAX / 2};
	uint64_t b = bytes[pick(sizeof bytes / sizeof *bytes)];

	note(s, "gives credit for %llu bytes", (unsigned long long)b);
	s->is_starved = b < CONSIGN_WINDOW_BYTES;
	s->window_bytes = b > s->window_bytes ? b : s->window_bytes;
	s->may_say |= UINT64_C(1) << CONSIGN_CODE_MALFORMED; /* a window of 0 */
	return seat_ok(s, member_credit(s->m, pick(2000), b)) && afterwards(s);
}

bool
odd_move(struct seat *s)
{
	static bool (*const moves[])(struct seat *) = {say_noise, say_bent, say_bent, say_huge, say_out_of_turn, confirm_wrong,
	    acknowledge_wrong, acknowledge_wrong, fetch_odd, fetch_odd, credit_odd, credit_odd};

	return moves[pick(sizeof moves / sizeof *moves)](s);
}

/* A session that cannot begin. */
void
odd_opening(struct seat *s)
{
	uint32_t version = 2 + pick(9);
	struct session_open open = {.versions = {&version, 1}, .hub_id = s->m->agent.hub_id};
	struct session_hello hello;
	struct hello_room room;
	static const enum consign_code ends[] = {CONSIGN_CODE_STATE, CONSIGN_CODE_WRONG_HUB, CONSIGN_CODE_SIGNATURE_BAD,
	    CONSIGN_CODE_DENIED, CONSIGN_CODE_MALFORMED, CONSIGN_CODE_STATE};
	unsigned how = pick(sizeof ends / sizeof *ends);

	note(s, "opens, wrong in way %u", how);
	s->may_say = UINT64_C(1) << ends[how];
	if (!seat_ok(s, member_connect(s->m)))
		return;
	if (how == 1) {
		version = 1;
		open.hub_id.b[0] ^= 1;
	}
	if (how < 2) {
		if (seat_ok(s, member_say(s->m, &(struct session_command){.open = &open})))
			(void)must_end(s, ends[how]);
		return;
	}
	if (how == 5) { /* a command before the opening */
		if (seat_ok(s, member_say(s->m, &(struct session_command){.ping = &(struct session_ping){1}})))
			(void)must_end(s, ends[how]);
		return;
	}
	if (!seat_ok(s, member_challenge(s->m, NULL)))
		return;
	if (member_hello(s->m, &hello, &room) != CONSIGN_OK)
		broken(s, "%s", s->m->problem);
	if (how == 2)
		room.signature.b[pick(64)] ^= 1;
	if (how == 3)
		snprintf(hello.name, sizeof hello.name, "%s", world.orgs[(s->org + 1) % ORGS].name);
	if (how == 4)
		hello.window_consignments = 0;
	if (seat_ok(s, member_say(s->m, &(struct session_command){.hello = &hello})))
		(void)must_end(s, ends[how]);
}
