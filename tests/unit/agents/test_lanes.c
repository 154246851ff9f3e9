/*
 * The window to the broker: how many consignments, and how many bytes of them, are on their way unanswered; and what the broker holds
 * by what it turned back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "lanes.h"
#include "standing_clock.h"
#include "uplink.h"

#define MIB (1024u * 1024u)

static size_t submitted;
static uint64_t now_us;
static const struct consign_clock test_clock = STANDING_CLOCK(&now_us);

/*
 * A broker of this file: consignments of a study share all their lanes, what it postpones stands in its line (PROTOCOL.md 7.6), and
 * its answers wait until the test hands them over.
 */
#define CONSIGNMENTS 256u
#define WIDE_LANES 256u
static struct {
	uint32_t line[CONSIGNMENTS]; /* numbers, in the order of the line */
	size_t n;
	uint32_t study_of[CONSIGNMENTS], lanes_of[CONSIGNMENTS];
	bool is_closed[CONSIGNMENTS]; /* studies whose quota is used up */
	struct {
		uint64_t sequence;
		enum consign_code code;
	} answers[CONSIGNMENTS];
	size_t n_answers;
	uint32_t accepted[CONSIGNMENTS];
	size_t n_accepted;
	size_t byes, releases;
} hub;

static size_t
place_in_line(uint32_t number)
{
	size_t i = 0;

	while (i < hub.n && hub.line[i] != number)
		i++;
	return i;
}

static void
hub_releases(uint32_t number)
{
	size_t i = place_in_line(number);

	if (i == hub.n)
		return;
	hub.n--;
	memmove(&hub.line[i], &hub.line[i + 1], (hub.n - i) * sizeof hub.line[0]);
}

static void
hub_decides(uint32_t number, uint64_t sequence)
{
	enum consign_code code = hub.is_closed[hub.study_of[number]] ? CONSIGN_CODE_QUOTA : CONSIGN_CODE_NONE;
	size_t held = 0, at = place_in_line(number);

	for (size_t i = 0; i < hub.n; i++)
		held += hub.lanes_of[hub.line[i]];
	hub.byes += held > CONSIGN_HELD_LANES_MAX;
	for (size_t i = 0; i < at; i++)
		if (hub.study_of[hub.line[i]] == hub.study_of[number])
			code = CONSIGN_CODE_LANE_HELD;
	if (code == CONSIGN_CODE_NONE) {
		hub_releases(number);
		hub.accepted[hub.n_accepted++] = number;
	} else if (at == hub.n)
		hub.line[hub.n++] = number;
	hub.answers[hub.n_answers].sequence = sequence;
	hub.answers[hub.n_answers++].code = code;
}

enum uplink_state __wrap_uplink_state(const struct uplink *u);
enum consign_err __wrap_uplink_say(
    struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body);

enum uplink_state
__wrap_uplink_state(const struct uplink *u)
{
	(void)u;
	return UPLINK_UP;
}

enum consign_err
__wrap_uplink_say(struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body)
{
	(void)u;
	if (command->release != NULL) {
		hub.releases++;
		hub_releases(be32_load(command->release->consignment_id.b));
		return CONSIGN_OK;
	}
	assert_non_null(command->submit);
	assert_non_null(manifest);
	assert_non_null(body);
	submitted++;
	/* What was signed begins with its number (add_wide), behind a tag and a length. */
	uint32_t number = be32_load(frame_slice(manifest).data + 2);

	if (number > 0)
		hub_decides(number, command->submit->sequence);
	return CONSIGN_OK;
}

static int
setup(void **state)
{
	struct agent *a = calloc(1, sizeof *a);

	assert_non_null(a);
	submitted = 0;
	now_us = 1000000;
	memset(&hub, 0, sizeof hub);
	a->clock = &test_clock;
	assert_int_equal(lanes_new(a, &a->lanes), CONSIGN_OK);
	lanes_window(a->lanes, CONSIGN_WINDOW_CONSIGNMENTS, CONSIGN_WINDOW_BYTES);
	*state = a;
	return 0;
}

static int
teardown(void **state)
{
	struct agent *a = *state;

	lanes_free(&a->lanes);
	free(a);
	return 0;
}

