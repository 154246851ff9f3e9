/*
 * Bytes: slices that borrow, buffers that grow, an arena that is freed at once.
 *
 * Threads   an object belongs to one thread at a time
 * Source    style: ownership is visible at the call site
 */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "consign/error.h"
#include "consign/types.h"

/* A slice over a NUL-terminated text (without the NUL), over an array, over n bytes. They lend what they are given. */
static inline struct consign_slice
slice_of(const void *data, size_t len)
{
	return (struct consign_slice){.data = data, .len = len};
}

static inline struct consign_slice
slice_text(const char *text)
{
	return slice_of(text, text == NULL ? 0 : strlen(text));
}

#define SLICE_ARRAY(a) slice_of((a), sizeof(a))

/* Equality of public bytes; not constant-time (secrets use secret_equal). */
bool slice_equal(struct consign_slice a, struct consign_slice b);

/* A buffer that grows. Zero-initialise; end with buf_clear. After a failed append the buffer is unchanged. */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
};

void buf_clear(struct buf *b); /* frees; accepts a zeroed or cleared one */
void buf_wipe(struct buf *b);  /* overwrites, then frees: for plaintext */
void buf_reset(struct buf *b); /* empties, keeps the memory */
struct consign_slice buf_slice(const struct buf *b); /* lends until the next change */
CONSIGN_MUST_CHECK enum consign_err buf_reserve(struct buf *b, size_t more);
CONSIGN_MUST_CHECK enum consign_err buf_append(struct buf *b, struct consign_slice s);
CONSIGN_MUST_CHECK enum consign_err buf_append_u8(struct buf *b, uint8_t v);
CONSIGN_MUST_CHECK enum consign_err buf_append_be32(struct buf *b, uint32_t v);
CONSIGN_MUST_CHECK enum consign_err buf_append_be64(struct buf *b, uint64_t v);
CONSIGN_MUST_CHECK enum consign_err buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A cursor over received bytes. Every read compares with what is left by subtraction; a failed read returns
 * CONSIGN_E_MALFORMED and leaves cursor and outputs as they were.
 */
struct cursor {
	const uint8_t *pos;
	const uint8_t *end;
};

struct cursor cursor_over(struct consign_slice s);
size_t cursor_left(const struct cursor *c);
CONSIGN_MUST_CHECK enum consign_err cursor_take(struct cursor *c, size_t len, struct consign_slice *ret_s);
CONSIGN_MUST_CHECK enum consign_err cursor_copy(struct cursor *c, void *ret_bytes, size_t len);
CONSIGN_MUST_CHECK enum consign_err cursor_be32(struct cursor *c, uint32_t *ret_v);
CONSIGN_MUST_CHECK enum consign_err cursor_be64(struct cursor *c, uint64_t *ret_v);

uint32_t be32_load(const uint8_t *p);
void be32_store(uint8_t *p, uint32_t v);
uint64_t be64_load(const uint8_t *p);
void be64_store(uint8_t *p, uint64_t v);

/*
 * An arena: many small allocations with one life and one budget. What a peer sends is unpacked into one, so that its
 * cost is bounded whatever it claims. arena_alloc gives zeroed memory aligned for any type, or NULL when the budget
 * (bytes) is spent or memory is out.
 */
struct arena;
CONSIGN_MUST_CHECK enum consign_err arena_new(size_t budget_bytes, struct arena **ret_arena);
void arena_free(struct arena **arena);
void arena_reset(struct arena *a); /* everything allocated from it is gone; keeps its first block */
void *arena_alloc(struct arena *a, size_t size);
size_t arena_used(const struct arena *a);
/* Copies with a NUL behind (not counted); data NULL on failure. */
struct consign_slice arena_copy(struct arena *a, struct consign_slice s);

#endif
