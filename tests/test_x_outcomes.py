"""Each way in which X's API can fail us: the type of the error, its exit code and its sentence."""

import errno
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from positivity.errors import (
    AccessError,
    AccountError,
    LimitError,
    NetworkError,
    PositivityError,
    UsageError,
)
from positivity.report.sanitize import sanitize
from positivity.sources.x_answers import Account, accounts_of, lookup_of, page_of
from positivity.sources.x_api import XClient
from positivity.sources.x_errors import Reply, account_error, failure_of, problem_words, shown
from tests.standin import FAULTS, TOKEN, Standin, VirtualClock

CONSOLE = "X's developer console (https://console.x.com)"
NO_CREDITS = f"the developer account of this token has no credits left; buy some in {CONSOLE}"
CAPPED = (
    "the monthly cap of posts of this token's project is used up; wait until it is reset, or raise "
    f"it in {CONSOLE} (X says: Usage cap exceeded: Monthly product cap)"
)
DOWN = "X is overloaded or down ({}); try again in some minutes"
NOT_API = (
    "what came is not an answer of X's API; a proxy or a login page may stand between, or "
    "--api-url may be wrong; try again later"
)
FOREIGN = (
    "this is not how X's API answers ({}); check --api-url, and whether a proxy stands between"
)
BROKE_OFF = "the connection to {} broke off; try again later"
NO_ANSWER = "{} did not answer in time; try again later"

# A fault; the error's type, code and sentence; how many requests are sent until it is given up.
OUTCOMES: list[tuple[str, type[PositivityError], int, str, int]] = [
    (
        "unauthorized",
        AccessError,
        4,
        "X does not accept the token (401): it is wrong, was revoked, or is not a Bearer Token; "
        f"make a new one in {CONSOLE} and store it with 'positivity auth set'",
        1,
    ),
    (
        "not_enrolled",
        AccessError,
        4,
        "the app of this token is not enrolled for X's API v2 (403): attach it to a project with "
        f"access in {CONSOLE} (X says: When authenticating requests to the Twitter API v2 "
        "endpoints, you must use keys and tokens from a Twitter developer App that is attached to "
        "a Project.)",
        1,
    ),
    (
        "wrong_token",
        AccessError,
        4,
        "X does not take this kind of token for reading (403): use the app's Bearer Token from "
        f"{CONSOLE} (X says: Authenticating with OAuth 2.0 Application-Only is forbidden for this "
        "endpoint.)",
        1,
    ),
    (
        "forbidden",
        AccessError,
        4,
        f"X does not permit this to the token (403); see its app and project in {CONSOLE} (X "
        "says: Your account is not permitted to access this feature.)",
        1,
    ),
    (
        "errors_null",
        AccessError,
        4,
        f"X does not permit this to the token (403); see its app and project in {CONSOLE}",
        1,
    ),
    (
        "no_credits",
        LimitError,
        6,
        f"{NO_CREDITS} (X says: Your enrolled account [1949] does not have any credits to fulfill "
        "this request.)",
        1,
    ),
    (
        "spend_cap",
        LimitError,
        6,
        f"the spending limit of this developer account is reached; raise it in {CONSOLE}, or wait "
        "for the next billing period (X says: Your enrolled account [1949] has reached its spend "
        "cap.)",
        1,
    ),
    ("monthly_cap", LimitError, 6, CAPPED, 1),
    ("monthly_402", LimitError, 6, CAPPED, 1),
    (
        "rate_limit",
        LimitError,
        6,
        "X's rate limit is used up; it is reset at 2026-09-21 14:23 UTC, in 11 minutes; run this "
        "again then, or let it wait: --max-wait 601",
        1,
    ),
    (
        "rate_html",
        LimitError,
        6,
        "X's rate limit is used up; it is reset at 2026-09-21 14:14 UTC, in 61 seconds; run this "
        "again then, or let it wait: --max-wait 61",
        1,
    ),
    (
        "rate_no_reset",
        LimitError,
        6,
        "X's rate limit is used up, and it does not say until when; try again in 15 minutes",
        1,
    ),
    (
        "rate_past",
        LimitError,
        6,
        "X's rate limit is used up, and it does not say until when; try again in 15 minutes",
        4,
    ),
    (
        "bad_request",
        PositivityError,
        1,
        "X does not understand the request (400); a newer version of positivity may know how to "
        "ask (X says: The `id` is not valid)",
        3,  # once in each dialect
    ),
    ("e500", NetworkError, 7, DOWN.format(500), 4),
    ("e502", NetworkError, 7, DOWN.format(502), 4),
    ("e503", NetworkError, 7, DOWN.format(503), 4),
    ("e503_json", NetworkError, 7, DOWN.format(503), 4),
    ("e503_list", NetworkError, 7, DOWN.format(503), 4),
    ("html", NetworkError, 7, NOT_API, 4),
    ("list", NetworkError, 7, NOT_API, 4),
    ("empty_object", NetworkError, 7, NOT_API, 4),
    ("half_json", NetworkError, 7, NOT_API, 4),
    (
        "internal",
        NetworkError,
        7,
        "X could not answer; try again in some minutes (X says: Something broke.)",
        4,
    ),
    ("firewall", NetworkError, 7, FOREIGN.format(403), 1),
    ("not_found", NetworkError, 7, FOREIGN.format(404), 1),
    ("redirect", NetworkError, 7, FOREIGN.format(302), 1),
    (
        "hostile",
        AccessError,
        4,
        f"X does not permit this to the token (403); see its app and project in {CONSOLE} (X "
        f"says: ]0;owned{'A' * 192}…)",
        1,
    ),
    ("echo_token", AccessError, 4, "… (X says: You sent Bearer [token].)", 1),
    ("drop", NetworkError, 7, BROKE_OFF, 4),
    ("reset", NetworkError, 7, BROKE_OFF, 4),
    ("half", NetworkError, 7, BROKE_OFF, 4),
    ("half_chunked", NetworkError, 7, BROKE_OFF, 4),
    ("slow", NetworkError, 7, NO_ANSWER, 3),
    ("trickle", NetworkError, 7, NO_ANSWER, 3),
    (
        "half_answered",
        NetworkError,
        7,
        "@f_half_answered: X could not answer; try again in some minutes",
        1,
    ),
]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def standin(clock: VirtualClock) -> Iterator[Standin]:
    with Standin(clock=clock.now) as service:
        yield service


