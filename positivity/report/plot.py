"""The time as a picture in a file of its own: `--plot timeline.png` or `.svg`."""

import io
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from positivity.account.report import Report
from positivity.errors import InputError, UsageError
from positivity.files import write_atomically
from positivity.report.charts import Palette, draw_timeline, make_room, style
from positivity.report.output import refuse_folder
from positivity.report.sanitize import sanitize
from positivity.report.words import line_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg")
MOST_PANELS = 12
PALETTE = Palette("#1d2430", "#d9d7d1", "#1f6fb2", "#b8500b", "#c9d6e3")
_WIDTH, _HEIGHT, _DPI = 9.0, 2.8, 150  # of a panel, in inches
_LONGEST_TITLE = 80


def check_plot(path: Path) -> None:
    """Complains, before any work is done, of a picture that could not be written.

    Raises:
        UsageError: its name does not end like a picture that can be drawn.
        InputError: it is a folder, or in none.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"--plot {path}: name a file that ends in {' or '.join(FORMATS)}")
    refuse_folder(path)


def write_plot(reports: Sequence[Report], path: Path) -> str | None:
    """Draws the net positivity of each report by month, or week, one panel below the other.

    Returns a remark on what is not in the picture, if anything is not.

    Raises:
        InputError: it cannot be written.
    """
    dated = [report for report in reports if report.months]
    if not dated:
        return f"{path}: not drawn, no tweet has a date"
    shown = dated[:MOST_PANELS]
    save_figure(path, (_WIDTH, _HEIGHT * len(shown)), lambda figure: _draw(figure, shown))
    if len(dated) > MOST_PANELS:
        return f"{path}: shows the first {MOST_PANELS} of {len(dated):,}"
    return None


def save_figure(path: Path, size: tuple[float, float], draw: "Callable[[Figure], object]") -> None:
    """Has a figure drawn, its size in inches, and writes it to a .png or .svg whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    format = path.suffix.lower().lstrip(".")
    out = io.BytesIO()
    # A name may hold characters that no font here has: boxes are drawn for them, in silence.
    with mpl.rc_context(style(PALETTE)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        draw(figure)
        nothing: dict[str, Any] = dict.fromkeys(
            ("Date", "Creator", "Format", "Type") if format == "svg" else ("Software",)
        )
        figure.savefig(out, format=format, dpi=_DPI, metadata=nothing)
    try:
        with write_atomically(path) as file:
            file.write(out.getvalue())
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def _draw(figure: "Figure", reports: Sequence[Report]) -> None:
    panels = figure.subplots(len(reports), sharex=True, sharey=True, squeeze=False)
    for report, axes in zip(reports, panels[:, 0], strict=True):
        unit, parts = line_of(report)
        draw_timeline(axes, parts, PALETTE)
        axes.set_xlabel(f"by {unit}, with its 95 % interval", fontsize=9)
        name = sanitize(report.subject)[:_LONGEST_TITLE]
        axes.set_title(
            f"{name}: {report.verdict.word}",
            loc="left",
            fontsize=12,
            parse_math=False,  # a name may hold dollars
        )
        # Where its own months end, the ticks do not show.
        axes.tick_params(labelbottom=True)
    make_room(panels[0, 0])  # all share one scale
