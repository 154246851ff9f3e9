/* Freshness statements: what is made verifies, for as long as it says, by the key that the newest root names, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "hub_fixture.h"
#include "trust/freshness.h"

struct fixture {
	struct hub_fixture f;
	struct hub *hub;
	struct secret *key, *other;
	struct arena *arena;
};

static struct fixture t;

/* The root names `named` keys: the first of them is `other`, the last ours. */
static void
begin(size_t named)
{
	struct consign_public_key public;

	hub_fixture_begin(&t.f, 1, 1);
	assert_int_equal(sign_keypair(&t.key, &public), CONSIGN_OK);
	assert_int_equal(sign_keypair(&t.other, &t.f.freshness[0]), CONSIGN_OK);
	t.f.freshness[named > 1] = public;
	t.f.n_freshness = named;
	hub_fixture_standard(&t.f);
	t.hub = hub_fixture_hub(&t.f, true);
	assert_int_equal(arena_new(1u << 20, &t.arena), CONSIGN_OK);
}

static void
end(void)
{
	arena_free(&t.arena);
	hub_free(&t.hub);
	secret_free(&t.key);
	secret_free(&t.other);
	hub_fixture_end(&t.f);
}

static enum consign_err
verify(const struct signed_document *d, uint64_t now_us)
{
	struct freshness *f;
	struct consign_public_key key, expected;
	enum consign_err err = freshness_verify(t.hub, d, now_us, t.arena, &f, &key);

	if (err == CONSIGN_OK) {
		sign_public(t.key, &expected);
		assert_memory_equal(key.b, expected.b, sizeof key.b);
		assert_int_equal(f->root->version, hub_root(t.hub)->root->version);
		assert_int_equal(f->policy->version, hub_policy(t.hub)->version);
		assert_int_equal(f->directory->version, hub_directory(t.hub)->version);
		assert_int_equal(f->checkpoint->size, hub_checkpoint(t.hub)->size);
	}
	return err;
}

static void
test_freshness_holds_from_when_it_is_made_for_a_day(void **state)
{
	struct signed_document *d;

	(void)state;
	for (size_t named = 1; named <= 2; named++) {
		begin(named);
		assert_true(freshness_is_wanted(t.hub));
		assert_int_equal(freshness_make(t.hub, t.key, FIXTURE_NOW_US, t.arena, &d), CONSIGN_OK);
		assert_int_equal(verify(d, FIXTURE_NOW_US), CONSIGN_OK);
		assert_int_equal(verify(d, FIXTURE_NOW_US - CONSIGN_CLOCK_SKEW_MAX_US), CONSIGN_OK);
		assert_int_equal(verify(d, FIXTURE_NOW_US - CONSIGN_CLOCK_SKEW_MAX_US - 1), CONSIGN_E_EXPIRED);
		assert_int_equal(verify(d, FIXTURE_NOW_US + CONSIGN_FRESHNESS_LIFE_US - 1), CONSIGN_OK);
		assert_int_equal(verify(d, FIXTURE_NOW_US + CONSIGN_FRESHNESS_LIFE_US), CONSIGN_E_EXPIRED);
		end();
	}
}

static void
test_freshness_is_by_the_key_that_the_root_names(void **state)
{
	struct signed_document *d;

	(void)state;
	begin(1);
	assert_int_equal(freshness_make(t.hub, t.other, FIXTURE_NOW_US, t.arena, &d), CONSIGN_OK);
	assert_int_equal(verify(d, FIXTURE_NOW_US), CONSIGN_E_BAD_SIGNATURE);
	assert_int_equal(freshness_make(t.hub, t.key, FIXTURE_NOW_US, t.arena, &d), CONSIGN_OK);
	d->signatures.v[0]->signature.b[7] ^= 1;
	assert_int_equal(verify(d, FIXTURE_NOW_US), CONSIGN_E_BAD_SIGNATURE);
	d->signatures.v[0]->signature.b[7] ^= 1;
	d->kind = SIGN_POLICY;
	assert_int_equal(verify(d, FIXTURE_NOW_US), CONSIGN_E_MALFORMED);
	d->kind = SIGN_FRESHNESS;
	d->signatures.n = 0;
	assert_int_equal(verify(d, FIXTURE_NOW_US), CONSIGN_E_BAD_SIGNATURE);
	end();
}

static void
test_freshness_is_not_asked_for_where_no_key_is_named(void **state)
{
	struct signed_document *d;
	struct consign_public_key public;
	struct hub *empty;

	(void)state;
	begin(0);
	sign_public(t.key, &public);
	assert_false(freshness_is_wanted(t.hub));
	assert_false(freshness_is_key(t.hub, &public));
	assert_int_equal(freshness_make(t.hub, t.key, FIXTURE_NOW_US, t.arena, &d), CONSIGN_OK);
	assert_int_equal(verify(d, FIXTURE_NOW_US), CONSIGN_E_BAD_SIGNATURE);
	assert_int_equal(hub_new(&t.f.hub_id, true, &empty), CONSIGN_OK);
	assert_false(freshness_is_wanted(empty));
	assert_int_equal(freshness_make(empty, t.key, FIXTURE_NOW_US, t.arena, &d), CONSIGN_E_NOT_FOUND);
	hub_free(&empty);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_freshness_holds_from_when_it_is_made_for_a_day),
	    cmocka_unit_test(test_freshness_is_by_the_key_that_the_root_names),
	    cmocka_unit_test(test_freshness_is_not_asked_for_where_no_key_is_named),
	};

	return cmocka_run_group_tests_name("trust/freshness", tests, NULL, NULL);
}
