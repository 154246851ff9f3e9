/*
 * A hub that knows everything of the standard hub of hub_fixture.h, three administrators of whom two must sign, and is given the
 * next documents. What cannot be built stops the test with a failed assert.
 */
#ifndef STAGE_FIXTURE_H
#define STAGE_FIXTURE_H

#include "hub_fixture.h"

struct fixture {
	struct hub_fixture f;
	struct hub *hub;
	char problem[HUB_PROBLEM_BYTES];
};

/* cmocka's setup and teardown; *state is the fixture. */
int stage_setup(void **state);
int stage_teardown(void **state);
/* Of the checkpoint that the hub knows. */
uint64_t size_of(const struct fixture *t);
/* Stages a change for the hub, and adopts it; an error leaves the hub as it was. */
enum consign_err stage(struct fixture *t, const struct session_documents *d, enum hub_mode mode);
/* The same for somebody who knows nothing but the hub's id. */
enum consign_err stage_fresh(struct fixture *t, const struct session_documents *d);

#define STAGE_TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

#endif
