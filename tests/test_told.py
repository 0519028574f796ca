"""A trained model labels the texts that a smaller one learns from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positivity.errors import StateError, UsageError
from positivity.model import registry
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer
from positivity.training.labelled import Data
from positivity.training.loop import Record
from positivity.training.recipe import EmojiRecipe, Recipe, Source, read_recipe
from positivity.training.run import Run
from positivity.training.told import told_by
from tests.conftest import NEGATIVE, POSITIVE, examples_of


@pytest.fixture
def student(tiny_data: Path) -> Recipe:
    recipe = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(recipe, Recipe)
    return recipe


@pytest.fixture
def unlabelled(tiny_data: Path, tmp_path: Path) -> Path:
    """A folder with the tiny data, and its training texts without labels."""
    texts = pd.read_csv(tiny_data / "train.csv").text
    texts.to_frame().to_csv(tmp_path / "texts.csv", index=False)
    for name in ("train.csv", "dev.csv"):
        (tmp_path / name).write_bytes((tiny_data / name).read_bytes())
    return tmp_path


def run_of(recipe: Recipe, data: Path, folder: Path) -> Run:
    return Run(recipe, Data(data, data), folder, device="cpu", say=lambda line: None)


def test_its_answers_are_those_before_its_temperature(tiny_model: ModelDirectory) -> None:
    texts = [" ".join(POSITIVE), " ".join(NEGATIVE), f"{POSITIVE[0]} {NEGATIVE[0]}"]
    told = told_by(str(tiny_model.path), texts, blind_to_emoji=False)
    assert told.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    scorer = Scorer.load(str(tiny_model.path))
    assert scorer.config.temperature != 1
    softened = told.astype(np.float64) ** (1 / scorer.config.temperature)
    softened /= softened.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(softened, scorer.score(texts), atol=1e-4)


def test_it_does_not_see_the_emoji_that_are_joined_afterwards() -> None:
    plain, with_emoji = "the train is here", "the train is here 😡"
    seen = told_by("base", [plain, with_emoji], blind_to_emoji=False)
    blind = told_by("base", [plain, with_emoji], blind_to_emoji=True)
    assert seen[1, 0] > seen[0, 0] + 0.2
    np.testing.assert_array_equal(blind[0], blind[1])


def test_a_smaller_model_learns_from_it_alone(
    student: Recipe, tiny_model: ModelDirectory, unlabelled: Path
) -> None:
    source = Source(file="texts.csv", model=str(tiny_model.path))
    run = run_of(replace(student, train=(source,)), unlabelled, unlabelled / "run")
    examples = examples_of(run)
    assert np.ptp(examples.log_priors) == 0  # its answers have no prior to take out
    assert (examples.targets.max(axis=1) < 0.99).mean() > 0.05  # what it is unsure of stays so
    *_, last = (each for each in run.train() if isinstance(each, Record))
    assert last.recall > 0.9


def test_texts_are_made_once_each_and_what_is_held_out_is_not_labelled(
    student: Recipe, tiny_model: ModelDirectory, unlabelled: Path
) -> None:
    of_model = Source(file="texts.csv", model=str(tiny_model.path))
    held_out = Source(file="dev.csv", model=str(tiny_model.path))
    made = replace(of_model, made_into="variants", times=3)
    sizes = [
        len(examples_of(run_of(replace(student, train=train), unlabelled, unlabelled / str(i))))
        for i, train in enumerate([(of_model,), (of_model, of_model, held_out), (of_model, made)])
    ]
    assert sizes[0] == sizes[1] < sizes[2]


def test_emoji_and_sarcasm_are_added_to_its_texts(
    student: Recipe, tiny_model: ModelDirectory, unlabelled: Path
) -> None:
    (unlabelled / "ranking.csv").write_text(
        "Emoji,Occurrences,Negative,Neutral,Positive\n😡,100,80,15,5\n❤️,100,2,8,90\n",
        encoding="utf-8",
    )
    plain = replace(student, train=(Source(file="texts.csv", model=str(tiny_model.path)),))
    lent = replace(plain, emoji=EmojiRecipe(ranking="ranking.csv", lent=0.5))
    marked = replace(plain, training=replace(plain.training, sarcasm=0.5))
    sizes = [
        len(examples_of(run_of(each, unlabelled, unlabelled / str(i))))
        for i, each in enumerate([plain, lent, marked])
    ]
    assert sizes[1] > 1.2 * sizes[0]
    assert sizes[2] > 1.05 * sizes[0]


def test_a_model_that_is_not_there_is_told_before_anything_is_learnt(
    student: Recipe, unlabelled: Path
) -> None:
    taught = replace(student, train=(Source(file="texts.csv", model="nobody"),))
    with pytest.raises(UsageError, match="no model 'nobody'"):
        run_of(taught, unlabelled, unlabelled / "run")
    assert not (unlabelled / "run").exists()


def test_a_model_labels_what_is_learnt_from_and_nothing_else(student: Recipe) -> None:
    with pytest.raises(ValueError, match="name its model"):
        replace(student, train=(Source(file="texts.csv", made_into="variants"),))
    with pytest.raises(ValueError, match="not to measure by"):
        replace(student, eval=(Source(file="texts.csv", model="base"),))


def test_a_run_does_not_go_on_with_another_model(
    student: Recipe, tiny_model: ModelDirectory, unlabelled: Path
) -> None:
    own = unlabelled / "own"
    files = {
        path.name: path.read_bytes()
        for path in tiny_model.path.iterdir()
        if path.name != registry.SUMS
    }
    registry.write_directory(own, files)
    taught = replace(student, train=(Source(file="texts.csv", model=str(own)),))
    run = run_of(taught, unlabelled, unlabelled / "run")
    for _ in run.train():
        pass
    run_of(taught, unlabelled, unlabelled / "run")
    files[registry.CARD] += b"another"
    registry.write_directory(own, files)
    with pytest.raises(StateError, match="changed since this run began"):
        run_of(taught, unlabelled, unlabelled / "run")
