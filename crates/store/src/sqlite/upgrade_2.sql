-- The newest epoch taken of each fence: whoever writes under an older one is refused.
CREATE TABLE fences (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;
