/*
 * Tables of texts that a check of lib/catalogue/formats.h accepts or refuses. For the tests of format_*.c only; included behind
 * cmocka.h.
 */
#ifndef TESTS_UNIT_CATALOGUE_FORMAT_TEXTS_H
#define TESTS_UNIT_CATALOGUE_FORMAT_TEXTS_H

#include <stdlib.h>
#include <string.h>

#include "catalogue/formats.h"

/* With its length, for those that hold a NUL. */
struct text {
	const char *text;
	size_t len;
};

#define T(text)                                                                                                                  \
	{                                                                                                                        \
		(text), sizeof(text) - 1                                                                                         \
	}

/* Each in memory of its own size, so that a reader who goes too far is caught. */
static inline void
check_texts(const char *name, bool (*holds)(struct consign_slice text), const struct text *texts, size_t n, bool expected)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = malloc(texts[i].len + 1);

		assert_non_null(copy);
		memcpy(copy + 1, texts[i].text, texts[i].len);
		if (holds(slice_of(copy + 1, texts[i].len)) != expected)
			fail_msg("%s: \"%s\" (%zu) should be %s", name, texts[i].text, i, expected ? "accepted" : "refused");
		free(copy);
	}
}

#define ACCEPT(holds, texts) check_texts(#holds, (holds), (texts), sizeof(texts) / sizeof((texts)[0]), true)
#define REFUSE(holds, texts) check_texts(#holds, (holds), (texts), sizeof(texts) / sizeof((texts)[0]), false)

#define LONG (1024u * 1024u)

/* What is asked of a text of 1 MiB is answered after one pass; asan finds who reads past it, and the time of the test who reads
   it twice for each byte. */
static inline void
check_long(bool (*holds)(struct consign_slice text), const char *start, const char *unit, bool expected)
{
	char *text = malloc(LONG + 64);
	size_t len = strlen(start);

	assert_non_null(text);
	memcpy(text, start, len);
	while (len < LONG) {
		memcpy(text + len, unit, strlen(unit));
		len += strlen(unit);
	}
	if (holds(slice_of(text, len)) != expected)
		fail_msg("%s%s… of 1 MiB should be %s", start, unit, expected ? "accepted" : "refused");
	free(text);
}

#endif
