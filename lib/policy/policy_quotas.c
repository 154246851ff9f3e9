/*
 * Quotas as people write them, read into the part that is signed. Beside them the words that quotas and rules share: numbers with
 * units, and rates.
 * Source    docs/POLICY.md 2
 */
#include <string.h>

#include "core/limits.h"
#include "policy/policy_reader.h"
#include "policy/units.h"
#include "policy/yaml_words.h"

#define FAIL(r, node, ...) yaml_fail_at((r)->error, (node)->line, (node)->column, __VA_ARGS__)

enum consign_err
reader_take_unit(struct reader *r, const struct node *word, enum consign_err (*parse)(struct consign_slice text, uint64_t *ret_value),
    const char *expected, uint64_t *ret_value)
{
	char shown[SHOWN_BYTES];
	if (word->kind != NODE_WORD || parse(word->text, ret_value) != CONSIGN_OK)
		return FAIL(r, word, "found %s: expected %s", yaml_show(word, shown), expected);
	return CONSIGN_OK;
}

enum consign_err
reader_take_rate(struct reader *r, const struct node *word, bool is_bytes, uint64_t *ret_amount, uint64_t *ret_us)
{
	char shown[SHOWN_BYTES];
	if (word->kind != NODE_WORD || units_rate_parse(word->text, is_bytes, ret_amount, ret_us) != CONSIGN_OK)
		return FAIL(r, word, "found %s: expected %s", yaml_show(word, shown), is_bytes ? UNITS_WORDS_OF_BYTE_RATE : UNITS_WORDS_OF_RATE);
	return CONSIGN_OK;
}

/* The keys of a quota where they stand; NULL: not there. */
struct quota_keys {
	const struct node *org, *study, *messages, *bytes, *mailbox_consignments, *mailbox_bytes;
};

/* Whose it is: known, and where both are named a party. */
static enum consign_err
read_owner(struct reader *r, const struct node *map, const struct quota_keys *k, struct policy_quota *quota)
{
	char shown[SHOWN_BYTES];
	enum consign_err err = CONSIGN_OK;
	uint32_t study = TABLE_NONE;
	if (k->org == NULL && k->study == NULL)
		return FAIL(r, map, "found a quota of nobody: expected org, study or both");
	if (k->org != NULL)
		err = reader_take_org(r, k->org->value, &quota->org);
	if (err == CONSIGN_OK && k->study != NULL) {
		err = yaml_read_word(r->error, k->study->value, "a study id", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_STUDY_MAX_BYTES,
		    quota->study.s);
		study = err == CONSIGN_OK ? names_find_text(&r->study_ids, quota->study.s) : TABLE_NONE;
		if (err == CONSIGN_OK && study == TABLE_NONE)
			err = FAIL(r, k->study->value, "found the study %s: expected one of this policy", yaml_show(k->study->value, shown));
	}
	if (err != CONSIGN_OK || k->org == NULL || k->study == NULL)
		return err;
	uint32_t org = names_find_text(&r->orgs, quota->org.s);
	if (org == TABLE_NONE || numbers_find(&r->party_of, (uint64_t)study << 32 | org) == TABLE_NONE)
		return FAIL(r, k->org->value, "found the organisation '%s', which is no party to %s: expected one that is", quota->org.s,
		    quota->study.s);
	return CONSIGN_OK;
}

