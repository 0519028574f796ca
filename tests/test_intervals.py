"""The arithmetic of intervals, held against sets of numbers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from positivity.store.intervals import (
    Interval,
    difference,
    gaps,
    intersection,
    union,
)

ENDS = st.integers(0, 40)
ANY = st.builds(Interval, ENDS, ENDS)  # also those that hold nothing, oldest > newest
LISTS = st.lists(ANY, max_size=8)


def ids(intervals: object) -> set[int]:
    assert isinstance(intervals, (list, tuple))
    return {number for each in intervals for number in range(each.oldest, each.newest + 1)}


def is_normal(intervals: tuple[Interval, ...]) -> bool:
    """Newest first, none empty, none touching the next."""
    return all(each.oldest <= each.newest for each in intervals) and all(
        newer.oldest > older.newest + 1 for newer, older in pairwise(intervals)
    )


@given(LISTS)
def test_union(intervals: list[Interval]) -> None:
    assert ids(union(intervals)) == ids(intervals)
    assert is_normal(union(intervals))
    assert union(union(intervals)) == union(intervals)


@given(LISTS, ANY)
def test_intersection(intervals: list[Interval], window: Interval) -> None:
    found = intersection(intervals, window)
    assert ids(found) == ids(intervals) & ids([window])
    assert is_normal(found)


@given(LISTS, ANY)
def test_gaps_and_intervals_fill_a_window_exactly(
    intervals: list[Interval], window: Interval
) -> None:
    missing = gaps(intervals, window)
    assert ids(missing) == ids([window]) - ids(intervals)
    assert is_normal(missing)
    assert ids(union((*missing, *intersection(intervals, window)))) == ids([window])


@given(LISTS, LISTS)
def test_difference(intervals: list[Interval], others: list[Interval]) -> None:
    found = difference(intervals, others)
    assert ids(found) == ids(intervals) - ids(others)
    assert is_normal(found)


@given(st.lists(st.builds(Interval, ENDS, ENDS), max_size=8), st.randoms())
def test_the_order_of_reading_makes_no_difference(intervals: list[Interval], rng: object) -> None:
    shuffled = list(intervals)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    grown: tuple[Interval, ...] = ()
    for each in shuffled:
        grown = union((*grown, each))
    assert grown == union(intervals)
