/* Limits of files that a person or another program wrote; of disks; of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/config.h"
#include "core/file.h"
#include "core/keyfile.h"
#include "core/log.h"
#include "core/passphrase.h"
#include "invite.h"
#include "limit_rows.h"
#include "profiles.h"

static const char *
write_buf(const char *name, struct buf *text)
{
	const char *path = limit_file(name, text->data, text->len);

	buf_clear(text);
	return path;
}

static void
fill(struct buf *text, uint64_t len, char with)
{
	while (text->len < len)
		assert_int_equal(buf_append_u8(text, (uint8_t)with), CONSIGN_OK);
}

/* ── configuration ── */

static enum consign_err
open_config(struct buf *text)
{
	static const char *known[CONFIG_MAX_KEYS + 2];
	static char names[CONFIG_MAX_KEYS + 1][8];
	struct config *config = NULL;
	char problem[256];

	for (size_t i = 0; i <= CONFIG_MAX_KEYS; i++) {
		snprintf(names[i], sizeof names[i], "k%zu", i);
		known[i] = names[i];
	}
	enum consign_err err = config_open(write_buf("config.yaml", text), known, &config, problem);

	config_free(&config);
	return err;
}

static enum consign_err
try_config(const struct limit_row *row, uint64_t n)
{
	struct buf text = {0};

	(void)row;
	assert_int_equal(buf_printf(&text, "k0: a\n#"), CONSIGN_OK);
	fill(&text, n, 'x');
	return open_config(&text);
}

static enum consign_err
try_config_keys(const struct limit_row *row, uint64_t n)
{
	struct buf text = {0};

	(void)row;
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(buf_printf(&text, "k%llu: a\n", (unsigned long long)i), CONSIGN_OK);
	return open_config(&text);
}

/* ── keys ── */

#define SECRET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define LONGEST_LINE 174u /* a name of 63, a time of 20 digits */

/* Keys without a lock that fill n bytes: names are as long as they may be, but for the last three, which share what is left. */
static enum consign_err
try_keyfile(const struct limit_row *row, uint64_t n)
{
	const size_t around = strlen(" 10000000000000000000 " SECRET "\n");
	struct keyfile *keys = NULL;
	struct buf text = {0};

	(void)row;
	assert_int_equal(buf_printf(&text, "consign-key-v1\nparty agent acme\nlock none\n"), CONSIGN_OK);
	for (size_t i = 0, last = 3; last > 0; i++) {
		size_t left = n - text.len, line = left >= 3 * LONGEST_LINE ? LONGEST_LINE : left / last;

		last -= left < 3 * LONGEST_LINE;
		assert_int_equal(buf_printf(&text, "%0*zu 10000000000000000000 " SECRET "\n", (int)(line - around), i), CONSIGN_OK);
	}
	assert_int_equal(text.len, n);
	enum consign_err err = keyfile_open(write_buf("long.key", &text), NULL, NULL, &keys);

	keyfile_free(&keys);
	return err;
}

/* Whether the lock was believed: then only a passphrase is missing. */
static enum consign_err
open_locked(uint64_t passes, uint64_t memory)
{
	struct keyfile *keys = NULL;
	struct buf text = {0};
	bool is_locked = false;

	assert_int_equal(buf_printf(&text,
			     "consign-key-v1\nparty agent acme\nlock argon2id13 %llu %llu AAAAAAAAAAAAAAAAAAAAAA==\n"
			     "box AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAA\n",
			     (unsigned long long)passes, (unsigned long long)memory),
	    CONSIGN_OK);
	enum consign_err err = keyfile_open(write_buf("locked.key", &text), NULL, &is_locked, &keys);

	assert_int_equal(err, CONSIGN_E_KEY_FILE);
	return is_locked ? CONSIGN_OK : err;
}

static enum consign_err
try_passes(const struct limit_row *row, uint64_t n)
{
	(void)row;
	return open_locked(n, 65536);
}

static enum consign_err
try_memory(const struct limit_row *row, uint64_t n)
{
	(void)row;
	return open_locked(1, n);
}

