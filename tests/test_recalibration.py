"""Recalibrations: fitted, combined over domains, stored with the model."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from positivity.evaluation import LABELS as NAMES
from positivity.model import registry
from positivity.model.registry import ModelDirectory
from positivity.recalibration import (
    IDENTITY,
    PARAMETERS,
    DomainFit,
    Recalibration,
    combine,
    log_ratios,
    recalibrated,
)
from positivity.training.datasets import read_sets
from positivity.training.labelled import Data
from positivity.training.quantification import (
    ScoredSet,
    fit_domain,
    fit_recalibration,
    quantification_file,
)
from positivity.training.recipe import Source

SHIFTED = np.array([1.3, 0.1, -0.6, 0.05, 0.8, 0.5])


def labelled(parameters: np.ndarray, size: int, seed: int = 0) -> ScoredSet:
    """Gold labels and probabilities that are calibrated once recalibrated by `parameters`."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([1.5, 1.5, 1.5], size)
    right = recalibrated(log_ratios(probabilities), parameters)
    gold = (rng.random(size)[:, None] > right.cumsum(axis=1)).sum(axis=1)
    return ScoredSet(gold, probabilities)


def test_identity_leaves_probabilities_as_they_are() -> None:
    probabilities = np.random.default_rng(1).dirichlet([2, 2, 2], 50)
    again = recalibrated(log_ratios(probabilities), np.array(IDENTITY))
    assert again == pytest.approx(probabilities, abs=1e-3)
    many = recalibrated(log_ratios(probabilities), np.array([IDENTITY, SHIFTED]))
    assert many.shape == (2, 50, 3)
    assert many[0] == pytest.approx(again)


def test_the_fit_is_calibrated_for_equal_shares() -> None:
    tweets = labelled(SHIFTED, 30_000)
    fit = fit_domain(tweets)
    parameters = fit.parameters
    right = recalibrated(log_ratios(tweets.probabilities), parameters)
    counts = np.bincount(tweets.gold, minlength=3)
    weights = 1 / (3 * counts[tweets.gold])
    assert weights @ right == pytest.approx([1 / 3] * 3, abs=1e-3)
    # Slopes do not depend on the shares; the constants are moved by log(share / share).
    assert parameters[[0, 1, 3, 4]] == pytest.approx(SHIFTED[[0, 1, 3, 4]], abs=0.08)
    moved = np.log(counts[1] / counts[[0, 2]])
    assert parameters[[2, 5]] == pytest.approx(SHIFTED[[2, 5]] + moved, abs=0.08)
    assert np.linalg.eigvalsh(fit.covariance).min() > 0


def test_the_covariance_is_that_of_fits_on_other_tweets() -> None:
    fits = [fit_domain(labelled(SHIFTED, 800, seed)) for seed in range(150)]
    seen = np.std([each.parameters for each in fits], axis=0)
    told = np.sqrt(np.mean([np.diag(each.covariance) for each in fits], axis=0))
    assert told == pytest.approx(seen, rel=0.2)
    assert all(each.drift is None for each in fits)


def on_topics(seed: int, number: int = 24) -> ScoredSet:
    """Tweets on topics that differ in where the model lets neutral begin."""
    rng = np.random.default_rng(seed)
    tweets = labelled(SHIFTED, 60 * number, seed)
    topic = np.repeat(np.arange(number), 60)
    factors = np.exp(0.7 * rng.standard_normal(number))[topic]
    misread = tweets.probabilities * np.stack([factors, np.ones(len(topic)), factors], axis=1)
    misread /= misread.sum(axis=1, keepdims=True)
    return ScoredSet(tweets.gold, misread, topic.astype(str).tolist())


def test_topics_tell_how_far_new_tweets_on_others_are() -> None:
    fits = [fit_domain(on_topics(seed)) for seed in range(40)]
    plain = [fit_domain(replace(on_topics(seed), topics=None)) for seed in range(40)]
    seen = np.var([each.parameters for each in fits], axis=0)[[2, 5]]
    told = np.mean([np.diag(each.covariance) for each in fits], axis=0)[[2, 5]]
    missed = np.mean([np.diag(each.covariance) for each in plain], axis=0)[[2, 5]]
    assert told == pytest.approx(seen, rel=0.4)
    assert (missed < 0.5 * seen).all()
    # New tweets have topics of their own, which bring as much again.
    one = fit_recalibration({"one": on_topics(0)})
    assert one is not None and fits[0].drift is not None
    assert np.array(one.covariance) == pytest.approx(fits[0].covariance + fits[0].drift, abs=1e-5)
    assert one.freedom == 23


def test_few_topics_are_passed_over() -> None:
    tweets = on_topics(0, number=6)
    fit, plain = fit_domain(tweets), fit_domain(replace(tweets, topics=None))
    assert fit.drift is None and fit.freedom is None
    assert (fit.covariance == plain.covariance).all()


def test_one_domain_is_known_and_several_differ() -> None:
    sets = {f"s{i}": labelled(SHIFTED + 0.4 * i, 2_000, i) for i in range(3)}
    one = fit_recalibration({"s0": sets["s0"]})
    several = fit_recalibration(sets)
    assert one is not None and several is not None
    assert one.freedom is None
    assert not one.crosses_domains
    assert several.crosses_domains
    assert several.freedom == 4
    assert np.trace(several.covariance) > 5 * np.trace(one.covariance)
    assert np.linalg.eigvalsh(np.array(several.covariance)).min() > 0
    assert several.domains == ("s0", "s1", "s2")
    assert several.tweets == 6_000


def test_sets_with_too_few_of_a_class_are_passed_over() -> None:
    tweets = labelled(SHIFTED, 2_000)
    sided = tweets.gold != 1
    two = ScoredSet(tweets.gold[sided], tweets.probabilities[sided])
    assert fit_recalibration({"two": two}) is None
    assert fit_recalibration({}) is None


def test_draws_have_the_mean_and_covariance() -> None:
    covariance = np.diag([0.01, 0.02, 0.3, 0.01, 0.01, 0.2])
    recalibration = combine(["a"], [DomainFit(np.array(IDENTITY), covariance)], 100)
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


def test_a_source_names_the_column_of_topics(tmp_path: Path) -> None:
    tweets = on_topics(1)
    assert tweets.topics is not None
    rows = [
        f"{NAMES[label]},{topic},text {number}"
        for number, (label, topic) in enumerate(zip(tweets.gold, tweets.topics, strict=True))
    ]
    (tmp_path / "dev.csv").write_text("\n".join(["label,about,text", *rows]) + "\n")
    data = Data(tmp_path, tmp_path)
    (told,) = read_sets([Source(file="dev.csv", topic="about")], data)
    (untold,) = read_sets([Source(file="dev.csv")], data)
    assert told.topics == tweets.topics
    assert untold.topics is None
    logits = torch.from_numpy(np.log(tweets.probabilities))
    wide, narrow = (
        json.loads(quantification_file([each], [logits], 1.0)[registry.QUANTIFICATION])
        for each in (told, untold)
    )
    assert wide["mean"] == narrow["mean"]
    assert wide["covariance"][2][2] > 3 * narrow["covariance"][2][2]
    assert (wide["freedom"], narrow["freedom"]) == (23, None)
