/*
 * The grammar of the command line: options anywhere, `--name value` or `--name=value`, `--` ends them; then a noun, for
 * most nouns a verb, and the words that the command's row declares. Pure: says nothing, exits never.
 *
 * Threads   values only
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>

#include "core/bytes.h"

#define ARGS_PROBLEM_BYTES 256

struct args;

struct option {
	const char *name;  /* without the dashes; NULL ends a list */
	const char *value; /* what stands for its value in help; NULL: a switch */
	const char *summary;
	bool is_required;
	bool may_repeat;
};

struct command {
	const char *noun;
	const char *verb; /* NULL: the noun alone */
	enum consign_err (*run)(const struct args *args);
	const char *words;            /* "ORG", "ID…" (one or more), "[NOUN]" (may be left out), several with blanks; "" none */
	bool has_json;                /* takes --json */
	const struct option *options; /* its own, beside those of every command; NULL none */
	const char *summary;          /* one line */
	const char *text;             /* more, for help and the man page; may be NULL */
};

/* The table, in the order of the man page; ended by a row without noun. And the options that every command takes. */
extern const struct command command_table[];
extern const struct option common_options[];
extern const struct option json_option;

struct given {
	const char *name;
	const char *value; /* NULL for a switch */
};

/* All texts are borrowed from argv. */
struct args {
	const struct command *command; /* NULL when only --help or --version was asked for */
	struct given *given;
	size_t n_given;
	const char **words; /* without noun and verb */
	size_t n_words;
};

/*
 * ret_args     gives; end with args_clear, also after an error
 * ret_problem  what is wrong, for people
 * Errors: USAGE (ret_problem; ret_args->command is set when it was clear), NO_MEMORY
 */
CONSIGN_MUST_CHECK enum consign_err
args_parse(int argc, char *const *argv, struct args *ret_args, char ret_problem[ARGS_PROBLEM_BYTES]);
void args_clear(struct args *args);

bool args_has(const struct args *args, const char *name);
/* The value given; NULL when absent. For one that may repeat: the nth. */
const char *args_value(const struct args *args, const char *name);
const char *args_nth(const struct args *args, const char *name, size_t n);
/*
 * A number given in decimal. Errors: USAGE (ret_problem)
 * ret_v  untouched when the option is absent: set it to the default before
 */
CONSIGN_MUST_CHECK enum consign_err args_number(
    const struct args *args, const char *name, uint64_t min, uint64_t max, uint64_t *ret_v, char ret_problem[ARGS_PROBLEM_BYTES]);

/* A row by its words; verb NULL for a noun alone. NULL when there is none. */
const struct command *command_find(const char *noun, const char *verb);
/* Whether any row has this noun. */
bool command_is_noun(const char *noun);
/* The option of a command by its name, its own or a common one; NULL when it takes none such. */
const struct option *command_option(const struct command *command, const char *name);

#endif
