"""What can go wrong with X's API, as our own errors: one sentence and one exit code each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from positivity.errors import (
    NOT_FOUND,
    AccessError,
    AccountError,
    LimitError,
    NetworkError,
    PositivityError,
)
from positivity.report.sanitize import sanitize

Json: TypeAlias = Mapping[str, Any]

_CONSOLE = "X's developer console (https://console.x.com)"
_NO_CREDITS = f"the developer account of this token has no credits left; buy some in {_CONSOLE}"
_ARCHIVE = "with its own X archive, 'positivity score' works"
_LONGEST_SHOWN = 200
_MOST_SHOWN = 20
_ANSWER_KEYS = frozenset({"data", "errors", "meta"})
# A problem of the service itself, not of what was asked for.
_TRANSIENT = ("internal-error", "field-hydration-failure")
GONE = ("resource-not-found", "not-authorized-for-resource")


@dataclass(frozen=True)
class Reply:
    """An answer of the server; `document` is None when the body is not whole JSON."""

    status: int
    headers: Mapping[str, str]
    document: Any


@dataclass(frozen=True)
class Failure:
    """Why a request brought nothing, and what may be done about it."""

    error: PositivityError
    retries: int = 0  # how often the request may be sent again
    rate_limited: bool = False
    bad_request: bool = False  # the server does not understand the parameters
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Refusal:
    """A row of the table of refusals: a status, and a word that the body then has."""

    statuses: Sequence[int]
    mark: str  # a pattern, for text without spaces, "-" and "_", in small letters
    error: type[PositivityError]
    sentence: str


_REFUSALS = (
    _Refusal(
        (401,),
        "",
        AccessError,
        "X does not accept the token (401): it is wrong, was revoked, or is not a Bearer Token; "
        f"make a new one in {_CONSOLE} and store it with 'positivity auth set'",
    ),
    _Refusal(
        (402, 403, 429),
        "usagecap|monthlycap",
        LimitError,
        "the monthly cap of posts of this token's project is used up; wait until it is reset, or "
        f"raise it in {_CONSOLE}",
    ),
    _Refusal(
        (402, 403, 429),
        "spendcap|spend(ing)?limit",
        LimitError,
        "the spending limit of this developer account is reached; raise it in "
        f"{_CONSOLE}, or wait for the next billing period",
    ),
    _Refusal(
        (402,),
        "",
        LimitError,
        _NO_CREDITS,
    ),
    _Refusal(
        (403, 429),
        "creditsdepleted",
        LimitError,
        _NO_CREDITS,
    ),
    _Refusal(
        (403,),
        "clientnotenrolled",
        AccessError,
        "the app of this token is not enrolled for X's API v2 (403): attach it to a project with "
        f"access in {_CONSOLE}",
    ),
    _Refusal(
        (403,),
        "unsupportedauthentication",
        AccessError,
        "X does not take this kind of token for reading (403): use the app's Bearer Token from "
        f"{_CONSOLE}",
    ),
    _Refusal(
        (403,),
        "",
        AccessError,
        f"X does not permit this to the token (403); see its app and project in {_CONSOLE}",
    ),
)


def shown(text: object) -> str:
    """Text of the server, which can be anything, harmless and short."""
    line = sanitize(str(text)[: 4 * _LONGEST_SHOWN])
    return line if len(line) <= _LONGEST_SHOWN else line[:_LONGEST_SHOWN].rstrip() + "…"


def problems(document: Json) -> list[Json]:
    """The problems that an answer lists."""
    errors = document.get("errors")
    return [item for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []


def failure_of(reply: Reply) -> Failure | None:
    """What an answer says that is no answer to the question; None if it is one."""
    failure = _failure_of(reply)
    return failure and replace(failure, headers=reply.headers)


def _failure_of(reply: Reply) -> Failure | None:
    if 200 <= reply.status < 300:
        return _failure_of_success(reply.document)
    refusals = () if _is_foreign(reply) else _REFUSALS
    for refusal in refusals:
        if reply.status in refusal.statuses and re.search(refusal.mark, _marks(reply.document)):
            return Failure(refusal.error(refusal.sentence + _said(reply.document)))
    if reply.status == 400 and not _is_foreign(reply):
        return Failure(
            PositivityError(
                "X does not understand the request (400); a newer version of positivity may know "
                f"how to ask{_said(reply.document)}"
            ),
            bad_request=True,
        )
    if reply.status == 429:
        return Failure(
            LimitError(
                "X's rate limit is used up, and it does not say until when; try again in 15 minutes"
            ),
            rate_limited=True,
        )
    if reply.status >= 500:
        return Failure(
            NetworkError(f"X is overloaded or down ({reply.status}); try again in some minutes"),
            retries=3,
        )
    return Failure(
        NetworkError(
            f"this is not how X's API answers ({reply.status}); check --api-url, and whether a "
            f"proxy stands between{_said(reply.document)}"
        )
    )


def _is_foreign(reply: Reply) -> bool:
    """Whether a refusal seems to come from something before X, such as a firewall's web page."""
    return reply.document is None and reply.status in (400, 402, 403)


