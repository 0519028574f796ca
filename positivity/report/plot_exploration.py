"""An exploration as a picture: labels, lengths and Zipf's law."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.exploration.findings import Exploration
from positivity.report.charts_exploration import draw_labels, draw_lengths, draw_zipf
from positivity.report.plot import PALETTE, save_figure
from positivity.report.sanitize import sanitize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 9.0, 2.9  # of a panel, in inches
_LONGEST_TITLE = 70


def write_exploration_plot(found: Exploration, path: Path) -> None:
    """Draws an exploration.

    Raises:
        InputError: it cannot be written.
    """
    panels = 2 + bool(found.labels)

    def draw(figure: "Figure") -> None:
        axes = list(figure.subplots(panels, 1, squeeze=False)[:, 0])
        name = sanitize(found.subject)[:_LONGEST_TITLE]
        axes[0].set_title(f"{name}: {found.rows:,} tweets", loc="left", parse_math=False)
        if found.labels:
            labels = [replace(each, name=sanitize(each.name)) for each in found.labels]
            draw_labels(axes.pop(0), labels, PALETTE)
        draw_lengths(axes[0], found.lengths, PALETTE)
        draw_zipf(axes[1], found.tokens, PALETTE)

    save_figure(path, (_WIDTH, _HEIGHT * panels), draw)
