"""Which recipes the lab compares, and where their runs lie."""

from dataclasses import dataclass, replace
from pathlib import Path

from positivity.errors import InputError
from positivity.model import registry
from positivity.training.recipe import Recipe, read_recipe
from positivity.training.recipe_files import lineage
from positivity.training.run_folder import holds_another, trained_another

# In the order in which docs/lab.md tells of them; others that ship come after them, by name.
STORY = (
    *("majority", "vader", "logreg"),
    *("elman", "elman-imdb", "lstm-keras", "lstm-neuromatch"),
    *("gru", "lstm", "bilstm", "bilstm-stacked", "bilstm-word2vec", "cnn"),
    *("char-lstm", "hierarchical", "deepmoji-plain", "deepmoji"),
    *("bilstm-crf", "char-lm"),
)
_SHARED = "lab"  # what the recipes of the lab extend; no recipe itself
_WITHOUT_CHANCE = ("majority", "vader")  # floors that come out the same whatever the seed


@dataclass(frozen=True, slots=True)
class LabRun:
    """A recipe with one seed, and the folder of its run."""

    recipe: Recipe
    folder: Path

    @property
    def model(self) -> Path:
        """The folder of what it makes."""
        return self.folder / "model"

    def is_finished(self) -> bool:
        """Whether the folder has the result of this recipe, as it is now, and this seed."""
        return (self.model / registry.METRICS).is_file() and not holds_another(
            self.folder, self.recipe
        )

    def is_of_another(self) -> bool:
        """Whether the folder has the run of another recipe, or of this one before it changed."""
        return trained_another(self.folder, self.recipe)


@dataclass(frozen=True, slots=True)
class Entry:
    """A recipe of the lab with its runs, one for each seed."""

    name: str
    path: Path
    runs: tuple[LabRun, ...]

    @property
    def recipe(self) -> Recipe:
        return self.runs[0].recipe


def entry(path: Path, runs: Path, seeds: int) -> Entry:
    """A recipe with its own seed and those that follow it, so many in all.

    The folder of the first is the one that `positivity train` uses.

    Raises:
        InputError: the recipe cannot be read, or makes a teacher.
    """
    recipe = read_recipe(path)
    if not isinstance(recipe, Recipe):
        raise InputError(f"{path}: makes a teacher, which the lab does not compare")
    if recipe.floor and recipe.floor.kind in _WITHOUT_CHANCE:
        seeds = 1
    folders = [recipe.name, *(f"{recipe.name}-seed{recipe.seed + i}" for i in range(1, seeds))]
    return Entry(
        recipe.name,
        path,
        tuple(
            LabRun(replace(recipe, seed=recipe.seed + i), runs / folder)
            for i, folder in enumerate(folders)
        ),
    )


def lab_recipes(folder: Path) -> list[Path]:
    """The recipes of a folder that belong to the lab, in the order of its story."""
    found = [
        path
        for path in folder.glob("*.toml")
        if path.stem != _SHARED and (path.stem in STORY or _SHARED in lineage(path))
    ]
    places = {name: i for i, name in enumerate(STORY)}
    return sorted(found, key=lambda path: (places.get(path.stem, len(STORY)), path.stem))
