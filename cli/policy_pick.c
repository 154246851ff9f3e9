/* Which policy is meant (policy_pick.h). */
#include "policy_pick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "input.h"
#include "policy/policy_file.h"
#include "print.h"
#include "when.h"

/* A file of the largest size parsed into parts. */
#define PARSE_BUDGET_BYTES (64u * CONSIGN_POLICY_SOURCE_MAX_BYTES)

/* ── the shelf ── */

enum consign_err
shelf_open(struct policy_shelf *shelf)
{
	if (shelf->is_open)
		return CONSIGN_OK;
	enum consign_err err = policy_source_open(shelf->args, &shelf->source);

	shelf->is_open = err == CONSIGN_OK;
	return err;
}

enum consign_err
shelf_open_of(struct policy_shelf *shelf, const char *message)
{
	enum consign_err err = policy_source_open_of(shelf->args, message, &shelf->source);

	shelf->is_open = err == CONSIGN_OK;
	return err;
}

void
shelf_close(struct policy_shelf *shelf)
{
	if (shelf->is_open)
		policy_source_close(&shelf->source);
	shelf->is_open = false;
}

const struct hub *
shelf_hub(const struct policy_shelf *shelf)
{
	return shelf->is_open && shelf->source.is_complete ? shelf->source.desk.hub : NULL;
}

/* Opened, and at an administrator's. */
static enum consign_err
open_hub(struct policy_shelf *shelf, const struct hub **ret_hub)
{
	enum consign_err err = shelf_open(shelf);

	if (err != CONSIGN_OK)
		return err;
	*ret_hub = shelf_hub(shelf);
	if (*ret_hub != NULL)
		return CONSIGN_OK;
	say_error("a company's home knows the policy in force only");
	say_hint("ask an administrator, or leave --version and --at away");
	return CONSIGN_E_USAGE;
}

/* ── roots ── */

const struct hub_root *
root_last_with_policy(const struct hub *hub, uint64_t version)
{
	for (uint64_t v = hub_root(hub)->root->version; v > 1; v--) {
		const struct hub_root *r = hub_root_at(hub, v);

		if (r->root->policy->version <= version)
			return r->root->policy->version == version ? r : NULL;
	}
	return NULL;
}

const struct hub_root *
root_first_with_policy(const struct hub *hub, uint64_t version)
{
	const struct hub_root *first = root_last_with_policy(hub, version);

	for (uint64_t v = first == NULL ? 0 : first->root->version - 1; v > 1; v--) {
		const struct hub_root *r = hub_root_at(hub, v);

		if (r->root->policy->version != version)
			break;
		first = r;
	}
	return first;
}

const struct hub_root *
root_at_time(const struct hub *hub, uint64_t at_us)
{
	for (uint64_t v = hub_root(hub)->root->version; v > 0; v--) {
		const struct hub_root *r = hub_root_at(hub, v);

		if (r->root->created_us <= at_us)
			return r;
	}
	return NULL;
}

static bool
has_signed(const struct hub *hub, const struct hub_root *root, const struct admin *admin)
{
	static const struct consign_hash no_hub;
	const struct signed_document *d = root->document->document;
	struct consign_key_id id;

	key_id_of(&admin->signing_key, &id);
	for (size_t i = 0; i < d->signatures.n; i++)
		if (key_id_equal(&d->signatures.v[i]->key_id, &id)
		    && sign_verify(&admin->signing_key, SIGN_ROOT, root->root->version == 1 ? &no_hub : hub_id(hub), d->content,
			   &d->signatures.v[i]->signature) == CONSIGN_OK)
			return true;
	return false;
}

const struct admin *
root_admin_nth(const struct hub *hub, const struct hub_root *root, size_t n, bool *ret_signed)
{
	const struct hub_root *before = root->root->version == 1 ? root : hub_root_at(hub, root->root->version - 1);

	if (n >= before->root->admins.n)
		return NULL;
	*ret_signed = has_signed(hub, root, before->root->admins.v[n]);
	return before->root->admins.v[n];
}

const char *
root_signers(const struct hub *hub, const struct hub_root *root, char ret_names[SIGNERS_BYTES])
{
	const struct admin *admin;
	bool is_signed;
	size_t at = 0;

	ret_names[0] = '\0';
	for (size_t i = 0; at < SIGNERS_BYTES && (admin = root_admin_nth(hub, root, i, &is_signed)) != NULL; i++)
		if (is_signed)
			at += (size_t)snprintf(ret_names + at, SIGNERS_BYTES - at, "%s%s", at > 0 ? ", " : "", admin->name);
	return ret_names;
}

