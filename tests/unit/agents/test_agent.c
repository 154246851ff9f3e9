/* What an agent keeps of its accusations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent.h"
#include "core/limits.h"
#include "recent.h"
#include "standing_clock.h"

struct accusations {
	struct accusation *first;
	size_t n;
};

static uint64_t now_us = 1000000;
static const struct consign_clock test_clock = STANDING_CLOCK(&now_us);

static void
accuse_of(struct agent *a, unsigned number)
{
	char what[32];

	snprintf(what, sizeof what, "lie %u", number);
	accuse(a, "ledger", what); /* of history: others leave room for it */
}

static void
test_agent_keeps_the_first_accusations_and_counts_those_that_come_again(void **state)
{
	struct accusations none = {0};
	struct agent a = {.clock = &test_clock, .accusations = &none};
	size_t kept = 0;

	(void)state;
	for (unsigned i = 0; i <= CONSIGN_ACCUSATIONS_MAX; i++)
		accuse_of(&a, i);
	accuse_of(&a, 0);
	accuse_of(&a, CONSIGN_ACCUSATIONS_MAX); /* the one too many is not remembered, and not counted */
	for (const struct accusation *x = accusations(&a); x != NULL; x = x->next, kept++)
		assert_int_equal(x->count, strcmp(x->what, "lie 0") == 0 ? 2 : 1);
	assert_int_equal(kept, CONSIGN_ACCUSATIONS_MAX);
	while (none.first != NULL) {
		struct accusation *next = none.first->next;

		free(none.first);
		none.first = next;
	}
}

static void
put_row(struct recent *r, uint64_t seq)
{
	struct manifest_item item = {.index = 0}, *items[] = {&item};
	struct manifest m = {.items = {items, 1}};
	struct payload payload = {.content = slice_text("decided on a store that is gone")};
	struct recent_mail *mail;

	assert_int_equal(recent_mail_new(&m, 64, &mail), CONSIGN_OK);
	assert_int_equal(recent_mail_add(mail, 0, &payload), CONSIGN_OK);
	recent_put(r, &mail, &(struct recent_row){.seq = seq});
	assert_true(recent_has(r, &(struct inbox_cursor){seq, 0}, &(struct consign_message_id){{{0}}, 0}));
}

static void
test_agent_keeps_no_mail_in_memory_when_its_store_fails(void **state)
{
	struct agent a = {.clock = &test_clock};

	(void)state;
	assert_int_equal(recent_new(&a.recent), CONSIGN_OK);
	recent_watch(a.recent);
	for (uint64_t seq = 1; seq <= 2; seq++) {
		put_row(a.recent, seq);
		agent_store_failed(&a, CONSIGN_E_FULL); /* the second time it has failed already */
		assert_false(recent_has(a.recent, &(struct inbox_cursor){seq, 0}, &(struct consign_message_id){{{0}}, 0}));
	}
	recent_free(&a.recent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_agent_keeps_the_first_accusations_and_counts_those_that_come_again),
	    cmocka_unit_test(test_agent_keeps_no_mail_in_memory_when_its_store_fails),
	};

	return cmocka_run_group_tests_name("agents/agent", tests, NULL, NULL);
}
