"""Tweets that are most like those of a reference, out of many.

What a student is to be good at, it has to meet with its teacher at its side. Timelines are mostly
talk between friends, while SemEval's tweets are about films, games and politicians: of the former,
those are labelled whose words the latter would use. The measure is the difference of two
cross-entropies (Moore and Lewis 2010, "Intelligent selection of language model training data"),
here of single words.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"https?://\S+|[@#]?\w[\w']*")
_FEWEST = 6  # words of a tweet that can be like another
_UNSURE = 5.0  # words of no likeness that each tweet is taken to have: few words prove little


def most_alike(texts: Sequence[str], reference: Sequence[str], size: int) -> NDArray[np.int64]:
    """The rows of those texts that are most like the reference, in their own order.

    Args:
        size: of how many; fewer where fewer texts have enough words.
    """
    here = Counter(word for text in texts for word in _words(text))
    there = Counter(word for text in reference for word in _words(text))
    known = len(here | there)
    total_here, total_there = here.total() + known, there.total() + known
    gains = {
        word: np.log((there[word] + 1) / total_there) - np.log((count + 1) / total_here)
        for word, count in here.items()
    }
    likeness = np.full(len(texts), -np.inf)
    for row, text in enumerate(texts):
        words = list(_words(text))
        if len(words) >= _FEWEST:
            likeness[row] = sum(gains[word] for word in words) / (len(words) + _UNSURE)
    order = np.argsort(-likeness, kind="stable")[:size]
    return np.sort(order[np.isfinite(likeness[order])])


def _words(text: str) -> Iterator[str]:
    """The words that count: who is spoken to, and which link is given, tells nothing."""
    for word in _WORD.findall(text.lower()):
        if not word.startswith(("@", "http")):
            yield word
