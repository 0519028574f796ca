"""Duplicates, across batches of any size, as a set would find them."""

import re
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from positivity.duplicates import SeenTweets
from positivity.tweets import tweet_batch

IDS = (
    st.none()
    | st.integers(0, 30).map(str)
    | st.sampled_from(
        [
            "29700859246",
            "29700859247",
            "007",
            "a",
            "",
            "9" * 18,
            "9" * 19,
            str(2**63),
            str(2**63 - 1),
            str(2**64),
            "٣",
            "9" * 30,
        ]
    )
)
TIMES = st.none() | st.integers(0, 2).map(lambda n: datetime(2020, 1, 1 + n, tzinfo=UTC))
TWEETS = st.tuples(IDS, TIMES, st.none() | st.sampled_from("xy"), st.sampled_from("ab"))


def is_small(tweet_id: str) -> bool:
    """Whether it may be the number of a row."""
    return re.fullmatch("[0-9]+", tweet_id) is not None and int(tweet_id) < 29_700_859_247


def with_a_set(tweets: list[Any]) -> list[bool]:
    seen: set[Any] = set()
    found = []
    for tweet_id, time, author, text in tweets:
        key = (tweet_id, time, author, text)
        if tweet_id is not None and not is_small(tweet_id):
            key = tweet_id
        found.append(key in seen)
        if tweet_id is not None or time is not None:
            seen.add(key)
    return found


@settings(max_examples=300, deadline=None)
@given(
    tweets=st.lists(TWEETS, max_size=60),
    size=st.integers(1, 20),
    longest=st.integers(1, 12) | st.just(1 << 20),
)
def test_the_same_as_with_a_set(tweets: list[Any], size: int, longest: int) -> None:
    with patch("positivity.duplicates._LONGEST_RUN", longest):
        assert in_batches(tweets, size) == with_a_set(tweets)


def in_batches(tweets: list[Any], size: int) -> list[bool]:
    seen = SeenTweets()
    found: list[bool] = []
    for start in range(0, len(tweets), size):
        part = tweets[start : start + size]
        columns = zip(*part, strict=True)
        names = ("id", "created_at", "author", "text")
        batch = tweet_batch(dict(zip(names, map(list, columns), strict=True)), length=len(part))
        found += seen.duplicates(batch).tolist()
    return found


def test_the_number_of_a_row_is_no_id() -> None:
    june, july = datetime(2019, 6, 1, tzinfo=UTC), datetime(2019, 7, 1, tzinfo=UTC)
    tweets = [
        ("1", june, "x", "a"),
        ("1", june, "y", "a"),  # another account's file
        ("1", july, "x", "a"),  # another month's file
        ("1", june, "x", "b"),
        ("1", june, "x", "a"),  # the same file again
    ]
    assert in_batches(tweets, 2) == [False, False, False, False, True]


def test_eight_bytes_a_tweet() -> None:
    seen = SeenTweets()
    for start in range(0, 400_000, 8192):
        ids = [str(10**18 + n * 7919) for n in range(start, start + 8192)]
        assert not seen.duplicates(tweet_batch({"id": ids, "text": ids}, length=8192)).any()
    sizes = [run.nbytes for run in seen._runs]
    sizes += [each.low.nbytes + each.high.nbytes for each in seen._packed]
    assert sum(sizes) <= 8 * 401_408
    assert len(sizes) < 8


def test_long_runs_take_less() -> None:
    seen = SeenTweets()
    with patch("positivity.duplicates._LONGEST_RUN", 50_000):
        for start in range(0, 400_000, 8192):
            ids = [str(10**18 + n * 2**33) for n in range(start, start + 8192)]
            batch = tweet_batch({"id": ids, "text": ids}, length=8192)
            assert not seen.duplicates(batch).any()
        assert seen.duplicates(batch).all()
    packed = seen._packed
    assert sum(len(each.low) + 1 for each in packed) > 300_000
    assert sum(each.low.nbytes + each.high.nbytes for each in packed) < 3 * 400_000
