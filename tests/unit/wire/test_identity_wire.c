/* Roots, cards, heads, joining: what must go together does. */
#include "support/wire_fixture.h"

#include "core/sign.h"
#include "wire/identity_wire.h"

struct made {
	struct root root;
	struct admin admins[3];
	struct admin *admin_list[3];
	struct broker_keys broker;
	struct document_ref directory, policy;
	struct witness witnesses[2];
	struct witness *witness_list[2];
	struct checkpoint_ref last_good;
	struct log_origin log;
	struct consign_public_key freshness[1];
	struct consign_hash hash;
};

/* A root of version 1, of three admins of which two must sign. */
static void
make_first(struct made *m)
{
	static const char *const names[] = {"alice", "bob", "carol"};

	*m = (struct made){0};
	for (size_t i = 0; i < 3; i++) {
		strcpy(m->admins[i].name, names[i]);
		FILL(m->admins[i].signing_key, (int)i + 1);
		FILL(m->admins[i].transport_key, (int)i + 11);
		m->admin_list[i] = &m->admins[i];
	}
	strcpy(m->broker.endpoint, "tcp://hub.example:7700");
	FILL(m->broker.receipt_key, 21);
	FILL(m->hash, 31);
	m->root = (struct root){.format = 1,
	    .version = 1,
	    .created_us = NOON_US,
	    .random = slice_of(m->hash.b, 32),
	    .name = slice_text("Hub f\xc3\xbcr ACME-301"),
	    .admins = {.v = m->admin_list, .n = 3},
	    .threshold = 2,
	    .broker = &m->broker};
}

static void
make_later(struct made *m)
{
	make_first(m);
	m->root.version = 2;
	m->root.hub_id = m->root.previous = slice_of(m->hash.b, 32);
	m->directory = m->policy = (struct document_ref){.version = 1};
	m->root.directory = &m->directory;
	m->root.policy = &m->policy;
	m->root.expires_us = LATER_US;
}

static void
test_identity_wire_first_root_names_nothing_before_it(void **state)
{
	struct wire_fixture *f = *state;
	struct made m;
	struct root *out;

	make_first(&m);
	ROUND_TRIP(f, root, &m.root, &out);
	assert_int_equal(out->hub_id.len, 0);
	assert_null(out->directory);
	assert_int_equal(out->expires_us, 0);
	assert_int_equal(out->admins.n, 3);
	assert_string_equal(out->admins.v[2]->name, "carol");
	assert_true(slice_equal(out->name, m.root.name));
	assert_string_equal(out->broker->endpoint, "tcp://hub.example:7700");

	m.root.random.len = 0;
	REFUSES_TO_ENCODE(f, root, &m.root);
	make_first(&m);
	m.root.previous = slice_of(m.hash.b, 32);
	REFUSES_TO_ENCODE(f, root, &m.root);
	make_first(&m);
	m.root.policy = &m.policy;
	REFUSES_TO_ENCODE(f, root, &m.root);
}

static void
test_identity_wire_later_root_names_its_hub_and_its_documents(void **state)
{
	struct wire_fixture *f = *state;
	struct made m;
	struct root *out;

	make_later(&m);
	for (size_t i = 0; i < 2; i++) {
		m.witness_list[i] = &m.witnesses[i];
		strcpy(m.witnesses[i].org.s, i == 0 ? "acme" : "globalcro");
		FILL(m.witnesses[i].key, (int)i + 41);
	}
	m.root.witnesses.v = m.witness_list;
	m.root.witnesses.n = 2;
	m.root.witness_quorum = 2;
	m.root.freshness_keys.v = m.freshness;
	m.root.freshness_keys.n = 1;
	m.last_good.size = 9;
	m.log.last_good = &m.last_good;
	strcpy(m.log.origin, "consign.hub/00/2");
	m.root.log = &m.log;
	m.root.reason_digest = m.root.hub_id;
	ROUND_TRIP(f, root, &m.root, &out);
	assert_int_equal(out->hub_id.len, 32);
	assert_string_equal(out->witnesses.v[1]->org.s, "globalcro");
	assert_int_equal(out->freshness_keys.n, 1);
	assert_int_equal(out->log->last_good->size, 9);

	m.root.witness_quorum = 3;
	REFUSES_TO_ENCODE(f, root, &m.root);
	m.root.witness_quorum = 2;
	m.witnesses[1].org = m.witnesses[0].org;
	REFUSES_TO_ENCODE(f, root, &m.root);
	make_later(&m);
	m.root.directory = NULL;
	REFUSES_TO_ENCODE(f, root, &m.root);
	make_later(&m);
	m.root.hub_id.len = 0;
	REFUSES_TO_ENCODE(f, root, &m.root);
}

