/* See business.h. */
#include "business.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalogue/payload.h"
#include "core/text.h"
#include "print.h"

void
business_clear(struct business *b)
{
	arena_free(&b->arena);
	*b = (struct business){0};
}

static enum consign_err
read_quietly(const struct catalogue_type *type, const char *media_type, struct consign_slice content, struct problems *problems,
    struct business *ret_business)
{
	struct business b = {.type = type};
	enum consign_err err = arena_new(BUSINESS_ARENA_BYTES(content.len), &b.arena);

	if (err == CONSIGN_OK && strcmp(media_type, PAYLOAD_JSON) == 0)
		err = business_from_json(type, content, b.arena, problems, &b.message);
	else if (err == CONSIGN_OK)
		err = business_decode(type, content, b.arena, problems, &b.message);
	if (err == CONSIGN_OK)
		*ret_business = b;
	else
		business_clear(&b);
	return err;
}

enum consign_err
business_read(const struct catalogue_type *type, const char *media_type, struct consign_slice content, struct business *ret_business)
{
	struct problems problems = {0};
	enum consign_err err = read_quietly(type, media_type, content, &problems, ret_business);

	if (err == CONSIGN_E_NO_MEMORY) {
		say_error("out of memory");
	} else if (err != CONSIGN_OK) {
		say_error("no message of the type %s:", catalogue_type_name(type));
		say_problems(&problems);
		err = CONSIGN_E_DENIED;
	}
	problems_clear(&problems);
	return err;
}

enum consign_err
business_of(const struct consign_message *m, struct business *ret_business)
{
	const struct catalogue_type *type = catalogue_find(m->type);
	struct problems problems = {0};
	enum consign_err err = type == NULL ? CONSIGN_E_MALFORMED : read_quietly(type, m->media_type, m->content, &problems, ret_business);

	problems_clear(&problems);
	return err;
}

/* ── problems ── */

/* Both kinds are the same texts. */
static struct consign_problem
stated(const struct problem *p)
{
	return (struct consign_problem){p->path, p->rule, p->found, p->expected};
}

static void
say_problem(const struct consign_problem *p)
{
	say_note("  %s%sfound %s, expected %s (%s)", p->path, p->path[0] != '\0' ? ": " : "", p->found, p->expected, p->rule);
}

static void
say_rest(size_t total, size_t n)
{
	if (total > n)
		say_note("  and %zu more", total - n);
}

void
say_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		struct consign_problem p = stated(&problems->v[i]);

		say_problem(&p);
	}
	say_rest(problems->total, problems->n);
}

void
say_stated_problems(const struct consign_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		say_problem(&problems->v[i]);
	say_rest(problems->total, problems->n);
}

static json_t *
json_problem(const struct consign_problem *p)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "path", p->path, "rule", p->rule, "found", p->found, "expected", p->expected);
}

json_t *
json_problems(const struct problems *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->n; i++) {
		struct consign_problem p = stated(&problems->v[i]);

		json_array_append_new(list, json_problem(&p));
	}
	return list;
}

json_t *
json_stated_problems(const struct consign_problems *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->n; i++)
		json_array_append_new(list, json_problem(&problems->v[i]));
	return list;
}

json_t *
json_refusal_with(enum consign_code code, const char *rule, const char *detail, const struct consign_problems *problems)
{
	json_t *json = json_refusal(code, rule, detail);

	if (json_is_object(json) && problems->total > 0) {
		json_object_set_new(json, "problems", json_stated_problems(problems));
		json_object_set_new(json, "problems_total", json_integer((json_int_t)problems->total));
	}
	return json;
}

/* ── messages ── */

enum consign_err
print_content(struct consign_slice content, const char *how)
{
	if (isatty(STDOUT_FILENO) == 1 && !text_is(CHARSET_TEXT, content)) {
		say_error("these bytes are not plain text, and could act on the terminal");
		say_hint("`consign %s > FILE` writes them to a file", how);
		return CONSIGN_E_DENIED;
	}
	return print_bytes(content) == CONSIGN_OK ? CONSIGN_OK : say_lost_output();
}

json_t *
json_business(const struct business *b)
{
	struct buf text = {0};
	json_t *json = NULL;

	if (business_to_json(b->message, 0, &text) == CONSIGN_OK)
		json = json_loadb((const char *)text.data, text.len, 0, NULL);
	buf_wipe(&text);
	return json;
}

json_t *
json_message_with_content(const struct consign_message *m)
{
	struct business b = {0};

	if (catalogue_find(m->type) == NULL || business_of(m, &b) != CONSIGN_OK)
		return json_message(m, true);
	json_t *json = json_message(m, false), *message = json_business(&b);

	business_clear(&b);
	if (json == NULL || message == NULL || json_object_set_new(json, "message", message) != 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}
