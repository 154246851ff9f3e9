/* How often a session may fetch: on_fetch itself, with what it says and what it asks of the ledger caught on the way (--wrap). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker.h"
#include "core/limits.h"
#include "core/log.h"
#include "standing_clock.h"

static unsigned served;
static enum consign_code bye;

void __wrap_say_bye(struct broker *b, struct session *s, enum consign_code code, const char *detail);
enum consign_err __wrap_ledger_update(struct ledger *l, uint64_t from, struct arena *arena, struct checkpoint_update **ret_update);

void
__wrap_say_bye(struct broker *b, struct session *s, enum consign_code code, const char *detail)
{
	(void)b;
	(void)s;
	(void)detail;
	bye = code;
}

/* What was not refused gets this far. */
enum consign_err
__wrap_ledger_update(struct ledger *l, uint64_t from, struct arena *arena, struct checkpoint_update **ret_update)
{
	(void)l;
	(void)from;
	(void)arena;
	(void)ret_update;
	served++;
	return CONSIGN_E_NO_MEMORY;
}

static void
test_on_fetch_serves_so_many_in_a_second_and_ends_who_asks_for_more(void **state)
{
	const uint64_t apart_us = 1000000 / CONSIGN_FETCHES_PER_SECOND;
	uint64_t now_us = 5000000;
	struct consign_clock clock = STANDING_CLOCK(&now_us);
	struct broker b = {.clock = &clock};
	struct session s = {.state = SESSION_AGENT};
	struct session_fetch fetch = {.root_version = 1};
	struct session_command command = {.fetch = &fetch};
	struct request r = {.session = &s, .command = &command};

	(void)state;
	for (unsigned i = 0; i < CONSIGN_FETCHES_PER_SECOND; i++)
		on_fetch(&b, &r);
	assert_int_equal(served, CONSIGN_FETCHES_PER_SECOND);
	assert_int_equal(bye, CONSIGN_CODE_NONE);
	now_us += apart_us - 1;
	on_fetch(&b, &r);
	assert_int_equal(served, CONSIGN_FETCHES_PER_SECOND);
	assert_int_equal(bye, CONSIGN_CODE_QUOTA);
	bye = CONSIGN_CODE_NONE;
	now_us++;
	on_fetch(&b, &r);
	assert_int_equal(served, CONSIGN_FETCHES_PER_SECOND + 1);
	assert_int_equal(bye, CONSIGN_CODE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_on_fetch_serves_so_many_in_a_second_and_ends_who_asks_for_more),
	};

	log_start("test", false, LOG_ERROR);
	return cmocka_run_group_tests_name("broker/on_fetch", tests, NULL, NULL);
}
