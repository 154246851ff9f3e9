/* Documents that are signed well and are wrong all the same: of another hub, or with bytes inside that are none of theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub_fixture.h"

struct fixture {
	struct hub_fixture f;
	struct hub *hub;
};

static int
setup(void **state)
{
	struct fixture *t = calloc(1, sizeof *t);

	hub_fixture_begin(&t->f, 2, 2);
	hub_fixture_standard(&t->f);
	t->hub = hub_fixture_hub(&t->f, true);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *t = *state;

	hub_free(&t->hub);
	hub_fixture_end(&t->f);
	free(t);
	return 0;
}

/* These documents, as an administrator publishes them, are refused with this error and these words; the hub stays as it was. */
static void
refuses(struct fixture *t, struct session_documents *d, enum consign_err err, const char *words)
{
	struct hub_stage *stage = NULL;
	char problem[HUB_PROBLEM_BYTES] = "";
	uint64_t root = hub_root(t->hub)->root->version;

	d->checkpoint = NULL;
	assert_int_equal(hub_stage(t->hub, fixture_encode(&t->f, &wire_session_documents, d), HUB_PUBLISH, &stage, problem), err);
	assert_string_equal(problem, words);
	assert_null(stage);
	assert_int_equal(hub_root(t->hub)->root->version, root);
}

/* acme's next card, changed and signed again. */
static struct session_documents *
card_with(struct fixture *t, void (*change)(struct card *c))
{
	struct session_documents *d = fixture_none(&t->f, 0);
	struct fixture_document *document = fixture_card(&t->f, "acme");
	struct card *card = NULL;

	assert_int_equal(card_decode(document->document->document->content, t->f.arena, &card), CONSIGN_OK);
	change(card);
	document->document =
	    fixture_document_by(&t->f, SIGN_CARD, fixture_org(&t->f, "acme")->identity, fixture_encode(&t->f, &wire_card, card));
	fixture_add_card(&t->f, d, document);
	return d;
}

static void
of_another_hub(struct card *c)
{
	c->hub_id.b[0] ^= 1;
}

static void
of_somebody_unknown(struct card *c)
{
	c->org = (struct consign_org){"nobody"};
}

static void
test_stage_hostile_cards(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d;

	refuses(t, card_with(t, of_another_hub), CONSIGN_E_MALFORMED, "card version 2: belongs to another hub");
	t->f.cards.n--;
	refuses(t, card_with(t, of_somebody_unknown), CONSIGN_E_NOT_FOUND,
	    "card version 2: its organisation is not in the directory");
	d = card_with(t, of_another_hub);
	d->cards.v[0]->document->content = slice_text("no card");
	refuses(t, d, CONSIGN_E_MALFORMED, "card: is malformed");
	d->cards.v[0]->document->kind = SIGN_ROOT;
	refuses(t, d, CONSIGN_E_MALFORMED, "card: another document stands in its place");
}

/* The newest bundle with this one part, its head signed again, and the next root that names it. */
static struct session_documents *
bundle_with(struct fixture *t, bool is_policy, struct consign_slice part, const struct consign_hash *hub_id)
{
	struct session_documents *d = fixture_none(&t->f, 0);
	struct fixture_document *b =
	    is_policy ? fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN) : fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	struct document_head *head = NULL;
	struct consign_hash hash;
	enum sign_kind kind = is_policy ? SIGN_POLICY : SIGN_DIRECTORY;

	assert_int_equal(document_head_decode(b->bundle->head->document->content, t->f.arena, &head), CONSIGN_OK);
	hash_sha256(part, &hash);
	head->parts.v[0] = hash;
	head->parts.n = 1;
	head->hub_id = *hub_id;
	struct consign_slice content = fixture_encode(&t->f, is_policy ? &wire_policy_head : &wire_document_head, head);

	b->bundle->head->document = fixture_sign(&t->f, kind, &t->f.hub_id, content, FIXTURE_ALL_SIGN);
	b->bundle->parts.v[0] = part;
	b->bundle->parts.n = 1;
	hash_sha256(content, &b->hash);
	if (is_policy)
		fixture_add_policy(&t->f, d, b);
	else
		fixture_add_directory(&t->f, d, b);
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	return d;
}

