/*
 * Tests of cli/help.c and cli/manual.c: what is shown, and what the completion offers in a real bash, is what the table says, and the
 * committed man page is current.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "core/file.h"
#include "folder.h"
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
	assert_non_null(strstr(text_of(&out), "\ncomplete -F _consign consign\n"));
	buf_clear(&out);
}

/* ── what bash makes of the completion ── */

/* Appends a question: what is offered at the end of a line. It is answered by a line of all that is, behind a blank. */
static void
put_question(struct buf *script, const char *line)
{
	enum consign_err err = buf_printf(script, "COMP_WORDS=(%s)\n", line);

	if (err == CONSIGN_OK)
		err = buf_append(script, slice_text("COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_consign || exit 1\necho \" ${COMPREPLY[*]} \"\n"));
	assert_int_equal(err, CONSIGN_OK);
}

/* What bash says to a script, with both its outputs, which must be as many lines as that; run with an option, or without (""). */
static void
run_bash(const char *option, const struct buf *script, size_t lines, struct buf *said)
{
	char *folder = folder_new(), *path, command[512], line[4096];
	size_t n = 0;

	assert_non_null(folder);
	path = path_join(folder, "script");
	assert_non_null(path);
	assert_int_equal(file_write(path, buf_slice(script), 0600), CONSIGN_OK);
	snprintf(command, sizeof command, "bash --norc %s '%s' 2>&1", option, path);
	FILE *bash = popen(command, "r");

	assert_non_null(bash);
	for (; fgets(line, sizeof line, bash) != NULL; n++)
		assert_int_equal(buf_append(said, slice_text(line)), CONSIGN_OK);
	assert_int_equal(pclose(bash), 0);
	free(path);
	folder_free(folder);
	assert_int_equal(n, lines);
}

/* Takes " WORD " out of an answer, in which it must stand once. */
static void
take_offer(char *answer, const char *word)
{
	char sought[64];
	size_t len = (size_t)snprintf(sought, sizeof sought, " %s ", word);
	char *at = strstr(answer, sought);

	if (at == NULL)
		fail_msg("%s is not offered in:%s", word, answer);
	else
		memmove(at + 1, at + len, strlen(at + len) + 1);
	assert_null(strstr(answer, sought));
}

/* All options of the command, and nothing else, are offered. */
static void
check_options(const struct command *c, char *answer)
{
	char name[64];

	for (const struct option *o = c->options; o != NULL && o->name != NULL; o++) {
		snprintf(name, sizeof name, "--%s", o->name);
		take_offer(answer, name);
	}
	for (const struct option *o = common_options; o->name != NULL; o++) {
		snprintf(name, sizeof name, "--%s", o->name);
		if (command_option(c, o->name) == o) /* not one of the command's own by that name, which was taken */
			take_offer(answer, name);
	}
	if (c->has_json)
		take_offer(answer, "--json");
	assert_string_equal(answer, " ");
}

static bool
is_first_of_its_noun(const struct command *c)
{
	return c == command_table || strcmp((c - 1)->noun, c->noun) != 0;
}

static void
completion_of(const char *shell, struct buf *script)
{
	assert_int_equal(help_completion(shell, script), CONSIGN_OK);
}

static void
test_help_completion_is_a_script_that_bash_takes(void **state)
{
	struct buf script = {0}, zsh = {0}, said = {0};

	(void)state;
	completion_of("bash", &script);
	run_bash("-n", &script, 0, &said);
	run_bash("-e", &script, 0, &said); /* it defines, and says nothing */
	/* That of zsh is the same behind one line. */
	completion_of("zsh", &zsh);
	assert_true(zsh.len > script.len);
	assert_memory_equal(zsh.data + zsh.len - script.len, script.data, script.len);
	assert_ptr_equal(memchr(zsh.data, '\n', zsh.len), zsh.data + zsh.len - script.len - 1);
	buf_clear(&zsh);
	buf_clear(&script);
}

