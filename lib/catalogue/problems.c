/*
 * Lists of problems. What was found is content of a stranger: it is cut at a character, quoted, and whatever could do something
 * to a terminal or to a reader's eyes stands as an escape.
 */
#include "catalogue/problems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/formats.h"
#include "core/utf8.h"

void
problems_clear(struct problems *p)
{
	if (p->v != NULL)
		explicit_bzero(p->v, CONSIGN_PROBLEMS_MAX * sizeof *p->v);
	free(p->v);
	*p = (struct problems){0};
}

/* Copies as much as fits, cut between characters, with an ellipsis where something is missing. */
static void
copy_cut(char *to, size_t size, const char *from)
{
	static const char ellipsis[] = "…";
	size_t len = strlen(from);

	if (len < size) {
		memcpy(to, from, len + 1);
		return;
	}
	len = size - sizeof ellipsis;
	while (len > 0 && ((uint8_t)from[len] & 0xc0) == 0x80)
		len--;
	memcpy(to, from, len);
	memcpy(to + len, ellipsis, sizeof ellipsis);
}

/* The text in quotes; length of what is left out is said. */
static void
show(struct consign_slice found, char ret_text[PROBLEM_FOUND_BYTES])
{
	const size_t room = PROBLEM_FOUND_BYTES - 40; /* for an escape, the quotes and "… (1048576 bytes)" */
	struct consign_slice left = found;
	char *out = ret_text;

	*out++ = '"';
	while (left.len > 0 && (size_t)(out - ret_text) < room) {
		uint32_t point;
		size_t step = utf8_step(left, &point);

		if (step == 0) {
			out += sprintf(out, "\\x%02x", left.data[0]);
			step = 1;
		} else if (point == '"' || point == '\\') {
			*out++ = '\\';
			*out++ = (char)point;
		} else if (!text_is_shown(slice_of(left.data, step), false)) {
			out += sprintf(out, "\\u{%x}", (unsigned)point);
		} else {
			memcpy(out, left.data, step);
			out += step;
		}
		left = slice_of(left.data + step, left.len - step);
	}
	if (left.len > 0)
		sprintf(out, "…\" (%zu bytes)", found.len);
	else
		memcpy(out, "\"", 2);
}

static struct problem *
next(struct problems *p)
{
	p->total++;
	if (p->v == NULL)
		p->v = calloc(CONSIGN_PROBLEMS_MAX, sizeof *p->v);
	return p->v == NULL || p->n == CONSIGN_PROBLEMS_MAX ? NULL : &p->v[p->n++];
}

void
problems_add_words(struct problems *p, const char *path, const char *rule, const char *found, const char *expected)
{
	struct problem *x = next(p);

	if (x == NULL)
		return;
	copy_cut(x->path, sizeof x->path, path);
	copy_cut(x->rule, sizeof x->rule, rule);
	copy_cut(x->found, sizeof x->found, found);
	copy_cut(x->expected, sizeof x->expected, expected);
}

void
problems_add(struct problems *p, const char *path, const char *rule, struct consign_slice found, const char *expected)
{
	char text[PROBLEM_FOUND_BYTES];

	show(found, text);
	problems_add_words(p, path, rule, text, expected);
}

bool
problem_text_is_shown(struct consign_slice text)
{
	return text_is_shown(text, false);
}

/* Whether one path is the other, or leads to it. */
static bool
are_related(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), shorter = n < m ? n : m;
	const char *longer = n < m ? b : a;

	return strncmp(a, b, shorter) == 0 && (n == m || longer[shorter] == '.' || longer[shorter] == '[');
}

void
problems_merge(struct problems *p, const struct problems *more)
{
	size_t before = p->n;

	p->total += more->total - more->n;
	for (size_t i = 0; i < more->n; i++) {
		const struct problem *x = &more->v[i];
		bool is_told = false;

		for (size_t k = 0; k < before && !is_told; k++)
			is_told = are_related(p->v[k].path, x->path);
		if (!is_told)
			problems_add_words(p, x->path, x->rule, x->found, x->expected);
	}
}

enum consign_err
problem_format(const struct problem *p, struct buf *out)
{
	return buf_printf(out, "%s%sfound %s, expected %s (%s)", p->path, p->path[0] != '\0' ? ": " : "", p->found, p->expected, p->rule);
}
