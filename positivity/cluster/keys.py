"""The keys of a part's tweets in a file: dealt out to buckets, so that a few can be read alone.

64 buckets by the remainder of the key, each sorted. The file begins with the places where the
buckets begin and the last one ends, counted in keys; all numbers have 8 bytes, the lowest first.
"""

from collections.abc import Callable

import numpy as np

from positivity.duplicates import Keys

BUCKETS = 64
_HEAD = BUCKETS + 1
_NUMBER = np.dtype("<u8")

ReadBytes = Callable[[int, int], bytes]  # from, to before


def packed(keys: Keys) -> bytes:
    """The file of keys [n], each of which comes once."""
    buckets = keys % np.uint64(BUCKETS)
    order = np.lexsort((keys, buckets))
    starts = np.searchsorted(buckets[order], np.arange(_HEAD, dtype=np.uint64))
    return starts.astype(_NUMBER).tobytes() + keys[order].astype(_NUMBER).tobytes()


def unpacked(read: ReadBytes, start: int, end: int) -> Keys:
    """The keys in the buckets from `start` to before `end`."""
    size = _NUMBER.itemsize
    head = np.frombuffer(read(0, _HEAD * size), _NUMBER)
    first, last = (_HEAD + int(head[bucket]) for bucket in (start, end))
    if first == last:
        return np.zeros(0, np.uint64)
    return np.frombuffer(read(first * size, last * size), _NUMBER).astype(np.uint64)
