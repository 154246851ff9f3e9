#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"
#include "problem_list.h"

/* n problems that are as long as problems get, or short. */
static struct problems
some_problems(size_t n, bool is_long)
{
	static char found[4096];
	struct problems p = {0};

	memset(found, 'x', sizeof found - 1);
	for (size_t i = 0; i < n; i++) {
		char path[32];

		snprintf(path, sizeof path, "items[%zu]", i);
		problems_add_words(&p, is_long ? found : path, is_long ? found : "format", is_long ? found : "\"x\"", is_long ? found : "a y");
	}
	return p;
}

static struct item_problems *
item_of(struct fixture *f, size_t n, bool is_long, size_t max_bytes)
{
	struct problems p = some_problems(n, is_long);
	struct item_problems *item;

	assert_int_equal(problem_list_item(&p, 0, max_bytes, f->arena, &item), CONSIGN_OK);
	problems_clear(&p);
	return item;
}

static void
assert_text(struct consign_slice s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_memory_equal(s.data, text, s.len);
}

static void
test_problem_list_item_takes_what_fits_and_counts_the_rest(void **state)
{
	struct fixture *f = *state;
	struct problems p = some_problems(70, false);
	size_t cost = problem_list_cost(&p.v[0]);
	struct item_problems *item;

	assert_int_equal(cost, strlen("items[0]format\"x\"a y") + 16);
	assert_int_equal(problem_list_item(&p, 7, 3 * cost, f->arena, &item), CONSIGN_OK);
	assert_int_equal(item->index, 7);
	assert_int_equal(item->total, 70);
	assert_int_equal(item->problems.n, 3);
	assert_text(item->problems.v[2]->path, "items[2]");
	assert_text(item->problems.v[2]->rule, "format");
	assert_text(item->problems.v[2]->found, "\"x\"");
	assert_text(item->problems.v[2]->expected, "a y");
	assert_int_equal(problem_list_item(&p, 7, 3 * cost - 1, f->arena, &item), CONSIGN_OK);
	assert_int_equal(item->problems.n, 2);
	assert_int_equal(problem_list_item(&p, 7, 0, f->arena, &item), CONSIGN_OK);
	assert_int_equal(item->problems.n, 0);
	assert_int_equal(item->total, 70);
	assert_int_equal(problem_list_item(&p, 7, CONSIGN_PROBLEMS_MAX_BYTES, f->arena, &item), CONSIGN_OK);
	assert_int_equal(item->problems.n, CONSIGN_PROBLEMS_MAX);
	problems_clear(&p);
}

static void
test_problem_list_cost_is_never_below_what_the_wire_needs(void **state)
{
	struct fixture *f = *state;

	for (int is_long = 0; is_long < 2; is_long++) {
		struct problems p = some_problems(1, is_long);
		struct item_problems *one = item_of(f, 1, is_long, CONSIGN_PROBLEMS_MAX_BYTES), *none = item_of(f, 1, is_long, 0);
		struct problem_list list = {.items = {&one, 1}};
		struct buf with = {0}, without = {0};

		assert_int_equal(problem_list_encode(&list, &with), CONSIGN_OK);
		list.items.v = &none;
		assert_int_equal(problem_list_encode(&list, &without), CONSIGN_OK);
		assert_true(with.len - without.len <= problem_list_cost(&p.v[0]));
		buf_clear(&with);
		buf_clear(&without);
		problems_clear(&p);
	}
}

static void
test_problem_list_longest_is_stored_and_found_again(void **state)
{
	struct fixture *f = *state;
	struct consign_message_id id = {{{1, 2, 3}}, 5};
	struct item_problems *item = item_of(f, 64, true, CONSIGN_PROBLEMS_MAX_BYTES - 1024), *found = NULL;
	struct buf stored = {0};

	assert_true(item->problems.n > 50);
	assert_int_equal(problem_list_store(f->storage_key, &id, item, &stored), CONSIGN_OK);
	assert_null(memmem(stored.data, stored.len, "xxxx", 4));
	assert_int_equal(problem_list_insert(f->writer, &id, "acme", buf_slice(&stored)), CONSIGN_OK);
	assert_int_equal(problem_list_find(f->agent.db, f->storage_key, &id, "acme", f->arena, &found), CONSIGN_OK);
	assert_int_equal(found->total, 64);
	assert_int_equal(found->problems.n, item->problems.n);
	assert_true(slice_equal(found->problems.v[50]->expected, item->problems.v[50]->expected));
	buf_clear(&stored);
}

