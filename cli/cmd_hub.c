/*
 * `consign hub init`: the keys of a hub, its first documents, the homes of administrator and broker.
 *
 * Everything is made and verified in memory first; files are written last, and config.yaml of the administrator's home
 * last of all: a home with one is whole.
 */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/text.h"
#include "draft.h"
#include "endpoint.h"
#include "home.h"
#include "keys.h"
#include "print.h"

struct new_hub {
	const char *dir;
	const char *name;
	const char *admin;
	const char *endpoint;
	const char *metrics; /* NULL: the broker's default */
	struct buf bind;     /* with a NUL behind */
	uint64_t now_us;
	struct keyfile *admin_keys;
	struct keyfile *broker_keys;
	struct consign_public_key signing, transport;
	struct broker_keys broker;
	struct draft draft;
	struct buf documents; /* encoded session_documents */
};

static enum consign_err
read_names(const struct args *args, struct new_hub *h)
{
	h->name = args_value(args, "name");
	h->admin = args_has(args, "admin-name") ? args_value(args, "admin-name") : "admin";
	h->endpoint = args_has(args, "endpoint") ? args_value(args, "endpoint") : "tcp://127.0.0.1:7411";
	h->metrics = args_value(args, "metrics");
	const char *bind = args_value(args, "bind");

	if (!text_is(CHARSET_UTF8, slice_text(h->name)) || h->name[0] == '\0' || strlen(h->name) > CONSIGN_NAME_MAX_BYTES)
		return say_fail(CONSIGN_E_USAGE, "--name: expected a short text without control characters");
	if (!text_is(CHARSET_ORG, slice_text(h->admin)) || strlen(h->admin) > CONSIGN_ORG_MAX_BYTES)
		return say_fail(CONSIGN_E_USAGE, "--admin-name %s: expected 2 to 40 of a-z, 0-9 and -", h->admin);
	if (!endpoint_is_valid(h->endpoint, false))
		return say_fail(CONSIGN_E_USAGE, "--endpoint %s: expected tcp://HOST:PORT", h->endpoint);
	if (bind != NULL && !endpoint_is_valid(bind, true))
		return say_fail(CONSIGN_E_USAGE, "--bind %s: expected tcp://HOST:PORT, where HOST may be *", bind);
	enum consign_err err =
	    bind != NULL ? buf_append(&h->bind, slice_text(bind)) : endpoint_default_bind(h->endpoint, &h->bind);

	if (err == CONSIGN_OK)
		err = buf_append_u8(&h->bind, '\0');
	return err == CONSIGN_OK ? CONSIGN_OK : say_fail(err, "%s", consign_err_text(err));
}

static enum consign_err
refuse_existing(const char *dir)
{
	static const char *const files[] = {
	    "config.yaml", "keys/admin.key", "keys/agent.key", "broker/config.yaml", "broker/keys/broker.key"};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char *path = path_join(dir, files[i]);
		bool is_there = path != NULL && file_exists(path);

		free(path);
		if (path == NULL)
			return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
		if (is_there) {
			say_error("%s/%s exists: this folder holds a hub or a company already", dir, files[i]);
			say_hint("choose another folder; keys are never written over");
			return CONSIGN_E_CONFLICT;
		}
	}
	return CONSIGN_OK;
}

static enum consign_err
make_keys(struct new_hub *h, const char *passphrase)
{
	enum consign_err err = keyfile_new("admin", h->admin, passphrase, &h->admin_keys);

	if (err == CONSIGN_OK)
		err = keyfile_new("broker", "broker", passphrase, &h->broker_keys);
	if (err == CONSIGN_OK)
		err = keys_add(h->admin_keys, KEY_SIGN, "signing", false, h->now_us, &h->signing);
	if (err == CONSIGN_OK)
		err = keys_add(h->admin_keys, KEY_BOX, "transport", false, h->now_us, &h->transport);
	if (err == CONSIGN_OK)
		err = keys_add(h->broker_keys, KEY_BOX, "transport", false, h->now_us, &h->broker.transport_key);
	if (err == CONSIGN_OK)
		err = keys_add(h->broker_keys, KEY_SIGN, "receipt", false, h->now_us, &h->broker.receipt_key);
	if (err == CONSIGN_OK)
		err = keys_add(h->broker_keys, KEY_SIGN, "ledger", false, h->now_us, &h->broker.ledger_key);
	return err;
}

