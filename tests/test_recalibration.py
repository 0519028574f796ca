"""Recalibrations: fitted, combined over domains, stored with the model."""

import json

import numpy as np
import pytest

from positivity.model import registry
from positivity.model.registry import ModelDirectory
from positivity.recalibration import (
    IDENTITY,
    PARAMETERS,
    Recalibration,
    combine,
    log_ratios,
    recalibrated,
)
from positivity.training.quantification import fit_domain, fit_recalibration

SHIFTED = np.array([1.3, 0.1, -0.6, 0.05, 0.8, 0.5])


def labelled(parameters: np.ndarray, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Gold labels and probabilities that are calibrated once recalibrated by `parameters`."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([1.5, 1.5, 1.5], size)
    right = recalibrated(log_ratios(probabilities), parameters)
    gold = (rng.random(size)[:, None] > right.cumsum(axis=1)).sum(axis=1)
    return gold, probabilities


def test_identity_leaves_probabilities_as_they_are() -> None:
    probabilities = np.random.default_rng(1).dirichlet([2, 2, 2], 50)
    again = recalibrated(log_ratios(probabilities), np.array(IDENTITY))
    assert again == pytest.approx(probabilities, abs=1e-3)
    many = recalibrated(log_ratios(probabilities), np.array([IDENTITY, SHIFTED]))
    assert many.shape == (2, 50, 3)
    assert many[0] == pytest.approx(again)


def test_the_fit_is_calibrated_for_equal_shares() -> None:
    gold, probabilities = labelled(SHIFTED, 30_000)
    parameters, covariance = fit_domain(gold, probabilities)
    right = recalibrated(log_ratios(probabilities), parameters)
    counts = np.bincount(gold, minlength=3)
    weights = 1 / (3 * counts[gold])
    assert weights @ right == pytest.approx([1 / 3] * 3, abs=1e-3)
    # Slopes do not depend on the shares; the constants are moved by log(share / share).
    assert parameters[[0, 1, 3, 4]] == pytest.approx(SHIFTED[[0, 1, 3, 4]], abs=0.08)
    moved = np.log(counts[1] / counts[[0, 2]])
    assert parameters[[2, 5]] == pytest.approx(SHIFTED[[2, 5]] + moved, abs=0.08)
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_the_covariance_is_that_of_fits_on_other_tweets() -> None:
    fits = [fit_domain(*labelled(SHIFTED, 800, seed)) for seed in range(150)]
    seen = np.std([parameters for parameters, _ in fits], axis=0)
    told = np.sqrt(np.mean([np.diag(covariance) for _, covariance in fits], axis=0))
    assert told == pytest.approx(seen, rel=0.2)


def test_one_domain_is_known_and_several_differ() -> None:
    sets = {f"s{i}": labelled(SHIFTED + 0.4 * i, 2_000, i) for i in range(3)}
    one = fit_recalibration({"s0": sets["s0"]})
    several = fit_recalibration(sets)
    assert one is not None and several is not None
    assert one.freedom is None
    assert not one.crosses_domains
    assert several.crosses_domains
    assert several.freedom == 8
    assert np.trace(several.covariance) > 5 * np.trace(one.covariance)
    assert np.linalg.eigvalsh(np.array(several.covariance)).min() > 0
    assert several.domains == ("s0", "s1", "s2")
    assert several.tweets == 6_000


def test_sets_with_too_few_of_a_class_are_passed_over() -> None:
    gold, probabilities = labelled(SHIFTED, 2_000)
    assert fit_recalibration({"two": (gold[gold != 1], probabilities[gold != 1])}) is None
    assert fit_recalibration({}) is None


def test_draws_have_the_mean_and_covariance() -> None:
    covariance = np.diag([0.01, 0.02, 0.3, 0.01, 0.01, 0.2])
    recalibration = combine(["a"], [(np.array(IDENTITY), covariance)], 100)
    draws = recalibration.draws(20_000)
    assert draws.mean(axis=0) == pytest.approx(IDENTITY, abs=1e-2)
    assert np.cov(draws, rowvar=False) == pytest.approx(covariance, abs=0.01)
    assert (recalibration.draws(64) == recalibration.draws(64)).all()


def test_stored_and_read_again() -> None:
    recalibration = fit_recalibration({f"s{i}": labelled(SHIFTED + i, 900, i) for i in range(2)})
    assert recalibration is not None
    content = json.loads(json.dumps(recalibration.to_dict()))
    assert Recalibration.from_dict(content) == recalibration
    assert len(recalibration.mean) == PARAMETERS
    assert Recalibration.from_dict({**content, "format": 99}) is None


def test_training_stores_it_with_the_model(tiny_model: ModelDirectory) -> None:
    recalibration = tiny_model.recalibration()
    assert recalibration is not None
    assert recalibration.domains == ("dev",)
    assert registry.QUANTIFICATION in registry.verify(tiny_model.path)
