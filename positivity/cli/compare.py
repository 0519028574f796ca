"""`positivity compare`: accounts of files and of the store, side by side."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.formats import format_of
from positivity.cli.options import (
    SCORING,
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
    IncludeOption,
    LangColumnOption,
    LanguageOption,
    ModelOption,
    OutputOption,
    QuietOption,
    ReportFormat,
    ReportFormatOption,
    SinceOption,
    TextColumnOption,
    TimezoneOption,
    UntilOption,
)
from positivity.cli.score_job import By, ScoreJob
from positivity.cli.scoring import score_accounts
from positivity.cli.stored import open_store, question, stored_accounts
from positivity.cli.subjects import is_handle, told_apart
from positivity.errors import PARTLY_DONE, InputError, UsageError
from positivity.fast_start import prepare_process
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.account.comparison import Sample
    from positivity.account.report import Comparison, Report
    from positivity.check.scoring import Question
    from positivity.sources.files import ReadOptions

MOST = 200  # accounts; their pairs grow with the square


class Apart(StrEnum):
    """What is compared in files."""

    AUTHOR = "author"
    FILE = "file"


def compare_command(
    accounts: Annotated[
        list[str],
        typer.Argument(help="Files, folders or zips of them, and @handles that were checked."),
    ],
    by: Annotated[
        Apart, typer.Option(help="What of files is compared.", rich_help_panel=SCORING)
    ] = Apart.FILE,
    alike: Annotated[
        bool,
        typer.Option(
            "--alike",
            help="Their tweets are of one kind: the classifier errs alike on all.",
            rich_help_panel=SCORING,
        ),
    ] = False,
    text_column: TextColumnOption = None,
    id_column: IdColumnOption = None,
    date_column: DateColumnOption = None,
    author_column: AuthorColumnOption = None,
    lang_column: LangColumnOption = None,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
    as_format: AsOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    timezone: TimezoneOption = "UTC",
    include: IncludeOption = None,
    language: LanguageOption = None,
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    engine: EngineOption = Engine.AUTO,
    format: ReportFormatOption = None,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> None:
    """Tell which accounts are more positive than others, from files and the store, ranked.

    Of more than 200 accounts, those with the most tweets are compared.

    Example: positivity compare @nasa @esa my-tweets.csv
    """
    prepare_process()  # before all that takes time to import
    from positivity.report.output import refuse_clashes, refuse_folder
    from positivity.sources.exports import checked_format
    from positivity.sources.files import ReadOptions

    handles = [each for each in accounts if is_handle(each)]
    named: dict[Path, str] = {}  # one that is named twice is one account
    for each in accounts:
        if not is_handle(each):
            named.setdefault(Path(each).absolute(), each)
    files = list(named.values())
    refuse_clashes([("--output", output)], files)
    format = format_of(format, output, ReportFormat)
    if output is not None:
        refuse_folder(output)
    if by is Apart.AUTHOR and not files:
        raise UsageError("--by author takes the authors of a file: name one")
    if by is Apart.FILE and len(accounts) == 1 and handles:
        raise UsageError("one account cannot be compared: name another, or a file")
    options = ReadOptions(
        text_column=text_column,
        id_column=id_column,
        date_column=date_column,
        author_column=author_column,
        lang_column=lang_column,
        encoding=encoding,
        delimiter=delimiter,
        format=None if as_format is None else checked_format(as_format),
    )
    comparison, partly = compare(
        handles,
        files,
        question(since, until, timezone, include, language),
        options,
        by=By(by),
        alike=alike,
        model=model,
        device=device,
        engine=engine,
        progress=not quiet and sys.stderr.isatty(),
    )
    write_comparison(
        comparison, format, output, subject="author" if by is Apart.AUTHOR else "account"
    )
    if partly:
        raise typer.Exit(PARTLY_DONE)


def compare(
    handles: Sequence[str],
    files: Sequence[str],
    asked: "Question",
    options: "ReadOptions",
    *,
    by: By,
    alike: bool,
    model: str,
    device: str,
    engine: str,
    progress: bool,
) -> tuple["Comparison", bool]:
    """The comparison of stored accounts and files, and whether a file was not read to its end.

    Raises:
        PositivityError: an account is not in the store, nothing could be read, or there is only one
            account.
    """
    from positivity.account import comparison
    from positivity.analysis import quantifier_of
    from positivity.model.registry import load

    found = _of_store(handles, asked, model, device, engine) if handles else []
    partly = False
    if files:
        job = ScoreJob(
            files=tuple(files),
            options=options,
            zone=asked.zone,
            since=asked.since,
            until=asked.until,
            include_retweets=asked.include_retweets,
            language=asked.language,
            by=by,
            model=model,
            device=device,
            engine=engine,
            scores=None,
            rejects=None,
            progress=progress,
            or_accounts=True,
        )
        of_files, partly = score_accounts(job, taken=[report.subject for report, _ in found])
        found = _told_apart(found + of_files)
    if len(found) < 2:
        each = "author" if by is By.AUTHOR else "account"
        if partly and len(handles) + len(files) > 1:  # what is wrong with the others is said
            raise InputError(f"only one {each} could be read: there is none to compare it with")
        raise UsageError(f"there is only one {each} in it: name at least two to compare")
    largest = sorted(found, key=lambda each: -each[1].tweets)[:MOST]
    quantifier = quantifier_of(load(model, weights=False))
    compared = comparison.compare(largest, quantifier, alike=alike)
    if len(found) > len(largest):
        cut = f"{MOST} accounts with the most tweets are compared, of {len(found):,}"
        say(f"the {cut}")
        compared = replace(compared, limits=(f"The {cut}.", *compared.limits))
    return compared, partly


def _told_apart(found: list[tuple["Report", "Sample"]]) -> list[tuple["Report", "Sample"]]:
    """The same accounts, no two of one name."""
    names = told_apart(report.subject for report, _ in found)
    return [
        (replace(report, subject=name), sample)
        for (report, sample), name in zip(found, names, strict=True)
    ]


def _of_store(
    handles: Sequence[str], asked: "Question", model: str, device: str, engine: str
) -> list[tuple["Report", "Sample"]]:
    """The accounts of the store, each once however often it is named."""
    from positivity.check.money import Prices
    from positivity.check.scoring import StoreAnalyzer
    from positivity.settings import load_settings

    settings = load_settings()
    prices = Prices(settings.post_price, settings.user_price)
    with open_store(reading=True) as store:
        accounts = stored_accounts(store, handles)
        analyzer = StoreAnalyzer(store, model, device=device, engine=engine)
        return [analyzer.compared(each, asked, prices) for each in accounts]


def write_comparison(
    comparison: "Comparison", format: ReportFormat, output: Path | None, *, subject: str
) -> None:
    """Writes a comparison in the format asked for; `subject` is what is compared."""
    from positivity.report.output import report_output

    with report_output(output, format) as out:
        match format:
            case ReportFormat.JSON:
                from positivity.report.machine import render_comparison_json

                render_comparison_json(comparison, out)
            case ReportFormat.HTML:
                from positivity.report.html import render_comparison_html

                render_comparison_html(comparison, out, subject=subject)
            case ReportFormat.MARKDOWN:
                from positivity.report.markdown import render_comparison_markdown

                render_comparison_markdown(comparison, out, subject=subject)
            case ReportFormat.CSV:
                from positivity.report.rows import render_comparison_csv

                render_comparison_csv(comparison, out)
            case ReportFormat.TERMINAL:
                from positivity.report.terminal_comparison import render_comparison
                from positivity.report.terminal_page import make_console

                render_comparison(comparison, make_console(out), subject=subject)
