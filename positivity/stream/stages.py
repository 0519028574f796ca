"""The stages of scoring, each in a thread of its own: read, encode, score, and what comes after."""

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from positivity.analysis import ScoredBatch
from positivity.model.remembered import Encoded, RememberingScorer
from positivity.model.scorer import Scorer
from positivity.selection import Selection
from positivity.tweets import TweetBatch

Item = TypeVar("Item")

_AHEAD = 1  # items that a stage may have ready before the next one takes them
_POLL = 0.1  # seconds between two looks at whether the work is called off
_PATIENCE = 2.0  # seconds that a reader that is called off gets to end


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tweets that are scored together."""

    number: int  # chunks are numbered in their order
    batches: Sequence[TweetBatch]
    duplicates: Sequence[NDArray[np.bool_]]  # for each batch, which of its tweets came before

    @property
    def tweets(self) -> int:
        """How many there are."""
        return sum(len(batch) for batch in self.batches)


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """The same with their scores, batch by batch."""

    number: int
    batches: Sequence[ScoredBatch]


def score_batches(
    batches: Iterable[TweetBatch], scorer: Scorer, selection: Selection, *, everything: bool = False
) -> Iterator[ScoredBatch]:
    """Scores tweets in their order.

    Args:
        everything: score the tweets that do not count, too.
    """
    stages = Stages(scorer, selection, everything=everything)
    chunks = chunks_of(batches, selection, scorer.texts_together)
    with stages.scored(chunks, threading.Event()) as scored:
        for chunk in scored:
            yield from chunk.batches


def chunks_of(batches: Iterable[TweetBatch], selection: Selection, size: int) -> Iterator[Chunk]:
    """Chunks of `size` tweets or a batch more, in their order, and which tweets came before."""
    number = 0
    together: list[TweetBatch] = []
    duplicates: list[NDArray[np.bool_]] = []
    for batch in batches:
        together.append(batch)
        duplicates.append(selection.duplicates(batch))
        if sum(map(len, together)) >= size:
            yield Chunk(number, together, duplicates)
            number, together, duplicates = number + 1, [], []
    if together:
        yield Chunk(number, together, duplicates)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A chunk whose texts are encoded as far as they are to be scored."""

    chunk: Chunk
    left_out: Sequence[list[str | None]]  # of each batch
    rows: Sequence[list[int]]  # of each batch, those to score
    encoded: Encoded  # these of all batches


class Stages:
    """Encodes chunks in one thread and scores them in another."""

    def __init__(self, scorer: Scorer, selection: Selection, *, everything: bool) -> None:
        """With `everything` the tweets that do not count are scored, too."""
        self._normalizer = scorer.normalizer
        self._scorer = RememberingScorer(scorer)
        self._selection = selection
        self._everything = everything

    @contextmanager
    def scored(
        self, chunks: Iterator[Chunk], stopped: threading.Event
    ) -> Iterator[Iterator[ScoredChunk]]:
        """The chunks with their scores, in their order; on leaving, all stages end.

        Args:
            stopped: set when they are to end, from here or elsewhere.
        """
        with (
            # Reading may wait for a line of standard input that never comes: it is left behind.
            Ahead(map(self._prepare, chunks), stopped, patience=_PATIENCE) as prepared,
            Ahead(map(self._score, prepared), stopped) as scored,
        ):
            yield scored

    def _prepare(self, chunk: Chunk) -> _Prepared:
        left_out, rows, texts = [], [], []
        for batch, duplicates in zip(chunk.batches, chunk.duplicates, strict=True):
            normalized = self._normalizer.normalize_many(batch.column("text").to_pylist())
            reasons = self._selection.left_out(batch, normalized, duplicates)
            chosen = [row for row, why in enumerate(reasons) if self._everything or why is None]
            left_out.append(reasons)
            rows.append(chosen)
            texts += [normalized[row] for row in chosen]
        return _Prepared(chunk, left_out, rows, self._scorer.encode(texts))

    def _score(self, prepared: _Prepared) -> ScoredChunk:
        scores = self._scorer.score(prepared.encoded)
        at, batches = 0, []
        parts = zip(prepared.chunk.batches, prepared.left_out, prepared.rows, strict=True)
        for batch, left_out, rows in parts:
            probabilities = np.full((len(batch), 3), np.nan, np.float32)
            probabilities[rows] = scores[at : at + len(rows)]
            at += len(rows)
            batches.append(ScoredBatch(batch, probabilities, left_out))
        return ScoredChunk(prepared.chunk.number, batches)


class Ahead(Iterator[Item]):
    """An iterator that runs in a thread, a few items ahead of whoever reads it.

    Stages that feed each other share `stopped`: when one is left, all of them end.
    """

    def __init__(
        self, items: Iterator[Item], stopped: threading.Event, *, patience: float | None = None
    ) -> None:
        self._items = items
        self._queue: queue.Queue[tuple[str, Any]] = queue.Queue(_AHEAD)
        self._stopped = stopped
        self._patience = patience
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put("item", item):
                    return
            self._put("end", None)
        except BaseException as error:  # raised again where the items are read
            self._put("error", error)

    def _put(self, what: str, value: Any) -> bool:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._queue.put((what, value), timeout=_POLL)
                return True
        return False

    def __enter__(self) -> "Ahead[Item]":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(self._patience)

    def __next__(self) -> Item:
        what, value = self._get()
        if what == "error":
            raise value
        if what == "end":
            raise StopIteration
        item: Item = value
        return item

    def _get(self) -> tuple[str, Any]:
        while not self._stopped.is_set():
            with suppress(queue.Empty):
                return self._queue.get(timeout=_POLL)
        return "end", None
