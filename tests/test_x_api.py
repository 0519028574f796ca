"""X's API as tweepy and we see it over a real socket, with the stand-in behind it."""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from positivity.errors import AccountError, Interrupted, PositivityError, UsageError
from positivity.sources.rows import batch_of
from positivity.sources.x_api import Account, LookupResult, Page, WaitNotice, XClient
from positivity.sources.x_transport import Clock
from positivity.tweets import PARTS, Kind
from tests.standin import TOKEN, Budget, Standin, VirtualClock

LONG = "A long story, and it goes on. " * 30


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def standin(clock: VirtualClock) -> Iterator[Standin]:
    with Standin(clock=clock.now) as service:
        yield service


def client_of(standin: Standin, clock: Clock | None = None, **options: Any) -> XClient:
    settings: dict[str, Any] = {"timeout": 5.0, "max_wait": 0.0, "clock": clock, **options}
    return XClient(settings.pop("token", TOKEN), api_url=standin.url, **settings)


def account_of(client: XClient, handle: str) -> Account:
    found = client.accounts([handle])[handle]
    assert isinstance(found, Account), found
    return found


def read(client: XClient, handle: str, **options: Any) -> list[Page]:
    return list(client.pages(account_of(client, handle), **options))


def ids(pages: list[Page]) -> list[str]:
    return [row["id"] for page in pages for row in page.tweets]


def texts(pages: list[Page]) -> list[str]:
    return [row["text"] for page in pages for row in page.tweets]


# Accounts


def test_an_account_comes_with_what_its_report_needs(standin: Standin) -> None:
    user = standin.world.generate("Alice", 30)
    user.description, user.name, user.followers = "Tea & <cakes>", "Alice", 42
    with client_of(standin) as client:
        account = account_of(client, "alice")
    assert account == Account(
        id=user.id,
        handle="Alice",
        name="Alice",
        protected=False,
        tweet_count=30,
        created_at=datetime(2015, 3, 4, 5, 6, 7, tzinfo=UTC),
        description="Tea & <cakes>",
        followers=42,
    )


def test_the_new_name_of_the_count_of_posts_is_known(standin: Standin) -> None:
    standin.specified = True
    standin.world.generate("alice", 30)
    with client_of(standin) as client:
        assert account_of(client, "alice").tweet_count == 30


def test_accounts_keep_the_order_and_the_spelling_they_were_asked_in(standin: Standin) -> None:
    standin.world.generate("alice", 1)
    with client_of(standin) as client:
        found = client.accounts(["@ALICE", "nobody", "not a handle", "suspended", "alice"])
    assert list(found) == ["@ALICE", "nobody", "not a handle", "suspended", "alice"]
    assert isinstance(found["@ALICE"], Account)
    assert found["@ALICE"] == found["alice"]
    assert isinstance(found["not a handle"], UsageError)
    assert [str(found[handle]).partition(";")[0] for handle in ("nobody", "suspended")] == [
        "@nobody: there is no such account",
        "@suspended: is suspended by X",
    ]
    assert standin.log[0].params["usernames"] == "ALICE,nobody,suspended,alice"


def test_a_hundred_accounts_are_asked_for_at_once(standin: Standin) -> None:
    handles = [f"user{number}" for number in range(150)]
    for handle in handles:
        standin.world.user(handle)
    with client_of(standin) as client:
        found = client.accounts(handles)
    assert all(isinstance(account, Account) for account in found.values())
    assert [len(entry.users) for entry in standin.log] == [100, 50]
    assert standin.bill().dollars == pytest.approx(1.5)


def test_accounts_that_were_paid_for_are_not_lost(standin: Standin) -> None:
    handles = [f"user{number}" for number in range(150)]
    for handle in handles:
        standin.world.user(handle)
    standin.plan("no_credits", 2)
    with client_of(standin) as client:
        found = client.accounts(handles)
    kinds = [type(found[handle]).__name__ for handle in handles]
    assert kinds == ["Account"] * 100 + ["LimitError"] * 50


