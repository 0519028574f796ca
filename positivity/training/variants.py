"""New texts made from tweets, for a teacher to label.

A student that sees its teacher's answers on near relatives of the labelled tweets learns where the
borders run, not just which side each tweet is on (Tang et al. 2019, "Distilling task-specific
knowledge from BERT into simple neural networks").
"""

from collections.abc import Iterator, Sequence

import numpy as np

_REPLACED = 0.15  # share of the words that another one takes the place of, or nothing
_SHORTEST, _LONGEST = 3, 14  # words of a span


def variants(texts: Sequence[str], generator: np.random.Generator) -> Iterator[str]:
    """One variant of each tweet: some words replaced, a span of it, or two tweets spliced."""
    words = [text.split() for text in texts]
    pool = [word for each in words for word in each]
    kinds = generator.choice(3, size=len(words), p=[0.4, 0.25, 0.35])
    for kind, own in zip(kinds.tolist(), words, strict=True):
        if not own:
            continue
        if kind == 0:
            yield " ".join(_replaced(own, pool, generator))
        elif kind == 1:
            yield " ".join(_span(own, generator))
        else:
            other = words[int(generator.integers(len(words)))]
            yield " ".join(_spliced(own, other, generator))


def _replaced(own: list[str], pool: list[str], generator: np.random.Generator) -> Iterator[str]:
    draws = generator.random(len(own))
    for word, draw in zip(own, draws.tolist(), strict=True):
        if draw >= _REPLACED:
            yield word
        elif draw < _REPLACED / 2:
            yield pool[int(generator.integers(len(pool)))]  # as often as words are used


def _span(own: list[str], generator: np.random.Generator) -> list[str]:
    length = int(generator.integers(_SHORTEST, _LONGEST + 1))
    start = int(generator.integers(max(1, len(own) - length + 1)))
    return own[start : start + length]


def _spliced(own: list[str], other: list[str], generator: np.random.Generator) -> list[str]:
    """The beginning of one tweet and the end of another."""
    here = int(generator.integers(len(own) // 3, len(own) + 1))
    there = int(generator.integers(0, 2 * len(other) // 3 + 1))
    return own[:here] + other[there:]
