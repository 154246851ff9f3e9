/* Reading the command line by the table. */
#include "args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum consign_err
wrong(char *problem, const char *format, const char *a, const char *b)
{
	int n = snprintf(problem, ARGS_PROBLEM_BYTES, format, a, b);

	(void)n; /* cut off when too long: it is for people */
	return CONSIGN_E_USAGE;
}

const struct command *
command_find(const char *noun, const char *verb)
{
	for (const struct command *c = command_table; c->noun != NULL; c++)
		if (strcmp(c->noun, noun) == 0 && (c->verb == NULL || (verb != NULL && strcmp(c->verb, verb) == 0)))
			return c;
	return NULL;
}

bool
command_is_noun(const char *noun)
{
	for (const struct command *c = command_table; c->noun != NULL; c++)
		if (strcmp(c->noun, noun) == 0)
			return true;
	return false;
}

static const struct option *
find_in(const struct option *options, const char *name)
{
	for (; options != NULL && options->name != NULL; options++)
		if (strcmp(options->name, name) == 0)
			return options;
	return NULL;
}

const struct option *
command_option(const struct command *command, const char *name)
{
	const struct option *o = find_in(command->options, name);

	if (o == NULL && command->has_json && strcmp(name, json_option.name) == 0)
		o = &json_option;
	return o != NULL ? o : find_in(common_options, name);
}

/*
 * Options may stand before the noun, so an option is looked up in all rows. That is well defined because an option takes
 * a value in every row that has it or in none (tests/unit/cli/test_args.c holds the table to it). The one exception is
 * --version, which every command takes: of a document it takes a number, behind the words that name the command.
 */
static const struct option *
find_anywhere(const struct args *args, const char *name)
{
	const struct command *command =
	    args->n_words == 0 ? NULL : command_find(args->words[0], args->n_words > 1 ? args->words[1] : NULL);
	const struct option *own = command == NULL ? NULL : find_in(command->options, name);

	if (own == NULL)
		own = find_in(common_options, name);
	if (own != NULL)
		return own;
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		const struct option *o = command_option(c, name);

		if (o != NULL)
			return o;
	}
	return NULL;
}

/* An option at argv[*at], with its value there or in the next word. */
static enum consign_err
take_option(int argc, char *const *argv, int *at, struct args *args, char *problem)
{
	const char *text = strcmp(argv[*at], "-h") == 0 ? "help" : argv[*at] + 2;
	const char *equals = strchr(text, '=');
	size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
	char name[64];

	if (argv[*at][1] != '-' && strcmp(argv[*at], "-h") != 0)
		return wrong(problem, "unknown option %s%s", argv[*at], "");
	if (len >= sizeof name)
		return wrong(problem, "unknown option %s%s", argv[*at], "");
	memcpy(name, text, len);
	name[len] = '\0';
	const struct option *o = find_anywhere(args, name);

	if (o == NULL)
		return wrong(problem, "unknown option --%s%s", name, "");
	if (o->value == NULL && equals != NULL)
		return wrong(problem, "option --%s takes no value%s", name, "");
	if (o->value != NULL && equals == NULL && *at + 1 >= argc)
		return wrong(problem, "option --%s needs a value: %s", name, o->value);
	struct given *g = &args->given[args->n_given++];

	g->name = o->name;
	g->value = o->value == NULL ? NULL : equals != NULL ? equals + 1 : argv[++*at];
	return CONSIGN_OK;
}

/* How many words a row's grammar allows. */
static void
count_words(const char *grammar, size_t *ret_min, size_t *ret_max)
{
	size_t min = 0, max = 0;

	for (const char *p = grammar; *p != '\0';) {
		size_t len = strcspn(p, " ");

		min += *p != '[';
		max = max == SIZE_MAX || (len >= 3 && memcmp(p + len - 3, "…", 3) == 0) ? SIZE_MAX : max + 1;
		p += len;
		p += strspn(p, " ");
	}
	*ret_min = min;
	*ret_max = max;
}

