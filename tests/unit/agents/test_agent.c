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

struct accusations {
	struct accusation *first;
	size_t n;
};

static uint64_t
standing(void *self)
{
	(void)self;
	return 1000000;
}

static const struct consign_clock test_clock = {.wall_us = standing, .steady_us = standing};

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_agent_keeps_the_first_accusations_and_counts_those_that_come_again),
	};

	return cmocka_run_group_tests_name("agents/agent", tests, NULL, NULL);
}
