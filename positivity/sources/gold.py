"""The offer to measure the model where a file says which of its tweets are positive."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from positivity.sources import guess
from positivity.sources.layout import Layout
from positivity.sources.own_scores import is_own
from positivity.sources.reading import ByteStream

SENTIMENT140 = "Sentiment140"
_TEXTS = ("text", "full_text", "tweet", "content", "rawContent")


def offer(
    stream: ByteStream, layout: Layout, suffixes: Sequence[str], options: Sequence[str] = ()
) -> tuple[str, ...]:
    """A sentence with the command that measures the model on a labelled file; none for others.

    Args:
        suffixes: what a file of this form must be called for `positivity evaluate` to read it so.
        options: those that tell it how this file is written.
    """
    if layout.export == SENTIMENT140:
        return _sentence(stream, "its first column", [], suffixes)
    if layout.label is None:
        return ()
    text = layout.names[layout.text]
    return _sentence(stream, *_columns(layout.label, text, options), suffixes)


def offer_of_objects(
    stream: ByteStream, objects: Sequence[Mapping[str, Any]], suffixes: Sequence[str]
) -> tuple[str, ...]:
    """The same for objects of JSON, by the first of them."""
    label = label_key(objects)
    text = next((name for name in _TEXTS if any(name in each for each in objects)), None)
    if label is None or text is None:
        return ()
    return _sentence(stream, *_columns(label, text, ()), suffixes)


def label_key(objects: Sequence[Mapping[str, Any]]) -> str | None:
    """The key of objects of JSON that says which of them are positive."""
    names = list(dict.fromkeys(name for each in objects for name in each))
    if is_own(names):  # those labels are the model's
        return None
    rows = [[str(each.get(name, "")) for name in names] for each in objects]
    label = guess.label_column(rows, names)
    return None if label is None else names[label]


def _columns(label: str, text: str, options: Sequence[str]) -> tuple[str, list[str]]:
    """Where the labels are, and the options that say so."""
    named = [] if text == "text" else ["--text-column", text]
    return f"'{label}'", ["--label-column", label, *named, *options]


def _sentence(
    stream: ByteStream, where: str, columns: Sequence[str], suffixes: Sequence[str]
) -> tuple[str, ...]:
    path = stream.path
    if path is None or stream.zipped or path.suffix not in suffixes:
        return ()
    command = shlex.join(["positivity", "evaluate", str(path), *columns])
    return (f"{stream.name} has labels in {where}: `{command}` measures the model on them.",)
