/* What the files member*.c share. */
#ifndef SUPPORT_MEMBER_PRIVATE_H
#define SUPPORT_MEMBER_PRIVATE_H

#include "member.h"

/* Leaves the words; returns err. */
enum consign_err member_fail(struct live_member *m, enum consign_err err, const char *what);
/* Runs the loop until `is` says so. Errors: those of member.h */
enum consign_err member_wait(struct live_member *m, bool (*is)(struct live_member *m, void *context), void *context);
/* The link's handlers. */
void member_received(void *context, struct frame *frames, size_t n);
void member_happened(void *context, enum link_event event);
/* As member_hear, for what is kept elsewhere once it was heard. */
enum consign_err member_hear_away(struct live_member *m, unsigned kinds);
/* As they come: kept until somebody asks. */
enum consign_err member_take_answers(struct live_member *m, const struct session_answers *answers);
enum consign_err member_take_try_later(struct live_member *m, const struct session_try_later *later);
enum consign_err member_take_settled(struct live_member *m, const struct session_settled *settled);

#endif