def _failure_of_success(document: Any) -> Failure | None:
    if not isinstance(document, dict) or not document.keys() & _ANSWER_KEYS:
        return Failure(
            NetworkError(
                "what came is not an answer of X's API; a proxy or a login page may stand between, "
                "or --api-url may be wrong; try again later"
            ),
            retries=3,
        )
    found = problems(document)
    if found and not document.get("data") and all(_is(problem, *_TRANSIENT) for problem in found):
        return Failure(
            NetworkError(f"X could not answer; try again in some minutes{_said(document)}"),
            retries=3,
        )
    return None


def account_error(problem: Json, handle: str) -> PositivityError:
    """Why X does not give an account or its timeline."""
    detail = str(problem.get("detail", ""))
    title = str(problem.get("title", ""))
    if "suspended" in detail.lower():
        return AccountError(
            f"@{handle}: is suspended by X; its tweets cannot be read by anyone", "suspended"
        )
    if _is(problem, "not-authorized-for-resource"):
        return protected_error(handle)
    if _is(problem, "resource-not-found") and title.lower() != "forbidden":
        return AccountError(
            f"@{handle}: there is no such account; check the spelling, or look up its new name",
            NOT_FOUND,
        )
    if _is(problem, *_TRANSIENT):
        return NetworkError(f"@{handle}: X could not answer; try again in some minutes")
    return AccountError(f"@{handle}: X does not give this account{_said(problem)}", "unavailable")


def protected_error(handle: str) -> AccountError:
    """That only its followers may read an account."""
    return AccountError(
        f"@{handle}: is protected; only its followers may read its tweets ({_ARCHIVE})",
        "protected",
    )


def problem_words(document: Json) -> tuple[str, ...]:
    """The problems of a partly answered request, in words, each once, and not too many."""
    words = []
    for problem in problems(document):
        title, detail = problem.get("title") or "Problem", problem.get("detail")
        words.append(shown(f"{title}: {detail}" if detail else title))
    unique = list(dict.fromkeys(words))
    more = len(unique) - _MOST_SHOWN
    return (*unique[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else []))


def is_gone(problem: Json) -> bool:
    """Whether a problem says that a post is deleted, or not public any more."""
    return _is(problem, *GONE)


def _is(problem: Json, *kinds: str) -> bool:
    """Whether a problem is of one of some kinds, by the end of its type's address."""
    return str(problem.get("type", "")).rstrip("/").rpartition("/")[2] in kinds


def _marks(document: Any) -> str:
    """What a refusal's body says of its reason, without case and punctuation."""
    if not isinstance(document, dict):
        return ""
    parts = [document, *problems(document)]
    keys = ("type", "title", "reason", "detail", "message")
    text = " ".join(str(part.get(key, ""))[:1000] for part in parts for key in keys)
    return text.lower().replace("-", "").replace("_", "").replace(" ", "")


def _said(document: Any) -> str:
    """What X says of a problem, to be put behind our own sentence."""
    if not isinstance(document, dict):
        return ""
    for part in (*problems(document), document):
        for key in ("message", "detail"):
            text = part.get(key)
            if isinstance(text, str) and text.strip() and text != part.get("title"):
                return f" (X says: {shown(text)})"
    return ""
