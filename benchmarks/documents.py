"""Figures into the documents, between their comments."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[1]
README, HOW_SURE = _ROOT / "README.md", _ROOT / "docs" / "how-sure.md"
PICTURE = _ROOT / "docs" / "how-sure.png"  # of error and coverage


def fill(document: Path, name: str, text: str) -> None:
    """Puts a text between a document's comments of this name."""
    old = document.read_text(encoding="utf-8")
    between = re.compile(rf"(<!-- {name} -->\n\n).*?(\n\n<!-- /{name} -->)", re.DOTALL)
    new, found = between.subn(lambda match: match[1] + text + match[2], old)
    assert found == 1, f"{document.name} has {found} blocks {name!r}"
    document.write_text(new, encoding="utf-8")
