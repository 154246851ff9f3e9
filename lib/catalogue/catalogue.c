/* Finding types. The table is in the order of names: lib/catalogue/CMakeLists.txt makes it. */
#include "catalogue/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "catalogue/describe.h"

static int
by_name(const void *name, const void *type)
{
	return strcmp(name, (*(const struct catalogue_type *const *)type)->name);
}

const struct catalogue_type *
catalogue_find(const char *name)
{
	const struct catalogue_type *const *found = bsearch(name, catalogue_types, catalogue_n_types, sizeof catalogue_types[0], by_name);

	return found == NULL ? NULL : *found;
}

const struct catalogue_type *
catalogue_at(size_t i)
{
	return i < catalogue_n_types ? catalogue_types[i] : NULL;
}

const char *
catalogue_type_name(const struct catalogue_type *t)
{
	return t->name;
}

const char *
catalogue_type_title(const struct catalogue_type *t)
{
	return t->title;
}

const char *
catalogue_type_message(const struct catalogue_type *t)
{
	return t->message.descriptor->name;
}

uint32_t
catalogue_type_version(const struct catalogue_type *t)
{
	return t->version;
}

enum consign_label
catalogue_type_label(const struct catalogue_type *t)
{
	return t->least_label;
}
