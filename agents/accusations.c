/* Accusations and their evidence. See accusations.h. */
#include "accusations.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/text.h"
#include "uplink.h"

#define ABOUT_MAX_BYTES 4096u
#define FOLDER "evidence"

struct accusations {
	struct accusation *first;
	size_t n;
};

const struct accusation *
accusations(const struct agent *a)
{
	return a->accusations->first;
}

static void
insert(struct accusations *all, struct accusation *x)
{
	struct accusation **at = &all->first;

	while (*at != NULL && (*at)->since_us > x->since_us)
		at = &(*at)->next;
	x->next = *at;
	*at = x;
	all->n++;
}

/* ── evidence ── */

static enum consign_err
put_file(const char *folder, const char *name, struct consign_slice content)
{
	enum consign_err err = CONSIGN_E_NO_MEMORY;
	char *path;

	if (content.len == 0)
		return CONSIGN_OK;
	path = path_join(folder, name);
	if (path != NULL)
		err = file_write(path, content, 0600);
	free(path);
	return err;
}

static enum consign_err
put_root(const struct agent *a, const char *folder)
{
	const struct hub_root *root = hub_root(a->hub);
	struct buf bytes = {0};
	enum consign_err err = root == NULL ? CONSIGN_OK : signed_document_encode(root->document->document, &bytes);

	if (err == CONSIGN_OK)
		err = put_file(folder, "root-held.bin", buf_slice(&bytes));
	buf_clear(&bytes);
	return err;
}

/* The first three lines are read again at the next start. */
static enum consign_err
put_about(const struct agent *a, const struct accusation *x, const char *folder)
{
	const struct hub_root *root = hub_root(a->hub);
	char since[CLOCK_TEXT_BYTES];
	struct buf text = {0}, id = {0};
	enum consign_err err = hex_format(SLICE_ARRAY(a->hub_id.b), &id);

	clock_format(x->since_us, since);
	if (err == CONSIGN_OK)
		err = buf_printf(&text,
		    "since_us %llu\nkind %s\nwhat %s\nsince %s\naccused the broker of hub %.*s\nby %s\n"
		    "root_held %llu\ncheckpoint_held %llu\nsoftware consign-agent %s\n",
		    (unsigned long long)x->since_us, x->kind, x->what, since, (int)id.len, (const char *)id.data, a->org.s,
		    (unsigned long long)(root == NULL ? 0 : root->root->version),
		    (unsigned long long)hub_checkpoint(a->hub)->size, CONSIGN_VERSION);
	if (err == CONSIGN_OK)
		err = put_file(folder, "about.txt", buf_slice(&text));
	buf_clear(&text);
	buf_clear(&id);
	return err;
}

/*
 * A folder that is not there yet: two accusations of one kind may come within a second. Each holds one delivery at most,
 * so lies fill no disk.
 */
static char *
new_folder(const struct agent *a, struct accusation *x)
{
	char *all = a->home == NULL ? NULL : path_join(a->home, FOLDER), *path = NULL;
	char time[CLOCK_TEXT_BYTES], name[sizeof x->folder];

	clock_format(x->since_us, time);
	for (unsigned i = 1; all != NULL && i <= CONSIGN_ACCUSATIONS_MAX; i++) {
		snprintf(name, sizeof name, "%.19sZ-%s-%u", time, x->kind, i);
		for (char *c = name; *c != '\0'; c++)
			if (*c == ':' || *c == '/')
				*c = '.';
		free(path);
		path = path_join(all, name);
		if (path == NULL || !file_exists(path))
			break;
	}
	free(all);
	if (path == NULL || file_exists(path) || file_make_dir(path, 0700) != CONSIGN_OK) {
		free(path);
		return NULL;
	}
	memcpy(x->folder, name, sizeof name);
	return path;
}

/* about.txt last: a folder that has it is whole. */
static void
keep_evidence(const struct agent *a, struct accusation *x, const struct evidence *said)
{
	char *folder = new_folder(a, x);
	enum consign_err err = folder == NULL ? CONSIGN_E_IO : put_file(folder, "said.bin", said->command);

	if (err == CONSIGN_OK)
		err = put_file(folder, "manifest.bin", said->manifest);
	if (err == CONSIGN_OK)
		err = put_file(folder, "body.bin", said->body);
	if (err == CONSIGN_OK)
		err = put_file(folder, "checkpoint-held.txt", hub_checkpoint_note(a->hub));
	if (err == CONSIGN_OK)
		err = put_root(a, folder);
	if (err == CONSIGN_OK)
		err = put_about(a, x, folder);
	if (err != CONSIGN_OK) {
		x->folder[0] = '\0';
		log_event(LOG_ERROR, "evidence.lost", "kind", "s", x->kind, "reason", "s", consign_err_text(err), NULL);
	}
	free(folder);
}

/* ── what was kept before ── */

static const char *
line_of(const char *text, const char *name, char *ret_value, size_t size)
{
	size_t len = strlen(name);

	if (strncmp(text, name, len) != 0 || text[len] != ' ')
		return NULL;
	const char *value = text + len + 1, *end = strchr(value, '\n');

	if (end == NULL || (size_t)(end - value) >= size || !text_is(CHARSET_UTF8, slice_of(value, (size_t)(end - value))))
		return NULL;
	memcpy(ret_value, value, (size_t)(end - value));
	ret_value[end - value] = '\0';
	return end + 1;
}

