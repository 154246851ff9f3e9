/*
 * A policy picked by what a person typed: in force, a version, the one of a time, a file. Versions and times are an
 * administrator's: the broker is asked for older ones, which are verified like the newest.
 *
 * Functions here say what is wrong before they return an error.
 */
#ifndef CLI_POLICY_PICK_H
#define CLI_POLICY_PICK_H

#include "policy_source.h"

/* Where policies are picked from; opened when it is first needed, so that two files need no home. Ends with shelf_close. */
struct policy_shelf {
	const struct args *args;
	struct policy_source source;
	bool is_open;
};

struct policy_pick {
	char name[80]; /* "policy 3", "draft.yaml" */
	struct policy_view view;
	const struct policy *policy;           /* lent by this pick or by the shelf */
	const struct hub_root *since;          /* the root that put it in force; NULL: a file, or at a company */
	const struct hub_root *root;           /* the last root that names it (up to the time asked about) */
	const struct hub_directory *directory; /* of that root; NULL as above */
	struct policy *own_policy;             /* a file's */
	struct arena *arena;
	struct buf source;
	void *memory;
};

CONSIGN_MUST_CHECK enum consign_err shelf_open(struct policy_shelf *shelf);
/* At a company: the policy under which a message was decided, as far as its agent holds it (policy_source_open_of). */
CONSIGN_MUST_CHECK enum consign_err shelf_open_of(struct policy_shelf *shelf, const char *message);
void shelf_close(struct policy_shelf *shelf);
/* The open hub of an administrator; NULL at a company, or before shelf_open. */
const struct hub *shelf_hub(const struct policy_shelf *shelf);

CONSIGN_MUST_CHECK enum consign_err pick_in_force(struct policy_shelf *shelf, struct policy_pick *ret_pick);
CONSIGN_MUST_CHECK enum consign_err pick_version(struct policy_shelf *shelf, uint64_t version, struct policy_pick *ret_pick);
/* As a root names it; at an administrator's. */
CONSIGN_MUST_CHECK enum consign_err pick_root(struct policy_shelf *shelf, uint64_t version, struct policy_pick *ret_pick);
CONSIGN_MUST_CHECK enum consign_err pick_time(struct policy_shelf *shelf, uint64_t at_us, struct policy_pick *ret_pick);
CONSIGN_MUST_CHECK enum consign_err pick_file(const char *file, struct policy_pick *ret_pick);
/* "in-force", a number, or a file. */
CONSIGN_MUST_CHECK enum consign_err pick_word(struct policy_shelf *shelf, const char *word, struct policy_pick *ret_pick);
/* --version or --at, else the one in force. ret_at_us: the time that is asked about; now when none was given. */
CONSIGN_MUST_CHECK enum consign_err pick_option(struct policy_shelf *shelf, struct policy_pick *ret_pick, uint64_t *ret_at_us);
void pick_clear(struct policy_pick *pick);

/* The first and the last root that name a version of the policy; NULL: none does. */
const struct hub_root *root_first_with_policy(const struct hub *hub, uint64_t version);
const struct hub_root *root_last_with_policy(const struct hub *hub, uint64_t version);
/* The last root that was made at a time or before it; NULL: none. */
const struct hub_root *root_at_time(const struct hub *hub, uint64_t at_us);
/* Whether the nth administrator of the root before it signed this root; of the first root, its own. NULL past the last. */
const struct admin *root_admin_nth(const struct hub *hub, const struct hub_root *root, size_t n, bool *ret_signed);
/* "alice, bob": the administrators whose signatures a root bears. */
#define SIGNERS_BYTES 512
const char *root_signers(const struct hub *hub, const struct hub_root *root, char ret_names[SIGNERS_BYTES]);
json_t *root_signers_json(const struct hub *hub, const struct hub_root *root);

#endif
