/*
 * Confinement: what a daemon may touch of the machine it runs on, told to the kernel (Landlock) once it has opened its home and before it
 * talks to anybody. What it gives up it cannot get back, nor can what it starts.
 *
 *   files      may be changed only below the home, read only there and where the system's libraries look up names; no program can be started
 *   network    a broker makes no TCP connection; an agent listens on no TCP port
 *   processes  no signals to, and no abstract sockets of, processes outside
 *
 * How much of it holds depends on the kernel: 5.13 files, 6.7 network, 6.12 processes.
 *
 * Threads   before the first thread is made: only threads made later are bound by it
 * Source    docs/THREATS.md; Documentation/userspace-api/landlock.rst of Linux
 */
#ifndef CORE_CONFINE_H
#define CORE_CONFINE_H

#include <stdbool.h>

#include "consign/error.h"

struct confinement {
	const char *home;
	bool no_connect; /* makes no TCP connections */
	bool no_listen;  /* listens on no TCP port */
};

/*
 * ret_abi: what of Landlock the kernel knows; 0 none of it.
 * Errors: NOT_FOUND (no Landlock in this kernel, or not for us: nothing changed), IO (home cannot be opened, or the kernel refuses)
 */
CONSIGN_MUST_CHECK enum consign_err confine(const struct confinement *c, int *ret_abi);

#endif
