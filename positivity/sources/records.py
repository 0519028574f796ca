"""Rows of delimited text, one at a time, whatever a stray quote does to the file."""

import csv
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

MOST_LINES = 500
MOST_CHARS = 100_000

_ESCAPED = re.compile(r'\\(["\\])')

OnBroken = Callable[[str, int, str], object]  # why, the number of the line, and the line

# A text may be as long as it likes; a C long has 32 bits on Windows.
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


@dataclass(frozen=True)
class Dialect:
    """How a delimited text is written."""

    delimiter: str | None  # None: a line is a row of one cell
    quoted: bool = True  # whether a quote at the beginning of a cell means anything
    escaped: bool = False  # a quote in a cell is written \", as databases do, rather than ""


class Records:
    """The rows of some lines of text.

    A quote that is never closed would swallow the rest of the file. So a row may go over several
    lines only as long as that looks meant; if not, its first line is counted as `broken` and
    reading goes on with the next line.

    While a row is looked at, `line` is the number of its first line, from 1, and `raw` its text.
    """

    def __init__(
        self,
        lines: Iterable[str],
        dialect: Dialect,
        columns: int | None = None,
        text: int = 0,
        on_broken: OnBroken | None = None,
    ) -> None:
        self.broken = 0
        self.line = 0
        self.raw = ""
        self.unfinished = 0  # those of the broken that the end of the text cut
        self.odd = 0  # quotes that close in the middle of a cell; counted while sniffing
        self._on_broken = on_broken
        self._read = 0  # lines of the source
        self._dialect = dialect
        self._source = self._counted(lines)
        self._sniffing = columns is None
        self._columns = columns
        self._text = text
        self._quotes = _Quotes(dialect.delimiter) if dialect.delimiter and dialect.quoted else None

    def __iter__(self) -> Iterator[list[str]]:
        if self._dialect.delimiter is None:
            return self._plain()
        return self._parsed(self._dialect.delimiter)

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        escaped = self._dialect.escaped
        for self._read, line in enumerate(lines, start=1):
            yield _ESCAPED.sub(_unescaped, line) if escaped and "\\" in line else line

    def _lines(self) -> Iterator[str]:
        for line in self._source:
            self.line, self.raw = self._read, line
            yield line

    def _break(self, why: str, line: int, text: str) -> None:
        self.broken += 1
        if self._on_broken is not None:
            self._on_broken(why, line, text)

    def _plain(self) -> Iterator[list[str]]:
        return ([line.rstrip("\r\n")] for line in self._lines() if line.strip())

    def _parsed(self, delimiter: str) -> Iterator[list[str]]:
        if self._quotes is None:
            rows = csv.reader(self._lines(), delimiter=delimiter, quoting=csv.QUOTE_NONE)
        else:
            rows = csv.reader(self._assembled(self._quotes), delimiter=delimiter)
        while True:
            try:
                for row in rows:
                    if row:
                        self._columns = self._columns or len(row)
                        yield row
                return
            except csv.Error as error:
                self._break(str(error), self.line, self.raw)

    def _assembled(self, quotes: "_Quotes") -> Iterator[str]:
        """Lines, those of one row joined."""
        closed = quotes.closed
        for line in self._source:
            if '"' not in line or closed(line):
                if self._sniffing:
                    self.odd += quotes.odd(line)
                self.line, self.raw = self._read, line
                yield line
            else:
                yield from self._quoted(line, quotes)

    def _quoted(self, line: str, quotes: "_Quotes") -> Iterator[str]:
        ahead = deque([line])  # lines read already, to be read again after a broken row
        while ahead:
            first = ahead.popleft()
            number = self._read - len(ahead)
            if '"' not in first or quotes.closed(first):
                self.line, self.raw = number, first
                yield first
                continue
            lines = [first]
            if self._gather(lines, ahead, quotes):
                self.line, self.raw = number, "".join(lines)
                yield self.raw
            else:
                rest = self._after(lines[1:], quotes)
                own = lines[: len(lines) - len(rest)]
                self._break("a quote is not closed", number, "".join(own))
                ahead.extendleft(reversed(rest))

    def _gather(self, lines: list[str], ahead: deque[str], quotes: "_Quotes") -> bool:
        """Add to a row the lines that its open quote goes on over; False if it goes wrong."""
        size = len(lines[0])
        while len(lines) < MOST_LINES and size < MOST_CHARS:
            line = ahead.popleft() if ahead else next(self._source, None)
            if line is None:
                self.unfinished += 1
                return False
            lines.append(line)
            size += len(line)
            rest = quotes.after_close(line)
            if rest is None:
                continue
            if quotes.odd_rest(rest):
                if self._begins_row(line, quotes):
                    return False
                self.odd += 1
            if quotes.rest_closed(rest):
                return self._fits("".join(lines), quotes) or not any(
                    self._begins_row(other, quotes) for other in lines[1:]
                )
        return False

    def _after(self, lines: list[str], quotes: "_Quotes") -> list[str]:
        """What is left of the lines of a broken row, without the rest of its own text."""
        own = takewhile(
            lambda line: bool(quotes.closed(line)) and len(quotes.cells(line)) <= self._text, lines
        )
        return lines[sum(1 for _ in own) :]

    def _fits(self, record: str, quotes: "_Quotes") -> bool:
        return self._columns is None or len(quotes.cells(record)) == self._columns

    def _begins_row(self, line: str, quotes: "_Quotes") -> bool:
        """Whether a line, taken alone, looks like a row or like the beginning of one."""
        if self._columns is None:
            return False
        cells = len(quotes.cells(line))
        if quotes.closed(line):
            return cells == self._columns
        return min(2, self._columns) <= cells <= self._columns


def _unescaped(match: re.Match[str]) -> str:
    return '""' if match[1] == '"' else match[1]


class _Quotes:
    """Where quoted cells begin and end in a line, by the rules of the csv module."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        mark = re.escape(delimiter)
        inside = '[^"]*+(?:""[^"]*+)*+'
        cell = f'(?:"{inside}"[^{mark}]*+|(?:[^"{mark}][^{mark}]*+)?+)'
        # Truthy when no quote is open at the end of a line that began with none.
        self.closed = re.compile(f"(?:{cell}{mark})*+{cell}").fullmatch
        self._close = re.compile(f'{inside}"')
        self._odd = re.compile(f'(?:^|{mark})"{inside}" *+[^{mark}"\\s]')

    def odd(self, line: str) -> bool:
        """Whether a quote closes in the middle of a cell."""
        return self._odd.search(line) is not None

    def after_close(self, line: str) -> str | None:
        """What follows the end of a quoted cell that began lines before; None if it goes on."""
        end = self._close.match(line)
        return None if end is None else line[end.end() :]

    def odd_rest(self, rest: str) -> bool:
        """Whether more than a delimiter or the end follows a closing quote."""
        return bool(rest.strip(" \r\n")) and not rest.lstrip(" ").startswith(self._delimiter)

    def rest_closed(self, rest: str) -> bool:
        """Whether the cells after a closing quote leave no other quote open."""
        _, found, cells = rest.partition(self._delimiter)
        return not found or self.closed(cells) is not None

    def cells(self, record: str) -> list[str]:
        """The cells of a row."""
        return next(csv.reader([record], delimiter=self._delimiter), [])
