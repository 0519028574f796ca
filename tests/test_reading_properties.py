"""Whatever happens to an account and the runs that read it: no post is bought twice or missed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from positivity.check import fetch, plan
from positivity.check.fetch import Reader
from positivity.check.money import Prices, Purse
from positivity.check.plan import FEWEST, Window
from positivity.sources.x_answers import Account, LookupResult, Page
from positivity.store import Store
from positivity.store.intervals import NEWEST, Interval
from positivity.tweets import SCHEMA

CAP = 60  # in the place of 3,200
PAGE = 10  # in the place of 100
ACCOUNT = 7


class KilledError(BaseException):
    """Stands for a process that ends here."""


@dataclass
class Timeline:
    """An account on X: ids, those of retweets being multiples of 3; and what was sold."""

    posts: list[int] = field(default_factory=list)  # newest first
    last: int = 1000
    sold: list[int] = field(default_factory=list)
    requests_left: int | None = None

    def write(self, number: int) -> None:
        for _ in range(number):
            self.last += 1
            self.posts.insert(0, self.last)

    def delete(self, where: int) -> None:
        if self.posts:
            del self.posts[where % len(self.posts)]

    def account(self) -> Account:
        return Account(str(ACCOUNT), "ada", "", False, len(self.posts), None, "", None)

    def pages(
        self,
        account: Account,
        *,
        since_id: str | None,
        until_id: str | None,
        page_size: int,
        include_retweets: bool,
    ) -> Iterator[Page]:
        assert FEWEST <= page_size <= PAGE
        since, until = int(since_id or 0), int(until_id or NEWEST)
        slots = [post for post in self.posts[:CAP] if since < post < until]
        for start in range(0, max(1, len(slots)), page_size):
            if self.requests_left is not None:
                self.requests_left -= 1
                if self.requests_left < 0:
                    raise KilledError
            given = slots[start : start + page_size]
            posts = [post for post in given if include_retweets or not is_retweet(post)]
            self.sold += posts
            more = start + page_size < len(slots)
            yield Page(
                tweets=[row(post) for post in posts],
                newest_id=str(posts[0]) if posts else None,
                oldest_id=str(posts[-1]) if posts else None,
                next_token="more" if more else None,
                posts_returned=len(posts),
                users_returned=0,
                errors=(),
            )

    def lookup(self, ids: Sequence[str]) -> LookupResult:
        raise AssertionError("reading a timeline looks no post up")


def is_retweet(post: int) -> bool:
    return post % 3 == 0


def row(post: int) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    kind = "retweet" if is_retweet(post) else "original"
    return values | {"id": str(post), "text": "words", "kind": kind}


WRITE = st.tuples(st.just("write"), st.integers(1, 40))
DELETE = st.tuples(st.just("delete"), st.integers(0, 200))
READ = st.tuples(
    st.just("read"),
    st.sampled_from([5, 8, 20, 33, CAP]),
    st.none() | st.integers(0, 5),  # at which request the run is killed
    st.none() | st.tuples(st.integers(1000, 1300), st.integers(0, 100)),  # a window
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WRITE | DELETE | READ, max_size=14), st.booleans())
def test_nothing_is_bought_twice_or_missed(actions: list[Any], retweets: bool) -> None:
    timeline = Timeline()
    with Store(None) as store, patch.object(plan, "CAP", CAP), patch.object(fetch, "MOST", PAGE):
        store.accounts.put(timeline.account())
        for name, *what in actions:
            if name == "read":
                read(timeline, store, *what, retweets=retweets)
            else:
                getattr(timeline, name)(*what)
            check(timeline, store, retweets=retweets)


def read(
    timeline: Timeline,
    store: Store,
    depth: int,
    killed_at: int | None,
    window: tuple[int, int] | None,
    *,
    retweets: bool,
) -> None:
    ids = Interval(0, NEWEST)
    if window is not None:
        # Days to come are no end of a window: `plan.window` sees to that.
        ids = Interval(window[0], sum(window) if sum(window) <= timeline.last else NEWEST)
    before, timeline.requests_left = len(timeline.sold), killed_at
    purse = Purse(Prices(1, 1))
    reader = Reader(timeline, store, purse, timeline.account(), retweets=retweets)
    killed = False
    try:
        reader.read(Window(ids, depth), depth)
    except KilledError:
        killed = True
    sold = timeline.sold[before:]
    # With retweets each post may be billed three times over; here none has company.
    assert len(sold) <= depth
    assert purse.spent.posts == len(sold)
    if not killed and window is None:
        newest = [post for post in timeline.posts[:CAP] if retweets or not is_retweet(post)]
        kept = set(store.accounts.ids(ACCOUNT))
        wanted = newest[: depth - FEWEST + 1]
        gone = kept - set(timeline.posts)  # deleted posts that are kept take a place
        assert set(wanted[: max(0, len(wanted) - len(gone))]) <= kept


def check(timeline: Timeline, store: Store, *, retweets: bool) -> None:
    assert len(timeline.sold) == len(set(timeline.sold)), "bought twice"
    coverage = store.accounts.coverage(ACCOUNT, retweets=retweets)
    kept = set(store.accounts.ids(ACCOUNT))
    assert kept == set(timeline.sold)
    for interval in coverage.read:
        there = {
            post
            for post in timeline.posts
            if interval.oldest <= post <= interval.newest and (retweets or not is_retweet(post))
        }
        assert there <= kept, "said to be read, and is not"
    for post in kept:
        assert any(each.oldest <= post <= each.newest for each in coverage.read)
    assert sum(spent.posts for _, spent in store.ledger.months()) == len(timeline.sold)


@pytest.mark.parametrize("killed_at", range(8))
def test_a_killed_run_and_the_next_buy_what_one_run_would(killed_at: int) -> None:
    bills = []
    for kill in (None, killed_at):
        timeline = Timeline()
        timeline.write(55)
        with Store(None) as store, patch.object(fetch, "MOST", PAGE):
            store.accounts.put(timeline.account())
            read(timeline, store, 33, None, None, retweets=False)
            timeline.write(25)
            if kill is not None:
                read(timeline, store, CAP, kill, None, retweets=False)
            read(timeline, store, CAP, None, None, retweets=False)
        bills.append(sorted(timeline.sold))
    assert bills[0] == bills[1]
