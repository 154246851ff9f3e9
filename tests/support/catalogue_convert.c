/*
 * catalogue-convert TYPE encode|decode|check < IN > OUT: a business message from JSON to its encoded form, back, or held against its
 * description. For tests that compare with other readers. Problems go to stderr; exit 1 when there are any.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"

static enum consign_err
read_all(struct buf *out)
{
	for (;;) {
		if (buf_reserve(out, 65536) != CONSIGN_OK)
			return CONSIGN_E_NO_MEMORY;
		size_t n = fread(out->data + out->len, 1, 65536, stdin);

		if (n == 0)
			return CONSIGN_OK;
		out->len += n;
	}
}

static enum consign_err
convert(const struct catalogue_type *type, const char *what, struct consign_slice in, struct problems *problems, struct buf *out)
{
	const struct ProtobufCMessage *message;
	struct arena *arena = NULL;
	enum consign_err err = arena_new(BUSINESS_ARENA_BYTES(in.len), &arena);

	if (err == CONSIGN_OK && strcmp(what, "decode") == 0) {
		err = business_decode(type, in, arena, problems, &message);
		if (err == CONSIGN_OK)
			err = business_to_json(message, 0, out);
	} else if (err == CONSIGN_OK) {
		err = business_from_json(type, in, arena, problems, &message);
		if (err == CONSIGN_OK && strcmp(what, "check") == 0)
			err = business_check(type, business_least_label(type, message), message, problems);
		else if (err == CONSIGN_OK)
			err = business_encode(message, out);
	}
	arena_free(&arena);
	return err;
}

int
main(int argc, char **argv)
{
	const struct catalogue_type *type = argc == 3 ? catalogue_find(argv[1]) : NULL;
	struct buf in = {0}, out = {0}, line = {0};
	struct problems problems = {0};

	if (type == NULL) {
		fprintf(stderr, "usage: catalogue-convert TYPE encode|decode|check\n");
		return 2;
	}
	enum consign_err err = read_all(&in);

	if (err == CONSIGN_OK)
		err = convert(type, argv[2], buf_slice(&in), &problems, &out);
	for (size_t i = 0; i < problems.n; i++) {
		buf_reset(&line);
		if (problem_format(&problems.v[i], &line) == CONSIGN_OK)
			fprintf(stderr, "%.*s\n", (int)line.len, (const char *)line.data);
	}
	if (err == CONSIGN_OK && out.len > 0)
		fwrite(out.data, 1, out.len, stdout);
	buf_clear(&in);
	buf_clear(&out);
	buf_clear(&line);
	problems_clear(&problems);
	return err == CONSIGN_OK ? 0 : 1;
}
