/*
 * Every way in which a message can break its table, named. From this list come the "MUST reject" lines of
 * docs/PROTOCOL.md (wire_doc.c), the reject vectors (wire_vectors.c), and the test that no rule is without a vector
 * (test_vectors.c). The words are stable: they stand in the document and in the vectors.
 */
#ifndef SUPPORT_WIRE_RULES_H
#define SUPPORT_WIRE_RULES_H

#include "wire/engine.h"

enum wire_reason {
	/* of one field */
	REASON_MISSING,
	REASON_TWICE,
	REASON_WRONG_TYPE,
	REASON_ZERO,
	REASON_EMPTY,
	REASON_OVERLONG,
	REASON_BELOW,
	REASON_ABOVE,
	REASON_SHORT,
	REASON_LONG,
	REASON_FORM,
	REASON_NUL,
	REASON_MANY,
	REASON_INSIDE,
	/* of the message as a whole; so are the words of its checks */
	REASON_NO_CHOICE,
	REASON_TWO_CHOICES,
	REASON_UNKNOWN_FIELD,
	REASON_TRUNCATED,
	REASON_TOO_BIG,
	REASONS_COUNT
};

const char *wire_reason_word(enum wire_reason reason);     /* "wrong-type" */
const char *wire_reason_sentence(enum wire_reason reason); /* for the legend of docs/PROTOCOL.md */
/* Whether the field has a rule that can be broken in this way. */
bool wire_field_may_break(const struct wire_field *f, enum wire_reason reason);
/* The same for what concerns a message as a whole. */
bool wire_message_may_break(const struct wire_message *m, enum wire_reason reason);

/* Calls `on` for every table of lib/wire, in the order of the proto files. */
void wire_each_message(void (*on)(const struct wire_message *m, void *context), void *context);
/* NULL when there is none. */
const struct wire_message *wire_message_find(const char *name);

#endif
