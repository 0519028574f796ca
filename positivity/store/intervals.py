"""Sets of ids as intervals: what of a timeline has been read, and where gaps remain.

Ids are whole numbers from 0; newer posts have greater ones. An interval holds both its ends. All
functions give intervals in their normal form: newest first, apart, none touching the next.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

NEWEST = 2**63 - 1  # no id is greater


class Interval(NamedTuple):
    """The ids from `oldest` to `newest`."""

    oldest: int
    newest: int


Intervals: TypeAlias = tuple[Interval, ...]


def union(intervals: Iterable[Interval]) -> Intervals:
    """The ids that are in any of the intervals; those without ids, oldest > newest, are dropped."""
    merged: list[Interval] = []
    for each in sorted(interval for interval in intervals if interval.oldest <= interval.newest):
        if merged and each.oldest <= merged[-1].newest + 1:
            last = merged.pop()
            each = Interval(last.oldest, max(last.newest, each.newest))
        merged.append(each)
    return tuple(reversed(merged))


def intersection(intervals: Iterable[Interval], window: Interval) -> Intervals:
    """The ids of the intervals that lie in a window."""
    return union(
        Interval(max(each.oldest, window.oldest), min(each.newest, window.newest))
        for each in intervals
    )


def gaps(intervals: Iterable[Interval], window: Interval) -> Intervals:
    """The ids of a window that are in none of the intervals."""
    found = []
    newest = window.newest
    for each in intersection(intervals, window):
        found.append(Interval(each.newest + 1, newest))
        newest = each.oldest - 1
    found.append(Interval(window.oldest, newest))
    return union(found)


def difference(intervals: Iterable[Interval], others: Iterable[Interval]) -> Intervals:
    """The ids of the intervals that are in none of the others."""
    others = tuple(others)
    return union(gap for each in union(intervals) for gap in gaps(others, each))
