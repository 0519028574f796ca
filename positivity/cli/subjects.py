"""What reports on several files are called: by whose tweets they hold, and no two alike."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path


def is_handle(text: str) -> bool:
    """Whether an argument is a handle rather than a file."""
    return text.startswith("@") and not Path(text).exists()


def as_file(path: str) -> str:
    """A path that no reader takes for a handle."""
    return f"./{path}" if path.startswith("@") else path


def subjects_of_files(
    files: Sequence[tuple[str, str | None]], taken: Iterable[str] = ()
) -> list[str]:
    """The handle of each file, or its path without the folder that all have in common.

    Args:
        files: path and, of a file that holds the tweets of one author only, the handle.
        taken: names that others have; a handle among them, or of two files, tells nobody apart.
    """
    paths = without_common_folder([path for path, _ in files])
    holders = Counter(handle.casefold() for _, handle in files if handle is not None)
    holders.update(name.casefold() for name in taken)
    return [
        path if handle is None or holders[handle.casefold()] > 1 else handle
        for path, (_, handle) in zip(paths, files, strict=True)
    ]


def without_common_folder(paths: Sequence[str]) -> list[str]:
    """The same paths, short of what they all begin with; of a single one the file's name."""
    folders = [path.replace(os.sep, "/").split("/")[:-1] for path in paths]
    common = 0
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        common += len(parts[0]) + 1
    return [as_file(path[common:]) for path in paths]


def told_apart(names: Iterable[str]) -> list[str]:
    """The same names, with a number behind what has been there before: "a.csv", "a.csv (2)"."""
    found: dict[str, None] = {}  # in their order
    for name in names:
        numbered = (f"{name} ({number})" for number in count(2))
        found[name if name not in found else next(n for n in numbered if n not in found)] = None
    return list(found)
