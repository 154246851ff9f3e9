/*
 * `consign join` and `consign fingerprint`: a company's home. Keys are made here and never travel; the request goes to
 * the broker over the invite's one-time connection.
 *
 * Order of writing: keys, card, config.yaml, profile.yaml, request. What is there already is used again, so that the same invite joins
 * with the same keys however often it is run, and an interrupted run goes on where it stopped.
 */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/text.h"
#include "draft.h"
#include "home.h"
#include "hub_session.h"
#include "input.h"
#include "invite.h"
#include "keys.h"
#include "print.h"
#include "profiles.h"

#define PROFILE_FILE "profile.yaml"
_Static_assert(PROFILE_MAX_BYTES <= CONSIGN_CARD_FILE_MAX_BYTES, "read_file reads either");

struct joining {
	const char *dir;
	struct arena *arena;
	struct invite *invite;
	struct keyfile *keys;
	struct consign_slice card; /* encoded signed_document */
	struct signed_document *document;
	struct consign_public_key identity;
	uint64_t now_us;
	struct buf profile; /* the text of --profile; empty without */
};

static char *
path_in(const struct joining *j, const char *name)
{
	char *path = path_join(j->dir, name);

	if (path == NULL)
		say_error("out of memory");
	return path;
}

static bool
starts_with(struct consign_slice text, const char *word)
{
	return text.len >= strlen(word) && memcmp(text.data, word, strlen(word)) == 0;
}

static enum consign_err
write_file(const struct joining *j, const char *name, struct consign_slice content)
{
	char *path = path_in(j, name);
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_write(path, content, 0600);

	if (path != NULL && err != CONSIGN_OK)
		say_error("%s: %s", path, consign_err_text(err));
	free(path);
	return err;
}

/* Appends the file's content; NOT_FOUND is not said. */
static enum consign_err
read_file(const struct joining *j, const char *name, struct buf *out)
{
	char *path = path_in(j, name);
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_read(path, CONSIGN_CARD_FILE_MAX_BYTES, out);

	if (path != NULL && err != CONSIGN_OK && err != CONSIGN_E_NOT_FOUND)
		say_error("%s: %s", path, consign_err_text(err));
	free(path);
	return err;
}

/* ── the invite ── */

static enum consign_err
read_invite(const char *file, struct joining *j)
{
	struct buf text = {0};
	enum consign_err err = input_read(file, CONSIGN_INVITE_TEXT_MAX_BYTES, &text);

	if (err != CONSIGN_OK)
		return err;
	err = invite_parse(buf_slice(&text), j->arena, &j->invite);
	buf_wipe(&text);
	if (err == CONSIGN_E_NOT_FOUND)
		return say_fail(err, "%s holds no invite: there is no BEGIN CONSIGN INVITE block in it", file);
	if (err != CONSIGN_OK)
		return say_fail(err, "%s: the invite is damaged: %s", file, consign_err_text(err));
	if (j->invite->expires_us <= j->now_us) {
		char time[PRINT_TIME_BYTES];

		say_error("the invite expired at %s", time_text(j->invite->expires_us, time));
		say_hint("ask the hub's administrator for a new one");
		return CONSIGN_E_EXPIRED;
	}
	return CONSIGN_OK;
}

/* A home that is somebody's already must be this company's on this hub. */
static enum consign_err
check_home(const struct args *args, const struct joining *j)
{
	struct home home = {0};
	char *path = path_in(j, "config.yaml"), *admin = path_in(j, "keys/admin.key");
	bool is_home = path != NULL && file_exists(path), is_admin = admin != NULL && file_exists(admin);
	enum consign_err err = path == NULL || admin == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	free(path);
	free(admin);
	if (is_admin) {
		say_error("%s is the home of an administrator", j->dir);
		say_hint("a company needs a home of its own: --home DIR");
		return CONSIGN_E_CONFLICT;
	}
	if (err != CONSIGN_OK || !is_home)
		return err;
	err = home_open(args, HOME_COMPANY, &home);
	if (err == CONSIGN_OK && (strcmp(home.name, j->invite->org.s) != 0 || !hash_equal(&home.hub_id, &j->invite->hub_id))) {
		say_error("%s is the home of %s on another hub, or of another company", j->dir, home.name);
		say_hint("a company needs a home of its own for each hub: --home DIR");
		err = CONSIGN_E_CONFLICT;
	}
	home_clear(&home);
	return err;
}

