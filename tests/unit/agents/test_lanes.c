/* The window to the broker: how many consignments, and how many bytes of them, are on their way unanswered. */
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
#include "uplink.h"

#define MIB (1024u * 1024u)

static size_t submitted;

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
	assert_non_null(command->submit);
	assert_non_null(manifest);
	assert_non_null(body);
	submitted++;
	return CONSIGN_OK;
}

static uint64_t
standing(void *self)
{
	(void)self;
	return 1000000;
}

static const struct consign_clock test_clock = {.wall_us = standing, .steady_us = standing};

static int
setup(void **state)
{
	struct agent *a = calloc(1, sizeof *a);

	assert_non_null(a);
	submitted = 0;
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_lanes_send_as_many_consignments_as_the_window_has, setup, teardown),
	    cmocka_unit_test(test_lanes_begin_another_while_fewer_bytes_than_the_window_are_unanswered),
	};

	return cmocka_run_group_tests_name("agents/lanes", tests, NULL, NULL);
}
