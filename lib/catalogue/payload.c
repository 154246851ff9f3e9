/*
 * Payloads: what is inside an item. What a business message must hold is check.c's to know.
 *
 * A payload comes from a stranger who is merely authentic. Its few fields are read by the rules of strict.h, so that two readers of
 * one payload read the same, whatever library they use; and written as protobuf-c would write them.
 *
 * Invariants
 *   the content is copied once: into the arena by decode, into the buffer by encode; accept leaves it where it is
 *   what decode gives passes the checks that encode makes
 * Source: docs/PROTOCOL.md 9.
 */
#include "catalogue/payload.h"

#include <stdio.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "catalogue/formats.h"
#include "catalogue/strict.h"
#include "core/text.h"

#define PAYLOAD_FORMAT 1u

_Static_assert(
    CONSIGN_CONTENT_MAX_BYTES + CONSIGN_NAME_MAX_BYTES + CONSIGN_MEDIA_TYPE_MAX_BYTES + 64 <= CONSIGN_PAYLOAD_MAX_BYTES,
    "the largest opaque payload encodes within its limit");
_Static_assert(CONSIGN_CONTENT_MAX_BYTES + BUSINESS_FIELDS_MAX_BYTES + 64 <= CONSIGN_PAYLOAD_MAX_BYTES,
    "the largest business payload encodes within its limit");

static bool
is_token(struct consign_slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		uint8_t b = s.data[i];
		bool is_alnum = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');

		if (!is_alnum && (b == 0 || strchr("!#$%&'*+-.^_`|~", b) == NULL))
			return false;
	}
	return s.len > 0;
}

/* type/subtype, then nothing or (after blanks) a semicolon and parameters that are not looked into. Source: RFC 9110 8.3.1. */
static bool
is_media_type(struct consign_slice s)
{
	const uint8_t *slash, *end;

	if (s.len == 0)
		return true;
	if (!text_is(CHARSET_ASCII, s))
		return false;
	end = memchr(s.data, ';', s.len);
	if (end == NULL)
		end = s.data + s.len;
	else
		while (end > s.data && end[-1] == ' ')
			end--;
	slash = memchr(s.data, '/', (size_t)(end - s.data));
	return slash != NULL && is_token(slice_of(s.data, (size_t)(slash - s.data))) &&
	       is_token(slice_of(slash + 1, (size_t)(end - slash - 1)));
}

/* What every payload must keep to, known type or not. Sets ret_problem to a constant text on failure. */
static enum consign_err
check_shape(struct consign_slice media_type, struct consign_slice name, struct consign_slice content, const char **ret_problem)
{
	enum consign_err err = CONSIGN_E_TOO_BIG;
	const char *problem = NULL;

	if (content.len > CONSIGN_CONTENT_MAX_BYTES)
		problem = "the content is over 1 MiB";
	else if (name.len > CONSIGN_NAME_MAX_BYTES)
		problem = "the name is over 255 bytes";
	else if (media_type.len > CONSIGN_MEDIA_TYPE_MAX_BYTES)
		problem = "the media type is over 127 bytes";
	if (problem == NULL) {
		err = CONSIGN_E_MALFORMED;
		if (!text_is(CHARSET_UTF8, name))
			problem = "the name is not UTF-8 without control characters";
		else if (!text_is_shown(name, false))
			problem = "the name holds characters that hide or turn what is read";
		else if (name.len > 0 && memchr(name.data, '/', name.len) != NULL)
			problem = "the name holds a slash: give the file's name, not its path";
		else if (!is_media_type(media_type))
			problem = "the media type is not of the form type/subtype[; parameters]";
	}
	if (problem == NULL)
		return CONSIGN_OK;
	*ret_problem = problem;
	return err;
}

static struct consign_slice
media_type_of(const struct payload *p)
{
	return slice_of(p->media_type, strnlen(p->media_type, sizeof p->media_type));
}