/* ── keys and card ── */

static enum consign_err
make_keys(struct joining *j, const char *passphrase)
{
	struct keyfile *keys = NULL;
	struct consign_public_key public;
	char *path = path_in(j, "keys/agent.key");
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : keyfile_new("agent", j->invite->org.s, passphrase, &keys);

	if (err == CONSIGN_OK)
		err = keys_add(keys, KEY_SIGN, "identity", false, j->now_us, &public);
	if (err == CONSIGN_OK)
		err = keys_add(keys, KEY_SIGN, "signing", true, j->now_us, &public);
	if (err == CONSIGN_OK)
		err = keys_add(keys, KEY_BOX, "seal", true, j->now_us, &public);
	if (err == CONSIGN_OK)
		err = keys_add(keys, KEY_BOX, "transport", false, j->now_us, &public);
	if (err == CONSIGN_OK)
		err = keys_add(keys, KEY_SIGN, "witness", false, j->now_us, &public);
	if (err == CONSIGN_OK)
		err = keys_add_symmetric(keys, "storage", j->now_us);
	if (err == CONSIGN_OK)
		err = keyfile_save(keys, path);
	if (err != CONSIGN_OK)
		say_error("%s/keys/agent.key: %s", j->dir, consign_err_text(err));
	free(path);
	if (err == CONSIGN_OK)
		j->keys = keys;
	else
		keyfile_free(&keys);
	return err;
}

static enum consign_err
make_or_open_keys(const struct args *args, struct joining *j)
{
	struct new_passphrase passphrase = {0};
	struct home home = {.dir = (char *)(uintptr_t)j->dir, .kind = HOME_COMPANY};
	char *path = path_in(j, "keys/agent.key"), *folder = path_in(j, "keys");
	enum consign_err err = path == NULL || folder == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	if (err == CONSIGN_OK && file_exists(path)) {
		err = home_keys(&home, args, &j->keys);
	} else if (err == CONSIGN_OK) {
		err = new_passphrase_get(args, "this company's keys", &passphrase);
		if (err == CONSIGN_OK && (file_make_dir(j->dir, 0700) != CONSIGN_OK || file_make_dir(folder, 0700) != CONSIGN_OK))
			err = say_fail(CONSIGN_E_IO, "%s: the folder cannot be made", folder);
		if (err == CONSIGN_OK)
			err = make_keys(j, passphrase.is_set ? passphrase.text : NULL);
	}
	new_passphrase_wipe(&passphrase);
	free(path);
	free(folder);
	if (err == CONSIGN_OK && strcmp(keyfile_party(j->keys), j->invite->org.s) != 0)
		err = say_fail(CONSIGN_E_CONFLICT, "%s/keys/agent.key belongs to %s", j->dir, keyfile_party(j->keys));
	return err;
}

/* The public half of the key whose name begins so, of the newest. NULL-safe: false when there is none. */
static bool
find_public(const struct keyfile *keys, const char *prefix, enum key_kind kind, struct consign_public_key *ret_public)
{
	const struct secret *newest = NULL;
	uint64_t newest_us = 0, created_us;

	for (size_t i = 0; i < keyfile_count(keys); i++) {
		const char *name = keyfile_name_at(keys, i);
		const struct secret *key = keyfile_find(keys, name, &created_us);

		if (strncmp(name, prefix, strlen(prefix)) == 0 && (newest == NULL || created_us > newest_us)) {
			newest = key;
			newest_us = created_us;
		}
	}
	if (newest == NULL)
		return false;
	if (kind == KEY_SIGN)
		sign_public(newest, ret_public);
	else
		box_public(newest, ret_public);
	return true;
}

