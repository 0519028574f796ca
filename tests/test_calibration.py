"""The calibration of a model: one temperature, of the set that defines the classes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from positivity.training.calibration import fit_temperature
from positivity.training.labelled import Data
from positivity.training.recipe import Recipe, Source, read_recipe
from positivity.training.run import Run

GENERATOR = np.random.default_rng(0)


def drawn(logits: NDArray[np.float64]) -> NDArray[np.int64]:
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    return np.array([GENERATOR.choice(3, p=each) for each in shares])


def test_a_temperature_is_found_again() -> None:
    true = GENERATOR.normal(size=(30_000, 3)) * 1.5
    gold = drawn(true)
    logits = torch.from_numpy(true * 2.0)  # as a network has them that is too sure
    assert fit_temperature([logits], [gold]) == pytest.approx(2.0, abs=0.12)


def test_every_class_counts_the_same() -> None:
    true = GENERATOR.normal(size=(30_000, 3)) * 1.5
    gold = drawn(true)
    logits = torch.from_numpy(true * 2.0)
    rare = (gold != 1) | (np.arange(len(gold)) % 10 == 0)  # most of neutral left out
    assert fit_temperature([logits[rare]], [gold[rare]]) == pytest.approx(2.0, abs=0.12)


def test_tweets_that_are_all_told_right_leave_the_logits_as_they_are() -> None:
    gold = np.array([0, 1, 2, 2])
    assert fit_temperature([torch.eye(3)[gold] * 0.1], [gold]) == 1


def test_tweets_that_are_all_told_wrong_have_a_finite_temperature() -> None:
    gold = np.array([0, 1, 2, 2])
    assert 1 < fit_temperature([torch.eye(3)[(gold + 1) % 3] * 4], [gold]) <= 1000


def test_a_reference_has_to_be_a_development_set() -> None:
    dev = (Source(file="a.csv", name="mine"),)
    with pytest.raises(ValueError, match="reference 'yours' is none of the development sets: mine"):
        Recipe(name="x", dev=dev, reference="yours")
    assert Recipe(name="x", dev=dev, reference="mine").reference == "mine"


def test_the_temperature_is_that_of_the_reference(tiny_data: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(recipe, Recipe)
    lines = (tiny_data / "dev.csv").read_text(encoding="utf-8").splitlines()
    tweets = [line.split(",", 1) for line in lines[1:]]
    # Every other one has the label of the one before it: who is less sure is right more often.
    wrong = [f"{tweets[row - row % 2][0]},{text}" for row, (_, text) in enumerate(tweets)]
    other = tmp_path / "other.csv"
    other.write_text("\n".join([lines[0], *wrong]) + "\n", encoding="utf-8")
    dev = (*recipe.dev, replace(recipe.dev[0], name="other", file=str(other)))
    temperatures = {}
    for reference in ("", "dev", "other"):
        given = replace(recipe, dev=dev, reference=reference)
        folder = tmp_path / (reference or "none")
        run = Run(given, Data(tiny_data, tmp_path), folder, device="cpu", say=lambda line: None)
        list(run.train())
        temperatures[reference] = run.finish().config.temperature
    assert temperatures["dev"] < temperatures[""] < temperatures["other"]
