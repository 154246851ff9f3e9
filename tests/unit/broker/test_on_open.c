/* open and hello: who is let in, who is not and what it hears, and that the newest session of an organisation delivers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker_fixture.h"
#include "core/limits.h"

/* What a case may change in a hello that is good. */
struct greeting {
	struct broker_fixture *t;
	struct peer p;
	struct session_hello hello;
	struct consign_signature signature;
};

static void
open_session(struct broker_fixture *t, const struct peer *p, struct consign_hash *ret_nonce)
{
	uint32_t versions[] = {7, 1};
	struct session_open open = {.versions = {versions, 2}, .hub_id = t->f.hub_id};

	broker_hears(t, p, &(struct session_command){.open = &open});
	const struct session_challenge *c = expect_said(t, p)->command->challenge;

	assert_non_null(c);
	assert_int_equal(c->version, 1);
	assert_int_equal(c->now_us, t->wall_us);
	*ret_nonce = c->nonce;
}

static void
sign(struct greeting *g, const struct consign_hash *nonce)
{
	uint8_t bytes[65 + CONSIGN_ORG_MAX_BYTES];
	size_t name = strlen(g->hello.name);

	memcpy(bytes, g->p.route.key.b, 32);
	memcpy(bytes + 32, nonce->b, 32);
	bytes[64] = (uint8_t)g->hello.party;
	memcpy(bytes + 65, g->hello.name, name + 1);
	sign_make(g->p.signing, SIGN_HELLO, &g->t->f.hub_id, slice_of(bytes, 65 + name), &g->signature);
}

static void
greet(struct greeting *g, void (*change)(struct greeting *g))
{
	struct consign_hash nonce;

	open_session(g->t, &g->p, &nonce);
	g->hello = (struct session_hello){.party = g->p.party, .window_consignments = 3, .window_bytes = 1000};
	snprintf(g->hello.name, sizeof g->hello.name, "%s", g->p.name);
	if (g->p.signing != NULL) {
		g->hello.key_id = SLICE_ARRAY(g->p.key_id.b);
		g->hello.signature = SLICE_ARRAY(g->signature.b);
		sign(g, &nonce);
	}
	if (change != NULL)
		change(g);
	broker_hears(g->t, &g->p, &(struct session_command){.hello = &g->hello});
}

static void
test_on_open_wants_its_version_and_its_hub(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_org(t, "acme"), bolt = broker_org(t, "bolt");
	uint32_t versions[] = {2, 3};
	struct session_open open = {.versions = {versions, 2}, .hub_id = t->f.hub_id};

	broker_hears(t, &acme, &(struct session_command){.open = &open});
	expect_bye(t, &acme, CONSIGN_CODE_STATE);
	versions[1] = 1;
	open.hub_id.b[31] ^= 1;
	broker_hears(t, &bolt, &(struct session_command){.open = &open});
	expect_bye(t, &bolt, CONSIGN_CODE_WRONG_HUB);
	assert_int_equal(broker_session(t, &bolt)->state, SESSION_STATES);
}

static void
no_window(struct greeting *g)
{
	g->hello.window_consignments = 0;
}

static void
no_window_of_bytes(struct greeting *g)
{
	g->hello.window_bytes = 0;
}

static void
other_name(struct greeting *g)
{
	snprintf(g->hello.name, sizeof g->hello.name, "cora");
}

static void
unknown_key(struct greeting *g)
{
	static const uint8_t id[16] = {1};

	g->hello.key_id = SLICE_ARRAY(id);
}

static void
broken_signature(struct greeting *g)
{
	g->signature.b[9] ^= 1;
}

