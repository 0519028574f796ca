"""Spreadsheets of Excel and LibreOffice: the sheets with tweets in them, as rows of cells."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import dropwhile, islice
from math import isfinite
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from positivity.errors import InputError
from positivity.sources.columns import known_names
from positivity.sources.layout import Layout, lay_out
from positivity.sources.own_scores import is_own
from positivity.sources.preamble import titles
from positivity.sources.reading import ByteStream, ReadOptions, TweetFile
from positivity.sources.rows import RowMapper
from positivity.sources.tables import cells_of, fitting_rows, has_header, usual_width
from positivity.tweets import TweetBatch

_SAMPLE_ROWS = 500
_EXACT = 10**15  # Excel keeps fifteen digits of a number: ids have eighteen or nineteen


class ExcelFile(TweetFile):
    """The first sheet with tweets in it, and those after it that have the same columns.

    A sheet lies in memory while it is read; it has a million rows at most.
    """

    def __init__(self, stream: ByteStream, file: BinaryIO, options: ReadOptions) -> None:
        self._file = file
        self._bytes_read = 0
        try:
            self._book = _opened(stream.name, self._file)
            self._loaded: dict[str, CalamineSheet] = {}
            self._layout, self._sheets, self._header = self._understand(stream.name, options)
        except BaseException:
            self._file.close()
            raise
        sheets = ", ".join(f"'{name}'" for name in self._sheets)
        noun = "sheet" if len(self._sheets) == 1 else "sheets"
        super().__init__(
            stream, f"{self._layout.described('Excel')}, {noun} {sheets}, {self._layout.describe()}"
        )

    @property
    def bytes_read(self) -> int:
        """All of the file from the first row on: it is unpacked at once."""
        return self._bytes_read

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        super().close()

    def _understand(
        self, name: str, options: ReadOptions
    ) -> tuple[Layout, tuple[str, ...], list[str] | None]:
        """The layout of the sheets with tweets, their names, and the row that names the columns.

        A sheet whose columns have names of a tweet's parts goes before one that has to be guessed,
        and then one that has more than texts, such as times; of those that are left, the longest.
        """
        found: list[_Sheet] = []
        errors: list[InputError] = []
        for sheet in self._book.sheet_names:
            loaded = _sheet(self._book, name, sheet)
            rows = list(islice(_filled(_rows(loaded)), _SAMPLE_ROWS))
            try:
                layout, header = _sheet_layout(
                    f"{name}, sheet '{sheet}'", rows, options, partial(_rows, loaded)
                )
            except InputError as error:
                errors.append(error)
                continue
            found.append(_Sheet(sheet, layout, header, loaded.height))
            if len(found) == 1:
                self._loaded[sheet] = loaded
        if not found:
            raise errors[0] if errors else InputError(f"{name}: is a workbook without any sheet")
        best = max(found, key=_Sheet.rank)
        alike = [best]
        if best.header is not None:
            alike = [sheet for sheet in found if sheet.header == best.header]
        others = [f"'{sheet.name}'" for sheet in found if sheet not in alike]
        if others:
            self.notes = (f"{name}: has other columns in {', '.join(others)}, which was not read.",)
        return best.layout, tuple(sheet.name for sheet in alike), best.header

    def _batches(self, size: int) -> Iterator[TweetBatch]:
        self._bytes_read = self.bytes_total or 0
        own = self._is_clean = is_own(self._layout.names)
        mapper = RowMapper(self._layout, self.name, clean=own)
        return mapper.batches(self._fitting(), size)

    def _fitting(self) -> Iterator[list[str]]:
        for name in self._sheets:
            sheet = self._loaded.pop(name, None) or _sheet(self._book, self.name, name)
            at = _Place(sheet)
            rows = _filled(at)
            if self._header is not None:
                while next(rows, self._header) != self._header:
                    pass
            yield from fitting_rows(rows, self._layout, partial(self._reject_row, at))

    def _reject_row(self, at: "_Place", why: str) -> None:
        self.reject(why, at.row, "\t".join(at.cells))


@dataclass(frozen=True)
class _Sheet:
    """What the first rows of a sheet tell of it."""

    name: str
    layout: Layout
    header: list[str] | None
    height: int  # rows

    def rank(self) -> tuple[bool, bool, int]:
        """What tells the sheet of the tweets from a cover: the higher, the likelier it is."""
        return known_names(self.header or ()) > 0, len(self.layout.fields) > 1, self.height


class _Place:
    """The rows of a sheet: the one that is being looked at, and its number from 1."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._sheet = sheet
        self.row = 0
        self.cells: list[str] = []

    def __iter__(self) -> Iterator[list[str]]:
        for cells in _rows(self._sheet):
            self.cells = cells
            self.row += 1
            yield cells


def _opened(name: str, file: Any) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(file)
    except PasswordError as error:
        raise InputError(f"{name}: is locked with a password; save it without one") from error
    except (CalamineError, OSError) as error:
        raise _broken(name) from error


def _sheet_layout(
    name: str,
    rows: list[list[str]],
    options: ReadOptions,
    all_rows: Callable[[], Iterable[list[str]]],
) -> tuple[Layout, list[str] | None]:
    """The layout of a sheet by its first rows, and its row of names if it has one."""
    if not rows:
        raise InputError(f"{name}: is empty")
    rows = rows[titles(rows) :]
    header = rows[0] if has_header(rows, options) else None
    body = rows if header is None else rows[1:]
    if not body:
        raise InputError(f"{name}: has the names of columns and no tweets below them")
    width = usual_width(rows) if header is None else len(header)
    layout = lay_out(
        name, header, body, width, options, lambda column: cells_of(all_rows(), column)
    )
    return layout, header


def _sheet(book: CalamineWorkbook, name: str, sheet: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_name(sheet)
    except (CalamineError, OSError) as error:
        raise _broken(name) from error


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    """The rows of a sheet, all of the same width."""
    timed = _columns_of_times(sheet)
    for cells in sheet.iter_rows():
        shown = [_shown(cell) for cell in cells]
        for column in timed:
            if type(cells[column]) is date:
                shown[column] += " 00:00:00"
        yield shown


def _columns_of_times(sheet: CalamineSheet) -> frozenset[int]:
    """The columns of times with a clock: calamine gives a midnight among them as a mere date."""
    return frozenset(
        column
        for cells in islice(sheet.iter_rows(), _SAMPLE_ROWS)
        for column, cell in enumerate(cells)
        if isinstance(cell, datetime)
    )


def _filled(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """The rows from the first one with anything in it."""
    return dropwhile(lambda cells: not any(cells), rows)


def _shown(cell: Any) -> str:
    """A cell as it would stand in a CSV."""
    match cell:
        case str():
            return cell
        case bool():
            return str(cell).lower()
        case float() | int():
            return _number(cell)
        case datetime() | date() | time():
            return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
        case timedelta():
            return str(cell)
    return ""


def _number(value: float) -> str:
    if not isfinite(value):
        return ""
    if abs(value) >= _EXACT:
        return f"{value:.14E}"  # what Excel shows of it, and nobody takes for an id
    return str(int(value)) if value == int(value) else str(value)


def _broken(name: str) -> InputError:
    return InputError(
        f"{name}: is no Excel workbook or other spreadsheet that can be read; save it as CSV"
    )
