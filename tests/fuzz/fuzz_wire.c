/*
 * Every message of the wire, whole or a part of another: sessions, local frames, documents, manifests, receipts, the ledger.
 * Input: one byte that picks the table, then bytes.
 *
 * What decodes encodes again within the limits; to the same bytes when its fields came in the order of their numbers, else to
 * as many; and those decode and encode to themselves. protobuf-c by itself reads the same message.
 */
#include <protobuf-c/protobuf-c.h>

#include "fuzz.h"
#include "wire/engine.h"

static const struct wire_message *const *const rooms[] = {wire_identity_messages, wire_policy_messages, wire_manifest_messages,
    wire_ledger_messages, wire_session_messages, wire_local_messages};

static const struct wire_message *
table_at(size_t wanted)
{
	size_t n = 0;

	for (size_t room = 0; room < sizeof rooms / sizeof rooms[0]; room++)
		for (const struct wire_message *const *m = rooms[room]; *m != NULL; m++)
			if (n++ == wanted)
				return *m;
	return NULL;
}

/* Of bytes that were accepted. */
static uint64_t
take_varint(struct consign_slice *in)
{
	uint64_t v = 0;

	for (unsigned i = 0;; i++) {
		uint8_t b;

		check(i < 10 && in->len > 0);
		b = fuzz_byte(in);
		v |= (uint64_t)(b & 0x7f) << (7 * i);
		if ((b & 0x80) == 0)
			return v;
	}
}

static bool
is_in_order(const struct wire_message *table, struct consign_slice in)
{
	uint64_t last = 0;

	while (in.len > 0) {
		uint64_t key = take_varint(&in), v = take_varint(&in), tag = key >> 3;
		const struct wire_field *f;

		check(tag >= 1 && tag <= table->n_fields);
		f = &table->fields[tag - 1];
		if (tag < last)
			return false;
		last = tag;
		if ((key & 7) == 0)
			continue;
		check(v <= in.len);
		if (f->kind == WIRE_MESSAGE && !is_in_order(f->sub, slice_of(in.data, (size_t)v)))
			return false;
		in = slice_of(in.data + v, in.len - (size_t)v);
	}
	return true;
}

static void
check_with_protobuf(const struct wire_message *table, struct consign_slice in, struct consign_slice encoded)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(table->descriptor, NULL, in.len, in.data);
	struct buf packed = {0};

	check(message != NULL);
	packed.len = protobuf_c_message_get_packed_size(message);
	packed.data = malloc(packed.len + 1);
	check(packed.data != NULL && packed.len == encoded.len);
	check(protobuf_c_message_pack(message, packed.data) == packed.len);
	check(slice_equal(buf_slice(&packed), encoded));
	free(packed.data);
	protobuf_c_message_free_unpacked(message, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct consign_slice in = slice_of(data, size);
	const struct wire_message *table = table_at(fuzz_byte(&in));
	struct buf first = {0}, second = {0};
	struct arena *arena = NULL;
	enum consign_err err;
	void *message;

	if (table == NULL)
		return -1; /* not worth keeping */
	check(arena_new(4 * wire_budget_bytes(in.len), &arena) == CONSIGN_OK);
	err = wire_decode(table, in, arena, &message);
	if (err == CONSIGN_OK) {
		check(in.len <= wire_longest(table) && wire_checks_hold(table, message));
		check(wire_encode(table, message, &first) == CONSIGN_OK);
		check(first.len == in.len);
		check(!is_in_order(table, in) || slice_equal(buf_slice(&first), in));
		check_with_protobuf(table, in, buf_slice(&first));
		arena_reset(arena);
		check(wire_decode(table, buf_slice(&first), arena, &message) == CONSIGN_OK);
		check(wire_encode(table, message, &second) == CONSIGN_OK);
		check(slice_equal(buf_slice(&first), buf_slice(&second)));
	} else {
		check(err == CONSIGN_E_MALFORMED || err == CONSIGN_E_TOO_BIG);
	}
	arena_free(&arena);
	buf_clear(&first);
	buf_clear(&second);
	return 0;
}
