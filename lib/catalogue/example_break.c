/*
 * Examples that break one rule each: the full example, with one thing put wrong. They are counted as the description is walked, and only the
 * one that is asked for is made.
 *
 * Each field of the type is put wrong in every way that its row forbids. The inside of a part is shown where a field of the type holds it;
 * deeper down, once for each part.
 */
#include <stdlib.h>
#include <string.h>

#include "catalogue/check.h"
#include "catalogue/example_tree.h"
#include "catalogue/formats.h"
#include "core/text.h"

#define PARTS_MAX 128u
/* Longer lists would only make long examples. */
#define COUNT_SHOWN_MAX 1000u

struct breaking {
	const struct catalogue_type *t;
	size_t left; /* to pass before the one that is wanted */
	bool done;
	enum consign_err err;
	json_t *tree; /* the full example, which is put wrong */
	json_t *all;  /* what it was made of; NULL until needed */
	struct example_broken broken;
	const struct catalogue_message *seen[PARTS_MAX]; /* parts whose inside was shown deeper down */
	size_t n_seen;
};

/* Whether this is the one; then the full example stands ready. */
static bool
is_wanted(struct breaking *b)
{
	if (b->done || b->left-- > 0)
		return false;
	b->done = true;
	b->err = example_tree(b->t, EXAMPLE_FULL, &b->tree);
	if (b->err != CONSIGN_OK)
		return false;
	return true;
}

/* The object at a place of a tree; NULL: there is none. */
static json_t *
look(json_t *tree, const struct place *at)
{
	char key[EXAMPLE_KEY_BYTES];
	json_t *value;

	if (at == NULL)
		return tree;
	example_key(at->name, key);
	value = json_object_get(look(tree, at->outer), key);
	return at->index == SIZE_MAX ? value : json_array_get(value, at->index);
}

/* The object at a place of the example, which is made when the example does without it. */
static json_t *
reach(struct breaking *b, const struct place *at)
{
	json_t *object = look(b->tree, at), *outer, *whole;

	if (object != NULL)
		return object;
	outer = reach(b, at->outer);
	if (b->all == NULL)
		b->all = example_all(b->t, &b->t->message);
	whole = look(b->all, at);
	whole = whole == NULL ? json_object() : json_deep_copy(whole);
	if (at->index == SIZE_MAX) {
		tree_put(outer, at->name, whole);
	} else {
		json_t *list = json_array();

		(void)json_array_append_new(list, whole);
		tree_put(outer, at->name, list);
	}
	return look(b->tree, at);
}

