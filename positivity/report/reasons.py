"""Why texts got their scores, at a terminal: each text with what moved it, signed and coloured."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from positivity.account.report import Effect
from positivity.report.glyphs import ASCII, UNICODE
from positivity.report.sanitize import sanitize

NOTICEABLE = 0.1  # what moved the score by less is not marked
_INDENT = 2


def render_reasons(
    rows: Iterable[tuple[str, tuple[Effect, ...]]], console: Console, *, width: int = 120
) -> None:
    """Print each text that has a word worth marking, every such word with how much it moved."""
    marked = [_marked(text, effects, console) for text, effects in rows]
    shown = [text for text in marked if text is not None]
    if not shown:
        return
    console.print()
    console.print(Text("why (with the word, less without it; the scale is -1 to 1)", style="dim"))
    for text in shown:
        for number, line in enumerate(text.wrap(console, min(console.width, width) - _INDENT)):
            console.print(Text(" " * (_INDENT + 2 * bool(number))).append_text(line))


def _marked(text: str, effects: tuple[Effect, ...], console: Console) -> Text | None:
    minus = (ASCII if console.options.ascii_only else UNICODE).minus
    parts: list[tuple[str, str]] = []
    at = 0
    for each in effects:
        if abs(each.effect) < NOTICEABLE or not at <= each.start < each.end:
            continue
        parts.append((text[at : each.start], ""))
        side = "green" if each.effect > 0 else "red"
        sign = "+" if each.effect > 0 else minus
        parts.append((text[each.start : each.end], f"bold {side}"))
        parts.append((f"[{sign}{abs(each.effect):.2f}]", side))
        at = each.end
    if not parts:
        return None
    parts.append((text[at:], ""))
    return Text.assemble(*((_clean(part, console), style) for part, style in parts))


def _clean(text: str, console: Console) -> str:
    """Harmless, of characters that the console can encode, with the spaces at its ends."""
    harmless = sanitize(text)
    before = " " if text[:1].isspace() else ""
    after = " " if harmless and text[-1:].isspace() else ""
    return f"{before}{harmless}{after}".encode(console.encoding, "replace").decode(console.encoding)