static enum consign_err
make_card(const char *contact, struct joining *j)
{
	uint32_t formats[] = {1};
	uint64_t from_us = j->now_us - CONSIGN_KEY_EARLY_US, until_us = j->now_us + CONSIGN_KEY_LIFE_US;
	struct valid_key signing = {.not_before_us = from_us, .not_after_us = until_us}, seal = signing;
	struct valid_key *signing_keys[] = {&signing}, *seal_keys[] = {&seal};
	struct card card = {.format = 1,
	    .hub_id = j->invite->hub_id,
	    .org = j->invite->org,
	    .version = 1,
	    .created_us = j->now_us,
	    .expires_us = j->now_us + CONSIGN_CARD_LIFE_US,
	    .signing_keys = {signing_keys, 1},
	    .seal_keys = {seal_keys, 1},
	    .formats = {formats, 1},
	    .contact = slice_of(contact, contact == NULL ? 0 : strlen(contact))};
	struct buf content = {0}, encoded = {0};
	struct signed_document *document;
	const struct secret *identity = home_key(j->keys, "identity");

	if (identity == NULL || !find_public(j->keys, "identity", KEY_SIGN, &card.identity_key) ||
	    !find_public(j->keys, "signing-", KEY_SIGN, &signing.key) || !find_public(j->keys, "seal-", KEY_BOX, &seal.key) ||
	    !find_public(j->keys, "transport", KEY_BOX, &card.transport_key) ||
	    !find_public(j->keys, "witness", KEY_SIGN, &card.witness_key))
		return say_fail(CONSIGN_E_KEY_FILE, "%s/keys/agent.key lacks a key that a card needs", j->dir);
	enum consign_err err = card_encode(&card, &content);

	if (err == CONSIGN_OK)
		err = document_sign(j->arena, SIGN_CARD, &card.hub_id, buf_slice(&content), identity, &document);
	if (err == CONSIGN_OK)
		err = signed_document_encode(document, &encoded);
	if (err != CONSIGN_OK)
		say_error("the card cannot be made: %s", consign_err_text(err));
	else
		err = write_file(j, "card.signed", buf_slice(&encoded));
	buf_clear(&content);
	buf_clear(&encoded);
	return err;
}

/* Reads card.signed, made first when it is not there. */
static enum consign_err
make_or_read_card(const char *contact, struct joining *j)
{
	struct buf encoded = {0};
	struct card *card;
	enum consign_err err = read_file(j, "card.signed", &encoded);

	if (err == CONSIGN_E_NOT_FOUND) {
		err = make_card(contact, j);
		if (err == CONSIGN_OK)
			err = read_file(j, "card.signed", &encoded);
	}
	if (err != CONSIGN_OK)
		goto out;
	if (signed_document_decode(buf_slice(&encoded), j->arena, &j->document) != CONSIGN_OK ||
	    card_decode(j->document->content, j->arena, &card) != CONSIGN_OK) {
		err = say_fail(CONSIGN_E_CORRUPT, "%s/card.signed is damaged", j->dir);
		goto out;
	}
	if (card->expires_us <= j->now_us) {
		say_error("the card in %s has expired before it was approved", j->dir);
		say_hint("remove %s/card.signed, get a new invite and join again", j->dir);
		err = CONSIGN_E_EXPIRED;
		goto out;
	}
	j->identity = card->identity_key;
out:
	buf_clear(&encoded);
	return err;
}

/* ── configuration and request ── */

/* The lines that this invite says otherwise than the one before it: where the broker is, its key, the root. */
static enum consign_err
invite_line(const struct invite *i, struct consign_slice line, struct buf *out, bool *ret_is)
{
	char version[24];

	snprintf(version, sizeof version, "%llu", (unsigned long long)i->root->version);
	*ret_is = true;
	if (starts_with(line, "endpoint:"))
		return config_line(out, "endpoint", i->endpoint);
	if (starts_with(line, "broker_transport_key:"))
		return config_hex_line(out, "broker_transport_key", SLICE_ARRAY(i->broker_transport_key.b));
	if (starts_with(line, "root_version:"))
		return config_line(out, "root_version", version);
	if (starts_with(line, "root_hash:"))
		return config_hex_line(out, "root_hash", SLICE_ARRAY(i->root->hash.b));
	*ret_is = false;
	return CONSIGN_OK;
}

