/* `consign org show`: one company, as directory, card and policy have it. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "invite.h"
#include "org.h"
#include "policy/policy.h"
#include "print.h"

/* The broker keeps the newest 1,024 directories (PROTOCOL.md 7.4); what is older is not asked for. */
#define DIRECTORIES_ASKED 1000u
#define SIGNERS_TEXT_BYTES 1024

/* The directory that made the company what it is now. */
struct since {
	const struct hub_directory *directory;
	const struct hub_root *root;  /* the first that names it */
	bool is_older;                /* it was so already then, and what was before is not kept */
	char by[SIGNERS_TEXT_BYTES]; /* the administrators who signed it */
};

struct org_view {
	const struct hub *hub;
	const struct member *member;
	const struct hub_card *card; /* NULL none */
	struct since since;
	char fingerprint[FINGERPRINT_TEXT_BYTES];
};

/* The first root that names this directory, and the one before it, whose administrators sign. NULL: none. */
static const struct hub_root *
root_of(const struct hub *hub, uint64_t directory, const struct hub_root **ret_before)
{
	const struct hub_root *first = NULL, *before = NULL;

	for (uint64_t v = hub_root(hub)->root->version; v > 0; v--) {
		const struct hub_root *r = hub_root_at(hub, v);

		if (r == NULL)
			break;
		if (r->root->directory != NULL && r->root->directory->version == directory)
			first = r;
		else if (first != NULL) {
			before = r;
			break;
		}
	}
	*ret_before = before;
	return first;
}

static void
name_signers(const struct hub_directory *d, const struct hub_root *before, char ret_by[SIGNERS_TEXT_BYTES])
{
	const struct signed_document *document = d->bundle->head->document;
	size_t len = 0;

	ret_by[0] = '\0';
	for (size_t i = 0; before != NULL && i < document->signatures.n; i++)
		for (size_t k = 0; k < before->root->admins.n; k++) {
			struct consign_key_id id;

			key_id_of(&before->root->admins.v[k]->signing_key, &id);
			if (memcmp(id.b, document->signatures.v[i]->key_id.b, sizeof id.b) == 0 && len < SIGNERS_TEXT_BYTES)
				len += (size_t)snprintf(ret_by + len, SIGNERS_TEXT_BYTES - len, "%s%s", len > 0 ? ", " : "",
				    before->root->admins.v[k]->name);
		}
}

static bool
has_part(const struct hub_directory *d, const struct consign_hash *part)
{
	for (size_t i = 0; i < d->head->parts.n; i++)
		if (hash_equal(&d->head->parts.v[i], part))
			return true;
	return false;
}

/* A directory of the past. Errors: as hub_session_root; NOT_FOUND */
static enum consign_err
directory_at(struct admin_desk *desk, uint64_t version, const struct hub_directory **ret_directory)
{
	const struct hub_root *before, *root = root_of(desk->hub, version, &before);
	enum consign_err err = CONSIGN_OK;

	if (root == NULL)
		return say_fail(CONSIGN_E_NOT_FOUND, "no root names directory %llu", (unsigned long long)version);
	if (hub_directory_at(desk->hub, version) == NULL)
		err = hub_session_root(desk->session, root->root->version);
	if (err == CONSIGN_OK)
		*ret_directory = hub_directory_at(desk->hub, version);
	return err;
}

/*
 * A member's part is salted anew whenever it changes, and else goes from directory to directory as it is: the directories
 * that hold this one are a run up to the newest, whose beginning is found by halving.
 */
static enum consign_err
find_since(struct admin_desk *desk, const char *org, struct since *ret_since)
{
	const struct hub_directory *d = hub_directory(desk->hub);
	const struct hub_root *before;
	struct consign_hash part = {{0}};
	uint64_t high = d->version, low = high > DIRECTORIES_ASKED ? high - DIRECTORIES_ASKED : 1;
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; i < d->n_members; i++)
		if (strcmp(d->members[i]->org.s, org) == 0)
			hash_sha256(d->member_parts[i], &part);
	while (err == CONSIGN_OK && low < high) {
		uint64_t middle = low + (high - low) / 2;

		err = directory_at(desk, middle, &d);
		if (err == CONSIGN_OK && has_part(d, &part))
			high = middle;
		else
			low = middle + 1;
	}
	if (err == CONSIGN_OK)
		err = directory_at(desk, high, &d);
	if (err != CONSIGN_OK)
		return err;
	ret_since->directory = d;
	ret_since->root = root_of(desk->hub, high, &before);
	ret_since->is_older = high > 1 && hub_directory(desk->hub)->version - high == DIRECTORIES_ASKED;
	name_signers(d, before, ret_since->by);
	return CONSIGN_OK;
}

