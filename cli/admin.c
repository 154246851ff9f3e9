/* An administrator at work (admin.h). */
#include "admin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/text.h"
#include "print.h"
#include "proposal.h"

/* "<version> <hash hex>\n". */
static enum consign_err
parse_root_seen(struct consign_slice text, struct document_ref *ret_ref)
{
	char line[CONSIGN_ROOT_SEEN_MAX_BYTES + 1], hex[65], end;
	unsigned long long version;
	struct buf hash = {0};

	if (text.len >= sizeof line)
		return CONSIGN_E_MALFORMED;
	memcpy(line, text.data, text.len);
	line[text.len] = '\0';
	if (sscanf(line, "%llu %64[0-9a-f]%c", &version, hex, &end) != 3 || end != '\n' || version == 0)
		return CONSIGN_E_MALFORMED;
	enum consign_err err = hex_parse(hex, &hash);

	if (err == CONSIGN_OK && hash.len == sizeof ret_ref->hash.b) {
		ret_ref->version = version;
		memcpy(ret_ref->hash.b, hash.data, hash.len);
	} else if (err == CONSIGN_OK) {
		err = CONSIGN_E_MALFORMED;
	}
	buf_clear(&hash);
	return err;
}

/* At a home's folder. Silent. */
static enum consign_err
read_root_seen(const char *dir, struct document_ref *ret_seen)
{
	struct buf text = {0};
	char *path = path_join(dir, "root.seen");
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : file_read(path, CONSIGN_ROOT_SEEN_MAX_BYTES, &text);

	if (err == CONSIGN_OK)
		err = parse_root_seen(buf_slice(&text), ret_seen);
	free(path);
	buf_clear(&text);
	return err;
}

static enum consign_err
say_unreadable(const char *dir, enum consign_err err)
{
	say_error("%s/root.seen: %s", dir, consign_err_text(err));
	say_hint("it keeps the newest root that was verified; restore it from a backup of this home");
	return err;
}

static enum consign_err
put_root_seen(const char *dir, uint64_t version, const struct consign_hash *hash)
{
	struct buf text = {0};
	char *path = path_join(dir, "root.seen");
	enum consign_err err = path == NULL ? CONSIGN_E_NO_MEMORY : buf_printf(&text, "%llu ", (unsigned long long)version);

	if (err == CONSIGN_OK)
		err = hex_format(SLICE_ARRAY(hash->b), &text);
	if (err == CONSIGN_OK)
		err = buf_append_u8(&text, '\n');
	if (err == CONSIGN_OK)
		err = file_write(path, buf_slice(&text), 0600);
	if (err != CONSIGN_OK)
		say_error("%s/root.seen: %s", dir, consign_err_text(err));
	free(path);
	buf_clear(&text);
	return err;
}

/* One command at a time, and never back: another one at this home may have seen a newer root meanwhile. */
enum consign_err
root_seen_write(const char *dir, uint64_t version, const struct consign_hash *hash)
{
	struct document_ref seen;
	int lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (lock < 0 || flock(lock, LOCK_EX) != 0) {
		say_error("%s: %s", dir, strerror(errno));
		if (lock >= 0)
			close(lock);
		return CONSIGN_E_IO;
	}
	bool is_newer = read_root_seen(dir, &seen) == CONSIGN_OK && seen.version > version;
	enum consign_err err = is_newer ? CONSIGN_OK : put_root_seen(dir, version, hash);

	close(lock);
	return err;
}

/* The newest root is never older than the one seen, and the one seen is the same still. */
static enum consign_err
check_seen(const char *dir, const struct document_ref *seen, const struct hub *hub)
{
	const struct hub_root *newest = hub_root(hub), *same;

	if (newest->root->version < seen->version) {
		say_error("the broker shows root %llu, but root %llu was verified here before: the hub was rolled back",
		    (unsigned long long)newest->root->version, (unsigned long long)seen->version);
		say_hint("change nothing; find out whether the broker was restored from an old backup, or is not ours any more");
		return CONSIGN_E_STALE;
	}
	same = hub_root_at(hub, seen->version);
	if (same == NULL || !hash_equal(&same->hash, &seen->hash)) {
		say_error("root %llu is not the one that was verified here before: the hub shows two histories",
		    (unsigned long long)seen->version);
		say_hint("change nothing; keep this home and the broker's folder as they are: together they prove it");
		return CONSIGN_E_FORK;
	}
	return newest->root->version == seen->version ? CONSIGN_OK
						      : root_seen_write(dir, newest->root->version, &newest->hash);
}

enum consign_err
root_seen_check(const char *dir, const struct hub *hub)
{
	struct document_ref seen;
	enum consign_err err = read_root_seen(dir, &seen);

	return err != CONSIGN_OK ? say_unreadable(dir, err) : check_seen(dir, &seen, hub);
}

