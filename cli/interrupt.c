/* See interrupt.h. */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

#include "print.h"

enum consign_err
interrupt_open(int *ret_fd)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return say_fail(CONSIGN_E_IO, "signals cannot be caught");
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *ret_fd >= 0 ? CONSIGN_OK : say_fail(CONSIGN_E_IO, "signals cannot be caught");
}
