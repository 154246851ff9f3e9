/*
 * The newest freshness statement: taken from the agent that the root names, kept in the home, passed on to everybody. The broker carries it
 * and cannot make one.
 *
 * Threads   the loop
 * Source    docs/PROTOCOL.md 3.8, 7.13
 */
#ifndef BROKER_FRESHNESS_H
#define BROKER_FRESHNESS_H

#include "broker.h"

/* What was kept before a restart; what cannot be read is asked for anew when its author connects. */
void freshness_load(struct broker *b);
/* The newest, to one session; nothing when there is none. */
void freshness_say(struct broker *b, struct session *s);

#endif
