/* What regulations ask of the broker, each case under the number of its row in docs/REQUIREMENTS.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker_fixture.h"
#include "judge.h"
#include "random_study.h"

#define STUDIES 24u
#define R21_SEED 0x21b11d1u

static const char *const orgs[] = {"acme", "bolt", "cora", "dune"};
#define ORGS (sizeof orgs / sizeof *orgs)

/* The verdict on one note of acme's to bolt, of this study and type; it is in the ledger, at the next leaf. */
static struct verdict
verdict_on(struct broker_fixture *t, const struct peer *acme, uint64_t sequence, const char *study, const char *type)
{
	struct manifest *m = broker_note(t);
	uint64_t next = ledger_next(t->broker->ledger);

	snprintf(m->study.s, sizeof m->study.s, "%s", study);
	snprintf(m->items.v[0]->type.s, sizeof m->items.v[0]->type.s, "%s", type);
	broker_hears_submit(t, acme, sequence, fixture_sign_manifest(&t->f, m), fixture_body());
	broker_turn(t);
	const struct ledger_record *record = expect_answer(t, acme, sequence);

	assert_int_equal(ledger_next(t->broker->ledger), next + 1);
	struct session_release release = {m->consignment_id};

	broker_hears(t, acme, &(struct session_command){.release = &release});
	if (record->accepted != NULL)
		return (struct verdict){.code = CONSIGN_CODE_NONE};
	assert_non_null(record->refused);
	return *record->refused->verdicts.v[0];
}

/* Access for authorised persons only; every attempt is refused by its reason, and written down with the rule that decided. */
static void
R4_who_may_send_what_is_checked_and_written_down(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), bolt = broker_agent(t, "bolt"), admin = broker_administrator(t);
	struct consign_public_key unknown;
	struct verdict v;

	random_bytes(&unknown, sizeof unknown);
	assert_false(t->listener.admit(t->broker, &unknown));
	assert_true(t->listener.admit(t->broker, &fixture_org(&t->f, "bolt")->transport_public));

	v = verdict_on(t, &acme, 1, "one", "x.note");
	assert_int_equal(v.code, CONSIGN_CODE_NONE);
	hear_all(t, &bolt);
	v = verdict_on(t, &acme, 2, "three", "x.note");
	assert_int_equal(v.code, CONSIGN_CODE_STUDY_UNKNOWN);
	v = verdict_on(t, &acme, 3, "two", "x.note");
	assert_int_equal(v.code, CONSIGN_CODE_NOT_A_PARTY);
	assert_string_equal(v.org, "bolt");
	v = verdict_on(t, &acme, 4, "one", "x.other");
	assert_int_equal(v.code, CONSIGN_CODE_POLICY_NO_RULE);
	v = verdict_on(t, &acme, 5, "one", "x.secret");
	assert_int_equal(v.code, CONSIGN_CODE_POLICY_FORBIDDEN);
	assert_string_equal(v.rule, "no-secrets");

	struct session_documents *d = fixture_none(&t->f, 0);

	fixture_org(&t->f, "bolt")->member.status = MEMBER_SUSPENDED;
	fixture_add_directory(&t->f, d, fixture_directory(&t->f, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	broker_hears_publish(t, &admin, 1, broker_unproven(t, d));
	broker_turn(t);
	assert_false(t->listener.admit(t->broker, &fixture_org(&t->f, "bolt")->transport_public));
	expect_bye(t, &bolt, CONSIGN_CODE_ORG_SUSPENDED);
	hear_all(t, &acme);
	v = verdict_on(t, &acme, 6, "one", "x.note");
	assert_int_equal(v.code, CONSIGN_CODE_ORG_SUSPENDED);
}

/* What administrators did, and what was sent and refused, is one log in one order; what held before is still there. */
static void
R5_acts_and_mail_stand_in_one_log_and_old_values_stay(void **state)
{
	struct broker_fixture *t = *state;
	struct peer acme = broker_agent(t, "acme"), admin = broker_administrator(t);
	uint64_t first = ledger_next(t->broker->ledger), root = hub_root(t->broker->hub)->root->version;
	uint64_t policy = hub_policy(t->broker->hub)->version;
	struct session_documents *d = fixture_none(&t->f, 0);
	struct consign_hash before, after;

	assert_int_equal(ledger_head_at(t->broker->ledger, first, &before), CONSIGN_OK);
	assert_int_equal(verdict_on(t, &acme, 1, "one", "x.note").code, CONSIGN_CODE_NONE);
	fixture_add_policy(&t->f, d, fixture_policy(&t->f, fixture_yaml, FIXTURE_ALL_SIGN));
	fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
	broker_hears_publish(t, &admin, 1, broker_unproven(t, d));
	broker_turn(t);
	expect_done(t, &admin, 1, CONSIGN_CODE_NONE);
	hear_all(t, &acme);
	assert_int_equal(verdict_on(t, &acme, 2, "one", "x.secret").code, CONSIGN_CODE_POLICY_FORBIDDEN);

	/* One after the other: an acceptance, a policy, the root that put it in force, a refusal. */
	const struct hub *hub = t->broker->hub;

	assert_int_equal(hub_policy(hub)->leaf, first + 1);
	assert_int_equal(hub_root(hub)->leaf, first + 2);
	assert_int_equal(ledger_next(t->broker->ledger), first + 4);
	assert_int_equal(hub_root_in_force(hub, first)->root->version, root);
	assert_int_equal(hub_root_in_force(hub, first + 3)->root->version, root + 1);
	assert_non_null(hub_policy_at(hub, policy));
	assert_int_equal(hub_policy(hub)->version, policy + 1);
	assert_non_null(hub_root_at(hub, root));
	assert_int_equal(ledger_head_at(t->broker->ledger, first, &after), CONSIGN_OK);
	assert_true(hash_equal(&before, &after));
}

/* Whether a verdict on the first item, or on all, is about the clearance. */
static bool
is_refused_for_clearance(const struct judgement *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->verdicts[i]->code == CONSIGN_CODE_CLEARANCE)
			return true;
	return false;
}