static void
test_stage_hostile_bundles(void **state)
{
	struct consign_hash other = {{1}};
	struct fixture *t = *state;
	const struct hub_fixture before = t->f;
	const struct {
		bool is_policy;
		struct consign_slice part;
		const struct consign_hash *hub_id;
		const char *words;
	} cases[] = {
	    {false, slice_text("no part"), &t->f.hub_id, "directory version 2: a part is malformed"},
	    {true, slice_text("no part"), &t->f.hub_id, "policy version 2: a part is malformed"},
	    {false, slice_text("no part"), &other, "directory version 2: belongs to another hub"},
	    {true, slice_text("no part"), &other, "policy version 2: belongs to another hub"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		refuses(
		    t, bundle_with(t, cases[i].is_policy, cases[i].part, cases[i].hub_id), CONSIGN_E_MALFORMED, cases[i].words);
		t->f.roots = before.roots;
		t->f.directories = before.directories;
		t->f.policies = before.policies;
	}
}

/* A bundle that no root names: what a signature of administrators alone does not put in force. */
static void
test_stage_hostile_bundle_without_a_root(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_none(&t->f, 0);

	fixture_add_directory(&t->f, d, fixture_directory(&t->f, FIXTURE_ALL_SIGN));
	refuses(t, d, CONSIGN_E_STALE, "directory version 2: no root names it");
	d = fixture_none(&t->f, 0);
	fixture_add_policy(&t->f, d, fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN));
	refuses(t, d, CONSIGN_E_STALE, "policy version 2: no root names it");
}

/* What the next root names, when the fixture believes that the newest is of another version or hash. */
static void
refuses_next(struct fixture *t, bool is_policy, uint64_t version, uint8_t flip, enum consign_err err, const char *words)
{
	const struct hub_fixture before = t->f;
	struct session_documents *d = fixture_none(&t->f, 0);
	struct fixture_documents *list = is_policy ? &t->f.policies : &t->f.directories;

	list->v[list->n - 1].version = version;
	list->v[list->n - 1].hash.b[0] ^= flip;
	list->n -= version == 0;
	if (is_policy)
		fixture_add_policy(&t->f, d, fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN));
	else
		fixture_add_directory(&t->f, d, fixture_directory(&t->f, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	refuses(t, d, err, words);
	t->f.roots = before.roots;
	t->f.directories = before.directories;
	t->f.policies = before.policies;
}

/* Signed by all administrators, and yet: a version follows the one before it, and names it. */
static void
test_stage_hostile_versions(void **state)
{
	static const char skips[] = "root version 3: names a directory or policy that does not follow the one before";
	struct fixture *t = *state;

	for (int is_policy = 0; is_policy < 2; is_policy++) {
		refuses_next(t, is_policy, 2, 0, CONSIGN_E_STALE, skips);                                  /* 3 follows 1 */
		refuses_next(t, is_policy, INT64_MAX - 1, 0, CONSIGN_E_STALE, skips);                      /* the last that can be */
		refuses_next(t, is_policy, 0, 0, CONSIGN_E_STALE, skips);                                  /* another 1 */
		refuses_next(t, is_policy, 1, 1, CONSIGN_E_FORK,
		    is_policy ? "policy version 2: does not name the one before it" : "directory version 2: does not name the one before it");
	}
}

/* A root that puts an older policy in force again, by its version: what was gone would come back without a word. */
static void
test_stage_hostile_version_of_before(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d;

	fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	hub_free(&t->hub);
	t->hub = hub_fixture_hub(&t->f, true);
	t->f.policies.n--;
	d = fixture_none(&t->f, 0);
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	refuses(t, d, CONSIGN_E_STALE, "root version 4: names a directory or policy that does not follow the one before");
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_stage_hostile_##name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(cards),
	    CASE(bundles),
	    CASE(bundle_without_a_root),
	    CASE(versions),
	    CASE(version_of_before),
	};

	return cmocka_run_group_tests_name("trust/stage_hostile", tests, NULL, NULL);
}
