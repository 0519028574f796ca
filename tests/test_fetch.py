"""Reading timelines into the store, over sockets: nothing is lost, nothing is bought twice."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from positivity.check.fetch import Reader
from positivity.check.money import Prices, Purse
from positivity.check.plan import Estimate, Window, estimate, window
from positivity.errors import LimitError, NetworkError
from positivity.sources.x_answers import Account, LookupResult, Page
from positivity.sources.x_api import XClient
from positivity.store import Coverage, Store, store_path
from positivity.store.intervals import NEWEST, Interval
from tests.standin import TOKEN, Standin, VirtualClock
from tests.standin.world import START

PRICES = Prices(0.005, 0.010)
LATER = START + timedelta(days=90)
ALWAYS = Interval(0, NEWEST)


class KilledError(BaseException):
    """Stands for a process that ends here."""


@dataclass
class Bench:
    """A stand-in and a store, and runs that read the one into the other."""

    standin: Standin
    store: Store
    purse: Purse = field(default_factory=lambda: Purse(PRICES))
    killed_at: int | None = None  # the request of the next run at which it ends

    def read(
        self,
        depth: int = 200,
        *,
        handle: str = "alice",
        retweets: bool = False,
        limit: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        tweet_count: int | None = -1,
    ) -> Reader:
        wanted = window(depth, since=since, until=until, now=datetime(2027, 1, 1, tzinfo=UTC))
        with self.client() as client:
            account = client.accounts([handle])[handle]
            assert isinstance(account, Account)
            if tweet_count != -1:
                account = Account(**{**vars(account), "tweet_count": tweet_count})
            self.store.accounts.put(account)
            retweets_too = retweets
            reader = Reader(client, self.store, self.purse, account, retweets=retweets_too)
            reader.read(wanted, depth if limit is None else limit)
        return reader

    @contextmanager
    def client(self) -> Iterator[XClient]:
        clock = VirtualClock()
        self.standin.clock = clock.now
        count = [0]
        killed_at, self.killed_at = self.killed_at, None

        class Client(XClient):
            def pages(self, *args: Any, **options: Any) -> Iterator[Page]:
                inner = super().pages(*args, **options)
                while True:
                    count[0] += 1
                    if count[0] == killed_at:
                        raise KilledError
                    try:
                        page = next(inner)
                    except StopIteration:
                        return
                    yield page

        with Client(TOKEN, api_url=self.standin.url, timeout=5, max_wait=0, clock=clock) as client:
            yield client

    def tweets(self) -> list[tuple[Any, ...]]:
        return self.store.database.rows("SELECT id, author, text, kind FROM tweets ORDER BY id")

    def coverage(self) -> list[tuple[Any, ...]]:
        return self.store.database.rows("SELECT * FROM coverage ORDER BY account, what, oldest")

    def bought(self) -> int:
        """Posts on the stand-in's bill; the store's own books must say the same."""
        posts = self.standin.bill().posts
        assert posts == sum(spent.posts for _, spent in self.store.ledger.months())
        assert posts == self.purse.spent.posts
        return posts

    def own(self, handle: str = "alice") -> list[int]:
        """The ids of an account's posts without retweets, newest first."""
        user = self.standin.world.user(handle)
        return [
            int(post.id)
            for post in self.standin.world.timeline(user)
            if not any(kind == "retweeted" for kind, _ in post.references)
        ]

    def pages(self) -> int:
        return len(self.standin.requests("timeline"))


@pytest.fixture
def bench(standin: Standin) -> Iterator[Bench]:
    standin.world.generate("alice", 450, seed=1)
    with Store(store_path()) as store:
        yield Bench(standin, store)


def kept(bench: Bench) -> list[int]:
    return [row[0] for row in reversed(bench.tweets())]


