"""`positivity check`: an account on X -> a verdict."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.checking import CheckRun, check, end
from positivity.cli.conditions import FailIfOption, condition_of, end_if
from positivity.cli.fast_start import prepare_process
from positivity.cli.options import (
    READING,
    Device,
    DeviceOption,
    IncludeOption,
    LanguageOption,
    ModelOption,
    OutputOption,
    QuietOption,
    ReportFormat,
    ReportFormatOption,
    SinceOption,
    TimezoneOption,
    UntilOption,
)
from positivity.errors import UsageError

if TYPE_CHECKING:
    from positivity.check.run import CheckJob

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
            min=0, metavar="USD", help="Spend no more, and do not ask.", rich_help_panel=MONEY
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
    format: ReportFormatOption = ReportFormat.TERMINAL,
    output: OutputOption = None,
    fail_if: FailIfOption = None,
    quiet: QuietOption = False,
) -> None:
    """Read an account's newest posts from X and tell whether it is mainly positive or negative.

    Only what is new is read and paid for, about half a cent a post. Above 2 dollars it asks first.

    Example: positivity check @nasa
    """
    prepare_process()  # before all that takes time to import
    from positivity.check.plan import CAP
    from positivity.check.run import CheckJob
    from positivity.cli.stored import question
    from positivity.settings import load_settings

    if everything and max_posts is not None:
        raise UsageError("--all reads all, --max-posts some: give one of them")
    if refresh and no_store:
        raise UsageError("--refresh is about stored posts, --no-store keeps none: give one of them")
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
    if asked.include_retweets and len(handles) == 1 and not refresh and max_cost is None:
        job = _never_asking(job)
    run = CheckRun(job, asked, model, device, keep=not no_store, dry_run=dry_run, quiet=quiet)
    if output is not None:
        from positivity.report.output import refuse_folder

        refuse_folder(output)  # now, rather than when money is spent
    reports, checks = check(run, format if dry_run else None, output)
    if reports:
        from positivity.cli.stored import write_account_reports

        write_account_reports(reports, format, output, table=len(checks) > 1)
    end(checks)
    end_if(condition, reports, quiet=quiet)


def _never_asking(job: "CheckJob") -> "CheckJob":
    """The same, and at the usual depth bounded where it would have to ask.

    For that depth never asks, though with retweets it can cost up to three times as much.
    """
    from positivity.settings import Settings

    if job.depth > Settings().max_posts:
        return job
    return replace(job, max_cost=job.settings.ask_above)
