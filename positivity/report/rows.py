"""Reports as a table of CSV: a row for each account, or for each of its months or weeks."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from positivity.account.report import Comparison, Estimate, Month, Report, Week
from positivity.report.sanitize import sanitize
from positivity.sources.own_scores import guard

COLUMNS = (
    *("subject", "author", "verdict", "sentence", "found", "counted", "first", "last"),
    *("positive", "positive_low", "positive_high", "neutral", "neutral_low", "neutral_high"),
    *("negative", "negative_low", "negative_high", "net", "net_low", "net_high"),
    *("opinion", "opinion_low", "opinion_high", "model", "model_version"),
    *("tweets_needed", "undecided"),
)
RANK_COLUMNS = ("rank_best", "rank_worst")
_TIME_COLUMNS = (
    *("tweets", "positive", "neutral", "negative"),
    *("net", "net_low", "net_high"),
)
MONTH_COLUMNS = ("subject", "author", "month", *_TIME_COLUMNS)
WEEK_COLUMNS = ("subject", "author", "week", *_TIME_COLUMNS)


def render_csv(reports: Sequence[Report], out: TextIO) -> None:
    """Write the header and a row for each; text that a spreadsheet would run is guarded."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(report) for report in reports)


def render_months_csv(reports: Sequence[Report], out: TextIO) -> None:
    """The same with a row for each month."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(MONTH_COLUMNS)
    for report in reports:
        writer.writerows(_times(report.subject, report.months))


def render_weeks_csv(reports: Sequence[Report], out: TextIO) -> None:
    """The same with a row for each week, by the date of its Monday."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(WEEK_COLUMNS)
    for report in reports:
        writer.writerows(_times(report.subject, report.weeks))


def render_comparison_csv(comparison: Comparison, out: TextIO) -> None:
    """The same rows behind the ranks that each account may have, the most positive first."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*RANK_COLUMNS, *COLUMNS))
    for report, rank in zip(comparison.reports, comparison.ranks, strict=True):
        writer.writerow([*((rank.best, rank.worst) if rank else ("", "")), *_row(report)])


def _row(report: Report) -> list[Any]:
    shares = (report.positive, report.neutral, report.negative, report.net, report.opinion)
    return [
        *_names(report.subject),
        report.verdict.word,
        guard(report.verdict.sentence),
        report.counts.found,
        report.counts.counted,
        report.first or "",
        report.last or "",
        *(number for share in shares for number in _numbers(share)),
        guard(report.model.name),
        guard(report.model.version),
        "" if report.verdict.tweets_needed is None else report.verdict.tweets_needed,
        str(report.verdict.undecided).lower(),
    ]


def _times(subject: str, parts: Sequence[Month] | Sequence[Week]) -> Iterator[list[Any]]:
    for part in parts:
        counts = (part.tweets, part.positive, part.neutral, part.negative)
        yield [*_names(subject), part.name, *counts, *_numbers(part.net)]


def _names(subject: str) -> tuple[str, str]:
    """What a report is on; and if that is an author, the name as in the file of scores.

    A spreadsheet may take a cell such as `@al` for a formula, so the subject is guarded, and then
    is no key to join by. The bare name is: it needs a guard only where that in the scores does.
    A name that could steer a terminal, which no account of X has, is made harmless.
    """
    subject = sanitize(subject)
    return guard(subject), guard(subject[1:]) if subject.startswith("@") else ""


def _numbers(share: Estimate | None) -> tuple[Any, ...]:
    return ("", "", "") if share is None else (share.value, share.low, share.high)