def test_the_newest_posts_are_read_and_paid_for_once(bench: Bench) -> None:
    bench.read(200)
    assert 196 <= len(kept(bench)) <= 200
    assert kept(bench) == bench.own()[: len(kept(bench))]
    assert bench.bought() == len(kept(bench))
    first = bench.bought()
    pages = bench.pages()
    bench.read(200)
    assert bench.bought() == first
    assert bench.pages() == pages + 1  # whether there is anything newer


@pytest.mark.parametrize("depth", [5, 6, 50, 99, 100, 101, 104, 105, 199])
def test_never_more_than_asked_for_and_at_most_four_fewer(bench: Bench, depth: int) -> None:
    bench.read(depth)
    assert depth - 4 <= bench.bought() <= depth


def test_a_later_run_reads_only_what_is_newer(bench: Bench) -> None:
    bench.read(200)
    before = kept(bench)
    bench.standin.world.generate("alice", 30, seed=9, end=LATER)
    newer = [number for number in bench.own() if number > before[0]]
    assert 20 < len(newer) <= 30
    bench.read(200)
    assert kept(bench) == [*newer, *before]
    assert bench.bought() == len(before) + len(newer)


def test_a_deeper_run_reads_only_what_is_older(bench: Bench) -> None:
    bench.read(100)
    newest = kept(bench)
    bench.read(300)
    assert kept(bench)[: len(newest)] == newest
    assert kept(bench) == bench.own()[: len(kept(bench))]
    assert bench.bought() == len(kept(bench))


def test_all_is_read_to_the_first_post_and_then_nothing_more(bench: Bench) -> None:
    bench.read(3200)
    assert kept(bench) == bench.own()
    assert [row[1:4] for row in bench.coverage()] == [("own", 0, bench.own()[0])]
    pages = bench.pages()
    bench.read(3200)
    assert bench.pages() == pages + 1
    assert bench.bought() == len(bench.own())


def test_too_many_new_posts_leave_a_gap_that_a_deeper_run_fills(bench: Bench) -> None:
    bench.read(50)
    bench.standin.world.generate("alice", 100, seed=9, end=LATER)
    bench.read(40)
    assert len(bench.coverage()) == 2
    before = bench.bought()
    bench.read(40)
    assert bench.bought() == before  # the newest forty are there
    bench.read(400)
    assert len(bench.coverage()) == 1
    assert kept(bench) == bench.own()[: len(kept(bench))]
    assert bench.bought() == len(kept(bench))


def states(bench: Bench) -> tuple[Any, ...]:
    return bench.tweets(), bench.coverage(), bench.bought()


@pytest.mark.parametrize("retweets", [False, True])
@pytest.mark.parametrize("depth", [150, 320, 3200])
def test_killed_before_any_page_the_next_run_ends_where_an_undisturbed_one_does(
    bench: Bench, depth: int, retweets: bool
) -> None:
    bench.read(depth, retweets=retweets)
    undisturbed, pages = states(bench), bench.pages()
    assert pages >= 2
    for request in range(1, pages + 1):
        again = fresh(bench)
        again.killed_at = request
        with pytest.raises(KilledError):
            again.read(depth, retweets=retweets)
        assert again.pages() == request - 1
        again.read(depth, retweets=retweets)
        assert states(again) == undisturbed, request


def fresh(bench: Bench) -> Bench:
    """The same account with nothing read of it, and nothing on the bill."""
    bench.standin.log.clear()
    for table in ("accounts", "usage"):
        bench.store.database.run(f"DELETE FROM {table}")
    return Bench(bench.standin, bench.store)


