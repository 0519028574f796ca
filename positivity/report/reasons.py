"""Why texts got their scores, at a terminal: each text with what moved it, signed and coloured."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from positivity.account.explanation import ExplainedTweet, Explanation, WeighedTerm
from positivity.account.origin import origin_of
from positivity.account.report import Effect
from positivity.report.glyphs import ASCII, UNICODE
from positivity.report.sanitize import sanitize
from positivity.report.terminal import ReportPage
from positivity.report.terminal_page import STYLES, Page
from positivity.report.words import effect, how_to_read, labels_of

NOTICEABLE = 0.1  # what moved the score by less is not marked,
FAINT = 0.02  # but where no word did twice that much, those that did most are, down to here
_INDENT = 2


def render_explanation(explanation: Explanation, console: Console) -> None:
    """Print why a report says what it says."""
    page = ReportPage(console)
    report = explanation.report
    page.verdict(report)
    page.blank()
    if report.counts.counted:
        page.side("to read", _encodable(how_to_read(explanation), console), "dim")
        page.blank()
    for title, tweets, style in (
        ("most positive", explanation.strongest_positive, STYLES["positive"]),
        ("most negative", explanation.strongest_negative, STYLES["negative"]),
        ("least sure", explanation.least_sure, "bold"),
    ):
        _tweets(page, title, tweets, style)
    for label, terms in (
        ("positive", explanation.terms_positive),
        ("negative", explanation.terms_negative),
    ):
        _terms(page, label, terms)
    page.origin(origin_of([report]))
    page.limits(report.limits)


def _tweets(page: Page, title: str, tweets: Sequence[ExplainedTweet], style: str) -> None:
    if not tweets:
        return
    page.line(Text(f"  {title}", style=f"bold {style}"))
    for tweet in tweets:
        date = f"{tweet.created_at.split('T')[0]}  " if tweet.created_at else ""
        score = f"score {effect(tweet.score)}"
        start = f" from {effect(tweet.baseline)}" if tweet.baseline is not None else ""
        facts = f"{' ' * _INDENT}{date}{score}{start}  ({labels_of(tweet)})"
        page.line(Text(_encodable(facts, page.console), style="dim"))
        text = _marked(tweet.text, tweet.effects, page.console)
        shown = text or Text(_clean(tweet.text, page.console))
        shown.stylize(page.link_style(tweet))
        for part in shown.wrap(page.console, max(10, page.width - 2 * _INDENT)):
            page.line(Text(" " * 2 * _INDENT).append_text(part))
        page.address(tweet, 2 * _INDENT)
    page.blank()


def _terms(page: Page, label: str, terms: Sequence[WeighedTerm]) -> None:
    """The terms that carry a side, a line each."""
    if not terms:
        return
    page.line(Text.assemble("  what carries ", (label, f"bold {STYLES[label]}"), " tweets"))
    titles = ("", "term", "weight", "effect", "in positive", "in negative")
    rows = [[Text(title, style="dim") for title in titles]]
    for term in terms:
        numbers = (
            f"{abs(term.weight):.2f}",
            _encodable(effect(term.effect), page.console),
            f"{term.positive:,}",
            f"{term.negative:,}",
        )
        rows.append([Text(), Text(page.clean(term.text)), *map(Text, numbers)])
    page.table(rows, right=(2, 3, 4, 5), flexible=1)
    page.blank()


def _encodable(text: str, console: Console) -> str:
    """Our own words, with a plain minus where the console has no other."""
    minus = (ASCII if console.options.ascii_only else UNICODE).minus
    text = text.replace(UNICODE.minus, minus).replace("\N{NO-BREAK SPACE}", " ")
    return text.encode(console.encoding, "replace").decode(console.encoding)


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
    for each in marked_effects(effects):
        if not at <= each.start < each.end:
            continue
        parts.append((text[at : each.start], ""))
        side = "green" if each.effect > 0 else "red"
        sign = "+" if each.effect > 0 else minus
        marked = text[each.start : each.end]
        # Of several words it must be seen without colours, too, where the mark begins.
        opening, closing = ("[", " ") if any(map(str.isspace, marked)) else ("", "[")
        parts.append((opening, side))
        parts.append((marked, f"bold {side}"))
        parts.append((f"{closing}{sign}{abs(each.effect):.2f}]", side))
        at = each.end
    if not parts:
        return None
    parts.append((text[at:], ""))
    return Text.assemble(*((_clean(part, console), style) for part, style in parts))


def marked_effects(effects: Sequence[Effect]) -> list[Effect]:
    """Those worth marking."""
    strongest = max((abs(each.effect) for each in effects), default=0.0)
    least = min(NOTICEABLE, max(FAINT, strongest / 2))
    return [each for each in effects if abs(each.effect) >= least]


def _clean(text: str, console: Console) -> str:
    """Harmless, of characters that the console can encode, with the spaces at its ends."""
    harmless = sanitize(text)
    before = " " if text[:1].isspace() else ""
    after = " " if harmless and text[-1:].isspace() else ""
    return f"{before}{harmless}{after}".encode(console.encoding, "replace").decode(console.encoding)
