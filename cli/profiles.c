/* See profiles.h. */
#include "profiles.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/text.h"
#include "print.h"

#define SUFFIX ".yaml"
#define NAME_MAX_BYTES 40

const char *const profiles_folders[] = {CONSIGN_DATA_DIR "/profiles", CONSIGN_SOURCE_PROFILES, NULL};

/* ── finding ── */

enum consign_err
profiles_read(const char *path, struct arena *arena, struct buf *text, struct profile **ret_profile,
    char ret_problem[PROFILES_PROBLEM_BYTES])
{
	struct policy_file_error where;
	size_t before = text->len;
	enum consign_err err = file_read(path, PROFILE_MAX_BYTES, text);

	if (err == CONSIGN_OK)
		err = profile_read(slice_of(text->data + before, text->len - before), arena, ret_profile, &where);
	if (err == CONSIGN_E_CONFIG)
		snprintf(ret_problem, PROFILES_PROBLEM_BYTES, "%s:%zu:%zu: %s", path, where.line, where.column, where.text);
	else if (err != CONSIGN_OK)
		snprintf(ret_problem, PROFILES_PROBLEM_BYTES, "%s: %s", path, consign_err_text(err));
	return err;
}

/* As profiles_read, into one's own memory. NOT_FOUND is not said. */
static enum consign_err
take_file(const char *path, struct buf *ret_text)
{
	char problem[PROFILES_PROBLEM_BYTES];
	struct profile *profile;
	struct arena *arena = NULL;
	struct buf text = {0};
	enum consign_err err = arena_new(PROFILE_ARENA_BYTES, &arena);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	err = profiles_read(path, arena, &text, &profile, problem);
	arena_free(&arena);
	if (err != CONSIGN_OK && err != CONSIGN_E_NOT_FOUND)
		say_error("%s", problem);
	if (err == CONSIGN_OK)
		*ret_text = text;
	else
		buf_clear(&text);
	return err;
}

struct known {
	char v[PROFILE_NAMES_MAX][NAME_MAX_BYTES + 1];
	size_t n;
};

static void
put_name(struct known *known, const char *file)
{
	size_t len = strlen(file), suffix = strlen(SUFFIX);

	if (len <= suffix || len - suffix > NAME_MAX_BYTES || strcmp(file + len - suffix, SUFFIX) != 0 || known->n == PROFILE_NAMES_MAX)
		return;
	for (size_t i = 0; i < known->n; i++)
		if (strlen(known->v[i]) == len - suffix && strncmp(known->v[i], file, len - suffix) == 0)
			return;
	snprintf(known->v[known->n++], sizeof known->v[0], "%.*s", (int)(len - suffix), file);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
list_known(const char *const *folders, struct known *known)
{
	for (; *folders != NULL; folders++) {
		DIR *dir = opendir(*folders);

		if (dir == NULL)
			continue;
		for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
			if (entry->d_name[0] != '.')
				put_name(known, entry->d_name);
		closedir(dir);
	}
	qsort(known->v, known->n, sizeof known->v[0], by_name);
}

static enum consign_err
say_unknown(const char *const *folders, const char *wanted)
{
	struct known known = {0};
	struct buf names = {0};
	enum consign_err err = CONSIGN_OK;

	list_known(folders, &known);
	say_error("there is no profile %s", wanted);
	for (size_t i = 0; err == CONSIGN_OK && i < known.n; i++)
		err = buf_printf(&names, "%s%s", i == 0 ? "" : ", ", known.v[i]);
	if (known.n == 0)
		say_hint("no profiles are installed in %s; name a file, with a slash: --profile ./mine.yaml", folders[0]);
	else if (err == CONSIGN_OK)
		say_hint("known are %.*s; a file of your own is named with a slash: --profile ./mine.yaml", (int)names.len,
		    (const char *)names.data);
	buf_clear(&names);
	return CONSIGN_E_NOT_FOUND;
}

enum consign_err
profiles_take(const char *const *folders, const char *wanted, struct buf *ret_text)
{
	enum consign_err err = CONSIGN_E_NOT_FOUND;

	if (strchr(wanted, '/') != NULL) {
		err = take_file(wanted, ret_text);
		return err == CONSIGN_E_NOT_FOUND ? say_fail(err, "%s: there is no such file", wanted) : err;
	}
	for (const char *const *folder = folders; *folder != NULL && err == CONSIGN_E_NOT_FOUND; folder++) {
		struct buf path = {0};

		if (buf_printf(&path, "%s/%s" SUFFIX, *folder, wanted) != CONSIGN_OK || buf_append_u8(&path, '\0') != CONSIGN_OK)
			err = say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
		else
			err = take_file((const char *)path.data, ret_text);
		buf_clear(&path);
	}
	return err == CONSIGN_E_NOT_FOUND ? say_unknown(folders, wanted) : err;
}

/* ── words ── */

static enum consign_err
put_types(const struct profile_gap *gap, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < gap->n_types; i++)
		err = buf_printf(out, "%s%s", i == 0 ? "" : ", ", gap->types[i]);
	return err;
}