/* ── as JSON ── */

static json_t *
key_json(const char *use, const struct consign_public_key *key, const struct valid_key *valid, bool is_current)
{
	char id[33];

	key_id_text(key, id);
	return json_pack("{s:s, s:s, s:o, s:o, s:b}", "use", use, "id", id, "from", json_time(valid == NULL ? 0 : valid->not_before_us),
	    "until", json_time(valid == NULL ? 0 : valid->not_after_us), "current", (int)is_current);
}

static json_t *
keys_json(const struct card *card)
{
	json_t *list = json_array();

	for (size_t i = 0; card != NULL && i < card->signing_keys.n; i++)
		json_array_append_new(list, key_json("signing", &card->signing_keys.v[i]->key, card->signing_keys.v[i], i == 0));
	for (size_t i = 0; card != NULL && i < card->seal_keys.n; i++)
		json_array_append_new(list, key_json("seal", &card->seal_keys.v[i]->key, card->seal_keys.v[i], i == 0));
	if (card != NULL)
		json_array_append_new(list, key_json("transport", &card->transport_key, NULL, true));
	return list;
}

static json_t *
card_json(const struct hub_card *c)
{
	if (c == NULL)
		return json_null();
	return json_pack("{s:I, s:o, s:o, s:o}", "version", (json_int_t)c->card->version, "created_at", json_time(c->card->created_us),
	    "expires_at", json_time(c->card->expires_us), "contact", json_slice(c->card->contact));
}

/* The company's part in a study; NULL when it is no party. */
static const struct policy_party *
party_of(const struct policy_part *part, const char *org)
{
	for (size_t i = 0; part->study != NULL && i < part->study->parties.n; i++)
		if (strcmp(part->study->parties.v[i]->org.s, org) == 0)
			return part->study->parties.v[i];
	return NULL;
}

static json_t *
studies_json(const struct org_view *v)
{
	const struct hub_policy *policy = hub_policy(v->hub);
	json_t *list = json_array();

	for (size_t i = 0; i < policy->n_parts; i++) {
		const struct policy_party *party = party_of(policy->parts[i], v->member->org.s);
		json_t *roles = party == NULL ? NULL : json_array();

		if (party == NULL)
			continue;
		for (size_t k = 0; k < party->roles.n; k++)
			json_array_append_new(roles, json_string(policy_role_text(party->roles.v[k])));
		json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "id", policy->parts[i]->study->id.s, "roles", roles, "clearance",
		                                consign_label_text((enum consign_label)party->clearance)));
	}
	return list;
}

static enum consign_err
print_as_json(const struct org_view *v)
{
	const struct member *m = v->member;
	const struct hub_directory *d = v->since.directory;
	json_t *compromised = m->status == MEMBER_COMPROMISED ? json_integer((json_int_t)m->compromised_since) : json_null();
	json_t *json = json_pack("{s:s, s:o, s:s, s:o, s:{s:o, s:I, s:I, s:I, s:s, s:o, s:b}, s:s, s:o, s:o, s:o}", "id", m->org.s, "name",
	    json_slice(m->name), "status", member_status_text(m->status), "compromised_since_leaf", compromised, "since", "at",
	    json_time(d->head->created_us), "directory", (json_int_t)d->version, "root", (json_int_t)v->since.root->root->version, "leaf", (json_int_t)v->since.root->leaf, "by",
	    v->since.by, "reason", json_slice(d->head->reason), "or_earlier", (int)v->since.is_older, "fingerprint", v->fingerprint, "card",
	    card_json(v->card), "keys", keys_json(v->card == NULL ? NULL : v->card->card), "studies", studies_json(v));

	return print_json(&json);
}

/* ── for people ── */

/* A line of somebody's words; cut where a screen ends. */
static const char *
shown(struct consign_slice text, char ret_shown[PRINT_SHOWN_BYTES])
{
	char copy[CONSIGN_TEXT_MAX_BYTES + 1];

	snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.len > 0 ? (const char *)text.data : "");
	return text_shown(copy, ret_shown);
}

