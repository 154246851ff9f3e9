/*
 * `consign admin …`: who administers the hub, and how many of them a change needs. Each change is a next root; a newcomer's
 * keys are made at the newcomer's and never travel.
 */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "armor.h"
#include "changes.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/text.h"
#include "input.h"
#include "invite.h"
#include "keys.h"
#include "print.h"

#define FILE_MAX_BYTES 65536u

static enum consign_err
check_name(const char *name)
{
	if (strlen(name) <= CONSIGN_STUDY_MAX_BYTES && strlen(name) > 0 && text_is(CHARSET_STUDY, slice_text(name)))
		return CONSIGN_OK;
	return say_fail(CONSIGN_E_USAGE, "%s is no administrator's name: letters, digits, . _ and -", name);
}

/* ── list ── */

enum consign_err
cmd_admin_list(const struct args *args)
{
	static const char *const headings[] = {"NAME", "FINGERPRINT"};
	struct table table = {.headings = headings, .columns = 2};
	struct admin_desk desk = {0};
	bool as_json = args_has(args, "json");
	enum consign_err err = admin_open(args, &desk);

	if (err != CONSIGN_OK)
		return err;
	const struct root *root = hub_root(desk.hub)->root;

	for (size_t i = 0; err == CONSIGN_OK && i < root->admins.n; i++) {
		char words[36];

		err = admin_fingerprint(hub_id(desk.hub), root->admins.v[i], words);
		if (err == CONSIGN_OK && as_json) {
			json_t *json = json_pack("{s:s, s:s, s:I}", "name", root->admins.v[i]->name, "fingerprint", words, "threshold", (json_int_t)root->threshold);

			err = print_json(&json);
		} else if (err == CONSIGN_OK) {
			table_put(&table, root->admins.v[i]->name);
			table_put(&table, words);
		}
	}
	if (err == CONSIGN_OK && !as_json) {
		err = table_print(&table);
		say_note("A change needs %u of %zu.", root->threshold, root->admins.n);
	}
	table_clear(&table);
	admin_close(&desk);
	return err;
}

/* ── what a newcomer needs to know of the hub ── */

/* BrokerKeys and Root say it all: the first root is the hub's id, the newest says where the broker is. */
enum consign_err
cmd_hub_export(const struct args *args)
{
	struct admin_desk desk = {0};
	struct buf text = {0};
	enum consign_err err = admin_open(args, &desk);

	if (err != CONSIGN_OK)
		return err;
	const struct hub_root *newest = hub_root(desk.hub);

	err = buf_printf(&text, "# The hub %.*s, for an administrator who joins: consign admin request NAME --hub FILE --home DIR\n", (int)newest->root->name.len,
	    (const char *)newest->root->name.data);
	if (err == CONSIGN_OK)
		err = config_hex_line(&text, "hub_id", SLICE_ARRAY(hub_id(desk.hub)->b));
	if (err == CONSIGN_OK)
		err = config_line(&text, "endpoint", newest->root->broker->endpoint);
	if (err == CONSIGN_OK)
		err = config_hex_line(&text, "broker_transport_key", SLICE_ARRAY(newest->root->broker->transport_key.b));
	if (err == CONSIGN_OK)
		err = buf_printf(&text, "root_version: \"%llu\"\n", (unsigned long long)newest->root->version);
	if (err == CONSIGN_OK)
		err = config_hex_line(&text, "root_hash", SLICE_ARRAY(newest->hash.b));
	err = err == CONSIGN_OK ? print_bytes(buf_slice(&text)) : say_fail(err, "%s", consign_err_text(err));
	buf_clear(&text);
	admin_close(&desk);
	return err;
}

struct hub_card_file {
	struct config *config;
	struct consign_hash hub_id;
	struct consign_public_key broker;
	struct document_ref root;
	const char *endpoint;
};

