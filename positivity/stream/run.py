"""A stream of tweets is scored and tallied, here and by helpers that take chunks of it."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from positivity.analysis import ScoredBatch, Tallies
from positivity.machine import cores, free_memory
from positivity.model.scorer import Scorer
from positivity.stream.helper import Helper, Helpers
from positivity.stream.stages import Chunk, ScoredChunk, Stages, chunks_of
from positivity.stream.work import Group, Scores
from positivity.tweets import TweetBatch

_AT_ONCE = 2  # chunks that a helper has: one to score, and one to go on with
_UNDER_WAY = 32  # chunks, at most: read, and not yet seen by whoever wants to see them
_POLL = 0.1  # seconds between two looks at whether the work is called off
_HERE = "here"

# A helper takes a quarter of a second to be ready: on two cores 40,000 tweets take as long with
# one as without, and 200,000 a quarter less (docs/speed.md).
_WORTH_A_HELPER = 50_000  # tweets
_READ_BEFORE = 50_000  # tweets, where nobody knows how many there are
MOST_HELPERS = 3  # more take more memory than it is worth, and all live on what one process reads
_OF_A_PROCESS = 500 << 20  # bytes: what one takes at most, and some more

# From the tweets read so far, about how many are still to come; None: nobody knows.
Expected = Callable[[int], int | None]


def most_helpers() -> int:
    """How many helpers there are cores and memory for, those of this process aside."""
    memory = free_memory()
    fitting = MOST_HELPERS if memory is None else max(0, memory // _OF_A_PROCESS - 1)
    return min(cores() - 1, fitting, MOST_HELPERS)


def helpers_worth(read: int, left: int | None, most: int) -> int:
    """How many helpers an input is worth.

    Args:
        read: tweets that have been read.
        left: tweets that are still to come; None: nobody knows.
        most: how many there may be.
    """
    if left is None:
        return most if read >= _READ_BEFORE else 0
    return min(most, left // _WORTH_A_HELPER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Tweets to be scored and tallied in one way."""

    batches: Iterable[TweetBatch]
    group: Group
    tallies: Tallies
    expected: Expected
    see: Callable[[ScoredBatch], object] | None  # is shown all tweets in their order


def score_stream(stream: Stream, scorer: Scorer, helpers: Helpers | None) -> None:
    """Scores and tallies all tweets of a stream.

    The result does not depend on who scores which chunk: chunks, and which of their tweets are
    duplicates, are decided here; a score depends on the text alone, and a tally on no order.

    Raises:
        PositivityError: what a helper met with.
    """
    _Run(stream, scorer, helpers).run()


