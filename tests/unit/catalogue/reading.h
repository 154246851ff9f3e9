/* What tests of examples and of their printing share: a JSON text as a message, in an arena of its own. */
#ifndef TESTS_CATALOGUE_READING_H
#define TESTS_CATALOGUE_READING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/describe.h"

struct reading {
	const struct catalogue_type *type;
	struct arena *arena;
	struct problems problems;
	const struct ProtobufCMessage *message; /* NULL: it could not be read */
};

static inline struct reading
read_json(const struct catalogue_type *type, struct consign_slice json)
{
	struct reading r = {.type = type};

	assert_non_null(type);
	assert_int_equal(arena_new(BUSINESS_ARENA_BYTES(json.len), &r.arena), CONSIGN_OK);
	if (business_from_json(type, json, r.arena, &r.problems, &r.message) != CONSIGN_OK)
		r.message = NULL;
	return r;
}

/* Under a label; 0: the least that the message needs. */
static inline void
check_reading(struct reading *r, enum consign_label label)
{
	if (r->message != NULL)
		(void)!business_check(r->type, label != 0 ? label : business_least_label(r->type, r->message), r->message, &r->problems);
}

static inline void
end_reading(struct reading *r)
{
	problems_clear(&r->problems);
	arena_free(&r->arena);
}

static inline void
print_problems(const struct reading *r)
{
	for (size_t i = 0; i < r->problems.n; i++)
		print_error("    %s: found %s, expected %s (%s)\n", r->problems.v[i].path, r->problems.v[i].found, r->problems.v[i].expected, r->problems.v[i].rule);
}

/* A text with a NUL behind, for asserts. */
static inline const char *
text_of_buf(struct buf *b)
{
	assert_int_equal(buf_append_u8(b, '\0'), CONSIGN_OK);
	b->len--;
	return (const char *)b->data;
}

#endif
