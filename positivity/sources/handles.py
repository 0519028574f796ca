"""Handles of accounts, however they are written."""

import re
from urllib.parse import urlsplit

from positivity.errors import UsageError
from positivity.report.sanitize import sanitize

HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")

_HOSTS = frozenset({"x.com", "twitter.com"})
_SUBDOMAINS = ("www.", "mobile.", "m.")
# First parts of paths on the site that are no handles.
_PAGES = frozenset(
    """compose download explore hashtag home i intent jobs login logout messages notifications
    privacy search settings share signup tos""".split()
)
_LONGEST_SHOWN = 60


def parse_handle(text: str) -> str:
    """The handle in "@handle", "handle" or the address of a profile or of one of its posts.

    Raises UsageError when there is none.
    """
    given = text.strip()
    path = _path_on_site(given)
    handle = given if path is None else path
    handle = handle.removeprefix("@").removeprefix("＠")
    if HANDLE.fullmatch(handle) is None or (path is not None and handle.lower() in _PAGES):
        raise UsageError(
            f"'{_shown(given)}': is no handle; give one such as @handle (1 to 15 letters, digits "
            "or _), or the address of a profile"
        )
    return handle


def author_key(author: str) -> str:
    """What tells an author from others: of a handle its small letters, as on X; else the name."""
    name = author.lstrip("@")
    return name.lower() if HANDLE.fullmatch(name) else name


def _path_on_site(text: str) -> str | None:
    """The first part of the path if `text` is an address on X, "" if on another site, else None."""
    if "/" not in text:
        return None
    try:
        address = urlsplit(text if "://" in text else f"https://{text}")
        host = (address.hostname or "").lower()
    except ValueError:
        return ""
    for subdomain in _SUBDOMAINS:
        host = host.removeprefix(subdomain)
    if host not in _HOSTS or address.scheme not in ("http", "https"):
        return ""
    return address.path.lstrip("/").partition("/")[0]


def _shown(text: str) -> str:
    text = sanitize(text[: 4 * _LONGEST_SHOWN])
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
