"""Hostile strings -> harmless ones. Tweets, names and file names can hold anything."""

import unicodedata


class _Harmless(dict[int, str]):
    """A translation table that judges each character once, by its Unicode category."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        match unicodedata.category(character):
            case "Zs" | "Zl" | "Zp":
                replacement = " "
            case "Cc":  # controls; ESC among them
                replacement = " " if character.isspace() else ""
            case "Cf":  # marks that are not seen: direction, zero width, joiners, tags
                replacement = ""
            case "Cs":  # half a pair, as in names of files that are not valid UTF-8
                replacement = "\N{REPLACEMENT CHARACTER}"
            case _:
                replacement = "" if 0xFE00 <= code <= 0xFE0F else character  # variation selectors
        self[code] = replacement
        return replacement


_HARMLESS = _Harmless()
# A page knows how wide it is: there emoji may stay joined and coloured.
_ON_A_PAGE = _Harmless({0x200D: "\u200d", 0xFE0F: "\ufe0f"})


def sanitize(text: str) -> str:
    """`text` on one line, without anything that could steer a terminal or hide in it.

    Control characters, escape codes, direction marks and zero-width characters go, and so do
    variation selectors and joiners, which make the width of emoji a matter of the terminal. Runs
    of white space, newlines included, become one space.
    """
    return " ".join(text.translate(_HARMLESS).split())


def sanitize_for_page(text: str) -> str:
    """`text` for a page of HTML, where emoji keep their joiners; its markup is not escaped yet."""
    return text.translate(_ON_A_PAGE)


def sanitize_lines(text: str) -> str:
    """`text` made harmless line by line: with its line breaks and the indents of its lines."""
    return "\n".join(
        line[: len(line) - len(line.lstrip(" "))] + sanitize(line) for line in text.splitlines()
    )
