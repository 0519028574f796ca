"""`positivity score`: a file of tweets -> a verdict."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.fast_start import prepare_process
from positivity.cli.options import (
    OUTPUT,
    READING,
    SCORING,
    TIMES,
    Device,
    DeviceOption,
    Format,
    FormatOption,
    ModelOption,
    OutputOption,
    QuietOption,
    moment,
    time_zone,
)
from positivity.errors import InputError, UsageError
from positivity.messages import say

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from positivity.account.report import Report
    from positivity.analysis import ScoredBatch, Tallies
    from positivity.model.scorer import Scorer
    from positivity.report.scores import ScoresWriter
    from positivity.selection import Selection
    from positivity.sources.files import ReadOptions, TweetFile
    from positivity.tweets import TweetBatch

PARTLY_DONE = 8
SAMPLE = Path(__file__).parents[1] / "data" / "sample.csv"  # of an account invented for it


class By(StrEnum):
    """What gets a verdict of its own."""

    AUTHOR = "author"
    FILE = "file"


class Include(StrEnum):
    """Tweets that else do not count."""

    RETWEETS = "retweets"


def score_command(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="CSV, TSV, JSON(L), parquet, X archive, a folder or zip of them; - is stdin."
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Score the sample account that comes along.")
    ] = False,
    text_column: Annotated[
        str | None, typer.Option(help="Column of the text.", rich_help_panel=READING)
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(help="Column of the tweet's id.", rich_help_panel=READING)
    ] = None,
    date_column: Annotated[
        str | None, typer.Option(help="Column of the time.", rich_help_panel=READING)
    ] = None,
    author_column: Annotated[
        str | None, typer.Option(help="Column of the author.", rich_help_panel=READING)
    ] = None,
    lang_column: Annotated[
        str | None, typer.Option(help="Column of the language.", rich_help_panel=READING)
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding, such as latin-1.", rich_help_panel=READING)
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="What separates columns.", rich_help_panel=READING)
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="First day or time that counts.", rich_help_panel=TIMES)
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Last day, or end.", rich_help_panel=TIMES)
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Time zone of days and hours.", rich_help_panel=TIMES)
    ] = "UTC",
    include: Annotated[
        list[Include] | None,
        typer.Option(help="Count these too.", rich_help_panel=SCORING),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="en: all tweets are English; leave none out.", rich_help_panel=SCORING),
    ] = None,
    by: Annotated[
        By | None,
        typer.Option(help="One verdict for each author or file.", rich_help_panel=OUTPUT),
    ] = None,
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    scores: Annotated[
        Path | None,
        typer.Option(
            help="Also write a row for each tweet: .csv, .jsonl or .parquet.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    format: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> None:
    """Score the tweets of a file and tell whether they are mainly positive or mainly negative.

    Example: positivity score tweets.csv --scores scored.csv
    """
    from positivity.report.output import refuse_folder
    from positivity.sources.files import ReadOptions
    from positivity.sources.reading import STDIN

    if sample and files:
        raise UsageError("--sample scores the sample account: give it no file, or leave it away")
    if not sample and not files:
        raise UsageError("name a file of tweets, - for standard input, or try --sample")
    if files and files.count(STDIN) > 1:
        raise UsageError("standard input can be read only once: give - once")
    if output is not None:
        refuse_folder(output)  # now, rather than when all is scored
    zone = time_zone(timezone)
    job = ScoreJob(
        files=() if sample else tuple(files or ()),
        options=ReadOptions(
            text_column=text_column,
            id_column=id_column,
            date_column=date_column,
            author_column=author_column,
            lang_column=lang_column,
            encoding=encoding,
            delimiter=delimiter,
        ),
        zone=zone,
        since=moment("--since", since, zone),
        until=moment("--until", until, zone, end=True),
        include_retweets=Include.RETWEETS in (include or []),
        language=language,
        by=by,
        model=model,
        device=device,
        scores=scores,
        progress=not quiet and sys.stderr.isatty(),
    )
    reports, failed = score(job)
    write_reports(reports, format, output, by)
    if failed:
        raise typer.Exit(PARTLY_DONE)


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
    scores: Path | None
    progress: bool


def score(job: ScoreJob) -> tuple[list["Report"], int]:
    """The reports on the files of a job, and how many of several files could not be read.

    Raises:
        PositivityError: nothing could be read, or the model or an option cannot be used.
    """
    from positivity.analysis import model_info, quantifier_of
    from positivity.model.registry import load
    from positivity.model.scorer import Scorer
    from positivity.report.scores import ScoresWriter
    from positivity.selection import Selection
    from positivity.sources.files import open_tweets
    from positivity.text.language import EnglishDetector

    prepare_process()
    is_english = EnglishDetector.load().is_english
    rules = (job.include_retweets, job.language, job.since, job.until)
    Selection(is_english, *rules)  # complains of an option before anything is read
    if job.files:
        opened, failed = _open_all(job.files, job.options)
    else:
        opened, failed = [open_tweets(str(SAMPLE), job.options)], 0
        opened[0].name = "the sample account"
    files = len(opened) + failed
    directory = load(job.model)
    info, quantifier = model_info(directory), quantifier_of(directory)
    with ExitStack() as stack:
        writer = stack.enter_context(ScoresWriter(job.scores)) if job.scores else None
        scorer = Scorer.load(directory, device=job.device)
        groups = [[file] for file in opened] if job.by is By.FILE else [opened]
        reports: list[Report] = []
        for group in groups:
            way = _Way(scorer, Selection(is_english, *rules), writer, job)
            tallies = way.tallies(group)
            for file in group:
                failed += way.run(file, tallies, alone=files == 1)
            reports += tallies.reports(
                [f"{file.name}: {file.read_as}" for file in group],
                info,
                [limit for file in group for limit in _limits(file)],
                quantifier=quantifier,
                unreadable=sum(file.unreadable for file in group),
            )
    if failed and failed == files:
        raise _none_readable(failed)
    return reports, failed


def _limits(file: "TweetFile") -> list[str]:
    """What a report must say of a file that has been read."""
    return [f"{file.name} is damaged: only its beginning was read."] if file.damaged else []


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

    def tallies(self, files: Sequence["TweetFile"]) -> "Tallies":
        from positivity.analysis import Tallies
        from positivity.text.terms import TermFinder

        name = files[0].name if len(files) == 1 else f"{len(files)} files"
        terms = TermFinder(self.scorer.normalizer)
        by = self.job.by
        return Tallies(
            name, self.job.zone, terms, by_author=by is By.AUTHOR, keep_name=by is By.FILE
        )

    def run(self, file: "TweetFile", tallies: "Tallies", *, alone: bool) -> int:
        """Scores a file; 1 when it broke off in the middle and others may go on, else 0."""
        from positivity.analysis import score_batches

        breaks: list[InputError] = []
        batches = _until_break(file.batches(), breaks)
        if self.job.progress:
            batches = _with_progress(file, batches)
        for scored in score_batches(
            batches, self.scorer, self.selection, everything=self.writer is not None
        ):
            self._take(scored, tallies)
        for error in breaks:
            if alone:
                raise error
            say(error)
        for limit in _limits(file):
            say(limit)
        return len(breaks)

    def _take(self, scored: "ScoredBatch", tallies: "Tallies") -> None:
        tallies.add(scored)
        if self.writer is not None:
            self.writer.write(scored.tweets, scored.probabilities, scored.left_out)


def _until_break(
    batches: Iterable["TweetBatch"], breaks: list[InputError]
) -> Iterator["TweetBatch"]:
    """The same batches, up to where the file cannot be read on; why goes to `breaks`."""
    try:
        yield from batches
    except InputError as error:
        breaks.append(error)


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


def write_reports(
    reports: Sequence["Report"], format: Format, output: Path | None, by: By | None = None
) -> None:
    """Writes reports in the format asked for: several of them as a table in the terminal's."""
    from positivity.report.output import report_output

    with report_output(output) as out:
        if format is Format.JSON:
            from positivity.report.machine import render_json

            render_json(reports, out)
            return
        from positivity.report.terminal import (
            make_console,
            render,
            render_shared_limits,
            render_table,
        )

        console = make_console(out)
        if by is not None:
            render_table(reports, console, subject=str(by))
            render_shared_limits(reports, console)
        else:
            for report in reports:
                render(report, console)
