"""Fits the calibration of a model on its development sets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from positivity.evaluation import LABELS

# Where a few development tweets are all told right, the loss has its least at temperature 0.
_LEAST_TEMPERATURE = 0.01
_MOST_TEMPERATURE = 1000.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes probabilities of logits."""

    temperature: float = 1.0  # by which all logits are divided
    border: float = 0.0  # what is added to the logit of neutral afterwards


def fit_calibration(
    logits: Sequence[Tensor], gold: Sequence[NDArray[np.int64]], *, border: bool = False
) -> Calibration:
    """The calibration with the least log-loss (Guo et al. 2017).

    Every set counts the same, and every class within a set: the probabilities are those of tweets
    with as many negative as neutral as positive ones among them. The border to neutral is fitted
    where one set says what neutral means; of several sets it would be where they draw it on
    average, which is right for none. The two sides keep their balance: a bias of their own fits
    the topics of a development set. Tweets that any sharpening fits better, as a few that are all
    told right, have no best temperature: the logits are then left as they are.

    Args:
        logits: of each set [tweets, 3].
        gold: labels of each set [tweets] in 0..2.
        border: whether to fit it, too (vector scaling with a single bias).
    """
    stacked = torch.cat(list(logits)).double()
    labels = torch.from_numpy(np.concatenate(list(gold)))
    weights = torch.from_numpy(np.concatenate([_balanced(each) for each in gold]))
    log_temperature = torch.zeros(1, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(1, dtype=torch.double, requires_grad=border)
    fitted = [log_temperature, bias] if border else [log_temperature]
    optimizer = torch.optim.LBFGS(fitted, max_iter=100, line_search_fn="strong_wolfe")
    of_neutral = torch.zeros(stacked.shape[1], dtype=torch.double)
    if border:
        of_neutral[LABELS.index("neutral")] = 1.0

    def loss() -> Tensor:
        optimizer.zero_grad()
        scaled = stacked / log_temperature.exp() + bias * of_neutral
        losses = torch.nn.functional.cross_entropy(scaled, labels, reduction="none")
        total = (losses * weights).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    temperature, added = log_temperature.exp().item(), bias.item()
    if not (temperature >= _LEAST_TEMPERATURE and math.isfinite(added)):  # NaN fails this, too
        return Calibration()
    return Calibration(round(min(temperature, _MOST_TEMPERATURE), 6), round(added, 6))


def _balanced(gold: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.bincount(gold, minlength=3)
    return np.asarray(1.0 / (counts[gold] * np.count_nonzero(counts)))
