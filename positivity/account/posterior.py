"""The Bayesian quantifier: probabilities of many tweets -> plausible shares of the classes.

The likelihood of shares p, given the tweets' calibrated probabilities, is the one that EMQ climbs
(Saerens, Latinne and Decaestecker 2002): the product over the tweets of sum_y p_y q_y, with q for
equal shares. Where EMQ takes its peak, this takes the whole of it under a uniform prior on the
shares, as Bayesian quantification does for the labels (Ziegler and Czyż 2024, "Bayesian
quantification with black-box estimators"), and repeats that for plausible recalibrations of the
classifier. So the result holds both doubts: which tweets were seen, and how the classifier errs on
such tweets. The recalibrations are not themselves judged by the tweets (Plummer 2015, "Cuts in
Bayesian graphical models"): tweets without labels say little about them and could mislead.

The tweets enter as counts of cells of a fixed grid over the probabilities, so that a stream of any
length fits in flat memory and neither its order nor its batches matter.
"""

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from positivity.account.quantifiers import Floats, Ints
from positivity.recalibration import IDENTITY, Recalibration, log_ratios, recalibrated

STEP = 0.5  # of the grid, in log-ratios
REACH = 10  # steps to each side of even
SIDE = 2 * REACH + 1
CELLS = SIDE * SIDE

RECALIBRATIONS = 128
DRAWS = 16  # of the shares for each of them
UNIFORM = 1.0  # parameter of the Dirichlet prior under which all shares are as plausible
LEVEL = 0.95

# The probabilities of each class [recalibrations, cells]: three arrays, for sums over an axis as
# short as that of the classes cost more than all else.
ByClass = list[Floats]

_CLIMBS = 4
_POLISHES = 12
_MET = 1e-3  # log-ratios
_FARTHEST = 50.0  # log-ratios
_LONGEST_STEP = 1.5
_WIDER = 1.25  # the proposals' spread, as a factor of the curvature's


def cells_of(probabilities: Floats) -> Ints:
    """The cell [n] of each tweet's probabilities [n, 3]."""
    steps = np.rint(log_ratios(probabilities) / STEP).clip(-REACH, REACH).astype(np.int64) + REACH
    return np.asarray(steps[:, 0] * SIDE + steps[:, 1])


@lru_cache
def centres() -> Floats:
    """The log-ratios [CELLS, 2] in the middle of each cell."""
    steps = (np.arange(SIDE) - REACH) * STEP
    return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(CELLS, 2)


@dataclass(frozen=True, slots=True)
class Plausible:
    """Plausible shares [draws, 3] and how plausible each is (weights [draws], sum 1)."""

    shares: Floats
    weights: Floats

    groups: int  # the draws come in this many groups of one recalibration each

    @property
    def mean(self) -> Floats:
        """The expected shares [3]."""
        return np.asarray(self.weights @ self.shares)

    def interval(self, values: Floats, level: float = LEVEL) -> tuple[float, float]:
        """The central interval of a quantity with `values` [draws]."""
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(self.weights[order]) - 0.5 * self.weights[order]
        tails = ((1 - level) / 2, (1 + level) / 2)
        low, high = np.interp(tails, reached, values[order])
        return float(low), float(high)

    def by_recalibration(self, values: Floats | None = None) -> Floats:
        """The expected shares [groups, 3], or the expected `values` [draws] ([groups])."""
        weights = self.weights.reshape(self.groups, -1)
        weights = weights / weights.sum(axis=1, keepdims=True)
        if values is None:
            return np.asarray(
                np.einsum("gs,gsy->gy", weights, self.shares.reshape(self.groups, -1, 3))
            )
        return np.asarray((weights * values.reshape(self.groups, -1)).sum(axis=1))

    def lasting(self, values: Floats) -> float:
        """The part in 0..1 of a quantity's variance that more tweets would not remove."""
        variance = self.weights @ (values - self.weights @ values) ** 2
        return float(self.by_recalibration(values).var() / variance) if variance > 0 else 0.0