static void
test_help_completion_offers_every_noun_and_every_verb_of_the_table_and_no_other(void **state)
{
	struct buf script = {0}, said = {0};
	size_t lines = 1;
	char *rest, *nouns;

	(void)state;
	completion_of("bash", &script);
	put_question(&script, "consign ''");
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		char line[64];

		if (c->verb == NULL || !is_first_of_its_noun(c))
			continue;
		snprintf(line, sizeof line, "consign --home h %s ''", c->noun);
		put_question(&script, line);
		lines++;
	}
	run_bash("", &script, lines, &said);
	rest = (char *)(uintptr_t)text_of(&said);
	nouns = strsep(&rest, "\n");
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		char *verbs;

		if (!is_first_of_its_noun(c))
			continue;
		take_offer(nouns, c->noun);
		if (c->verb == NULL)
			continue;
		verbs = strsep(&rest, "\n");
		for (const struct command *v = c; v->noun != NULL && strcmp(v->noun, c->noun) == 0; v++)
			take_offer(verbs, v->verb);
		assert_string_equal(verbs, " ");
	}
	assert_string_equal(nouns, " ");
	buf_clear(&script);
	buf_clear(&said);
}

/* Whatever was typed before: nothing, a word, options with their values, of which bash breaks --from=acme in three. */
static void
test_help_completion_offers_every_option_of_each_command_and_no_other(void **state)
{
	static const char *const before[] = {"", "word", "--to acme", "--home h word --reason 'no more'", "--from = acme"};
	struct buf script = {0}, said = {0};
	size_t lines = 0;
	char *rest;

	(void)state;
	completion_of("bash", &script);
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		for (size_t i = 0; i < sizeof before / sizeof before[0]; i++, lines++) {
			char line[160];

			snprintf(line, sizeof line, "consign %s %s %s --", c->noun, c->verb != NULL ? c->verb : "", before[i]);
			put_question(&script, line);
		}
	}
	run_bash("", &script, lines, &said);
	rest = (char *)(uintptr_t)text_of(&said);
	for (const struct command *c = command_table; c->noun != NULL; c++)
		for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
			check_options(c, strsep(&rest, "\n"));
	buf_clear(&script);
	buf_clear(&said);
}

static void
test_help_completion_offers_what_begins_as_was_typed(void **state)
{
	static const char *const asked[][2] = {
	    {"consign pol", " policy "},
	    {"consign policy ma", " matrix "},
	    {"consign --home = hub policy ma", " matrix "},
	    {"consign policy matrix --ht", " --html "},
	    {"consign help prop", " proposal "},
	    {"consign completion z", " zsh "},
	    {"consign send --to acme --idem", " --idempotency-key "},
	    {"consign policy --no-such", "  "},
	};
	struct buf script = {0}, said = {0};
	size_t n = sizeof asked / sizeof asked[0];
	char *rest;

	(void)state;
	completion_of("bash", &script);
	for (size_t i = 0; i < n; i++)
		put_question(&script, asked[i][0]);
	run_bash("", &script, n, &said);
	rest = (char *)(uintptr_t)text_of(&said);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(strsep(&rest, "\n"), asked[i][1]);
	buf_clear(&script);
	buf_clear(&said);
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
	    cmocka_unit_test(test_help_completion_is_a_script_that_bash_takes),
	    cmocka_unit_test(test_help_completion_offers_every_noun_and_every_verb_of_the_table_and_no_other),
	    cmocka_unit_test(test_help_completion_offers_every_option_of_each_command_and_no_other),
	    cmocka_unit_test(test_help_completion_offers_what_begins_as_was_typed),
	    cmocka_unit_test(test_manual_is_the_committed_page),
	    cmocka_unit_test(test_manual_has_no_text_that_roff_takes_for_a_request),
	};

	return cmocka_run_group_tests_name("cli/help", tests, NULL, NULL);
}
