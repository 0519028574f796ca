"""What is to be read, what it costs, and how that is said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positivity.check.money import (
    Prices,
    Purse,
    affordable,
    billed_for,
    many_posts,
    shares,
    shown,
    shown_up,
)
from positivity.check.plan import CAP, Estimate, Step, estimate, is_capped, next_step, window
from positivity.store.accounts import Coverage
from positivity.store.intervals import NEWEST, Interval, intersection, union
from tests.standin.world import snowflake

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
PRICES = Prices(0.005, 0.010)


def covered(*intervals: tuple[int, int], hidden: tuple[tuple[int, int], ...] = ()) -> Coverage:
    return Coverage(
        union(Interval(*each) for each in intervals), union(Interval(*each) for each in hidden)
    )


def ids(interval: Interval) -> int:
    """A timeline in which every id up to 1,000 is a post that is kept."""
    return max(0, min(interval.newest, 1000) - interval.oldest + 1)


@pytest.mark.parametrize(
    ("coverage", "depth", "top_is_read", "step"),
    [
        (covered(), 200, False, Step(Interval(0, NEWEST), 200)),
        (covered(), 200, True, None),  # an empty timeline
        (covered((500, 1000)), 200, False, Step(Interval(1001, NEWEST), 200)),
        (covered((500, 1000)), 200, True, None),
        (covered((500, 1000)), 501, True, None),
        (covered((500, 1000)), 505, True, None),  # X gives no fewer than five
        (covered((500, 1000)), 506, True, Step(Interval(0, 499), 5)),
        (covered((0, 1000)), 3200, True, None),
        (covered((900, 1000), (0, 500)), 100, True, None),
        (covered((900, 1000), (0, 500)), 300, True, Step(Interval(501, 899), 199)),
        (covered((900, 1000), hidden=((0, 899),)), 3200, True, None),
    ],
)
def test_the_next_gap(coverage: Coverage, depth: int, top_is_read: bool, step: Step | None) -> None:
    wanted = window(depth, now=NOW)
    assert next_step(coverage, wanted, ids, top_is_read=top_is_read) == step


def test_a_window_of_days_holds_the_posts_of_these_days() -> None:
    since, until = NOW - timedelta(days=30), NOW - timedelta(days=10)
    found = window(200, since=since, until=until, now=NOW).ids
    moment = timedelta(milliseconds=1)
    assert int(snowflake(since, 0)) == found.oldest
    assert int(snowflake(since - moment, 4095)) < found.oldest
    assert int(snowflake(until - moment, 4095)) <= found.newest
    assert int(snowflake(until, 0)) == found.newest + 1
    for soon in (timedelta(minutes=-5), moment, timedelta(days=3)):
        assert window(200, since=since, until=NOW + soon, now=NOW).open
    assert window(200, since=datetime(2006, 3, 21, tzinfo=UTC), now=NOW).ids.oldest == 0
    assert window(200, since=datetime(9999, 1, 1, tzinfo=UTC), now=NOW).ids.oldest <= NEWEST


@pytest.mark.parametrize(
    ("coverage", "depth", "tweet_count", "before", "expected"),
    [
        (covered(), 200, 5000, None, Estimate(200, 200)),
        (covered(), 200, 30, None, Estimate(30, 35)),
        (covered(), CAP, 5000, None, Estimate(CAP, CAP)),
        (covered(), 200, None, None, Estimate(200, 200)),
        (covered(), 200, 0, None, Estimate(0, 5)),
        (covered(), 200, 198, None, Estimate(198, 200)),
        (covered((0, 1000)), 200, 1007, 1000, Estimate(27, 27)),
        (covered((0, 1000)), 200, 990, 1000, Estimate(20, 20)),  # more deleted than written
        (covered((0, 1000)), 200, 5000, 1000, Estimate(200, 200)),
        (covered((0, 1000)), 200, 1007, None, Estimate(200, 200)),
        (covered((901, 1000)), 200, 3000, 3000, Estimate(120, 120)),
        (covered((901, 1000)), 100, 3000, 3000, Estimate(20, 20)),
        (covered((901, 1000), (0, 500)), 400, 3000, 3000, Estimate(400, 400)),
        (covered((901, 1000), (0, 700)), CAP, 1001, 1001, Estimate(220, 220)),
        (covered((901, 1000), (0, 700)), CAP, 801, 801, Estimate(801, 801)),
        (covered((901, 1000)), CAP, 300, 300, Estimate(300, 300)),
        (covered((901, 1000), (0, 500)), CAP, 300, 300, Estimate(300, 300)),
    ],
)
def test_the_estimate(
    coverage: Coverage,
    depth: int,
    tweet_count: int | None,
    before: int | None,
    expected: Estimate,
) -> None:
    wanted = window(depth, now=NOW)

    def count(interval: Interval) -> int:
        return sum(map(ids, intersection(coverage.read, interval)))

    def told(first: tuple[int, int] | None) -> Estimate:
        return estimate(
            coverage,
            wanted,
            count,
            tweet_count=tweet_count,
            count_at=lambda _: before,
            first_count=lambda _: first,
        )

    assert told(None) == expected


@pytest.mark.parametrize(
    ("first", "posts"),
    [
        (None, 320),
        ((1000, 320), 240),  # 100 of them are kept
        ((950, 320), 290),  # 50 of them
        ((1000, 100), 320),  # X had counted too few: there are more than are kept
        ((1000, 9000), 320),
    ],
)
def test_older_posts_are_no_more_than_there_were(first: tuple[int, int] | None, posts: int) -> None:
    found = estimate(
        covered((901, 1000)),
        window(CAP, now=NOW),
        ids,
        tweet_count=320,
        count_at=lambda _: 320,
        first_count=lambda _: first,
    )
    assert found == Estimate(posts, posts)


@pytest.mark.parametrize(
    ("oldest", "tweet_count", "slots", "expected"),
    [
        (0, 3200, 3200, False),
        (0, 3201, 3200, True),
        (0, 3201, 100, True),
        (0, None, 3200, True),
        (0, None, 3100, False),
        (50, 9000, 100, False),
        (50, 9000, 3200, True),
        (50, 9000, None, True),
        (50, None, None, True),
        (50, 3000, None, False),
    ],
)
def test_the_cap(oldest: int, tweet_count: int | None, slots: int | None, expected: bool) -> None:
    gap = Interval(oldest, 10**18)
    assert is_capped(gap, tweet_count=tweet_count, slots=slots) is expected


@pytest.mark.parametrize(
    ("dollars", "text", "up"),
    [
        (0.0, "$0.00", "0.00"),
        (0.005, "$0.005", "0.01"),
        (0.01, "$0.01", "0.01"),
        (0.295, "$0.295", "0.30"),
        (1.01, "$1.01", "1.01"),
        (16.01, "$16.01", "16.01"),
        (1234.5, "$1,234.50", "1234.50"),
        (0.0001, "$0.0001", "0.01"),
    ],
)
def test_amounts(dollars: float, text: str, up: str) -> None:
    assert shown(dollars) == text
    assert shown_up(dollars) == up


def test_one_post_is_one() -> None:
    assert [many_posts(number) for number in (0, 1, 2000)] == ["0 posts", "1 post", "2,000 posts"]


def test_what_comes_along_is_billed() -> None:
    assert billed_for(100, retweets=False) == 100
    assert billed_for(100, retweets=True) == 300


@given(st.integers(0, 3000), st.lists(st.tuples(st.integers(0, 300), st.floats(0, 1)), max_size=30))
def test_a_purse_gives_no_more_than_is_in_it(posts: int, wishes: list[tuple[int, float]]) -> None:
    purse = Purse(PRICES, posts)
    for wanted, part in wishes:
        reserved = purse.reserve(wanted)
        assert 0 <= reserved <= wanted
        purse.settle(reserved, int(reserved * part))
    assert purse.spent.posts <= posts
    assert purse.posts_left == posts - purse.spent.posts
    assert purse.spent.dollars == pytest.approx(purse.spent.posts * 0.005)


@pytest.mark.parametrize(
    ("dollars", "posts"), [(0.0, 0), (0.004, 0), (0.005, 1), (0.99, 198), (1.0, 200), (-1, 0)]
)
def test_what_dollars_are_enough_for(dollars: float, posts: int) -> None:
    assert affordable(dollars, PRICES) == posts
    assert affordable(None, PRICES) is None
    assert affordable(float("inf"), PRICES) is None
    assert affordable(1e308, PRICES) is None
    assert affordable(dollars, Prices(0, 0)) is None


@given(st.lists(st.integers(0, 500), max_size=20), st.integers(0, 5000))
def test_shares_are_fair_and_leave_nothing_over(wishes: list[int], there: int) -> None:
    given_out = shares(wishes, there)
    assert all(0 <= got <= wish for got, wish in zip(given_out, wishes, strict=True))
    assert sum(given_out) == min(there, sum(wishes))
    short = [got for got, wish in zip(given_out, wishes, strict=True) if got < wish]
    if short:
        assert max(given_out) - min(short) <= 1


def test_without_a_bound_all_may_be_had() -> None:
    assert Purse(PRICES).reserve(10**6) == 10**6
