/*
 * Tables of policy.proto. What the rules mean is the policy room's. Source: docs/PROTOCOL.md 4, docs/POLICY.md.
 */
#include "wire/policy_wire.h"

#include "consign/v1/policy.pb-c.h"
#include "wire/engine.h"
#include "wire/identity_wire.h"

_Static_assert(CONSIGN_PART_MAX_BYTES >= CONSIGN_POLICY_SOURCE_MAX_BYTES + 4096u, "a part holds the source and a salt");

static const struct wire_field policy_end_fields[] = {
    NUMS32(policy_end, 1, roles, 0, ROLE_LAST, ROLE_SPONSOR, ROLE_LAST),
    TEXTS(policy_end, 2, orgs, 0, CONSIGN_PARTIES_MAX, FORM_ORG, 2),
};
static const struct wire_message wire_policy_end = {TABLE(policy_end, "PolicyEnd", policy_end, 0)};

static const struct wire_field policy_rule_fields[] = {
    TEXT(policy_rule, 1, id, FORM_STUDY, 1),
    NUM32(policy_rule, 2, order, 0, CONSIGN_RULES_MAX),
    NUM32(policy_rule, 3, effect, POLICY_PERMIT, POLICY_FORBID),
    TEXTS(policy_rule, 4, types, 1, CONSIGN_RULE_TYPES_MAX, FORM_GLOB, 1),
    OPTIONAL(policy_rule, 5, from, policy_end),
    OPTIONAL(policy_rule, 6, to, policy_end),
    NUMS32(policy_rule, 7, labels, 0, CONSIGN_LABEL_UNBLINDED, CONSIGN_LABEL_OPEN, CONSIGN_LABEL_UNBLINDED),
    NUM64(policy_rule, 8, from_us, 0, WIRE_U64_MAX),
    NUM64(policy_rule, 9, until_us, 0, WIRE_U64_MAX),
    NUM64(policy_rule, 10, max_bytes, 0, CONSIGN_CONTENT_MAX_BYTES),
    NUM64(policy_rule, 11, deliver_within_us, 0, WIRE_U64_MAX),
    NUM64(policy_rule, 12, rate_messages, 0, CONSIGN_QUOTA_MAX),
    NUM64(policy_rule, 13, rate_us, 0, CONSIGN_QUOTA_PERIOD_MAX_US),
};
static const struct wire_message wire_policy_rule = {TABLE(policy_rule, "PolicyRule", policy_rule, 0)};

static const struct wire_field policy_party_fields[] = {
    TEXT(policy_party, 1, org, FORM_ORG, 2),
    NUMS32(policy_party, 2, roles, 1, ROLE_LAST, ROLE_SPONSOR, ROLE_LAST),
    NUM32(policy_party, 3, clearance, CONSIGN_LABEL_OPEN, CONSIGN_LABEL_UNBLINDED),
};
static const struct wire_message wire_policy_party = {TABLE(policy_party, "PolicyParty", policy_party, 0)};

static const struct wire_field policy_study_fields[] = {
    TEXT(policy_study, 1, id, FORM_STUDY, 1),
    BYTES(policy_study, 2, title, FORM_UTF8, 0, CONSIGN_TEXT_MAX_BYTES),
    MESSAGES(policy_study, 3, parties, 0, CONSIGN_PARTIES_MAX, policy_party),
    MESSAGES(policy_study, 4, rules, 0, CONSIGN_RULES_MAX, policy_rule),
};
const struct wire_message wire_policy_study = {TABLE(policy_study, "PolicyStudy", policy_study, 0)};

static const struct wire_field policy_common_fields[] = {
    MESSAGES(policy_common, 1, rules, 0, CONSIGN_RULES_MAX, policy_rule),
};
const struct wire_message wire_policy_common = {TABLE(policy_common, "PolicyCommon", policy_common, 0)};

static const struct wire_field policy_quota_fields[] = {
    TEXT(policy_quota, 1, org, FORM_ORG, 0),
    TEXT(policy_quota, 2, study, FORM_STUDY, 0),
    NUM64(policy_quota, 3, messages, 0, CONSIGN_QUOTA_MAX),
    NUM64(policy_quota, 4, messages_us, 0, CONSIGN_QUOTA_PERIOD_MAX_US),
    NUM64(policy_quota, 5, bytes, 0, CONSIGN_QUOTA_MAX),
    NUM64(policy_quota, 6, bytes_us, 0, CONSIGN_QUOTA_PERIOD_MAX_US),
    NUM64(policy_quota, 7, mailbox_consignments, 0, CONSIGN_QUOTA_MAX),
    NUM64(policy_quota, 8, mailbox_bytes, 0, CONSIGN_QUOTA_MAX),
};
const struct wire_message wire_policy_quota = {TABLE(policy_quota, "PolicyQuota", policy_quota, 0)};

static const struct wire_field policy_quotas_fields[] = {
    MESSAGES(policy_quotas, 1, quotas, 1, CONSIGN_QUOTAS_MAX, policy_quota),
};
static const struct wire_message wire_policy_quotas = {TABLE(policy_quotas, "PolicyQuotas", policy_quotas, 0)};

static const struct wire_field policy_part_fields[] = {
    FIXED(policy_part, 1, salt),
    CHOICE(policy_part, 2, common, policy_common),
    CHOICE(policy_part, 3, study, policy_study),
    CHOICE_BYTES(policy_part, 4, source, FORM_TEXT, CONSIGN_POLICY_SOURCE_MAX_BYTES),
    CHOICE(policy_part, 5, quotas, policy_quotas),
};
const struct wire_message wire_policy_part = {
    TABLE(policy_part, "PolicyPart", policy_part, CONSIGN_PART_MAX_BYTES), .has_choice = true};

const struct wire_message *const wire_policy_messages[] = {
    &wire_policy_head, /* identity_wire.c: one struct with the directory's */
    &wire_policy_end,
    &wire_policy_rule,
    &wire_policy_party,
    &wire_policy_study,
    &wire_policy_common,
    &wire_policy_quota,
    &wire_policy_quotas,
    &wire_policy_part,
    NULL,
};
