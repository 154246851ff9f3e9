/* `consign proposal …`: changes that need more than one administrator; over the network, or with a machine that has none. */
#include "cmd.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "input.h"
#include "print.h"
#include "proposal.h"

#define ID_LEAST_DIGITS 4u
/* Base64 of a whole command and of the hub's documents beside it. */
#define FILE_MAX_BYTES (4u * CONSIGN_COMMAND_MAX_BYTES)

/* ── finding ── */

static enum consign_err
check_typed_id(const char *typed)
{
	size_t len = strlen(typed);

	if (len >= ID_LEAST_DIGITS && len < PROPOSAL_ID_BYTES && strspn(typed, "0123456789abcdef") == len)
		return CONSIGN_OK;
	say_error("%s is no proposal's id: 4 to 16 digits of hex, as `consign proposal list` shows them", typed);
	return CONSIGN_E_USAGE;
}

static enum consign_err
match_id(const struct session_proposals_reply *reply, const char *typed, struct consign_hash *ret_id)
{
	char shown[PROPOSAL_ID_BYTES];
	size_t found = 0;

	for (size_t i = 0; i < reply->proposals.n; i++) {
		struct consign_hash id;

		hash_sha256(reply->proposals.v[i]->proposal->content, &id);
		if (strncmp(proposal_id_text(&id, shown), typed, strlen(typed)) != 0)
			continue;
		*ret_id = id;
		found++;
	}
	if (found == 1)
		return CONSIGN_OK;
	say_error(found == 0 ? "there is no proposal %s" : "%s is the beginning of several proposals", typed);
	say_hint(found == 0 ? "`consign proposal list` shows the newest" : "type more of it");
	return found == 0 ? CONSIGN_E_NOT_FOUND : CONSIGN_E_USAGE;
}

/* The proposal that was typed, with its documents, verified. */
static enum consign_err
find(struct admin_desk *desk, const char *typed, struct proposal_seen *ret_seen)
{
	const struct session_proposals_reply *reply;
	struct consign_hash id;
	enum consign_err err = hub_session_proposals(desk->session, NULL, &reply);

	if (err == CONSIGN_OK)
		err = match_id(reply, typed, &id);
	if (err == CONSIGN_OK)
		err = hub_session_proposals(desk->session, &id, &reply);
	if (err == CONSIGN_OK && reply->proposals.n != 1)
		err = say_fail(CONSIGN_E_MALFORMED, "the broker answered with something else");
	return err == CONSIGN_OK ? proposal_open(desk->hub, reply->proposals.v[0], ret_seen) : err;
}

/* ── list ── */

static enum consign_err
put_row(const struct proposal_seen *p, uint32_t threshold, struct table *t, bool as_json)
{
	char id[PROPOSAL_ID_BYTES], time[PRINT_TIME_BYTES], shown[PRINT_SHOWN_BYTES], reason[CONSIGN_TEXT_MAX_BYTES + 1];

	if (as_json) {
		json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:o}", "id", proposal_id_text(&p->id, id), "state",
		    proposal_state_text(p->state), "author", p->content->author, "created_at", json_time(p->content->created_us), "expires_at",
		    json_time(p->content->expires_us), "approvals", (json_int_t)p->approvals, "needed", (json_int_t)threshold, "reason",
		    json_slice(p->content->reason));

		return print_json(&json);
	}
	snprintf(reason, sizeof reason, "%.*s", (int)p->content->reason.len, (const char *)p->content->reason.data);
	table_put(t, proposal_id_text(&p->id, id));
	table_put(t, proposal_state_text(p->state));
	table_put(t, p->content->author);
	table_putf(t, "%zu of %u", p->approvals, threshold);
	table_put(t, time_text(p->content->created_us, time));
	table_put(t, time_text(p->content->expires_us, time));
	table_put(t, text_shown(reason, shown));
	return t->err;
}

