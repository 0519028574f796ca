"""The published quantifiers, by hand and beside QuaPy on the same inputs."""

import warnings
from typing import Any

import numpy as np
import pytest

from positivity.account import quantifiers as q

CLASSES = 3


def made_up(seed: int, shares: list[float], size: int = 400) -> tuple[Any, Any]:
    """Posteriors [n, 3] calibrated for a uniform prior, and gold labels [n]."""
    rng = np.random.default_rng(seed)
    gold = rng.choice(CLASSES, size, p=shares)
    centres = np.array([[1.0, 0, -0.5], [0, 0.7, 0], [-0.4, 0, 1.2]])
    logits = centres[gold] + rng.normal(size=(size, CLASSES))
    log_density = -0.5 * ((logits[:, None] - centres) ** 2).sum(axis=2)
    density = np.exp(log_density)
    return density / density.sum(axis=1, keepdims=True), gold


CASES = [
    (1, [1 / 3, 1 / 3, 1 / 3]),
    (2, [0.1, 0.6, 0.3]),
    (3, [0.8, 0.1, 0.1]),
    (4, [0.0, 0.05, 0.95]),
    (5, [0.5, 0.0, 0.5]),
    (6, [0.02, 0.96, 0.02]),
]


@pytest.fixture(scope="module")
def quapy() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("quapy")
        from quapy.method import aggregative
    return aggregative


@pytest.mark.parametrize(("seed", "shares"), CASES)
@pytest.mark.filterwarnings("ignore")
def test_the_same_as_quapy(quapy: Any, seed: int, shares: list[float]) -> None:
    from sklearn.dummy import DummyClassifier

    fitted_on, gold = made_up(100, [1 / 3, 1 / 3, 1 / 3], 900)
    bag, _ = made_up(seed, shares)
    labels, fit_labels = bag.argmax(axis=1), fitted_on.argmax(axis=1)
    model = DummyClassifier().fit(np.zeros((CLASSES, 1)), np.arange(CLASSES))

    cc = quapy.CC(model, fit_classifier=False)
    assert q.classify_and_count(labels) == pytest.approx(cc.aggregate(labels), abs=1e-6)
    pcc = quapy.PCC(model, fit_classifier=False)
    assert q.probabilistic_classify_and_count(bag) == pytest.approx(pcc.aggregate(bag), abs=1e-6)

    hard = quapy.ACC.getPteCondEstim(model.classes_, gold, fit_labels)
    assert pytest.approx(hard, abs=1e-12) == q.hard_rates(fit_labels, gold).T
    soft = quapy.PACC.getPteCondEstim(model.classes_, gold, fitted_on)
    assert pytest.approx(soft, abs=1e-12) == q.soft_rates(fitted_on, gold).T
    assert q.adjusted_count(labels, hard.T) == pytest.approx(
        constrained(hard, cc.aggregate(labels)), abs=1e-6
    )
    assert q.probabilistic_adjusted_count(bag, soft.T) == pytest.approx(
        constrained(soft, pcc.aggregate(bag)), abs=1e-6
    )

    uniform = np.full(CLASSES, 1 / CLASSES)
    quapy.EMQ.MAX_ITER = 100_000
    emq, _ = quapy.EMQ.EM(uniform, bag, epsilon=1e-12)
    assert q.expectation_maximization(bag, uniform, tolerance=1e-12) == pytest.approx(emq, abs=1e-6)
    skewed = np.array([0.2, 0.5, 0.3])
    emq, _ = quapy.EMQ.EM(skewed, bag, epsilon=1e-12)
    assert q.expectation_maximization(bag, skewed, tolerance=1e-12) == pytest.approx(emq, abs=1e-6)


def constrained(rates: Any, counts: Any) -> Any:
    """QuaPy's adjustment, its solver run to convergence.

    As called by `ACC.solve_adjustment` SLSQP stops at a gain of 1e-6 in the distance itself, which
    leaves the shares off by up to 1e-3; the square of the distance has the same minimum and is
    smooth.
    """
    from quapy import functional
    from scipy.optimize import minimize

    def squared(shares: Any) -> float:
        return float(1e4 * ((rates @ shares - counts) ** 2).sum())

    start = functional.uniform_prevalence(CLASSES)
    found = minimize(
        squared,
        start,
        method="SLSQP",
        bounds=[(0, 1)] * CLASSES,
        constraints={"type": "eq", "fun": lambda shares: 1 - shares.sum()},
        options={"ftol": 1e-16, "maxiter": 1000},
    )
    return functional.normalize_prevalence(found.x, method="clip")


@pytest.mark.parametrize(("seed", "shares"), CASES)
def test_quapy_as_it_stands_agrees_to_its_own_precision(
    quapy: Any, seed: int, shares: list[float]
) -> None:
    fitted_on, gold = made_up(100, [1 / 3, 1 / 3, 1 / 3], 900)
    bag, _ = made_up(seed, shares)
    soft = q.soft_rates(fitted_on, gold)
    theirs = quapy.ACC.solve_adjustment(
        soft.T, bag.mean(axis=0), method="inversion", solver="minimize"
    )
    assert q.probabilistic_adjusted_count(bag, soft) == pytest.approx(theirs, abs=2e-3)


def test_adjusting_undoes_known_error_rates() -> None:
    rates = np.array([[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.0, 0.1, 0.9]])
    shares = np.array([0.5, 0.2, 0.3])
    assert q.solve_on_simplex(rates.T, shares @ rates) == pytest.approx(shares, abs=1e-12)
    beyond = q.solve_on_simplex(rates.T, np.array([0.9, 0.05, 0.05]))
    assert beyond == pytest.approx([1, 0, 0])


def test_a_class_never_seen_is_taken_as_recognised() -> None:
    rates = q.hard_rates(np.array([0, 0, 2]), np.array([0, 0, 2]))
    assert rates.tolist() == np.eye(3).tolist()


def test_weights_are_repetitions() -> None:
    bag, _ = made_up(3, [0.5, 0.2, 0.3], 40)
    uniform = np.full(3, 1 / 3)
    times = np.arange(40) % 4
    repeated = q.expectation_maximization(np.repeat(bag, times, axis=0), uniform)
    weighted = q.expectation_maximization(bag, uniform, weights=times.astype(float))
    assert weighted == pytest.approx(repeated, abs=1e-8)


def test_emq_finds_the_shares_of_a_large_bag() -> None:
    bag, gold = made_up(9, [0.15, 0.25, 0.6], 40_000)
    found = q.expectation_maximization(bag, np.full(3, 1 / 3))
    assert found == pytest.approx(np.bincount(gold) / len(gold), abs=0.015)
    counted = q.classify_and_count(bag.argmax(axis=1))
    assert abs(counted - [0.15, 0.25, 0.6]).max() > 0.03