static void
test_problem_list_find_tells_absent_from_damaged(void **state)
{
	struct fixture *f = *state;
	struct consign_message_id id = {{{1}}, 0}, other = {{{1}}, 1};
	struct item_problems *item = item_of(f, 2, false, 4096), *found = NULL;
	struct buf stored = {0};

	assert_int_equal(problem_list_find(f->agent.db, f->storage_key, &id, "acme", f->arena, &found), CONSIGN_E_NOT_FOUND);
	assert_int_equal(problem_list_store(f->storage_key, &id, item, &stored), CONSIGN_OK);
	assert_int_equal(problem_list_insert(f->writer, &id, "acme", buf_slice(&stored)), CONSIGN_OK);
	assert_int_equal(problem_list_find(f->agent.db, f->storage_key, &id, "biomake", f->arena, &found), CONSIGN_E_NOT_FOUND);
	/* Moved to another message, cut, or changed. */
	assert_int_equal(problem_list_insert(f->writer, &other, "acme", buf_slice(&stored)), CONSIGN_OK);
	assert_int_equal(problem_list_find(f->agent.db, f->storage_key, &other, "acme", f->arena, &found), CONSIGN_E_CORRUPT);
	assert_int_equal(problem_list_insert(f->writer, &id, "acme", slice_of(stored.data, stored.len - 1)), CONSIGN_OK);
	assert_int_equal(problem_list_find(f->agent.db, f->storage_key, &id, "acme", f->arena, &found), CONSIGN_E_CORRUPT);
	stored.data[stored.len / 2] ^= 1;
	assert_int_equal(problem_list_insert(f->writer, &id, "acme", buf_slice(&stored)), CONSIGN_OK);
	assert_int_equal(problem_list_find(f->agent.db, f->storage_key, &id, "acme", f->arena, &found), CONSIGN_E_CORRUPT);
	assert_null(found);
	buf_clear(&stored);
}

static void
test_problem_list_insert_replaces_what_was_there(void **state)
{
	struct fixture *f = *state;
	struct consign_message_id id = {{{9}}, 0};
	struct item_problems *found = NULL;

	for (size_t n = 1; n <= 2; n++) {
		struct item_problems *item = item_of(f, n, false, 4096);
		struct buf stored = {0};

		assert_int_equal(problem_list_store(f->storage_key, &id, item, &stored), CONSIGN_OK);
		assert_int_equal(problem_list_insert(f->writer, &id, "acme", buf_slice(&stored)), CONSIGN_OK);
		buf_clear(&stored);
	}
	assert_int_equal(problem_list_find(f->agent.db, f->storage_key, &id, "acme", f->arena, &found), CONSIGN_OK);
	assert_int_equal(found->problems.n, 2);
}

static void
test_problem_list_copy_is_whole_or_nothing(void **state)
{
	struct fixture *f = *state;
	struct item_problems *item = item_of(f, 64, true, CONSIGN_PROBLEMS_MAX_BYTES), *copy;
	struct arena *small;

	assert_int_equal(arena_new(8192, &small), CONSIGN_OK);
	assert_null(problem_list_copy(item, small));
	arena_free(&small);
	copy = problem_list_copy(item, f->arena);
	assert_non_null(copy);
	assert_int_equal(copy->problems.n, item->problems.n);
	assert_ptr_not_equal(copy->problems.v[0]->path.data, item->problems.v[0]->path.data);
	assert_true(slice_equal(copy->problems.v[0]->path, item->problems.v[0]->path));
}

static void
test_problem_list_say_names_the_only_problem_or_their_number(void **state)
{
	struct fixture *f = *state;
	char words[PROBLEM_LIST_WORDS_BYTES];
	struct item_problems *item = item_of(f, 1, false, 4096);

	problem_list_say(item, words);
	assert_string_equal(words, "items[0]: found \"x\", expected a y (format)");
	item->problems.v[0]->path = slice_text("");
	problem_list_say(item, words);
	assert_string_equal(words, "found \"x\", expected a y (format)");
	problem_list_say(item_of(f, 2, false, 4096), words);
	assert_string_equal(words, "2 problems");
	problem_list_say(item_of(f, 1, false, 0), words);
	assert_string_equal(words, "1 problem");
}

static void
test_problem_list_say_cuts_between_characters(void **state)
{
	struct fixture *f = *state;
	char words[PROBLEM_LIST_WORDS_BYTES], path[256];
	struct item_problems *item = item_of(f, 1, false, 4096);

	for (size_t shift = 0; shift < 3; shift++) {
		memset(path, 'x', sizeof path);
		for (size_t i = shift; i + 3 <= sizeof path; i += 3)
			memcpy(path + i, "\xe2\x82\xac", 3);
		item->problems.v[0]->path = slice_of(path, shift + (sizeof path - shift) / 3 * 3);
		problem_list_say(item, words);
		assert_true(strlen(words) >= sizeof words - 3);
		assert_true(text_is(CHARSET_UTF8, slice_text(words)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_problem_list_item_takes_what_fits_and_counts_the_rest, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(test_problem_list_cost_is_never_below_what_the_wire_needs, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(test_problem_list_longest_is_stored_and_found_again, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(test_problem_list_find_tells_absent_from_damaged, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(test_problem_list_insert_replaces_what_was_there, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(test_problem_list_copy_is_whole_or_nothing, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(test_problem_list_say_names_the_only_problem_or_their_number, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(test_problem_list_say_cuts_between_characters, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests_name("problem_list", tests, NULL, NULL);
}
