"""The times that X's archives have lost: tweets of before November 2010 stand there at midnight."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TypeGuard

import numpy as np
import pyarrow as pa

from positivity.sources.payload import Row
from positivity.tweets import FIRST_SNOWFLAKE, TweetBatch

_ENOUGH = 100  # of the older tweets tell of all: an archive has the times of all of them or of none
_MOST_AHEAD = 20_000  # rows in memory
_FEWEST = 0.1  # of them at midnight, where one of 86,400 would be by chance


class LostTimes:
    """Makes dates without a time of the midnights of old tweets, where an archive is full of them.

    Whether it is shows in the first of its old tweets, which are held back until that is known.
    """

    def __init__(self) -> None:
        self.count = 0  # of the tweets that were found to have no time
        self._lost: bool | None = None

    def rows(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The tweets in the same order."""
        for row in rows:
            if self._lost is None and _is_old(row["id"]):
                ahead = [row]
                self._decide(_looked_at(rows, ahead))
                yield from map(self._row, ahead)
            else:
                yield self._row(row)

    def batch(self, batch: TweetBatch) -> TweetBatch:
        """The tweets of a batch, which tells of all where none came before."""
        times = batch.column("created_at").to_pylist()
        old = [_is_old(each) for each in batch.column("id").to_pylist()]
        if self._lost is None and any(old):
            self._decide([t for t, is_old in zip(times, old, strict=True) if is_old])
        lost = np.array([o and _is_midnight(t) for o, t in zip(old, times, strict=True)], np.bool_)
        if not self._lost or not lost.any():
            return batch
        self.count += int(lost.sum())
        place = batch.schema.get_field_index("date_only")
        known = np.array(batch.column(place).to_pylist(), np.bool_)
        return batch.set_column(place, batch.schema.field(place), pa.array(lost | known))

    def _row(self, row: Row) -> Row:
        moment = row["created_at"]
        if self._lost and _is_midnight(moment) and _is_old(row["id"]):
            row["created_at"] = moment.date()
            self.count += 1
        return row

    def _decide(self, moments: list[date | None]) -> None:
        self._lost = sum(map(_is_midnight, moments)) > _FEWEST * len(moments)


def _looked_at(rows: Iterator[Row], ahead: list[Row]) -> list[date | None]:
    """The times of old tweets: that of the one in `ahead` and of some that come, all put there."""
    moments = [ahead[0]["created_at"]]
    while len(moments) < _ENOUGH and len(ahead) < _MOST_AHEAD:
        row = next(rows, None)
        if row is None:
            break
        ahead.append(row)
        if _is_old(row["id"]):
            moments.append(row["created_at"])
    return moments


def _is_old(tweet_id: str | None) -> bool:
    if tweet_id is None or len(tweet_id) > len(str(FIRST_SNOWFLAKE)):  # nearly all, quickly
        return False
    return tweet_id.isdecimal() and int(tweet_id) < FIRST_SNOWFLAKE


def _is_midnight(moment: date | None) -> TypeGuard[datetime]:
    return isinstance(moment, datetime) and moment.time() == time.min
