"""Delimited text: CSV, TSV, and lists of one tweet a line."""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from positivity.errors import InputError
from positivity.sources import exports, gold
from positivity.sources.columns import is_header, names_chosen
from positivity.sources.dialect import (
    AS_WINDOWS,
    DELIMITERS,
    ONE_COLUMN,
    decode_head,
    shown_encoding,
    sniff_dialect,
)
from positivity.sources.layout import Layout, lay_out
from positivity.sources.own_scores import is_own
from positivity.sources.preamble import preamble, separator, without_preamble
from positivity.sources.reading import HEAD_BYTES, ByteStream, ReadOptions, TweetFile
from positivity.sources.records import Dialect, Records
from positivity.sources.rows import RowMapper
from positivity.tweets import TweetBatch

_LONGEST_LINE = 1 << 24  # a file without line ends must not fill the memory
_SAMPLE_CHARS = 1 << 18
_SAMPLE_ROWS = 500
_FEWEST_LINES = 4  # names, two rows and one cut off; with fewer, the whole head is looked at


@dataclass(frozen=True)
class _Table:
    """What the head of a delimited text tells about it."""

    dialect: Dialect
    has_header: bool
    layout: Layout
    preamble: int  # lines above it

    @property
    def width(self) -> int:
        return len(self.layout.names)


class DelimitedFile(TweetFile):
    """A delimited text, read line by line."""

    def __init__(self, stream: ByteStream, encoding: str, options: ReadOptions) -> None:
        self._encoding = encoding
        self._table = _understand(stream, encoding, options)
        super().__init__(stream, _described(self._table, encoding))
        self.notes = () if options.labels else _offer(stream, self._table, encoding)

    def _batches(self, size: int) -> Iterator[TweetBatch]:
        table = self._table
        lines = without_preamble(text_lines(self._stream, self._encoding), table.preamble)
        records = Records(lines, table.dialect, table.width, table.layout.text, self.reject)
        own = self._is_clean = is_own(table.layout.names)
        mapper = RowMapper(table.layout, self.name, clean=own, guarded=own)
        rows = iter(records)
        if table.has_header:
            next(rows, None)
        fitting = fitting_rows(
            rows, table.layout, lambda why: self.reject(why, records.line, records.raw)
        )
        yield from mapper.batches(fitting, size)


def fitting_rows(
    rows: Iterable[list[str]], layout: Layout, reject: Callable[[str], object]
) -> Iterator[list[str]]:
    """The rows whose text is certain, each as wide as the table; why others are not to `reject`."""
    width, text = len(layout.names), layout.text
    for row in rows:
        if len(row) == width:
            if row[text] or width == 1 or any(row):
                yield row
        elif text < len(row) < width:
            yield row + [""] * (width - len(row))
        elif len(row) > width and not any(row[width:]):
            yield row[:width]
        else:
            cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            reject(f"has {cells} instead of {width}")


def text_lines(stream: ByteStream, encoding: str, longest: int = _LONGEST_LINE) -> Iterator[str]:
    """The lines of a text with their ends: CR and LF only. Zero bytes are dropped."""
    errors = AS_WINDOWS if encoding == "utf-8" and stream.head.isascii() else "replace"
    decoded = io.TextIOWrapper(
        io.BufferedReader(stream, 1 << 18), encoding=encoding, errors=errors, newline=""
    )
    for line in iter(partial(decoded.readline, longest), ""):
        yield line.replace("\0", "") if "\0" in line else line