def test_killed_while_reading_what_is_newer_the_gap_is_known_and_filled(bench: Bench) -> None:
    world, user = bench.standin.world, bench.standin.world.user("alice")
    newer = world.generate("alice", 260, seed=9, end=LATER).posts
    older = [post for post in newer if post.created_at <= START]
    for request in range(1, 5):
        again = fresh(bench)
        user.posts = older
        again.read(150)
        user.posts = newer
        after = again.pages()
        again.killed_at = request
        with pytest.raises(KilledError):
            again.read(400)
        assert again.pages() == after + request - 1
        assert len(again.coverage()) == (2 if request in (2, 3) else 1), "a gap that is known"
        again.read(400)
        assert len(again.coverage()) == 1
        assert kept(again) == again.own()[: len(kept(again))]
        assert 396 <= len(kept(again)) <= 400
        assert again.bought() == len(kept(again))


@pytest.mark.parametrize("fault", ["drop", "half", "e503", "html", "half_json"])
def test_faults_between_pages_change_neither_store_nor_bill(bench: Bench, fault: str) -> None:
    bench.read(320)
    undisturbed = states(bench)
    again = fresh(bench)
    bench.standin.plan(fault, 2, 3, on="timeline")
    again.read(320)
    assert states(again) == undisturbed


def test_an_error_for_good_keeps_what_was_read(bench: Bench) -> None:
    bench.standin.plan("no_credits", 3, on="timeline")
    with pytest.raises(LimitError, match="credits"):
        bench.read(350)
    assert kept(bench) == bench.own()[: len(kept(bench))]
    assert len(kept(bench)) == bench.bought() > 100
    bench.read(350)
    assert bench.bought() == len(kept(bench)) >= 346


@pytest.mark.parametrize("posts", [0, 4, 5, 50, 100, 155, 200])
def test_the_purse_is_never_overdrawn(bench: Bench, posts: int) -> None:
    bench.purse = Purse(PRICES, posts)
    reader = bench.read(400)
    assert reader.reading.money_ended
    assert posts - 4 <= bench.bought() <= posts
    assert bench.purse.posts_left == posts - bench.bought()


def test_with_retweets_what_comes_along_is_paid_for_and_bounded(bench: Bench) -> None:
    bench.purse = Purse(PRICES, 200)
    bench.read(3200, retweets=True)
    rows = bench.tweets()
    assert {row[3] for row in rows} == {"original", "reply", "quote", "retweet"}
    assert len(rows) < bench.bought() <= 200
    full = [row for row in rows if row[3] == "retweet"]
    assert any(len(row[2]) > 150 for row in full), "not cut"


def test_what_was_read_with_retweets_counts_without_and_not_the_other_way(bench: Bench) -> None:
    bench.read(100, retweets=True)
    before = bench.bought()
    bench.read(80)
    assert bench.bought() == before
    bench.read(300)
    middle = bench.bought()
    bench.read(300, retweets=True)
    assert bench.bought() > middle


def test_retweets_alone_on_a_page_do_not_end_the_reading(standin: Standin) -> None:
    user = standin.world.generate("bob", 400, seed=3, retweets=0.0)
    retweeted = standin.world.generate("bob", 250, seed=4, end=LATER, retweets=1.0)
    assert retweeted is user
    with Store(store_path()) as store:
        bench = Bench(standin, store)
        bench.read(100, handle="bob")
        assert len(kept(bench)) >= 96
        assert set(kept(bench)) <= set(bench.own("bob"))
        assert bench.bought() == len(kept(bench))


def test_only_what_the_dates_ask_for_is_read(bench: Bench) -> None:
    posts = bench.standin.world.user("alice").posts
    since, until = posts[300].created_at, posts[100].created_at
    bench.read(3200, since=since, until=until)
    inside = [number for number in bench.own() if int(posts[300].id) <= number < int(posts[100].id)]
    assert kept(bench) == inside
    assert bench.bought() == len(inside)
    pages = bench.pages()
    bench.read(3200, since=since, until=until)
    assert bench.pages() == pages, "days that are past are not asked for again"
    bench.read(3200)
    assert kept(bench) == bench.own()
    assert bench.bought() == len(bench.own())


