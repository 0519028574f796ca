"""The tweet: the one schema that every source yields and everything else reads.

Tweets travel in arrow record batches, `TweetBatch`, of `SCHEMA`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

TweetBatch: TypeAlias = pa.RecordBatch

# Since November 2010 an id holds the millisecond in which its tweet was written, counted from the
# epoch of X, in all but its last bits. Before, X counted; the first that holds a time is larger.
SNOWFLAKE_EPOCH = 1_288_834_974_657
SNOWFLAKE_SHIFT = 22
FIRST_SNOWFLAKE = 29_700_859_247
FIRST_SNOWFLAKE_DAY = "2010-11-04"


class Kind(StrEnum):
    """What sort of post a tweet is. Unknown is a null in the batch."""

    ORIGINAL = "original"
    REPLY = "reply"
    QUOTE = "quote"
    RETWEET = "retweet"


class LeftOut(StrEnum):
    """Why a tweet does not count for the verdict."""

    UNREADABLE = "unreadable row"
    DATES = "outside the dates"
    UNDATED = "no usable date"  # where only some dates count
    DUPLICATE = "duplicate"
    RETWEET = "retweet"
    EMPTY = "no words or emoji"
    LANGUAGE = "other language"


SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),  # digits as a string: a float would lose the last ones
        pa.field("created_at", pa.timestamp("ms", tz="UTC")),
        pa.field("author", pa.string()),  # the handle, without @
        pa.field("text", pa.string(), nullable=False),  # HTML-unescaped once; may be ""
        pa.field("lang", pa.string()),  # BCP 47, as the source says it
        pa.field("kind", pa.string()),  # a Kind
        pa.field("likes", pa.int64()),
        pa.field("reposts", pa.int64()),
        pa.field("replies", pa.int64()),
        pa.field("quotes", pa.int64()),
        pa.field("views", pa.int64()),
        pa.field("source", pa.string()),  # the file or service it was read from
        # Whether `created_at` is a date without a time of day: the midnight in UTC that begins it.
        pa.field("date_only", pa.bool_()),  # null: it has a time, or is not known
    ]
)


# What a tweet itself says.
PARTS = tuple(name for name in SCHEMA.names if name not in ("source", "date_only"))

Columns: TypeAlias = Mapping[str, Sequence[Any] | pa.Array]


def tweet_batch(columns: Columns, *, length: int) -> TweetBatch:
    """A batch of `length` tweets from some of the columns of `SCHEMA`; the others are null.

    Times that are a `date`, and no `datetime`, become the batch's dates without a time.
    """
    columns = _with_dates(columns)
    unknown = columns.keys() - set(SCHEMA.names)
    if unknown:
        raise ValueError(f"not a column of a tweet: {', '.join(sorted(unknown))}")
    arrays = []
    for field in SCHEMA:
        values = columns.get(field.name)
        if values is None:
            arrays.append(pa.nulls(length, field.type))
        elif isinstance(values, pa.Array):
            arrays.append(values.cast(field.type))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def dates_only(batch: TweetBatch) -> NDArray[np.bool_] | None:
    """For each tweet [n], whether it has a date without a time; None where none has."""
    column = batch.column("date_only")
    if column.null_count == len(column):
        return None
    return np.array(column.to_pylist(), np.bool_)  # of a null: False


def _with_dates(columns: Columns) -> Columns:
    moments = columns.get("created_at")
    if moments is None or "date_only" in columns:
        return columns
    if isinstance(moments, pa.Array):
        return {**columns, "date_only": moments.is_valid()} if _are_dates(moments) else columns
    if date not in map(type, moments):  # quick, as this is asked of every tweet
        return columns
    bare = [type(moment) is date for moment in moments]
    midnights = [
        datetime.combine(moment, time.min, UTC) if is_bare else moment
        for moment, is_bare in zip(moments, bare, strict=True)
    ]
    return {**columns, "created_at": midnights, "date_only": bare}


def _are_dates(moments: pa.Array) -> bool:
    return bool(pa.types.is_date(moments.type))
