-- What is true of the whole store: the schema, the ends of the change feed and of the audit chain, and
-- the latest platform time.
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    schema INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    feed_from INTEGER NOT NULL,
    kept_from INTEGER NOT NULL,
    audit INTEGER NOT NULL,
    audit_hash BLOB NOT NULL CHECK (length(audit_hash) = 32),
    at INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, 0, 0, 0, -9223372036854775808, 0, zeroblob(32), -9223372036854775808);

CREATE TABLE documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    agency TEXT,
    state TEXT NOT NULL,
    west REAL, south REAL, east REAL, north REAL,
    time INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX documents_by_id ON documents (kind, id);
-- The columns after the order are there so that filters are tried before the row is read.
CREATE INDEX documents_by_time ON documents (kind, time DESC, id DESC, agency, west, south, east, north);
CREATE INDEX documents_by_state ON documents (kind, state, time DESC, id DESC, agency, west, south, east, north);

-- Every form a document had; the change feed is this table in order.
CREATE TABLE revisions (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    agency TEXT,
    state TEXT NOT NULL,
    west REAL, south REAL, east REAL, north REAL,
    time INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX revisions_by_document ON revisions (kind, id, sequence, deleted, state, agency, time);
CREATE INDEX revisions_by_at ON revisions (at);

CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE replies (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX replies_by_expiry ON replies (expires);

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    agency TEXT,
    purpose TEXT NOT NULL,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_by_at ON audit (at);
CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE INDEX audit_by_resource ON audit (resource, sequence);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
