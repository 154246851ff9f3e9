/* Rules over several fields: one function a kind. What cannot be compared (absent, null flavour, malformed) breaks no rule here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/check.h"
#include "catalogue/formats.h"
#include "core/text.h"

#define UNIQUE_MAX 1024u

struct ruling {
	struct checking *c;
	const struct place *at;
	const struct catalogue_message *d;
	const ProtobufCMessage *m;
	const struct catalogue_rule *rule;
};

static struct found
find(const struct ruling *r, size_t i)
{
	return path_find(r->d, r->m, r->rule->paths[i]);
}

static void
broken_words(const struct ruling *r, size_t i, const char *found)
{
	report_words(r->c, r->at, r->rule->paths[i], r->rule->id, found, r->rule->says);
}

static void
broken(const struct ruling *r, size_t i, struct consign_slice found)
{
	report(r->c, r->at, r->rule->paths[i], r->rule->id, found, r->rule->says);
}

/* Whether text is one of the words, parted by `by`. */
static bool
is_one_of(struct consign_slice text, const char *words, size_t len, char by)
{
	const char *end = words + len;

	while (words <= end) {
		const char *stop = memchr(words, by, (size_t)(end - words));
		size_t n = (size_t)((stop == NULL ? end : stop) - words);

		if (n == text.len && memcmp(words, text.data, n) == 0)
			return true;
		words += n + 1;
	}
	return false;
}

static bool
holds(const struct catalogue_message *d, const ProtobufCMessage *m, const struct catalogue_condition *when)
{
	char buffer[24];

	if (when->test == TEST_NONE)
		return true;
	struct found f = path_find(d, m, when->path);
	struct consign_slice text;

	switch (when->test) {
	case TEST_PRESENT:
		return found_is_present(&f);
	case TEST_ABSENT:
		return !found_is_present(&f);
	default:
		text = found_text(&f, buffer);
		return text.len > 0 && is_one_of(text, when->values, strlen(when->values), '|') == (when->test == TEST_IS);
	}
}

/* Present, and not a flag that says no. */
static bool
counts(const struct found *f)
{
	return found_is_present(f) && (f->field->type != PROTOBUF_C_TYPE_BOOL || field_flag(f->message, f->field));
}

static size_t
n_paths(const struct catalogue_rule *rule)
{
	size_t n = 0;

	while (n < RULE_PATHS_MAX && rule->paths[n] != NULL)
		n++;
	return n;
}

/* ── presence ── */

static void
rule_presence(const struct ruling *r)
{
	struct found f = find(r, 0);
	char buffer[24];

	if (r->rule->kind == RULE_REQUIRED && !found_is_present(&f)) {
		broken_words(r, 0, "nothing");
	} else if (r->rule->kind == RULE_FORBIDDEN && found_is_present(&f)) {
		struct consign_slice text = found_text(&f, buffer);

		if (text.len > 0)
			broken(r, 0, text);
		else
			broken_words(r, 0, "a value");
	}
}

static void
rule_choice(const struct ruling *r)
{
	size_t n = 0, all = n_paths(r->rule);
	char found[32];

	for (size_t i = 0; i < all; i++) {
		struct found f = find(r, i);

		n += counts(&f);
	}
	if (n == 1 || (n > 1 && r->rule->kind == RULE_SOME))
		return;
	snprintf(found, sizeof found, n == 0 ? "none of them" : "%zu of them", n);
	broken_words(r, 0, found);
}

/* ── values ── */

static void
rule_value(const struct ruling *r)
{
	char buffer[24], other[24];
	struct found f = find(r, 0);
	struct consign_slice text = found_text(&f, buffer);

	if (text.len == 0)
		return;
	if (r->rule->kind == RULE_VALUE) {
		if (!is_one_of(text, r->rule->values, strlen(r->rule->values), '|'))
			broken(r, 0, text);
		return;
	}
	struct found g = find(r, 1);

	if (slice_equal(text, found_text(&g, other)))
		broken(r, 0, text);
}

/* A value that has an order: the text of a scalar, or of a date or quantity part. */
struct ordered {
	struct consign_slice text;
	struct consign_slice unit;
	struct date date;
	bool is_date;
	char buffer[24];
};

