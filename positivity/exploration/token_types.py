"""The types of the tokens: how many of each there are, and with which label they go."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from positivity.exploration.findings import LabelWords, Rank, Tokens, most_frequent
from positivity.exploration.log_odds import tied_words

_MOST_TYPES = 1_000_000
_HEAD = 0.05  # of the types
_RANKS = 60
_SHOWN_WORDS, _SHOWN_TYPES = 12, 15


class TypeCounts:
    """Counts tokens by label and type; of too many types, the rarest are dropped."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}  # label -> type -> tokens
        self._tokens = 0
        self._pruned = False

    def add(self, tokens: Mapping[str, Sequence[str]]) -> None:
        """Takes note of the tokens of tweets of each label."""
        for label, some in tokens.items():
            self._counts.setdefault(label, Counter()).update(some)
            self._tokens += len(some)
        self._prune()

    def _prune(self) -> None:
        """Drops the rarest types of too many: lossy counting (Manku and Motwani 2002)."""
        while sum(map(len, self._counts.values())) > _MOST_TYPES:
            self._pruned = True
            least = min(min(counts.values(), default=1 << 62) for counts in self._counts.values())
            for label, counts in self._counts.items():
                kept = {word: count for word, count in counts.items() if count > least}
                self._counts[label] = Counter(kept)

    def findings(self) -> Tokens:
        """How the tokens are shared out among the types."""
        everything = _joined(self._counts.values())
        counts = np.sort(np.fromiter(everything.values(), np.int64, len(everything)))[::-1]
        head = math.ceil(_HEAD * len(counts))
        places = np.unique(np.geomspace(1, max(1, len(counts)), _RANKS).round().astype(int))
        ranks = [Rank(rank, int(counts[rank - 1])) for rank in places.tolist() if len(counts)]
        return Tokens(
            tokens=self._tokens,
            types=len(counts),
            once=int((counts == 1).sum()),
            head=head,
            head_share=float(counts[:head].sum() / max(1, self._tokens)),
            slope=_slope(ranks),
            ranks=tuple(ranks),
            most=most_frequent(everything, self._tokens, _SHOWN_TYPES),
            pruned=self._pruned,
        )

    def tied_to(self, labels: Sequence[str]) -> tuple[LabelWords, ...]:
        """The words most tied to each of these labels; nothing where there is one label only."""
        if len(labels) < 2:
            return ()
        labelled = {label: self._counts.get(label, Counter()) for label in labels}
        everything = _joined(labelled.values())
        return tuple(
            LabelWords(label, tied_words(inside, everything, _SHOWN_WORDS))
            for label, inside in labelled.items()
        )


def _joined(counters: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counters:
        total.update(each)
    return total


def _slope(ranks: Sequence[Rank]) -> float | None:
    """The slope of log count by log rank, by least squares; None where all are alike."""
    if len(ranks) < 3 or ranks[0].count == ranks[-1].count:
        return None
    logs = np.log([[each.rank, each.count] for each in ranks])
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])