/* A consignment of so many bytes, manifest and body together. */
static void
add(struct agent *a, uint64_t seq, size_t len)
{
	static uint8_t bytes[MIB];
	struct manifest_consignee bolt = {.org = {"bolt"}}, *list[] = {&bolt};
	struct manifest m = {.consignees = {list, 1}};
	struct signed_manifest sm = {.manifest = slice_of(bytes, 16), .signature = {{1}}};
	struct sealed sealed = {.manifest = &m};

	snprintf(m.study.s, sizeof m.study.s, "S-%u", (unsigned)(seq / 8)); /* what one study has in memory is bounded too */
	be32_store(m.consignment_id.b, (uint32_t)seq);
	assert_int_equal(signed_manifest_encode(&sm, &sealed.frame), CONSIGN_OK);
	assert_int_equal(buf_append(&sealed.body, slice_of(bytes, len - sealed.frame.len)), CONSIGN_OK);
	lanes_added(a->lanes, seq, &sealed);
	sealed_clear(&sealed);
}

static void
test_lanes_send_as_many_consignments_as_the_window_has(void **state)
{
	struct agent *a = *state;

	for (uint64_t seq = 1; seq <= CONSIGN_WINDOW_CONSIGNMENTS + 1; seq++)
		add(a, seq, 200);
	lanes_pump(a->lanes);
	assert_int_equal(submitted, CONSIGN_WINDOW_CONSIGNMENTS);
	/* An answer makes room for the next. */
	lanes_finished(a->lanes, lanes_answered(a->lanes, 1));
	lanes_pump(a->lanes);
	assert_int_equal(submitted, CONSIGN_WINDOW_CONSIGNMENTS + 1);
}

static void
test_lanes_begin_another_while_fewer_bytes_than_the_window_are_unanswered(void **state)
{
	const size_t n = CONSIGN_WINDOW_BYTES / MIB;

	for (size_t missing = 0; missing < 2; missing++) {
		struct agent *a;

		assert_int_equal(setup((void **)&a), 0);
		for (uint64_t seq = 1; seq <= n + 2; seq++)
			add(a, seq, seq == 1 ? MIB - missing : MIB);
		lanes_pump(a->lanes);
		assert_int_equal(submitted, n + missing);
		assert_int_equal(teardown((void **)&a), 0);
	}
	(void)state;
}

/* Whether there is use in hurrying: told by the bytes of a study that are before what comes, waiting or sent, not by others' studies. */
static void
test_lanes_are_busy_from_a_whole_bundle_of_a_study_on(void **state)
{
	struct agent *a = *state;
	const struct consign_study first = {"S-0"}, other = {"S-1"};

	assert_false(lanes_are_busy(a->lanes, &first));
	add(a, 1, CONSIGN_BUNDLE_MAX_BYTES - 1);
	assert_false(lanes_are_busy(a->lanes, &first));
	add(a, 2, 1000);
	assert_true(lanes_are_busy(a->lanes, &first));
	lanes_pump(a->lanes);
	assert_true(lanes_are_busy(a->lanes, &first));
	assert_false(lanes_are_busy(a->lanes, &other));
	lanes_finished(a->lanes, lanes_answered(a->lanes, 1));
	assert_false(lanes_are_busy(a->lanes, &first));
}

static void
test_lanes_are_busy_while_two_of_a_study_are_unanswered(void **state)
{
	struct agent *a = *state;
	const struct consign_study first = {"S-0"}, other = {"S-1"};

	add(a, 1, 200);
	lanes_pump(a->lanes);
	assert_false(lanes_are_busy(a->lanes, &first));
	add(a, 2, 200);
	assert_false(lanes_are_busy(a->lanes, &first));
	lanes_pump(a->lanes);
	assert_true(lanes_are_busy(a->lanes, &first));
	assert_false(lanes_are_busy(a->lanes, &other));
	lanes_finished(a->lanes, lanes_answered(a->lanes, 2));
	assert_false(lanes_are_busy(a->lanes, &first));
}

/* ── what the broker holds ── */

static void
add_wide(struct agent *a, uint32_t number, uint32_t study, uint32_t lanes)
{
	static struct manifest_consignee orgs[WIDE_LANES], *list[WIDE_LANES];
	uint8_t content[16] = {0};
	struct manifest m = {.consignees = {list, lanes}};
	struct signed_manifest sm = {.manifest = slice_of(content, sizeof content), .signature = {{1}}};
	struct sealed sealed = {.manifest = &m};

	for (size_t i = 0; i < lanes; i++) {
		snprintf(orgs[i].org.s, sizeof orgs[i].org.s, "org-%zu", i);
		list[i] = &orgs[i];
	}
	hub.study_of[number] = study;
	hub.lanes_of[number] = lanes;
	snprintf(m.study.s, sizeof m.study.s, "S-%u", study);
	be32_store(m.consignment_id.b, number);
	be32_store(content, number);
	assert_int_equal(signed_manifest_encode(&sm, &sealed.frame), CONSIGN_OK);
	assert_int_equal(buf_append(&sealed.body, slice_of(content, sizeof content)), CONSIGN_OK);
	lanes_added(a->lanes, number, &sealed);
	sealed_clear(&sealed);
}

