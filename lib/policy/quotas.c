/* See quotas.h. */
#include "policy/quotas.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "policy/compiled.h"
#include "policy/units.h"

size_t
quotas_key(const char *org, const char *study, char ret_key[CONSIGN_ORG_MAX_BYTES + CONSIGN_STUDY_MAX_BYTES + 2])
{
	size_t org_n = strnlen(org, CONSIGN_ORG_MAX_BYTES), study_n = strnlen(study, CONSIGN_STUDY_MAX_BYTES);
	memcpy(ret_key, org, org_n);
	ret_key[org_n] = '\n';
	memcpy(ret_key + org_n + 1, study, study_n);
	ret_key[org_n + 1 + study_n] = '\0';
	return org_n + 1 + study_n;
}

/* Times that have no word would be shown to who approves as what they are not. */
static bool
is_rate(uint64_t amount, uint64_t us)
{
	return (amount == 0) == (us == 0) && amount <= CONSIGN_QUOTA_MAX && (us == 0 || units_is_rate_time(us));
}

static enum consign_err
add_quota(struct quota_table *t, const struct policy_quota *quota)
{
	char key[CONSIGN_ORG_MAX_BYTES + CONSIGN_STUDY_MAX_BYTES + 2];
	bool has_org = quota->org.s[0] != '\0', has_study = quota->study.s[0] != '\0';
	if (!is_rate(quota->messages, quota->messages_us) || !is_rate(quota->bytes, quota->bytes_us) || (!has_org && !has_study))
		return CONSIGN_E_MALFORMED;
	if (has_study && (quota->mailbox_consignments != 0 || quota->mailbox_bytes != 0))
		return CONSIGN_E_MALFORMED;
	size_t known = t->owners.n, n = quotas_key(quota->org.s, quota->study.s, key);
	uint32_t number;
	enum consign_err err = names_put(&t->owners, slice_of(key, n), &number);
	if (err == CONSIGN_OK && number != known)
		err = CONSIGN_E_MALFORMED;
	if (err == CONSIGN_OK)
		t->quotas[number] = *quota;
	return err;
}

static enum consign_err
add_quotas(struct quota_table *t, const struct policy_quotas *part)
{
	if (t->quotas != NULL)
		return CONSIGN_E_MALFORMED; /* two parts of them */
	if (part->quotas.n > CONSIGN_QUOTAS_MAX)
		return CONSIGN_E_TOO_BIG;
	t->quotas = calloc(part->quotas.n + 1, sizeof *t->quotas);
	enum consign_err err = t->quotas == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	for (size_t i = 0; err == CONSIGN_OK && i < part->quotas.n; i++)
		err = add_quota(t, part->quotas.v[i]);
	return err;
}

/* A rule stands in the part of each study that it concerns, with the same rate in all. */
static enum consign_err
add_rates(struct quota_table *t, struct policy_rule *const *rules, size_t n, size_t *cap)
{
	for (size_t i = 0; i < n; i++) {
		struct policy_rate rate = {rules[i]->rate_messages, rules[i]->rate_us};
		size_t known = t->rules.n;
		uint32_t number;
		if (!is_rate(rate.messages, rate.us) || (rate.us != 0 && rules[i]->effect == POLICY_FORBID))
			return CONSIGN_E_MALFORMED;
		if (rate.us == 0)
			continue;
		enum consign_err err = table_grow(&t->rates, sizeof *t->rates, known, cap);
		if (err == CONSIGN_OK)
			err = names_put(&t->rules, slice_text(rules[i]->id.s), &number);
		if (err != CONSIGN_OK)
			return err;
		if (number == known)
			t->rates[number] = rate;
		else if (t->rates[number].messages != rate.messages || t->rates[number].us != rate.us)
			return CONSIGN_E_MALFORMED;
	}
	return CONSIGN_OK;
}

/* A rate is found by the rule's id: another rule of that id would be rated with it. */
static bool
has_namesake(const struct quota_table *t, struct policy_rule *const *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i]->rate_us == 0 && names_find_text(&t->rules, rules[i]->id.s) != TABLE_NONE)
			return true;
	return false;
}

static bool
is_ambiguous(const struct quota_table *t, const struct policy_part *part)
{
	return (part->common != NULL && has_namesake(t, part->common->rules.v, part->common->rules.n)) ||
	       (part->study != NULL && has_namesake(t, part->study->rules.v, part->study->rules.n));
}

enum consign_err
quotas_compile(struct policy_part *const *parts, size_t n, struct quota_table *ret_table)
{
	enum consign_err err = CONSIGN_OK;
	size_t cap = 0;
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++) {
		if (parts[i]->quotas != NULL)
			err = add_quotas(ret_table, parts[i]->quotas);
		if (err == CONSIGN_OK && parts[i]->common != NULL)
			err = add_rates(ret_table, parts[i]->common->rules.v, parts[i]->common->rules.n, &cap);
		if (err == CONSIGN_OK && parts[i]->study != NULL)
			err = add_rates(ret_table, parts[i]->study->rules.v, parts[i]->study->rules.n, &cap);
	}
	for (size_t i = 0; err == CONSIGN_OK && ret_table->rules.n > 0 && i < n; i++)
		if (is_ambiguous(ret_table, parts[i]))
			err = CONSIGN_E_MALFORMED;
	return err;
}

void
quotas_clear(struct quota_table *t)
{
	names_clear(&t->owners);
	names_clear(&t->rules);
	free(t->quotas);
	free(t->rates);
	*t = (struct quota_table){0};
}

const struct policy_quota *
policy_quota(const struct policy *policy, const char *org, const char *study)
{
	char key[CONSIGN_ORG_MAX_BYTES + CONSIGN_STUDY_MAX_BYTES + 2];
	if (policy->quotas.owners.n == 0)
		return NULL;
	size_t n = quotas_key(org, study, key);
	uint32_t number = names_find(&policy->quotas.owners, slice_of(key, n));
	return number == TABLE_NONE ? NULL : &policy->quotas.quotas[number];
}

size_t
policy_quotas_n(const struct policy *policy)
{
	return policy->quotas.owners.n;
}

const struct policy_quota *
policy_quota_at(const struct policy *policy, size_t i)
{
	return &policy->quotas.quotas[i];
}

bool
policy_has_rates(const struct policy *policy)
{
	return policy->quotas.rules.n > 0;
}

const struct policy_rate *
policy_rule_rate(const struct policy *policy, const char *rule)
{
	uint32_t number = policy_has_rates(policy) ? names_find_text(&policy->quotas.rules, rule) : TABLE_NONE;
	return number == TABLE_NONE ? NULL : &policy->quotas.rates[number];
}
