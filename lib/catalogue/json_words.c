/* Words and small readings of the JSON reader that know nothing of where it stands (json_words.h). */
#include "catalogue/json_words.h"

#include <stdio.h>
#include <string.h>

#include "catalogue/json.h"
#include "catalogue/problems.h"

bool
json_is_plain_key(struct consign_slice key)
{
	for (size_t i = 0; i < key.len; i++) {
		uint8_t c = key.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return key.len > 0 && key.len <= JSON_KEY_MAX_BYTES / 2;
}

const char *
json_name_kind(const ProtobufCFieldDescriptor *f, bool is_element)
{
	if (f->label == PROTOBUF_C_LABEL_REPEATED && !is_element)
		return "a list";
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return "text in quotes";
	case PROTOBUF_C_TYPE_BYTES:
		return "base64 in quotes";
	case PROTOBUF_C_TYPE_BOOL:
		return "true or false";
	case PROTOBUF_C_TYPE_MESSAGE:
		return "an object";
	default:
		return "a whole number";
	}
}

void
json_name_keys(const ProtobufCMessageDescriptor *d, char ret_text[PROBLEM_EXPECTED_BYTES])
{
	size_t len = (size_t)snprintf(ret_text, PROBLEM_EXPECTED_BYTES / 2, "a key of %s", d->short_name);

	if (len >= PROBLEM_EXPECTED_BYTES / 2)
		len = PROBLEM_EXPECTED_BYTES / 2 - 1;
	for (unsigned i = 0; i < d->n_fields; i++) {
		if (strlen(d->fields[i].name) + 8 > PROBLEM_EXPECTED_BYTES - len) {
			(void)snprintf(ret_text + len, PROBLEM_EXPECTED_BYTES - len, ", …");
			return;
		}
		len += (size_t)snprintf(ret_text + len, PROBLEM_EXPECTED_BYTES - len, i == 0 ? ": " : ", ");
		len += json_key_put(d->fields[i].name, ret_text + len, PROBLEM_EXPECTED_BYTES - len);
	}
}

bool
json_read_whole(struct consign_slice text, int64_t lo, int64_t hi, int64_t *ret_v)
{
	bool is_negative = text.data[0] == '-';
	int64_t v = 0;

	if (text.len > 11 || (is_negative && text.data[1] == '0'))
		return false;
	for (size_t i = is_negative; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		v = v * 10 + (text.data[i] - '0');
	}
	*ret_v = is_negative ? -v : v;
	return *ret_v >= lo && *ret_v <= hi;
}
