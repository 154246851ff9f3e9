/* `consign org …`: who is on the hub. Each change is a next directory and a next root, signed here. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "invite.h"
#include "org.h"
#include "print.h"
#include "trust/freshness.h"

#define NOT_UNDER_ITS_ID "an organisation that has ended or was compromised does not come back under its id: invite it under another"

/* ── invite ── */

static enum consign_err
check_invited(const struct hub *hub, const char *org)
{
	const struct member *member = hub_member(hub_directory(hub), org);

	if (member == NULL)
		return CONSIGN_OK;
	say_error("%s is a member already, %s", org, member_status_text(member->status));
	if (member->status == MEMBER_SUSPENDED)
		say_hint("`consign org resume %s` lets it go on", org);
	else if (member->status != MEMBER_ACTIVE)
		say_hint(NOT_UNDER_ITS_ID);
	return CONSIGN_E_CONFLICT;
}

static enum consign_err
fill_invite(const struct admin_desk *desk, const char *org, const struct invite_secret *secret, const struct secret *transport,
    struct invite *invite, struct document_ref *root_ref)
{
	const struct hub_root *root = hub_root(desk->hub);

	*root_ref = (struct document_ref){.version = root->root->version, .hash = root->hash};
	*invite = (struct invite){.format = 1,
	    .hub_id = *hub_id(desk->hub),
	    .hub_name = root->root->name,
	    .root = root_ref,
	    .broker_transport_key = root->root->broker->transport_key,
	    .token = secret->token,
	    .expires_us = secret->expires_us};
	memcpy(invite->transport_secret.b, transport->b, sizeof invite->transport_secret.b);
	if (strlen(root->root->broker->endpoint) >= sizeof invite->endpoint)
		return CONSIGN_E_TOO_BIG;
	memcpy(invite->endpoint, root->root->broker->endpoint, strlen(root->root->broker->endpoint) + 1);
	memcpy(invite->org.s, org, strlen(org) + 1);
	return CONSIGN_OK;
}

/* Kept here first, then told to the broker, then printed: whatever fails, no invite is out that nobody knows. */
static enum consign_err
give_invite(struct admin_desk *desk, const char *org, struct invite_secret *secret)
{
	struct secret *transport = NULL;
	struct invite_notice notice = {.expires_us = secret->expires_us};
	struct document_ref root_ref;
	struct invite invite = {0};
	struct buf text = {0};
	enum consign_err err = box_keypair(&transport, &notice.transport_key);

	if (err == CONSIGN_OK)
		err = fill_invite(desk, org, secret, transport, &invite, &root_ref);
	if (err == CONSIGN_OK)
		err = invite_format(&invite, &text);
	if (err == CONSIGN_OK)
		err = invite_secret_write(desk->home.dir, org, secret);
	if (err != CONSIGN_OK)
		say_error("the invite cannot be made: %s", consign_err_text(err));
	memcpy(notice.org.s, org, strlen(org) + 1);
	hash_sha256(SLICE_ARRAY(secret->token.b), &notice.token_hash);
	if (err == CONSIGN_OK)
		err = hub_session_invite(desk->session, &notice);
	if (err == CONSIGN_OK) {
		err = print_bytes(buf_slice(&text));
		if (err != CONSIGN_OK)
			say_error("the invite could not be written");
	}
	secret_free(&transport);
	explicit_bzero(&invite, sizeof invite);
	buf_wipe(&text);
	return err;
}

enum consign_err
cmd_org_invite(const struct args *args)
{
	const char *org = args->words[0], *name = args_value(args, "name");
	struct invite_secret secret = {.expires_us = clock_wall_us(clock_system()) + CONSIGN_INVITE_LIFE_US};
	struct admin_desk desk = {0};
	enum consign_err err = org_check_id(org);

	if (err == CONSIGN_OK && name != NULL &&
	    (strlen(name) > CONSIGN_NAME_MAX_BYTES || !text_is(CHARSET_UTF8, slice_text(name))))
		err = say_fail(CONSIGN_E_USAGE, "--name: expected a short text without control characters");
	if (err != CONSIGN_OK)
		return err;
	snprintf(secret.name, sizeof secret.name, "%s", name == NULL ? "" : name);
	random_bytes(secret.token.b, sizeof secret.token.b);
	err = admin_open(args, &desk);
	if (err == CONSIGN_OK)
		err = check_invited(desk.hub, org);
	if (err == CONSIGN_OK)
		err = give_invite(&desk, org, &secret);
	if (err == CONSIGN_OK)
		say_note("This invite is a secret: hand it to %s by a channel that you trust. It expires in 7 days.\n"
			 "There: consign join FILE --home DIR. Then here: consign org approve %s --home %s",
		    org, org, desk.home.dir);
	explicit_bzero(&secret, sizeof secret);
	admin_close(&desk);
	return err;
}

