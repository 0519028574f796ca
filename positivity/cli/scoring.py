"""What `positivity score` does with the files it is given."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.cli.subjects import subjects_of_files, told_apart
from positivity.errors import InputError
from positivity.log import event
from positivity.messages import say

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import numpy as np
    from numpy.typing import NDArray

    from positivity.account.comparison import Sample
    from positivity.account.posterior import BayesianQuantifier
    from positivity.account.report import ModelInfo, Report
    from positivity.analysis import ScoredBatch, Tallies
    from positivity.explainer import Watcher
    from positivity.model.scorer import Scorer
    from positivity.report.scores import ScoresWriter
    from positivity.sources.files import ReadOptions, TweetFile
    from positivity.sources.outcome import Outcome, Reading
    from positivity.stream.helper import Helpers
    from positivity.stream.work import Group as StreamGroup
    from positivity.text.terms import TermFinder
    from positivity.tweets import TweetBatch

SAMPLE = Path(__file__).parents[1] / "data" / "sample.csv"  # of an account invented for it


LOCAL, RAY = "local", "ray"


class By(StrEnum):
    """What gets a verdict, or a row, of its own."""

    AUTHOR = "author"
    FILE = "file"
    MONTH = "month"
    WEEK = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreJob:
    """What `score` is asked to do."""

    files: tuple[str, ...]  # none: the sample account
    options: "ReadOptions"
    zone: "ZoneInfo"
    since: "datetime | None"
    until: "datetime | None"
    include_retweets: bool
    language: str | None
    by: By | None
    model: str
    device: str
    engine: str
    scores: str | None  # a file or, for a file of each part, a folder or its address
    rejects: Path | None
    progress: bool
    runner: str = LOCAL  # who scores the parts: LOCAL or RAY
    resume: bool = False  # go on with a folder of scores
    all_weeks: bool = True  # whether reports have every week, shown or not
    whole_names: bool = False  # whether reports by file bear the paths, to be known again by them


def score(job: ScoreJob, watcher: "Watcher | None" = None) -> tuple[list["Report"], bool]:
    """The reports on the files of a job, and whether any of these was not read to its end.

    Args:
        watcher: sees all tweets that are scored; then it explains them, and the reports do not.

    Raises:
        PositivityError: nothing could be read, or the model or an option cannot be used.
    """
    before = _file_number(job.scores)
    try:
        accounts, partly = score_accounts(
            job, explain=job.by is not By.AUTHOR and watcher is None, watcher=watcher
        )
    except KeyboardInterrupt:
        # A file of an earlier run stays where nothing has been scored yet.
        after = _file_number(job.scores)
        if after is not None and (after != before or writes_folder(job)):
            raise KeyboardInterrupt(f"what was scored is kept in {job.scores}") from None
        raise
    return [report for report, _ in accounts], partly


def _file_number(scores: str | None) -> int | None:
    """What tells a file from the one that takes its place; None where there is none."""
    try:
        return None if scores is None else Path(scores).stat().st_ino
    except OSError:
        return None


def score_accounts(
    job: ScoreJob,
    *,
    explain: bool = False,
    watcher: "Watcher | None" = None,
    taken: Sequence[str] = (),
) -> tuple[list[tuple["Report", "Sample"]], bool]:
    """The same with what accounts are compared by.

    Args:
        taken: names of others that reports on files stand beside.
        explain: say which words made the strongest tweets so; of many authors nobody is shown any.
        watcher: sees all tweets that are scored.
    """
    from positivity.analysis import model_info, quantifier_of
    from positivity.explanation import explained
    from positivity.model.registry import load
    from positivity.model.scorer import Scorer
    from positivity.selection import Selection

    # Complains of an option before anything is read.
    Selection(_knows_no_english, job.include_retweets, job.language, job.since, job.until)
    directory = load(job.model)
    scorer: Scorer | None = None
    if writes_folder(job):
        from positivity.cli.scoring_parts import groups_of_parts

        groups, unopened = groups_of_parts(job, directory)
    else:
        opened, unopened = _open(job)
        scorer = Scorer.load(directory, device=job.device, engine=job.engine)
        if watcher is not None:
            watcher.begin(scorer)
        groups = _groups_of_files(job, opened, scorer, watcher)
    info, quantifier = model_info(directory), quantifier_of(directory)
    accounts = [each for group in groups for each in group.reports(info, quantifier, job)]
    if job.by is By.FILE and not job.whole_names:
        files = [(group.outcomes[0].name, group.tallies.handle) for group in groups]
        subjects = told_apart(subjects_of_files(files, taken))
        accounts = [
            (replace(report, subject=subject), sample)
            for (report, sample), subject in zip(accounts, subjects, strict=True)
        ]
    if explain:
        scorer = scorer or Scorer.load(directory, device=job.device, engine=job.engine)
        reports = explained([report for report, _ in accounts], scorer)
        samples = [sample for _, sample in accounts]
        accounts = list(zip(reports, samples, strict=True))
    outcomes = [outcome for group in groups for outcome in group.outcomes]
    say_what_broke(outcomes, unopened)
    return accounts, unopened > 0 or any(each.broke for each in outcomes)


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are reported together, and the tallies of their tweets."""

    outcomes: "Sequence[Outcome]"
    tallies: "Tallies"

    def reports(
        self, info: "ModelInfo", quantifier: "BayesianQuantifier | None", job: ScoreJob
    ) -> list[tuple["Report", "Sample"]]:
        """The reports on the files, and what accounts are compared by."""
        return self.tallies.reports(
            [f"{each.name}: {each.read_as}" for each in self.outcomes],
            info,
            [note for each in self.outcomes for note in each.notes],
            quantifier=quantifier,
            unreadable=sum(each.unreadable for each in self.outcomes),
            all_weeks=job.all_weeks,
        )