enum consign_err
cmd_proposal_list(const struct args *args)
{
	static const char *const headings[] = {"ID", "STATE", "BY", "AGREE", "MADE", "EXPIRES", "REASON"};
	struct table table = {.headings = headings, .columns = 7};
	const struct session_proposals_reply *reply;
	struct admin_desk desk = {0};
	bool as_json = args_has(args, "json");
	enum consign_err err = admin_open(args, &desk);

	if (err != CONSIGN_OK)
		return err;
	err = hub_session_proposals(desk.session, NULL, &reply);
	for (size_t i = 0; err == CONSIGN_OK && i < reply->proposals.n; i++) {
		struct proposal_seen p;

		if (args_has(args, "open") && reply->proposals.v[i]->state != PROPOSAL_OPEN)
			continue;
		err = proposal_open(desk.hub, reply->proposals.v[i], &p);
		if (err == CONSIGN_OK) {
			err = put_row(&p, hub_root(desk.hub)->root->threshold, &table, as_json);
			proposal_clear(&p);
		}
	}
	if (err == CONSIGN_OK && !as_json)
		err = table_print(&table);
	table_clear(&table);
	admin_close(&desk);
	return err;
}

/* ── show ── */

static const char *
decision_text(uint32_t kind)
{
	static const char *const words[] = {[DECISION_APPROVE] = "approved", [DECISION_REJECT] = "rejected", [DECISION_WITHDRAW] = "withdrew"};

	return words[kind];
}

static void
show_lines(const struct proposal_seen *p, uint32_t threshold, const struct buf *changes)
{
	char id[PROPOSAL_ID_BYTES], time[PRINT_TIME_BYTES], until[PRINT_TIME_BYTES];
	char text[CONSIGN_TEXT_MAX_BYTES + 1], shown[PRINT_SHOWN_BYTES];
	const struct consign_slice reason = p->content->reason;

	snprintf(text, sizeof text, "%.*s", (int)reason.len, (const char *)reason.data);
	printf("proposal  %s, %s\nby        %s, %s\nreason    %s\nexpires   %s\nagree     %zu of %u: %s", proposal_id_text(&p->id, id),
	    proposal_state_text(p->state), p->content->author, time_text(p->content->created_us, time), reason.len > 0 ? text_shown(text, shown) : "-",
	    time_text(p->content->expires_us, until), p->approvals, threshold, p->content->author);
	for (size_t i = 0; i < p->n_decisions; i++)
		if (p->decisions[i].decision->decision == DECISION_APPROVE)
			printf(", %s", p->decisions[i].decision->administrator);
	printf("\n");
	for (size_t i = 0; i < p->n_decisions; i++) {
		const struct decision *d = p->decisions[i].decision;

		snprintf(text, sizeof text, "%.*s", (int)d->reason.len, (const char *)d->reason.data);
		printf("%s%s %s%s%s\n", i == 0 ? "said      " : "          ", d->administrator, decision_text(d->decision), d->reason.len > 0 ? ": " : "",
		    text_shown(text, shown));
	}
	printf("changes   root %llu\n", (unsigned long long)p->content->root_version);
	if (p->state != PROPOSAL_OPEN)
		printf("(it has ended; `consign policy history` and `consign watch --admin --since start --once` say what came into force)\n");
	else if (changes->len > 0)
		(void)fwrite(changes->data, 1, changes->len, stdout);
	else
		printf("(nothing that has a meaning: only numbers and dates)\n");
}

