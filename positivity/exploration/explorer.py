"""Takes note of tweets batch by batch, and tells in the end what they are like.

For each tweet some 30 bytes are kept, and of all of them together the counts of at most a million
types: a million tweets take a few hundred megabytes, whatever their texts.
"""

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from positivity.errors import InputError
from positivity.exploration.findings import (
    Count,
    Cut,
    Duplicates,
    Emoji,
    Exploration,
    LabelWords,
    Lengths,
    Quantile,
    Rank,
    Repeated,
    Tokens,
)
from positivity.exploration.log_odds import tied_words
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

QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
_HEAD = 0.05  # of the types
_MOST_TYPES = 1_000_000
_MOST_TEXTS = 50_000  # of those that may come again
_MOST_LABELS = 20
_LONGEST = 4096  # tokens that are told apart
_RANKS = 60
_SHOWN_WORDS, _SHOWN_TYPES, _SHOWN_EMOJI, _SHOWN_LANGUAGES = 12, 15, 15, 8
_SHOWN_REPEATS, _SIMILAR_REPEATS = 5, 2000
_NO_LABEL = ""
_PARTS = {"links": URL, "mentions": USER, "hashtags": HASHTAG, "cashtags": CASHTAG}
_UNSAID = frozenset({URL, USER, RETWEET})  # says nothing by itself
_ALIKE = _UNSAID | {SHOUTED, ELONGATED, REPEATED}  # what copies of a tweet may differ in
# Names of labels in the order that people expect; others follow by name.
_NAMES = ("negative", "neg", "neutral", "neu", "positive", "pos")
_ORDER = {name: place for place, name in enumerate(_NAMES)}

IsEnglish = Callable[[Sequence[str]], NDArray[np.bool_]]


