"""How right the shares, their intervals and the verdict are, on bags of tweets of known shares.

in domain      fitted on a random two thirds of a data set's dev tweets, bags from its eval tweets;
               in simulation the fit is on as many simulated tweets
halves         the same where fit and test are alike: dev and eval together, cut in random halves
across domains fitted on dev of the other three data sets (two thirds of each), bags from eval of
               the fourth: four cases
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.quantify.tweets import Simulated, Tweets, fitted
from positivity.account import quantifiers
from positivity.account.posterior import CELLS, BayesianQuantifier, Plausible, cells_of, centres
from positivity.account.quantify import shares_of
from positivity.account.report import Estimate
from positivity.account.verdict import DELTA, LABELS, NOT_ENOUGH, judge
from positivity.recalibration import Recalibration, recalibrated

UNIFORM = np.full(3, 1 / 3)
CC, OURS, KNOWS = "CC", "Bayesian", "knows the error rates"
METHODS = (CC, "ACC", "PCC", "PACC", "EMQ", "EMQ recalibrated", OURS, KNOWS)
IN_DOMAIN, HALVES, ACROSS = "in domain", "halves", "across domains"
INTERVALS = ["coverage", "net coverage", "r coverage", "width"]


class Methods:
    """All quantifiers, fitted on the same tweets; one more knows the error rates of the pool."""

    def __init__(self, fit: dict[str, Tweets], knows: Recalibration) -> None:
        together = [(each.gold, each.probabilities) for each in fit.values()]
        self._hard = np.mean(
            [quantifiers.hard_rates(p.argmax(axis=1), gold) for gold, p in together], axis=0
        )
        self._soft = np.mean([quantifiers.soft_rates(p, gold) for gold, p in together], axis=0)
        recalibration = fitted(fit)
        self._center = recalibrated(centres(), np.array(recalibration.mean))
        self._bayesian = BayesianQuantifier(recalibration)
        self._knows = BayesianQuantifier(certain(knows))

    def points(self, bag: Tweets) -> dict[str, np.ndarray]:
        """The shares [3] by the methods that give no interval."""
        p, labels = bag.probabilities, bag.probabilities.argmax(axis=1)
        counts = np.bincount(cells_of(p), minlength=CELLS).astype(float)
        there = counts > 0
        em = quantifiers.expectation_maximization
        raw = p.clip(1e-4)
        return {
            CC: quantifiers.classify_and_count(labels),
            "ACC": quantifiers.adjusted_count(labels, self._hard),
            "PCC": quantifiers.probabilistic_classify_and_count(p),
            "PACC": quantifiers.probabilistic_adjusted_count(p, self._soft),
            "EMQ": em(raw / raw.sum(axis=1, keepdims=True), UNIFORM, tolerance=1e-6, steps=2000),
            "EMQ recalibrated": em(
                self._center[there], UNIFORM, weights=counts[there], tolerance=1e-6, steps=2000
            ),
        }

    def intervals(self, bag: Tweets, rng: np.random.Generator) -> dict[str, Plausible]:
        """Plausible shares by the methods that give an interval."""
        counts = np.bincount(cells_of(bag.probabilities), minlength=CELLS)
        labels = np.bincount(bag.probabilities.argmax(axis=1), minlength=3)
        draws = rng.dirichlet(labels + 0.5, 2000)
        return {
            CC: Plausible(draws, np.full(2000, 1 / 2000), groups=1),
            OURS: self._bayesian.plausible(counts),
            KNOWS: self._knows.plausible(counts),
        }


def certain(recalibration: Recalibration) -> Recalibration:
    """The same without doubt."""
    none = tuple(tuple(0.0 for _ in row) for row in recalibration.covariance)
    return replace(recalibration, covariance=none, freedom=None)


Row = dict[str, object]


def measure(methods: Methods, bag: Tweets, rng: np.random.Generator) -> Iterator[Row]:
    """A row for each method: its errors and, where it gives one, its interval and verdict."""
    size = len(bag.gold)
    true = np.bincount(bag.gold, minlength=3) / size
    points = methods.points(bag)
    intervals = methods.intervals(bag, rng)
    points |= {name: each.mean for name, each in intervals.items() if name not in points}
    for name in METHODS:
        row: Row = {"method": name, "size": size, **errors(true, points[name], size)}
        if name in intervals:
            row |= covers(true, intervals[name], size)
        yield row


def errors(true: np.ndarray, found: np.ndarray, size: int) -> Row:
    """AE, and RAE and KLD smoothed with 1/2n as SemEval has it."""
    epsilon = 1 / (2 * size)
    p, q = ((each + epsilon) / (1 + 3 * epsilon) for each in (true, found))
    return {
        "MAE": np.abs(true - found).mean(),
        "RAE": (np.abs(p - q) / p).mean(),
        "KLD": (p * np.log(p / q)).sum(),
    }


def covers(true: np.ndarray, plausible: Plausible, size: int) -> Row:
    shares = shares_of(plausible, size)
    estimates = (shares.negative, shares.neutral, shares.positive)
    held = [within(value, each) for value, each in zip(true, estimates, strict=True)]
    opinions = true[0] + true[2]
    row: Row = {
        "coverage": np.mean(held),
        "width": np.mean([each.high - each.low for each in estimates]),
        "net coverage": within(100 * (true[2] - true[0]), shares.net),
        "true net": 100 * (true[2] - true[0]),
    }
    if opinions and shares.opinion:
        r = true[2] / opinions
        label = judge(shares.opinion, bounds=shares.bounds)
        row |= {"speaks": label != NOT_ENOUGH, "wrong": label != NOT_ENOUGH and not holds(label, r)}
        row |= {"true r": r, "r coverage": within(r, shares.opinion)}
    return row


def within(value: float, estimate: Estimate) -> bool:
    return bool(estimate.low - 1e-4 <= value <= estimate.high + 1e-4)


def holds(label: str, r: float) -> bool:
    """Whether what a verdict claims of r is so."""
    positive, negative, mixed, _ = LABELS
    return {positive: r > 0.5 + DELTA, negative: r < 0.5 - DELTA, mixed: abs(r - 0.5) <= 2 * DELTA}[
        label
    ]


def cases(sets: dict[str, dict[str, Tweets]], splits: int, bags: int, seed: int) -> Iterator[Row]:
    """Every bag of every setting."""
    for name in sets:
        dev, held = sets[name]["dev"], sets[name]["eval"]
        both = together(dev, held)
        simulated = Simulated(held)
        many = simulated.draw([20_000] * 3, np.random.default_rng(seed))
        knows, knows_many = fitted({name: held.without_topics()}), fitted({name: many})
        for split in range(splits):
            rng = np.random.default_rng([seed, split])
            # As what ships: it is fitted on tweets whose topics are not told.
            others = {
                other: each["dev"].without_topics().part(2 / 3, rng)[0]
                for other, each in sets.items()
                if other != name
            }
            half, other_half = both.part(0.5, rng)
            like_dev = simulated.draw(np.bincount(dev.gold, minlength=3), rng)
            settings: list[tuple[str, dict[str, Tweets], Tweets | Simulated, Recalibration]] = [
                (IN_DOMAIN, {name: dev.part(2 / 3, rng)[0]}, held, knows),
                (HALVES, {name: half}, other_half, fitted({name: other_half})),
                (ACROSS, others, held, knows),
                (IN_DOMAIN, {name: like_dev}, simulated, knows_many),
                (ACROSS, others, simulated, knows_many),
            ]
            for setting, fit, pool, known in settings:
                methods = Methods(fit, known)
                for size in pool.sizes():
                    for _ in range(bags):
                        for row in measure(methods, pool.bag(size, rng), rng):
                            yield {"setting": setting, "case": name, "split": split, **row}


def together(first: Tweets, second: Tweets) -> Tweets:
    """Both, without their topics: random parts of them are on the same ones."""
    return Tweets(
        np.concatenate([first.gold, second.gold]),
        np.concatenate([first.probabilities, second.probabilities]),
    )
