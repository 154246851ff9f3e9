/* Addresses as people give them: tcp://HOST:PORT. Pure. */
#ifndef CLI_ENDPOINT_H
#define CLI_ENDPOINT_H

#include <stdbool.h>

#include "core/bytes.h"

/* Whether it is tcp://HOST:PORT with a port from 1 to 65535; any: the host may be *, as for listening. */
bool endpoint_is_valid(const char *endpoint, bool any);
/*
 * Where to listen when only the advertised endpoint was given: there, when its host is this machine; else on every
 * address, because the advertised one may be a forwarder's.
 */
CONSIGN_MUST_CHECK enum consign_err endpoint_default_bind(const char *endpoint, struct buf *out);

#endif
