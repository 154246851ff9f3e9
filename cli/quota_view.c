/* Quotas rendered (quota_view.h). */
#include "quota_view.h"

#include <stdio.h>
#include <string.h>

#include "policy/units.h"

void
quota_view_owner(const char *org, const char *study, char ret_owner[QUOTA_OWNER_BYTES])
{
	const char *between = org[0] == '\0' ? "study " : study[0] == '\0' ? "" : " in ";

	snprintf(ret_owner, QUOTA_OWNER_BYTES, "%s%s%s", org, between, study);
}

/* The limits of a quota in their words; "" where it says nothing. */
struct limits {
	const char *key, *json, *json_us;
	uint64_t amount, us;
	char text[UNITS_TEXT_BYTES];
};
#define LIMITS_N 4

static void
limits_of(const struct policy_quota *q, struct limits ret[LIMITS_N])
{
	ret[0] = (struct limits){"messages", "messages", "messages_us", q->messages, q->messages_us, ""};
	ret[1] = (struct limits){"bytes", "bytes", "bytes_us", q->bytes, q->bytes_us, ""};
	ret[2] = (struct limits){"mailbox-consignments", "mailbox_consignments", NULL, q->mailbox_consignments, 0, ""};
	ret[3] = (struct limits){"mailbox-bytes", "mailbox_bytes", NULL, q->mailbox_bytes, 0, ""};
	if (ret[0].amount != 0)
		units_rate_format(ret[0].amount, ret[0].us, false, ret[0].text);
	if (ret[1].amount != 0)
		units_rate_format(ret[1].amount, ret[1].us, true, ret[1].text);
	if (ret[2].amount != 0)
		snprintf(ret[2].text, sizeof ret[2].text, "%llu", (unsigned long long)ret[2].amount);
	if (ret[3].amount != 0)
		units_store_format(ret[3].amount, ret[3].text);
}

/* "messages: 20/s, bytes: 4MiB/s" */
static enum consign_err
put_limits(const struct policy_quota *quota, struct buf *out)
{
	struct limits limits[LIMITS_N];
	enum consign_err err = CONSIGN_OK;
	const char *between = "";

	limits_of(quota, limits);
	for (size_t i = 0; err == CONSIGN_OK && i < LIMITS_N; i++) {
		if (limits[i].amount == 0)
			continue;
		err = buf_printf(out, "%s%s: %s", between, limits[i].key, limits[i].text);
		between = ", ";
	}
	return err;
}

enum consign_err
quota_view_put(const struct policy_quota *quota, struct buf *out)
{
	bool has_org = quota->org.s[0] != '\0', has_study = quota->study.s[0] != '\0';
	enum consign_err err = buf_printf(out, "{%s%s%s%s%s, ", has_org ? "org: " : "", quota->org.s, has_org && has_study ? ", " : "",
	    has_study ? "study: " : "", quota->study.s);

	if (err == CONSIGN_OK)
		err = put_limits(quota, out);
	return err == CONSIGN_OK ? buf_printf(out, "}") : err;
}

json_t *
quota_view_json(const struct policy_quota *quota)
{
	struct limits limits[LIMITS_N];
	json_t *json = json_object();

	limits_of(quota, limits);
	if (json != NULL && quota->org.s[0] != '\0')
		json_object_set_new(json, "org", json_string(quota->org.s));
	if (json != NULL && quota->study.s[0] != '\0')
		json_object_set_new(json, "study", json_string(quota->study.s));
	for (size_t i = 0; json != NULL && i < LIMITS_N; i++) {
		if (limits[i].amount == 0)
			continue;
		json_object_set_new(json, limits[i].json, json_integer((json_int_t)limits[i].amount));
		if (limits[i].json_us != NULL)
			json_object_set_new(json, limits[i].json_us, json_integer((json_int_t)limits[i].us));
	}
	return json;
}

/* ── what differs ── */

static const struct policy_quota *
find(const struct policy_quotas *quotas, const struct policy_quota *like)
{
	for (size_t i = 0; quotas != NULL && i < quotas->quotas.n; i++)
		if (strcmp(quotas->quotas.v[i]->org.s, like->org.s) == 0 && strcmp(quotas->quotas.v[i]->study.s, like->study.s) == 0)
			return quotas->quotas.v[i];
	return NULL;
}

static bool
is_same(const struct policy_quota *a, const struct policy_quota *b)
{
	return a->messages == b->messages && a->messages_us == b->messages_us && a->bytes == b->bytes && a->bytes_us == b->bytes_us
	    && a->mailbox_consignments == b->mailbox_consignments && a->mailbox_bytes == b->mailbox_bytes;
}

static enum consign_err
put_line(const char *sign, const struct policy_quota *quota, struct buf *out)
{
	char owner[QUOTA_OWNER_BYTES];

	quota_view_owner(quota->org.s, quota->study.s, owner);
	enum consign_err err = buf_printf(out, "%s quota of %s: ", sign, owner);

	if (err == CONSIGN_OK)
		err = put_limits(quota, out);
	return err == CONSIGN_OK ? buf_printf(out, "\n") : err;
}

enum consign_err
quota_view_compare(const struct policy_quotas *before, const struct policy_quotas *after, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && after != NULL && i < after->quotas.n; i++) {
		const struct policy_quota *is = after->quotas.v[i], *was = find(before, is);

		if (was == NULL || !is_same(was, is))
			err = put_line(was == NULL ? "+" : "~", is, out);
	}
	for (size_t i = 0; err == CONSIGN_OK && before != NULL && i < before->quotas.n; i++)
		if (find(after, before->quotas.v[i]) == NULL)
			err = put_line("-", before->quotas.v[i], out);
	return err;
}