def test_beyond_the_cap_is_hidden_and_not_asked_for_again(standin: Standin) -> None:
    standin.world.generate("carol", 3500, seed=2)
    with Store(store_path()) as store:
        bench = Bench(standin, store)
        bench.read(3200, handle="carol")
        assert [row[1] for row in bench.coverage()] == ["hidden", "own"]
        known = store.accounts.coverage(bench.coverage()[0][0], retweets=False)
        assert known.known == ((0, kept(bench)[0]),)
        pages = bench.pages()
        bench.read(3200, handle="carol")
        assert bench.pages() == pages + 1


def test_a_gap_larger_than_the_cap_is_hidden_too(standin: Standin) -> None:
    user = standin.world.generate("carol", 100, seed=2, retweets=0.0)
    with Store(store_path()) as store:
        bench = Bench(standin, store)
        bench.read(50, handle="carol")
        standin.world.generate("carol", 3300, seed=3, end=LATER + timedelta(days=2000))
        user.posts.sort(key=lambda post: -int(post.id))
        bench.read(3200, handle="carol")
        kinds = [row[1] for row in bench.coverage()]
        assert kinds.count("hidden") >= 1
        before, pages = bench.bought(), bench.pages()
        bench.read(3200, handle="carol")
        assert (bench.bought(), bench.pages()) == (before, pages + 1)


def test_edited_posts_take_the_place_of_their_earlier_versions(bench: Bench) -> None:
    bench.read(50)
    posts = bench.standin.world.user("alice").posts
    newest = posts[0] if not posts[0].references else posts[1]
    number = int(newest.id)
    if number not in kept(bench):
        pytest.fail("the newest post was not read")
    edited = bench.standin.world.edit(newest.id, "quite another text")
    bench.read(50)
    assert number not in kept(bench)
    assert int(edited.id) in kept(bench)


def test_refreshing_drops_what_was_deleted_and_pays_for_the_rest(bench: Bench) -> None:
    reader = bench.read(250)
    ids = kept(bench)
    gone = [str(ids[3]), str(ids[120]), str(ids[-1])]
    bench.standin.world.delete(*gone)
    before, coverage = bench.bought(), bench.coverage()
    with bench.client() as client:
        account = client.accounts(["alice"])["alice"]
        assert isinstance(account, Account)
        reader = Reader(client, bench.store, bench.purse, account, retweets=False)
        reader.refresh(ids)
    assert reader.reading.dropped == 3
    assert bench.bought() - before == len(ids) - 3
    assert set(ids) - set(kept(bench)) == {int(each) for each in gone}
    assert bench.coverage() == coverage
    assert {row[1] for row in bench.tweets()} == {"alice"}


def test_refreshing_leaves_retweets_whole(bench: Bench) -> None:
    bench.read(200, retweets=True)
    before = bench.tweets()
    with bench.client() as client:
        account = client.accounts(["alice"])["alice"]
        assert isinstance(account, Account)
        Reader(client, bench.store, bench.purse, account, retweets=True).refresh(kept(bench))
    assert bench.tweets() == before


def test_refreshing_within_a_bound(bench: Bench) -> None:
    bench.read(250)
    bench.purse = Purse(PRICES, 120)
    with bench.client() as client:
        account = client.accounts(["alice"])["alice"]
        assert isinstance(account, Account)
        reader = Reader(client, bench.store, bench.purse, account, retweets=False)
        reader.refresh(kept(bench))
    assert reader.reading.refreshed == 120
    assert reader.reading.money_ended


def test_posts_that_were_not_asked_for_end_the_reading(bench: Bench) -> None:
    with bench.client() as client:
        account = client.accounts(["alice"])["alice"]
        assert isinstance(account, Account)
        bench.store.accounts.put(account)

        class Stubborn(XClient):
            """A server that always gives its newest posts."""

            def pages(self, *args: Any, **options: Any) -> Iterator[Page]:
                return super().pages(*args, **{**options, "until_id": None})

        with Stubborn(TOKEN, api_url=bench.standin.url, timeout=5, max_wait=0) as stubborn:
            reader = Reader(stubborn, bench.store, bench.purse, account, retweets=False)
            with pytest.raises(NetworkError, match="not asked for"):
                reader.read(Window(ALWAYS, 3200), 3200)
    assert len(bench.coverage()) == 1
    assert bench.pages() == 2
    assert bench.bought() == bench.purse.spent.posts


