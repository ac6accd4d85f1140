-- What is remembered of invites, and the outbox. Instants are microseconds since 1970-01-01T00:00Z.

CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL,
    calendar TEXT
) STRICT;

CREATE TABLE publication (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    source BLOB NOT NULL,
    tz_version TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE announced (
    uid TEXT PRIMARY KEY,
    series TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    stamp TEXT NOT NULL,
    since TEXT NOT NULL,
    data BLOB NOT NULL,
    ended INTEGER NOT NULL CHECK (ended IN (0, 1))
) STRICT, WITHOUT ROWID;

-- answers: a JSON array of [recurrence, partstat, sequence, stamp, comment, delegate].
CREATE TABLE invitation (
    uid TEXT NOT NULL,
    email TEXT NOT NULL,
    participant TEXT,
    name TEXT NOT NULL,
    style TEXT NOT NULL CHECK (style IN ('full', 'instance')),
    standing TEXT NOT NULL CHECK (standing IN ('invited', 'cancelled')),
    sequence INTEGER NOT NULL,
    stamp TEXT NOT NULL,
    lift INTEGER NOT NULL,
    answers TEXT NOT NULL,
    PRIMARY KEY (uid, email)
) STRICT, WITHOUT ROWID;

-- What changes of a mail is apart from its bytes, so that recording an attempt writes little.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    uid TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    method TEXT NOT NULL,
    reason TEXT NOT NULL,
    supersedes INTEGER NOT NULL CHECK (supersedes IN (0, 1)),
    created INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'superseded')),
    attempts INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    settled INTEGER CHECK ((settled IS NULL) = (state = 'pending')),
    response TEXT NOT NULL,
    bounced TEXT NOT NULL
) STRICT;

CREATE INDEX outbox_due ON outbox (not_before, id) WHERE state = 'pending';

CREATE INDEX outbox_batch ON outbox (batch);

CREATE INDEX outbox_recipient ON outbox (recipient, uid, id);

CREATE TABLE body (
    id INTEGER PRIMARY KEY REFERENCES outbox (id),
    data BLOB NOT NULL
) STRICT;

CREATE TABLE claim (
    identity TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
    digest TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    about TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE proposal (
    uid TEXT NOT NULL,
    recurrence TEXT NOT NULL,
    email TEXT NOT NULL,
    "start" TEXT NOT NULL,
    "end" TEXT NOT NULL,
    comment TEXT NOT NULL,
    stamp TEXT NOT NULL,
    PRIMARY KEY (uid, recurrence, email)
) STRICT, WITHOUT ROWID;
