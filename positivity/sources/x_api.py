"""X's API through tweepy: accounts, timelines, posts."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import requests
import tweepy

from positivity.errors import NetworkError, PositivityError, UsageError
from positivity.sources.handles import parse_handle
from positivity.sources.x_answers import (
    Account,
    LookupResult,
    Page,
    accounts_of,
    lacks_fields,
    lookup_of,
    page_of,
    posts_in,
)
from positivity.sources.x_errors import Json
from positivity.sources.x_transport import (
    BadRequestError,
    Clock,
    SystemClock,
    Transport,
    Waiting,
    WaitNotice,
)

__all__ = ["Account", "LookupResult", "Page", "WaitNotice", "XClient", "parse_handle"]

MOST_A_REQUEST = 100
MOST_POSTS = 3200  # how far back a timeline goes
_USER_FIELDS = ["created_at", "description", "name", "protected", "public_metrics", "username"]
_PROBE = "X"  # an account that there always is


@dataclass(frozen=True)
class _Dialect:
    """How the API is asked for the parts of a post; they were renamed in August 2026.

    As long as it takes both vocabularies, the words of the question are those of the answer.
    """

    vocabulary: str  # "tweet" or "post"
    parameter: str
    fields: tuple[str, ...]
    expansion: str


_FIELDS = ("created_at", "entities", "lang", "public_metrics")
_DIALECTS = (
    _Dialect(
        "post",
        "post.fields",
        (
            *(*_FIELDS, "author_id", "edit_history_post_ids", "in_reply_to_user_id", "note_post"),
            "referenced_posts",
        ),
        "referenced_posts",
    ),
    # As the published specification has it; the server has so far taken more.
    _Dialect("post", "post.fields", (*_FIELDS, "note_post"), "referenced_posts"),
    _Dialect(
        "tweet",
        "tweet.fields",
        (
            *(*_FIELDS, "author_id", "edit_history_tweet_ids", "in_reply_to_user_id", "note_tweet"),
            "referenced_tweets",
        ),
        "referenced_tweets.id",
    ),
)


class _Endpoints(tweepy.Client):  # type: ignore[misc]
    """What tweepy knows of routes and parameters, in one dialect and over our own transport.

    tweepy's own `request` has no timeout, a fixed host, endless retries of rate limits, and writes
    the token into its log.
    """

    def __init__(self, transport: Transport, dialect: _Dialect) -> None:
        super().__init__(return_type=requests.Response)  # hands on what `request` returns
        self.dialect = dialect
        self._transport = transport

    def request(
        self,
        method: str,
        route: str,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        user_auth: bool = False,
    ) -> Json:
        names = {"tweet.fields": self.dialect.parameter}
        asked = {names.get(name, name): value for name, value in (params or {}).items()}
        return self._transport.get(route, asked)


class XClient:
    """X's API for one run; a context manager, usable from several threads, one for each handle.

    `timeout` is how many seconds the server may be silent, `max_wait` how many the run may wait for
    rate limits in all; `on_wait` hears of each second of waiting, in the thread that waits. Once
    `cancelled` is set, calls raise Interrupted.

    `vocabulary` is "tweet" or "post": how the server was asked the last time, to begin with. The
    attribute says what it accepts, as far as is known.
    """

    def __init__(
        self,
        token: str,
        *,
        api_url: str,
        timeout: float,
        max_wait: float,
        on_wait: Callable[[WaitNotice], None] | None = None,
        vocabulary: str | None = None,
        cancelled: threading.Event | None = None,
        clock: Clock | None = None,
    ) -> None:
        cancelled = cancelled or threading.Event()
        waiting = Waiting(max_wait, on_wait, cancelled, clock or SystemClock(cancelled))
        self._transport = Transport(token, api_url=api_url, timeout=timeout, waiting=waiting)
        endpoints = [_Endpoints(self._transport, dialect) for dialect in _DIALECTS]
        # A stable sort: what the server took before comes first.
        self._endpoints = sorted(endpoints, key=lambda way: way.dialect.vocabulary != vocabulary)
        self._fieldless = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def vocabulary(self) -> str:
        """What the server accepts, "tweet" or "post"; before a page, what is tried first."""
        return self._endpoints[0].dialect.vocabulary

    @property
    def clock_skew(self) -> float | None:
        """How many seconds this machine's clock is ahead of X's; None before the first answer."""
        return self._transport.clock_skew

    def accounts(self, handles: Sequence[str]) -> dict[str, Account | PositivityError]:
        """The account of each handle, or why there is none; a user read for each that there is.

        Raises PositivityError when the first request brings nothing at all. When a later one does
        not, its error stands for the handles that are left.
        """
        answers: dict[str, Account | PositivityError] = {}
        parsed: dict[str, str] = {}
        for given in handles:
            try:
                parsed[given] = parse_handle(given)
            except UsageError as error:
                answers[given] = error
        found = self._found(list(dict.fromkeys(parsed.values())))
        answers |= {given: found[handle] for given, handle in parsed.items()}
        return {given: answers[given] for given in handles}

    def _found(self, handles: Sequence[str]) -> dict[str, Account | PositivityError]:
        found: dict[str, Account | PositivityError] = {}
        for start in range(0, len(handles), MOST_A_REQUEST):
            chunk = handles[start : start + MOST_A_REQUEST]
            try:
                found |= accounts_of(self._users(chunk), chunk)
            except PositivityError as error:
                if not found:
                    raise
                found |= dict.fromkeys(handles[start:], error)
                break
        return found

    def _users(self, handles: Sequence[str]) -> Json:
        try:
            document: Json = self._endpoints[0].get_users(
                usernames=list(handles), user_fields=_USER_FIELDS
            )
        except BadRequestError as refusal:
            raise refusal.error from None
        return document

    def pages(
        self,
        account: Account,
        *,
        since_id: str | None = None,
        until_id: str | None = None,
        page_size: int = MOST_A_REQUEST,
        include_retweets: bool = False,
    ) -> Iterator[Page]:
        """The pages of an account's timeline, newest first, of posts after `since_id` and before
        `until_id`, both of which are left out.

        A request is sent when its page is asked for. Retweets are left out by the server, so that
        a page can hold fewer posts than `page_size` (5 to 100), or none; with `include_retweets`
        all posts that others refer to come along, for their full text, and are billed.

        Raises AccountError when the timeline cannot be read, and PositivityError for all else;
        what was given before stays good.
        """
        token: str | None = None
        seen: set[str] = set()
        # Twice what there can be: the server need not fill its pages.
        most = 2 * -(-MOST_POSTS // page_size)

        def ask(way: _Endpoints) -> Json:
            document: Json = way.get_users_tweets(
                account.id,
                max_results=page_size,
                since_id=since_id,
                until_id=until_id,
                pagination_token=token,
                exclude=None if include_retweets else ["retweets"],
                expansions=[way.dialect.expansion] if include_retweets else None,
                tweet_fields=list(way.dialect.fields),
            )
            return document

        while True:
            document, wasted = self._asked(ask)
            page = page_of(document, account, wasted)
            yield page
            token = page.next_token
            if token is None:
                return
            if token in seen or len(seen) >= most:
                raise NetworkError(
                    f"@{account.handle}: X's pages of this timeline do not end; what was read is "
                    "kept, try again later"
                )
            seen.add(token)

    def lookup(self, ids: Sequence[str]) -> LookupResult:
        """What became of at most 100 posts; a post read for each that there still is."""
        if not 1 <= len(ids) <= MOST_A_REQUEST:
            raise ValueError(f"{len(ids)} ids: a request takes 1 to {MOST_A_REQUEST}")

        def ask(way: _Endpoints) -> Json:
            document: Json = way.get_tweets(list(ids), tweet_fields=list(way.dialect.fields))
            return document

        document, wasted = self._asked(ask)
        return lookup_of(document, ids, wasted)

    def probe(self) -> None:
        """Ask for one user, as `check` would; raises PositivityError when that does not work."""
        self._users([_PROBE])

    def _asked(self, ask: Callable[[_Endpoints], Json]) -> tuple[Json, int]:
        """An answer in the first dialect that the server takes, and how many posts were wasted.

        Normally the server refuses a dialect that it does not know, which costs nothing. Should it
        pass over the fields instead, posts are bought that lack their time.
        """
        refusal: PositivityError | None = None
        poor: list[tuple[_Endpoints, Json]] = []
        for way in tuple(self._endpoints):
            try:
                document = ask(way)
            except BadRequestError as error:
                refusal = refusal or error.error
                continue
            if self._fieldless or not lacks_fields(document):
                self._prefer(way)
                return document, sum(posts_in(other) for _, other in poor)
            poor.append((way, document))
        if not poor:
            raise refusal or AssertionError("no dialect to ask in")
        self._fieldless = True  # so it is in any dialect: do not buy each page more than once
        (way, document), *others = poor
        self._prefer(way)
        return document, sum(posts_in(other) for _, other in others)

    def _prefer(self, way: _Endpoints) -> None:
        """Ask this way first from now on. Other threads see the old list or the new one."""
        if way is not self._endpoints[0]:
            self._endpoints = [way, *(other for other in self._endpoints if other is not way)]