/* So many seconds: what may be sent is sent, and what was answered is heard. */
static void
run(struct agent *a, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++, now_us += 1000000) {
		lanes_pump(a->lanes);
		while (hub.n_answers > 0) {
			uint64_t sequence = hub.answers[0].sequence;
			struct session_try_later later = {.code = hub.answers[0].code, .retry_ms = hub.answers[0].code == CONSIGN_CODE_QUOTA ? 20000 : 0};
			struct out_entry *e = lanes_answered(a->lanes, sequence);

			hub.n_answers--;
			memmove(hub.answers, hub.answers + 1, hub.n_answers * sizeof hub.answers[0]);
			assert_non_null(e);
			if (later.code == CONSIGN_CODE_NONE)
				lanes_finished(a->lanes, e);
			else
				lanes_try_later(a->lanes, e, &later);
			lanes_pump(a->lanes);
		}
	}
}

/* A broker ends a session that holds more lanes than this; who waits in more of them was told so again and again. */
static void
test_lanes_wait_in_more_lanes_than_a_broker_holds_and_others_are_served(void **state)
{
	const uint32_t studies = 2 * CONSIGN_HELD_LANES_MAX / WIDE_LANES;
	struct agent *a = *state;

	for (uint32_t i = 0; i < studies; i++) {
		hub.is_closed[i] = true;
		add_wide(a, 1 + i, i, WIDE_LANES);
		add_wide(a, 1 + studies + i, i, WIDE_LANES); /* behind it */
	}
	run(a, 100);
	assert_int_equal(hub.byes, 0);
	assert_int_equal(hub.n_accepted, 0);
	assert_true(submitted > 2 * studies);
	assert_true(hub.releases > 0);
	/* A study that is served goes on at once. */
	for (uint32_t i = 0; i < 10; i++)
		add_wide(a, 200 + i, studies, 1);
	run(a, 1);
	assert_int_equal(hub.n_accepted, 10);
	/* Quotas are raised: all of it passes, in its order. */
	memset(hub.is_closed, 0, sizeof hub.is_closed);
	run(a, 41);
	assert_int_equal(hub.n_accepted, 10 + 2 * studies);
	for (uint32_t i = 0, first = 0; i < hub.n_accepted; i++)
		if (hub.accepted[i] <= studies)
			first |= 1u << (hub.accepted[i] - 1);
		else if (hub.accepted[i] <= 2 * studies)
			assert_true(first >> (hub.accepted[i] - studies - 1) & 1);
	assert_int_equal(hub.byes, 0);
}

/* While the broker's line has room nothing is given up. */
static void
test_lanes_release_nothing_while_the_broker_s_line_has_room(void **state)
{
	struct agent *a = *state;

	for (uint32_t i = 0; i < CONSIGN_HELD_LANES_MAX / WIDE_LANES; i++) {
		hub.is_closed[i] = true;
		add_wide(a, 1 + i, i, WIDE_LANES);
	}
	run(a, 105); /* asked about five times */
	assert_int_equal(hub.releases, 0);
	assert_int_equal(hub.n, CONSIGN_HELD_LANES_MAX / WIDE_LANES);
	/* One lane more, and the largest goes. */
	add_wide(a, 200, 100, 1);
	run(a, 1);
	assert_int_equal(hub.releases, 1);
	assert_int_equal(hub.n_accepted, 1);
	/* A new session begins with an empty line. */
	hub.n = 0;
	lanes_unsent(a->lanes);
	run(a, 20);
	assert_int_equal(hub.releases, 1);
	assert_int_equal(hub.byes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_lanes_send_as_many_consignments_as_the_window_has, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lanes_are_busy_from_a_whole_bundle_of_a_study_on, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lanes_are_busy_while_two_of_a_study_are_unanswered, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lanes_wait_in_more_lanes_than_a_broker_holds_and_others_are_served, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lanes_release_nothing_while_the_broker_s_line_has_room, setup, teardown),
	    cmocka_unit_test(test_lanes_begin_another_while_fewer_bytes_than_the_window_are_unanswered),
	};

	return cmocka_run_group_tests_name("agents/lanes", tests, NULL, NULL);
}
