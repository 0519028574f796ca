"""`positivity generate`: a language model writes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from positivity.cli.options import finite
from positivity.errors import UsageError

DEFAULT = "runs/char-lm/model"
TRAIN_FIRST = "train one first: positivity train char-lm --data DATA"


def generate_command(
    model: Annotated[
        str, typer.Option(help="Name or path of a language model, as the recipe char-lm makes.")
    ] = DEFAULT,
    prompt: Annotated[str, typer.Option(help="How the text begins.")] = "",
    temperature: Annotated[
        float,
        typer.Option(
            min=0.0,
            callback=finite,
            help="Below 1 safer, above 1 wilder; 0 takes the likeliest always.",
        ),
    ] = 0.7,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same text again.")] = 1,
    length: Annotated[
        int, typer.Option(min=1, help="Most characters to write; the model may end before.")
    ] = 140,
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="So many texts.")] = 1,
) -> None:
    """Let a character-level language model write, to see what it learnt.

    Example: positivity generate --prompt "I love" --temperature 0.7 --seed 1 --length 140
    """
    from positivity.report.output import report_output
    from positivity.report.sanitize import sanitize

    job = GenerateJob(model, prompt, temperature, seed, length, number)
    with report_output(None) as out:
        for text in generate(job):
            harmless = sanitize(text).encode(out.encoding or "utf-8", "replace")
            out.write(harmless.decode(out.encoding or "utf-8") + "\n")


@dataclass(frozen=True, slots=True)
class GenerateJob:
    """What `generate` is asked to do."""

    model: str
    prompt: str
    temperature: float
    seed: int
    length: int
    number: int


def generate(job: GenerateJob) -> list[str]:
    """Texts that a language model writes, each with its prompt, normalized as the model reads.

    Raises:
        UsageError: there is no such model, or it is no language model.
    """
    from positivity.model.registry import load, names

    if job.model not in names() and not Path(job.model).is_dir():
        raise UsageError(f"no model {job.model!r}; {TRAIN_FIRST}")
    directory = load(job.model)
    if directory.config.kind != "language_model":
        what = "marks words" if directory.config.kind == "tagger" else "is a classifier"
        raise UsageError(f"{job.model}: {what} and cannot write; {TRAIN_FIRST}")
    from positivity.model.writer import Writer

    writer = Writer(directory)
    return [
        writer.write(
            job.prompt,
            length=job.length,
            temperature=job.temperature,
            seed=(job.seed, number),
        )
        for number in range(job.number)
    ]
