"""The rows that could not be read, in a file: where each stands, why, and what is in it."""

from pathlib import Path
from types import TracebackType

import pyarrow as pa

from positivity.report.tables import TableWriter
from positivity.sources.reading import Reject

_SCHEMA = pa.schema(
    [
        pa.field("file", pa.string()),
        pa.field("line", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("text", pa.string()),
    ]
)
_TOGETHER = 1000  # rows


class RejectsWriter(TableWriter):
    """Writes rejected rows to `path`, in a form by its suffix."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path, _SCHEMA, what="rejects", guarded=("file", "reason", "text"))
        self._waiting: list[Reject] = []

    def add(self, reject: Reject) -> None:
        """Add a row."""
        self._waiting.append(reject)
        if len(self._waiting) >= _TOGETHER:
            self._write_waiting()

    def _write_waiting(self) -> None:
        rows, self._waiting = self._waiting, []
        columns = [
            [row.file for row in rows],
            [row.line for row in rows],
            [row.reason for row in rows],
            [_encodable(row.text) for row in rows],
        ]
        arrays = [pa.array(*pair) for pair in zip(columns, _SCHEMA.types, strict=True)]
        self.write_rows(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._write_waiting()
        finally:
            super().__exit__(kind, error, trace)


def _encodable(text: str | None) -> str | None:
    """`text` without halves of pairs, which JSON may hold and no encoding can."""
    return text and text.encode("utf-8", "replace").decode("utf-8")