static enum consign_err
try_passphrase(const struct limit_row *row, uint64_t n)
{
	char got[PASSPHRASE_MAX_BYTES + 1];
	struct buf text = {0};

	(void)row;
	fill(&text, n, 'x');
	fill(&text, n + 1, '\n');
	return passphrase_get(write_buf("passphrase", &text), "?", false, got);
}

/* ── an administrator's home ── */

static enum consign_err
try_invite_secret(const struct limit_row *row, uint64_t n)
{
	struct invite_secret secret;
	struct buf text = {0};
	char folder[128];

	(void)row;
	snprintf(folder, sizeof folder, "%s/invites", limit_folder());
	assert_int_equal(file_make_dir(folder, 0700), CONSIGN_OK);
	assert_int_equal(buf_printf(&text, "token %064d\nexpires_us 1\nname x\n", 0), CONSIGN_OK);
	fill(&text, n, '\n');
	write_buf("invites/acme.invite-secret", &text);
	return invite_secret_read(limit_folder(), "acme", &secret);
}

/* ── what is said ── */

/* Runs `say` and gives what it wrote to standard error; free() it. */
static char *
said(void (*say)(void *context), void *context)
{
	int file = memfd_create("stderr", MFD_CLOEXEC), before = dup(STDERR_FILENO);
	struct stat st;

	assert_true(file >= 0 && before >= 0 && dup2(file, STDERR_FILENO) >= 0);
	say(context);
	assert_true(dup2(before, STDERR_FILENO) >= 0 && fstat(file, &st) == 0);
	char *text = calloc(1, (size_t)st.st_size + 1);

	assert_non_null(text);
	assert_int_equal(pread(file, text, (size_t)st.st_size, 0), st.st_size);
	close(before);
	close(file);
	return text;
}

static void
say_value(void *context)
{
	log_event(LOG_ERROR, "event", "value", "s", (const char *)context, NULL);
}

/* FULL: cut. */
static enum consign_err
try_log_value(const struct limit_row *row, uint64_t n)
{
	struct buf value = {0};

	(void)row;
	fill(&value, n, 'x');
	fill(&value, n + 1, '\0');
	char *text = said(say_value, value.data), *at = strstr(text, "value=");

	assert_non_null(at);
	enum consign_err err = strspn(at + strlen("value="), "x") == n ? CONSIGN_OK : CONSIGN_E_FULL;

	buf_clear(&value);
	free(text);
	return err;
}

struct line {
	char value[5][CONSIGN_LOG_VALUE_MAX_BYTES + 1];
};

static void
say_line(void *context)
{
	struct line *l = context;

	log_event(LOG_ERROR, "event", "a", "s", l->value[0], "b", "s", l->value[1], "c", "s", l->value[2], "d", "s", l->value[3], "e", "s",
	    l->value[4], NULL);
}

/* A line of n bytes and its end; FULL: a field was left out. */
static enum consign_err
try_log_line(const struct limit_row *row, uint64_t n)
{
	static struct line l;
	size_t len = n - strlen("2026-11-22T04:11:56.000000Z ERROR event a= b= c= d= e=");

	(void)row;
	memset(&l, 0, sizeof l);
	for (size_t i = 0; i < 5; i++)
		memset(l.value[i], 'x', i < 4 ? len / 5 : len - 4 * (len / 5));
	char *text = said(say_line, &l);
	bool is_cut = strstr(text, " cut=1\n") != NULL;

	if (!is_cut)
		assert_int_equal(strlen(text), n + 1);
	free(text);
	return is_cut ? CONSIGN_E_FULL : CONSIGN_OK;
}

static void
ask_for_unknown(void *context)
{
	const char *const folders[] = {context, NULL};
	struct buf text = {0};

	assert_int_equal(profiles_take(folders, "nobody", &text), CONSIGN_E_NOT_FOUND);
	buf_clear(&text);
}

/* FULL: not all n of a folder are named. */
static enum consign_err
try_profile_names(const struct limit_row *row, uint64_t n)
{
	char folder[128], name[64];
	uint64_t named = 0;

	(void)row;
	snprintf(folder, sizeof folder, "%s/profiles-%llu", limit_folder(), (unsigned long long)n);
	assert_int_equal(file_make_dir(folder, 0700), CONSIGN_OK);
	for (uint64_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, "profiles-%llu/zebra%llu.yaml", (unsigned long long)n, (unsigned long long)i);
		limit_file(name, "", 0);
	}
	char *text = said(ask_for_unknown, folder);

	for (const char *at = strstr(text, "zebra"); at != NULL; at = strstr(at + 1, "zebra"))
		named++;
	free(text);
	return named == n ? CONSIGN_OK : CONSIGN_E_FULL;
}

