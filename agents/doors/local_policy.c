/* What this organisation may see of policy and directory: the newest slices that were verified, or those under which a message was decided. */
#include "core/text.h"
#include "doors/local.h"
#include "past.h"

/* The wire's structs have no const; encoding only reads. */
static void *
lend(const void *p)
{
	return (void *)(uintptr_t)p;
}

static enum consign_err
put_studies(const struct hub_policy *policy, struct arena *arena, struct local_policy_reply *r)
{
	r->studies.v = arena_alloc(arena, (policy->n_parts + 1) * sizeof *r->studies.v);
	if (r->studies.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < policy->n_parts; i++) {
		struct policy_part *part = policy->parts[i];

		if (part->common != NULL)
			r->common = part->common;
		else if (part->study != NULL)
			r->studies.v[r->studies.n++] = part->study;
	}
	return CONSIGN_OK;
}

static enum consign_err
put_members(const struct hub_directory *directory, struct arena *arena, struct local_policy_reply *r)
{
	size_t n = directory == NULL ? 0 : directory->n_members;

	r->members.v = arena_alloc(arena, (n + 1) * sizeof *r->members.v);
	if (r->members.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		r->members.v[r->members.n++] = lend(directory->members[i]);
	return CONSIGN_OK;
}

/* An old one that this agent slept through, or holds no longer. */
static void
refuse_old(struct tool *t, uint64_t number)
{
	tool_refuse(t, number, CONSIGN_CODE_TRY_LATER, "this agent does not hold the policy of then",
	    "an administrator of the hub holds every version: consign policy explain MESSAGE-ID");
}

/* False: it was answered. */
static bool
find_past(struct tool *t, uint64_t number, const char *text, struct arena *arena, struct past *ret_past)
{
	struct consign_message_id id;
	enum consign_err err = message_id_parse(slice_text(text), &id);

	if (err == CONSIGN_OK)
		err = past_find(t->door->agent, &id, arena, ret_past);
	if (err == CONSIGN_OK)
		ret_past->message->decided = ret_past->has_leaf;
	else if (err == CONSIGN_E_NOT_FOUND)
		tool_refuse(t, number, CONSIGN_CODE_NOT_FOUND, "no message of this id was sent or received here",
		    "an administrator of the hub can explain any message: consign policy explain MESSAGE-ID");
	else if (err == CONSIGN_E_EXPIRED)
		tool_refuse(t, number, CONSIGN_CODE_EXPIRED, "it expired or was destroyed before it came here, so what it was is not known here",
		    "its consignor can explain it, or an administrator of the hub: consign policy explain MESSAGE-ID");
	else
		tool_fail(t, number, err);
	return err == CONSIGN_OK;
}

void
local_policy(struct tool *t, uint64_t number, const struct local_policy *question, struct arena *arena)
{
	const struct hub *hub = t->door->agent->hub;
	struct past past = {0};

	if (question->message[0] != '\0' && !find_past(t, number, question->message, arena, &past))
		return;
	const struct hub_root *root = past.has_leaf ? hub_root_in_force(hub, past.leaf) : hub_root(hub);
	bool has_policy = root != NULL && root->root->policy != NULL;
	const struct hub_policy *policy = has_policy ? hub_policy_at(hub, root->root->policy->version) : NULL;
	const struct hub_directory *directory = has_policy ? hub_directory_at(hub, root->root->directory->version) : NULL;
	struct local_policy_reply r = {.past = past.message};

	if (past.has_leaf && (policy == NULL || directory == NULL)) {
		refuse_old(t, number);
		return;
	}
	if (policy == NULL || directory == NULL) {
		tool_refuse(t, number, CONSIGN_CODE_TRY_LATER, "no policy is known yet",
		    "the agent gets it from the broker: `consign status` says whether it is connected");
		return;
	}
	r.version = policy->version;
	enum consign_err err = put_studies(policy, arena, &r);

	if (err == CONSIGN_OK)
		err = put_members(directory, arena, &r);
	if (err == CONSIGN_OK)
		tool_reply(t, &(struct local_reply){.number = number, .policy = &r});
	else
		tool_fail(t, number, err);
}
