"""What files call the three classes: words and numbers -> negative, neutral, positive."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from positivity.errors import InputError
from positivity.evaluation import LABELS
from positivity.training.recipe import Source

# Sentiment140 has 0, 2, 4; `classes_of` knows other numbers.
_NAMES = {
    "negative": ("negative", "neg", "-1", "0", "sadness", "bad"),
    "neutral": ("neutral", "neu", "2", "objective", "objective-or-neutral"),
    "positive": ("positive", "pos", "1", "4", "good"),
}
_KNOWN = {word: name for name, spellings in _NAMES.items() for word in spellings}


def words_of(labels: "pd.Series[str]") -> "pd.Series[str]":
    """The cells of a column of labels as text."""
    return labels.astype(str).str.strip()


def has_label(labels: "pd.Series[str]", source: Source) -> "pd.Series[bool]":
    """Which rows have one: a cell that is empty may be a word for a class, too."""
    return labels.notna() & ((words_of(labels) != "") | ("" in source.labels))


def classes_of(path: Path, words: "pd.Series[str]", source: Source) -> NDArray[np.int64]:
    """The class of each word, 0..2.

    Raises:
        InputError: a word means none of them.
    """
    known = dict(_KNOWN)
    numbers = words.str.removesuffix(".0")  # as pandas writes whole numbers where some are missing
    found = set(numbers)
    if "-1" in found:  # then 0 is the middle, not the lower end
        known["0"] = "neutral"
        del known["2"], known["4"]
    elif {"1", "2"} <= found and "4" not in found:  # which Sentiment140 never has together
        known |= dict(zip(("0", "1", "2"), LABELS, strict=True))
    known |= {str(word): name for word, name in source.labels.items()}
    labels = words.map(known).fillna(words.str.lower().map(known)).fillna(numbers.map(known))
    if labels.isna().any():
        strange = sorted(set(words[labels.isna()]))[:3]
        raise InputError(
            f"{path}: label {', '.join(map(repr, strange))} is none of negative, neutral, positive"
        )
    return np.asarray(labels.map({name: i for i, name in enumerate(LABELS)}), dtype=np.int64)


def spelled_out(words: "pd.Series[str]") -> "pd.Series[str]":
    """The names of the classes for other spellings of them; numbers, which may be of any scale,
    and other words stay."""
    names = words.str.lower().map(_KNOWN)
    return words.where(names.isna() | words.str.contains(r"\d"), names)
