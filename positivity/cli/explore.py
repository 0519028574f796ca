"""`positivity explore`: the look at the data before training."""

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.formats import format_of
from positivity.cli.input_files import SAMPLE, open_files, say_what_broke, with_progress
from positivity.cli.options import (
    BY_NAME,
    OUTPUT,
    READING,
    AsOption,
    AuthorColumnOption,
    DateColumnOption,
    DelimiterOption,
    EncodingOption,
    LangColumnOption,
    OutputOption,
    QuietOption,
    TextColumnOption,
    file_to_write,
)
from positivity.cli.plotting import check_plot
from positivity.cli.subjects import as_file
from positivity.errors import PARTLY_DONE, UsageError
from positivity.fast_start import prepare_process

if TYPE_CHECKING:
    from positivity.exploration.findings import Exploration
    from positivity.sources.files import ReadOptions
    from positivity.sources.outcome import Outcome


class ExplorationFormat(StrEnum):
    """What an exploration is written as."""

    TERMINAL = "terminal"
    JSON = "json"
    HTML = "html"


def explore_command(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", help="Files as for score, with labels or without."),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Look at the sample account that comes along.")
    ] = False,
    text_column: TextColumnOption = None,
    label_column: Annotated[
        str | None,
        typer.Option(
            help="Column of the label; found by itself where it says positive or negative.",
            rich_help_panel=READING,
        ),
    ] = None,
    date_column: DateColumnOption = None,
    author_column: AuthorColumnOption = None,
    lang_column: LangColumnOption = None,
    encoding: EncodingOption = None,
    delimiter: DelimiterOption = None,
    as_format: AsOption = None,
    cut: Annotated[
        int, typer.Option(min=1, metavar="TOKENS", help="Tell what a cut at this length loses.")
    ] = 40,
    format: Annotated[
        ExplorationFormat | None,
        typer.Option(help=f"Write it as this; {BY_NAME}", rich_help_panel=OUTPUT),
    ] = None,
    output: OutputOption = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            parser=file_to_write,
            metavar="PATH",
            help="Also draw labels, lengths and ranks: .png or .svg.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Look at data before training: labels, copies, languages, lengths, words, emoji.

    Example: positivity explore train.csv -o data.html
    """
    prepare_process()
    from positivity.report.output import refuse_clashes, refuse_folder
    from positivity.sources.exports import checked_format
    from positivity.sources.files import ReadOptions

    if sample == bool(files):
        raise UsageError("name files of tweets, - for standard input, or try --sample")
    paths = [str(SAMPLE)] if sample else list(files or ())
    refuse_clashes([("--output", output), ("--plot", plot)], paths)
    format = format_of(format, output, ExplorationFormat)
    if output is not None:
        refuse_folder(output)  # now, rather than when all is read
    check_plot(plot)
    options = ReadOptions(
        text_column=text_column,
        date_column=date_column,
        author_column=author_column,
        lang_column=lang_column,
        encoding=encoding,
        delimiter=delimiter,
        format=None if as_format is None else checked_format(as_format),
        labels=True,
        label_column=label_column,
    )
    found, partly = explore(paths, options, cut=cut, progress=not quiet and sys.stderr.isatty())
    write_exploration(found, format, output)
    if plot is not None:
        from positivity.report.plot_exploration import write_exploration_plot

        write_exploration_plot(found, plot)
    if partly:
        raise typer.Exit(PARTLY_DONE)


def explore(
    paths: list[str], options: "ReadOptions", *, cut: int, progress: bool
) -> tuple["Exploration", bool]:
    """What the tweets of some files are like, and whether any was not read to its end.

    Raises:
        PositivityError: nothing could be read, or there are too many labels.
    """
    from positivity.exploration.explorer import Explorer
    from positivity.model.registry import load
    from positivity.sources.outcome import Reading
    from positivity.text.language import EnglishDetector
    from positivity.text.normalize import Normalizer

    opened, unopened = open_files(paths, options)
    readings = [Reading(file) for file in opened]
    tables = load(weights=False).normalizer().tables
    # The look is at the data: it sees all marks and names, be they read by this model or not.
    normalizer = Normalizer(tables["emoji"], tables["words"])
    explorer = Explorer(normalizer, EnglishDetector.load().is_english, cut=cut)
    for reading in readings:
        batches = reading.batches()
        for batch in with_progress(reading.file, batches) if progress else batches:
            explorer.add(batch)
    outcomes = [each.outcome() for each in readings]
    say_what_broke(outcomes, unopened)
    subject = as_file(readings[0].file.name) if len(readings) == 1 else f"{len(readings)} files"
    found = explorer.findings(
        "the sample account" if paths == [str(SAMPLE)] else subject,
        read_as=[_read_as(each, alone=len(outcomes) == 1) for each in outcomes],
        unreadable=sum(each.unreadable for each in outcomes),
        notes=[note for each in outcomes for note in each.notes],
    )
    return found, unopened > 0 or any(each.broke for each in outcomes)


def _read_as(outcome: "Outcome", *, alone: bool) -> str:
    return outcome.read_as if alone else f"{outcome.name}: {outcome.read_as}"


def write_exploration(found: "Exploration", format: ExplorationFormat, output: Path | None) -> None:
    """Writes an exploration in the format asked for."""
    from positivity.report.output import report_output

    with report_output(output, format) as out:
        match format:
            case ExplorationFormat.JSON:
                from positivity.report.machine import SCHEMA_VERSION, write_json

                write_json({"schema_version": SCHEMA_VERSION, **asdict(found)}, out)
            case ExplorationFormat.HTML:
                from positivity.report.html_exploration import render_exploration_html

                render_exploration_html(found, out)
            case ExplorationFormat.TERMINAL:
                from positivity.report.terminal_exploration import render_exploration
                from positivity.report.terminal_page import make_console

                render_exploration(found, make_console(out))
