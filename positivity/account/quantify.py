"""Label counts -> the shares of negative, neutral and positive tweets, each with an interval.

This is classify-and-count: the share of a label is the share of the tweets that got it. The
classifier's own mistakes are not corrected and not in the interval; `INTERVAL_LIMIT` says so.

The interval is that of the Bayesian bootstrap (Rubin 1981) over the three labels with Jeffreys'
prior: shares are drawn from Dirichlet(counts + 1/2). Resampling the tweets themselves is a
multinomial draw and gives almost the same interval when every label has many tweets. With few
tweets, or a label that never occurs, it collapses to width 0, as if three positive tweets out of
three proved that there is nothing else. The half tweet per label keeps the interval open, and for
one share it is the Jeffreys interval, recommended for small n by Brown, Cai and DasGupta (2001),
"Interval estimation for a binomial proportion"; as they advise, the interval is stretched to hold
the observed share when that is 0 or 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from positivity.account.report import Estimate

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2  # the columns of the probabilities and of every count here

REPLICATES = 2_000
QUANTILES = (0.025, 0.975)
SHARE_DIGITS = 4
NET_DIGITS = 2

INTERVAL_LIMIT = (
    "The intervals cover the chance of having seen these tweets rather than others. "
    "They do not cover the classifier's own mistakes, and the shares are not corrected for them."
)

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares in 0..1, net in -100..100, opinion = positive / (positive + negative)."""

    negative: Estimate
    neutral: Estimate
    positive: Estimate
    net: Estimate
    opinion: Estimate | None


def quantify(counts: Sequence[int] | Ints, *, seed: int) -> Shares | None:
    """The shares behind `counts` (negative, neutral, positive); None without tweets."""
    observed = np.asarray(counts, np.float64)
    total = observed.sum()
    if not total:
        return None
    draws = _draw(observed, seed)
    negative, neutral, positive = (
        _estimate(observed[label] / total, draws[:, label], SHARE_DIGITS)
        for label in (NEGATIVE, NEUTRAL, POSITIVE)
    )
    net, opinion = _net(observed, draws), _opinion(observed, draws)
    return Shares(negative, neutral, positive, net, opinion)


def net_positivity(counts: Sequence[int] | Ints, *, seed: int) -> Estimate:
    """Positive minus negative in -100..100 of at least one tweet."""
    observed = np.asarray(counts, np.float64)
    return _net(observed, _draw(observed, seed))


def _draw(observed: Floats, seed: int) -> Floats:
    """Plausible shares, [REPLICATES, 3]."""
    return np.random.default_rng(seed).dirichlet(observed + 0.5, REPLICATES)


def _net(observed: Floats, draws: Floats) -> Estimate:
    value = 100 * (observed[POSITIVE] - observed[NEGATIVE]) / observed.sum()
    return _estimate(value, 100 * (draws[:, POSITIVE] - draws[:, NEGATIVE]), NET_DIGITS)


def _opinion(observed: Floats, draws: Floats) -> Estimate | None:
    opinions = observed[POSITIVE] + observed[NEGATIVE]
    if not opinions:
        return None
    drawn = draws[:, POSITIVE] / (draws[:, POSITIVE] + draws[:, NEGATIVE])
    return _estimate(observed[POSITIVE] / opinions, drawn, SHARE_DIGITS)


def _estimate(value: float, draws: Floats, digits: int) -> Estimate:
    low, high = np.quantile(draws, QUANTILES)
    bounds = (value, min(low, value), max(high, value))
    return Estimate(*(round(float(bound), digits) + 0.0 for bound in bounds))  # + 0.0: no -0.0
