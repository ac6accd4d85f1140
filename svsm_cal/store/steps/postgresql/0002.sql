-- The feeds that `serve` gave out last, by name, and how often they have changed.

CREATE TABLE served (
    name text COLLATE "C" PRIMARY KEY,
    data bytea NOT NULL
);

ALTER TABLE store ADD COLUMN served_version bigint NOT NULL DEFAULT 0;
