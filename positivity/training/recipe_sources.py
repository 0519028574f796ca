"""What a recipe reads: its sources, their files, its teachers; and what of them is not at hand."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from positivity.training.labelled import SOFT_LABELS, Data
from positivity.training.recipe import Recipe, Source, TeacherRecipe


def missing(recipe: Recipe, data: Data) -> list[str]:
    """The files that a recipe names and that are not at hand, relative to the data folder."""
    absent = missing_files(recipe, data.folder)
    labels = [f"{name}/{SOFT_LABELS}" for name in teachers_of(recipe)]
    absent += [name for name in labels if not (data.runs / name).exists()]
    vectors = recipe.embeddings
    if vectors and not any((folder / vectors).exists() for folder in (data.folder, data.runs)):
        absent.append(vectors)
    return absent


def missing_files(recipe: Recipe | TeacherRecipe, folder: Path) -> list[str]:
    """The files that a recipe names and that are not in the data folder."""
    return [name for name in files_of(recipe) if not (folder / name).exists()]


def teachers_of(recipe: Recipe | TeacherRecipe) -> list[str]:
    """The teachers whose labels a recipe trains on."""
    return sorted({source.teacher for source in _sources(recipe) if source.teacher})


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
    elif is_dataclass(part):
        for each in fields(part):
            yield from _sources(getattr(part, each.name))
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for item in part:
            yield from _sources(item)
