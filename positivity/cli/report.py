"""`positivity report`: accounts of the store, again and without network."""

from typing import Annotated

import typer

from positivity.cli.fast_start import prepare_process
from positivity.cli.options import (
    Device,
    DeviceOption,
    IncludeOption,
    LanguageOption,
    ModelOption,
    OutputOption,
    PlotOption,
    ReportFormat,
    ReportFormatOption,
    SinceOption,
    TimezoneOption,
    UntilOption,
)
from positivity.cli.plotting import check_plot, draw
from positivity.errors import UsageError


def report_command(
    handles: Annotated[
        list[str] | None, typer.Argument(help="Handles that were checked before; all if none.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    timezone: TimezoneOption = "UTC",
    include: IncludeOption = None,
    language: LanguageOption = None,
    model: ModelOption = "base",
    device: DeviceOption = Device.AUTO,
    format: ReportFormatOption = ReportFormat.TERMINAL,
    output: OutputOption = None,
    plot: PlotOption = None,
) -> None:
    """Report on accounts as they are in the store: no network, no costs.

    Example: positivity report @nasa --since 2026-01-01
    """
    prepare_process()  # before all that takes time to import
    from positivity.check.money import Prices
    from positivity.check.scoring import StoreAnalyzer
    from positivity.cli.stored import open_store, question, stored_account, write_account_reports
    from positivity.settings import load_settings

    check_plot(plot)
    settings = load_settings()
    prices = Prices(settings.post_price, settings.user_price)
    asked = question(since, until, timezone, include, language)
    with open_store() as store:
        wanted = handles or []
        accounts = [stored_account(store, each) for each in wanted] or [
            account for account in store.accounts.all() if account.tweets
        ]
        if not accounts:
            raise UsageError("the store is empty; 'positivity check @handle' reads an account")
        analyzer = StoreAnalyzer(store, model, device=device)
        reports = [analyzer.report(account, asked, prices) for account in accounts]
    write_account_reports(reports, format, output, table=len(wanted) != 1)
    draw(reports, plot)
