"""How long tweets are, in tokens."""

import math
from collections.abc import Sequence

import numpy as np

from positivity.exploration.findings import Cut, Lengths, Quantile

_QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
_LONGEST = 4096  # tokens that are told apart


class LengthCounts:
    """Counts tweets by their lengths.

    Args:
        cut: tokens of a tweet beyond which the loss is told.
    """

    def __init__(self, cut: int) -> None:
        self._cut = cut
        self._counts = np.zeros(_LONGEST + 1, np.int64)
        self._tokens = self._tokens_cut = self._longest = 0

    def add(self, lengths: Sequence[int]) -> None:
        """Takes note of the lengths of some tweets."""
        some = np.array(lengths, np.int64)
        self._counts += np.bincount(np.minimum(some, _LONGEST), minlength=_LONGEST + 1)
        self._tokens += int(some.sum())
        self._tokens_cut += int(np.maximum(some - self._cut, 0).sum())
        self._longest = max(self._longest, int(some.max(initial=0)))

    def findings(self) -> Lengths:
        """What they are like; there must be a tweet."""
        tweets = int(self._counts.sum())
        reached = np.cumsum(self._counts)
        quantiles = [
            Quantile(share, int(np.searchsorted(reached, math.ceil(share * tweets))))
            for share in _QUANTILES
        ]
        if self._longest > _LONGEST:
            quantiles[-1] = Quantile(1.0, self._longest)
        longer = int(self._counts[self._cut + 1 :].sum())
        share_cut = self._tokens_cut / max(1, self._tokens)
        cut = Cut(self._cut, longer, longer / tweets, self._tokens_cut, share_cut)
        last = int(np.flatnonzero(self._counts)[-1])
        histogram = tuple(self._counts[: last + 1].tolist())
        return Lengths(self._tokens / tweets, tuple(quantiles), histogram, cut)