static bool
is_opaque(const char *type)
{
	size_t len = strlen(type);

	return len <= CONSIGN_TYPE_MAX_BYTES && len > 2 && memcmp(type, "x.", 2) == 0 && text_is(CHARSET_TYPE, slice_text(type));
}

bool
payload_type_is_known(const char *type)
{
	return catalogue_find(type) != NULL || is_opaque(type);
}

enum consign_label
payload_least_label(const char *type)
{
	const struct catalogue_type *t = catalogue_find(type);

	/* Only whoever made an x.* type knows what it says about treatment: the consignor's label stands. */
	return t == NULL ? CONSIGN_LABEL_OPEN : catalogue_type_label(t);
}

/* ── bytes ── */

static enum consign_err
check_size(const struct payload *p, const char **ret_problem)
{
	if (p->version == 0)
		return check_shape(media_type_of(p), p->name, p->content, ret_problem);
	if (p->content.len <= CONSIGN_CONTENT_MAX_BYTES + BUSINESS_FIELDS_MAX_BYTES)
		return CONSIGN_OK;
	*ret_problem = "the message is over 1 MiB and 60 KiB";
	return CONSIGN_E_TOO_BIG;
}

/* A field of the three messages, all of which have at most three: a number or bytes. */
struct part {
	bool is_there;
	uint32_t number;
	struct consign_slice bytes; /* lent */
};
#define PARTS 3u

/* By the rules of strict_unpack: each field once, in any order, in its shortest form. kinds: 'n' or 'b' for each, in the order of their numbers. */
static bool
read_parts(struct consign_slice in, const char *kinds, struct part parts[PARTS])
{
	struct cursor c = cursor_over(in);
	size_t n = strlen(kinds);
	uint64_t tag, v;

	memset(parts, 0, PARTS * sizeof *parts);
	while (cursor_left(&c) > 0) {
		if (strict_varint(&c, &tag) != CONSIGN_OK || tag >> 3 == 0 || tag >> 3 > n)
			return false;
		struct part *part = &parts[(tag >> 3) - 1];
		bool is_number = kinds[(tag >> 3) - 1] == 'n';

		if (part->is_there || (tag & 7) != (is_number ? 0u : 2u) || strict_varint(&c, &v) != CONSIGN_OK)
			return false;
		if (is_number ? v > UINT32_MAX : v > cursor_left(&c) || cursor_take(&c, (size_t)v, &part->bytes) != CONSIGN_OK)
			return false;
		part->number = is_number ? (uint32_t)v : 0;
		part->is_there = true;
	}
	return true;
}

/* What is in `in` stays there. */
static enum consign_err
read_payload(struct consign_slice in, struct payload *ret_payload)
{
	struct part parts[PARTS], inner[PARTS];
	struct payload p = {0};
	const char *problem;
	enum consign_err err;

	if (in.len > CONSIGN_PAYLOAD_MAX_BYTES)
		return CONSIGN_E_TOO_BIG;
	if (!read_parts(in, "nbb", parts) || parts[0].number != PAYLOAD_FORMAT || parts[1].is_there == parts[2].is_there)
		return CONSIGN_E_MALFORMED;
	if (parts[2].is_there) {
		if (!read_parts(parts[2].bytes, "nb", inner) || inner[0].number == 0)
			return CONSIGN_E_MALFORMED;
		memcpy(p.media_type, PAYLOAD_PROTOBUF, sizeof PAYLOAD_PROTOBUF);
		p.version = inner[0].number;
		p.content = inner[1].bytes;
	} else {
		if (!read_parts(parts[1].bytes, "bbb", inner))
			return CONSIGN_E_MALFORMED;
		p.name = inner[1].bytes;
		p.content = inner[2].bytes;
		err = check_shape(inner[0].bytes, p.name, p.content, &problem);
		if (err != CONSIGN_OK)
			return err;
		if (inner[0].bytes.len > 0)
			memcpy(p.media_type, inner[0].bytes.data, inner[0].bytes.len);
	}
	err = check_size(&p, &problem);
	if (err == CONSIGN_OK)
		*ret_payload = p;
	return err;
}