static enum consign_err
put_roles(const struct policy_party *party, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < party->roles.n; i++)
		err = buf_printf(out, "%s%s", i == 0 ? "" : ", ", policy_role_text(party->roles.v[i]));
	return err;
}

/* Who must be cleared for the label: whoever receives. */
static const struct policy_party *
consignee(const struct profile_gap *gap)
{
	return gap->kind == PROFILE_GAP_SEND ? gap->partner : gap->own;
}

static enum consign_err
put_reason(const struct profile_gap *gap, struct buf *out)
{
	switch (gap->code) {
	case CONSIGN_CODE_CLEARANCE:
		return buf_printf(out, "%s: %s is cleared for %s, and the least label is %s", consign_code_text(gap->code),
		    consignee(gap)->org.s, consign_label_text((enum consign_label)consignee(gap)->clearance),
		    consign_label_text(gap->label));
	case CONSIGN_CODE_POLICY_FORBIDDEN:
		return buf_printf(out, "%s by rule %s", consign_code_text(gap->code), gap->rule);
	default:
		return buf_printf(out, "%s", consign_code_text(gap->code));
	}
}

static enum consign_err
put_rule(const struct profile *profile, const struct profile_gap *gap, struct buf *out)
{
	bool is_send = gap->kind == PROFILE_GAP_SEND;
	const char *own = policy_role_text(profile->role), *partner = policy_role_text(gap->role);
	enum consign_err err = buf_printf(out, "should it pass, ask the hub's administrator for a rule such as {id: NAME, permit: [");

	if (err == CONSIGN_OK)
		err = put_types(gap, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, "], from: {roles: [%s]}, to: {roles: [%s]}, studies: [%s]}", is_send ? own : partner,
		    is_send ? partner : own, gap->study->id.s);
	return err;
}

static enum consign_err
put_todo(const struct profile *profile, const struct profile_gap *gap, struct buf *out)
{
	switch (gap->code) {
	case CONSIGN_CODE_CLEARANCE:
		return buf_printf(out, "should it pass, ask the hub's administrator for clearance: %s of %s in %s",
		    consign_label_text(gap->label), consignee(gap)->org.s, gap->study->id.s);
	case CONSIGN_CODE_POLICY_FORBIDDEN:
		return buf_printf(
		    out, "no permit undoes a forbid: ask the hub's administrator whether rule %s is meant so", gap->rule);
	default:
		return put_rule(profile, gap, out);
	}
}

static enum consign_err
role_words(const struct profile *profile, const struct profile_gap *gap, struct buf *text, struct buf *todo)
{
	const char *role = policy_role_text(profile->role);
	enum consign_err err = buf_printf(text, "%s: in %s this company is ", role, gap->study->id.s);

	if (err == CONSIGN_OK)
		err = put_roles(gap->own, text);
	if (err == CONSIGN_OK)
		err = buf_printf(text, " and not %s; not compared there", role);
	if (err == CONSIGN_OK)
		err = buf_printf(
		    todo, "either the profile is not this company's, or ask the hub's administrator for the role %s", role);
	return err;
}

enum consign_err
profiles_gap_words(const struct profile *profile, const struct profile_gap *gap, struct buf *text, struct buf *todo)
{
	if (gap->kind == PROFILE_GAP_ROLE)
		return role_words(profile, gap, text, todo);
	enum consign_err err = buf_printf(text, "%s: ", policy_role_text(profile->role));

	if (err == CONSIGN_OK)
		err = put_types(gap, text);
	if (err == CONSIGN_OK)
		err = buf_printf(text, " %s %s %s in %s %s not permitted (", gap->kind == PROFILE_GAP_SEND ? "to" : "from",
		    policy_role_text(gap->role), gap->partner->org.s, gap->study->id.s, gap->n_types == 1 ? "is" : "are");
	if (err == CONSIGN_OK)
		err = put_reason(gap, text);
	if (err == CONSIGN_OK)
		err = buf_printf(text, ")");
	return err == CONSIGN_OK ? put_todo(profile, gap, todo) : err;
}

enum consign_err
profiles_sum_words(const struct profile *profile, const struct profile_sum *sum, struct buf *text)
{
	const char *role = policy_role_text(profile->role);
	enum consign_err err;

	if (sum->studies == 0)
		err = buf_printf(text, "%s: no study has this company as %s, so nothing was compared", role, role);
	else
		err = buf_printf(text, "%s: in %zu %s as %s, %zu of %zu usual ways are permitted", role, sum->studies,
		    sum->studies == 1 ? "study" : "studies", role, sum->permitted, sum->permitted + sum->missing);
	if (err == CONSIGN_OK && sum->unknown > 0)
		err = buf_printf(text, "; %zu entries name types that this version does not know", sum->unknown);
	return err == CONSIGN_OK ? buf_printf(text, "; a profile is a convenience, never a right") : err;
}