static bool
read_quantity(const struct found *f, struct ordered *o)
{
	const ProtobufCMessage *part = field_message(f->message, f->field, 0);
	struct found value = path_find(f->row->part, part, "value"), unit = path_find(f->row->part, part, "unit");

	if (!found_is_present(&value) || !found_is_present(&unit))
		return false;
	o->text = field_text(part, value.field, 0);
	o->unit = field_text(part, unit.field, 0);
	return decimal_is(o->text);
}

static bool
read_ordered(const struct ruling *r, size_t i, struct ordered *o)
{
	struct found f = find(r, i);

	*o = (struct ordered){0};
	if (!found_is_present(&f))
		return false;
	if (f.field->type == PROTOBUF_C_TYPE_MESSAGE) {
		o->is_date = f.row->part->shape == SHAPE_WHEN;
		return o->is_date ? when_read(f.row->part, field_message(f.message, f.field, 0), &o->text, &o->date)
				  : f.row->part->shape == SHAPE_QUANTITY && read_quantity(&f, o);
	}
	o->text = found_text(&f, o->buffer);
	return decimal_is(o->text);
}

/* -1, 0, 1; 0 also where there is none between them. */
static int
order_of(const struct ordered *a, const struct ordered *b)
{
	int order;

	if (a->is_date || b->is_date)
		return a->is_date && b->is_date && date_compare(&a->date, &b->date, &order) ? order : 0;
	return slice_equal(a->unit, b->unit) ? decimal_compare(a->text, b->text) : 0;
}

/* Each is held against all before it: between two that have an order may stand one that has none with either (a whole month, another unit). */
static void
rule_order(const struct ruling *r)
{
	struct ordered read[RULE_PATHS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < n_paths(r->rule); i++) {
		bool falls = false;

		if (!read_ordered(r, i, &read[n]))
			continue;
		for (size_t k = 0; k < n && !falls; k++)
			falls = order_of(&read[k], &read[n]) > 0;
		if (falls)
			broken(r, i, read[n].text);
		n++;
	}
}

/* ── lists ── */

