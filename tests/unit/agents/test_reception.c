/*
 * When a delivery receipt leaves: after its commit, once, and only in a session that brought the mail (PROTOCOL.md 7.7). Tombstones stand for
 * mail of any kind. What decides about a delivery, and what is said to the broker, is caught on the way (--wrap); commits end when a test
 * says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"
#include "reception.h"
#include "uplink.h"
#include "verify.h"

#define COMMITS_MAX 4u
#define MAILS_MAX 4u

static struct {
	bool is_playing;
	uint64_t delivers; /* the position that the next frame brings */
	struct commit_job *commits[COMMITS_MAX];
	size_t n_commits;
	uint64_t said[16]; /* positions of receipts, as they were said */
	size_t n_said;
	unsigned breaks;
	struct consign_hash heads[MAILS_MAX + 1]; /* of the mailbox, after each position */
} play;

/* A receipt is its position here. */
static struct delivery_receipt receipts[16];
static uint8_t receipt_bytes[16];

enum consign_err __real_wire_decode(const struct wire_message *table, struct consign_slice in, struct arena *arena, void **ret);
enum consign_err __real_wire_encode(const struct wire_message *table, const void *in, struct buf *out);
enum consign_err __wrap_wire_decode(const struct wire_message *table, struct consign_slice in, struct arena *arena, void **ret);
enum consign_err __wrap_wire_encode(const struct wire_message *table, const void *in, struct buf *out);
enum consign_err __wrap_hub_advance(struct hub *hub, const struct checkpoint_update *update);
struct consign_slice __wrap_hub_checkpoint_note(const struct hub *hub);
enum consign_err __wrap_verify_delivery(const struct agent *a, const struct session_deliver *d, struct consign_slice manifest,
    struct consign_slice body, const struct checkpoint *checkpoint, struct arena *arena, struct verified *ret_verified);
const struct secret *__wrap_agent_signing_key(const struct agent *a, struct consign_key_id *ret_id);
enum consign_err __wrap_agent_seen(const struct agent *a, struct arena *arena, struct seen **ret_seen);
void __real_commit_put(struct committer *c, struct commit_job *job);
void __wrap_commit_put(struct committer *c, struct commit_job *job);
enum uplink_state __wrap_uplink_state(const struct uplink *u);
enum consign_err __wrap_uplink_say(struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body);
void __wrap_uplink_break(struct uplink *u, const char *why);

enum consign_err
__wrap_wire_decode(const struct wire_message *table, struct consign_slice in, struct arena *arena, void **ret)
{
	static struct session_command command;
	static struct session_deliver deliver;
	static struct checkpoint_update checkpoint;
	static struct statement tombstone;

	if (!play.is_playing)
		return __real_wire_decode(table, in, arena, ret);
	if (table == &wire_delivery_receipt) {
		*ret = &receipts[in.data[0]];
		return CONSIGN_OK;
	}
	deliver = (struct session_deliver){.position = play.delivers, .checkpoint = &checkpoint, .tombstone = &tombstone};
	command = (struct session_command){.deliver = &deliver};
	*ret = &command;
	return CONSIGN_OK;
}

enum consign_err
__wrap_wire_encode(const struct wire_message *table, const void *in, struct buf *out)
{
	if (!play.is_playing)
		return __real_wire_encode(table, in, out);
	if (table == &wire_delivery_receipt_content)
		return buf_append_u8(out, (uint8_t)((const struct delivery_receipt_content *)in)->position);
	if (table == &wire_delivery_receipt)
		return buf_append(out, ((const struct delivery_receipt *)in)->content);
	return buf_append_u8(out, 0);
}

enum consign_err
__wrap_hub_advance(struct hub *hub, const struct checkpoint_update *update)
{
	(void)hub;
	(void)update;
	return CONSIGN_OK;
}

struct consign_slice
__wrap_hub_checkpoint_note(const struct hub *hub)
{
	(void)hub;
	return slice_text("note");
}

enum consign_err
__wrap_verify_delivery(const struct agent *a, const struct session_deliver *d, struct consign_slice manifest, struct consign_slice body,
    const struct checkpoint *checkpoint, struct arena *arena, struct verified *ret_verified)
{
	static struct accepted_record records[MAILS_MAX + 1];
	static struct retention_record tombstone;
	static struct mailbox_opening openings[MAILS_MAX + 1];
	struct accepted_record *accepted = &records[d->position];

	(void)a;
	(void)manifest;
	(void)body;
	(void)checkpoint;
	(void)arena;
	openings[d->position] = (struct mailbox_opening){.position = d->position, .previous = play.heads[d->position - 1]};
	snprintf(accepted->consignor.s, sizeof accepted->consignor.s, "acme");
	accepted->consignment_id.b[0] = (uint8_t)d->position;
	*ret_verified =
	    (struct verified){.outcome = VERIFY_TAKE, .accepted = accepted, .opening = &openings[d->position], .tombstone = &tombstone};
	ret_verified->entry.b[0] = (uint8_t)d->position;
	return CONSIGN_OK;
}

const struct secret *
__wrap_agent_signing_key(const struct agent *a, struct consign_key_id *ret_id)
{
	*ret_id = (struct consign_key_id){{1}};
	return a->storage_key; /* any key signs */
}

enum consign_err
__wrap_agent_seen(const struct agent *a, struct arena *arena, struct seen **ret_seen)
{
	static struct seen seen;

	(void)a;
	(void)arena;
	*ret_seen = &seen;
	return CONSIGN_OK;
}

