"""A row per tweet with its probabilities, in a file for spreadsheets and programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from positivity.account.tally import labels_of
from positivity.report.tables import TableWriter, iso_times
from positivity.sources.own_scores import SCORE_COLUMNS
from positivity.tweets import SCHEMA, TweetBatch, dates_only

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


class ScoresWriter(TableWriter):
    """Writes the scores of tweets to `path`, in a form by its suffix."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path, _SCHEMA, what="scores", guarded=("author", "text"))
        # Its column of times holds nothing else: a date without one is the midnight in UTC there.
        self._typed = Path(path).suffix.lower() == ".parquet"

    def write(
        self, batch: TweetBatch, probabilities: np.ndarray, left_out: Sequence[str | None]
    ) -> None:
        """Add the tweets of a batch: [n, 3] probabilities, NaN and a reason where left out."""
        if not batch.num_rows == len(probabilities) == len(left_out):
            raise ValueError("the tweets, their probabilities and the reasons differ in number")
        if batch.num_rows:
            rows = _score_columns(batch, probabilities, left_out)
            self.write_rows(rows if self._typed else _with_dates(rows, dates_only(batch)))


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


def _with_dates(rows: Any, bare: np.ndarray | None) -> Any:
    """The columns with times as text, and those at `bare` [n] as dates without one."""
    if bare is None:
        return rows
    at = rows.schema.get_field_index("created_at")
    times = iso_times(rows.column(at))
    dates = pc.utf8_slice_codeunits(times, 0, len("2026-08-26"))
    return rows.set_column(at, "created_at", pc.if_else(pa.array(bare), dates, times))
