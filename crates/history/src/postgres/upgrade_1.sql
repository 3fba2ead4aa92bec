-- One partition a day, made when the first observation of the day comes. Texts are compared by their bytes.
CREATE TABLE observations (
    -- Phenomenon time, microseconds since 1970.
    time bigint NOT NULL,
    -- The 16 bytes of the content's hash.
    id bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    asset text COLLATE "C",
    -- The asset, or else the source.
    series text COLLATE "C" NOT NULL,
    -- The H3 cell of a point, of resolution 9; 0 where the place is no point.
    cell bigint,
    -- The box around the place; of a point both corners are the point.
    west double precision, south double precision, east double precision, north double precision,
    arrived bigint NOT NULL,
    -- A number, 0 or 1 for a boolean, null for a text.
    value double precision,
    -- 0 number, 1 boolean, 2 text.
    value_type smallint NOT NULL,
    -- 0 good, 1 doubtful, 2 implausible.
    quality smallint NOT NULL,
    -- 0 live, 1 replayed, 2 simulated, 3 exercise.
    origin smallint NOT NULL,
    -- What most observations do not have, as JSON: a text, attributes, a line or polygon.
    extra text,
    PRIMARY KEY (time, id)
) PARTITION BY RANGE (time);
CREATE INDEX observations_by_series ON observations (series, kind, time DESC);
-- "Here, lately": cells near each other have numbers near each other.
CREATE INDEX observations_by_cell ON observations (kind, cell, time DESC);

-- What each partition holds, so that nothing need be counted to expire it.
CREATE TABLE days (
    -- Since 1970, in UTC.
    day bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    observations bigint NOT NULL,
    oldest bigint NOT NULL,
    newest bigint NOT NULL,
    PRIMARY KEY (day, kind)
) WITH (fillfactor = 50);

-- Every entry of the log before this offset is stored. Whoever writes locks this row first.
CREATE TABLE progress (one boolean PRIMARY KEY CHECK (one), next_offset bigint NOT NULL) WITH (fillfactor = 10);
INSERT INTO progress VALUES (true, 0);
