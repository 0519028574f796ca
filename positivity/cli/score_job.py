"""A job of scoring: what is to be read, how, and what for; and what files are reported together."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.cli.subjects import as_file

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from positivity.account.comparison import Sample
    from positivity.account.posterior import BayesianQuantifier
    from positivity.account.report import ModelInfo, Report
    from positivity.analysis import Tallies
    from positivity.sources.files import ReadOptions
    from positivity.sources.outcome import Outcome
    from positivity.text.terms import TermFinder


class By(StrEnum):
    """What gets a verdict, or a row, of its own."""

    AUTHOR = "author"
    FILE = "file"
    MONTH = "month"
    WEEK = "week"


class RunnerName(StrEnum):
    """Who scores."""

    LOCAL = "local"
    RAY = "ray"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreJob:
    """What `score` is asked to do."""

    files: tuple[str, ...]  # none: the sample account
    options: "ReadOptions"
    zone: "ZoneInfo"
    since: "datetime | None"
    until: "datetime | None"
    include_retweets: bool
    language: str | None
    by: By | None
    model: str
    device: str
    engine: str
    scores: str | None  # a file or, for a file of each part, a folder or its address
    rejects: Path | None
    progress: bool
    runner: RunnerName = RunnerName.LOCAL  # who scores the parts
    resume: bool = False  # go on with a folder of scores
    all_weeks: bool = True  # whether reports have every week, shown or not
    or_accounts: bool = False  # whether a file may be named where an account of the store is meant
    whole_names: bool = False  # whether reports by file bear the paths, to be known again by them


def writes_folder(job: ScoreJob) -> bool:
    """Whether the scores of a job are a folder, with a file for each of the files it reads."""
    from positivity.report.tables import SUFFIXES
    from positivity.sources.urls import is_url

    if job.scores is None:
        return False
    path = job.scores
    if path.endswith(("/", os.sep)):
        return True
    if path.lower().endswith(SUFFIXES):
        return False
    return is_url(path) or job.runner is RunnerName.RAY or Path(path).is_dir()


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are reported together, and the tallies of their tweets."""

    outcomes: "Sequence[Outcome]"
    tallies: "Tallies"

    def reports(
        self, info: "ModelInfo", quantifier: "BayesianQuantifier | None", job: ScoreJob
    ) -> list[tuple["Report", "Sample"]]:
        """The reports on the files, and what accounts are compared by."""
        return self.tallies.reports(
            [f"{each.name}: {each.read_as}" for each in self.outcomes],
            info,
            [note for each in self.outcomes for note in each.notes],
            quantifier=quantifier,
            unreadable=sum(each.unreadable for each in self.outcomes),
            all_weeks=job.all_weeks,
        )


def empty_tallies(job: ScoreJob, names: "Sequence[str]", terms: "TermFinder") -> "Tallies":
    """Tallies for files of these names."""
    from positivity.analysis import Tallies

    name = as_file(names[0]) if len(names) == 1 else f"{len(names)} files"
    return Tallies(
        name, job.zone, terms, by_author=job.by is By.AUTHOR, keep_name=job.by is By.FILE
    )
