"""What `positivity check` does with the accounts it is given."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from positivity.cli.options import ReportFormat
from positivity.deadline import TimeIsUp
from positivity.errors import NOT_FOUND, PARTLY_DONE, AccountError, Interrupted, StateError
from positivity.log import event
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.account.report import Report
    from positivity.check.run import Checked, CheckJob, Checks
    from positivity.check.scoring import Question, StoreAnalyzer
    from positivity.store import Spent, Store

_NAMED = 5  # handles that failed alike


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What `check` is asked to do."""

    job: "CheckJob"
    question: "Question"
    model: str
    device: str
    engine: str
    keep: bool
    dry_run: bool
    quiet: bool
    budget: float | None = None  # dollars a month
    effects: bool = False  # whether the reports tell which words did it
    all_weeks: bool = True  # whether they have every week, shown or not


def never_asking_for_usual(job: "CheckJob") -> "CheckJob":
    """The same; one account at the usual depth is bounded where it would have to ask.

    For that never asks, though with retweets it can cost up to three times as much.
    """
    from positivity.settings import Settings

    is_usual = len(job.handles) == 1 and job.depth <= Settings().max_posts and not job.refresh
    if not (is_usual and job.retweets and job.max_cost is None):
        return job
    return replace(job, max_cost=job.settings.ask_above, bound="ask_above")


def check(
    run: CheckRun, estimate_as: ReportFormat | None = None, output: Path | None = None
) -> tuple[list["Report"], Sequence["Checked"]]:
    """Reads what is new and reports; in a dry run, writes the estimate and reports nothing.

    Raises:
        PositivityError: nothing could be begun.
        typer.Exit: the user stopped it; what was read is kept.
    """
    from positivity.check.run import Checks
    from positivity.check.scoring import StoreAnalyzer
    from positivity.cli.progress import Watching, confirmer
    from positivity.cli.stored import open_store_to_check
    from positivity.sources.handles import parse_handle
    from positivity.sources.x_api import XClient
    from positivity.store import require_room, store_path
    from positivity.tokens import need_token

    if len(run.job.handles) == 1:
        parse_handle(run.job.handles[0])  # what is no handle at all needs no token to be told
    settings, token = run.job.settings, need_token()
    cancelled = threading.Event()
    with ExitStack() as stack:
        counting = run.budget is not None
        store = stack.enter_context(open_store_to_check(keep=run.keep, counting=counting))
        if run.budget is not None:
            run = _within_budget(run, run.budget, store, stack)
        if run.keep:
            require_room(store_path())
        with store.database.transaction():
            pass  # a program that does not let go of the store is found out before money is spent
        # Complains of a model or an option before any money is spent.
        analyzer = StoreAnalyzer(store, run.model, device=run.device, engine=run.engine)
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
        except TimeIsUp:
            raise
        except KeyboardInterrupt:
            watching.stop()
            kept = "what was read is kept" if run.keep else "nothing is kept"
            say(f"interrupted; {kept}: {_spent(checks.spent)}")
            raise typer.Exit(Interrupted.exit_code) from None
        finally:
            store.vocabulary = client.vocabulary
            watching.stop()
            _log_reading(checks)
        if not run.quiet:
            _say_what_was_done(checks)
        return _reports(run, store, analyzer, checks), checks.checks


def _within_budget(run: CheckRun, budget: float, store: "Store", stack: ExitStack) -> CheckRun:
    """The same, bounded by what is left of the month; other runs with a budget wait until then."""
    from positivity.check.budget import BUSY, LOCK, PATIENCE, within_budget
    from positivity.store import run_lock

    stack.enter_context(run_lock(LOCK, BUSY, patience=PATIENCE))
    months = store.ledger.months()
    return replace(run, job=within_budget(run.job, budget, months, datetime.now(UTC)))


def _log_reading(checks: "Checks") -> None:
    for each in checks.checks:
        event(
            "read",
            account=f"@{each.handle}",
            posts=each.reading.posts,
            dropped=each.reading.dropped or None,
            error=each.error,
        )
    spent = checks.spent
    event("spent", posts=spent.posts, accounts=spent.users, dollars=spent.dollars)


