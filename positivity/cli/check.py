"""`positivity check`: an account on X -> a verdict."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.checking import CheckRun, check, failure, never_asking_for_usual
from positivity.cli.conditions import FailIfOption, condition_of, end_if
from positivity.cli.formats import format_of
from positivity.cli.options import (
    READING,
    WITH_EFFECTS,
    Device,
    DeviceOption,
    Engine,
    EngineOption,
    IncludeOption,
    LanguageOption,
    ModelOption,
    PlotOption,
    QuietOption,
    ReportFormat,
    ReportFormatOption,
    SinceOption,
    TimezoneOption,
    UntilOption,
    finite,
)
from positivity.cli.plotting import check_plot, draw
from positivity.cli.reports import KEEP, KeepOption, Place, PlaceOption, place_of
from positivity.cli.unattended import (
    BudgetOption,
    JitterOption,
    LogFileOption,
    LogJsonOption,
    MaxTimeOption,
    unattended,
)
from positivity.errors import PositivityError, UsageError
from positivity.fast_start import prepare_process

if TYPE_CHECKING:
    from positivity.account.condition import Condition

MONEY = "Money"


def check_command(
    handles: Annotated[
        list[str], typer.Argument(help="Handles, with or without @, or addresses of profiles.")
    ],
    max_posts: Annotated[
        int | None,
        typer.Option(
            min=5, help="Read the newest so many posts; 200 if not set.", rich_help_panel=MONEY
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Read all that X gives: 3,200 posts.", rich_help_panel=MONEY),
    ] = False,
    max_cost: Annotated[
        float | None,
        typer.Option(
            min=0,
            callback=finite,
            metavar="USD",
            help="Spend no more, and do not ask.",
            rich_help_panel=MONEY,
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Look the accounts up, say what the rest costs, and stop.",
            rich_help_panel=MONEY,
        ),
    ] = False,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh",
            help="Also read stored posts again, and drop deleted ones.",
            rich_help_panel=READING,
        ),
    ] = False,
    no_store: Annotated[
        bool,
        typer.Option(
            "--no-store", help="Keep nothing of the accounts here.", rich_help_panel=READING
        ),
    ] = False,
    api_url: Annotated[
        str | None,
        typer.Option(help="Address of X's API, to use another.", rich_help_panel=READING),
    ] = None,
    max_wait: Annotated[
        float | None,
        typer.Option(
            min=0,
            callback=finite,
            metavar="SECONDS",
            help="Wait so long for rate limits; 900 if not set.",
            rich_help_panel=READING,
        ),
    ] = None,
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
    quiet: QuietOption = False,
    budget: BudgetOption = None,
    max_time: MaxTimeOption = None,
    jitter: JitterOption = 0.0,
    log_file: LogFileOption = None,
    log_json: LogJsonOption = False,
) -> None:
    """Read an account's newest posts from X and tell whether it is mainly positive or negative.

    Only what is new is read and paid for, about half a cent a post. Above 2 dollars it asks first.

    Example: positivity check @nasa
    """
    prepare_process()  # before all that takes time to import
    from positivity.check.plan import CAP
    from positivity.check.run import CheckJob
    from positivity.cli.stored import question
    from positivity.report.output import refuse_clashes
    from positivity.settings import load_settings

    if everything and max_posts is not None:
        raise UsageError("--all reads all, --max-posts some: give one of them")
    if refresh and no_store:
        raise UsageError("--refresh is about stored posts, --no-store keeps none: give one of them")
    refuse_clashes([("--output", output), ("--plot", plot), ("--log-file", log_file)])
    format = format_of(format, output, ReportFormat)
    condition = condition_of(fail_if)
    settings = load_settings(
        api_url=api_url, max_wait=max_wait, max_posts=CAP if everything else max_posts
    )
    asked = question(since, until, timezone, include, language)
    job = CheckJob(
        handles=tuple(handles),
        settings=settings,
        depth=min(settings.max_posts, CAP),
        max_cost=max_cost,
        refresh=refresh,
        retweets=asked.include_retweets,
        since=asked.since,
        until=asked.until,
    )
    run = CheckRun(
        *(never_asking_for_usual(job), asked, model, device, engine),
        keep=not no_store,
        dry_run=dry_run,
        quiet=quiet,
        budget=budget,
        effects=format in WITH_EFFECTS,
        all_weeks=format is ReportFormat.JSON,
    )
    place = place_of(output, keep)  # now, rather than when money is spent
    check_plot(plot)
    if dry_run and not (place is None or isinstance(place, Path)):
        raise UsageError("--dry-run writes one estimate: name a file for it, not a folder")
    with unattended(
        "check", max_time=max_time, jitter=jitter, log_file=log_file, log_json=log_json
    ):
        _check(run, format, place, plot, condition)


def _check(
    run: CheckRun,
    format: ReportFormat,
    place: Place,
    plot: Path | None,
    condition: "Condition | None",
) -> None:
    """Checks, writes the reports, and ends as what happened asks for."""
    if run.dry_run:
        _, checks = check(run, format, place if isinstance(place, Path) else None)
        code = failure(checks)
        if code:
            raise typer.Exit(code)
        return
    reports, checks = check(run)
    if reports:
        from positivity.cli.stored import write_account_reports

        try:
            write_account_reports(reports, format, place, table=len(checks) > 1)
            draw(reports, plot)
        except PositivityError:
            failure(checks)  # what failed before is said too
            raise
    end_if(condition, reports, quiet=run.quiet, failed=failure(checks))