static int
by_bytes(const void *a, const void *b)
{
	const struct consign_slice *x = a, *y = b;
	int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void
rule_unique(const struct ruling *r)
{
	struct consign_slice keys[UNIQUE_MAX];
	struct found list = find(r, 0);
	size_t n = 0;

	if (!found_is_present(&list))
		return;
	/* More than any max_count: what is not compared does not pass. */
	if (field_count(list.message, list.field) > UNIQUE_MAX) {
		broken_words(r, 0, "too many to compare");
		return;
	}
	/* test_describe_rules.c: the key is a text. */
	for (size_t i = 0; i < field_count(list.message, list.field); i++) {
		struct found key = path_find(list.row->part, field_message(list.message, list.field, i), r->rule->paths[1]);

		if (found_is_present(&key))
			keys[n++] = field_text(key.message, key.field, 0);
	}
	qsort(keys, n, sizeof *keys, by_bytes);
	for (size_t i = 1; i < n; i++)
		if (slice_equal(keys[i - 1], keys[i])) {
			broken(r, 0, keys[i]);
			return;
		}
}

static void
rule_every(const struct ruling *r)
{
	struct found list = find(r, 0);
	char path[64];

	for (size_t i = 0; list.message != NULL && i < field_count(list.message, list.field); i++) {
		struct found f = path_find(list.row->part, field_message(list.message, list.field, i), r->rule->paths[1]);

		struct consign_slice text = found_is_present(&f) ? field_text(f.message, f.field, 0) : (struct consign_slice){0};

		if (text.len > 0 && is_one_of(text, r->rule->values, strlen(r->rule->values), '|'))
			continue;
		snprintf(path, sizeof path, "%s[%zu].%s", r->rule->paths[0], i, r->rule->paths[1]);
		if (text.len > 0)
			report(r->c, r->at, path, r->rule->id, text, r->rule->says);
		else
			report_words(r->c, r->at, path, r->rule->id, "nothing", r->rule->says);
	}
}

/* The digests of originals were recomputed where they stand (check_parts.c). */
static void
rule_digest(const struct ruling *r)
{
	struct found digest = find(r, 0), list = find(r, 1);
	char buffer[24];
	struct consign_slice text = found_text(&digest, buffer);
	size_t n = list.message == NULL ? 0 : field_count(list.message, list.field);

	if (text.len == 0 || n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct found one = path_find(list.row->part, field_message(list.message, list.field, i), "sha256");

		if (found_is_present(&one) && slice_equal(field_text(one.message, one.field, 0), text))
			return;
	}
	broken(r, 0, text);
}

static void
rule_count(const struct ruling *r)
{
	struct found number = find(r, 0), list = find(r, 1);
	char buffer[24];

	/* A list in a part that is absent has no elements. */
	size_t n = list.message != NULL ? field_count(list.message, list.field) : 0;

	if (found_is_present(&number) && field_number(number.message, number.field) != (int64_t)n)
		broken(r, 0, found_text(&number, buffer));
}

/* ── limits ── */

/* The n-th of the words parted by `|`. */
static const char *
word_at(const char *words, size_t n, size_t *ret_len)
{
	while (n-- > 0)
		words = strchr(words, '|') + 1;
	*ret_len = strcspn(words, "|");
	return words;
}

/* Reads the limit at path i. false: there is one, and it cannot be compared. */
static bool
read_limit(const struct ruling *r, size_t i, struct ordered *ret_limit, bool *ret_is_there)
{
	struct found f = find(r, i);

	*ret_is_there = found_is_present(&f);
	return !*ret_is_there || (read_ordered(r, i, ret_limit) && !ret_limit->is_date);
}

/* paths: verdict, value, low, high. A limit that is absent limits nothing; one that cannot be read (".32", "<5"), or none at all, leaves
   nothing to judge. */
static void
rule_limits(const struct ruling *r)
{
	struct ordered value, low, high;
	bool has_low, has_high;
	char buffer[24];
	struct found verdict = find(r, 0);
	struct consign_slice text = found_text(&verdict, buffer);
	size_t at = 1, len;

	if (text.len == 0 || !read_ordered(r, 1, &value) || value.is_date)
		return;
	if (!read_limit(r, 2, &low, &has_low) || !read_limit(r, 3, &high, &has_high) || (!has_low && !has_high))
		return;
	if (has_low && decimal_compare(value.text, low.text) < 0)
		at = 0;
	else if (has_high && decimal_compare(value.text, high.text) > 0)
		at = 2;
	if (r->rule->kind == RULE_WITHIN)
		at = at == 1 ? 0 : 1; /* values: inside | outside */
	const char *words = word_at(r->rule->values, at, &len);

	if (!is_one_of(text, words, len, ','))
		broken(r, 0, text);
}

void
check_rule(struct checking *c, const struct place *at, const struct catalogue_message *d, const ProtobufCMessage *m, const struct catalogue_rule *rule)
{
	static void (*const kinds[])(const struct ruling *) = {
	    [RULE_REQUIRED] = rule_presence,
	    [RULE_FORBIDDEN] = rule_presence,
	    [RULE_SOME] = rule_choice,
	    [RULE_ONE] = rule_choice,
	    [RULE_VALUE] = rule_value,
	    [RULE_ORDER] = rule_order,
	    [RULE_DIFFER] = rule_value,
	    [RULE_UNIQUE] = rule_unique,
	    [RULE_EVERY] = rule_every,
	    [RULE_DIGEST] = rule_digest,
	    [RULE_COUNT] = rule_count,
	    [RULE_INDICATOR] = rule_limits,
	    [RULE_WITHIN] = rule_limits,
	};

	struct ruling r = {c, at, d, m, rule};

	if (holds(d, m, &rule->when) && holds(d, m, &rule->and_when))
		kinds[rule->kind](&r);
}

void
check_rules(struct checking *c, const struct place *at, const struct catalogue_message *d, const ProtobufCMessage *m)
{
	for (size_t i = 0; i < d->n_rules; i++)
		check_rule(c, at, d, m, &d->rules[i]);
}