static void
test_identity_wire_root_threshold_is_between_one_and_the_number_of_admins(void **state)
{
	struct wire_fixture *f = *state;
	struct made m;
	struct root *out;

	for (uint32_t threshold = 1; threshold <= 3; threshold++) {
		make_first(&m);
		m.root.threshold = threshold;
		ROUND_TRIP(f, root, &m.root, &out);
	}
	m.root.threshold = 0;
	REFUSES_TO_ENCODE(f, root, &m.root);
	m.root.threshold = 4;
	REFUSES_TO_ENCODE(f, root, &m.root);
}

/* One person with two names would count as two of k. */
static void
test_identity_wire_root_refuses_an_admin_twice(void **state)
{
	struct wire_fixture *f = *state;
	struct made m;

	make_first(&m);
	m.admins[2].signing_key = m.admins[0].signing_key;
	REFUSES_TO_ENCODE(f, root, &m.root);
	make_first(&m);
	m.admins[2].transport_key = m.admins[1].transport_key;
	REFUSES_TO_ENCODE(f, root, &m.root);
	make_first(&m);
	strcpy(m.admins[1].name, "alice");
	REFUSES_TO_ENCODE(f, root, &m.root);
}

static void
test_identity_wire_document_refuses_one_signer_twice(void **state)
{
	struct wire_fixture *f = *state;
	struct doc_signature a = {0}, b = {0};
	struct doc_signature *list[] = {&a, &b};
	struct signed_document in = {.kind = SIGN_POLICY, .content = slice_text("content"), .signatures = {.v = list, .n = 2}},
			       *out;

	FILL(b.key_id, 1);
	ROUND_TRIP(f, signed_document, &in, &out);
	assert_int_equal(out->signatures.v[1]->key_id.b[15], 1);
	FILL(b.key_id, 0);
	REFUSES_TO_ENCODE(f, signed_document, &in);
	in.signatures.n = 1;
	in.kind = SIGN_MANIFEST; /* signed, but no document */
	REFUSES_TO_ENCODE(f, signed_document, &in);
	in.kind = SIGN_HELLO;
	REFUSES_TO_ENCODE(f, signed_document, &in);
	in.kind = SIGN_DECISION;
	ROUND_TRIP(f, signed_document, &in, &out);
}

static void
test_identity_wire_only_an_approval_signs_documents(void **state)
{
	struct wire_fixture *f = *state;
	struct doc_signature a = {0};
	struct doc_signature *list[] = {&a};
	struct decision in = {.format = 1, .decision = DECISION_APPROVE, .at_us = NOON_US, .administrator = "alice", .signatures = {.v = list, .n = 1}}, *out;

	ROUND_TRIP(f, decision, &in, &out);
	assert_string_equal(out->administrator, "alice");
	in.decision = DECISION_REJECT;
	REFUSES_TO_ENCODE(f, decision, &in);
	in.signatures.n = 0;
	ROUND_TRIP(f, decision, &in, &out);
}