static enum consign_err
show_json(const struct proposal_seen *p, uint32_t threshold, const struct buf *changes)
{
	char id[PROPOSAL_ID_BYTES];
	json_t *said = json_array(), *lines = json_array();

	for (size_t i = 0; i < p->n_decisions; i++) {
		const struct decision *d = p->decisions[i].decision;

		json_array_append_new(said, json_pack("{s:s, s:s, s:o, s:o}", "administrator", d->administrator, "decision", decision_text(d->decision), "at",
						json_time(d->at_us), "reason", json_slice(d->reason)));
	}
	for (size_t at = 0; at < changes->len;) {
		const uint8_t *end = memchr(changes->data + at, '\n', changes->len - at);
		size_t len = end == NULL ? changes->len - at : (size_t)(end - changes->data) - at;

		json_array_append_new(lines, json_slice(slice_of(changes->data + at, len)));
		at += len + 1;
	}
	json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "id", proposal_id_text(&p->id, id), "state",
	    proposal_state_text(p->state), "author", p->content->author, "reason", json_slice(p->content->reason), "created_at",
	    json_time(p->content->created_us), "expires_at", json_time(p->content->expires_us), "root", (json_int_t)p->content->root_version, "approvals",
	    (json_int_t)p->approvals, "needed", (json_int_t)threshold, "decisions", said, "changes", lines);

	return print_json(&json);
}

enum consign_err
cmd_proposal_show(const struct args *args)
{
	struct admin_desk desk = {0};
	struct proposal_seen p = {0};
	struct buf changes = {0};
	enum consign_err err = check_typed_id(args->words[0]);

	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err == CONSIGN_OK)
		err = find(&desk, args->words[0], &p);
	/* What has ended may not be comparable any more: everything else is shown all the same. */
	if (err == CONSIGN_OK && p.state == PROPOSAL_OPEN)
		err = proposal_changes(&p, &changes);
	if (err == CONSIGN_OK && args_has(args, "json"))
		err = show_json(&p, hub_root(desk.hub)->root->threshold, &changes);
	else if (err == CONSIGN_OK)
		show_lines(&p, hub_root(desk.hub)->root->threshold, &changes);
	buf_clear(&changes);
	proposal_clear(&p);
	admin_close(&desk);
	return err;
}

/* ── deciding ── */

static enum consign_err
check_admin(const struct hub *hub, const struct secret *signing, const char *name)
{
	struct consign_public_key public;
	struct consign_key_id id;

	sign_public(signing, &public);
	key_id_of(&public, &id);
	const struct admin *admin = hub_admin_by_signing(hub, &id);

	if (admin == NULL || strcmp(admin->name, name) != 0)
		return say_fail(CONSIGN_E_DENIED, "the key of this home is not the administrator %s's in root %llu", name,
		    (unsigned long long)hub_root(hub)->root->version);
	return CONSIGN_OK;
}

/* After the last signature: what is in force now, and remembered as seen. */
static enum consign_err
say_in_force(const struct admin_desk *desk, const struct proposal_seen *p, const struct consign_hash *root)
{
	char id[PROPOSAL_ID_BYTES];

	printf("proposal %s\tin force\troot %llu\n", proposal_id_text(&p->id, id), (unsigned long long)p->content->root_version);
	return root_seen_write(desk->home.dir, p->content->root_version, root);
}

static enum consign_err
answer(struct admin_desk *desk, const struct proposal_seen *p, enum decision_kind kind, const char *reason)
{
	uint32_t threshold = hub_root(desk->hub)->root->threshold;
	const struct session_documents *documents = p->documents;
	struct signed_document *decision;
	struct consign_hash root;
	char id[PROPOSAL_ID_BYTES];
	enum consign_err err = proposal_decide(
	    p, kind, desk->home.name, desk->signing, reason, clock_wall_us(clock_system()), p->arena, &decision);

	/* The documents are the session's until it is asked again. */
	if (err == CONSIGN_OK && documents->roots.n > 0)
		hash_sha256(documents->roots.v[documents->roots.n - 1]->document->content, &root);
	if (err == CONSIGN_OK)
		err = hub_session_decide(desk->session, decision);
	if (err != CONSIGN_OK)
		return err;
	if (kind == DECISION_APPROVE && p->approvals + 1 >= threshold)
		return say_in_force(desk, p, &root);
	if (kind == DECISION_APPROVE)
		printf("proposal %s\t%zu of %u agree\n", proposal_id_text(&p->id, id), p->approvals + 1, threshold);
	else
		printf("proposal %s\t%s\n", proposal_id_text(&p->id, id), kind == DECISION_REJECT ? "rejected by this administrator" : "withdrawn");
	return CONSIGN_OK;
}

