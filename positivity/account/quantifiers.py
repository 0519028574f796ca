"""The published quantifiers: predictions of many tweets -> the shares of the classes among them.

Each is a plain function of arrays, for any number of classes. Counting a classifier's labels
(classify and count) is biased whenever the shares differ from those of the training tweets; the
others correct that, each under the assumption that only the shares have changed (prior shift).

Forman (2008), "Quantifying counts and costs via classification"; Bella et al. (2010),
"Quantification via probability estimators"; Bunse (2022), "On multi-class extensions of adjusted
classify and count"; Saerens, Latinne and Decaestecker (2002), "Adjusting the outputs of a
classifier to new a priori probabilities".
"""

from itertools import combinations
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


def classify_and_count(labels: Ints, classes: int = 3) -> Floats:
    """CC (Forman 2008): the share [classes] of each label among `labels` [n]."""
    return np.asarray(np.bincount(labels, minlength=classes) / len(labels))


def probabilistic_classify_and_count(posteriors: Floats) -> Floats:
    """PCC (Bella et al. 2010): the mean of the posteriors [n, classes]."""
    return np.asarray(posteriors.mean(axis=0))


def adjusted_count(labels: Ints, rates: Floats) -> Floats:
    """ACC (Forman 2008): the shares that best explain the counts, given the error rates.

    `rates` [classes, classes]: row y holds how often a tweet of class y gets each label.
    """
    return solve_on_simplex(rates.T, classify_and_count(labels, len(rates)))


def probabilistic_adjusted_count(posteriors: Floats, rates: Floats) -> Floats:
    """PACC (Bella et al. 2010): the shares that best explain the mean posteriors [n, classes].

    `rates` [classes, classes]: row y holds the mean posteriors of tweets of class y.
    """
    return solve_on_simplex(rates.T, probabilistic_classify_and_count(posteriors))


def hard_rates(labels: Ints, gold: Ints, classes: int = 3) -> Floats:
    """How often a tweet of each class (row) got each label (column)."""
    return soft_rates(np.eye(classes)[labels], gold)


def soft_rates(posteriors: Floats, gold: Ints) -> Floats:
    """The mean posteriors (columns) of the tweets of each class (rows).

    A class without tweets is taken to be recognised without error.
    """
    rates = np.eye(posteriors.shape[1])
    for label in np.unique(gold):
        rates[label] = posteriors[gold == label].mean(axis=0)
    return rates


def expectation_maximization(
    posteriors: Floats,
    prior: Floats,
    *,
    weights: Floats | None = None,
    tolerance: float = 1e-10,
    steps: int = 100_000,
) -> Floats:
    """EMQ or SLD (Saerens et al. 2002): the shares with the highest likelihood.

    `posteriors` [n, classes] are calibrated for tweets whose classes have the shares `prior`;
    `weights` [n] count a row several times. Stops when no share moves by `tolerance` in a step.
    """
    likelihoods = posteriors / prior
    weight = np.ones(len(posteriors)) if weights is None else weights
    shares = np.asarray(prior, np.float64)
    for _ in range(steps):
        joint = likelihoods * shares
        new = weight @ (joint / joint.sum(axis=1, keepdims=True)) / weight.sum()
        if np.abs(new - shares).max() < tolerance:
            return np.asarray(new)
        shares = new
    return shares


def solve_on_simplex(matrix: Floats, target: Floats) -> Floats:
    """The shares p with the least |matrix p - target| (Bunse 2022), exactly.

    The best point lies inside one of the faces of the simplex, which are few: on each the problem
    is a linear one, and the best of those that are shares is the answer.
    """
    classes = len(target)
    best, least = np.full(classes, 1 / classes), np.inf
    for size in range(1, classes + 1):
        for face in combinations(range(classes), size):
            shares = _on_face(matrix, target, list(face))
            distance = float(np.linalg.norm(matrix @ shares - target))
            if shares.min() >= 0 and distance < least - 1e-12:
                best, least = shares, distance
    return best


def _on_face(matrix: Floats, target: Floats, face: list[int]) -> Floats:
    """The least-squares solution whose entries sum to 1 and are 0 outside of the face."""
    last, others = matrix[:, face[-1]], matrix[:, face[:-1]]
    free = np.linalg.lstsq(others - last[:, None], target - last, rcond=None)[0]
    shares = np.zeros(matrix.shape[1])
    shares[face] = [*free, 1 - free.sum()]
    return shares
