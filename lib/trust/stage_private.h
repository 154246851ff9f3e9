/* What stage.c (the message as a whole, roots, cards) and stage_sliced.c (directory, policy) share. Private to lib/trust. */
#ifndef TRUST_STAGE_PRIVATE_H
#define TRUST_STAGE_PRIVATE_H

#include "trust/hub_private.h"

struct staging {
	struct hub *hub;
	struct hub_stage *stage;
	enum hub_mode mode;
	const struct session_documents *documents;
	struct arena *arena;
	char *problem; /* HUB_PROBLEM_BYTES */
};

/* Says in s->problem what is wrong with which document; returns err. */
CONSIGN_MUST_CHECK enum consign_err
stage_fail(struct staging *s, enum consign_err err, const char *what, uint64_t version, const char *why);
/* The newest root, and one by version, with those staged so far; NULL when there is none. */
const struct hub_root *stage_newest_root(const struct staging *s);
const struct hub_root *stage_root_at(const struct staging *s, uint64_t version);
/* Counts distinct administrators of `admins` with a good signature. */
uint32_t stage_count_signatures(
    const struct root *admins, enum sign_kind kind, const struct consign_hash *hub_id, const struct signed_document *d);
uint32_t stage_threshold(const struct staging *s, const struct root *signers);
/* A format that we read, and this hub's. */
CONSIGN_MUST_CHECK enum consign_err
stage_check_header(struct staging *s, const char *what, uint32_t format, struct consign_slice hub_id, uint64_t version);
/* The document's leaf says what the document is; in proven mode it is under the checkpoint. */
CONSIGN_MUST_CHECK enum consign_err stage_check_leaf(struct staging *s, const struct published_document *p, const char *org,
    uint64_t version, const struct consign_hash *hash, uint64_t *ret_leaf);
/* The reason beside a document is the one that was signed with it; who demands everything has it. ret_text: stays when there is none. */
CONSIGN_MUST_CHECK enum consign_err stage_reason(struct staging *s, const struct published_document *p, const char *what, uint64_t version,
    struct consign_slice digest, struct consign_slice *ret_text);
CONSIGN_MUST_CHECK enum consign_err stage_directory(struct staging *s, const struct sliced_bundle *b);
CONSIGN_MUST_CHECK enum consign_err stage_policy(struct staging *s, const struct sliced_bundle *b);

#endif
