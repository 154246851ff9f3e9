/*
 * A preload library that lets the n-th allocation which the program itself asks for fail.
 *
 *   export SHIM_NO_MEMORY=$work/broker.memory
 *   LD_PRELOAD=$CONSIGN_BIN/shim_no_memory.so consign-broker --home $home
 *
 *   SHIM_NO_MEMORY   a file that says what fails, in one line; while it is absent or empty, nothing does:
 *                        FIRST COUNT NONCE
 *                    FIRST the first allocation that fails, from 1; COUNT how many then do, 0 for all; NONCE a number:
 *                    allocations are counted anew when it changes, and when the file comes again
 *   FILE.hit         grows by a line "CALL OFFSET N NONCE" for each that failed; OFFSET is where in the program (addr2line -e)
 *
 * Only malloc, calloc and realloc that are called from the main program's own text count. Libraries have their memory
 * always: several end the process when they have none, which is theirs to change. So what libc allocates for the program
 * (strdup, asprintf) is not tried.
 *
 * A test that goes through all n: writes the line with FIRST 1, 2, 3, ... until a scenario ends without a hit.
 *
 * Threads   any thread. Nothing here allocates
 */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, below every wrapper. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *at, size_t size);

static const char *order_path; /* NULL until start: what is allocated before passes */
static char hit_path[PATH_MAX];
static uintptr_t base, text_from, text_to; /* of the main program */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long long nonce, calls;

/* The first object is the main program. */
static int
find_text(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			text_from = base + info->dlpi_phdr[i].p_vaddr;
			text_to = text_from + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

__attribute__((constructor)) static void
start(void)
{
	const char *path = getenv("SHIM_NO_MEMORY");
	if (path == NULL || path[0] == '\0')
		return;
	int n = snprintf(hit_path, sizeof hit_path, "%s.hit", path);
	if (n < 0 || (size_t)n >= sizeof hit_path)
		shim_die("too long", path);
	dl_iterate_phdr(find_text, NULL);
	if (text_from == 0)
		shim_die("has no text", "the program");
	order_path = path;
}

struct order {
	unsigned long long first, count, nonce;
};

static bool
read_order(struct order *ret_order)
{
	char line[128];
	if (!shim_read_line(order_path, line, sizeof line))
		return false;
	if (sscanf(line, "%llu %llu %llu", &ret_order->first, &ret_order->count, &ret_order->nonce) != 3)
		shim_die("not FIRST COUNT NONCE", line);
	return true;
}

static void
tell_hit(const struct order *order, const char *call, uintptr_t caller)
{
	char line[200];
	int n = snprintf(line, sizeof line, "%s 0x%llx %llu %llu\n", call, (unsigned long long)(caller - base), calls, order->nonce);
	int fd = (int)syscall(SYS_openat, AT_FDCWD, hit_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (n < 0 || (size_t)n >= sizeof line || fd < 0 || syscall(SYS_write, fd, line, (size_t)n) != n)
		shim_die("cannot write", hit_path);
	syscall(SYS_close, fd);
}

/* Whether this allocation is one that fails; then errno is set. */
static bool
fails(const char *call, const void *return_address)
{
	/* of the call, not of what follows it, which may be another function */
	uintptr_t caller = (uintptr_t)return_address - 1;
	struct order order;
	bool is_failing = false;
	if (order_path == NULL || caller < text_from || caller >= text_to)
		return false;
	int saved_errno = errno;
	pthread_mutex_lock(&lock);
	if (!read_order(&order)) {
		nonce = 0;
	} else {
		if (order.nonce != nonce) {
			nonce = order.nonce;
			calls = 0;
		}
		calls++;
		is_failing = calls >= order.first && (order.count == 0 || calls - order.first < order.count);
		if (is_failing)
			tell_hit(&order, call, caller);
	}
	pthread_mutex_unlock(&lock);
	errno = is_failing ? ENOMEM : saved_errno;
	return is_failing;
}

/* --- what the program calls --- */

SHIM_EXPORT void *
malloc(size_t size)
{
	return fails("malloc", __builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

SHIM_EXPORT void *
calloc(size_t count, size_t size)
{
	return fails("calloc", __builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

SHIM_EXPORT void *
realloc(void *at, size_t size)
{
	return fails("realloc", __builtin_return_address(0)) ? NULL : __libc_realloc(at, size);
}
