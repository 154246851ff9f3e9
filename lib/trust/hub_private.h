/* The inside of a hub, shared by hub.c, stage.c and slice.c. Private to lib/trust. */
#ifndef TRUST_HUB_PRIVATE_H
#define TRUST_HUB_PRIVATE_H

#include "trust/hub.h"

/* One Documents message taken in: the cells below point into its arena, so it lives as long as one of them does. */
struct hub_frame {
	struct arena *arena;
	size_t refs;
};

struct root_cell {
	struct hub_root root;
	struct hub_frame *frame;
};

/* One that was merged of a slice held before and a later one of the same version keeps the earlier cell: it points into it. */
struct directory_cell {
	struct hub_directory directory;
	struct hub_frame *frame;
	struct sliced_bundle merged;
	struct directory_cell *before;
};

struct policy_cell {
	struct hub_policy policy;
	struct hub_frame *frame;
	struct sliced_bundle merged;
	struct policy_cell *before;
};

struct card_cell {
	struct hub_card card;
	struct hub_frame *frame;
};

/* Growing arrays of owned pointers, each sorted as its comment says. */
struct cell_list {
	void **v;
	size_t n;
	size_t cap;
};

struct hub {
	struct consign_hash id;
	bool complete;
	uint64_t pinned_version; /* 0: none */
	struct consign_hash pinned_hash;
	struct cell_list roots;       /* root_cell, version 1 upwards without gaps */
	struct cell_list directories; /* directory_cell, by version */
	struct cell_list policies;    /* policy_cell, by version */
	struct cell_list cards;       /* card_cell, by org, then version */
	struct checkpoint checkpoint;
	struct buf note;
	uint64_t documents_size; /* see hub_documents_size */
};

struct hub_stage {
	struct hub_frame *frame;
	struct cell_list roots;
	struct cell_list directories;
	struct cell_list policies;
	struct cell_list cards;
	bool has_checkpoint;
	bool is_whole; /* a whole slice: directory, policy and cards; what was fetched has not all of them */
	struct checkpoint checkpoint;
	struct buf note;
};

CONSIGN_MUST_CHECK enum consign_err cell_list_put(struct cell_list *list, void *cell);
CONSIGN_MUST_CHECK enum consign_err cell_list_reserve(struct cell_list *list, size_t more);
void hub_frame_release(struct hub_frame **frame);
void root_cell_free(struct root_cell *cell);
void directory_cell_free(struct directory_cell *cell);
void policy_cell_free(struct policy_cell *cell);
void card_cell_free(struct card_cell *cell);

/* Verifies a checkpoint update against what the hub knows, under the given ledger key. */
CONSIGN_MUST_CHECK enum consign_err hub_check_update(const struct hub *hub, const struct consign_public_key *ledger_key,
    const struct checkpoint_update *update, struct checkpoint *ret_checkpoint);

#endif
