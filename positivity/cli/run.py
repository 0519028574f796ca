"""`positivity run`: a job from its file, once, for cron and its like."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positivity.cli.checking import (
    CheckRun,
    check,
    log_verdict,
    never_asking_for_usual,
    say_failures,
)
from positivity.cli.conditions import CONDITION_HOLDS, any_holds
from positivity.cli.job_file import JobFile, Output, matching, read_job
from positivity.cli.options import WITH_EFFECTS, QuietOption, ReportFormat
from positivity.cli.unattended import Lock, unattended
from positivity.errors import PARTLY_DONE, InputError, PositivityError
from positivity.fast_start import prepare_process
from positivity.log import event
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.account.report import Report
    from positivity.cli.reports import Place


def run_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="What to do: docs/cron.md.")],
    quiet: QuietOption = False,
) -> None:
    """Do once what a file says: check accounts, score files, write reports, tell of conditions.

    For cron and its like; 'positivity schedule' prints the entry.

    Example: positivity run watch.toml --quiet
    """
    prepare_process()
    job = read_job(file)
    lock = Lock(
        f"job {job.path.resolve()}",
        f"{job.path}: another run of it is at work; this one did nothing",
    )
    with unattended(
        f"run {job.path}",
        max_time=job.max_time,
        bound="max_time",
        jitter=job.jitter,
        log_file=job.log_file,
        log_json=job.log_json,
        lock=lock,
    ):
        code = run(job, quiet=quiet)
        if code:
            raise typer.Exit(code)


def run(job: JobFile, *, quiet: bool) -> int:
    """Does a job as far as it goes, and says what failed; the exit code."""
    work = _Work(job, quiet)
    if not work.has_where_to_write():  # before posts are bought that nobody would read of
        return work.failures[0]
    if job.accounts:
        work.attempt(work.check)
    if job.files:
        work.attempt(work.score)
    work.write()
    if work.reports and job.notices:
        work.attempt(work.tell)
    held = any_holds(job.fail_if, work.reports, quiet=quiet)  # said whatever else has failed
    if work.failures:
        return PARTLY_DONE if work.reports else work.failures[0]
    return CONDITION_HOLDS if held else 0


class _Work:
    """One run: what has been reported, and the exit codes of what failed."""

    def __init__(self, job: JobFile, quiet: bool) -> None:
        self._job, self._quiet = job, quiet
        self.reports: list[Report] = []
        self.failures: list[int] = []
        self._places: list[tuple[Output, Place]] = []

    def has_where_to_write(self) -> bool:
        """Looks at the outputs of the job, and says which cannot be written; whether any is left,
        if only stdout for a job that names none."""
        for output in self._job.outputs:
            self.attempt(lambda output=output: self._places.append((output, output.place())))  # type: ignore[misc]
        return bool(self._places) or not self._job.outputs

    def attempt(self, part: Callable[[], None]) -> None:
        """Does a part of the job; the others are done even if it fails."""
        try:
            part()
        except PositivityError as error:
            say(error)
            event("failed", error=error)
            self.failures.append(error.exit_code)

    def check(self) -> None:
        """Reads the accounts and reports on them."""
        reports, checks = check(_check_run(self._job, self._quiet))
        self.reports += reports
        self.failures += say_failures(checks)

    def score(self) -> None:
        """Scores the files, with a report on each."""
        from positivity.cli.score_job import By, ScoreJob
        from positivity.cli.scoring import score
        from positivity.sources.files import ReadOptions

        job = self._job
        files = _found(job.files, quiet=self._quiet, alone=not job.accounts)
        if not files:
            return
        reports, partly = score(
            ScoreJob(
                files=files,
                options=ReadOptions(),
                zone=job.zone,
                since=None,
                until=None,
                include_retweets=job.include_retweets,
                language=job.language,
                by=By.FILE,
                model=job.model,
                device=job.device,
                engine=job.engine,
                scores=None,
                rejects=None,
                progress=False,
                whole_names=True,
            )
        )
        for report in reports:
            named = replace(report, subject=job.subject(report.subject))
            log_verdict(named)
            self.reports.append(named)
        if partly:
            self.failures.append(PARTLY_DONE)

    def write(self) -> None:
        """Writes the reports: to the outputs of the job, or where it has none, to stdout."""
        from positivity.cli.reports import write_reports

        table = len(self.reports) > 1
        if not self._job.outputs and self.reports and not self._quiet:
            self.attempt(
                lambda: write_reports(self.reports, ReportFormat.TERMINAL, None, table=table)
            )
        for output, place in self._places if self.reports else ():

            def write(output=output, place=place) -> None:  # type: ignore[no-untyped-def]
                write_reports(self.reports, output.format, place, table=table)

            self.attempt(write)

    def tell(self) -> None:
        """Tells of conditions that start or stop to hold."""
        from positivity.cli.notices import tell_changes
        from positivity.cli.stored import open_store

        with open_store() as store:
            failed = tell_changes(str(self._job.path), self._job.notices, self.reports, store)
        for text in failed:
            say(text)
            self.failures.append(PARTLY_DONE)


def _check_run(job: JobFile, quiet: bool) -> CheckRun:
    """What `check` is to do for a job."""
    from positivity.check.plan import CAP
    from positivity.check.run import CheckJob
    from positivity.check.scoring import Question
    from positivity.settings import load_settings

    settings = load_settings(max_posts=job.max_posts)
    checks = CheckJob(
        handles=job.accounts,
        settings=settings,
        depth=min(settings.max_posts, CAP),
        max_cost=job.max_cost,
        bound="max_cost",
        retweets=job.include_retweets,
    )
    question = Question(zone=job.zone, include_retweets=job.include_retweets, language=job.language)
    return CheckRun(
        *(never_asking_for_usual(checks), question, job.model, job.device, job.engine),
        keep=True,
        dry_run=False,
        quiet=quiet,
        budget=job.budget,
        effects=any(output.format in WITH_EFFECTS for output in job.outputs),
    )


def _found(patterns: Sequence[str], *, quiet: bool, alone: bool) -> tuple[str, ...]:
    """The files of the patterns, each once; a plain name stays, for whoever opens it to complain.

    A pattern may be of files that are still to come: if there is more to do, that is only said.

    Args:
        alone: whether there is nothing to do beside them.

    Raises:
        InputError: there is none, and nothing else to do.
    """
    from positivity.sources.urls import is_pattern

    names: list[str] = []
    empty: list[str] = []
    for pattern in patterns:
        found = matching(pattern)
        if not found and is_pattern(pattern):
            empty.append(pattern)
        else:
            names += found or [pattern]
    if alone and not names:
        raise InputError(f"no file is there yet: {', '.join(patterns)}")
    for pattern in empty:
        event("missing", files=pattern)
        if not quiet:
            say(f"{pattern}: no file is there yet")
    return tuple(dict.fromkeys(names))
