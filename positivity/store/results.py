"""What was made of the tweets: scores, reports, and whether conditions held."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from positivity.store.database import Database

Probabilities = tuple[float, float, float]  # negative, neutral, positive

_FEW = 500  # values in one statement
_DIGITS = 4  # as the report rounds them, so that it is the same from the store


@dataclass(frozen=True, slots=True)
class ScoredBy:
    """What scores depend on: the files of a model, and the version of the normalizer."""

    model: str  # a digest of its files
    normalizer: int


class Scores:
    """Probabilities by tweet, model and normalizer."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, tweets: Sequence[int], by: ScoredBy) -> dict[int, Probabilities]:
        """The scores that there are of some tweets."""
        found: dict[int, Probabilities] = {}
        for start in range(0, len(tweets), _FEW):
            some = tweets[start : start + _FEW]
            rows = self._db.rows(
                "SELECT tweet, negative, neutral, positive FROM scores WHERE tweet IN "
                f"({', '.join('?' * len(some))}) AND model = ? AND normalizer = ?",
                *(*some, by.model, by.normalizer),
            )
            found |= {row[0]: row[1:] for row in rows}
        return found

    def put(self, scores: Mapping[int, Sequence[float]], by: ScoredBy) -> None:
        """Keep the scores of tweets, rounded; those of tweets that are gone by now are not kept.

        Where the store can only be read, none are: they can be worked out again.
        """
        if self._db.read_only:
            return
        self._db.run_many(
            "INSERT OR REPLACE INTO scores SELECT ?, ?, ?, ?, ?, ? "
            "WHERE EXISTS (SELECT 1 FROM tweets WHERE id = ?)",
            [
                (tweet, by.model, by.normalizer, *(round(float(p), _DIGITS) for p in row), tweet)
                for tweet, row in scores.items()
            ],
        )


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report of the store: on what question, of which day and check, and what it said."""

    question: dict[str, Any]
    day: str
    number: int  # of the check; 0 if it is not known
    report: dict[str, Any]


class Reports:
    """The last report of each day on each question that was asked of an account."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(
        self,
        account: int,
        question: Mapping[str, Any],
        day: str,
        report: Mapping[str, Any],
        *,
        number: int = 0,
    ) -> None:
        """Keep a report; it must hold no tweets, which could be deleted later."""
        self._db.run(
            "INSERT OR REPLACE INTO reports (account, question, day, report, number) "
            "VALUES (?, ?, ?, ?, ?)",
            *(account, _key(question), day, json.dumps(report, ensure_ascii=True), number),
        )

    def get(self, account: int, question: Mapping[str, Any]) -> list[KeptReport]:
        """The reports on a question, in the order in which they were made."""
        return self._found("account = ? AND question = ?", account, _key(question))

    def before(self, account: int, question: Mapping[str, Any], day: str) -> KeptReport | None:
        """The last report on a question that is of an earlier day; None if there is none."""
        found = self._found(
            "account = ? AND question = ? AND day < ?", account, _key(question), day, last=True
        )
        return found[0] if found else None

    def all(self, account: int) -> list[KeptReport]:
        """The reports on all questions, in the order in which they were made."""
        return self._found("account = ?", account)

    def _found(self, which: str, *values: Any, last: bool = False) -> list[KeptReport]:
        order = "number DESC, day DESC LIMIT 1" if last else "number, day, question"
        rows = self._db.rows(
            f"SELECT question, day, number, report FROM reports WHERE {which} ORDER BY {order}",
            *values,
        )
        return [
            KeptReport(json.loads(asked), day, number, json.loads(report))
            for asked, day, number, report in rows
        ]


def _key(question: Mapping[str, Any]) -> str:
    return json.dumps(question, sort_keys=True)


class Checks:
    """The checks of accounts, counted from 1."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, account: int, *, now: datetime) -> int:
        """Note that a check of an account has ended; its number."""
        with self._db.transaction():
            number = self.last(account) + 1
            self._db.run(
                "INSERT INTO checks VALUES (?, ?, ?)",
                *(account, number, round(now.timestamp() * 1000)),
            )
        return number

    def last(self, account: int) -> int:
        """The number of the last check; 0 if there was none."""
        found = self._db.value("SELECT max(number) FROM checks WHERE account = ?", account)
        return int(found or 0)

    def time_of(self, account: int, number: int) -> datetime | None:
        """When a check ended, by the clock of this machine."""
        at = self._db.value(
            "SELECT at FROM checks WHERE account = ? AND number = ?", account, number
        )
        return None if at is None else datetime.fromtimestamp(at / 1000, UTC)


class Conditions:
    """Whether the conditions of jobs held when they were looked at last."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, job: str, condition: str, subject: str) -> bool | None:
        """None: it was not looked at before, or the account was forgotten."""
        found = self._db.value(
            "SELECT holds FROM conditions WHERE job = ? AND condition = ? AND subject = ?",
            *(job, condition, subject),
        )
        return None if found is None else bool(found)

    def put(
        self, job: str, condition: str, subject: str, *, holds: bool, account: int | None
    ) -> None:
        """Keep what was found; it goes with its account, or is not kept if that is gone."""
        self._db.run(
            "INSERT OR REPLACE INTO conditions SELECT ?, ?, ?, ?, ? "
            "WHERE ? IS NULL OR EXISTS (SELECT 1 FROM accounts WHERE id = ?)",
            *(job, condition, subject, account, holds, account, account),
        )
