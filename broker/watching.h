/*
 * What administrators watch: refusals, joins, documents and acts as the ledger has them, and what is in no ledger, such as who connects,
 * while it happens.
 *
 *   on_admin_watch ─► from the ledger, on the reader thread, a page a question, until the present ─► from memory, as it happens
 *
 * A watcher asks, is answered once, and asks again: nothing waits here for one that does not read. It is given the rest from the
 * ledger later, and told how much was dropped of what is in no ledger. While nobody watches nothing is kept.
 *
 * A new kind of event is one line, where it happens:
 *
 *   watching_tell(b, &(struct admin_event){.kind = "connected", .org = slice_text(s->name)});
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 7.12
 */
#ifndef BROKER_WATCHING_H
#define BROKER_WATCHING_H

#include "broker.h"

struct watching;
void watching_free(struct watching **watching);
/* Keeps a copy. at_us 0: now. */
void watching_tell(struct broker *b, const struct admin_event *event);
/* Something was postponed. Of one organisation and code one event a second, which counts the others. */
void watching_postponed(struct broker *b, const char *org, const char *whom, enum consign_code code, struct consign_slice detail);
/* Leaves that have become durable. */
void watching_leaves(struct broker *b, const struct store_entry *entry);
/* Answers those who have asked, when there is something. */
void watching_pump(struct broker *b);
/* The same, and forgets those who are gone. */
void watching_tick(struct broker *b);

#endif
