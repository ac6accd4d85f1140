-- What is remembered of invites, and the outbox. Instants are microseconds since 1970-01-01T00:00Z.
-- Texts sort by code point, as they do in Python and in SQLite.

CREATE SCHEMA svsm_cal;

CREATE TABLE store (
    one bigint PRIMARY KEY CHECK (one = 1),
    version bigint NOT NULL,
    calendar text COLLATE "C",
    queue text COLLATE "C"
);

CREATE TABLE publication (
    one bigint PRIMARY KEY CHECK (one = 1),
    source bytea NOT NULL,
    tz_version text COLLATE "C" NOT NULL,
    at bigint NOT NULL
);

CREATE TABLE announced (
    uid text COLLATE "C" PRIMARY KEY,
    series text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    stamp text COLLATE "C" NOT NULL,
    since text COLLATE "C" NOT NULL,
    data bytea NOT NULL,
    ended bigint NOT NULL CHECK (ended IN (0, 1))
);

-- answers: a JSON array of [recurrence, partstat, sequence, stamp, comment, delegate].
CREATE TABLE invitation (
    uid text COLLATE "C" NOT NULL,
    email text COLLATE "C" NOT NULL,
    participant text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    style text COLLATE "C" NOT NULL CHECK (style IN ('full', 'instance')),
    standing text COLLATE "C" NOT NULL CHECK (standing IN ('invited', 'cancelled')),
    sequence bigint NOT NULL,
    stamp text COLLATE "C" NOT NULL,
    lift bigint NOT NULL,
    answers text COLLATE "C" NOT NULL,
    PRIMARY KEY (uid, email)
);

-- What changes of a mail is apart from its bytes, so that recording an attempt writes little.
CREATE TABLE outbox (
    id bigint PRIMARY KEY,
    batch bigint NOT NULL,
    message_id text COLLATE "C" NOT NULL UNIQUE,
    kind text COLLATE "C" NOT NULL,
    sender text COLLATE "C" NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    uid text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    method text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    supersedes bigint NOT NULL CHECK (supersedes IN (0, 1)),
    created bigint NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'superseded')),
    attempts bigint NOT NULL,
    not_before bigint NOT NULL,
    settled bigint CHECK ((settled IS NULL) = (state = 'pending')),
    response text COLLATE "C" NOT NULL,
    bounced text COLLATE "C" NOT NULL
);

CREATE INDEX outbox_due ON outbox (batch, not_before, id) WHERE state = 'pending';

CREATE INDEX outbox_recipient ON outbox (recipient, uid, id);

CREATE TABLE body (
    id bigint PRIMARY KEY REFERENCES outbox (id),
    data bytea NOT NULL
);

-- Compressing costs more than it saves: a mail is read once or twice.
ALTER TABLE body ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE claim (
    identity text COLLATE "C" PRIMARY KEY,
    at bigint NOT NULL
);

CREATE TABLE receipt (
    digest text COLLATE "C" PRIMARY KEY,
    at bigint NOT NULL,
    verdict text COLLATE "C" NOT NULL,
    about text COLLATE "C" NOT NULL
);

CREATE TABLE proposal (
    uid text COLLATE "C" NOT NULL,
    recurrence text COLLATE "C" NOT NULL,
    email text COLLATE "C" NOT NULL,
    "start" text COLLATE "C" NOT NULL,
    "end" text COLLATE "C" NOT NULL,
    comment text COLLATE "C" NOT NULL,
    stamp text COLLATE "C" NOT NULL,
    PRIMARY KEY (uid, recurrence, email)
);