static void
test_on_open_refuses_an_agent_by_its_code(void **state)
{
	struct broker_fixture *t = *state;
	static const struct {
		const char *what;
		void (*change)(struct greeting *g);
		enum consign_code code;
	} cases[] = {
	    {"no window", no_window, CONSIGN_CODE_MALFORMED},
	    {"no window of bytes", no_window_of_bytes, CONSIGN_CODE_MALFORMED},
	    {"the name of another", other_name, CONSIGN_CODE_DENIED},
	    {"a key that its card has not", unknown_key, CONSIGN_CODE_SIGNATURE_BAD},
	    {"a broken signature", broken_signature, CONSIGN_CODE_SIGNATURE_BAD},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct greeting g = {.t = t, .p = broker_org(t, "acme")};
		uint64_t before = atomic_load(&t->broker->metrics->refused[cases[i].code]);

		printf("# %s\n", cases[i].what);
		greet(&g, cases[i].change);
		expect_bye(t, &g.p, cases[i].code);
		expect_silence(t, &g.p);
		assert_int_equal(atomic_load(&t->broker->metrics->refused[cases[i].code]), before + 1);
		assert_int_equal(broker_session(t, &g.p)->state, SESSION_STATES);
	}
}

static void
test_on_open_denies_a_connection_whose_key_no_card_has(void **state)
{
	struct broker_fixture *t = *state;
	struct greeting g = {.t = t, .p = broker_org(t, "acme")};

	g.p.route.key.b[0] ^= 1;
	greet(&g, NULL);
	expect_bye(t, &g.p, CONSIGN_CODE_DENIED);
}

static void
test_on_open_refuses_an_administrator_by_its_code(void **state)
{
	struct broker_fixture *t = *state;
	struct greeting name = {.t = t, .p = broker_admin(t)}, signature = {.t = t, .p = broker_admin(t)},
			key = {.t = t, .p = broker_admin(t)};

	greet(&name, other_name);
	expect_bye(t, &name.p, CONSIGN_CODE_DENIED);
	greet(&signature, broken_signature);
	expect_bye(t, &signature.p, CONSIGN_CODE_SIGNATURE_BAD);
	key.p.route.key = fixture_org(&t->f, "acme")->transport_public;
	greet(&key, NULL);
	expect_bye(t, &key.p, CONSIGN_CODE_DENIED);
}

