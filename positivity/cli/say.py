"""`positivity say`: scores sentences given on the command line."""

import sys
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from positivity.cli.options import Device, DeviceOption, Format, FormatOption, ModelOption
from positivity.errors import UsageError


def say_command(
    sentences: Annotated[
        list[str], typer.Argument(help="Sentences, each in quotes; - reads one a line from stdin.")
    ],
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    format: FormatOption = Format.TERMINAL,
) -> None:
    """Score sentences.

    Example: positivity say "I love this" "not bad at all" "meh 😒"
    """
    texts = [
        line.rstrip("\n") for each in sentences for line in (sys.stdin if each == "-" else [each])
    ]
    if not texts:
        raise UsageError('give at least one sentence, such as: positivity say "I love this"')
    rows = say(texts, model=model, device=device)
    if format is Format.JSON:
        import json

        json.dump([asdict(row) for row in rows], sys.stdout, ensure_ascii=False, indent=2)
        print()
        return
    from positivity.report.terminal import make_console, render_sentences

    render_sentences(
        [(row.text, row.negative, row.neutral, row.positive, row.label) for row in rows],
        make_console(sys.stdout),
    )


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text and what the model says of it."""

    text: str
    label: str
    negative: float
    neutral: float
    positive: float
    score: float  # positive minus negative


def say(texts: list[str], *, model: str, device: str) -> list[Sentence]:
    """Scores each text."""
    from positivity.evaluation import LABELS
    from positivity.model.scorer import Scorer

    rows = []
    probabilities = Scorer.load(model, device=device).score(texts).astype(float).round(4)
    for text, row in zip(texts, probabilities, strict=True):
        negative, neutral, positive = map(float, row)
        label = LABELS[int(row.argmax())]
        score = round(positive - negative, 4)
        rows.append(Sentence(text, label, negative, neutral, positive, score))
    return rows
