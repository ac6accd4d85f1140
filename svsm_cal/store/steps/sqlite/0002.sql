-- The feeds that `serve` gave out last, by name, and how often they have changed.

CREATE TABLE served (
    name TEXT PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

ALTER TABLE store ADD COLUMN served_version INTEGER NOT NULL DEFAULT 0;
