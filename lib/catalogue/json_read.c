/*
 * JSON to message: the reader of json.h.
 *
 * One pass, by recursion over objects. A problem inside a value does not end it: the value is passed over and the next key read,
 * so that every problem is listed. A syntax error ends it, because nothing behind one can be trusted to be what it looks like.
 *
 * Invariants   what is open never passes JSON_DEPTH_MAX; a path costs nothing until there is a problem
 *              a message is given out only when there was none
 */
#include "catalogue/json.h"

#include <stdio.h>
#include <string.h>

#include "catalogue/json_scan.h"
#include "catalogue/json_words.h"
#include "core/limits.h"

#define KEY_MAX_BYTES JSON_KEY_MAX_BYTES /* with escapes; a longer key is no field's */
#define SHOWN_BYTES 48u    /* of a number */
#define NO_INDEX SIZE_MAX
/* Off the path of an honest message, so that what is on it stays small. */
#define RARE __attribute__((noinline, cold))

struct frame {
	const ProtobufCFieldDescriptor *field;
	size_t index; /* of the element, or NO_INDEX */
};

struct reader {
	struct json_scan scan;
	struct arena *arena;
	struct problems *problems;
	size_t already; /* problems that were there before */
	unsigned open;  /* objects and lists around the last token */
	unsigned n_frames;
	struct frame frames[JSON_DEPTH_MAX]; /* at most one an object */
};

/* --- names and paths --- */

/*
 * The usual case: the next token is a field's key in lowerCamelCase without escapes. Passes it; NULL, and nothing passed, when it
 * is not. Fields are tried from `guess` on, around the end: writers keep an order.
 */
static const ProtobufCFieldDescriptor *
take_key(struct json_scan *s, const ProtobufCMessageDescriptor *d, unsigned guess)
{
	const ProtobufCFieldDescriptor *f = d->fields + guess;
	const uint8_t *key;
	size_t left;

	json_scan_blanks(s);
	left = (size_t)(s->end - s->pos);
	if (left < 2 || *s->pos != '"')
		return NULL;
	key = s->pos + 1;
	left--;
	for (unsigned n = d->n_fields; n > 0; n--, f = f + 1 < d->fields + d->n_fields ? f + 1 : d->fields) {
		size_t len = f->name[0] == (char)*key ? json_key_match(f->name, key, left) : 0;

		if (len > 0 && len < left && key[len] == '"') {
			s->start = s->pos;
			s->pos = key + len + 1;
			return f;
		}
	}
	return NULL;
}

/* The field of any key; NULL: none. */
static const ProtobufCFieldDescriptor *
find_field(const ProtobufCMessageDescriptor *d, struct consign_slice key)
{
	for (unsigned i = 0; i < d->n_fields; i++)
		if (key.len > 0 && d->fields[i].name[0] == (char)key.data[0] && json_key_is(d->fields[i].name, key))
			return &d->fields[i];
	return NULL;
}

/* The path of what is being read, or of an unknown key in it, which is "?" when it is not made of letters, digits, _ and -. */
static void
put_path(const struct reader *r, const struct consign_slice *key, char ret_path[PROBLEM_PATH_BYTES])
{
	size_t len = 0;

	ret_path[0] = '\0';
	for (unsigned i = 0; i < r->n_frames && len < PROBLEM_PATH_BYTES - 32; i++) {
		const struct frame *f = &r->frames[i];

		if (i > 0)
			ret_path[len++] = '.';
		len += json_key_put(f->field->name, ret_path + len, PROBLEM_PATH_BYTES - 24 - len);
		if (f->index != NO_INDEX)
			len += (size_t)snprintf(ret_path + len, PROBLEM_PATH_BYTES - len, "[%zu]", f->index);
	}
	if (key != NULL)
		(void)snprintf(ret_path + len, PROBLEM_PATH_BYTES - len, "%s%.*s", len > 0 ? "." : "",
		    json_is_plain_key(*key) ? (int)key->len : 1, json_is_plain_key(*key) ? (const char *)key->data : "?");
}

