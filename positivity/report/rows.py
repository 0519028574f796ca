"""Reports as a table of CSV: a row for each account, or for each of its months."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from positivity.account.report import Comparison, Estimate, Report
from positivity.sources.own_scores import guard

COLUMNS = (
    *("subject", "verdict", "sentence", "found", "counted", "first", "last"),
    *("positive", "positive_low", "positive_high", "neutral", "neutral_low", "neutral_high"),
    *("negative", "negative_low", "negative_high", "net", "net_low", "net_high"),
    *("opinion", "opinion_low", "opinion_high", "model", "model_version"),
)
RANK_COLUMNS = ("rank_best", "rank_worst")
MONTH_COLUMNS = (
    *("subject", "month", "tweets", "positive", "neutral", "negative"),
    *("net", "net_low", "net_high"),
)


def render_csv(reports: Sequence[Report], out: TextIO, *, by_month: bool = False) -> None:
    """Write the header and the rows; text that a spreadsheet would run is guarded."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(MONTH_COLUMNS if by_month else COLUMNS)
    for report in reports:
        writer.writerows(_months(report) if by_month else [_row(report)])


def render_comparison_csv(comparison: Comparison, out: TextIO) -> None:
    """The same rows behind the ranks that each account may have, the most positive first."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*RANK_COLUMNS, *COLUMNS))
    for report, rank in zip(comparison.reports, comparison.ranks, strict=True):
        writer.writerow([*((rank.best, rank.worst) if rank else ("", "")), *_row(report)])


def _row(report: Report) -> list[Any]:
    shares = (report.positive, report.neutral, report.negative, report.net, report.opinion)
    return [
        guard(report.subject),
        report.verdict.label,
        guard(report.verdict.sentence),
        report.counts.found,
        report.counts.counted,
        report.first or "",
        report.last or "",
        *(number for share in shares for number in _numbers(share)),
        guard(report.model.name),
        guard(report.model.version),
    ]


def _months(report: Report) -> Iterator[list[Any]]:
    for month in report.months:
        counts = (month.tweets, month.positive, month.neutral, month.negative)
        yield [guard(report.subject), month.month, *counts, *_numbers(month.net)]


def _numbers(share: Estimate | None) -> tuple[Any, ...]:
    return ("", "", "") if share is None else (share.value, share.low, share.high)
