/* Every message of the wire whichever allocation fails: NO_MEMORY, never MALFORMED, which would blame the peer. */
#include "support/wire_fixture.h"

#include "failing.h"
#include "support/wire_sample.h"

static struct wire_fixture *fixture;
static size_t seen;

static void
walk(const struct wire_message *m, void *context)
{
	struct wire_fixture *f = fixture;
	struct sample sample;
	struct buf again = {0};
	void *decoded = NULL;

	(void)context;
	sample_init(&sample, m, SAMPLE_BROAD, sample_first_choice(m));
	buf_reset(&f->bytes);
	sample_join(&sample, &f->bytes);
	for (size_t nth = 1;; nth++) {
		arena_reset(f->arena);
		failing_alloc(nth);
		enum consign_err err = wire_decode(m, buf_slice(&f->bytes), f->arena, &decoded);

		if (!failing_end()) {
			assert_int_equal(err, CONSIGN_OK);
			assert_true(nth > 1);
			break;
		}
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);
		assert_null(decoded);
	}
	for (size_t nth = 1;; nth++) {
		failing_alloc(nth);
		enum consign_err err = wire_encode(m, decoded, &again);

		if (!failing_end()) {
			assert_int_equal(err, CONSIGN_OK);
			assert_int_equal(again.len, f->bytes.len);
			assert_memory_equal(again.data, f->bytes.data, again.len);
			break;
		}
		assert_int_equal(err, CONSIGN_E_NO_MEMORY);
		assert_int_equal(again.len, 0);
	}
	buf_clear(&again);
	sample_clear(&sample);
	seen++;
}

static void
test_out_of_memory_is_no_fault_of_the_peer(void **state)
{
	fixture = *state;
	wire_each_message(walk, NULL);
	assert_true(seen > 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_out_of_memory_is_no_fault_of_the_peer, wire_fixture_setup, wire_fixture_teardown),
	};

	return cmocka_run_group_tests_name("wire/out_of_memory", tests, NULL, NULL);
}
