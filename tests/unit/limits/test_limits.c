/*
 * Every limit of lib/core/limits.h: that it has its reason, that the product takes as much and refuses the next, with which error.
 * The header is read as text, so that a limit without a row cannot be forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <ctype.h>
#include <glob.h>

#include "core/file.h"
#include "core/secret.h"
#include "folder.h"
#include "limit_rows.h"

#define HEADER CONSIGN_SOURCE_DIR "/lib/core/limits.h"
#define NAMES_MAX 400u

static const struct limit_row *const tables[] = {
    limit_rows_wire, limit_rows_messages, limit_rows_policy, limit_rows_files, limit_rows_broker, limit_rows_shown};
#define N_TABLES (sizeof tables / sizeof tables[0])

/* ── files that rows need ── */

static char folder[64];

const char *
limit_folder(void)
{
	if (folder[0] == '\0') {
		const char *tmp = getenv("TMPDIR");

		snprintf(folder, sizeof folder, "%.40s/limits-XXXXXX", tmp != NULL ? tmp : "/tmp");
		assert_non_null(mkdtemp(folder));
	}
	return folder;
}

const char *
limit_file(const char *name, const void *bytes, size_t len)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", limit_folder(), name);
	assert_int_equal(file_write(path, slice_of(bytes, len), 0600), CONSIGN_OK);
	return path;
}

void
limit_folder_remove(void)
{
	if (folder[0] != '\0')
		folder_remove(folder);
}

/* ── the header ── */

static bool
has_row(const char *name, size_t len)
{
	for (size_t t = 0; t < N_TABLES; t++)
		for (const struct limit_row *row = tables[t]; row->name != NULL; row++)
			if (strlen(row->name) == len && strncmp(row->name, name, len) == 0)
				return true;
	return false;
}

struct header {
	struct buf text;
	char *name[NAMES_MAX]; /* of each limit, in the text */
	size_t len[NAMES_MAX];
	size_t n;
	size_t without_reason;
};

/* A limit is a line `#define NAME value`; the line before it ends a comment. */
static void
read_header(struct header *h)
{
	static const char define[] = "#define ";
	char *before = NULL;

	*h = (struct header){0};
	assert_int_equal(file_read(HEADER, 1u << 20, &h->text), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&h->text, '\0'), CONSIGN_OK);
	for (char *line = (char *)h->text.data; line != NULL && *line != '\0';) {
		char *end = strchr(line, '\n'), *name = line + strlen(define);

		if (end != NULL)
			*end = '\0';
		if (strncmp(line, define, strlen(define)) == 0) {
			size_t len = strcspn(name, " (");

			if (name[len] == ' ') { /* the guard of the header has no value */
				assert_true(h->n < NAMES_MAX);
				h->name[h->n] = name;
				h->len[h->n++] = len;
				if (before == NULL || strlen(before) < 3 || strcmp(before + strlen(before) - 2, "*/") != 0) {
					print_error("%.*s has no reason above it\n", (int)len, name);
					h->without_reason++;
				}
			}
		}
		before = line;
		line = end == NULL ? NULL : end + 1;
	}
	assert_true(h->n > 100);
}

static void
test_limits_each_has_its_reason(void **state)
{
	struct header h;

	(void)state;
	read_header(&h);
	assert_int_equal(h.without_reason, 0);
	buf_clear(&h.text);
}

static void
test_limits_each_has_a_row_and_each_row_a_limit(void **state)
{
	struct header h;
	size_t wrong = 0;

	(void)state;
	read_header(&h);
	for (size_t i = 0; i < h.n; i++)
		if (!has_row(h.name[i], h.len[i])) {
			print_error("%.*s has no row in tests/unit/limits\n", (int)h.len[i], h.name[i]);
			wrong++;
		}
	for (size_t t = 0; t < N_TABLES; t++)
		for (const struct limit_row *row = tables[t]; row->name != NULL; row++) {
			bool is_known = false;

			for (size_t i = 0; i < h.n && !is_known; i++)
				is_known = strlen(row->name) == h.len[i] && strncmp(row->name, h.name[i], h.len[i]) == 0;
			if (!is_known) {
				print_error("%s has a row, and is no limit of lib/core/limits.h\n", row->name);
				wrong++;
			}
		}
	assert_int_equal(wrong, 0);
	buf_clear(&h.text);
}

