"""What a recipe reads: its sources, their files, its teachers; and what of them is not at hand."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from positivity.model import registry
from positivity.training.labelled import SOFT_LABELS, Data
from positivity.training.recipe import Recipe, Source, TeacherRecipe


def paths_of(recipe: Recipe | TeacherRecipe, data: Data) -> dict[str, Path]:
    """The files that a recipe reads, by its names: sources, labels of teachers, models, vectors."""
    paths = {name: data.folder / name for name in files_of(recipe)}
    labels = (f"{name}/{SOFT_LABELS}" for name in teachers_of(recipe))
    paths |= {name: data.runs / name for name in labels}
    paths |= {f"model {name}": registry.find(name) / registry.SUMS for name in models_of(recipe)}
    if isinstance(recipe, Recipe) and recipe.embeddings:
        paths[recipe.embeddings] = data.place_of_vectors(recipe.embeddings)
    return paths


def missing(recipe: Recipe, data: Data) -> list[str]:
    """The files that a recipe reads and that are not at hand."""
    return [name for name, path in paths_of(recipe, data).items() if not path.exists()]


def missing_files(recipe: Recipe | TeacherRecipe, folder: Path) -> list[str]:
    """The files that a recipe names and that are not in the data folder."""
    return [name for name in files_of(recipe) if not (folder / name).exists()]


def teachers_of(recipe: Recipe | TeacherRecipe) -> list[str]:
    """The teachers whose labels a recipe trains on."""
    return sorted({source.teacher for source in _sources(recipe) if source.teacher})


def models_of(recipe: Recipe | TeacherRecipe) -> list[str]:
    """The models whose answers a recipe trains on."""
    return sorted({source.model for source in _sources(recipe) if source.model})


def files_of(recipe: Recipe | TeacherRecipe) -> list[str]:
    """The files that a recipe names, each once."""
    return list(dict.fromkeys(_files(recipe)))


def _files(recipe: Recipe | TeacherRecipe) -> Iterator[str]:
    for source in _sources(recipe):
        if source.file and not source.teacher:
            yield source.file
    if isinstance(recipe, Recipe) and recipe.emoji:
        yield recipe.emoji.ranking


def _sources(part: Any) -> Iterator[Source]:
    """Every source in any part of a recipe."""
    if isinstance(part, Source):
        yield part
        yield from _sources(part.like)
    elif is_dataclass(part):
        for each in fields(part):
            yield from _sources(getattr(part, each.name))
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for item in part:
            yield from _sources(item)
