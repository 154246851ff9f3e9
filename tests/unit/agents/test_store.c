/* The agent's store: whose it is, and that one that is gone is not made anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"
#include "store/store.h"

struct fixture {
	char folder[64];
	char *path;
	char *mark;
	struct db *db;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	strcpy(f->folder, "/tmp/consign-store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->path = path_join(f->folder, "agent.db");
	f->mark = path_join(f->folder, "agent.db.made");
	assert_int_equal(agent_store_open(f->path, false, &f->db), CONSIGN_OK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = {"agent.db-wal", "agent.db-shm", "agent.db", "agent.db.made"};
	struct fixture *f = *state;

	db_close(&f->db);
	for (size_t i = 0; i < 4; i++) {
		char *path = path_join(f->folder, names[i]);

		unlink(path);
		free(path);
	}
	char *bodies = path_join(f->folder, "agent.db.bodies");

	rmdir(bodies);
	free(bodies);
	assert_int_equal(rmdir(f->folder), 0);
	free(f->path);
	free(f->mark);
	free(f);
	return 0;
}

static void
test_store_belongs_to_who_claimed_it_first(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_claim(f->db, slice_text("hub 1 acme")), CONSIGN_OK);
	assert_int_equal(store_claim(f->db, slice_text("hub 1 acme")), CONSIGN_OK);
	assert_int_equal(store_claim(f->db, slice_text("hub 1 bolt")), CONSIGN_E_CONFIG);
	assert_int_equal(store_claim(f->db, slice_text("hub 1 acm")), CONSIGN_E_CONFIG);
	db_close(&f->db);
	assert_int_equal(agent_store_open(f->path, false, &f->db), CONSIGN_OK);
	assert_int_equal(store_claim(f->db, slice_text("hub 2 acme")), CONSIGN_E_CONFIG);
	assert_int_equal(store_claim(f->db, slice_text("hub 1 acme")), CONSIGN_OK);
}

static void
test_store_that_is_gone_is_not_made_anew(void **state)
{
	struct fixture *f = *state;

	db_close(&f->db);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(agent_store_open(f->path, false, &f->db), CONSIGN_E_NOT_FOUND);
	assert_int_equal(agent_store_open(f->path, true, &f->db), CONSIGN_E_NOT_FOUND);
	assert_false(file_exists(f->path));
	/* Who means it takes the mark away too. */
	assert_int_equal(unlink(f->mark), 0);
	assert_int_equal(agent_store_open(f->path, false, &f->db), CONSIGN_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_store_belongs_to_who_claimed_it_first, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_store_that_is_gone_is_not_made_anew, setup, teardown),
	};
	return cmocka_run_group_tests_name("agents/store", tests, NULL, NULL);
}
