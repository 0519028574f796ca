"""Where a terminal can be given hyperlinks (OSC 8), which it shows as text that can be clicked."""

from collections.abc import Mapping

_PROGRAMS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"})
_TERMS = ("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "contour", "wezterm")
_FIRST_VTE = 5001  # 0.50.0 crashes on some links


def has_hyperlinks(environment: Mapping[str, str]) -> bool:
    """Whether the terminal that these variables tell of is known to have them.

    FORCE_HYPERLINK set to 1 or 0 overrules what is known, as it does for other programs. A terminal
    that is not known shows plain addresses: some print the codes that they do not understand.
    """
    forced = environment.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0"
    term = environment.get("TERM", "")
    if term == "dumb" or term.startswith(("linux", "screen")) or "NO_COLOR" in environment:
        return False
    vte = environment.get("VTE_VERSION", "")
    return (
        environment.get("TERM_PROGRAM") in _PROGRAMS
        or term.startswith(_TERMS)
        or (vte.isdecimal() and int(vte) >= _FIRST_VTE)
        or any(name in environment for name in ("WT_SESSION", "KONSOLE_VERSION", "DOMTERM"))
    )
