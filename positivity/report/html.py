"""The report as one HTML file for people to keep and send: no network, no script, light and dark.

Every string from outside is made harmless and escaped, and the page's own policy forbids scripts
and all that would be loaded: whatever a tweet holds is shown, and never run.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

from positivity.account.explanation import SPANS, ExplainedTweet, Explanation, WeighedTerm
from positivity.account.origin import origin_of
from positivity.account.report import (
    LEAST_IN_SLOT,
    Comparison,
    Effect,
    Report,
    StrongTweet,
    Term,
)
from positivity.report import charts
from positivity.report.glyphs import UNICODE
from positivity.report.sanitize import sanitize_for_page
from positivity.report.words import (
    apart,
    compared,
    effect,
    first_read,
    how_to_read,
    labels_of,
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

if TYPE_CHECKING:
    from jinja2 import Environment

_LEAST_EFFECT = 0.05  # of the strongest word; below, no word did it
_MOST_SHOWN = 400  # months
SCALE = (0.02, 0.1, 0.3)  # effects from which a word is marked, more and most; alike on all pages
CERTAINTIES = (0.02, 0.5, 0.8)  # the same by spans


def render_html(
    reports: Report | Sequence[Report], out: TextIO, *, subject: str = "author"
) -> None:
    """Write one page: a report in full, or a table of several.

    Args:
        subject: what each of several reports is about, for the table's head.
    """
    if not isinstance(reports, Report) and len(reports) == 1:
        reports = reports[0]
    if isinstance(reports, Report):
        origin = origin_of([reports])
        template = environment().get_template("report.html")
        page = template.render(report=reports, origin=origin, **_drawn(reports))
    else:
        template = environment().get_template("table.html")
        limits = limits_of_table(reports)
        page = template.render(
            reports=reports, subject=subject, limits=limits, origin=origin_of(reports)
        )
    out.write(page)


def render_explanation_html(explanation: Explanation, out: TextIO) -> None:
    """Write one page on why a report says what it says."""
    by_spans = explanation.method == SPANS
    out.write(
        environment()
        .get_template("explanation.html")
        .render(
            explanation=explanation,
            report=explanation.report,
            scale=CERTAINTIES if by_spans else SCALE,
            by_spans=by_spans,
        )
    )


def render_comparison_html(
    comparison: Comparison, out: TextIO, *, subject: str = "account"
) -> None:
    """Write one page with a ranked table of several accounts and what was found between them."""
    out.write(
        environment()
        .get_template("comparison.html")
        .render(
            comparison=comparison,
            accounts=list(zip(comparison.reports, comparison.ranks, strict=True)),
            subject=subject,
            pairs=shown_pairs(comparison),
            origin=origin_of(comparison.reports),
            limits=shared_limits(comparison),
        )
    )


def _drawn(report: Report) -> dict[str, Any]:
    """The time as it is to be shown, and the charts that have something to show."""
    unit, parts = line_of(report)
    return {
        "unit": unit,
        "parts": parts,
        "timeline": charts.timeline(parts[-_MOST_SHOWN:]) if len(parts) >= 2 else None,
        "weekdays": charts.weekdays(report.weekdays) if parts else None,
        "hours": charts.hours(report.hours) if parts else None,
        "least": LEAST_IN_SLOT,
    }


@cache
def environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("positivity.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        clean=sanitize_for_page,
        percent=percent,
        percents=percents,
        compared=compared,
        since=since,
        tweets=tweets,
        signed=signed,
        net_interval=net_interval,
        shortened=shortened,
        link=link,
        day=day,
        weight=weight,
        marked=marked,
        weighed=weighed,
        effect=effect,
        labels=labels_of,
        how_to_read=how_to_read,
        ranked=ranked,
        first_read=first_read,
        apart=apart,
        percent_of_scale=percent_of_scale,
    )
    environment.globals["period"] = period
    environment.globals["signs"] = UNICODE.signs
    return environment


def marked(tweet: StrongTweet) -> list[tuple[str, str, int]]:
    """The text in parts: (text, "up", "down" or "", strength 0 to 3).

    Only what moved the score by a noticeable part of what the strongest word did is marked.
    """
    strongest = max((abs(each.effect) for each in tweet.effects), default=0.0)
    parts: list[tuple[str, str, int]] = []
    at = 0
    for each in tweet.effects:
        strength = round(3 * abs(each.effect) / strongest) if strongest >= _LEAST_EFFECT else 0
        if not strength or not at <= each.start < each.end:
            continue
        parts.append((tweet.text[at : each.start], "", 0))
        side = "up" if each.effect > 0 else "down"
        parts.append((tweet.text[each.start : each.end], side, strength))
        at = each.end
    parts.append((tweet.text[at:], "", 0))
    return parts


def weighed(
    tweet: ExplainedTweet, scale: Sequence[float] = SCALE
) -> list[tuple[str, Effect | None, int]]:
    """The text in parts: (text, what it did or None, its step of the scale, 0 to 3)."""
    parts: list[tuple[str, Effect | None, int]] = []
    at = 0
    for each in tweet.effects:
        step = sum(abs(each.effect) >= least for least in scale)
        if not step or not at <= each.start < each.end:
            continue
        parts.append((tweet.text[at : each.start], None, 0))
        parts.append((tweet.text[each.start : each.end], each, step))
        at = each.end
    parts.append((tweet.text[at:], None, 0))
    return parts


def day(time: str | None) -> str:
    """The date of an ISO time."""
    return (time or "").split("T")[0]


def weight(term: Term | WeighedTerm, terms: Sequence[Term | WeighedTerm]) -> int:
    """How long a term's bar is, 1 to 100, the heaviest of its side having 100."""
    heaviest = max(abs(each.weight) for each in terms)
    return max(1, round(100 * abs(term.weight) / heaviest))


def percent_of_scale(net: float) -> float:
    """Where a net (-100..100) lies on a line from its left end to its right one, in percent."""
    return round((net + 100) / 2, 2)
