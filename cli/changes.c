/* What a change means (changes.h). */
#include "changes.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "invite.h"
#include "org.h"
#include "trust/freshness.h"
#include "policy/policy_file.h"
#include "policy_view.h"

#define PARSE_BUDGET_BYTES (64u * CONSIGN_POLICY_SOURCE_MAX_BYTES)

/* ── the root ── */

static const struct admin *
find_admin(const struct root *root, const char *name)
{
	for (size_t i = 0; i < root->admins.n; i++)
		if (strcmp(root->admins.v[i]->name, name) == 0)
			return root->admins.v[i];
	return NULL;
}

enum consign_err
admin_fingerprint(const struct consign_hash *hub_id, const struct admin *admin, char ret_text[36])
{
	struct consign_hash both;
	struct consign_public_key key;

	hash_sha256_2(SLICE_ARRAY(admin->signing_key.b), SLICE_ARRAY(admin->transport_key.b), &both);
	memcpy(key.b, both.b, sizeof key.b);
	return identity_fingerprint(hub_id, admin->name, &key, ret_text);
}

static bool
has_keys_of(const struct admin *a, const struct admin *b)
{
	return memcmp(a->signing_key.b, b->signing_key.b, sizeof a->signing_key.b) == 0
	    && memcmp(a->transport_key.b, b->transport_key.b, sizeof a->transport_key.b) == 0;
}

static enum consign_err
put_admin(const struct consign_hash *hub_id, const char *sign, const struct admin *admin, const char *words, struct buf *out)
{
	char fingerprint[36];
	enum consign_err err = admin_fingerprint(hub_id, admin, fingerprint);

	return err != CONSIGN_OK ? err : buf_printf(out, "%s administrator %s%s: keys %s\n", sign, admin->name, words, fingerprint);
}

static enum consign_err
put_admins(const struct consign_hash *hub_id, const struct root *before, const struct root *after, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < after->admins.n; i++) {
		const struct admin *is = after->admins.v[i], *was = find_admin(before, is->name);

		if (was == NULL)
			err = put_admin(hub_id, "+", is, "", out);
		else if (!has_keys_of(was, is))
			err = put_admin(hub_id, "~", is, " has other keys", out);
	}
	for (size_t i = 0; err == CONSIGN_OK && i < before->admins.n; i++)
		if (find_admin(after, before->admins.v[i]->name) == NULL)
			err = buf_printf(out, "- administrator %s\n", before->admins.v[i]->name);
	return err;
}

