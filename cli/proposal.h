/*
 * A proposal at an administrator's: verified against the hub that this home knows, shown for what it means, and answered.
 * The same for one that the broker tells of and for one that came in a file to a machine without network.
 *
 * Functions here say what is wrong before they return an error, but for the text forms.
 * Source   docs/PROTOCOL.md 3.7
 */
#ifndef CLI_PROPOSAL_H
#define CLI_PROPOSAL_H

#include "core/secret.h"
#include "trust/hub.h"
#include "wire/session_wire.h"

/* How an id is shown and typed: the first 8 bytes of 32, in hex. */
#define PROPOSAL_ID_BYTES 17
const char *proposal_id_text(const struct consign_hash *id, char ret_text[PROPOSAL_ID_BYTES]);
/* "open", "in force", "rejected" … */
const char *proposal_state_text(uint32_t state);

/* A proposal and what was said to it; all signatures verified. */
struct seen_decision {
	const struct decision *decision;
	const struct signed_document *document;
};
struct proposal_seen {
	const struct hub *hub; /* lent */
	struct arena *arena;
	struct consign_hash id;
	const struct signed_document *document;
	const struct proposal *content;
	uint32_t state; /* as the broker says: what it does with it shows in the ledger */
	uint64_t ended_us;
	struct session_documents *documents; /* NULL in a list */
	struct seen_decision decisions[CONSIGN_ADMINS_MAX];
	size_t n_decisions;
	size_t approvals; /* the author's is the first */
};

/*
 * row       lends; what of it ret_seen shows (document, documents, decisions) lives as long as the row does
 * ret_seen  end with proposal_clear
 * Errors: MALFORMED, BAD_SIGNATURE, NO_MEMORY. An ended proposal may be signed by who is no administrator any more: its
 * signatures are then not looked at, because it cannot be answered.
 */
CONSIGN_MUST_CHECK enum consign_err proposal_open(const struct hub *hub, const struct proposal_row *row, struct proposal_seen *ret_seen);
void proposal_clear(struct proposal_seen *p);
/*
 * What it would change, appended as lines: its documents verified as the broker would, but for the signatures that are
 * missing. Errors: those of hub_stage; CONFLICT (the policy's text says something else than its parts); STATE (no documents)
 */
CONSIGN_MUST_CHECK enum consign_err proposal_changes(const struct proposal_seen *p, struct buf *out);
/*
 * What this administrator says to it, signed; approving signs each of its documents, which proposal_changes verified.
 * arena        the decision lives there
 * Errors: NO_MEMORY, STATE
 */
CONSIGN_MUST_CHECK enum consign_err proposal_decide(const struct proposal_seen *p, enum decision_kind kind, const char *administrator,
    const struct secret *signing, const char *reason, uint64_t now_us, struct arena *arena, struct signed_document **ret_decision);

/*
 * A file that carries a proposal to a machine without network: the proposal, and the chain of roots with the directory and
 * policy in force, so that it can be verified and understood there. Errors: NO_MEMORY, TOO_BIG
 */
CONSIGN_MUST_CHECK enum consign_err proposal_file_format(const struct proposal_seen *p, struct buf *out);
/* Reads it into a hub of its own. ret_hub, ret_arena: end with hub_free, arena_free after proposal_clear. */
CONSIGN_MUST_CHECK enum consign_err proposal_file_parse(struct consign_slice text, const struct consign_hash *hub_id, struct hub **ret_hub,
    struct arena **ret_arena, struct proposal_row **ret_row);
/* The answer, to be carried back. */
CONSIGN_MUST_CHECK enum consign_err decision_file_format(const struct signed_document *decision, struct buf *out);
CONSIGN_MUST_CHECK enum consign_err decision_file_parse(struct consign_slice text, struct arena *arena, struct signed_document **ret_decision);

#endif