class Explorer:
    """Looks at a stream of tweets.

    Args:
        is_english: tells of texts whether they are in English.
        cut: tokens of a tweet beyond which the loss is told.
    """

    def __init__(self, normalizer: Normalizer, is_english: IsEnglish, *, cut: int) -> None:
        self._normalizer, self._is_english, self._cut = normalizer, is_english, cut
        self._rows = self._empty = self._english = self._judged = 0
        self._first: int | None = None  # milliseconds
        self._last: int | None = None
        self._authors = array("q")
        self._languages: Counter[str] = Counter()
        self._texts, self._near, self._label_codes = array("q"), array("q"), array("B")
        self._lengths = np.zeros(_LONGEST + 1, np.int64)
        self._tokens_cut = self._tokens_total = 0
        self._longest = 0
        self._types: dict[str, Counter[str]] = {}  # label -> type -> tokens
        self._labels: Counter[str] = Counter()
        self._codes: dict[str, int] = {}
        self._labelled = self._pruned = False
        self._parts: Counter[str] = Counter()
        self._emoji: Counter[str] = Counter()
        self._with_emoji = 0
        self._repeats = _Repeats(_MOST_TEXTS)

    def add(self, batch: TweetBatch) -> None:
        """Take note of a batch, which may have a column `label`.

        Raises:
            InputError: there are more labels than a classifier would have.
        """
        texts: list[str] = batch.column("text").to_pylist()
        normalized = self._normalizer.normalize_many(texts)
        labels = self._read_labels(batch)
        self._rows += len(texts)
        self._note_times(batch)
        self._note_languages(batch)
        self._note_authors(batch)
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
        self._note_lengths(np.array(lengths, np.int64))
        self._judged += len(with_words)
        self._english += int(self._is_english(with_words).sum()) if with_words else 0
        for label, tokens in by_label.items():
            self._types.setdefault(label, Counter()).update(tokens)
        self._prune()

    def _read_labels(self, batch: TweetBatch) -> list[str]:
        if "label" not in batch.schema.names:
            self._label_codes.frombytes(bytes(batch.num_rows))
            return [_NO_LABEL] * batch.num_rows
        self._labelled = True
        labels = [label or _NO_LABEL for label in batch.column("label").to_pylist()]
        self._labels.update(labels)
        if len(self._labels) > _MOST_LABELS:
            some = ", ".join(repr(label[:20]) for label in list(self._labels)[:3])
            raise InputError(
                f"more than {_MOST_LABELS} different labels ({some}, …): name the column of the "
                "labels with --label-column"
            )
        codes = self._codes
        self._label_codes.extend(codes.setdefault(label, len(codes) + 1) for label in labels)
        return labels

    def _note_times(self, batch: TweetBatch) -> None:
        ends = pc.min_max(batch.column("created_at").cast(pa.int64()))
        first, last = ends["min"].as_py(), ends["max"].as_py()
        if first is not None:
            self._first = first if self._first is None else min(first, self._first)
            self._last = last if self._last is None else max(last, self._last)

    def _note_languages(self, batch: TweetBatch) -> None:
        for each in pc.value_counts(batch.column("lang").drop_null()).to_pylist():
            self._languages[each["values"].lower()] += each["counts"]

    def _note_authors(self, batch: TweetBatch) -> None:
        authors = batch.column("author").drop_null().to_pylist()
        self._authors.extend(map(hash, map(author_key, authors)))

    def _note_text(self, text: str, plain: str, tokens: Sequence[str]) -> None:
        said = plain
        if "<" in plain:
            different = set(tokens)
            self._parts.update(name for name, token in _PARTS.items() if token in different)
            if not _ALIKE.isdisjoint(different):
                said = " ".join(token for token in tokens if token not in _ALIKE)
        near = hash(said) if said else 0
        self._texts.append(hash(text))
        self._near.append(near)
        if near:
            self._repeats.add(near, text)
        if not text.isascii():
            emoji = set(self._normalizer.emoji_in(text))
            self._with_emoji += bool(emoji)
            self._emoji.update(emoji)

    def _note_lengths(self, lengths: NDArray[np.int64]) -> None:
        self._lengths += np.bincount(np.minimum(lengths, _LONGEST), minlength=_LONGEST + 1)
        self._tokens_total += int(lengths.sum())
        self._tokens_cut += int(np.maximum(lengths - self._cut, 0).sum())
        self._longest = max(self._longest, int(lengths.max(initial=0)))

    def _prune(self) -> None:
        """Drops the rarest types of too many: lossy counting (Manku and Motwani 2002)."""
        while sum(map(len, self._types.values())) > _MOST_TYPES:
            self._pruned = True
            least = min(min(counts.values(), default=1 << 62) for counts in self._types.values())
            for label, counts in self._types.items():
                kept = {word: count for word, count in counts.items() if count > least}
                self._types[label] = Counter(kept)

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
        everything = _joined(self._types.values())
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
            labels=self._label_counts(),
            unlabelled=self._labels[_NO_LABEL],
            duplicates=self._duplicates(),
            languages=_counts(self._languages, self._languages.total(), _SHOWN_LANGUAGES),
            english=self._english / self._judged if self._judged else None,
            lengths=self._length_findings(),
            tokens=self._token_findings(everything),
            with_parts=tuple(
                Count(name, self._parts[name], self._parts[name] / self._rows) for name in _PARTS
            ),
            words=self._label_words(),
            emoji=Emoji(
                self._with_emoji,
                self._with_emoji / self._rows,
                len(self._emoji),
                _counts(self._emoji, self._with_emoji, _SHOWN_EMOJI),
            ),
            notes=tuple(notes),
        )

    def _known_labels(self) -> list[str]:
        known = [label for label in self._labels if label != _NO_LABEL]
        return sorted(known, key=lambda label: (_ORDER.get(label.lower(), len(_ORDER)), label))

    def _label_counts(self) -> tuple[Count, ...]:
        known = self._known_labels()
        total = sum(self._labels[label] for label in known)
        return tuple(Count(each, self._labels[each], self._labels[each] / total) for each in known)

    def _duplicates(self) -> Duplicates:
        exact = np.frombuffer(self._texts, np.int64)
        near = np.frombuffer(self._near, np.int64)
        codes = np.frombuffer(self._label_codes, np.uint8)
        said = near != 0
        near, codes = near[said], codes[said]
        keys, group, counts = np.unique(near, return_inverse=True, return_counts=True)
        contradictions = None
        if self._labelled:
            low = np.full(len(keys), 255, np.uint8)
            high = np.zeros(len(keys), np.uint8)
            unlabelled = self._codes.get(_NO_LABEL, 0)
            labelled = (codes != unlabelled) & (codes != 0)
            np.minimum.at(low, group[labelled], codes[labelled])
            np.maximum.at(high, group[labelled], codes[labelled])
            contradictions = int(counts[high > low].sum())
        # Keys are in no order: of like counts, the texts decide.
        largest = np.argsort(-counts, kind="stable")[:_SIMILAR_REPEATS].tolist()
        most = [
            Repeated(text, int(counts[i]))
            for i in largest
            if counts[i] > 1 and (text := self._repeats.text(int(keys[i]))) is not None
        ]
        most.sort(key=lambda each: (-each.count, each.text))
        return Duplicates(
            exact=len(exact) - len(np.unique(exact)),
            near=len(near) - len(keys),
            groups=int((counts > 1).sum()),
            contradictions=contradictions,
            most=tuple(most[:_SHOWN_REPEATS]),
        )

    def _length_findings(self) -> Lengths:
        reached = np.cumsum(self._lengths)
        quantiles = [
            Quantile(share, int(np.searchsorted(reached, math.ceil(share * self._rows))))
            for share in QUANTILES
        ]
        if self._longest > _LONGEST:
            quantiles[-1] = Quantile(1.0, self._longest)
        longer = int(self._lengths[self._cut + 1 :].sum())
        cut = Cut(
            self._cut,
            longer,
            longer / self._rows,
            self._tokens_cut,
            self._tokens_cut / max(1, self._tokens_total),
        )
        last = int(np.flatnonzero(self._lengths)[-1])
        histogram = tuple(self._lengths[: last + 1].tolist())
        return Lengths(self._tokens_total / self._rows, tuple(quantiles), histogram, cut)

    def _token_findings(self, everything: Mapping[str, int]) -> Tokens:
        counts = np.sort(np.fromiter(everything.values(), np.int64, len(everything)))[::-1]
        head = math.ceil(_HEAD * len(counts))
        places = np.unique(np.geomspace(1, max(1, len(counts)), _RANKS).round().astype(int))
        ranks = [Rank(rank, int(counts[rank - 1])) for rank in places.tolist() if len(counts)]
        return Tokens(
            tokens=self._tokens_total,
            types=len(counts),
            once=int((counts == 1).sum()),
            head=head,
            head_share=float(counts[:head].sum() / max(1, self._tokens_total)),
            slope=_slope(ranks),
            ranks=tuple(ranks),
            most=_counts(everything, self._tokens_total, _SHOWN_TYPES),
            pruned=self._pruned,
        )

    def _label_words(self) -> tuple[LabelWords, ...]:
        known = self._known_labels()
        if len(known) < 2:
            return ()
        labelled = {label: self._types.get(label, Counter()) for label in known}
        everything = _joined(labelled.values())
        return tuple(
            LabelWords(label, tied_words(inside, everything, _SHOWN_WORDS))
            for label, inside in labelled.items()
        )


