/* See word_list.h. */
#include "word_list.h"

#include <stdlib.h>
#include <string.h>

void
word_list_clear(struct word_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	*list = (struct word_list){0};
}

static enum consign_err
append(struct word_list *list, const char *text, size_t len)
{
	char **more = realloc(list->v, (list->n + 1) * sizeof *more);

	if (more == NULL)
		return CONSIGN_E_NO_MEMORY;
	list->v = more;
	list->v[list->n] = strndup(text, len);
	if (list->v[list->n] == NULL)
		return CONSIGN_E_NO_MEMORY;
	list->n++;
	return CONSIGN_OK;
}

enum consign_err
word_list_split(struct word_list *list, const char *text, char mark)
{
	for (;;) {
		const char *end = strchr(text, mark);
		enum consign_err err = append(list, text, end == NULL ? strlen(text) : (size_t)(end - text));

		if (err != CONSIGN_OK || end == NULL)
			return err;
		text = end + 1;
	}
}

enum consign_err
word_list_given(struct word_list *list, const struct args *args, const char *option)
{
	const char *value;
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && (value = args_nth(args, option, i)) != NULL; i++)
		err = word_list_split(list, value, ',');
	return err;
}

struct policy_words
word_list_words(const struct word_list *list)
{
	return (struct policy_words){(const char *const *)list->v, list->n};
}
