"""Which tweets of a part an earlier part of a large job has, too, by their keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from positivity.cluster.folder import KEYS, ScoredPart, ScoresFolder
from positivity.cluster.keys import BUCKETS, unpacked
from positivity.duplicates import Keys


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A span of the buckets of keys, from `start` to before `end`."""

    start: int
    end: int


def key_ranges(parts: Sequence[ScoredPart], together: int) -> list[KeyRange]:
    """Spans of buckets with about `together` keys each, of all these parts."""
    pieces = min(BUCKETS, max(1, -(-sum(part.keys for part in parts) // together)))
    edges = [BUCKETS * piece // pieces for piece in range(pieces + 1)]
    return [KeyRange(*span) for span in pairwise(edges)]


class DuplicateFinder:
    """Finds the tweets of parts that earlier parts have, too."""

    def __init__(self, folder: ScoresFolder, parts: Sequence[ScoredPart]) -> None:
        """`parts` are in their order: a tweet counts in the first that has it."""
        self._folder = folder
        self._parts = [(number, part.key) for number, part in enumerate(parts) if part.keys]

    def __call__(self, span: KeyRange) -> dict[int, Keys]:
        """For parts by their numbers: the keys in the span that an earlier part has, too."""
        keys = [self._keys(key, span) for _, key in self._parts]
        if not keys:
            return {}
        owners = np.repeat([number for number, _ in self._parts], [len(each) for each in keys])
        together = np.concatenate(keys)
        order = np.argsort(together, kind="stable")  # of one key, the first part comes first
        together, owners = together[order], owners[order]
        again = np.flatnonzero(together[1:] == together[:-1]) + 1
        found = {}
        for number in np.unique(owners[again]).tolist():
            found[number] = together[again[owners[again] == number]]
        return found

    def _keys(self, key: str, span: KeyRange) -> Keys:
        path = self._folder.work(f"{key}.{KEYS}")
        return unpacked(
            lambda start, end: self._folder.bytes_at(path, start, end), span.start, span.end
        )
