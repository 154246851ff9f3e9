/*
 * Accusations: misbehaviour of the broker, or of somebody through it, that this agent found proof of. Each is said once in the
 * log, shown in `status`, and has its evidence in a folder of its own, HOME/evidence/<time>-<kind>:
 *
 *   about.txt              who, what, since when, and what this agent held then
 *   said.bin               the command as the broker said it (docs/PROTOCOL.md 7); manifest.bin and body.bin: its other frames
 *   checkpoint-held.txt    the signed note that was verified before: with the one in said.bin, both sides of a fork
 *   root-held.bin          the newest root that was verified, signed
 *
 * The folders are read at the next start: what was proven is not forgotten by a restart. Whoever has dealt with one moves it
 * away.
 *
 * Threads   the loop
 */
#ifndef AGENTS_ACCUSATIONS_H
#define AGENTS_ACCUSATIONS_H

#include "agent.h"
#include "ledger/checkpoint.h"

/* What the broker said, as frames. Empty ones were not there. */
struct evidence {
	struct consign_slice command;
	struct consign_slice manifest;
	struct consign_slice body;
};

CONSIGN_MUST_CHECK enum consign_err accusations_new(struct agent *a, struct accusations **ret_accusations);
void accusations_free(struct accusations **accusations);

/* As accuse, of what was said otherwise than in the one frame that the uplink is at; NULL: in that frame. */
void accuse_with(struct agent *a, const char *kind, const char *what, const struct evidence *said);
/* A checkpoint that hub_advance refused; err says why. */
void accuse_ledger(struct agent *a, enum consign_err err, const struct evidence *said);

#endif
