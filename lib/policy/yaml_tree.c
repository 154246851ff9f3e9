/* Events of libyaml become a tree. The only user of yaml.h. See yaml_tree.h for what is refused. */
#include "policy/yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "core/limits.h"
#include "core/text.h"
#include "core/utf8.h"

/* Longer runs of YAML inside one word are cut in errors. */
#define SHOWN_CHARACTERS 40

struct source {
	yaml_parser_t parser;
	struct consign_slice yaml;
	const struct yaml_form *form;
	struct arena *arena;
	struct policy_file_error *error;
};

enum consign_err
yaml_fail_at(struct policy_file_error *error, size_t line, size_t column, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	error->line = line;
	error->column = column;
	error->hint[0] = '\0';
	(void)vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
	return CONSIGN_E_CONFIG;
}

enum consign_err
yaml_hint(struct policy_file_error *error, enum consign_err err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(error->hint, sizeof error->hint, format, args);
	va_end(args);
	return err;
}

const char *
yaml_show(const struct node *node, char ret_shown[SHOWN_BYTES])
{
	if (node->kind == NODE_LIST)
		return "a list";
	if (node->kind == NODE_MAP)
		return "a mapping";
	if (node->text.len == 0)
		return "nothing";
	size_t at = 0;
	ret_shown[at++] = '\'';
	for (size_t i = 0; i < node->text.len && i < SHOWN_CHARACTERS; i++) {
		uint8_t c = node->text.data[i];
		ret_shown[at++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	(void)snprintf(ret_shown + at, SHOWN_BYTES - at, "%s", node->text.len > SHOWN_CHARACTERS ? "...'" : "'");
	return ret_shown;
}

#define FAIL_AT(s, event, ...) yaml_fail_at((s)->error, (event)->start_mark.line + 1, (event)->start_mark.column + 1, __VA_ARGS__)

/* What stands at a byte that may not stand in a file, and what will have happened there. */
static const char *
show_byte(const struct source *s, size_t at, char ret_shown[SHOWN_BYTES], const char **ret_hint)
{
	uint32_t point = 0;
	bool is_utf8 = at < s->yaml.len && utf8_step(slice_of(s->yaml.data + at, s->yaml.len - at), &point) > 0;

	if (!is_utf8) {
		bool is_utf16 = s->yaml.len >= 2 && (memcmp(s->yaml.data, "\xff\xfe", 2) == 0 || memcmp(s->yaml.data, "\xfe\xff", 2) == 0);

		*ret_hint = is_utf16 ? "the file is UTF-16: save it as UTF-8" : "save the file as UTF-8";
		return "bytes that are no UTF-8";
	}
	if (point == 0) {
		*ret_hint = "there is a NUL byte: this is no text file, or it was damaged";
		return "a NUL byte";
	}
	if (point == '\r') {
		*ret_hint = "save the file with the ends of lines of Unix (LF) or of Windows (CRLF)";
		return "a carriage return without a newline";
	}
	*ret_hint = "take the character out: editors may not show it";
	(void)snprintf(ret_shown, SHOWN_BYTES, "the character U+%04X", (unsigned)point);
	return ret_shown;
}

/* Bytes, not lines, are what is known of a place where the bytes themselves are wrong. */
static enum consign_err
fail_at_byte(struct source *s, size_t at)
{
	size_t line = 1, column = 1;
	char shown[SHOWN_BYTES];
	const char *hint;
	for (size_t i = 0; i < at && i < s->yaml.len; i++) {
		uint8_t c = s->yaml.data[i];
		if (c == '\n') {
			line++;
			column = 1;
		} else if ((c & 0xc0) != 0x80) {
			column++;
		}
	}
	const char *found = show_byte(s, at, shown, &hint);
	return yaml_hint(s->error,
	    yaml_fail_at(s->error, line, column, "found %s: expected UTF-8 text without control characters", found), "%s", hint);
}

/*
 * What would make the file read otherwise than it looks: ends of lines that editors do not show, behind which a comment is none; text that
 * runs the other way (UAX #9); a mark without width.
 */
static bool
is_deceiving(uint32_t point)
{
	return (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

/* Bytes before the first character that is. */
static size_t
plain_run(struct consign_slice text)
{
	size_t at = 0;
	while (at < text.len) {
		uint32_t point = text.data[at];
		size_t n = point < 0x80 ? 1 : utf8_step(slice_of(text.data + at, text.len - at), &point);
		if (n == 0 || is_deceiving(point))
			break;
		at += n;
	}
	return at;
}

/*
 * The text of a policy is signed and travels as CHARSET_TEXT (docs/PROTOCOL.md, source of a policy_part). YAML allows more: what it
 * takes for the end of a line, U+0085 and a lone carriage return. Refused here a file is refused by whoever reads it, with its place.
 */
static enum consign_err
check_text(struct source *s)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t run = text_run(s->yaml), plain = plain_run(s->yaml);
	if (plain < run)
		run = plain;
	if (s->yaml.len >= sizeof mark - 1 && memcmp(s->yaml.data, mark, sizeof mark - 1) == 0)
		return yaml_hint(s->error,
		    yaml_fail_at(s->error, 1, 1, "found a byte order mark (BOM) before the first word: expected UTF-8 text without one"),
		    "save the file as UTF-8 without BOM");
	return run == s->yaml.len ? CONSIGN_OK : fail_at_byte(s, run);
}

/* The byte at a place that libyaml names, which counts characters; 0 beyond the end. */
static uint8_t
byte_at(const struct source *s, const yaml_mark_t *mark)
{
	size_t line = 0, column = 0;
	for (size_t i = 0; i < s->yaml.len; i++) {
		uint8_t c = s->yaml.data[i];
		if ((c & 0xc0) == 0x80)
			continue;
		if (line == mark->line && column == mark->column)
			return c;
		column = c == '\n' ? 0 : column + 1;
		line += c == '\n';
	}
	return 0;
}

#define HINT_OF_STAR "a word that begins with * needs quotes: \"*\""

/* YAML gives some characters at the beginning of a word a meaning that nobody expects. */
static const char *
hint_at_mark(const struct source *s, const yaml_parser_t *p)
{
	uint8_t c = byte_at(s, &p->problem_mark);
	if (p->context != NULL && strstr(p->context, "alias") != NULL)
		return HINT_OF_STAR;
	if (p->problem != NULL && strstr(p->problem, "mapping values") != NULL)
		return "a word with a colon and a blank in it needs quotes: \"a: b\"; or the line is indented too far";
	if (c == '\t')
		return "indent with blanks: YAML takes no tabs there";
	if (c == '@' || c == '`' || c == '%' || c == '*')
		return "a word that begins with @, * or another sign needs quotes: \"@sites\"";
	return "";
}

static enum consign_err
next_event(struct source *s, yaml_event_t *ret_event)
{
	if (yaml_parser_parse(&s->parser, ret_event))
		return CONSIGN_OK;
	const yaml_parser_t *p = &s->parser;
	if (p->error == YAML_MEMORY_ERROR)
		return CONSIGN_E_NO_MEMORY;
	if (p->error == YAML_READER_ERROR)
		return fail_at_byte(s, p->problem_offset);
	enum consign_err err = yaml_fail_at(s->error, p->problem_mark.line + 1, p->problem_mark.column + 1,
	    "this is not YAML: %s%s%s", p->problem != NULL ? p->problem : "unknown trouble", p->context != NULL ? " " : "",
	    p->context != NULL ? p->context : "");
	return yaml_hint(s->error, err, "%s", hint_at_mark(s, p));
}

static enum consign_err
new_node(struct source *s, const yaml_event_t *event, enum node_kind kind, struct node **ret_node)
{
	struct node *node = arena_alloc(s->arena, sizeof *node);
	if (node == NULL)
		return CONSIGN_E_NO_MEMORY;
	node->kind = kind;
	node->line = event->start_mark.line + 1;
	node->column = event->start_mark.column + 1;
	node->begin = (uint32_t)event->start_mark.index;
	node->end = (uint32_t)event->end_mark.index;
	node->is_flow =
	    (kind == NODE_LIST && event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE) ||
	    (kind == NODE_MAP && event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
	if (kind == NODE_WORD) {
		node->text = arena_copy(s->arena, slice_of(event->data.scalar.value, event->data.scalar.length));
		if (node->text.data == NULL)
			return CONSIGN_E_NO_MEMORY;
	}
	*ret_node = node;
	return CONSIGN_OK;
}

static void
append(struct node *parent, struct node *child)
{
	if (parent->last == NULL)
		parent->first = child;
	else
		parent->last->next = child;
	parent->last = child;
	parent->n++;
}

static enum consign_err
check_plain(struct source *s, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	const char *recurs = s->form->recurs == NULL ? "" : s->form->recurs;
	if (event->type == YAML_ALIAS_EVENT)
		return yaml_hint(s->error, FAIL_AT(s, event, "found an alias (*): expected the thing itself, written out"),
		    HINT_OF_STAR "%s%s", recurs[0] != '\0' ? "; " : "", recurs);
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor != NULL)
		return yaml_hint(
		    s->error, FAIL_AT(s, event, "found an anchor (&): expected the thing itself, written out"), "%s", recurs);
	if (tag != NULL)
		return FAIL_AT(s, event, "found a tag (!): expected plain words, lists and mappings");
	return CONSIGN_OK;
}

static enum consign_err read_node(struct source *s, const yaml_event_t *start, unsigned depth, struct node **ret_node);

static enum consign_err
read_list(struct source *s, struct node *list, unsigned depth)
{
	for (;;) {
		yaml_event_t event;
		struct node *element;
		enum consign_err err = next_event(s, &event);
		if (err != CONSIGN_OK)
			return err;
		bool is_end = event.type == YAML_SEQUENCE_END_EVENT;
		if (is_end)
			list->end = (uint32_t)event.end_mark.index;
		else
			err = read_node(s, &event, depth + 1, &element);
		yaml_event_delete(&event);
		if (is_end || err != CONSIGN_OK)
			return err;
		append(list, element);
	}
}

/* Reads one key and its value. */
static enum consign_err
read_pair(struct source *s, const yaml_event_t *start, unsigned depth, struct node *map)
{
	struct node *key;
	yaml_event_t event;
	char shown[SHOWN_BYTES];
	enum consign_err err = check_plain(s, start);
	if (err != CONSIGN_OK)
		return err;
	if (start->type != YAML_SCALAR_EVENT)
		return FAIL_AT(s, start, "found a list or mapping as a key: expected a word");
	err = new_node(s, start, NODE_WORD, &key);
	if (err != CONSIGN_OK)
		return err;
	/* Mappings of our files have a handful of keys; the first unknown key ends it, and unknown keys differ: so few. */
	for (const struct node *other = map->first; other != NULL; other = other->next) {
		if (slice_equal(other->text, key->text))
			return yaml_hint(s->error,
			    yaml_fail_at(s->error, key->line, key->column,
				"found the key %s again (first in line %zu): expected it once", yaml_show(key, shown),
				other->line),
			    "put both into one, or take one of them out");
	}
	err = next_event(s, &event);
	if (err != CONSIGN_OK)
		return err;
	err = read_node(s, &event, depth + 1, &key->value);
	yaml_event_delete(&event);
	if (err == CONSIGN_OK)
		append(map, key);
	return err;
}

static enum consign_err
read_map(struct source *s, struct node *map, unsigned depth)
{
	for (;;) {
		yaml_event_t event;
		enum consign_err err = next_event(s, &event);
		if (err != CONSIGN_OK)
			return err;
		bool is_end = event.type == YAML_MAPPING_END_EVENT;
		if (is_end)
			map->end = (uint32_t)event.end_mark.index;
		else if (map->n >= CONSIGN_YAML_KEYS_MAX)
			err = FAIL_AT(
			    s, &event, "found more than 64 keys in one mapping: expected the few that %s names", s->form->page);
		else
			err = read_pair(s, &event, depth, map);
		yaml_event_delete(&event);
		if (is_end || err != CONSIGN_OK)
			return err;
	}
}

static enum consign_err
read_node(struct source *s, const yaml_event_t *start, unsigned depth, struct node **ret_node)
{
	struct node *node;
	enum consign_err err = check_plain(s, start);
	if (err != CONSIGN_OK)
		return err;
	if (depth > CONSIGN_YAML_DEPTH_MAX)
		return yaml_hint(s->error,
		    FAIL_AT(s, start, "found lists or mappings nested deeper than 8: expected the shape of %s", s->form->page),
		    "look for a bracket too many, or lines that are indented too far");
	switch (start->type) {
	case YAML_SCALAR_EVENT:
		return new_node(s, start, NODE_WORD, ret_node);
	case YAML_SEQUENCE_START_EVENT:
		err = new_node(s, start, NODE_LIST, &node);
		if (err == CONSIGN_OK)
			err = read_list(s, node, depth);
		break;
	case YAML_MAPPING_START_EVENT:
		err = new_node(s, start, NODE_MAP, &node);
		if (err == CONSIGN_OK)
			err = read_map(s, node, depth);
		break;
	default:
		return FAIL_AT(s, start, "found the end of something: expected a word, a list or a mapping");
	}
	if (err == CONSIGN_OK)
		*ret_node = node;
	return err;
}

/* DOCUMENT-START, the root, DOCUMENT-END. start is the event that should open the document. */
static enum consign_err
read_document(struct source *s, const yaml_event_t *start, struct node **ret_root)
{
	yaml_event_t event;
	if (start->type != YAML_DOCUMENT_START_EVENT)
		return yaml_hint(s->error, FAIL_AT(s, start, "the file is empty: expected a mapping with the keys %s", s->form->keys),
		    "start from the first example of %s", s->form->page);
	if (start->data.document_start.version_directive != NULL ||
	    start->data.document_start.tag_directives.start != start->data.document_start.tag_directives.end)
		return FAIL_AT(s, start, "found a directive (%%): expected the %s without one", s->form->name);
	enum consign_err err = next_event(s, &event);
	if (err != CONSIGN_OK)
		return err;
	err = read_node(s, &event, 0, ret_root);
	yaml_event_delete(&event);
	if (err != CONSIGN_OK)
		return err;
	err = next_event(s, &event); /* the document's end: libyaml knows nothing else here */
	if (err == CONSIGN_OK)
		yaml_event_delete(&event);
	return err;
}

static enum consign_err
read_stream(struct source *s, struct node **ret_root)
{
	yaml_event_t event;
	enum consign_err err = next_event(s, &event); /* the stream's start */
	if (err != CONSIGN_OK)
		return err;
	yaml_event_delete(&event);
	err = next_event(s, &event);
	if (err != CONSIGN_OK)
		return err;
	err = read_document(s, &event, ret_root);
	yaml_event_delete(&event);
	if (err != CONSIGN_OK)
		return err;
	err = next_event(s, &event);
	if (err != CONSIGN_OK)
		return err;
	if (event.type != YAML_STREAM_END_EVENT)
		err = FAIL_AT(s, &event, "found a second document: expected one file, one %s", s->form->name);
	yaml_event_delete(&event);
	return err;
}

enum consign_err
yaml_tree_read(struct consign_slice yaml, const struct yaml_form *form, struct arena *arena, struct node **ret_root,
    struct policy_file_error *ret_error)
{
	struct source s = {.yaml = yaml, .form = form, .arena = arena, .error = ret_error};
	struct node *root;
	enum consign_err err = check_text(&s);
	if (err != CONSIGN_OK)
		return err;
	if (!yaml_parser_initialize(&s.parser))
		return CONSIGN_E_NO_MEMORY;
	/* Said, not guessed: a guess could read other words than the signed source shows. */
	yaml_parser_set_encoding(&s.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&s.parser, yaml.len == 0 ? (const unsigned char *)"" : yaml.data, yaml.len);
	err = read_stream(&s, &root);
	yaml_parser_delete(&s.parser);
	if (err == CONSIGN_OK)
		*ret_root = root;
	return err;
}
