"""A row per tweet with its probabilities, in a file for spreadsheets and programs."""

import csv
import io
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from positivity.account.tally import labels_of
from positivity.errors import InputError, UsageError
from positivity.sources.own_scores import SCORE_COLUMNS, guard
from positivity.tweets import SCHEMA, TweetBatch

_LABELS = ("negative", "neutral", "positive")
_DIGITS = 4
_SCHEMA = pa.schema(
    [
        SCHEMA.field(name)
        if name in SCHEMA.names
        else pa.field(name, pa.string() if name in ("label", "left_out") else pa.float64())
        for name in SCORE_COLUMNS
    ]
)


class ScoresWriter:
    """Writes the scores of tweets to `path`, as CSV, JSON Lines or Parquet by its suffix.

    The rows go to a file beside the target, which takes the target's place at the end; also when
    the work is cut short, so that what was scored is kept.
    """

    def __init__(self, path: str | Path) -> None:
        self._shown = str(path)
        self._incomplete = False
        self._target = Path(path).resolve()
        table = _TABLES.get(self._target.suffix.lower())
        if table is None:
            raise UsageError(
                f"{path}: scores are written as {', '.join(_TABLES)}; end the name in one of them"
            )
        self._part = self._target.with_name(f".{self._target.name}.{os.getpid()}.part")
        if self._target.is_dir():
            raise InputError(f"{path}: is a folder; name a file in it")
        try:
            self._table: _Table = table(self._part)
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        return self

    def write(
        self, batch: TweetBatch, probabilities: np.ndarray, left_out: Sequence[str | None]
    ) -> None:
        """Add the tweets of a batch: [n, 3] probabilities, NaN and a reason where left out."""
        if not batch.num_rows == len(probabilities) == len(left_out):
            raise ValueError("the tweets, their probabilities and the reasons differ in number")
        if not batch.num_rows:
            return
        try:
            self._table.write(_score_columns(batch, probabilities, left_out))
        except OSError as error:
            self._incomplete = True
            raise self._unwritable(error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._incomplete:  # nobody could tell what is missing from it
            with suppress(OSError):
                self._table.close()
            self._part.unlink(missing_ok=True)
            return
        try:
            self._table.close()
            self._part.replace(self._target)
        except OSError as failure:
            self._part.unlink(missing_ok=True)  # nobody could tell what is missing from it
            raise self._unwritable(failure) from failure

    def _unwritable(self, error: OSError) -> InputError:
        reason = error.strerror or error
        return InputError(f"{self._shown}: cannot be written ({reason}); choose another place")


def _score_columns(
    batch: TweetBatch, probabilities: np.ndarray, left_out: Sequence[str | None]
) -> Any:
    """The columns of the file for a batch, as arrow."""
    rounded = probabilities.astype(np.float64).round(_DIGITS)  # [n, 3]
    unscored = np.atleast_1d(np.isnan(rounded).any(axis=1))  # [n]
    best = labels_of(rounded)  # [n]
    columns: dict[str, Any] = {
        "label": [
            None if missing else _LABELS[index]
            for missing, index in zip(list(unscored), list(best), strict=True)
        ],
        "score": pa.array(np.round(rounded[:, 2] - rounded[:, 0], _DIGITS), mask=unscored),
        "left_out": list(left_out),
    }
    for index, label in enumerate(_LABELS):
        columns[label] = pa.array(np.ascontiguousarray(rounded[:, index]), mask=unscored)
    arrays = [
        batch.column(field.name)
        if field.name in SCHEMA.names
        else pa.array(columns[field.name], field.type)
        for field in _SCHEMA
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)


def _iso_times(times: Any) -> Any:
    """Times as `2026-08-26T18:29:06Z`, with milliseconds only where there are any."""
    spaced = pc.cast(times, pa.string())
    dated = pc.replace_substring(spaced, " ", "T")
    return pc.replace_substring(dated, ".000Z", "Z")


class _Table(ABC):
    """An open file of one format."""

    @abstractmethod
    def __init__(self, path: Path) -> None: ...

    @abstractmethod
    def write(self, batch: Any) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class _CsvTable(_Table):
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        csv.writer(self._file).writerow(SCORE_COLUMNS)

    def write(self, batch: Any) -> None:
        columns = {name: batch.column(name) for name in SCORE_COLUMNS}
        columns["created_at"] = _iso_times(columns["created_at"])
        cells = {name: column.to_pylist() for name, column in columns.items()}
        for name in ("author", "text"):
            cells[name] = [guard(cell) if cell else cell for cell in cells[name]]
        rows = io.StringIO(newline="")
        csv.writer(rows).writerows(zip(*cells.values(), strict=True))
        self._file.write(rows.getvalue())  # at once: an interrupt leaves no part of a batch

    def close(self) -> None:
        self._file.close()


class _JsonTable(_Table):
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, batch: Any) -> None:
        columns = {name: batch.column(name) for name in SCORE_COLUMNS}
        columns["created_at"] = _iso_times(columns["created_at"])
        cells = [column.to_pylist() for column in columns.values()]
        for row in zip(*cells, strict=True):
            document = dict(zip(SCORE_COLUMNS, row, strict=True))
            self._file.write(json.dumps(document, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


class _ParquetTable(_Table):
    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, _SCHEMA)

    def write(self, batch: Any) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


_TABLES: dict[str, type[_Table]] = {
    ".csv": _CsvTable,
    ".jsonl": _JsonTable,
    ".parquet": _ParquetTable,
}
