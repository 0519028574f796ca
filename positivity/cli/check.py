"""`positivity check`: an account on X -> a verdict."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.fast_start import prepare_process
from positivity.cli.options import (
    READING,
    Device,
    DeviceOption,
    IncludeOption,
    LanguageOption,
    ModelOption,
    OutputOption,
    PlotOption,
    QuietOption,
    ReportFormat,
    ReportFormatOption,
    SinceOption,
    TimezoneOption,
    UntilOption,
)
from positivity.cli.plotting import check_plot, draw
from positivity.errors import AccountError, UsageError
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.account.report import Report
    from positivity.check.run import Checked, CheckJob, Checks
    from positivity.check.scoring import Question, StoreAnalyzer
    from positivity.store import Spent, Store

PARTLY_DONE, INTERRUPTED = 8, 130
MONEY = "Money"
_NAMED = 5  # handles that failed alike


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
    plot: PlotOption = None,
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
    run = _Run(job, asked, model, device, keep=not no_store, dry_run=dry_run, quiet=quiet)
    if output is not None:
        from positivity.report.output import refuse_folder

        refuse_folder(output)  # now, rather than when money is spent
    check_plot(plot)
    reports, checks = check(run, format if dry_run else None, output)
    if reports:
        from positivity.cli.stored import write_account_reports

        write_account_reports(reports, format, output, table=len(checks) > 1)
        draw(reports, plot)
    _end(checks)


def _never_asking(job: "CheckJob") -> "CheckJob":
    """The same, and at the usual depth bounded where it would have to ask.

    For that depth never asks, though with retweets it can cost up to three times as much.
    """
    from positivity.settings import Settings

    if job.depth > Settings().max_posts:
        return job
    return replace(job, max_cost=job.settings.ask_above)


@dataclass(frozen=True, slots=True)
class _Run:
    """What `check` is asked to do."""

    job: "CheckJob"
    question: "Question"
    model: str
    device: str
    keep: bool
    dry_run: bool
    quiet: bool


def check(
    run: _Run, estimate_as: ReportFormat | None = None, output: Path | None = None
) -> tuple[list["Report"], Sequence["Checked"]]:
    """Reads what is new and reports; in a dry run, writes the estimate and reports nothing.

    Raises:
        PositivityError: nothing could be begun.
        typer.Exit: the user stopped it; what was read is kept.
    """
    from positivity.check.run import Checks
    from positivity.check.scoring import StoreAnalyzer
    from positivity.cli.progress import Watching, confirmer
    from positivity.cli.stored import open_store
    from positivity.sources.x_api import XClient
    from positivity.tokens import need_token

    settings, token = run.job.settings, need_token()
    cancelled = threading.Event()
    with ExitStack() as stack:
        store = stack.enter_context(open_store(keep=run.keep))
        # Complains of a model or an option before any money is spent.
        analyzer = StoreAnalyzer(store, run.model, device=run.device)
        analyzer.selection(run.question)
        watching = stack.enter_context(Watching(run.job, quiet=run.quiet, dry_run=run.dry_run))
        client = XClient(
            token,
            api_url=settings.api_url,
            timeout=settings.timeout,
            max_wait=settings.max_wait,
            on_wait=watching.wait,
            vocabulary=store.vocabulary,
            cancelled=cancelled,
        )
        stack.enter_context(client)
        checks = Checks(
            *(run.job, store, client),
            watcher=watching,
            confirm=confirmer(),
            cancelled=cancelled,
            locks=run.keep,
        )
        try:
            checks.lookup()
            if run.dry_run:
                _write_estimate(checks, run.job, estimate_as, output)
                return [], checks.checks
            checks.read()
        except KeyboardInterrupt:
            watching.stop()
            say(f"interrupted; what was read is kept: {_spent(checks.spent)}")
            raise typer.Exit(INTERRUPTED) from None
        finally:
            store.vocabulary = client.vocabulary
            watching.stop()
        if not run.quiet:
            _say_what_was_done(checks)
        return _reports(run, store, analyzer, checks), checks.checks


def _reports(
    run: _Run, store: "Store", analyzer: "StoreAnalyzer", checks: "Checks"
) -> list["Report"]:
    """The reports on the accounts that could be read."""
    reports = []
    for each in checks.checks:
        if each.error is None and each.account is not None:
            account = store.accounts.get(int(each.account.id))
            report = analyzer.report(account, run.question, run.job.prices, reading=each.reading)
            analyzer.keep(account, run.question, report)
            reports.append(report)
    return reports


def _write_estimate(
    checks: "Checks", job: "CheckJob", format: ReportFormat | None, output: Path | None
) -> None:
    """Writes what the run would read and cost at most."""
    from positivity.check.money import shown
    from positivity.report.output import report_output

    rows = [
        {"handle": each.handle, "posts": each.posts_at_most(retweets=job.retweets)}
        for each in checks.checks
        if each.error is None
    ]
    at_most, spent = checks.at_most(), checks.spent
    with report_output(output) as out:
        if format is ReportFormat.JSON:
            from positivity.report.machine import write_json

            write_json(
                {
                    "at_most": {"posts": at_most.posts, "dollars": round(at_most.dollars, 6)},
                    "spent": {"users": spent.users, "dollars": round(spent.dollars, 6)},
                    "accounts": rows,
                },
                out,
            )
            return
        for row in rows:
            out.write(f"@{row['handle']}: at most {row['posts']:,} posts\n")
        if rows:
            out.write(
                f"in all: at most {shown(at_most.dollars)}, of which {shown(spent.dollars)} for "
                "looking up is spent\n"
            )


def _say_what_was_done(checks: "Checks") -> None:
    for each in checks.checks:
        if each.reading.dropped:
            say(f"@{each.handle}: {each.reading.dropped:,} posts were deleted since, dropped here")
    if all(each.error is not None for each in checks.checks) and not checks.spent.dollars:
        return
    new = sum(each.reading.posts for each in checks.checks)
    what = f"{new:,} new {'post' if new == 1 else 'posts'}" if new else "nothing new"
    say(f"{what}; {_spent(checks.spent)}")


def _spent(spent: "Spent") -> str:
    from positivity.check.money import shown

    posts = f"{spent.posts:,} {'post' if spent.posts == 1 else 'posts'}"
    users = f"{spent.users:,} {'account' if spent.users == 1 else 'accounts'}"
    return f"{posts} and {users} read for {shown(spent.dollars)}"


def _end(checks: Sequence["Checked"]) -> None:
    """Says what failed, and ends with the exit code for it."""
    failed = [each for each in checks if each.error is not None]
    _say_errors(failed)
    for each in failed:
        if isinstance(each.error, AccountError) and each.kept:
            say(
                f"@{each.handle}: {each.kept:,} posts of it are stored here; "
                f"'positivity forget @{each.handle}' deletes them, as X's terms ask"
            )
        elif each.reading.posts:
            say(
                f"@{each.handle}: {each.reading.posts:,} posts were read before that and are kept; "
                "the next check goes on from there"
            )
    if not failed:
        return
    codes = [each.error.exit_code for each in failed if each.error is not None]
    raise typer.Exit(PARTLY_DONE if len(failed) < len(checks) else codes[0])


def _say_errors(failed: Sequence["Checked"]) -> None:
    """A line for each thing that went wrong, with the handles where it does not begin with one."""
    handles: dict[str, list[str]] = {}
    for each in failed:
        handles.setdefault(str(each.error), []).append(f"@{each.handle}")
    for text, named in handles.items():
        if text.startswith((named[0], "'")):
            say(text)
        else:
            more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
            say(f"{', '.join(named[:_NAMED])}{more}: {text}")
