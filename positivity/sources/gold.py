"""The offer to measure the model where a file says which of its tweets are positive."""

import shlex
from collections.abc import Sequence

from positivity.sources.layout import Layout
from positivity.sources.reading import ByteStream

SENTIMENT140 = "Sentiment140"


def offer(
    stream: ByteStream, layout: Layout, suffixes: Sequence[str], options: Sequence[str] = ()
) -> tuple[str, ...]:
    """A sentence with the command that measures the model on a labelled file; none for others.

    Args:
        suffixes: what a file of this form must be called for `positivity evaluate` to read it so.
        options: those that tell it how this file is written.
    """
    path = stream.path
    if path is None or stream.zipped or path.suffix not in suffixes:
        return ()
    if layout.export == SENTIMENT140:
        where, columns = "its first column", []
    elif layout.label is not None:
        where = f"'{layout.label}'"
        text = layout.names[layout.text]
        columns = ["--label-column", layout.label]
        columns += [] if text == "text" else ["--text-column", text]
        columns += options
    else:
        return ()
    command = shlex.join(["positivity", "evaluate", str(path), *columns])
    return (f"{stream.name} has labels in {where}: `{command}` measures the model on them.",)
