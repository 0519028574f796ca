"""Writing reports, for every command that makes some."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, TypeAlias

import typer

from positivity.cli.options import OUTPUT, ReportFormat
from positivity.log import event

if TYPE_CHECKING:
    from positivity.account.report import Report
    from positivity.report.folder import ReportFolder

Place: TypeAlias = "Path | ReportFolder | None"

KEEP = 400  # days: a year, and the month before it
SUFFIXES = {
    ReportFormat.TERMINAL: ".txt",
    ReportFormat.JSON: ".json",
    ReportFormat.HTML: ".html",
    ReportFormat.MARKDOWN: ".md",
    ReportFormat.CSV: ".csv",
}

PlaceOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="Write to this file; or to a folder, as DIR/, with a file for each account.",
        rich_help_panel=OUTPUT,
    ),
]
KeepOption = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="DAYS",
        help="In a folder, keep the dated reports of so many days.",
        rich_help_panel=OUTPUT,
    ),
]


def place_of(text: str | None, keep: int) -> Place:
    """Where reports go: a file, a folder (which is made), or standard output for None.

    Raises:
        InputError: nothing can be written there.
    """
    if text is None:
        return None
    path = Path(text)
    if text.endswith(("/", os.sep)) or path.is_dir():
        from positivity.report.folder import ReportFolder

        folder = ReportFolder(path, keep)
        folder.make()
        return folder
    from positivity.report.output import refuse_folder

    refuse_folder(path)
    return path


def write_reports(
    reports: Sequence["Report"],
    format: ReportFormat,
    output: Place,
    *,
    table: bool,
    subject: str = "account",
    rows: str | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Writes reports in the format asked for.

    Args:
        output: where to; in a folder, each report gets files of its own.
        table: on a terminal, a line for each instead of all of it.
        subject: what each is about, for the head of a table.
        rows: in CSV, what each row is of: "month", "week", or else a report.
        notes: what a table on a terminal is to say below, beside what limits all of its reports.
    """
    from positivity.report.output import report_output

    if output is not None and not isinstance(output, Path):
        _write_folder(reports, format, output, subject=subject, rows=rows)
        return
    with report_output(output, format) as out:
        if format is ReportFormat.TERMINAL and table:
            from positivity.report import terminal, terminal_page

            console = terminal_page.make_console(out)
            terminal.render_table(reports, console, subject=subject)
            terminal.render_below_table(reports, console)
            terminal.render_limits(notes, console)
        else:
            _render(reports, format, out, subject=subject, rows=rows)
    if output is not None:
        event("wrote", path=output)


def _write_folder(
    reports: Sequence["Report"],
    format: ReportFormat,
    folder: "ReportFolder",
    *,
    subject: str,
    rows: str | None,
) -> None:
    from datetime import UTC, datetime

    day = datetime.now(UTC).date()
    for report in reports:

        def render(out: TextIO, report: "Report" = report) -> None:
            _render([report], format, out, subject=subject, rows=rows)

        event("wrote", path=folder.write(report, render, suffix=SUFFIXES[format], day=day))


def _render(
    reports: Sequence["Report"],
    format: ReportFormat,
    out: TextIO,
    *,
    subject: str,
    rows: str | None,
) -> None:
    """Writes all of the reports."""
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
            from positivity.report import terminal, terminal_page

            console = terminal_page.make_console(out)
            for report in reports:
                terminal.render(report, console)
