/*
 * How fields lie in the structs of protobuf-c: quantifiers and offsets (protobuf-c.h). Inline: validation asks for each field, and the
 * question costs less than a call. Private to this room.
 */
#ifndef CATALOGUE_FIELD_H
#define CATALOGUE_FIELD_H

#include <protobuf-c/protobuf-c.h>
#include <string.h>

#include "core/bytes.h"

#define FIELD_MEMBER(type, m, offset) (*(const type *)(const void *)((const uint8_t *)(m) + (offset)))

static inline bool
field_is_present(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return FIELD_MEMBER(size_t, m, f->quantifier_offset) > 0;
	if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE)
		return FIELD_MEMBER(void *, m, f->offset) != NULL;
	return FIELD_MEMBER(protobuf_c_boolean, m, f->quantifier_offset) != 0;
}

/* Elements of a list; 0 or 1 of any other. */
static inline size_t
field_count(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return f->label == PROTOBUF_C_LABEL_REPEATED ? FIELD_MEMBER(size_t, m, f->quantifier_offset) : (size_t)field_is_present(m, f);
}

/* Element i of a text; bytes. */
static inline struct consign_slice
field_text(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t i)
{
	if (f->type == PROTOBUF_C_TYPE_BYTES) {
		ProtobufCBinaryData bytes = FIELD_MEMBER(ProtobufCBinaryData, m, f->offset);

		return slice_of(bytes.data, bytes.len);
	}
	return slice_text(f->label == PROTOBUF_C_LABEL_REPEATED ? FIELD_MEMBER(char **, m, f->offset)[i] : FIELD_MEMBER(char *, m, f->offset));
}

static inline const ProtobufCMessage *
field_message(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t i)
{
	return f->label == PROTOBUF_C_LABEL_REPEATED ? FIELD_MEMBER(ProtobufCMessage **, m, f->offset)[i] : FIELD_MEMBER(ProtobufCMessage *, m, f->offset);
}

static inline int64_t
field_number(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return f->type == PROTOBUF_C_TYPE_UINT32 ? (int64_t)FIELD_MEMBER(uint32_t, m, f->offset) : (int64_t)FIELD_MEMBER(int32_t, m, f->offset);
}

static inline bool
field_flag(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return FIELD_MEMBER(protobuf_c_boolean, m, f->offset) != 0;
}

#endif
