/* A hub that stages documents (stage_fixture.h). */
#include "stage_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

int
stage_setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 3, 2);
	hub_fixture_standard(&t->f);
	t->hub = hub_fixture_hub(&t->f, true);
	*state = t;
	return 0;
}

int
stage_teardown(void **state)
{
	struct fixture *t = *state;

	hub_free(&t->hub);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

uint64_t
size_of(const struct fixture *t)
{
	return hub_checkpoint(t->hub)->size;
}

enum consign_err
stage(struct fixture *t, const struct session_documents *d, enum hub_mode mode)
{
	uint64_t root = hub_root(t->hub)->root->version, size = size_of(t);
	enum consign_err err = fixture_take(&t->f, t->hub, d, mode);

	if (err != CONSIGN_OK) {
		assert_int_equal(hub_root(t->hub)->root->version, root);
		assert_int_equal(size_of(t), size);
	}
	return err;
}

enum consign_err
stage_fresh(struct fixture *t, const struct session_documents *d)
{
	struct hub *hub;

	assert_int_equal(hub_new(&t->f.hub_id, false, &hub), CONSIGN_OK);
	enum consign_err err = fixture_take(&t->f, hub, d, HUB_PROVEN);

	if (err != CONSIGN_OK)
		assert_null(hub_root(hub));
	hub_free(&hub);
	return err;
}