/* ── the rows ── */

static void
test_limits_take_as_much_and_refuse_the_next(void **state)
{
	size_t wrong = 0, tried = 0;

	(void)state;
	for (size_t t = 0; t < N_TABLES; t++)
		for (const struct limit_row *row = tables[t]; row->name != NULL; row++) {
			if (row->tries == NULL)
				continue;
			uint64_t next = row->next == 0 ? row->value + 1 : row->next;
			enum consign_err most = row->tries(row, row->value), more = row->tries(row, next);

			assert_true(next != row->value);
			tried++;
			if (most == CONSIGN_OK && more == row->refused && more != CONSIGN_OK)
				continue;
			print_error("%s%s%s: %llu answers `%s`, %llu `%s` instead of `%s`\n", row->name, row->of != NULL ? ", " : "",
			    row->of != NULL ? row->of : "", (unsigned long long)row->value, consign_err_text(most), (unsigned long long)next,
			    consign_err_text(more), consign_err_text(row->refused));
			wrong++;
		}
	assert_int_equal(wrong, 0);
	assert_true(tried > 100);
}

static bool
is_word_in(const char *word, const char *text, size_t times)
{
	size_t len = strlen(word), n = 0;

	for (const char *at = strstr(text, word); at != NULL && n < times; at = strstr(at + len, word)) {
		bool begins = at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');

		n += begins && !isalnum((unsigned char)at[len]) && at[len] != '_';
	}
	return n >= times;
}

/* A function is there twice: what it does, and that it is run; there perhaps without the test_file_ that all of its file begin with. */
static bool
is_run(const char *function, const char *path, const char *text)
{
	const char *name = strrchr(path, '/') + 1, *dot = strchr(name, '.');
	size_t len = dot == NULL ? 0 : (size_t)(dot - name);

	if (is_word_in(function, text, 2))
		return true;
	return is_word_in(function, text, 1) && strncmp(function, name, len) == 0 && function[len] == '_' && is_word_in(function + len + 1, text, 1);
}

/* The test is there and run; it, or what it calls, speaks of the limit by its name. */
static bool
is_shown(const struct limit_row *row)
{
	char pattern[256], *function;
	struct buf text = {0};
	glob_t found;

	snprintf(pattern, sizeof pattern, "%s/%s", CONSIGN_SOURCE_DIR, row->shown);
	if ((function = strstr(pattern, "::")) != NULL)
		*function = '\0';
	bool is_there = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1;

	if (is_there)
		is_there = file_read(found.gl_pathv[0], 1u << 20, &text) == CONSIGN_OK && buf_append_u8(&text, '\0') == CONSIGN_OK;
	globfree(&found);
	if (is_there && function != NULL)
		is_there = is_run(function + 2, pattern, (const char *)text.data);
	is_there = is_there && is_word_in(row->name, (const char *)text.data, 1);
	buf_clear(&text);
	return is_there;
}

static void
test_limits_that_only_a_daemon_shows_name_a_test_that_does(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t t = 0; t < N_TABLES; t++)
		for (const struct limit_row *row = tables[t]; row->name != NULL; row++) {
			assert_true((row->tries == NULL) == (row->shown != NULL));
			if (row->shown == NULL || is_shown(row))
				continue;
			print_error("%s: %s is no test that speaks of it\n", row->name, row->shown);
			wrong++;
		}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limits_each_has_its_reason),
	    cmocka_unit_test(test_limits_each_has_a_row_and_each_row_a_limit),
	    cmocka_unit_test(test_limits_take_as_much_and_refuse_the_next),
	    cmocka_unit_test(test_limits_that_only_a_daemon_shows_name_a_test_that_does),
	};

	if (secret_start() != CONSIGN_OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	limit_folder_remove();
	return failed;
}