class BayesianQuantifier:
    """Turns counts of cells into plausible shares."""

    def __init__(
        self, recalibration: Recalibration, *, recalibrations: int = RECALIBRATIONS
    ) -> None:
        self.recalibration = recalibration
        parameters = recalibration.draws(recalibrations)
        self._probabilities = recalibrated(centres(), parameters)  # [recalibrations, CELLS, 3]

    def plausible(
        self, counts: Ints | Floats, *, effect: float = 1.0, prior: Floats | None = None
    ) -> Plausible:
        """The shares behind the `counts` [CELLS].

        Args:
            effect: how many of these tweets are worth one drawn independently (at least 1).
            prior: Dirichlet parameters [recalibrations, 3] or [3]; uniform by default.
        """
        occupied = np.flatnonzero(counts)
        weights = np.asarray(counts, np.float64)[occupied] / effect
        by_class = [np.ascontiguousarray(self._probabilities[:, occupied, i]) for i in range(3)]
        concentration = np.broadcast_to(
            UNIFORM if prior is None else prior, (len(self._probabilities), 3)
        )
        peak, curvature = _peak(by_class, weights, concentration)
        return _sample(by_class, weights, concentration, peak, curvature)

    def with_fewer(self, recalibrations: int) -> "BayesianQuantifier":
        """The same, quicker and coarser."""
        return _quantifier(self.recalibration, recalibrations)

    def net_by_label(self, counts: Ints | Floats, shares: Floats, labels: Ints) -> Floats:
        """What a tweet of each label [3] is expected to add to the net, -1..1.

        `counts` [CELLS] and `labels` [3] of all tweets, and their `shares` [3]. It spreads the
        corrected net over parts of the tweets of which only the labels were counted. A cell holds
        tweets of two labels where it lies at a border, so the parts come to some points more or
        less than the net, which are shared out.
        """
        joint = self._probabilities.mean(axis=0) * shares
        joint /= joint.sum(axis=1, keepdims=True)
        values = joint[:, 2] - joint[:, 0]
        of_cell = recalibrated(centres(), np.array(IDENTITY)).argmax(axis=1)
        sums = np.bincount(of_cell, weights=counts * values, minlength=3)
        totals = np.bincount(of_cell, weights=counts, minlength=3)
        found = np.divide(sums, totals, out=np.zeros(3), where=totals > 0)
        beyond = labels @ found / labels.sum() - (shares[2] - shares[0])
        return np.asarray(np.clip(found - beyond, -1, 1))


@lru_cache(maxsize=4)
def _quantifier(recalibration: Recalibration, recalibrations: int) -> BayesianQuantifier:
    return BayesianQuantifier(recalibration, recalibrations=recalibrations)


