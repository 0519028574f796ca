"""Scores of texts that were scored before: of feeds, where many say the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from positivity.model.scorer import Scorer

_MOST = 1 << 17  # texts: some 40 MB


@dataclass(frozen=True, slots=True)
class Encoded:
    """Texts on their way to the network."""

    ids: list[list[int]]  # of those that are to be scored, in the order of their places
    places: NDArray[np.int64]  # [texts], where each has its scores among those remembered
    start: int  # the place of the first that is to be scored


class RememberingScorer:
    """Scores normalized texts, one that is remembered only once.

    `encode` may run ahead of `score`, each in a thread of its own, as long as both see the same
    texts in the same order. With an engine whose scores depend on the batch nothing is remembered.
    """

    def __init__(self, scorer: Scorer, *, most: int = _MOST) -> None:
        """`most` is how many texts are remembered before all are forgotten."""
        self._scorer = scorer
        self._remembers = scorer.same_in_any_batch
        self._most = most
        self._places: dict[str, int] = {}
        self._scores = np.empty((0, 3), np.float32)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """The ids of the texts that have to be scored, and where all of them find their scores."""
        if not self._remembers:
            return Encoded(self._scorer.encode_normalized(texts), np.arange(len(texts)), 0)
        known = self._places
        if len(known) > self._most:
            known.clear()
        start = len(known)
        places = np.array([known.setdefault(text, len(known)) for text in texts], np.int64)
        new = texts
        if len(known) - start < len(texts):
            _, first = np.unique(places, return_index=True)  # in the order of the places
            new = [texts[row] for row in first[places[first] >= start].tolist()]
        return Encoded(self._scorer.encode_normalized(new), places, start)

    def score(self, encoded: Encoded) -> NDArray[np.float32]:
        """Probabilities [texts, 3] of texts as `encode` gave them."""
        end = encoded.start + len(encoded.ids)
        if end > len(self._scores):
            grown = np.empty((max(end, 2 * len(self._scores)), 3), np.float32)
            grown[: encoded.start] = self._scores[: encoded.start]
            self._scores = grown
        self._scores[encoded.start : end] = self._scorer.score_ids(encoded.ids)
        return self._scores[encoded.places]
