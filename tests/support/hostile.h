/*
 * What the files of hostile-agent share: a liar, and how it says whether the answer to a lie was the right one.
 *
 * A lie succeeds as a test when the answer is exactly the one expected: code, words, whether it has a leaf. Then it prints
 * "ok NAME: ANSWER"; else "WRONG NAME: ANSWER, expected …", and the program ends with status 1.
 */
#ifndef SUPPORT_HOSTILE_H
#define SUPPORT_HOSTILE_H

#include "member.h"

struct liar {
	struct live_member *m;
	const char *home;
	const char *lie; /* the name of the one under way */
	uint64_t sequence;
	unsigned placed; /* refusals with a leaf since the last await_next_second */
	unsigned wrong;
};

/* The programs of lies: each takes the words behind its name. */
void hostile_session(struct liar *l, int argc, char **argv);
void hostile_frames(struct liar *l, int argc, char **argv);
void hostile_consignments(struct liar *l, int argc, char **argv);
void hostile_duplicates(struct liar *l, int argc, char **argv);
void hostile_sealed(struct liar *l, int argc, char **argv);
void hostile_squat(struct liar *l, int argc, char **argv);
void hostile_receipts(struct liar *l, int argc, char **argv);
void hostile_verdicts(struct liar *l, int argc, char **argv);
void hostile_flood(struct liar *l, int argc, char **argv);
void hostile_routes(struct liar *l, int argc, char **argv);
void hostile_curious(struct liar *l, int argc, char **argv);

void tell_ok(struct liar *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tell_wrong(struct liar *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* False, and said with the member's words, when a step that is no lie fails. */
bool step(struct liar *l, enum consign_err err, const char *what);
/* A session with the broker, when there is none. */
bool be_greeted(struct liar *l);

/* Returns when a second of the broker's clock has gone by, and with it what it had counted. */
void await_next_second(struct liar *l);

/* The session ends with this bye. */
void expect_bye(struct liar *l, enum consign_code code, const char *detail);
/* The connection is cut, without a bye. */
void expect_cut(struct liar *l);

struct expected {
	int kind; /* of struct answer */
	enum consign_code code;
	const char *org;    /* NULL: none */
	const char *detail; /* NULL: none */
	bool has_place;
	const char *rule; /* NULL: none */
};
/* Submits, and releases what was not accepted. ret_answer may be NULL. */
bool expect_answer(struct liar *l, const struct draft *d, const struct expected *e, struct answer *ret_answer);
/* A draft of one honest note. */
bool honest_draft(struct liar *l, const char *to, const char *study, const char *text, struct draft *ret_draft);

#endif
