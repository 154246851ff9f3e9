/* `consign help`, `consign completion`, `consign manual`: the table, shown. */
#include "cmd.h"

#include <string.h>

#include "help.h"
#include "print.h"

/* Prints what was made and frees it. */
static enum consign_err
show(enum consign_err err, struct buf *text)
{
	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(text));
	else
		say_error("%s", consign_err_text(err));
	buf_clear(text);
	return err;
}

enum consign_err
cmd_help(const struct args *args)
{
	const char *noun = args->n_words > 0 ? args->words[0] : NULL, *verb = args->n_words > 1 ? args->words[1] : NULL;
	const struct command *command = noun == NULL ? NULL : command_find(noun, verb);
	struct buf text = {0};

	if (noun != NULL && !command_is_noun(noun))
		return say_fail(CONSIGN_E_USAGE, "unknown command %s", noun);
	if (command == NULL && verb != NULL)
		return say_fail(CONSIGN_E_USAGE, "%s has no verb %s", noun, verb);
	return show(command != NULL ? help_command(command, &text) : help_list(noun, &text), &text);
}

enum consign_err
cmd_completion(const struct args *args)
{
	struct buf text = {0};
	enum consign_err err = help_completion(args->words[0], &text);

	if (err == CONSIGN_E_NOT_FOUND)
		return say_fail(CONSIGN_E_USAGE, "no completion for %s; there is one for bash and one for zsh", args->words[0]);
	return show(err, &text);
}

enum consign_err
cmd_manual(const struct args *args)
{
	struct buf text = {0};

	(void)args;
	return show(help_manual(CONSIGN_VERSION, &text), &text);
}
