/*
 * Words of the command line that come as lists: an option given several times, each with commas between words.
 *
 * Threads   values only
 */
#ifndef CLI_WORD_LIST_H
#define CLI_WORD_LIST_H

#include "args.h"
#include "policy/policy_edit.h"

/* Owns its words. Zero-initialise; end with word_list_clear. */
struct word_list {
	char **v;
	size_t n;
};

void word_list_clear(struct word_list *list);
/* Splits at the mark and appends what is between; nothing between is a word too. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err word_list_split(struct word_list *list, const char *text, char mark);
/* Every value of an option. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err word_list_given(struct word_list *list, const struct args *args, const char *option);
/* Lends until the next change. */
struct policy_words word_list_words(const struct word_list *list);

#endif
