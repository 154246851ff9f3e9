/*
 * Bytes become a valid struct or an error, in this room; nothing else touches the hub's generated code.
 *
 * Each message has a table (one row a field: presence, lengths, ranges, charset) from which decode, encode, the field
 * rules of docs/PROTOCOL.md and the reject vectors come. After decode returns CONSIGN_OK nobody checks shape again.
 *
 * decode    in is borrowed and may end before the struct does: everything is copied into the arena.
 *           decode_lent: free bytes stay where they are, and in must outlive the struct.
 *           Errors: MALFORMED, TOO_BIG (the message, or what unpacking it would cost), NO_MEMORY (the machine's, or the
 *           arena's own budget is spent: give one that holds the largest message expected)
 * encode    appends to out, or leaves it as it was. Errors: NO_MEMORY; MALFORMED when the struct breaks its own table
 *           (a bug of the caller); TOO_BIG when the message would be longer than decode accepts
 * Conventions of the structs: repeated fields are {v, n}; messages are pointers, NULL when absent; optional fixed-size
 * fields are slices of that size or empty; text is inline and NUL-terminated; free bytes are slices. After decode a
 * message pointer is NULL only where its comment says so, or where exactly one of several is set.
 *
 * Threads   any; an arena belongs to one thread
 * Source    docs/PROTOCOL.md 2
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "core/bytes.h"

struct wire_message; /* a table; engine.c */

CONSIGN_MUST_CHECK enum consign_err wire_decode(const struct wire_message *table, struct consign_slice in, struct arena *arena,
    void **ret_struct);
CONSIGN_MUST_CHECK enum consign_err wire_decode_lent(const struct wire_message *table, struct consign_slice in, struct arena *arena,
    void **ret_struct);
CONSIGN_MUST_CHECK enum consign_err wire_encode(const struct wire_message *table, const void *in, struct buf *out);

/* Declares NAME_decode, NAME_decode_lent and NAME_encode over struct NAME. */
#define WIRE_CODEC(NAME)                                                                                                        \
	extern const struct wire_message wire_##NAME;                                                                           \
	CONSIGN_MUST_CHECK static inline enum consign_err NAME##_decode(struct consign_slice in, struct arena *arena,           \
	    struct NAME **ret)                                                                                                  \
	{                                                                                                                       \
		void *p;                                                                                                        \
		enum consign_err err = wire_decode(&wire_##NAME, in, arena, &p);                                                \
		if (err == CONSIGN_OK)                                                                                          \
			*ret = p;                                                                                               \
		return err;                                                                                                     \
	}                                                                                                                       \
	CONSIGN_MUST_CHECK static inline enum consign_err NAME##_decode_lent(struct consign_slice in, struct arena *arena,      \
	    struct NAME **ret)                                                                                                  \
	{                                                                                                                       \
		void *p;                                                                                                        \
		enum consign_err err = wire_decode_lent(&wire_##NAME, in, arena, &p);                                           \
		if (err == CONSIGN_OK)                                                                                          \
			*ret = p;                                                                                               \
		return err;                                                                                                     \
	}                                                                                                                       \
	CONSIGN_MUST_CHECK static inline enum consign_err NAME##_encode(const struct NAME *in, struct buf *out)                 \
	{                                                                                                                       \
		return wire_encode(&wire_##NAME, in, out);                                                                      \
	}                                                                                                                       \
	struct NAME

#define WIRE_LIST(TYPE)                                                                                                         \
	struct {                                                                                                                \
		TYPE *v;                                                                                                        \
		size_t n;                                                                                                       \
	}

#endif
