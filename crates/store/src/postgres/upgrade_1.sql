-- What is true of the whole store: the ends of the change feed and of the audit chain, and the latest platform time. Whoever
-- writes locks this row first, so that sequences are given in the order of commits and none is missing.
CREATE TABLE meta (
    one boolean PRIMARY KEY CHECK (one),
    sequence bigint NOT NULL,
    feed_from bigint NOT NULL,
    kept_from bigint NOT NULL,
    audit bigint NOT NULL,
    audit_hash bytea NOT NULL CHECK (octet_length(audit_hash) = 32),
    at bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO meta VALUES (true, 0, 0, -9223372036854775808, 0, decode(repeat('00', 32), 'hex'), -9223372036854775808);

-- The last transaction of each writing process, by which one whose commit was not answered is known again.
CREATE TABLE writers (
    id text COLLATE "C" PRIMARY KEY,
    number bigint NOT NULL,
    at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Texts are compared by their bytes, as everywhere in the platform. Bodies are texts: they are given back as they came.
CREATE TABLE documents (
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    agency text COLLATE "C",
    state text COLLATE "C" NOT NULL,
    west double precision, south double precision, east double precision, north double precision,
    time bigint NOT NULL,
    sequence bigint NOT NULL,
    body text NOT NULL,
    place geometry(Polygon, 4326) GENERATED ALWAYS AS (ST_MakeEnvelope(west, south, east, north, 4326)) STORED,
    PRIMARY KEY (kind, id)
) WITH (fillfactor = 80);
CREATE INDEX documents_by_time ON documents (kind, time DESC, id DESC);
CREATE INDEX documents_by_state ON documents (kind, state, time DESC, id DESC);
CREATE INDEX documents_by_place ON documents USING gist (place);

-- Every form a document had; the change feed is this table in order.
CREATE TABLE revisions (
    sequence bigint PRIMARY KEY,
    at bigint NOT NULL,
    deleted boolean NOT NULL,
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    agency text COLLATE "C",
    state text COLLATE "C" NOT NULL,
    west double precision, south double precision, east double precision, north double precision,
    time bigint NOT NULL,
    body text NOT NULL
);
CREATE INDEX revisions_by_document ON revisions (kind, id, sequence);
CREATE INDEX revisions_by_at ON revisions (at, sequence);

CREATE TABLE marks (name text COLLATE "C" PRIMARY KEY, value bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE fences (name text COLLATE "C" PRIMARY KEY, epoch bigint NOT NULL);

CREATE TABLE replies (
    actor text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    body text NOT NULL,
    expires bigint NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX replies_by_expiry ON replies (expires);

CREATE TABLE audit (
    sequence bigint PRIMARY KEY,
    at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    agency text COLLATE "C",
    purpose text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    resource text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    detail text NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_by_at ON audit (at);
CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE INDEX audit_by_resource ON audit (resource, sequence);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