/* Root 1, whose hash is the hub's id; the empty directory; the policy without rules; root 2, which puts them in force. */
static enum consign_err
make_documents(struct new_hub *h)
{
	static const struct consign_hash no_hub;
	struct admin admin = {.signing_key = h->signing, .transport_key = h->transport};
	struct admin *admins[] = {&admin};
	struct consign_hash random;
	struct log_origin log = {0};
	struct root root = {.format = 1,
	    .version = 1,
	    .created_us = h->now_us,
	    .random = SLICE_ARRAY(random.b),
	    .name = slice_text(h->name),
	    .admins = {admins, 1},
	    .threshold = 1,
	    .broker = &h->broker};
	struct policy_common no_rules = {0};
	struct policy_part common = {.common = &no_rules};
	struct consign_slice part;

	random_bytes(random.b, sizeof random.b);
	snprintf(admin.name, sizeof admin.name, "%s", h->admin);
	snprintf(h->broker.endpoint, sizeof h->broker.endpoint, "%s", h->endpoint);
	enum consign_err err =
	    draft_start(&h->draft, &no_hub, keyfile_find(h->admin_keys, "signing", NULL), h->now_us, "the hub is made");

	if (err == CONSIGN_OK)
		err = draft_first_root(&h->draft, &root);
	struct consign_hash first = h->draft.root.hash;

	if (err == CONSIGN_OK)
		err = draft_directory(&h->draft, NULL, NULL, 0);
	if (err == CONSIGN_OK)
		err = draft_policy_part(&h->draft, &common, &part);
	if (err == CONSIGN_OK)
		err = draft_policy(&h->draft, NULL, &part, 1);
	checkpoint_origin(&first, log.origin);
	root.log = &log; /* the hub's id is in it, so the first root cannot have one */
	if (err == CONSIGN_OK)
		err = draft_root(&h->draft, &root, &first);
	return err == CONSIGN_OK ? session_documents_encode(&h->draft.documents, &h->documents) : err;
}

/* As the broker will: what does not verify is not written. */
static enum consign_err
verify(const struct new_hub *h)
{
	struct hub *hub = NULL;
	struct hub_stage *stage = NULL;
	char problem[HUB_PROBLEM_BYTES] = "out of memory";
	enum consign_err err = hub_new(&h->draft.hub_id, true, &hub);

	if (err == CONSIGN_OK)
		err = hub_stage(hub, buf_slice(&h->documents), HUB_PUBLISH, &stage, problem);
	if (err != CONSIGN_OK)
		say_error("the first documents do not verify: %s", problem);
	hub_stage_free(&stage);
	hub_free(&hub);
	return err;
}

static enum consign_err
write_text(const char *dir, const char *name, enum consign_err err, struct buf *content)
{
	char *path = path_join(dir, name);

	if (err == CONSIGN_OK)
		err = path == NULL ? CONSIGN_E_NO_MEMORY : file_write(path, buf_slice(content), 0600);
	if (err != CONSIGN_OK)
		say_error("%s/%s: %s", dir, name, consign_err_text(err));
	free(path);
	buf_clear(content);
	return err;
}

static enum consign_err
make_dirs(const char *dir)
{
	static const char *const names[] = {"", "keys", "invites", "broker", "broker/keys"};
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < sizeof names / sizeof names[0]; i++) {
		char *path = path_join(dir, names[i]);

		err = path == NULL ? CONSIGN_E_NO_MEMORY : file_make_dir(path, 0700);
		if (err != CONSIGN_OK)
			say_error("%s/%s: the folder cannot be made", dir, names[i]);
		free(path);
	}
	return err;
}

static enum consign_err
save_keys(const char *dir, const char *name, const struct keyfile *keys)
{
	char *path = path_join(dir, name);
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : keyfile_save(keys, path);

	if (err != CONSIGN_OK)
		say_error("%s/%s: %s", dir, name, consign_err_text(err));
	free(path);
	return err;
}

static enum consign_err
put_broker_config(const struct new_hub *h, struct buf *out)
{
	enum consign_err err = config_hex_line(out, "hub_id", SLICE_ARRAY(h->draft.hub_id.b));

	if (err == CONSIGN_OK)
		err = config_line(out, "hub_name", h->name);
	if (err == CONSIGN_OK)
		err = config_line(out, "endpoint", h->endpoint);
	if (err == CONSIGN_OK)
		err = config_line(out, "bind", (const char *)h->bind.data);
	if (err == CONSIGN_OK && h->metrics != NULL)
		err = config_line(out, "metrics", h->metrics);
	return err;
}

static enum consign_err
put_admin_config(const struct new_hub *h, struct buf *out)
{
	enum consign_err err = config_hex_line(out, "hub_id", SLICE_ARRAY(h->draft.hub_id.b));

	if (err == CONSIGN_OK)
		err = config_line(out, "hub_name", h->name);
	if (err == CONSIGN_OK)
		err = config_line(out, "endpoint", h->endpoint);
	if (err == CONSIGN_OK)
		err = config_hex_line(out, "broker_transport_key", SLICE_ARRAY(h->broker.transport_key.b));
	if (err == CONSIGN_OK)
		err = config_line(out, "party", "admin");
	return err == CONSIGN_OK ? config_line(out, "name", h->admin) : err;
}

static enum consign_err
put_root_seen(const struct new_hub *h, struct buf *out)
{
	enum consign_err err = buf_printf(out, "%llu ", (unsigned long long)h->draft.root.version);

	if (err == CONSIGN_OK)
		err = hex_format(SLICE_ARRAY(h->draft.root.hash.b), out);
	return err == CONSIGN_OK ? buf_append_u8(out, '\n') : err;
}