/* ── the next directory ── */

/* The directory with one member put in, or in place of what it was. */
static enum consign_err
draft_with_member(const struct hub *hub, struct member *member, struct draft *draft)
{
	const struct hub_directory *before = hub_directory(hub);
	struct consign_slice *parts = calloc(before->n_members + 1, sizeof *parts), part;
	size_t n = 0;

	if (parts == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < before->n_members; i++)
		if (strcmp(before->members[i]->org.s, member->org.s) != 0)
			parts[n++] = before->member_parts[i];
	enum consign_err err = draft_member_part(draft, member, &part);

	if (err == CONSIGN_OK) {
		parts[n++] = part;
		err = draft_directory(draft, before, parts, n);
	}
	free(parts);
	return err;
}

/* Within a day of its last statement nobody would send anything any more. */
static void
warn_of_freshness(const struct hub *hub, const char *org)
{
	const struct root *root = hub_root(hub)->root;

	for (size_t i = 0; i < root->freshness_keys.n; i++) {
		const char *by = freshness_org(hub, &root->freshness_keys.v[i]);

		if (by == NULL || strcmp(by, org) != 0)
			continue;
		say_warning("%s states freshness: when its last statement is a day old, all agents hold what they would send", org);
		say_hint("`consign freshness delegate ORG` names another company, --none nobody");
	}
}

static enum consign_err
publish_member(struct admin_desk *desk, struct member *member, struct signed_document *card, const char *reason, bool *ret_is_in_force)
{
	struct draft draft = {0};
	enum consign_err err = admin_draft(desk, reason, &draft);

	if (err != CONSIGN_OK)
		return err;
	err = draft_with_member(desk->hub, member, &draft);
	if (err == CONSIGN_OK && card != NULL)
		err = draft_card(&draft, card);
	if (err != CONSIGN_OK)
		say_error("the directory cannot be made: %s", consign_err_text(err));
	else
		err = admin_publish(desk, &draft);
	if (err == CONSIGN_OK && draft.is_in_force)
		printf("%s\t%s\tdirectory %llu\troot %llu\n", member->org.s, member_status_text(member->status),
		    (unsigned long long)draft.directory->version, (unsigned long long)draft.root.version);
	if (err == CONSIGN_OK && member->status != MEMBER_ACTIVE)
		warn_of_freshness(desk->hub, member->org.s);
	*ret_is_in_force = draft.is_in_force;
	draft_clear(&draft);
	return err;
}

/* Opens a desk with a member's entry, or says why not. ret_desk is to be closed in any case. */
static enum consign_err
open_member(const struct args *args, const char **ret_reason, struct admin_desk *desk, const struct member **ret_member)
{
	const char *org = args->words[0];
	enum consign_err err = org_check_id(org);

	if (err == CONSIGN_OK)
		err = admin_reason(args, ret_reason);
	if (err == CONSIGN_OK)
		err = admin_open(args, desk);
	if (err != CONSIGN_OK)
		return err;
	*ret_member = hub_member(hub_directory(desk->hub), org);
	if (*ret_member == NULL)
		return say_fail(CONSIGN_E_NOT_FOUND, "%s is not a member of this hub", org);
	return CONSIGN_OK;
}

static enum consign_err
refuse_change(const struct member *member, uint32_t to)
{
	say_error("%s is %s", member->org.s, member_status_text(member->status));
	if (member->status == MEMBER_ENDED || member->status == MEMBER_COMPROMISED)
		say_hint(NOT_UNDER_ITS_ID);
	else if (to == MEMBER_SUSPENDED)
		say_hint("`consign org resume %s` lets it go on", member->org.s);
	return CONSIGN_E_CONFLICT;
}

static enum consign_err
change_status(const struct args *args, uint32_t from, uint32_t to)
{
	const char *reason;
	struct admin_desk desk = {0};
	const struct member *before;
	enum consign_err err = open_member(args, &reason, &desk, &before);

	if (err == CONSIGN_OK && before->status != from && !(to == MEMBER_ENDED && before->status == MEMBER_SUSPENDED))
		err = refuse_change(before, to);
	if (err == CONSIGN_OK) {
		struct member after = *before;

		bool is_in_force;

		after.status = to;
		err = publish_member(&desk, &after, NULL, reason, &is_in_force);
	}
	admin_close(&desk);
	return err;
}

