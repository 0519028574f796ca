"""The rows and columns of a table of tweets that a source asks for."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from positivity.errors import InputError
from positivity.training.label_words import classes_of, has_label, words_of
from positivity.training.labelled_files import OnUnreadable, read_frame
from positivity.training.recipe import Source

_TEXT_COLUMNS = ("text", "tweet", "full_text", "content", "sentence", "tweet_text")
_LABEL_COLUMNS = ("label", "sentiment", "polarity", "airline_sentiment", "target", "gold", "class")


def read_rows(
    path: Path, source: Source, on_unreadable: OnUnreadable | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """The rows that a source keeps, with their texts.

    Args:
        on_unreadable: is told of each row that cannot be read; without it the first one raises.
    """
    frame = read_frame(path, source, on_unreadable)
    for column, wanted in source.keep.items():
        values = [str(v) for v in (wanted if isinstance(wanted, list | tuple) else [wanted])]
        frame = frame[column_of(path, frame, column).astype(str).isin(values)]
        if frame.empty:
            raise InputError(f"{path}: no row has {' or '.join(values)} in its column {column!r}")
    if source.balanced:
        frame = _balanced(path, frame, source)
    if source.sample is not None and source.sample < len(frame):
        frame = frame.sample(source.sample, random_state=0)
    text = column_of(path, frame, source.text, _TEXT_COLUMNS, cure="Name one with --text-column")
    if on_unreadable is not None:
        for row in frame.index[text.isna()]:
            on_unreadable(f"row {row + 1} has no text")
    frame = frame[text.notna()]
    texts = text.dropna().astype(str).tolist()
    if not texts:
        raise InputError(f"{path}: no labelled tweets in it")
    return frame, texts


def _balanced(path: Path, frame: pd.DataFrame, source: Source) -> pd.DataFrame:
    """As many labelled rows of each class as the rarest has."""
    labels = label_column(path, frame, source)
    labelled = has_label(labels, source)
    frame = frame[labelled]
    classes = classes_of(path, words_of(labels[labelled]), source)
    fewest = int(np.bincount(classes)[np.unique(classes)].min()) if len(classes) else 0
    return frame.groupby(classes, sort=True).sample(fewest, random_state=0).sort_index()


def _usual(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """The column that has the first of some usual names, however it is capitalized."""
    columns = {str(column).strip().lower(): column for column in reversed(list(frame.columns))}
    return next((columns[name] for name in names if name in columns), None)


def has_labels(frame: pd.DataFrame) -> bool:
    """Whether a column has one of the usual names for labels."""
    return _usual(frame, _LABEL_COLUMNS) is not None


def label_column(path: Path, frame: pd.DataFrame, source: Source) -> "pd.Series[str]":
    cure = "Name one with --label-column"
    return column_of(path, frame, source.label or "label", _LABEL_COLUMNS, cure=cure)


def column_of(
    path: Path, frame: pd.DataFrame, name: str, others: tuple[str, ...] = (), *, cure: str = ""
) -> "pd.Series[str]":
    """The column of this name or number, or the first of the usual names for the same thing.

    Args:
        cure: what names another one, said where there is none.
    """
    if name in frame.columns:
        return frame[name]
    if name in ("text", "label") and (usual := _usual(frame, others)) is not None:
        return frame[usual]
    if name.isdecimal() and 1 <= int(name) <= frame.shape[1]:
        return frame.iloc[:, int(name) - 1]
    columns = ", ".join(map(str, frame.columns[:12]))
    if frame.shape[1] == 1 and re.search(r"[,;\t|]", columns):
        cure = "Is another delimiter between its columns? Name it with --delimiter"
    raise InputError(f"{path}: no column {name!r}; it has {columns}. {cure}".removesuffix(". "))
