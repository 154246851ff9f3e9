/*
 * acme's agent in the hub of hub_fixture.h, with an empty key file in a folder of its own. Include after cmocka.h, and link with
 * --wrap=uplink_restart.
 */
#ifndef KEYED_AGENT_H
#define KEYED_AGENT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hub_fixture.h"
#include "uplink.h"

static unsigned restarts; /* of the session, that were asked for */

void __wrap_uplink_restart(struct uplink *u, const char *why);

void
__wrap_uplink_restart(struct uplink *u, const char *why)
{
	(void)u;
	(void)why;
	restarts++;
}

static inline void
keyed_agent_begin(struct agent *a, struct hub_fixture *f, const struct consign_clock *clock, char home[64])
{
	restarts = 0;
	hub_fixture_begin(f, 1, 1);
	hub_fixture_standard(f);
	a->clock = clock;
	a->hub = hub_fixture_hub(f, true);
	a->hub_id = f->hub_id;
	snprintf(a->org.s, sizeof a->org.s, "acme");
	a->identity_key = fixture_org(f, "acme")->identity;
	assert_int_equal(keyfile_new("agent", "acme", NULL, &a->keys), CONSIGN_OK);
	snprintf(home, 64, "/tmp/consign-keys-XXXXXX");
	assert_non_null(mkdtemp(home));
	snprintf(a->key_path, sizeof a->key_path, "%s/agent.key", home);
}

static inline void
keyed_agent_end(struct agent *a, struct hub_fixture *f, const char *home)
{
	unlink(a->key_path);
	rmdir(home);
	seal_receiver_free(&a->receiver);
	keyfile_free(&a->keys);
	hub_free(&a->hub);
	hub_fixture_end(f);
}

#endif
