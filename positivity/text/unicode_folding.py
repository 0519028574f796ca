"""From the characters as typed to plain ones, each with the span it came from.

HTML entities are unescaped, also when doubled; fancy alphabets become letters; curly quotes become
straight ones; what cannot be seen (zero-width, bidi and control characters) goes; accents are
composed (NFC). Emoji stay whole, less their skin tones and variation selectors.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from positivity.text.emojis import MODIFIERS

ZERO_WIDTH_JOINER = "\u200d"
KEYCAP = "\u20e3"

# "&amp;amp;lt;" is a "<" that was escaped three times.
_ENTITY = re.compile(r"&(?:amp;)*(?:(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)?")

_PLAIN = {
    **dict.fromkeys("‘’‛ʼʹ′´`＇", "'"),
    **dict.fromkeys("“”„‟″«»＂", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "‼": "!!",
    "⁉": "!?",
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)),
}
# Alphabets that imitate the plain one: mathematical, full-width, circled, raised, ligatures.
_FANCY = (
    range(0x1D400, 0x1D800),
    range(0xFF01, 0xFF5F),
    range(0x249C, 0x24EA),
    range(0x02B0, 0x02B9),
    range(0x1D2C, 0x1D6B),
    range(0x2070, 0x209D),
    range(0xFB00, 0xFB07),
)
_SQUARED = (0x1F130, 0x1F150, 0x1F170)  # 26 letters from each on
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_TAGS = range(0xE0020, 0xE0080)  # spell the flags of England, Scotland and Wales


@cache
def _folding() -> dict[str, str]:
    """Character -> its plain form, for those that have one."""
    table = dict(_PLAIN)
    for code in (code for block in _FANCY for code in block):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 3 and plain[0] == "(":  # a letter in brackets, as one character
            plain = plain[1]
        if plain != chr(code) and plain.isprintable():
            table.setdefault(chr(code), plain)
    for start in _SQUARED:
        table |= {chr(start + i): chr(ord("A") + i) for i in range(26)}
    return table


def fold(word: str) -> tuple[str, list[int], list[int]]:
    """The word in plain characters, and for each of these its start and end in `word`."""
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for plain, start, end in _folded(word):
        for char in plain:
            chars.append(char)
            starts.append(start)
            ends.append(end)
    return "".join(chars), starts, ends


def _folded(word: str) -> Iterator[tuple[str, int, int]]:
    """Each user-perceived character in plain form with its span; composed where it can be."""
    base, start, end = "", 0, 0
    for text, text_start, text_end in _unescaped(word):
        for char in text:
            if unicodedata.combining(char):
                base, end = base + char, text_end
                continue
            yield from _composed(base, start, end)
            base, start, end = char, text_start, text_end
    yield from _composed(base, start, end)


def _unescaped(word: str) -> Iterator[tuple[str, int, int]]:
    """The characters of the word, each HTML entity resolved to what it stands for."""
    at = 0
    while at < len(word):
        if word[at] == "&":
            match = _ENTITY.match(word, at)
            assert match is not None  # the pattern takes a lone "&" too
            resolved = html.unescape(f"&{match[1]};") if match[1] else "&"
            if match[1] is None or not resolved.endswith(";"):
                yield resolved, at, match.end()
                at = match.end()
                continue
        yield word[at], at, at + 1
        at += 1


def _composed(cluster: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """A base character with its combining marks, in plain form; nothing where nothing is seen."""
    if not cluster:
        return
    if len(cluster) > 1:
        # What does not compose is decoration: s̶t̶r̶u̶c̶k̶ out, or z̴a̸l̷g̶o̵.
        cluster = unicodedata.normalize("NFC", cluster[:3])[:1]
    if cluster in MODIFIERS:
        return
    plain = _folding().get(cluster, cluster)
    if plain != cluster or cluster in (ZERO_WIDTH_JOINER, KEYCAP) or ord(cluster) in _TAGS:
        yield plain, start, end
    elif unicodedata.category(cluster) not in _INVISIBLE or cluster.isspace():
        yield unicodedata.normalize("NFC", cluster), start, end
