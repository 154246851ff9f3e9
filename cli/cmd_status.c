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
			table_put(&table, f->name);
			table_put(&table, f->value);
		}
	}
	enum consign_err err = as_json ? print_json(&json) : table_print(&table);

	table_clear(&table);
	return err;
}

static enum consign_err
company_status(const struct home *home, bool as_json)
{
	struct consign_client *client = NULL;
	const struct consign_reply *reply;
	uint64_t number = 0;
	enum consign_err err = home_agent(home, &client);

	if (err != CONSIGN_OK)
		return err;
	err = consign_client_post_status(client, &number);
	err = agent_reply(client, err, number, CONSIGN_REPLY_STATUS, &reply);
	if (err == CONSIGN_OK) {
		err = print_facts(reply, as_json);
		consign_reply_free(&reply);
	}
	consign_client_close(&client);
	return err;
}

/* ── administrator ── */

struct hub_facts {
	const struct hub_root *root;
	const struct hub_directory *directory;
	const struct hub_policy *policy;
	const struct checkpoint *checkpoint;
	size_t active, studies;
	struct buf id, root_hash, head; /* hex, NUL-terminated */
};

static enum consign_err
put_hex(struct consign_slice bytes, struct buf *out)
{
	enum consign_err err = hex_format(bytes, out);

	return err == CONSIGN_OK ? buf_append_u8(out, '\0') : err;
}

static enum consign_err
gather(const struct hub *hub, struct hub_facts *f)
{
	f->root = hub_root(hub);
	f->directory = hub_directory(hub);
	f->policy = hub_policy(hub);
	f->checkpoint = hub_checkpoint(hub);
	for (size_t i = 0; i < f->directory->n_members; i++)
		f->active += f->directory->members[i]->status == MEMBER_ACTIVE;
	for (size_t i = 0; i < f->policy->n_parts; i++)
		f->studies += f->policy->parts[i]->study != NULL;
	enum consign_err err = put_hex(SLICE_ARRAY(hub_id(hub)->b), &f->id);

	if (err == CONSIGN_OK)
		err = put_hex(SLICE_ARRAY(f->root->hash.b), &f->root_hash);
	return err == CONSIGN_OK ? put_hex(SLICE_ARRAY(f->checkpoint->head.b), &f->head) : err;
}

static json_t *
hub_json(const struct hub_facts *f)
{
	const struct root *root = f->root->root;

	return json_pack("{s:{s:s, s:o, s:s}, s:{s:I, s:s, s:o, s:i}, s:{s:I, s:i, s:i}, s:{s:I, s:i, s:o}, s:{s:I, s:s}}", "hub",
	    "id", (const char *)f->id.data, "name", json_slice(root->name), "endpoint", root->broker->endpoint, "root", "version",
	    (json_int_t)root->version, "hash", (const char *)f->root_hash.data, "created_at", json_time(root->created_us),
	    "administrators", (int)root->admins.n, "directory", "version", (json_int_t)f->directory->version, "organisations",
	    (int)f->directory->n_members, "active", (int)f->active, "policy", "version", (json_int_t)f->policy->version,
	    "studies", (int)f->studies, "reason", json_slice(f->policy->head->reason), "checkpoint", "size",
	    (json_int_t)f->checkpoint->size, "head", (const char *)f->head.data);
}

static enum consign_err
print_hub(const struct hub_facts *f)
{
	const struct root *root = f->root->root;
	char time[PRINT_TIME_BYTES];

	printf("hub         %.*s\nid          %s\nendpoint    %s\n", (int)root->name.len, (const char *)root->name.data,
	    (const char *)f->id.data, root->broker->endpoint);
	printf("root        %llu of %s, %zu administrator%s\n", (unsigned long long)root->version,
	    time_text(root->created_us, time), root->admins.n, root->admins.n == 1 ? "" : "s");
	printf("directory   %llu: %zu organisation%s, %zu active\n", (unsigned long long)f->directory->version,
	    f->directory->n_members, f->directory->n_members == 1 ? "" : "s", f->active);
	printf("policy      %llu: %zu %s%s%.*s\n", (unsigned long long)f->policy->version, f->studies,
	    f->studies == 1 ? "study" : "studies", f->policy->head->reason.len > 0 ? ", " : "", (int)f->policy->head->reason.len,
	    (const char *)f->policy->head->reason.data);
	printf("checkpoint  %llu %s\n", (unsigned long long)f->checkpoint->size, (const char *)f->head.data);
	return CONSIGN_OK;
}

static enum consign_err
admin_status(const struct args *args)
{
	struct admin_desk desk = {0};
	struct hub_facts facts = {0};
	enum consign_err err = admin_open(args, &desk);

	if (err != CONSIGN_OK)
		return err;
	err = gather(desk.hub, &facts);
	if (err == CONSIGN_OK && args_has(args, "json")) {
		json_t *json = hub_json(&facts);

		err = print_json(&json);
	} else if (err == CONSIGN_OK) {
		err = print_hub(&facts);
	}
	if (err != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	buf_clear(&facts.id);
	buf_clear(&facts.root_hash);
	buf_clear(&facts.head);
	admin_close(&desk);
	return err;
}

enum consign_err
cmd_status(const struct args *args)
{
	struct home home = {0};
	enum consign_err err = home_open(args, HOME_ADMIN | HOME_COMPANY, &home);

	if (err != CONSIGN_OK)
		return err;
	err = home.kind == HOME_ADMIN ? admin_status(args) : company_status(&home, args_has(args, "json"));
	home_clear(&home);
	return err;
}
