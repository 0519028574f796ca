"""Requests to X's API over the network: timeouts, retries, and waiting for rate limits."""

import ipaddress
import json
import math
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from positivity.errors import AccessError, Interrupted, LimitError, NetworkError, UsageError
from positivity.sources.x_errors import Failure, Json, Reply, failure_of
from positivity.sources.x_network import failure_of_exception

RATE_LIMIT = "rate limit"
RETRY = "retry"

_CONNECTIONS = 32
_CHUNK = 1 << 16
_LARGEST = 1 << 26  # bytes of an answer; a page of 100 long posts has some hundred thousand
_WHOLE = 3  # how many timeouts a whole answer may take
_SLICE = 1.0  # seconds between two looks at whether to stop waiting
_MARGIN = 1.0  # seconds after the limit's reset, whose time is in whole seconds
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_ZERO_WAITS = 3  # 429s in a row whose reset has passed already
_LATEST = 1 << 40  # a time that dates can hold
_SECRET = 8  # characters; what is shorter is no token of X's, and may be a word of the answer
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class WaitNotice:
    """That a request waits: why, how much longer, and how long in all, in seconds."""

    reason: str  # RATE_LIMIT or RETRY
    remaining: float
    total: float


class Clock(Protocol):
    """The time of day in seconds since 1970, and a way to let it pass."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """This machine's clock; a sleep ends when the work is cancelled."""

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        self._cancelled.wait(seconds)


class Waiting:
    """The waits of one run, of which those for rate limits have an end; shared by its threads.

    `longest` is how many seconds the run may wait for rate limits in all. While several threads
    wait at once, that counts once.
    """

    def __init__(
        self,
        longest: float,
        on_wait: Callable[[WaitNotice], None] | None,
        cancelled: threading.Event,
        clock: Clock,
    ) -> None:
        self.clock = clock
        self._longest = longest
        self._on_wait = on_wait
        self._cancelled = cancelled
        self._lock = threading.Lock()
        self._waited = 0.0
        self._waited_until = 0.0
        self._opens: dict[str, float] = {}

    def stop_if_cancelled(self) -> None:
        """Raises Interrupted when the user has stopped the run."""
        if self._cancelled.is_set():
            raise Interrupted("interrupted")

    def close_until(self, endpoint: str, opens: float) -> None:
        """Note that the limit of an endpoint is used up until a time."""
        with self._lock:
            self._opens[endpoint] = max(opens, self._opens.get(endpoint, 0.0))

    def until_open(self, endpoint: str) -> None:
        """Wait until an endpoint's limit is reset; LimitError when that takes too long."""
        with self._lock:
            now = self.clock.now()
            opens = self._opens.get(endpoint, 0.0)
            if opens <= now:
                return
            more = max(0.0, opens - max(now, self._waited_until))
            if self._waited + more > self._longest:
                raise LimitError(self._why_not(opens - now, opens, self._waited + more))
            self._waited += more
            self._waited_until = max(self._waited_until, opens)
        self.pause(opens, RATE_LIMIT)

    def _why_not(self, seconds: float, opens: float, needed: float) -> str:
        try:
            when = f" at {datetime.fromtimestamp(opens, UTC):%Y-%m-%d %H:%M} UTC,"
        except (ValueError, OverflowError, OSError):
            when = ""
        return (
            f"X's rate limit is used up; it is reset{when} in {_duration(seconds)}; run this again "
            f"then, or let it wait: --max-wait {math.ceil(needed)}"
        )

    def pause(self, until: float, reason: str) -> None:
        """Wait, in slices between which the user can stop it and sees how long it still takes."""
        total = max(0.0, until - self.clock.now())
        slept = 0.0
        # The clock may be set back while we sleep, so what was slept counts too.
        while (left := min(until - self.clock.now(), total - slept)) > 0:
            self._tell(WaitNotice(reason, left, total))
            piece = min(left, _SLICE)
            self.clock.sleep(piece)
            slept += piece
            self.stop_if_cancelled()
        self._tell(WaitNotice(reason, 0.0, total))

    def _tell(self, notice: WaitNotice) -> None:
        if self._on_wait is not None:
            self._on_wait(notice)


