/* Invites as text (invite.h). */
#include "invite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "armor.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/sign.h"
#include "core/text.h"

_Static_assert(FINGERPRINT_TEXT_BYTES == 36, "the header says so without including core/text.h");

static enum consign_err
put_comment(const struct invite *invite, struct buf *out)
{
	char expires[CLOCK_TEXT_BYTES];
	struct buf id = {0};
	enum consign_err err = hex_format(SLICE_ARRAY(invite->hub_id.b), &id);

	clock_format(invite->expires_us, expires);
	if (err == CONSIGN_OK)
		err = buf_printf(out,
		    "Invite to a Consign hub. Keep it secret until it is used; it is good for one company, once.\n"
		    "hub      %.*s (%.*s)\n"
		    "for      %s\n"
		    "endpoint %s\n"
		    "expires  %s\n"
		    "use      consign join FILE --home DIR\n\n",
		    (int)invite->hub_name.len, (const char *)invite->hub_name.data, (int)id.len, (const char *)id.data,
		    invite->org.s, invite->endpoint, expires);
	buf_clear(&id);
	return err;
}

enum consign_err
invite_format(const struct invite *invite, struct buf *out)
{
	struct buf encoded = {0};
	enum consign_err err = invite_encode(invite, &encoded);

	if (err == CONSIGN_OK)
		err = put_comment(invite, out);
	if (err == CONSIGN_OK)
		err = armor_format("INVITE", buf_slice(&encoded), out);
	buf_wipe(&encoded);
	return err;
}

enum consign_err
invite_parse(struct consign_slice text, struct arena *arena, struct invite **ret_invite)
{
	struct buf encoded = {0};
	enum consign_err err = armor_parse("INVITE", text, &encoded);

	if (err == CONSIGN_OK)
		err = invite_decode(buf_slice(&encoded), arena, ret_invite);
	buf_wipe(&encoded);
	return err;
}

static char *
secret_path(const char *dir, const char *org)
{
	char *path;

	return asprintf(&path, "%s/invites/%s.invite-secret", dir, org) < 0 ? NULL : path;
}

enum consign_err
invite_secret_write(const char *dir, const char *org, const struct invite_secret *secret)
{
	struct buf text = {0};
	char *path = secret_path(dir, org), *folder = path_join(dir, "invites");
	enum consign_err err = path == NULL || folder == NULL ? CONSIGN_E_NO_MEMORY : file_make_dir(folder, 0700);

	if (err == CONSIGN_OK)
		err = buf_printf(&text, "token ");
	if (err == CONSIGN_OK)
		err = hex_format(SLICE_ARRAY(secret->token.b), &text);
	if (err == CONSIGN_OK)
		err = buf_printf(&text, "\nexpires_us %llu\nname %s\n", (unsigned long long)secret->expires_us, secret->name);
	if (err == CONSIGN_OK)
		err = file_write(path, buf_slice(&text), 0600);
	buf_wipe(&text);
	free(path);
	free(folder);
	return err;
}

static enum consign_err
parse_secret(const char *text, struct invite_secret *ret_secret)
{
	struct invite_secret secret = {0};
	unsigned long long expires_us;
	struct buf token = {0};
	char hex[65];

	/* A name may be absent: "name \n". */
	if (sscanf(text, "token %64[0-9a-f]\nexpires_us %llu\nname %255[^\n]", hex, &expires_us, secret.name) < 2)
		return CONSIGN_E_MALFORMED;
	enum consign_err err = hex_parse(hex, &token);

	if (err == CONSIGN_OK && token.len != sizeof secret.token.b)
		err = CONSIGN_E_MALFORMED;
	if (err == CONSIGN_OK) {
		memcpy(secret.token.b, token.data, token.len);
		secret.expires_us = expires_us;
		*ret_secret = secret;
	}
	buf_wipe(&token);
	explicit_bzero(hex, sizeof hex);
	explicit_bzero(&secret, sizeof secret);
	return err;
}

enum consign_err
invite_secret_read(const char *dir, const char *org, struct invite_secret *ret_secret)
{
	struct buf text = {0};
	char *path = secret_path(dir, org);
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_read_private(path, CONSIGN_INVITE_SECRET_MAX_BYTES, &text);

	if (err == CONSIGN_OK)
		err = buf_append_u8(&text, '\0');
	if (err == CONSIGN_OK)
		err = parse_secret((const char *)text.data, ret_secret);
	buf_wipe(&text);
	free(path);
	return err;
}

void
invite_secret_remove(const char *dir, const char *org)
{
	char *path = secret_path(dir, org);

	if (path != NULL)
		unlink(path); /* gone already is as good */
	free(path);
}

enum consign_err
join_mac(const struct consign_hash *token, const struct consign_hash *hub_id, struct consign_slice card_content,
    struct consign_hash *ret_mac)
{
	struct buf content = {0};
	enum consign_err err = buf_append(&content, SLICE_ARRAY(hub_id->b));

	if (err == CONSIGN_OK)
		err = buf_append(&content, card_content);
	if (err == CONSIGN_OK)
		hash_blake2b_keyed(token->b, buf_slice(&content), ret_mac);
	buf_clear(&content);
	return err;
}

enum consign_err
identity_fingerprint(
    const struct consign_hash *hub_id, const char *org, const struct consign_public_key *identity, char ret_text[36])
{
	struct buf content = {0};
	struct consign_hash hash;
	enum consign_err err = buf_append(&content, slice_text("consign-fingerprint-v1"));

	if (err == CONSIGN_OK)
		err = buf_append(&content, SLICE_ARRAY(hub_id->b));
	if (err == CONSIGN_OK)
		err = buf_append(&content, slice_of(org, strlen(org) + 1)); /* with the zero byte that ends it */
	if (err == CONSIGN_OK)
		err = buf_append(&content, SLICE_ARRAY(identity->b));
	if (err == CONSIGN_OK) {
		hash_sha256(buf_slice(&content), &hash);
		fingerprint_format(hash.b, ret_text);
	}
	buf_clear(&content);
	return err;
}
