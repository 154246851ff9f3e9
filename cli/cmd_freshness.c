/*
 * `consign freshness …`: which organisation's agent states that what the broker shows is the newest, and what it stated last. The key that the
 * root names is the witness key of its card: it stays when cards, signing and seal keys are renewed.
 */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "agent_call.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "print.h"
#include "stated.h"
#include "trust/freshness.h"

/* ── delegate ── */

static enum consign_err
find_key(const struct hub *hub, const char *org, struct consign_public_key *ret_key)
{
	const struct member *member = hub_member(hub_directory(hub), org);
	const struct hub_card *card = hub_card(hub, org);

	if (member == NULL || card == NULL) {
		say_error("there is no organisation %s on this hub", org);
		say_hint("`consign org list` shows them");
		return CONSIGN_E_NOT_FOUND;
	}
	if (member->status != MEMBER_ACTIVE)
		return say_fail(CONSIGN_E_CONFLICT, "%s is not active: its agent could state nothing", org);
	*ret_key = card->card->witness_key;
	return CONSIGN_OK;
}

/* org NULL: nobody states anything. */
static enum consign_err
delegate(struct admin_desk *desk, const char *org, const char *reason)
{
	struct root root = *hub_root(desk->hub)->root;
	struct consign_public_key key;
	struct draft draft = {0};
	enum consign_err err = org == NULL ? CONSIGN_OK : find_key(desk->hub, org, &key);

	if (err == CONSIGN_OK && root.freshness_keys.n == (org != NULL ? 1u : 0u)
	    && (org == NULL || freshness_is_key(desk->hub, &key))) {
		say_note("It is so already; nothing was changed.");
		return CONSIGN_OK;
	}
	if (err == CONSIGN_OK)
		err = admin_draft(desk, reason, &draft);
	if (err != CONSIGN_OK)
		return err;
	root.freshness_keys.v = org == NULL ? NULL : &key;
	root.freshness_keys.n = org == NULL ? 0 : 1;
	err = admin_publish_root(desk, &draft, &root);
	if (err == CONSIGN_OK && draft.is_in_force) {
		printf("freshness %s\troot %llu\n", org == NULL ? "stated by nobody" : org, (unsigned long long)draft.root.version);
		if (org != NULL)
			say_note("From now on agents send only while a statement of the agent of %s holds: 24 hours, made anew every hour.\n"
				 "It must run; `consign freshness status` shows what it stated last.",
			    org);
	}
	draft_clear(&draft);
	return err;
}

enum consign_err
cmd_freshness_delegate(const struct args *args)
{
	const char *org = args->n_words > 0 ? args->words[0] : NULL, *reason;
	struct admin_desk desk = {0};
	enum consign_err err = CONSIGN_OK;

	if ((org == NULL) != args_has(args, "none"))
		err = say_fail(CONSIGN_E_USAGE, "expected an organisation, or --none");
	if (err == CONSIGN_OK)
		err = admin_reason(args, &reason);
	if (err == CONSIGN_OK)
		err = admin_open(args, &desk);
	if (err != CONSIGN_OK)
		return err;
	err = delegate(&desk, org, reason);
	admin_close(&desk);
	return err;
}

/* ── status, at an administrator's ── */

static enum consign_err
print_stated(const struct stated *s, bool as_json)
{
	const struct freshness *f = s->statement;
	char time[PRINT_TIME_BYTES], until[PRINT_TIME_BYTES];

	if (as_json) {
		json_t *json = json_pack("{s:s, s:o, s:s?, s:o, s:o, s:o, s:o}", "freshness", s->word, "by",
		    s->by[0] != '\0' ? json_string(s->by) : json_null(), "standing", s->standing, "root", f != NULL ? json_integer((json_int_t)f->root->version) : json_null(),
		    "checkpoint", f != NULL ? json_integer((json_int_t)f->checkpoint->size) : json_null(), "stated",
		    json_time(f != NULL ? f->created_us : 0), "until", json_time(f != NULL ? f->expires_us : 0));

		return print_json(&json);
	}
	printf("freshness   %s\n", s->word);
	bool is_active = s->standing == NULL || strcmp(s->standing, "active") == 0;

	if (s->by[0] != '\0')
		printf("by          %s%s%s\n", s->by, is_active ? "" : ", which is ", is_active ? "" : s->standing);
	if (f != NULL)
		printf("newest      root %llu, ledger %llu, stated %s\nuntil       %s\n", (unsigned long long)f->root->version,
		    (unsigned long long)f->checkpoint->size, time_text(f->created_us, time), time_text(f->expires_us, until));
	if (!is_active)
		say_hint("nothing it states is taken any more: `consign freshness delegate ORG` names another, --none nobody");
	else if (f == NULL && s->by[0] != '\0')
		say_hint("agents hold what they would send: is the agent of %s running, and connected?", s->by);
	return CONSIGN_OK;
}

static enum consign_err
admin_status(const struct args *args)
{
	struct admin_desk desk = {0};
	struct arena *arena = NULL;
	struct stated stated = {0};
	enum consign_err err = admin_open(args, &desk);

	if (err != CONSIGN_OK)
		return err;
	err = arena_new(STATED_ARENA_BYTES, &arena);
	if (err == CONSIGN_OK)
		err = stated_look(&desk, arena, &stated);
	if (err == CONSIGN_OK)
		err = print_stated(&stated, args_has(args, "json"));
	else
		say_error("%s", consign_err_text(err));
	arena_free(&arena);
	admin_close(&desk);
	return err;
}

/* ── status, at a company's: as its agent sees it ── */

static enum consign_err
print_facts(const struct consign_reply *reply, bool as_json)
{
	static const struct {
		const char *fact, *key, *word;
	} shown[] = {{"freshness", "freshness", "freshness"}, {"freshness_by", "by", "by"}, {"freshness_root", "root", "root"},
	    {"freshness_stated", "stated", "stated"}, {"freshness_until", "until", "until"}, {"sending_held", "sending_held", "sending"}};
	json_t *json = as_json ? json_object() : NULL;

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		for (size_t j = 0; j < reply->n_facts; j++) {
			const struct consign_fact *f = &reply->facts[j];

			if (strcmp(f->name, shown[i].fact) != 0)
				continue;
			if (as_json)
				json_object_set_new(json, shown[i].key, json_string(f->value));
			else
				printf("%-11s %s\n", shown[i].word, f->value);
		}
	return as_json ? print_json(&json) : CONSIGN_OK;
}

enum consign_err
cmd_freshness_status(const struct args *args)
{
	return agent_status(args, admin_status, print_facts);
}
