/* See wire_rules.h. */
#include "support/wire_rules.h"

#include <string.h>

static const struct {
	const char *word;
	const char *sentence;
} reasons[REASONS_COUNT] = {
    [REASON_MISSING] = {"missing", "the field is required and absent"},
    [REASON_TWICE] = {"twice", "a field that is no list, or the run of a list of numbers, occurs a second time"},
    [REASON_WRONG_TYPE] = {"wrong-type",
	"the wire type is not the one of the field: varint for a number, length-delimited for everything else and "
	"for a list of numbers, which is packed"},
    [REASON_ZERO] = {"zero", "a number is written out as 0: absent and 0 are one, and have one form"},
    [REASON_EMPTY] = {"empty", "bytes, a text, or the run of a list of numbers are written out with length 0"},
    [REASON_OVERLONG] = {"overlong", "a varint is longer than its value needs"},
    [REASON_BELOW] = {"below", "a number is under its range"},
    [REASON_ABOVE] = {"above", "a number is over its range"},
    [REASON_SHORT] = {"short", "bytes are shorter than allowed"},
    [REASON_LONG] = {"long", "bytes are longer than allowed"},
    [REASON_FORM] = {"form", "a text holds what its form does not allow"},
    [REASON_NUL] = {"nul", "a text holds a zero byte"},
    [REASON_MANY] = {"many", "a list has more elements than allowed"},
    [REASON_INSIDE] = {"inside", "the message inside is one that must be rejected"},
    [REASON_NO_CHOICE] = {"no-choice", "none of the fields of which exactly one must be present is"},
    [REASON_TWO_CHOICES] = {"two-choices", "more than one of them is"},
    [REASON_UNKNOWN_FIELD] = {"unknown-field", "a field number that the message does not have"},
    [REASON_TRUNCATED] = {"truncated", "the bytes end inside a field"},
    [REASON_TOO_BIG] = {"too-big", "the message is longer than allowed; refused as TOO_BIG, before anything of it is read"},
};

const char *
wire_reason_word(enum wire_reason reason)
{
	return reasons[reason].word;
}

const char *
wire_reason_sentence(enum wire_reason reason)
{
	return reasons[reason].sentence;
}

bool
wire_field_may_break(const struct wire_field *f, enum wire_reason reason)
{
	bool is_number = f->kind == WIRE_U32 || f->kind == WIRE_U64;
	bool is_bytes = !is_number && f->kind != WIRE_MESSAGE;

	switch (reason) {
	case REASON_MISSING:
		return f->min_count > 0;
	case REASON_TWICE:
		return !f->is_repeated || is_number;
	case REASON_WRONG_TYPE:
		return true;
	case REASON_ZERO:
		return is_number && !f->is_repeated;
	case REASON_EMPTY:
		return is_bytes || (is_number && f->is_repeated);
	case REASON_OVERLONG:
		return is_number && f->max > 0;
	case REASON_BELOW:
		return is_number && f->min > (f->is_repeated ? 0 : 1);
	case REASON_ABOVE:
		return is_number;
	case REASON_SHORT:
		return is_bytes && f->min > 1;
	case REASON_LONG:
		return is_bytes;
	case REASON_FORM:
	case REASON_NUL:
		return is_bytes && f->form != FORM_RAW;
	case REASON_MANY:
		return f->is_repeated;
	case REASON_INSIDE:
		return f->kind == WIRE_MESSAGE;
	default:
		return false;
	}
}

bool
wire_message_may_break(const struct wire_message *m, enum wire_reason reason)
{
	switch (reason) {
	case REASON_NO_CHOICE:
	case REASON_TWO_CHOICES:
		return m->has_choice;
	case REASON_UNKNOWN_FIELD:
	case REASON_TRUNCATED:
		return true;
	case REASON_TOO_BIG:
		return m->max_bytes > 0;
	default:
		return false;
	}
}

void
wire_each_message(void (*on)(const struct wire_message *m, void *context), void *context)
{
	const struct wire_message *const *const files[] = {wire_identity_messages, wire_policy_messages, wire_manifest_messages,
	    wire_ledger_messages, wire_session_messages, wire_local_messages};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (const struct wire_message *const *m = files[i]; *m != NULL; m++)
			on(*m, context);
}

struct search {
	const char *name;
	const struct wire_message *found;
};

static void
compare_name(const struct wire_message *m, void *context)
{
	struct search *s = context;

	if (strcmp(m->name, s->name) == 0)
		s->found = m;
}

const struct wire_message *
wire_message_find(const char *name)
{
	struct search s = {.name = name};

	wire_each_message(compare_name, &s);
	return s.found;
}
