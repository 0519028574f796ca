"""Tables of tweets in Parquet, Feather and Arrow, with the same names of columns as in CSV."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from positivity.errors import InputError
from positivity.sources import gold
from positivity.sources.layout import Layout, lay_out
from positivity.sources.own_scores import is_own
from positivity.sources.reading import ByteStream, ReadOptions, TweetFile
from positivity.sources.rows import Cells, RowMapper
from positivity.sources.spool import seekable
from positivity.tweets import TweetBatch

PARQUET_MAGIC = b"PAR1"
ARROW_MAGICS = (b"ARROW1", b"FEA1", b"\xff\xff\xff\xff")  # Feather 2 and 1, a stream

_SAMPLE_ROWS = 200
_CELLS_TOGETHER = 8192
_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)


class ArrowTable(ABC):
    """A file of columns, open, as arrow reads it."""

    kind: str
    schema: Any
    rows: int | None  # how many there are; None where only reading tells

    @abstractmethod
    def batches(self, size: int, columns: Sequence[int] | None = None) -> Iterator[Any]:
        """Its rows in order, about `size` at a time, with these columns or all."""


class _Parquet(ArrowTable):
    kind = "Parquet"

    def __init__(self, file: BinaryIO) -> None:
        import pyarrow.parquet as pq  # takes a while, and other files do not need it

        self._file = pq.ParquetFile(file)
        self.schema = self._file.schema_arrow
        self.rows = self._file.metadata.num_rows

    def batches(self, size: int, columns: Sequence[int] | None = None) -> Iterator[Any]:
        if columns is None:
            yield from self._file.iter_batches(batch_size=size, use_threads=False)
            return
        names = [self.schema.names[index] for index in columns]
        # All columns of a name come, in their order in the file.
        which = [self.schema.names[:index].count(self.schema.names[index]) for index in columns]
        for batch in self._file.iter_batches(batch_size=size, columns=names):
            places = map(batch.schema.get_all_field_indices, names)
            yield batch.select([of[each] for of, each in zip(places, which, strict=True)])


class _Feather(ArrowTable):
    """Feather, and what else arrow calls its IPC formats."""

    kind = "Feather"

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        self.rows = None
        self._file: Any = file
        self._open = pa.ipc.open_file
        if head.startswith(b"\xff"):
            self.kind = "Arrow stream"
            self._open = pa.ipc.open_stream
        elif head.startswith(b"FEA1"):
            self._file = _from_feather_1(file)
        self.schema = self._reader().schema

    def _reader(self) -> Any:
        self._file.seek(0)
        return self._open(self._file)

    def batches(self, size: int, columns: Sequence[int] | None = None) -> Iterator[Any]:
        reader = self._reader()
        stored: Iterable[Any] = reader
        if not isinstance(reader, pa.RecordBatchStreamReader):
            stored = map(reader.get_batch, range(reader.num_record_batches))
        for batch in stored:
            batch.validate(full=True)  # arrow trusts what it reads, and we do not
            chosen = batch if columns is None else batch.select(list(columns))
            for start in range(0, chosen.num_rows, size):
                yield chosen.slice(start, size)


def _from_feather_1(file: BinaryIO) -> Any:
    """The first version of Feather, of before 2020, as the second."""
    import pyarrow.feather

    with warnings.catch_warnings():  # arrow says that it will forget the format one day
        warnings.simplefilter("ignore")
        table = pyarrow.feather.read_table(file)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return pa.BufferReader(sink.getvalue())


class ArrowFile(TweetFile):
    """A Parquet or Feather file, read a few thousand rows at a time."""

    def __init__(self, stream: ByteStream, options: ReadOptions) -> None:
        head = stream.head
        self._what = "Parquet" if head.startswith(PARQUET_MAGIC) else "Feather"
        self._file = seekable(stream)
        try:
            parquet = head.startswith(PARQUET_MAGIC)
            self._table = _Parquet(self._file) if parquet else _Feather(self._file, head)
            self._layout = self._understand(stream.name, options)
        except BaseException as error:
            self._file.close()
            if isinstance(error, _BROKEN):
                raise self._broken(stream.name) from error
            raise
        self._rows_read = 0
        described = self._layout.described(self._table.kind)
        super().__init__(stream, f"{described}, {self._layout.describe()}")
        if parquet and not options.labels:
            self.notes = gold.offer(stream, self._layout, (".parquet",))

    @property
    def bytes_read(self) -> int:
        """How far it has been read; of Parquet, the share of the rows in bytes of the file."""
        if self._table.rows:
            return (self.bytes_total or 0) * self._rows_read // self._table.rows
        return min(self._file.tell(), self.bytes_total or 0) if not self._file.closed else 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        super().close()

    def _understand(self, name: str, options: ReadOptions) -> Layout:
        schema = self._table.schema
        batch = next(self._table.batches(_SAMPLE_ROWS), None)
        if batch is None:
            raise InputError(f"{name}: has columns and no rows")
        layout = lay_out(
            name, schema.names, _sample(batch), len(schema.names), options, self._all_cells
        )
        if pa.types.is_nested(schema.field(layout.text).type):
            raise InputError(
                f"{name}: its column '{layout.names[layout.text]}' holds lists or structs, not "
                "text; say which column is the text with --text-column"
            )
        return layout

    def _all_cells(self, column: int) -> Iterator[str]:
        """The cells of a column; of a file that breaks, those before that."""
        with suppress(*_BROKEN):
            for batch in self._table.batches(_CELLS_TOGETHER, [column]):
                yield from (cell or "" for cell in _strings(batch.column(0)))

    def _batches(self, size: int) -> Iterator[TweetBatch]:
        own = self._is_clean = is_own(self._layout.names)
        mapper = RowMapper(self._layout, self.name, clean=own)
        try:
            for batch in self._table.batches(size, self._layout.used):
                yield from self._tweets(batch, mapper)
                self._rows_read += batch.num_rows
        except _BROKEN as error:
            raise self._broken(self.name) from error

    def _tweets(self, batch: Any, mapper: RowMapper) -> Iterator[TweetBatch]:
        used = self._layout.used
        present = pc.is_valid(batch.column(used.index(self._layout.text)))
        if self._layout.short_text is not None:
            short = pc.is_valid(batch.column(used.index(self._layout.short_text)))
            present = pc.or_(present, short)
        for row in np.flatnonzero(~np.asarray(present)):
            self.reject("has no text", self._rows_read + int(row) + 1)
        batch = batch.filter(present)
        if batch.num_rows:
            yield mapper.batch(
                {index: self._cells(batch.column(at), index) for at, index in enumerate(used)}
            )

    def _cells(self, column: Any, index: int) -> Cells:
        # A float has lost the last digits of an id.
        if index == self._layout.fields.get("id") and pa.types.is_floating(column.type):
            return [None] * len(column)
        return _strings(column)

    def _broken(self, name: str) -> InputError:
        return InputError(
            f"{name}: is a {self._what} file that is cut short or damaged; get it again"
        )


def _sample(batch: Any) -> list[list[str]]:
    """The first rows; nothing in them but strings could be taken for the text of tweets."""
    columns = [_shown(batch.column(index)) for index in range(batch.num_columns)]
    return [list(row) for row in zip(*columns, strict=True)]


def _shown(column: Any) -> list[str]:
    cells = [cell or "" for cell in _strings(column)]
    if _is_text(column.type):
        return cells
    return [cell.replace(" ", "T") for cell in cells]


def _is_text(kind: Any) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    strings = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, _is_bytes)
    return any(is_kind(value) for is_kind in strings)


def _is_bytes(kind: Any) -> bool:
    """Whether these are bytes: some writers of Parquet do not say that theirs are text."""
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _strings(column: Any) -> Cells:
    """A column of any simple type as strings; a column of lists or structs as nothing."""
    if pa.types.is_nested(column.type):
        return [None] * len(column)
    if _is_bytes(column.type):
        return [cell and cell.decode("utf-8", "replace") for cell in column.to_pylist()]
    strings: list[str | None] = pc.cast(column, pa.string()).to_pylist()
    return strings
