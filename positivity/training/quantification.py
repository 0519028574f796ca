"""Fits what the shares of tweets are corrected with: recalibrations and their spread."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from positivity.model import registry
from positivity.recalibration import (
    IDENTITY,
    PARAMETERS,
    DomainFit,
    Recalibration,
    at_least,
    combine,
    log_ratios,
    recalibrated,
)
from positivity.training.datasets import NamedSet

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SCORE_DIGITS = 4  # as scores are rounded before they are counted
_RIDGE = 2.0  # tweets' worth of pull towards leaving the probabilities as they are
_PULL = _RIDGE * np.eye(PARAMETERS)
_STEPS = 50
_FEWEST = 20  # tweets of each class, below which a set says too little
_FEWEST_TOPICS = 10  # below, they say too little of how topics differ


@dataclass(frozen=True, slots=True)
class ScoredSet:
    """Labelled tweets and what the model says of them."""

    gold: Ints  # [n]
    probabilities: npt.NDArray[np.floating]  # [n, 3]
    topics: Sequence[str] | None = None  # of each, where new tweets will be on other topics

    def with_more(self, other: "ScoredSet") -> "ScoredSet":
        """These and more of the same kind; their topics are told where both parts tell theirs."""
        return ScoredSet(
            np.concatenate([self.gold, other.gold]),
            np.concatenate([self.probabilities, other.probabilities]),
            [*self.topics, *other.topics] if self.topics and other.topics else None,
        )


def fit_recalibration(sets: Mapping[str, ScoredSet]) -> Recalibration | None:
    """The recalibration for new tweets, from labelled sets.

    Sets with fewer than 20 tweets of a class are passed over; None when no set is left.
    """
    usable = {
        name: each
        for name, each in sets.items()
        if np.bincount(each.gold, minlength=3).min() >= _FEWEST
    }
    if not usable:
        return None
    fits = [fit_domain(each) for each in usable.values()]
    tweets = sum(len(each.gold) for each in usable.values())
    return combine(list(usable), fits, tweets)


def quantification_file(
    sets: Sequence[NamedSet], logits: Sequence[Tensor], temperature: float
) -> dict[str, bytes]:
    """The file of a model directory, fitted on labelled sets and their logits [n, 3] each.

    Sets of one name are parts of one.

    Without a set that can be used there is no file; the model's labels are then counted as they
    are.
    """
    probabilities = [(each.double() / temperature).softmax(dim=1).numpy() for each in logits]
    by_name: dict[str, ScoredSet] = {}
    for each, of_set in zip(sets, probabilities, strict=True):
        scored = ScoredSet(each.gold, of_set.round(SCORE_DIGITS), each.topics)
        known = by_name.get(each.name)
        by_name[each.name] = scored if known is None else known.with_more(scored)
    recalibration = fit_recalibration(by_name)
    return {registry.QUANTIFICATION: to_json(recalibration)} if recalibration else {}


def to_json(recalibration: Recalibration) -> bytes:
    """The content of `quantification.json`."""
    return json.dumps(recalibration.to_dict(), indent=1).encode() + b"\n"


def fit_domain(scored: ScoredSet) -> DomainFit:
    """The recalibration of one domain.

    A multinomial logistic regression on the two log-ratios, in which every class counts the same,
    by Newton's method; the covariance is that of Huber and White, which allows for the weights and
    for a model that is not quite true. Where topics are known, it is the cluster-robust one
    (Liang and Zeger 1986): a topic's tweets are misread alike. What it is larger by, the error of
    these topics, is also what the new tweets' own topics bring, if they are as many; and it rests
    on as many degrees of freedom as there are topics, less one.
    """
    gold = scored.gold
    ratios = log_ratios(scored.probabilities)
    counts = np.bincount(gold, minlength=3)
    weights = len(gold) / (3 * counts[gold])
    inputs = np.concatenate([ratios, np.ones((len(ratios), 1))], axis=1)
    targets = np.eye(3)[gold][:, [0, 2]]
    parameters = np.array(IDENTITY)
    for _ in range(_STEPS):
        gradients, hessian = _derivatives(parameters, ratios, inputs, targets, weights)
        gradient = gradients.sum(axis=0) - _RIDGE * (parameters - IDENTITY)
        step = np.linalg.solve(hessian + _PULL, gradient)
        parameters = parameters + step * min(1.0, 1.0 / np.abs(step).max())
        if np.abs(step).max() < 1e-9:
            break
    gradients, hessian = _derivatives(parameters, ratios, inputs, targets, weights)
    gradients -= np.array([gradients[gold == label].mean(axis=0) for label in range(3)])[gold]
    bread = np.linalg.inv(hessian + _PULL)
    covariance = bread @ (gradients.T @ gradients + _PULL) @ bread
    topics, numbers = np.unique(scored.topics or [""], return_inverse=True)
    if len(topics) < _FEWEST_TOPICS:
        return DomainFit(parameters, covariance)
    sums = np.zeros((len(topics), PARAMETERS))
    np.add.at(sums, numbers, gradients)
    meat = sums.T @ sums * len(topics) / (len(topics) - 1)
    clustered = at_least(bread @ (meat + _PULL) @ bread, covariance)
    return DomainFit(parameters, clustered, clustered - covariance, len(topics) - 1.0)


def _derivatives(
    parameters: Floats, ratios: Floats, inputs: Floats, targets: Floats, weights: Floats
) -> tuple[Floats, Floats]:
    """Gradients of the log-likelihood by tweet [n, 6] and the Fisher information [6, 6]."""
    sides = recalibrated(ratios, parameters)[:, [0, 2]]
    residuals = weights[:, None] * (targets - sides)
    gradients = (residuals[:, :, None] * inputs[:, None, :]).reshape(len(inputs), PARAMETERS)
    variance = sides[:, :, None] * (np.eye(2) - sides[:, None, :])  # [n, 2, 2]
    hessian = np.einsum("n,nab,ni,nj->aibj", weights, variance, inputs, inputs)
    return gradients, hessian.reshape(PARAMETERS, PARAMETERS)
