"""The measures, against numbers worked out by hand and scikit-learn-free definitions."""

import numpy as np
import pytest

from positivity.evaluation import calibration_error, evaluate


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


@pytest.mark.parametrize("tweets", [0, 2])
def test_shapes_must_fit(tweets: int) -> None:
    with pytest.raises(ValueError, match="gold labels"):
        evaluate(np.zeros((3 if tweets else 0, 3)), np.zeros(tweets, int))
