/* Cards of Documents messages: of an organisation in the newest directory, signed by its identity key, chained. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stage_fixture.h"

static void
test_stage_refuses_a_card_of_nobody(void **state)
{
	struct fixture *t = *state;

	fixture_card(&t->f, "echo-labs");
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_NOT_FOUND);
}

static void
test_stage_refuses_a_card_of_another_identity_key(void **state)
{
	struct fixture *t = *state;
	struct fixture_org *bolt = fixture_org(&t->f, "bolt"), *acme = fixture_org(&t->f, "acme");
	struct consign_public_key own = bolt->identity_public;
	struct secret *own_secret = bolt->identity;

	bolt->identity_public = acme->identity_public;
	bolt->identity = acme->identity;
	fixture_card(&t->f, "bolt");
	bolt->identity_public = own;
	bolt->identity = own_secret;
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
}

static void
test_stage_refuses_a_card_that_another_key_signed(void **state)
{
	struct fixture *t = *state;
	struct fixture_document *card = fixture_card(&t->f, "bolt");

	card->document =
	    fixture_document_by(&t->f, SIGN_CARD, fixture_org(&t->f, "acme")->identity, card->document->document->content);
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
}

/* An identity key that the directory has replaced signs nothing any more, whatever old directory comes along. */
static void
test_stage_goes_by_the_identity_key_of_the_newest_directory(void **state)
{
	struct fixture *t = *state;
	struct hub *agent;
	struct fixture_org *bolt = fixture_org(&t->f, "bolt");
	struct secret *stolen = bolt->identity;
	struct consign_public_key stolen_public = bolt->identity_public;

	assert_int_equal(sign_keypair(&bolt->identity, &bolt->identity_public), CONSIGN_OK);
	bolt->member.identity_key = bolt->identity_public;
	fixture_directory(&t->f, FIXTURE_ALL_SIGN);
	fixture_root(&t->f, FIXTURE_ALL_SIGN);
	fixture_publish_all(&t->f);
	/* This agent joined later: it has the newest directory only. */
	struct session_documents *d = fixture_all(&t->f, 0);

	d->directories.v[0] = d->directories.v[1];
	d->directories.n = 1;
	d->cards.n = 1; /* acme's */
	assert_int_equal(hub_new(&t->f.hub_id, false, &agent), CONSIGN_OK);
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_OK);

	struct secret *own = bolt->identity;
	struct consign_public_key own_public = bolt->identity_public;

	bolt->identity = stolen;
	bolt->identity_public = stolen_public;
	struct fixture_document *forged = fixture_card(&t->f, "bolt");

	bolt->identity = own;
	bolt->identity_public = own_public;
	fixture_publish_all(&t->f);
	d = fixture_none(&t->f, hub_checkpoint(agent)->size);
	fixture_add_card(&t->f, d, forged);
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
	fixture_add_directory(&t->f, d, fixture_at(&t->f.directories, 1));
	assert_int_equal(fixture_take(&t->f, agent, d, HUB_PROVEN), CONSIGN_E_BAD_SIGNATURE);
	secret_free(&stolen);
	hub_free(&agent);
}

static void
test_stage_refuses_a_next_card_that_names_another_before_it(void **state)
{
	struct fixture *t = *state;

	t->f.cards.v[1].hash.b[0] ^= 1;
	fixture_card(&t->f, "bolt");
	t->f.cards.v[1].hash.b[0] ^= 1;
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_FORK);
}

static void
test_stage_refuses_another_card_under_a_known_version(void **state)
{
	struct fixture *t = *state;
	struct fixture_documents all = t->f.cards;

	t->f.cards.n = 0;
	fixture_org(&t->f, "acme")->transport_public.b[0] ^= 1;
	fixture_card(&t->f, "acme");
	fixture_publish_all(&t->f);
	assert_int_equal(stage(t, fixture_all(&t->f, size_of(t)), HUB_PROVEN), CONSIGN_E_FORK);
	t->f.cards = all;
}

static void
test_stage_refuses_a_card_twice(void **state)
{
	struct fixture *t = *state;
	struct session_documents *d = fixture_all(&t->f, 0);

	d->cards.v[d->cards.n++] = d->cards.v[0];
	assert_int_equal(stage_fresh(t, d), CONSIGN_E_MALFORMED);
}

static void
test_stage_refuses_a_published_card_that_leaves_a_gap(void **state)
{
	struct fixture *t = *state;

	fixture_card(&t->f, "bolt");
	fixture_card(&t->f, "bolt");
	struct session_documents *d = fixture_none(&t->f, 0);

	d->checkpoint = NULL;
	fixture_add_card(&t->f, d, fixture_newest(&t->f.cards));
	assert_int_equal(stage(t, d, HUB_PUBLISH), CONSIGN_E_STALE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STAGE_TEST(test_stage_refuses_a_card_of_nobody),
	    STAGE_TEST(test_stage_refuses_a_card_of_another_identity_key),
	    STAGE_TEST(test_stage_refuses_a_card_that_another_key_signed),
	    STAGE_TEST(test_stage_goes_by_the_identity_key_of_the_newest_directory),
	    STAGE_TEST(test_stage_refuses_a_next_card_that_names_another_before_it),
	    STAGE_TEST(test_stage_refuses_another_card_under_a_known_version),
	    STAGE_TEST(test_stage_refuses_a_card_twice),
	    STAGE_TEST(test_stage_refuses_a_published_card_that_leaves_a_gap),
	};

	return cmocka_run_group_tests_name("trust/stage_cards", tests, NULL, NULL);
}