static bool
keys_equal(const struct consign_public_key *a, const struct consign_public_key *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Whose key it is, and the key itself, which could be anybody's whom nobody here knows. */
static enum consign_err
put_freshness_key(const struct hub *hub, const struct root *root, struct buf *out)
{
	const char *by;
	char key[33];

	if (root->freshness_keys.n == 0)
		return buf_printf(out, "nobody");
	by = freshness_org(hub, &root->freshness_keys.v[0]);
	key_id_text(&root->freshness_keys.v[0], key);
	return buf_printf(out, "%s (key %s)", by != NULL ? by : "nobody who is known here", key);
}

static enum consign_err
put_freshness(const struct hub *hub, const struct root *before, const struct root *after, struct buf *out)
{
	enum consign_err err = buf_printf(out, "~ freshness is stated by ");

	if (err == CONSIGN_OK)
		err = put_freshness_key(hub, before, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, ", then by ");
	if (err == CONSIGN_OK)
		err = put_freshness_key(hub, after, out);
	return err == CONSIGN_OK ? buf_printf(out, "\n") : err;
}

static enum consign_err
put_root(const struct hub *hub, const struct root *before, const struct root *after, struct buf *out)
{
	const struct broker_keys *was = before->broker, *is = after->broker;
	enum consign_err err = put_admins(hub_id(hub), before, after, out);

	if (err == CONSIGN_OK && before->threshold != after->threshold)
		err = buf_printf(out, "~ signatures of administrators that a change needs: %u, then %u\n", before->threshold, after->threshold);
	if (err == CONSIGN_OK && strcmp(was->endpoint, is->endpoint) != 0)
		err = buf_printf(out, "~ the broker is at %s, then at %s\n", was->endpoint, is->endpoint);
	if (err == CONSIGN_OK && !keys_equal(&was->transport_key, &is->transport_key))
		err = buf_printf(out, "~ the broker has another transport key\n");
	if (err == CONSIGN_OK && !keys_equal(&was->receipt_key, &is->receipt_key))
		err = buf_printf(out, "~ the broker has another receipt key\n");
	if (err == CONSIGN_OK && !keys_equal(&was->ledger_key, &is->ledger_key))
		err = buf_printf(out, "~ the broker has another ledger key\n");
	if (err == CONSIGN_OK && !slice_equal(before->name, after->name))
		err = buf_printf(out, "~ the hub is called %.*s\n", (int)after->name.len, (const char *)after->name.data);
	if (err == CONSIGN_OK
	    && (before->freshness_keys.n != after->freshness_keys.n
	        || (after->freshness_keys.n > 0 && memcmp(before->freshness_keys.v, after->freshness_keys.v, after->freshness_keys.n * sizeof *after->freshness_keys.v) != 0)))
		err = put_freshness(hub, before, after, out);
	if (err == CONSIGN_OK && (before->witnesses.n != after->witnesses.n || before->witness_quorum != after->witness_quorum))
		err = buf_printf(out, "~ witnesses: %u of %zu, then %u of %zu\n", before->witness_quorum, before->witnesses.n, after->witness_quorum,
		    after->witnesses.n);
	return err;
}

/* ── the directory ── */

static enum consign_err
put_member(const struct consign_hash *hub_id, const struct member *was, const struct member *is, struct buf *out)
{
	char fingerprint[36];
	enum consign_err err = identity_fingerprint(hub_id, is->org.s, &is->identity_key, fingerprint);

	if (err != CONSIGN_OK)
		return err;
	if (was == NULL)
		return buf_printf(out, "+ organisation %s (%.*s), %s: keys %s\n", is->org.s, (int)is->name.len, (const char *)is->name.data,
		    member_status_text(is->status), fingerprint);
	if (!keys_equal(&was->identity_key, &is->identity_key))
		err = buf_printf(out, "~ organisation %s has another identity: keys %s\n", is->org.s, fingerprint);
	if (err == CONSIGN_OK && was->status != is->status)
		err = buf_printf(out, "~ organisation %s: %s, then %s", is->org.s, member_status_text(was->status), member_status_text(is->status));
	if (err == CONSIGN_OK && was->status != is->status && is->status == MEMBER_COMPROMISED)
		err = buf_printf(out, " since leaf %llu", (unsigned long long)is->compromised_since);
	if (err == CONSIGN_OK && was->status != is->status)
		err = buf_printf(out, "\n");
	if (err == CONSIGN_OK && was->status == MEMBER_COMPROMISED && is->status == MEMBER_COMPROMISED && was->compromised_since != is->compromised_since)
		err = buf_printf(out, "~ organisation %s: compromised since leaf %llu, then since leaf %llu\n", is->org.s,
		    (unsigned long long)was->compromised_since, (unsigned long long)is->compromised_since);
	if (err == CONSIGN_OK && !slice_equal(was->name, is->name))
		err = buf_printf(out, "~ organisation %s is called %.*s\n", is->org.s, (int)is->name.len, (const char *)is->name.data);
	return err;
}

static enum consign_err
put_members(const struct consign_hash *hub_id, const struct hub_directory *before, const struct hub_directory *after, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < after->n_members; i++)
		err = put_member(hub_id, hub_member(before, after->members[i]->org.s), after->members[i], out);
	for (size_t i = 0; err == CONSIGN_OK && i < before->n_members; i++)
		if (hub_member(after, before->members[i]->org.s) == NULL)
			err = buf_printf(out, "- organisation %s\n", before->members[i]->org.s);
	return err;
}

