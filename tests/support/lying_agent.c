/*
 * A company that lies: consign-agent with this in the place of payload_make (-Wl,--wrap), so that what its tools hand in is sealed, signed
 * and sent without having been looked at. Everything else is the real agent, so its messages are authentic, and only the consignee's own
 * check stands between them and its tools. Test double: never installed.
 *
 * What becomes the payload goes by the media type that the tool names:
 *   of the catalogue   application/json           the message, when the JSON can be read as one; else its bytes as they are
 *                      application/octet-stream   the whole payload is these bytes
 *                      application/protobuf, none the bytes as the message
 *                      any other                  a file
 *   x.*                application/protobuf       the bytes as a message
 *                      any other                  a file, made by the real function
 * The version of a message is CONSIGN_LYING_VERSION, or else the type's own.
 *
 * It lies as a consignee, too: with CONSIGN_LYING_PROBLEMS its lists of problems (seal_note) are
 *   noise     bytes that nobody sealed
 *   garbage   sealed, and no list
 *   override  a list whose words turn around what is read after them
 */
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "catalogue/payload.h"
#include "core/sign.h"
#include "seal/seal.h"
#include "wire/ledger_wire.h"

enum consign_err __real_payload_make(const char *type, const struct payload *handed, enum consign_label wish, struct arena *arena,
    struct problems *problems, struct buf *plain, enum consign_label *ret_label);
enum consign_err __wrap_payload_make(const char *type, const struct payload *handed, enum consign_label wish, struct arena *arena,
    struct problems *problems, struct buf *plain, enum consign_label *ret_label);
enum consign_err __real_seal_note(const struct consign_public_key *to, struct consign_slice plain, struct buf *out);
enum consign_err __wrap_seal_note(const struct consign_public_key *to, struct consign_slice plain, struct buf *out);

static uint32_t
version_of(const struct catalogue_type *t)
{
	const char *text = getenv("CONSIGN_LYING_VERSION");

	if (text != NULL)
		return (uint32_t)strtoul(text, NULL, 10);
	return t != NULL ? catalogue_type_version(t) : 1;
}

/* The bytes in the place of a message. */
static enum consign_err
put_message(const struct catalogue_type *t, struct consign_slice bytes, struct buf *plain)
{
	struct payload p = {.version = version_of(t), .content = bytes};

	return payload_encode(&p, plain);
}

/* What JSON says, if it can be read as a message at all: what is wrong with that is the consignee's to find. */
static enum consign_err
put_json(const struct catalogue_type *t, struct consign_slice json, struct arena *arena, struct buf *plain)
{
	const struct ProtobufCMessage *message;
	struct problems unheard = {0};
	struct buf bytes = {0};
	enum consign_err err = business_from_json(t, json, arena, &unheard, &message);

	problems_clear(&unheard);
	if (err == CONSIGN_OK)
		err = business_encode(message, &bytes);
	err = put_message(t, err == CONSIGN_OK ? buf_slice(&bytes) : json, plain);
	buf_wipe(&bytes);
	return err;
}

enum consign_err
__wrap_payload_make(const char *type, const struct payload *handed, enum consign_label wish, struct arena *arena, struct problems *problems,
    struct buf *plain, enum consign_label *ret_label)
{
	const struct catalogue_type *t = catalogue_find(type);
	const char *media_type = handed->media_type;
	bool is_message = media_type[0] == '\0' || strcmp(media_type, PAYLOAD_PROTOBUF) == 0;
	enum consign_err err;

	if (strncmp(type, "x.", 2) == 0 && strcmp(media_type, PAYLOAD_PROTOBUF) != 0)
		return __real_payload_make(type, handed, wish, arena, problems, plain, ret_label);
	if (t != NULL && strcmp(media_type, PAYLOAD_JSON) == 0)
		err = put_json(t, handed->content, arena, plain);
	else if (strcmp(media_type, "application/octet-stream") == 0)
		err = buf_append(plain, handed->content);
	else if (is_message || strcmp(media_type, PAYLOAD_JSON) == 0)
		err = put_message(t, handed->content, plain);
	else
		err = payload_encode(handed, plain);
	if (err == CONSIGN_OK)
		*ret_label = wish != 0 ? wish : payload_least_label(type);
	return err;
}

/* One problem of item 0. U+202E: right-to-left override. */
static enum consign_err
put_override(struct buf *out)
{
	struct stated_problem problem = {
	    slice_text("testName"), slice_text("format"), slice_text("\xe2\x80\xae"), slice_text("nothing")};
	struct stated_problem *problems[] = {&problem};
	struct item_problems item = {.total = 1, .problems = {problems, 1}};
	struct item_problems *items[] = {&item};

	return problem_list_encode(&(struct problem_list){.items = {items, 1}}, out);
}

enum consign_err
__wrap_seal_note(const struct consign_public_key *to, struct consign_slice plain, struct buf *out)
{
	const char *lie = getenv("CONSIGN_LYING_PROBLEMS");
	struct buf other = {0};
	uint8_t noise[560];
	enum consign_err err;

	if (lie == NULL)
		return __real_seal_note(to, plain, out);
	random_bytes(noise, sizeof noise);
	if (strcmp(lie, "noise") == 0)
		return buf_append(out, SLICE_ARRAY(noise));
	err = strcmp(lie, "override") == 0 ? put_override(&other) : buf_append(&other, SLICE_ARRAY(noise));
	if (err == CONSIGN_OK)
		err = __real_seal_note(to, buf_slice(&other), out);
	buf_clear(&other);
	return err;
}
