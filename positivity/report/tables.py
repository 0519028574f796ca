"""Tables for spreadsheets and programs, in CSV, JSON Lines, Parquet and Excel, batch by batch."""

import csv
import io
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from positivity.errors import InputError, UsageError
from positivity.files import UNFINISHED, clear_abandoned
from positivity.sources.own_scores import guard

_SHEET_ROWS = 1 << 20  # of a workbook, the header among them
_CELL_CHARS = 32_767
_NO_CHARACTERS = str.maketrans("\ufffe\uffff", "\ufffd\ufffd")  # XML cannot hold them


class TableWriter:
    """Writes rows to `path`, as CSV, JSON Lines, Parquet or Excel by its suffix.

    The rows go to a file beside the target, which takes the target's place at the end; also when
    the work is cut short, so that what was done is kept, if anything was.
    """

    def __init__(self, path: str | Path, schema: Any, *, what: str, guarded: Sequence[str]) -> None:
        """Opens the table.

        Args:
            schema: the arrow schema of the rows.
            what: what they are, in the plural.
            guarded: the columns with text that a spreadsheet might run as a formula.
        """
        self._shown = str(path)
        self._failed = False
        self._empty = True
        self._target = Path(path).resolve()
        table = _TABLES.get(self._target.suffix.lower())
        if table is None:
            raise UsageError(
                f"{path}: {what} are written as {', '.join(_TABLES)}; end the name in one of them"
            )
        clear_abandoned(self._target)
        self._part = self._target.with_name(f".{self._target.name}.{os.getpid()}{UNFINISHED}")
        if self._target.is_dir():
            raise InputError(f"{path}: is a folder; name a file in it")
        try:
            self._table: _Table = table(self._part, schema, guarded)
        except OSError as error:
            raise self._unwritable(error) from error

    @property
    def cut(self) -> int:
        """How many texts were too long for their cell."""
        return self._table.cut

    def __enter__(self) -> Self:
        return self

    def write_rows(self, batch: Any) -> None:
        """Add the rows of a batch of the schema."""
        self._empty = False
        try:
            self._table.write(batch)
        except OSError as error:
            self._failed = True
            raise self._unwritable(error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._failed |= error is not None and self._empty
        try:
            self._table.close()
            if not self._failed:
                self._part.replace(self._target)
        except OSError as failure:
            self._failed = True
            raise self._unwritable(failure) from failure
        finally:
            if self._failed:
                self._part.unlink(missing_ok=True)  # nobody could tell what is missing from it

    def _unwritable(self, error: OSError) -> InputError:
        reason = error.strerror or error
        return InputError(f"{self._shown}: cannot be written ({reason}); choose another place")


class _Table(ABC):
    """An open file of one format."""

    cut = 0

    @abstractmethod
    def __init__(self, path: Path, schema: Any, guarded: Sequence[str]) -> None: ...

    @abstractmethod
    def write(self, batch: Any) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class _TextTable(_Table):
    """A text whose batches are there as a whole or, when the work is interrupted, not at all."""

    def __init__(self, path: Path, schema: Any, guarded: Sequence[str]) -> None:
        self._file = path.open("wb")
        self._whole = 0  # bytes of the batches that have been written

    def write(self, batch: Any) -> None:
        self._write(self._text(batch))

    @abstractmethod
    def _text(self, batch: Any) -> str: ...

    def _write(self, text: str) -> None:
        data = text.encode("utf-8")
        self._file.write(data)
        self._whole += len(data)

    def close(self) -> None:
        with self._file:
            self._file.flush()
            self._file.truncate(self._whole)


class _CsvTable(_TextTable):
    def __init__(self, path: Path, schema: Any, guarded: Sequence[str]) -> None:
        super().__init__(path, schema, guarded)
        self._guarded = [schema.get_field_index(name) for name in guarded]
        self._write(_csv_rows([schema.names]))

    def _text(self, batch: Any) -> str:
        columns = _plain_columns(batch)
        for index in self._guarded:
            columns[index] = [guard(cell) if cell else cell for cell in columns[index]]
        return _csv_rows(zip(*columns, strict=True))


def _csv_rows(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


class _JsonTable(_TextTable):
    def __init__(self, path: Path, schema: Any, guarded: Sequence[str]) -> None:
        super().__init__(path, schema, guarded)
        self._names = schema.names

    def _text(self, batch: Any) -> str:
        rows = zip(*_plain_columns(batch), strict=True)
        documents = (dict(zip(self._names, row, strict=True)) for row in rows)
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in documents)


class _ParquetTable(_Table):
    def __init__(self, path: Path, schema: Any, guarded: Sequence[str]) -> None:
        self._writer = pq.ParquetWriter(path, schema)

    def write(self, batch: Any) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


class _ExcelTable(_Table):
    """A workbook whose texts, ids and times are cells of text: none is rounded, none is run."""

    def __init__(self, path: Path, schema: Any, guarded: Sequence[str]) -> None:
        import xlsxwriter

        path.open("wb").close()  # whether it can be written shows now, not when all is scored
        self._names = schema.names
        self._book = xlsxwriter.Workbook(path, {"constant_memory": True})
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._sheet.write_row(0, 0, self._names)
        self._row = 1

    def write(self, batch: Any) -> None:
        for cells in zip(*_plain_columns(batch), strict=True):
            if self._row == _SHEET_ROWS:
                self._begin_sheet()
            for column, cell in enumerate(cells):
                if isinstance(cell, str):
                    self.cut += len(cell) > _CELL_CHARS
                    text = cell[:_CELL_CHARS].translate(_NO_CHARACTERS)
                    self._sheet.write_string(self._row, column, text)
                elif cell is not None:
                    self._sheet.write_number(self._row, column, cell)
            self._row += 1

    def close(self) -> None:
        from xlsxwriter.exceptions import FileCreateError

        try:
            self._book.close()
        except FileCreateError as error:
            raise OSError(str(error)) from error


_TABLES: dict[str, type[_Table]] = {
    ".csv": _CsvTable,
    ".jsonl": _JsonTable,
    ".parquet": _ParquetTable,
    ".xlsx": _ExcelTable,
}


SUFFIXES = tuple(_TABLES)


def _plain_columns(batch: Any) -> list[list[Any]]:
    """The columns of a batch as lists, times as text."""
    return [
        (iso_times(column) if pa.types.is_timestamp(column.type) else column).to_pylist()
        for column in batch.columns
    ]


def iso_times(times: Any) -> Any:
    """Times as `2026-08-26T18:29:06Z`, with milliseconds only where there are any."""
    spaced = pc.cast(times, pa.string())
    dated = pc.replace_substring(spaced, " ", "T")
    return pc.replace_substring(dated, ".000Z", "Z")