/* What somebody has written there by hand, or a crash has left half, is passed over. */
static bool
read_about(const char *path, struct accusation *x)
{
	struct buf text = {0};
	char since[32] = "";
	const char *at = NULL;

	if (file_read(path, ABOUT_MAX_BYTES, &text) == CONSIGN_OK && buf_append_u8(&text, '\0') == CONSIGN_OK)
		at = line_of((const char *)text.data, "since_us", since, sizeof since);
	if (at != NULL)
		at = line_of(at, "kind", x->kind, sizeof x->kind);
	if (at != NULL)
		at = line_of(at, "what", x->what, sizeof x->what);
	buf_clear(&text);
	x->since_us = x->at_us = strtoull(since, NULL, 10);
	return at != NULL && x->since_us > 0;
}

static void
load_one(struct accusations *all, const char *evidence, const char *name)
{
	char *folder = name[0] == '.' ? NULL : path_join(evidence, name),
	     *path = folder == NULL ? NULL : path_join(folder, "about.txt");
	struct accusation *x =
	    path == NULL || all->n >= CONSIGN_ACCUSATIONS_MAX || strlen(name) >= sizeof x->folder ? NULL : calloc(1, sizeof *x);

	if (x != NULL && read_about(path, x)) {
		memcpy(x->folder, name, strlen(name) + 1);
		insert(all, x);
		x = NULL;
	}
	free(x);
	free(path);
	free(folder);
}

enum consign_err
accusations_new(struct agent *a, struct accusations **ret_accusations)
{
	struct accusations *all = calloc(1, sizeof *all);
	char *path = path_join(a->home, FOLDER);
	DIR *dir = path == NULL ? NULL : opendir(path);
	const struct dirent *entry;

	if (all == NULL || path == NULL) {
		if (dir != NULL)
			closedir(dir);
		free(all);
		free(path);
		return CONSIGN_E_NO_MEMORY;
	}
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		load_one(all, path, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	free(path);
	*ret_accusations = all;
	return CONSIGN_OK;
}

void
accusations_free(struct accusations **accusations)
{
	struct accusations *all = *accusations;

	while (all != NULL && all->first != NULL) {
		struct accusation *next = all->first->next;

		free(all->first);
		all->first = next;
	}
	free(all);
	*accusations = NULL;
}

/* ── accusing ── */

/* A fork is the gravest, and must find room whatever came before it: some places are kept for those that speak of history. */
#define PLACES_FOR_HISTORY 8u

static bool
is_history(const char *kind)
{
	return strcmp(kind, "fork") == 0 || strcmp(kind, "ledger") == 0;
}

static bool
has_room(const struct accusations *all, const char *kind)
{
	size_t others = 0;

	for (const struct accusation *x = all->first; x != NULL; x = x->next)
		others += !is_history(x->kind);
	return all->n < CONSIGN_ACCUSATIONS_MAX && (is_history(kind) || others < CONSIGN_ACCUSATIONS_MAX - PLACES_FOR_HISTORY);
}

void
accuse_with(struct agent *a, const char *kind, const char *what, const struct evidence *said)
{
	const struct evidence current = {.command = uplink_said(a->uplink)};
	uint64_t now = clock_wall_us(a->clock);

	for (struct accusation *x = a->accusations->first; x != NULL; x = x->next)
		if (strcmp(x->kind, kind) == 0 && strncmp(x->what, what, sizeof x->what - 1) == 0) {
			x->count++;
			x->at_us = now;
			return;
		}
	struct accusation *x = has_room(a->accusations, kind) ? calloc(1, sizeof *x) : NULL;

	if (x != NULL) {
		x->since_us = x->at_us = now;
		x->count = 1;
		snprintf(x->kind, sizeof x->kind, "%s", kind);
		snprintf(x->what, sizeof x->what, "%s", what);
		keep_evidence(a, x, said != NULL ? said : &current);
		insert(a->accusations, x);
	}
	log_event(
	    LOG_ERROR, "accusation", "kind", "s", kind, "what", "s", what, "evidence", "s", x != NULL ? x->folder : "", NULL);
}

void
accuse(struct agent *a, const char *kind, const char *what)
{
	accuse_with(a, kind, what, NULL);
}

void
accuse_ledger(struct agent *a, enum consign_err err, const struct evidence *said)
{
	switch (err) {
	case CONSIGN_E_FORK:
		accuse_with(
		    a, "fork", "a checkpoint as large as the one verified before, with another head: two histories", said);
		break;
	case CONSIGN_E_STALE:
		accuse_with(a, "ledger", "the broker's ledger is shorter than the one verified before", said);
		break;
	case CONSIGN_E_BAD_PROOF:
		accuse_with(a, "ledger", "a checkpoint that does not follow from the one before it", said);
		break;
	default:
		accuse_with(a, "ledger", "a checkpoint that the hub's ledger key did not sign", said);
	}
}
