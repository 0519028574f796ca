"""Which tweets have been seen before, remembered in eight bytes a tweet or less."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from positivity.sources.handles import author_key
from positivity.tweets import FIRST_SNOWFLAKE, TweetBatch

Keys = NDArray[np.uint64]

_LONGEST_RUN = 1 << 18  # tweets: while two runs are merged, both and the new one are in memory
_MOST_DIGITS = 19  # of numbers below the bit that sets a hash apart
_HASHED = 1 << 63


class SeenTweets:
    """Tells the tweets that come again: the same id, or without one the same author, time, text.

    Without an id and a time nothing tells two alike tweets from one: neither is a duplicate.

    An id that X gave since November 2010 is compared as the number that it is. A smaller number may
    be that of a row, which every file has: author, time and text must be the same as well. For all
    but the former a hash of 63 bits stands, beside a bit that tells it from ids: the odds that it
    takes any of n tweets for another are n²/2⁶⁴, one in a million for four million tweets.
    """

    def __init__(self) -> None:
        self._runs: list[Keys] = []  # each sorted; the larger before the smaller
        self._packed: list[_PackedRun] = []  # those that grow no more

    def duplicates(self, batch: TweetBatch) -> NDArray[np.bool_]:
        """For each tweet of a batch, whether it was seen before, in the batch or earlier."""
        keys, known = keys_of(batch)
        found = np.zeros(batch.num_rows, np.bool_)
        rows = np.flatnonzero(known)
        new, first = np.unique(keys[rows], return_index=True)
        old = np.zeros(len(new), np.bool_)
        for run in self._runs:
            old |= _among(run, new)
        for packed in self._packed:
            if packed.may_hold(new):
                old |= _among(packed.keys(), new)
        found[rows] = True
        found[rows[first]] = old
        self._remember(new[~old])
        return found

    def _remember(self, new: Keys) -> None:
        """Adds sorted keys; runs of like size are merged, so that there are few of them, and packed
        when they have become long."""
        if not len(new):
            return
        self._runs.append(new)
        while len(self._runs) > 1:
            large, small = self._runs[-2:]
            if len(large) >= 2 * len(small):
                return
            if len(large) + len(small) > _LONGEST_RUN:
                self._packed += map(_PackedRun.of, self._runs[:-1])
                self._runs = [small]
                return
            merged = np.concatenate((large, small))
            merged.sort()
            self._runs[-2:] = [merged]


@dataclass(frozen=True, slots=True)
class _PackedRun:
    """Sorted keys as the steps from one to the next, in as few bytes as the widest of them needs.

    Where tweets come in the order of time, a run needs hardly ever be unpacked.
    """

    first: np.uint64
    last: np.uint64
    low: NDArray[np.unsignedinteger]  # the lower 32 bits of each step
    high: NDArray[np.unsignedinteger]  # the upper ones, or nothing where all are 0

    @classmethod
    def of(cls, keys: Keys) -> "_PackedRun":
        steps = np.diff(keys)
        low, high = steps & np.uint64(0xFFFFFFFF), steps >> np.uint64(32)
        return cls(
            keys[0], keys[-1], _narrow(low), _narrow(high) if high.any() else high[:0].copy()
        )

    def may_hold(self, keys: Keys) -> bool:
        """Whether some of these sorted keys lie between the first and the last."""
        begin, end = np.searchsorted(keys, self.first), np.searchsorted(keys, self.last, "right")
        return bool(begin < end)

    def keys(self) -> Keys:
        """The keys, unpacked."""
        keys = np.empty(len(self.low) + 1, np.uint64)
        keys[0], keys[1:] = self.first, self.low
        if len(self.high):
            keys[1:] += self.high.astype(np.uint64) << np.uint64(32)
        return np.cumsum(keys, out=keys)


def _narrow(numbers: Keys) -> NDArray[np.unsignedinteger]:
    """The numbers in the narrowest type that holds all of them."""
    return numbers.astype(np.min_scalar_type(numbers.max(initial=np.uint64(0))))


def _among(run: Keys, keys: Keys) -> NDArray[np.bool_]:
    """Which of some keys [n] are in a sorted run."""
    places = np.searchsorted(run, keys)
    places[places == len(run)] = 0
    return np.asarray(run[places] == keys)


def keys_of(batch: TweetBatch) -> tuple[Keys, NDArray[np.bool_]]:
    """A key for each tweet [n], the same in every process, and whether it has one [n].

    Tweets with the same key are duplicates of the first of them.
    """
    ids = batch.column("id")
    keys, unique = _numbers(ids)
    known = np.ones(batch.num_rows, np.bool_)
    others = np.flatnonzero(~unique)
    columns = (batch.column(name).take(pa.array(others)) for name in ("author", "text"))
    times = batch.column("created_at").cast(pa.int64()).take(pa.array(others))
    values = (column.to_pylist() for column in (ids.take(pa.array(others)), times, *columns))
    for row, tweet_id, time, author, text in zip(others.tolist(), *values, strict=True):
        if tweet_id is None and time is None:
            known[row] = False
            continue
        parts = [author_key(author or ""), str(time), text]
        if tweet_id is not None:
            parts = [tweet_id, *parts] if _may_number_a_row(tweet_id) else [tweet_id]
        keys[row] = _hash("\0".join(parts)) | _HASHED  # apart from the ids that are numbers
    return keys, known


def _may_number_a_row(tweet_id: str) -> bool:
    """Whether an id is a number smaller than those that X has given since November 2010."""
    if not (tweet_id.isascii() and tweet_id.isdecimal()):
        return False
    return len(tweet_id.lstrip("0")) <= _MOST_DIGITS and int(tweet_id) < FIRST_SNOWFLAKE


def _numbers(ids: pa.Array) -> tuple[Keys, NDArray[np.bool_]]:
    """The ids of X since November 2010 [n], as numbers, and which tweets have such an id [n]."""
    import pyarrow.compute as pc  # 0.03 s, which nothing else costs a report on a stored account

    decimal = pc.and_(pc.ascii_is_decimal(ids), pc.invert(pc.starts_with(ids, "0")))
    short = pc.less_equal(pc.binary_length(ids), _MOST_DIGITS)
    numeric = pc.fill_null(pc.and_(decimal, short), False)
    keys = pc.if_else(numeric, ids, "0").cast(pa.uint64()).to_numpy(zero_copy_only=False).copy()
    return keys, np.asarray((keys >= FIRST_SNOWFLAKE) & (keys < _HASHED))


def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
