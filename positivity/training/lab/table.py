"""Rows -> the table in parts that fit a page, and as Markdown and JSON."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from positivity.errors import InputError
from positivity.files import write_atomically
from positivity.training.lab.notebook import Notebook
from positivity.training.lab.results import Figure, Row
from positivity.training.lab.same_data import notes_on_data
from positivity.training.lab.speed import Rate

_NONE = "–"
_NOT_MEASURED = "not measured here"
_BEGIN, _END = "<!-- lab -->", "<!-- /lab -->"
_BLOCK = re.compile(f"{_BEGIN}.*?{_END}", re.DOTALL)
_MISSING_BLOCK = f"has no block between {_BEGIN} and {_END} to write the table into"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the table: the rows of the same recipes, with other columns."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def parts_of(rows: Sequence[Row]) -> list[Part]:
    """The table: accuracy with three classes and with two, other tasks, and what each costs."""
    # What was not measured stands in the first part alone.
    three = {row.name: row.three for row in rows if row.three or row.absent}
    two = {row.name: row.two for row in rows if row.two}
    others = [row for row in rows if row.other]
    measured = [row for row in rows if not row.absent]
    parts = []
    if three:
        parts.append(_accuracy("Macro recall of negative, neutral and positive", three))
    if two:
        title = "Macro recall of negative and positive alone, neutral tweets left out"
        parts.append(_accuracy(title, two))
    if others:
        cells = [
            (row.name, name, _figure(figure))
            for row in others
            for name, figure in row.other.items()
        ]
        parts.append(Part("Other tasks", ("recipe", "measure", "figure"), tuple(cells)))
    if measured:
        parts.append(_cost(measured))
    return parts


def notes_of(rows: Sequence[Row], notebook: Notebook) -> list[str]:
    """What has to be known to read the figures."""
    seeds = max((len(row.seeds) for row in rows), default=0)
    notes = notes_on_data(rows)
    if seeds > 1:
        notes.append(f"Mean ± standard deviation over as many as {seeds} seeds.")
    elif seeds:
        notes.append("One seed each.")
    if any(row.training_seconds for row in rows):
        notes.append(
            "Training is the processor's time, added up over its cores; on a GPU the wall's."
        )
    rates = [row.rate for row in rows if row.rate]
    if rates:
        notes.append(_note_on_speed(rates, notebook.machine))
    if any(row.floor == "vader" and row.weights for row in rows):
        notes.append("The weights of VADER are the entries of its lexicons.")
    notes += [f"{row.name}: {row.absent}." for row in rows if row.absent]
    return notes


def _note_on_speed(rates: Sequence[Rate], machine: str) -> str:
    alike = len({rate.texts for rate in rates}) == 1
    same = "all on the same tweets" if alike else "not all on the same tweets"
    note = (
        f"Tweets a second are those of one core, from text to probabilities, {same}, networks by "
        f"torch ({machine})"
    )
    beside = any(rate.vader for rate in rates)
    return f"{note}; VADER was measured in the same process." if beside else f"{note}."


def _accuracy(title: str, figures: Mapping[str, Mapping[str, Figure]]) -> Part:
    """A row for each recipe, a column for each evaluation set that one of them has.

    The mean is over the sets that most recipes have, so that it is of the same ones in all rows.
    """
    found = [each for each in figures.values() if each]
    sets = list(dict.fromkeys(name for each in found for name in each))
    shared = [name for name in sets if 2 * sum(name in each for each in found) > len(found)]
    header = ("recipe", *(sets or ["figure"]), *(["mean"] if len(shared) > 1 else []))
    body = []
    for recipe, each in figures.items():
        if not each:
            body.append((recipe, _NOT_MEASURED, *(_NONE for _ in header[2:])))
            continue
        cells = [_figure(each[name]) if name in each else _NONE for name in sets]
        if len(shared) > 1:
            whole = all(name in each for name in shared)
            cells.append(_short(fmean(each[name].mean for name in shared)) if whole else _NONE)
        body.append((recipe, *cells))
    return Part(title, header, tuple(body))


def _cost(rows: Sequence[Row]) -> Part:
    body = [
        (
            row.name,
            f"{row.weights:,}" if row.weights is not None else _NONE,
            _bytes(row.size),
            _duration(row),
            f"{row.rate.tweets_per_second:,.0f}" if row.rate else _NONE,
            f"{row.rate.times_vader:.2f}" if row.rate and row.rate.times_vader else _NONE,
        )
        for row in rows
    ]
    header = ("recipe", "weights", "size", "training", "tweets/s", "× VADER")
    return Part("What each costs", header, tuple(body))


def _figure(figure: Figure) -> str:
    spread = "" if figure.spread is None else f" ±{_short(figure.spread)}"
    return f"{_short(figure.mean)}{spread}"


def _short(value: float) -> str:
    """Three digits after the point; the zero before it is left out, as scores are below 1."""
    return f"{value:.3f}".removeprefix("0") if 0 <= value < 0.9995 else f"{value:.3f}"


def _bytes(size: int | None) -> str:
    if size is None:
        return _NONE
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"


def _duration(row: Row) -> str:
    if row.training_seconds is None:
        return _NONE
    seconds = row.training_seconds.mean
    where = "" if row.device in ("", "cpu") else f" ({row.device})"
    if seconds < 60:
        return f"{seconds:.0f} s{where}"
    if seconds < 3600:
        return f"{seconds / 60:.1f} min{where}"
    return f"{seconds / 3600:.1f} h{where}"


def to_markdown(parts: Sequence[Part], notes: Sequence[str], picture: str | None = None) -> str:
    """The table in Markdown, with the picture of the curves where there is one.

    Args:
        picture: its path, relative to the document.
    """
    blocks = [f"**{part.title}**\n\n{_markdown_table(part)}" for part in parts]
    if picture:
        blocks.append(f"![Macro recall on the development tweets while training]({picture})")
    return "\n\n".join([*blocks, *notes])


def _markdown_table(part: Part) -> str:
    named = [(f"`{row[0]}`", *row[1:]) for row in part.rows]
    lines = [f"| {' | '.join(row)} |" for row in (part.header, *named)]
    return "\n".join([lines[0], "|---" * len(part.header) + "|", *lines[1:]])


def check_document(path: Path) -> None:
    """Complains, before any work is done, of a document that the table has no place in.

    Raises:
        InputError: the file cannot be read, or has no block for it.
    """
    if not path.exists():
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    if not _BLOCK.search(text):
        raise InputError(f"{path}: {_MISSING_BLOCK}")


def write_into(path: Path, markdown: str) -> None:
    """Puts the table into its block of a document, in place of what is there; or makes a document.

    Raises:
        InputError: the file has no such block, or cannot be written.
    """
    check_document(path)
    block = f"{_BEGIN}\n\n{markdown}\n\n{_END}"
    text = path.read_text(encoding="utf-8") if path.exists() else f"# The lab\n\n{block}\n"
    with write_atomically(path) as file:
        file.write(_BLOCK.sub(lambda _: block, text, count=1).encode())


def to_dict(rows: Sequence[Row], notebook: Notebook) -> dict[str, Any]:
    """The table for programs: every figure as it was measured."""
    return {
        "schema_version": 1,
        "machine": notebook.machine,
        "recipes": [asdict(row) for row in rows],
        "notes": notes_of(rows, notebook),
    }