static void
test_identity_wire_card_lists_its_newest_key_first(void **state)
{
	struct wire_fixture *f = *state;
	struct valid_key keys[2] = {
	    {.not_before_us = NOON_US + 1, .not_after_us = LATER_US}, {.not_before_us = NOON_US, .not_after_us = LATER_US}};
	struct valid_key *list[] = {&keys[0], &keys[1]};
	uint32_t formats[] = {1, 9};
	struct card in = {.format = 1,
			.org = {"globalcro"},
			.version = 1,
			.created_us = NOON_US,
			.expires_us = LATER_US,
			.signing_keys = {.v = list, .n = 1},
			.seal_keys = {.v = list, .n = 2},
			.formats = {.v = formats, .n = 2}},
		    *out;

	FILL(keys[0].key, 1);
	ROUND_TRIP(f, card, &in, &out);
	assert_int_equal(out->seal_keys.n, 2);
	assert_int_equal(out->seal_keys.v[0]->key.b[0], 1);
	assert_int_equal(out->formats.v[1], 9);
	assert_string_equal(out->org.s, "globalcro");
	list[0] = &keys[1];
	list[1] = &keys[0];
	REFUSES_TO_ENCODE(f, card, &in);
	list[1] = &keys[1];
	REFUSES_TO_ENCODE(f, card, &in);
	in.seal_keys.n = 1;
	in.version = 2; /* without previous */
	REFUSES_TO_ENCODE(f, card, &in);
}

/* Both heads have one shape and one encoding; parts rise, so that there is one head for one set of parts. */
static void
test_identity_wire_heads_sort_their_parts(void **state)
{
	struct wire_fixture *f = *state;
	struct consign_hash parts[3] = {{{1}}, {{1, 1}}, {{2}}};
	struct document_head in = {.format = 1, .version = 1, .created_us = NOON_US, .parts = {.v = parts, .n = 3}}, *out;
	void *policy_head;

	ROUND_TRIP(f, document_head, &in, &out);
	assert_int_equal(out->parts.n, 3);
	assert_int_equal(out->parts.v[2].b[0], 2);
	assert_int_equal(wire_decode(&wire_policy_head, buf_slice(&f->bytes), f->arena, &policy_head), CONSIGN_OK);
	assert_memory_equal(((struct document_head *)policy_head)->parts.v, parts, sizeof(parts));
	parts[0].b[0] = 9;
	REFUSES_TO_ENCODE(f, document_head, &in);
	parts[0] = parts[1];
	REFUSES_TO_ENCODE(f, document_head, &in);
	in.parts.n = 0;
	ROUND_TRIP(f, document_head, &in, &out);
	assert_null(out->parts.v);
}

static void
test_identity_wire_head_holds_as_many_parts_as_a_hub_has_orgs(void **state)
{
	struct wire_fixture *f = *state;
	size_t most = CONSIGN_STUDIES_MAX + 3;
	struct consign_hash *parts = calloc(most + 1, sizeof(*parts));
	struct document_head in = {.format = 1, .version = 1, .created_us = NOON_US, .parts = {.v = parts, .n = most}}, *out;

	assert_non_null(parts);
	for (size_t i = 0; i <= most; i++)
		be32_store(parts[i].b, (uint32_t)i);
	ROUND_TRIP(f, document_head, &in, &out);
	assert_int_equal(out->parts.n, most);
	in.parts.n++;
	REFUSES_TO_ENCODE(f, document_head, &in);
	free(parts);
}

static void
test_identity_wire_member_is_compromised_since_a_leaf_or_not_at_all(void **state)
{
	struct wire_fixture *f = *state;
	struct member member = {
	    .org = {"acme"}, .name = slice_text("ACME Pharma"), .status = MEMBER_COMPROMISED, .compromised_since = 77};
	struct directory_part in = {.member = &member}, *out;

	ROUND_TRIP(f, directory_part, &in, &out);
	assert_int_equal(out->member->compromised_since, 77);
	member.status = MEMBER_ENDED;
	REFUSES_TO_ENCODE(f, directory_part, &in);
	member.compromised_since = 0;
	ROUND_TRIP(f, directory_part, &in, &out);
	in.member = NULL;
	REFUSES_TO_ENCODE(f, directory_part, &in);
}

