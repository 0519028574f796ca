"""Writing reports, for every command that makes some."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.cli.options import ReportFormat
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.account.report import Report


def write_reports(
    reports: Sequence["Report"],
    format: ReportFormat,
    output: Path | None,
    *,
    table: bool,
    subject: str = "account",
    by_month: bool = False,
    notes: Sequence[str] = (),
    plot: Path | None = None,
) -> None:
    """Writes reports in the format asked for, and draws them where `plot` says.

    Args:
        table: on a terminal, a line for each instead of all of it.
        subject: what each is about, for the head of a table.
        by_month: in CSV, a row for each month.
        notes: what a table on a terminal is to say below, beside what limits all of its reports.
    """
    _write(reports, format, output, table=table, subject=subject, by_month=by_month, notes=notes)
    if plot is not None:
        from positivity.report.plot import write_plot

        remark = write_plot(reports, plot)
        if remark:
            say(remark)


def _write(
    reports: Sequence["Report"],
    format: ReportFormat,
    output: Path | None,
    *,
    table: bool,
    subject: str,
    by_month: bool,
    notes: Sequence[str],
) -> None:
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
                from positivity.report.rows import render_csv

                render_csv(reports, out, by_month=by_month)
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