def _understand(stream: ByteStream, encoding: str, options: ReadOptions) -> _Table:
    lines = _head_lines(stream, encoding)
    above = 0
    if options.format == exports.LINES:
        dialect = Dialect(None, quoted=False)
    else:
        above = preamble(lines)
        mark = options.delimiter or separator(lines)
        lines = lines[above:]
        dialect = sniff_dialect(lines, mark)
    rows = list(islice(Records(lines, dialect), _SAMPLE_ROWS))
    if not rows:
        raise InputError(f"{stream.name}: holds no row that can be read")
    headed = has_header(rows, options)
    body = rows[headed:]
    if not body:
        raise InputError(f"{stream.name}: {_no_rows(stream)}")
    width = len(rows[0]) if headed else usual_width(rows)
    header = rows[0] if headed else None
    layout = lay_out(
        stream.name,
        header,
        body,
        width,
        options,
        lambda column: cells_of(_seen_rows(stream, encoding, dialect, above), column),
    )
    return _Table(dialect, headed, layout, above)


def _no_rows(stream: ByteStream) -> str:
    """Why nothing was seen below the names of columns."""
    if len(stream.head) < HEAD_BYTES:
        return "has the names of columns and no tweets below them"
    return (
        "its first row goes on for more than a megabyte, longer than any tweet; "
        "leave out the column that is so long, or name --delimiter"
    )


def _seen_rows(
    stream: ByteStream, encoding: str, dialect: Dialect, above: int
) -> Iterator[list[str]]:
    """The rows of a file from its beginning; of what can be read only once, those of its head."""
    if stream.path is None or not stream.path.is_file():
        yield from Records(_head_lines(stream, encoding, HEAD_BYTES)[above:], dialect)
        return
    with ByteStream(str(stream.path)) as again, suppress(InputError, EOFError, OSError):
        yield from Records(islice(text_lines(again, encoding), above, None), dialect)


def cells_of(rows: Iterable[list[str]], column: int) -> Iterator[str]:
    """The cells of a column, of the rows that are long enough to have it."""
    return (row[column] for row in rows if column < len(row))


def has_header(rows: list[list[str]], options: ReadOptions) -> bool:
    """Whether the first of some rows names the columns."""
    if options.format in exports.HEADERLESS:
        return False
    return names_chosen(rows[0], options) or is_header(rows[0], rows[1:])


def usual_width(rows: list[list[str]]) -> int:
    """How many cells most rows have."""
    widths = [len(row) for row in rows]
    return max(set(widths), key=lambda width: (widths.count(width), width))


def _head_lines(stream: ByteStream, encoding: str, most_chars: int = _SAMPLE_CHARS) -> list[str]:
    """The first lines; the last one is left out if the file goes on after it."""
    text = decode_head(stream.head, encoding)
    cut = len(stream.head) >= HEAD_BYTES or len(text) > most_chars
    lines = list(io.StringIO(text[:most_chars].replace("\0", ""), newline=""))
    if cut and len(lines) < _FEWEST_LINES and most_chars < HEAD_BYTES:
        return _head_lines(stream, encoding, HEAD_BYTES)
    return lines[:-1] if cut and len(lines) > 1 else lines


def _offer(stream: ByteStream, table: _Table, encoding: str) -> tuple[str, ...]:
    """The offer to measure the model on a table with labels."""
    suffix = ".tsv" if table.dialect.delimiter == "\t" else ".csv"
    options = []
    if table.dialect.delimiter not in (",", "\t"):
        options += ["--delimiter", table.dialect.delimiter or ""]
    if encoding not in ("utf-8", "utf-8-sig"):
        options += ["--encoding", encoding]
    return gold.offer(stream, table.layout, (suffix,), options)


def _described(table: _Table, encoding: str) -> str:
    delimiter = table.dialect.delimiter
    if delimiter is None or delimiter == ONE_COLUMN:
        words = ["text, one tweet a line"]
    else:
        kind = "TSV" if delimiter == "\t" else "CSV"
        mark = DELIMITERS.get(delimiter, f"'{delimiter}'")
        words = [table.layout.described(kind), mark]
    header = () if table.has_header else ("no header",)
    if table.preamble:
        header = (f"{table.preamble} line{'s' if table.preamble > 1 else ''} above the table",)
    return ", ".join(chain(words, [shown_encoding(encoding)], header, [table.layout.describe()]))