static enum consign_err
find_command(struct args *args, char *problem)
{
	if (args->n_words == 0)
		return args_has(args, "help") || args_has(args, "version") ? CONSIGN_OK
									   : wrong(problem, "which command?%s%s", "", "");
	const char *noun = args->words[0], *verb = args->n_words > 1 ? args->words[1] : NULL;

	if (!command_is_noun(noun))
		return wrong(problem, "unknown command %s%s", noun, "");
	args->command = command_find(noun, verb);
	if (args->command == NULL && verb == NULL)
		return args_has(args, "help") ? CONSIGN_OK
					      : wrong(problem, "%s needs a verb; `consign help %s` lists them", noun, noun);
	if (args->command == NULL)
		return wrong(problem, "%s has no verb %s", noun, verb);
	size_t used = args->command->verb == NULL ? 1 : 2;

	args->n_words -= used;
	memmove(args->words, args->words + used, args->n_words * sizeof *args->words);
	return CONSIGN_OK;
}

static enum consign_err
check_options(const struct args *args, char *problem)
{
	for (size_t i = 0; i < args->n_given; i++) {
		const struct option *o = command_option(args->command, args->given[i].name);

		if (o == NULL)
			return wrong(problem, "%s takes no option --%s", args->command->noun, args->given[i].name);
		for (size_t j = 0; j < i && !o->may_repeat; j++)
			if (strcmp(args->given[j].name, o->name) == 0)
				return wrong(problem, "option --%s stands twice%s", o->name, "");
	}
	for (const struct option *o = args->command->options; o != NULL && o->name != NULL; o++)
		if (o->is_required && !args_has(args, o->name))
			return wrong(problem, "--%s %s is needed", o->name, o->value);
	return CONSIGN_OK;
}

static enum consign_err
check_words(const struct args *args, char *problem)
{
	size_t min, max;

	count_words(args->command->words, &min, &max);
	if (args->n_words < min)
		return wrong(problem, "expected %s%s", args->command->words, "");
	if (args->n_words > max)
		return wrong(problem, "unexpected word %s%s", args->words[max], "");
	return CONSIGN_OK;
}

enum consign_err
args_parse(int argc, char *const *argv, struct args *ret_args, char ret_problem[ARGS_PROBLEM_BYTES])
{
	bool options_end = false;
	enum consign_err err = CONSIGN_OK;

	*ret_args = (struct args){
	    .given = calloc((size_t)argc + 1, sizeof(struct given)), .words = calloc((size_t)argc + 1, sizeof(char *))};
	ret_problem[0] = '\0';
	if (ret_args->given == NULL || ret_args->words == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (int i = 1; err == CONSIGN_OK && i < argc; i++) {
		if (!options_end && strcmp(argv[i], "--") == 0)
			options_end = true;
		else if (!options_end && argv[i][0] == '-' && argv[i][1] != '\0')
			err = take_option(argc, argv, &i, ret_args, ret_problem);
		else
			ret_args->words[ret_args->n_words++] = argv[i];
	}
	if (err == CONSIGN_OK)
		err = find_command(ret_args, ret_problem);
	if (err != CONSIGN_OK || ret_args->command == NULL || args_has(ret_args, "help"))
		return err;
	err = check_options(ret_args, ret_problem);
	return err != CONSIGN_OK ? err : check_words(ret_args, ret_problem);
}

void
args_clear(struct args *args)
{
	free(args->given);
	free(args->words);
	*args = (struct args){0};
}

const char *
args_nth(const struct args *args, const char *name, size_t n)
{
	for (size_t i = 0; i < args->n_given; i++)
		if (strcmp(args->given[i].name, name) == 0 && n-- == 0)
			return args->given[i].value;
	return NULL;
}

const char *
args_value(const struct args *args, const char *name)
{
	return args_nth(args, name, 0);
}

bool
args_has(const struct args *args, const char *name)
{
	for (size_t i = 0; i < args->n_given; i++)
		if (strcmp(args->given[i].name, name) == 0)
			return true;
	return false;
}

enum consign_err
args_number(
    const struct args *args, const char *name, uint64_t min, uint64_t max, uint64_t *ret_v, char ret_problem[ARGS_PROBLEM_BYTES])
{
	const char *text = args_value(args, name);
	char *end;

	if (text == NULL)
		return CONSIGN_OK;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || v < min || v > max) {
		snprintf(ret_problem, ARGS_PROBLEM_BYTES, "--%s %s: expected a number from %llu to %llu", name, text,
		    (unsigned long long)min, (unsigned long long)max);
		return CONSIGN_E_USAGE;
	}
	*ret_v = v;
	return CONSIGN_OK;
}
