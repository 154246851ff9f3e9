/* Where a policy is read from (policy_source.h). */
#include "policy_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/exchange.h"
#include "policy/policy.h"
#include "print.h"

#define REPLY_TIMEOUT_MS 10000u

static enum consign_err
open_at_admin(const struct args *args, struct policy_source *s)
{
	enum consign_err err = admin_open(args, &s->desk);

	if (err != CONSIGN_OK)
		return err;
	const struct hub_policy *p = hub_policy(s->desk.hub);
	struct policy_study **studies = calloc(p->n_parts + 1, sizeof *studies);

	if (studies == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	s->memory = studies;
	s->view.version = p->version;
	s->view.reason = p->head->reason;
	policy_view_of(p->parts, p->n_parts, studies, &s->view);
	s->policy = p->policy;
	s->is_complete = true;
	return CONSIGN_OK;
}

static enum consign_err
ask_agent(const struct home *home, const struct local_policy *question, struct client_reply **ret_reply)
{
	struct consign_client *client = NULL;
	uint64_t number;
	enum consign_err err = home_agent(home, &client);

	if (err != CONSIGN_OK)
		return err;
	err = client_post(client, &(struct local_request){.policy = (struct local_policy *)(uintptr_t)question}, &number);
	if (err == CONSIGN_OK)
		err = client_take(client, number, REPLY_TIMEOUT_MS, ret_reply);
	if (err != CONSIGN_OK)
		say_error("the agent did not answer: %s", consign_err_text(err));
	consign_client_close(&client);
	return err;
}

/* The slices as parts again. */
enum consign_err
policy_source_compile(const struct local_policy_reply *r, struct policy **ret_policy)
{
	size_t n = 0;
	struct policy_part *parts = calloc(r->studies.n + 1, sizeof *parts);
	struct policy_part **list = calloc(r->studies.n + 1, sizeof *list);
	enum consign_err err = parts == NULL || list == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	if (err == CONSIGN_OK && r->common != NULL)
		parts[n++].common = r->common;
	for (size_t i = 0; err == CONSIGN_OK && i < r->studies.n; i++)
		parts[n++].study = r->studies.v[i];
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
		list[i] = &parts[i];
	if (err == CONSIGN_OK)
		err = policy_compile(list, n, ret_policy);
	free(parts);
	free(list);
	return err;
}

/* e: what the agent answered instead; may be NULL. */
static enum consign_err
say_no(const struct local_error *e, bool is_of_message)
{
	if (e == NULL)
		say_error("the agent has no policy to show");
	else
		say_error("%s: %.*s", is_of_message ? consign_code_text((enum consign_code)e->code) : "the agent has no policy to show",
		    (int)e->detail.len, (const char *)e->detail.data);
	if (e != NULL && e->hint.len > 0)
		say_hint("%.*s", (int)e->hint.len, (const char *)e->hint.data);
	return e != NULL && e->code == CONSIGN_CODE_NOT_FOUND ? CONSIGN_E_NOT_FOUND : CONSIGN_E_DENIED;
}

static enum consign_err
open_at_company(const struct local_policy *question, struct policy_source *s)
{
	enum consign_err err = ask_agent(&s->home, question, &s->reply);

	if (err != CONSIGN_OK)
		return err;
	const struct local_policy_reply *r = s->reply->wire->policy;

	if (r == NULL)
		return say_no(s->reply->wire->error, question->message[0] != '\0');
	if (question->message[0] != '\0' && r->past == NULL)
		return say_fail(CONSIGN_E_MALFORMED, "the agent answered something else");
	err = policy_source_compile(r, &s->own_policy);
	if (err != CONSIGN_OK)
		return say_fail(err, "the agent's policy cannot be compiled: %s", consign_err_text(err));
	s->policy = s->own_policy;
	s->view = (struct policy_view){
	    .version = r->version, .common = r->common, .studies = r->studies.v, .n_studies = r->studies.n};
	return CONSIGN_OK;
}

static enum consign_err
open_source(const struct args *args, unsigned kinds, const struct local_policy *question, struct policy_source *ret_source)
{
	struct policy_source s = {0};
	enum consign_err err = home_open(args, kinds, &s.home);

	if (err != CONSIGN_OK)
		return err;
	err = s.home.kind == HOME_ADMIN ? open_at_admin(args, &s) : open_at_company(question, &s);
	if (err != CONSIGN_OK) {
		policy_source_close(&s);
		return err;
	}
	*ret_source = s;
	return CONSIGN_OK;
}

enum consign_err
policy_source_open(const struct args *args, struct policy_source *ret_source)
{
	return open_source(args, HOME_ADMIN | HOME_COMPANY, &(struct local_policy){0}, ret_source);
}

enum consign_err
policy_source_open_of(const struct args *args, const char *message, struct policy_source *ret_source)
{
	struct local_policy question = {0};

	(void)snprintf(question.message, sizeof question.message, "%s", message);
	return open_source(args, HOME_COMPANY, &question, ret_source);
}

void
policy_source_close(struct policy_source *s)
{
	policy_free(&s->own_policy);
	client_reply_free(&s->reply);
	free(s->memory);
	admin_close(&s->desk);
	home_clear(&s->home);
	*s = (struct policy_source){0};
}

const struct member *
policy_source_member(const struct policy_source *s, const char *org)
{
	if (s->is_complete)
		return hub_member(hub_directory(s->desk.hub), org);
	for (size_t i = 0; i < s->reply->wire->policy->members.n; i++)
		if (strcmp(s->reply->wire->policy->members.v[i]->org.s, org) == 0)
			return s->reply->wire->policy->members.v[i];
	return NULL;
}

const struct local_past *
policy_source_past(const struct policy_source *s)
{
	return s->reply != NULL ? s->reply->wire->policy->past : NULL;
}
