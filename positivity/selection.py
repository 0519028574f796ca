"""Which tweets count for the verdict, and why the others do not."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from positivity.duplicates import SeenTweets
from positivity.errors import UsageError
from positivity.text.normalize import says_something
from positivity.tweets import Kind, LeftOut, TweetBatch, dates_only

LANGUAGE = "en"  # the one that the models read
# X's marks for posts without a language of their own: only emoji, media, hashtags, links, …
_UNDETERMINED = frozenset({"", "und", "qme", "qst", "qht", "qam", "qct", "zxx", "art"})
# What files have where nothing is known.
_UNKNOWN = frozenset({"none", "null", "nan", "n/a", "unknown", "undefined", "undetermined"})
_ENGLISH = frozenset({LANGUAGE, "eng", "english"})

IsEnglish = Callable[[Sequence[str]], NDArray[np.bool_]]


@dataclass(slots=True)
class Selection:
    """Decides batch by batch, and remembers ids, so that duplicates are found across batches.

    Where each tweet is known to have an id of its own, as in the store, there are none to be found.
    """

    is_english: IsEnglish
    include_retweets: bool = False
    language: str | None = None  # the language that all tweets are known to be in
    since: datetime | None = None  # first moment that counts
    until: datetime | None = None  # first moment that no longer counts
    unique: bool = False  # whether each tweet is known to have an id of its own
    _seen: SeenTweets = field(default_factory=SeenTweets)

    def __post_init__(self) -> None:
        if self.language is not None:
            refuse_language(self.language)
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise UsageError("--since is not before --until: no tweet can lie between them")

    def duplicates(self, batch: TweetBatch) -> NDArray[np.bool_]:
        """For each tweet of a batch, whether it was seen before, in the batch or earlier."""
        if self.unique:
            return np.zeros(len(batch), np.bool_)
        return self._seen.duplicates(batch)

    def left_out(
        self,
        batch: TweetBatch,
        normalized: Sequence[str],
        duplicates: NDArray[np.bool_] | None = None,
    ) -> list[str | None]:
        """For each tweet of a batch, the reason why it does not count, or None.

        Args:
            normalized: the normalized texts of the batch.
            duplicates: what `duplicates` said of the batch, if it was asked before.
        """
        reasons: list[str | None] = [None] * len(batch)
        if duplicates is None:
            duplicates = self.duplicates(batch)
        by_date = self._by_date(batch)
        is_duplicate = duplicates.tolist()
        kinds = batch.column("kind").to_pylist()
        undecided = []
        for row, text in enumerate(normalized):
            if by_date is not None and by_date[row] is not None:
                reasons[row] = by_date[row]
            elif is_duplicate[row]:
                reasons[row] = LeftOut.DUPLICATE
            elif kinds[row] == Kind.RETWEET and not self.include_retweets:
                reasons[row] = LeftOut.RETWEET
            elif not says_something(text):
                reasons[row] = LeftOut.EMPTY
            else:
                undecided.append(row)
        for row in self._other_language(batch, undecided):
            reasons[row] = LeftOut.LANGUAGE
        return reasons

    def _by_date(self, batch: TweetBatch) -> list[str | None] | None:
        """Why each tweet is not of the dates asked for, or None; None for all where none were."""
        if self.since is None and self.until is None:
            return None
        times = batch.column("created_at").cast(pa.int64())
        moments = times.fill_null(0).to_numpy(zero_copy_only=False)
        undated = np.asarray(times.is_null().to_numpy(zero_copy_only=False))
        outside = np.zeros(len(batch), np.bool_)
        bare = dates_only(batch)
        if self.since is not None:
            outside |= moments < _bound(self.since, bare)
        if self.until is not None:
            outside |= moments >= _bound(self.until, bare)
        return [
            LeftOut.UNDATED if unknown else LeftOut.DATES if wrong else None
            for unknown, wrong in zip(undated.tolist(), outside.tolist(), strict=True)
        ]

    def _other_language(self, batch: TweetBatch, rows: Sequence[int]) -> list[int]:
        """Those of `rows` that are not in English: by the source's word, else by the text."""
        if self.language is not None or not rows:
            return []
        langs = batch.column("lang").to_pylist()
        others, unknown = [], []
        for row in rows:
            told = _is_called_english(langs[row] or "")
            if told is None:
                unknown.append(row)
            elif not told:
                others.append(row)
        if unknown:
            texts = batch.column("text").to_pylist()
            english = self.is_english([texts[row] for row in unknown])
            others += [
                row for row, is_english in zip(unknown, english, strict=True) if not is_english
            ]
        return others


def refuse_language(language: str) -> None:
    """Raises UsageError for a language that the models do not read."""
    if not _is_called_english(language):
        raise UsageError(
            f"--language {language!r}: the models read English (en) only; without the option, "
            "tweets in other languages are told apart and left out"
        )


@lru_cache(maxsize=1024)
def _is_called_english(language: str) -> bool | None:
    """Whether a source's word for a language, such as en_GB, means English; None: it says none."""
    word = language.strip().lower()
    name = re.split(r"[-_ (]", word, maxsplit=1)[0]
    if word in _UNKNOWN or name in _UNDETERMINED:
        return None
    return name in _ENGLISH


def _bound(moment: datetime, bare: NDArray[np.bool_] | None) -> NDArray[np.float64] | float:
    """A moment in milliseconds since 1970; for dates without a time, what clocks show at it."""
    exact = moment.timestamp() * 1000
    if bare is None:
        return exact
    return np.where(bare, moment.replace(tzinfo=UTC).timestamp() * 1000, exact)
