/* Help and completion from the table. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#define SUMMARY_COLUMN 34

static enum consign_err
put(struct buf *out, const char *text)
{
	return buf_append(out, slice_text(text));
}

/* `before` name value `after`, for an option in a usage line. */
static enum consign_err
put_option(const struct option *o, struct buf *out)
{
	const char *open = o->is_required ? "" : "[", *close = o->is_required ? "" : "]";

	return buf_printf(out, " %s--%s%s%s%s%s", open, o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "",
	    close, o->may_repeat ? "…" : "");
}

enum consign_err
help_usage(const struct command *c, struct buf *out)
{
	enum consign_err err = buf_printf(out, "consign %s%s%s%s%s", c->noun, c->verb != NULL ? " " : "",
	    c->verb != NULL ? c->verb : "", c->words[0] != '\0' ? " " : "", c->words);

	for (const struct option *o = c->options; err == CONSIGN_OK && o != NULL && o->name != NULL; o++)
		err = put_option(o, out);
	if (err == CONSIGN_OK && c->has_json)
		err = put_option(&json_option, out);
	return err;
}

/* "…" is three bytes and one column: what printf's width has to be more. */
static int
more_bytes(const char *text)
{
	int more = 0;

	for (const char *p = text; (p = strstr(p, "…")) != NULL; p++)
		more += 2;
	return more;
}

static enum consign_err
put_option_line(const struct option *o, struct buf *out)
{
	char name[96];
	int n = snprintf(name, sizeof name, "--%s%s%s", o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "");

	(void)n;
	return buf_printf(out, "  %-*s %s\n", SUMMARY_COLUMN - 3 + more_bytes(name), name, o->summary);
}

enum consign_err
help_command(const struct command *c, struct buf *out)
{
	enum consign_err err = put(out, "Usage: ");

	if (err == CONSIGN_OK)
		err = help_usage(c, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, "\n\n%c%s.\n", c->summary[0] - 'a' + 'A', c->summary + 1);
	if (err == CONSIGN_OK && c->text != NULL)
		err = buf_printf(out, "%s\n", c->text);
	if (err == CONSIGN_OK)
		err = put(out, "\nOptions:\n");
	for (const struct option *o = c->options; err == CONSIGN_OK && o != NULL && o->name != NULL; o++)
		err = put_option_line(o, out);
	if (err == CONSIGN_OK && c->has_json)
		err = put_option_line(&json_option, out);
	for (const struct option *o = common_options; err == CONSIGN_OK && o->name != NULL; o++)
		if (command_option(c, o->name) == o)
			err = put_option_line(o, out);
	return err;
}

enum consign_err
help_list(const char *noun, struct buf *out)
{
	enum consign_err err = put(out, noun == NULL ? "Usage: consign NOUN [VERB] [WORDS] [OPTIONS]\n\n" : "");

	for (const struct command *c = command_table; err == CONSIGN_OK && c->noun != NULL; c++) {
		char name[64];

		if (noun != NULL && strcmp(noun, c->noun) != 0)
			continue;
		snprintf(name, sizeof name, "%s%s%s%s%s", c->noun, c->verb != NULL ? " " : "", c->verb != NULL ? c->verb : "",
		    c->words[0] != '\0' ? " " : "", c->words);
		err = buf_printf(out, "  %-*s %s\n", SUMMARY_COLUMN - 8 + more_bytes(name), name, c->summary);
	}
	if (err == CONSIGN_OK && noun == NULL) {
		err = put(out, "\nOptions of every command:\n");
		for (const struct option *o = common_options; err == CONSIGN_OK && o->name != NULL; o++)
			err = put_option_line(o, out);
		if (err == CONSIGN_OK)
			err = put(out,
			    "\n`consign help NOUN` says more about one. Results go to standard output, words to standard error.\n"
			    "Exit status: 0 done, 1 refused or failed, 2 wrong usage.\n");
	}
	return err;
}

