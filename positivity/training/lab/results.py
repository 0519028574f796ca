"""Finished runs -> a row for each recipe: figures with their spread over seeds, and their price."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from positivity.model import registry
from positivity.training.clock import read_times
from positivity.training.lab.notebook import Notebook
from positivity.training.lab.plan import Entry, LabRun
from positivity.training.lab.speed import Rate
from positivity.training.run_folder import data_of, read_json

ANOTHERS = "trained by another recipe, or an earlier form of it"  # a run that is no row's
THREE, TWO = "macro_recall", "two_class_macro_recall"  # of an evaluation set, in the metrics


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over runs that differ in their seed alone."""

    mean: float
    spread: float | None = None  # standard deviation; None of a single run

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        return cls(fmean(values), stdev(values) if len(values) > 1 else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the lab knows of a recipe."""

    name: str
    description: str = ""
    floor: str = ""  # of which kind, where it is no network
    absent: str = ""  # why there are no figures, in words
    seeds: tuple[int, ...] = ()
    three: Mapping[str, Figure] = field(default_factory=dict)  # by evaluation set
    two: Mapping[str, Figure] = field(default_factory=dict)
    other: Mapping[str, Figure] = field(default_factory=dict)  # of what is no classifier
    weights: int | None = None
    size: int | None = None  # bytes on disk
    training_seconds: Figure | None = None  # of the processor; on a GPU, of the wall
    device: str = ""
    rate: Rate | None = None
    data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # file -> its contents


def row_of(entry: Entry, notebook: Notebook) -> Row:
    """The row of a recipe, from those of its runs that are finished."""
    finished = [run for run in entry.runs if run.is_finished()]
    if not finished:
        of_another = any(run.is_of_another() for run in entry.runs)
        why = ANOTHERS if of_another else notebook.absent.get(entry.name, "not trained yet")
        return Row(name=entry.name, description=entry.recipe.description, absent=why)
    metrics = [_metrics(run) for run in finished]
    times = [times for run in finished if (times := read_times(run.folder)) is not None]
    on_cpu = bool(times) and times[0].device == "cpu"
    seconds = [each.cpu_seconds if on_cpu else each.seconds for each in times]
    three, two = _over_sets(metrics, THREE), _over_sets(metrics, TWO)
    return Row(
        name=entry.name,
        description=entry.recipe.description,
        floor=entry.recipe.floor.kind if entry.recipe.floor else "",
        seeds=tuple(run.recipe.seed for run in finished),
        three=three,
        two=two,
        other={} if three or two else _others(metrics),
        weights=metrics[0].get("weights"),
        size=metrics[0].get("size") or _size(finished[0].model),
        training_seconds=Figure.of(seconds) if seconds else None,
        device=times[0].device if times else "",
        rate=notebook.rates.get(entry.name),
        data=_data([data_of(run.folder) for run in finished]),
    )


def _data(runs: Sequence[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    """The contents with which a recipe's runs read each file: one, unless it has changed."""
    files = dict.fromkeys(file for run in runs for file in run)
    return {file: tuple(dict.fromkeys(run[file] for run in runs if file in run)) for file in files}


def is_classifier(run: LabRun) -> bool:
    """Whether a finished run made something that tells classes of tweets apart."""
    metrics = [_metrics(run)]
    return bool(_over_sets(metrics, THREE) or _over_sets(metrics, TWO))


def _metrics(run: LabRun) -> dict[str, Any]:
    return dict(read_json(run.model / registry.METRICS))


def _size(model: Path) -> int:
    return sum(file.stat().st_size for file in model.iterdir() if file.is_file())


def _over_sets(metrics: Sequence[Mapping[str, Any]], figure: str) -> dict[str, Figure]:
    """A figure of every evaluation set that has it in all runs."""
    sets = metrics[0].get("eval", {})
    found = {
        name: [each["eval"][name].get(figure) for each in metrics]
        for name in sets
        if isinstance(sets[name], Mapping)
    }
    return {name: Figure.of(values) for name, values in found.items() if None not in values}


def _others(metrics: Sequence[Mapping[str, Any]]) -> dict[str, Figure]:
    """The figures of a task that is no classification: all on its sets to quote, else to choose."""
    part = "eval" if metrics[0].get("eval") else "dev"
    each = [dict(_leaves(one.get(part, {}))) for one in metrics]
    # A classifier without a set to quote: a few of its many figures say enough.
    recalls = [name for name in each[0] if name.endswith("macro recall")]
    mark = " (dev)" if part == "dev" else ""
    return {f"{name}{mark}": Figure.of([one[name] for one in each]) for name in recalls or each[0]}


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, float]]:
    for key, value in tree.items():
        name = f"{path} {key}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            yield from _leaves(value, name)
        elif isinstance(value, float):
            yield name, value
