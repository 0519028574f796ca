"""The columns of the program's own file of scores, which can be read again as tweets."""

import re
from collections.abc import Iterable

from positivity.tweets import LeftOut

SCORE_COLUMNS = (
    "id",
    "created_at",
    "author",
    "label",
    "negative",
    "neutral",
    "positive",
    "score",
    "left_out",
    "text",
)

# The apostrophes before the sign are guards themselves, or would be taken for one.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def is_own(names: Iterable[str]) -> bool:
    """Whether these are the columns of a file of scores, whose texts are unescaped already."""
    return tuple(names) == SCORE_COLUMNS


def language_of(left_out: str | None) -> str | None:
    """The language that a tweet was taken to be in, by why it was left out; None if not said.

    The file does not hold what its source said of it. "mis" are the languages without a code.
    """
    if not left_out:
        return "en"
    return "mis" if left_out == LeftOut.LANGUAGE else None


def guard(text: str) -> str:
    """`text` with an apostrophe in front if a spreadsheet would run it as a formula."""
    return "'" + text if _FORMULA.match(text) else text


def unguard(text: str) -> str:
    """`text` as it was before `guard`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
