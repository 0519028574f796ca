"""Fits the calibration of a model on its development sets."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def fit_temperature(logits: Sequence[Tensor], gold: Sequence[NDArray[np.int64]]) -> float:
    """The temperature with the least log-loss (Guo et al. 2017): logits are divided by it.

    Every development set counts the same, and every class within a set: the probabilities are those
    of tweets with as many negative as neutral as positive ones among them. A bias fitted as well
    moved the border between neutral and the rest to where the four sets drew it on average, and
    cost macro recall on three of them.

    Args:
        logits: of each set [tweets, 3].
        gold: labels of each set [tweets] in 0..2.
    """
    stacked = torch.cat(list(logits)).double()
    labels = torch.from_numpy(np.concatenate(list(gold)))
    weights = torch.from_numpy(np.concatenate([_balanced(each) for each in gold]))
    log_temperature = torch.zeros(1, dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        scaled = stacked / log_temperature.exp()
        losses = torch.nn.functional.cross_entropy(scaled, labels, reduction="none")
        total = (losses * weights).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return round(log_temperature.exp().item(), 6)


def _balanced(gold: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.bincount(gold, minlength=3)
    return np.asarray(1.0 / (counts[gold] * np.count_nonzero(counts)))
