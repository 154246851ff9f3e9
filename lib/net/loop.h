/*
 * The event loop of a daemon: one thread, one poll, timers in the same loop. Built on czmq's zloop.
 *
 * Handlers return nothing: a handler cannot end the loop by its result; loop_stop does.
 * Threads   one loop a thread; nothing here may be called from another
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "consign/error.h"

struct loop;
typedef void loop_handler(void *context); /* a function type, so that handlers are declared in one word */

enum loop_events { LOOP_READ = 1, LOOP_WRITE = 2 };

/* Also keeps czmq from taking the process's signals. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err loop_new(struct loop **ret_loop);
void loop_free(struct loop **loop);
/* Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Calls handler while fd is ready (level-triggered); also on error or hang-up. Replaces an earlier watch of fd. */
CONSIGN_MUST_CHECK enum consign_err loop_watch(struct loop *loop, int fd, enum loop_events events, loop_handler *handler, void *context);
void loop_unwatch(struct loop *loop, int fd);
/* The same for a ZeroMQ socket (transport.c gives its handle). */
CONSIGN_MUST_CHECK enum consign_err loop_watch_socket(struct loop *loop, void *socket, loop_handler *handler, void *context);
void loop_unwatch_socket(struct loop *loop, void *socket);
/* Calls handler every interval_ms, or once. ret_timer ends it. */
CONSIGN_MUST_CHECK enum consign_err loop_every(struct loop *loop, uint32_t interval_ms, loop_handler *handler, void *context, int *ret_timer);
CONSIGN_MUST_CHECK enum consign_err loop_once(struct loop *loop, uint32_t delay_ms, loop_handler *handler, void *context, int *ret_timer);
void loop_cancel(struct loop *loop, int timer);
/* SIGTERM and SIGINT call handler in the loop; SIGPIPE is ignored. Call before any thread is started. */
CONSIGN_MUST_CHECK enum consign_err loop_on_signals(struct loop *loop, loop_handler *handler, void *context);

#endif
