"""The measures, against numbers worked out by hand and scikit-learn-free definitions."""

import numpy as np
import pytest

from positivity.evaluation import area_under_curve, calibration_error, evaluate


def certain(labels: list[int]) -> np.ndarray:
    return np.eye(3)[labels]


def test_by_hand() -> None:
    gold = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
    predicted = [0, 0, 0, 1, 1, 2, 2, 2, 0, 1]
    metrics = evaluate(certain(predicted), gold)
    assert metrics.confusion == ((3, 1, 0), (0, 1, 1), (1, 1, 2))
    assert metrics.macro_recall == pytest.approx((3 / 4 + 1 / 2 + 2 / 4) / 3)
    assert metrics.accuracy == pytest.approx(0.6)
    assert metrics.classes["negative"].precision == pytest.approx(3 / 4)
    assert metrics.classes["negative"].f1 == pytest.approx(3 / 4)
    assert metrics.classes["positive"].f1 == pytest.approx(2 * 2 / (4 + 3))
    assert metrics.f1_positive_negative == pytest.approx((3 / 4 + 4 / 7) / 2)
    assert metrics.calibration_error == pytest.approx(0.4)


def test_classes_that_do_not_occur_are_left_out_of_the_means() -> None:
    metrics = evaluate(certain([0, 2, 1]), np.array([0, 2, 2]))
    assert set(metrics.classes) == {"negative", "positive"}
    assert metrics.macro_recall == pytest.approx((1 + 0.5) / 2)


def test_a_class_never_chosen_has_no_precision_and_no_f1() -> None:
    metrics = evaluate(certain([1, 1]), np.array([0, 1]))
    assert metrics.classes["negative"].precision == 0
    assert metrics.classes["negative"].f1 == 0


def test_calibration_error_of_an_honest_and_of_a_boastful_classifier() -> None:
    generator = np.random.default_rng(0)
    gold = (generator.random(30_000) < 0.3).astype(int)
    honest = np.tile([0.7, 0.3, 0.0], (len(gold), 1))
    boastful = np.tile([0.95, 0.05, 0.0], (len(gold), 1))
    assert calibration_error(honest, gold) < 0.02
    assert calibration_error(boastful, gold) == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("tweets", [15, 30, 300, 1995])
def test_bins_hold_as_many_tweets_each(tweets: int) -> None:
    generator = np.random.default_rng(tweets)
    sure = generator.uniform(0.5, 1, tweets)
    probabilities = np.stack([1 - sure, np.zeros(tweets), sure], axis=1)
    gold = 2 * (generator.random(tweets) < 0.7).astype(int)
    gaps = (sure - (gold == 2))[np.argsort(sure)].reshape(15, -1)
    assert calibration_error(probabilities, gold) == pytest.approx(
        np.abs(gaps.sum(axis=1)).sum() / tweets
    )


def test_balanced_calibration_counts_every_class_alike() -> None:
    # 95 % of the one class are found and 60 % of the other: with as many of each, 0.95 of 1.35
    # that are called negative are, and 0.6 of 0.65 that are called positive.
    negative, positive = [0.95 / 1.35, 0.0, 0.4 / 1.35], [0.05 / 0.65, 0.0, 0.6 / 0.65]
    gold = np.array([0] * 90_000 + [2] * 10_000)
    rows = [negative] * 85_500 + [positive] * 4_500 + [negative] * 4_000 + [positive] * 6_000
    order = np.random.default_rng(0).permutation(len(gold))
    metrics = evaluate(np.array(rows)[order], gold[order])
    assert metrics.calibration_error_balanced == pytest.approx(0, abs=0.02)
    assert metrics.calibration_error > 0.2


def test_chance_says_how_small_a_calibration_error_can_be() -> None:
    generator = np.random.default_rng(1)
    probabilities = generator.dirichlet([1, 1, 1], size=2_000)
    cumulative = probabilities.cumsum(axis=1)
    gold = (generator.random((2_000, 1)) > cumulative).sum(axis=1).clip(0, 2)
    metrics = evaluate(probabilities, gold)
    assert 0.015 < metrics.calibration_error_by_chance < 0.04
    assert abs(metrics.calibration_error_balanced - metrics.calibration_error_by_chance) < 0.02


@pytest.mark.parametrize("tweets", [0, 2])
def test_shapes_must_fit(tweets: int) -> None:
    with pytest.raises(ValueError, match="gold labels"):
        evaluate(np.zeros((3 if tweets else 0, 3)), np.zeros(tweets, int))


def test_the_area_counts_the_pairs_in_order() -> None:
    # Of class 0: two tweets have .8 and .5, the others .5, .1 and .1: 5.5 of 6 pairs.
    rows = [[0.8, 0.2, 0.0], [0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.1, 0.9, 0.0], [0.1, 0.9, 0.0]]
    gold = np.array([0, 0, 1, 1, 1])
    assert area_under_curve(np.array(rows), gold) == pytest.approx(5.5 / 6)
    assert evaluate(np.array(rows), gold).area_under_curve == pytest.approx(5.5 / 6)
    assert area_under_curve(np.array(rows), np.zeros(5, int)) is None


def test_the_area_does_not_depend_on_the_border() -> None:
    generator = np.random.default_rng(2)
    gold = generator.integers(0, 3, 500)
    probabilities = (np.eye(3)[gold] + generator.random((500, 3))) / 3
    moved = probabilities * [1.0, 0.5, 1.0]
    before, after = (
        evaluate(each / each.sum(axis=1, keepdims=True), gold) for each in (probabilities, moved)
    )
    assert before.macro_recall - after.macro_recall > 0.05
    assert after.area_under_curve == pytest.approx(before.area_under_curve, abs=0.01)
    assert area_under_curve(generator.random((500, 3)), gold) == pytest.approx(0.5, abs=0.05)