static void
judge_pair(struct broker_fixture *t, size_t from, size_t to, uint32_t label, const uint32_t clearance[ORGS], size_t passed[2])
{
	struct manifest *m = fixture_manifest(&t->f, orgs[from], RANDOM_STUDY_ID, "x.note", (enum consign_label)label, &orgs[to], 1);
	struct signed_manifest *sm = fixture_sign_manifest(&t->f, m);
	struct judgement j = {0};
	struct arena *arena = NULL;

	assert_int_equal(arena_new(1 << 16, &arena), CONSIGN_OK);
	assert_int_equal(judge_submission(t->broker->hub, orgs[from], sm, m, fixture_body(), t->wall_us, arena, &j), CONSIGN_OK);
	bool is_covered = label <= clearance[to];

	if (clearance[from] == 0 || clearance[to] == 0)
		assert_int_not_equal(j.n, 0);
	else if (is_covered)
		assert_int_equal(j.n, 0);
	else
		assert_true(is_refused_for_clearance(&j));
	passed[j.n == 0]++;
	arena_free(&arena);
}

/* Whoever submits what: nothing above a consignee's clearance is accepted. */
static void
R21_broker_accepts_no_label_above_a_clearance(void **state)
{
	struct broker_fixture *t = *state;
	struct peer admin = broker_administrator(t);
	size_t passed[2] = {0};
	uint64_t seed = R21_SEED;
	char yaml[RANDOM_STUDY_BYTES];

	for (uint64_t study = 0; study < STUDIES; study++) {
		uint32_t clearance[ORGS];
		struct session_documents *d = fixture_none(&t->f, 0);

		random_study(&seed, orgs, ORGS, clearance, yaml);
		fixture_add_policy(&t->f, d, fixture_policy(&t->f, yaml, FIXTURE_ALL_SIGN));
		fixture_add_root(&t->f, d, fixture_root(&t->f, FIXTURE_ALL_SIGN));
		broker_hears_publish(t, &admin, study + 1, broker_unproven(t, d));
		broker_turn(t);
		hear_all(t, &admin);
		for (size_t from = 0; from < ORGS; from++)
			for (size_t to = 0; to < ORGS; to++)
				for (uint32_t label = CONSIGN_LABEL_OPEN; from != to && label <= CONSIGN_LABEL_UNBLINDED; label++)
					judge_pair(t, from, to, label, clearance, passed);
	}
	assert_true(passed[0] > 100 && passed[1] > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(R4_who_may_send_what_is_checked_and_written_down, broker_setup, broker_teardown),
	    cmocka_unit_test_setup_teardown(R5_acts_and_mail_stand_in_one_log_and_old_values_stay, broker_setup, broker_teardown),
	    cmocka_unit_test_setup_teardown(R21_broker_accepts_no_label_above_a_clearance, broker_setup, broker_teardown),
	};

	return cmocka_run_group_tests_name("broker/requirements", tests, NULL, NULL);
}
