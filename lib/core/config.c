/* A flat YAML mapping through libyaml's event parser. */
#include "core/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/file.h"
#include "core/limits.h"
#include "core/text.h"
#include "core/utf8.h"

struct config {
	char *key[CONFIG_MAX_KEYS];
	char *value[CONFIG_MAX_KEYS];
	size_t n;
};

void
config_free(struct config **config)
{
	if (*config == NULL)
		return;
	for (size_t i = 0; i < (*config)->n; i++) {
		free((*config)->key[i]);
		free((*config)->value[i]);
	}
	free(*config);
	*config = NULL;
}

const char *
config_get(const struct config *config, const char *key)
{
	for (size_t i = 0; i < config->n; i++)
		if (strcmp(config->key[i], key) == 0)
			return config->value[i];
	return NULL;
}

enum consign_err
config_hex(const struct config *config, const char *key, void *ret_bytes, size_t len)
{
	const char *text = config_get(config, key);
	struct buf b = {0};
	enum consign_err err = CONSIGN_E_CONFIG;

	if (text != NULL && hex_parse(text, &b) == CONSIGN_OK && b.len == len) {
		memcpy(ret_bytes, b.data, len);
		err = CONSIGN_OK;
	}
	buf_clear(&b);
	return err;
}

enum consign_err
config_u64(const struct config *config, const char *key, uint64_t min, uint64_t max, uint64_t fallback, uint64_t *ret_v)
{
	const char *text = config_get(config, key);
	char *end;

	if (text == NULL) {
		*ret_v = fallback;
		return CONSIGN_OK;
	}
	if (*text < '0' || *text > '9')
		return CONSIGN_E_CONFIG;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);

	if (errno != 0 || *end != '\0' || v < min || v > max)
		return CONSIGN_E_CONFIG;
	*ret_v = v;
	return CONSIGN_OK;
}

/* What YAML folds, strips or refuses when it stands between quotes as it is: YAML 1.1, 4.1 and 4.2. */
static bool
must_escape(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 || point == 0x2029 || point == 0xfeff ||
	       point == 0xfffe || point == 0xffff;
}

enum consign_err
config_line(struct buf *out, const char *key, const char *value)
{
	struct consign_slice rest = slice_text(value);
	enum consign_err err = buf_printf(out, "%s: \"", key);

	while (err == CONSIGN_OK && rest.len > 0) {
		uint32_t point = 0;
		size_t len = utf8_step(rest, &point);
		bool is_utf8 = len > 0;

		if (!is_utf8)
			len = 1; /* as it is: no parser takes it */
		if (point == '"' || point == '\\')
			err = buf_printf(out, "\\%c", (char)point);
		else if (is_utf8 && must_escape(point))
			err = buf_printf(out, "\\U%08x", (unsigned)point);
		else
			err = buf_append(out, slice_of(rest.data, len));
		rest = slice_of(rest.data + len, rest.len - len);
	}
	return err != CONSIGN_OK ? err : buf_printf(out, "\"\n");
}

static bool
is_known(const char *const *known, const char *key)
{
	for (; *known != NULL; known++)
		if (strcmp(*known, key) == 0)
			return true;
	return false;
}

struct reading {
	const char *path;
	const char *const *known;
	struct config *config;
	char *problem;
	char *key; /* waiting for its value */
	int depth;
	int documents;
};

static enum consign_err
complain(struct reading *r, size_t line, const char *what, const char *key)
{
	snprintf(r->problem, 256, "%s:%zu: %s%s%s", r->path, line + 1, what, key[0] != '\0' ? ": " : "", key);
	return CONSIGN_E_CONFIG;
}

static enum consign_err
read_scalar(struct reading *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t line = event->start_mark.line;

	if (strlen(text) != event->data.scalar.length)
		return complain(r, line, "a NUL inside a text", "");
	if (r->depth != 1)
		return complain(r, line, "expected `key: value` lines", "");
	char *copy = strdup(text);

	if (copy == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (r->key == NULL) {
		r->key = copy;
		if (!is_known(r->known, copy))
			return complain(r, line, "unknown key", copy);
		if (config_get(r->config, copy) != NULL)
			return complain(r, line, "key stands twice", copy);
		return CONSIGN_OK;
	}
	if (r->config->n == CONFIG_MAX_KEYS) {
		free(copy);
		return complain(r, line, "too many keys", "");
	}
	r->config->key[r->config->n] = r->key;
	r->config->value[r->config->n++] = copy;
	r->key = NULL;
	return CONSIGN_OK;
}

static enum consign_err
read_event(struct reading *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, event);
	case YAML_MAPPING_START_EVENT:
		return ++r->depth == 1 ? CONSIGN_OK : complain(r, event->start_mark.line, "expected a text, not a mapping", "");
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return CONSIGN_OK;
	case YAML_DOCUMENT_START_EVENT:
		return r->documents++ == 0 ? CONSIGN_OK : complain(r, event->start_mark.line, "a second document", "");
	case YAML_SEQUENCE_START_EVENT:
	case YAML_ALIAS_EVENT:
		return complain(r, event->start_mark.line, "expected a text, not a list or alias", "");
	default:
		return CONSIGN_OK;
	}
}

enum consign_err
config_open(const char *path, const char *const *known, struct config **ret_config, char ret_problem[256])
{
	struct buf text = {0};
	struct reading r = {.path = path, .known = known, .problem = ret_problem};
	yaml_parser_t parser;
	bool done = false;

	snprintf(ret_problem, 256, "%s: cannot be read", path);
	enum consign_err err = file_read(path, CONFIG_MAX_BYTES, &text);

	if (err == CONSIGN_E_TOO_BIG) {
		snprintf(ret_problem, 256, "%s: is over %u bytes", path, CONFIG_MAX_BYTES);
		err = CONSIGN_E_CONFIG;
	}
	if (err != CONSIGN_OK)
		goto out;
	err = CONSIGN_E_NO_MEMORY;
	r.config = calloc(1, sizeof *r.config);
	if (r.config == NULL || !yaml_parser_initialize(&parser))
		goto out;
	yaml_parser_set_input_string(&parser, text.data, text.len);
	err = CONSIGN_OK;
	while (err == CONSIGN_OK && !done) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			err = complain(&r, parser.problem_mark.line, "is not YAML", parser.problem != NULL ? parser.problem : "");
			break;
		}
		err = read_event(&r, &event);
		done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
out:
	buf_clear(&text);
	free(r.key);
	if (err != CONSIGN_OK) {
		config_free(&r.config);
		return err;
	}
	*ret_config = r.config;
	return CONSIGN_OK;
}
