"""`positivity say`: scores sentences given on the command line."""

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.options import (
    Device,
    DeviceOption,
    Engine,
    EngineOption,
    Format,
    FormatOption,
    ModelOption,
)
from positivity.errors import InputError, UsageError

if TYPE_CHECKING:
    from positivity.account.report import Effect


def say_command(
    sentences: Annotated[
        list[str], typer.Argument(help="Sentences, each in quotes; - reads one a line from stdin.")
    ],
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    engine: EngineOption = Engine.AUTO,
    format: FormatOption = Format.TERMINAL,
) -> None:
    """Score sentences, and show which words did it.

    Example: positivity say "I love this" "not bad at all" "meh 😒"
    """
    from positivity.report.machine import write_json
    from positivity.report.output import report_output
    from positivity.report.reasons import render_reasons
    from positivity.report.terminal import render_sentences
    from positivity.report.terminal_page import make_console

    texts = list(sentences_of(sentences))
    if not texts:
        raise UsageError('give at least one sentence, such as: positivity say "I love this"')
    rows = say(texts, model=model, device=device, engine=engine)
    with report_output(None) as out:
        if format is Format.JSON:
            write_json([asdict(row) for row in rows], out)
            return
        console = make_console(out)
        render_sentences(
            [(row.text, row.negative, row.neutral, row.positive, row.label) for row in rows],
            console,
        )
        render_reasons([(row.text, row.effects) for row in rows], console)


def sentences_of(sentences: list[str]) -> Iterator[str]:
    """The sentences, with the lines of standard input in the place of "-"."""
    for sentence in sentences:
        if sentence == "-":
            yield from _lines()
        else:
            # Bytes of the command line that are no character would be in no encoding.
            yield os.fsencode(sentence).decode("utf-8", "replace")


def _lines() -> Iterator[str]:
    if sys.stdin is None:
        raise InputError("standard input: is closed; give the sentences as arguments")
    # Read as bytes: those that are no character are shown as such, and are no reason to stop.
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text and what the model says of it."""

    text: str
    label: str
    negative: float
    neutral: float
    positive: float
    score: float  # positive minus negative
    effects: tuple["Effect", ...]  # of its words and emoji, in the order of the text


def say(texts: list[str], *, model: str, device: str, engine: str) -> list[Sentence]:
    """Scores each text, and finds what moved its score."""
    from positivity.account.tally import labels_of
    from positivity.evaluation import LABELS
    from positivity.explanation import explain
    from positivity.model.scorer import Scorer

    rows = []
    scorer = Scorer.load(model, device=device, engine=engine)
    probabilities = scorer.score(texts).astype(float).round(4)
    labels = labels_of(probabilities)
    for text, row, label, effects in zip(
        texts, probabilities, labels, explain(texts, scorer), strict=True
    ):
        negative, neutral, positive = map(float, row)
        score = round(positive - negative, 4)
        rows.append(Sentence(text, LABELS[label], negative, neutral, positive, score, effects))
    return rows
