"""A large job: its parts are scored, their duplicates found, and their tallies added up.

The report is to the last digit the one that a single machine makes of the same files with the same
engine: a part's tweets are scored in the same batches, a tweet counts in the first part that has
it, and the tally depends on no order.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from positivity.analysis import Tallies
from positivity.cluster.duplicate_finder import DuplicateFinder, key_ranges
from positivity.cluster.folder import ScoredPart, ScoresFolder
from positivity.cluster.part_scorer import PartScorer
from positivity.cluster.part_tallier import PartTallier, Share, Whose
from positivity.cluster.parts import Part, ScoringRules
from positivity.cluster.runner import Runner
from positivity.duplicates import Keys

_KEYS_TOGETHER = 8_000_000  # sorted at once, in about 350 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallying:
    """How scores are tallied."""

    zone: str
    by_author: bool
    by_file: bool


@dataclass(frozen=True, slots=True)
class LargeJob:
    """Parts, and what is to be done with them."""

    parts: Sequence[Part]
    folder: ScoresFolder
    rules: ScoringRules
    tallying: Tallying


def scored_parts(
    job: LargeJob, runner: Runner, on_part: Callable[[], object] | None = None
) -> list[ScoredPart]:
    """Scores the parts that are not done yet; what came of all, in their order.

    Args:
        on_part: called when a part is done, or found done.

    Raises:
        PositivityError: the model cannot be used, or the folder cannot be written.
    """
    found = {number: job.folder.done(part) for number, part in enumerate(job.parts)}
    done = {number: scored for number, scored in found.items() if scored is not None}
    waiting = [number for number in found if number not in done]
    for _ in done:
        if on_part is not None:
            on_part()
    arguments = {
        "folder": job.folder,
        "rules": job.rules,
        "cwd": str(Path.cwd()),
        "workers": 1 if runner.spread > 1 else None,
    }
    parts = [job.parts[number] for number in waiting]
    for at, scored in runner.map(PartScorer, arguments, parts, device=job.rules.device):
        done[waiting[at]] = scored
        if on_part is not None:
            on_part()
    return [done[number] for number in sorted(done)]


def tallied(
    job: LargeJob, parts: Sequence[ScoredPart], runner: Runner, into: Callable[[Whose], Tallies]
) -> None:
    """Tallies the scores of parts, without the tweets that an earlier part has, too.

    Args:
        into: gives the tallies to add to: one for all, or one for each file.

    Raises:
        PositivityError: the folder cannot be read or written.
    """
    duplicates: dict[int, Keys] = {}
    if not job.tallying.by_file:
        for found in _duplicates(job, parts, runner):
            for number, keys in found.items():
                before = duplicates.get(number, np.zeros(0, np.uint64))
                duplicates[number] = np.concatenate([before, keys])
    arguments = {
        "folder": job.folder,
        "model": job.rules.model,
        "zone": job.tallying.zone,
        "by_author": job.tallying.by_author,
        "by_file": job.tallying.by_file,
    }
    for _, tallies in runner.map(PartTallier, arguments, _shares(parts, duplicates, runner.spread)):
        for whose, each in tallies.items():
            into(whose).merge(each)


def _duplicates(
    job: LargeJob, parts: Sequence[ScoredPart], runner: Runner
) -> Iterator[dict[int, Keys]]:
    if sum(part.keys > 0 for part in parts) > 1:
        arguments = {"folder": job.folder, "parts": parts}
        spans = key_ranges(parts, _KEYS_TOGETHER)
        yield from (found for _, found in runner.map(DuplicateFinder, arguments, spans))


def _shares(parts: Sequence[ScoredPart], duplicates: dict[int, Keys], workers: int) -> list[Share]:
    """The parts, dealt out so that neither a share nor the sum over all shares is long."""
    numbers = [number for number, part in enumerate(parts) if part.files]
    shares = min(len(numbers), max(workers, math.isqrt(len(numbers))))
    return [
        Share(
            {number: parts[number] for number in chosen},
            {number: duplicates[number] for number in chosen if number in duplicates},
        )
        for chosen in (numbers[start::shares] for start in range(shares))
    ]
