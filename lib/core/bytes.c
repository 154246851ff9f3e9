/*
 * Slices, buffers that grow, cursors over received bytes.
 *
 * Invariants   b->len <= b->cap; a failed append leaves the buffer as it was; a failed read leaves cursor and output so.
 *              Memory that a buffer outgrows is overwritten before it is freed, because a buffer may hold plaintext.
 */
#include "core/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST_BYTES 64u

bool
slice_equal(struct consign_slice a, struct consign_slice b)
{
	/* memcmp must not see NULL, which an empty slice may have. */
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

void
buf_clear(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_clear(b);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
}

struct consign_slice
buf_slice(const struct buf *b)
{
	return slice_of(b->data, b->len);
}

enum consign_err
buf_reserve(struct buf *b, size_t more)
{
	uint8_t *data;
	size_t need;
	size_t cap;

	if (more <= b->cap - b->len)
		return CONSIGN_OK;
	if (more > SIZE_MAX / 2 - b->len)
		return CONSIGN_E_NO_MEMORY;
	need = b->len + more;
	cap = b->cap < BUF_FIRST_BYTES ? BUF_FIRST_BYTES : b->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;

	/* Not realloc, which would leave a copy of what may be plaintext behind in the heap. */
	data = malloc(cap);
	if (data == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (b->data != NULL) {
		memcpy(data, b->data, b->len);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	b->data = data;
	b->cap = cap;
	return CONSIGN_OK;
}

enum consign_err
buf_append(struct buf *b, struct consign_slice s)
{
	enum consign_err err;

	if (s.len == 0)
		return CONSIGN_OK;
	err = buf_reserve(b, s.len);
	if (err != CONSIGN_OK)
		return err;
	memcpy(b->data + b->len, s.data, s.len);
	b->len += s.len;
	return CONSIGN_OK;
}

enum consign_err
buf_append_u8(struct buf *b, uint8_t v)
{
	return buf_append(b, slice_of(&v, 1));
}

enum consign_err
buf_append_be32(struct buf *b, uint32_t v)
{
	uint8_t bytes[4];

	be32_store(bytes, v);
	return buf_append(b, SLICE_ARRAY(bytes));
}

enum consign_err
buf_append_be64(struct buf *b, uint64_t v)
{
	uint8_t bytes[8];

	be64_store(bytes, v);
	return buf_append(b, SLICE_ARRAY(bytes));
}

enum consign_err
buf_printf(struct buf *b, const char *format, ...)
{
	enum consign_err err;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return CONSIGN_E_TOO_BIG;
	err = buf_reserve(b, (size_t)len + 1);
	if (err != CONSIGN_OK)
		return err;
	va_start(args, format);
	vsnprintf((char *)b->data + b->len, (size_t)len + 1, format, args);
	va_end(args);
	b->len += (size_t)len;
	return CONSIGN_OK;
}

struct cursor
cursor_over(struct consign_slice s)
{
	static const uint8_t nothing[1];

	/* NULL + 0 is not arithmetic that C defines. */
	if (s.len == 0)
		return (struct cursor){.pos = nothing, .end = nothing};
	return (struct cursor){.pos = s.data, .end = s.data + s.len};
}

size_t
cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->pos);
}

enum consign_err
cursor_take(struct cursor *c, size_t len, struct consign_slice *ret_s)
{
	if (len > cursor_left(c))
		return CONSIGN_E_MALFORMED;
	*ret_s = slice_of(c->pos, len);
	c->pos += len;
	return CONSIGN_OK;
}

enum consign_err
cursor_copy(struct cursor *c, void *ret_bytes, size_t len)
{
	if (len > cursor_left(c))
		return CONSIGN_E_MALFORMED;
	if (len > 0)
		memcpy(ret_bytes, c->pos, len);
	c->pos += len;
	return CONSIGN_OK;
}

enum consign_err
cursor_be32(struct cursor *c, uint32_t *ret_v)
{
	if (cursor_left(c) < 4)
		return CONSIGN_E_MALFORMED;
	*ret_v = be32_load(c->pos);
	c->pos += 4;
	return CONSIGN_OK;
}

enum consign_err
cursor_be64(struct cursor *c, uint64_t *ret_v)
{
	if (cursor_left(c) < 8)
		return CONSIGN_E_MALFORMED;
	*ret_v = be64_load(c->pos);
	c->pos += 8;
	return CONSIGN_OK;
}

uint32_t
be32_load(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

void
be32_store(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

uint64_t
be64_load(const uint8_t *p)
{
	return (uint64_t)be32_load(p) << 32 | be32_load(p + 4);
}

void
be64_store(uint8_t *p, uint64_t v)
{
	be32_store(p, (uint32_t)(v >> 32));
	be32_store(p + 4, (uint32_t)v);
}
