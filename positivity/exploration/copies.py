"""Tweets that come again, to the letter or nearly so."""

from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from positivity.exploration.findings import Duplicates, Repeated

_MOST_TEXTS = 50_000  # of those that may come again
_SHOWN, _SIMILAR = 5, 2000


class Copies:
    """Keeps two numbers for each tweet, and the texts of those that come often."""

    def __init__(self) -> None:
        self._exact, self._near = array("q"), array("q")
        self._repeats = _Repeats(_MOST_TEXTS)

    def add(self, text: str, said: str) -> None:
        """Takes note of a tweet; `said` is what near copies have in common, empty if nothing."""
        near = hash(said) if said else 0
        self._exact.append(hash(text))
        self._near.append(near)
        if near:
            self._repeats.add(near, text)

    def findings(self, labels: NDArray[np.uint8] | None) -> Duplicates:
        """What came again.

        Args:
            labels: of each tweet, 0 for none; None where the data has no labels.
        """
        exact = np.frombuffer(self._exact, np.int64)
        near = np.frombuffer(self._near, np.int64)
        said = near != 0
        keys, group, counts = np.unique(near[said], return_inverse=True, return_counts=True)
        return Duplicates(
            exact=len(exact) - len(np.unique(exact)),
            near=int(said.sum()) - len(keys),
            groups=int((counts > 1).sum()),
            contradictions=None if labels is None else _contradicting(labels[said], group, counts),
            most=self._most(keys, counts),
        )

    def _most(self, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[Repeated, ...]:
        # Keys are in no order: of like counts, the texts decide.
        largest = np.argsort(-counts, kind="stable")[:_SIMILAR].tolist()
        most = [
            Repeated(text, int(counts[i]))
            for i in largest
            if counts[i] > 1 and (text := self._repeats.text(int(keys[i]))) is not None
        ]
        most.sort(key=lambda each: (-each.count, each.text))
        return tuple(most[:_SHOWN])


def _contradicting(
    labels: NDArray[np.uint8], group: NDArray[np.int64], counts: NDArray[np.int64]
) -> int:
    """Tweets of groups that have several labels."""
    low, high = np.full(len(counts), 255, np.uint8), np.zeros(len(counts), np.uint8)
    labelled = labels != 0
    np.minimum.at(low, group[labelled], labels[labelled])
    np.maximum.at(high, group[labelled], labels[labelled])
    return int(counts[high > low].sum())


class _Repeats:
    """A text for each key that comes often; those that came once make room for new ones."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._once: dict[int, str] = {}
        self._again: dict[int, list[Any]] = {}  # key -> [times, text]

    def add(self, key: int, text: str) -> None:
        known = self._again.get(key)
        if known is not None:
            known[0] += 1
        elif key in self._once:
            self._again[key] = [2, self._once.pop(key)]
        else:
            self._once[key] = text
        if len(self._once) > self._most:
            self._once.clear()
        if len(self._again) > self._most:
            often = sorted(self._again.items(), key=lambda item: -item[1][0])
            self._again = dict(often[: self._most // 2])

    def text(self, key: int) -> str | None:
        known = self._again.get(key)
        return None if known is None else str(known[1])
