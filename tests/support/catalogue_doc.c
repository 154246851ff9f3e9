/*
 * catalogue-doc: prints docs/CATALOGUE.md, from the tables that check business messages. script/update_catalogue.sh writes the page, and
 * script/test compares the two.
 */
#include <stdio.h>

#include "catalogue/render.h"
#include "consign/error.h"

int
main(void)
{
	struct buf page = {0};
	enum consign_err err = render_catalogue(&page);

	if (err != CONSIGN_OK)
		fprintf(stderr, "catalogue-doc: error: %s\n", consign_err_text(err));
	else
		fwrite(page.data, 1, page.len, stdout);
	buf_clear(&page);
	return err != CONSIGN_OK || ferror(stdout) || fflush(stdout) != 0;
}
