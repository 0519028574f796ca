"""What a column of a table holds, judged by the look of its values."""

import re
from collections.abc import Iterable, Sequence

from positivity.sources.dates import parse_time, time_of_id

Rows = Sequence[Sequence[str]]

_MOST = 0.8
_NUMBER = re.compile(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?%?")
_LINK = re.compile(r"https?://\S+")
_SENTENCE_WORDS = 4
_LONGEST_NAME = 60
_ID_DIGITS = 8
_EXACT_DIGITS = 15  # of a number in a spreadsheet
_ANALYTICS_WIDTH = 10
_SENTIMENT140_WIDTH = 6
_STATUS = re.compile(
    r"(?:https?://)?(?:www\.|mobile\.)?(?:twitter|x)\.com/\S*/status(?:es)?/\d+\S*"
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?")
_ZONE = re.compile(r"(?:UTC|GMT)?[+-]\d{1,2}:?\d{2}|[A-Z]{1,4}")
_ROUNDED = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_LABEL_NAMES = ("airline_sentiment", "sentiment", "polarity", "label", "gold", "target", "class")
_LABELS = frozenset(
    "positive neutral negative pos neu neg -2 -1 0 1 2 4 -1.0 0.0 1.0 2.0 4.0".split()
)


def looks_like_data(row: Sequence[str], body: Rows) -> bool:
    """Whether a first row holds values, rather than the names of columns."""
    if any(_is_value(cell.strip()) for cell in row):
        return True
    # A label such as "positive" comes again further down; a column's name does not.
    return any(
        cell and any(index < len(below) and below[index] == cell for below in body)
        for index, cell in enumerate(row)
    )


def holds_values(row: Sequence[str]) -> bool:
    """Whether a row has a number, a time, a handle or an address in it, as no row of names has."""
    return any(_is_plain_value(cell.strip()) for cell in row)


def _is_value(cell: str) -> bool:
    return (
        len(cell) > _LONGEST_NAME
        or len(cell.split()) > _SENTENCE_WORDS
        or cell.endswith((".", "!", "?…"))
        or _is_plain_value(cell)
    )


def _is_plain_value(cell: str) -> bool:
    return (
        cell.startswith(("@", "http://", "https://"))
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
        values = column(rows, index)
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


def id_column(rows: Rows, columns: Iterable[int]) -> int | None:
    """The first of some columns that holds long numbers which do not repeat."""
    return next((index for index in columns if _are_ids(column(rows, index))), None)


def _are_ids(values: Sequence[str]) -> bool:
    ids = [value for value in values if value.isdecimal() and len(value) >= _ID_DIGITS]
    return bool(ids) and len(ids) >= _MOST * len(values) and len(set(ids)) >= _MOST * len(ids)


def time_columns(rows: Rows, columns: Iterable[int]) -> list[int]:
    """Those of some columns that hold dates; a bare number might be anything."""
    return [index for index in columns if _are_dates(column(rows, index))]


def _are_dates(values: Sequence[str]) -> bool:
    times = sum(not _is_number(value) and parse_time(value) is not None for value in values)
    return times > 0 and times >= _MOST * len(values)


def link_column(rows: Rows, width: int) -> int | None:
    """The first column of tweets' own addresses."""
    for index in range(width):
        values = column(rows, index)
        if values and sum(map(is_status, values)) >= _MOST * len(values):
            return index
    return None


def is_status(value: str) -> bool:
    """Whether a value is the address of a tweet."""
    return _STATUS.fullmatch(value) is not None


def are_clocks(rows: Rows, date: int, clock: int) -> bool:
    """Whether one column holds days and another the times of day that go with them."""
    days, clocks = column(rows, date), column(rows, clock)
    return (
        bool(days and clocks)
        and not any(":" in day for day in days)
        and sum(_CLOCK.fullmatch(value) is not None for value in clocks) >= _MOST * len(clocks)
    )


def are_zones(rows: Rows, index: int) -> bool:
    """Whether a column holds time zones of the kind that stands behind a time."""
    values = column(rows, index)
    return bool(values) and all(_ZONE.fullmatch(value) for value in values)


def has_rounded_ids(rows: Rows, index: int | None) -> bool:
    """Whether a spreadsheet has made 1.5777E+18 of ids, or 1577730467436140000."""
    values = [] if index is None else column(rows, index)
    # One alone, among others that are exact, is missing by itself.
    if sum(_ROUNDED.fullmatch(value) is not None for value in values) >= _MOST * len(values) > 0:
        return True
    long = [value for value in values if value.isdecimal() and len(value) > _EXACT_DIGITS]
    return len(long) > 1 and all(value.endswith("000") for value in long)


def are_dated_ids(rows: Rows, index: int) -> bool:
    """Whether a column holds ids that tell the time."""
    values = column(rows, index)
    dated = sum(time_of_id(value) is not None for value in values)
    return bool(values) and dated >= _MOST * len(values)


def are_times(rows: Rows, index: int) -> bool:
    """Whether any value of a column can be read as a time."""
    return any(parse_time(value) is not None for value in column(rows, index))


def x_analytics(rows: Rows, width: int) -> dict[str, int]:
    """The parts of a tweet in an export of X Analytics whose names are in another language.

    Both generations have them in a fixed order around the tweet's own address: id, date, text,
    link; or, until 2024, id, link, text, time. Empty for any other table.
    """
    link = link_column(rows, width)
    if link is None or width < _ANALYTICS_WIDTH:
        return {}
    if link == 3 and _are_ids(column(rows, 0)) and not _are_ids(column(rows, 2)):
        return {"id": 0, "created_at": 1, "text": 2, "link": 3}
    if link == 1 and _are_ids(column(rows, 0)) and are_times(rows, 3):
        return {"id": 0, "link": 1, "text": 2, "created_at": 3}
    return {}


def label_column(rows: Rows, names: Sequence[str]) -> int | None:
    """The column of a table that says which tweets are positive."""
    for name in _LABEL_NAMES:
        for index, other in enumerate(names):
            values = {value.lower() for value in column(rows, index)} if name == other else set()
            if len(values) > 1 and values <= _LABELS:
                return index
    return None


def column(rows: Rows, index: int) -> list[str]:
    """The values of a column, without the empty ones."""
    values = (row[index].strip() for row in rows if index < len(row))
    return [value for value in values if value]
