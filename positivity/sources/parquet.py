"""Tables of tweets in Parquet, with the same names of columns as in CSV."""

import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from positivity.errors import InputError
from positivity.sources.columns import Layout, lay_out
from positivity.sources.own_scores import is_own
from positivity.sources.reading import ByteStream, ReadOptions, TweetFile
from positivity.sources.rows import Cells, RowMapper
from positivity.tweets import TweetBatch

_SAMPLE_ROWS = 200
_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)


class ParquetFile(TweetFile):
    """A Parquet file, read a few thousand rows at a time."""

    def __init__(self, stream: ByteStream, options: ReadOptions) -> None:
        self._spool: Any = None
        try:
            self._table = pq.ParquetFile(self._seekable(stream))
            self._layout = self._understand(stream.name, options)
        except BaseException as error:
            if self._spool is not None:
                self._spool.close()
            if isinstance(error, _BROKEN):
                raise _broken(stream.name) from error
            raise
        self._rows_read = 0
        super().__init__(stream, f"{self._layout.described('Parquet')}, {self._layout.describe()}")

    @property
    def bytes_read(self) -> int:
        """The share of the rows that have been read, in bytes of the file."""
        rows: int = self._table.metadata.num_rows
        return (self.bytes_total or 0) * self._rows_read // rows

    def close(self) -> None:
        """Let go of the file."""
        self._table.close()
        if self._spool is not None:
            self._spool.close()
        super().close()

    def _seekable(self, stream: ByteStream) -> Any:
        """A Parquet file begins to be read at its end, so a stream is put on disk first."""
        if stream.path is not None and stream.bytes_total is not None and not stream.zipped:
            return stream.path
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the file
        shutil.copyfileobj(stream, self._spool)
        self._spool.seek(0)
        return self._spool

    def _understand(self, name: str, options: ReadOptions) -> Layout:
        schema = self._table.schema_arrow
        if self._table.metadata.num_rows == 0:
            raise InputError(f"{name}: has columns and no rows")
        sample = self._sample(schema)
        layout = lay_out(name, schema.names, sample, len(schema.names), options)
        if pa.types.is_nested(schema.field(layout.text).type):
            raise InputError(
                f"{name}: its column '{layout.names[layout.text]}' holds lists or structs, not "
                "text; say which column is the text with --text-column"
            )
        return layout

    def _sample(self, schema: Any) -> list[list[str]]:
        """The first rows, blank where a column holds no strings: those cannot be the text."""
        batches = self._table.iter_batches(batch_size=_SAMPLE_ROWS, use_threads=False)
        batch = next(batches, None)
        if batch is None:
            return []
        columns = [
            [cell or "" for cell in _strings(batch.column(index))]
            if _is_text(field.type)
            else [""] * batch.num_rows
            for index, field in enumerate(schema)
        ]
        return [list(row) for row in zip(*columns, strict=True)]

    def _batches(self, size: int) -> Iterator[TweetBatch]:
        names = self._layout.names
        used = self._layout.used
        mapper = RowMapper(self._layout, self.name, clean=is_own(names))
        wanted = [self._table.schema_arrow.names[index] for index in used]
        try:
            for batch in self._table.iter_batches(batch_size=size, columns=wanted):
                self._rows_read += batch.num_rows
                yield from self._tweets(batch, mapper)
        except _BROKEN as error:
            raise _broken(self.name) from error

    def _tweets(self, batch: Any, mapper: RowMapper) -> Iterator[TweetBatch]:
        names = self._table.schema_arrow.names
        text = batch.column(names[self._layout.text])
        self.unreadable += text.null_count
        batch = batch.filter(pc.is_valid(text))
        if batch.num_rows:
            yield mapper.batch(
                {
                    index: self._cells(batch.column(names[index]), index)
                    for index in self._layout.used
                }
            )

    def _cells(self, column: Any, index: int) -> Cells:
        # A float has lost the last digits of an id.
        if index == self._layout.fields.get("id") and pa.types.is_floating(column.type):
            return [None] * len(column)
        return _strings(column)


def _is_text(kind: Any) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value) or _is_bytes(value))


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


def _broken(name: str) -> InputError:
    return InputError(f"{name}: is a Parquet file that is cut short or damaged; get it again")
