/* How fields lie in the structs of protobuf-c, and how paths find them. Everything else of this room goes through here. */
#include <stdio.h>
#include <string.h>

#include "catalogue/check.h"
#include "core/text.h"

/* ── paths ── */

#define STEPS_MAX 4u
#define WAYS 512u

/* A path as rows to take: what a path and a description lead to never changes, and both are constants. */
struct way {
	const struct catalogue_message *d;
	const char *path;
	uint8_t steps[STEPS_MAX];
	uint8_t n; /* 0: leads nowhere */
};

static struct way
resolve(const struct catalogue_message *d, const char *path)
{
	struct way way = {.d = d, .path = path};

	for (const char *at = path; way.n < STEPS_MAX;) {
		const char *dot = strchrnul(at, '.');
		char name[64];
		size_t len = (size_t)(dot - at);
		const ProtobufCFieldDescriptor *f;

		if (len >= sizeof name)
			break;
		memcpy(name, at, len);
		name[len] = '\0';
		f = protobuf_c_message_descriptor_get_field_by_name(d->descriptor, name);
		if (f == NULL)
			break;
		way.steps[way.n++] = (uint8_t)(f - d->descriptor->fields);
		if (*dot == '\0')
			return way;
		d = d->fields[f - d->descriptor->fields].part;
		if (d == NULL)
			break;
		at = dot + 1;
	}
	way.n = 0;
	return way;
}

/* Resolving costs more than all else of a rule, so each thread remembers the ways it went. */
static const struct way *
way_of(const struct catalogue_message *d, const char *path)
{
	static _Thread_local struct way ways[WAYS] __attribute__((tls_model("initial-exec")));
	uint64_t mixed = ((uint64_t)(uintptr_t)d ^ ((uint64_t)(uintptr_t)path << 1)) * 0x9e3779b97f4a7c15u;
	struct way *way = &ways[mixed >> 55];

	if (way->d != d || way->path != path)
		*way = resolve(d, path);
	return way;
}
_Static_assert(WAYS == 1u << (64 - 55), "the index has as many bits as there are ways");

struct found
path_find(const struct catalogue_message *d, const ProtobufCMessage *m, const char *path)
{
	const struct way *way = way_of(d, path);

	for (size_t i = 0; i < way->n; i++) {
		const ProtobufCFieldDescriptor *f = &d->descriptor->fields[way->steps[i]];
		const struct catalogue_field *row = &d->fields[way->steps[i]];

		if (i + 1 == way->n)
			return (struct found){m, f, row};
		m = m != NULL && field_is_present(m, f) ? field_message(m, f, 0) : NULL;
		d = row->part;
	}
	return (struct found){0};
}

struct consign_slice
found_text(const struct found *f, char buffer[24])
{
	if (!found_is_present(f))
		return (struct consign_slice){0};
	switch (f->field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return field_text(f->message, f->field, 0);
	case PROTOBUF_C_TYPE_BOOL:
		return slice_text(field_flag(f->message, f->field) ? "true" : "false");
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT32:
		return slice_of(buffer, (size_t)snprintf(buffer, 24, "%lld", (long long)field_number(f->message, f->field)));
	default:
		return (struct consign_slice){0};
	}
}
