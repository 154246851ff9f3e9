/*
 * Tables of manifest.proto: what a consignor signs. Source: docs/PROTOCOL.md 5.
 */
#include "wire/manifest_wire.h"

#include <string.h>

#include "consign/v1/manifest.pb-c.h"
#include "wire/engine.h"

static const struct wire_field seen_fields[] = {
    REQUIRED(seen, 1, root, document_ref),
    REQUIRED(seen, 2, directory, document_ref),
    REQUIRED(seen, 3, policy, document_ref),
    REQUIRED(seen, 4, card, document_ref),
    OPTIONAL(seen, 5, checkpoint, checkpoint_ref),
};
const struct wire_message wire_seen = {TABLE(seen, "Seen", seen, 0)};

static const struct wire_field manifest_consignee_fields[] = {
    TEXT(manifest_consignee, 1, org, FORM_ORG, 2),
    FIXED(manifest_consignee, 2, seal_key_id),
};
static const struct wire_message wire_manifest_consignee = {
    TABLE(manifest_consignee, "ManifestConsignee", manifest_consignee, 0)};

static const struct wire_field manifest_item_fields[] = {
    NUM32(manifest_item, 1, index, 0, CONSIGN_BUNDLE_MAX_ITEMS - 1),
    TEXT(manifest_item, 2, type, FORM_TYPE, 1),
    FIXED(manifest_item, 3, commitment),
};
static const struct wire_message wire_manifest_item = {TABLE(manifest_item, "ManifestItem", manifest_item, 0)};

static bool
manifest_dates(const void *message)
{
	const struct manifest *m = message;

	return m->expires_us > m->created_us && m->expires_us - m->created_us <= CONSIGN_EXPIRES_MAX_US;
}

static bool
consignees_differ(const void *message)
{
	const struct manifest *m = message;

	for (size_t i = 0; i < m->consignees.n; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(m->consignees.v[i]->org.s, m->consignees.v[j]->org.s) == 0)
				return false;
	return true;
}

static bool
items_rise(const void *message)
{
	const struct manifest *m = message;

	for (size_t i = 1; i < m->items.n; i++)
		if (m->items.v[i]->index <= m->items.v[i - 1]->index)
			return false;
	return true;
}

static const struct wire_field manifest_fields[] = {
    NUM32(manifest, 1, format, 1, 1),
    NUM32(manifest, 2, suite, 1, 1),
    FIXED(manifest, 3, hub_id),
    FIXED(manifest, 4, consignment_id),
    NUM32(manifest, 5, attempt, 1, UINT32_MAX),
    FIXED(manifest, 6, random),
    TEXT(manifest, 7, consignor, FORM_ORG, 2),
    FIXED(manifest, 8, signing_key_id),
    TEXT(manifest, 9, study, FORM_STUDY, 1),
    NUM32(manifest, 10, label, CONSIGN_LABEL_OPEN, CONSIGN_LABEL_UNBLINDED),
    NUM64(manifest, 11, created_us, 1, WIRE_U64_MAX),
    NUM64(manifest, 12, expires_us, 1, WIRE_U64_MAX),
    MESSAGES(manifest, 13, consignees, 1, CONSIGN_CONSIGNEES_MAX, manifest_consignee),
    MESSAGES(manifest, 14, items, 1, CONSIGN_BUNDLE_MAX_ITEMS, manifest_item),
    FIXED(manifest, 15, body_digest),
    NUM64(manifest, 16, body_bytes, 1, CONSIGN_BODY_MAX_BYTES),
    REQUIRED(manifest, 17, seen, seen),
};
static const struct wire_check manifest_checks[] = {
    {"dates", "expires_us is after created_us, by at most 366 days", manifest_dates},
    {"consignee-twice", "no two consignees have one org", consignees_differ},
    {"items-order", "the indices of items rise strictly", items_rise},
};
_Static_assert(CONSIGN_EXPIRES_MAX_US == 366ull * 24 * 3600 * 1000000, "the rule above says days");
const struct wire_message wire_manifest = {
    TABLE(manifest, "Manifest", manifest, CONSIGN_MANIFEST_MAX_BYTES), CHECKS(manifest_checks)};

static const struct wire_field signed_manifest_fields[] = {
    BYTES(signed_manifest, 1, manifest, FORM_RAW, 1, CONSIGN_MANIFEST_MAX_BYTES),
    FIXED(signed_manifest, 2, signature),
};
const struct wire_message wire_signed_manifest = {
    TABLE(signed_manifest, "SignedManifest", signed_manifest, CONSIGN_SIGNED_MANIFEST_MAX_BYTES)};

const struct wire_message *const wire_manifest_messages[] = {
    &wire_seen,
    &wire_manifest_consignee,
    &wire_manifest_item,
    &wire_manifest,
    &wire_signed_manifest,
    NULL,
};
