"""The words, hashtags and emoji of a tweet as people would quote them."""

import re

from positivity.text.normalize import Normalizer

# A word, a hashtag or an emoji, and its kind: "word", "hashtag", "emoji".
Term = tuple[str, str]

_HASHTAG = re.compile(r"(?<!\w)#(\w*[^\W\d_]\w*)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SKIPPED = ("@", "http", "www.", "&")
_LONGEST_REMEMBERED = 40
_MOST_REMEMBERED = 200_000


class TermFinder:
    """Finds a tweet's terms; a word seen before is looked up."""

    def __init__(self, normalizer: Normalizer) -> None:
        self._normalizer = normalizer
        self._remembered: dict[str, tuple[Term, ...]] = {}

    def __call__(self, text: str) -> set[Term]:
        """The different terms of a tweet."""
        terms: set[Term] = set()
        remembered = self._remembered
        for word in text.split():
            found = remembered.get(word)
            if found is None:
                found = self._find(word)
            terms.update(found)
        return terms

    def _find(self, word: str) -> tuple[Term, ...]:
        found = tuple(self._terms(word))
        if len(word) <= _LONGEST_REMEMBERED:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[word] = found
        return found

    def _terms(self, word: str) -> list[Term]:
        if word.startswith(_SKIPPED):
            return []
        if word.isascii() and word.isalpha():  # what most words are
            return [("word", word.lower())] if len(word) > 1 else []
        terms = (
            [] if word.isascii() else [("emoji", each) for each in self._normalizer.emoji_in(word)]
        )
        hashtags = _HASHTAG.findall(word)
        if hashtags:
            return terms + [("hashtag", f"#{name.lower()}") for name in hashtags]
        words = (found.lower().replace("’", "'") for found in _WORD.findall(word))
        return terms + [("word", found) for found in words if len(found) > 1]
