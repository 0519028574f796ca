"""`positivity score` of files, one after the other, with helpers where that is worth it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from positivity.cli.input_files import SAMPLE, open_files, with_progress
from positivity.cli.score_job import By, Group, ScoreJob, empty_tallies
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.analysis import ScoredBatch
    from positivity.explainer import Watcher
    from positivity.model.scorer import Scorer
    from positivity.report.scores import ScoresWriter
    from positivity.sources.files import TweetFile
    from positivity.sources.outcome import Reading
    from positivity.stream.helper import Helpers
    from positivity.stream.work import Group as StreamGroup
    from positivity.tweets import TweetBatch


def open_inputs(job: ScoreJob) -> tuple[list["TweetFile"], int]:
    """The files of a job that open, and how many do not."""
    from positivity.sources.files import open_tweets

    if job.files:
        return open_files(job.files, job.options, or_accounts=job.or_accounts)
    sample = open_tweets(str(SAMPLE), job.options)
    sample.name = "the sample account"
    return [sample], 0


def groups_of_files(
    job: ScoreJob, files: Sequence["TweetFile"], scorer: "Scorer", watcher: "Watcher | None"
) -> list[Group]:
    """Scores files, one after the other; returns those that are reported together."""
    from positivity.report.rejects import RejectsWriter
    from positivity.report.scores import ScoresWriter
    from positivity.sources.outcome import Reading
    from positivity.stream.run import Stream, score_stream
    from positivity.text.terms import TermFinder

    terms = TermFinder(scorer.normalizer)
    readings = [Reading(file) for file in files]
    with ExitStack() as stack:
        writer = stack.enter_context(ScoresWriter(job.scores)) if job.scores else None
        if job.rejects:
            rejects = stack.enter_context(RejectsWriter(job.rejects))
            for file in files:
                file.on_reject = rejects.add
        helpers = stack.enter_context(_helpers(job, scorer))
        see = _seers(writer, watcher)
        groups = []
        for together in [[each] for each in readings] if job.by is By.FILE else [readings]:
            tallies = empty_tallies(job, [each.file.name for each in together], terms)
            inputs = _Inputs(together, job.progress)
            stream = Stream(
                batches=inputs.batches(),
                group=_group(job, see is not None, everything=writer is not None),
                tallies=tallies,
                expected=inputs.expected,
                see=see,
            )
            score_stream(stream, scorer, helpers)
            groups.append(Group([each.outcome() for each in together], tallies))
    if writer is not None and writer.cut:
        cut = "1 text was" if writer.cut == 1 else f"{writer.cut:,} texts were"
        say(f"{job.scores}: {cut} too long for a cell; what is beyond it is cut off")
    return groups


def _helpers(job: ScoreJob, scorer: "Scorer") -> "Helpers":
    """Who may help to score; nobody where a score depends on who is scored beside, as on a GPU."""
    from positivity.machine import cores
    from positivity.stream.helper import Helpers
    from positivity.stream.run import most_helpers
    from positivity.stream.work import Setting

    most = most_helpers() if scorer.same_in_any_batch else 0
    threads = cores() // (most + 1)
    return Helpers(Setting(job.model, job.device, job.engine, threads), most)


def _group(job: ScoreJob, wants_scores: bool, *, everything: bool) -> "StreamGroup":
    from positivity.stream.work import Group as StreamGroup

    return StreamGroup(
        include_retweets=job.include_retweets,
        language=job.language,
        since=job.since,
        until=job.until,
        everything=everything,
        zone=job.zone,
        by_author=job.by is By.AUTHOR,
        wants_scores=wants_scores,
    )


def _seers(
    writer: "ScoresWriter | None", watcher: "Watcher | None"
) -> "Callable[[ScoredBatch], None] | None":
    """What shows a batch to all who want to see it."""
    if writer is None and watcher is None:
        return None

    def see(scored: "ScoredBatch") -> None:
        if watcher is not None:
            watcher.add(scored)
        if writer is not None:
            writer.write(scored.tweets, scored.probabilities, scored.left_out)

    return see


class _Inputs:
    """Files that are read one after the other, and how much of them is still to come."""

    def __init__(self, readings: "Sequence[Reading]", progress: bool) -> None:
        self._readings = readings
        self._progress = progress
        self._at = 0

    def batches(self) -> Iterator["TweetBatch"]:
        """The tweets of all files."""
        for at, reading in enumerate(self._readings):
            self._at = at
            batches: Iterable[TweetBatch] = reading.batches()
            yield from with_progress(reading.file, batches) if self._progress else batches

    def expected(self, tweets: int) -> int | None:
        """About how many tweets are still to come after so many; None: nobody knows."""
        sizes = [reading.file.bytes_total for reading in self._readings]
        known = [size for size in sizes if size is not None]
        if len(known) < len(sizes):
            return None
        done = sum(known[: self._at]) + self._readings[self._at].file.bytes_read
        return tweets * max(0, sum(known) - done) // max(1, done)