@pytest.mark.parametrize("ids", [(str(2**63), str(2**63)), ("12x", "1"), ("5", "9")])
def test_ids_that_cannot_be_are_no_coverage(bench: Bench, ids: tuple[str, str]) -> None:
    with bench.client() as client:
        account = client.accounts(["alice"])["alice"]
    assert isinstance(account, Account)
    bench.store.accounts.put(account)

    class Odd:
        def pages(self, *args: Any, **options: Any) -> Iterator[Page]:
            newest, oldest = ids
            yield Page([], newest, oldest, "more", 3, 0, ())

        def lookup(self, ids: Sequence[str]) -> LookupResult:
            raise AssertionError("reading a timeline looks no post up")

    reader = Reader(Odd(), bench.store, bench.purse, account, retweets=False)
    with pytest.raises(NetworkError):
        reader.read(Window(ALWAYS, 200), 200)
    assert bench.coverage() == []
    assert bench.store.ledger.months()[0][1].posts == 3


def estimated(bench: Bench, depth: int, *, retweets: bool = False) -> Estimate:
    with bench.client() as client:
        account = client.accounts(["alice"])["alice"]
    assert isinstance(account, Account)
    number = int(account.id)
    accounts = bench.store.accounts
    return estimate(
        accounts.coverage(number, retweets=retweets),
        window(depth, now=datetime(2027, 1, 1, tzinfo=UTC)),
        lambda interval: accounts.count(number, interval, retweets=retweets),
        tweet_count=account.tweet_count,
        count_at=lambda newest: accounts.tweet_count_at(number, newest),
        first_count=lambda oldest: accounts.first_tweet_count(number, oldest),
    )


@pytest.mark.parametrize("depth", [50, 200, 3200])
@pytest.mark.parametrize("new", [0, 3, 60, 300])
@pytest.mark.parametrize("stored", [0, 50, 300])
def test_the_estimate_is_kept(bench: Bench, depth: int, new: int, stored: int) -> None:
    if stored:
        bench.read(stored)
    if new:
        bench.standin.world.generate("alice", new, seed=9, end=LATER)
    before = bench.bought()
    told = estimated(bench, depth)
    assert told.posts <= depth
    bench.read(depth, limit=told.limit)
    assert bench.bought() - before <= told.posts
    assert kept(bench)[:20] == bench.own()[:20]


def test_what_was_read_without_retweets_does_not_keep_them_from_being_read(bench: Bench) -> None:
    bench.read(200)
    bench.read(20, retweets=True)
    bench.read(200, retweets=True, limit=estimated(bench, 200, retweets=True).limit)
    user = bench.standin.world.user("alice")
    newest = {int(post.id) for post in bench.standin.world.timeline(user)[:195]}
    assert newest <= set(kept(bench))


@pytest.mark.parametrize("count", [0, 3, 60])
def test_a_count_that_is_too_low_lets_little_more_be_read_than_was_told(count: int) -> None:
    told = estimate(
        Coverage((), ()),
        window(3200, now=LATER),
        lambda interval: 0,
        tweet_count=count,
        count_at=lambda newest: None,
        first_count=lambda oldest: None,
    )
    assert told.posts == count
    assert told.limit <= count + 5


