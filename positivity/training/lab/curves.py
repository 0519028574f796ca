"""How macro recall on the development tweets rises while each recipe trains, in one picture."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from positivity.files import write_atomically
from positivity.training.lab.plan import Entry
from positivity.training.lab.results import Row
from positivity.training.run_folder import read_json

_WIDTH, _HEIGHT, _DPI = 10.0, 4.6, 130  # of a panel, in inches


@dataclass(frozen=True, slots=True)
class Curve:
    """One training: mean macro recall on the development sets, by step."""

    name: str
    steps: tuple[int, ...]
    recalls: tuple[float, ...]
    kept: float  # that of the network which was kept, and is measured


def curve_of(entry: Entry) -> Curve | None:
    """The curve of a recipe's first finished run; None for what is not trained in steps."""
    for run in entry.runs:
        records = run.folder / "records.json"
        if run.is_finished() and records.exists():
            looks = read_json(records)
            means = [sum(look["recalls"].values()) / len(look["recalls"]) for look in looks]
            kept = means[-1] if run.recipe.training.keep_last else max(means)
            return Curve(entry.name, tuple(look["step"] for look in looks), tuple(means), kept)
    return None


def draw_curves(entries: Sequence[Entry], rows: Sequence[Row], path: Path) -> bool:
    """Draws all classifiers, those of two classes in a panel of their own; False if there is none.

    Raises:
        InputError: the picture cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    curves = {entry.name: curve for entry in entries if (curve := curve_of(entry)) is not None}
    three = [curves[row.name] for row in rows if row.three and row.name in curves]
    two = [curves[row.name] for row in rows if row.two and not row.three and row.name in curves]
    panels = [
        (title, some) for title, some in (("three classes", three), ("two classes", two)) if some
    ]
    if not panels:
        return False
    style: dict[Any, Any] = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 10}
    with mpl.rc_context({**style, "svg.hashsalt": "positivity"}):
        figure = Figure(
            figsize=(_WIDTH, _HEIGHT * len(panels)), layout="constrained", facecolor="white"
        )
        for axes, (title, some) in zip(
            figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True
        ):
            _panel(axes, title, some)
        picture = io.BytesIO()
        format = path.suffix.lower().lstrip(".")
        nothing: dict[str, Any] = dict.fromkeys(
            ("Date", "Creator", "Format", "Type") if format == "svg" else ("Software",)
        )
        figure.savefig(picture, format=format, dpi=_DPI, metadata=nothing)
    with write_atomically(path) as file:
        file.write(picture.getvalue())
    return True


def _panel(axes: Any, title: str, curves: Sequence[Curve]) -> None:
    """The legend names the curves by the network that was kept of each, the best first."""
    import matplotlib as mpl

    colours = mpl.color_sequences["tab10"]
    lines = ("solid", "dashed", "dotted")
    for i, curve in enumerate(sorted(curves, key=lambda each: -each.kept)):
        axes.plot(
            curve.steps,
            curve.recalls,
            color=colours[i % len(colours)],
            linestyle=lines[i // len(colours) % len(lines)],
            marker="." if len(curve.steps) < 3 else None,
            linewidth=1.6,
            label=f"{curve.name} {curve.kept:.3f}",
        )
    axes.set_title(f"macro recall on the development tweets, {title}", loc="left", fontsize=11)
    axes.set_xlabel("step")
    axes.grid(axis="y", color="#d9d7d1", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)
