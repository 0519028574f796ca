"""The tweet: the one schema that every source yields and everything else reads.

Tweets travel in arrow record batches, `TweetBatch`, of `SCHEMA`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

import pyarrow as pa

TweetBatch: TypeAlias = pa.RecordBatch


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
    ]
)


def tweet_batch(columns: Mapping[str, Sequence[Any] | pa.Array], *, length: int) -> TweetBatch:
    """A batch of `length` tweets from some of the columns of `SCHEMA`; the others are null."""
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
