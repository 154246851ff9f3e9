/* See postponed.h. */
#include "postponed.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"

/* FNV-1a, with an end to each text. */
static uint64_t
add(uint64_t h, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

/* Whose limit it is stands before the first comma; that others wait before it may change with each asking. */
static uint64_t
key_of(const char *org, const char *whom, enum consign_code code, struct consign_slice detail)
{
	const char *text = (const char *)detail.data, *comma = detail.len == 0 ? NULL : memchr(text, ',', detail.len);
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)code;

	h = add(h, org, strlen(org));
	h = add(h, whom, strlen(whom));
	h = add(h, text, comma == NULL ? detail.len : (size_t)(comma - text));
	return h == 0 ? 1 : h;
}

/* Its own, else the one that was quiet for longest. */
static struct postponed *
slot_of(struct postponed_list *list, uint64_t key)
{
	struct postponed *quiet = &list->v[0];

	for (size_t i = 0; i < POSTPONED_SLOTS; i++) {
		if (list->v[i].key == key)
			return &list->v[i];
		if (list->v[i].seen_us < quiet->seen_us)
			quiet = &list->v[i];
	}
	return quiet;
}

static void
tell(struct postponed *p, uint64_t count, uint64_t steady_us, struct postponed_told *ret_told)
{
	bool is_first = p->told_us == 0;
	char since[CLOCK_TEXT_BYTES];

	clock_format(p->since_us, since);
	ret_told->event = (struct admin_event){.kind = "postponed", .org = slice_text(p->org), .subject = slice_text(p->whom), .code = p->code, .count = count};
	snprintf(ret_told->detail, sizeof ret_told->detail, "%s%s%s", p->detail, is_first ? "" : p->detail[0] == '\0' ? "since " : ", since ",
	    is_first ? "" : since);
	ret_told->event.detail = slice_text(ret_told->detail);
	p->told_us = steady_us;
	p->pause_us = is_first ? POSTPONED_FIRST_US : p->pause_us * 2 < POSTPONED_LONGEST_US ? p->pause_us * 2 : POSTPONED_LONGEST_US;
	p->others = 0;
}

bool
postponed_note(struct postponed_list *list, const char *org, const char *whom, enum consign_code code, struct consign_slice detail,
    uint64_t steady_us, uint64_t wall_us, struct postponed_told *ret_told)
{
	uint64_t key = key_of(org, whom, code, detail);
	struct postponed *p = slot_of(list, key);

	if (p->key != key || steady_us - p->seen_us > POSTPONED_QUIET_US) {
		*p = (struct postponed){.key = key, .code = code, .since_us = wall_us, .seen_us = steady_us};
		snprintf(p->org, sizeof p->org, "%s", org);
		snprintf(p->whom, sizeof p->whom, "%s", whom);
		snprintf(p->detail, sizeof p->detail, "%.*s", (int)detail.len, detail.len > 0 ? (const char *)detail.data : "");
		tell(p, 1, steady_us, ret_told);
		return true;
	}
	p->seen_us = steady_us;
	p->others++;
	if (steady_us - p->told_us < p->pause_us)
		return false;
	tell(p, p->others, steady_us, ret_told);
	return true;
}

bool
postponed_next(struct postponed_list *list, size_t *at, uint64_t steady_us, struct postponed_told *ret_told)
{
	while (*at < POSTPONED_SLOTS) {
		struct postponed *p = &list->v[(*at)++];

		if (p->key == 0 || p->others == 0 || steady_us - p->told_us < p->pause_us)
			continue;
		tell(p, p->others, steady_us, ret_told);
		return true;
	}
	return false;
}