/* The broker's home is beside the first administrator's files, where `hub init` made it; the others have none. */
static void
put_unreachable_hint(const struct home *home, const char *endpoint, char hint[HUB_SESSION_HINT_BYTES])
{
	char *broker = path_join(home->dir, "broker");

	if (broker != NULL && access(broker, F_OK) == 0)
		snprintf(hint, HUB_SESSION_HINT_BYTES, "is the broker running? start it with: consign-broker --home %s", broker);
	else
		snprintf(hint, HUB_SESSION_HINT_BYTES, "is the broker running, and can %s be reached from here?", endpoint);
	free(broker);
}

static enum consign_err
open_session(struct admin_desk *desk, bool is_quiet)
{
	const struct home *home = &desk->home;
	struct hub_session_options options = {
	    .endpoint = config_get(home->config, "endpoint"),
	    .socks_proxy = config_get(home->config, "socks_proxy"),
	    .hub_id = home->hub_id,
	    .party = PARTY_ADMIN,
	    .name = home->name,
	    .transport = home_key(desk->keys, "transport"),
	    .signing = desk->signing,
	    .is_quiet = is_quiet,
	    .refused_hint = "this administrator's key is not in the hub's root, or config.yaml names another hub's broker",
	};
	char hint[HUB_SESSION_HINT_BYTES];

	if (options.transport == NULL || options.signing == NULL)
		return CONSIGN_E_KEY_FILE;
	if (options.endpoint == NULL || config_hex(home->config, "broker_transport_key", options.broker_transport_key.b,
					    sizeof options.broker_transport_key.b) != CONSIGN_OK)
		return say_fail(CONSIGN_E_CONFIG, "%s/config.yaml: endpoint and broker_transport_key are needed", home->dir);
	put_unreachable_hint(home, options.endpoint, hint);
	options.unreachable_hint = hint;
	return hub_session_open(&options, &desk->session);
}

/* seen: what was read before the session was opened; what another command has seen meanwhile may be newer than the session. */
static enum consign_err
check_documents(struct admin_desk *desk, const struct document_ref *seen)
{
	desk->hub = hub_session_hub(desk->session);
	enum consign_err err = check_seen(desk->home.dir, seen, desk->hub);

	if (err == CONSIGN_OK && (hub_directory(desk->hub) == NULL || hub_policy(desk->hub) == NULL))
		err = say_fail(CONSIGN_E_STALE, "the broker did not send the directory and policy that its newest root names");
	return err;
}

enum consign_err
admin_reopen(struct admin_desk *desk, bool is_quiet)
{
	struct document_ref seen;
	enum consign_err err = read_root_seen(desk->home.dir, &seen);

	if (err != CONSIGN_OK)
		return say_unreadable(desk->home.dir, err);
	hub_session_close(&desk->session);
	desk->hub = NULL;
	err = open_session(desk, is_quiet);
	return err == CONSIGN_OK ? check_documents(desk, &seen) : err;
}

enum consign_err
admin_open(const struct args *args, struct admin_desk *ret_desk)
{
	struct admin_desk desk = {0};
	struct document_ref seen; /* read before the broker is asked: later, another command might have seen more than it told us */
	enum consign_err err = home_open(args, HOME_ADMIN, &desk.home);

	if (err == CONSIGN_OK)
		err = home_keys(&desk.home, args, &desk.keys);
	if (err == CONSIGN_OK && (err = read_root_seen(desk.home.dir, &seen)) != CONSIGN_OK)
		say_unreadable(desk.home.dir, err);
	if (err == CONSIGN_OK) {
		desk.signing = home_key(desk.keys, "signing");
		err = open_session(&desk, false);
	}
	if (err == CONSIGN_OK)
		err = check_documents(&desk, &seen);
	if (err != CONSIGN_OK) {
		admin_close(&desk);
		return err;
	}
	*ret_desk = desk;
	return CONSIGN_OK;
}

void
admin_close(struct admin_desk *desk)
{
	hub_session_close(&desk->session);
	keyfile_free(&desk->keys);
	home_clear(&desk->home);
	desk->hub = NULL;
	desk->signing = NULL;
}

enum consign_err
admin_draft(const struct admin_desk *desk, const char *reason, struct draft *ret_draft)
{
	const struct root *root = hub_root(desk->hub)->root;
	struct consign_public_key public;
	struct consign_key_id id;

	sign_public(desk->signing, &public);
	key_id_of(&public, &id);
	if (hub_admin_by_signing(desk->hub, &id) == NULL)
		return say_fail(CONSIGN_E_DENIED, "the key of this home is not an administrator's in root %llu",
		    (unsigned long long)root->version);
	enum consign_err err = draft_start(ret_draft, hub_id(desk->hub), desk->signing, clock_wall_us(clock_system()), reason);

	return err == CONSIGN_OK ? CONSIGN_OK : say_fail(err, "%s", consign_err_text(err));
}

