/* Which types to ask about (policy_types.h). */
#include "policy_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "catalogue/payload.h"
#include "core/limits.h"
#include "core/text.h"
#include "policy/table.h"

/* Stands where a glob has its star: no type that anybody thinks of has it. */
#define FILLER "zz9"

struct listing {
	struct arena *arena;
	struct asked_types *types;
	const char **globs; /* distinct, with a star */
	size_t n_globs;
	struct names seen; /* types listed */
	struct names seen_globs;
};

static int
by_shown(const void *a, const void *b)
{
	return strcmp(((const struct asked_type *)a)->shown, ((const struct asked_type *)b)->shown);
}

/* Whether a text is there for the first time. */
static enum consign_err
see(struct names *seen, const char *text, bool *ret_is_new)
{
	size_t known = seen->n;
	uint32_t number;
	enum consign_err err = names_put(seen, slice_text(text), &number);

	*ret_is_new = seen->n > known;
	return err;
}

static enum consign_err
put_type(struct listing *l, const char *type, const char *shown, bool is_glob)
{
	bool is_new;
	enum consign_err err = see(&l->seen, type, &is_new);

	if (err != CONSIGN_OK || !is_new)
		return err;
	if (l->types->n == POLICY_TYPES_MAX) {
		l->types->is_cut = true;
		return CONSIGN_OK;
	}
	struct consign_slice asked = arena_copy(l->arena, slice_text(type)), name = arena_copy(l->arena, slice_text(shown));

	if (asked.data == NULL || name.data == NULL)
		return CONSIGN_E_NO_MEMORY;
	l->types->v[l->types->n++] = (struct asked_type){
	    (const char *)asked.data, (const char *)name.data, is_glob, is_glob ? CONSIGN_LABEL_OPEN : payload_least_label(type)};
	return CONSIGN_OK;
}

/* A glob with other bytes for each star; false when it becomes longer than a type may be. */
static bool
fill(const char *glob, const char *with, char ret_text[CONSIGN_TYPE_MAX_BYTES + 1])
{
	size_t at = 0;

	for (; *glob != '\0'; glob++) {
		const char *part = *glob == '*' ? with : (const char[]){*glob, '\0'};
		size_t len = strlen(part);

		if (len > CONSIGN_TYPE_MAX_BYTES - at)
			return false;
		memcpy(ret_text + at, part, len);
		at += len;
	}
	ret_text[at] = '\0';
	return true;
}

static enum consign_err
put_glob(struct listing *l, const char *glob)
{
	char type[CONSIGN_TYPE_MAX_BYTES + 1];
	bool is_new;
	enum consign_err err = see(&l->seen_globs, glob, &is_new);

	if (err != CONSIGN_OK || !is_new)
		return err;
	if (l->n_globs == POLICY_TYPES_MAX) {
		l->types->is_cut = true;
		return CONSIGN_OK;
	}
	l->globs[l->n_globs++] = glob;
	return fill(glob, FILLER, type) ? put_type(l, type, glob, true) : CONSIGN_OK;
}

static enum consign_err
put_rule_types(struct listing *l, const struct policy_rule *rule)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < rule->types.n; i++) {
		const char *glob = rule->types.v[i].s;

		err = strchr(glob, '*') == NULL ? put_type(l, glob, glob, false) : put_glob(l, glob);
	}
	return err;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* What both match, when there is something like it: the longer beginning, a star, the longer end. */
static bool
overlap(const char *a, const char *b, char ret_glob[2 * CONSIGN_TYPE_MAX_BYTES + 2])
{
	size_t ha = strcspn(a, "*"), hb = strcspn(b, "*");
	const char *head = ha >= hb ? a : b, *ta = strrchr(a, '*') + 1, *tb = strrchr(b, '*') + 1;
	const char *tail = strlen(ta) >= strlen(tb) ? ta : tb;
	char type[CONSIGN_TYPE_MAX_BYTES + 1];

	if (strncmp(a, b, ha < hb ? ha : hb) != 0 || !ends_with(tail, tail == ta ? tb : ta))
		return false;
	(void)snprintf(ret_glob, 2 * CONSIGN_TYPE_MAX_BYTES + 2, "%.*s*%s", (int)(ha >= hb ? ha : hb), head, tail);
	return fill(ret_glob, FILLER, type) && glob_match(a, type) && glob_match(b, type);
}

