/*
 * A member that fills a mailbox: so many consignments of 128 messages each, as fast as the broker takes them. The messages are sealed once
 * and sent again under new ids, which the broker cannot tell; who unseals them would.
 *
 *   bulk-member HOME TO STUDY CONSIGNMENTS
 *
 * Prints how many messages were accepted, and in how many milliseconds. Exit 1 when one was not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "member.h"

/* Below the window. */
#define AT_ONCE 60u

static int
fail(const struct live_member *m, const char *what)
{
	fprintf(stderr, "bulk-member: error: %s: %s\n", what, m != NULL ? m->problem : "");
	return 1;
}

static enum consign_err
draft_bundle(struct live_member *m, const char *to, const char *study, struct draft *ret_draft)
{
	static struct sealing_item items[CONSIGN_BUNDLE_MAX_ITEMS];
	struct consign_org org = {0};
	uint64_t now = clock_wall_us(m->agent.clock);
	struct sealing_order o = {.label = CONSIGN_LABEL_OPEN,
	    .attempt = 1,
	    .created_us = now,
	    .expires_us = now + CONSIGN_EXPIRES_DEFAULT_US,
	    .consignees = &org,
	    .n_consignees = 1,
	    .items = items,
	    .n_items = CONSIGN_BUNDLE_MAX_ITEMS};
	struct buf plain = {0};
	uint8_t random[10];
	enum consign_err err = member_payload(slice_text("a message"), &plain);

	snprintf(org.s, sizeof org.s, "%s", to);
	snprintf(o.study.s, sizeof o.study.s, "%s", study);
	random_bytes(random, sizeof random);
	id_make(now, random, &o.id);
	for (size_t i = 0; i < CONSIGN_BUNDLE_MAX_ITEMS; i++) {
		items[i].index = (uint32_t)i;
		snprintf(items[i].type.s, sizeof items[i].type.s, "x.bulk");
		items[i].plain = buf_slice(&plain);
	}
	if (err == CONSIGN_OK)
		err = member_draft(m, &o, ret_draft);
	buf_clear(&plain);
	return err;
}

static int
fill(struct live_member *m, struct draft *d, uint64_t consignments)
{
	struct answer a;

	for (uint64_t sent = 0, answered = 0; answered < consignments;) {
		if (sent < consignments && sent - answered < AT_ONCE) {
			random_bytes(d->manifest->consignment_id.b + 8, sizeof d->manifest->consignment_id.b - 8);
			if (member_sign(m, d) != CONSIGN_OK || member_submit(m, d, ++sent) != CONSIGN_OK)
				return fail(m, "submitting");
			continue;
		}
		if (member_answer(m, ++answered, &a) != CONSIGN_OK)
			return fail(m, "an answer");
		if (a.kind != ANSWER_ACCEPTED) {
			fprintf(stderr, "bulk-member: error: not accepted: %s %s %s\n", consign_code_text(a.code), a.org, a.detail);
			return 1;
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct live_member *m = NULL;
	struct draft d = {0};
	int status;

	if (argc != 5) {
		fputs("usage: bulk-member HOME TO STUDY CONSIGNMENTS\n", stderr);
		return 2;
	}
	uint64_t consignments = strtoull(argv[4], NULL, 10);

	if (member_open(argv[1], &m) != CONSIGN_OK || member_greet(m) != CONSIGN_OK || draft_bundle(m, argv[2], argv[3], &d) != CONSIGN_OK) {
		status = fail(m, "the session");
		goto out;
	}
	m->wait_ms = 30000;
	uint64_t from = clock_steady_us(m->agent.clock);

	status = fill(m, &d, consignments);
	if (status == 0)
		printf("%llu messages accepted in %llu ms\n", (unsigned long long)(consignments * CONSIGN_BUNDLE_MAX_ITEMS),
		    (unsigned long long)((clock_steady_us(m->agent.clock) - from) / 1000));
out:
	draft_clear(&d);
	member_close(&m);
	return status;
}