json_t *
root_signers_json(const struct hub *hub, const struct hub_root *root)
{
	const struct admin *admin;
	json_t *names = json_array();
	bool is_signed;

	for (size_t i = 0; (admin = root_admin_nth(hub, root, i, &is_signed)) != NULL; i++)
		if (is_signed)
			json_array_append_new(names, json_string(admin->name));
	return names;
}

/* ── picking ── */

/* Of a hub, as a root named it. The documents of older roots are fetched. */
static enum consign_err
pick_of_root(struct policy_shelf *shelf, const struct hub_root *root, struct policy_pick *ret_pick)
{
	const struct hub *hub = shelf_hub(shelf);
	uint64_t version = root->root->policy->version;
	enum consign_err err = hub_session_fetch_root(shelf->source.desk.session, root->root->version);

	if (err != CONSIGN_OK)
		return err;
	const struct hub_policy *p = hub_policy_at(hub, version);
	struct policy_pick pick = {.policy = p->policy,
	    .root = root,
	    .since = root_first_with_policy(hub, version),
	    .directory = hub_directory_at(hub, root->root->directory->version)};
	struct policy_study **studies = calloc(p->n_parts + 1, sizeof *studies);

	if (studies == NULL)
		return say_fail(CONSIGN_E_NO_MEMORY, "out of memory");
	pick.memory = studies;
	pick.view.version = version;
	pick.view.reason = p->head->reason;
	policy_view_of(p->parts, p->n_parts, studies, &pick.view);
	(void)snprintf(pick.name, sizeof pick.name, "policy %llu", (unsigned long long)version);
	*ret_pick = pick;
	return CONSIGN_OK;
}

enum consign_err
pick_in_force(struct policy_shelf *shelf, struct policy_pick *ret_pick)
{
	enum consign_err err = shelf_open(shelf);

	if (err != CONSIGN_OK)
		return err;
	if (shelf_hub(shelf) != NULL)
		return pick_of_root(shelf, hub_root(shelf_hub(shelf)), ret_pick);
	*ret_pick = (struct policy_pick){.view = shelf->source.view, .policy = shelf->source.policy};
	(void)snprintf(ret_pick->name, sizeof ret_pick->name, "policy %llu", (unsigned long long)ret_pick->view.version);
	return CONSIGN_OK;
}

enum consign_err
pick_version(struct policy_shelf *shelf, uint64_t version, struct policy_pick *ret_pick)
{
	const struct hub *hub;
	enum consign_err err = open_hub(shelf, &hub);

	if (err != CONSIGN_OK)
		return err;
	const struct hub_root *root = root_last_with_policy(hub, version);

	if (root != NULL)
		return pick_of_root(shelf, root, ret_pick);
	say_error("there is no policy %llu", (unsigned long long)version);
	say_hint("`consign policy history` lists them; the newest is %llu", (unsigned long long)hub_root(hub)->root->policy->version);
	return CONSIGN_E_NOT_FOUND;
}

enum consign_err
pick_root(struct policy_shelf *shelf, uint64_t version, struct policy_pick *ret_pick)
{
	const struct hub *hub;
	enum consign_err err = open_hub(shelf, &hub);

	if (err != CONSIGN_OK)
		return err;
	const struct hub_root *root = hub_root_at(hub, version);

	if (root != NULL && root->root->policy != NULL)
		return pick_of_root(shelf, root, ret_pick);
	return say_fail(CONSIGN_E_NOT_FOUND, "root %llu names no policy", (unsigned long long)version);
}

enum consign_err
pick_time(struct policy_shelf *shelf, uint64_t at_us, struct policy_pick *ret_pick)
{
	char time[PRINT_TIME_BYTES];
	const struct hub *hub;
	enum consign_err err = open_hub(shelf, &hub);

	if (err != CONSIGN_OK)
		return err;
	const struct hub_root *root = root_at_time(hub, at_us);

	if (root != NULL && root->root->policy != NULL)
		return pick_of_root(shelf, root, ret_pick);
	return say_fail(CONSIGN_E_NOT_FOUND, "no policy was in force at %s: the hub began at %s", time_text(at_us, time),
	    time_text(hub_root_at(hub, 1)->root->created_us, (char[PRINT_TIME_BYTES]){0}));
}

