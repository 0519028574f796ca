"""What `positivity score` does with the files it is given."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.errors import InputError
from positivity.messages import say

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from positivity.account.comparison import Sample
    from positivity.account.report import Report
    from positivity.analysis import ScoredBatch, Tallies
    from positivity.explainer import Watcher
    from positivity.model.scorer import Scorer
    from positivity.report.rejects import RejectsWriter
    from positivity.report.scores import ScoresWriter
    from positivity.selection import Selection
    from positivity.sources.files import ReadOptions, TweetFile
    from positivity.tweets import TweetBatch

SAMPLE = Path(__file__).parents[1] / "data" / "sample.csv"  # of an account invented for it


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
    scores: Path | None
    rejects: Path | None
    progress: bool


def score(job: ScoreJob, watcher: "Watcher | None" = None) -> tuple[list["Report"], bool]:
    """The reports on the files of a job, and whether any of these was not read to its end.

    Args:
        watcher: sees all tweets that are scored; then it explains them, and the reports do not.

    Raises:
        PositivityError: nothing could be read, or the model or an option cannot be used.
    """
    accounts, partly = score_accounts(
        job, explain=job.by is not By.AUTHOR and watcher is None, watcher=watcher
    )
    return [report for report, _ in accounts], partly


def score_accounts(
    job: ScoreJob, *, explain: bool = False, watcher: "Watcher | None" = None
) -> tuple[list[tuple["Report", "Sample"]], bool]:
    """The same with what accounts are compared by.

    Args:
        explain: say which words made the strongest tweets so; of many authors nobody is shown any.
        watcher: sees all tweets that are scored.
    """
    from positivity.analysis import model_info, quantifier_of
    from positivity.explanation import explained
    from positivity.model.registry import load
    from positivity.model.scorer import Scorer
    from positivity.selection import Selection
    from positivity.sources.files import open_tweets
    from positivity.text.language import EnglishDetector

    is_english = EnglishDetector.load().is_english
    rules = (job.include_retweets, job.language, job.since, job.until)
    Selection(is_english, *rules)  # complains of an option before anything is read
    if job.files:
        opened, unopened = _open_all(job.files, job.options)
    else:
        opened, unopened = [open_tweets(str(SAMPLE), job.options)], 0
        opened[0].name = "the sample account"
    directory = load(job.model)
    info, quantifier = model_info(directory), quantifier_of(directory)
    readings = [_Reading(file) for file in opened]
    with ExitStack() as stack:
        writer = stack.enter_context(_scores_writer(job.scores)) if job.scores else None
        if job.rejects:
            rejects = stack.enter_context(_rejects_writer(job.rejects))
            for file in opened:
                file.on_reject = rejects.add
        scorer = Scorer.load(directory, device=job.device, engine=job.engine)
        if watcher is not None:
            watcher.begin(scorer)
        groups = [[each] for each in readings] if job.by is By.FILE else [readings]
        accounts: list[tuple[Report, Sample]] = []
        for group in groups:
            way = _Way(scorer, Selection(is_english, *rules), writer, job, watcher)
            tallies = way.tallies([each.file for each in group])
            for reading in group:
                way.run(reading, tallies)
            accounts += tallies.reports(
                [f"{each.file.name}: {each.file.read_as}" for each in group],
                info,
                [note for each in group for note in each.notes],
                quantifier=quantifier,
                unreadable=sum(each.file.unreadable for each in group),
            )
        if explain:
            reports = explained([report for report, _ in accounts], scorer)
            samples = [sample for _, sample in accounts]
            accounts = list(zip(reports, samples, strict=True))
    if writer is not None and writer.cut:
        say(f"{job.scores}: {writer.cut:,} texts were too long for a cell, and are cut in it")
    _say_what_broke(readings, unopened)
    return accounts, unopened > 0 or any(each.broke for each in readings)


# What writes tables takes a while to be imported, and most runs write none.
def _scores_writer(path: Path) -> "ScoresWriter":
    from positivity.report.scores import ScoresWriter

    return ScoresWriter(path)


def _rejects_writer(path: Path) -> "RejectsWriter":
    from positivity.report.rejects import RejectsWriter

    return RejectsWriter(path)


class _Reading:
    """A file while it is read, and what came of that."""

    def __init__(self, file: "TweetFile") -> None:
        self.file = file
        self.error: InputError | None = None
        self._tweets = 0

    def batches(self) -> Iterator["TweetBatch"]:
        """The tweets of the file, up to where it cannot be read on."""
        try:
            for batch in self.file.batches():
                self._tweets += batch.num_rows
                yield batch
        except InputError as error:
            self.error = error

    @property
    def is_lost(self) -> bool:
        """Whether nothing of the file could be read."""
        return self.error is not None and not self._tweets

    @property
    def broke(self) -> bool:
        """Whether the file could not be read to its end."""
        return self.error is not None or self.file.damaged

    @property
    def notes(self) -> list[str]:
        """What a report must say of the file."""
        notes = list(self.file.notes)
        if self.error is not None and not self.is_lost:
            notes.insert(0, f"{self.file.name} broke off: only what came before was read.")
        elif self.file.damaged:
            notes.insert(0, self.file.damage)
        return notes


def _say_what_broke(readings: Sequence[_Reading], unopened: int) -> None:
    """Says which files were not read to their end.

    Raises:
        InputError: nothing could be read.
    """
    if all(each.is_lost for each in readings):
        if len(readings) == 1 and not unopened and readings[0].error is not None:
            raise readings[0].error
        for each in readings:
            say(each.error)
        raise _none_readable(len(readings) + unopened)
    for each in readings:
        if each.error is not None:
            say(each.error)
        if each.broke and not each.is_lost:
            say(each.notes[0])


def _none_readable(files: int) -> InputError:
    return InputError(f"none of the {files} files can be read")


def _open_all(paths: Sequence[str], options: "ReadOptions") -> tuple[list["TweetFile"], int]:
    """The files that open, in folders and archives too, and how many do not; these get a line each.

    Raises:
        InputError: there is one file only and it does not open, or none of several does.
    """
    from positivity.sources.files import open_all

    opened: list[TweetFile] = []
    errors: list[InputError] = []
    for path in paths:
        try:
            opened += open_all(path, options, errors.append)
        except InputError as error:
            errors.append(error)
    if not opened and len(errors) == 1:
        raise errors[0]
    for each in errors:
        say(each)
    if not opened:
        raise _none_readable(len(errors))
    return opened, len(errors)


@dataclass(frozen=True, slots=True)
class _Way:
    """The way of a file's tweets to the tally and to the file of scores."""

    scorer: "Scorer"
    selection: "Selection"
    writer: "ScoresWriter | None"
    job: ScoreJob
    watcher: "Watcher | None"

    def tallies(self, files: Sequence["TweetFile"]) -> "Tallies":
        from positivity.analysis import Tallies
        from positivity.text.terms import TermFinder

        name = files[0].name if len(files) == 1 else f"{len(files)} files"
        terms = TermFinder(self.scorer.normalizer)
        by = self.job.by
        return Tallies(
            name, self.job.zone, terms, by_author=by is By.AUTHOR, keep_name=by is By.FILE
        )

    def run(self, reading: _Reading, tallies: "Tallies") -> None:
        """Scores a file."""
        from positivity.analysis import score_batches

        batches: Iterable[TweetBatch] = reading.batches()
        if self.job.progress:
            batches = _with_progress(reading.file, batches)
        for scored in score_batches(
            batches, self.scorer, self.selection, everything=self.writer is not None
        ):
            self._take(scored, tallies)

    def _take(self, scored: "ScoredBatch", tallies: "Tallies") -> None:
        tallies.add(scored)
        if self.watcher is not None:
            self.watcher.add(scored)
        if self.writer is not None:
            self.writer.write(scored.tweets, scored.probabilities, scored.left_out)


def _with_progress(file: "TweetFile", batches: Iterable["TweetBatch"]) -> Iterator["TweetBatch"]:
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