def log_verdict(report: "Report") -> None:
    """A line of the log with what came out."""
    net = None if report.net is None else round(report.net.value, 1)
    event(
        "verdict",
        subject=report.subject,
        verdict=report.verdict.word,
        net=net,
        tweets=report.counts.counted,
    )


def _reports(
    run: CheckRun, store: "Store", analyzer: "StoreAnalyzer", checks: "Checks"
) -> list["Report"]:
    """The reports on the accounts that could be read."""
    reports = []
    for each in checks.checks:
        if each.error is not None or each.account is None:
            continue
        try:
            reports.append(_report(run, store, analyzer, each, int(each.account.id)))
        except StateError as error:  # no reason to lose the reports on the others
            each.error = error
            event("failed", account=f"@{each.handle}", error=error)
    return reports


def _report(
    run: CheckRun, store: "Store", analyzer: "StoreAnalyzer", check: "Checked", account_id: int
) -> "Report":
    """The report on an account, which is also kept."""
    account = store.accounts.get(account_id)
    report = analyzer.report(
        account, run.question, run.job.prices, reading=check.reading, all_weeks=run.all_weeks
    )
    analyzer.keep(account, run.question, report)
    log_verdict(report)
    return analyzer.with_effects(report) if run.effects else report


def _write_estimate(
    checks: "Checks", job: "CheckJob", format: ReportFormat | None, output: Path | None
) -> None:
    """Writes what the run would read and cost at most."""
    from positivity.check.money import many_posts, shown
    from positivity.report.output import report_output

    rows = [
        (each.handle, each.posts_at_most(retweets=job.retweets))
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
                    "accounts": [{"handle": handle, "posts": posts} for handle, posts in rows],
                },
                out,
            )
            return
        for handle, posts in rows:
            out.write(f"@{handle}: at most {many_posts(posts)}\n")
        if rows:
            out.write(
                f"in all: at most {shown(at_most.dollars)}, of which {shown(spent.dollars)} for "
                "looking up is spent\n"
            )


def _say_what_was_done(checks: "Checks") -> None:
    from positivity.check.money import many_posts

    for each in checks.checks:
        if each.reading.dropped:
            dropped = many_posts(each.reading.dropped)
            say(f"@{each.handle}: {dropped} dropped here, deleted or edited since")
    if all(each.error is not None for each in checks.checks) and not checks.spent.dollars:
        return
    new = sum(each.reading.new for each in checks.checks)
    if new:
        say(f"{new:,} new {'post' if new == 1 else 'posts'}; {_spent(checks.spent)}")
    elif any(each.account and (each.error or each.reading.money_ended) for each in checks.checks):
        say(_spent(checks.spent))  # whether there was anything new is not known
    else:
        say(f"nothing new; {_spent(checks.spent)}")


def _spent(spent: "Spent") -> str:
    from positivity.check.money import many_posts, shown

    users = f"{spent.users:,} {'account' if spent.users == 1 else 'accounts'}"
    return f"{many_posts(spent.posts)} and {users} read for {shown(spent.dollars)}"


def failure(checks: Sequence["Checked"]) -> int:
    """Says what failed; the exit code for it, 0 if nothing did."""
    codes = say_failures(checks)
    if not codes:
        return 0
    return PARTLY_DONE if len(codes) < len(checks) else codes[0]


def say_failures(checks: Sequence["Checked"]) -> list[int]:
    """Says what failed and what is kept all the same; the exit codes of it."""
    from positivity.check.money import many_posts

    failed = [each for each in checks if each.error is not None]
    _say_errors(failed)
    for each in failed:
        if isinstance(each.error, AccountError) and each.kept:
            kept = f"@{each.handle}: {many_posts(each.kept)} of it stored here"
            if each.error.state == NOT_FOUND:
                kept += "; if it has a new name, a check of that goes on with them"
            say(f"{kept}; 'positivity forget @{each.handle}' deletes them, as X's terms ask")
        elif each.reading.posts and each.kept:
            say(
                f"@{each.handle}: {many_posts(each.reading.posts)} read before that and kept; the "
                "next check goes on from there"
            )
    return [each.error.exit_code for each in failed if each.error is not None]


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
