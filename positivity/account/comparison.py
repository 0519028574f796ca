"""Which of several accounts are more positive than others: called only where the tweets show it.

All accounts are quantified under the same recalibrations of the classifier, so the doubt that they
share falls out of a difference. How much they share is a matter of what they are. Tweets of one
kind (halves of an account, say) share all of it. Different accounts share the doubt about how the
classifier errs on average; how it errs on each of them is each one's own, and taking that for
shared would call many accounts different that are not (docs/how-sure.md has the figures). Each
account's design effect widens its part of the doubt.

With many accounts there are many pairs, and some would differ by chance: Holm's (1979) procedure
keeps the chance of calling any pair different that is not below 5 %.

An account's rank is the range of places that this leaves open: 1 + how many are surely above it, to
the number of accounts less those surely below it. As all pairs hold together in 95 of 100 cases, so
do all ranks (Mogstad, Romano, Shaikh and Wilhelm 2024, "Inference for ranks").
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from positivity.account.posterior import LEVEL, BayesianQuantifier, Plausible
from positivity.account.quantifiers import Floats, Ints
from positivity.account.quantify import (
    NEGATIVE,
    NET_DIGITS,
    POSITIVE,
    Tallied,
    counted_plausible,
)
from positivity.account.report import Comparison, Difference, Estimate, Rank, Report

P_DIGITS = 4
PAIRS_LIMIT = (
    "Two accounts differ when chance would bring it about in fewer than 5 of 100 comparisons, all "
    "pairs of one taken together; an account may have each of the ranks given."
)
OWN_LIMIT = (
    "How the classifier errs is taken to differ from account to account; of tweets that are all of "
    "one kind smaller differences could be told."
)
ALIKE_LIMIT = (
    "The classifier is taken to err alike on all of them, as asked; where their tweets are of "
    "different kinds, differences are called that are none."
)
_POINTS = 16  # of the normal distribution under one recalibration, for the interval
_CERTAIN = 8.0  # standard deviations from 0, beyond which a sign is taken as certain


@dataclass(frozen=True, slots=True)
class Sample:
    """The counted tweets of one account."""

    tallied: Tallied
    effect: float  # how many of them are worth one drawn independently
    seed: int  # of the draws behind counted labels

    @property
    def tweets(self) -> int:
        return int(self.tallied.labels.sum())


@dataclass(frozen=True, slots=True)
class Nets:
    """Mean and variance of an account's net (-1..1) under each recalibration, [recalibrations]."""

    mean: Floats
    variance: Floats


def compare(
    accounts: Sequence[tuple[Report, Sample]],
    quantifier: BayesianQuantifier | None,
    *,
    alike: bool = False,
) -> Comparison:
    """Ranks accounts by their net, the most positive first; those without tweets come last.

    Args:
        quantifier: corrects for the model's errors; None: the labels are counted.
        alike: their tweets are of one kind, so that the classifier errs alike on all of them.
    """
    ordered = sorted(accounts, key=lambda each: _place(each[0]))
    nets = [nets_of(sample, quantifier, alike=alike) for _, sample in ordered if sample.tweets]
    subjects = [report.subject for report, _ in ordered]
    pairs = tuple(_differences(nets, subjects))
    ranks = _ranks(len(nets), pairs)
    return Comparison(
        sentence=_sentence(subjects[: len(nets)], ranks, pairs),
        alike=alike,
        reports=tuple(report for report, _ in ordered),
        ranks=(*ranks, *[None] * (len(ordered) - len(nets))),
        pairs=pairs,
        limits=_limits(quantifier, alike) if pairs else (),
    )


def _place(report: Report) -> tuple[float, str]:
    return (-report.net.value if report.net else math.inf, report.subject)


def nets_of(sample: Sample, quantifier: BayesianQuantifier | None, *, alike: bool) -> Nets:
    """What is known of an account's net, for its differences from others."""
    effect = min(sample.effect, sample.tweets)
    if quantifier is None:
        return _moments(counted_plausible(sample.tallied.labels, sample.seed, effect), shared=1.0)
    shared = 1.0 if alike else quantifier.recalibration.shared
    return _moments(quantifier.plausible(sample.tallied.dense(), effect=effect), shared)


def _moments(plausible: Plausible, shared: float) -> Nets:
    """The part `shared` of the variance between recalibrations stays there; the rest is noise."""
    nets = plausible.shares[:, POSITIVE] - plausible.shares[:, NEGATIVE]
    nets = nets.reshape(plausible.groups, -1)
    weights = plausible.weights.reshape(plausible.groups, -1)
    weights = weights / weights.sum(axis=1, keepdims=True)
    mean = (weights * nets).sum(axis=1)
    spread = (weights * (nets - mean[:, None]) ** 2).sum(axis=1)
    # Where all weight is on one draw there is nothing to tell the spread from.
    within = spread / np.maximum(1 - (weights**2).sum(axis=1), 1 / weights.shape[1])
    return Nets(
        mean.mean() + np.sqrt(shared) * (mean - mean.mean()), within + (1 - shared) * mean.var()
    )