def _peak(q: ByClass, weights: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """The most plausible log-ratios of the shares [m, 2] and the curvature there [m, 2, 2].

    In log-ratios a uniform prior on the shares is a factor of their product, so the peak lies
    inside and is well rounded. Some steps of EM, then Newton's. Draws are spread around the peak
    and weighed by the likelihood itself: it need not be met to the last digit.
    """
    total = weights.sum() + prior.sum(axis=1)  # [m]
    shares = np.full((len(prior), 3), 1 / 3)
    for _ in range(_CLIMBS):
        parts = _parts(q, shares)
        shares = (np.stack([each @ weights for each in parts], axis=1) + prior) / total[:, None]
    ratios = _to_ratios(shares)
    curvature = np.zeros((len(prior), 3))
    for _ in range(_POLISHES):
        gradient, curvature = _slopes(q, weights, prior, _to_shares(ratios))
        step = _solved(curvature, gradient)
        longest = np.abs(step).max(axis=1, keepdims=True)
        ratios = ratios + step * np.minimum(1, _LONGEST_STEP / np.maximum(longest, 1e-12))
        if longest.max() < _MET:
            break
    return ratios, curvature[:, [0, 1, 1, 2]].reshape(-1, 2, 2)


def _parts(q: ByClass, shares: Floats) -> list[Floats]:
    """How likely each class is [m, k] in each cell, given the shares [m, 3]: a list by class."""
    joint = [q[label] * shares[:, label, None] for label in range(3)]
    total = joint[0] + joint[1] + joint[2]
    return [each / total for each in joint]


def _slopes(q: ByClass, weights: Floats, prior: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """Gradient [m, 2] and negative curvature [m, 3] of the log-posterior in log-ratios.

    The curvature is that of the first ratio, of both, of the second.
    """
    first, _, second = _parts(q, shares)  # [m, k]
    sides = shares[:, [0, 2]]
    expected = np.stack([first @ weights, second @ weights], axis=1)
    total = (weights.sum() + prior.sum(axis=1))[:, None]
    gradient = expected + prior[:, [0, 2]] - total * sides
    apart = sides * (1 - sides)
    together = -sides[:, :1] * sides[:, 1:]
    certain = total * np.concatenate([apart[:, :1], together, apart[:, 1:]], axis=1)
    weighed = first * weights
    squares = [(weighed * first).sum(axis=1), (weighed * second).sum(axis=1)]
    squares.append((second * second) @ weights)
    unknown = -np.stack(squares, axis=1)
    unknown[:, [0, 2]] += expected
    curvature = certain - unknown
    # Far from the peak the surface can bend the other way; there EM's own bound serves.
    determinant = curvature[:, 0] * curvature[:, 2] - curvature[:, 1] ** 2
    bends = (determinant <= 1e-9) | (curvature[:, 0] <= 0)
    curvature[bends] = certain[bends]
    return gradient, curvature


def _solved(curvature: Floats, gradient: Floats) -> Floats:
    """Newton's step [m, 2]."""
    a, b, c = curvature.T
    determinant = a * c - b * b
    return np.stack(
        [
            (c * gradient[:, 0] - b * gradient[:, 1]) / determinant,
            (a * gradient[:, 1] - b * gradient[:, 0]) / determinant,
        ],
        axis=1,
    )


def _sample(
    q: ByClass, weights: Floats, prior: Floats, peak: Floats, curvature: Floats
) -> Plausible:
    """Importance sampling: draws around each peak, weighted by the log-posterior itself."""
    offsets, log_proposal = _offsets(len(peak))  # [m, s, 2], [m, s]
    root = np.linalg.cholesky(np.linalg.inv(curvature)) * _WIDER
    ratios = peak[:, None, :] + offsets @ root.transpose(0, 2, 1)
    shares = _to_shares(ratios)  # [m, s, 3]
    mixture = sum(shares[:, :, label, None] * q[label][:, None, :] for label in range(3))
    log_posterior = np.log(mixture) @ weights  # of [m, s, k]
    log_posterior += (prior[:, None, :] * np.log(shares)).sum(axis=2)
    logs = log_posterior - log_proposal
    plausibility = np.exp(logs - logs.max(axis=1, keepdims=True))
    plausibility /= plausibility.sum(axis=1, keepdims=True) * len(peak)
    return Plausible(shares.reshape(-1, 3), plausibility.ravel(), len(peak))


@lru_cache(maxsize=8)
def _offsets(groups: int) -> tuple[Floats, Floats]:
    """Draws around the peaks of so many recalibrations [groups, s, 2], and their log-density.

    Normal draws, spread evenly over the plane (Halton's sequence). Every recalibration takes the
    next few: the same few for all would hardly reach into the tails, and all would miss what one
    misses. Each group is centred, so that its mean is hardly moved by which few it got.
    """
    normal = NormalDist()
    numbers = range(1, groups * DRAWS + 1)
    points = np.array([[normal.inv_cdf(_halton(i, base)) for base in (2, 3)] for i in numbers])
    points = points.reshape(groups, DRAWS, 2)
    points -= points.mean(axis=1, keepdims=True)
    return points, -0.5 * (points**2).sum(axis=2)


def _halton(index: int, base: int) -> float:
    value, part = 0.0, 1.0
    while index:
        part /= base
        index, digit = divmod(index, base)
        value += part * digit
    return value


def _to_ratios(shares: Floats) -> Floats:
    logs = np.log(shares)
    return np.asarray(logs[..., [0, 2]] - logs[..., [1]])


def _to_shares(ratios: Floats) -> Floats:
    powers = np.ones((*ratios.shape[:-1], 3))
    np.exp(ratios.clip(-_FARTHEST, _FARTHEST), out=powers[..., ::2])
    total = powers[..., 0] + powers[..., 1] + powers[..., 2]
    return np.asarray((powers / total[..., None]).clip(1e-12))