enum consign_err
cmd_org_suspend(const struct args *args)
{
	return change_status(args, MEMBER_ACTIVE, MEMBER_SUSPENDED);
}

enum consign_err
cmd_org_resume(const struct args *args)
{
	return change_status(args, MEMBER_SUSPENDED, MEMBER_ACTIVE);
}

enum consign_err
cmd_org_end(const struct args *args)
{
	return change_status(args, MEMBER_ACTIVE, MEMBER_ENDED);
}

/* ── compromised ── */

/* Mail that the hub accepted at this leaf or after it is refused. `now` is the ledger's end: all that follows, and nothing that was. */
static enum consign_err
read_since(const struct args *args, uint64_t size, uint64_t *ret_leaf)
{
	const char *text = args_value(args, "since");

	if (strcmp(text, "now") == 0) {
		*ret_leaf = size;
		return CONSIGN_OK;
	}
	/* 18 digits are less than any overflow and more than any ledger. */
	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 18) {
		say_error("--since %s: expected the number of a leaf, or now", text);
		say_hint("`consign track ID` says at which leaf a message was accepted; what is at that leaf or after it is refused");
		return CONSIGN_E_USAGE;
	}
	uint64_t leaf = strtoull(text, NULL, 10);

	if (leaf > size) {
		say_error("--since %s: the ledger has %llu leaves", text, (unsigned long long)size);
		say_hint("`--since now` refuses everything from here on; an earlier leaf also what was accepted since then");
		return CONSIGN_E_USAGE;
	}
	*ret_leaf = leaf;
	return CONSIGN_OK;
}

/* Once said it is not taken back, and it only reaches further: mail that was refused for it stays refused. */
static enum consign_err
check_earlier(const struct member *before, uint64_t leaf)
{
	if (before->status != MEMBER_COMPROMISED || leaf < before->compromised_since)
		return CONSIGN_OK;
	say_error("%s is compromised since leaf %llu already", before->org.s, (unsigned long long)before->compromised_since);
	say_hint("it can be said again with an earlier leaf only");
	return CONSIGN_E_CONFLICT;
}

enum consign_err
cmd_org_compromised(const struct args *args)
{
	const char *reason;
	struct admin_desk desk = {0};
	const struct member *before;
	uint64_t leaf = 0;
	enum consign_err err = open_member(args, &reason, &desk, &before);

	if (err == CONSIGN_OK)
		err = read_since(args, hub_checkpoint(desk.hub)->size, &leaf);
	if (err == CONSIGN_OK)
		err = check_earlier(before, leaf);
	if (err == CONSIGN_OK) {
		struct member after = *before;

		after.status = MEMBER_COMPROMISED;
		after.compromised_since = leaf;
		bool is_in_force;

		err = publish_member(&desk, &after, NULL, reason, &is_in_force);
	}
	admin_close(&desk);
	return err;
}

/* ── approve ── */

/* The request that answers our invite, its card decoded and everything about it checked but the fingerprint. */
static enum consign_err
check_join(const struct admin_desk *desk, const struct join_request *join, const struct invite_secret *secret,
    struct arena *arena, struct card **ret_card)
{
	const struct signed_document *d = join->card;
	struct consign_hash mac;
	struct card *card;
	enum consign_err err = join_mac(&secret->token, hub_id(desk->hub), d->content, &mac);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s", consign_err_text(err));
	if (!secret_equal(mac.b, join->mac.b, sizeof mac.b))
		return say_fail(CONSIGN_E_BAD_SIGNATURE, "the request was not made with the token of our invite");
	if (d->kind != SIGN_CARD || d->signatures.n != 1 || card_decode(d->content, arena, &card) != CONSIGN_OK)
		return say_fail(CONSIGN_E_MALFORMED, "the request's card is malformed");
	if (strcmp(card->org.s, join->org.s) != 0 || !hash_equal(&card->hub_id, hub_id(desk->hub)) || card->version != 1)
		return say_fail(CONSIGN_E_MALFORMED, "the request's card is not the first card of %s on this hub", join->org.s);
	if (sign_verify(&card->identity_key, SIGN_CARD, hub_id(desk->hub), d->content, &d->signatures.v[0]->signature) !=
	    CONSIGN_OK)
		return say_fail(CONSIGN_E_BAD_SIGNATURE, "the request's card is not signed by its own identity key");
	if (card->expires_us <= clock_wall_us(clock_system()))
		return say_fail(CONSIGN_E_EXPIRED, "the request's card has expired; invite %s anew", join->org.s);
	*ret_card = card;
	return CONSIGN_OK;
}

