"""Sorted runs of term counts on disk, for more terms than memory should hold."""

import heapq
import pickle
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeAlias

TermKey: TypeAlias = tuple[str, str]  # ("word" | "hashtag" | "emoji", the term)
Counted: TypeAlias = tuple[TermKey, int, int]  # a term and its positive and negative tweets

_TOGETHER = 4096  # terms


class Run:
    """Counted terms in their order, in a temporary file that goes with the object.

    It can be pickled, contents and all.
    """

    def __init__(self, terms: Iterable[Counted]) -> None:
        """Writes terms that are sorted, each at most once."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the object
        iterator = iter(terms)
        while together := list(islice(iterator, _TOGETHER)):
            pickle.dump(together, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[Counted]:
        """The terms, in their order; one reader at a time."""
        self._file.seek(0)
        while True:
            try:
                yield from pickle.load(self._file)
            except EOFError:
                return

    def __getstate__(self) -> bytes:
        self._file.seek(0)
        return self._file.read()

    def __setstate__(self, content: bytes) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._file.write(content)

    def __del__(self) -> None:
        if "_file" in self.__dict__:
            self._file.close()


def summed(runs: Iterable[Iterable[Counted]]) -> Iterator[Counted]:
    """The terms of sorted runs in their order, each once with the sums of its counts."""
    key: TermKey | None = None
    positive = negative = 0
    for term, with_positive, with_negative in heapq.merge(*runs):
        if term == key:
            positive += with_positive
            negative += with_negative
            continue
        if key is not None:
            yield key, positive, negative
        key, positive, negative = term, with_positive, with_negative
    if key is not None:
        yield key, positive, negative
