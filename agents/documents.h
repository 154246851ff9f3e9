/* Documents from the broker: verified, taken in, stored. Threads: the loop. Source: docs/PROTOCOL.md 7.4 */
#ifndef AGENTS_DOCUMENTS_H
#define AGENTS_DOCUMENTS_H

#include "agent.h"
#include "wire/session_wire.h"

void documents_take(struct agent *a, const struct session_documents *documents);
/* What the store holds, into the hub; and the last checkpoint. */
CONSIGN_MUST_CHECK enum consign_err documents_load(struct agent *a);

#endif
