/*
 * The event loop on czmq's zloop. Watches are small heap records, because zloop hands one pointer to a handler and ours
 * needs two (function and context). Ended watches are freed after the dispatch that ended them: zloop may still hold
 * their poll item in the round under way.
 */
#include "net/loop.h"

#include <czmq.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>

struct watch {
	struct loop *loop;
	struct watch *next;
	loop_handler *handler; /* NULL once ended */
	void *context;
	int fd; /* -1 for a socket or timer */
	void *socket;
	int timer;
	bool once;
};

struct loop {
	zloop_t *zloop;
	struct watch *watches;
	struct watch *ended;
	int signal_fd;
	bool stopping;
	loop_handler *on_signal;
	void *on_signal_context;
};

enum consign_err
loop_new(struct loop **ret_loop)
{
	/* czmq installs its own SIGINT and SIGTERM handlers unless told not to; the daemon owns its signals. */
	setenv("ZSYS_SIGHANDLER", "false", 1);
	struct loop *loop = calloc(1, sizeof *loop);

	if (loop == NULL)
		return CONSIGN_E_NO_MEMORY;
	loop->signal_fd = -1;
	loop->zloop = zloop_new();
	if (loop->zloop == NULL) {
		free(loop);
		return CONSIGN_E_NO_MEMORY;
	}
	zloop_set_nonstop(loop->zloop, true);
	*ret_loop = loop;
	return CONSIGN_OK;
}

static void
free_list(struct watch **list)
{
	while (*list != NULL) {
		struct watch *next = (*list)->next;

		free(*list);
		*list = next;
	}
}

void
loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	zloop_destroy(&(*loop)->zloop);
	free_list(&(*loop)->watches);
	free_list(&(*loop)->ended);
	if ((*loop)->signal_fd >= 0)
		close((*loop)->signal_fd);
	free(*loop);
	*loop = NULL;
}

