"""Texts on which the models that we have do not agree, out of many.

A teacher's time is spent where a student still has to learn: what `base` and `small` both make of a
tweet, the next model will make of it as well. Those of which they differ most are what a teacher is
asked ("query by committee", Seung, Opper and Sompolinsky 1992, with the divergence of the members'
answers from their mean as McCallum and Nigam 1998 have it).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from positivity.model import registry
from positivity.model.scorer import Scorer

_MEMBERS = ("base", "small")
_LEAST = 1e-9  # a probability whose logarithm can be taken


def most_disputed(texts: Sequence[str], size: int) -> NDArray[np.int64]:
    """The rows of those texts on which the shipped models differ most, in their own order."""
    answers = [Scorer.load(registry.load(name)).score(texts) for name in _MEMBERS]
    order = np.argsort(-divergence(answers), kind="stable")
    return np.sort(order[:size])


def divergence(answers: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """How far the members' answers [texts, classes] are from their mean: for each text the mean
    Kullback-Leibler divergence, 0 where all say the same."""
    members = np.stack(answers).astype(np.float64) + _LEAST
    missed = members * np.log(members / members.mean(axis=0))
    return np.asarray(missed.sum(axis=2).mean(axis=0))
