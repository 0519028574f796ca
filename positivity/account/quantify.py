"""Scored tweets -> the shares of negative, neutral and positive ones, each with an interval.

Where it is known how the model errs (its `quantification.json`), the shares are corrected for that
and the interval covers it: see `posterior.py`. Where it is not, this is classify-and-count: the
share of a label is the share of the tweets that got it, the model's mistakes are not corrected and
not in the interval, and the report says so.

A share of n tweets is a whole number of them, so intervals are widened to the next whole tweet.
With few tweets this matters: that no tweet at all is negative must be possible.
"""

from dataclasses import dataclass, field

import numpy as np

from positivity.account.posterior import CELLS, LEVEL, BayesianQuantifier, Plausible
from positivity.account.quantifiers import Floats, Ints
from positivity.account.report import Estimate

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2  # the columns of the probabilities and of every count here

REPLICATES = 2_000
BOTH_SIDES = 1 - 2 * (1 - LEVEL)  # the central interval whose ends are one-sided bounds
SHARE_DIGITS = 4
NET_DIGITS = 2


@dataclass(slots=True)
class Tallied:
    """What is kept of scored tweets: counts of their labels [3] and of their cells [CELLS]."""

    labels: Ints = field(default_factory=lambda: np.zeros(3, np.int64))
    cells: dict[int, int] = field(default_factory=dict)

    def add(self, labels: Ints, cells: Ints) -> None:
        """Count tweets by their labels [n] and cells [n]."""
        self.labels = self.labels + np.bincount(labels, minlength=3)
        for cell, number in zip(*_counted(cells), strict=True):
            self.cells[cell] = self.cells.get(cell, 0) + number

    def merge(self, other: "Tallied") -> None:
        """Count what another one has counted, too."""
        self.labels = self.labels + other.labels
        for cell, number in other.cells.items():
            self.cells[cell] = self.cells.get(cell, 0) + number

    def dense(self) -> Ints:
        """The counts of all cells [CELLS]."""
        counts = np.zeros(CELLS, np.int64)
        counts[list(self.cells)] = list(self.cells.values())
        return counts


def tally_by(parts: dict[int, Tallied], numbers: Ints, labels: Ints, cells: Ints) -> None:
    """Count tweets in the parts of their numbers [n], by their labels [n] and cells [n]."""
    found, where = np.unique(numbers, return_inverse=True)
    of_part = [parts.setdefault(number, Tallied()) for number in found.tolist()]
    table = np.bincount(where * 3 + labels, minlength=3 * len(found)).reshape(-1, 3)
    for part, row in zip(of_part, table, strict=True):
        part.labels = part.labels + row
    for key, number in zip(*_counted(where * CELLS + cells), strict=True):
        place, cell = divmod(key, CELLS)
        counts = of_part[place].cells
        counts[cell] = counts.get(cell, 0) + number


