/* Trees of examples: reading, changing and printing JSON values by the names of the proto. */
#include "catalogue/example_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/json.h"

#define LINE_MAX_BYTES 100u

void
example_key(const char *name, char ret_key[EXAMPLE_KEY_BYTES])
{
	json_key_put(name, ret_key, EXAMPLE_KEY_BYTES);
}

/* What fits into a line stands in one: an example is read by people. */
static enum consign_err
print(const json_t *value, size_t depth, struct buf *out)
{
	char *line = json_dumps(value, JSON_ENCODE_ANY);
	bool is_object = json_is_object(value);
	enum consign_err err = line == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	const char *separator = "", *key;
	json_t *inner;
	size_t i;

	if (err != CONSIGN_OK || (depth > 0 && strlen(line) <= LINE_MAX_BYTES) || (!is_object && !json_is_array(value))) {
		err = err == CONSIGN_OK ? buf_append(out, slice_text(line)) : err;
		free(line);
		return err;
	}
	free(line);
	err = buf_append_u8(out, is_object ? '{' : '[');
	json_object_foreach((json_t *)(uintptr_t)value, key, inner) {
		err = err == CONSIGN_OK ? buf_printf(out, "%s\n%*s\"%s\": ", separator, (int)(2 * depth + 2), "", key) : err;
		err = err == CONSIGN_OK ? print(inner, depth + 1, out) : err;
		separator = ",";
	}
	json_array_foreach(value, i, inner) {
		err = err == CONSIGN_OK ? buf_printf(out, "%s\n%*s", separator, (int)(2 * depth + 2), "") : err;
		err = err == CONSIGN_OK ? print(inner, depth + 1, out) : err;
		separator = ",";
	}
	return err == CONSIGN_OK ? buf_printf(out, "\n%*s%c", (int)(2 * depth), "", is_object ? '}' : ']') : err;
}

enum consign_err
example_text(const json_t *tree, struct buf *out)
{
	return print(tree, 0, out);
}

/* ── members, and paths of them: names of the proto joined by dots, which never enter a list ── */

json_t *
tree_member(const json_t *object, const char *name)
{
	char key[EXAMPLE_KEY_BYTES];

	example_key(name, key);
	return json_object_get(object, key);
}

void
tree_put(json_t *object, const char *name, json_t *value)
{
	char key[EXAMPLE_KEY_BYTES];

	example_key(name, key);
	(void)json_object_set_new(object, key, value); /* what is missing for want of memory fails the check of the whole */
}

/* The object that holds the last name of a path, and that name; NULL: a part on the way is absent. */
static json_t *
holder_of(json_t *object, const char *path, const char **ret_name)
{
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL && object != NULL) {
		char name[EXAMPLE_KEY_BYTES] = "";

		if ((size_t)(dot - path) < sizeof name)
			memcpy(name, path, (size_t)(dot - path));
		object = tree_member(object, name);
		path = dot + 1;
	}
	*ret_name = path;
	return object;
}

json_t *
tree_at(json_t *object, const char *path)
{
	const char *name;
	json_t *holder = holder_of(object, path, &name);

	return holder == NULL ? NULL : tree_member(holder, name);
}

bool
tree_drop(json_t *object, const char *path)
{
	const char *name;
	char key[EXAMPLE_KEY_BYTES];
	json_t *holder = holder_of(object, path, &name);

	example_key(name, key);
	return holder != NULL && json_object_del(holder, key) == 0;
}

bool
tree_put_at(json_t *object, const char *path, json_t *value)
{
	const char *name;
	json_t *holder = holder_of(object, path, &name);

	if (holder == NULL) {
		json_decref(value);
		return false;
	}
	tree_put(holder, name, value);
	return true;
}

/* ── patches ── */

/* RFC 7386 */
void
tree_merge(json_t *target, const json_t *patch)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)patch, key, value) {
		if (json_is_null(value)) {
			(void)json_object_del(target, key);
		} else if (json_is_object(value)) {
			if (!json_is_object(json_object_get(target, key)))
				(void)json_object_set_new(target, key, json_object());
			tree_merge(json_object_get(target, key), value);
		} else {
			(void)json_object_set(target, key, value);
		}
	}
}

static enum consign_err
patch_words(const json_t *patch, const char *path, const char **separator, struct buf *out)
{
	const char *key;
	json_t *value;
	enum consign_err err = CONSIGN_OK;

	json_object_foreach((json_t *)(uintptr_t)patch, key, value) {
		char inner[PROBLEM_PATH_BYTES], *text;

		snprintf(inner, sizeof inner, "%s%s%s", path, path[0] == '\0' ? "" : ".", key);
		if (json_is_object(value)) {
			err = patch_words(value, inner, separator, out);
		} else if (json_is_null(value)) {
			err = buf_printf(out, "%swithout %s", *separator, inner);
			*separator = ", ";
		} else {
			text = json_dumps(value, JSON_ENCODE_ANY);
			err = text == NULL ? CONSIGN_E_NO_MEMORY : buf_printf(out, "%s%s %s", *separator, inner, text);
			free(text);
			*separator = ", ";
		}
		if (err != CONSIGN_OK)
			break;
	}
	return err;
}

enum consign_err
example_patch_words(const char *patch, struct buf *out)
{
	json_t *tree = json_loads(patch, 0, NULL);
	const char *separator = "";
	enum consign_err err = tree == NULL ? CONSIGN_E_NO_MEMORY : patch_words(tree, "", &separator, out);

	json_decref(tree);
	return err;
}