static void
print_key(const char *use, const struct consign_public_key *key, const struct valid_key *valid, bool is_current)
{
	char id[33], from[PRINT_TIME_BYTES], until[PRINT_TIME_BYTES];

	key_id_text(key, id);
	printf("  %-9s %s", use, id);
	if (valid != NULL)
		printf("  %s to %s", time_text(valid->not_before_us, from), time_text(valid->not_after_us, until));
	printf("%s\n", is_current ? "" : "  (old)");
}

static void
print_card(const struct hub_card *c)
{
	char created[PRINT_TIME_BYTES], expires[PRINT_TIME_BYTES], contact[PRINT_SHOWN_BYTES];

	if (c == NULL) {
		printf("card        none\n");
		return;
	}
	printf("card        %llu of %s, expires %s%s\n", (unsigned long long)c->card->version, time_text(c->card->created_us, created),
	    time_text(c->card->expires_us, expires), c->card->expires_us <= clock_wall_us(clock_system()) ? " (expired)" : "");
	if (c->card->contact.len > 0)
		printf("contact     %s\n", shown(c->card->contact, contact));
	printf("keys\n");
	for (size_t i = 0; i < c->card->signing_keys.n; i++)
		print_key("signing", &c->card->signing_keys.v[i]->key, c->card->signing_keys.v[i], i == 0);
	for (size_t i = 0; i < c->card->seal_keys.n; i++)
		print_key("seal", &c->card->seal_keys.v[i]->key, c->card->seal_keys.v[i], i == 0);
	print_key("transport", &c->card->transport_key, NULL, true);
}

static void
print_studies(const struct org_view *v)
{
	const struct hub_policy *policy = hub_policy(v->hub);
	size_t n = 0;

	for (size_t i = 0; i < policy->n_parts; i++) {
		const struct policy_party *party = party_of(policy->parts[i], v->member->org.s);

		if (party == NULL)
			continue;
		printf("%s  %s:", n++ == 0 ? "studies\n" : "", policy->parts[i]->study->id.s);
		for (size_t k = 0; k < party->roles.n; k++)
			printf("%s %s", k > 0 ? "," : "", policy_role_text(party->roles.v[k]));
		printf("; may receive up to %s\n", consign_label_text((enum consign_label)party->clearance));
	}
	if (n == 0)
		printf("studies     none\n");
}

static enum consign_err
print_for_people(const struct org_view *v)
{
	const struct member *m = v->member;
	const struct since *s = &v->since;
	char text[PRINT_SHOWN_BYTES], at[PRINT_TIME_BYTES];

	printf("org         %s\n", m->org.s);
	printf("name        %s\n", shown(m->name, text));
	if (m->status == MEMBER_COMPROMISED)
		printf("status      compromised since leaf %llu\n", (unsigned long long)m->compromised_since);
	else
		printf("status      %s\n", member_status_text(m->status));
	printf("since       %s%s, by directory %llu under root %llu, signed by %s%s%s\n", time_text(s->directory->head->created_us, at),
	    s->is_older ? " or earlier" : "", (unsigned long long)s->directory->version, (unsigned long long)s->root->root->version,
	    s->by[0] != '\0' ? s->by : "nobody known", s->directory->head->reason.len > 0 ? ": " : "",
	    s->directory->head->reason.len > 0 ? shown(s->directory->head->reason, text) : "");
	printf("fingerprint %s\n", v->fingerprint);
	print_card(v->card);
	print_studies(v);
	return CONSIGN_OK;
}

enum consign_err
cmd_org_show(const struct args *args)
{
	struct admin_desk desk = {0};
	struct org_view view = {0};
	enum consign_err err = org_check_id(args->words[0]);

	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err != CONSIGN_OK)
		return err;
	view.hub = desk.hub;
	view.member = hub_member(hub_directory(desk.hub), args->words[0]);
	if (view.member == NULL) {
		err = say_fail(CONSIGN_E_NOT_FOUND, "%s is not a member of this hub", args->words[0]);
		say_hint("`consign org list` shows members, and who is invited");
	}
	if (err == CONSIGN_OK)
		err = find_since(&desk, args->words[0], &view.since);
	if (err == CONSIGN_OK) {
		view.card = hub_card(desk.hub, args->words[0]);
		view.member = hub_member(hub_directory(desk.hub), args->words[0]);
		err = identity_fingerprint(hub_id(desk.hub), args->words[0], &view.member->identity_key, view.fingerprint);
		if (err == CONSIGN_OK)
			err = args_has(args, "json") ? print_as_json(&view) : print_for_people(&view);
		if (err != CONSIGN_OK)
			say_error("%s", consign_err_text(err));
	}
	admin_close(&desk);
	return err;
}
