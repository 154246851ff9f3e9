/*
 * The unix socket door: HOME/agent.sock, mode 0600, peers of our own user (or root) only. Frames of local.proto.
 * Threads   the loop
 * Source    docs/PROTOCOL.md 8
 */
#ifndef AGENTS_DOORS_SOCKET_H
#define AGENTS_DOORS_SOCKET_H

#include "agent.h"

CONSIGN_MUST_CHECK enum consign_err socket_door_open(struct agent *a, struct socket_door **ret_door);
void socket_door_close(struct socket_door **door);
/* Own keys may be in force that somebody waits for. door may be NULL. */
void socket_door_keys(struct socket_door *door);

#endif