def test_an_answer_that_does_not_say_whether_it_goes_on_is_no_end(bench: Bench) -> None:
    """A page that lacks what stands beside its posts is kept, and the reading goes on below it."""

    class Half(XClient):
        def _asked(self, ask: Any) -> Any:
            document, wasted = super()._asked(ask)
            if document.get("data"):
                document = {key: value for key, value in document.items() if key != "meta"}
            return document, wasted

    with Half(TOKEN, api_url=bench.standin.url, timeout=5, max_wait=0) as client:
        account = client.accounts(["alice"])["alice"]
        assert isinstance(account, Account)
        bench.store.accounts.put(account)
        Reader(client, bench.store, bench.purse, account, retweets=False).read(
            Window(ALWAYS, 3200), 3200
        )
    assert kept(bench) == bench.own()
    assert bench.bought() == len(bench.own())


def test_posts_from_before_ids_held_times_are_read_by_date(standin: Standin) -> None:
    standin.world.generate("oldie", 60, seed=5, end=datetime(2010, 3, 30, tzinfo=UTC), retweets=0.0)
    user = standin.world.user("oldie")
    user.posts[:] = [
        replace(post, id=str(10_000_000_000 - 7 * number)) for number, post in enumerate(user.posts)
    ]
    with Store(store_path()) as store:
        bench = Bench(standin, store)
        bench.read(3200, handle="oldie", until=datetime(2010, 6, 30, tzinfo=UTC))
        assert len(kept(bench)) == 60


def test_what_turns_out_not_to_be_hidden_is_read(standin: Standin) -> None:
    user = standin.world.generate("carol", 3500, seed=2, retweets=0.0)
    with Store(store_path()) as store:
        bench = Bench(standin, store)
        # Of days in between it cannot be told whether they ended, or what X gives did.
        since, until = user.posts[600].created_at, user.posts[400].created_at
        bench.read(3200, handle="carol", since=since, until=until)
        assert [row[1] for row in bench.coverage()] == ["hidden", "own"]
        for _ in range(2):
            bench.read(1000, handle="carol")
        coverage = store.accounts.coverage(int(user.id), retweets=False)
        assert not coverage.hidden
        assert len(coverage.read) == 1
        assert len(kept(bench)) == 1000


def test_many_small_pages_are_not_taken_for_many_posts(standin: Standin) -> None:
    user = standin.world.generate("dora", 3600, seed=2, retweets=0.0)
    with Store(store_path()) as store:
        bench = Bench(standin, store)
        bench.read(50, handle="dora")
        standin.world.generate("dora", 300, seed=3, end=LATER, retweets=0.0)
        user.posts.sort(key=lambda post: -int(post.id))
        for days in range(1, 41):  # a hundred are asked for each time, and two come
            standin.world.generate(
                "dora", 2, seed=3 + days, end=LATER + timedelta(days=days), retweets=0.0
            )
            user.posts.sort(key=lambda post: -int(post.id))
            bench.read(100, handle="dora")
        bench.read(1000, handle="dora")
        coverage = store.accounts.coverage(int(user.id), retweets=False)
        assert not coverage.hidden
        assert len(coverage.read) == 1


def test_pages_of_posts_that_are_no_use_end_the_reading_and_are_booked(bench: Bench) -> None:
    with bench.client() as client:
        account = client.accounts(["alice"])["alice"]
    assert isinstance(account, Account)
    bench.store.accounts.put(account)

    class Nameless:
        """A server whose posts have no ids, and whose pages never end."""

        def pages(self, *args: Any, **options: Any) -> Iterator[Page]:
            for _ in range(10):
                yield Page([], None, None, "more", 100, 0, ())

        def lookup(self, ids: Sequence[str]) -> LookupResult:
            raise AssertionError

    reader = Reader(Nameless(), bench.store, bench.purse, account, retweets=False)
    with pytest.raises(NetworkError, match="not asked for"):
        reader.read(Window(ALWAYS, 200), 200)
    assert bench.purse.spent.posts == 100
    assert sum(spent.posts for _, spent in bench.store.ledger.months()) == 100
