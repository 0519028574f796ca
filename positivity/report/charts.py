"""Charts as inline SVG, drawn by matplotlib, coloured by the page's own style sheet.

So one drawing serves a light page and a dark one: each colour that is drawn stands for a custom
property of CSS, which takes its place in the finished SVG.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from positivity.account.report import Month, Slot, Week
from positivity.report.scale import drawn, scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Part: TypeAlias = Month | Week


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a chart."""

    ink: str
    line: str
    positive: str
    negative: str
    band: str


# Drawn colour -> custom property of the page. matplotlib only has to carry them through.
_COLOURS = {
    "#010101": "var(--ink)",
    "#020202": "var(--line)",
    "#030303": "var(--positive)",
    "#040404": "var(--negative)",
    "#050505": "var(--band)",
}
PAGE = Palette(*_COLOURS)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def style(palette: Palette) -> dict[Any, Any]:
    """The settings of matplotlib that all charts share."""
    return {
        "svg.fonttype": "none",  # text stays text: it can be read out, searched and enlarged
        "svg.hashsalt": "positivity",  # the same report gives the same file
        "font.family": "sans-serif",
        "font.size": 11,
        "text.color": palette.ink,
        "axes.labelcolor": palette.ink,
        "axes.edgecolor": palette.line,
        "xtick.color": palette.ink,
        "ytick.color": palette.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }


def timeline(parts: Sequence[Part]) -> str:
    """Net positivity by month or week with its 95 % band; those without tweets are gaps."""
    with page_figure(9.0, 2.8) as (figure, axes):
        draw_timeline(axes, parts, PAGE)
        make_room(axes)
        return as_svg(figure)


def draw_timeline(axes: "Axes", parts: Sequence[Part], palette: Palette) -> None:
    """Draws net positivity by month or week, with its grid and labels."""
    for run in _unbroken(parts):
        days = _days(run)
        lows, highs = [part.net.low for part in run], [part.net.high for part in run]
        if len(run) == 1:  # a band from a day to itself would not be seen
            axes.vlines(days, lows, highs, color=palette.band, linewidth=4)
        else:
            axes.fill_between(days, lows, highs, color=palette.band, linewidth=0)
        axes.plot(days, [part.net.value for part in run], color=palette.ink, linewidth=1.6)
    for sign, colour, marker in ((1, palette.positive, "o"), (-1, palette.negative, "s")):
        chosen = [part for part in parts if (part.net.value < 0) == (sign < 0)]
        axes.plot(
            _days(chosen),
            [part.net.value for part in chosen],
            marker,
            color=colour,
            markersize=4.5 if len(parts) < 60 else 3,
        )
    axes.axhline(0, color=palette.line, linewidth=1)
    axes.grid(axis="y", color=palette.line, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_ylabel("net positivity")
    axes.xaxis_date()


def make_room(axes: "Axes") -> None:
    """Widens the scale of the net, once all is drawn, so that it makes no hills of nothing."""
    axes.set_ylim(*scale(*axes.get_ylim()))


def weekdays(slots: Sequence[Slot]) -> str | None:
    """Net positivity by day of the week, Monday first; None with too few tweets on them."""
    return _bars(slots, _WEEKDAYS, width=4.2)


def hours(slots: Sequence[Slot]) -> str | None:
    """Net positivity by hour of the day, midnight first; None with too few tweets in them."""
    names = [f"{hour:02}" if hour % 3 == 0 else "" for hour in range(24)]
    return _bars(slots, names, width=4.8)


def _bars(slots: Sequence[Slot], names: Sequence[str], width: float) -> str | None:
    nets = drawn(slots)
    if not nets:
        return None
    with page_figure(width, 2.2) as (figure, axes):
        heights = [net or 0.0 for net in nets]
        colours = [PAGE.negative if height < 0 else PAGE.positive for height in heights]
        # What is below zero points down: the colour only repeats it.
        axes.bar(range(len(slots)), heights, color=colours, width=0.7)
        axes.axhline(0, color=PAGE.line, linewidth=1)
        axes.set_xticks(range(len(slots)), names)
        axes.tick_params(axis="x", length=0)
        axes.set_ylabel("net positivity")
        make_room(axes)
        return as_svg(figure)


@contextmanager
def page_figure(width: float, height: float) -> "Iterator[tuple[Figure, Axes]]":
    """A figure without a window, in inches."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(style(PAGE)):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        axes.grid(axis="y", color=PAGE.line, linewidth=0.5)
        axes.set_axisbelow(True)
        yield figure, axes


def as_svg(figure: "Figure") -> str:
    """The drawing as an <svg> element that fills the width it is given."""
    out = io.StringIO()
    none: dict[str, Any] = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=none)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    for carried, shown in _COLOURS.items():
        svg = svg.replace(carried, shown)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px var(--font)", svg)
    # Its size is the page's matter; its proportions are in the view box.
    return re.sub(r'^<svg ([^>]*?)width="[^"]*"', r"<svg \1", _without_height(svg), count=1)


def _without_height(svg: str) -> str:
    return re.sub(r'^<svg ([^>]*?)height="[^"]*"', r"<svg \1", svg, count=1)


def _unbroken(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Runs of months or weeks that follow one another."""
    run: list[Part] = []
    for part in parts:
        if run and part.number != run[-1].number + 1:
            yield run
            run = []
        run.append(part)
    if run:
        yield run


def _days(parts: Sequence[Part]) -> list[float]:
    """The first day of each month or week, as matplotlib counts days."""
    from matplotlib.dates import date2num

    return [float(number) for number in date2num([part.first_day for part in parts])]
