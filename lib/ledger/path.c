/* The hashes and the shape of paths; see path.h. Iterative, so that no size a peer claims costs more than 63 rounds. */
#include "ledger/path.h"

#include <assert.h>
#include <string.h>

#include "core/sign.h"
#include "ledger/tree.h"

void
path_leaf(const struct consign_hash *entry, struct consign_hash *ret_hash)
{
	static const uint8_t prefix = 0x00;

	hash_sha256_2(slice_of(&prefix, 1), SLICE_ARRAY(entry->b), ret_hash);
}

void
path_concat(const struct consign_hash *left, const struct consign_hash *right, struct consign_hash *ret_hash)
{
	uint8_t bytes[1 + 32 + 32];

	bytes[0] = 0x01;
	memcpy(bytes + 1, left->b, 32);
	memcpy(bytes + 33, right->b, 32);
	hash_sha256(SLICE_ARRAY(bytes), ret_hash);
}

/* RFC 6962 2.1: k, the largest power of two smaller than len. len is at least 2. */
static uint64_t
split(uint64_t len)
{
	return UINT64_C(1) << (63 - __builtin_clzll(len - 1));
}

static void
go_left(struct path_shape *shape, uint64_t k)
{
	shape->step[shape->n++] = (struct path_step){.start = shape->start + k, .len = shape->len - k, .is_left = false};
	shape->len = k;
}

static void
go_right(struct path_shape *shape, uint64_t k)
{
	shape->step[shape->n++] = (struct path_step){.start = shape->start, .len = k, .is_left = true};
	shape->start += k;
	shape->len -= k;
}

void
path_to_leaf(uint64_t index, uint64_t size, struct path_shape *ret_shape)
{
	assert(index < size && size <= TREE_SIZE_MAX);
	ret_shape->n = 0;
	ret_shape->start = 0;
	ret_shape->len = size;
	while (ret_shape->len > 1) {
		uint64_t k = split(ret_shape->len);

		if (index - ret_shape->start < k)
			go_left(ret_shape, k);
		else
			go_right(ret_shape, k);
	}
}

void
path_to_prefix(uint64_t from, uint64_t to, struct path_shape *ret_shape)
{
	assert(0 < from && from <= to && to <= TREE_SIZE_MAX);
	ret_shape->n = 0;
	ret_shape->start = 0;
	ret_shape->len = to;
	while (from - ret_shape->start < ret_shape->len) {
		uint64_t k = split(ret_shape->len);

		if (from - ret_shape->start <= k)
			go_left(ret_shape, k);
		else
			go_right(ret_shape, k);
	}
}