/* A home that an earlier invite made: what this one says counts, everything else an operator may have changed stays. */
static enum consign_err
renew_config(const struct joining *j)
{
	struct buf before = {0}, after = {0};
	enum consign_err err = read_file(j, "config.yaml", &before);
	struct consign_slice rest = buf_slice(&before);

	while (err == CONSIGN_OK && rest.len > 0) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		struct consign_slice line = slice_of(rest.data, end == NULL ? rest.len : (size_t)(end - rest.data) + 1);
		bool is_renewed;

		rest = slice_of(rest.data + line.len, rest.len - line.len);
		err = invite_line(j->invite, line, &after, &is_renewed);
		if (err == CONSIGN_OK && !is_renewed)
			err = buf_append(&after, line);
	}
	if (err == CONSIGN_OK && !slice_equal(buf_slice(&before), buf_slice(&after)))
		err = write_file(j, "config.yaml", buf_slice(&after));
	buf_clear(&before);
	buf_clear(&after);
	return err;
}

static enum consign_err
write_config(struct joining *j)
{
	const struct invite *i = j->invite;
	char *path = path_in(j, "config.yaml");
	struct buf text = {0};
	char version[24];

	if (path == NULL)
		return CONSIGN_E_NO_MEMORY;
	if (file_exists(path)) {
		free(path);
		return renew_config(j);
	}
	free(path);
	snprintf(version, sizeof version, "%llu", (unsigned long long)i->root->version);
	enum consign_err err = config_hex_line(&text, "hub_id", SLICE_ARRAY(i->hub_id.b));

	if (err == CONSIGN_OK)
		err = config_line(&text, "hub_name", (const char *)arena_copy(j->arena, i->hub_name).data);
	if (err == CONSIGN_OK)
		err = config_line(&text, "endpoint", i->endpoint);
	if (err == CONSIGN_OK)
		err = config_hex_line(&text, "broker_transport_key", SLICE_ARRAY(i->broker_transport_key.b));
	if (err == CONSIGN_OK)
		err = config_line(&text, "party", "agent");
	if (err == CONSIGN_OK)
		err = config_line(&text, "name", i->org.s);
	if (err == CONSIGN_OK)
		err = config_line(&text, "root_version", version);
	if (err == CONSIGN_OK)
		err = config_hex_line(&text, "root_hash", SLICE_ARRAY(i->root->hash.b));
	if (err != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	else
		err = write_file(j, "config.yaml", buf_slice(&text));
	buf_clear(&text);
	return err;
}

/* The company's own copy, which may have been changed since an earlier run; then it stays. */
static enum consign_err
write_profile(const struct joining *j)
{
	struct buf there = {0};

	if (j->profile.len == 0)
		return CONSIGN_OK;
	enum consign_err err = read_file(j, PROFILE_FILE, &there);

	if (err == CONSIGN_E_NOT_FOUND)
		err = write_file(j, PROFILE_FILE, buf_slice(&j->profile));
	else if (err == CONSIGN_OK && !slice_equal(buf_slice(&there), buf_slice(&j->profile)))
		say_note("%s/" PROFILE_FILE " is another one, and stays as it is", j->dir);
	buf_clear(&there);
	return err;
}

/*
 * The request, kept in join.request: the broker takes one request for a token, so the same must be sent again. One that
 * was made for another invite is made anew.
 */
static enum consign_err
make_request(const char *name, struct joining *j, struct join_request **ret_request)
{
	struct join_request request = {
	    .org = j->invite->org, .name = slice_of(name, name == NULL ? 0 : strlen(name)), .card = j->document};
	struct join_request *kept;
	struct buf encoded = {0};
	enum consign_err err = join_mac(&j->invite->token, &j->invite->hub_id, j->document->content, &request.mac);

	hash_sha256(SLICE_ARRAY(j->invite->token.b), &request.token_hash);
	if (err == CONSIGN_OK)
		err = read_file(j, "join.request", &encoded);
	if (err == CONSIGN_OK && join_request_decode(buf_slice(&encoded), j->arena, &kept) == CONSIGN_OK &&
	    hash_equal(&kept->token_hash, &request.token_hash)) {
		buf_clear(&encoded);
		*ret_request = kept;
		return CONSIGN_OK;
	}
	buf_reset(&encoded);
	err = join_request_encode(&request, &encoded);
	if (err == CONSIGN_OK)
		err = write_file(j, "join.request", buf_slice(&encoded));
	else
		say_error("the request cannot be made: %s", consign_err_text(err));
	if (err == CONSIGN_OK)
		err = join_request_decode(buf_slice(&encoded), j->arena, ret_request);
	buf_clear(&encoded);
	return err;
}

static enum consign_err
send_request(struct joining *j, struct join_request *request)
{
	struct hub_session *session = NULL;
	struct secret *transport = NULL;
	enum consign_err err = secret_new(&transport);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	memcpy(transport->b, j->invite->transport_secret.b, sizeof j->invite->transport_secret.b);
	struct hub_session_options options = {
	    .endpoint = j->invite->endpoint,
	    .broker_transport_key = j->invite->broker_transport_key,
	    .hub_id = j->invite->hub_id,
	    .party = PARTY_JOINING,
	    .name = j->invite->org.s,
	    .transport = transport,
	    .unreachable_hint = "the keys are made and kept: run the same command again when the broker can be reached",
	    .refused_hint =
		"the invite was used up, replaced or has expired: ask the hub's administrator, who may have approved you already",
	};

	err = hub_session_open(&options, &session);
	if (err == CONSIGN_OK)
		err = hub_session_join(session, request);
	hub_session_close(&session);
	secret_free(&transport);
	return err;
}

static enum consign_err
check_texts(const struct args *args)
{
	const char *name = args_value(args, "name"), *contact = args_value(args, "contact");

	if (name != NULL && (strlen(name) > CONSIGN_NAME_MAX_BYTES || !text_is(CHARSET_UTF8, slice_text(name))))
		return say_fail(CONSIGN_E_USAGE, "--name: expected a short text without control characters");
	if (contact != NULL && (strlen(contact) > CONSIGN_TEXT_MAX_BYTES || !text_is(CHARSET_UTF8, slice_text(contact))))
		return say_fail(CONSIGN_E_USAGE, "--contact: expected one line of text");
	return CONSIGN_OK;
}

static enum consign_err
say_joined(const struct joining *j)
{
	char fingerprint[FINGERPRINT_TEXT_BYTES];
	enum consign_err err = identity_fingerprint(&j->invite->hub_id, j->invite->org.s, &j->identity, fingerprint);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	printf("%s\n", fingerprint);
	say_note("%s has asked to join %.*s. Next:\n"
		 "  read the six words above out to the hub's administrator, by telephone or face to face\n"
		 "  consign-agent --home %s         start the agent; it connects once you are approved",
	    j->invite->org.s, (int)j->invite->hub_name.len, (const char *)j->invite->hub_name.data, j->dir);
	return CONSIGN_OK;
}

enum consign_err
cmd_join(const struct args *args)
{
	struct joining j = {.now_us = clock_wall_us(clock_system())};
	struct join_request *request;
	enum consign_err err = home_dir(args, &j.dir);

	if (err == CONSIGN_OK)
		err = check_texts(args);
	if (err == CONSIGN_OK && args_value(args, "profile") != NULL)
		err = profiles_take(profiles_folders, args_value(args, "profile"), &j.profile);
	if (err == CONSIGN_OK)
		err = arena_new(
		    4u * CONSIGN_UNPACK_BUDGET_BASE_BYTES + 4u * CONSIGN_CARD_FILE_MAX_BYTES * CONSIGN_UNPACK_BUDGET_PER_BYTE, &j.arena);
	if (err == CONSIGN_OK)
		err = read_invite(args->words[0], &j);
	if (err == CONSIGN_OK)
		err = check_home(args, &j);
	if (err == CONSIGN_OK)
		err = make_or_open_keys(args, &j);
	if (err == CONSIGN_OK)
		err = make_or_read_card(args_value(args, "contact"), &j);
	if (err == CONSIGN_OK)
		err = write_config(&j);
	if (err == CONSIGN_OK)
		err = write_profile(&j);
	if (err == CONSIGN_OK)
		err = make_request(args_value(args, "name"), &j, &request);
	if (err == CONSIGN_OK)
		err = send_request(&j, request);
	if (err == CONSIGN_OK)
		err = say_joined(&j);
	if (j.invite != NULL)
		explicit_bzero(j.invite, sizeof *j.invite);
	keyfile_free(&j.keys);
	buf_clear(&j.profile);
	arena_free(&j.arena);
	return err;
}