static void
publish_status(struct broker_fixture *t, const char *org, enum member_status status)
{
	struct peer admin = broker_administrator(t);
	struct session_documents *d = fixture_none(&t->f, 0);

	fixture_org(&t->f, org)->member.status = status;
	fixture_org(&t->f, org)->member.compromised_since = status == MEMBER_COMPROMISED ? 3 : 0;
	fixture_add_directory(&t->f, d, fixture_directory(&t->f, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	broker_hears_publish(t, &admin, 5, broker_unproven(t, d));
	broker_turn(t);
	expect_done(t, &admin, 5, CONSIGN_CODE_NONE);
}

static void
test_on_open_says_what_became_of_a_member(void **state)
{
	struct broker_fixture *t = *state;
	static const struct {
		enum member_status status;
		enum consign_code code;
	} cases[] = {{MEMBER_SUSPENDED, CONSIGN_CODE_ORG_SUSPENDED}, {MEMBER_COMPROMISED, CONSIGN_CODE_COMPROMISED}};

	for (size_t i = 0; i < 2; i++) {
		struct greeting g = {.t = t, .p = broker_org(t, "bolt")};

		publish_status(t, "bolt", cases[i].status);
		greet(&g, NULL);
		expect_bye(t, &g.p, cases[i].code);
		assert_false(t->listener.admit(t->broker, &g.p.route.key));
	}
	struct greeting ended = {.t = t, .p = broker_org(t, "cora")};

	publish_status(t, "cora", MEMBER_ENDED);
	assert_true(t->listener.admit(t->broker, &ended.p.route.key));
	greet(&ended, NULL);
	assert_non_null(expect_said(t, &ended.p)->command->welcome);
}

static void
test_on_open_welcomes_with_windows_and_the_place_in_the_mailbox(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct greeting g = {.t = t, .p = broker_org(t, "bolt")};

	broker_hears_submit(t, &acme, 1, fixture_sign_manifest(&t->f, broker_note(t)), fixture_body());
	broker_turn(t);
	greet(&g, NULL);
	const struct session_welcome *w = expect_said(t, &g.p)->command->welcome;

	assert_non_null(w);
	assert_int_equal(w->mailbox_position, 1);
	assert_int_equal(w->window_consignments, CONSIGN_WINDOW_CONSIGNMENTS);
	assert_int_equal(w->window_bytes, CONSIGN_WINDOW_BYTES);
	assert_int_equal(w->epoch, t->broker->epoch);
	assert_int_equal(broker_session(t, &g.p)->window_consignments, 3);
	assert_int_equal(broker_session(t, &g.p)->window_bytes, 1000);
}

static void
wide_window(struct greeting *g)
{
	g->hello.window_consignments = 1u << 30;
}

static void
test_on_open_bounds_the_window_that_an_agent_grants(void **state)
{
	struct broker_fixture *t = *state;
	struct greeting g = {.t = t, .p = broker_org(t, "bolt")};

	greet(&g, wide_window);
	assert_int_equal(broker_session(t, &g.p)->window_consignments, CONSIGN_BATCH_MAX);
}

static void
test_on_open_supersedes_by_an_epoch_that_always_rises(void **state)
{
	struct broker_fixture *t = *state;
	struct peer first = broker_agent(t, "acme");
	uint64_t epoch = broker_session(t, &first)->epoch;

	t->wall_us -= 3600ull * 1000000; /* the machine's clock was set back */
	struct peer second = broker_agent(t, "acme");

	expect_bye(t, &first, CONSIGN_CODE_SUPERSEDED);
	assert_int_equal(broker_session(t, &second)->epoch, epoch + 1);
	assert_ptr_equal(sessions_agent(t->broker->sessions, "acme"), broker_session(t, &second));
	t->wall_us += 7200ull * 1000000;
	struct peer third = broker_agent(t, "acme");

	expect_bye(t, &second, CONSIGN_CODE_SUPERSEDED);
	assert_int_equal(broker_session(t, &third)->epoch, t->wall_us);
}

static struct checkpoint_ref seen;

static void
has_seen(struct greeting *g)
{
	g->hello.checkpoint = &seen;
}

static void
test_on_open_tells_the_operator_of_another_history(void **state)
{
	struct broker_fixture *t = *state;
	const struct checkpoint *own = ledger_checkpoint(t->broker->ledger);
	struct greeting same = {.t = t, .p = broker_org(t, "acme")}, longer = same, other = same;

	seen = (struct checkpoint_ref){own->size, own->head};
	greet(&same, has_seen);
	assert_int_equal(broker_session(t, &same.p)->seen_size, own->size);
	assert_int_equal(logged(t, "history.shorter") + logged(t, "history.differs"), 0);
	other.p = broker_org(t, "acme");
	seen.hash.b[0] ^= 1;
	greet(&other, has_seen);
	assert_int_equal(logged(t, "history.differs"), 1);
	longer.p = broker_org(t, "acme");
	seen.size = own->size + 1;
	greet(&longer, has_seen);
	assert_int_equal(logged(t, "history.shorter"), 1);
	assert_non_null(expect_said(t, &longer.p)->command->welcome); /* it finds out by itself */
}

static uint64_t has_size, has_root;

static void
has_documents(struct greeting *g)
{
	g->hello.checkpoint = &seen;
	g->hello.root_version = has_root;
	g->hello.documents_size = has_size;
}

/* What a hello that says so is answered. */
static const struct session_documents *
documents_for(struct broker_fixture *t, const char *org)
{
	struct greeting g = {.t = t, .p = broker_org(t, org)};

	greet(&g, has_documents);
	assert_non_null(expect_said(t, &g.p)->command->welcome);
	const struct session_documents *d = expect_said(t, &g.p)->command->documents;

	assert_non_null(d);
	assert_non_null(d->checkpoint);
	return d;
}

static void
test_on_open_sends_no_documents_that_an_agent_has(void **state)
{
	struct broker_fixture *t = *state;
	const struct checkpoint *own = ledger_checkpoint(t->broker->ledger);
	const struct session_documents *d;

	seen = (struct checkpoint_ref){own->size, own->head};
	has_root = hub_root(t->broker->hub)->root->version;
	has_size = own->size;
	d = documents_for(t, "bolt");
	assert_int_equal(d->roots.n + d->directories.n + d->policies.n + d->cards.n, 0);
	has_size = hub_card(t->broker->hub, "bolt")->leaf; /* that card was not in the ledger yet */
	d = documents_for(t, "bolt");
	assert_int_equal(d->directories.n + d->policies.n, 0);
	assert_true(d->cards.n >= 1);

	/* All of them, when it has an older root, knows of more than it has verified, or of another ledger. */
	has_size = own->size;
	has_root--;
	assert_int_equal(documents_for(t, "bolt")->policies.n, 1);
	has_root++;
	has_size = own->size + 1;
	assert_int_equal(documents_for(t, "bolt")->policies.n, 1);
	has_size = own->size;
	seen.hash.b[0] ^= 1;
	assert_int_equal(documents_for(t, "bolt")->policies.n, 1);
	seen.hash.b[0] ^= 1;
	has_size = 0;
	assert_int_equal(documents_for(t, "bolt")->policies.n, 1);
}

static void
test_on_open_ends_by_bye_and_takes_credit(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme");
	struct session_credit credit = {.consignments = 5, .bytes = 12345};
	struct session_bye bye = {.code = CONSIGN_CODE_NONE};

	broker_hears(t, &acme, &(struct session_command){.credit = &credit});
	assert_int_equal(broker_session(t, &acme)->window_bytes, 12345);
	assert_int_equal(broker_session(t, &acme)->window_consignments, 64);
	broker_hears(t, &acme, &(struct session_command){.bye = &bye});
	assert_int_equal(broker_session(t, &acme)->state, SESSION_STATES);
	expect_silence(t, &acme);
}

/* Whichever allocation fails in open or hello: the peer hears TRY_LATER or is cut off, or it is welcome with all its documents.
 */
static void
test_on_open_survives_that_memory_is_out(void **state)
{
	struct broker_fixture *t = *state;
	size_t nth = 1, let_in = 0;

	for (bool failed = true; failed; nth++) {
		struct greeting g = {.t = t, .p = broker_org(t, "acme")};
		struct consign_hash nonce;
		unsigned dropped = t->dropped;

		open_session(t, &g.p, &nonce);
		g.hello =
		    (struct session_hello){.party = PARTY_AGENT, .name = "acme", .window_consignments = 3, .window_bytes = 1000};
		g.hello.key_id = SLICE_ARRAY(g.p.key_id.b);
		g.hello.signature = SLICE_ARRAY(g.signature.b);
		sign(&g, &nonce);
		struct consign_slice bytes =
		    fixture_encode(&t->f, &wire_session_command, &(struct session_command){.hello = &g.hello});

		failing_alloc(nth);
		broker_hears_frames(t, &g.p, &bytes, 1);
		failed = failing_end();
		broker_turn(t);
		struct session *s = broker_session(t, &g.p);

		if (s->state == SESSION_AGENT) {
			assert_non_null(expect_said(t, &g.p)->command->welcome);
			assert_non_null(expect_said(t, &g.p)->command->documents);
			assert_int_equal(t->dropped, dropped);
			let_in++;
		} else if (t->dropped == dropped) {
			const struct said *said = expect_said(t, &g.p);

			if (said->command->welcome != NULL)
				said = expect_said(t, &g.p);
			assert_int_equal(said->command->bye->code, CONSIGN_CODE_TRY_LATER);
		}
		hear_all(t, &g.p);
		sessions_end(t->broker->sessions, s);
	}
	assert_true(nth > 20 && let_in >= 1 && let_in < nth / 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_on_open_##name, broker_setup, broker_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(wants_its_version_and_its_hub),
	    CASE(refuses_an_agent_by_its_code),
	    CASE(denies_a_connection_whose_key_no_card_has),
	    CASE(refuses_an_administrator_by_its_code),
	    CASE(says_what_became_of_a_member),
	    CASE(welcomes_with_windows_and_the_place_in_the_mailbox),
	    CASE(bounds_the_window_that_an_agent_grants),
	    CASE(supersedes_by_an_epoch_that_always_rises),
	    CASE(tells_the_operator_of_another_history),
	    CASE(sends_no_documents_that_an_agent_has),
	    CASE(ends_by_bye_and_takes_credit),
	    CASE(survives_that_memory_is_out),
	};

	return cmocka_run_group_tests_name("broker/on_open", tests, NULL, NULL);
}
