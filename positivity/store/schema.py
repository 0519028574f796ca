"""The tables, as a list of migrations: the version of a database is how many of them it has had.

A migration that was published is never changed; what is new is a new one at the end.
"""

# Ids are numbers here, since they are compared; times are milliseconds since 1970, in UTC.
_FIRST = """
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    handle TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,
    protected INTEGER NOT NULL,
    tweet_count INTEGER,
    created_at INTEGER,
    description TEXT NOT NULL,
    followers INTEGER,
    seen_at INTEGER NOT NULL
);
CREATE INDEX accounts_by_handle ON accounts (handle, seen_at);

CREATE TABLE tweets (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at INTEGER,
    author TEXT,
    text TEXT NOT NULL,
    lang TEXT,
    kind TEXT,
    likes INTEGER,
    reposts INTEGER,
    replies INTEGER,
    quotes INTEGER,
    views INTEGER,
    read_at INTEGER NOT NULL
);
CREATE INDEX tweets_by_account ON tweets (account, id);

-- What of a timeline has been read, as intervals of ids, ends included; what was read with retweets
-- is apart. Hidden is what X was asked for and does not give, as it lies beyond the newest 3,200.
-- Slots are the posts of the timeline that were asked for: at least as many as there are, retweets
-- included.
CREATE TABLE coverage (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    what TEXT NOT NULL CHECK (what IN ('own', 'all', 'hidden')),
    oldest INTEGER NOT NULL,
    newest INTEGER NOT NULL CHECK (newest >= oldest),
    slots INTEGER NOT NULL,
    PRIMARY KEY (account, what, oldest)
) WITHOUT ROWID;

-- How many posts an account had when a post was its newest.
CREATE TABLE tweet_counts (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    newest INTEGER NOT NULL,
    tweet_count INTEGER NOT NULL,
    PRIMARY KEY (account, newest)
) WITHOUT ROWID;

CREATE TABLE scores (
    tweet INTEGER NOT NULL REFERENCES tweets ON DELETE CASCADE,
    model TEXT NOT NULL,
    normalizer INTEGER NOT NULL,
    negative REAL NOT NULL,
    neutral REAL NOT NULL,
    positive REAL NOT NULL,
    PRIMARY KEY (tweet, model, normalizer)
) WITHOUT ROWID;

CREATE TABLE reports (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    question TEXT NOT NULL,
    day TEXT NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (account, question, day)
) WITHOUT ROWID;

CREATE TABLE usage (
    month TEXT PRIMARY KEY,
    posts INTEGER NOT NULL,
    users INTEGER NOT NULL,
    dollars REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

# The checks of an account are counted: what came between two of them is told by their numbers, as
# times are not to be relied on where a clock may be set back. The conditions of a job are kept as
# they were found last, so that only a change is told.
_CHECKS = """
CREATE TABLE checks (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;

-- How many checks there had been when a tweet was read for the first time.
ALTER TABLE tweets ADD COLUMN checks_before INTEGER NOT NULL DEFAULT 0;

-- The check that a report was made by; 0 in those of before checks were counted.
ALTER TABLE reports ADD COLUMN number INTEGER NOT NULL DEFAULT 0;

CREATE TABLE conditions (
    job TEXT NOT NULL,
    condition TEXT NOT NULL,
    subject TEXT NOT NULL,
    account INTEGER REFERENCES accounts ON DELETE CASCADE,
    holds INTEGER NOT NULL,
    PRIMARY KEY (job, condition, subject)
) WITHOUT ROWID;
"""

MIGRATIONS = (_FIRST, _CHECKS)
