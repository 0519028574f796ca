"""What an explanation is made from, gathered while the scored tweets stream by, in flat memory."""

import heapq
from collections.abc import Sequence, Set
from hashlib import blake2b
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from positivity.account.evidence import CLEAR, Strongest, TermCounts, Terms
from positivity.account.quantify import NEGATIVE, POSITIVE
from positivity.account.report import StrongTweet, Term
from positivity.account.runs import TermKey
from positivity.account.tally import SCORE_DIGITS, labels_of
from positivity.tweets import TweetBatch

CANDIDATES = 30  # terms a side whose effect is measured
SAMPLED = 4096  # different texts a side, to measure it on
SHOWN_UNSURE = 5


class Grounds:
    """The terms of clear tweets, a sample of these, and the tweets without a clear label.

    Like the tally it depends on the tweets alone, not on their order or batches.
    """

    def __init__(self, terms: Terms) -> None:
        self._find = terms
        self._terms = TermCounts(terms)
        self._samples = {NEGATIVE: _Sample(SAMPLED), POSITIVE: _Sample(SAMPLED)}
        self._unsure = Strongest()

    def add(
        self,
        batch: TweetBatch,
        probabilities: npt.NDArray[np.float32],
        left_out: Sequence[str | None],
    ) -> None:
        """Take note of n tweets; `probabilities` [n, 3] and `left_out` [n] as for a `Tally`."""
        rows = np.flatnonzero(np.array([reason is None for reason in left_out], np.bool_))
        scores = probabilities[rows].astype(np.float64).round(SCORE_DIGITS)
        labels = labels_of(scores)
        self._unsure.add(batch, rows, (1 - scores.max(axis=1, initial=0)).round(SCORE_DIGITS))
        for side in (NEGATIVE, POSITIVE):
            clear = rows[(labels == side) & (scores[:, side] >= CLEAR)]
            texts = batch.column("text").take(pa.array(clear)).to_pylist()
            self._terms.add(texts, positive=side == POSITIVE)
            for text in texts:
                self._samples[side].add(text)

    def terms_of(self, text: str) -> Set[TermKey]:
        """The different terms of a text."""
        return self._find([text]).keys()

    def candidates(self) -> tuple[Term, ...]:
        """The terms that go with either side most."""
        positive, negative = self._terms.top(CANDIDATES)
        return positive + negative

    def texts(self) -> list[str]:
        """A sample of the clear tweets, in an order that has nothing to do with the tweets'."""
        return [text for sample in self._samples.values() for text in sample.texts()]

    def least_sure(self, zone: ZoneInfo) -> tuple[StrongTweet, ...]:
        """The tweets whose most probable label is the least probable one."""
        return self._unsure.top(zone, SHOWN_UNSURE)


class _Sample:
    """At most `size` different texts, those with the smallest hash: a random sample of all."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._texts: dict[bytes, str] = {}

    def add(self, text: str) -> None:
        self._texts[blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()] = text
        if len(self._texts) >= 2 * self._size:
            self._texts = dict(heapq.nsmallest(self._size, self._texts.items()))

    def texts(self) -> list[str]:
        return [text for _, text in heapq.nsmallest(self._size, self._texts.items())]
