"""Why a report says what it says, as Markdown: harmless where it is pasted."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from positivity.account.explanation import ExplainedTweet, Explanation, WeighedTerm
from positivity.account.origin import origin_of
from positivity.report.glyphs import UNICODE
from positivity.report.markdown import escaped, net_of, origin, plain_sentence
from positivity.report.reasons import marked_effects
from positivity.report.words import effect, how_to_read, labels_of, link, shortened


def render_explanation_markdown(explanation: Explanation, out: TextIO) -> None:
    """Write one explanation."""
    out.write("\n".join(_lines(explanation)) + "\n")


def _lines(explanation: Explanation) -> Iterator[str]:
    report = explanation.report
    headline, _, reason = report.verdict.sentence.partition(": ")
    sign = UNICODE.signs[report.verdict.word]
    yield f"## Why {sign} {escaped(report.subject)}: {escaped(headline)}"
    yield ""
    if reason:
        yield from (f"{plain_sentence(reason)}.", "")
    yield from net_of(report)
    if report.counts.counted:
        yield from (how_to_read(explanation), "")
    yield from _tweets("Most positive", explanation.strongest_positive)
    yield from _tweets("Most negative", explanation.strongest_negative)
    yield from _terms("positive", explanation.terms_positive)
    yield from _terms("negative", explanation.terms_negative)
    yield from _tweets("Least sure", explanation.least_sure)
    yield from origin(origin_of([report]))
    for limit in report.limits:
        yield f"- {plain_sentence(limit)}"


def _tweets(title: str, tweets: Sequence[ExplainedTweet]) -> Iterator[str]:
    if not tweets:
        return
    yield from (f"**{title}**", "")
    for tweet in tweets:
        address = link(tweet)
        source = f" ([on X]({address}))" if address else ""
        start = "" if tweet.baseline is None else f" from {effect(tweet.baseline)}"
        yield f"- {effect(tweet.score)}{start} ({labels_of(tweet)}): {_marked(tweet)}{source}"
    yield ""


def _marked(tweet: ExplainedTweet) -> str:
    """The text with what moved it in bold, and by how much."""
    parts: list[str] = []
    at = 0
    for each in marked_effects(tweet.effects):
        if not at <= each.start < each.end:
            continue
        parts.append(_spaced(tweet.text[at : each.start]))
        word = escaped(tweet.text[each.start : each.end])
        parts.append(f"**{word}** ({effect(each.effect)})" if word else "")
        at = each.end
    parts.append(_spaced(tweet.text[at:]))
    return " ".join("".join(parts).split())


def _spaced(text: str) -> str:
    """`text` escaped, with a space where it has some at its ends."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() else ""
    return f"{before}{escaped(text)}{after}"


def _terms(side: str, terms: Sequence[WeighedTerm]) -> Iterator[str]:
    if not terms:
        return
    yield from (
        f"**What carries {side} tweets**",
        "",
        "| term | weight | effect | in positive | in negative |",
        "|---|---:|---:|---:|---:|",
    )
    for term in terms:
        numbers = f"{abs(term.weight):.2f} | {effect(term.effect)}"
        counts = f"{term.positive:,} | {term.negative:,}"
        yield f"| {escaped(shortened(term.text))} | {numbers} | {counts} |"
    yield ""