static enum consign_err
read_hub_file(const char *file, struct hub_card_file *h)
{
	static const char *const known[] = {"hub_id", "endpoint", "broker_transport_key", "root_version", "root_hash", NULL};
	char problem[256];
	enum consign_err err = config_open(file, known, &h->config, problem);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", err == CONSIGN_E_CONFIG ? problem : consign_err_text(err));
	h->endpoint = config_get(h->config, "endpoint");
	if (h->endpoint == NULL || config_hex(h->config, "hub_id", h->hub_id.b, sizeof h->hub_id.b) != CONSIGN_OK
	    || config_hex(h->config, "broker_transport_key", h->broker.b, sizeof h->broker.b) != CONSIGN_OK
	    || config_hex(h->config, "root_hash", h->root.hash.b, sizeof h->root.hash.b) != CONSIGN_OK
	    || config_u64(h->config, "root_version", 1, UINT64_MAX, 0, &h->root.version) != CONSIGN_OK || h->root.version == 0) {
		say_error("%s is no file of `consign hub export`", file);
		return CONSIGN_E_CONFIG;
	}
	return CONSIGN_OK;
}

/* ── request: at the newcomer's ── */

static enum consign_err
print_request(const struct consign_hash *hub_id, const struct admin *admin)
{
	char words[36];
	struct buf encoded = {0}, text = {0};
	enum consign_err err = admin_encode(admin, &encoded);

	if (err == CONSIGN_OK)
		err = buf_printf(&text, "A request to administer a Consign hub. It is no secret.\nname %s\nuse  consign admin add FILE\n\n", admin->name);
	if (err == CONSIGN_OK)
		err = armor_format("ADMINISTRATOR", buf_slice(&encoded), &text);
	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&text));
	if (err == CONSIGN_OK)
		err = admin_fingerprint(hub_id, admin, words);
	if (err == CONSIGN_OK)
		say_note("Hand the request to an administrator, and read these words out by another channel:\n  %s", words);
	buf_clear(&encoded);
	buf_clear(&text);
	return err;
}

static enum consign_err
write_home(const char *dir, const char *name, const struct hub_card_file *h, const struct keyfile *keys)
{
	char *folder = path_join(dir, "keys"), *key_path = path_join(dir, "keys/admin.key"), *config_path = path_join(dir, "config.yaml");
	struct buf text = {0};
	enum consign_err err = folder == NULL || key_path == NULL || config_path == NULL ? CONSIGN_E_NO_MEMORY : file_make_dir(dir, 0700);

	if (err == CONSIGN_OK)
		err = file_make_dir(folder, 0700);
	if (err == CONSIGN_OK)
		err = keyfile_save(keys, key_path);
	if (err == CONSIGN_OK)
		err = config_hex_line(&text, "hub_id", SLICE_ARRAY(h->hub_id.b));
	if (err == CONSIGN_OK)
		err = config_line(&text, "endpoint", h->endpoint);
	if (err == CONSIGN_OK)
		err = config_hex_line(&text, "broker_transport_key", SLICE_ARRAY(h->broker.b));
	if (err == CONSIGN_OK)
		err = config_line(&text, "party", "admin");
	if (err == CONSIGN_OK)
		err = config_line(&text, "name", name);
	if (err == CONSIGN_OK)
		err = root_seen_write(dir, h->root.version, &h->root.hash);
	/* Last: a home without it is not taken for one. */
	if (err == CONSIGN_OK)
		err = file_write(config_path, buf_slice(&text), 0600);
	if (err != CONSIGN_OK)
		say_error("%s: the home cannot be made: %s", dir, consign_err_text(err));
	free(folder);
	free(key_path);
	free(config_path);
	buf_clear(&text);
	return err;
}

static enum consign_err
refuse_existing(const char *dir)
{
	char *path = path_join(dir, "config.yaml"), *keys = path_join(dir, "keys/admin.key");
	bool is_there = path == NULL || keys == NULL || file_exists(path) || file_exists(keys);

	free(path);
	free(keys);
	if (!is_there)
		return CONSIGN_OK;
	say_error("%s holds a home already", dir);
	say_hint("choose another folder; keys are never written over");
	return CONSIGN_E_CONFLICT;
}

