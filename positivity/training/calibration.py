"""Fits the calibration of a model on its development sets."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def fit_calibration(
    logits: Sequence[Tensor], gold: Sequence[NDArray[np.int64]]
) -> tuple[float, tuple[float, float, float]]:
    """Temperature and bias with the least log-loss (Guo et al. 2017).

    Every development set counts the same, and every class within a set: the probabilities are those
    of tweets with as many negative as neutral as positive ones among them.

    Args:
        logits: of each set [tweets, 3].
        gold: labels of each set [tweets] in 0..2.
    """
    stacked = torch.cat(list(logits)).double()
    labels = torch.from_numpy(np.concatenate(list(gold)))
    weights = torch.from_numpy(np.concatenate([_balanced(each) for each in gold]))
    log_temperature = torch.zeros(1, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(3, dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [log_temperature, bias], max_iter=200, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        scaled = (stacked + bias) / log_temperature.exp()
        losses = torch.nn.functional.cross_entropy(scaled, labels, reduction="none")
        total = (losses * weights).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    centred = (bias - bias.mean()).detach()
    negative, neutral, positive = (round(float(value), 6) for value in centred)
    return round(float(log_temperature.exp()), 6), (negative, neutral, positive)


def _balanced(gold: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.bincount(gold, minlength=3)
    return np.asarray(1.0 / (counts[gold] * np.count_nonzero(counts)))