static enum consign_err
find_join(struct admin_desk *desk, const char *org, const struct invite_secret *secret, const struct join_request **ret_join)
{
	const struct session_joins_reply *reply;
	struct consign_hash token_hash;
	enum consign_err err = hub_session_joins(desk->session, org, &reply);

	if (err != CONSIGN_OK)
		return err;
	hash_sha256(SLICE_ARRAY(secret->token.b), &token_hash);
	for (size_t i = 0; i < reply->joins.n; i++)
		if (strcmp(reply->joins.v[i]->org.s, org) == 0 && hash_equal(&reply->joins.v[i]->token_hash, &token_hash)) {
			*ret_join = reply->joins.v[i];
			return CONSIGN_OK;
		}
	say_error("%s has not joined yet", org);
	say_hint("the company runs `consign join` with its invite; `consign org list` shows what is pending");
	return CONSIGN_E_NOT_FOUND;
}

/* What was read out, typed in. The right one is never shown: whoever approves must have heard it. */
static enum consign_err
check_fingerprint(const struct args *args, const char *org, const char *expected)
{
	const char *typed = args_value(args, "fingerprint");
	char line[256];

	if (typed == NULL && isatty(STDIN_FILENO) != 1) {
		say_error("the fingerprint that %s read out is needed", org);
		say_hint("there: consign fingerprint; here: --fingerprint \"WORDS\"");
		return CONSIGN_E_USAGE;
	}
	if (typed == NULL) {
		fprintf(stderr, "Fingerprint that %s read out: ", org);
		fflush(stderr);
		if (fgets(line, sizeof line, stdin) == NULL)
			return say_fail(CONSIGN_E_DENIED, "no fingerprint was typed");
		line[strcspn(line, "\r\n")] = '\0';
		typed = line;
	}
	if (fingerprint_match(expected, typed))
		return CONSIGN_OK;
	say_error("the fingerprint does not match: these are not the keys that %s read out", org);
	say_hint("hear it again; when it differs still, somebody else used the invite: do not approve, invite anew");
	return CONSIGN_E_DENIED;
}

static enum consign_err
read_invite_secret(const struct admin_desk *desk, const char *org, struct invite_secret *secret)
{
	enum consign_err err = invite_secret_read(desk->home.dir, org, secret);

	if (err == CONSIGN_E_NOT_FOUND) {
		say_error("there is no invite of %s in this home", org);
		say_hint("approve where the invite was made, or invite %s anew", org);
	} else if (err != CONSIGN_OK) {
		say_error("%s/invites/%s.invite-secret: %s", desk->home.dir, org, consign_err_text(err));
	}
	return err;
}

static enum consign_err
approve(const struct args *args, struct admin_desk *desk, const char *org, const char *reason, struct invite_secret *secret,
    struct arena *arena)
{
	const struct join_request *join;
	struct card *card = NULL;
	char expected[FINGERPRINT_TEXT_BYTES];
	struct signed_document *document;
	struct member member = {.status = MEMBER_ACTIVE};
	enum consign_err err = find_join(desk, org, secret, &join);

	if (err == CONSIGN_OK)
		err = check_join(desk, join, secret, arena, &card);
	if (err != CONSIGN_OK)
		return err;
	err = identity_fingerprint(hub_id(desk->hub), org, &card->identity_key, expected);
	if (err == CONSIGN_OK)
		err = check_fingerprint(args, org, expected);
	explicit_bzero(expected, sizeof expected);
	if (err != CONSIGN_OK)
		return err;
	member.org = card->org;
	member.identity_key = card->identity_key;
	member.name = secret->name[0] != '\0' ? slice_text(secret->name) : join->name.len > 0 ? join->name : slice_text(org);
	document = join->card; /* lent by the session until its next call, which is the one that sends it */
	bool is_in_force = false;

	err = publish_member(desk, &member, document, reason, &is_in_force);
	if (err == CONSIGN_OK && is_in_force) /* what was proposed may have to be proposed again */
		invite_secret_remove(desk->home.dir, org);
	return err;
}

