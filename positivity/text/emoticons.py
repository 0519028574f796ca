"""Emoticons, in both directions: `:)` and `(:`, `<3`, `xD`, `¯\\_(ツ)_/¯`.

`PATTERN` is a piece of the normalizer's lexer; `token()` names what it found. Western emoticons
are read as eyes, nose and mouth, so that `:)`, `:-)`, `=]` and `(:` are one; the others are listed.
"""

import re

TOKENS = (
    "<smile>",
    "<laugh>",
    "<wink>",
    "<tongue>",
    "<kiss>",
    "<heart>",
    "<broken_heart>",
    "<cheer>",
    "<sad>",
    "<cry>",
    "<angry>",
    "<annoyed>",
    "<unsure>",
    "<surprised>",
    "<shrug>",
)

# Longer ones first where one begins another. Each may be followed by repeats of its last character.
_LISTED = {
    "¯\\_(ツ)_/¯": "<shrug>",
    "¯\\(ツ)/¯": "<shrug>",
    "¯_(ツ)_/¯": "<shrug>",
    "(╯°□°)╯︵": "<angry>",
    "ʕ•ᴥ•ʔ": "<smile>",
    "ಥ_ಥ": "<cry>",
    "ಠ_ಠ": "<annoyed>",
    "\\o/": "<cheer>",
    "</3": "<broken_heart>",
    "<\\3": "<broken_heart>",
    "<3": "<heart>",
    "^_^": "<smile>",
    "^.^": "<smile>",
    "^-^": "<smile>",
    "^^": "<smile>",
    "-__-": "<annoyed>",
    "-_-": "<annoyed>",
    "-.-": "<annoyed>",
    ">_<": "<angry>",
    ">.<": "<angry>",
    ";_;": "<cry>",
    ";-;": "<cry>",
    "T_T": "<cry>",
    "T.T": "<cry>",
    "o_O": "<surprised>",
    "O_o": "<surprised>",
    "o.O": "<surprised>",
    "O.o": "<surprised>",
    "o_o": "<surprised>",
    "O_O": "<surprised>",
    "0_0": "<surprised>",
}
_LAUGHS = ("xD", "XD", "xd")  # only as a word of their own

# mouth -> name; the second of each pair is the mouth when the emoticon is written the other way.
_MOUTHS = {
    ")": "<smile>",
    "]": "<smile>",
    "}": "<smile>",
    "3": "<smile>",
    "(": "<sad>",
    "[": "<sad>",
    "{": "<sad>",
    "c": "<sad>",
    "D": "<laugh>",
    "P": "<tongue>",
    "p": "<tongue>",
    "*": "<kiss>",
    "/": "<unsure>",
    "\\": "<unsure>",
    "|": "<unsure>",
    "S": "<unsure>",
    "s": "<unsure>",
    "o": "<surprised>",
    "O": "<surprised>",
}
_MIRRORED = {
    "(": "<smile>",
    "[": "<smile>",
    "{": "<smile>",
    ")": "<sad>",
    "]": "<sad>",
    "D": "<sad>",
}

_WESTERN = re.compile(r">?[:;=8]['`´]?[-^~]?(?P<mouth>[)\](\[}{*/\\|DPpSsoOc3])(?P=mouth)*")
_REVERSED = re.compile(r"(?P<mouth>[(\[{)\]D])(?P=mouth)*[-^~]?['`´]?[:;=]<?")

PATTERN = "|".join(
    [
        *(re.escape(each) + re.escape(each[-1]) + "*" for each in _LISTED),
        rf"(?<!\w)(?:{'|'.join(_LAUGHS)})D*(?!\w)",
        # Brackets may touch a word before them ("nice:)"), letters may not ("Re:Paris").
        r">?[:;=]['`´]?[-^~]?(?:\)+|\(+|\]+|\[+|\}+|\{+)(?!\w)",
        r"(?<!\w)8-(?:\)+|D+)(?!\w)",
        r"(?<!\w)>?[:;=]['`´]?[-^~]?(?:D+|P+|p+|\*+|\|+|[SsoOc3/\\])(?![\w/])",
        r"(?<![\w:&])(?:\(+|\[+|\{+|\)+|\]+|D)[-^~]?['`´]?[:;=](?![\w)(])",
    ]
)


def token(emoticon: str) -> str:
    """The name of an emoticon that `PATTERN` matched."""
    for listed, name in _LISTED.items():
        if emoticon.startswith(listed):
            return name
    if emoticon.startswith(_LAUGHS):
        return "<laugh>"
    western = _WESTERN.fullmatch(emoticon)
    if western:
        return _western(emoticon, _MOUTHS[western["mouth"]])
    reversed_ = _REVERSED.fullmatch(emoticon)
    if reversed_ is None:
        raise ValueError(f"not an emoticon: {emoticon!r}")
    return _western(emoticon, _MIRRORED[reversed_["mouth"]])


def _western(emoticon: str, name: str) -> str:
    if name == "<sad>" and any(tear in emoticon for tear in "'`´"):
        return "<cry>"
    if name == "<sad>" and (">" in emoticon or "<" in emoticon):
        return "<angry>"
    if name == "<smile>" and ";" in emoticon:
        return "<wink>"
    return name