/* --- problems --- */

/* Beyond the list's end a problem is only counted, and must not cost a stranger's text times our words. */
static bool
is_full(const struct reader *r)
{
	if (r->problems->n < CONSIGN_PROBLEMS_MAX)
		return false;
	problems_add_words(r->problems, "", "", "", "");
	return true;
}

static RARE void
problem(struct reader *r, const char *rule, const char *found, const char *expected)
{
	char path[PROBLEM_PATH_BYTES];

	if (is_full(r))
		return;
	put_path(r, NULL, path);
	problems_add_words(r->problems, path, rule, found, expected);
}

static RARE void
problem_of_text(struct reader *r, const char *rule, const char *expected)
{
	char path[PROBLEM_PATH_BYTES];

	if (is_full(r))
		return;
	put_path(r, NULL, path);
	problems_add(r->problems, path, rule, r->scan.text, expected);
}

/* The token t does not belong here. */
static RARE enum consign_err
syntax(struct reader *r, enum json_token t, const char *expected)
{
	char found[PROBLEM_FOUND_BYTES];

	json_scan_name_place(&r->scan, found, sizeof found);
	problem(r, "json", found, t == JSON_BAD && r->scan.expected != NULL ? r->scan.expected : expected);
	return CONSIGN_E_MALFORMED;
}

/* Passes over the value that t begins. */
static enum consign_err
pass_value(struct reader *r, enum json_token t)
{
	return json_scan_skip(&r->scan, t, r->open) ? CONSIGN_OK : syntax(r, JSON_BAD, "a value");
}

/* The number that the last token is, as written, cut. */
static void
name_number(const struct reader *r, char to[SHOWN_BYTES + 8])
{
	struct consign_slice n = r->scan.text;

	(void)snprintf(to, SHOWN_BYTES + 8, "%.*s%s", n.len < SHOWN_BYTES ? (int)n.len : (int)SHOWN_BYTES, (const char *)n.data,
	    n.len > SHOWN_BYTES ? "…" : "");
}

/* A number where text belongs is mostly a decimal: the words show how it is written. */
static RARE void
problem_of_number(struct reader *r, const char *expected, bool text_belongs)
{
	char found[SHOWN_BYTES + 8], words[PROBLEM_EXPECTED_BYTES];
	struct consign_slice n = r->scan.text;

	if (is_full(r))
		return;
	name_number(r, found);
	if (text_belongs) {
		bool is_long = n.len > SHOWN_BYTES || memchr(n.data, 'e', n.len) != NULL || memchr(n.data, 'E', n.len) != NULL;

		(void)snprintf(words, sizeof words, "a decimal is written as text: \"%s\"", is_long ? "48.9" : found);
		expected = words;
	}
	problem(r, "kind", found, expected);
}

/* The value that t begins is not of the field's kind: says so, and passes over it. */
static RARE enum consign_err
wrong_kind(struct reader *r, const ProtobufCFieldDescriptor *f, enum json_token t)
{
	bool is_element = r->frames[r->n_frames - 1].index != NO_INDEX;
	const char *expected = json_name_kind(f, is_element);

	switch (t) {
	case JSON_OBJECT:
		problem(r, "kind", "an object", expected);
		break;
	case JSON_LIST:
		problem(r, "kind", "a list", expected);
		break;
	case JSON_TEXT:
		problem_of_text(r, "kind", expected);
		break;
	case JSON_NUMBER:
		problem_of_number(
		    r, expected, f->type == PROTOBUF_C_TYPE_STRING && (is_element || f->label != PROTOBUF_C_LABEL_REPEATED));
		break;
	case JSON_TRUE:
		problem(r, "kind", "true", expected);
		break;
	case JSON_FALSE:
		problem(r, "kind", "false", expected);
		break;
	case JSON_NULL:
		problem(r, "kind", "null", is_element ? expected : "no key where there is no value: null says nothing");
		break;
	default:
		return syntax(r, t, "a value");
	}
	return pass_value(r, t);
}

