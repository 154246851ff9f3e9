/* Reading what a command is given (input.h). */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "print.h"

#define READ_BYTES 65536u

static enum consign_err
read_to_end(int fd, size_t max_bytes, struct buf *out)
{
	for (;;) {
		enum consign_err err = buf_reserve(out, READ_BYTES);

		if (err != CONSIGN_OK)
			return err;
		ssize_t n = read(fd, out->data + out->len, out->cap - out->len);

		if (n == 0)
			return CONSIGN_OK;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CONSIGN_E_IO;
		out->len += (size_t)n;
		if (out->len > max_bytes)
			return CONSIGN_E_TOO_BIG;
	}
}

/* Not file_read: a person may name a pipe, and then its writer is waited for. */
enum consign_err
input_read(const char *file, size_t max_bytes, struct buf *out)
{
	bool is_standard = strcmp(file, "-") == 0;
	int fd = is_standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		bool is_absent = errno == ENOENT || errno == ENOTDIR;

		say_error("%s: %s", file, strerror(errno));
		return is_absent ? CONSIGN_E_NOT_FOUND : CONSIGN_E_IO;
	}
	enum consign_err err = read_to_end(fd, max_bytes, out);
	int reason = errno; /* of IO */

	if (!is_standard)
		close(fd);
	if (err == CONSIGN_E_TOO_BIG)
		say_error("%s is larger than %zu bytes", is_standard ? "standard input" : file, max_bytes);
	else if (err != CONSIGN_OK)
		say_error("%s: %s", is_standard ? "standard input" : file, err == CONSIGN_E_IO ? strerror(reason) : consign_err_text(err));
	return err;
}

const char *
input_base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? file : slash + 1;
}

const char *
input_media_type(const char *file)
{
	static const struct {
		const char *end, *type;
	} known[] = {
	    {".json", "application/json"},
	    {".ndjson", "application/x-ndjson"},
	    {".xml", "application/xml"},
	    {".csv", "text/csv"},
	    {".tsv", "text/tab-separated-values"},
	    {".txt", "text/plain"},
	    {".md", "text/markdown"},
	    {".html", "text/html"},
	    {".yaml", "application/yaml"},
	    {".yml", "application/yaml"},
	    {".pdf", "application/pdf"},
	    {".zip", "application/zip"},
	    {".gz", "application/gzip"},
	    {".png", "image/png"},
	    {".jpg", "image/jpeg"},
	    {".jpeg", "image/jpeg"},
	    {".dcm", "application/dicom"},
	    {".hl7", "text/plain"},
	    {".xpt", "application/x-sas-xport"},
	    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	};
	size_t len = strlen(file);

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		size_t end = strlen(known[i].end);

		if (len > end && strcasecmp(file + len - end, known[i].end) == 0)
			return known[i].type;
	}
	return "application/octet-stream";
}
