"""Which words of a tweet are names: of a person, a place, a product.

Whom a tweet is about says nothing of its feeling, yet a rare name is read by its parts, and some of
them are met in angrier tweets than others. So the names that are known, and whatever is typed like
a name and is no word, are all read alike.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from itertools import chain

_COMMON = 10_000  # words, of which a slip of the finger is looked for
_LEAST_LETTERS, _LEAST_LETTERS_OF_SLIP = 3, 5
# Words are made of others with these: "Disagreeable" is rare and yet says something.
_BEGINNINGS = ("anti", "dis", "mis", "non", "over", "un")
_ENDINGS = tuple(
    "able ate ed est ful hood ible ical ier iers ies ify ing ise ised ish ism ist ities ity ive "
    "ize ized izer izes less ly ment ness nesses ous ship sion sions tion tions".split()
)
_ENDINGS_OF_NAMES = ("s", "y", "er", "ers")  # too, so a word must be left without them


class Names:
    """The words that are taken for names.

    Args:
        given: names that are known, in lower case.
        words: English words, the most frequent first; what is one of them is no unknown name.
    """

    def __init__(self, given: Collection[str], words: Sequence[str]) -> None:
        self.given = frozenset(given)
        self._words = words

    def __contains__(self, typed: str) -> bool:
        """Whether a word, as it is typed, is a name."""
        lower = typed.lower()
        if lower in self.given:
            return True
        return (
            len(typed) >= _LEAST_LETTERS
            and typed.isalpha()
            and typed[0].isupper()
            and typed[1:].islower()
            and not lower.startswith(_BEGINNINGS)
            and not lower.endswith(_ENDINGS)
            and lower not in self._known
            and not self._is_made_of_a_word(lower)
            and not self._is_slip(lower)
        )

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._words)

    @cached_property
    def _nearly_common(self) -> frozenset[str]:
        common = (
            word
            for word in self._words[:_COMMON]
            if len(word) >= _LEAST_LETTERS_OF_SLIP and word not in self.given
        )
        return frozenset(chain.from_iterable(map(_with_one_less, common)))

    def _is_made_of_a_word(self, word: str) -> bool:
        return any(
            word.endswith(ending) and word.removesuffix(ending) in self._known
            for ending in _ENDINGS_OF_NAMES
        )

    def _is_slip(self, word: str) -> bool:
        """Whether a word is a common one with a letter missing, added, or in place of another.

        Two words are so near where both, or one of them, less a letter are the same (the idea of
        Garbe's SymSpell).
        """
        return len(word) >= _LEAST_LETTERS_OF_SLIP and not self._nearly_common.isdisjoint(
            _with_one_less(word)
        )


def _with_one_less(word: str) -> list[str]:
    """A word, and what is left of it without each of its letters."""
    return [word, *[word[:at] + word[at + 1 :] for at in range(len(word))]]
