"""The words, hashtags and emoji of a tweet as people would quote them."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain

from positivity.text.normalize import Normalizer

# A word, a hashtag or an emoji, and its kind: "word", "hashtag", "emoji".
Term = tuple[str, str]

_HASHTAG = re.compile(r"(?<!\w)#(\w*[^\W\d_]\w*)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MARKS = ".,:;!?…'\"“”‘’()"  # which may be around a word, and say nothing
_SKIPPED = ("@", "http", "www.", "&")
_MOST_REMEMBERED = 1_000_000  # characters of words, some 125,000 words


class TermFinder:
    """Finds the terms of tweets; a word seen before is looked up."""

    def __init__(self, normalizer: Normalizer) -> None:
        self._normalizer = normalizer
        self._words = _Words(self._terms)

    def __call__(self, texts: Iterable[str]) -> dict[Term, int]:
        """In how many of some tweets each term occurs."""
        if self._words.characters > _MOST_REMEMBERED:  # forgetting changes no result
            self._words = _Words(self._terms)
        words = self._words
        numbers: list[int] = []
        for text in texts:
            numbers += set(chain.from_iterable(map(words.__getitem__, text.split())))
        return {words.terms[number]: tweets for number, tweets in Counter(numbers).items()}

    def _terms(self, word: str) -> list[Term]:
        bare = word.strip(_MARKS)
        if bare.isascii() and bare.isalpha():  # what most words are
            return [("word", bare.lower())] if len(bare) > 1 else []
        terms = (
            [] if word.isascii() else [("emoji", each) for each in self._normalizer.emoji_in(word)]
        )
        hashtags = _HASHTAG.findall(word)
        if hashtags:
            return terms + [("hashtag", f"#{name.lower()}") for name in hashtags]
        words = (found.lower().replace("’", "'") for found in _WORD.findall(word))
        return terms + [("word", found) for found in words if len(found) > 1]


class _Words(dict[str, tuple[int, ...]]):
    """Word -> the numbers of its terms: these are hashed and compared sooner than terms are."""

    def __init__(self, terms_of: Callable[[str], list[Term]]) -> None:
        super().__init__()
        self._terms_of = terms_of
        self._numbers: dict[Term, int] = {}
        self.characters = 0  # of all these words
        self.terms: list[Term] = []  # by number

    def __missing__(self, word: str) -> tuple[int, ...]:
        if word.startswith(_SKIPPED):  # nearly all are new ones, not worth remembering
            return ()
        found = self[word] = tuple(map(self._number, self._terms_of(word)))
        self.characters += len(word)
        return found

    def _number(self, term: Term) -> int:
        number = self._numbers.setdefault(term, len(self.terms))
        if number == len(self.terms):
            self.terms.append(term)
        return number
