"""What some exports write above the names of their columns: titles, notes, and Excel's `sep=;`."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from positivity.sources.columns import names_a_table

_SEPARATOR = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)
_MOST_LINES = 20
_MARKS = ",\t;|"


def separator(lines: Sequence[str]) -> str | None:
    """The delimiter that a first line `sep=;` names, as Excel writes and reads it."""
    match = _SEPARATOR.fullmatch(lines[0]) if lines else None
    return match[1] if match else None


def preamble(lines: Sequence[str]) -> int:
    """How many lines stand above the one that names the columns; 0 where none clearly does."""
    if separator(lines) is not None:
        return 1
    for number, line in enumerate(lines[:_MOST_LINES]):
        for mark in _MARKS:
            cells = _cells(line, mark)
            if names_a_table(cells):
                above = (_cells(other, mark) for other in lines[:number])
                return number if all(len(other) < len(cells) for other in above) else 0
    return 0


def without_preamble(lines: Iterable[str], count: int) -> Iterator[str]:
    """The lines, with blank ones in the place of the first, so that their numbers stay."""
    rest = iter(lines)
    yield from ("\n" for _ in islice(rest, count))
    yield from rest


def _cells(line: str, mark: str) -> list[str]:
    return next(csv.reader([line], delimiter=mark), [])
