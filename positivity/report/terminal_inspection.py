"""What a model does inside, at a terminal: weights of words, a heat map of gates, gradients.

In colour a cell of the heat map is a coloured space; without colour it is a shade, and what has a
sign is an arrow up or down.
"""

from collections.abc import Sequence
from math import log10

import numpy as np
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

from positivity.inspection.findings import (
    GateMap,
    Inspection,
    Matrix,
    Neighbourhood,
    Reach,
    TextFindings,
    WordWeight,
)
from positivity.report.terminal_page import Page

DISTANCES = (0, 1, 2, 3, 5, 10, 15, 20, 30, 40)  # tokens, that the table of gradients shows
_LABEL = 14  # cells of a token's name
_MOST_UNITS = 32  # columns of one gate
_SHADES = {False: " ░▒▓█", True: " .:+#"}  # by whether there is only ASCII
_SIGNED = {False: "▼▿·▵▲", True: "=-.+#"}
# Dark to light and even to the eye (the stops of viridis, by Smith and van der Walt).
_SCALE = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
_SIGNED_SCALE = ((33, 102, 172), (146, 197, 222), (240, 240, 240), (244, 165, 130), (178, 24, 43))
_COLOURS = 32  # steps of a scale
_CELL = "cell"  # what an LSTM holds is unbounded, and told as its tanh


def render_inspection(found: Inspection, console: Console) -> None:
    """Print all that was found."""
    page = Page(console)
    for text in found.texts:
        page.side("text", text.text, "bold")
        if text.left_out:
            page.side("", f"{text.left_out:,} more tokens are not shown", "dim")
        page.blank()
        if text.words:
            _words(page, text)
        if text.gates is not None:
            _gates(page, text.tokens, text.gates)
    if found.reach:
        _reach(page, found.reach, found.reach_texts)
    if found.neighbourhoods:
        _neighbours(page, found.neighbourhoods)
    layers = f"{found.layers} layer{'s' if found.layers > 1 else ''}"
    page.side(
        "model",
        f"{found.model} {found.version}: {found.cell}, {layers} of {found.units} units a direction",
    )