static enum consign_err
make_home(const struct args *args, const char *dir, const struct hub_card_file *h, struct admin *admin)
{
	struct new_passphrase passphrase = {0};
	struct keyfile *keys = NULL;
	uint64_t now_us = clock_wall_us(clock_system());
	enum consign_err err = new_passphrase_get(args, "the keys of this administrator", &passphrase);

	if (err == CONSIGN_OK)
		err = keyfile_new("admin", admin->name, passphrase.is_set ? passphrase.text : NULL, &keys);
	new_passphrase_wipe(&passphrase);
	if (err == CONSIGN_OK)
		err = keys_add(keys, KEY_SIGN, "signing", false, now_us, &admin->signing_key);
	if (err == CONSIGN_OK)
		err = keys_add(keys, KEY_BOX, "transport", false, now_us, &admin->transport_key);
	if (err == CONSIGN_OK)
		err = write_home(dir, admin->name, h, keys);
	keyfile_free(&keys);
	return err;
}

enum consign_err
cmd_admin_request(const struct args *args)
{
	struct hub_card_file h = {0};
	struct admin admin = {0};
	const char *dir;
	enum consign_err err = check_name(args->words[0]);

	if (err == CONSIGN_OK)
		err = home_dir(args, &dir);
	if (err == CONSIGN_OK)
		err = refuse_existing(dir);
	if (err == CONSIGN_OK)
		err = read_hub_file(args_value(args, "hub"), &h);
	if (err == CONSIGN_OK) {
		snprintf(admin.name, sizeof admin.name, "%s", args->words[0]);
		err = make_home(args, dir, &h, &admin);
	}
	if (err == CONSIGN_OK)
		err = print_request(&h.hub_id, &admin);
	config_free(&h.config);
	return err;
}

/* ── the next root ── */

/* A copy of the newest root whose list of administrators may be changed; room for one more. */
static enum consign_err
copy_root(const struct admin_desk *desk, struct root *ret_root, struct admin ***ret_admins)
{
	*ret_root = *hub_root(desk->hub)->root;
	*ret_admins = calloc(ret_root->admins.n + 1, sizeof(struct admin *));
	if (*ret_admins == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	memcpy(*ret_admins, ret_root->admins.v, ret_root->admins.n * sizeof **ret_admins);
	ret_root->admins.v = *ret_admins;
	return CONSIGN_OK;
}

static enum consign_err
publish(struct admin_desk *desk, const struct root *root, const char *reason)
{
	struct draft draft = {0};
	enum consign_err err = admin_draft(desk, reason, &draft);

	if (err != CONSIGN_OK)
		return err;
	err = admin_publish_root(desk, &draft, root);
	if (err == CONSIGN_OK && draft.is_in_force)
		printf("administrators %zu\tneeded %u\troot %llu\n", root->admins.n, root->threshold, (unsigned long long)draft.root.version);
	draft_clear(&draft);
	return err;
}

static size_t
place_of(const struct root *root, const char *name)
{
	size_t i = 0;

	while (i < root->admins.n && strcmp(root->admins.v[i]->name, name) != 0)
		i++;
	return i;
}

static enum consign_err
read_request(const char *file, struct arena *arena, struct admin **ret_admin)
{
	struct buf text = {0}, encoded = {0};
	enum consign_err err = input_read(file, FILE_MAX_BYTES, &text);

	if (err != CONSIGN_OK)
		return err;
	err = armor_parse("ADMINISTRATOR", buf_slice(&text), &encoded);
	if (err == CONSIGN_OK)
		err = admin_decode(buf_slice(&encoded), arena, ret_admin);
	if (err != CONSIGN_OK)
		say_error("%s is no request of `consign admin request`: %s", file, armor_problem_text(err));
	buf_clear(&text);
	buf_clear(&encoded);
	return err;
}

/* What the newcomer read out, typed in; never shown before. */
static enum consign_err
check_fingerprint(const struct args *args, const struct hub *hub, const struct admin *admin)
{
	const char *typed = args_value(args, "fingerprint");
	char expected[36];
	enum consign_err err = admin_fingerprint(hub_id(hub), admin, expected);

	if (err == CONSIGN_OK && !fingerprint_match(expected, typed)) {
		say_error("the fingerprint does not match: these are not the keys that %s read out", admin->name);
		say_hint("hear it again; when it differs still, the request was exchanged on its way: ask for another");
		err = CONSIGN_E_DENIED;
	}
	explicit_bzero(expected, sizeof expected);
	return err;
}

/* add: a new name. replace: new keys under a name that is there. */
static enum consign_err
put_admin(const struct args *args, bool replaces)
{
	struct admin_desk desk = {0};
	struct arena *arena = NULL;
	struct admin *admin, **admins = NULL;
	struct root root;
	const char *reason;
	enum consign_err err = admin_reason(args, &reason);

	if (err == CONSIGN_OK)
		err = arena_new(FILE_MAX_BYTES * 4, &arena);
	if (err == CONSIGN_OK)
		err = read_request(args->words[0], arena, &admin);
	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err == CONSIGN_OK)
		err = check_fingerprint(args, desk.hub, admin);
	if (err == CONSIGN_OK)
		err = copy_root(&desk, &root, &admins);
	if (err == CONSIGN_OK) {
		size_t at = place_of(&root, admin->name);

		if (replaces && at == root.admins.n)
			err = say_fail(CONSIGN_E_NOT_FOUND, "%s is no administrator of this hub: `consign admin add` takes in a new one", admin->name);
		else if (!replaces && at < root.admins.n)
			err = say_fail(CONSIGN_E_CONFLICT, "%s is an administrator already: `consign admin replace` gives the name new keys", admin->name);
		else if (at == CONSIGN_ADMINS_MAX)
			err = say_fail(CONSIGN_E_TOO_BIG, "a hub has at most %u administrators", CONSIGN_ADMINS_MAX);
		else {
			admins[at] = admin;
			root.admins.n += !replaces;
			err = publish(&desk, &root, reason);
		}
	}
	free(admins);
	arena_free(&arena);
	admin_close(&desk);
	return err;
}