/* --- values --- */

/* Whether the last text is text for us; says why not. */
static bool
is_text(struct reader *r)
{
	if (r->scan.flaw == JSON_FLAW_NUL)
		problem(r, "json", "\\u0000", "text without the character U+0000");
	else if (r->scan.flaw == JSON_FLAW_SURROGATE)
		problem(r, "json", "half of a surrogate pair",
		    "whole characters: above U+FFFF two escapes stand together, \\ud83d\\ude00");
	else if (r->scan.text.len == 0)
		problem(r, "empty", "\"\"", "a value, or no key");
	else
		return true;
	return false;
}

/* The last text without escapes and with a NUL behind, in the arena; data NULL when that is spent. */
static struct consign_slice
keep_text(struct reader *r)
{
	struct consign_slice text = r->scan.text;
	uint8_t *data = arena_alloc(r->arena, text.len + 1);

	if (data == NULL)
		return slice_of(NULL, 0);
	if (r->scan.has_escape)
		return slice_of(data, json_unescape(text, data));
	memcpy(data, text.data, text.len);
	return (struct consign_slice){.data = data, .len = text.len};
}

static enum consign_err
read_string(struct reader *r, const ProtobufCFieldDescriptor *f, enum json_token t, void *at)
{
	struct consign_slice text;

	if (t != JSON_TEXT)
		return wrong_kind(r, f, t);
	if (!is_text(r))
		return CONSIGN_OK;
	text = keep_text(r);
	if (text.data == NULL)
		return CONSIGN_E_NO_MEMORY;
	*(char **)at = (char *)(uintptr_t)text.data;
	return CONSIGN_OK;
}

static enum consign_err
read_bytes(
    struct reader *r, const ProtobufCFieldDescriptor *f, enum json_token t, ProtobufCBinaryData *at, protobuf_c_boolean *has)
{
	struct consign_slice text;
	uint8_t *data;
	size_t len;

