/*
 * Who may send what to whom: for each study a table, consignors down, consignees across. For a terminal, for paper (an HTML
 * page without scripts or anything from elsewhere), for programs. Pure.
 */
#ifndef CLI_POLICY_MATRIX_H
#define CLI_POLICY_MATRIX_H

#include "policy_compare.h"
#include "policy_stopped.h"

struct policy_matrix {
	const struct policy_view *view;
	const char *study; /* NULL: all */
	/*
	 * Set by whoever has a directory, after policy_matrix_make: a company that is not active is marked with its standing, and what
	 * the policy permits it with the code by which it is refused. NULL: nothing is marked.
	 */
	member_finder *find;
	void *context;
	struct policy_comparison flows;
	struct policy *nothing; /* the empty policy, that permits nothing: what may be sent is what differs from it */
	struct policy_view empty;
};

/* What stands above the tables of a page; texts of people, escaped there. */
struct matrix_page {
	const char *title;
	const char *const *lines;
	size_t n_lines;
};

/* Everything is borrowed until policy_matrix_clear. Errors: NO_MEMORY */
CONSIGN_MUST_CHECK enum consign_err policy_matrix_make(const struct policy_view *view, const struct policy *policy,
    const char *study, uint64_t at_us, struct arena *arena, struct policy_matrix *ret_matrix);
void policy_matrix_clear(struct policy_matrix *m);
/* Tables; a study with more than MATRIX_COLUMNS parties as a list. */
#define MATRIX_COLUMNS 8u
CONSIGN_MUST_CHECK enum consign_err policy_matrix_format(const struct policy_matrix *m, struct buf *out);
/* A line for each study, consignor, consignee and rule, tabs between; for programs. The code of what is refused all the same stands last. */
CONSIGN_MUST_CHECK enum consign_err policy_matrix_lines(const struct policy_matrix *m, struct buf *out);
CONSIGN_MUST_CHECK enum consign_err policy_matrix_html(
    const struct policy_matrix *m, const struct matrix_page *page, struct buf *out);
/* A list of studies; NULL: no memory. */
json_t *policy_matrix_json(const struct policy_matrix *m);

#endif
