"""Writing reports, for every command that makes some."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.cli.options import ReportFormat

if TYPE_CHECKING:
    from positivity.account.report import Report


def write_reports(
    reports: Sequence["Report"],
    format: ReportFormat,
    output: Path | None,
    *,
    table: bool,
    subject: str = "account",
    rows: str | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Writes reports in the format asked for.

    Args:
        table: on a terminal, a line for each instead of all of it.
        subject: what each is about, for the head of a table.
        rows: in CSV, what each row is of: "month", "week", or else a report.
        notes: what a table on a terminal is to say below, beside what limits all of its reports.
    """
    from positivity.report.output import report_output

    with report_output(output) as out:
        match format:
            case ReportFormat.JSON:
                from positivity.report.machine import render_json

                render_json(reports, out)
            case ReportFormat.HTML:
                from positivity.report.html import render_html

                render_html(reports, out, subject=subject)
            case ReportFormat.MARKDOWN:
                from positivity.report.markdown import render_markdown

                render_markdown(reports, out, subject=subject)
            case ReportFormat.CSV:
                from positivity.report.rows import render_csv, render_months_csv, render_weeks_csv

                by_time = {"month": render_months_csv, "week": render_weeks_csv}
                by_time.get(rows or "", render_csv)(reports, out)
            case ReportFormat.TERMINAL:
                from positivity.report import terminal

                console = terminal.make_console(out)
                if not table:
                    for report in reports:
                        terminal.render(report, console)
                    return
                terminal.render_table(reports, console, subject=subject)
                terminal.render_shared_limits(reports, console)
                terminal.render_limits(notes, console)