static enum consign_err
put_nouns(struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (const struct command *c = command_table; err == CONSIGN_OK && c->noun != NULL; c++)
		if (c == command_table || strcmp(c->noun, (c - 1)->noun) != 0)
			err = buf_printf(out, "%s%s", c == command_table ? "" : " ", c->noun);
	return err;
}

static enum consign_err
put_completions(const struct command *c, struct buf *out)
{
	/* Behind a noun without verbs the second word is its own, or an option's value. */
	enum consign_err err = c->verb != NULL ? buf_printf(out, "\t\"%s %s\") words=\"", c->noun, c->verb)
					       : buf_printf(out, "\t\"%s\" | \"%s \"*) words=\"", c->noun, c->noun);

	for (const struct option *o = c->options; err == CONSIGN_OK && o != NULL && o->name != NULL; o++)
		err = buf_printf(out, "--%s ", o->name);
	for (const struct option *o = common_options; err == CONSIGN_OK && o->name != NULL; o++)
		if (command_option(c, o->name) == o)
			err = buf_printf(out, "--%s ", o->name);
	if (err == CONSIGN_OK && c->has_json)
		err = buf_printf(out, "--%s ", json_option.name);
	if (err == CONSIGN_OK && strcmp(c->words, "bash|zsh") == 0)
		err = put(out, "bash zsh");
	return err == CONSIGN_OK ? put(out, "\" ;;\n") : err;
}

static enum consign_err
put_verbs(struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (const struct command *c = command_table; err == CONSIGN_OK && c->noun != NULL; c++) {
		if (c->verb == NULL)
			continue;
		if (c == command_table || strcmp(c->noun, (c - 1)->noun) != 0)
			err = buf_printf(out, "\t\"%s\") words=\"", c->noun);
		if (err == CONSIGN_OK)
			err = buf_printf(out, "%s ", c->verb);
		if (err == CONSIGN_OK && ((c + 1)->noun == NULL || strcmp(c->noun, (c + 1)->noun) != 0))
			err = put(out, "\" ;;\n");
	}
	return err;
}

enum consign_err
help_completion(const char *shell, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	if (strcmp(shell, "zsh") == 0)
		err = put(out, "autoload -U +X bashcompinit && bashcompinit\n");
	else if (strcmp(shell, "bash") != 0)
		return CONSIGN_E_NOT_FOUND;
	if (err == CONSIGN_OK)
		err = put(out,
		    "# Completion for consign. Made by `consign completion`.\n"
		    "_consign() {\n"
		    "\tlocal word last= words nouns here=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at=() i\n"
		    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		    "\t\tword=${COMP_WORDS[i]}\n"
		    "\t\t[[ $word != = ]] || continue # bash breaks --home=DIR in three\n"
		    "\t\t[[ $word == -* || $last == --home ]] || at+=(\"$word\")\n"
		    "\t\tlast=$word\n"
		    "\tdone\n"
		    "\tcase $before in --home|--file|--passphrase-file) COMPREPLY=($(compgen -f -- \"$here\")); return ;; esac\n"
		    "\tnouns=\"");
	if (err == CONSIGN_OK)
		err = put_nouns(out);
	if (err == CONSIGN_OK)
		err = put(out, "\"\n"
			       "\twords=$nouns\n"
			       "\tcase \"${at[0]:-}${at[1]:+ ${at[1]}}\" in\n");
	if (err == CONSIGN_OK)
		err = put_verbs(out);
	for (const struct command *c = command_table; err == CONSIGN_OK && c->noun != NULL; c++)
		err = put_completions(c, out);
	if (err != CONSIGN_OK)
		return err;
	return put(out, "\t?*) words= ;;\n"
			"\tesac\n"
			"\t[[ ${at[0]:-} == help && ${#at[@]} == 1 ]] && words+=\" $nouns\"\n"
			"\tCOMPREPLY=($(compgen -W \"$words\" -- \"$here\"))\n"
			"\t[[ ${#COMPREPLY[@]} -eq 0 && $here != -* ]] && COMPREPLY=($(compgen -f -- \"$here\"))\n"
			"\treturn 0\n"
			"}\n"
			"complete -F _consign consign\n");
}
