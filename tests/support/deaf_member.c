/*
 * A member that asks for its mail again and again, and reads none of it.
 *
 *   deaf-member HOME TIMES
 *
 * Prints "asked N times" when it has; from then on it is to be stopped (SIGSTOP), because its ZeroMQ would read by itself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "member.h"

int
main(int argc, char **argv)
{
	struct live_member *m = NULL;
	struct session_fetch all = {.redeliver_from = 1};
	uint64_t n = 0;

	if (argc != 3) {
		fputs("usage: deaf-member HOME TIMES\n", stderr);
		return 2;
	}
	uint64_t times = strtoull(argv[2], NULL, 10);

	if (member_open(argv[1], &m) != CONSIGN_OK || member_greet(m) != CONSIGN_OK) {
		fprintf(stderr, "deaf-member: error: %s\n", m != NULL ? m->problem : "");
		member_close(&m);
		return 1;
	}
	while (n < times && member_say(m, &(struct session_command){.fetch = &all}) == CONSIGN_OK)
		n++;
	printf("asked %llu times\n", (unsigned long long)n);
	fflush(stdout);
	getchar();
	member_close(&m);
	return 0;
}
