"""What a helper process does: it scores chunks that it is sent, and tallies them."""

import os
import pickle
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from positivity.analysis import Tallies
from positivity.errors import PositivityError
from positivity.model.registry import load
from positivity.model.scorer import Scorer
from positivity.selection import Selection
from positivity.stream.stages import Chunk, ScoredChunk, Stages
from positivity.text.language import EnglishDetector
from positivity.text.terms import TermFinder
from positivity.tweets import SCHEMA

# A helper is sent, pickled: a Setting; then for each group of files a Group, its chunks and None;
# the input ends where its help does. It answers with READY, a Scores for each chunk, and Tallies;
# or with what it raised, and ends.
READY = "ready"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a helper scores with."""

    model: str  # the path of its directory
    device: str
    engine: str
    threads: int  # that may score at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How the tweets of files that are reported together are chosen and tallied."""

    include_retweets: bool
    language: str | None
    since: datetime | None
    until: datetime | None
    everything: bool  # whether tweets that do not count are scored, too
    zone: ZoneInfo
    by_author: bool
    wants_scores: bool  # of each tweet, rather than tallies only

    def selection(self) -> Selection:
        """What decides which tweets count."""
        return Selection(
            EnglishDetector.load().is_english,
            self.include_retweets,
            self.language,
            self.since,
            self.until,
        )


@dataclass(frozen=True, slots=True)
class PackedChunk:
    """A chunk of tweets as bytes."""

    number: int
    batches: Sequence[bytes]  # in arrow's IPC format, of the schema of tweets
    duplicates: Sequence[NDArray[np.bool_]]

    @classmethod
    def of(cls, chunk: Chunk) -> "PackedChunk":
        # Not pickled: of a slice, that would be all that it is a slice of.
        batches = [batch.serialize().to_pybytes() for batch in chunk.batches]
        return cls(chunk.number, batches, chunk.duplicates)

    def unpacked(self) -> Chunk:
        """The chunk itself."""
        batches = [pa.ipc.read_record_batch(pa.py_buffer(each), SCHEMA) for each in self.batches]
        return Chunk(self.number, batches, self.duplicates)


# For each batch its probabilities [tweets, 3], and why its tweets do not count.
ScoresOfBatches = list[tuple[NDArray[np.float32], Sequence[str | None]]]


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a chunk; None where nobody wants to see them."""

    number: int
    batches: ScoresOfBatches | None


def send(file: IO[bytes], message: Any) -> None:
    """Writes a message into a pipe."""
    pickle.dump(message, file, pickle.HIGHEST_PROTOCOL)
    file.flush()


def receive(file: IO[bytes]) -> Any:
    """The next message of a pipe; EOFError where there is none any more."""
    return pickle.load(file)


def serve() -> None:
    """Does the work of a helper, until its input ends."""
    source = sys.stdin.buffer
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library may print is no answer
    try:
        _answer(source, sink)
    except (EOFError, BrokenPipeError):
        os._exit(0)  # nobody waits for what the threads are at


def _answer(source: IO[bytes], sink: IO[bytes]) -> None:
    try:
        setting: Setting = receive(source)
        scorer = Scorer.load(
            load(setting.model),
            device=setting.device,
            engine=setting.engine,
            workers=setting.threads,
        )
        terms = TermFinder(scorer.normalizer)
        send(sink, READY)
        while True:
            group: Group = receive(source)
            tallies = Tallies("", group.zone, terms, by_author=group.by_author)
            stages = Stages(scorer, group.selection(), everything=group.everything)
            with stages.scored(_chunks(source), threading.Event()) as scored:
                for chunk in scored:
                    for batch in chunk.batches:
                        tallies.add(batch)
                    send(sink, Scores(chunk.number, _scores(chunk) if group.wants_scores else None))
            send(sink, tallies)
    except (EOFError, BrokenPipeError, PositivityError) as error:
        if not isinstance(error, PositivityError):
            raise
        send(sink, error)
    except BaseException:  # a bug: told where it can be seen
        send(sink, RuntimeError(f"a helper process failed:\n{traceback.format_exc()}"))


def _chunks(source: IO[bytes]) -> Iterator[Chunk]:
    while (packed := receive(source)) is not None:
        yield packed.unpacked()


def _scores(chunk: ScoredChunk) -> ScoresOfBatches:
    return [(batch.probabilities, batch.left_out) for batch in chunk.batches]
