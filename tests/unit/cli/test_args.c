/* Tests of cli/args.c, and of the table's own rules, which args.c builds on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cmd.h"

struct parsed {
	struct args args;
	char problem[ARGS_PROBLEM_BYTES];
	enum consign_err err;
};

static struct parsed
parse(const char *const *words)
{
	struct parsed p;
	char *argv[32] = {(char *)(uintptr_t) "consign"};
	int argc = 1;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	p.err = args_parse(argc, argv, &p.args, p.problem);
	return p;
}
#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void
test_args_parse_finds_noun_verb_words_and_options_in_any_order(void **state)
{
	struct parsed p[] = {
	    PARSE("org", "approve", "acme", "--fingerprint", "a b", "--home", "h"),
	    PARSE("--home", "h", "org", "--fingerprint=a b", "approve", "acme"),
	    PARSE("--fingerprint", "a b", "--home=h", "org", "approve", "--", "acme"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof p / sizeof p[0]; i++) {
		assert_int_equal(p[i].err, CONSIGN_OK);
		assert_ptr_equal(p[i].args.command, command_find("org", "approve"));
		assert_int_equal(p[i].args.n_words, 1);
		assert_string_equal(p[i].args.words[0], "acme");
		assert_string_equal(args_value(&p[i].args, "home"), "h");
		assert_string_equal(args_value(&p[i].args, "fingerprint"), "a b");
		args_clear(&p[i].args);
	}
}

static void
test_args_parse_takes_a_lone_dash_and_what_follows_two_as_words(void **state)
{
	struct parsed p = PARSE("policy", "apply", "-");

	(void)state;
	assert_int_equal(p.err, CONSIGN_OK);
	assert_string_equal(p.args.words[0], "-");
	args_clear(&p.args);
	p = PARSE("join", "--", "--odd-name");
	assert_int_equal(p.err, CONSIGN_OK);
	assert_string_equal(p.args.words[0], "--odd-name");
	args_clear(&p.args);
}

static void
test_args_parse_gathers_an_option_that_may_repeat(void **state)
{
	struct parsed p = PARSE("send", "--to", "a1", "--to", "b2,c3", "--study", "S", "--type", "x.a");

	(void)state;
	assert_int_equal(p.err, CONSIGN_OK);
	assert_string_equal(args_nth(&p.args, "to", 0), "a1");
	assert_string_equal(args_nth(&p.args, "to", 1), "b2,c3");
	assert_null(args_nth(&p.args, "to", 2));
	args_clear(&p.args);
}

static void
test_args_parse_takes_many_words_where_the_row_says_so(void **state)
{
	struct parsed p = PARSE("ack", "1", "2", "3");

	(void)state;
	assert_int_equal(p.err, CONSIGN_OK);
	assert_int_equal(p.args.n_words, 3);
	args_clear(&p.args);
}

static void
test_args_parse_needs_no_command_for_help_and_version(void **state)
{
	struct parsed p = PARSE("--version");

	(void)state;
	assert_int_equal(p.err, CONSIGN_OK);
	assert_null(p.args.command);
	args_clear(&p.args);
	p = PARSE("send", "-h");
	assert_int_equal(p.err, CONSIGN_OK);
	assert_ptr_equal(p.args.command, command_find("send", NULL));
	args_clear(&p.args);
	p = PARSE("org", "--help");
	assert_int_equal(p.err, CONSIGN_OK);
	args_clear(&p.args);
}

static void
test_args_parse_refuses_wrong_usage_and_says_what_is_wrong(void **state)
{
	static const struct {
		const char *words[10];
		const char *problem;
	} rows[] = {
	    {{"frob"}, "unknown command frob"},
	    {{"org"}, "org needs a verb; `consign help org` lists them"},
	    {{"org", "frob"}, "org has no verb frob"},
	    {{"org", "list", "--frob"}, "unknown option --frob"},
	    {{"-x"}, "unknown option -x"},
	    {{"org", "list", "--json=1"}, "option --json takes no value"},
	    {{"org", "list", "--home"}, "option --home needs a value: DIR"},
	    {{"org", "list", "--limit", "3"}, "org takes no option --limit"},
	    {{"org", "list", "--home", "a", "--home", "b"}, "option --home stands twice"},
	    {{"org", "list", "acme"}, "unexpected word acme"},
	    {{"org", "approve"}, "expected ORG"},
	    {{"ack"}, "expected ID…"},
	    {{"ack", "1", "--json"}, "ack takes no option --json"},
	    {{"hub", "init"}, "--name NAME is needed"},
	    {{"--json"}, "which command?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct parsed p = parse(rows[i].words);

		if (p.err != CONSIGN_E_USAGE || strcmp(p.problem, rows[i].problem) != 0)
			print_message("row %zu: %s\n", i, rows[i].problem);
		assert_int_equal(p.err, CONSIGN_E_USAGE);
		assert_string_equal(p.problem, rows[i].problem);
		args_clear(&p.args);
	}
}

static void
test_args_number_holds_to_its_range(void **state)
{
	static const struct {
		const char *text;
		enum consign_err err;
	} rows[] = {{"1", CONSIGN_OK}, {"10", CONSIGN_OK}, {"0", CONSIGN_E_USAGE}, {"11", CONSIGN_E_USAGE}, {"", CONSIGN_E_USAGE},
	    {"-1", CONSIGN_E_USAGE}, {"+1", CONSIGN_E_USAGE}, {" 1", CONSIGN_E_USAGE}, {"1x", CONSIGN_E_USAGE},
	    {"99999999999999999999", CONSIGN_E_USAGE}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct parsed p = PARSE("inbox", "--limit", rows[i].text);
		uint64_t v = 77;

		assert_int_equal(p.err, CONSIGN_OK);
		assert_int_equal(args_number(&p.args, "limit", 1, 10, &v, p.problem), rows[i].err);
		assert_true((rows[i].err == CONSIGN_OK) == (v != 77));
		args_clear(&p.args);
	}
}

static void
test_args_number_leaves_the_default_when_absent(void **state)
{
	struct parsed p = PARSE("inbox");
	uint64_t v = 77;

	(void)state;
	assert_int_equal(args_number(&p.args, "limit", 1, 10, &v, p.problem), CONSIGN_OK);
	assert_int_equal(v, 77);
	args_clear(&p.args);
}

static void
test_args_parse_takes_a_version_of_a_document_behind_its_command_only(void **state)
{
	struct parsed of_policy = PARSE("policy", "show", "--version", "3"), equals = PARSE("policy", "--home=h", "show", "--version=3");
	struct parsed before = PARSE("--version", "policy", "show"), alone = PARSE("org", "list", "--version");
	struct parsed missing = PARSE("policy", "show", "--version"), between = PARSE("policy", "--version", "show", "3");

	(void)state;
	assert_int_equal(of_policy.err, CONSIGN_OK);
	assert_string_equal(args_value(&of_policy.args, "version"), "3");
	assert_int_equal(equals.err, CONSIGN_OK);
	assert_string_equal(args_value(&equals.args, "version"), "3");
	/* Which version of the program it is. */
	assert_int_equal(before.err, CONSIGN_OK);
	assert_true(args_has(&before.args, "version"));
	assert_null(args_value(&before.args, "version"));
	assert_int_equal(alone.err, CONSIGN_OK);
	assert_null(args_value(&alone.args, "version"));
	assert_int_equal(missing.err, CONSIGN_E_USAGE);
	assert_int_equal(between.err, CONSIGN_E_USAGE);
	args_clear(&of_policy.args);
	args_clear(&equals.args);
	args_clear(&before.args);
	args_clear(&alone.args);
	args_clear(&missing.args);
	args_clear(&between.args);
}

