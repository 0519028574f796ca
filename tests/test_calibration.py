"""The calibration of a model: one temperature, and the border to neutral where a set defines it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from positivity.training.calibration import fit_calibration
from positivity.training.labelled import Data
from positivity.training.recipe import Recipe, Source, read_recipe
from positivity.training.run import Run

GENERATOR = np.random.default_rng(0)


def drawn(logits: NDArray[np.float64]) -> NDArray[np.int64]:
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    return np.array([GENERATOR.choice(3, p=each) for each in shares])


def test_a_temperature_and_a_border_are_found_again() -> None:
    true = GENERATOR.normal(size=(30_000, 3)) * 1.5
    gold = drawn(true)
    # As a network has them that is too sure and takes too little for neutral.
    logits = torch.from_numpy((true - np.array([0.0, 0.4, 0.0])) * 2.0)
    found = fit_calibration([logits], [gold], border=True)
    assert found.temperature == pytest.approx(2.0, abs=0.12)
    assert found.border == pytest.approx(0.4, abs=0.06)
    plain = fit_calibration([logits], [gold])
    assert plain.border == 0
    assert plain.temperature > 0


@pytest.mark.parametrize("border", [False, True])
def test_tweets_that_are_all_told_right_leave_the_logits_as_they_are(border: bool) -> None:
    gold = np.array([0, 1, 2, 2])
    logits = torch.eye(3)[gold] * 0.1
    found = fit_calibration([logits], [gold], border=border)
    assert (found.temperature, found.border) == (1, 0)


def test_tweets_that_are_all_told_wrong_have_a_finite_temperature() -> None:
    gold = np.array([0, 1, 2, 2])
    found = fit_calibration([torch.eye(3)[(gold + 1) % 3] * 4], [gold])
    assert 1 < found.temperature <= 1000


def test_a_reference_has_to_be_a_development_set_of_three_classes() -> None:
    dev = (Source(file="a.csv", name="mine"),)
    with pytest.raises(ValueError, match="reference 'yours' is none of the development sets"):
        Recipe(name="x", dev=dev, reference="yours")
    with pytest.raises(ValueError, match="of three classes"):
        Recipe(name="x", dev=dev, reference="mine", network={"classes": 2})
    assert Recipe(name="x", dev=dev, reference="mine").reference == "mine"


def test_the_border_of_the_reference_is_in_the_model_that_is_saved(
    tiny_data: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(recipe, Recipe)
    (source,) = recipe.dev
    name = source.name or Path(source.file).stem
    runs = []
    for reference in ("", name):
        given = replace(recipe, reference=reference)
        folder = tmp_path / (reference or "none")
        run = Run(given, Data(tiny_data, tmp_path), folder, device="cpu", say=lambda line: None)
        list(run.train())
        runs.append(run)
    before, after = (run.trainer.kept.mlp[-1].bias.clone() for run in runs)
    assert torch.equal(before, after)
    models = [run.finish() for run in runs]
    before, after = (run.trainer.kept.mlp[-1].bias for run in runs)
    assert torch.equal(before[[0, 2]], after[[0, 2]])
    assert before[1] != after[1]
    assert torch.equal(after, after.half().float())
    assert models[0].config.temperature != models[1].config.temperature
