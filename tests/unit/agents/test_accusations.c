#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>

#include "accusations.h"
#include "agent_fixture.h"
#include "core/limits.h"
#include "uplink.h"

/* In the place of the uplink: what it is at. */
static const char *at_uplink = "";

struct consign_slice
uplink_said(const struct uplink *u)
{
	(void)u;
	return slice_text(at_uplink);
}

static int
begin(void **state)
{
	at_uplink = "";
	assert_int_equal(fixture_setup(state), 0);
	struct fixture *f = *state;

	f->agent.home = f->home;
	return accusations_new(&f->agent, &f->agent.accusations) == CONSIGN_OK ? 0 : -1;
}

static int
end(void **state)
{
	struct fixture *f = *state;

	accusations_free(&f->agent.accusations);
	return fixture_teardown(state);
}

static void
start_again(struct fixture *f)
{
	accusations_free(&f->agent.accusations);
	assert_int_equal(accusations_new(&f->agent, &f->agent.accusations), CONSIGN_OK);
}

static void
assert_file(const struct fixture *f, const struct accusation *x, const char *name, const char *content)
{
	char path[512];
	struct buf bytes = {0};
	struct stat st;

	snprintf(path, sizeof path, "%s/evidence/%s/%s", f->home, x->folder, name);
	if (content == NULL) {
		assert_false(file_exists(path));
		return;
	}
	assert_int_equal(file_read(path, 65536, &bytes), CONSIGN_OK);
	assert_int_equal(bytes.len, strlen(content));
	assert_memory_equal(bytes.data, content, bytes.len);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buf_clear(&bytes);
}

static size_t
count(const struct fixture *f)
{
	size_t n = 0;

	for (const struct accusation *x = accusations(&f->agent); x != NULL; x = x->next)
		n++;
	return n;
}

static void
test_accuse_keeps_what_was_said(void **state)
{
	struct fixture *f = *state;
	const struct evidence said = {slice_text("command"), slice_text("manifest"), slice_text("body")};

	accuse_with(&f->agent, "delivery", "a lie", &said);
	const struct accusation *x = accusations(&f->agent);

	assert_string_equal(x->folder, "2027-01-15T08.00.00Z-delivery-1");
	assert_file(f, x, "said.bin", "command");
	assert_file(f, x, "manifest.bin", "manifest");
	assert_file(f, x, "body.bin", "body");
	at_uplink = "a frame";
	accuse(&f->agent, "delivery", "another lie");
	x = accusations(&f->agent);
	assert_string_equal(x->folder, "2027-01-15T08.00.00Z-delivery-2");
	assert_file(f, x, "said.bin", "a frame");
	assert_file(f, x, "body.bin", NULL);
}

static void
test_accuse_counts_the_same_once(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		accuse(&f->agent, "fork", "two histories");
	assert_int_equal(count(f), 1);
	assert_int_equal(accusations(&f->agent)->count, 3);
	accuse(&f->agent, "ledger", "two histories");
	assert_int_equal(count(f), 2);
}

static void
test_accusations_are_there_after_a_new_start(void **state)
{
	struct fixture *f = *state;

	accuse(&f->agent, "fork", "two histories");
	start_again(f);
	assert_int_equal(count(f), 1);
	const struct accusation *x = accusations(&f->agent);

	assert_string_equal(x->kind, "fork");
	assert_string_equal(x->what, "two histories");
	assert_string_equal(x->folder, "2027-01-15T08.00.00Z-fork-1");
	assert_int_equal(x->since_us, T0);
	assert_int_equal(x->count, 0);
	accuse(&f->agent, "fork", "two histories");
	assert_int_equal(count(f), 1);
	assert_int_equal(accusations(&f->agent)->count, 1);
}

/* What a crash has left half, and what somebody has put there, is no accusation, and stops nothing. */
static void
test_accusations_pass_over_what_is_none(void **state)
{
	static const char *const texts[] = {"", "since_us 5", "since_us 5\nkind fork\n", "since_us 0\nkind fork\nwhat x\n",
	    "kind fork\nwhat x\nsince_us 5\n", "since_us 5\nkind fork\nwhat \x1b[2J\n"};
	struct fixture *f = *state;
	char path[512];

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		snprintf(path, sizeof path, "%s/evidence/%zu", f->home, i);
		assert_int_equal(file_make_dir(path, 0700), CONSIGN_OK);
		snprintf(path, sizeof path, "%s/evidence/%zu/about.txt", f->home, i);
		assert_int_equal(file_write(path, slice_text(texts[i]), 0600), CONSIGN_OK);
	}
	start_again(f);
	assert_int_equal(count(f), 0);
}

static void
test_accuse_fills_no_disk(void **state)
{
	struct fixture *f = *state;
	char path[512], what[32];
	size_t folders = 0;
	struct dirent *entry;

	for (int i = 0; i < 200; i++) {
		snprintf(what, sizeof what, "lie %d", i);
		accuse(&f->agent, "delivery", what);
		if (i == 20)
			start_again(f);
	}
	/* A fork finds room whatever came before it. */
	assert_int_equal(count(f), CONSIGN_ACCUSATIONS_MAX - 8);
	for (int i = 0; i < 20; i++) {
		snprintf(what, sizeof what, "history %d", i);
		accuse(&f->agent, "fork", what);
	}
	assert_int_equal(count(f), CONSIGN_ACCUSATIONS_MAX);
	snprintf(path, sizeof path, "%s/evidence", f->home);
	DIR *dir = opendir(path);

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		folders += entry->d_name[0] != '.';
	closedir(dir);
	assert_int_equal(folders, CONSIGN_ACCUSATIONS_MAX);
}

/* Still an accusation, and it says so. */
static void
test_accuse_without_room_keeps_the_words(void **state)
{
	struct fixture *f = *state;
	char path[512];

	snprintf(path, sizeof path, "%s/evidence", f->home);
	assert_int_equal(file_write(path, slice_text("a file in the place of the folder"), 0600), CONSIGN_OK);
	accuse(&f->agent, "fork", "two histories");
	assert_int_equal(count(f), 1);
	assert_string_equal(accusations(&f->agent)->folder, "");
}

static void
test_accuse_ledger_names_each_reason(void **state)
{
	static const struct {
		enum consign_err err;
		const char *kind;
		const char *what;
	} rows[] = {
	    {CONSIGN_E_FORK, "fork", "a checkpoint as large as the one verified before, with another head: two histories"},
	    {CONSIGN_E_STALE, "ledger", "the broker's ledger is shorter than the one verified before"},
	    {CONSIGN_E_BAD_PROOF, "ledger", "a checkpoint that does not follow from the one before it"},
	    {CONSIGN_E_BAD_SIGNATURE, "ledger", "a checkpoint that the hub's ledger key did not sign"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		accuse_ledger(&f->agent, rows[i].err, NULL);
		assert_string_equal(accusations(&f->agent)->kind, rows[i].kind);
		assert_string_equal(accusations(&f->agent)->what, rows[i].what);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_accuse_keeps_what_was_said, begin, end),
	    cmocka_unit_test_setup_teardown(test_accuse_counts_the_same_once, begin, end),
	    cmocka_unit_test_setup_teardown(test_accusations_are_there_after_a_new_start, begin, end),
	    cmocka_unit_test_setup_teardown(test_accusations_pass_over_what_is_none, begin, end),
	    cmocka_unit_test_setup_teardown(test_accuse_fills_no_disk, begin, end),
	    cmocka_unit_test_setup_teardown(test_accuse_without_room_keeps_the_words, begin, end),
	    cmocka_unit_test_setup_teardown(test_accuse_ledger_names_each_reason, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