/* Of globs that end in their only star, one lies in the other or they have nothing in common. */
static bool
is_prefix_glob(const char *glob)
{
	return strchr(glob, '*')[1] == '\0';
}

static enum consign_err
put_overlaps(struct listing *l)
{
	char glob[2 * CONSIGN_TYPE_MAX_BYTES + 2], type[CONSIGN_TYPE_MAX_BYTES + 1];
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < l->n_globs; i++)
		for (size_t j = is_prefix_glob(l->globs[i]) ? l->n_globs : 0; err == CONSIGN_OK && j < l->n_globs; j++)
			if (i != j && overlap(l->globs[i], l->globs[j], glob) && fill(glob, FILLER, type))
				err = put_type(l, type, glob, true);
	return err;
}

enum consign_err
policy_types_list(const struct policy_view *const *views, size_t n, struct arena *arena, struct asked_types *ret_types)
{
	struct listing l = {.arena = arena, .types = ret_types};
	const struct catalogue_type *type;
	enum consign_err err = CONSIGN_OK;

	*ret_types = (struct asked_types){.v = arena_alloc(arena, POLICY_TYPES_MAX * sizeof *ret_types->v)};
	l.globs = arena_alloc(arena, POLICY_TYPES_MAX * sizeof *l.globs);
	if (ret_types->v == NULL || l.globs == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && (type = catalogue_at(i)) != NULL; i++)
		err = put_type(&l, catalogue_type_name(type), catalogue_type_name(type), false);
	for (size_t v = 0; err == CONSIGN_OK && v < n; v++) {
		for (size_t i = 0; err == CONSIGN_OK && views[v]->common != NULL && i < views[v]->common->rules.n; i++)
			err = put_rule_types(&l, views[v]->common->rules.v[i]);
		for (size_t i = 0; i < views[v]->n_studies; i++)
			for (size_t j = 0; err == CONSIGN_OK && j < views[v]->studies[i]->rules.n; j++)
				err = put_rule_types(&l, views[v]->studies[i]->rules.v[j]);
	}
	if (err == CONSIGN_OK)
		err = put_overlaps(&l);
	qsort(ret_types->v, ret_types->n, sizeof *ret_types->v, by_shown);
	names_clear(&l.seen);
	names_clear(&l.seen_globs);
	return err;
}

/* Whether all types of the list that a glob matches are among the places. */
static bool
covers_only(const struct asked_types *types, const char *glob, const bool *among)
{
	for (size_t i = 0; i < types->n; i++)
		if (!among[i] && glob_match(glob, types->v[i].type))
			return false;
	return true;
}

size_t
policy_types_fold(const struct asked_types *types, const size_t *places, size_t n, const char **ret_shown)
{
	bool among[POLICY_TYPES_MAX] = {false}, is_covered[POLICY_TYPES_MAX] = {false};
	size_t shown = 0;

	for (size_t i = 0; i < n; i++)
		among[places[i]] = true;
	for (size_t i = 0; i < n; i++) {
		const struct asked_type *glob = &types->v[places[i]];

		if (!glob->is_glob || !covers_only(types, glob->shown, among))
			continue;
		for (size_t j = 0; j < n; j++)
			if (j != i && strcmp(types->v[places[j]].shown, glob->shown) != 0 && glob_match(glob->shown, types->v[places[j]].type))
				is_covered[places[j]] = true;
	}
	for (size_t i = 0; i < n; i++)
		if (!is_covered[places[i]])
			ret_shown[shown++] = types->v[places[i]].shown;
	return shown;
}
