"""Figures into the documents, between their comments."""

import re
from pathlib import Path

import pandas as pd

from benchmarks.quantify.bags import ACROSS, CC, IN_DOMAIN, OURS
from benchmarks.quantify.tables import percent, size_of, speaks

ROOT = Path(__file__).parents[2]
README, HOW_SURE = ROOT / "README.md", ROOT / "docs" / "how-sure.md"
PICTURE = ROOT / "docs" / "how-sure.png"

_QUOTED = (20, 100, 200, 800)


def block(document: Path, name: str, text: str) -> None:
    """Puts a text between a document's comments of this name."""
    old = document.read_text(encoding="utf-8")
    between = re.compile(rf"(<!-- {name} -->\n\n).*?(\n\n<!-- /{name} -->)", re.DOTALL)
    new, found = between.subn(lambda match: match[1] + text + match[2], old)
    assert found == 1, f"{document.name} has {found} blocks {name!r}"
    document.write_text(new, encoding="utf-8")


def verdict(rows: pd.DataFrame) -> str:
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
            lines.append(f"| {kind} | {name} | {held(bags, OURS)} | {leaning} | {wrong} |")
    bags = rows[(rows.setting == IN_DOMAIN) & (rows["size"] == 200)]
    counted = f"The usual interval around counted labels holds the share in {held(bags, CC)} of "
    return "\n".join(lines) + f"\n\n{counted}the sets of 200."


def held(bags: pd.DataFrame, method: str) -> str:
    """How often a method's intervals hold the shares: each data set counts the same."""
    return percent(bags[bags.method == method].groupby("case").coverage.mean().mean(), 1)