enum consign_err
cmd_admin_add(const struct args *args)
{
	return put_admin(args, false);
}

enum consign_err
cmd_admin_replace(const struct args *args)
{
	return put_admin(args, true);
}

enum consign_err
cmd_admin_remove(const struct args *args)
{
	struct admin_desk desk = {0};
	struct admin **admins = NULL;
	struct root root;
	const char *name = args->words[0], *reason;
	enum consign_err err = admin_reason(args, &reason);

	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err == CONSIGN_OK)
		err = copy_root(&desk, &root, &admins);
	if (err == CONSIGN_OK) {
		size_t at = place_of(&root, name);

		if (at == root.admins.n) {
			err = say_fail(CONSIGN_E_NOT_FOUND, "%s is no administrator of this hub", name);
		} else if (root.admins.n == 1) {
			say_error("%s is the only administrator of this hub, which needs one", name);
			say_hint("take in another first: consign admin add FILE");
			err = CONSIGN_E_CONFLICT;
		} else if (root.admins.n - 1 < root.threshold) {
			say_error("a change needs %u administrators, and %zu would be left", root.threshold, root.admins.n - 1);
			say_hint("lower it first: consign admin threshold %zu", root.admins.n - 1);
			err = CONSIGN_E_CONFLICT;
		} else {
			memmove(&admins[at], &admins[at + 1], (root.admins.n - at - 1) * sizeof *admins);
			root.admins.n--;
			err = publish(&desk, &root, reason);
		}
	}
	free(admins);
	admin_close(&desk);
	return err;
}

enum consign_err
cmd_admin_threshold(const struct args *args)
{
	struct admin_desk desk = {0};
	const char *word = args->words[0], *reason;
	char *end;
	unsigned long k = strtoul(word, &end, 10);
	enum consign_err err = admin_reason(args, &reason);

	if (err == CONSIGN_OK && (*word < '1' || *word > '9' || *end != '\0' || k > CONSIGN_ADMINS_MAX))
		err = say_fail(CONSIGN_E_USAGE, "%s is no number of administrators", word);
	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err != CONSIGN_OK)
		return err;
	struct root root = *hub_root(desk.hub)->root;

	if (k > root.admins.n) {
		say_error("this hub has %zu administrators: a change cannot need %lu of them", root.admins.n, k);
		say_hint("take in others first: consign admin add");
		err = CONSIGN_E_CONFLICT;
	} else if (k == root.threshold) {
		printf("a change needs %lu administrators already: nothing was changed\n", k);
	} else {
		root.threshold = (uint32_t)k;
		err = publish(&desk, &root, reason);
	}
	admin_close(&desk);
	return err;
}
