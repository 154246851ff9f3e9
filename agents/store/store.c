/* Schema and the small verbs. A migration is never edited once released. */
#include "store/store.h"

#include <string.h>

#include "core/bodies.h"

static const char *const migrations[] = {
    "CREATE TABLE document (n INTEGER PRIMARY KEY, documents BLOB NOT NULL);"
    "CREATE TABLE fact (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, study TEXT NOT NULL, state INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, created_us INTEGER NOT NULL, expires_us INTEGER NOT NULL, manifest BLOB NOT NULL, body BLOB,"
    " key BLOB NOT NULL, accepted_us INTEGER, leaf INTEGER, receipt BLOB);"
    "CREATE INDEX outbox_queued ON outbox (study, seq) WHERE state = 1;"
    "CREATE TABLE refused_item (id BLOB NOT NULL, idx INTEGER NOT NULL, at_us INTEGER NOT NULL, type TEXT NOT NULL, org TEXT NOT NULL,"
    " code INTEGER NOT NULL, rule TEXT NOT NULL, detail TEXT NOT NULL, statement BLOB, PRIMARY KEY (id, idx)) WITHOUT ROWID;"
    "CREATE TABLE settlement (id BLOB NOT NULL, org TEXT NOT NULL, at_us INTEGER NOT NULL, position INTEGER NOT NULL,"
    " expired INTEGER NOT NULL, receipt BLOB NOT NULL, statement BLOB NOT NULL, PRIMARY KEY (id, org)) WITHOUT ROWID;"
    "CREATE TABLE local_refusal (id BLOB PRIMARY KEY, at_us INTEGER NOT NULL, consignees TEXT NOT NULL, study TEXT NOT NULL,"
    " type TEXT NOT NULL, label INTEGER NOT NULL, org TEXT NOT NULL, code INTEGER NOT NULL, rule TEXT NOT NULL, detail TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE idempotency (key BLOB PRIMARY KEY, digest BLOB NOT NULL, id BLOB NOT NULL, idx INTEGER NOT NULL, at_us INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE inbox (seq INTEGER PRIMARY KEY, consignor TEXT NOT NULL, id BLOB NOT NULL, position INTEGER NOT NULL UNIQUE,"
    " received_us INTEGER NOT NULL, accepted_us INTEGER NOT NULL, leaf INTEGER NOT NULL, manifest BLOB NOT NULL, body BLOB NOT NULL,"
    " key BLOB NOT NULL, outcomes BLOB NOT NULL, statement BLOB NOT NULL, receipt BLOB NOT NULL);"
    "CREATE UNIQUE INDEX inbox_id ON inbox (id, consignor);"
    "CREATE TABLE tombstone (position INTEGER PRIMARY KEY, consignor TEXT NOT NULL, id BLOB NOT NULL, at_us INTEGER NOT NULL,"
    " statement BLOB NOT NULL, receipt BLOB NOT NULL);"
    "CREATE TABLE subscription (name TEXT PRIMARY KEY, type TEXT NOT NULL, study TEXT NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE ack (name TEXT NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (name, seq, idx)) WITHOUT ROWID;",
    "CREATE TABLE problem (id BLOB NOT NULL, idx INTEGER NOT NULL, org TEXT NOT NULL, list BLOB NOT NULL, PRIMARY KEY (id, idx, org))"
    " WITHOUT ROWID;",
    /* alarms count what was refused lately */
    "CREATE INDEX refused_item_at ON refused_item (at_us, type);"
    "CREATE INDEX local_refusal_at ON local_refusal (at_us, type);",
    /* large bodies move out of the rows */
    BODIES_SCHEMA BODIES_COLUMNS("outbox") BODIES_COLUMNS("inbox"),
    /* and so do their manifests */
    BODIES_MANIFEST_COLUMNS("outbox") BODIES_MANIFEST_COLUMNS("inbox"),
};

enum consign_err
agent_store_open(const char *path, bool read_only, struct db **ret_db)
{
	return bodies_open(path, migrations, sizeof migrations / sizeof *migrations, read_only, ret_db);
}

enum consign_err
store_fact(struct db *db, const char *name, struct buf *ret_value)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "SELECT value FROM fact WHERE name = ?1", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, name);
	err = db_row(s);
	if (err == CONSIGN_OK)
		err = buf_append(ret_value, db_column_slice(s, 0));
	db_reset(s);
	return err;
}

enum consign_err
store_set_fact(struct db *db, const char *name, struct consign_slice value)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_text(s, 1, name);
	db_bind_slice(s, 2, value);
	return db_run(s);
}

enum consign_err
store_claim(struct db *db, struct consign_slice owner)
{
	struct buf stored = {0};
	enum consign_err err = store_fact(db, "owner", &stored);

	if (err == CONSIGN_E_NOT_FOUND)
		err = store_set_fact(db, "owner", owner);
	else if (err == CONSIGN_OK && !slice_equal(buf_slice(&stored), owner))
		err = CONSIGN_E_CONFIG;
	buf_clear(&stored);
	return err;
}

enum consign_err
store_add_documents(struct db *db, struct consign_slice documents)
{
	struct db_statement *s;
	enum consign_err err = db_statement(db, "INSERT INTO document (documents) VALUES (?1)", &s);

	if (err != CONSIGN_OK)
		return err;
	db_bind_slice(s, 1, documents);
	return db_run(s);
}

enum consign_err
store_each_documents(struct db *db, enum consign_err (*each)(void *context, struct consign_slice documents), void *context)
{
	struct db_statement *s;
	bool row;
	enum consign_err err = db_statement(db, "SELECT documents FROM document ORDER BY n", &s);

	if (err != CONSIGN_OK)
		return err;
	while ((err = db_step(s, &row)) == CONSIGN_OK && row) {
		err = each(context, db_column_slice(s, 0));
		if (err != CONSIGN_OK)
			break;
	}
	db_reset(s);
	return err;
}
