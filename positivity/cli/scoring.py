"""A job of scoring -> its reports."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.cli.input_files import say_what_broke
from positivity.cli.score_job import By, ScoreJob, writes_folder
from positivity.cli.scoring_files import groups_of_files, open_inputs
from positivity.cli.subjects import subjects_of_files, told_apart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from positivity.account.comparison import Sample
    from positivity.account.report import Report
    from positivity.explainer import Watcher


def score(job: ScoreJob, watcher: "Watcher | None" = None) -> tuple[list["Report"], bool]:
    """The reports on the files of a job, and whether any of these was not read to its end.

    Args:
        watcher: sees all tweets that are scored; then it explains them, and the reports do not.

    Raises:
        PositivityError: nothing could be read, or the model or an option cannot be used.
    """
    before = _file_number(job.scores)
    try:
        accounts, partly = score_accounts(
            job, explain=job.by is not By.AUTHOR and watcher is None, watcher=watcher
        )
    except KeyboardInterrupt:
        # A file of an earlier run stays where nothing has been scored yet.
        after = _file_number(job.scores)
        if after is not None and (after != before or writes_folder(job)):
            raise KeyboardInterrupt(f"what was scored is kept in {job.scores}") from None
        raise
    return [report for report, _ in accounts], partly


def _file_number(scores: str | None) -> int | None:
    """What tells a file from the one that takes its place; None where there is none."""
    try:
        return None if scores is None else Path(scores).stat().st_ino
    except OSError:
        return None


def score_accounts(
    job: ScoreJob,
    *,
    explain: bool = False,
    watcher: "Watcher | None" = None,
    taken: Sequence[str] = (),
) -> tuple[list[tuple["Report", "Sample"]], bool]:
    """The same with what accounts are compared by.

    Args:
        taken: names of others that reports on files stand beside.
        explain: say which words made the strongest tweets so; of many authors nobody is shown any.
        watcher: sees all tweets that are scored.
    """
    from positivity.analysis import model_info, quantifier_of
    from positivity.explanation import explained
    from positivity.model.registry import load
    from positivity.model.scorer import Scorer
    from positivity.selection import Selection

    # Complains of an option before anything is read.
    Selection(_knows_no_english, job.include_retweets, job.language, job.since, job.until)
    directory = load(job.model)
    scorer: Scorer | None = None
    if writes_folder(job):
        from positivity.cli.scoring_parts import groups_of_parts

        groups, unopened = groups_of_parts(job, directory)
    else:
        opened, unopened = open_inputs(job)
        scorer = Scorer.load(directory, device=job.device, engine=job.engine)
        if watcher is not None:
            watcher.begin(scorer)
        groups = groups_of_files(job, opened, scorer, watcher)
    info, quantifier = model_info(directory), quantifier_of(directory)
    accounts = [each for group in groups for each in group.reports(info, quantifier, job)]
    if job.by is By.FILE and not job.whole_names:
        files = [(group.outcomes[0].name, group.tallies.handle) for group in groups]
        subjects = told_apart(subjects_of_files(files, taken))
        accounts = [
            (replace(report, subject=subject), sample)
            for (report, sample), subject in zip(accounts, subjects, strict=True)
        ]
    if explain:
        scorer = scorer or Scorer.load(directory, device=job.device, engine=job.engine)
        reports = explained([report for report, _ in accounts], scorer)
        samples = [sample for _, sample in accounts]
        accounts = list(zip(reports, samples, strict=True))
    outcomes = [outcome for group in groups for outcome in group.outcomes]
    say_what_broke(outcomes, unopened)
    return accounts, unopened > 0 or any(each.broke for each in outcomes)


def _knows_no_english(texts: Sequence[str]) -> "NDArray[np.bool_]":
    raise AssertionError("nothing is read yet")
