"""The look at some data at a terminal."""

import math
from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from positivity.exploration.findings import Count, Exploration, LabelWords, Tokens
from positivity.report.charts_exploration import shown_histogram
from positivity.report.terminal_page import SIDE, STYLES, Page
from positivity.report.words import first_read, tweets
from positivity.report.words_exploration import (
    HOW_COUNTED,
    HOW_TIED,
    contradictions_of,
    cut_of,
    duplicates_of,
    languages_of,
    lengths_of,
    parts_of,
    rows_of,
    share,
    tokens_of,
    zipf_of,
)

_HEIGHT = 6  # lines of a chart
_WIDEST = 100  # columns of a chart


def render_exploration(found: Exploration, console: Console) -> None:
    """Print what was found."""
    page = Page(console)
    page.side("data", found.subject, "bold")
    page.side("rows", rows_of(found))
    for number, line in enumerate(first_read(found.read_as)):
        page.side("" if number else "read", line)
    if found.empty:
        page.side("empty", f"{found.empty:,} with nothing but links and mentions")
    page.blank()
    _labels(page, found)
    _copies(page, found)
    page.side("language", languages_of(found))
    page.side("with", parts_of(found))
    page.blank()
    _lengths(page, found)
    _tokens(page, found)
    _words(page, found.words)
    _emoji(page, found)
    page.limits((*found.notes, HOW_COUNTED))


def _labels(page: Page, found: Exploration) -> None:
    if not found.labels:
        return
    width = min(24, max(cell_len(page.clean(each.name)) for each in found.labels))
    room = max(8, min(60, page.width - SIDE - width - 20))
    for number, each in enumerate(found.labels):
        name = page.fit(each.name, width)
        bar = page.bar(each.share, room)
        line = Text.assemble(
            f"{name}{' ' * (width - cell_len(name))} ",
            (f"{bar:<{room}}", STYLES.get(each.name.lower(), "cyan")),
            f" {share(each.share):>6} {each.count:>11,}",
        )
        page.side("" if number else "labels", line)
    if found.unlabelled:
        page.side("", f"{found.unlabelled:,} without a label", "dim")
    page.blank()


def _copies(page: Page, found: Exploration) -> None:
    page.side("copies", f"{duplicates_of(found)}. {contradictions_of(found)}")
    for each in found.duplicates.most:
        times = f"{each.count:,} times  "
        room = page.width - SIDE - cell_len(times)
        page.side("", Text.assemble((times, "dim"), page.fit(each.text, room)))
    page.blank()


def _lengths(page: Page, found: Exploration) -> None:
    page.side("lengths", lengths_of(found))
    page.side("", cut_of(found))
    histogram = shown_histogram(found.lengths)
    room = min(_WIDEST, page.width - SIDE)
    groups = _grouped(histogram, room)
    highest = max(groups)
    _chart(page, [each / highest for each in groups], str(len(histogram) - 1), "tokens")
    page.blank()


def _grouped(values: Sequence[int], room: int) -> list[int]:
    """The values, neighbours added up so that they fit the room."""
    together = math.ceil(len(values) / room)
    return [sum(values[at : at + together]) for at in range(0, len(values), together)]


def _tokens(page: Page, found: Exploration) -> None:
    tokens = found.tokens
    page.side("tokens", tokens_of(tokens))
    if tokens.most:
        page.side("most", page.list_of([each.name for each in tokens.most], page.width - SIDE))
    if tokens.slope is not None:
        page.side("by rank", zipf_of(tokens))
        _ranks_chart(page, tokens)
    page.blank()


def _ranks_chart(page: Page, tokens: Tokens) -> None:
    ranks = np.log([each.rank for each in tokens.ranks])
    counts = np.log([each.count for each in tokens.ranks])
    room = min(60, page.width - SIDE)
    heights = np.interp(np.linspace(0, ranks[-1], room), ranks, counts) / counts[0]
    _chart(page, heights.tolist(), f"{tokens.ranks[-1].rank:,}", "(rank; logarithmic)", "1")


def _chart(page: Page, heights: Sequence[float], last: str, unit: str, first: str = "0") -> None:
    """Bars of heights 0..1 side by side, with the ends of their axis below."""
    levels = page.glyphs.spark
    steps = len(levels)
    for line in reversed(range(_HEIGHT)):
        filled = [round(height * _HEIGHT * steps) - line * steps for height in heights]
        cells = (levels[min(each, steps) - 1] if each > 0 else " " for each in filled)
        page.side("", Text("".join(cells), style="cyan"))
    begin = f"{first} {unit}"
    gap = len(heights) - len(begin) - len(last)
    ends = f"{begin}{' ' * gap}{last}" if gap > 0 else f"{first} to {last} {unit}"
    page.side("", Text(ends, style="dim"))


def _words(page: Page, found: Sequence[LabelWords]) -> None:
    if not found:
        return
    page.line(Text("  what goes with each label", style="bold"))
    for each in found:
        label = Text(page.fit(each.label, 24), style=STYLES.get(each.label.lower(), "cyan"))
        words = ", ".join(f"{page.clean(one.word)} {one.z:.0f}" for one in each.words)
        indent = max(SIDE, 4 + label.cell_len)
        body = Text(words or "nothing more than by chance")
        for number, part in enumerate(body.wrap(page.console, max(10, page.width - indent))):
            name = Text() if number else label
            page.line(Text.assemble("  ", name, " " * (indent - 2 - name.cell_len), part))
    page.side("to read", HOW_TIED, "dim")
    page.blank()


def _emoji(page: Page, found: Exploration) -> None:
    emoji = found.emoji
    if not emoji.tweets:
        page.side("emoji", "none")
    else:
        words = f"in {tweets(emoji.tweets)} ({share(emoji.share)}), {emoji.types:,} different"
        page.side("emoji", words)
        page.side("", page.list_of([_counted(each) for each in emoji.most], page.width - SIDE))
    page.blank()


def _counted(each: Count) -> str:
    return f"{each.name} {each.count:,}"
