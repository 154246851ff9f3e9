/*
 * Counting changes (policy_changes.h). Both sides are put into words in one form, a text for each study and each rule; two
 * say the same when their texts are equal.
 */
#include "policy_changes.h"

#include <stdlib.h>
#include <string.h>

/* A study or a rule: its id, and what it says. */
struct said {
	const char *id;
	size_t at, len; /* in words */
};

struct words_list {
	struct said *v;
	size_t n;
	struct buf words;
};

static void
clear_list(struct words_list *l)
{
	free(l->v);
	buf_clear(&l->words);
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct said *)a)->id, ((const struct said *)b)->id);
}

static enum consign_err
list_studies(const struct policy_view *view, struct words_list *ret_list)
{
	enum consign_err err = CONSIGN_OK;

	ret_list->v = calloc(view->n_studies + 1, sizeof *ret_list->v);
	if (ret_list->v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; err == CONSIGN_OK && i < view->n_studies; i++) {
		size_t at = ret_list->words.len;

		err = policy_view_study(view->studies[i], &ret_list->words);
		ret_list->v[ret_list->n++] = (struct said){view->studies[i]->id.s, at, ret_list->words.len - at};
	}
	qsort(ret_list->v, ret_list->n, sizeof *ret_list->v, by_id);
	return err;
}

struct putting {
	struct words_list *list;
	enum consign_err err;
};

static void
put_rule_words(void *context, const char *id, struct consign_slice words)
{
	struct putting *p = context;
	struct words_list *l = p->list;
	size_t at = l->words.len;

	if (p->err == CONSIGN_OK)
		p->err = buf_append(&l->words, words);
	l->v[l->n++] = (struct said){id, at, words.len};
}

static enum consign_err
list_rules(const struct policy_view *view, struct words_list *ret_list)
{
	struct putting p = {.list = ret_list, .err = CONSIGN_OK};
	size_t n;
	enum consign_err err = policy_view_count(view, &n);

	if (err != CONSIGN_OK)
		return err;
	ret_list->v = calloc(n + 1, sizeof *ret_list->v);
	if (ret_list->v == NULL)
		return CONSIGN_E_NO_MEMORY;
	err = policy_view_each_rule(view, put_rule_words, &p);
	qsort(ret_list->v, ret_list->n, sizeof *ret_list->v, by_id);
	return err == CONSIGN_OK ? p.err : err;
}

static bool
says_the_same(const struct words_list *a, const struct said *x, const struct words_list *b, const struct said *y)
{
	return slice_equal(slice_of(a->words.data + x->at, x->len), slice_of(b->words.data + y->at, y->len));
}

/* Two sorted lists side by side. */
static struct change_count
compare(const struct words_list *a, const struct words_list *b)
{
	struct change_count c = {0};
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		int order = i == a->n ? 1 : j == b->n ? -1 : strcmp(a->v[i].id, b->v[j].id);

		if (order < 0)
			c.removed++;
		else if (order > 0)
			c.added++;
		else
			c.changed += !says_the_same(a, &a->v[i], b, &b->v[j]);
		i += order <= 0;
		j += order >= 0;
	}
	return c;
}

static enum consign_err
count(enum consign_err (*list)(const struct policy_view *view, struct words_list *ret_list), const struct policy_view *before,
    const struct policy_view *after, struct change_count *ret_count)
{
	struct words_list a = {0}, b = {0};
	enum consign_err err = list(before, &a);

	if (err == CONSIGN_OK)
		err = list(after, &b);
	if (err == CONSIGN_OK)
		*ret_count = compare(&a, &b);
	clear_list(&a);
	clear_list(&b);
	return err;
}

enum consign_err
policy_changes_count(const struct policy_view *before, const struct policy_view *after, struct policy_changes *ret_changes)
{
	struct policy_changes changes;
	enum consign_err err = count(list_studies, before, after, &changes.studies);

	if (err == CONSIGN_OK)
		err = count(list_rules, before, after, &changes.rules);
	if (err == CONSIGN_OK)
		*ret_changes = changes;
	return err;
}
