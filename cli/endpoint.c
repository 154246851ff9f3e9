/* Addresses (endpoint.h). */
#include "endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"

#define TCP "tcp://"

/* Host and port of a well-formed endpoint. */
static bool
split(const char *endpoint, struct consign_slice *ret_host, const char **ret_port)
{
	size_t prefix = strlen(TCP);

	if (strncmp(endpoint, TCP, prefix) != 0 || strlen(endpoint) > CONSIGN_ENDPOINT_MAX_BYTES ||
	    !text_is(CHARSET_ASCII, slice_text(endpoint)))
		return false;
	const char *host = endpoint + prefix, *colon = strrchr(host, ':');

	if (colon == NULL || colon == host)
		return false;
	for (const char *p = host; p < colon; p++)
		if (*p == ' ' || *p == '/' || *p == '@' || *p == ';' || (*p == ':' && host[0] != '['))
			return false;
	if (host[0] == '[' && colon[-1] != ']')
		return false;
	*ret_host = slice_of(host, (size_t)(colon - host));
	*ret_port = colon + 1;
	return true;
}

bool
endpoint_is_valid(const char *endpoint, bool any)
{
	struct consign_slice host;
	const char *port;
	char *end;

	if (!split(endpoint, &host, &port) || port[0] < '0' || port[0] > '9')
		return false;
	unsigned long number = strtoul(port, &end, 10);

	if (*end != '\0' || number < 1 || number > 65535)
		return false;
	return any || memchr(host.data, '*', host.len) == NULL;
}

static bool
is_this_machine(struct consign_slice host)
{
	return slice_equal(host, slice_text("localhost")) || slice_equal(host, slice_text("[::1]")) ||
	       (host.len > 4 && memcmp(host.data, "127.", 4) == 0);
}

enum consign_err
endpoint_default_bind(const char *endpoint, struct buf *out)
{
	struct consign_slice host;
	const char *port;

	if (!split(endpoint, &host, &port))
		return CONSIGN_E_MALFORMED;
	/* A name may stand for several addresses; a socket listens on numbers. */
	if (slice_equal(host, slice_text("localhost")))
		return buf_printf(out, TCP "127.0.0.1:%s", port);
	return is_this_machine(host) ? buf_append(out, slice_text(endpoint)) : buf_printf(out, TCP "*:%s", port);
}