static void
end_watch(struct loop *loop, struct watch *w)
{
	for (struct watch **at = &loop->watches; *at != NULL; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	w->handler = NULL;
	w->next = loop->ended;
	loop->ended = w;
}

static int
dispatch(struct watch *w)
{
	struct loop *loop = w->loop;

	if (w->handler != NULL)
		w->handler(w->context);
	return loop->stopping ? -1 : 0;
}

static int
on_poll(zloop_t *zloop, zmq_pollitem_t *item, void *arg)
{
	(void)zloop;
	(void)item;
	return dispatch(arg);
}

static int
on_timer(zloop_t *zloop, int timer, void *arg)
{
	struct watch *w = arg;

	(void)zloop;
	(void)timer;
	if (!w->once || w->handler == NULL)
		return dispatch(w);
	struct loop *loop = w->loop;
	loop_handler *handler = w->handler;
	void *context = w->context;

	end_watch(loop, w); /* before the call: the handler may set the next one */
	handler(context);
	return loop->stopping ? -1 : 0;
}

static int
sweep(zloop_t *zloop, int timer, void *arg)
{
	struct loop *loop = arg;

	(void)zloop;
	(void)timer;
	free_list(&loop->ended);
	return 0;
}

void
loop_run(struct loop *loop)
{
	loop->stopping = false;
	/* Timers run in a round of their own, after every poll item was served: here nothing points at ended watches. */
	int sweeping = zloop_timer(loop->zloop, 1000, 0, sweep, loop);

	while (!loop->stopping)
		zloop_start(loop->zloop);
	if (sweeping >= 0)
		zloop_timer_end(loop->zloop, sweeping); /* else whoever runs it again and again has one more timer each time */
}

void
loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

static struct watch *
new_watch(struct loop *loop, loop_handler *handler, void *context)
{
	struct watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	*w = (struct watch){.loop = loop, .next = loop->watches, .handler = handler, .context = context, .fd = -1, .timer = -1};
	loop->watches = w;
	return w;
}

enum consign_err
loop_watch(struct loop *loop, int fd, enum loop_events events, loop_handler *handler, void *context)
{
	loop_unwatch(loop, fd);
	struct watch *w = new_watch(loop, handler, context);

	if (w == NULL)
		return CONSIGN_E_NO_MEMORY;
	w->fd = fd;
	zmq_pollitem_t item = {.fd = fd,
	    .events = (short)((events & LOOP_READ ? ZMQ_POLLIN : 0) | (events & LOOP_WRITE ? ZMQ_POLLOUT : 0))};

	if (zloop_poller(loop->zloop, &item, on_poll, w) != 0) {
		end_watch(loop, w);
		return CONSIGN_E_NO_MEMORY;
	}
	/* zloop drops a poller after an error on its fd unless told otherwise; the handler reads the error itself. */
	zloop_poller_set_tolerant(loop->zloop, &item);
	return CONSIGN_OK;
}

void
loop_unwatch(struct loop *loop, int fd)
{
	for (struct watch *w = loop->watches; w != NULL; w = w->next)
		if (w->fd == fd && w->handler != NULL) {
			zmq_pollitem_t item = {.fd = fd};

			zloop_poller_end(loop->zloop, &item);
			end_watch(loop, w);
			return;
		}
}

enum consign_err
loop_watch_socket(struct loop *loop, void *socket, loop_handler *handler, void *context)
{
	struct watch *w = new_watch(loop, handler, context);

	if (w == NULL)
		return CONSIGN_E_NO_MEMORY;
	w->socket = socket;
	zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

	if (zloop_poller(loop->zloop, &item, on_poll, w) != 0) {
		end_watch(loop, w);
		return CONSIGN_E_NO_MEMORY;
	}
	zloop_poller_set_tolerant(loop->zloop, &item);
	return CONSIGN_OK;
}

void
loop_unwatch_socket(struct loop *loop, void *socket)
{
	for (struct watch *w = loop->watches; w != NULL; w = w->next)
		if (w->socket == socket) {
			zmq_pollitem_t item = {.socket = socket};

			zloop_poller_end(loop->zloop, &item);
			end_watch(loop, w);
			return;
		}
}

static enum consign_err
start_timer(struct loop *loop, uint32_t ms, bool once, loop_handler *handler, void *context, int *ret_timer)
{
	struct watch *w = new_watch(loop, handler, context);

	if (w == NULL)
		return CONSIGN_E_NO_MEMORY;
	w->once = once;
	w->timer = zloop_timer(loop->zloop, ms, once ? 1 : 0, on_timer, w);
	if (w->timer < 0) {
		end_watch(loop, w);
		return CONSIGN_E_NO_MEMORY;
	}
	*ret_timer = w->timer;
	return CONSIGN_OK;
}

enum consign_err
loop_every(struct loop *loop, uint32_t interval_ms, loop_handler *handler, void *context, int *ret_timer)
{
	return start_timer(loop, interval_ms, false, handler, context, ret_timer);
}

enum consign_err
loop_once(struct loop *loop, uint32_t delay_ms, loop_handler *handler, void *context, int *ret_timer)
{
	return start_timer(loop, delay_ms, true, handler, context, ret_timer);
}

void
loop_cancel(struct loop *loop, int timer)
{
	for (struct watch *w = loop->watches; w != NULL; w = w->next)
		if (w->timer == timer && w->timer >= 0) {
			zloop_timer_end(loop->zloop, timer);
			end_watch(loop, w);
			return;
		}
}

static void
read_signal(void *context)
{
	struct loop *loop = context;
	struct signalfd_siginfo info;

	if (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
		loop->on_signal(loop->on_signal_context);
}

enum consign_err
loop_on_signals(struct loop *loop, loop_handler *handler, void *context)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error of that write, not the end */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	loop->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (loop->signal_fd < 0)
		return CONSIGN_E_IO;
	loop->on_signal = handler;
	loop->on_signal_context = context;
	return loop_watch(loop, loop->signal_fd, LOOP_READ, read_signal, loop);
}
