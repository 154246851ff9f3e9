/* `consign policy edit` and `consign policy rollback`: the policy in force, by hand; and an older one again. */
#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/limits.h"
#include "policy_change.h"
#include "print.h"

#define SUFFIX ".yaml" /* editors go by it */

/* ── edit ── */

/* A file that nobody else can read, in the home. gives; free() it */
static enum consign_err
write_draft(const struct home *home, struct consign_slice source, char **ret_path)
{
	char *path = home_path(home, "policy-XXXXXX" SUFFIX);
	int fd = path == NULL ? -1 : mkstemps(path, (int)strlen(SUFFIX));

	if (fd < 0) {
		say_error("%s: %s", path == NULL ? home->dir : path, strerror(errno));
		free(path);
		return CONSIGN_E_IO;
	}
	close(fd);
	enum consign_err err = file_write(path, source, 0600);

	if (err != CONSIGN_OK) {
		say_error("%s: %s", path, consign_err_text(err));
		unlink(path);
		free(path);
		return err;
	}
	*ret_path = path;
	return CONSIGN_OK;
}

/* The variables hold a command line, as other programs take it: the shell splits it. */
static enum consign_err
run_editor(const char *path)
{
	static const char line[] = "exec ${VISUAL:-${EDITOR:-vi}} \"$1\"";
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		execl("/bin/sh", "sh", "-c", line, "consign", path, (char *)NULL);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		say_error("the editor ended with a failure");
		say_hint("VISUAL or EDITOR in the environment says which editor to use");
		return CONSIGN_E_IO;
	}
	return CONSIGN_OK;
}

static bool
wants_to_edit_again(void)
{
	char answer[16];

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	fprintf(stderr, "edit again? [Y/n] ");
	return fgets(answer, sizeof answer, stdin) != NULL && answer[0] != 'n' && answer[0] != 'N';
}

/* What the editor left is read and checked, under the documents of now. */
static enum consign_err
read_back(struct policy_change *c, const char *path, uint64_t version)
{
	buf_reset(&c->after);
	enum consign_err err = file_read(path, CONSIGN_POLICY_SOURCE_MAX_BYTES, &c->after);

	if (err != CONSIGN_OK)
		return say_fail(err, "%s: %s", path, consign_err_text(err));
	if (slice_equal(buf_slice(&c->before), buf_slice(&c->after)))
		return CONSIGN_OK;
	/* Nobody keeps a broker waiting for an editor. */
	err = admin_reopen(&c->desk, false);
	if (err == CONSIGN_OK && hub_policy(c->desk.hub)->version != version)
		err = say_fail(CONSIGN_E_CONFLICT, "policy %llu came into force while this was an edit of policy %llu",
		    (unsigned long long)hub_policy(c->desk.hub)->version, (unsigned long long)version);
	return err == CONSIGN_OK ? policy_change_check(c, path) : err;
}

static enum consign_err
edit_until_right(struct policy_change *c, const char *path, uint64_t version)
{
	for (;;) {
		enum consign_err err = run_editor(path);

		if (err == CONSIGN_OK)
			err = read_back(c, path, version);
		if (err != CONSIGN_E_CONFIG || !wants_to_edit_again())
			return err;
	}
}

enum consign_err
cmd_policy_edit(const struct args *args)
{
	struct policy_change change = {0};
	char *path = NULL;
	enum consign_err err = policy_change_open(args, &change);

	if (err != CONSIGN_OK)
		return err;
	uint64_t version = hub_policy(change.desk.hub)->version;

	err = write_draft(&change.desk.home, buf_slice(&change.before), &path);
	if (err == CONSIGN_OK) {
		hub_session_close(&change.desk.session);
		change.desk.hub = NULL;
		err = edit_until_right(&change, path, version);
	}
	if (err == CONSIGN_OK && slice_equal(buf_slice(&change.before), buf_slice(&change.after)))
		printf("the text is as it was: nothing was changed\n");
	else if (err == CONSIGN_OK)
		err = policy_change_commit(&change);
	if (err == CONSIGN_OK && path != NULL)
		unlink(path);
	else if (path != NULL)
		say_hint("the text is kept in %s; `consign policy apply` takes it", path);
	free(path);
	policy_change_close(&change);
	return err;
}

/* ── rollback ── */

/* The newest root that names a policy's version; NULL when none does. */
static const struct hub_root *
root_with_policy(const struct hub *hub, uint64_t version)
{
	for (uint64_t v = hub_root(hub)->root->version; v > 0; v--) {
		const struct hub_root *root = hub_root_at(hub, v);

		if (root != NULL && root->root->policy != NULL && root->root->policy->version == version)
			return root;
	}
	return NULL;
}

static enum consign_err
roll_back(struct policy_change *c, uint64_t version)
{
	const struct hub_root *root = root_with_policy(c->desk.hub, version);

	if (root == NULL)
		return say_fail(CONSIGN_E_NOT_FOUND, "there was no policy %llu: the one in force is %llu", (unsigned long long)version,
		    (unsigned long long)hub_policy(c->desk.hub)->version);
	enum consign_err err = hub_session_fetch_root(c->desk.session, root->root->version);

	if (err == CONSIGN_OK)
		err = policy_change_source(hub_policy_at(c->desk.hub, version), &c->after);
	return err == CONSIGN_OK ? policy_change_commit(c) : err;
}

enum consign_err
cmd_policy_rollback(const struct args *args)
{
	struct policy_change change = {0};
	char *end;
	unsigned long long version = strtoull(args->words[0], &end, 10);

	if (args->words[0][0] < '0' || args->words[0][0] > '9' || *end != '\0' || version == 0)
		return say_fail(CONSIGN_E_USAGE, "%s is no version: expected a number from 1", args->words[0]);
	enum consign_err err = policy_change_open(args, &change);

	if (err != CONSIGN_OK)
		return err;
	err = roll_back(&change, version);
	policy_change_close(&change);
	return err;
}