static enum consign_err
decide(const struct args *args, enum decision_kind kind)
{
	struct admin_desk desk = {0};
	struct proposal_seen p = {0};
	struct buf changes = {0};
	const char *reason;
	enum consign_err err = check_typed_id(args->words[0]);

	if (err == CONSIGN_OK)
		err = admin_reason_if_any(args, &reason);
	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err == CONSIGN_OK)
		err = check_admin(desk.hub, desk.signing, desk.home.name);
	if (err == CONSIGN_OK)
		err = find(&desk, args->words[0], &p);
	if (err == CONSIGN_OK && p.state != PROPOSAL_OPEN)
		err = say_fail(CONSIGN_E_CONFLICT, "this proposal is %s", proposal_state_text(p.state));
	/* Nobody signs what was not verified and shown. */
	if (err == CONSIGN_OK && kind == DECISION_APPROVE)
		err = proposal_changes(&p, &changes);
	if (err == CONSIGN_OK && kind == DECISION_APPROVE)
		err = print_bytes(buf_slice(&changes));
	if (err == CONSIGN_OK)
		err = answer(&desk, &p, kind, reason);
	buf_clear(&changes);
	proposal_clear(&p);
	admin_close(&desk);
	return err;
}

enum consign_err
cmd_proposal_approve(const struct args *args)
{
	return decide(args, DECISION_APPROVE);
}

enum consign_err
cmd_proposal_reject(const struct args *args)
{
	return decide(args, DECISION_REJECT);
}

enum consign_err
cmd_proposal_withdraw(const struct args *args)
{
	return decide(args, DECISION_WITHDRAW);
}

/* ── without network ── */

enum consign_err
cmd_proposal_export(const struct args *args)
{
	struct admin_desk desk = {0};
	struct proposal_seen p = {0};
	struct buf text = {0};
	enum consign_err err = check_typed_id(args->words[0]);

	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err == CONSIGN_OK)
		err = find(&desk, args->words[0], &p);
	if (err == CONSIGN_OK && p.state != PROPOSAL_OPEN)
		err = say_fail(CONSIGN_E_CONFLICT, "this proposal is %s", proposal_state_text(p.state));
	if (err == CONSIGN_OK)
		err = proposal_file_format(&p, &text);
	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&text));
	buf_clear(&text);
	proposal_clear(&p);
	admin_close(&desk);
	return err;
}

/* What the broker would refuse when it is carried back: a decision that can never be used is not made. */
static enum consign_err
check_may_decide(const struct proposal_seen *p, const char *administrator, enum decision_kind kind)
{
	char id[PROPOSAL_ID_BYTES];

	if (strcmp(p->content->author, administrator) == 0 && kind == DECISION_APPROVE) {
		say_error("one's own proposal counts as approved by its author: another administrator must approve it");
		say_hint("give the file to another administrator");
		return CONSIGN_E_DENIED;
	}
	if (strcmp(p->content->author, administrator) == 0) {
		say_error("one's own proposal is withdrawn, not rejected");
		say_hint("take it back: consign proposal withdraw %s", proposal_id_text(&p->id, id));
		return CONSIGN_E_DENIED;
	}
	for (size_t i = 0; i < p->n_decisions; i++)
		if (strcmp(p->decisions[i].decision->administrator, administrator) == 0) {
			say_error("%s has decided on this proposal already", administrator);
			say_hint("`consign proposal show %s` says what everybody decided", proposal_id_text(&p->id, id));
			return CONSIGN_E_DENIED;
		}
	return CONSIGN_OK;
}