static enum consign_err
read_amounts(struct reader *r, const struct node *map, const struct quota_keys *k, struct policy_quota *quota)
{
	const struct node *mailbox = k->mailbox_consignments != NULL ? k->mailbox_consignments : k->mailbox_bytes;
	enum consign_err err = CONSIGN_OK;
	if (mailbox == NULL && k->messages == NULL && k->bytes == NULL)
		return FAIL(r, map, "found a quota that says nothing: expected messages, bytes, mailbox-consignments or mailbox-bytes");
	if (mailbox != NULL && k->study != NULL)
		return yaml_hint(r->error,
		    FAIL(r, mailbox, "found %s in a quota of a study: expected it in one of an organisation alone",
			(const char *)mailbox->text.data),
		    "an organisation has one mailbox for all studies");
	if (k->messages != NULL)
		err = reader_take_rate(r, k->messages->value, false, &quota->messages, &quota->messages_us);
	if (err == CONSIGN_OK && k->bytes != NULL)
		err = reader_take_rate(r, k->bytes->value, true, &quota->bytes, &quota->bytes_us);
	if (err == CONSIGN_OK && k->mailbox_consignments != NULL)
		err = reader_take_unit(
		    r, k->mailbox_consignments->value, units_count_parse, UNITS_WORDS_OF_COUNT, &quota->mailbox_consignments);
	if (err == CONSIGN_OK && k->mailbox_bytes != NULL) {
		err = reader_take_unit(r, k->mailbox_bytes->value, units_store_parse, UNITS_WORDS_OF_STORE, &quota->mailbox_bytes);
		if (err == CONSIGN_OK && quota->mailbox_bytes > CONSIGN_QUOTA_MAX)
			err = FAIL(r, k->mailbox_bytes->value, "found a mailbox-bytes of %s: expected at most 1024GiB",
			    (const char *)k->mailbox_bytes->value->text.data);
	}
	return err;
}

static enum consign_err
read_quota(struct reader *r, const struct node *map, struct names *owners, struct policy_quota *quota)
{
	struct quota_keys k = {0};
	const struct yaml_key keys[] = {
	    {"org", &k.org, false, " organisation party "},
	    {"study", &k.study, false, " studies "},
	    {"messages", &k.messages, false, " messages-per-second rate "},
	    {"bytes", &k.bytes, false, " bytes-per-second size "},
	    {"mailbox-consignments", &k.mailbox_consignments, false, " mailbox-messages mailbox "},
	    {"mailbox-bytes", &k.mailbox_bytes, false, " mailbox-size "},
	};
	char owner[CONSIGN_ORG_MAX_BYTES + CONSIGN_STUDY_MAX_BYTES + 2];
	uint32_t number;
	enum consign_err err = yaml_take_keys(r->error, map, "a quota", keys, sizeof keys / sizeof keys[0]);
	if (err == CONSIGN_OK)
		err = read_owner(r, map, &k, quota);
	if (err == CONSIGN_OK)
		err = read_amounts(r, map, &k, quota);
	if (err != CONSIGN_OK)
		return err;
	size_t known = owners->n, n = quotas_key(quota->org.s, quota->study.s, owner);
	err = names_put(owners, slice_of(owner, n), &number);
	if (err == CONSIGN_OK && number < known)
		err = yaml_hint(r->error,
		    FAIL(r, map, "found a second quota of %s%s%s: expected one with all its limits", quota->org.s,
			quota->org.s[0] != '\0' && quota->study.s[0] != '\0' ? " in " : "", quota->study.s),
		    "put all limits into the first one");
	return err;
}

enum consign_err
quotas_read(struct reader *r, const struct node *list)
{
	struct names owners = {0};
	enum consign_err err = yaml_check_list(r->error, list, "quotas", 0, CONSIGN_QUOTAS_MAX);
	if (err != CONSIGN_OK || list->n == 0)
		return err;
	struct policy_quotas *quotas = arena_alloc(r->arena, sizeof *quotas);
	if (quotas != NULL)
		quotas->quotas.v = arena_alloc(r->arena, list->n * sizeof(struct policy_quota *));
	if (quotas == NULL || quotas->quotas.v == NULL)
		return CONSIGN_E_NO_MEMORY;
	for (const struct node *map = list->first; err == CONSIGN_OK && map != NULL; map = map->next) {
		struct policy_quota *quota = arena_alloc(r->arena, sizeof *quota);
		err = quota == NULL ? CONSIGN_E_NO_MEMORY : read_quota(r, map, &owners, quota);
		quotas->quotas.v[quotas->quotas.n++] = quota;
	}
	names_clear(&owners);
	r->quotas = quotas;
	return err;
}