static size_t
varint_bytes(uint64_t v)
{
	size_t n = 1;

	for (; v > 0x7f; v >>= 7)
		n++;
	return n;
}

static uint8_t *
put_varint(uint8_t *p, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

/* A field of bytes; none for no bytes. */
static size_t
bytes_size(size_t len)
{
	return len == 0 ? 0 : 1 + varint_bytes(len) + len;
}

static uint8_t *
put_bytes(uint8_t *p, unsigned number, struct consign_slice s)
{
	if (s.len == 0)
		return p;
	*p++ = (uint8_t)(number << 3 | 2);
	p = put_varint(p, s.len);
	memcpy(p, s.data, s.len);
	return p + s.len;
}

enum consign_err
payload_encode(const struct payload *p, struct buf *out)
{
	struct consign_slice media_type = media_type_of(p);
	const char *problem;
	size_t inner;
	uint8_t *at;
	enum consign_err err = check_size(p, &problem);

	if (err != CONSIGN_OK)
		return err;
	if (p->version == 0)
		inner = bytes_size(media_type.len) + bytes_size(p->name.len) + bytes_size(p->content.len);
	else
		inner = 1 + varint_bytes(p->version) + bytes_size(p->content.len);
	err = buf_reserve(out, 2 + 1 + varint_bytes(inner) + inner);
	if (err != CONSIGN_OK)
		return err;
	at = out->data + out->len;
	*at++ = 1 << 3; /* format */
	*at++ = PAYLOAD_FORMAT;
	*at++ = (p->version == 0 ? 2 : 3) << 3 | 2;
	at = put_varint(at, inner);
	if (p->version == 0) {
		at = put_bytes(at, 1, media_type);
		at = put_bytes(at, 2, p->name);
		at = put_bytes(at, 3, p->content);
	} else {
		*at++ = 1 << 3;
		at = put_varint(at, p->version);
		at = put_bytes(at, 2, p->content);
	}
	out->len = (size_t)(at - out->data);
	return CONSIGN_OK;
}

enum consign_err
payload_decode(struct consign_slice in, struct arena *arena, struct payload *ret_payload)
{
	struct payload p;
	enum consign_err err = read_payload(in, &p);

	if (err != CONSIGN_OK)
		return err;
	p.name = arena_copy(arena, p.name);
	p.content = arena_copy(arena, p.content);
	if (p.name.data == NULL || p.content.data == NULL)
		return CONSIGN_E_NO_MEMORY;
	*ret_payload = p;
	return CONSIGN_OK;
}

/* ── both ends ── */

static enum consign_err
say(struct problems *problems, const char *rule, const char *found, const char *expected)
{
	problems_add_words(problems, "", rule, found, expected);
	return CONSIGN_E_MALFORMED;
}

static enum consign_err
check_opaque(const struct payload *p, struct problems *problems)
{
	const char *problem;
	enum consign_err err = check_shape(media_type_of(p), p->name, p->content, &problem);

	if (err != CONSIGN_OK)
		problems_add_words(problems, "", err == CONSIGN_E_TOO_BIG ? "length" : "format", problem, "a media type, a file name, and up to 1 MiB");
	return err;
}

static enum consign_err
make_business(const struct catalogue_type *t, const struct payload *handed, enum consign_label wish, struct arena *arena, struct problems *problems,
    struct buf *plain, enum consign_label *ret_label)
{
	struct payload p = {.version = catalogue_type_version(t), .content = handed->content};
	bool is_json = strcmp(handed->media_type, PAYLOAD_JSON) == 0;
	const struct ProtobufCMessage *message = NULL;
	struct buf bytes = {0};
	enum consign_label label;
	enum consign_err err;

	if (!is_json && handed->media_type[0] != '\0' && strcmp(handed->media_type, PAYLOAD_PROTOBUF) != 0)
		return say(problems, "media-type", handed->media_type, "application/json or application/protobuf: this type is a business message, not a file");
	err = is_json ? business_from_json(t, handed->content, arena, problems, &message) : business_decode(t, handed->content, arena, problems, &message);
	/* Empty elements of a list cost far more than they weigh: then it is the message that is too large, not our memory. */
	if (err == CONSIGN_E_NO_MEMORY && arena_used(arena) > BUSINESS_ARENA_BYTES(handed->content.len) / 2) {
		problems_add_words(problems, "", "length", "more parts than a message of its size may have", "fewer empty elements");
		err = CONSIGN_E_TOO_BIG;
	}
	if (err == CONSIGN_E_MALFORMED && is_json && message != NULL) {
		/* What could be read is checked all the same: whoever wrote it hears of everything at once. */
		struct problems more = {0};

		(void)!business_check(t, wish != 0 ? wish : business_least_label(t, message), message, &more);
		problems_merge(problems, &more);
		problems_clear(&more);
	}
	if (err != CONSIGN_OK)
		return err;
	label = wish != 0 ? wish : business_least_label(t, message);
	err = business_check(t, label, message, problems);
	if (err == CONSIGN_OK && is_json) {
		err = business_encode(message, &bytes);
		p.content = buf_slice(&bytes);
	}
	if (err == CONSIGN_OK)
		err = payload_encode(&p, plain);
	if (err == CONSIGN_E_TOO_BIG)
		problems_add_words(problems, "", "length", "more", "up to 1 MiB of originals and 60 KiB of fields");
	if (err == CONSIGN_OK)
		*ret_label = label;
	buf_wipe(&bytes);
	return err;
}

enum consign_err
payload_make(const char *type, const struct payload *handed, enum consign_label wish, struct arena *arena, struct problems *problems,
    struct buf *plain, enum consign_label *ret_label)
{
	const struct catalogue_type *t = catalogue_find(type);
	enum consign_label label = wish != 0 ? wish : CONSIGN_LABEL_OPEN;
	enum consign_err err;

	if (t != NULL)
		return make_business(t, handed, wish, arena, problems, plain, ret_label);
	if (!is_opaque(type))
		return say(problems, "type", type, "a type of the catalogue (`consign catalogue list`), or x. and a name of your own");
	err = check_opaque(handed, problems);
	if (err == CONSIGN_OK)
		err = payload_encode(handed, plain);
	if (err == CONSIGN_OK)
		*ret_label = label;
	return err;
}

enum consign_err
payload_accept(const char *type, enum consign_label label, struct consign_slice plain, struct arena *arena, struct problems *problems,
    struct payload *ret_payload)
{
	const struct catalogue_type *t = catalogue_find(type);
	const struct ProtobufCMessage *message;
	struct payload p;
	char words[64];
	enum consign_err err;

	if (t == NULL && !is_opaque(type))
		return say(problems, "type", "a type that this version does not know", "a type of the catalogue, or x.*");
	err = read_payload(plain, &p);
	if (err != CONSIGN_OK || (t != NULL) != (p.version != 0))
		return say(problems, "payload", "other bytes", t != NULL ? "a business message" : "a file");
	if (t == NULL) {
		*ret_payload = p;
		return CONSIGN_OK;
	}
	if (p.version != catalogue_type_version(t)) {
		snprintf(words, sizeof words, "version %u of the type", (unsigned)p.version);
		return say(problems, "version", words, "the version that this agent knows");
	}
	err = business_decode(t, p.content, arena, problems, &message);
	if (err == CONSIGN_OK)
		err = business_check(t, label, message, problems);
	if (err == CONSIGN_OK)
		*ret_payload = p;
	return err;
}