enum consign_err
cmd_org_approve(const struct args *args)
{
	const char *org = args->words[0], *reason;
	struct invite_secret secret = {0};
	struct admin_desk desk = {0};
	struct arena *arena = NULL;
	enum consign_err err = org_check_id(org);

	if (err == CONSIGN_OK)
		err = admin_reason_if_any(args, &reason);
	if (err == CONSIGN_OK && reason == NULL)
		reason = "it has answered its invite and read its keys out";
	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err != CONSIGN_OK)
		return err;
	err = check_invited(desk.hub, org);
	if (err == CONSIGN_OK)
		err = read_invite_secret(&desk, org, &secret);
	if (err == CONSIGN_OK)
		err = arena_new(CONSIGN_UNPACK_BUDGET_BASE_BYTES + CONSIGN_DOCUMENT_MAX_BYTES, &arena);
	if (err == CONSIGN_OK)
		err = approve(args, &desk, org, reason, &secret, arena);
	explicit_bzero(&secret, sizeof secret);
	arena_free(&arena);
	admin_close(&desk);
	return err;
}

/* ── list ── */

struct org_row {
	const char *org;
	const char *name;
	const char *status;
	const char *fingerprint; /* "" none yet */
	uint64_t card_version;
	uint64_t expires_us; /* of the card, or of the invite */
};

static enum consign_err
put_row(const struct org_row *r, struct table *table, bool as_json)
{
	char time[PRINT_TIME_BYTES];

	if (as_json) {
		json_t *json = json_pack("{s:s, s:s, s:s, s:s?, s:I, s:o}", "id", r->org, "name", r->name, "status", r->status,
		    "fingerprint", r->fingerprint[0] != '\0' ? r->fingerprint : NULL, "card_version", (json_int_t)r->card_version,
		    "expires_at", json_time(r->expires_us));

		return print_json(&json);
	}
	table_put(table, r->org);
	table_put(table, r->name);
	table_put(table, r->status);
	table_put(table, r->fingerprint[0] != '\0' ? r->fingerprint : "-");
	table_putf(table, "%llu", (unsigned long long)r->card_version);
	table_put(table, time_text(r->expires_us, time));
	return table->err;
}

static enum consign_err
put_member(const struct hub *hub, const struct member *m, struct table *table, bool as_json)
{
	const struct hub_card *card = hub_card(hub, m->org.s);
	char fingerprint[FINGERPRINT_TEXT_BYTES], name[CONSIGN_NAME_MAX_BYTES + 1];
	enum consign_err err = identity_fingerprint(hub_id(hub), m->org.s, &m->identity_key, fingerprint);

	if (err != CONSIGN_OK)
		return err;
	snprintf(name, sizeof name, "%.*s", (int)m->name.len, (const char *)m->name.data);
	return put_row(&(struct org_row){m->org.s, name, member_status_text(m->status), fingerprint,
			   card == NULL ? 0 : card->card->version, card == NULL ? 0 : card->card->expires_us},
	    table, as_json);
}

/* An invite that waits for the company, or a company that waits for approval. Its fingerprint is not shown: see approve. */
static enum consign_err
put_pending(const struct hub *hub, const struct session_joins_reply *pending, struct table *table, bool as_json)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < pending->invites.n; i++) {
		const struct invite_notice *n = pending->invites.v[i];
		struct org_row row = {n->org.s, "", "invited", "", 0, n->expires_us};

		if (hub_member(hub_directory(hub), n->org.s) != NULL)
			continue;
		for (size_t j = 0; j < pending->joins.n; j++)
			if (strcmp(pending->joins.v[j]->org.s, n->org.s) == 0)
				row.status = "joined";
		err = put_row(&row, table, as_json);
	}
	return err;
}

enum consign_err
cmd_org_list(const struct args *args)
{
	static const char *const headings[] = {"org", "name", "status", "fingerprint", "card", "expires"};
	struct table table = {.headings = headings, .columns = 6};
	const struct session_joins_reply *pending;
	struct admin_desk desk = {0};
	bool as_json = args_has(args, "json");
	enum consign_err err = admin_open(args, &desk);

	if (err != CONSIGN_OK)
		return err;
	const struct hub_directory *directory = hub_directory(desk.hub);

	err = hub_session_joins(desk.session, "", &pending);
	for (size_t i = 0; err == CONSIGN_OK && i < directory->n_members; i++)
		err = put_member(desk.hub, directory->members[i], &table, as_json);
	if (err == CONSIGN_OK)
		err = put_pending(desk.hub, pending, &table, as_json);
	if (err == CONSIGN_OK && !as_json)
		err = table_print(&table);
	table_clear(&table);
	admin_close(&desk);
	return err;
}
