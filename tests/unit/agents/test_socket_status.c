/* What the socket says of the agent and of the hub: the facts of status, and the policy in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "accusations.h"
#include "alarms.h"
#include "door_fixture.h"

/* The facts of an agent of which everything is said; value NULL: whatever it is. */
static const struct {
	const char *name, *value;
} facts[] = {
    {"hub", "Test hub"},
    {"org", "sitecare"},
    {"standing", "none"},
    {"hub_id", "0707070707070707070707070707070707070707070707070707070707070707"},
    {"connection", "down"},
    {"endpoint", "tcp://hub:7000"},
    {"last_problem", "refused?"},
    {"clock_skew_ms", "-2"},
    {"root_version", "1"},
    {"root_hash", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"},
    {"directory_version", "1"},
    {"directory_hash", "0000000000000000000000000000000000000000000000000000000000000000"},
    {"policy_version", "0"},
    {"policy_hash", "none"},
    {"checkpoint_size", "0"},
    {"card_version", "0"},
    {"card_expires", "none"},
    {"freshness", "stated"},
    {"freshness_by", "globalcro"},
    {"freshness_root", "7"},
    {"freshness_stated", "2027-01-15T08:00:00.000000Z"},
    {"freshness_until", "2027-01-15T08:00:00.000001Z"},
    {"sending_held", "held"},
    {"outbox_queued", "3"},
    {"outbox_oldest", "2027-01-15T08:00:00.000000Z"},
    {"inbox_consignments", "1"},
    {"mailbox_position", "1"},
    {"outbox_postponed", "13"},
    {"postponed", "12 consignments since 2027-01-15T08:00:00.000000Z: MAILBOX_FULL for biomake, the consignee's mailbox is full"},
    {"postponed", "1 consignment since 2027-01-15T08:00:00.000000Z: QUOTA, too much"},
    {"disk", NULL},
    {"mail_held", "none"},
    {"mail_rejected", "none"},
    {"profile", "cdmo"},
    {"alarms", "1"},
    {"alarm", "1 x.* unacknowledged for 1s, the oldest of 2027-01-15T08:00:00.000001Z: mail waits"},
    {"accusations", "1"},
    {"accusation", "2027-01-15T08:00:00.000000Z the broker, fork: two histories (2 times since the start, the last "
		   "2027-01-15T08:00:00.000001Z);"
		   " evidence: none could be kept"},
    {"software", NULL},
    {"started", "none"},
};

static void
assert_facts(const struct local_reply *r)
{
	assert_non_null(r->status);
	assert_int_equal(r->status->facts.n, sizeof facts / sizeof *facts);
	for (size_t i = 0; i < r->status->facts.n; i++) {
		const struct local_fact *fact = r->status->facts.v[i];

		assert_string_equal(fact->name, facts[i].name);
		if (facts[i].value != NULL && !slice_equal(fact->value, slice_text(facts[i].value)))
			fail_msg("%s: %.*s", fact->name, (int)fact->value.len, (const char *)fact->value.data);
	}
}

static void
test_socket_status_says_its_facts_in_their_order(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);
	struct accusation fork = {.since_us = T0, .at_us = T0 + 1, .kind = "fork", .what = "two histories", .count = 2};
	struct profile_alarm alarms[] = {{.type = {"x.*"},
					     .when = PROFILE_UNACKNOWLEDGED,
					     .as = "default",
					     .within = "1s",
					     .within_us = 1000000,
					     .says = "mail waits"},
	    {.type = {"x.*"}, .when = PROFILE_REFUSED, .within = "1s", .within_us = 1000000, .says = "refused"}};
	struct profile profile = {.role = ROLE_CDMO, .title = "Maker", .alarms = {alarms, 2}};

	accused = &fork;
	add_directory(f, "acme", &f->identity_public[0]);
	memset(((struct root_cell *)f->agent.hub->roots.v[0])->root.hash.b, 0x0a, sizeof(struct consign_hash));
	deliver_one(f, "x.a", "1");
	f->now_us = T0 + 2000000;
	assert_int_equal(alarms_new(&f->agent, &profile, &f->agent.alarms), CONSIGN_OK);
	ask(&c, &(struct local_request){.number = 1, .status = &(struct local_status){0}});
	assert_facts(reply(&c));
	client_close(&c);
	alarms_free(&f->agent.alarms);
}

static void
test_socket_policy_is_refused_for_now_before_there_is_one(void **state)
{
	struct client c = client_open(*state);
	struct local_error *e;

	ask(&c, &(struct local_request){.number = 1, .policy = &(struct local_policy){0}});
	e = refusal(&c);
	assert_int_equal(e->code, CONSIGN_CODE_TRY_LATER);
	assert_int_equal(e->retry_class, 1);
	client_close(&c);
}

/* The first root names policy 1: one common part, one study. */
static void
add_policy(struct fixture *f)
{
	static struct policy_common common;
	static struct policy_study study = {.id = {"ACME-301"}};
	static struct policy_part parts[2] = {{.common = &common}, {.study = &study}};
	static struct policy_part *list[2] = {&parts[0], &parts[1]};
	static struct document_head head = {.version = 1};
	static struct document_ref ref = {.version = 1};
	struct policy_cell *cell = calloc(1, sizeof *cell);

	assert_non_null(cell);
	study.title = slice_text("Phase III");
	cell->policy.version = 1;
	cell->policy.head = &head;
	cell->policy.parts = list;
	cell->policy.n_parts = 2;
	assert_int_equal(cell_list_put(&f->agent.hub->policies, cell), CONSIGN_OK);
	((struct root *)(uintptr_t)hub_root(f->agent.hub)->root)->policy = &ref;
}

static void
test_socket_policy_gives_the_slices_and_the_members(void **state)
{
	struct fixture *f = *state;
	struct client c = client_open(f);

	add_directory(f, "acme", &f->identity_public[0]);
	((struct member *)(uintptr_t)hub_directory(f->agent.hub)->members[0])->status = MEMBER_ACTIVE;
	((struct member *)(uintptr_t)hub_directory(f->agent.hub)->members[0])->name = slice_text("Acme");
	add_policy(f);
	ask(&c, &(struct local_request){.number = 1, .policy = &(struct local_policy){0}});
	struct local_reply *r = reply(&c);

	assert_non_null(r->policy);
	assert_int_equal(r->policy->version, 1);
	assert_non_null(r->policy->common);
	assert_int_equal(r->policy->studies.n, 1);
	assert_string_equal(r->policy->studies.v[0]->id.s, "ACME-301");
	assert_int_equal(r->policy->members.n, 1);
	assert_string_equal(r->policy->members.v[0]->org.s, "acme");
	client_close(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_setup, door_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_socket_status_says_its_facts_in_their_order),
	    TEST(test_socket_policy_is_refused_for_now_before_there_is_one),
	    TEST(test_socket_policy_gives_the_slices_and_the_members),
	};

	return cmocka_run_group_tests_name("agents/socket_status", tests, NULL, NULL);
}
