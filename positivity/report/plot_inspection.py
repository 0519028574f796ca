"""What a model does inside as a picture: heat maps of gates, weights of words, gradients."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from positivity.inspection.findings import GateMap, Inspection, Reach, TextFindings
from positivity.report.plot import PALETTE, save_figure
from positivity.report.sanitize import sanitize

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_TEXTS = 8
_WIDTH = 11.0  # inches
_LONGEST_TITLE = 90
_LONGEST_TICK = 18
_BRIGHTEST = 0.99  # of the values with a sign: the few beyond look like it
# Line styles as well as colours: neither is needed to tell two cells apart.
_LINES = ("-", "--", "-.", ":")


def write_inspection_plot(found: Inspection, path: Path) -> str | None:
    """Draws what an inspection found; returns a remark on what is not in the picture, if anything.

    Raises:
        InputError: it cannot be written.
    """
    parts: list[tuple[float, Callable[[Figure], None]]] = []
    for text in found.texts[:MOST_TEXTS]:
        if text.words and any(word.attention or word.maximum for word in text.words):
            parts.append((2.6, _words_of(text)))
        if text.gates is not None:
            parts.append((_height(text.gates), _gates_of(text, text.gates)))
    if found.reach:
        parts.append((4.0, _reach_of(found.reach, found.reach_texts)))
    if not parts:
        return f"{path}: not drawn, there is nothing in it that makes a picture"

    def draw(figure: "Figure") -> None:
        pieces = figure.subfigures(
            len(parts), 1, height_ratios=[height for height, _ in parts], squeeze=False
        )
        for piece, (_, draw_part) in zip(pieces[:, 0], parts, strict=True):
            draw_part(piece)

    save_figure(path, (_WIDTH, sum(height for height, _ in parts)), draw)
    if len(found.texts) > MOST_TEXTS:
        return f"{path}: shows the first {MOST_TEXTS} of {len(found.texts):,} texts"
    return None


def _height(gates: GateMap) -> float:
    return 1.6 + 1.5 * (len(gates.gates) + len(gates.values))


def _title(text: str) -> str:
    clean = sanitize(text)
    return clean if len(clean) <= _LONGEST_TITLE else clean[: _LONGEST_TITLE - 1] + "…"


def _words_of(found: TextFindings) -> "Callable[[Any], None]":
    def draw(figure: Any) -> None:
        axes: Axes = figure.subplots()
        places = np.arange(len(found.words))
        series = {
            "attention": [word.attention for word in found.words],
            "maximum": [word.maximum for word in found.words],
        }
        known = {name: values for name, values in series.items() if values[0] is not None}
        width = 0.8 / len(known)
        for number, (name, values) in enumerate(known.items()):
            colour = (PALETTE.positive, PALETTE.negative)[number]
            shares = [100 * (value or 0.0) for value in values]
            axes.bar(places + number * width, shares, width, color=colour, label=name)
        words = [sanitize(found.text[word.start : word.end]) for word in found.words]
        _ticks(axes, places + 0.4 - width / 2, words)
        axes.set_ylabel("share, %")
        axes.legend(frameon=False, fontsize=9)
        axes.set_title(f"weights of words: {_title(found.text)}", loc="left", parse_math=False)

    return draw


def _gates_of(found: TextFindings, gates: GateMap) -> "Callable[[Any], None]":
    def draw(figure: Any) -> None:
        blocks = [*gates.gates.items(), *gates.values.items()]
        panels = figure.subplots(len(blocks), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, values) in zip(panels, blocks, strict=True):
            signed = name in gates.values
            largest = float(np.quantile(np.abs(values), _BRIGHTEST)) or 1.0
            image = axes.imshow(
                values.T,
                aspect="auto",
                interpolation="nearest",
                cmap="RdBu_r" if signed else "viridis",
                vmin=-largest if signed else 0.0,
                vmax=largest if signed else 1.0,
            )
            figure.colorbar(image, ax=axes, pad=0.01)
            axes.set_ylabel(name)
            axes.set_yticks([])
        _ticks(panels[-1], np.arange(len(found.tokens)), [sanitize(each) for each in found.tokens])
        figure.suptitle(
            f"{gates.cell}, layer {gates.layer}, {gates.direction}, {len(gates.units)} units: "
            f"{_title(found.text)}",
            x=0.01,
            ha="left",
            fontsize=12,
            parse_math=False,
        )

    return draw


def _reach_of(found: Sequence[Reach], texts: int) -> "Callable[[Any], None]":
    def draw(figure: Any) -> None:
        axes: Axes = figure.subplots()
        for number, each in enumerate(found):
            axes.plot(
                [place.distance for place in each.distances],
                [place.left for place in each.distances],
                _LINES[number % len(_LINES)],
                linewidth=2.2 if each.trained else 1.6,
                label=sanitize(each.name),
            )
        axes.set_yscale("log")
        axes.grid(color=PALETTE.line, linewidth=0.5)
        axes.set_xlabel("tokens before the last one")
        axes.set_ylabel("gradient left")
        axes.legend(frameon=False)
        title = f"how far back gradients reach, geometric mean of {texts} texts"
        axes.set_title(title, loc="left")

    return draw


def _ticks(axes: "Axes", places: Any, names: Sequence[str]) -> None:
    short = [
        name if len(name) <= _LONGEST_TICK else f"{name[: _LONGEST_TICK - 1]}…" for name in names
    ]
    axes.set_xticks(places, short, rotation=60, ha="right", fontsize=8, parse_math=False)
