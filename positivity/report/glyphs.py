"""The signs and bars of the reports, and what stands for them where there is only ASCII."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of characters."""

    signs: dict[str, str]  # of every verdict and label, so that colour is never alone
    bar: str  # parts of a full cell, the full one last
    spark: str  # lowest first
    minus: str
    ellipsis: str
    dot: str


UNICODE = Glyphs(
    signs={
        "mainly positive": "▲",
        "mainly negative": "▼",
        "mixed": "◆",
        "not enough tweets": "◇",
        "undecided": "◇",
        "positive": "▲",
        "neutral": "●",
        "negative": "▼",
    },
    bar="▏▎▍▌▋▊▉█",
    spark="▁▂▃▄▅▆▇█",
    minus="−",
    ellipsis="…",
    dot="·",
)

ASCII = Glyphs(
    signs={
        "mainly positive": "^",
        "mainly negative": "v",
        "mixed": "*",
        "not enough tweets": "?",
        "undecided": "?",
        "positive": "^",
        "neutral": "o",
        "negative": "v",
    },
    bar="#",
    spark="_.-=+*#@",
    minus="-",
    ellipsis="...",
    dot="-",
)

# Signs of our own sentences where there is only ASCII.
SPELLED = str.maketrans({"−": "-", "±": "+/-", "…": "..."})
