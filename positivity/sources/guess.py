"""What a column of a table holds, judged by the look of its values."""

import re
from collections.abc import Sequence

from positivity.sources.dates import parse_time

Rows = Sequence[Sequence[str]]

_MOST = 0.8
_NUMBER = re.compile(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?%?")
_LINK = re.compile(r"https?://\S+")
_SENTENCE_WORDS = 4
_LONGEST_NAME = 60
_ID_DIGITS = 8
_SENTIMENT140_WIDTH = 6


def looks_like_data(row: Sequence[str], body: Rows) -> bool:
    """Whether a first row holds values, rather than the names of columns."""
    if any(_is_value(cell.strip()) for cell in row):
        return True
    # A label such as "positive" comes again further down; a column's name does not.
    return any(
        cell and any(index < len(below) and below[index] == cell for below in body)
        for index, cell in enumerate(row)
    )


def _is_value(cell: str) -> bool:
    return (
        len(cell) > _LONGEST_NAME
        or len(cell.split()) > _SENTENCE_WORDS
        or cell.startswith(("@", "http://", "https://"))
        or cell.endswith((".", "!", "?…"))
        or _is_number(cell)
        or parse_time(cell) is not None
    )


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def is_sentiment140(rows: Rows) -> bool:
    """Whether this is the table of Sentiment140, which has no header."""
    return bool(rows) and all(
        len(row) == _SENTIMENT140_WIDTH and row[0] in ("0", "2", "4") and row[1].isdecimal()
        for row in rows
    )


def text_column(rows: Rows, width: int, without: frozenset[int] = frozenset()) -> int | None:
    """The column that reads most like the text of tweets: the longest one of sentences."""
    lengths = {}
    for index in range(width):
        values = _column(rows, index)
        if index not in without and _is_prose(values, alone=width == 1):
            lengths[index] = sum(map(len, values)) / len(values)
    return max(lengths, key=lambda index: lengths[index]) if lengths else None


def _is_prose(values: Sequence[str], *, alone: bool) -> bool:
    prose = sum(_has_words(value) for value in values)
    if alone:  # nothing else could be the text: a list of short tweets is fine
        return any(not _is_number(value) and parse_time(value) is None for value in values)
    return prose > 0.3 * len(values) and prose > 0


def _has_words(value: str) -> bool:
    """Whether a value reads like a sentence; Chinese or Thai ones have no spaces."""
    if _is_number(value) or _LINK.fullmatch(value) or parse_time(value) is not None:
        return False
    return " " in value or sum(char > "\u0e00" for char in value) > _SENTENCE_WORDS


def id_column(rows: Rows, width: int) -> int | None:
    """The first column of long numbers that do not repeat."""
    for index in range(width):
        values = _column(rows, index)
        ids = [value for value in values if value.isdecimal() and len(value) >= _ID_DIGITS]
        if ids and len(ids) >= _MOST * len(values) and len(set(ids)) >= _MOST * len(ids):
            return index
    return None


def time_column(rows: Rows, width: int) -> int | None:
    """The first column of dates; a bare number might be anything."""
    for index in range(width):
        values = _column(rows, index)
        times = sum(not value.isdecimal() and parse_time(value) is not None for value in values)
        if times and times >= _MOST * len(values):
            return index
    return None


def _column(rows: Rows, index: int) -> list[str]:
    values = (row[index].strip() for row in rows if index < len(row))
    return [value for value in values if value]
