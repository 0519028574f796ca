"""What some exports write above the names of their columns: titles, notes, and Excel's `sep=;`."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from positivity.sources import guess
from positivity.sources.columns import known_names, names_a_table
from positivity.sources.records import Dialect, Records

_SEPARATOR = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)
_MOST_ROWS = 20  # above the names of the columns
_ROWS_BELOW = 50
_MARKS = ",\t;|"

Row = Sequence[str]


def separator(lines: Sequence[str]) -> str | None:
    """The delimiter that a first line `sep=;` names, as Excel writes and reads it."""
    match = _SEPARATOR.fullmatch(lines[0]) if lines else None
    return match[1] if match else None


def preamble(lines: Sequence[str]) -> int:
    """How many lines stand above the one that names the columns; 0 where none clearly does."""
    if separator(lines) is not None:
        return 1
    for number, line in enumerate(lines[:_MOST_ROWS]):
        for mark in _MARKS:
            cells = _cells(line, mark)
            if known_names(cells) > 1:
                above = [_cells(other, mark) for other in lines[:number]]
                rows = Records(lines[number + 1 :], Dialect(mark))
                if _begins_table(above, cells, list(islice(rows, _ROWS_BELOW))):
                    return number
    return 0


def titles(rows: Sequence[Row]) -> int:
    """How many rows of a sheet stand above the one that names the columns; 0 as for `preamble`."""
    for number, row in enumerate(rows[:_MOST_ROWS]):
        below = rows[number + 1 : number + 1 + _ROWS_BELOW]
        if known_names(row) > 1 and _begins_table(rows[:number], row, below):
            return number
    return 0


def without_preamble(lines: Iterable[str], count: int) -> Iterator[str]:
    """The lines, with blank ones in the place of the first, so that their numbers stay."""
    rest = iter(lines)
    yield from ("\n" for _ in islice(rest, count))
    yield from rest


def _begins_table(above: Sequence[Row], names: Row, below: Sequence[Row]) -> bool:
    """Whether a row with some names in it is that of the columns, and only titles are above it.

    Titles fill fewer cells than the names do. But so do tweets of which less is known than of the
    next, or without a comma, in a list of texts: what could be a tweet is no row of names.
    """
    if any(_filled(row) >= _filled(names) for row in above):
        return False
    if 2 * sum(len(row) >= len(names) for row in below) < len(below):
        return False
    if names_a_table(names):
        return not guess.holds_values(names)
    return not guess.looks_like_data(names, below)


def _filled(row: Row) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _cells(line: str, mark: str) -> list[str]:
    return next(csv.reader([line], delimiter=mark), [])
