/*
 * What the broker answers to a request, caught on the way; and no memory for what it would write down. Include after cmocka.h, and link
 * with --wrap=say_done and --wrap=broker_entry.
 */
#ifndef DONE_WRAPS_H
#define DONE_WRAPS_H

#include <stdio.h>

#include "broker.h"
#include "trust/hub.h"

static enum consign_code done_code;
static char done_detail[HUB_PROBLEM_BYTES];
static bool is_written; /* it got as far as an entry */

void __wrap_say_done(struct broker *b, struct session *s, uint64_t request, enum consign_code code, const char *detail);
enum consign_err __wrap_broker_entry(struct broker *b, size_t arena_bytes, size_t entry_bytes, struct store_entry **ret_entry);

void
__wrap_say_done(struct broker *b, struct session *s, uint64_t request, enum consign_code code, const char *detail)
{
	(void)b;
	(void)s;
	(void)request;
	done_code = code;
	snprintf(done_detail, sizeof done_detail, "%s", detail);
}

/* What was not refused gets this far, and hears TRY_LATER. */
enum consign_err
__wrap_broker_entry(struct broker *b, size_t arena_bytes, size_t entry_bytes, struct store_entry **ret_entry)
{
	(void)b;
	(void)arena_bytes;
	(void)entry_bytes;
	(void)ret_entry;
	is_written = true;
	return CONSIGN_E_NO_MEMORY;
}

#endif
