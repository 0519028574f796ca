"""A comparison for people at a terminal, laid out as the reports are."""

from rich.console import Console
from rich.text import Text

from positivity.account.origin import origin_of
from positivity.account.report import Comparison
from positivity.report.terminal import ReportPage
from positivity.report.words import apart, ranked, shared_limits, shown_pairs


def render_comparison(
    comparison: Comparison, console: Console, *, subject: str = "account"
) -> None:
    """Print what was found between several accounts, and a ranked line for each."""
    page = ReportPage(console)
    for line in page.hanging("", page.clean(comparison.sentence), "bold"):
        page.line(line)
    page.blank()
    head, *rows = page.table_rows(comparison.reports, subject)
    table = [[Text("rank", style="bold"), *head]]
    for rank, row in zip(comparison.ranks, rows, strict=True):
        table.append([Text(ranked(rank)), *row])
    # The shares are left to the other formats: names need the room.
    page.table([[*row[:3], *row[6:]] for row in table], right=(2, 3), flexible=1, names=True)
    page.blank()
    if pairs := shown_pairs(comparison):
        for pair in pairs:
            names = f"{pair.first_subject} - {pair.second_subject}: "
            for line in page.hanging("  ", page.clean(names + apart(pair, page.signed))):
                page.line(line)
        page.blank()
    page.origin(origin_of(comparison.reports))
    page.limits(shared_limits(comparison))
