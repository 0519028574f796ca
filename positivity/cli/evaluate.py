"""`positivity evaluate`: how good a model is on labelled tweets."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.options import (
    READING,
    Device,
    DeviceOption,
    Engine,
    EngineOption,
    Format,
    FormatOption,
    ModelOption,
    OutputOption,
)
from positivity.errors import InputError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from positivity.evaluation import Metrics
    from positivity.training.recipe import Source

TextColumn = Annotated[
    str, typer.Option(help="Column of the text, or its number.", rich_help_panel=READING)
]
LabelColumn = Annotated[
    str | None, typer.Option(help="Column of the label, or its number.", rich_help_panel=READING)
]
Delimiter = Annotated[str, typer.Option(help="What separates columns.", rich_help_panel=READING)]
Encoding = Annotated[str, typer.Option(help="Encoding, such as latin-1.", rich_help_panel=READING)]
NoHeader = Annotated[
    bool,
    typer.Option("--no-header", help="The first row is a tweet.", rich_help_panel=READING),
]
Where = Annotated[
    list[str] | None,
    typer.Option(help="Only rows with COLUMN=VALUE; may be given again.", rich_help_panel=READING),
]


def evaluate_command(
    file: Annotated[Path, typer.Argument(help="CSV, TSV or parquet with a text and a label.")],
    text_column: TextColumn = "text",
    label_column: LabelColumn = None,
    delimiter: Delimiter = ",",
    encoding: Encoding = "utf-8-sig",
    no_header: NoHeader = False,
    where: Where = None,
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    engine: EngineOption = Engine.AUTO,
    format: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    """Measure a model on labelled tweets.

    Example: positivity evaluate labelled.parquet --where split=eval --where dataset=sanders
    """
    from positivity.report.machine import write_json
    from positivity.report.output import refuse_folder, report_output
    from positivity.report.terminal import make_console

    if output is not None:
        refuse_folder(output)
    source = labelled_source(
        file, text_column, label_column, delimiter, encoding, no_header, where or []
    )
    metrics = evaluate(file, source, model=model, device=device, engine=engine)
    with report_output(output) as out:
        if format is Format.JSON:
            write_json({"schema_version": 1, "model": model, **asdict(metrics)}, out)
        else:
            _print(metrics, make_console(out))


def evaluate(file: Path, source: "Source", *, model: str, device: str, engine: str) -> "Metrics":
    """The measures of a model on the labelled tweets of a file."""
    from positivity.evaluation import evaluate as measure
    from positivity.model.scorer import Scorer
    from positivity.training.labelled import read_labelled

    tweets = read_labelled(file, source)
    if not tweets.cues:
        raise InputError(f"{file}: no column of labels in it; name it with --label-column")
    return measure(
        Scorer.load(model, device=device, engine=engine).score(tweets.texts), tweets.gold
    )


def labelled_source(
    file: Path,
    text_column: str,
    label_column: str | None,
    delimiter: str,
    encoding: str,
    no_header: bool,
    where: list[str],
) -> "Source":
    """How the columns of a labelled file are read, from the options of a command."""
    from positivity.training.recipe import Source

    keep: dict[str, list[str]] = {}
    for condition in where:
        column, equals, value = condition.partition("=")
        if not equals:
            raise UsageError(f"--where {condition!r}: give COLUMN=VALUE")
        keep.setdefault(column, []).append(value)
    return Source(
        file=file.name,
        name=file.stem,
        text=text_column,
        label=label_column,
        keep=keep,
        header=not no_header,
        delimiter=delimiter.replace("\\t", "\t"),
        encoding=encoding,
    )


def _print(metrics: "Metrics", console: "Console") -> None:
    from rich.table import Table

    from positivity.evaluation import LABELS

    summary = Table(box=None, show_header=False)
    for name, value in (
        ("tweets", f"{metrics.tweets:,}"),
        ("macro-averaged recall", f"{metrics.macro_recall:.3f}"),
        ("F1 of positive and negative", f"{metrics.f1_positive_negative:.3f}"),
        ("accuracy", f"{metrics.accuracy:.3f}"),
        ("expected calibration error", f"{metrics.calibration_error:.3f}"),
        ("the same, all classes alike", f"{metrics.calibration_error_balanced:.3f}"),
        ("by chance, at this many tweets", f"{metrics.calibration_error_by_chance:.3f}"),
    ):
        summary.add_row(name, value)
    table = Table("gold", "precision", "recall", "F1", *(f"as {name}" for name in LABELS), box=None)
    for i, name in enumerate(LABELS):
        if name in metrics.classes:
            each = metrics.classes[name]
            figures = (f"{value:.3f}" for value in (each.precision, each.recall, each.f1))
            table.add_row(name, *figures, *(f"{count:,}" for count in metrics.confusion[i]))
    console.print(summary)
    console.print()
    console.print(table)