def writes_folder(job: ScoreJob) -> bool:
    """Whether the scores of a job are a folder, with a file for each of the files it reads."""
    from positivity.report.tables import SUFFIXES
    from positivity.sources.urls import is_url

    if job.scores is None:
        return False
    path = job.scores
    if path.endswith(("/", os.sep)):
        return True
    if path.lower().endswith(SUFFIXES):
        return False
    return is_url(path) or job.runner == RAY or Path(path).is_dir()


def empty_tallies(job: ScoreJob, names: "Sequence[str]", terms: "TermFinder") -> "Tallies":
    """Tallies for files of these names."""
    from positivity.analysis import Tallies

    name = names[0] if len(names) == 1 else f"{len(names)} files"
    return Tallies(
        name, job.zone, terms, by_author=job.by is By.AUTHOR, keep_name=job.by is By.FILE
    )


def _knows_no_english(texts: Sequence[str]) -> "NDArray[np.bool_]":
    raise AssertionError("nothing is read yet")


def _open(job: ScoreJob) -> tuple[list["TweetFile"], int]:
    """The files of a job that open, and how many do not."""
    from positivity.sources.files import open_tweets

    if job.files:
        return open_files(job.files, job.options)
    sample = open_tweets(str(SAMPLE), job.options)
    sample.name = "the sample account"
    return [sample], 0


def _groups_of_files(
    job: ScoreJob, files: Sequence["TweetFile"], scorer: "Scorer", watcher: "Watcher | None"
) -> list[Group]:
    """Scores files, one after the other."""
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
        say(f"{job.scores}: {writer.cut:,} texts were too long for a cell, and are cut in it")
    return groups


def say_what_broke(outcomes: Sequence["Outcome"], unopened: int) -> None:
    """Says which files were not read to their end.

    Raises:
        InputError: nothing could be read.
    """
    errors = [InputError(each.error) for each in outcomes if each.error is not None]
    if all(each.is_lost for each in outcomes):
        if len(outcomes) == 1 and not unopened:
            raise errors[0]
        for error in errors:
            _say_failed(error)
        raise none_readable(len(outcomes) + unopened)
    for each in outcomes:
        if each.error is not None:
            _say_failed(each.error)
        if each.broke and not each.is_lost:
            _say_failed(each.notes[0])


def none_readable(files: int) -> InputError:
    """What to say when there is nothing to report on."""
    return InputError(f"none of the {files} files can be read")


def open_files(paths: Sequence[str], options: "ReadOptions") -> tuple[list["TweetFile"], int]:
    """The files that open, in folders and archives too, and how many do not; these get a line each.

    Raises:
        InputError: there is one file only and it does not open, or none of several does.
    """
    from positivity.sources.files import open_all
    from positivity.sources.urls import expand

    opened: list[TweetFile] = []
    errors: list[InputError] = []
    for path in paths:
        try:
            for each in expand(path):
                opened += open_all(each, options, errors.append)
        except InputError as error:
            errors.append(error)
    say_unopened(errors, bool(opened))
    return opened, len(errors)


def say_unopened(errors: Sequence[InputError], some_opened: bool) -> None:
    """Says which files did not open.

    Raises:
        InputError: none did.
    """
    if not some_opened and len(errors) == 1:
        raise errors[0]
    for each in errors:
        _say_failed(each)
    if not some_opened:
        raise none_readable(len(errors))


def _say_failed(what: InputError | str) -> None:
    """Says what failed, to the log of a run too."""
    say(what)
    event("failed", error=what)


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


def with_progress(file: "TweetFile", batches: Iterable["TweetBatch"]) -> Iterator["TweetBatch"]:
    """The same batches, with a bar on stderr of the bytes read."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    from positivity.report.sanitize import sanitize

    name = Text(sanitize(file.name)).plain
    columns = (
        TextColumn("{task.fields[name]}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=file.bytes_total, name=name)
        for batch in batches:
            progress.update(task, completed=file.bytes_read)
            yield batch
