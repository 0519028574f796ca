"""The long posts of an X archive, which keeps the beginning of each apart from its whole text."""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from positivity.sources.dates import parse_time

_LINK = re.compile(r"https?://[^\s…]+")
_LAST_LINKS = re.compile(r"(?:\s*\0)+$")
_MENTIONS = re.compile(r"(?:@\w+\s+)+")
_SECONDS = 5  # how far apart the archive may note the times of one post
_SHORTEST = 10  # what a text without … must have to be taken for a beginning
_TEXTS = ("core", "noteTweetResults", "noteTweetContents")


class LongPosts:
    """Finds the whole text of a tweet that the archive has cut; each is given away once."""

    def __init__(self) -> None:
        self._by_id: dict[str, str] = {}
        self._by_second: dict[datetime, list[str]] = {}

    def __len__(self) -> int:
        """How many have not been found a tweet for."""
        return len(self._by_id) + sum(map(len, self._by_second.values()))

    def add(self, element: Any) -> bool:
        """Take in an element of `note-tweet.js`; False if it holds no text."""
        note = element.get("noteTweet", element) if isinstance(element, dict) else None
        text = _text_of(note) if isinstance(note, dict) else None
        if not note or text is None:
            return False
        if note.get("tweetId"):
            self._by_id[str(note["tweetId"])] = text
        else:
            time = parse_time(str(note.get("createdAt"))) or datetime.min
            self._by_second.setdefault(time.replace(microsecond=0), []).append(text)
        return True

    def whole(self, tweet_id: str | None, time: datetime | None, text: str) -> str:
        """The whole of a tweet's text; `text` itself when that is all, or nothing is found."""
        if tweet_id is not None and tweet_id in self._by_id:
            post = self._by_id.pop(tweet_id)
            return _joined(text, post) or post
        if time is None:
            return text
        for posts, post in self._near(time.replace(microsecond=0)):
            found = _joined(text, post)
            if found is not None:
                posts.remove(post)
                return found
        return text

    def _near(self, time: datetime) -> Iterator[tuple[list[str], str]]:
        for seconds in sorted(range(-_SECONDS, _SECONDS + 1), key=abs):
            posts = self._by_second.get(time + timedelta(seconds=seconds), [])
            for post in list(posts):
                yield posts, post


def _text_of(note: Mapping[str, Any]) -> str | None:
    """The text of a long post, wherever the archive of its year keeps it."""
    for place in (*(note.get(key) for key in _TEXTS), note):
        if isinstance(place, dict) and isinstance(place.get("text"), str):
            return str(place["text"])
    return None


def _joined(text: str, post: str) -> str | None:
    """The whole of `text` if `post` goes on where it is cut, else None.

    Some archives write the long posts with HTML entities and some without; the mentions that
    begin a reply are not always part of the post; and the links of the two are shortened apart.
    """
    mentions = _MENTIONS.match(text)
    for lead in ("", mentions[0]) if mentions else ("",):
        body = _plain(text[len(lead) :])
        begin = _LAST_LINKS.sub("", body)
        cut = begin.endswith("…")
        begin = begin.rstrip("… ")
        if len(begin) < (1 if cut else _SHORTEST):
            continue
        for whole in (post, html.unescape(post)):
            plain = _plain(whole)
            if plain.startswith(begin):
                return lead + whole if plain not in (begin, body) else text
    return None


def _plain(text: str) -> str:
    """A text to compare by: all links alike, and one space between words."""
    return " ".join(_LINK.sub("\0", text).split())