def client_of(api_url: str, clock: VirtualClock, **options: Any) -> XClient:
    settings = {"timeout": 5.0, "max_wait": 0.0, "clock": clock, **options}
    return XClient(settings.pop("token", TOKEN), api_url=api_url, **settings)


TOO_SLOW = ("slow", "trickle")  # faults for which it takes a client of little patience


def test_every_fault_has_its_outcome() -> None:
    assert sorted(row[0] for row in OUTCOMES) == sorted(FAULTS)


@pytest.mark.parametrize(
    ("fault", "kind", "code", "sentence", "requests"), OUTCOMES, ids=[row[0] for row in OUTCOMES]
)
def test_a_timeline_that_fails(
    standin: Standin,
    clock: VirtualClock,
    fault: str,
    kind: type[PositivityError],
    code: int,
    sentence: str,
    requests: int,
) -> None:
    with client_of(standin.url, clock) as client:
        account = client.accounts([f"f_{fault}"])[f"f_{fault}"]
        assert isinstance(account, Account)
        if fault in TOO_SLOW:
            client._transport._timeout = 0.15
        clock.time, clock.sleeps = 1_790_000_000.0, []
        with pytest.raises(PositivityError) as caught:
            next(client.pages(account))
    host = standin.url.removeprefix("http://")
    said = str(caught.value)
    assert type(caught.value) is kind
    assert caught.value.exit_code == code
    assert said.endswith(sentence.format(host).removeprefix("…"))
    assert said == sentence.format(host) or sentence.startswith("…")
    assert said.isprintable()
    ends = time.monotonic() + 30  # given up so early, the last request may not be heard yet
    while len(standin.requests("timeline")) < requests and time.monotonic() < ends:
        time.sleep(0.01)
    assert len(standin.requests("timeline")) == requests
    assert sum(clock.sleeps) < 20


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        *(("e500", 3), ("e502", 3), ("e503", 3), ("html", 3), ("list", 3), ("internal", 3)),
        *(("drop", 3), ("reset", 3), ("half", 3), ("half_chunked", 3), ("half_json", 3)),
        *(("slow", 2), ("trickle", 2), ("rate_past", 3)),
    ],
)
def test_what_passes_is_tried_again(
    standin: Standin, clock: VirtualClock, fault: str, times: int
) -> None:
    standin.plan(fault, 1, times, on="timeline")
    user = standin.world.generate("alice", 30, retweets=0)
    with client_of(standin.url, clock) as client:
        account = client.accounts(["alice"])["alice"]
        assert isinstance(account, Account)

        def have_patience(entry: Any) -> None:
            if len(standin.requests("timeline")) >= times:
                client._transport._timeout = 5.0

        if fault in TOO_SLOW:
            client._transport._timeout = 0.1
            standin.before = have_patience
        (page,) = client.pages(account)
    assert [row["id"] for row in page.tweets] == [post.id for post in user.posts]
    assert len(standin.requests("timeline")) == times + 1
    assert page.posts_returned == 30 == standin.bill().posts


