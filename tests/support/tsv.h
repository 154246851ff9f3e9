/*
 * Reads a table of vectors: the first line names the columns, cells are parted by tabs, bytes are hex, "-" is no bytes.
 * A table that cannot be read fails the test that wanted it. Include after cmocka.h.
 */
#ifndef SUPPORT_TSV_H
#define SUPPORT_TSV_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consign/types.h"

struct tsv {
	char *text;
	char **cells; /* (rows + 1) × columns; the first row are the names */
	size_t columns;
	size_t rows; /* without the names */
};

static inline char *
tsv_read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long size;

	if (f == NULL)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size > 0);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, f), size);
	assert_int_equal(fclose(f), 0);
	return text;
}

static inline void
tsv_open(struct tsv *t, const char *path)
{
	size_t tabs = 0, lines = 0, n = 0;
	char *p, *start;

	t->text = tsv_read_file(path);
	for (p = t->text; *p != '\0'; p++) {
		tabs += *p == '\t';
		lines += *p == '\n';
	}
	t->columns = tabs / lines + 1;
	t->rows = lines - 1;
	t->cells = calloc(lines * t->columns, sizeof *t->cells);
	assert_non_null(t->cells);
	assert_int_equal(tabs + lines, lines * t->columns);
	assert_true(t->rows > 0);
	for (p = start = t->text; *p != '\0'; p++) {
		if (*p != '\t' && *p != '\n')
			continue;
		*p = '\0';
		t->cells[n++] = start;
		start = p + 1;
	}
}

static inline void
tsv_close(struct tsv *t)
{
	free(t->cells);
	free(t->text);
}

/* The cell of a row (from 0) under a column's name. */
static inline const char *
tsv_cell(const struct tsv *t, size_t row, const char *column)
{
	size_t i;

	for (i = 0; i < t->columns; i++) {
		if (strcmp(t->cells[i], column) == 0)
			return t->cells[(row + 1) * t->columns + i];
	}
	fail_msg("no column %s", column);
	return NULL;
}

static inline uint64_t
tsv_number(const struct tsv *t, size_t row, const char *column)
{
	return strtoull(tsv_cell(t, row, column), NULL, 10);
}

/* Gives the bytes of a cell: free(). */
static inline uint8_t *
tsv_bytes(const struct tsv *t, size_t row, const char *column, size_t *ret_len)
{
	const char *hex = tsv_cell(t, row, column);
	size_t len = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
	uint8_t *bytes = calloc(1, len + 1);
	unsigned v;
	size_t i;

	assert_non_null(bytes);
	for (i = 0; i < len; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		bytes[i] = (uint8_t)v;
	}
	*ret_len = len;
	return bytes;
}

/* A cell of exactly len bytes. */
static inline void
tsv_fixed(const struct tsv *t, size_t row, const char *column, void *ret_bytes, size_t len)
{
	size_t n;
	uint8_t *bytes = tsv_bytes(t, row, column, &n);

	assert_int_equal(n, len);
	memcpy(ret_bytes, bytes, len);
	free(bytes);
}

#endif
