"""`positivity report`: accounts of the store, again and without network."""

from typing import Annotated

import typer

from positivity.cli.conditions import FailIfOption, condition_of, end_if
from positivity.cli.formats import format_of
from positivity.cli.options import (
    WITH_EFFECTS,
    Device,
    DeviceOption,
    Engine,
    EngineOption,
    IncludeOption,
    LanguageOption,
    ModelOption,
    PlotOption,
    ReportFormat,
    ReportFormatOption,
    SinceOption,
    TimezoneOption,
    UntilOption,
)
from positivity.cli.plotting import check_plot, draw
from positivity.cli.reports import KEEP, KeepOption, PlaceOption, place_of
from positivity.errors import UsageError
from positivity.fast_start import prepare_process

PAST = "The past"


def report_command(
    handles: Annotated[
        list[str] | None, typer.Argument(help="Handles that were checked before; all if none.")
    ] = None,
    history: Annotated[
        bool,
        typer.Option("--history", help="Show the line of past verdicts.", rich_help_panel=PAST),
    ] = False,
    since_last: Annotated[
        bool,
        typer.Option(
            "--since-last",
            help="Show what the last check changed, and which tweets did it.",
            rich_help_panel=PAST,
        ),
    ] = False,
    rescore: Annotated[
        bool,
        typer.Option(
            "--rescore",
            help="With --history: judge days of other models by this one.",
            rich_help_panel=PAST,
        ),
    ] = False,
    since: SinceOption = None,
    until: UntilOption = None,
    timezone: TimezoneOption = "UTC",
    include: IncludeOption = None,
    language: LanguageOption = None,
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    engine: EngineOption = Engine.AUTO,
    format: ReportFormatOption = None,
    output: PlaceOption = None,
    plot: PlotOption = None,
    keep: KeepOption = KEEP,
    fail_if: FailIfOption = None,
) -> None:
    """Report on accounts as they are in the store: no network, no costs.

    Example: positivity report @nasa --since 2026-01-01
    """
    prepare_process()  # before all that takes time to import
    from positivity.check.money import Prices
    from positivity.check.scoring import StoreAnalyzer
    from positivity.cli.stored import open_store, question, stored_accounts, write_account_reports
    from positivity.report.output import refuse_clashes
    from positivity.settings import load_settings

    _refuse_what_does_not_go_together(history, since_last, rescore, fail_if)
    if plot is not None and (history or since_last):
        raise UsageError("--plot draws the report as it is: leave --history and --since-last away")
    refuse_clashes([("--output", output), ("--plot", plot)])
    format = format_of(format, output, ReportFormat)
    check_plot(plot)
    condition = condition_of(fail_if)
    settings = load_settings()
    prices = Prices(settings.post_price, settings.user_price)
    asked = question(since, until, timezone, include, language)
    place = place_of(output, keep)
    with open_store(reading=True) as store:
        wanted = handles or []
        accounts = stored_accounts(store, wanted)
        analyzer = StoreAnalyzer(store, model, device=device, engine=engine)
        if history or since_last:
            from positivity.cli.past import write_histories, write_last_checks

            if history:
                write_histories(*(store, analyzer, accounts, asked, format, place), rescore=rescore)
            else:
                write_last_checks(store, analyzer, accounts, asked, format, place)
            return
        all_weeks = format is ReportFormat.JSON
        reports = [
            analyzer.report(account, asked, prices, all_weeks=all_weeks) for account in accounts
        ]
        if format in WITH_EFFECTS:
            reports = [analyzer.with_effects(report) for report in reports]
    write_account_reports(reports, format, place, table=len(wanted) != 1)
    draw(reports, plot)
    end_if(condition, reports, quiet=False)


def _refuse_what_does_not_go_together(
    history: bool, since_last: bool, rescore: bool, fail_if: str | None
) -> None:
    if history and since_last:
        raise UsageError("--history shows all of the past, --since-last its end: give one of them")
    if rescore and not history:
        raise UsageError("--rescore is about the past verdicts: add --history")
    if fail_if is not None and (history or since_last):
        raise UsageError("--fail-if asks about the report as it is: leave the past away")
