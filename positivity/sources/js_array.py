"""The array in a `.js` file of an X archive, `window.YTD.tweets.part0 = [...]`, bit by bit."""

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from positivity.sources.reading import ByteStream

_CHUNK = 1 << 20
_LONGEST = 1 << 26  # no element is so long: what does not end must not fill the memory
_OPENING = re.compile(r"\ufeff?\s*(?:([\w.]+)\s*=\s*)?\[")
_FIRST_KEY = re.compile(r'\s*\{\s*("\w+")\s*:\s*\{')
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


class Broken:
    """Stands for an element that cannot be read, or for the end of a file that is cut short."""


BROKEN = Broken()


def variable_of(head: str) -> str | None:
    """What the array is assigned to, such as `window.YTD.tweets.part0`; "" for nothing.

    None when the text does not begin with an array at all.
    """
    match = _OPENING.match(head)
    return match and (match[1] or "")


def elements(stream: ByteStream) -> Iterator[Any]:
    """The elements of the array in a file; `BROKEN` in the place of what cannot be read.

    Of the text no more is held than the element that is being read, and about a megabyte.
    """
    text = _Text(stream)
    opening = text.match(_OPENING)
    if opening is None:
        yield BROKEN
        return
    # In the new archives each element is an object with one key, the same for all; so behind a
    # broken element the next one can be found.
    key = text.match(_FIRST_KEY, take=False)
    resume = re.compile(r",\s*\{\s*" + re.escape(key[1]) + r"\s*:\s*\{") if key else None
    while not text.at_end():
        yield text.element(resume)


class _Text:
    """A window that moves over a text."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = io.BufferedReader(stream, _CHUNK)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._place = 0
        self._whole = False  # all that there is has been read
        self._grow()

    def match(self, pattern: re.Pattern[str], *, take: bool = True) -> re.Match[str] | None:
        """What stands here, if it matches."""
        found = pattern.match(self._text, self._place)
        if found and take:
            self._place = found.end()
        return found

    def at_end(self) -> bool:
        """Whether the array ends here. A text that ends without its bracket is not at its end."""
        while True:
            self.match(_BETWEEN)
            if self._place < len(self._text):
                return self._text[self._place] == "]"
            if self._whole:
                return False
            self._grow()

    def element(self, resume: re.Pattern[str] | None) -> Any:
        """The element that begins here, with the window moved behind it."""
        while True:
            try:
                value, self._place = _DECODER.raw_decode(self._text, self._place)
                return value
            except (ValueError, RecursionError):
                later = resume and resume.search(self._text, self._place + 1)
                if later:
                    self._place = later.start()
                    return BROKEN
            if self._whole or len(self._text) - self._place > _LONGEST:
                self._text, self._place = "]", 0
                return BROKEN
            self._grow()

    def _grow(self) -> None:
        """Forget what lies behind; read on, and at least double what lies ahead."""
        ahead = self._text[self._place :]
        more = self._stream.read(max(_CHUNK, len(ahead)))
        self._whole = not more
        self._text = ahead + self._decoder.decode(more, final=self._whole)
        self._place = 0