def test_no_handle_costs_no_request(standin: Standin) -> None:
    with client_of(standin) as client:
        assert client.accounts([]) == {}
        assert isinstance(client.accounts(["a b"])["a b"], UsageError)
    assert standin.log == []


# Timelines


def test_a_timeline_comes_whole_and_newest_first(standin: Standin) -> None:
    user = standin.world.generate("alice", 250, retweets=0)
    with client_of(standin) as client:
        pages = read(client, "alice")
    assert [len(page.tweets) for page in pages] == [100, 100, 50]
    assert ids(pages) == [post.id for post in user.posts]
    assert texts(pages) == [post.text for post in user.posts]  # long posts whole, & and < undone
    assert max(len(text) for text in texts(pages)) > 280
    assert [page.newest_id for page in pages] == [user.posts[at].id for at in (0, 100, 200)]
    assert [page.oldest_id for page in pages] == [user.posts[at].id for at in (99, 199, 249)]
    assert [page.next_token is None for page in pages] == [False, False, True]
    assert [page.posts_returned for page in pages] == [100, 100, 50]
    assert [page.errors for page in pages] == [()] * 3
    assert standin.bill().posts == 250


def test_rows_fit_the_schema_of_tweets(standin: Standin) -> None:
    user = standin.world.generate("alice", 60, retweets=0)
    with client_of(standin) as client:
        (page,) = read(client, "alice")
    columns = {name: [row[name] for row in page.tweets] for name in PARTS}
    batch = batch_of(columns, 60, "X API")
    rows = batch.to_pylist()
    assert {row["author"] for row in rows} == {"alice"}
    assert [row["created_at"] for row in rows] == [
        post.created_at.replace(microsecond=post.created_at.microsecond // 1000 * 1000)
        for post in user.posts
    ]
    assert [row["lang"] for row in rows] == [post.lang for post in user.posts]
    assert [row["likes"] for row in rows] == [post.likes for post in user.posts]
    assert [row["views"] for row in rows] == [40 * post.likes for post in user.posts]
    assert [row["reposts"] for row in rows] == [post.likes // 9 for post in user.posts]
    kinds = {"replied_to": Kind.REPLY, "quoted": Kind.QUOTE}
    assert [row["kind"] for row in rows] == [
        kinds[post.references[0][0]] if post.references else Kind.ORIGINAL for post in user.posts
    ]
    assert {row["kind"] for row in rows} == {"original", "reply", "quote"}


def test_retweets_are_left_out_by_the_server(standin: Standin) -> None:
    user = standin.world.generate("alice", 200, retweets=0.5)
    own = [post.id for post in user.posts if "retweeted" not in dict(post.references)]
    with client_of(standin) as client:
        pages = read(client, "alice")
    assert ids(pages) == own
    assert len(own) < 140
    assert standin.bill().posts == len(own)
    assert {entry.params.get("exclude") for entry in standin.requests("timeline")} == {"retweets"}
    assert not any("expansions" in entry.params for entry in standin.log)


@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
def test_retweets_that_are_asked_for_come_in_full_and_are_billed(
    standin: Standin, vocabulary: str
) -> None:
    standin.vocabularies = {vocabulary}
    user = standin.world.generate("alice", 60, retweets=0.5)
    with client_of(standin) as client:
        pages = read(client, "alice", include_retweets=True)
    rows = [row for page in pages for row in page.tweets]
    assert ids(pages) == [post.id for post in user.posts]
    retweets = [row for row in rows if row["kind"] == "retweet"]
    assert max(len(row["text"]) for row in retweets) > 280  # of a long post too
    assert texts(pages) == [post.text for post in user.posts]
    assert {row["author"] for row in rows} == {"alice"}
    referring = sum(bool(post.references) for post in user.posts)
    assert sum(page.posts_returned for page in pages) == 60 + referring == standin.bill().posts


def test_a_retweet_of_what_is_gone_keeps_what_there_is_of_its_text(standin: Standin) -> None:
    user = standin.world.generate("alice", 40, retweets=1.0)
    gone = user.posts[3].references[0][1]
    standin.world.delete(gone)
    with client_of(standin) as client:
        (page,) = read(client, "alice", include_retweets=True)
    assert page.tweets[3]["text"][:30] == user.posts[3].text[:30]
    assert page.posts_returned == 79
    assert len(page.errors) == 1
    assert gone in page.errors[0]


def test_only_what_is_newer_or_older_is_read(standin: Standin) -> None:
    user = standin.world.generate("alice", 250, retweets=0)
    posts = [post.id for post in user.posts]
    with client_of(standin) as client:
        newer = read(client, "alice", since_id=posts[120])
        older = read(client, "alice", until_id=posts[120], page_size=50)
        between = read(client, "alice", since_id=posts[20], until_id=posts[10], page_size=5)
        nothing = read(client, "alice", since_id=posts[0])
    assert ids(newer) == posts[:120]
    assert ids(older) == posts[121:]
    assert [len(page.tweets) for page in older] == [50, 50, 29]
    assert ids(between) == posts[11:20]
    assert [page.tweets for page in nothing] == [[]]
    assert nothing[0] == Page([], None, None, None, 0, 0, ())


def test_an_empty_timeline_is_one_empty_page(standin: Standin) -> None:
    with client_of(standin) as client:
        pages = read(client, "empty")
    assert [(page.tweets, page.errors) for page in pages] == [([], ())]


def test_a_timeline_ends_at_the_cap(standin: Standin) -> None:
    user = standin.world.generate("alice", 3300, retweets=0)
    with client_of(standin) as client:
        pages = read(client, "alice")
        beyond = read(client, "alice", until_id=user.posts[3199].id)
    assert len(pages) == 32
    assert ids(pages) == [post.id for post in user.posts[:3200]]
    assert ids(beyond) == []


def test_a_page_is_asked_for_when_it_is_wanted(standin: Standin) -> None:
    standin.world.generate("alice", 250)
    with client_of(standin) as client:
        next(client.pages(account_of(client, "alice")))
    assert len(standin.requests("timeline")) == 1


def test_edits_tell_which_versions_they_replace(standin: Standin) -> None:
    user = standin.world.generate("alice", 10, retweets=0, seed=2)
    first = user.posts[4]
    second = standin.world.edit(first.id, "Now without the typo")
    third = standin.world.edit(second.id, "And once more")
    for vocabulary in ("tweet", "post"):
        standin.vocabularies = {vocabulary}
        with client_of(standin) as client:
            (page,) = read(client, "alice")
            found = client.lookup([third.id])
        assert {first.id, second.id} <= page.superseded
        assert third.id in ids([page])
        assert not {first.id, second.id} & set(ids([page]))
        assert found.superseded == {first.id, second.id}


def test_a_partly_answered_page_says_so(standin: Standin) -> None:
    with client_of(standin) as client:
        (page,) = read(client, "partial")
    assert len(page.tweets) > 4
    assert page.errors == ("Forbidden: User has been suspended: [gone].",)


@pytest.mark.parametrize(("handle", "most"), [("endless", 66), ("loops", 2)])
def test_pages_without_end_are_given_up(standin: Standin, handle: str, most: int) -> None:
    with client_of(standin) as client:
        account = account_of(client, handle)
        pages = client.pages(account)
        with pytest.raises(PositivityError, match="do not end; what was read is kept") as caught:
            for page in pages:
                assert page.tweets == []
    assert caught.value.exit_code == 7
    assert len(standin.requests("timeline")) <= most


def test_a_post_without_text_is_counted_not_dropped_in_silence(
    standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tests.standin.render as render
    import tests.standin.service as service

    real = render.post_json

    def textless(*args: Any) -> dict[str, Any]:
        post = real(*args)
        return {key: value for key, value in post.items() if key != "text"}

    monkeypatch.setattr(service, "post_json", textless)
    standin.world.generate("alice", 3, retweets=0)
    with client_of(standin) as client:
        (page,) = read(client, "alice")
    assert page.tweets == []
    assert page.posts_returned == 3
    assert page.errors == ("3 posts came without text",)


# Lookups


def test_a_lookup_tells_what_there_still_is(standin: Standin) -> None:
    user = standin.world.generate("alice", 100, retweets=0)
    hidden = standin.world.generate("bob", 1, retweets=0)
    hidden.state = "protected"
    asked = [*(post.id for post in user.posts[:98]), hidden.posts[0].id, "999"]
    standin.world.delete(asked[5])
    with client_of(standin) as client:
        found = client.lookup(asked)
    assert found.missing == (asked[5], hidden.posts[0].id, "999")
    assert [row["id"] for row in found.tweets] == [*asked[:5], *asked[6:98]]
    assert found.posts_returned == 97
    assert found.errors == ()


def test_a_lookup_of_what_is_all_gone_is_no_error(standin: Standin) -> None:
    with client_of(standin) as client:
        assert client.lookup(["1", "2"]) == LookupResult([], ("1", "2"), 0, ())


@pytest.mark.parametrize("count", [0, 101])
def test_a_lookup_is_one_request(standin: Standin, count: int) -> None:
    with client_of(standin) as client, pytest.raises(ValueError, match="1 to 100"):
        client.lookup(["1"] * count)


def test_an_id_that_is_not_answered_for_is_not_missing(standin: Standin) -> None:
    standin.plan("half_answered", 1)
    with client_of(standin) as client:
        found = client.lookup(["1", "2"])
    assert found.missing == ("2",)
    assert found.errors == ("Internal Error: Something broke.",)


def test_the_probe_reads_one_user(standin: Standin) -> None:
    with client_of(standin) as client:
        client.probe()
    assert [entry.params["usernames"] for entry in standin.log] == ["X"]


# Vocabularies


@pytest.mark.parametrize("refused", ["tweet", "post"])
@pytest.mark.parametrize("vocabulary", [None, "tweet", "post"])
def test_the_vocabulary_is_learnt_once(
    standin: Standin, vocabulary: str | None, refused: str
) -> None:
    other = "post" if refused == "tweet" else "tweet"
    standin.vocabularies = {other}
    standin.world.generate("alice", 250, retweets=0)
    with client_of(standin, vocabulary=vocabulary) as client:
        pages = read(client, "alice")
        client.lookup(ids(pages)[:2])
        assert client.vocabulary == other
    assert len(ids(pages)) == 250
    refusals = [entry for entry in standin.log if entry.status == 400]
    assert len(refusals) == (0 if (vocabulary or "post") == other else 2 if other == "tweet" else 1)
    assert all(f"{other}.fields" in entry.params for entry in standin.log[-3:])
    assert standin.bill().posts == 252


def test_a_vocabulary_that_goes_in_the_middle_is_replaced(standin: Standin) -> None:
    standin.vocabularies = {"tweet"}
    standin.world.generate("alice", 250, retweets=0)
    with client_of(standin, vocabulary="tweet") as client:
        pages = client.pages(account_of(client, "alice"))
        read_pages = [next(pages)]
        standin.vocabularies = {"post"}
        read_pages += pages
        assert client.vocabulary == "post"
    assert len(set(ids(read_pages))) == 250
    assert standin.bill().posts == 250


def test_a_server_that_takes_only_what_is_specified_is_asked_for_that(standin: Standin) -> None:
    standin.vocabularies, standin.specified = {"post"}, True
    user = standin.world.generate("alice", 40, retweets=0.3)
    with client_of(standin) as client:
        (page,) = read(client, "alice", include_retweets=True)
        assert client.vocabulary == "post"
    assert [row["text"] for row in page.tweets] == [post.text for post in user.posts]
    assert {row["kind"] for row in page.tweets} == {"original", "reply", "quote", "retweet"}


def test_a_server_that_passes_over_a_vocabulary_is_asked_in_the_other(standin: Standin) -> None:
    standin.vocabularies, standin.lenient = {"tweet"}, True
    standin.world.generate("alice", 250, retweets=0)
    with client_of(standin, vocabulary="post") as client:
        pages = read(client, "alice")
        assert client.vocabulary == "tweet"
    assert all(row["created_at"] for page in pages for row in page.tweets)
    assert [page.posts_returned for page in pages] == [300, 100, 50]
    assert sum(page.posts_returned for page in pages) == standin.bill().posts


def test_a_server_that_passes_over_all_fields_is_not_paid_for_it_on_each_page(
    standin: Standin,
) -> None:
    standin.vocabularies, standin.lenient = set(), True
    standin.world.generate("alice", 250, retweets=0)
    with client_of(standin) as client:
        pages = read(client, "alice")
    assert len(ids(pages)) == 250
    assert [page.posts_returned for page in pages] == [300, 100, 50]


def test_several_threads_learn_the_vocabulary_together(standin: Standin) -> None:
    standin.vocabularies = {"tweet"}
    handles = [f"user{number}" for number in range(8)]
    for handle in handles:
        standin.world.generate(handle, 120, retweets=0)
    with client_of(standin) as client, ThreadPoolExecutor(8) as pool:
        accounts = client.accounts(handles)
        found = pool.map(lambda handle: list(client.pages(accounts[handle])), handles)  # type: ignore[arg-type]
        assert [len(ids(pages)) for pages in found] == [120] * 8
    assert standin.bill().posts == 960


# Waiting and stopping


def test_a_rate_limit_is_waited_for_by_its_header(standin: Standin, clock: VirtualClock) -> None:
    standin.limits["timeline"] = Budget(2, window=600)
    standin.world.generate("alice", 450, retweets=0)
    notices: list[WaitNotice] = []
    with client_of(standin, clock, max_wait=1300, on_wait=notices.append) as client:
        pages = read(client, "alice")
    assert len(ids(pages)) == 450
    assert 1190 < sum(clock.sleeps) < 1210
    assert max(clock.sleeps) <= 1  # in slices
    assert {notice.reason for notice in notices} == {"rate limit"}
    first = [notice.remaining for notice in notices[: notices.index(notices[-1]) + 1]]
    assert first[0] > 590
    assert first[-1] == 0
    assert [entry.status for entry in standin.requests("timeline")].count(429) == 2


def test_a_wait_that_is_too_long_says_until_when(standin: Standin, clock: VirtualClock) -> None:
    standin.limits["timeline"] = Budget(2, window=600)
    standin.world.generate("alice", 450, retweets=0)
    with client_of(standin, clock, max_wait=700) as client:
        pages = client.pages(account_of(client, "alice"))
        kept = []
        with pytest.raises(PositivityError) as caught:
            for page in pages:
                kept.append(page)
    assert caught.value.exit_code == 6
    assert len(ids(kept)) == 400
    assert "it is reset at 2026-09-21" in str(caught.value)
    assert "in 11 minutes" in str(caught.value) or "in 10 minutes" in str(caught.value)
    assert "--max-wait 12" in str(caught.value)  # what both waits take together


class FastClock:
    """A clock on which a millisecond is a second, for several threads that wait at once."""

    def now(self) -> float:
        return 1_790_000_000.0 + time.monotonic() * 1000

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / 1000)


def test_waiting_at_once_counts_once(standin: Standin) -> None:
    clock = FastClock()
    standin.clock = clock.now
    standin.limits["timeline"] = Budget(2, window=300)
    handles = ["alice", "bob", "carol", "dave"]
    for handle in handles:
        standin.world.generate(handle, 80, retweets=0)
    # Counted twice, it would be about 590 seconds; a few of these milliseconds are the machine's.
    with client_of(standin, clock=clock, max_wait=500) as client, ThreadPoolExecutor(4) as pool:
        accounts = client.accounts(handles)
        found = list(pool.map(lambda handle: list(client.pages(accounts[handle])), handles))  # type: ignore[arg-type]
    assert [len(ids(pages)) for pages in found] == [80] * 4
    assert [entry.status for entry in standin.requests("timeline")].count(429) <= 2


def test_our_own_clock_may_be_wrong(standin: Standin, clock: VirtualClock) -> None:
    ours = VirtualClock(clock.time + 5000)
    standin.clock = lambda: ours.time - 5000
    standin.limits["timeline"] = Budget(1, window=600)
    standin.world.generate("alice", 150, retweets=0)
    with client_of(standin, ours, max_wait=700) as client:
        assert len(ids(read(client, "alice"))) == 150
        assert client.clock_skew is not None
        assert abs(client.clock_skew - 5000) <= 1
    assert 590 < sum(ours.sleeps) < 610


def test_a_wait_ends_when_the_user_stops_it(standin: Standin, clock: VirtualClock) -> None:
    standin.limits["timeline"] = Budget(1, window=600)
    standin.world.generate("alice", 150, retweets=0)
    cancelled = threading.Event()

    def stop_soon(notice: WaitNotice) -> None:
        if notice.remaining < 580:
            cancelled.set()

    with client_of(standin, clock, max_wait=700, on_wait=stop_soon, cancelled=cancelled) as client:
        pages = client.pages(account_of(client, "alice"))
        assert len(next(pages).tweets) == 100
        with pytest.raises(Interrupted) as caught:
            next(pages)
        assert caught.value.exit_code == 130
        assert sum(clock.sleeps) < 30
        with pytest.raises(Interrupted):
            client.accounts(["alice"])
    assert len(standin.log) == 3


def test_the_real_clock_wakes_up_when_stopped(
    standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positivity.sources.x_transport._SLICE", 100.0)
    standin.clock = time.time
    cancelled = threading.Event()
    with client_of(standin, cancelled=cancelled, max_wait=900) as client:
        account = account_of(client, "f_rate_limit")
        stopper = threading.Timer(0.1, cancelled.set)
        stopper.start()
        started = time.monotonic()
        with pytest.raises(Interrupted):
            next(client.pages(account))
        assert time.monotonic() - started < 30
        stopper.join()


# The token


def test_no_log_shows_the_token(standin: Standin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    standin.world.generate("alice", 20)
    standin.plan("e503", 2)
    standin.plan("drop", 3)
    with client_of(standin, VirtualClock()) as client:
        read(client, "alice")
        with pytest.raises(AccountError):
            read(client, "protected")
        read(client, "alice")
    records = [f"{record.name} {record.getMessage()} {record.args}" for record in caplog.records]
    assert any("GET /2/users/by" in record for record in records)
    assert not any(TOKEN in record for record in records)


def test_a_server_that_repeats_the_token_does_not_make_us_show_it(standin: Standin) -> None:
    standin.plan("echo_token", 1)
    with client_of(standin) as client, pytest.raises(PositivityError) as caught:
        client.probe()
    assert TOKEN not in str(caught.value)
    assert "[token]" in str(caught.value)


def test_netrc_and_proxies_do_not_replace_the_token(
    standin: Standin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with client_of(standin) as client:
        client.probe()  # a proxy does not lead to this machine
        monkeypatch.delenv("HTTP_PROXY")
        monkeypatch.delenv("http_proxy")
        client._transport._session.trust_env = True  # as for X's own host
        client.probe()
    assert [entry.status for entry in standin.log] == [200, 200]


def test_cookies_are_not_kept(standin: Standin) -> None:
    with client_of(standin) as client:
        client.probe()
        client.probe()
    assert standin.cookies == []