def _words(page: Page, found: TextFindings) -> None:
    """A line for each word with what it gives to the classifier."""
    columns = [
        (title, [value(word) for word in found.words])
        for title, value in (("attention", _attention), ("maximum", _maximum))
        if value(found.words[0]) is not None
    ]
    if not columns:
        page.side("words", "this model pools neither by attention nor by the maximum")
        page.blank()
        return
    names = [page.fit(found.text[word.start : word.end], 20) for word in found.words]
    width = max(map(cell_len, [*names, "word"]))
    room = min(40, (page.width - 2 - width) // len(columns) - len("  100%  "))
    head = Text(f"  {'word':<{width}}", style="dim")
    for title, _ in columns:
        head.append(f"  {title:<{room + 6}}")
    page.line(head)
    for row, name in enumerate(names):
        line = Text(f"  {name}{' ' * (width - cell_len(name))}")
        for title, values in columns:
            share = values[row] or 0.0
            largest = max(each or 0.0 for each in values) or 1.0
            bar = page.bar(share / largest, room)
            style = "cyan" if title == "attention" else "magenta"
            line.append(f"  {100 * share:>3.0f}% ").append(bar.ljust(room), style)
        page.line(line)
    page.blank()
    page.side(
        "to read",
        "attention: the share of the mean of all states that is this word's; maximum: the share of "
        "the state's numbers that are largest at this word. The classifier reads both."
        if len(columns) == 2
        else f"{columns[0][0]}: what the classifier reads is this word's to that share.",
        "dim",
    )
    page.blank()


def _attention(word: WordWeight) -> float | None:
    return word.attention


def _maximum(word: WordWeight) -> float | None:
    return word.maximum


def _gates(page: Page, tokens: Sequence[str], found: GateMap) -> None:
    """The heat map: a line for each token, a block of columns for each gate."""
    ascii_only = page.console.options.ascii_only
    blocks = [*found.gates.items(), *found.values.items()]
    longest = max(cell_len(page.clean(token)) for token in tokens)
    label = min(_LABEL, max(len("mean"), longest))
    room = (page.width - 2 - label) // len(blocks) - 1
    columns = max(1, min(_MOST_UNITS, room, len(found.units)))
    head = Text(f"  {'':<{label}}", style="dim")
    for name, _ in blocks:
        head.append(f" {page.fit(name, columns):<{columns}}", "bold")
    page.line(head)
    colour = page.console.color_system is not None
    drawn = [
        _strips(
            np.tanh(values) if name == _CELL else values,
            columns,
            signed=name in found.values,
            ascii_only=ascii_only,
            colour=colour,
        )
        for name, values in blocks
    ]
    for row, token in enumerate(tokens):
        name = page.fit(token, label)
        line = Text(f"  {name}{' ' * (label - cell_len(name))}")
        for strips in drawn:
            line.append(" ").append_text(strips[row])
        page.console.print(line, no_wrap=True, overflow="crop", crop=True, width=page.width)
    page.line(_means(label, columns, blocks))
    page.blank()
    _legend(page, found, ascii_only=ascii_only, colour=colour)


def _means(label: int, columns: int, blocks: Sequence[tuple[str, Matrix]]) -> Text:
    line = Text(f"  {'mean':<{label}}", style="dim")
    for _, values in blocks:
        line.append(f" {f'{values.mean():.2f}':<{columns}}")
    return line


def _legend(page: Page, found: GateMap, *, ascii_only: bool, colour: bool) -> None:
    by = "they keep" if {"forget", "keep"} & found.gates.keys() else "they are worth"
    signed = " and ".join(f"tanh({name})" if name == _CELL else name for name in found.values)
    gates = "" if not found.gates else f"{', '.join(found.gates)}: 0 to 1. "
    words = (
        f"{found.cell}, layer {found.layer}, {found.direction}: {len(found.units)} units side by "
        f"side in groups, the same ones in each block; the further right, the more {by}. "
        f"{gates}{signed}: {page.glyphs.minus}1 to +1."
    )
    page.side("to read", words, "dim")
    steps = Text("0 ")
    for step in range(9):
        steps.append_text(_cell(step / 8, signed=False, ascii_only=ascii_only, colour=colour))
    steps.append(f" 1     {page.glyphs.minus} ")
    for step in range(9):
        steps.append_text(_cell(step / 8, signed=True, ascii_only=ascii_only, colour=colour))
    page.side("scale", steps.append(" +"))
    page.blank()


def _strips(
    values: Matrix, columns: int, *, signed: bool, ascii_only: bool, colour: bool
) -> list[Text]:
    """A strip for each token: the units in groups, each group's mean as a cell."""
    edges = np.linspace(0, values.shape[1], columns + 1).astype(int)
    means = np.add.reduceat(values, edges[:-1], axis=1) / np.diff(edges)  # [tokens, columns]
    if signed:
        means = (1 + means) / 2
    return [
        Text().join(
            _cell(float(share), signed=signed, ascii_only=ascii_only, colour=colour)
            for share in row
        )
        for row in means
    ]


def _cell(share: float, *, signed: bool, ascii_only: bool, colour: bool) -> Text:
    """One cell for a share of the scale, 0..1."""
    if not colour:
        marks = (_SIGNED if signed else _SHADES)[ascii_only]
        return Text(marks[min(len(marks) - 1, int(share * len(marks)))])
    stops = _SIGNED_SCALE if signed else _SCALE
    red, green, blue = _between(stops, round(share * _COLOURS) / _COLOURS)
    return Text(" ", style=Style(bgcolor=f"rgb({red},{green},{blue})"))


def _between(stops: Sequence[tuple[int, int, int]], share: float) -> tuple[int, int, int]:
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    at = min(int(place), len(stops) - 2)
    red, green, blue = (
        round(low + (high - low) * (place - at))
        for low, high in zip(stops[at], stops[at + 1], strict=True)
    )
    return red, green, blue


def _reach(page: Page, found: Sequence[Reach], texts: int) -> None:
    """What is left of the gradient after so many tokens, a line for each cell."""
    longest = max(len(each.distances) for each in found)
    shown = [distance for distance in DISTANCES if distance < longest]
    page.line(Text("  what is left of the gradient, so many tokens before the last", "bold"))
    rows = [[Text(), Text(), *(Text(str(distance), style="dim") for distance in shown)]]
    for each in found:
        style = "bold" if each.trained else ""
        lefts = (each.left(distance) for distance in shown)
        name = Text(page.clean(each.name), style=style)
        rows.append([Text(), name, *(Text(_left(left)) for left in lefts)])
    page.table(rows, right=range(2, len(rows[0])), flexible=1)
    page.blank()
    for each in found:
        bars = Text().join(_spark(page, each.left(distance)) for distance in range(longest))
        page.line(Text.assemble(f"  {page.fit(each.name, 18):<18}  ", bars[: page.width - 22]))
    page.blank()
    page.side(
        "to read",
        f"the norm of the slopes of the last state by each token's vector, over that of the last "
        f"token; geometric mean of {texts} text{'s' if texts > 1 else ''}. A bar is a token, the "
        "last one on the left; it loses one of its eight steps for each factor of 10. First layer, "
        "reading forward. Untrained: random weights, on the same word vectors.",
        "dim",
    )
    page.blank()


def _left(share: float | None) -> str:
    if share is None:
        return ""
    return f"{share:.2f}" if share >= 0.01 else f"{share:.0e}".replace("e-0", "e-")


def _spark(page: Page, left: float | None) -> Text:
    if left is None:
        return Text(" ")
    levels = page.glyphs.spark
    height = len(levels) - 1 + round(log10(max(left, 1e-30)))
    return Text(levels[min(max(height, 0), len(levels) - 1)] if height >= 0 else " ", style="cyan")


def _neighbours(page: Page, found: Sequence[Neighbourhood]) -> None:
    """The nearest pieces of each word, a line or two each."""
    page.line(Text("  nearest in the learnt embedding", "bold"))
    for each in found:
        read_as = " ".join(each.tokens)
        name = each.word if read_as == each.word.lower() else f"{each.word} (read as {read_as})"
        page.line(Text(f"  {page.fit(name, page.width - 2)}", style="cyan"))
        near = ", ".join(f"{page.clean(one.text)} {one.cosine:.2f}" for one in each.nearest)
        for part in Text(near).wrap(page.console, max(10, page.width - 4)):
            page.line(Text("    ").append_text(part))
    page.blank()