/* Says what is wrong where: `field` may be NULL for the place itself. */
static void
say(struct breaking *b, const char *rule, const struct place *at, const char *field, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void
say(struct breaking *b, const char *rule, const struct place *at, const char *field, const char *format, ...)
{
	char words[sizeof b->broken.what];
	va_list args;

	b->broken.rule = rule;
	place_path(at, field, b->broken.path);
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	if (words[0] == ' ')
		snprintf(b->broken.what, sizeof b->broken.what, "%.100s%.50s", b->broken.path, words);
	else
		snprintf(b->broken.what, sizeof b->broken.what, "%.50s%s%.100s", words, b->broken.path[0] == '\0' ? "" : " ", b->broken.path);
}

/* ── texts and numbers ── */

/* Puts a value: into the field, or as the only element of its list. */
static void
put_value(struct breaking *b, const struct place *at, const struct catalogue_field *row, json_t *value)
{
	json_t *list = NULL;

	if (row->max_count != 0) {
		list = json_array();
		(void)json_array_append_new(list, value);
	}
	tree_put(reach(b, at), row->name, list == NULL ? value : list);
}

static void
break_with(struct breaking *b, const struct place *at, const struct catalogue_field *row, const char *rule, json_t *value)
{
	struct place element = {at, row->name, 0};
	char *words = json_dumps(value, JSON_ENCODE_ANY);

	put_value(b, at, row, value);
	say(b, rule, row->max_count == 0 ? at : &element, row->max_count == 0 ? row->name : NULL, " %s", words == NULL ? "" : words);
	free(words);
}

static json_t *
letters(size_t n)
{
	char *text = malloc(n);
	json_t *value;

	if (text == NULL)
		return NULL;
	memset(text, 'a', n);
	value = json_stringn(text, n);
	free(text);
	return value;
}

static json_t *
zeros(size_t n)
{
	uint8_t *bytes = calloc(1, n);
	struct buf text = {0};
	json_t *value = NULL;

	if (bytes != NULL && base64_format(slice_of(bytes, n), &text) == CONSIGN_OK)
		value = json_stringn((const char *)text.data, text.len);
	buf_clear(&text);
	free(bytes);
	return value;
}

static void
break_length(struct breaking *b, const struct place *at, const struct catalogue_field *row)
{
	uint32_t max = row->max_bytes != 0 ? row->max_bytes : format_of(row->format)->max_bytes;
	struct place element = {at, row->name, 0};

	if (max == 0 || !is_wanted(b))
		return;
	put_value(b, at, row, row->format == FORMAT_BYTES ? zeros((size_t)max + 1) : letters((size_t)max + 1));
	say(b, "length", row->max_count == 0 ? at : &element, row->max_count == 0 ? row->name : NULL, " of %u bytes", max + 1);
}

/* A number beyond a limit: the next whole one. Limits of descriptions are far within a long long. */
static json_t *
beyond(const struct catalogue_field *row, const char *limit, int step)
{
	long long number = strtoll(limit, NULL, 10) + step;

	return row->format == FORMAT_NUMBER ? json_integer(number) : json_sprintf("%lld", number);
}

/* holder: the row that is given the number, which for a quantity is that of its value. */
static void
break_range(struct breaking *b, const struct place *at, const struct catalogue_field *row, const struct catalogue_field *holder)
{
	if (row->lo != NULL && is_wanted(b))
		break_with(b, at, holder, "range", beyond(row, row->lo, -1));
	if (row->hi != NULL && is_wanted(b))
		break_with(b, at, holder, "range", beyond(row, row->hi, +1));
}

static void
break_value(struct breaking *b, const struct place *at, const struct catalogue_field *row)
{
	const struct format *format = format_of(row->format);

	if ((row->format == FORMAT_CODE || row->format == FORMAT_STATE) && is_wanted(b))
		break_with(b, at, row, "code", json_string("no-such-code"));
	if (format->bad != NULL && is_wanted(b))
		break_with(b, at, row, "format", json_loads(format->bad, JSON_DECODE_ANY, NULL));
	if (format->holds != NULL || row->format == FORMAT_BYTES)
		break_length(b, at, row);
	if (row->format == FORMAT_DECIMAL || row->format == FORMAT_NUMBER)
		break_range(b, at, row, row);
}

/* ── parts ── */

/* A row of a part by its name. */
static const struct catalogue_field *
row_named(const struct catalogue_message *part, const char *name)
{
	return path_find(part, NULL, name).row;
}

/* Puts the part anew, from two of its fields: the second may be NULL. */
static void
put_part(struct breaking *b, const struct place *here, const char *name, const char *value, const char *other, const char *other_value)
{
	json_t *part = reach(b, here);

	json_object_clear(part);
	tree_put(part, name, json_string(value));
	if (other != NULL)
		tree_put(part, other, json_string(other_value));
}

/* A date of the next coarser precision that ISO 8601 can write. */
static const char *
coarser(enum catalogue_precision least)
{
	switch (least) {
	case PRECISION_MONTH:
		return "2026";
	case PRECISION_DAY:
		return "2026-03";
	case PRECISION_HOUR:
	case PRECISION_MINUTE:
		return "2026-03-02";
	case PRECISION_SECOND:
		return "2026-03-02T09:14+01:00";
	case PRECISION_FRACTION:
		return "2026-03-02T09:14:07+01:00";
	default:
		return NULL;
	}
}

/* What the row of a field forbids its part. */
static void
break_part_of(struct breaking *b, const struct place *here, const struct catalogue_field *row)
{
	const struct catalogue_message *part = row->part;
	const char *coarse = coarser(row->least);

	if (part->shape != SHAPE_PLAIN && part->shape != SHAPE_ORIGINAL && !row->may_be_null && is_wanted(b)) {
		put_part(b, here, "null_flavor", "UNK", NULL, NULL);
		say(b, "null-flavour", here, "null_flavor", " \"UNK\"");
	}
	if (coarse != NULL && is_wanted(b)) {
		put_part(b, here, "text", coarse, NULL, NULL);
		say(b, "date.least", here, "text", " \"%s\"", coarse);
	}
	if (row->has_offset && is_wanted(b)) {
		put_part(b, here, "text", "2026-03-02T09:14:07.5", NULL, NULL);
		say(b, "date.no-offset", here, "text", " without an offset");
	}
	if (part->shape == SHAPE_CODED && row->codes != NULL && is_wanted(b))
		break_with(b, here, row_named(part, "code"), "code", json_string("no-such-code"));
	if (part->shape == SHAPE_QUANTITY) {
		break_range(b, here, row, row_named(part, "value"));
		if (row->unit != NULL && is_wanted(b))
			break_with(b, here, row_named(part, "unit"), "unit", json_string(strcmp(row->unit, "kg") == 0 ? "g" : "kg"));
	}
}

/* What the engine knows of a shape. */
static void
break_shape(struct breaking *b, const struct place *here, const struct catalogue_message *part)
{
	if (part->shape == SHAPE_WHEN) {
		if (is_wanted(b)) {
			put_part(b, here, "text", "2026-03-02", "precision", "minute");
			say(b, "date.precision", here, "precision", " \"minute\" of a day");
		}
		if (is_wanted(b)) {
			put_part(b, here, "text", "2026-03-02T09:14:07+01:00", "offset", "+02:00");
			say(b, "date.offset", here, "offset", " \"+02:00\" beside +01:00");
		}
		if (is_wanted(b)) {
			put_part(b, here, "text", "2026-03-02", "offset", "+01:00");
			say(b, "date.offset-of", here, "offset", " beside a day");
		}
	}
	if (part->shape == SHAPE_ORIGINAL) {
		if (is_wanted(b)) {
			tree_put(reach(b, here), "size", json_integer(4));
			say(b, "original.size", here, "size", " 4 of 3 bytes");
		}
		if (is_wanted(b)) {
			json_t *zero = json_sprintf("%064d", 0);

			tree_put(reach(b, here), "sha256", zero);
			say(b, "original.digest", here, "sha256", " of other bytes");
		}
	}
}

/* Whether the inside of a part is shown here: deeper down only the first time. */
static bool
shows_inside(struct breaking *b, const struct place *at, const struct catalogue_message *part)
{
	if (at == NULL)
		return true;
	for (size_t i = 0; i < b->n_seen; i++)
		if (b->seen[i] == part)
			return false;
	if (b->n_seen < PARTS_MAX)
		b->seen[b->n_seen++] = part;
	return true;
}

static void break_message(struct breaking *b, const struct place *at, const struct catalogue_message *d);

/* ── fields ── */

static void
break_presence(struct breaking *b, const struct place *at, const struct catalogue_field *row)
{
	char key[EXAMPLE_KEY_BYTES];

	example_key(row->name, key);
	if (row->need == MANDATORY && is_wanted(b)) {
		(void)json_object_del(reach(b, at), key);
		say(b, "mandatory", at, row->name, "without");
	}
	if (row->least_label > CONSIGN_LABEL_OPEN && is_wanted(b)) {
		json_t *object = reach(b, at);

		if (json_object_get(object, key) == NULL)
			put_value(b, at, row, example_value(b->t, row));
		b->broken.label = row->least_label - 1;
		say(b, "label", at, row->name, " under the label %s", consign_label_text(b->broken.label));
	}
}

static void
break_count(struct breaking *b, const struct place *at, const struct catalogue_field *row)
{
	json_t *list, *value;

	if (row->max_count == 0 || row->max_count > COUNT_SHOWN_MAX || !is_wanted(b))
		return;
	list = json_array();
	value = example_value(b->t, row);
	if (json_is_array(value)) {
		json_t *first = json_incref(json_array_get(value, 0));

		json_decref(value);
		value = first;
	}
	for (uint32_t i = 0; i <= row->max_count; i++)
		(void)json_array_append(list, value);
	json_decref(value);
	tree_put(reach(b, at), row->name, list);
	say(b, "count", at, row->name, " with %u elements", row->max_count + 1);
}

static void
break_message(struct breaking *b, const struct place *at, const struct catalogue_message *d)
{
	for (unsigned i = 0; i < d->descriptor->n_fields && !b->done; i++) {
		const struct catalogue_field *row = &d->fields[i];
		struct place here = {at, row->name, row->max_count != 0 ? 0 : SIZE_MAX};

		break_presence(b, at, row);
		break_count(b, at, row);
		if (row->part == NULL) {
			break_value(b, at, row);
			continue;
		}
		break_part_of(b, &here, row);
		if (shows_inside(b, at, row->part)) {
			break_shape(b, &here, row->part);
			break_message(b, &here, row->part);
		}
	}
}

/* ── rules ── */

static void
break_rule(struct breaking *b, const struct catalogue_rule *rule)
{
	json_t *patch = NULL;
	struct buf words = {0};
	size_t len;

	if (rule->breaks == NULL || !is_wanted(b))
		return;
	patch = json_loads(rule->breaks, 0, NULL);
	b->err = example_patch_words(rule->breaks, &words);
	if (patch == NULL || b->err != CONSIGN_OK) {
		b->err = CONSIGN_E_NO_MEMORY;
		goto out;
	}
	tree_merge(b->tree, patch);
	b->broken.rule = rule->id;
	b->broken.path[0] = '\0';
	len = words.len < sizeof b->broken.what ? words.len : sizeof b->broken.what - 1;
	while (len < words.len && len > 0 && (words.data[len] & 0xc0) == 0x80)
		len--; /* cut between characters */
	memcpy(b->broken.what, words.data, len);
	b->broken.what[len] = '\0';
out:
	buf_clear(&words);
	json_decref(patch);
}

enum consign_err
example_break(const struct catalogue_type *t, size_t i, struct example_broken *ret_broken, struct buf *json)
{
	struct breaking b = {.t = t, .left = i};

	if (t->least_label > CONSIGN_LABEL_OPEN && is_wanted(&b)) {
		b.broken.label = t->least_label - 1;
		say(&b, "label", NULL, NULL, "under the label %s", consign_label_text(b.broken.label));
	}
	break_message(&b, NULL, &t->message);
	for (size_t k = 0; k < t->message.n_rules && !b.done; k++)
		break_rule(&b, &t->message.rules[k]);
	if (!b.done)
		b.err = CONSIGN_E_NOT_FOUND;
	if (b.err == CONSIGN_OK)
		b.err = example_text(b.tree, json);
	if (b.err == CONSIGN_OK)
		*ret_broken = b.broken;
	json_decref(b.tree);
	json_decref(b.all);
	return b.err;
}
