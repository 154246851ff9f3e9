/* Tests of cli/help.c and cli/manual.c: what is shown is what the table says, and the committed man page is current. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "core/file.h"
#include "help.h"

static const char *
text_of(struct buf *b)
{
	assert_int_equal(buf_append_u8(b, '\0'), CONSIGN_OK);
	return (const char *)b->data;
}

static void
test_help_usage_shows_words_and_options(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(help_usage(command_find("show", NULL), &out), CONSIGN_OK);
	assert_string_equal(text_of(&out), "consign show ID [--raw] [--attachment N|NAME] [--json]");
	buf_clear(&out);
	assert_int_equal(help_usage(command_find("policy", "explain"), &out), CONSIGN_OK);
	assert_non_null(strstr(text_of(&out), " [MESSAGE-ID] [--from ORG] [--to ORG] [--study ID] [--type TYPE] [--label LABEL]"));
	buf_clear(&out);
}

static void
test_help_list_names_every_command(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(help_list(NULL, &out), CONSIGN_OK);
	const char *text = text_of(&out);

	for (const struct command *c = command_table; c->noun != NULL; c++)
		assert_non_null(strstr(text, c->summary));
	buf_clear(&out);
}

static void
test_help_list_of_a_noun_names_only_its_verbs(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(help_list("policy", &out), CONSIGN_OK);
	const char *text = text_of(&out);

	assert_non_null(strstr(text, "policy explain"));
	assert_null(strstr(text, "org"));
	buf_clear(&out);
}

static void
test_help_command_shows_every_option_it_takes(void **state)
{
	(void)state;
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		struct buf out = {0};

		assert_int_equal(help_command(c, &out), CONSIGN_OK);
		const char *text = text_of(&out);

		for (const struct option *o = c->options; o != NULL && o->name != NULL; o++)
			assert_non_null(strstr(text, o->summary));
		assert_true((strstr(text, "--json") != NULL) == c->has_json);
		buf_clear(&out);
	}
}

static void
test_help_completion_knows_bash_and_zsh_and_no_other(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_int_equal(help_completion("fish", &out), CONSIGN_E_NOT_FOUND);
	assert_int_equal(help_completion("zsh", &out), CONSIGN_OK);
	assert_non_null(strstr(text_of(&out), "bashcompinit"));
	buf_clear(&out);
	assert_int_equal(help_completion("bash", &out), CONSIGN_OK);
	const char *text = text_of(&out);

	assert_non_null(strstr(text, "\"study\") words=\"add close list \" ;;"));
	assert_non_null(strstr(text, "complete -F _consign consign"));
	buf_clear(&out);
}

/* `consign manual > docs/man/consign.1` makes it current. */
static void
test_manual_is_the_committed_page(void **state)
{
	struct buf made = {0}, committed = {0};

	(void)state;
	assert_int_equal(help_manual(CONSIGN_VERSION, &made), CONSIGN_OK);
	assert_int_equal(file_read(CONSIGN_SOURCE_DIR "/docs/man/consign.1", 1u << 20, &committed), CONSIGN_OK);
	assert_int_equal(made.len, committed.len);
	assert_memory_equal(made.data, committed.data, made.len);
	buf_clear(&made);
	buf_clear(&committed);
}

/* A line that begins with a dot or an apostrophe is a request to roff. */
static void
test_manual_has_no_text_that_roff_takes_for_a_request(void **state)
{
	static const char *const requests[] = {".\\\"", ".TH", ".SH", ".SS", ".TP", ".B ", ".I ", ".nf", ".fi", ".BR"};
	struct buf made = {0};
	char *line, *rest;

	(void)state;
	assert_int_equal(help_manual("1", &made), CONSIGN_OK);
	rest = (char *)(uintptr_t)text_of(&made);
	while ((line = strsep(&rest, "\n")) != NULL) {
		bool is_known = line[0] != '.' && line[0] != '\'';

		for (size_t i = 0; !is_known && i < sizeof requests / sizeof requests[0]; i++)
			is_known = strncmp(line, requests[i], strlen(requests[i])) == 0;
		assert_true(is_known);
	}
	buf_clear(&made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_help_usage_shows_words_and_options),
	    cmocka_unit_test(test_help_list_names_every_command),
	    cmocka_unit_test(test_help_list_of_a_noun_names_only_its_verbs),
	    cmocka_unit_test(test_help_command_shows_every_option_it_takes),
	    cmocka_unit_test(test_help_completion_knows_bash_and_zsh_and_no_other),
	    cmocka_unit_test(test_manual_is_the_committed_page),
	    cmocka_unit_test(test_manual_has_no_text_that_roff_takes_for_a_request),
	};

	return cmocka_run_group_tests_name("cli/help", tests, NULL, NULL);
}