def test_pauses_grow_by_chance_and_have_an_end(standin: Standin, clock: VirtualClock) -> None:
    standin.plan("drop", 1, 99)
    sums = set()
    for _ in range(5):
        clock.sleeps = []
        with client_of(standin.url, clock) as client, pytest.raises(NetworkError):
            client.probe()
        assert 3.5 <= sum(clock.sleeps) <= 7
        sums.add(round(sum(clock.sleeps), 4))
    assert len(sums) > 1
    assert len(standin.log) == 20


def test_a_server_says_when_to_come_again(standin: Standin, clock: VirtualClock) -> None:
    standin.plan("e503", 1)  # Retry-After: 2
    with client_of(standin.url, clock) as client:
        client.probe()
    assert sum(clock.sleeps) == 2


@pytest.mark.parametrize(
    ("handle", "state", "sentence"),
    [
        (
            "nobody",
            "not found",
            "@nobody: there is no such account; check the spelling, or look up its new name",
        ),
        (
            "suspended",
            "suspended",
            "@suspended: is suspended by X; its tweets cannot be read by anyone",
        ),
    ],
)
@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
def test_an_account_that_is_not_there(
    standin: Standin, clock: VirtualClock, vocabulary: str, handle: str, state: str, sentence: str
) -> None:
    standin.vocabularies = {vocabulary}
    with client_of(standin.url, clock) as client:
        error = client.accounts([handle])[handle]
    assert isinstance(error, AccountError)
    assert (error.exit_code, error.state, str(error)) == (5, state, sentence)
    assert standin.bill().dollars == 0


@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
def test_a_protected_timeline(standin: Standin, clock: VirtualClock, vocabulary: str) -> None:
    standin.vocabularies = {vocabulary}
    with client_of(standin.url, clock) as client:
        account = client.accounts(["protected"])["protected"]
        assert isinstance(account, Account)
        assert account.protected
        with pytest.raises(AccountError) as caught:
            list(client.pages(account))
    assert (caught.value.exit_code, caught.value.state) == (5, "protected")
    assert str(caught.value) == (
        "@protected: is protected; only its followers may read its tweets (with its own X "
        "archive, 'positivity score' works)"
    )


def test_an_account_suspended_after_it_was_looked_up_is_not_empty(
    standin: Standin, clock: VirtualClock
) -> None:
    user = standin.world.generate("alice", 250, retweets=0)
    with client_of(standin.url, clock) as client:
        account = client.accounts(["alice"])["alice"]
        assert isinstance(account, Account)
        pages = client.pages(account)
        assert len(next(pages).tweets) == 100
        user.state = "suspended"
        with pytest.raises(AccountError, match="@alice: is suspended by X"):
            next(pages)
        with pytest.raises(AccountError, match="@alice: is suspended by X"):
            next(client.pages(account))


def test_a_failing_lookup_of_accounts_raises_at_once(standin: Standin, clock: VirtualClock) -> None:
    standin.plan("unauthorized", 1)
    with client_of(standin.url, clock) as client, pytest.raises(AccessError):
        client.accounts(["alice", "bob"])


def test_a_wrong_token_is_refused(standin: Standin, clock: VirtualClock) -> None:
    with (
        client_of(standin.url, clock, token="another") as client,
        pytest.raises(AccessError, match="does not accept the token"),
    ):
        client.probe()


