"""`positivity score`: a file of tweets -> a verdict."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from positivity.cli.conditions import FailIfOption, condition_of, end_if
from positivity.cli.formats import format_of
from positivity.cli.inputs import print_inputs
from positivity.cli.options import (
    OUTPUT,
    READING,
    SCORING,
    TIMES,
    AsOption,
    AuthorColumnOption,
    DateColumnOption,
    DelimiterOption,
    Device,
    DeviceOption,
    EncodingOption,
    Engine,
    EngineOption,
    IdColumnOption,
    LangColumnOption,
    ModelOption,
    OutputOption,
    PlotOption,
    QuietOption,
    ReportFormat,
    ReportFormatOption,
    TextColumnOption,
    file_to_write,
    moment,
    time_zone,
)
from positivity.cli.plotting import check_plot, draw
from positivity.cli.reports import write_reports
from positivity.cli.score_job import By, RunnerName, ScoreJob, writes_folder
from positivity.cli.scoring import score
from positivity.errors import PARTLY_DONE, UsageError
from positivity.fast_start import prepare_process


class Include(StrEnum):
    """Tweets that else do not count, or are not even read."""

    RETWEETS = "retweets"
    COMMUNITY = "community"
    DELETED = "deleted"


def score_command(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="CSV, JSON(L), parquet, Excel, X archive, a folder or zip of them; - is stdin."
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Score the sample account that comes along.")
    ] = False,
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    date_column: DateColumnOption = None,
    author_column: AuthorColumnOption = None,
    lang_column: LangColumnOption = None,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
    as_format: AsOption = None,
    list_inputs: Annotated[
        bool,
        typer.Option(
            "--list-inputs",
            help="List the forms of files that are known.",
            callback=print_inputs,
            is_eager=True,
            rich_help_panel=READING,
        ),
    ] = False,
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
        typer.Option(
            help="Count these too; community and deleted: of an X archive.",
            rich_help_panel=SCORING,
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="en: all tweets are English; leave none out.", rich_help_panel=SCORING),
    ] = None,
    by: Annotated[
        By | None,
        typer.Option(
            help="A verdict for each author or file; a row of CSV for each month or week.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    engine: EngineOption = Engine.AUTO,
    scores: Annotated[
        str | None,
        typer.Option(
            help="Also write a row for each tweet: .csv, .jsonl, .parquet or .xlsx, or FOLDER/.",
            metavar="PATH",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the folder of --scores; skip what is scored.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    runner: Annotated[
        RunnerName,
        typer.Option(
            help="Where: here, or on the machines of a Ray cluster.", rich_help_panel=SCORING
        ),
    ] = RunnerName.LOCAL,
    rejects: Annotated[
        Path | None,
        typer.Option(
            parser=file_to_write,
            metavar="PATH",
            help="Also write the rows that could not be read, and why.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    format: ReportFormatOption = None,
    output: OutputOption = None,
    plot: PlotOption = None,
    fail_if: FailIfOption = None,
    quiet: QuietOption = False,
) -> None:
    """Score the tweets of a file and tell whether they are mainly positive or mainly negative.

    Example: positivity score tweets.csv --scores scored.csv
    """
    prepare_process()  # before all that takes time to import
    from positivity.report.output import refuse_clashes, refuse_folder
    from positivity.sources.exports import checked_format
    from positivity.sources.files import ReadOptions
    from positivity.sources.urls import STDIN

    if sample and files:
        raise UsageError("--sample scores the sample account: give it no file, or leave it away")
    if not sample and not files:
        raise UsageError("name a file of tweets, - for standard input, or try --sample")
    if files and files.count(STDIN) > 1:
        raise UsageError("standard input can be read only once: give - once")
    refuse_clashes(
        [("--output", output), ("--rejects", rejects), ("--scores", scores), ("--plot", plot)],
        files or (),
    )
    format = format_of(format, output, ReportFormat)
    if by in (By.MONTH, By.WEEK) and format is not ReportFormat.CSV:
        raise UsageError(
            f"--by {by} gives rows: add --format csv, or -o NAME.csv; all reports show the time"
        )
    if output is not None:
        refuse_folder(output)  # now, rather than when all is scored
    check_plot(plot)
    condition = condition_of(fail_if)
    included = include or []
    rows = str(by) if by else None
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
            community=Include.COMMUNITY in included,
            deleted=Include.DELETED in included,
            format=None if as_format is None else checked_format(as_format),
        ),
        zone=zone,
        since=moment("--since", since, zone),
        until=moment("--until", until, zone, end=True),
        include_retweets=Include.RETWEETS in included,
        language=language,
        by=by,
        model=model,
        device=device,
        engine=engine,
        scores=scores,
        rejects=rejects,
        progress=not quiet and sys.stderr.isatty(),
        runner=runner,
        resume=resume,
        all_weeks=format is ReportFormat.JSON or rows == "week",
    )
    if not writes_folder(job):
        if runner is not RunnerName.LOCAL:
            raise UsageError("--runner ray writes a file for each part: add --scores FOLDER/")
        if resume:
            raise UsageError("--resume goes on with a folder of scores: add --scores FOLDER/")
    reports, partly = score(job)
    write_reports(
        reports,
        format,
        output,
        table=by is not None,
        subject=str(by) if by else "account",
        rows=rows,
    )
    draw(reports, plot)
    end_if(condition, reports, quiet=quiet, failed=PARTLY_DONE if partly else 0)