/* Verified against the root that this home has seen, shown on standard error, signed onto standard output. */
static enum consign_err
sign_row(const struct home *home, const struct secret *signing, const struct hub *hub, const struct proposal_row *row, enum decision_kind kind,
    const char *reason)
{
	struct signed_document *decision;
	struct proposal_seen p = {0};
	struct buf changes = {0}, text = {0};
	enum consign_err err = root_seen_check(home->dir, hub);

	if (err == CONSIGN_OK)
		err = check_admin(hub, signing, home->name);
	if (err == CONSIGN_OK)
		err = proposal_open(hub, row, &p);
	if (err == CONSIGN_OK && p.documents == NULL)
		err = say_fail(CONSIGN_E_MALFORMED, "the file has no documents to sign");
	if (err == CONSIGN_OK)
		err = check_may_decide(&p, home->name, kind);
	if (err == CONSIGN_OK)
		err = proposal_changes(&p, &changes);
	if (err == CONSIGN_OK) {
		fprintf(stderr, "%s by %s:\n%.*s", kind == DECISION_APPROVE ? "Agreeing to the change" : "Rejecting the change", p.content->author,
		    (int)changes.len, (const char *)changes.data);
		err = proposal_decide(&p, kind, home->name, signing, reason, clock_wall_us(clock_system()), p.arena, &decision);
	}
	if (err == CONSIGN_OK)
		err = decision_file_format(decision, &text);
	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&text));
	buf_clear(&changes);
	buf_clear(&text);
	proposal_clear(&p);
	return err;
}

enum consign_err
cmd_proposal_sign(const struct args *args)
{
	struct home home = {0};
	struct keyfile *keys = NULL;
	struct hub *hub = NULL;
	struct arena *arena = NULL;
	struct proposal_row *row;
	struct buf text = {0};
	const struct secret *signing;
	const char *reason;
	enum consign_err err = admin_reason_if_any(args, &reason);

	if (err == CONSIGN_OK)
		err = input_read(args->words[0], FILE_MAX_BYTES, &text);
	if (err == CONSIGN_OK)
		err = home_open(args, HOME_ADMIN, &home);
	if (err == CONSIGN_OK)
		err = proposal_file_parse(buf_slice(&text), &home.hub_id, &hub, &arena, &row);
	if (err == CONSIGN_OK)
		err = home_keys(&home, args, &keys);
	if (err == CONSIGN_OK) {
		signing = home_key(keys, "signing");
		err = signing == NULL ? CONSIGN_E_KEY_FILE
		                      : sign_row(&home, signing, hub, row, args_has(args, "reject") ? DECISION_REJECT : DECISION_APPROVE, reason);
	}
	buf_clear(&text);
	keyfile_free(&keys);
	hub_free(&hub);
	arena_free(&arena);
	home_clear(&home);
	return err;
}

enum consign_err
cmd_proposal_import(const struct args *args)
{
	struct admin_desk desk = {0};
	struct arena *arena = NULL;
	struct signed_document *document = NULL;
	struct decision *decision = NULL;
	struct buf text = {0};
	char id[PROPOSAL_ID_BYTES];
	enum consign_err err = input_read(args->words[0], FILE_MAX_BYTES, &text);

	if (err == CONSIGN_OK)
		err = arena_new(CONSIGN_SIGNED_DOCUMENT_MAX_BYTES * 4u + CONSIGN_UNPACK_BUDGET_BASE_BYTES, &arena);
	if (err == CONSIGN_OK)
		err = decision_file_parse(buf_slice(&text), arena, &document);
	if (err == CONSIGN_OK && decision_decode(document->content, arena, &decision) != CONSIGN_OK)
		err = say_fail(CONSIGN_E_MALFORMED, "%s: the decision in it is malformed", args->words[0]);
	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err == CONSIGN_OK)
		err = hub_session_decide(desk.session, document);
	if (err == CONSIGN_OK)
		printf("proposal %s\t%s %s\n", proposal_id_text(&decision->proposal, id), decision->administrator, decision_text(decision->decision));
	buf_clear(&text);
	arena_free(&arena);
	admin_close(&desk);
	return err;
}
