/*
 * The arena of bytes.h: blocks in a list, each cut from front to back.
 *
 * Invariants   what was given out, rounded up for alignment, never passes the budget (a last piece may end exactly at it);
 *              every byte of a block from used to zeroed is zero; zeroed moves as pieces are given out, so that a block of
 *              which little is used costs little. A piece that is large beside a block gets a block of its own, so
 *              that what blocks waste at their ends stays a fraction of what was asked for.
 */
#include "core/bytes.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_FIRST_BLOCK_BYTES 4096u
#define ARENA_LARGEST_BLOCK_BYTES 65536u

struct arena_block {
	struct arena_block *next; /* made earlier */
	size_t size;
	size_t used;
	size_t zeroed; /* behind it memory is as it came */
	alignas(max_align_t) uint8_t bytes[];
};

struct arena {
	size_t budget;
	size_t used;                 /* given out, in aligned bytes; at most budget */
	struct arena_block *first;   /* kept by arena_reset; NULL before the first allocation */
	struct arena_block *others;  /* all but the first, youngest in front */
	struct arena_block *current; /* where small pieces are cut from */
};

enum consign_err
arena_new(size_t budget_bytes, struct arena **ret_arena)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return CONSIGN_E_NO_MEMORY;
	a->budget = budget_bytes;
	*ret_arena = a;
	return CONSIGN_OK;
}

static void
free_others(struct arena *a)
{
	while (a->others != NULL) {
		struct arena_block *block = a->others;

		a->others = block->next;
		free(block);
	}
}

void
arena_free(struct arena **arena)
{
	if (arena == NULL || *arena == NULL)
		return;
	free_others(*arena);
	free((*arena)->first);
	free(*arena);
	*arena = NULL;
}

void
arena_reset(struct arena *a)
{
	free_others(a);
	if (a->first != NULL) {
		memset(a->first->bytes, 0, a->first->used);
		a->first->used = 0;
	}
	a->current = a->first;
	a->used = 0;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

/* is_whole: for one piece, whose memory the allocator may know to be zero; a block that is cut up is zeroed as far as it is used. */
static struct arena_block *
add_block(struct arena *a, size_t size, bool is_whole)
{
	struct arena_block *block = is_whole ? calloc(1, sizeof(*block) + size) : malloc(sizeof(*block) + size);

	if (block == NULL)
		return NULL;
	block->next = NULL;
	block->size = size;
	block->used = 0;
	block->zeroed = is_whole ? size : 0;
	if (a->first == NULL) {
		a->first = block;
	} else {
		block->next = a->others;
		a->others = block;
	}
	return block;
}

/* Finds or makes the block that has `size` bytes free; NULL when memory is out. */
static struct arena_block *
block_for(struct arena *a, size_t size)
{
	struct arena_block *block = a->current;
	size_t next_size = ARENA_FIRST_BLOCK_BYTES;

	if (block != NULL && size <= block->size - block->used)
		return block;
	if (block != NULL && block->size <= ARENA_LARGEST_BLOCK_BYTES / 2)
		next_size = block->size * 2;
	else if (block != NULL)
		next_size = ARENA_LARGEST_BLOCK_BYTES;
	if (size > next_size / 4) {
		block = add_block(a, size, true);
		if (block != NULL && a->current == NULL)
			a->current = block;
		return block;
	}
	block = add_block(a, next_size, false);
	if (block != NULL)
		a->current = block;
	return block;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block;
	size_t aligned;
	void *p;

	if (size == 0)
		size = 1;
	if (size > a->budget - a->used || size > (size_t)PTRDIFF_MAX - sizeof(*block) - align)
		return NULL;
	aligned = (size + align - 1) / align * align;
	block = block_for(a, aligned);
	if (block == NULL)
		return NULL;
	p = block->bytes + block->used;
	block->used += aligned;
	if (block->used > block->zeroed) {
		memset(block->bytes + block->zeroed, 0, block->used - block->zeroed);
		block->zeroed = block->used;
	}
	/* The rounding of the last piece is not the caller's fault. */
	a->used = aligned > a->budget - a->used ? a->budget : a->used + aligned;
	return p;
}

struct consign_slice
arena_copy(struct arena *a, struct consign_slice s)
{
	uint8_t *data = s.len == SIZE_MAX ? NULL : arena_alloc(a, s.len + 1);

	if (data == NULL)
		return slice_of(NULL, 0);
	if (s.len > 0)
		memcpy(data, s.data, s.len);
	return slice_of(data, s.len);
}
