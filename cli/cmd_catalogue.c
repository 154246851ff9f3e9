/* `consign catalogue`: what message types there are, what each holds, an example, and whether a file is one. Needs no home. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "business.h"
#include "catalogue/example.h"
#include "catalogue/payload.h"
#include "catalogue/render.h"
#include "core/limits.h"
#include "core/text.h"
#include "input.h"
#include "print.h"

#define WIDTH_DEFAULT 110u

static const struct catalogue_type *
find_type(const char *name)
{
	const struct catalogue_type *type = catalogue_find(name);

	if (type == NULL) {
		say_error("there is no type %s", name);
		say_hint("`consign catalogue list` has all of them; types x.* carry any file");
	}
	return type;
}

/* Text of ours that was made, with a line's end, or why it could not be. */
static enum consign_err
print_made(enum consign_err err, const struct buf *text)
{
	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	err = print_bytes(buf_slice(text));
	if (err == CONSIGN_OK && text->len > 0 && text->data[text->len - 1] != '\n')
		err = print_bytes(slice_text("\n"));
	return err == CONSIGN_OK ? err : say_lost_output();
}

enum consign_err
cmd_catalogue_list(const struct args *args)
{
	static const char *const headings[] = {"type", "title", "least label"};
	struct table table = {.headings = headings, .columns = sizeof headings / sizeof headings[0]};
	const struct catalogue_type *type;
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && (type = catalogue_at(i)) != NULL; i++) {
		const char *label = consign_label_text(catalogue_type_label(type));

		if (args_has(args, "json")) {
			json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:s}", "type", catalogue_type_name(type), "title", catalogue_type_title(type),
			    "least_label", label, "version", (int)catalogue_type_version(type), "message", catalogue_type_message(type));

			err = print_json(&json);
			continue;
		}
		table_put(&table, catalogue_type_name(type));
		table_put(&table, catalogue_type_title(type));
		table_put(&table, label);
	}
	if (err == CONSIGN_OK)
		err = table_print(&table);
	table_clear(&table);
	return err == CONSIGN_OK ? err : say_lost_output();
}

static unsigned
width_of_terminal(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : WIDTH_DEFAULT;
}

enum consign_err
cmd_catalogue_show(const struct args *args)
{
	const char *name = args->words[0];
	const struct catalogue_type *type = catalogue_find(name);
	bool is_json = args_has(args, "json");
	struct buf text = {0};
	enum consign_err err;

	if (type != NULL)
		err = is_json ? render_type_json(type, &text) : render_type(type, width_of_terminal(), &text);
	else
		err = is_json ? render_part_type_json(name, &text) : render_part_type(name, width_of_terminal(), &text);
	if (err == CONSIGN_E_NOT_FOUND) {
		say_error("there is no type and no shared part %s", name);
		say_hint("`consign catalogue list` has all types, `consign catalogue show event` all shared parts; types x.* carry any file");
	} else {
		err = print_made(err, &text);
	}
	buf_clear(&text);
	return err;
}

enum consign_err
cmd_catalogue_example(const struct args *args)
{
	const struct catalogue_type *type = find_type(args->words[0]);
	struct buf text = {0};
	enum consign_err err;

	if (type == NULL)
		return CONSIGN_E_NOT_FOUND;
	err = print_made(example_make(type, args_has(args, "full") ? EXAMPLE_FULL : EXAMPLE_MINIMAL, &text), &text);
	buf_clear(&text);
	return err;
}

/* ── validate ── */

struct validation {
	const struct catalogue_type *type;
	enum consign_label wish; /* 0: none given */
	struct problems problems;
	enum consign_label label; /* that it would go under */
};

static enum consign_err
validate(struct validation *v, struct consign_slice content)
{
	struct payload handed = {.content = content};
	struct arena *arena = NULL;
	struct buf plain = {0};
	enum consign_err err = arena_new(BUSINESS_ARENA_BYTES(content.len), &arena);

	memcpy(handed.media_type, PAYLOAD_JSON, sizeof PAYLOAD_JSON);
	if (err == CONSIGN_OK)
		err = payload_make(catalogue_type_name(v->type), &handed, v->wish, arena, &v->problems, &plain, &v->label);
	arena_free(&arena);
	buf_wipe(&plain);
	return err;
}

static enum consign_err
print_validation(const struct args *args, const struct validation *v, enum consign_err err)
{
	bool is_valid = err == CONSIGN_OK;

	if (args_has(args, "json")) {
		json_t *json = json_pack("{s:s, s:b, s:o, s:I}", "type", catalogue_type_name(v->type), "valid", (int)is_valid, "problems",
		    json_problems(&v->problems), "problems_total", (json_int_t)v->problems.total);

		if (json != NULL && is_valid)
			json_object_set_new(json, "label", json_string(consign_label_text(v->label)));
		if (print_json(&json) != CONSIGN_OK)
			return say_lost_output();
	} else if (is_valid) {
		printf("a valid %s, sent under the label %s\n", catalogue_type_name(v->type), consign_label_text(v->label));
	} else {
		say_error("TYPE_INVALID: %zu %s", v->problems.total, v->problems.total == 1 ? "problem" : "problems");
		say_problems(&v->problems);
	}
	return is_valid ? CONSIGN_OK : CONSIGN_E_DENIED;
}

enum consign_err
cmd_catalogue_validate(const struct args *args)
{
	struct validation v = {.type = find_type(args->words[0])};
	const char *label = args_value(args, "label");
	struct buf content = {0};
	enum consign_err err;

	if (v.type == NULL)
		return CONSIGN_E_NOT_FOUND;
	if (label != NULL && label_parse(label, &v.wish) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "--label %s: expected open, restricted or unblinded", label);
	err = input_read(args->words[1], CONSIGN_LOCAL_CONTENT_MAX_BYTES, &content);
	if (err == CONSIGN_OK) {
		err = validate(&v, buf_slice(&content));
		err = err == CONSIGN_E_NO_MEMORY ? say_fail(err, "out of memory") : print_validation(args, &v, err);
	}
	problems_clear(&v.problems);
	buf_wipe(&content);
	return err;
}