def test_a_token_that_is_a_word_of_the_answer_harms_nothing(
    standin: Standin, clock: VirtualClock
) -> None:
    standin.token = "data"
    standin.world.generate("alice", 5)
    with client_of(standin.url, clock, token="data") as client:
        assert isinstance(client.accounts(["alice"])["alice"], Account)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "tökén", "Bearer x"])
def test_what_is_no_token_is_not_sent(token: str, clock: VirtualClock) -> None:
    with pytest.raises(AccessError, match="store it again with 'positivity auth set'") as caught:
        client_of("http://127.0.0.1:9", clock, token=token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    ("api_url", "sentence"),
    [
        ("api.x.com", "the address of the API must look like https://api.x.com"),
        ("ftp://api.x.com", "the address of the API must look like https://api.x.com"),
        ("https://", "the address of the API must look like https://api.x.com"),
        ("https://[::1", "the address of the API must look like https://api.x.com"),
        ("https://api.x.com:http", "the address of the API must look like https://api.x.com"),
        ("https://api.x.com?a=1", "the address of the API must look like https://api.x.com"),
        ("https://me:pw@api.x.com", "the address of the API must not hold a name or a password"),
        (
            "http://api.x.com",
            "http://api.x.com would send the token unencrypted; use https:// (http:// is for this "
            "machine only)",
        ),
    ],
)
def test_an_address_that_cannot_be(api_url: str, sentence: str, clock: VirtualClock) -> None:
    with pytest.raises(UsageError) as caught:
        client_of(api_url, clock)
    assert str(caught.value) == sentence


def test_an_address_may_have_a_path_and_a_slash(standin: Standin, clock: VirtualClock) -> None:
    with client_of(standin.url + "/", clock) as client:
        client.probe()
    with client_of(standin.url + "/proxy/", clock) as client, pytest.raises(NetworkError):
        client.probe()
    assert [entry.path for entry in standin.log] == ["/2/users/by", "/proxy/2/users/by"]


