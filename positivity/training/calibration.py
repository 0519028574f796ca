"""Fits the calibration of a model on its development sets: the temperature of its logits."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Where a few development tweets are all told right, the loss has its least at temperature 0.
_LEAST_TEMPERATURE = 0.01
_MOST_TEMPERATURE = 1000.0


def fit_temperature(logits: Sequence[Tensor], gold: Sequence[NDArray[np.int64]]) -> float:
    """The temperature by which to divide all logits, with the least log-loss (Guo et al. 2017).

    Every set counts the same, and every class within a set: the probabilities are those of tweets
    with as many negative as neutral as positive ones among them. Tweets that any sharpening fits
    better, as a few that are all told right, have no best temperature: it is 1 then.

    There is no bias beside it. One for neutral, or for each side, fits the topics of a development
    set (docs/model.md).

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
    temperature = log_temperature.exp().item()
    if not temperature >= _LEAST_TEMPERATURE:  # NaN fails this, too
        return 1.0
    return round(min(temperature, _MOST_TEMPERATURE), 6)


def _balanced(gold: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.bincount(gold, minlength=3)
    return np.asarray(1.0 / (counts[gold] * np.count_nonzero(counts)))
