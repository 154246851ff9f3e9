/*
 * Making trust documents: the next root, the next directory and policy heads with their parts, cards. Pure but for
 * randomness: nothing is read, written or said. What comes out is verified by lib/trust like everybody else's.
 *
 *   draft_start(&draft, hub id, admin's signing key, clock, reason)
 *   draft_directory(&draft, previous, parts, n)     at most once each
 *   draft_policy(&draft, previous, parts, n)
 *   draft_root(&draft, previous root)               puts in force what was drafted
 *   draft.documents                                 to publish
 *
 * Source   docs/PROTOCOL.md 3
 */
#ifndef CLI_DRAFT_H
#define CLI_DRAFT_H

#include "trust/hub.h"

struct draft {
	struct arena *arena;
	struct consign_hash hub_id; /* zeros while the first root is made */
	const struct secret *signing;
	uint64_t now_us;
	struct consign_slice reason;
	struct document_ref *directory; /* what the root is to name; NULL: as in the previous root */
	struct document_ref *policy;
	struct document_ref root; /* of what draft_root made */
	bool is_in_force; /* by admin_publish; false: it was proposed, and waits for other administrators */
	struct session_documents documents;
};

/* reason, signing: borrowed until draft_clear. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err draft_start(
    struct draft *draft, const struct consign_hash *hub_id, const struct secret *signing, uint64_t now_us, const char *reason);
void draft_clear(struct draft *draft);

/*
 * The head after previous (NULL: version 1) over encoded parts, signed. Parts are borrowed until draft_clear.
 * Errors: NO_MEMORY, MALFORMED (a reason that is no text), TOO_BIG
 */
CONSIGN_MUST_CHECK enum consign_err
draft_directory(struct draft *draft, const struct hub_directory *previous, const struct consign_slice *parts, size_t n);
CONSIGN_MUST_CHECK enum consign_err
draft_policy(struct draft *draft, const struct hub_policy *previous, const struct consign_slice *parts, size_t n);
/* Appends a card as its org signed it; borrowed. */
CONSIGN_MUST_CHECK enum consign_err draft_card(struct draft *draft, struct signed_document *card);

/* Version 1: content is the caller's; hub_id becomes its hash. */
CONSIGN_MUST_CHECK enum consign_err draft_first_root(struct draft *draft, const struct root *root);
/* The root after previous, naming what was drafted. */
CONSIGN_MUST_CHECK enum consign_err
draft_root(struct draft *draft, const struct root *previous, const struct consign_hash *previous_hash);

/* A part with a fresh salt, encoded into the draft's memory. */
CONSIGN_MUST_CHECK enum consign_err draft_member_part(struct draft *draft, struct member *member, struct consign_slice *ret_part);
CONSIGN_MUST_CHECK enum consign_err
draft_policy_part(struct draft *draft, struct policy_part *part, struct consign_slice *ret_part);

/* Content signed by one key under a hub's domain, in the arena. */
CONSIGN_MUST_CHECK enum consign_err document_sign(struct arena *arena, enum sign_kind kind, const struct consign_hash *hub_id,
    struct consign_slice content, const struct secret *signing, struct signed_document **ret_document);

#endif
