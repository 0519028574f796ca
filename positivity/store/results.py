"""What was made of the tweets: scores and reports."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        """Keep the scores of tweets, rounded; those of tweets that are gone by now are not kept."""
        self._db.run_many(
            "INSERT OR REPLACE INTO scores SELECT ?, ?, ?, ?, ?, ? "
            "WHERE EXISTS (SELECT 1 FROM tweets WHERE id = ?)",
            [
                (tweet, by.model, by.normalizer, *(round(float(p), _DIGITS) for p in row), tweet)
                for tweet, row in scores.items()
            ],
        )


class Reports:
    """The last report of each day on each question that was asked of an account."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(
        self, account: int, question: Mapping[str, Any], day: str, report: Mapping[str, Any]
    ) -> None:
        """Keep a report; it must hold no tweets, which could be deleted later."""
        asked = json.dumps(question, sort_keys=True)
        answer = json.dumps(report, ensure_ascii=True)
        self._db.run(
            "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?)", account, asked, day, answer
        )

    def get(self, account: int, question: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """The days and reports of a question, oldest first."""
        rows = self._db.rows(
            "SELECT day, report FROM reports WHERE account = ? AND question = ? ORDER BY day",
            *(account, json.dumps(question, sort_keys=True)),
        )
        return [(day, json.loads(report)) for day, report in rows]
