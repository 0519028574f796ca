"""The report as Markdown, for a mail, a chat or an issue: harmless where it is pasted."""

import re
from collections.abc import Iterator, Sequence
from typing import TextIO

from positivity.account.origin import Origin, origin_of
from positivity.account.report import Comparison, Report, StrongTweet, Term
from positivity.report.glyphs import UNICODE
from positivity.report.sanitize import sanitize_for_page
from positivity.report.words import (
    apart,
    compared,
    first_read,
    limits_of_table,
    line_of,
    link,
    net_interval,
    percent,
    percents,
    period,
    ranked,
    shared_limits,
    shortened,
    shown_pairs,
    signed,
    since,
    tweets,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:@/&$^=])")
_MOST = {"month": 12, "week": 18}  # rows; a short time has no more weeks


def render_markdown(
    reports: Report | Sequence[Report], out: TextIO, *, subject: str = "account"
) -> None:
    """Write one report in full, or a table of several.

    Args:
        subject: what each of several reports is about, for the table's head.
    """
    if isinstance(reports, Report):
        reports = [reports]
    lines = _report(reports[0]) if len(reports) == 1 else _reports(reports, subject)
    out.write("\n".join(lines) + "\n")


def render_comparison_markdown(
    comparison: Comparison, out: TextIO, *, subject: str = "account"
) -> None:
    """Write a ranked table of several accounts and what was found between them."""
    out.write("\n".join(_comparison(comparison, subject)) + "\n")


def _comparison(comparison: Comparison, subject: str) -> Iterator[str]:
    yield f"**{escaped(comparison.sentence)}**"
    yield ""
    head, line, *rows = _table(comparison.reports, subject)
    yield f"| rank {head}"
    yield f"|---{line}"
    for rank, row in zip(comparison.ranks, rows, strict=True):
        yield f"| {ranked(rank)} {row}"
    yield ""
    if pairs := shown_pairs(comparison):
        yield from ("| first | second | difference of their nets |", "|---|---|---|")
        for pair in pairs:
            names = f"{escaped(pair.first_subject)} | {escaped(pair.second_subject)}"
            yield f"| {names} | {apart(pair)} |"
        yield ""
    yield from origin(origin_of(comparison.reports))
    for limit in shared_limits(comparison):
        yield f"- {plain_sentence(limit)}"


def escaped(text: str) -> str:
    """`text` as it is, whatever Markdown would make of it; no handle in it calls anybody."""
    return _SPECIAL.sub(r"\\\1", " ".join(sanitize_for_page(text).split())).replace(
        r"\@", "@\N{WORD JOINER}"
    )


def _report(report: Report) -> Iterator[str]:
    headline, _, reason = report.verdict.sentence.partition(": ")
    yield f"## {UNICODE.signs[report.verdict.word]} {escaped(report.subject)}: {escaped(headline)}"
    yield ""
    if reason:
        yield f"{plain_sentence(reason)}."
        yield ""
    yield from net_of(report)
    yield from _shares(report)
    yield from _times(report)
    if report.previous:
        yield f"Before: {since(report.previous, report)}."
        yield ""
    if report.change:
        yield f"Change: {compared(report.change, report)}."
        yield ""
    yield from _tweets("Most positive", report.strongest_positive)
    yield from _tweets("Most negative", report.strongest_negative)
    yield from _terms("positive", report.terms_positive)
    yield from _terms("negative", report.terms_negative)
    yield from origin(origin_of([report]))
    for limit in report.limits:
        yield f"- {plain_sentence(limit)}"


def net_of(report: Report) -> Iterator[str]:
    """The net positivity, if there is one, as a paragraph."""
    if report.net:
        yield (
            f"Net positivity **{signed(report.net.value)}** "
            f"(95 % interval {net_interval(report.net)}; scale {signed(-100)} to {signed(100)})."
        )
        yield ""


def plain_sentence(text: str) -> str:
    """One of our own sentences: only what could be markup is escaped."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(sanitize_for_page(text).split()))


def _shares(report: Report) -> Iterator[str]:
    shares = (
        ("positive", report.positive),
        ("neutral", report.neutral),
        ("negative", report.negative),
    )
    rows = [
        f"| {UNICODE.signs[name]} {name} | {percent(share.value)} | {percents(share)} |"
        for name, share in shares
        if share
    ]
    if rows:
        yield from ("| | share | 95 % interval |", "|---|---:|---:|", *rows, "")


def _times(report: Report) -> Iterator[str]:
    unit, parts = line_of(report)
    if len(parts) < 2:
        return
    head = "week of" if unit == "week" else unit
    yield from (f"| {head} | tweets | net | 95 % interval |", "|---|---:|---:|---:|")
    shown = parts[-_MOST[unit] :]
    for part in shown:
        net = f"{signed(part.net.value)} | {net_interval(part.net)}"
        yield f"| {part.name} | {part.tweets:,} | {net} |"
    yield ""
    if earlier := len(parts) - len(shown):
        yield f"{earlier:,} earlier {unit}{' is' if earlier == 1 else 's are'} not shown."
        yield ""


def _tweets(title: str, tweets: Sequence[StrongTweet]) -> Iterator[str]:
    if not tweets:
        return
    yield from (f"**{title}**", "")
    for tweet in tweets:
        address = link(tweet)
        source = f" ([on X]({address}))" if address else ""
        yield f"- {percent(tweet.score)}: {escaped(tweet.text)}{source}"
    yield ""


def _terms(side: str, terms: Sequence[Term]) -> Iterator[str]:
    if terms:
        listed = ", ".join(escaped(shortened(term.text)) for term in terms)
        yield f"Goes with {side} tweets: {listed}"
        yield ""


def origin(origin: Origin) -> Iterator[str]:
    """What was read and left out, how, and the model, as items of a list."""
    counts = origin.counts
    left_out = ", ".join(f"{escaped(why)} {n:,}" for why, n in counts.left_out.items())
    zone = escaped(origin.timezone)
    dates = ""
    if origin.first is not None and origin.last is not None:
        dates = f", {period(origin.first, origin.last)} ({zone})"
    yield (
        f"- {tweets(counts.found)} found, {counts.counted:,} counted{dates}"
        f"{f'; left out: {left_out}' if left_out else ''}. "
        f"Model {escaped(origin.model.name)} {escaped(origin.model.version)}."
    )
    for line in first_read(origin.read_as):
        yield f"- Read: {escaped(line)}"


def _reports(reports: Sequence[Report], subject: str) -> Iterator[str]:
    yield from _table(reports, subject)
    yield ""
    yield from origin(origin_of(reports))
    for limit in limits_of_table(reports):
        yield f"- {plain_sentence(limit)}"


def _table(reports: Sequence[Report], subject: str) -> Iterator[str]:
    yield f"| {subject} | tweets | positive | neutral | negative | net (95 % interval) | verdict |"
    yield "|---|---:|---:|---:|---:|---:|---|"
    for report in reports:
        three = (report.positive, report.neutral, report.negative)
        shares = [percent(share.value) if share else "" for share in three]
        net = ""
        if report.net:
            net = f"{signed(report.net.value)} ({net_interval(report.net)})"
        word = report.verdict.word
        cells = (
            escaped(report.subject),
            f"{report.counts.counted:,}",
            *shares,
            net,
            f"{UNICODE.signs[word]} {word}",
        )
        yield f"| {' | '.join(cells)} |"
