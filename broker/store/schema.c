/* The schema, one step a version. A step is never edited once released. */
#include "store/store.h"

#include "core/bodies.h"

static const char *const migrations[] = {
    /* leaf.signature is NULL: what stands in the ledger is proven by it */
    "CREATE TABLE leaf (id INTEGER PRIMARY KEY, salt BLOB NOT NULL, record BLOB NOT NULL, signature BLOB);"
    "CREATE TABLE node (id INTEGER PRIMARY KEY, hash BLOB NOT NULL);"
    "CREATE TABLE checkpoint (id INTEGER PRIMARY KEY CHECK (id = 1), note BLOB NOT NULL);"
    "CREATE TABLE consignment (leaf INTEGER PRIMARY KEY, consignor TEXT NOT NULL, id BLOB NOT NULL, attempt INTEGER NOT NULL,"
    " digest BLOB NOT NULL, openings BLOB NOT NULL, body_digest BLOB NOT NULL, seen_size INTEGER NOT NULL, expires_us INTEGER NOT NULL,"
    " waiting INTEGER NOT NULL, settled_us INTEGER, manifest BLOB NOT NULL, body BLOB);"
    "CREATE UNIQUE INDEX consignment_id ON consignment (id, consignor);"
    "CREATE INDEX consignment_open ON consignment (expires_us) WHERE waiting > 0;"
    "CREATE INDEX consignment_settled ON consignment (settled_us) WHERE settled_us IS NOT NULL AND body IS NOT NULL;"
    "CREATE TABLE refusal (id BLOB NOT NULL, consignor TEXT NOT NULL, attempt INTEGER NOT NULL, digest BLOB NOT NULL,"
    " leaf INTEGER NOT NULL, PRIMARY KEY (id, consignor, attempt)) WITHOUT ROWID;"
    "CREATE TABLE mailbox (org TEXT NOT NULL, position INTEGER NOT NULL, leaf INTEGER NOT NULL, previous BLOB NOT NULL,"
    " salt BLOB NOT NULL, settled INTEGER NOT NULL DEFAULT 0, tombstone INTEGER, PRIMARY KEY (org, position)) WITHOUT ROWID;"
    "CREATE INDEX mailbox_waiting ON mailbox (org, position) WHERE settled = 0;"
    "CREATE INDEX mailbox_leaf ON mailbox (leaf) WHERE settled = 0;"
    "CREATE TABLE mailbox_tail (org TEXT PRIMARY KEY, position INTEGER NOT NULL, head BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE settlement (consignor TEXT NOT NULL, n INTEGER NOT NULL, leaf INTEGER NOT NULL, receipt BLOB NOT NULL,"
    " PRIMARY KEY (consignor, n)) WITHOUT ROWID;"
    "CREATE TABLE settlement_tail (consignor TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE document (n INTEGER PRIMARY KEY, documents BLOB NOT NULL);"
    "CREATE TABLE invite (org TEXT PRIMARY KEY, transport_key BLOB NOT NULL, token_hash BLOB NOT NULL, expires_us INTEGER NOT NULL,"
    " request BLOB) WITHOUT ROWID;",

    /* 2: how much waits, of whom */
    "ALTER TABLE mailbox ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;"
    "UPDATE mailbox SET bytes = (SELECT length(c.manifest) + ifnull(length(c.body), 0) FROM consignment c WHERE c.leaf = mailbox.leaf)"
    " WHERE settled = 0;"
    "CREATE TABLE mailbox_use (org TEXT NOT NULL, consignor TEXT NOT NULL, consignments INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " PRIMARY KEY (org, consignor)) WITHOUT ROWID;"
    "INSERT INTO mailbox_use SELECT m.org, c.consignor, count(*), sum(m.bytes) FROM mailbox m JOIN consignment c ON c.leaf = m.leaf"
    " WHERE m.settled = 0 GROUP BY m.org, c.consignor;",
    /* large bodies move out of the rows */
    BODIES_SCHEMA BODIES_COLUMNS("consignment"),
    /* changes that wait for k administrators, and what became of them */
    "CREATE TABLE proposal (id BLOB PRIMARY KEY, created_us INTEGER NOT NULL, expires_us INTEGER NOT NULL, root_version INTEGER NOT NULL,"
    " state INTEGER NOT NULL, ended_us INTEGER, signed BLOB NOT NULL, documents BLOB NOT NULL);"
    "CREATE INDEX proposal_created ON proposal (created_us);"
    "CREATE INDEX proposal_open ON proposal (root_version) WHERE state = 1;"
    "CREATE TABLE decision (proposal BLOB NOT NULL, n INTEGER NOT NULL, signed BLOB NOT NULL, PRIMARY KEY (proposal, n)) WITHOUT ROWID;",
    /* what a refused consignment said, so that it can be asked what another policy would have done with it */
    "ALTER TABLE refusal ADD COLUMN manifest BLOB; CREATE INDEX refusal_leaf ON refusal (leaf);",
    /* the manifests of large bodies move out of the rows, too */
    BODIES_MANIFEST_COLUMNS("consignment"),
};

enum consign_err
store_open(const char *path, bool read_only, struct db **ret_db)
{
	return bodies_open(path, migrations, sizeof migrations / sizeof *migrations, read_only, ret_db);
}
