"""Cells of a table, or values of objects, as the columns of a tweet batch."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import compress, count, islice, repeat
from typing import Any

import pyarrow as pa

from positivity.sources.dates import parse_moment, times_of_ids
from positivity.sources.layout import Layout
from positivity.sources.own_scores import language_of, unguard
from positivity.tweets import Kind, TweetBatch, tweet_batch

Cells = Sequence[str | None]

COUNTS = ("likes", "reposts", "replies", "quotes", "views")
_TRUE = frozenset(
    # Of databases and programs, and of spreadsheets in other languages.
    "t true 1 1.0 yes y vrai wahr verdadero verdadeiro vero waar prawda sant sand истина".split()
)
_NOTHING = frozenset({"", "0", "0.0", "none", "null", "nan", "na", "n/a", "false", "[]", "{}"})
_ROUNDED = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_WHOLE = re.compile(r"(\d{1,15})\.0*")
_LONGEST_NAME = 50
_MOST_DIGITS = 18
_STATUS = re.compile(r"(?:twitter|x)\.com/(\w+)(?:/web)?/status(?:es)?/(\d+)")
_NO_AUTHOR = frozenset({"i", "statuses", "web", "anyuser"})
_USERNAME = re.compile(r"""['"](?:username|screen_name)['"]: ['"](\w+)['"]""")
_TYPES = {
    **dict.fromkeys(("retweet", "retweeted", "rt", "repost", "reposted"), Kind.RETWEET),
    **dict.fromkeys(("reply", "replied_to", "reply_tweet"), Kind.REPLY),
    **dict.fromkeys(("quote", "quoted", "quote_tweet"), Kind.QUOTE),
}
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean_text(text: str) -> str:
    """A text with its HTML entities undone, once."""
    return html.unescape(text) if "&" in text else text


def clean_id(value: str | None) -> str | None:
    """An id as a string; None when it is missing, or when a spreadsheet has rounded it."""
    if not value:
        return None
    if value.isdecimal():
        return value
    value = value.strip().lstrip("'")
    if value.lower() in _NOTHING or _ROUNDED.fullmatch(value):
        return None
    whole = _WHOLE.fullmatch(value)
    if whole:
        return whole[1]
    # More digits than a float can hold have been rounded on their way here.
    return None if re.fullmatch(r"\d+\.\d*", value) else value


def clean_author(value: str | None) -> str | None:
    """A handle without its @; of an object in a cell of a table, the handle in it."""
    if not value:
        return None
    if value.startswith("{"):
        found = _USERNAME.search(value)
        return found[1] if found else None
    name = value.strip().removeprefix("@")
    return name if name and len(name) <= _LONGEST_NAME else None


def clean_count(value: str | None) -> int | None:
    """A count, also one written `1,234` or `12.0`."""
    if not value:
        return None
    if not value.isdecimal():
        value = re.sub(r"\.0*$", "", value.strip().replace(",", ""))
    return int(value) if value.isdecimal() and len(value) <= _MOST_DIGITS else None


def is_true(value: str | None) -> bool:
    """Whether a flag is set."""
    return bool(value) and str(value).strip().lower() in _TRUE


def is_filled(value: str | None) -> bool:
    """Whether a cell says anything."""
    return bool(value) and str(value).strip().lower() not in _NOTHING


def kind_of(text: str, known: Kind | None = None) -> Kind:
    """The kind of a tweet from what its source says, else from how its text begins."""
    if known is Kind.RETWEET or text.startswith("RT @"):
        return Kind.RETWEET
    if known is not None:
        return known
    return Kind.REPLY if text.startswith("@") else Kind.ORIGINAL


class RowMapper:
    """Makes tweet batches from the cells of a table with a known layout."""

    def __init__(
        self, layout: Layout, source: str, *, clean: bool = False, guarded: bool = False
    ) -> None:
        self._layout = layout
        self._source = source
        self._clean = clean  # texts without HTML entities
        self._guarded = guarded  # texts with an apostrophe before what looks like a formula

    def batches(self, rows: Iterator[list[str]], size: int) -> Iterator[TweetBatch]:
        """The tweets of rows that are all as wide as the table, at most `size` at a time."""
        while chunk := list(islice(rows, size)):
            columns = list(zip(*chunk, strict=True))
            yield self.batch({index: columns[index] for index in self._layout.used})

    def batch(self, cells: Mapping[int, Cells]) -> TweetBatch:
        """The tweets of some rows, given by column; every text is there."""
        fields = {part: cells[index] for part, index in self._layout.fields.items()}
        texts = self._texts(fields.pop("text"))
        if self._layout.short_text is not None:
            short = self._texts(cells[self._layout.short_text])
            texts = [text or other for text, other in zip(texts, short, strict=True)]
        links = [_linked(link) for link in fields.pop("link", ())]
        left_out = fields.pop("left_out", None)  # of our own scores, where a retweet is called so
        types = fields.pop("type", left_out)
        labels = fields.pop("label", None)
        columns: dict[str, Sequence[Any] | pa.Array] = {
            "text": texts,
            "kind": self._kinds(cells, texts, types),
        }
        if left_out is not None:
            columns["lang"] = list(map(language_of, left_out))
        for part, values in fields.items():
            if part == "id":
                columns[part] = [clean_id(value) for value in values]
            elif part == "created_at":
                columns[part] = self._times(values, cells)
            elif part == "author":
                columns[part] = [clean_author(value) for value in self._unguarded(values)]
            elif part == "lang":
                columns[part] = [(value or "").strip() or None for value in values]
            else:
                columns[part] = [clean_count(value) for value in values]
        for place, part in enumerate(("author", "id") if links else ()):
            own = columns.get(part, repeat(None))
            columns[part] = [value or link[place] for value, link in zip(own, links, strict=False)]
        if self._layout.dated_by_id:
            columns["created_at"] = times_of_ids(columns["id"])
        batch = batch_of(columns, len(texts), self._source)
        return batch if labels is None else with_labels(batch, labels)

    def _times(self, days: Cells, cells: Mapping[int, Cells]) -> list[date | None]:
        day_first = self._layout.day_first
        clocks = [cells[index] for index in self._layout.clock]
        if not clocks:
            return [parse_moment(day, day_first=day_first) if day else None for day in days]
        return [
            parse_moment(" ".join(filter(None, moment)), day_first=day_first) if moment[0] else None
            for moment in zip(days, *clocks, strict=True)
        ]

    def _texts(self, cells: Cells) -> list[str]:
        texts = [text or "" for text in self._unguarded(cells)]
        return texts if self._clean else list(map(clean_text, texts))

    def _unguarded(self, cells: Cells) -> Cells:
        return [unguard(cell) if cell else cell for cell in cells] if self._guarded else cells

    def _kinds(
        self, cells: Mapping[int, Cells], texts: Sequence[str], types: Cells | None
    ) -> list[str]:
        known: list[Kind | None] = [None] * len(texts)
        if types is not None:
            known = [_TYPES.get((value or "").strip().lower()) for value in types]
        # In the order of the tables a retweet is stronger than a reply, and that than a quote.
        for kind in (Kind.QUOTE, Kind.REPLY, Kind.RETWEET):
            for columns, says in ((self._layout.flags, is_true), (self._layout.marks, is_filled)):
                for index in (index for of, index in columns if of is kind):
                    column = cells[index]
                    # A few values, such as "true" and "false", fill most of these columns.
                    telling = {cell for cell in set(column) if says(cell)}
                    for row in compress(count(), map(telling.__contains__, column)):
                        if known[row] is not Kind.RETWEET:
                            known[row] = kind
        return list(map(kind_of, texts, known))


def _linked(link: str | None) -> tuple[str | None, str | None]:
    """The author and the id in a tweet's own address."""
    found = _STATUS.search(link) if link else None
    if found is None:
        return None, None
    return (None if found[1].lower() in _NO_AUTHOR else found[1]), found[2]


def batch_of(columns: Mapping[str, Sequence[Any]], length: int, source: str) -> TweetBatch:
    """A batch of a source's tweets; half an emoji, which no encoding can hold, is replaced."""
    sourced = {**columns, "source": pa.repeat(source, length)}
    try:
        return tweet_batch(sourced, length=length)
    except UnicodeEncodeError:
        mended = {name: _mended(values) for name, values in columns.items()}
        return tweet_batch({**sourced, **mended}, length=length)


def with_labels(batch: TweetBatch, labels: Cells) -> TweetBatch:
    """A batch with one more column, `label`, as its file has it; null where that is empty."""
    cells = [None if label is None else label.strip() or None for label in labels]
    return batch.append_column("label", pa.array(_mended(cells), pa.string()))


def _mended(values: Sequence[Any] | pa.Array) -> Sequence[Any] | pa.Array:
    if isinstance(values, pa.Array):  # which holds no such thing
        return values
    return [
        _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else value for value in values
    ]
