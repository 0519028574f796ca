"""Takes note of tweets batch by batch, and tells in the end what they are like.

For each tweet some 30 bytes are kept, and of all of them together the counts of at most a million
types: a million tweets take a few hundred megabytes, whatever their texts.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from positivity.errors import InputError
from positivity.exploration.copies import Copies
from positivity.exploration.findings import Count, Emoji, Exploration, most_frequent
from positivity.exploration.labels import Labels
from positivity.exploration.lengths import LengthCounts
from positivity.exploration.token_types import TypeCounts
from positivity.sources.handles import author_key
from positivity.text.normalize import (
    CASHTAG,
    ELONGATED,
    HASHTAG,
    REPEATED,
    RETWEET,
    SHOUTED,
    URL,
    USER,
    Normalizer,
)
from positivity.tweets import TweetBatch

_SHOWN_EMOJI, _SHOWN_LANGUAGES = 15, 8
_PARTS = {"links": URL, "mentions": USER, "hashtags": HASHTAG, "cashtags": CASHTAG}
_UNSAID = frozenset({URL, USER, RETWEET})  # says nothing by itself
_ALIKE = _UNSAID | {SHOUTED, ELONGATED, REPEATED}  # what copies of a tweet may differ in

IsEnglish = Callable[[Sequence[str]], NDArray[np.bool_]]


class Explorer:
    """Looks at a stream of tweets.

    Args:
        is_english: tells of texts whether they are in English.
        cut: tokens of a tweet beyond which the loss is told.
    """

    def __init__(self, normalizer: Normalizer, is_english: IsEnglish, *, cut: int) -> None:
        self._normalizer, self._is_english = normalizer, is_english
        self._rows = self._empty = self._english = self._judged = 0
        self._first: int | None = None  # milliseconds
        self._last: int | None = None
        self._authors = array("q")
        self._languages: Counter[str] = Counter()
        self._labels = Labels()
        self._copies = Copies()
        self._lengths = LengthCounts(cut)
        self._types = TypeCounts()
        self._parts: Counter[str] = Counter()
        self._emoji: Counter[str] = Counter()
        self._with_emoji = 0

    def add(self, batch: TweetBatch) -> None:
        """Take note of a batch, which may have a column `label`.

        Raises:
            InputError: there are more labels than a classifier would have.
        """
        texts: list[str] = batch.column("text").to_pylist()
        normalized = self._normalizer.normalize_many(texts)
        labels = self._labels.add(batch)
        self._rows += len(texts)
        self._note_times(batch)
        self._note_languages(batch)
        authors = batch.column("author").drop_null().to_pylist()
        self._authors.extend(map(hash, map(author_key, authors)))
        by_label: dict[str, list[str]] = {}
        lengths = []
        with_words = []
        for text, plain, label in zip(texts, normalized, labels, strict=True):
            tokens = plain.split()
            lengths.append(len(tokens))
            by_label.setdefault(label, []).extend(tokens)
            self._note_text(text, plain, tokens)
            if any(token not in _UNSAID for token in tokens):
                with_words.append(text)
        self._empty += len(texts) - len(with_words)
        self._lengths.add(lengths)
        self._judged += len(with_words)
        self._english += int(self._is_english(with_words).sum()) if with_words else 0
        self._types.add(by_label)

    def _note_times(self, batch: TweetBatch) -> None:
        ends = pc.min_max(batch.column("created_at").cast(pa.int64()))
        first, last = ends["min"].as_py(), ends["max"].as_py()
        if first is not None:
            self._first = first if self._first is None else min(first, self._first)
            self._last = last if self._last is None else max(last, self._last)

    def _note_languages(self, batch: TweetBatch) -> None:
        for each in pc.value_counts(batch.column("lang").drop_null()).to_pylist():
            self._languages[each["values"].lower()] += each["counts"]

    def _note_text(self, text: str, plain: str, tokens: Sequence[str]) -> None:
        said = plain
        if "<" in plain:
            different = set(tokens)
            self._parts.update(name for name, token in _PARTS.items() if token in different)
            if not _ALIKE.isdisjoint(different):
                said = " ".join(token for token in tokens if token not in _ALIKE)
        self._copies.add(text, said)
        if not text.isascii():
            emoji = set(self._normalizer.emoji_in(text))
            self._with_emoji += bool(emoji)
            self._emoji.update(emoji)

    def findings(
        self,
        subject: str,
        *,
        read_as: Sequence[str] = (),
        unreadable: int = 0,
        notes: Sequence[str] = (),
    ) -> Exploration:
        """What was found.

        Args:
            subject: what the data is called.
            notes: what is to be said of its reading.

        Raises:
            InputError: there was not a single tweet.
        """
        if not self._rows:
            raise InputError(f"{subject}: no tweet in it that could be read")
        authors = np.unique(np.frombuffer(self._authors, np.int64), return_counts=True)[1]
        return Exploration(
            subject=subject,
            read_as=tuple(read_as),
            rows=self._rows,
            unreadable=unreadable,
            empty=self._empty,
            first=_day(self._first),
            last=_day(self._last),
            authors=len(authors) or None,
            busiest_author=float(authors.max()) / int(authors.sum()) if len(authors) else None,
            labels=self._labels.counts(),
            unlabelled=self._labels.unlabelled,
            duplicates=self._copies.findings(self._labels.codes if self._labels.any else None),
            languages=most_frequent(self._languages, self._languages.total(), _SHOWN_LANGUAGES),
            english=self._english / self._judged if self._judged else None,
            lengths=self._lengths.findings(),
            tokens=self._types.findings(),
            with_parts=tuple(
                Count(name, self._parts[name], self._parts[name] / self._rows) for name in _PARTS
            ),
            words=self._types.tied_to(self._labels.names()),
            emoji=Emoji(
                self._with_emoji,
                self._with_emoji / self._rows,
                len(self._emoji),
                most_frequent(self._emoji, self._with_emoji, _SHOWN_EMOJI),
            ),
            notes=tuple(notes),
        )


def _day(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()