class _Run:
    def __init__(self, stream: Stream, scorer: Scorer, helpers: Helpers | None) -> None:
        self._stream = stream
        self._helpers = helpers
        self._stopped = threading.Event()
        selection = stream.group.selection()
        self._stages = Stages(scorer, selection, everything=stream.group.everything)
        self._room = threading.Semaphore(_UNDER_WAY)
        chunks = self._calling_helpers(chunks_of(stream.batches, selection, scorer.texts_together))
        self._source = _Source(chunks, self._room, self._stopped)
        self._answers: queue.Queue[_Done | _End | BaseException]
        self._answers = queue.Queue(_AT_ONCE)
        self._order = _InOrder(stream.see) if stream.see is not None else None

    def run(self) -> None:
        """Does it."""
        with self._stages.scored(self._source.dealt_to(_HERE), self._stopped) as scored:
            self._start(self._forward, scored)
            ended: set[object] = set()
            # Once all is read here, nobody who has taken nothing so far will take any more.
            while _HERE not in ended or not self._source.takers <= ended:
                answer = self._answer()
                if isinstance(answer, _End):
                    ended.add(answer.of)
                    if answer.tallies is not None:
                        self._stream.tallies.merge(answer.tallies)
                    continue
                if not answer.by_helper:
                    for batch in answer.batches:
                        self._stream.tallies.add(batch)
                seen = 1 if self._order is None else self._order.add(answer)
                if seen:
                    self._room.release(seen)

    def _answer(self) -> "_Done | _End":
        while True:
            with suppress(queue.Empty):
                answer = self._answers.get(timeout=_POLL)
                if isinstance(answer, BaseException):
                    raise answer
                return answer

    def _put(self, answer: "_Done | _End | BaseException") -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._answers.put(answer, timeout=_POLL)
                return

    def _start(self, work: Callable[[Any], None], of: Any) -> None:
        """Works in a thread; what goes wrong there is raised where the answers are read."""

        def run() -> None:
            try:
                work(of)
            except BaseException as error:
                self._put(error)

        threading.Thread(target=run, daemon=True).start()

    def _forward(self, scored: Iterator[ScoredChunk]) -> None:
        """Answers with what is scored in this process."""
        for chunk in scored:
            self._put(_Done(chunk.number, chunk.batches, by_helper=False))
        self._put(_End(_HERE))

    def _calling_helpers(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The same chunks; each time as many helpers are called as the input is worth by then."""
        read, called = 0, 0
        for chunk in chunks:
            if self._helpers is not None:
                read += chunk.tweets
                worth = helpers_worth(read, self._stream.expected(read), self._helpers.most)
                for helper in list(self._helpers.first(worth))[called:]:
                    self._start(self._have_help, helper)
                called = max(called, worth)
            yield chunk

    def _have_help(self, helper: Helper) -> None:
        """Gives chunks to a helper as long as there are any, and answers with its answers."""
        with helper.lock:
            helper.wait()
            given: deque[Chunk] = deque()
            begun = False
            for chunk in self._source.dealt_to(helper):
                if not begun:
                    helper.begin(self._stream.group)
                    begun = True
                helper.give(chunk)
                given.append(chunk)
                if len(given) == _AT_ONCE:
                    self._put(_by_helper(given.popleft(), helper.scores()))
            for chunk in given:
                self._put(_by_helper(chunk, helper.scores()))
            if begun:
                self._put(_End(helper, helper.end()))


@dataclass(frozen=True, slots=True)
class _Done:
    """A chunk that is scored, and by a helper tallied as well."""

    number: int
    batches: Sequence[ScoredBatch]  # none where a helper keeps to itself what nobody wants to see
    by_helper: bool


@dataclass(frozen=True, slots=True)
class _End:
    """Somebody has done all that he took."""

    of: object
    tallies: Tallies | None = None


def _by_helper(chunk: Chunk, scores: Scores) -> _Done:
    batches = [
        ScoredBatch(batch, probabilities, left_out)
        for batch, (probabilities, left_out) in zip(
            chunk.batches, scores.batches or (), strict=scores.batches is not None
        )
    ]
    return _Done(scores.number, batches, by_helper=True)


class _Source:
    """Chunks, dealt out to whoever asks first."""

    def __init__(
        self, chunks: Iterator[Chunk], room: threading.Semaphore, stopped: threading.Event
    ) -> None:
        """`room` is taken for each chunk, and given back by others; `stopped` ends the dealing."""
        self._chunks = chunks
        self._room = room
        self._stopped = stopped
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self.takers: set[object] = set()  # who have got one

    def dealt_to(self, taker: object) -> Iterator[Chunk]:
        """The chunks that one gets."""
        while (chunk := self._take(taker)) is not None:
            yield chunk

    def _take(self, taker: object) -> Chunk | None:
        with self._lock:
            while not self._stopped.is_set():
                if self._room.acquire(timeout=_POLL):
                    return self._next(taker)
            return None

    def _next(self, taker: object) -> Chunk | None:
        if self._error is not None:
            raise self._error
        try:
            chunk = next(self._chunks, None)
        except BaseException as error:
            self._error = error  # the others must not take it for the end
            raise
        if chunk is not None:
            self.takers.add(taker)
        return chunk


class _InOrder:
    """Shows the chunks that are scored in their order, in whatever order they are done."""

    def __init__(self, see: Callable[[ScoredBatch], object]) -> None:
        self._see = see
        self._next = 0
        self._held: dict[int, Sequence[ScoredBatch]] = {}

    def add(self, done: _Done) -> int:
        """Holds a chunk until those before it are there; how many are shown now."""
        self._held[done.number] = done.batches
        first = self._next
        while self._next in self._held:
            for batch in self._held.pop(self._next):
                self._see(batch)
            self._next += 1
        return self._next - first