void
__wrap_commit_put(struct committer *c, struct commit_job *job)
{
	if (!play.is_playing) {
		__real_commit_put(c, job);
		return;
	}
	assert_true(play.n_commits < COMMITS_MAX);
	play.commits[play.n_commits++] = job;
}

enum uplink_state
__wrap_uplink_state(const struct uplink *u)
{
	(void)u;
	return UPLINK_UP;
}

enum consign_err
__wrap_uplink_say(struct uplink *u, const struct session_command *command, struct frame *manifest, struct frame *body)
{
	(void)u;
	(void)manifest;
	(void)body;
	assert_non_null(command->delivered);
	for (size_t i = 0; i < command->delivered->receipts.n; i++)
		play.said[play.n_said++] = (uint64_t)(command->delivered->receipts.v[i] - receipts);
	return CONSIGN_OK;
}

void
__wrap_uplink_break(struct uplink *u, const char *why)
{
	(void)u;
	(void)why;
	play.breaks++;
}

/* ── the play ── */

static int
setup(void **state)
{
	if (fixture_setup(state) != 0)
		return -1;
	struct fixture *f = *state;

	play.n_commits = play.n_said = play.breaks = 0;
	for (uint8_t i = 0; i < 16; i++) {
		receipt_bytes[i] = i;
		receipts[i].content = slice_of(&receipt_bytes[i], 1);
	}
	assert_int_equal(reception_new(&f->agent, &f->agent.reception), CONSIGN_OK);
	assert_int_equal(reception_load(f->agent.reception), CONSIGN_OK);
	mailbox_genesis(&f->agent.hub_id, f->agent.org.s, &play.heads[0]);
	for (uint64_t i = 1; i <= MAILS_MAX; i++) {
		struct consign_hash entry = {{(uint8_t)i}};

		mailbox_next(&play.heads[i - 1], i, &entry, &play.heads[i]);
	}
	play.is_playing = true;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	play.is_playing = false;
	reception_free(&f->agent.reception);
	return fixture_teardown(state);
}

/* The session brings the mail at this position. */
static void
bring(struct fixture *f, uint64_t position)
{
	struct frame frames[3];

	for (size_t i = 0; i < 3; i++)
		frame_init(&frames[i]);
	play.delivers = position;
	reception_take(f->agent.reception, &frames[0], &frames[1], &frames[2]);
	reception_flush(f->agent.reception);
	assert_int_equal(play.breaks, 0);
}

/* The oldest commit that waits is durable; its row as well. */
static void
commit(struct fixture *f)
{
	struct commit_job *job = play.commits[0];

	assert_true(play.n_commits > 0);
	memmove(play.commits, play.commits + 1, --play.n_commits * sizeof *play.commits);
	assert_int_equal(db_begin(f->writer), CONSIGN_OK);
	assert_int_equal(job->apply(job, f->writer), CONSIGN_OK);
	assert_int_equal(db_commit(f->writer), CONSIGN_OK);
	job->done(job, CONSIGN_OK);
	reception_flush(f->agent.reception);
}

static void
assert_said(size_t n, ...)
{
	va_list positions;

	assert_int_equal(play.n_said, n);
	va_start(positions, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(play.said[i], va_arg(positions, int));
	va_end(positions);
}

static void
test_reception_acknowledges_after_the_commit(void **state)
{
	struct fixture *f = *state;

	bring(f, 1);
	bring(f, 2);
	assert_said(0);
	commit(f);
	assert_said(1, 1);
	commit(f);
	assert_said(2, 1, 2);
	assert_int_equal(reception_durable(f->agent.reception), 2);
}

/* Its broker would take the receipt for one of mail that is not on its way, and end the session. */
static void
test_reception_says_nothing_of_what_this_session_did_not_bring(void **state)
{
	struct fixture *f = *state;

	bring(f, 1);
	bring(f, 2);
	reception_reset(f->agent.reception);
	commit(f);
	assert_said(0);
	bring(f, 1);
	assert_said(1, 1);
	commit(f);
	assert_said(1, 1);
	bring(f, 2);
	assert_said(2, 1, 2);
	assert_int_equal(play.n_commits, 0);
}

/* Brought again while its commit is under way: the commit's end acknowledges it, and nothing else does. */
static void
test_reception_acknowledges_once_what_came_again_before_its_commit(void **state)
{
	struct fixture *f = *state;

	bring(f, 1);
	reception_reset(f->agent.reception);
	bring(f, 1);
	assert_said(0);
	assert_int_equal(play.n_commits, 1);
	commit(f);
	assert_said(1, 1);
	bring(f, 2);
	commit(f);
	assert_said(2, 1, 2);
}

static void
test_reception_says_again_what_it_has_in_every_session(void **state)
{
	struct fixture *f = *state;

	bring(f, 1);
	commit(f);
	for (int i = 0; i < 2; i++) {
		reception_reset(f->agent.reception);
		bring(f, 1);
	}
	assert_said(3, 1, 1, 1);
	assert_int_equal(play.n_commits, 0);
	assert_int_equal(reception_position(f->agent.reception), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_reception_acknowledges_after_the_commit, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reception_says_nothing_of_what_this_session_did_not_bring, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reception_acknowledges_once_what_came_again_before_its_commit, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reception_says_again_what_it_has_in_every_session, setup, teardown),
	};

	return cmocka_run_group_tests_name("agents/reception", tests, NULL, NULL);
}
