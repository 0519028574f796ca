"""`positivity score` into a folder: a file of scores for each part, here or on a cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from positivity.cli.input_files import say_unopened
from positivity.cli.score_job import By, Group, RunnerName, ScoreJob, empty_tallies
from positivity.errors import InputError, UsageError
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.cluster.folder import ScoredPart, ScoresFolder
    from positivity.cluster.run import LargeJob
    from positivity.cluster.runner import Runner
    from positivity.model.registry import ModelDirectory


def groups_of_parts(job: ScoreJob, directory: "ModelDirectory") -> tuple[list[Group], int]:
    """Scores the parts of a job that are not scored yet, and tallies all.

    Returns:
        The files that are reported together, and how many could not be opened.

    Raises:
        PositivityError: nothing could be read, or the model, the folder or an option cannot be
            used.
    """
    from positivity.cluster.run import tallied
    from positivity.text.terms import TermFinder

    with ExitStack() as stack:
        runner = _runner(job, stack)  # first: where Ray is missing, no folder is made
        large = _large_job(job, directory)
        scored = _scored(large, job, runner)
        unopened = [InputError(error) for part in scored for error in part.errors]
        say_unopened(unopened, any(part.files for part in scored))
        terms = TermFinder(directory.normalizer())
        files = [
            ((number, file), outcome)
            for number, part in enumerate(scored)
            for file, outcome in enumerate(part.files)
        ]
        if job.by is By.FILE:
            groups = {
                whose: Group([outcome], empty_tallies(job, [outcome.name], terms))
                for whose, outcome in files
            }
            tallied(large, scored, runner, lambda whose: groups[whose or (0, 0)].tallies)
            return list(groups.values()), len(unopened)
        outcomes = [outcome for _, outcome in files]
        tallies = empty_tallies(job, [outcome.name for outcome in outcomes], terms)
        tallied(large, scored, runner, lambda _: tallies)
    return [Group(outcomes, tallies)], len(unopened)


def _large_job(job: ScoreJob, directory: "ModelDirectory") -> "LargeJob":
    from positivity.cluster.folder import ScoresFolder
    from positivity.cluster.parts import ScoringRules, parts_of
    from positivity.cluster.run import LargeJob, Tallying

    if not job.files:
        raise UsageError("--sample is one small file: write its scores to a file, not to a folder")
    rules = ScoringRules(
        options=job.options,
        include_retweets=job.include_retweets,
        language=job.language,
        since=job.since,
        until=job.until,
        by_file=job.by is By.FILE,
        model=job.model,
        model_digest=directory.digest,
        device=job.device,
        engine=job.engine,
    )
    parts = parts_of(job.files, job.options)
    folder = ScoresFolder(str(job.scores))
    folder.refuse_parts_in_it(parts)
    folder.begin(rules, resume=job.resume)
    others = folder.others(parts)
    if others:
        more = "1 more part lies" if others == 1 else f"{others:,} more parts lie"
        say(f"{folder.shown}: {more} there that this run is not about")
    tallying = Tallying(
        zone=str(job.zone), by_author=job.by is By.AUTHOR, by_file=job.by is By.FILE
    )
    return LargeJob(parts, folder, rules, tallying)


def _runner(job: ScoreJob, stack: ExitStack) -> "Runner":
    if job.runner is RunnerName.RAY:
        from positivity.cluster.ray_runner import RayRunner

        return stack.enter_context(RayRunner(job.device))
    from positivity.cluster.runner import LocalRunner

    return LocalRunner()


def _scored(large: "LargeJob", job: ScoreJob, runner: "Runner") -> list["ScoredPart"]:
    """Scores the parts, with a bar on stderr, and writes their rejects."""
    from positivity.cluster.run import scored_parts

    try:
        with _parts_bar(len(large.parts), job.progress) as on_part:
            scored = scored_parts(large, runner, on_part)
    except KeyboardInterrupt:
        say(f"{large.folder.shown}: what was scored is kept; --resume goes on with it")
        raise
    precisions = sorted({part.precision for part in scored})
    if len(precisions) > 1:
        say(
            f"the parts were scored in {' and '.join(precisions)}, as their machines could; give "
            "--device and --engine for the same everywhere"
        )
    if job.rejects:
        _write_rejects(scored, large.folder, job)
    return scored


def _write_rejects(parts: Sequence["ScoredPart"], folder: "ScoresFolder", job: ScoreJob) -> None:
    """Writes the rows of all parts that could not be read."""
    import pyarrow.parquet as pq

    from positivity.cluster.folder import REJECTS
    from positivity.report.rejects import RejectsWriter
    from positivity.sources.reading import Reject

    assert job.rejects is not None
    with RejectsWriter(job.rejects) as writer:
        for part in parts:
            if part.rejects:
                with folder.open(folder.work(f"{part.key}.{REJECTS}")) as file:
                    for batch in pq.ParquetFile(file).iter_batches():
                        for row in batch.to_pylist():
                            writer.add(Reject(**row))


@contextmanager
def _parts_bar(parts: int, shown: bool) -> Iterator[Callable[[], object]]:
    """A bar on stderr of the parts that are done; what to call for each."""
    if not shown:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeColumn

    columns = (TextColumn("parts"), BarColumn(), MofNCompleteColumn(), TimeColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=parts)
        yield lambda: progress.advance(task)