/*
 * An option is looked up before the command is known: it must take a value everywhere or nowhere. Of --version there are two,
 * and the one with a value is known by standing behind its command's words: it has one in every row of its own.
 */
static void
test_table_options_of_one_name_agree(void **state)
{
	const struct option *program = &common_options[2];

	(void)state;
	assert_string_equal(program->name, "version");
	for (const struct command *a = command_table; a->noun != NULL; a++)
		for (const struct option *o = a->options; o != NULL && o->name != NULL; o++)
			for (const struct command *b = command_table; b->noun != NULL; b++) {
				const struct option *other = command_option(b, o->name);

				if (other != NULL && other != program)
					assert_true((other->value == NULL) == (o->value == NULL));
			}
}

static void
test_table_rows_are_whole(void **state)
{
	(void)state;
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		assert_non_null(c->run);
		assert_non_null(c->words);
		assert_ptr_equal(command_find(c->noun, c->verb), c);
		/* Shown capitalised and with a full stop behind. */
		assert_in_range(c->summary[0], 'a', 'z');
		assert_int_not_equal(c->summary[strlen(c->summary) - 1], '.');
		/* Rows of a noun stand together: help and completion count on it. */
		for (const struct command *later = c + 1; later->noun != NULL && (later - 1)->noun != NULL; later++)
			if (strcmp(later->noun, c->noun) == 0)
				assert_string_equal((later - 1)->noun, c->noun);
	}
}

static void
test_table_holds_every_word_that_users_were_promised(void **state)
{
	static const char *const words[][2] = {{"hub", "init"}, {"org", "invite"}, {"org", "approve"}, {"org", "list"},
	    {"join", NULL}, {"fingerprint", NULL}, {"policy", "apply"}, {"policy", "show"}, {"policy", "explain"}, {"send", NULL},
	    {"inbox", NULL}, {"show", NULL}, {"ack", NULL}, {"watch", NULL}, {"track", NULL}, {"status", NULL}, {"doctor", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		assert_non_null(command_find(words[i][0], words[i][1]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_args_parse_finds_noun_verb_words_and_options_in_any_order),
	    cmocka_unit_test(test_args_parse_takes_a_lone_dash_and_what_follows_two_as_words),
	    cmocka_unit_test(test_args_parse_gathers_an_option_that_may_repeat),
	    cmocka_unit_test(test_args_parse_takes_many_words_where_the_row_says_so),
	    cmocka_unit_test(test_args_parse_needs_no_command_for_help_and_version),
	    cmocka_unit_test(test_args_parse_refuses_wrong_usage_and_says_what_is_wrong),
	    cmocka_unit_test(test_args_number_holds_to_its_range),
	    cmocka_unit_test(test_args_number_leaves_the_default_when_absent),
	    cmocka_unit_test(test_args_parse_takes_a_version_of_a_document_behind_its_command_only),
	    cmocka_unit_test(test_table_options_of_one_name_agree),
	    cmocka_unit_test(test_table_rows_are_whole),
	    cmocka_unit_test(test_table_holds_every_word_that_users_were_promised),
	};

	return cmocka_run_group_tests_name("cli/args", tests, NULL, NULL);
}
