/* See yaml_words.h. */
#include "policy/yaml_words.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "policy/nearest.h"
#include "policy/policy.h"
#include "policy/table.h"

#define FAIL(error, node, ...) yaml_fail_at((error), (node)->line, (node)->column, __VA_ARGS__)

/* "id, title, parties" */
static void
list_keys(const struct yaml_key *keys, size_t n, char *ret_text, size_t size)
{
	size_t at = 0;
	ret_text[0] = '\0';
	for (size_t i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(ret_text + at, size - at, "%s%s", i == 0 ? "" : ", ", keys[i].name);
}

/* The key that was meant by an unknown one; NULL: nobody knows. */
static const char *
find_meant(const struct yaml_key *keys, size_t n, const struct node *found)
{
	struct nearest near = nearest_to(found->text);
	char between[32];
	(void)snprintf(between, sizeof between, " %s ", (const char *)found->text.data);
	for (size_t i = 0; i < n; i++) {
		if (keys[i].slips != NULL && found->text.len + 2 < sizeof between && strstr(keys[i].slips, between) != NULL)
			return keys[i].name;
		nearest_try(&near, keys[i].name);
	}
	return near.best;
}

static enum consign_err
fail_unknown_key(struct policy_file_error *error, const struct node *key, const char *what, const struct yaml_key *keys, size_t n,
    const char *names)
{
	char shown[SHOWN_BYTES];
	const char *meant = find_meant(keys, n, key);
	enum consign_err err =
	    FAIL(error, key, "found the unknown key %s in %s: expected one of %s", yaml_show(key, shown), what, names);
	return meant == NULL ? err : yaml_hint(error, err, "write `%s`", meant);
}

enum consign_err
yaml_take_keys(struct policy_file_error *error, const struct node *map, const char *what, const struct yaml_key *keys, size_t n)
{
	char shown[SHOWN_BYTES], names[160];
	list_keys(keys, n, names, sizeof names);
	if (map->kind != NODE_MAP)
		return yaml_hint(error,
		    FAIL(error, map, "found %s: expected %s, a mapping with the keys %s", yaml_show(map, shown), what, names),
		    "write each key with its value, such as `%s: ...`", keys[0].name);
	for (const struct node *key = map->first; key != NULL; key = key->next) {
		size_t i = 0;
		while (i < n && !slice_equal(slice_text(keys[i].name), key->text))
			i++;
		if (i == n)
			return fail_unknown_key(error, key, what, keys, n, names);
		*keys[i].ret_key = key;
	}
	for (size_t i = 0; i < n; i++) {
		if (keys[i].is_required && *keys[i].ret_key == NULL)
			return FAIL(error, map, "found no key '%s' in %s: expected it beside %s", keys[i].name, what, names);
	}
	return CONSIGN_OK;
}

static enum consign_err
check_length(struct policy_file_error *error, const struct node *list, const char *what, size_t min, size_t max)
{
	char shown[SHOWN_BYTES];
	if (list->kind != NODE_LIST)
		return FAIL(error, list, "found %s: expected a list of %s", yaml_show(list, shown), what);
	if (list->n < min)
		return FAIL(error, list, "found an empty list of %s: expected at least one", what);
	if (list->n > max)
		return FAIL(error, list, "found %zu %s: expected at most %zu", list->n, what, max);
	return CONSIGN_OK;
}

enum consign_err
yaml_check_list(struct policy_file_error *error, const struct node *list, const char *what, size_t min, size_t max)
{
	enum consign_err err = check_length(error, list, what, min, max);
	if (err == CONSIGN_OK || list->n > max)
		return err;
	return yaml_hint(error, err, "write each of them in a line of its own that begins with `- `%s", min == 0 ? "; `[]` for none" : "");
}

/* Words for everything, which as elements would be names of something. */
static bool
is_all(const struct node *word)
{
	static const char *const all[] = {"all", "any", "every", "everything", "everybody"};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (slice_equal(word->text, slice_text(all[i])))
			return true;
	return false;
}

enum consign_err
yaml_check_words(struct policy_file_error *error, const struct node *list, const char *what, size_t max, const char *if_none)
{
	enum consign_err err = check_length(error, list, what, 1, max);
	if (err == CONSIGN_OK || list->n > max)
		return err;
	if (list->kind == NODE_LIST || is_all(list))
		return yaml_hint(error, err, "%s", if_none);
	if (list->kind != NODE_WORD || list->text.len == 0 || list->text.len > SHOWN_BYTES || !text_is(CHARSET_ASCII, list->text))
		return yaml_hint(error, err, "write the words in brackets: `[a, b]`");
	const char *quote = list->text.data[0] == '*' || list->text.data[0] == '@' ? "\"" : "";
	return yaml_hint(error, err, "write `[%s%s%s]`", quote, (const char *)list->text.data, quote);
}

/* Lists of words are short or bounded by the size of the source; names keeps it linear. */
enum consign_err
yaml_check_distinct(struct policy_file_error *error, const struct node *list, const char *what)
{
	struct names seen = {0};
	char shown[SHOWN_BYTES];
	enum consign_err err = CONSIGN_OK;
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next) {
		size_t known = seen.n;
		uint32_t number;
		err = names_put(&seen, word->text, &number);
		if (err == CONSIGN_OK && number < known)
			err = FAIL(error, word, "found %s again: expected each of the %s once", yaml_show(word, shown), what);
	}
	names_clear(&seen);
	return err;
}