def _differences(nets: Sequence[Nets], subjects: Sequence[str]) -> Iterator[Difference]:
    """Every account less every one below it."""
    found = [
        (first, second) for first in range(len(nets)) for second in range(first + 1, len(nets))
    ]
    if not found:
        return
    chances = np.array([chance(nets[first], nets[second]) for first, second in found])
    for (first, second), p_value in zip(found, holm(chances).tolist(), strict=True):
        yield Difference(
            first=first,
            second=second,
            first_subject=subjects[first],
            second_subject=subjects[second],
            net=difference(nets[first], nets[second]),
            p_value=round(p_value, P_DIGITS),
            different=p_value < 1 - LEVEL,
        )


def _by_recalibration(first: Nets, second: Nets) -> tuple[Floats, Floats]:
    """Mean and standard deviation of a difference under each recalibration."""
    return first.mean - second.mean, np.sqrt(first.variance + second.variance)


def chance(first: Nets, second: Nets) -> float:
    """Twice how plausible it is that the difference has the other sign, 0..1."""
    mean, deviation = _by_recalibration(first, second)
    below = float(np.mean([_normal_below(each) for each in (-mean / deviation).tolist()]))
    return min(1.0, 2 * min(below, 1 - below))


def _normal_below(value: float) -> float:
    """The standard normal distribution function."""
    if abs(value) > _CERTAIN:
        return float(value > 0)
    return 0.5 * math.erfc(-value / math.sqrt(2))


def difference(first: Nets, second: Nets) -> Estimate:
    """The difference of the nets in points (-200..200), with the 95 % interval of this pair."""
    mean, deviation = _by_recalibration(first, second)
    values = 100 * (mean[:, None] + deviation[:, None] * _points()).ravel()
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    bounds = (100 * mean.mean(), low, high)
    return Estimate(*(round(float(each), NET_DIGITS) + 0.0 for each in bounds))  # no -0.0


@lru_cache
def _points() -> Floats:
    """Equally likely points [_POINTS] of the standard normal distribution, of variance 1."""
    normal = NormalDist()
    points = np.array([normal.inv_cdf((i + 0.5) / _POINTS) for i in range(_POINTS)])
    return np.asarray(points / points.std())


def holm(chances: Floats) -> Floats:
    """P-values [n] allowed for their number (Holm 1979), in the order given."""
    order: Ints = np.argsort(chances, kind="stable")
    scaled = chances[order] * np.arange(len(chances), 0, -1)
    adjusted = np.empty(len(chances))
    adjusted[order] = np.maximum.accumulate(scaled).clip(max=1.0)
    return adjusted


def _ranks(number: int, pairs: Sequence[Difference]) -> list[Rank]:
    """The places [number] that are left open by the pairs that differ."""
    above, below = [0] * number, [0] * number
    for pair in pairs:
        if pair.different:
            higher, lower = pair.first, pair.second
            if pair.net.value < 0:
                higher, lower = lower, higher
            above[lower] += 1
            below[higher] += 1
    return [Rank(1 + over, number - under) for over, under in zip(above, below, strict=True)]


def _sentence(subjects: Sequence[str], ranks: Sequence[Rank], pairs: Sequence[Difference]) -> str:
    """What came out of it, most positive account first."""
    if len(subjects) < 2:
        return "fewer than two of them have tweets: there is nothing to compare"
    if len(pairs) == 1:
        return _of_two(pairs[0])
    different = sum(pair.different for pair in pairs)
    if not different:
        return f"none of the {len(pairs):,} pairs can be told apart"
    parts = [f"{different:,} of the {len(pairs):,} pairs differ"]
    if ranks[0].worst == 1:
        parts.append(f"{subjects[0]} is more positive than all others")
    if ranks[-1].best == len(ranks):
        parts.append(f"{subjects[-1]} is less positive than all others")
    return "; ".join(parts)


def _of_two(pair: Difference) -> str:
    low, high = round(pair.net.low), round(pair.net.high)
    if pair.different:
        low = min(low, 199) if pair.net.low < 200 else low  # all there is only where it is reached
        by = f"{f'{low} to' if low > 0 else 'up to'} {high} points of net positivity"
        return f"{pair.first_subject} is more positive than {pair.second_subject}, by {by}"
    return (
        f"which of {pair.first_subject} and {pair.second_subject} is more positive cannot be "
        f"told: {_signed(low)} to {_signed(high)} points of net positivity lie between them"
    )


def _signed(points: int) -> str:
    """As the figures beside it are written: +31, 0 or −8."""
    return f"{points:+}".replace("-", "−") if points else "0"


def _limits(quantifier: BayesianQuantifier | None, alike: bool) -> tuple[str, ...]:
    if quantifier is None or not quantifier.recalibration.crosses_domains:
        return (PAIRS_LIMIT,)
    return (PAIRS_LIMIT, ALIKE_LIMIT if alike else OWN_LIMIT)
