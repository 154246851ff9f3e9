/* `consign status`: a company's as its agent tells it; an administrator's as the hub's verified documents tell it. */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "agent_call.h"
#include "core/text.h"
#include "print.h"

/* Facts that may stand there several times. */
static const char *const many[] = {"accusation", "alarm", "postponed"};
#define MANY_N (sizeof many / sizeof many[0])

static bool
is_many(const char *name)
{
	for (size_t i = 0; i < MANY_N; i++)
		if (strcmp(name, many[i]) == 0)
			return true;
	return false;
}

/* ── company ── */

static bool
is_document_hash(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, "_hash") == 0;
}

static enum consign_err
print_facts(const struct consign_reply *reply, bool as_json)
{
	static const char *const headings[] = {"fact", "value"};
	struct table table = {.headings = headings, .columns = 2};
	json_t *json = as_json ? json_object() : NULL;

	for (size_t i = 0; as_json && i < MANY_N; i++)
		json_object_set_new(json, many[i], json_array());

	for (size_t i = 0; i < reply->n_facts; i++) {
		const struct consign_fact *f = &reply->facts[i];

		if (as_json && is_many(f->name)) {
			json_array_append_new(json_object_get(json, f->name), json_string(f->value));
		} else if (as_json) {
			json_object_set_new(json, f->name, json_string(f->value));
		} else {
			/* Of the hash of a document so much as tells versions apart; JSON has all of it. */
			table_put(&table, f->name);
			if (is_document_hash(f->name))
				table_putf(&table, "%.*s", PRINT_HASH_BYTES - 1, f->value);
			else
				table_put(&table, f->value);
		}
	}
	enum consign_err err = as_json ? print_json(&json) : table_print(&table);

	table_clear(&table);
	return err;
}

/* ── administrator ── */

struct hub_facts {
	const struct hub_root *root;
	const struct hub_directory *directory;
	const struct hub_policy *policy;
	const struct checkpoint *checkpoint;
	const struct consign_hash *id;
	size_t active, studies;
};

static void
gather(const struct hub *hub, struct hub_facts *f)
{
	f->root = hub_root(hub);
	f->directory = hub_directory(hub);
	f->policy = hub_policy(hub);
	f->checkpoint = hub_checkpoint(hub);
	f->id = hub_id(hub);
	for (size_t i = 0; i < f->directory->n_members; i++)
		f->active += f->directory->members[i]->status == MEMBER_ACTIVE;
	for (size_t i = 0; i < f->policy->n_parts; i++)
		f->studies += f->policy->parts[i]->study != NULL;
}

static json_t *
hub_json(const struct hub_facts *f)
{
	const struct root *root = f->root->root;

	return json_pack("{s:{s:o, s:o, s:s}, s:{s:I, s:o, s:o, s:i}, s:{s:I, s:o, s:i, s:i}, s:{s:I, s:o, s:i, s:o}, s:{s:I, s:o}}", "hub",
	    "id", json_hash(f->id), "name", json_slice(root->name), "endpoint", root->broker->endpoint, "root", "version",
	    (json_int_t)root->version, "hash", json_hash(&f->root->hash), "created_at", json_time(root->created_us),
	    "administrators", (int)root->admins.n, "directory", "version", (json_int_t)f->directory->version, "hash",
	    json_hash(&f->directory->hash), "organisations", (int)f->directory->n_members, "active", (int)f->active, "policy",
	    "version", (json_int_t)f->policy->version, "hash", json_hash(&f->policy->hash), "studies", (int)f->studies, "reason",
	    json_slice(f->policy->head->reason), "checkpoint", "size", (json_int_t)f->checkpoint->size, "head",
	    json_hash(&f->checkpoint->head));
}

/* The id and the head in full: they are what others are asked to compare. */
static void
print_hub(const struct hub_facts *f)
{
	const struct root *root = f->root->root;
	char time[PRINT_TIME_BYTES], hash[PRINT_HASH_BYTES], id[2 * sizeof f->id->b + 1], head[2 * sizeof f->id->b + 1];

	hex_text(f->id->b, sizeof f->id->b, id);
	hex_text(f->checkpoint->head.b, sizeof f->checkpoint->head.b, head);
	printf("hub         %.*s\nid          %s\nendpoint    %s\n", (int)root->name.len, (const char *)root->name.data, id,
	    root->broker->endpoint);
	printf("root        %llu (%s) of %s, %zu administrator%s\n", (unsigned long long)root->version, hash_text(&f->root->hash, hash),
	    time_text(root->created_us, time), root->admins.n, root->admins.n == 1 ? "" : "s");
	printf("directory   %llu (%s): %zu organisation%s, %zu active\n", (unsigned long long)f->directory->version,
	    hash_text(&f->directory->hash, hash), f->directory->n_members, f->directory->n_members == 1 ? "" : "s", f->active);
	printf("policy      %llu (%s): %zu %s%s%.*s\n", (unsigned long long)f->policy->version, hash_text(&f->policy->hash, hash),
	    f->studies, f->studies == 1 ? "study" : "studies", f->policy->head->reason.len > 0 ? ", " : "",
	    (int)f->policy->head->reason.len, (const char *)f->policy->head->reason.data);
	printf("checkpoint  %llu %s\n", (unsigned long long)f->checkpoint->size, head);
}

static enum consign_err
admin_status(const struct args *args)
{
	struct admin_desk desk = {0};
	struct hub_facts facts = {0};
	enum consign_err err = admin_open(args, &desk);

	if (err != CONSIGN_OK)
		return err;
	gather(desk.hub, &facts);
	if (args_has(args, "json")) {
		json_t *json = hub_json(&facts);

		err = print_json(&json);
	} else {
		print_hub(&facts);
	}
	if (err != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	admin_close(&desk);
	return err;
}

enum consign_err
cmd_status(const struct args *args)
{
	return agent_status(args, admin_status, print_facts);
}
