"""The tables and the vocabulary of a model, learnt from tweets."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from positivity.text.emojis import compile_table
from positivity.text.normalize import NAME, TOKENS, Normalizer
from positivity.text.tokenizer import TOKENIZERS, Tokenizer
from positivity.training.recipe import TokenizerRecipe

# Words typed as words: not parts of links, handles and hashtags, which are run together themselves.
_WORD = re.compile(r"(?<![\w@#/.:'&-])[a-z]+(?:'[a-z]+)?(?![\w@/:'-]|\.\w)")
_LEAST_COUNT = 5
_ONE_LETTER_WORDS = frozenset("aiu")
# Short words are the parts that anything can be cut into: only common ones help to split hashtags.
_SHORT, _LEAST_SHARE_OF_SHORT = 3, 4e-6
_MET = 400  # how often a word is met that is to be a piece of its own


def known_words(texts: Iterable[str], size: int) -> list[str]:
    """The most frequent words of tweets as typed, the most frequent first."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_WORD.findall(text.lower()))
    total = counts.total()

    def is_word(word: str, count: int) -> bool:
        if len(word) == 1:
            return word in _ONE_LETTER_WORDS
        if len(word) <= _SHORT:
            return count >= _LEAST_SHARE_OF_SHORT * total
        return count >= _LEAST_COUNT and not re.search(r"(.)\1\1", word)

    kept = [word for word, count in counts.items() if is_word(word, count)]
    return sorted(kept, key=lambda word: (-counts[word], word))[:size]


def train_vocabulary(
    texts: Sequence[str],
    recipe: TokenizerRecipe,
    uncut: Sequence[str] = (),
    names: Sequence[str] = (),
    readings: Mapping[str, str] | None = None,
) -> tuple[Normalizer, Tokenizer]:
    """The normalizer's tables and the tokenizer, from tweets as typed.

    Args:
        uncut: words that are to be pieces of their own, though tweets may seldom have them.
        names: given names, which the normalizer is to read alike.
        readings: words that it is to read as others.
    """
    words = known_words(texts, recipe.words)
    normalizer = Normalizer(compile_table(), words, names=names, readings=readings)
    normalized = normalizer.normalize_many(texts)
    emoji = _frequent_emoji(normalized, normalizer, recipe.emoji)
    whole = [*TOKENS, *([NAME] if names else []), *emoji]
    tokenizer: Tokenizer = TOKENIZERS[recipe.kind].train(
        [*normalized, *_seldom_met(normalized, uncut)], size=recipe.size, whole=whole
    )
    return normalizer, tokenizer


def _frequent_emoji(normalized: Iterable[str], normalizer: Normalizer, size: int) -> list[str]:
    names = set(normalizer.emoji.values())
    counts: Counter[str] = Counter()
    for text in normalized:
        if ":" in text:
            counts.update(piece for piece in text.split(" ") if piece in names)
    return sorted(counts, key=lambda name: (-counts[name], name))[:size]


def _seldom_met(normalized: Iterable[str], words: Sequence[str]) -> list[str]:
    """Texts in which each word stands as often as the tweets lack it."""
    wanted = frozenset(words)
    counts: Counter[str] = Counter()
    for text in normalized if wanted else ():
        counts.update(wanted.intersection(text.split(" ")))
    lacking = [word for word in words for _ in range(_MET - counts[word])]
    # In company that changes, now in the middle and now at the end: what always goes on alike is
    # no unit of its own to the tokenizer's suffix array.
    random.Random(0).shuffle(lacking)
    return [" ".join(lacking[i : i + 5]) for i in range(0, len(lacking), 5)]