/* ── disks and clocks ── */

/* The last percent of n. */
static enum consign_err
try_disk_percent(const struct limit_row *row, uint64_t n)
{
	(void)row;
	return file_disk_is_full((unsigned)n - 1, 0) ? CONSIGN_E_FULL : CONSIGN_OK;
}

static enum consign_err
try_disk_warning(const struct limit_row *row, uint64_t n)
{
	(void)row;
	return file_disk_is_filling((unsigned)n - 1) ? CONSIGN_E_FULL : CONSIGN_OK;
}

static enum consign_err
try_disk_bytes(const struct limit_row *row, uint64_t n)
{
	(void)row;
	return file_disk_is_full(100, n) ? CONSIGN_E_FULL : CONSIGN_OK;
}

/* The same to both sides. */
static enum clock_skew
skew_of(uint64_t apart)
{
	const uint64_t now = 1800000000000000u;

	assert_int_equal(clock_skew(now, now + apart), clock_skew(now + apart, now));
	return clock_skew(now, now + apart);
}

static enum consign_err
try_skew_warning(const struct limit_row *row, uint64_t n)
{
	(void)row;
	return skew_of(n) == CLOCK_SKEW_NONE ? CONSIGN_OK : CONSIGN_E_STALE;
}

static enum consign_err
try_skew(const struct limit_row *row, uint64_t n)
{
	(void)row;
	return skew_of(n) == CLOCK_SKEW_TOO_FAR ? CONSIGN_E_STALE : CONSIGN_OK;
}

const struct limit_row limit_rows_files[] = {
    {LIMIT(CONFIG_MAX_BYTES), .tries = try_config, .refused = CONSIGN_E_CONFIG},
    {LIMIT(CONFIG_MAX_KEYS), .tries = try_config_keys, .refused = CONSIGN_E_CONFIG},
    {LIMIT(CONSIGN_KEYFILE_MAX_BYTES), .tries = try_keyfile, .refused = CONSIGN_E_KEY_FILE},
    {LIMIT(KEYFILE_OPSLIMIT_MAX), .tries = try_passes, .refused = CONSIGN_E_KEY_FILE},
    {LIMIT(KEYFILE_MEMLIMIT_MAX), .tries = try_memory, .refused = CONSIGN_E_KEY_FILE},
    {LIMIT(PASSPHRASE_MAX_BYTES), .tries = try_passphrase, .refused = CONSIGN_E_TOO_BIG},
    {LIMIT(CONSIGN_INVITE_SECRET_MAX_BYTES), .tries = try_invite_secret, .refused = CONSIGN_E_TOO_BIG},
    {LIMIT(PROFILE_NAMES_MAX), .tries = try_profile_names, .refused = CONSIGN_E_FULL},
    {LIMIT(CONSIGN_LOG_VALUE_MAX_BYTES), .tries = try_log_value, .refused = CONSIGN_E_FULL},
    {LIMIT(CONSIGN_LOG_LINE_MAX_BYTES), .tries = try_log_line, .refused = CONSIGN_E_FULL},
    {LIMIT(CONSIGN_DISK_STOP_PERCENT), .tries = try_disk_percent, .refused = CONSIGN_E_FULL},
    {LIMIT(CONSIGN_DISK_STOP_BYTES), .tries = try_disk_bytes, .refused = CONSIGN_E_FULL, .next = CONSIGN_DISK_STOP_BYTES - 1},
    {LIMIT(CONSIGN_DISK_WARN_PERCENT), .tries = try_disk_warning, .refused = CONSIGN_E_FULL},
    {LIMIT(CONSIGN_CLOCK_SKEW_WARN_US), .tries = try_skew_warning, .refused = CONSIGN_E_STALE},
    {LIMIT(CONSIGN_CLOCK_SKEW_MAX_US), .tries = try_skew, .refused = CONSIGN_E_STALE},
    {0},
};
