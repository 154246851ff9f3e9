/*
 * wire-doc: prints the field rules of every message as Markdown, from the tables that the decoder runs on. The output
 * stands in docs/PROTOCOL.md between its markers, and script/test compares the two. Order and wording are stable.
 */
#include <inttypes.h>
#include <stdio.h>

#include "support/wire_rules.h"

static const char *const forms[] = {
    [FORM_ORG] = "org id (`a-z 0-9 -`, no hyphen at either end)",
    [FORM_STUDY] = "word (`A-Z a-z 0-9 . _ -`)",
    [FORM_TYPE] = "type (parts of `a-z 0-9 _` joined by single dots)",
    [FORM_GLOB] = "glob (a type with `*` for any run of characters)",
    [FORM_ASCII] = "printable ASCII",
    [FORM_UTF8] = "UTF-8 without control characters",
    [FORM_TEXT] = "UTF-8, control characters only tab and newline",
    [FORM_MESSAGE_ID] = "message id (UUID, dot, item index)",
};

static void
print_range(const char *unit, uint64_t min, uint64_t max)
{
	if (min == max)
		printf("%" PRIu64 "%s", min, unit);
	else
		printf("%" PRIu64 " to %" PRIu64 "%s", min, max, unit);
}

static void
print_value(const struct wire_field *f)
{
	switch (f->kind) {
	case WIRE_U32:
	case WIRE_U64:
		printf("number, ");
		print_range("", f->min, f->max);
		break;
	case WIRE_FIXED:
	case WIRE_TEXT:
	case WIRE_BYTES:
		if (f->form != FORM_RAW)
			printf("%s, ", forms[f->form]);
		print_range(" bytes", f->min, f->max);
		break;
	case WIRE_MESSAGE:
		printf("`%s`", f->sub->name);
		break;
	}
}

static void
print_presence(const struct wire_field *f)
{
	if (f->is_repeated) {
		printf("; list of ");
		print_range("", f->min_count, f->max_count);
	} else if (f->is_choice) {
		printf("; one of the choice");
	} else {
		printf(f->min_count > 0 ? "; required" : "; optional");
	}
}

static void
print_field(const struct wire_field *f)
{
	const char *separator = "";

	printf("- %" PRIu32 " `%s`: ", f->tag, f->name);
	print_value(f);
	print_presence(f);
	printf(". MUST reject: ");
	for (int reason = 0; reason < REASONS_COUNT; reason++) {
		if (!wire_field_may_break(f, (enum wire_reason)reason))
			continue;
		printf("%s%s", separator, wire_reason_word((enum wire_reason)reason));
		separator = ", ";
	}
	printf(".\n");
}

static void
print_message(const struct wire_message *m, void *context)
{
	const char *separator = "";

	(void)context;
	printf("\n#### %s\n\n", m->name);
	if (m->max_bytes > 0)
		printf("At most %zu bytes.\n\n", m->max_bytes);
	for (size_t i = 0; i < m->n_fields; i++)
		print_field(&m->fields[i]);
	for (size_t i = 0; i < m->n_checks; i++)
		printf("- %s. MUST reject: %s.\n", m->checks[i].rule, m->checks[i].word);
	printf("- as a whole%s. MUST reject: ", m->has_choice ? ", exactly one of the choice is present" : "");
	for (int reason = 0; reason < REASONS_COUNT; reason++) {
		if (!wire_message_may_break(m, (enum wire_reason)reason))
			continue;
		printf("%s%s", separator, wire_reason_word((enum wire_reason)reason));
		separator = ", ";
	}
	printf(".\n");
}

int
main(void)
{
	printf(
	    "Each word after \"MUST reject\" has a vector in `tests/vectors/wire/reject.tsv` under the same word. The error is\n"
	    "`MALFORMED` unless said otherwise.\n\n");
	printf("| word | rejected because |\n| --- | --- |\n");
	for (int reason = 0; reason < REASONS_COUNT; reason++)
		printf(
		    "| %s | %s |\n", wire_reason_word((enum wire_reason)reason), wire_reason_sentence((enum wire_reason)reason));
	wire_each_message(print_message, NULL);
	return ferror(stdout) || fflush(stdout) != 0;
}
