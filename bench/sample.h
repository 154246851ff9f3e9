/*
 * A consignment to measure with: keys of a consignor and of its consignees, plaintexts, and the manifest that goes with them. It
 * is made as an agent makes it (agents/sealing.c): sealed items in one body, the manifest signed.
 *
 * Threads   one
 */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include "core/secret.h"
#include "core/sign.h"
#include "seal/seal.h"
#include "wire/manifest_wire.h"

#define SAMPLE_CREATED_US UINT64_C(1800000000000000)

struct sample {
	struct arena *arena;           /* of the manifest and all it points to */
	struct consign_slice plain;    /* of every item */
	struct secret *signing, *seal; /* the consignor's; the first consignee's */
	struct consign_public_key identity, signing_public;
	struct consign_public_key consignees[CONSIGN_CONSIGNEES_MAX]; /* their seal keys */
	struct seal_session *session;
	struct seal_context context;
	struct secret *key; /* of the consignment: sample_seal fills it in */
	struct manifest *manifest;
};

/* Ends the program when such a consignment is none that an agent makes: options_refuse. size: of each item. */
void sample_new(struct sample *s, size_t size, size_t items, size_t consignees);
void sample_free(struct sample *s);
/* Seals all items: body becomes the body, the manifest's commitments those of its items. */
void sample_seal(struct sample *s, struct buf *body);
/* Length and digest of the body into the manifest. */
void sample_digest(struct sample *s, const struct buf *body);
/* Encodes the manifest. */
void sample_encode(const struct sample *s, struct buf *manifest);
/* Signs the encoded manifest; frame becomes what travels. */
void sample_sign(const struct sample *s, const struct buf *manifest, struct buf *frame);

#endif
