"""The array in a `.js` file of an X archive, `window.YTD.tweets.part0 = [...]`, bit by bit.

So are several of them, one after the other, as `cat page*.json` makes them.
"""

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from positivity.sources.reading import MOST_REJECTED, ByteStream

_CHUNK = 1 << 20
_LONGEST = 1 << 26  # no element is so long: what does not end must not fill the memory
_LONGEST_NAME = 1 << 10  # with the spaces around it
_OPENING = re.compile(r"\ufeff?\s*(?:([\w.]+)\s*=\s*)?\[")
_FIRST_KEY = re.compile(r'\s*\{\s*("\w+")\s*:\s*\{')
_BETWEEN = re.compile(r"[\s,]*")
_BEHIND = re.compile(r"(?:[\s,;\ufeff]+|//[^\n]*)*+")  # an array
# Python and pandas write NaN where there is nothing, which is no JSON.
DECODER = json.JSONDecoder(parse_constant=lambda _: None)


class Broken:
    """Stands for an element that cannot be read, or for the end of a file that is cut short."""


BROKEN = Broken()


def variable_of(head: str) -> str | None:
    """What the array is assigned to, such as `window.YTD.tweets.part0`; "" for nothing.

    None when the text does not begin with an array at all.
    """
    match = _OPENING.match(head)
    return match and (match[1] or "")


class Elements:
    """The elements of the arrays in a file; `BROKEN` in the place of what cannot be read.

    Of the text no more is held than the element that is being read, and about a megabyte. While an
    element is looked at, `line` is the number of the line that it begins in, from 1, and of what is
    broken `raw` is the text. `cut` is set when the file cannot be read to its end.
    """

    def __init__(self, stream: ByteStream, encoding: str = "utf-8") -> None:
        self.cut = False
        self.line = 1
        self.raw = ""
        self._text = _Text(stream, encoding)

    def __iter__(self) -> Iterator[Any]:
        text = self._text
        while True:
            if text.match(_OPENING) is None:
                self.line = text.line()
                text.give_up()
                yield self._broken()
                return
            yield from self._of_array()
            if text.at_end_of_file():
                return

    def _of_array(self) -> Iterator[Any]:
        text = self._text
        # In the new archives each element is an object with one key, the same for all; so behind a
        # broken element the next one can be found.
        key = text.match(_FIRST_KEY, take=False)
        resume = re.compile(r",\s*\{\s*" + re.escape(key[1]) + r"\s*:\s*\{") if key else None
        while not text.at_end():
            self.line = text.line()
            element = text.element(resume)
            yield self._broken() if element is BROKEN else element
        text.close_array()

    def _broken(self) -> Any:
        self.raw, self.cut = self._text.broken, self._text.cut
        return BROKEN


class _Text:
    """A window that moves over a text."""

    def __init__(self, stream: ByteStream, encoding: str) -> None:
        self._stream = io.BufferedReader(stream, _CHUNK)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._text = ""
        self._place = 0
        self._lines = 1  # the number of the line in which the window begins
        self._counted = 0  # how much of the window has been looked at for that
        self.broken = ""  # the text that could not be read
        self.cut = False  # what comes after it is lost, too
        self._whole = False  # all that there is has been read
        self._grow()

    def line(self) -> int:
        """The number of the line that is reached, from 1."""
        self._lines += self._text.count("\n", self._counted, self._place)
        self._counted = self._place
        return self._lines

    def match(self, pattern: re.Pattern[str], *, take: bool = True) -> re.Match[str] | None:
        """What stands here, if it matches."""
        found = pattern.match(self._text, self._place)
        if found and take:
            self._place = found.end()
        return found

    def at_end(self) -> bool:
        """Whether the array ends here. A text that ends without its bracket is not at its end."""
        return self._next(_BETWEEN) == "]"

    def close_array(self) -> None:
        """Move behind the bracket of an array."""
        self._place += 1

    def at_end_of_file(self) -> bool:
        """Whether nothing comes any more; if not, the window holds the next array's name."""
        if len(self._text) - self._place < _LONGEST_NAME and not self._whole:
            self._grow()
        return not self._next(_BEHIND)

    def _next(self, between: re.Pattern[str]) -> str:
        """The character behind what may stand between others; "" at the end of the file."""
        while True:
            self.match(between)
            if self._place < len(self._text) or self._whole:
                return self._text[self._place : self._place + 1]
            self._grow()

    def element(self, resume: re.Pattern[str] | None) -> Any:
        """The element that begins here, with the window moved behind it."""
        while True:
            try:
                value, self._place = DECODER.raw_decode(self._text, self._place)
                return value
            except (ValueError, RecursionError):
                later = resume and resume.search(self._text, self._place + 1)
                if later:
                    self.broken = self._text[self._place : later.start()]
                    self._place = later.start()
                    return BROKEN
            if self._whole or len(self._text) - self._place > _LONGEST:
                self.give_up()
                return BROKEN
            self._grow()

    def give_up(self) -> None:
        """Take what begins here as broken, and the file as cut: nothing comes any more."""
        self.broken = self._text[self._place : self._place + MOST_REJECTED]
        self.cut = self._whole = True
        self._text, self._place, self._counted = "]", 0, 0

    def _grow(self) -> None:
        """Forget what lies behind; read on, and at least double what lies ahead."""
        self.line()
        ahead = self._text[self._place :]
        more = self._stream.read(max(_CHUNK, len(ahead)))
        self._whole = not more
        text = self._decoder.decode(more, final=self._whole)
        self._text = ahead + (text.replace("\0", "") if "\0" in text else text)
        self._place = self._counted = 0
