"""The folder of a run: whose it is, and that its data is what it was when it began."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

from positivity.errors import InputError, StateError
from positivity.files import write_atomically
from positivity.model.registry import SUMS
from positivity.store import InUse, run_lock
from positivity.training.labelled import Data
from positivity.training.recipe import Recipe, TeacherRecipe, recipe_of
from positivity.training.recipe_sources import paths_of

VOCABULARY, CHECKPOINT, PRETRAINING, MODEL = (
    "vocabulary",
    "checkpoint.pt",
    "pretraining.pt",
    "model",
)
_TRAINED = (CHECKPOINT, PRETRAINING, MODEL)
_RECIPE, _DATA = "recipe.json", "data.json"
# All that the runs of models and of teachers write.
_WRITTEN = (
    *(VOCABULARY, *_TRAINED, _RECIPE, _DATA, "records.json", "times.json", "pretraining.json"),
    *("curves.png", "labels", "encoder", "soft_labels.parquet", "soft_states.npy", "metrics.json"),
)
_OPTION = "--run (of the lab: --runs)"  # which one names the folder


def make_folder(folder: Path, option: str) -> None:
    """Makes a folder, and those that it lies in.

    Raises:
        InputError: it cannot be made; `option` is what names another.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{folder}: is, or lies in, a file; name a folder with {option}") from None
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be made ({error.strerror}); name another folder with {option}"
        ) from None


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps other runs of the program from training in a folder, until the block or this one ends.

    Raises:
        InUse: another one trains there.
    """
    busy = (
        f"{folder}: another run of positivity trains there; try again when it has ended, or name "
        f"another folder with {_OPTION}"
    )
    with ExitStack() as stack:
        try:
            stack.enter_context(run_lock(f"training {folder.resolve()}", busy))
        except InUse:
            raise
        except StateError:  # a home that cannot be written to keeps nobody from training
            pass
        yield


def begin_or_go_on(folder: Path, recipe: Recipe | TeacherRecipe, data: Data) -> None:
    """Makes the folder of a run, or finds that what is in it can be gone on with.

    A run that stopped before anything was trained, over a mistake in its recipe perhaps, is in
    nobody's way: what it left is learnt again.

    Raises:
        InputError: it cannot be made, or has files of a run's names that are none.
        StateError: it has the training of another recipe, or on other data.
    """
    make_folder(folder, _OPTION)
    _refuse_what_is_no_run(folder)
    now, before = _digests(recipe, data), data_of(folder)
    if not _has_trained(folder):
        # A vocabulary that no run has left here was put here to be used.
        if holds_another(folder, recipe) or (before and before != now):
            shutil.rmtree(folder / VOCABULARY, ignore_errors=True)
            before = {}
        if holds_another(folder, recipe):
            (folder / _RECIPE).unlink()
    same_recipe_as_before(folder, recipe)
    changed = _differing(before, now)
    if changed:
        raise StateError(
            f"{folder}: {', '.join(changed)} changed since this run began; to train on it as it is "
            f"now remove the folder or name another with {_OPTION}"
        )
    with write_atomically(folder / _DATA) as file:
        file.write(json.dumps(now, indent=1).encode())


def _refuse_what_is_no_run(folder: Path) -> None:
    """Complains of what a run would write over, in a folder that has no recipe of a run."""
    try:
        content = json.loads((folder / _RECIPE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if isinstance(content, dict) and {"name", "train"} <= content.keys():
        return
    found = [name for name in _WRITTEN if (folder / name).exists()]
    if found == [VOCABULARY] and (folder / VOCABULARY / SUMS).is_file():
        return  # it was put there to be used
    if found:
        raise InputError(
            f"{folder}: has {', '.join(found)}, which no training left there and one would write "
            f"over; name another folder with {_OPTION}"
        )


def same_recipe_as_before(folder: Path, recipe: Recipe | TeacherRecipe) -> None:
    """Writes the recipe to a run's folder, or refuses to go on with another one's run."""
    if holds_another(folder, recipe):
        raise StateError(
            f"{folder}: a run of another recipe, or of this one before it was changed; "
            f"remove the folder or name another with {_OPTION}"
        )
    with write_atomically(folder / _RECIPE) as file:
        file.write(_content_of(recipe).encode())


def trained_another(folder: Path, recipe: Recipe | TeacherRecipe) -> bool:
    """Whether what was trained in a folder keeps this recipe from being trained there."""
    return _has_trained(folder) and holds_another(folder, recipe)


def _has_trained(folder: Path) -> bool:
    return any((folder / name).exists() for name in _TRAINED)


def holds_another(folder: Path, recipe: Recipe | TeacherRecipe) -> bool:
    """Whether a folder has a run that is not this recipe's, as it is now.

    What recipes could not say yet when it began has its default.
    """
    path = folder / _RECIPE
    if not path.exists():
        return False
    try:
        before = recipe_of(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError):  # damaged, or it says what recipes can say no longer
        return True
    return _content_of(before) != _content_of(recipe)


def _content_of(recipe: Recipe | TeacherRecipe) -> str:
    return json.dumps(asdict(recipe), indent=1)


def changed_since(folder: Path, recipe: Recipe, data: Data) -> list[str]:
    """The files of a recipe that are no longer what its run was trained on."""
    return _differing(data_of(folder), _digests(recipe, data))


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in now if name in before and before[name] != now[name]]


def read_json(path: Path) -> Any:
    """What a run keeps in a file of its folder.

    Raises:
        StateError: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StateError(
            f"{path}: damaged; remove the folder of the run to train it again"
        ) from None


def data_of(folder: Path) -> dict[str, str]:
    """What identifies the content that each file of a run had when it began, as far as known."""
    try:
        found = json.loads((folder / _DATA).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # of a run that began before there was such a file
        return {}
    return found if isinstance(found, dict) else {}


def _digests(recipe: Recipe | TeacherRecipe, data: Data) -> dict[str, str]:
    """What identifies the content of each file that a recipe reads, as far as they are there."""
    files = paths_of(recipe, data)
    return {name: _digest(path) for name, path in files.items() if path.exists()}


def _digest(path: Path) -> str:
    digest = blake2b(digest_size=16)
    for part in _content(path):
        digest.update(part)
    return digest.hexdigest()


def _content(path: Path) -> Iterator[bytes]:
    """A file in blocks; of a folder the names and sizes of its files."""
    if path.is_dir():
        for each in sorted(path.rglob("*")):
            yield f"{each.relative_to(path).as_posix()} {each.stat().st_size}\n".encode()
        return
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block
