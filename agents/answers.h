/* Answers of the broker to what the lanes sent. Threads: the loop. Source: docs/PROTOCOL.md 7.5, 7.6 */
#ifndef AGENTS_ANSWERS_H
#define AGENTS_ANSWERS_H

#include "agent.h"
#include "wire/session_wire.h"

void answers_take(struct agent *a, const struct session_answers *answers);
void answers_try_later(struct agent *a, const struct session_try_later *later);

#endif
