/* Withdrawing received mail (withdraw.h): its items' outcomes are changed where they stand. */
#include "withdraw.h"

#include <string.h>

#include "inbox_private.h"

/* Rows lie in the order of leaves: the last one before the leaf. 0: none. */
static enum consign_err
row_before(struct db *db, uint64_t leaf, uint64_t *ret_seq)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "SELECT seq FROM inbox WHERE leaf < ?1 ORDER BY seq DESC LIMIT 1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, leaf);
	err = db_row(s);
	if (err == CONSIGN_OK || err == CONSIGN_E_NOT_FOUND) {
		*ret_seq = err == CONSIGN_OK ? db_column_u64(s, 0) : 0;
		err = CONSIGN_OK;
	}
	db_reset(s);
	return err;
}

/* The consignor's next row behind *seq. NOT_FOUND: no more. */
static enum consign_err
next_row(struct db *db, const char *consignor, uint64_t *seq, uint8_t outcomes[CONSIGN_BUNDLE_MAX_ITEMS * INBOX_OUTCOME_BYTES], size_t *ret_n)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "SELECT seq, outcomes FROM inbox WHERE seq > ?1 AND consignor = ?2 ORDER BY seq LIMIT 1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, *seq);
	db_bind_text(s, 2, consignor);
	err = db_row(s);
	if (err == CONSIGN_OK) {
		struct consign_slice column = db_column_slice(s, 1);

		*seq = db_column_u64(s, 0);
		err = inbox_outcomes(column, ret_n);
		if (err == CONSIGN_OK && column.len > 0)
			memcpy(outcomes, column.data, column.len);
	}
	db_reset(s);
	return err;
}

static enum consign_err
set_outcomes(struct db *db, uint64_t seq, struct consign_slice outcomes)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "UPDATE inbox SET outcomes = ?2 WHERE seq = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_u64(s, 1, seq);
	db_bind_slice(s, 2, outcomes);
	return db_run(s);
}

enum consign_err
withdraw_mail(struct db *db, const char *consignor, uint64_t since_leaf, uint64_t *ret_n)
{
	uint8_t outcomes[CONSIGN_BUNDLE_MAX_ITEMS * INBOX_OUTCOME_BYTES];
	uint64_t seq = 0, withdrawn = 0;
	size_t n = 0;
	enum consign_err err = row_before(db, since_leaf, &seq);

	while (err == CONSIGN_OK && (err = next_row(db, consignor, &seq, outcomes, &n)) == CONSIGN_OK) {
		bool is_changed = false;

		for (size_t i = 0; i < n; i++)
			if (outcomes[i * INBOX_OUTCOME_BYTES] == ITEM_ACCEPTED) {
				outcomes[i * INBOX_OUTCOME_BYTES] = INBOX_WITHDRAWN;
				is_changed = true;
			}
		if (!is_changed)
			continue;
		withdrawn++;
		err = set_outcomes(db, seq, slice_of(outcomes, n * INBOX_OUTCOME_BYTES));
	}
	if (err != CONSIGN_E_NOT_FOUND)
		return err;
	*ret_n = withdrawn;
	return CONSIGN_OK;
}