/* ── the policy ── */

static enum consign_err
put_policy(const struct hub_policy *before, const struct hub_policy *after, struct buf *out)
{
	struct policy_view was = {0}, is = {0};
	struct policy_study **old = calloc(before->n_parts + 1, sizeof(struct policy_study *));
	struct policy_study **new = calloc(after->n_parts + 1, sizeof(struct policy_study *));
	enum consign_err err = old == NULL || new == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;

	if (err == CONSIGN_OK) {
		policy_view_of(before->parts, before->n_parts, old, &was);
		policy_view_of(after->parts, after->n_parts, new, &is);
		err = policy_view_compare(&was, &is, out);
	}
	free(old);
	free(new);
	return err;
}

enum consign_err
changes_format(const struct hub *hub, const struct hub_state *before, const struct hub_state *after, struct buf *out)
{
	enum consign_err err = put_root(hub, before->root, after->root, out);

	if (err == CONSIGN_OK && before->directory != after->directory)
		err = put_members(hub_id(hub), before->directory, after->directory, out);
	if (err == CONSIGN_OK && before->policy != after->policy)
		err = put_policy(before->policy, after->policy, out);
	return err;
}

/* ── source and parts ── */

static int
by_slice(const void *a, const void *b)
{
	const struct consign_slice *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int order = n == 0 ? 0 : memcmp(x->data, y->data, n);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static bool
is_source(const struct policy_part *part)
{
	return part->common == NULL && part->study == NULL && part->quotas == NULL;
}

/* Every part but the source, encoded without its salt, sorted. */
static enum consign_err
plain_parts(struct policy_part *const *parts, size_t n, struct arena *arena, struct consign_slice **ret_v, size_t *ret_n)
{
	struct consign_slice *v = arena_alloc(arena, (n + 1) * sizeof *v);
	enum consign_err err = v == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	size_t count = 0;

	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		struct policy_part part = *parts[i];
		struct buf encoded = {0};

		if (is_source(&part))
			continue;
		memset(&part.salt, 0, sizeof part.salt);
		err = policy_part_encode(&part, &encoded);
		if (err == CONSIGN_OK && (v[count++] = arena_copy(arena, buf_slice(&encoded))).data == NULL)
			err = CONSIGN_E_NO_MEMORY;
		buf_clear(&encoded);
	}
	if (err == CONSIGN_OK)
		qsort(v, count, sizeof *v, by_slice);
	*ret_v = v;
	*ret_n = count;
	return err;
}

enum consign_err
changes_check_source(const struct hub_policy *policy)
{
	struct consign_slice source = {0}, *said, *obeyed;
	struct policy_file_parts parts = {0};
	struct policy_file_error where;
	struct arena *arena = NULL;
	size_t n_said, n_obeyed;
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; i < policy->n_parts; i++)
		if (is_source(policy->parts[i]))
			source = policy->parts[i]->source;
	if (source.len == 0)
		return CONSIGN_OK;
	err = arena_new(PARSE_BUDGET_BYTES, &arena);
	if (err == CONSIGN_OK)
		err = policy_file_parse(source, NULL, NULL, arena, &parts, &where);
	if (err == CONSIGN_OK)
		err = plain_parts(parts.parts.v, parts.parts.n, arena, &said, &n_said);
	if (err == CONSIGN_OK)
		err = plain_parts(policy->parts, policy->n_parts, arena, &obeyed, &n_obeyed);
	if (err == CONSIGN_OK && n_said != n_obeyed)
		err = CONSIGN_E_CONFLICT;
	for (size_t i = 0; err == CONSIGN_OK && i < n_said; i++)
		if (!slice_equal(said[i], obeyed[i]))
			err = CONSIGN_E_CONFLICT;
	arena_free(&arena);
	return err == CONSIGN_E_NO_MEMORY || err == CONSIGN_OK ? err : CONSIGN_E_CONFLICT;
}
