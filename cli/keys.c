/* Making key files (keys.h). */
#include "keys.h"

#include <stdio.h>

#include "core/config.h"
#include "core/text.h"

static enum consign_err
name_by_id(const char *name, const struct consign_public_key *public, char ret_name[KEYFILE_NAME_BYTES])
{
	struct consign_key_id id;
	struct buf hex = {0};

	key_id_of(public, &id);
	enum consign_err err = hex_format(SLICE_ARRAY(id.b), &hex);

	if (err == CONSIGN_OK) {
		int n = snprintf(ret_name, KEYFILE_NAME_BYTES, "%s-%.*s", name, (int)hex.len, (const char *)hex.data);

		if (n < 0 || n >= KEYFILE_NAME_BYTES)
			err = CONSIGN_E_MALFORMED;
	}
	buf_clear(&hex);
	return err;
}

enum consign_err
keys_add(struct keyfile *file, enum key_kind kind, const char *name, bool by_id, uint64_t now_us,
    struct consign_public_key *ret_public)
{
	struct consign_public_key public;
	struct secret *secret = NULL;
	char full[KEYFILE_NAME_BYTES];
	enum consign_err err = kind == KEY_SIGN ? sign_keypair(&secret, &public) : box_keypair(&secret, &public);

	if (err == CONSIGN_OK && by_id)
		err = name_by_id(name, &public, full);
	if (err == CONSIGN_OK)
		err = keyfile_put(file, by_id ? full : name, now_us, secret);
	secret_free(&secret);
	if (err == CONSIGN_OK)
		*ret_public = public;
	return err;
}

enum consign_err
keys_add_symmetric(struct keyfile *file, const char *name, uint64_t now_us)
{
	struct secret *secret = NULL;
	enum consign_err err = secret_new(&secret);

	if (err != CONSIGN_OK)
		return err;
	random_bytes(secret->b, 32);
	err = keyfile_put(file, name, now_us, secret);
	secret_free(&secret);
	return err;
}

enum consign_err
config_hex_line(struct buf *out, const char *key, struct consign_slice bytes)
{
	struct buf hex = {0};
	enum consign_err err = hex_format(bytes, &hex);

	if (err == CONSIGN_OK)
		err = buf_append_u8(&hex, '\0');
	if (err == CONSIGN_OK)
		err = config_line(out, key, (const char *)hex.data);
	buf_clear(&hex);
	return err;
}
