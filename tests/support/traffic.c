/*
 * Messages of several kinds, handed in steadily while something else changes, and what became of each of them, as `track` says
 * it.
 *
 *   traffic SOCKET TO[,TO…] STUDY COUNT FILE PER_LINE
 *
 * For each line that FILE has, and as it grows, PER_LINE of them may be handed in: so they are spread over what happens.
 *
 * Message n is of type x.steady or x.flip in turn, and each fifth has the label restricted. A line a message, in the order of
 * handing in, once all are settled or 60 s are over; fields between tabs:
 *   id  type  label  created_us  state  leaf or -  code or -  rule or -  then a field a consignee: ORG=STATE=CODE
 * Exit 1 when the agent failed. What it refused is no failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "consign/client.h"

#define AT_ONCE 8u /* handed in with one post */
#define TO_MAX 8u
#define WAIT_MS 60000u
#define IDS 64u

struct sent {
	char id[IDS];
	unsigned kind;
};

static int
fail(const char *what, enum consign_err err)
{
	fprintf(stderr, "traffic: error: %s: %s\n", what, consign_err_text(err));
	return 1;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
rest_until(double due)
{
	double left = due - seconds();

	if (left > 0)
		nanosleep(&(struct timespec){(time_t)left, (long)((left - (double)(time_t)left) * 1e9)}, NULL);
}

/* Until the file has so many lines, or 60 s are over. */
static void
await_lines(const char *path, size_t lines)
{
	double end = seconds() + WAIT_MS / 1000.0;

	for (size_t there = 0; there < lines && seconds() < end; rest_until(seconds() + 0.002)) {
		FILE *f = fopen(path, "r");
		int c;

		there = 0;
		while (f != NULL && (c = getc(f)) != EOF)
			there += c == '\n';
		if (f != NULL)
			fclose(f);
		if (there >= lines)
			return;
	}
}

static enum consign_err
hand_in(struct consign_client *client, const char *const *to, size_t n_to, const char *study, struct sent *sent, size_t first,
    size_t n)
{
	struct consign_outgoing messages[AT_ONCE];
	const struct consign_reply *reply;
	uint64_t number;

	for (size_t i = 0; i < n; i++) {
		unsigned kind = (unsigned)(first + i);

		messages[i] = (struct consign_outgoing){.to = to,
		    .n_to = n_to,
		    .study = study,
		    .type = kind % 2 == 0 ? "x.steady" : "x.flip",
		    .label = kind % 5 == 0 ? CONSIGN_LABEL_RESTRICTED : CONSIGN_LABEL_OPEN,
		    .content = {(const uint8_t *)"content", 7}};
		sent[first + i].kind = kind;
	}
	enum consign_err err = consign_client_post_send(client, messages, n, &number);

	if (err == CONSIGN_OK)
		err = consign_client_wait(client, number, WAIT_MS, &reply);
	if (err != CONSIGN_OK)
		return err;
	if (reply->kind != CONSIGN_REPLY_SEND || reply->n_outcomes != n)
		err = CONSIGN_E_MALFORMED;
	for (size_t i = 0; err == CONSIGN_OK && i < n; i++)
		snprintf(sent[first + i].id, IDS, "%s", reply->outcomes[i].id);
	consign_reply_free(&reply);
	return err;
}

static bool
is_settled(const struct consign_track *t)
{
	if (strcmp(t->state, "queued") == 0)
		return false;
	for (size_t i = 0; strcmp(t->state, "refused") != 0 && i < t->n_consignees; i++)
		if (strcmp(t->consignees[i].state, "delivered") != 0 && strcmp(t->consignees[i].state, "rejected") != 0)
			return false;
	return true;
}

static void
print(const struct consign_track *t)
{
	printf(
	    "%s\t%s\t%s\t%llu\t%s\t", t->id, t->type, consign_label_text(t->label), (unsigned long long)t->created_us, t->state);
	if (t->has_leaf)
		printf("%llu", (unsigned long long)t->leaf);
	else
		printf("-");
	printf("\t%s\t%s", t->code == CONSIGN_CODE_NONE ? "-" : consign_code_text(t->code), t->rule[0] == '\0' ? "-" : t->rule);
	for (size_t i = 0; i < t->n_consignees; i++)
		printf("\t%s=%s=%s", t->consignees[i].org, t->consignees[i].state,
		    t->consignees[i].code == CONSIGN_CODE_NONE ? "-" : consign_code_text(t->consignees[i].code));
	puts("");
}

/* Asks again until it is settled, or until `end`; prints what it then is. */
static enum consign_err
follow(struct consign_client *client, const char *id, double end)
{
	for (;;) {
		const struct consign_reply *reply;
		uint64_t number;
		enum consign_err err = consign_client_post_track(client, id, &number);

		if (err == CONSIGN_OK)
			err = consign_client_wait(client, number, WAIT_MS, &reply);
		if (err != CONSIGN_OK)
			return err;
		bool is_there = reply->kind == CONSIGN_REPLY_TRACK,
		     is_done = is_there && (is_settled(reply->track) || seconds() > end);

		if (is_done)
			print(reply->track);
		consign_reply_free(&reply);
		if (!is_there)
			return CONSIGN_E_NOT_FOUND;
		if (is_done)
			return CONSIGN_OK;
		rest_until(seconds() + 0.01);
	}
}

int
main(int argc, char **argv)
{
	const char *to[TO_MAX];
	struct consign_client *client = NULL;
	size_t n_to = 0;

	if (argc != 7) {
		fprintf(stderr, "traffic: error: usage: traffic SOCKET TO[,TO…] STUDY COUNT FILE PER_LINE\n");
		return 2;
	}
	for (char *word = strtok(argv[2], ","); word != NULL && n_to < TO_MAX; word = strtok(NULL, ","))
		to[n_to++] = word;
	size_t count = strtoull(argv[4], NULL, 10), per_line = strtoull(argv[6], NULL, 10);
	struct sent *sent = calloc(count + 1, sizeof *sent);
	enum consign_err err = sent == NULL ? CONSIGN_E_NO_MEMORY : consign_client_open(argv[1], WAIT_MS, &client);

	for (size_t i = 0; err == CONSIGN_OK && i < count; i += AT_ONCE) {
		await_lines(argv[5], i / per_line);
		err = hand_in(client, to, n_to, argv[3], sent, i, count - i < AT_ONCE ? count - i : AT_ONCE);
	}
	double end = seconds() + WAIT_MS / 1000.0;

	for (size_t i = 0; err == CONSIGN_OK && i < count; i++)
		err = follow(client, sent[i].id, end);
	consign_client_close(&client);
	free(sent);
	return err == CONSIGN_OK ? 0 : fail("the agent", err);
}
