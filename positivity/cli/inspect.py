"""`positivity inspect`: what a model does inside while it reads."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.formats import format_of
from positivity.cli.options import (
    OUTPUT,
    SCORING,
    FileFormatOption,
    Format,
    ModelOption,
    OutputOption,
    file_to_write,
)
from positivity.cli.plotting import check_plot
from positivity.cli.say import sentences_of
from positivity.errors import UsageError
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.inspection.findings import Inspection


class View(StrEnum):
    """What can be looked at."""

    ATTENTION = "attention"
    GATES = "gates"
    GRADIENTS = "gradients"
    NEIGHBOURS = "neighbours"


class Direction(StrEnum):
    """Which way a layer reads."""

    FORWARD = "forward"
    BACKWARD = "backward"


def inspect_command(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT...", help="Texts, each in quotes; - reads one a line from stdin."
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="The tweets of the sample account; shows gradients.")
    ] = False,
    show: Annotated[
        list[View] | None,
        typer.Option(help="What to look at, attention and gates if not said; may be given again."),
    ] = None,
    layer: Annotated[
        int, typer.Option(min=1, help="The layer whose gates are shown.", rich_help_panel=SCORING)
    ] = 1,
    direction: Annotated[
        Direction, typer.Option(help="The way it reads.", rich_help_panel=SCORING)
    ] = Direction.FORWARD,
    model: ModelOption = "base",
    beside: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Measure the gradients of this model too; may be given again.",
            rich_help_panel=SCORING,
        ),
    ] = None,
    format: FileFormatOption = None,
    output: OutputOption = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            parser=file_to_write,
            metavar="PATH",
            help="Also draw what is shown: .png or .svg.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
) -> None:
    """Look into a model while it reads: gates, attention, gradients by distance, word vectors.

    Example: positivity inspect "not bad at all, I love it" --plot gates.png
    """
    from positivity.report.output import refuse_clashes, refuse_folder

    if sample == bool(texts):
        raise UsageError('give texts, such as: positivity inspect "not bad at all"; or --sample')
    refuse_clashes([("--output", output), ("--plot", plot)])
    format = format_of(format, output, Format)
    if output is not None:
        refuse_folder(output)  # now, rather than when all is done
    check_plot(plot)
    views = show or ([View.GRADIENTS] if sample else [View.ATTENTION, View.GATES])
    if beside and View.GRADIENTS not in views:
        raise UsageError("--beside compares gradients: add --show gradients")
    read = _sample() if sample else list(sentences_of(texts or []))
    found = inspect(
        read,
        [str(view) for view in views],
        model=model,
        beside=beside or [],
        layer=layer,
        direction=direction,
    )
    write_inspection(found, format, output)
    if plot is not None:
        from positivity.report.plot_inspection import write_inspection_plot

        remark = write_inspection_plot(found, plot)
        if remark:
            say(remark)


def inspect(
    texts: list[str],
    views: list[str],
    *,
    model: str,
    beside: list[str],
    layer: int,
    direction: str,
) -> "Inspection":
    """What a model does inside with texts.

    Raises:
        PositivityError: a model or an option cannot be used.
    """
    from positivity.inspection.look import Question, inspect
    from positivity.model.registry import load

    question = Question(views=tuple(views), layer=layer, direction=direction)
    return inspect(texts, load(model), question, [load(other) for other in beside])


def _sample() -> list[str]:
    """The texts of the sample account."""
    from positivity.cli.input_files import SAMPLE
    from positivity.sources.files import open_tweets

    with open_tweets(str(SAMPLE)) as file:
        return [text for batch in file.batches() for text in batch.column("text").to_pylist()]


def write_inspection(found: "Inspection", format: Format, output: Path | None) -> None:
    """Writes an inspection in the format asked for."""
    from positivity.report.output import report_output

    with report_output(output) as out:
        if format is Format.JSON:
            from positivity.report.machine_inspection import render_inspection_json

            render_inspection_json(found, out)
        else:
            from positivity.report.terminal_inspection import render_inspection
            from positivity.report.terminal_page import make_console

            render_inspection(found, make_console(out))
