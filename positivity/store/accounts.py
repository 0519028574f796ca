"""Accounts, their tweets, and what of their timelines has been read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from positivity.errors import StateError
from positivity.store.database import Database
from positivity.store.intervals import NEWEST, Interval, Intervals, difference, union

if TYPE_CHECKING:
    from positivity.sources.x_answers import Account
    from positivity.tweets import TweetBatch

SOURCE = "X API"
OWN, ALL, HIDDEN = "own", "all", "hidden"
RETWEET = "retweet"

_COLUMNS = (
    *("id", "created_at", "author", "text", "lang", "kind"),
    *("likes", "reposts", "replies", "quotes", "views"),
)
ALWAYS = range(NEWEST)
_BATCH = 8192  # tweets
_FEW = 500  # values in one statement; SQLite has a limit


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account as it was when it was last looked up."""

    id: int
    handle: str
    name: str
    tweet_count: int | None
    followers: int | None
    tweets: int  # those in the store
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of a timeline is known: read, or hidden by X for good."""

    read: Intervals
    hidden: Intervals

    @property
    def known(self) -> Intervals:
        """What need not be asked for again."""
        return union((*self.read, *self.hidden))


class Accounts:
    """The tables of accounts, tweets and coverage."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, account: "Account") -> None:
        """Keep what was found out of an account."""
        self._db.run(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, name = excluded.name, "
            "protected = excluded.protected, tweet_count = excluded.tweet_count, "
            "created_at = excluded.created_at, description = excluded.description, "
            "followers = excluded.followers, seen_at = excluded.seen_at",
            int(account.id),
            account.handle,
            _plain(account.name),
            account.protected,
            account.tweet_count,
            milliseconds(account.created_at),
            _plain(account.description),
            account.followers,
            milliseconds(datetime.now(UTC)),
        )

    def find(self, handle: str) -> StoredAccount | None:
        """The account that last had a handle."""
        found = self._accounts("WHERE handle = ? ORDER BY seen_at DESC LIMIT 1", handle)
        return found[0] if found else None

    def get(self, account: int) -> StoredAccount:
        """The account with an id, which this run has put there.

        Raises:
            StateError: it is not there any more, for a store may be shared.
        """
        found = self._accounts("WHERE id = ?", account)
        if not found:
            raise StateError("another run has forgotten this account while this one was at work")
        return found[0]

    def named(self, handle: str) -> list[StoredAccount]:
        """All accounts that were last seen with a handle, for handles change their owners."""
        return self._accounts("WHERE handle = ? ORDER BY seen_at DESC", handle)

    def all(self) -> list[StoredAccount]:
        """All accounts, by their handles; of those who had the same one, the last comes first."""
        return self._accounts("ORDER BY handle, seen_at DESC, id")

    def _accounts(self, which: str, *values: Any) -> list[StoredAccount]:
        rows = self._db.rows(
            "SELECT id, handle, name, tweet_count, followers, "
            "(SELECT count(*) FROM tweets WHERE account = accounts.id), seen_at "
            f"FROM accounts {which}",
            *values,
        )
        return [
            StoredAccount(
                number,
                handle,
                name,
                count,
                followers,
                tweets,
                datetime.fromtimestamp(at / 1000, UTC),
            )
            for number, handle, name, count, followers, tweets, at in rows
        ]

    def forget(self, account: int) -> None:
        """Delete an account with all that is kept of it."""
        self._db.run("DELETE FROM accounts WHERE id = ?", account)

    # Tweets

    def put_tweets(self, account: int, rows: Iterable[Mapping[str, Any]]) -> int:
        """Keep tweets, new or anew; how many could be kept: those whose id is one.

        The scores of a tweet whose text has changed are dropped.
        """
        now = milliseconds(datetime.now(UTC))
        checks = self._db.value(
            "SELECT coalesce(max(number), 0) FROM checks WHERE account = ?", account
        )
        values = [
            (number, account, *_values(row), now, checks)
            for row in rows
            if (number := id_number(row["id"])) is not None
        ]
        with self._db.transaction():
            self._db.run_many(
                "DELETE FROM scores WHERE tweet = ? "
                "AND EXISTS (SELECT 1 FROM tweets WHERE id = ? AND text <> ?)",
                [(row[0], row[0], row[4]) for row in values],
            )
            names = ", ".join(_COLUMNS[1:])
            updates = ", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[1:], "read_at"))
            self._db.run_many(
                f"INSERT INTO tweets (id, account, {names}, read_at, checks_before) "
                f"VALUES ({', '.join('?' * (len(_COLUMNS) + 3))}) "
                f"ON CONFLICT (id) DO UPDATE SET {updates}",
                values,
            )
        return len(values)

    def drop_tweets(self, ids: Iterable[int]) -> int:
        """Delete tweets that are no more; how many of them there were."""
        dropped = 0
        with self._db.transaction():
            for some in _in_parts(list(ids)):
                marks = ", ".join("?" * len(some))
                dropped += self._db.run(f"DELETE FROM tweets WHERE id IN ({marks})", *some)
        return dropped

    def count(self, account: int, within: Interval, *, retweets: bool) -> int:
        """How many tweets are kept with ids in an interval."""
        return int(
            self._db.value(
                "SELECT count(*) FROM tweets WHERE account = ? AND id BETWEEN ? AND ? "
                "AND (? OR kind IS NOT ?)",
                *(account, within.oldest, within.newest, retweets, RETWEET),
            )
        )

    def ids(self, account: int) -> list[int]:
        """The ids of all tweets, newest first."""
        rows = self._db.rows("SELECT id FROM tweets WHERE account = ? ORDER BY id DESC", account)
        return [row[0] for row in rows]

    def batches(self, account: int, *, checks: range = ALWAYS) -> Iterator["TweetBatch"]:
        """All tweets, newest first; with a range, those first read after so many checks."""
        from positivity.tweets import tweet_batch

        before = NEWEST
        while True:
            rows = self._db.rows(
                f"SELECT {', '.join(_COLUMNS)} FROM tweets "
                "WHERE account = ? AND id <= ? AND checks_before >= ? AND checks_before < ? "
                "ORDER BY id DESC LIMIT ?",
                *(account, before, checks.start, checks.stop, _BATCH),
            )
            if not rows:
                return
            before = rows[-1][0] - 1
            columns: dict[str, Any] = dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True))
            columns["id"] = [str(number) for number in columns["id"]]
            columns["source"] = [SOURCE] * len(rows)
            yield tweet_batch(columns, length=len(rows))

    def time_of(self, account: int, *, after: int | None = None, before: int | None = None) -> Any:
        """The time of the kept tweet next after or before an id; None if there is none."""
        if after is not None:
            which, order, bound = ">", "ASC", after
        else:
            which, order, bound = "<", "DESC", before if before is not None else NEWEST
        moment = self._db.value(
            f"SELECT created_at FROM tweets WHERE account = ? AND id {which} ? "
            f"AND created_at IS NOT NULL ORDER BY id {order} LIMIT 1",
            *(account, bound),
        )
        return None if moment is None else datetime.fromtimestamp(moment / 1000, UTC)

    # Coverage

    def coverage(self, account: int, *, retweets: bool) -> Coverage:
        """What is known of a timeline, with retweets or without."""
        rows = self._db.rows("SELECT what, oldest, newest FROM coverage WHERE account = ?", account)
        wanted = (ALL,) if retweets else (ALL, OWN)
        read = union(Interval(*row[1:]) for row in rows if row[0] in wanted)
        hidden = (Interval(*row[1:]) for row in rows if row[0] == HIDDEN)
        return Coverage(read, difference(hidden, read))

    def cover(self, account: int, what: str, interval: Interval, slots: int = 0) -> None:
        """Note that an interval of ids has been read, or is hidden.

        `slots` is how many posts of the timeline were asked for there.
        """
        oldest, newest = interval
        # Those that it touches become one with it.
        touched = (account, what, min(newest, NEWEST - 1) + 1, oldest - 1)
        which = "WHERE account = ? AND what = ? AND oldest <= ? AND newest >= ?"
        with self._db.transaction():
            rows = self._db.rows(f"SELECT oldest, newest, slots FROM coverage {which}", *touched)
            self._db.run(f"DELETE FROM coverage {which}", *touched)
            self._db.run(
                "INSERT INTO coverage VALUES (?, ?, ?, ?, ?)",
                *(account, what),
                min([oldest, *(row[0] for row in rows)]),
                max([newest, *(row[1] for row in rows)]),
                slots + sum(row[2] for row in rows),
            )

    def unhide(self, account: int, number: int) -> None:
        """Take nothing for hidden any more that is newer than a post that X has given."""
        which = "WHERE account = ? AND what = ? AND newest > ?"
        with self._db.transaction():
            rows = self._db.rows(f"SELECT oldest FROM coverage {which}", *(account, HIDDEN, number))
            self._db.run(f"DELETE FROM coverage {which}", *(account, HIDDEN, number))
            for (oldest,) in rows:
                if oldest < number:
                    self.cover(account, HIDDEN, Interval(oldest, number - 1))

    def slots_above(self, account: int, number: int) -> int:
        """How many posts of the timeline there are at most in what was read above an id.

        What lies on both sides of it counts whole.
        """
        found = self._db.value(
            "SELECT sum(slots) FROM coverage WHERE account = ? AND newest > ?", account, number
        )
        return int(found or 0)

    def put_tweet_count(self, account: int, newest: int, tweet_count: int) -> None:
        """Note how many posts there were when one was the newest."""
        self._db.run(
            "INSERT OR REPLACE INTO tweet_counts VALUES (?, ?, ?)", account, newest, tweet_count
        )

    def tweet_count_at(self, account: int, newest: int) -> int | None:
        """How many posts there were when that of this id, or one older, was the newest."""
        found = self._db.value(
            "SELECT tweet_count FROM tweet_counts WHERE account = ? AND newest <= ? "
            "ORDER BY newest DESC LIMIT 1",
            *(account, newest),
        )
        return None if found is None else int(found)

    def first_tweet_count(self, account: int, oldest: int) -> tuple[int, int] | None:
        """The first post from an id on that was the newest, and how many posts there were then."""
        found = self._db.rows(
            "SELECT newest, tweet_count FROM tweet_counts WHERE account = ? AND newest >= ? "
            "ORDER BY newest LIMIT 1",
            *(account, oldest),
        )
        return (int(found[0][0]), int(found[0][1])) if found else None


def id_number(text: Any) -> int | None:
    """An id as a number; None for what is none."""
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 19:
        number = int(text)
        return number if number <= NEWEST else None
    return None


def milliseconds(moment: date | None) -> int | None:
    """A time in milliseconds since 1970; of a date without one, which X never gives, midnight."""
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.min, UTC)
    return round(moment.timestamp() * 1000)


def _values(row: Mapping[str, Any]) -> list[Any]:
    values = {name: row.get(name) for name in _COLUMNS[1:]}
    values["created_at"] = milliseconds(values["created_at"])
    return [_plain(value) if isinstance(value, str) else value for value in values.values()]


def _plain(text: str) -> str:
    """Text that UTF-8 can hold: half of a surrogate pair is replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _in_parts(values: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), _FEW):
        yield values[start : start + _FEW]