static void
test_identity_wire_org_ids_are_what_the_house_says(void **state)
{
	static const char *const bad[] = {"a", "-acme", "acme-", "Acme", "ac_me", "ac me", "ac\xc3\xa9"};
	struct wire_fixture *f = *state;
	struct invite_notice in = {.org = {"a1"}, .expires_us = LATER_US}, *out;

	ROUND_TRIP(f, invite_notice, &in, &out);
	memset(in.org.s, 'z', CONSIGN_ORG_MAX_BYTES);
	ROUND_TRIP(f, invite_notice, &in, &out);
	assert_string_equal(out->org.s, in.org.s);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(in.org.s, bad[i]);
		REFUSES_TO_ENCODE(f, invite_notice, &in);
	}
}

static void
test_identity_wire_joining_carries_what_both_sides_need(void **state)
{
	struct wire_fixture *f = *state;
	struct document_ref root = {.version = 2};
	struct invite invite = {.format = 1,
			  .hub_name = slice_text("hub"),
			  .org = {"globalcro"},
			  .endpoint = "tcp://h:1",
			  .root = &root,
			  .expires_us = LATER_US},
		      *invite_out;
	struct doc_signature signature = {0};
	struct doc_signature *signatures[] = {&signature};
	struct signed_document card = {.kind = SIGN_CARD, .content = slice_text("card"), .signatures = {.v = signatures, .n = 1}};
	struct join_request join = {.org = {"globalcro"}, .name = slice_text("Global CRO"), .card = &card}, *join_out;

	FILL(invite.token, 5);
	FILL(join.mac, 6);
	ROUND_TRIP(f, invite, &invite, &invite_out);
	assert_int_equal(invite_out->token.b[31], 5);
	assert_int_equal(invite_out->root->version, 2);
	ROUND_TRIP(f, join_request, &join, &join_out);
	assert_true(slice_equal(join_out->card->content, slice_text("card")));
	assert_int_equal(join_out->mac.b[0], 6);
}

static void
test_identity_wire_freshness_ends(void **state)
{
	struct wire_fixture *f = *state;
	struct document_ref ref = {.version = 1};
	struct checkpoint_ref checkpoint = {.size = 1};
	struct freshness in = {.format = 1,
			     .root = &ref,
			     .directory = &ref,
			     .policy = &ref,
			     .checkpoint = &checkpoint,
			     .created_us = NOON_US,
			     .expires_us = LATER_US},
			 *out;

	ROUND_TRIP(f, freshness, &in, &out);
	assert_int_equal(out->checkpoint->size, 1);
	in.expires_us = NOON_US;
	REFUSES_TO_ENCODE(f, freshness, &in);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, wire_fixture_setup, wire_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_identity_wire_first_root_names_nothing_before_it),
	    TEST(test_identity_wire_later_root_names_its_hub_and_its_documents),
	    TEST(test_identity_wire_root_threshold_is_between_one_and_the_number_of_admins),
	    TEST(test_identity_wire_root_refuses_an_admin_twice),
	    TEST(test_identity_wire_document_refuses_one_signer_twice),
	    TEST(test_identity_wire_only_an_approval_signs_documents),
	    TEST(test_identity_wire_card_lists_its_newest_key_first),
	    TEST(test_identity_wire_heads_sort_their_parts),
	    TEST(test_identity_wire_head_holds_as_many_parts_as_a_hub_has_orgs),
	    TEST(test_identity_wire_member_is_compromised_since_a_leaf_or_not_at_all),
	    TEST(test_identity_wire_org_ids_are_what_the_house_says),
	    TEST(test_identity_wire_joining_carries_what_both_sides_need),
	    TEST(test_identity_wire_freshness_ends),
	};

	return cmocka_run_group_tests_name("identity wire", tests, NULL, NULL);
}
