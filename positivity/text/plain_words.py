"""Words of letters and a few marks: most of what tweets are made of.

The normalizer's lexer looks at every place of a word for links, emoticons, times and more. A plain
word can hold none of these, so that its parts can be read one by one.
"""

import re

# Quotes and dashes of typesetters as those of typewriters, as `unicode_folding` has it.
_STRAIGHT = str.maketrans("‘’“”–—", "''\"\"--")
_MARKS = "'\"()*,!?/…-"
# Without a full stop before a letter there is no link less than "http", and without a colon no
# emoticon of these characters. A colon or a semicolon may end a word: no mouth follows these eyes.
_PLAIN = re.compile(
    rf"[A-Za-z{_MARKS}]*+(?:\.++(?![A-Za-z-])[A-Za-z{_MARKS}]*+)*+(?:(?<=[A-Za-z]{{2}})[:;])?+"
)
_PART = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*|[^A-Za-z]+")


def parts(word: str) -> list[str] | None:
    """The parts of a word that the lexer would read alike each by itself: words and runs of marks.

    None for a word that is not plain, or has one part only.
    """
    straight = word if word.isascii() else word.translate(_STRAIGHT)
    if _PLAIN.fullmatch(straight) is None or "http" in straight:
        return None
    found = _PART.findall(straight)
    return found if len(found) > 1 or straight != word else None
