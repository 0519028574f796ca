"""The folder of the Large Movie Review Dataset (Maas et al. 2011), `aclImdb`, as a table.

`train` and `test` each hold the folders `pos` and `neg` with a review a file, which is named
`ID_RATING.txt`; `unsup` holds reviews without a label.
"""

import re
from pathlib import Path

import pandas as pd

from positivity.errors import InputError

_NAME = re.compile(r"(\d+)_(\d+)\.txt")
_BREAK = re.compile(r"(?:<br\s*/?>\s*)+")
_LABELS = {"neg": "negative", "pos": "positive"}


def read_reviews(folder: Path) -> pd.DataFrame:
    """The labelled reviews of `aclImdb/train` or `aclImdb/test`: columns id, rating, label, text.

    Raises:
        InputError: not such a folder, or a review that cannot be read.
    """
    if not any((folder / name).is_dir() for name in _LABELS):
        inside = " or ".join(str(folder / part) for part in ("train", "test"))
        cure = f"name {inside}" if (folder / "train").is_dir() else "it needs pos and neg in it"
        raise InputError(f"{folder}: a folder, but not one of aclImdb's reviews; {cure}")
    rows = []
    for name, label in _LABELS.items():
        for path in sorted((folder / name).glob("*.txt"), key=lambda each: _number(each)):
            match = _NAME.fullmatch(path.name)
            rating = int(match[2]) if match else None
            rows.append((f"{name}/{path.stem}", rating, label, _text(path)))
    frame = pd.DataFrame(rows, columns=["id", "rating", "label", "text"])
    return frame.astype({"rating": "Int64"})


def _number(path: Path) -> tuple[int, str]:
    """Reviews go by their number, others after them by name."""
    match = _NAME.fullmatch(path.name)
    return (int(match[1]) if match else 10**9, path.name)


def _text(path: Path) -> str:
    try:
        return _BREAK.sub("\n", path.read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
