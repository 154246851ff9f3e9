/* The signed manifest. Mirrors proto/consign/v1/manifest.proto, where the fields are explained. */
#ifndef WIRE_MANIFEST_WIRE_H
#define WIRE_MANIFEST_WIRE_H

#include "wire/identity_wire.h"

struct seen {
	struct document_ref *root;
	struct document_ref *directory;
	struct document_ref *policy;
	struct document_ref *card;
	struct checkpoint_ref *checkpoint; /* NULL before the first */
};

struct manifest_consignee {
	struct consign_org org;
	struct consign_key_id seal_key_id;
};

struct manifest_item {
	uint32_t index;
	struct consign_type type;
	struct consign_hash commitment;
};

struct manifest {
	uint32_t format;
	uint32_t suite;
	struct consign_hash hub_id;
	struct consign_id consignment_id;
	uint32_t attempt;
	struct consign_hash random;
	struct consign_org consignor;
	struct consign_key_id signing_key_id;
	struct consign_study study;
	uint32_t label; /* enum consign_label */
	uint64_t created_us;
	uint64_t expires_us;
	WIRE_LIST(struct manifest_consignee *) consignees;
	WIRE_LIST(struct manifest_item *) items;
	struct consign_hash body_digest;
	uint64_t body_bytes;
	struct seen *seen;
};

struct signed_manifest {
	struct consign_slice manifest;
	struct consign_signature signature;
};

WIRE_CODEC(manifest);
WIRE_CODEC(signed_manifest);

#endif