class _Repeats:
    """A text for each key that comes often; those that came once make room for new ones."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._once: dict[int, str] = {}
        self._again: dict[int, list[Any]] = {}  # key -> [times, text]

    def add(self, key: int, text: str) -> None:
        known = self._again.get(key)
        if known is not None:
            known[0] += 1
        elif key in self._once:
            self._again[key] = [2, self._once.pop(key)]
        else:
            self._once[key] = text
        if len(self._once) > self._most:
            self._once.clear()
        if len(self._again) > self._most:
            often = sorted(self._again.items(), key=lambda item: -item[1][0])
            self._again = dict(often[: self._most // 2])

    def text(self, key: int) -> str | None:
        known = self._again.get(key)
        return None if known is None else str(known[1])


def _joined(counters: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counters:
        total.update(each)
    return total


def _counts(counts: Mapping[str, int], total: int, most: int) -> tuple[Count, ...]:
    """The most frequent, of like counts the first by name."""
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    return tuple(Count(name, count, count / total) for name, count in often)


def _slope(ranks: Sequence[Rank]) -> float | None:
    """The slope of log count by log rank, by least squares; None where all are alike."""
    if len(ranks) < 3 or ranks[0].count == ranks[-1].count:
        return None
    logs = np.log([[each.rank, each.count] for each in ranks])
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def _day(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()