static enum consign_err
write_all(struct new_hub *h)
{
	struct buf text = {0};
	enum consign_err err = make_dirs(h->dir);

	if (err == CONSIGN_OK)
		err = save_keys(h->dir, "broker/keys/broker.key", h->broker_keys);
	if (err == CONSIGN_OK)
		err = write_text(h->dir, "broker/genesis.documents", CONSIGN_OK, &h->documents);
	if (err == CONSIGN_OK)
		err = write_text(h->dir, "broker/config.yaml", put_broker_config(h, &text), &text);
	if (err == CONSIGN_OK)
		err = save_keys(h->dir, "keys/admin.key", h->admin_keys);
	if (err == CONSIGN_OK)
		err = write_text(h->dir, "root.seen", put_root_seen(h, &text), &text);
	return err == CONSIGN_OK ? write_text(h->dir, "config.yaml", put_admin_config(h, &text), &text) : err;
}

static enum consign_err
print_hub(const struct new_hub *h, bool as_json)
{
	struct buf id = {0};
	enum consign_err err = hex_format(SLICE_ARRAY(h->draft.hub_id.b), &id);

	if (err == CONSIGN_OK)
		err = buf_append_u8(&id, '\0');
	if (err == CONSIGN_OK && as_json) {
		json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "hub_id", (const char *)id.data, "name", h->name, "endpoint",
		    h->endpoint, "bind", (const char *)h->bind.data);

		err = print_json(&json);
	} else if (err == CONSIGN_OK) {
		printf("hub       %s\nid        %s\nendpoint  %s\nlistens   %s\n", h->name, (const char *)id.data, h->endpoint,
		    (const char *)h->bind.data);
	}
	buf_clear(&id);
	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	say_note("Next:\n"
		 "  consign-broker --home %s/broker                     start the broker\n"
		 "  consign org invite ORG --home %s > ORG.invite       invite a company, and hand it the file\n"
		 "  consign policy apply FILE --reason TEXT --home %s   say who may send what to whom",
	    h->dir, h->dir, h->dir);
	return CONSIGN_OK;
}

enum consign_err
cmd_hub_init(const struct args *args)
{
	struct new_hub h = {.now_us = clock_wall_us(clock_system())};
	struct new_passphrase passphrase = {0};
	enum consign_err err = home_dir(args, &h.dir);

	if (err == CONSIGN_OK)
		err = read_names(args, &h);
	if (err == CONSIGN_OK)
		err = refuse_existing(h.dir);
	if (err == CONSIGN_OK)
		err = new_passphrase_get(args, "the keys of this hub", &passphrase);
	if (err == CONSIGN_OK) {
		err = make_keys(&h, passphrase.is_set ? passphrase.text : NULL);
		if (err == CONSIGN_OK)
			err = make_documents(&h);
		if (err != CONSIGN_OK)
			say_error("the hub cannot be made: %s", consign_err_text(err));
	}
	new_passphrase_wipe(&passphrase);
	if (err == CONSIGN_OK)
		err = verify(&h);
	if (err == CONSIGN_OK)
		err = write_all(&h);
	if (err == CONSIGN_OK)
		err = print_hub(&h, args_has(args, "json"));
	keyfile_free(&h.admin_keys);
	keyfile_free(&h.broker_keys);
	draft_clear(&h.draft);
	buf_clear(&h.bind);
	buf_clear(&h.documents);
	return err;
}

/* ── move ── */

static enum consign_err
move(struct admin_desk *desk, const char *endpoint, const char *reason)
{
	struct root root = *hub_root(desk->hub)->root;
	struct broker_keys broker = *root.broker;
	struct draft draft = {0};

	if (strcmp(broker.endpoint, endpoint) == 0)
		return say_fail(CONSIGN_E_CONFLICT, "root %llu says already that the broker is at %s", (unsigned long long)root.version, endpoint);
	snprintf(broker.endpoint, sizeof broker.endpoint, "%s", endpoint);
	root.broker = &broker;
	enum consign_err err = admin_draft(desk, reason, &draft);

	if (err == CONSIGN_OK)
		err = admin_publish_root(desk, &draft, &root);
	if (err == CONSIGN_OK && draft.is_in_force) {
		printf("%s\troot %llu\n", endpoint, (unsigned long long)draft.root.version);
		say_note("Agents that are connected know it now; let the broker run where it is until the others have been here too.\n"
			 "Once it is moved, set endpoint in %s/config.yaml, and in each administrator's.",
		    desk->home.dir);
	}
	draft_clear(&draft);
	return err;
}

enum consign_err
cmd_hub_move(const struct args *args)
{
	const char *endpoint = args_value(args, "endpoint"), *reason;
	struct admin_desk desk = {0};
	enum consign_err err = admin_reason(args, &reason);

	if (err != CONSIGN_OK)
		return err;
	if (!endpoint_is_valid(endpoint, false) || strlen(endpoint) >= sizeof((struct broker_keys *)0)->endpoint)
		return say_fail(CONSIGN_E_USAGE, "--endpoint %s: expected tcp://HOST:PORT", endpoint);
	err = admin_open(args, &desk);
	if (err != CONSIGN_OK)
		return err;
	err = move(&desk, endpoint, reason);
	admin_close(&desk);
	return err;
}