/* Most words are written small, and meant so where somebody wrote them large. */
static enum consign_err
hint_at_case(struct policy_file_error *error, enum consign_err err, const struct node *word, enum charset charset)
{
	char small[CONSIGN_TYPE_MAX_BYTES + 1] = "";
	if (word->text.len >= sizeof small)
		return err;
	for (size_t i = 0; i < word->text.len; i++) {
		uint8_t c = word->text.data[i];
		small[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return text_is(charset, slice_of(small, word->text.len)) ? yaml_hint(error, err, "write `%s`", small) : err;
}

enum consign_err
yaml_read_word(struct policy_file_error *error, const struct node *word, const char *what, enum charset charset,
    const char *expected, size_t max, char *ret_text)
{
	char shown[SHOWN_BYTES];
	if (word->kind != NODE_WORD || word->text.len == 0)
		return FAIL(error, word, "found %s: expected %s", yaml_show(word, shown), what);
	if (word->text.len > max)
		return FAIL(error, word, "found %s of %zu bytes: expected %s of at most %zu", yaml_show(word, shown),
		    word->text.len, what, max);
	if (!text_is(charset, word->text))
		return hint_at_case(
		    error, FAIL(error, word, "found %s: expected %s, %s", yaml_show(word, shown), what, expected), word, charset);
	memcpy(ret_text, word->text.data, word->text.len);
	ret_text[word->text.len] = '\0';
	return CONSIGN_OK;
}

enum consign_err
yaml_read_type(struct policy_file_error *error, const struct node *word, struct consign_type *ret_type)
{
	return yaml_read_word(error, word, "a message type", CHARSET_GLOB,
	    "of a-z 0-9 _ in parts joined by single dots, * for any run", CONSIGN_TYPE_MAX_BYTES, ret_type->s);
}

enum consign_err
yaml_read_role(struct policy_file_error *error, const struct node *word, uint32_t *ret_role)
{
	char shown[SHOWN_BYTES], words[128];
	uint32_t role = 0;
	struct nearest near = nearest_to(word->text);
	if (word->kind == NODE_WORD && text_is(CHARSET_ASCII, word->text))
		role = policy_role_parse((const char *)word->text.data);
	if (role == 0) {
		size_t at = 0;
		for (uint32_t i = ROLE_SPONSOR; i <= ROLE_LAST && at < sizeof words; i++) {
			at += (size_t)snprintf(
			    words + at, sizeof words - at, "%s%s", i == ROLE_SPONSOR ? "" : ", ", policy_role_text(i));
			nearest_try(&near, policy_role_text(i));
		}
		enum consign_err err = FAIL(error, word, "found %s%s: expected one of %s",
		    word->kind == NODE_WORD ? "the unknown role " : "", yaml_show(word, shown), words);
		return near.best == NULL ? err : yaml_hint(error, err, "write `%s`", near.best);
	}
	*ret_role = role;
	return CONSIGN_OK;
}

enum consign_err
yaml_read_roles(
    struct policy_file_error *error, struct arena *arena, const struct node *list, uint32_t **ret_roles, size_t *ret_n)
{
	enum consign_err err = yaml_check_words(error, list, "roles", ROLE_LAST, "name at least one: `[sponsor]`");
	if (err != CONSIGN_OK)
		return err;
	uint32_t *roles = arena_alloc(arena, list->n * sizeof *roles);
	if (roles == NULL)
		return CONSIGN_E_NO_MEMORY;
	size_t n = 0;
	for (const struct node *word = list->first; err == CONSIGN_OK && word != NULL; word = word->next)
		err = yaml_read_role(error, word, &roles[n++]);
	if (err == CONSIGN_OK)
		err = yaml_check_distinct(error, list, "roles");
	if (err != CONSIGN_OK)
		return err;
	*ret_roles = roles;
	*ret_n = n;
	return CONSIGN_OK;
}