class Transport:
    """Sends GET requests to X's API until each is answered or cannot be; safe in several threads.

    `timeout` is how many seconds the server may be silent.
    """

    def __init__(self, token: str, *, api_url: str, timeout: float, waiting: Waiting) -> None:
        if _TOKEN.fullmatch(token) is None:
            raise AccessError(
                "the token holds characters that no token has, such as a line break or a space; "
                "store it again with 'positivity auth set'"
            )
        self._url = checked_url(api_url)
        self._host = urlsplit(self._url).netloc
        self._token = token
        self._timeout = timeout
        self._waiting = waiting
        self._session = requests.Session()
        # A proxy does not lead back to this machine.
        self._session.trust_env = not _is_loopback(urlsplit(self._url).hostname or "")
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
        self.clock_skew: float | None = None  # seconds that our clock is ahead of the server's

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, route: str, params: Mapping[str, Any]) -> Json:
        """The answer to a request, an object of JSON.

        Raises BadRequestError when the server does not know the parameters, and AccessError,
        LimitError, NetworkError or Interrupted for all else that can go wrong.
        """
        endpoint = re.sub(r"/\d+(?=/|$)", "/:id", route.removeprefix("/2"))
        tries = 0
        while True:
            self._waiting.stop_if_cancelled()
            self._waiting.until_open(endpoint)
            outcome = self._try(route, params)
            if isinstance(outcome, Reply):
                document: Json = outcome.document
                return document
            if outcome.bad_request:
                raise BadRequestError(outcome)
            opens = self._opens(outcome.headers) if outcome.rate_limited else None
            if opens is not None and opens > self._waiting.clock.now():
                self._waiting.close_until(endpoint, opens)
                continue
            if tries >= (_ZERO_WAITS if opens is not None else outcome.retries):
                raise outcome.error
            again = self._waiting.clock.now() + _pause(tries, outcome.headers)
            self._waiting.pause(again, RETRY)
            tries += 1

    def _try(self, route: str, params: Mapping[str, Any]) -> Reply | Failure:
        try:
            reply = self._send(route, params)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
        ) as error:
            return failure_of_exception(error, self._host)
        return failure_of(reply) or reply

    def _send(self, route: str, params: Mapping[str, Any]) -> Reply:
        ends = time.monotonic() + _WHOLE * self._timeout
        with self._session.get(
            self._url + route,
            params=dict(params),
            # As `auth`, so that an entry in ~/.netrc does not replace it.
            auth=_Bearer(self._token),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            body = _body(response, ends)
            self._compare_clocks(response.headers)
        if len(self._token) >= _SECRET:
            # Nothing that is shown or kept may hold the token, should the server repeat it.
            body = body.replace(self._token.encode(), b"[token]")
        return Reply(response.status_code, response.headers, _document(body))

    def _compare_clocks(self, headers: Mapping[str, str]) -> None:
        try:
            theirs = parsedate_to_datetime(headers.get("Date", "")).timestamp()
        except (ValueError, OverflowError):
            return
        self.clock_skew = self._waiting.clock.now() - theirs

    def _opens(self, headers: Mapping[str, str]) -> float | None:
        """When a rate limit is reset, by our own clock; None when the server does not say."""
        reset = headers.get("x-rate-limit-reset", "")
        if not reset.isascii() or not reset.isdecimal() or int(reset[:20]) > _LATEST:
            return None
        skew = self.clock_skew or 0.0
        # The server's Date is in whole seconds, too coarse to mend a clock that is right.
        return int(reset) + (skew if abs(skew) > 2 else 0.0) + _MARGIN


class BadRequestError(Exception):
    """The server does not understand the parameters of a request."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure.error))
        self.error = failure.error


class _Bearer(AuthBase):
    """Puts the token into a request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def checked_url(api_url: str) -> str:
    """The address of the API without a slash at its end.

    Raises UsageError for what is no address, and for one to which the token would go in the clear.
    """
    try:
        parts = urlsplit(api_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("https", "http") or not host or parts.query or parts.fragment:
        raise UsageError("the address of the API must look like https://api.x.com")
    if parts.username is not None:
        raise UsageError("the address of the API must not hold a name or a password")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UsageError(
            f"http://{host} would send the token unencrypted; use https:// (http:// is for this "
            "machine only)"
        )
    return api_url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _body(response: requests.Response, ends: float) -> bytes:
    """The whole body of a response; TimeoutError when it takes too long, however it trickles."""
    parts = bytearray()
    while part := response.raw.read1(_CHUNK, decode_content=True):
        parts += part
        if time.monotonic() > ends:
            raise TimeoutError
        if len(parts) > _LARGEST:
            raise NetworkError("the answer is far larger than X's API gives; check --api-url")
    return bytes(parts)


def _pause(tries: int, headers: Mapping[str, str]) -> float:
    """How long to wait before trying again; by chance, so that clients do not come at once."""
    pause: float = _FIRST_PAUSE * 2**tries * random.uniform(0.5, 1.0)
    wanted = headers.get("Retry-After", "")
    if wanted.isascii() and wanted.isdecimal():
        pause = max(pause, int(wanted[:9]))
    return min(pause, _LONGEST_PAUSE)


def _document(body: bytes) -> Any:
    """The value of a body of JSON; None when it is something else or broken."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{math.ceil(seconds)} seconds"
    if seconds < 90 * 60:
        return f"{math.ceil(seconds / 60)} minutes"
    return f"{math.ceil(seconds / 3600)} hours"