def _counted(values: Ints) -> tuple[list[int], list[int]]:
    found, numbers = np.unique(values, return_counts=True)
    return found.tolist(), numbers.tolist()


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares in 0..1, net in -100..100, opinion = positive / (positive + negative)."""

    negative: Estimate
    neutral: Estimate
    positive: Estimate
    net: Estimate
    opinion: Estimate | None
    bounds: Estimate | None = None  # opinion between its one-sided 95 % bounds; not if counted
    lasting: float = 0.0  # part of the variance of `opinion` that more tweets would not remove
    net_lasting: float = 0.0  # the same of `net`


def quantify(
    tallied: Tallied,
    quantifier: BayesianQuantifier | None,
    *,
    seed: int,
    effect: float = 1.0,
    prior: Floats | None = None,
) -> Shares | None:
    """The shares behind tallied tweets; None without tweets.

    Args:
        quantifier: corrects for the model's errors; None: the labels are counted.
        seed: of the draws behind the intervals of counted labels.
        effect: how many of these tweets are worth one drawn independently (at least 1).
        prior: Dirichlet parameters of the shares, [3] or for each recalibration [m, 3].
    """
    if not tallied.labels.any():
        return None
    if quantifier is None:
        return _counted_shares(tallied.labels, seed, effect)
    plausible = quantifier.plausible(tallied.dense(), effect=effect, prior=prior)
    return shares_of(plausible, int(tallied.labels.sum()))


def shares_of(plausible: Plausible, tweets: int) -> Shares:
    """Expected shares and intervals of a number of tweets."""
    mean = plausible.mean
    negative, neutral, positive = (
        _estimate(mean[label], plausible.interval(plausible.shares[:, label]), tweets)
        for label in (NEGATIVE, NEUTRAL, POSITIVE)
    )
    drawn_net = plausible.shares[:, POSITIVE] - plausible.shares[:, NEGATIVE]
    net = _net(mean[POSITIVE] - mean[NEGATIVE], plausible.interval(drawn_net), tweets)
    opinions = plausible.shares[:, POSITIVE] / (
        plausible.shares[:, POSITIVE] + plausible.shares[:, NEGATIVE]
    )
    with_opinion = mean[POSITIVE] + mean[NEGATIVE]
    # How many tweets have an opinion is not known; that all of these agree must be possible.
    one = 1 / max(1.0, tweets * with_opinion)
    opinion, bounds = (
        _rounded(
            mean[POSITIVE] / with_opinion,
            0.0 if low < one else low,
            1.0 if high > 1 - one else high,
            SHARE_DIGITS,
        )
        for low, high in (plausible.interval(opinions), plausible.interval(opinions, BOTH_SIDES))
    )
    lasting = plausible.lasting(opinions)
    net_lasting = plausible.lasting(drawn_net)
    return Shares(negative, neutral, positive, net, opinion, bounds, lasting, net_lasting)


def counted_plausible(observed: Ints, seed: int, effect: float) -> Plausible:
    """Shares of counted labels [3], as the Bayesian bootstrap (Rubin 1981) has them.

    They are drawn from Dirichlet(counts + 1/2): for one share that is the Jeffreys interval,
    recommended for small n by Brown, Cai and DasGupta (2001), "Interval estimation for a binomial
    proportion".
    """
    draws = np.random.default_rng(seed).dirichlet(observed / effect + 0.5, REPLICATES)
    return Plausible(draws, np.full(REPLICATES, 1 / REPLICATES), groups=1)


def net_estimate(value: float, differences: Plausible) -> Estimate:
    """A difference of nets (-2..2) and its interval, from draws [n, 1], as points (-200..200)."""
    low, high = differences.interval(differences.shares[:, 0])
    return _rounded(100 * value, 100 * low, 100 * high, NET_DIGITS)


def _counted_shares(observed: Ints, seed: int, effect: float) -> Shares:
    """Classify-and-count."""
    total = int(observed.sum())
    plausible = counted_plausible(observed, seed, effect)
    draws = plausible.shares
    negative, neutral, positive = (
        _estimate(observed[label] / total, plausible.interval(draws[:, label]), np.inf)
        for label in (NEGATIVE, NEUTRAL, POSITIVE)
    )
    drawn_net = draws[:, POSITIVE] - draws[:, NEGATIVE]
    value = (observed[POSITIVE] - observed[NEGATIVE]) / total
    net = _net(value, plausible.interval(drawn_net), np.inf)
    opinion = None
    if opinions := observed[POSITIVE] + observed[NEGATIVE]:
        drawn = draws[:, POSITIVE] / (draws[:, POSITIVE] + draws[:, NEGATIVE])
        interval = plausible.interval(drawn)
        opinion = _estimate(observed[POSITIVE] / opinions, interval, np.inf)
    return Shares(negative, neutral, positive, net, opinion)


def _estimate(value: float, interval: tuple[float, float], tweets: float) -> Estimate:
    low, high = _whole_tweets(interval, tweets)
    return _rounded(value, max(0.0, low), min(1.0, high), SHARE_DIGITS)


def _net(value: float, interval: tuple[float, float], tweets: float) -> Estimate:
    low, high = _whole_tweets(interval, tweets)
    return _rounded(100 * value, 100 * max(-1.0, low), 100 * min(1.0, high), NET_DIGITS)


def _whole_tweets(interval: tuple[float, float], tweets: float) -> tuple[float, float]:
    """An interval of shares, widened to whole tweets."""
    low, high = interval
    if not np.isfinite(tweets):
        return low, high
    return float(np.floor(low * tweets) / tweets), float(np.ceil(high * tweets) / tweets)


def _rounded(value: float, low: float, high: float, digits: int) -> Estimate:
    bounds = (value, min(low, value), max(high, value))
    return Estimate(*(round(float(bound), digits) + 0.0 for bound in bounds))  # + 0.0: no -0.0