/* The parts of a file, compiled. */
static enum consign_err
compile_file(const char *name, struct policy_pick *pick)
{
	struct policy_file_parts parts = {0};
	struct policy_file_error where = {0};
	enum consign_err err = policy_file_parse(buf_slice(&pick->source), NULL, NULL, pick->arena, &parts, &where);

	if (err == CONSIGN_E_CONFIG) {
		say_error("%s:%zu:%zu: %s", name, where.line, where.column, where.text);
		if (where.hint[0] != '\0')
			say_hint("%s", where.hint);
		return err;
	}
	struct policy_study **studies = arena_alloc(pick->arena, (parts.parts.n + 1) * sizeof *studies);

	if (err == CONSIGN_OK && studies == NULL)
		err = CONSIGN_E_NO_MEMORY;
	if (err == CONSIGN_OK)
		err = policy_compile(parts.parts.v, parts.parts.n, &pick->own_policy);
	if (err != CONSIGN_OK)
		return say_fail(err, "%s: %s", name, consign_err_text(err));
	policy_view_of(parts.parts.v, parts.parts.n, studies, &pick->view);
	pick->view.source = buf_slice(&pick->source);
	pick->policy = pick->own_policy;
	return CONSIGN_OK;
}

enum consign_err
pick_file(const char *file, struct policy_pick *ret_pick)
{
	const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
	struct policy_pick pick = {0};
	enum consign_err err = input_read(file, CONSIGN_POLICY_SOURCE_MAX_BYTES, &pick.source);

	if (err != CONSIGN_OK)
		return err;
	err = arena_new(PARSE_BUDGET_BYTES, &pick.arena);
	if (err != CONSIGN_OK)
		say_error("%s", consign_err_text(err));
	else
		err = compile_file(name, &pick);
	if (err != CONSIGN_OK) {
		pick_clear(&pick);
		return err;
	}
	(void)snprintf(pick.name, sizeof pick.name, "%s", name);
	*ret_pick = pick;
	return CONSIGN_OK;
}

/* A positive number in decimal, and nothing else. */
static bool
is_version(const char *word, uint64_t *ret_version)
{
	char *end;
	size_t digits = strspn(word, "0123456789");

	if (digits == 0 || digits > 18 || word[digits] != '\0')
		return false;
	*ret_version = strtoull(word, &end, 10);
	return *ret_version > 0;
}

enum consign_err
pick_word(struct policy_shelf *shelf, const char *word, struct policy_pick *ret_pick)
{
	uint64_t version;

	if (strcmp(word, "in-force") == 0)
		return pick_in_force(shelf, ret_pick);
	return is_version(word, &version) ? pick_version(shelf, version, ret_pick) : pick_file(word, ret_pick);
}

enum consign_err
pick_option(struct policy_shelf *shelf, struct policy_pick *ret_pick, uint64_t *ret_at_us)
{
	const char *word = args_value(shelf->args, "version"), *at = args_value(shelf->args, "at");
	uint64_t version, now_us = clock_wall_us(clock_system());

	*ret_at_us = now_us;
	if (word != NULL && at != NULL)
		return say_fail(CONSIGN_E_USAGE, "--version and --at: expected one of them");
	if (word != NULL && !is_version(word, &version))
		return say_fail(CONSIGN_E_USAGE, "--version %s: expected the number of a policy", word);
	if (at != NULL && when_parse(slice_text(at), ret_at_us) != CONSIGN_OK)
		return say_fail(CONSIGN_E_USAGE, "--at %s: expected a time such as 2026-11-22 or 2026-11-22T04:11:00Z", at);
	if (at != NULL && *ret_at_us > now_us)
		return say_fail(CONSIGN_E_USAGE, "--at %s: expected a time that is past", at);
	if (word != NULL)
		return pick_version(shelf, version, ret_pick);
	return at != NULL ? pick_time(shelf, *ret_at_us, ret_pick) : pick_in_force(shelf, ret_pick);
}

void
pick_clear(struct policy_pick *pick)
{
	policy_free(&pick->own_policy);
	arena_free(&pick->arena);
	buf_clear(&pick->source);
	free(pick->memory);
	*pick = (struct policy_pick){0};
}
