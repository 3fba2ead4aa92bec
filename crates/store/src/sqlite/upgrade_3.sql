-- Each row carries a checksum of what it holds (sum.rs), so that a flipped bit is seen when it is read and by `check`; the
-- audit log has its chain. The columns `at` and `deleted` of revisions stand in indexes too, which SQLite's own check compares.
ALTER TABLE documents ADD COLUMN sum INTEGER;
ALTER TABLE revisions ADD COLUMN sum INTEGER;
ALTER TABLE marks ADD COLUMN sum INTEGER;
ALTER TABLE fences ADD COLUMN sum INTEGER;
ALTER TABLE replies ADD COLUMN sum INTEGER;
ALTER TABLE meta ADD COLUMN sum INTEGER;
UPDATE documents SET sum = row_sum(kind, id, version, agency, state, west, south, east, north, time, sequence, body);
UPDATE revisions SET sum = row_sum(kind, id, version, agency, state, west, south, east, north, time, sequence, body);
UPDATE marks SET sum = row_sum(name, value);
UPDATE fences SET sum = row_sum(name, epoch);
UPDATE replies SET sum = row_sum(actor, key, fingerprint, status, body, expires);
