"""What emoji are and what they are called: the only user of the `emoji` package.

The package renames emoji from release to release, and its search costs 18-54 µs a tweet. So its
table is compiled once, when a model is trained, and saved with that model; scoring only looks up.
"""

from collections.abc import Mapping

VARIATION_SELECTORS = frozenset("\ufe0e\ufe0f")
SKIN_TONES = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
# Of no weight for what an emoji means: an emoji is looked up without them.
MODIFIERS = VARIATION_SELECTORS | SKIN_TONES
_FLAGS = "\U0001f1e6\U0001f1ff"  # the letters that flags are spelt with


def bare(emoji: str) -> str:
    """The emoji without skin tones and variation selectors: the key of the table."""
    return "".join(char for char in emoji if char not in MODIFIERS)


def compile_table() -> dict[str, str]:
    """Bare emoji -> name between colons, as the installed `emoji` package has it.

    Names of a man or a woman doing what a person does are folded to the person's: the feeling is
    the same, and one vector learnt from all three is better learnt and treats all alike.
    """
    import emoji

    names: dict[str, str] = {}
    for sequence, entry in emoji.EMOJI_DATA.items():
        if SKIN_TONES.isdisjoint(sequence):
            names.setdefault(bare(sequence), entry["en"])
    known = set(names.values())
    return {sequence: _ungendered(name, known) for sequence, name in sorted(names.items())}


def without_emoji(text: str, emoji: Mapping[str, str]) -> str:
    """The text with spaces in the place of emoji.

    Args:
        emoji: as `compile_table` makes it.
    """
    if text.isascii():
        return text
    return "".join(
        " " if char in emoji or char in MODIFIERS or _FLAGS[0] <= char <= _FLAGS[1] else char
        for char in text
    )


def _ungendered(name: str, known: set[str]) -> str:
    for gender in (":man_", ":woman_"):
        person = name.replace(gender, ":person_", 1)
        if name.startswith(gender) and person in known:
            return person
    return name