/* "proposal 3f2a9c41e07b55d1: 1 of 2 administrators agree, …" */
static enum consign_err
say_proposed(const struct admin_desk *desk, const struct consign_hash *id)
{
	char shown[PROPOSAL_ID_BYTES];

	proposal_id_text(id, shown);
	printf("proposal %s\t1 of %u agree\n", shown, hub_root(desk->hub)->root->threshold);
	say_note("Nothing has changed yet: this hub needs %u of its administrators. They look at it and agree with:\n"
		 "  consign proposal show %s\n"
		 "  consign proposal approve %s",
	    hub_root(desk->hub)->root->threshold, shown, shown);
	return CONSIGN_OK;
}

static enum consign_err
propose(struct admin_desk *desk, struct draft *draft)
{
	struct proposal p = {.format = 1,
	    .hub_id = draft->hub_id,
	    .created_us = draft->now_us,
	    .expires_us = draft->now_us + CONSIGN_PROPOSAL_LIFE_US,
	    .reason = draft->reason,
	    .root_version = draft->root.version};
	struct signed_document *document;
	struct consign_slice content = {0};
	struct consign_hash id;
	struct buf encoded = {0};
	enum consign_err err = session_documents_encode(&draft->documents, &encoded);

	snprintf(p.author, sizeof p.author, "%s", desk->home.name);
	hash_sha256(buf_slice(&encoded), &p.documents_digest);
	buf_reset(&encoded);
	if (err == CONSIGN_OK)
		err = proposal_encode(&p, &encoded);
	if (err == CONSIGN_OK)
		content = arena_copy(draft->arena, buf_slice(&encoded));
	buf_clear(&encoded);
	if (err == CONSIGN_OK)
		err = content.data == NULL ? CONSIGN_E_NO_MEMORY
					   : document_sign(draft->arena, SIGN_PROPOSAL, &draft->hub_id, content, draft->signing, &document);
	if (err != CONSIGN_OK)
		return say_fail(err, "the proposal cannot be made: %s", consign_err_text(err));
	hash_sha256(content, &id);
	err = hub_session_propose(desk->session, document, &draft->documents, draft->root.version);
	return err == CONSIGN_OK ? say_proposed(desk, &id) : err;
}

enum consign_err
admin_publish_root(struct admin_desk *desk, struct draft *draft, const struct root *changed)
{
	const struct hub_root *previous = hub_root(desk->hub);
	enum consign_err err = draft_root(draft, changed, &previous->hash);

	if (err != CONSIGN_OK)
		return say_fail(err, "the documents cannot be made: %s", consign_err_text(err));
	if (previous->root->threshold > 1)
		return propose(desk, draft);
	err = hub_session_publish(desk->session, &draft->documents, draft->root.version);
	if (err == CONSIGN_OK)
		err = root_seen_write(desk->home.dir, draft->root.version, &draft->root.hash);
	draft->is_in_force = err == CONSIGN_OK;
	return err;
}

enum consign_err
admin_publish(struct admin_desk *desk, struct draft *draft)
{
	return admin_publish_root(desk, draft, hub_root(desk->hub)->root);
}

enum consign_err
admin_reason_if_any(const struct args *args, const char **ret_reason)
{
	const char *reason = args_value(args, "reason");

	if (reason != NULL && (strlen(reason) > CONSIGN_TEXT_MAX_BYTES || !text_is(CHARSET_UTF8, slice_text(reason))))
		return say_fail(CONSIGN_E_USAGE, "--reason: expected one line of text, at most %u bytes", CONSIGN_TEXT_MAX_BYTES);
	*ret_reason = reason;
	return CONSIGN_OK;
}

/* "" when nothing was typed. */
static const char *
ask_reason(void)
{
	static char line[CONSIGN_TEXT_MAX_BYTES + 2];

	fprintf(stderr, "Reason, one line for the ledger: ");
	fflush(stderr);
	if (fgets(line, sizeof line, stdin) == NULL)
		return "";
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

enum consign_err
admin_reason(const struct args *args, const char **ret_reason)
{
	enum consign_err err = admin_reason_if_any(args, ret_reason);

	if (err != CONSIGN_OK || (*ret_reason == NULL && args_has(args, "dry-run")))
		return err;
	if (*ret_reason == NULL && isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1)
		*ret_reason = ask_reason();
	if (*ret_reason != NULL && (*ret_reason)[strspn(*ret_reason, " \t")] != '\0' && text_is(CHARSET_UTF8, slice_text(*ret_reason)))
		return CONSIGN_OK;
	say_error("no reason is given: --reason is missing, or empty");
	say_hint("why it is done stands in the ledger, with who did it and when: --reason \"one line\"");
	return CONSIGN_E_USAGE;
}
