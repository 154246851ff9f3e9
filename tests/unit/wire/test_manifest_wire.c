/* Manifests: what a consignor builds arrives as it was, up to the limits and not beyond. */
#include "support/wire_fixture.h"

#include <stdio.h>

#include "wire/manifest_wire.h"

struct made {
	struct manifest manifest;
	struct seen seen;
	struct document_ref ref;
	struct manifest_consignee consignees[CONSIGN_CONSIGNEES_MAX + 1];
	struct manifest_consignee *consignee_list[CONSIGN_CONSIGNEES_MAX + 1];
	struct manifest_item items[CONSIGN_BUNDLE_MAX_ITEMS + 1];
	struct manifest_item *item_list[CONSIGN_BUNDLE_MAX_ITEMS + 1];
};

/* A manifest of n consignees and m items, every text as long as it may be. */
static void
make(struct made *made, size_t n, size_t m)
{
	*made = (struct made){0};
	made->ref.version = 3;
	FILL(made->ref.hash, 3);
	made->seen = (struct seen){.root = &made->ref, .directory = &made->ref, .policy = &made->ref, .card = &made->ref};
	made->manifest = (struct manifest){.format = 1,
	    .suite = 1,
	    .attempt = 1,
	    .label = CONSIGN_LABEL_RESTRICTED,
	    .created_us = NOON_US,
	    .expires_us = NOON_US + CONSIGN_EXPIRES_MAX_US,
	    .body_bytes = CONSIGN_BODY_MAX_BYTES,
	    .seen = &made->seen};
	memset(made->manifest.consignor.s, 'o', CONSIGN_ORG_MAX_BYTES);
	memset(made->manifest.study.s, 'S', CONSIGN_STUDY_MAX_BYTES);
	for (size_t i = 0; i < n; i++) {
		snprintf(made->consignees[i].org.s, sizeof(made->consignees[i].org.s), "%040zu", i);
		made->consignee_list[i] = &made->consignees[i];
	}
	for (size_t i = 0; i < m; i++) {
		made->items[i].index = (uint32_t)i;
		memset(made->items[i].type.s, 't', CONSIGN_TYPE_MAX_BYTES);
		FILL(made->items[i].commitment, (int)i);
		made->item_list[i] = &made->items[i];
	}
	made->manifest.consignees.v = made->consignee_list;
	made->manifest.consignees.n = n;
	made->manifest.items.v = made->item_list;
	made->manifest.items.n = m;
}

static void
test_manifest_wire_holds_the_most_items_and_consignees(void **state)
{
	struct wire_fixture *f = *state;
	struct made made;
	struct manifest *out;

	make(&made, CONSIGN_CONSIGNEES_MAX, CONSIGN_BUNDLE_MAX_ITEMS);
	ROUND_TRIP(f, manifest, &made.manifest, &out);
	assert_int_equal(out->consignees.n, CONSIGN_CONSIGNEES_MAX);
	assert_int_equal(out->items.n, CONSIGN_BUNDLE_MAX_ITEMS);
	assert_string_equal(out->consignees.v[31]->org.s, made.consignees[31].org.s);
	assert_memory_equal(out->items.v[127], &made.items[127], sizeof(made.items[127]));
	assert_string_equal(out->study.s, made.manifest.study.s);
	assert_int_equal(out->expires_us, made.manifest.expires_us);
	assert_int_equal(out->body_bytes, CONSIGN_BODY_MAX_BYTES);
	assert_int_equal(out->seen->card->version, 3);
	assert_null(out->seen->checkpoint);
}

static void
test_manifest_wire_refuses_one_more_than_the_most(void **state)
{
	struct wire_fixture *f = *state;
	struct made made;

	make(&made, CONSIGN_CONSIGNEES_MAX + 1, 1);
	REFUSES_TO_ENCODE(f, manifest, &made.manifest);
	make(&made, 1, CONSIGN_BUNDLE_MAX_ITEMS + 1);
	REFUSES_TO_ENCODE(f, manifest, &made.manifest);
	make(&made, 0, 1);
	REFUSES_TO_ENCODE(f, manifest, &made.manifest);
	make(&made, 1, 0);
	REFUSES_TO_ENCODE(f, manifest, &made.manifest);
	make(&made, 1, 1);
	made.manifest.body_bytes = CONSIGN_BODY_MAX_BYTES + 1;
	REFUSES_TO_ENCODE(f, manifest, &made.manifest);
	make(&made, 1, 1);
	made.manifest.expires_us++;
	REFUSES_TO_ENCODE(f, manifest, &made.manifest);
}

static void
test_manifest_wire_may_leave_gaps_between_items_but_not_turn_back(void **state)
{
	struct wire_fixture *f = *state;
	struct made made;
	struct manifest *out;

	make(&made, 1, 3);
	made.items[0].index = 5;
	made.items[1].index = 9;
	made.items[2].index = 127;
	ROUND_TRIP(f, manifest, &made.manifest, &out);
	assert_int_equal(out->items.v[1]->index, 9);
	made.items[2].index = 9;
	REFUSES_TO_ENCODE(f, manifest, &made.manifest);
	made.items[2].index = 8;
	REFUSES_TO_ENCODE(f, manifest, &made.manifest);
}

static void
test_manifest_wire_refuses_an_org_twice(void **state)
{
	struct wire_fixture *f = *state;
	struct made made;

	make(&made, 3, 1);
	made.consignees[2].org = made.consignees[0].org;
	REFUSES_TO_ENCODE(f, manifest, &made.manifest);
}

static void
test_manifest_wire_signs_any_bytes_up_to_the_length_of_a_manifest(void **state)
{
	struct wire_fixture *f = *state;
	uint8_t *bytes = calloc(1, CONSIGN_MANIFEST_MAX_BYTES + 1);
	struct signed_manifest in = {.manifest = slice_of(bytes, CONSIGN_MANIFEST_MAX_BYTES)}, *out;

	assert_non_null(bytes);
	FILL(in.signature, 1);
	ROUND_TRIP(f, signed_manifest, &in, &out);
	assert_true(slice_equal(out->manifest, in.manifest));
	in.manifest.len++;
	REFUSES_TO_ENCODE(f, signed_manifest, &in);
	free(bytes);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, wire_fixture_setup, wire_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_manifest_wire_holds_the_most_items_and_consignees),
	    TEST(test_manifest_wire_refuses_one_more_than_the_most),
	    TEST(test_manifest_wire_may_leave_gaps_between_items_but_not_turn_back),
	    TEST(test_manifest_wire_refuses_an_org_twice),
	    TEST(test_manifest_wire_signs_any_bytes_up_to_the_length_of_a_manifest),
	};

	return cmocka_run_group_tests_name("manifest wire", tests, NULL, NULL);
}
