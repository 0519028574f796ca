"""`positivity evaluate`: how good a model is on labelled tweets."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.formats import format_of
from positivity.cli.options import (
    READING,
    Device,
    DeviceOption,
    Engine,
    EngineOption,
    FileFormatOption,
    Format,
    ModelOption,
    OutputOption,
)
from positivity.errors import InputError, UsageError
from positivity.messages import say

if TYPE_CHECKING:
    from rich.console import Console

    from positivity.evaluation import Metrics
    from positivity.quantification import ShareMetrics
    from positivity.training.labelled import LabelledTweets
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
TopicColumn = Annotated[
    str,
    typer.Option(
        help="Column of the topics whose shares are told (quantification).",
        rich_help_panel=READING,
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(help="Only rows with COLUMN=VALUE; may be given again.", rich_help_panel=READING),
]


class Task(StrEnum):
    """What a model is measured on."""

    CLASSIFICATION = "classification"
    QUANTIFICATION = "quantification"


def evaluate_command(
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV, JSON Lines or parquet with a text and a label.")
    ],
    task: Annotated[
        Task, typer.Option(help="Labels of tweets, or shares of labels by topic.")
    ] = Task.CLASSIFICATION,
    text_column: TextColumn = "text",
    label_column: LabelColumn = None,
    delimiter: Delimiter = ",",
    encoding: Encoding = "utf-8-sig",
    no_header: NoHeader = False,
    topic_column: TopicColumn = "topic",
    where: Where = None,
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    engine: EngineOption = Engine.AUTO,
    format: FileFormatOption = None,
    output: OutputOption = None,
) -> None:
    """Measure a model on labelled tweets.

    Example: positivity evaluate labelled.parquet --where split=eval --where dataset=sanders
    """
    from positivity.report.machine import write_json
    from positivity.report.output import refuse_clashes, refuse_folder, report_output
    from positivity.report.terminal_page import make_console

    refuse_clashes([("--output", output)], [file])
    format = format_of(format, output, Format)
    if output is not None:
        refuse_folder(output)
    source = labelled_source(
        file, text_column, label_column, delimiter, encoding, no_header, where or []
    )
    metrics: Metrics | ShareMetrics
    if task is Task.QUANTIFICATION:
        metrics = evaluate_topics(
            file, source, topic_column, model=model, device=device, engine=engine
        )
    else:
        metrics = evaluate(file, source, model=model, device=device, engine=engine)
    with report_output(output) as out:
        if format is Format.JSON:
            named = {"schema_version": 1, "model": model, "task": str(task)}
            write_json({**named, **asdict(metrics)}, out)
        else:
            _print(metrics, make_console(out))


def evaluate(file: Path, source: "Source", *, model: str, device: str, engine: str) -> "Metrics":
    """The measures of a model on the labelled tweets of a file."""
    from positivity.evaluation import evaluate as measure
    from positivity.model.scorer import Scorer
    from positivity.training.labelled import read_labelled

    unreadable: list[str] = []
    tweets = read_labelled(file, source, unreadable.append)
    _say_unreadable(file, unreadable)
    if not tweets.cues:
        raise InputError(f"{file}: no column of labels in it; name it with --label-column")
    _say_left_out(file, tweets.unlabelled, "without a label")
    say_how_read(file, tweets)
    scorer = Scorer.load(model, device=device, engine=engine)
    told_apart = tweets.of(scorer.config.labels)
    if left_out := len(tweets.texts) - len(told_apart.texts):
        labels = " and ".join(scorer.config.labels)
        if not told_apart.texts:
            raise InputError(f"{file}: no {labels} tweets in it, and {model} knows no others")
        say(f"{file}: {left_out:,} neutral left out: {model} tells {labels} apart, and no more")
    return measure(scorer.score(told_apart.texts), told_apart.gold)


def _say_left_out(file: Path, rows: int, why: str) -> None:
    if rows:
        say(f"{file}: {'1 row' if rows == 1 else f'{rows:,} rows'} {why} left out")


def say_how_read(file: Path, tweets: "LabelledTweets") -> None:
    """Says what labels that are numbers are taken for: other files mean other things by them."""
    from positivity.evaluation import LABELS

    read = {word: LABELS[label] for word, label in zip(tweets.cues, tweets.gold, strict=True)}
    if any(character.isdecimal() for word in read for character in word):
        pairs = ", ".join(f"{word} as {read[word]}" for word in sorted(read))
        say(f"{file}: labels are read thus: {pairs}")


def _say_unreadable(file: Path, rows: list[str]) -> None:
    """Says how many rows were left out, and what is wrong with the first of them."""
    if len(rows) == 1:
        say(f"{file}: 1 row that cannot be read left out: {rows[0]}")
    elif rows:
        say(f"{file}: {len(rows):,} rows that cannot be read left out, the first: {rows[0]}")


def evaluate_topics(
    file: Path, source: "Source", topic_column: str, *, model: str, device: str, engine: str
) -> "ShareMetrics":
    """How well the shares of labels are told, topic by topic."""
    import numpy as np

    from positivity.model.scorer import Scorer
    from positivity.quantification import Topic, evaluate_shares, scale_of
    from positivity.training.labelled import read_topics

    unreadable: list[str] = []
    texts, words, names, lacking = read_topics(file, source, topic_column, unreadable.append)
    _say_unreadable(file, unreadable)
    _say_left_out(file, lacking, "without a label or a topic")
    scale = scale_of(words)
    gold = np.array([scale.index(word) for word in words])
    probabilities = (
        Scorer.load(model, device=device, engine=engine).score(texts).astype(float).round(4)
    )
    of_topic = np.array(names)
    topics = [
        Topic(name, probabilities[of_topic == name], gold[of_topic == name])
        for name in sorted(set(names))
    ]
    return evaluate_shares(topics, scale)


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
    from positivity.sources.dialect import checked_delimiter
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
        delimiter=checked_delimiter(delimiter),
        encoding=encoding,
    )


def _print(metrics: "Metrics | ShareMetrics", console: "Console") -> None:
    from positivity.quantification import ShareMetrics

    if isinstance(metrics, ShareMetrics):
        _print_shares(metrics, console)
    else:
        _print_classification(metrics, console)


def _print_shares(metrics: "ShareMetrics", console: "Console") -> None:
    from rich.table import Table

    table = Table("shares by", "KLD", "AE", "RAE", "EMD", box=None)
    for name, each in metrics.methods.items():
        figures = (each.kld, each.ae, each.rae, each.emd)
        table.add_row(name, *(f"{value:.3f}" for value in figures))
    labels = ", ".join(metrics.labels)
    console.print(f"{metrics.topics:,} topics, {metrics.tweets:,} tweets; labels {labels}")
    console.print("means over topics; all is fitted on the other topics")
    console.print()
    console.print(table)


def _print_classification(metrics: "Metrics", console: "Console") -> None:
    from rich.table import Table

    from positivity.evaluation import LABELS

    summary = Table(box=None, show_header=False)
    two, area = metrics.two_class_macro_recall, metrics.area_under_curve
    for name, value in (
        ("tweets", f"{metrics.tweets:,}"),
        ("macro-averaged recall", f"{metrics.macro_recall:.3f}"),
        ("that of negative against positive", "none are" if two is None else f"{two:.3f}"),
        ("F1 of positive and negative", f"{metrics.f1_positive_negative:.3f}"),
        ("accuracy", f"{metrics.accuracy:.3f}"),
        ("area under the ROC curve", "one class only" if area is None else f"{area:.3f}"),
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
