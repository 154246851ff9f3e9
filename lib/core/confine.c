/* Landlock by its system calls: the C library has no wrappers, and the headers of Debian 12 stop at the first rights. */
#include "core/confine.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Kernel interface, which never changes (include/uapi/linux/landlock.h of Linux 6.12). */
#define FS_TRUNCATE (1ull << 14)  /* version 3 */
#define FS_IOCTL_DEV (1ull << 15) /* 5 */
#define NET_BIND_TCP (1ull << 0)  /* 4 */
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0) /* 6 */
#define SCOPE_SIGNAL (1ull << 1)

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_ALL_1 ((1ull << 13) - 1)
#define FS_CHANGE                                                                                                                             \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK              \
	    | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR)

/* Where the C library looks up names of hosts, users and time zones, and loads what it needs for that; devices of no consequence. */
static const struct {
	const char *path;
	uint64_t access;
} elsewhere[] = {
    {"/etc", FS_READ},
    {"/usr", FS_READ},
    {"/lib", FS_READ},
    {"/lib64", FS_READ},
    {"/run", FS_READ},
    {"/proc", FS_READ},
    {"/sys", FS_READ},
    {"/dev", FS_READ},
    {"/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE},
};

/* What is not there needs no rule. */
static bool
allow_below(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = open(path, O_PATH | O_CLOEXEC)};

	if (rule.parent_fd < 0)
		return false;
	bool ok = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;

	close(rule.parent_fd);
	return ok;
}

static struct ruleset
ruleset_for(const struct confinement *c, long abi)
{
	struct ruleset r = {.fs = FS_ALL_1};

	if (abi >= 2)
		r.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (abi >= 4)
		r.net = (c->no_listen ? NET_BIND_TCP : 0) | (c->no_connect ? NET_CONNECT_TCP : 0);
	if (abi >= 6)
		r.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
	return r;
}

enum consign_err
confine(const struct confinement *c, int *ret_abi)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	*ret_abi = abi > 0 ? (int)abi : 0;
	if (abi <= 0)
		return CONSIGN_E_NOT_FOUND;
	struct ruleset r = ruleset_for(c, abi);
	size_t size = abi >= 6 ? sizeof r : abi >= 4 ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, net);
	int fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);

	if (fd < 0)
		return CONSIGN_E_IO;
	bool ok = allow_below(fd, c->home, (FS_READ | FS_CHANGE | (r.fs & (LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE))));

	for (size_t i = 0; ok && i < sizeof elsewhere / sizeof *elsewhere; i++)
		(void)allow_below(fd, elsewhere[i].path, elsewhere[i].access);
	ok = ok && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return ok ? CONSIGN_OK : CONSIGN_E_IO;
}
