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

/* One after the other: was NULL: it came; is NULL: it went. */
struct difference {
	const struct policy_quota *was, *is;
};

static bool
next_difference(const struct policy_quotas *before, const struct policy_quotas *after, size_t *at, struct difference *ret)
{
	size_t n_after = after == NULL ? 0 : after->quotas.n, n_before = before == NULL ? 0 : before->quotas.n;

	for (; *at < n_after + n_before; ++*at) {
		const struct policy_quota *one = *at < n_after ? after->quotas.v[*at] : before->quotas.v[*at - n_after];
		const struct policy_quota *other = find(*at < n_after ? before : after, one);

		if (other != NULL && (*at >= n_after || is_same(one, other)))
			continue;
		*ret = *at < n_after ? (struct difference){other, one} : (struct difference){one, NULL};
		++*at;
		return true;
	}
	return false;
}

enum consign_err
quota_view_compare(const struct policy_quotas *before, const struct policy_quotas *after, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;
	struct difference d;

	for (size_t at = 0; err == CONSIGN_OK && next_difference(before, after, &at, &d);)
		err = put_line(d.was == NULL ? "+" : d.is == NULL ? "-" : "~", d.is == NULL ? d.was : d.is, out);
	return err;
}

json_t *
quota_view_compare_json(const struct policy_quotas *before, const struct policy_quotas *after)
{
	json_t *list = json_array();
	struct difference d;

	for (size_t at = 0; next_difference(before, after, &at, &d);)
		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:o}", "change", d.was == NULL ? "added" : d.is == NULL ? "removed" : "changed", "before",
			d.was == NULL ? json_null() : quota_view_json(d.was), "after", d.is == NULL ? json_null() : quota_view_json(d.is)));
	return list;
}

/* ── of one message ── */

#define OF_MESSAGE_MAX 4u

static void
add_of(const struct policy_quotas *quotas, const char *org, const char *study, bool is_mailbox, struct policy_quota list[OF_MESSAGE_MAX], size_t *n)
{
	struct policy_quota like = {.messages = 0};

	memcpy(like.org.s, org, strnlen(org, CONSIGN_ORG_MAX_BYTES));
	memcpy(like.study.s, study, strnlen(study, CONSIGN_STUDY_MAX_BYTES));
	const struct policy_quota *q = find(quotas, &like);

	if (q == NULL)
		return;
	if (is_mailbox) {
		like.mailbox_consignments = q->mailbox_consignments;
		like.mailbox_bytes = q->mailbox_bytes;
	} else {
		like.messages = q->messages;
		like.messages_us = q->messages_us;
		like.bytes = q->bytes;
		like.bytes_us = q->bytes_us;
	}
	if (like.messages != 0 || like.bytes != 0 || like.mailbox_consignments != 0 || like.mailbox_bytes != 0)
		list[(*n)++] = like;
}

static size_t
of_message(const struct policy_quotas *quotas, const char *from, const char *to, const char *study, struct policy_quota list[OF_MESSAGE_MAX])
{
	size_t n = 0;

	add_of(quotas, from, "", false, list, &n);
	add_of(quotas, "", study, false, list, &n);
	add_of(quotas, from, study, false, list, &n);
	add_of(quotas, to, "", true, list, &n);
	return n;
}

enum consign_err
quota_view_of_message(const struct policy_quotas *quotas, const char *from, const char *to, const char *study, struct buf *out)
{
	struct policy_quota list[OF_MESSAGE_MAX];
	size_t n = of_message(quotas, from, to, study, list);
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		char owner[QUOTA_OWNER_BYTES];

		quota_view_owner(list[i].org.s, list[i].study.s, owner);
		err = buf_printf(out, "quota      of %s: ", owner);
		if (err == CONSIGN_OK)
			err = put_limits(&list[i], out);
		if (err == CONSIGN_OK)
			err = buf_printf(out, "\n");
	}
	return err;
}

json_t *
quota_view_of_message_json(const struct policy_quotas *quotas, const char *from, const char *to, const char *study)
{
	struct policy_quota list[OF_MESSAGE_MAX];
	size_t n = of_message(quotas, from, to, study, list);
	json_t *json = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(json, quota_view_json(&list[i]));
	return json;
}