	if (t != JSON_TEXT)
		return wrong_kind(r, f, t);
	/* No bytes are bytes too: an original may be an empty file. */
	if (r->scan.text.len == 0) {
		*at = (ProtobufCBinaryData){.len = 0, .data = NULL};
		*has = 1;
		return CONSIGN_OK;
	}
	if (!is_text(r))
		return CONSIGN_OK;
	/* \/ is a slash: allowed, rare, and worth a copy. */
	text = r->scan.has_escape ? keep_text(r) : r->scan.text;
	data = text.data == NULL ? NULL : arena_alloc(r->arena, text.len / 4 * 3);
	if (data == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (!json_base64_decode(text, data, &len)) {
		problem_of_text(r, "base64", "base64 with padding, in one line, unused bits zero (RFC 4648 4)");
		return CONSIGN_OK;
	}
	*at = (ProtobufCBinaryData){.len = len, .data = data};
	*has = 1;
	return CONSIGN_OK;
}

static enum consign_err
read_bool(struct reader *r, const ProtobufCFieldDescriptor *f, enum json_token t, protobuf_c_boolean *at, protobuf_c_boolean *has)
{
	if (t != JSON_TRUE && t != JSON_FALSE)
		return wrong_kind(r, f, t);
	*at = t == JSON_TRUE;
	*has = 1;
	return CONSIGN_OK;
}

static enum consign_err
read_int(struct reader *r, const ProtobufCFieldDescriptor *f, enum json_token t, void *at, protobuf_c_boolean *has)
{
	bool is_unsigned = f->type == PROTOBUF_C_TYPE_UINT32;
	char found[SHOWN_BYTES + 8];
	int64_t v;

	if (t != JSON_NUMBER)
		return wrong_kind(r, f, t);
	if (!json_read_whole(r->scan.text, is_unsigned ? 0 : INT32_MIN, is_unsigned ? UINT32_MAX : INT32_MAX, &v)) {
		name_number(r, found);
		problem(r, "range", found,
		    is_unsigned ? "a whole number from 0 to 4294967295, written in digits alone"
				: "a whole number from -2147483648 to 2147483647, written in digits alone");
		return CONSIGN_OK;
	}
	if (is_unsigned)
		*(uint32_t *)at = (uint32_t)v;
	else
		*(int32_t *)at = (int32_t)v;
	*has = 1;
	return CONSIGN_OK;
}

/* --- objects and lists --- */

static enum consign_err read_object(struct reader *r, const ProtobufCMessageDescriptor *d, ProtobufCMessage **ret_message);

/* One text or object: a field's, or an element of a list. */
static enum consign_err
read_pointed(struct reader *r, const ProtobufCFieldDescriptor *f, enum json_token t, void *at)
{
	if (f->type == PROTOBUF_C_TYPE_STRING)
		return read_string(r, f, t, at);
	return t == JSON_OBJECT ? read_object(r, f->descriptor, at) : wrong_kind(r, f, t);
}

/* An element that could not be read: an empty one stands for it, so that nobody who looks at the rest meets a hole. */
static bool
fill_hole(struct reader *r, const ProtobufCFieldDescriptor *f, void **at)
{
	const ProtobufCMessageDescriptor *d = f->type == PROTOBUF_C_TYPE_STRING ? NULL : f->descriptor;

	*at = arena_alloc(r->arena, d == NULL ? 1 : d->sizeof_message);
	if (*at == NULL)
		return false;
	if (d == NULL)
		*(char *)*at = '\0';
	else
		d->message_init(*at);
	return true;
}

/* Makes room for one pointer behind n of them; what is outgrown stays in the arena, less than what is kept. */
static bool
grow(struct reader *r, void ***v, size_t n, size_t *cap)
{
	size_t more = *cap == 0 ? 4 : *cap * 2;
	void **grown;

	if (n < *cap)
		return true;
	grown = arena_alloc(r->arena, more * sizeof *grown);
	if (grown == NULL)
		return false;
	if (n > 0)
		memcpy(grown, *v, n * sizeof *grown);
	*v = grown;
	*cap = more;
	return true;
}

/* The elements, from the token of the first to the closing bracket; index of the frame counts them. */
static enum consign_err
read_elements(struct reader *r, const ProtobufCFieldDescriptor *f, enum json_token t, void ***ret_v)
{
	struct frame *frame = &r->frames[r->n_frames - 1];
	size_t cap = 0, n;
	enum consign_err err;
	void **v = NULL;

	for (n = 0;; t = json_scan_next(&r->scan)) {
		if (n == JSON_COUNT_MAX) {
			frame->index = NO_INDEX;
			problem(r, "count", "more than 20000 elements", "no more than 20000 elements");
		}
		if (n >= JSON_COUNT_MAX) {
			err = pass_value(r, t);
		} else if (grow(r, &v, n, &cap)) {
			frame->index = n;
			v[n] = NULL;
			err = read_pointed(r, f, t, &v[n]);
			if (err == CONSIGN_OK && v[n] == NULL && !fill_hole(r, f, &v[n]))
				err = CONSIGN_E_NO_MEMORY;
		} else {
			err = CONSIGN_E_NO_MEMORY;
		}
		if (err != CONSIGN_OK)
			return err;
		n++;
		t = json_scan_next(&r->scan);
		if (t == JSON_LIST_END)
			break;
		if (t != JSON_COMMA)
			return syntax(r, t, "a comma or ]");
	}
	frame->index = n < JSON_COUNT_MAX ? n : JSON_COUNT_MAX; /* those beyond were passed over */
	*ret_v = v;
	return CONSIGN_OK;
}
_Static_assert(JSON_COUNT_MAX == 20000, "the words above say the number");

static enum consign_err
read_list(struct reader *r, const ProtobufCFieldDescriptor *f, enum json_token t, void ***at, size_t *count)
{
	struct frame *frame = &r->frames[r->n_frames - 1];
	enum consign_err err;

	if (t != JSON_LIST)
		return wrong_kind(r, f, t);
	if (r->open == JSON_DEPTH_MAX)
		return pass_value(r, t);
	r->open++;
	t = json_scan_next(&r->scan);
	if (t == JSON_LIST_END) {
		problem(r, "empty", "[]", "at least one element, or no key");
	} else {
		err = read_elements(r, f, t, at);
		if (err != CONSIGN_OK)
			return err;
		*count = frame->index;
		frame->index = NO_INDEX;
	}
	r->open--;
	return CONSIGN_OK;
}

static enum consign_err
read_value(struct reader *r, const ProtobufCFieldDescriptor *f, ProtobufCMessage *m)
{
	enum json_token t = json_scan_next(&r->scan);
	void *at = (uint8_t *)m + f->offset;
	void *quantifier = (uint8_t *)m + f->quantifier_offset;

	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return read_list(r, f, t, at, quantifier);
	switch (f->type) {
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(r, f, t, at, quantifier);
	case PROTOBUF_C_TYPE_BOOL:
		return read_bool(r, f, t, at, quantifier);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT32:
		return read_int(r, f, t, at, quantifier);
	default:
		return read_pointed(r, f, t, at);
	}
}

/* The colon behind a key; then the value is next. */
static enum consign_err
read_colon(struct reader *r)
{
	enum json_token t;

	if (json_scan_take(&r->scan, ':'))
		return CONSIGN_OK;
	t = json_scan_next(&r->scan);
	return t == JSON_COLON ? CONSIGN_OK : syntax(r, t, "a colon");
}

/*
 * The last token is a key that take_key did not know: of another spelling, or of no field; then *ret_field is NULL and the value
 * is passed over.
 */
static RARE enum consign_err
read_odd_key(struct reader *r, const ProtobufCMessageDescriptor *d, const ProtobufCFieldDescriptor **ret_field)
{
	char path[PROBLEM_PATH_BYTES], expected[PROBLEM_EXPECTED_BYTES];
	uint8_t unescaped[KEY_MAX_BYTES];
	struct consign_slice key = r->scan.text;
	const ProtobufCFieldDescriptor *f = NULL;
	enum consign_err err;

	if (r->scan.flaw == JSON_FLAWLESS && key.len <= sizeof unescaped) {
		if (r->scan.has_escape)
			key = slice_of(unescaped, json_unescape(key, unescaped));
		f = find_field(d, key);
	}
	if (f == NULL && !is_full(r)) {
		put_path(r, &key, path);
		json_name_keys(d, expected);
		problems_add(r->problems, path, "unknown", key, expected);
	}
	if (f == NULL) {
		err = read_colon(r);
		if (err == CONSIGN_OK)
			err = pass_value(r, json_scan_next(&r->scan));
		if (err != CONSIGN_OK)
			return err;
	}
	*ret_field = f;
	return CONSIGN_OK;
}

/* What stands behind the key of f. seen: a bit a field. */
static enum consign_err
read_field(struct reader *r, const ProtobufCFieldDescriptor *f, ProtobufCMessage *m, uint64_t *seen)
{
	unsigned i = (unsigned)(f - m->descriptor->fields);
	enum consign_err err;

	if (!json_knows(f))
		return CONSIGN_E_USAGE;
	r->frames[r->n_frames++] = (struct frame){.field = f, .index = NO_INDEX};
	err = read_colon(r);
	if (err != CONSIGN_OK)
		return err;
	if (seen[i / 64] >> (i % 64) & 1) {
		problem(r, "duplicate", "the key once more", "each key once, whichever way it is spelled");
		err = pass_value(r, json_scan_next(&r->scan));
	} else {
		seen[i / 64] |= UINT64_C(1) << (i % 64);
		err = read_value(r, f, m);
	}
	r->n_frames--;
	return err;
}

/* The keys and values up to the closing brace. */
static enum consign_err
read_members(struct reader *r, ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	uint64_t seen[JSON_FIELDS_MAX / 64] = {0};
	const ProtobufCFieldDescriptor *f;
	enum consign_err err;
	enum json_token t;
	unsigned guess = 0;

	for (bool is_first = true;; is_first = false) {
		f = take_key(&r->scan, d, guess);
		if (f == NULL) {
			t = json_scan_next(&r->scan);
			/* A comma promises a key. */
			if (t == JSON_OBJECT_END && is_first)
				return CONSIGN_OK;
			if (t != JSON_TEXT)
				return syntax(r, t, is_first ? "a key in quotes, or }" : "a key in quotes");
			err = read_odd_key(r, d, &f);
			if (err != CONSIGN_OK)
				return err;
		}
		if (f != NULL) {
			guess = (unsigned)(f - d->fields) + 1;
			if (guess == d->n_fields)
				guess = 0;
			err = read_field(r, f, m, seen);
			if (err != CONSIGN_OK)
				return err;
		}
		if (json_scan_take(&r->scan, ','))
			continue;
		t = json_scan_next(&r->scan);
		if (t == JSON_OBJECT_END)
			return CONSIGN_OK;
		if (t != JSON_COMMA)
			return syntax(r, t, "a comma or }");
	}
}

/* The last token is the opening brace. */
static enum consign_err
read_object(struct reader *r, const ProtobufCMessageDescriptor *d, ProtobufCMessage **ret_message)
{
	enum consign_err err;
	ProtobufCMessage *m;

	if (d->n_fields > JSON_FIELDS_MAX)
		return CONSIGN_E_USAGE;
	if (r->open == JSON_DEPTH_MAX)
		return pass_value(r, JSON_OBJECT);
	m = arena_alloc(r->arena, d->sizeof_message);
	if (m == NULL)
		return CONSIGN_E_NO_MEMORY;
	d->message_init(m);
	r->open++;
	err = read_members(r, m);
	if (err != CONSIGN_OK)
		return err;
	r->open--;
	*ret_message = m;
	return CONSIGN_OK;
}

/* The whole text is no object: says so, unless it is no JSON at all. */
static enum consign_err
read_other(struct reader *r, enum json_token t)
{
	static const char *const kinds[] = {
	    [JSON_LIST] = "a list",
	    [JSON_TEXT] = "text",
	    [JSON_NUMBER] = "a number",
	    [JSON_TRUE] = "true",
	    [JSON_FALSE] = "false",
	    [JSON_NULL] = "null",
	};

	if (t >= sizeof kinds / sizeof kinds[0] || kinds[t] == NULL)
		return syntax(r, t, "an object: {");
	problem(r, "kind", kinds[t], "an object");
	return pass_value(r, t);
}

enum consign_err
json_read(const ProtobufCMessageDescriptor *descriptor, struct consign_slice text, struct arena *arena, struct problems *problems,
    ProtobufCMessage **ret_message)
{
	struct reader r; /* frames are written before they are read */
	ProtobufCMessage *m = NULL;
	enum json_token t;
	enum consign_err err;

	if (text.len > CONSIGN_LOCAL_CONTENT_MAX_BYTES)
		return CONSIGN_E_TOO_BIG;
	r.scan = json_scan_over(text);
	r.arena = arena;
	r.problems = problems;
	r.already = problems->total;
	r.open = 0;
	r.n_frames = 0;
	t = json_scan_next(&r.scan);
	err = t == JSON_OBJECT ? read_object(&r, descriptor, &m) : read_other(&r, t);
	if (err != CONSIGN_OK)
		return err;
	t = json_scan_next(&r.scan);
	if (t != JSON_END)
		return syntax(&r, t, "nothing behind the message");
	*ret_message = m;
	return problems->total != r.already ? CONSIGN_E_MALFORMED : CONSIGN_OK;
}
