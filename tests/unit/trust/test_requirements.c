/* What regulations ask of the documents, each case under the number of its row in docs/REQUIREMENTS.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub_fixture.h"

#define CHANGES 10u

static const char *const orgs[] = {"acme", "bolt", "cora"};
#define ORGS (sizeof orgs / sizeof *orgs)

/* What held after each change, written down as it was made. */
struct held {
	uint64_t leaf; /* the first at which it held */
	enum member_status status[ORGS];
	uint32_t clearance[ORGS];
	bool is_sponsor[ORGS];
};

static int
setup(void **state)
{
	struct hub_fixture *f = calloc(1, sizeof *f);

	hub_fixture_begin(f, 1, 1);
	hub_fixture_standard(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	hub_fixture_end(*state);
	free(*state);
	return 0;
}

static uint32_t
below(uint32_t n)
{
	uint32_t r;

	random_bytes(&r, sizeof r);
	return r % n;
}

/* Some status, roles and clearances; in force, with leaves before and behind that say nothing. */
static void
change(struct hub_fixture *f, struct held *now)
{
	static const enum member_status statuses[] = {MEMBER_ACTIVE, MEMBER_SUSPENDED, MEMBER_ENDED};
	static const char *const labels[] = {"open", "restricted", "unblinded"};
	char yaml[1024];
	int n = snprintf(yaml, sizeof yaml, "studies:\n  - id: one\n    parties:\n");

	for (size_t i = 0; i < ORGS; i++) {
		now->status[i] = statuses[below(3)];
		now->clearance[i] = 1 + below(3);
		now->is_sponsor[i] = below(2) == 0;
		fixture_org(f, orgs[i])->member.status = now->status[i];
		n += snprintf(yaml + n, sizeof yaml - (size_t)n, "      - {org: %s, roles: [%s], clearance: %s}\n", orgs[i],
		    now->is_sponsor[i] ? "sponsor" : "cro", labels[now->clearance[i] - 1]);
	}
	snprintf(yaml + n, sizeof yaml - (size_t)n, "rules:\n  - {id: notes, permit: [x.note]}\n");
	fixture_directory(f, FIXTURE_ALL_SIGN);
	fixture_policy(f, yaml, FIXTURE_ALL_SIGN);
	fixture_root(f, FIXTURE_ALL_SIGN);
	fixture_publish_all(f);
	now->leaf = tree_size(f->tree);
	fixture_pass(f, 1 + below(3));
}

static const struct policy_party *
party_of(const struct hub_policy *policy, const char *org)
{
	for (size_t p = 0; p < policy->n_parts; p++)
		for (size_t i = 0; policy->parts[p]->study != NULL && i < policy->parts[p]->study->parties.n; i++)
			if (strcmp(policy->parts[p]->study->parties.v[i]->org.s, org) == 0)
				return policy->parts[p]->study->parties.v[i];
	return NULL;
}

/* Users, their roles and rights at any time of the past, from the log alone. */
static void
R27_members_and_roles_of_any_time_are_known(void **state)
{
	struct hub_fixture *f = *state;
	struct held held[CHANGES];

	for (size_t i = 0; i < CHANGES; i++)
		change(f, &held[i]);
	struct hub *hub = hub_fixture_hub(f, true);

	for (size_t i = 0; i < CHANGES; i++) {
		uint64_t end = i + 1 < CHANGES ? held[i + 1].leaf - 3 : tree_size(f->tree); /* directory, policy, root */

		for (uint64_t leaf = held[i].leaf; leaf < end; leaf++) {
			const struct root *root = hub_root_in_force(hub, leaf)->root;
			const struct hub_directory *directory = hub_directory_at(hub, root->directory->version);
			const struct hub_policy *policy = hub_policy_at(hub, root->policy->version);

			for (size_t o = 0; o < ORGS; o++) {
				const struct policy_party *party = party_of(policy, orgs[o]);

				assert_int_equal(hub_member(directory, orgs[o])->status, held[i].status[o]);
				assert_int_equal(party->clearance, held[i].clearance[o]);
				assert_int_equal(party->roles.n, 1);
				assert_string_equal(
				    policy_role_text(party->roles.v[0]), held[i].is_sponsor[o] ? "sponsor" : "cro");
			}
		}
	}
	hub_free(&hub);
}

/* Each version is signed, has a number and the hash of the one before, and its own hash stands in the log. */
static void
R10_each_version_is_signed_chained_and_logged_by_its_hash(void **state)
{
	struct hub_fixture *f = *state;
	struct held held;

	for (size_t i = 0; i < CHANGES; i++)
		change(f, &held);
	struct hub *hub = hub_fixture_hub(f, true);

	for (uint64_t version = 2; version <= CHANGES + 2; version++) {
		const struct hub_root *root = hub_root_at(hub, version), *before = hub_root_at(hub, version - 1);
		struct signed_document *sd = root->document->document;
		struct ledger_record *record = NULL;
		struct consign_hash hash;

		hash_sha256(sd->content, &hash);
		assert_true(slice_equal(root->root->previous, SLICE_ARRAY(before->hash.b)));
		assert_int_equal(sign_verify(&f->admins[0].admin.signing_key, SIGN_ROOT, &f->hub_id, sd->content,
				     &sd->signatures.v[0]->signature),
		    CONSIGN_OK);
		assert_int_equal(ledger_record_decode(root->document->leaf->record, f->arena, &record), CONSIGN_OK);
		assert_true(hash_equal(&record->document->document->hash, &hash));
		assert_int_equal(record->document->document->version, version);
		assert_true(
		    hash_equal(&root->root->directory->hash, &hub_directory_at(hub, root->root->directory->version)->hash));
		assert_true(hash_equal(&root->root->policy->hash, &hub_policy_at(hub, root->root->policy->version)->hash));
	}
	hub_free(&hub);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(R10_each_version_is_signed_chained_and_logged_by_its_hash, setup, teardown),
	    cmocka_unit_test_setup_teardown(R27_members_and_roles_of_any_time_are_known, setup, teardown),
	};

	return cmocka_run_group_tests_name("trust/requirements", tests, NULL, NULL);
}
