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

_CLIMBS = 12
_POLISHES = 12
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
        probabilities = self._probabilities[:, occupied]
        concentration = np.broadcast_to(
            UNIFORM if prior is None else prior, (len(probabilities), 3)
        )
        peak, curvature = _peak(probabilities, weights, concentration)
        return _sample(probabilities, weights, concentration, peak, curvature)

    def with_fewer(self, recalibrations: int) -> "BayesianQuantifier":
        """The same, quicker and coarser."""
        return _quantifier(self.recalibration, recalibrations)

    def net_by_label(self, counts: Ints | Floats, shares: Floats) -> Floats:
        """What a tweet of each label [3] is expected to add to the net, -1..1.

        `counts` [CELLS] of all tweets and their `shares` [3]. It spreads the corrected net over
        parts of the tweets of which only the labels were counted.
        """
        joint = self._probabilities.mean(axis=0) * shares
        joint /= joint.sum(axis=1, keepdims=True)
        values = joint[:, 2] - joint[:, 0]
        labels = recalibrated(centres(), np.array(IDENTITY)).argmax(axis=1)
        sums = np.bincount(labels, weights=counts * values, minlength=3)
        totals = np.bincount(labels, weights=counts, minlength=3)
        return np.asarray(np.divide(sums, totals, out=np.zeros(3), where=totals > 0))


@lru_cache(maxsize=4)
def _quantifier(recalibration: Recalibration, recalibrations: int) -> BayesianQuantifier:
    return BayesianQuantifier(recalibration, recalibrations=recalibrations)


def _peak(q: Floats, weights: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """The most plausible log-ratios of the shares [m, 2] and the curvature there [m, 2, 2].

    In log-ratios a uniform prior on the shares is a factor of their product, so the peak lies
    inside and is well rounded. Some steps of EM, then Newton's.
    """
    total = weights.sum() + prior.sum(axis=1)
    shares = np.full((len(q), 3), 1 / 3)
    for _ in range(_CLIMBS):
        shares = (_expected(q, weights, shares) + prior) / total[:, None]
    ratios = _to_ratios(shares)
    curvature = np.zeros((len(q), 2, 2))
    for _ in range(_POLISHES):
        shares = _to_shares(ratios)
        gradient, curvature = _slopes(q, weights, prior, shares)
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        ratios = ratios + step * np.minimum(1, _LONGEST_STEP / np.maximum(longest, 1e-12))
        if longest.max() < 1e-6:
            break
    return ratios, curvature


def _expected(q: Floats, weights: Floats, shares: Floats) -> Floats:
    """How many tweets of each class [m, 3] are expected among those seen, given the shares."""
    joint = q * shares[:, None, :]
    total = joint.sum(axis=2)
    return np.asarray(np.einsum("k,mky->my", weights, joint / total[:, :, None]))


def _slopes(q: Floats, weights: Floats, prior: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """Gradient and negative curvature of the log-posterior in log-ratios ([m, 2], [m, 2, 2])."""
    joint = q * shares[:, None, :]
    each = joint[:, :, [0, 2]] / joint.sum(axis=2)[:, :, None]  # [m, k, 2]
    sides = shares[:, [0, 2]]
    expected = np.einsum("k,mka->ma", weights, each)
    total = weights.sum() + prior.sum(axis=1)
    gradient = expected + prior[:, [0, 2]] - total[:, None] * sides
    certain = total[:, None, None] * _covariance(sides)
    uncertain = np.einsum("k,mka,mkb->mab", weights, each, each)
    unknown = expected[:, :, None] * np.eye(2) - uncertain
    curvature = certain - unknown
    # Far from the peak the surface can bend the other way; there EM's own bound serves.
    bends = (np.linalg.det(curvature) <= 1e-9) | (curvature[:, 0, 0] <= 0)
    curvature[bends] = certain[bends]
    return gradient, curvature


def _covariance(sides: Floats) -> Floats:
    return np.asarray(sides[:, :, None] * (np.eye(2) - sides[:, None, :]))


def _sample(
    q: Floats, weights: Floats, prior: Floats, peak: Floats, curvature: Floats
) -> Plausible:
    """Importance sampling: draws around each peak, weighted by the log-posterior itself."""
    offsets, log_proposal = _offsets()  # [s, 2], [s]
    root = np.linalg.cholesky(np.linalg.inv(curvature)) * _WIDER
    ratios = peak[:, None, :] + np.einsum("mab,sb->msa", root, offsets)
    shares = _to_shares(ratios)  # [m, s, 3]
    mixture = np.einsum("msy,mky->msk", shares, q)
    log_posterior = np.log(mixture) @ weights
    log_posterior += (prior[:, None, :] * np.log(shares)).sum(axis=2)
    logs = log_posterior - log_proposal
    plausibility = np.exp(logs - logs.max(axis=1, keepdims=True))
    plausibility /= plausibility.sum(axis=1, keepdims=True) * len(q)
    return Plausible(shares.reshape(-1, 3), plausibility.ravel(), len(q))


@lru_cache
def _offsets() -> tuple[Floats, Floats]:
    """Normal draws spread evenly over the plane (Halton's sequence), and their log-density."""
    normal = NormalDist()
    points = np.array(
        [[normal.inv_cdf(_halton(i, base)) for base in (2, 3)] for i in range(1, DRAWS + 1)]
    )
    points -= points.mean(axis=0)
    return points, -0.5 * (points**2).sum(axis=1)


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
    logits = np.stack([ratios[..., 0], np.zeros(ratios.shape[:-1]), ratios[..., 1]], axis=-1)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares = powers / powers.sum(axis=-1, keepdims=True)
    return np.asarray(shares.clip(1e-12))
