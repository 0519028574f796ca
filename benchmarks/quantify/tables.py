"""The figures of bags as tables and as a picture."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.quantify.bags import ACROSS, CC, IN_DOMAIN, INTERVALS, KNOWS, METHODS, OURS
from benchmarks.quantify.tweets import SIMULATED, SIZES

_QUOTED = (20, 100, 200, 800)  # in the README


def table(rows: pd.DataFrame, setting: str) -> str:
    """The figures of a setting as Markdown: means over the data sets, each counting the same."""
    chosen = rows[rows.setting == setting]
    lines = [
        f"**{setting}**\n",
        "| tweets | method | MAE | RAE | KLD | coverage | worst case | of net | of r | width "
        "| times known |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for size in sorted(chosen["size"].unique().tolist()):
        cases = chosen[chosen["size"] == size].groupby(["method", "case"])
        means = cases[["MAE", "RAE", "KLD", *INTERVALS]].mean()
        known = means.loc[KNOWS].width.mean()
        for method in METHODS:
            of_method = means.loc[method]
            mean = of_method.mean()
            cells = [f"{mean.MAE:.3f}", f"{mean.RAE:.2f}", f"{mean.KLD:.3f}"]
            if np.isnan(mean.coverage):
                cells += [""] * 6
            else:
                held = (mean.coverage, of_method.coverage.min(), mean["net coverage"])
                cells += [percent(each, 1) for each in (*held, mean["r coverage"])]
                cells += [f"{mean.width:.3f}", f"{mean.width / known:.2f}"]
            lines.append(f"| {size_of(size)} | {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def verdicts(rows: pd.DataFrame) -> str:
    """How often the verdict speaks and is wrong, by bag size and true net."""
    lines = [
        "| setting | tweets | interval | speaks | at a net of 20 or more | wrong where it speaks |",
        "|---|---|---|---|---|---|",
    ]
    for key, part in rows[rows.speaks.notna()].groupby(["setting", "size", "method"], sort=False):
        setting, size, method = key
        cells = [str(setting), size_of(int(str(size))), str(method), *speaks(part)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def speaks(bags: pd.DataFrame) -> tuple[str, str, str]:
    """How often the verdict speaks, also at a net of 20 or more, and is wrong where it speaks."""
    known = bags[bags.speaks.notna()]
    leaning = known[known["true net"].abs() >= 20]
    spoken = known[known.speaks.astype(bool)]
    wrong = percent(spoken.wrong.mean(), 1) if len(spoken) else ""
    return percent(known.speaks.mean()), percent(leaning.speaks.mean()), wrong


def verdict_summary(rows: pd.DataFrame) -> str:
    """What the README says of the verdict, from the rows of all bags."""
    lines = [
        "| kind | tweets | 95 % interval of a share holds it "
        "| verdict speaks at a net of 20 or more | wrong where it speaks |",
        "|---|---|---|---|---|",
    ]
    for setting, kind in ((IN_DOMAIN, "alike"), (ACROSS, "unlike")):
        for size in _QUOTED:
            bags = rows[(rows.setting == setting) & (rows["size"] == size)]
            leaning, wrong = speaks(bags[bags.method == OURS])[1:]
            name = size_of(size).replace("sim", "simulated")
            held = percent(coverage(bags, OURS), 1)
            lines.append(f"| {kind} | {name} | {held} | {leaning} | {wrong} |")
    bags = rows[(rows.setting == IN_DOMAIN) & (rows["size"] == 200)]
    counted = percent(coverage(bags, CC))
    usual = (
        f"The usual interval around counted labels holds the share in {counted} of the sets of 200."
    )
    return "\n".join(lines) + f"\n\n{usual}"


def coverage(bags: pd.DataFrame, method: str) -> float:
    """How often a method's intervals hold the shares: each data set counts the same."""
    return float(bags[bags.method == method].groupby("case").coverage.mean().mean())


def percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def size_of(size: int) -> str:
    return f"{size} (sim)" if size in SIMULATED else str(size)


def draw(rows: pd.DataFrame, path: Path) -> None:
    """Error and coverage by bag size, in and across domains."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True, sharey="row")
    for column, setting in enumerate((IN_DOMAIN, ACROSS)):
        chosen = rows[rows.setting == setting]
        for row, measured in enumerate(("MAE", "coverage")):
            panel = axes[row][column]
            for number, name in enumerate(METHODS):
                means = chosen[chosen.method == name].groupby(["size", "case"])[measured].mean()
                line = means.groupby("size").mean()
                panel.plot(line.index, line, marker="o", label=name, color=f"C{number}")
            panel.set(xscale="log", title=f"{setting}: {measured}")
            panel.set_xticks([*SIZES, *SIMULATED], labels=[*SIZES, *SIMULATED])
            panel.minorticks_off()
        axes[1][column].axhline(0.95, color="grey", linestyle=":")
        axes[1][column].set(xlabel="tweets in a bag", ylim=(0, 1))
    axes[0][0].set(ylim=(0, None))
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, fontsize="small")
    figure.savefig(path, dpi=100)
