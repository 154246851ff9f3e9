/*
 * consign: one table, one dispatch (cmd.h). Words go to stderr, results to stdout; the exit status is 0 done, 1 refused
 * or failed, 2 wrong usage. Not for daemons: nothing here outlives its command.
 */
#include <signal.h>
#include <stdio.h>

#include "cmd.h"
#include "core/secret.h"
#include "help.h"
#include "print.h"

int
cmd_exit(enum consign_err err)
{
	if (err == CONSIGN_OK)
		return 0;
	return err == CONSIGN_E_USAGE ? 2 : 1;
}

/* Wrong usage: what is wrong, and the line that would be right. */
static enum consign_err
say_usage(const struct args *args, const char *problem)
{
	struct buf usage = {0};

	say_error("%s", problem);
	if (args->command != NULL && help_usage(args->command, &usage) == CONSIGN_OK)
		say_hint("usage: %.*s", (int)usage.len, (const char *)usage.data);
	else
		say_hint("`consign help` lists the commands");
	buf_clear(&usage);
	return CONSIGN_E_USAGE;
}

static enum consign_err
run(const struct args *args)
{
	struct buf text = {0};
	enum consign_err err;

	/* With a value it is that of a document (`policy show --version 3`). */
	if (args_has(args, "version") && args_value(args, "version") == NULL) {
		printf("consign %s\n", CONSIGN_VERSION);
		return CONSIGN_OK;
	}
	if (!args_has(args, "help"))
		return args->command->run(args);
	err = args->command != NULL ? help_command(args->command, &text)
				    : help_list(args->n_words > 0 ? args->words[0] : NULL, &text);
	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&text));
	buf_clear(&text);
	return err;
}

int
main(int argc, char **argv)
{
	struct args args = {0};
	char problem[ARGS_PROBLEM_BYTES];

	signal(SIGPIPE, SIG_IGN);
	if (secret_start() != CONSIGN_OK) {
		say_error("the cryptographic library cannot start on this machine");
		return 1;
	}
	enum consign_err err = args_parse(argc, argv, &args, problem);

	if (err == CONSIGN_OK)
		err = run(&args);
	else
		err = err == CONSIGN_E_USAGE ? say_usage(&args, problem) : say_fail(err, "%s", consign_err_text(err));
	if (print_flush() != CONSIGN_OK && err == CONSIGN_OK)
		err = say_lost_output();
	args_clear(&args);
	return cmd_exit(err);
}
