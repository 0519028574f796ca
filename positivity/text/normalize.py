"""Tweet -> the plain, lower-case words and signals that the model reads.

Pure: the result depends on the tweet and on the tables given, which are frozen with each model.
A tweet is normalized one whitespace-separated word at a time. Words repeat, so their results are
remembered; and since each word is one unit, `align` maps every piece of the result to its span in
the original from the same code.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

from positivity.text import emoticons
from positivity.text.emojis import MODIFIERS
from positivity.text.hashtags import split, word_costs
from positivity.text.last_mark import without_last_mark
from positivity.text.names import Names
from positivity.text.plain_words import parts
from positivity.text.unicode_folding import KEYCAP, ZERO_WIDTH_JOINER, fold

# Goes up whenever the same tweet may give another result: models say which version they read.
VERSION = 1

URL, USER, EMAIL = "<url>", "<user>", "<email>"
NUMBER, MONEY, TIME, CASHTAG = "<number>", "<money>", "<time>", "<cashtag>"
HASHTAG, RETWEET = "<hashtag>", "<rt>"
ELONGATED, SHOUTED, REPEATED = "<elongated>", "<shouted>", "<repeated>"
TOKENS = (
    *(URL, USER, EMAIL, NUMBER, MONEY, TIME, CASHTAG, HASHTAG, RETWEET),
    *(ELONGATED, SHOUTED, REPEATED),
    *emoticons.TOKENS,
)
NAME = "<name>"  # for a normalizer with names

# Contractions without their apostrophe, where they are no other common word ("wont" and "cant" are
# words, but not on Twitter). With it, any "…n't" is understood.
_BARE_NEGATIONS = frozenset(
    "aint arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mustnt neednt shouldnt "
    "wasnt werent wont wouldnt".split()
)
_CLITICS = frozenset({"s", "m", "re", "ll", "ve", "d"})
_STEMS = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}

_TOP_LEVEL = "com|org|net|edu|gov|info|ly|co|gl|fm|tv|me|io|ai|uk|de|be|gd"
_LEXER = re.compile(
    rf"""
      (?P<url> https?:?/*\S*(?<=[:/…]) (?=$|\s)             # cut short: "https:/…"
             | https?://\S+ | www\.\w\S+ | pic\.twitter\.com/\S+
             | (?<![\w@.]) (?:[\w-]+\.)+ (?:{_TOP_LEVEL}) (?:/\S*|(?![\w@-]|\.\w)) )
    | (?P<email> (?<![\w.+-]) [\w.+-]{{1,64}}@[\w-]+(?:\.[\w-]+)+ )
    | (?P<user> (?<!\w) @\w+:? )
    | (?P<hashtag> (?<!\w) \#\w*[^\W\d_]\w* )
    | (?P<money> [$£€¥₹]\d[\d.,]*(?:[kmb]|bn)?(?!\w) | (?<!\w)\d[\d.,]*[$£€¥₹] )
    | (?P<cashtag> (?<!\w) \$[A-Za-z]{{1,6}}(?!\w) )
    | (?P<time> (?<![\w:]) \d{{1,2}}(?: :\d\d(?::\d\d)?(?:[ap]\.?m\b\.?)? | [ap]\.?m\b\.? )(?!\w) )
    | (?P<emoticon> {emoticons.PATTERN} )
    | (?P<number> (?<!\w) [+-]?\d+(?:[.,:]\d+)*(?:k|m|bn|th|st|nd|rd|s)?(?!\w) )
    | (?P<word> [^\W_]+(?:['_][^\W_]+)* )
    | (?P<ellipsis> \.\.+ )
    | (?P<punctuation> [!?]+ )
    | (?P<other> (?P<any>\S)(?P=any)* )
    """,
    re.VERBOSE,
)
_LONG_RUN = re.compile(r"([^\W\d])\1\1+")
_LAUGHTER = re.compile(
    r"(?:[bm]?w?a?h?(ha|he|hi|hu|ja|je)(?:\1)+[hsaj]{0,2}|a?(?:ha){2,}h?|l(?:ol){2,}|loo+l)"
)
_CONTENT = re.compile(r"(?:^| )(?!<(?:url|user|rt)>)\S*?[^\W_]")
# Three letters or more (shorter ones may be emoticons, as "xDD" is), none of them three times in a
# row.
_SIMPLE = re.compile(
    r"(?!http|(?-i:xdD|xDD|XDD)\b|.*([a-z])\1\1)([a-z]{3,})([.,;:!?]?)", re.IGNORECASE | re.ASCII
)
_LONGEST_REMEMBERED = 40
_MOST_REMEMBERED = 150_000


class Piece(NamedTuple):
    """A piece of a normalized tweet and the span of the original that it stands for."""

    text: str
    start: int
    end: int


class Normalizer:
    """Normalizes with one set of tables.

    Args:
        emoji: bare emoji (`emojis.bare`) -> name between colons.
        words: English words, the most frequent first: how hashtags and drawn-out words are read.
        readings: words that are read as one or several others, which say the same.
        names: given names. They, and what is typed like a name and is no word, are read as
            `<name>`; where there are none, nothing is.
        last_mark: whether to keep what `without_last_mark` takes away.
    """

    def __init__(
        self,
        emoji: Mapping[str, str],
        words: Sequence[str],
        *,
        readings: Mapping[str, str] | None = None,
        names: Collection[str] = (),
        last_mark: bool = True,
    ) -> None:
        self.emoji = dict(emoji)
        self.words = tuple(words)
        self.readings = dict(readings or {})
        self.names = tuple(sorted(names))
        self.last_mark = last_mark
        self.is_name = Names(names, self.words).__contains__ if names else None
        self._longest_emoji = max(map(len, self.emoji), default=0)
        # Digits begin keycaps, which carry their own mark; all others show at their first one.
        self._emoji_starts = frozenset(
            sequence[0] for sequence in self.emoji if not sequence[0].isascii()
        )
        self._remembered = _Memory(self)

    @property
    def tables(self) -> dict[str, Any]:
        """What makes a normalizer like this one, as JSON can hold it: `Normalizer(**tables)`."""
        tables: dict[str, Any] = {"emoji": self.emoji, "words": self.words}
        if self.readings:
            tables["readings"] = self.readings
        if self.names:
            tables["names"] = self.names
        return tables if self.last_mark else tables | {"last_mark": False}

    @cached_property
    def _costs(self) -> dict[str, float]:
        return word_costs(list(self.words))

    def normalize(self, text: str) -> str:
        """The tweet as the model reads it: pieces with one space between them."""
        return self.normalize_many([text])[0]

    def normalize_many(self, texts: Iterable[str]) -> list[str]:
        """`normalize` of each text."""
        pieces = self._remembered.__getitem__
        normalized = ["".join(map(pieces, text.split()))[1:] for text in texts]
        return normalized if self.last_mark else list(map(self.ended, normalized))

    def ended(self, normalized: str) -> str:
        """A normalized text, or what is left of one, as the model reads its end."""
        return normalized if self.last_mark else without_last_mark(normalized)

    def align(self, text: str) -> list[Piece]:
        """The pieces of `normalize(text)`, each with its span in `text`."""
        pieces = [
            Piece(piece.text, piece.start + word.start(), piece.end + word.start())
            for word in re.finditer(r"\S+", text)
            for piece in self._word(word[0])
        ]
        kept = self.ended(" ".join(piece.text for piece in pieces)).split()
        rest = iter(pieces)  # marks are missing at the end only, where links are all that follows
        return [next(piece for piece in rest if piece.text == text) for text in kept]

    def emoji_in(self, text: str) -> list[str]:
        """The emoji of a text, bare, in their order."""
        plain, _, _ = fold(text)
        found, at = [], 0
        while at < len(plain):
            length = self._emoji_at(plain, at)
            if length:
                found.append(plain[at : at + length])
            at += length or 1
        return found

    def _word(self, word: str) -> Iterator[Piece]:
        """The pieces of one whitespace-separated word."""
        if word.isascii() and word.isprintable() and "&" not in word:
            yield from self._lex(word)
            return
        plain, starts, ends = fold(word)
        for piece in self._lex_with_emoji(plain):
            yield Piece(piece.text, starts[piece.start], ends[piece.end - 1])

    def _lex_with_emoji(self, word: str) -> Iterator[Piece]:
        """Pieces of a word of plain characters in which there may be emoji."""
        text_from = at = 0
        while at < len(word):
            length = self._emoji_at(word, at)
            if not length:
                at += 1
                continue
            yield from self._lex(word, text_from, at)
            emoji = word[at : at + length]
            end = at + length
            while word.startswith(emoji, end) and self._emoji_at(word, end) == length:
                end += length
            yield Piece(self.emoji[emoji], at, end)
            if end > at + length:
                yield Piece(REPEATED, at, end)
            at = text_from = end
        yield from self._lex(word, text_from, at)

    def _emoji_at(self, word: str, at: int) -> int:
        """Length of the longest emoji at this place; 0 where there is none."""
        if word[at] not in self._emoji_starts and word[at + 1 : at + 2] != KEYCAP:
            return 0
        longest = min(self._longest_emoji, len(word) - at)
        return next((n for n in range(longest, 0, -1) if word[at : at + n] in self.emoji), 0)

    def _lex(self, word: str, start: int = 0, end: int | None = None) -> Iterator[Piece]:
        for match in _LEXER.finditer(word, start, len(word) if end is None else end):
            yield from self._lexeme(str(match.lastgroup), match[0], match.start())

    def _lexeme(self, kind: str, text: str, at: int) -> Iterator[Piece]:
        end = at + len(text)
        match kind:
            case "word":
                yield from self._plain_word(text, at)
            case "hashtag":
                yield Piece(HASHTAG, at, at + 1)
                for i, j in split(text[1:], self._costs):
                    word = text[1 + i : 1 + j].lower()
                    for piece in self.readings.get(word, word).split():
                        yield Piece(piece, at + 1 + i, at + 1 + j)
            case "emoticon":
                yield Piece(emoticons.token(text), at, end)
                if len(text) > 3 and text[-1] == text[-2] == text[-3]:
                    yield Piece(REPEATED, at, end)
            case "punctuation":
                for mark in dict.fromkeys(text):
                    yield Piece(mark, at, end)
                if len(text) > len(set(text)):
                    yield Piece(REPEATED, at, end)
            case "ellipsis":
                yield Piece("...", at, end)
            case "other":
                if text[0] not in "_" + ZERO_WIDTH_JOINER + KEYCAP and text[0] not in MODIFIERS:
                    yield Piece(text[0], at, end)
            case _:  # url, user, email, money, cashtag, time, number
                yield Piece(f"<{kind}>", at, end)

    def _plain_word(self, text: str, at: int) -> Iterator[Piece]:
        end = at + len(text)
        if text == "RT":
            yield Piece(RETWEET, at, end)
            return
        word = text.lower()
        elongated = False
        if _LAUGHTER.fullmatch(word):
            word, elongated = ("lol" if word[0] == "l" else "haha"), len(word) > 5
        elif _LONG_RUN.search(word):
            word, elongated = self._shortened(word), True
        stem = 0 if elongated else _stem_length(word)
        negation = stem > 0 and word.endswith("t")
        before, after = word[: stem or None], word[stem:]
        if negation:
            before, after = _STEMS.get(before, before), "not"
        elif before in self.readings:
            before = self.readings[before]
        elif self.is_name and word == text.lower() and self.is_name(text[: stem or None]):
            before = NAME
        for piece in before.split():
            yield Piece(piece, at, at + stem if stem else end)
        if stem:
            yield Piece(after, at + stem, end)
        if elongated:
            yield Piece(ELONGATED, at, end)
        if len(text) > 2 and text.isupper() and text.isalpha():
            yield Piece(SHOUTED, at, end)

    def _shortened(self, word: str) -> str:
        """The most frequent reading ("soooo" is "so", "goooood" is "good"), else two of each."""
        doubled = _LONG_RUN.sub(r"\1\1", word)
        runs = [run.span() for run in _LONG_RUN.finditer(word)]
        if len(runs) > 3:
            return doubled
        readings = []
        for lengths in product((2, 1), repeat=len(runs)):
            kept, at = [], 0
            for (start, stop), length in zip(runs, lengths, strict=True):
                kept += [word[at:start], word[start] * length]
                at = stop
            readings.append("".join(kept) + word[at:])
        return min(readings, key=lambda reading: self._costs.get(reading, float("inf")))


def _stem_length(word: str) -> int:
    """Length of what stands before the contracted word in "don't", "dont" or "we're"; 0 if none."""
    if "'" not in word:
        return len(word) - 2 if word in _BARE_NEGATIONS else 0
    if word.endswith("n't") and len(word) > 4:
        return len(word) - 3
    stem, _, rest = word.rpartition("'")
    return len(stem) if rest in _CLITICS and stem.isalpha() else 0


def says_something(normalized: str) -> bool:
    """Whether there is a word, a number, an emoji or an emoticon, not just links and handles."""
    return _CONTENT.search(normalized) is not None


def _simple(
    word: str, readings: Mapping[str, str], is_name: Callable[[str], bool] | None
) -> str | None:
    """What `_word` gives for a plain word, perhaps with a mark after it, at a tenth of the cost.

    None for whatever needs a closer look.
    """
    match = _SIMPLE.fullmatch(word)
    if match is None:
        return None
    _, letters, mark = match.groups()
    plain = letters.lower()
    if plain in _BARE_NEGATIONS or _LAUGHTER.fullmatch(plain):
        return None
    if plain in readings:
        plain = readings[plain]
    elif is_name and is_name(letters):
        plain = NAME
    shouted = f" {SHOUTED}" if letters.isupper() else ""
    return f" {plain}{shouted} {mark}" if mark else f" {plain}{shouted}"


class _Memory(dict[str, str]):
    """Word -> its pieces, each with a space before it. Bounded; forgetting changes no result."""

    def __init__(self, normalizer: Normalizer) -> None:
        super().__init__()
        self._normalizer = normalizer

    def __missing__(self, word: str) -> str:
        # Nearly all handles and links are new ones: worth a short cut, not worth remembering.
        first = word[0]
        if first == "@":
            if word.isascii() and word[1:].replace("_", "a").isalnum():
                return f" {USER}"
        elif (
            first == "h"
            and word.startswith(("https://", "http://"))
            and word.isascii()
            and len(word) > 8
            and word[-1] not in ":/"
        ):
            return f" {URL}"
        normalizer = self._normalizer
        result = _simple(word, normalizer.readings, normalizer.is_name) or self._read(word)
        if len(word) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[word] = result
        return result

    def _read(self, word: str) -> str:
        found = parts(word)
        if found is not None:
            return "".join([self[part] for part in found])
        return "".join([f" {piece.text}" for piece in self._normalizer._word(word)])