def test_a_host_that_has_no_address(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with (
        client_of("https://api.example.invalid", clock) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.probe()
    assert str(caught.value) == (
        "there is no address for api.example.invalid (DNS); check the network, and --api-url"
    )


def test_a_host_that_refuses(clock: VirtualClock) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    with client_of(f"http://{host}", clock) as client, pytest.raises(NetworkError) as caught:
        client.probe()
    assert caught.value.exit_code == 7
    assert str(caught.value) == (f"{host} refuses the connection; check the network, and --api-url")


def test_a_network_that_is_not_there(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*args: Any, **options: Any) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    with client_of("http://127.0.0.1:9", clock) as client, pytest.raises(NetworkError) as caught:
        client.probe()
    assert str(caught.value) == "127.0.0.1:9 cannot be reached; check the network, and --api-url"


def test_a_proxy_that_does_not_work(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with (
        client_of("https://api.example.invalid", clock) as client,
        pytest.raises(NetworkError) as caught,
    ):
        client.probe()
    assert str(caught.value) == (
        "the proxy on the way to api.example.invalid does not work; check HTTPS_PROXY and NO_PROXY"
    )


def test_a_host_that_does_not_speak_tls(standin: Standin, clock: VirtualClock) -> None:
    url = standin.url.replace("http://", "https://")
    with client_of(url, clock) as client, pytest.raises(NetworkError) as caught:
        client.probe()
    assert str(caught.value).startswith(
        f"no secure connection to {url.removeprefix('https://')} (TLS); check this machine's "
        "clock, its certificates, and whether a proxy stands between ("
    )
    assert standin.log == []


def test_a_host_that_never_answers_the_handshake(clock: VirtualClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        host = f"127.0.0.1:{deaf.getsockname()[1]}"
        client = client_of(f"https://{host}", clock, timeout=0.05)
        with client, pytest.raises(NetworkError) as caught:
            client.probe()
    assert str(caught.value) == f"{host} did not answer in time; try again later"


def test_an_answer_without_end_is_not_read_to_the_end(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    import positivity.sources.x_transport as transport

    monkeypatch.setattr(transport, "_LARGEST", 1 << 17)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pour() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                try:
                    while True:
                        connection.sendall(b" " * (1 << 14))
                except OSError:
                    return

        pouring = threading.Thread(target=pour, daemon=True)
        pouring.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with client_of(url, clock) as client, pytest.raises(NetworkError) as caught:
            client.probe()
        pouring.join(5)
    assert str(caught.value) == "the answer is far larger than X's API gives; check --api-url"


# What no server was seen to send, but one could


@pytest.mark.parametrize(
    "document",
    [
        {"errors": "no"},
        {"errors": [None, 3, []]},
        {"errors": [{"message": None, "detail": 5}], "title": ["x"]},
        {"type": {"a": 1}},
        "text",
        5,
        None,
        [],
    ],
)
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 418, 429, 500, 503])
def test_no_body_of_an_error_breaks_us(status: int, document: Any) -> None:
    failure = failure_of(Reply(status, {}, document))
    assert failure is not None
    assert isinstance(failure.error, PositivityError)
    assert "Traceback" not in str(failure.error)


@pytest.mark.parametrize(
    "document",
    [
        {"data": None, "errors": [{}]},
        {"data": 5, "meta": "x"},
        {"data": 5},
        {"errors": []},
        {"data": [], "meta": {"result_count": 3}},
        {"data": {}, "errors": [{"detail": "User has been suspended: [empty]."}]},
        {"meta": {}, "errors": [{"type": 5, "title": {}, "detail": None}]},
        {"data": [1, None, "x"], "includes": 3, "errors": {"a": 1}},
        {"data": [{"id": 5, "text": None, "author_id": []}], "meta": {"next_token": 7}},
        {"data": [{"id": "x", "text": "t", "edit_history_post_ids": [1, None, "a"]}], "meta": {}},
        {"data": {"id": "1", "text": "one"}, "includes": {"users": [None, {"id": 1}], "posts": 5}},
        {"data": [{"text": 12, "referenced_posts": [7, {"type": []}]}], "meta": {"oldest_id": 5}},
    ],
)
def test_no_answer_breaks_us(
    standin: Standin, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, document: Any
) -> None:
    with client_of(standin.url, clock) as client:
        account = client.accounts(["empty"])["empty"]
        assert isinstance(account, Account)
        monkeypatch.setattr(standin, "_document", lambda *_: document)
        monkeypatch.setattr(standin, "_sell", lambda *_: None)
        try:
            for page in client.pages(account):
                assert page.next_token is None
                assert all(isinstance(row["text"], str) for row in page.tweets)
        except PositivityError as error:
            assert error.exit_code in (5, 7)
        found = client.lookup(["1"])
        assert found.missing == ()
        answer = client.accounts(["alice"])["alice"]
        assert isinstance(answer, AccountError)


def test_an_account_that_x_withholds_for_reasons_of_its_own() -> None:
    error = account_error({"title": "Gone", "detail": "\x1b[1mbecause\u202e"}, "alice")
    assert isinstance(error, AccountError)
    assert (error.state, str(error)) == (
        "unavailable",
        "@alice: X does not give this account (X says: [1mbecause)",
    )


def test_problems_are_said_once_and_not_without_end() -> None:
    errors = [{"title": "Lost", "detail": f"number {number % 50}"} for number in range(100)]
    words = problem_words({"errors": errors})
    assert words[:2] == ("Lost: number 0", "Lost: number 1")
    assert words[20:] == ("and 30 more",)


def test_text_of_the_server_is_short_and_harmless() -> None:
    assert shown("a\x1b[2Jb\u202ec\nd") == "a[2Jbc d"
    assert len(shown("x" * 10_000_000)) == 201


_JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=9),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(
            strategies.sampled_from(
                "data errors meta includes users posts tweets id text username value resource_id "
                "type title detail next_token newest_id public_metrics tweet_count created_at "
                "referenced_posts note_post edit_history_post_ids entities author_id".split()
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(document=strategies.dictionaries(strategies.sampled_from(["data", "errors", "meta"]), _JSON))
def test_nothing_that_is_json_breaks_us(document: dict[str, Any]) -> None:
    account = Account("1", "alice", "", False, None, None, "", None)
    assert failure_of(Reply(403, {}, document)) is not None
    try:
        page = page_of(document, account)
    except PositivityError as error:
        assert str(error) == sanitize(str(error))
    else:
        assert all(isinstance(row["text"], str) for row in page.tweets)
        assert all(words == sanitize(words) for words in page.errors)
    assert set(accounts_of(document, ["alice"])) == {"alice"}
    assert set(lookup_of(document, ["1"]).missing) <= {"1"}
