"""The answers of X's API as accounts and pages of tweets."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from positivity.errors import AccountError, NetworkError, PositivityError
from positivity.sources.dates import parse_time
from positivity.sources.handles import HANDLE
from positivity.sources.payload import Json, Row, page_rows
from positivity.sources.rows import clean_text
from positivity.sources.x_errors import account_error, is_gone, problem_words, problems

_ID = re.compile(r"[0-9]{1,19}")
_POSTS = ("tweets", "posts")
_HISTORIES = ("edit_history_tweet_ids", "edit_history_post_ids")
_TWEET_COUNTS = ("tweet_count", "post_count")


@dataclass(frozen=True)
class Account:
    """A user as the API gave it."""

    id: str
    handle: str
    name: str
    protected: bool
    tweet_count: int | None  # of all that it ever posted and did not delete, retweets included
    created_at: datetime | None
    description: str
    followers: int | None


@dataclass(frozen=True)
class Page:
    """One page of a timeline, newest first."""

    tweets: list[Row]  # all columns of a tweet but its source
    newest_id: str | None  # of the posts that were returned
    oldest_id: str | None
    next_token: str | None
    posts_returned: int  # what is billed: the posts, and those that they refer to if asked for
    users_returned: int
    errors: tuple[str, ...]  # what X could not give, in words
    superseded: frozenset[str] = frozenset()  # earlier versions of posts that were edited
    whole: bool = True  # whether the answer says if there are older ones

    @property
    def ends(self) -> bool:
        """Whether there are no older posts."""
        return self.whole and self.next_token is None


@dataclass(frozen=True)
class LookupResult:
    """What became of some posts."""

    tweets: list[Row]
    missing: tuple[str, ...]  # deleted, or not public any more; what is in neither is not known
    posts_returned: int
    errors: tuple[str, ...]
    superseded: frozenset[str] = frozenset()


def accounts_of(document: Json, handles: Sequence[str]) -> dict[str, Account | PositivityError]:
    """The account of each handle, or why there is none."""
    found: dict[str, Account | PositivityError] = {}
    for problem in problems(document):
        named = str(problem.get("value") or problem.get("resource_id") or "").lower()
        for handle in handles:
            if handle.lower() == named:
                found[handle] = account_error(problem, handle)
    for user in _objects(document.get("data")):
        account = _account(user)
        for handle in handles:
            if account is not None and handle.lower() == account.handle.lower():
                found[handle] = account
    for handle in handles:
        found.setdefault(
            handle,
            AccountError(f"@{handle}: X says nothing about this account; try again", "unavailable"),
        )
    return {handle: found[handle] for handle in handles}


def page_of(document: Json, account: Account, wasted: int = 0) -> Page:
    """A page of an account's timeline; `wasted` posts more were returned on the way to it.

    Raises the error that stands in place of a timeline that cannot be read.
    """
    posts = [post for post in _objects(document.get("data")) if post.get("id")]
    if not posts:
        _check_empty(document, account)
    found = document.get("meta")
    meta = found if isinstance(found, dict) else {}
    ids = sorted((post["id"] for post in posts if _is_id(post.get("id"))), key=int)
    token = meta.get("next_token")
    newest, oldest = meta.get("newest_id"), meta.get("oldest_id")
    rows, without_text = _rows(document)
    for row in rows:
        row["author"] = row["author"] or account.handle
    plural = "s" if without_text > 1 else ""
    unread = (f"{without_text} post{plural} came without text",) if without_text else ()
    return Page(
        tweets=rows,
        newest_id=newest if _is_id(newest) else (ids[-1] if ids else None),
        oldest_id=oldest if _is_id(oldest) else (ids[0] if ids else None),
        next_token=token if isinstance(token, str) and token else None,
        posts_returned=posts_in(document) + wasted,
        users_returned=len(_objects(_includes(document).get("users"))),
        errors=(*problem_words(document), *unread),
        superseded=_superseded(posts),
        whole=isinstance(found, dict),
    )


def _check_empty(document: Json, account: Account) -> None:
    """Raises when a page without posts does not say that there are none."""
    meta = document.get("meta")
    says_none = isinstance(meta, dict) and meta.get("result_count") == 0
    for problem in problems(document):
        # That somebody who is mentioned is suspended says nothing of this account.
        if not says_none or _is_about(problem, account):
            raise account_error(problem, account.handle)
    if not isinstance(meta, dict) or meta.get("result_count"):
        raise NetworkError(f"@{account.handle}: X's answer is not whole; try again later")


def _is_about(problem: Json, account: Account) -> bool:
    named = {str(problem[key]).lower() for key in ("resource_id", "value") if problem.get(key)}
    return not named or bool(named & {account.id, account.handle.lower()})


def lookup_of(document: Json, ids: Sequence[str], wasted: int = 0) -> LookupResult:
    """What an answer says of each of the posts that were asked for; `wasted` as in `page_of`."""
    posts = _objects(document.get("data"))
    gone = {
        str(problem.get("resource_id") or problem.get("value"))
        for problem in problems(document)
        if is_gone(problem)
    }
    gone -= {str(post.get("id")) for post in posts}
    others = {**document, "errors": [item for item in problems(document) if not is_gone(item)]}
    return LookupResult(
        tweets=_rows(document)[0],
        missing=tuple(post_id for post_id in ids if post_id in gone),
        posts_returned=posts_in(document) + wasted,
        errors=problem_words(others),
        superseded=_superseded(posts),
    )


def posts_in(document: Json) -> int:
    """How many different posts an answer holds, those that others refer to included."""
    includes = _includes(document)
    posts = [*_objects(document.get("data"))]
    posts += [post for key in _POSTS for post in _objects(includes.get(key))]
    return len({str(post.get("id", id(post))) for post in posts})


def lacks_fields(document: Json) -> bool:
    """Whether the server has passed over the fields that were asked for."""
    posts = _objects(document.get("data"))
    return bool(posts) and not any("created_at" in post for post in posts)


def _rows(document: Json) -> tuple[list[Row], int]:
    """The tweets of an answer, and how many had no text."""
    rows = list(page_rows(document)) if document.get("data") else []
    return [row for row in rows if row is not None], rows.count(None)


def _superseded(posts: Sequence[Json]) -> frozenset[str]:
    return frozenset(earlier for post in posts for earlier in _earlier_versions(post))


def _earlier_versions(post: Json) -> Iterator[str]:
    own = post.get("id")
    for key in _HISTORIES:
        history = post.get(key)
        for version in history if isinstance(history, list) else ():
            if _is_id(own) and _is_id(version) and int(version) < int(str(own)):
                yield version


def _account(user: Json) -> Account | None:
    user_id, handle = user.get("id"), user.get("username")
    if not _is_id(user_id) or not isinstance(handle, str) or HANDLE.fullmatch(handle) is None:
        return None
    metrics = user.get("public_metrics")
    metrics = metrics if isinstance(metrics, dict) else {}
    return Account(
        id=str(user_id),
        handle=handle,
        name=clean_text(str(user.get("name") or "")),
        protected=user.get("protected") is True,
        tweet_count=next((_count(metrics[key]) for key in _TWEET_COUNTS if key in metrics), None),
        created_at=parse_time(str(user.get("created_at") or "")),
        description=clean_text(str(user.get("description") or "")),
        followers=_count(metrics.get("followers_count")),
    )


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _includes(document: Json) -> Json:
    includes = document.get("includes")
    return includes if isinstance(includes, dict) else {}


def _objects(value: Any) -> list[Json]:
    """The objects of a list, or the one object that stands for a list."""
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, dict)]
