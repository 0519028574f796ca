"""How often two accounts are called different that are not, and how often those that are.

    python -m benchmarks.compare LABELLED.parquet [--model base] [--scratch FOLDER] [--pairs 200]
    python -m benchmarks.compare LABELLED.parquet --topics TOPICS.parquet
    python -m benchmarks.compare LABELLED.parquet --timelines TIMELINES.parquet

LABELLED is as for `benchmarks/quantify`, from which the data sets and bags come. The tweets of
an account are drawn from the eval part of a data set; the recalibration is fitted on dev of the
sets that neither account comes from. Accounts of up to 100 tweets are drawn without replacement and
share no tweet; larger ones are simulated ("sim").

one kind         both accounts from one data set
different kinds  from two, which differ in subject, time and the people who labelled them

A planted difference of d moves d / 2 of the tweets from one side to the other, which side being
drawn. Ten accounts are ten with equal shares: counted is whether any of their 45 pairs is called.

`--fill` writes the figures into docs/how-sure.md.

`--topics`: topics as accounts, labelled by the same people on SemEval's five points (subtask CE).
`--timelines` (user, created_at, text): random halves of the days of real accounts.

Rules beside the program's two: "intervals apart", that the accounts' own 95 % intervals do not
overlap, and "counted", the program's rule on labels as they are counted.
"""

import argparse
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import documents
from benchmarks.quantify.changes import accounts
from benchmarks.quantify.tweets import (
    Simulated,
    Tweets,
    by_set,
    fitted,
    scored,
    shares_in_tweets,
)
from positivity.account.clusters import Days
from positivity.account.comparison import Nets, Sample, chance, difference, holm, nets_of
from positivity.account.posterior import BayesianQuantifier, cells_of
from positivity.account.quantify import Tallied, quantify
from positivity.account.report import Estimate
from positivity.analysis import quantifier_of
from positivity.model import registry
from positivity.model.scorer import Scorer
from positivity.training.quantification import SCORE_DIGITS

SIZES = ((50, 50), (100, 100))
SIMULATED = ((200, 200), (800, 800), (100, 800))
PLANTED = (0, 20, 40, 60)  # points of net
RULES = ("default", "alike", "intervals apart", "counted")
MANY = 10
HALVES = 10  # of every real account


def sampled(bag: Tweets, seed: int = 0) -> Sample:
    tallied = Tallied()
    tallied.add(bag.probabilities.argmax(axis=1), cells_of(bag.probabilities))
    return Sample(tallied, 1.0, seed)


def called(samples: list[Sample], quantifier: BayesianQuantifier) -> dict[str, bool]:
    """Whether any pair of accounts is called different, by rule."""
    known = {
        "default": [nets_of(each, quantifier, alike=False) for each in samples],
        "alike": [nets_of(each, quantifier, alike=True) for each in samples],
        "counted": [nets_of(each, None, alike=True) for each in samples],
    }
    found = {name: bool((adjusted(nets) < 0.05).any()) for name, nets in known.items()}
    own = [own_interval(each, quantifier) for each in samples]
    found["intervals apart"] = any(
        one.low > other.high or other.low > one.high for one, other in combinations(own, 2)
    )
    return found


def adjusted(nets: list[Nets]) -> np.ndarray:
    return holm(np.array([chance(one, other) for one, other in combinations(nets, 2)]))


def own_interval(sample: Sample, quantifier: BayesianQuantifier) -> Estimate:
    shares = quantify(sample.tallied, quantifier, seed=0, effect=sample.effect)
    assert shares is not None
    return shares.net


def planted_shares(difference: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Shares of two accounts whose nets differ by so many points."""
    moved = difference / 200
    side = rng.choice([0, 2])
    while True:
        shares = rng.dirichlet([1, 1, 1])
        if shares[side] >= moved:
            other = shares.copy()
            other[side] -= moved
            other[2 - side] += moved
            return shares, other


def drawn(
    pools: list[Tweets], shares: list[np.ndarray], sizes: list[int], rng: np.random.Generator
) -> list[Sample] | None:
    """Accounts that share no tweet; None where the pools have too few."""
    left = {
        id(pool): [rng.permutation(np.flatnonzero(pool.gold == c)) for c in range(3)]
        for pool in pools
    }
    found = []
    for pool, share, size in zip(pools, shares, sizes, strict=True):
        rows = []
        for label, number in enumerate(shares_in_tweets(share, size)):
            free = left[id(pool)][label]
            if len(free) < number:
                return None
            rows.append(free[:number])
            left[id(pool)][label] = free[number:]
        found.append(sampled(pool.take(np.concatenate(rows))))
    return found


def pairs(
    sets: dict[str, dict[str, Tweets]], number: int, seed: int
) -> Iterator[dict[str, object]]:
    """A row for each pair, or ten, of accounts."""
    quantifiers: dict[frozenset[str], BayesianQuantifier] = {}
    simulated = {name: Simulated(each["eval"]) for name, each in sets.items()}
    for turn in range(number):
        rng = np.random.default_rng([seed, turn])
        for kind, names in kinds(list(sets), rng):
            fit_on = frozenset(sets) - set(names)
            if fit_on not in quantifiers:
                dev = {name: sets[name]["dev"] for name in sorted(fit_on)}
                quantifiers[fit_on] = BayesianQuantifier(fitted(dev))
            quantifier = quantifiers[fit_on]
            for planted in PLANTED:
                for sizes in (*SIZES, *SIMULATED):
                    shares = list(planted_shares(planted, rng))
                    samples = (
                        drawn([sets[each]["eval"] for each in names], shares, list(sizes), rng)
                        if sizes in SIZES
                        else [
                            sampled(simulated[name].draw(shares_in_tweets(share, size), rng))
                            for name, share, size in zip(names, shares, sizes, strict=True)
                        ]
                    )
                    if samples:
                        yield row(kind, sizes, planted, called(samples, quantifier))
            equal = rng.dirichlet([1, 1, 1])
            ten = [
                sampled(simulated[names[i % 2]].draw(shares_in_tweets(equal, 200), rng))
                for i in range(MANY)
            ]
            yield row(f"{kind}, ten accounts", (200,), 0, called(ten, quantifier))


def kinds(names: list[str], rng: np.random.Generator) -> Iterator[tuple[str, tuple[str, str]]]:
    one = str(rng.choice(names))
    first, second = rng.choice(names, 2, replace=False).tolist()
    yield "one kind", (one, one)
    yield "different kinds", (first, second)


def row(
    kind: str, sizes: tuple[int, ...], planted: int, found: dict[str, bool]
) -> dict[str, object]:
    name = " and ".join(str(each) for each in dict.fromkeys(sizes))
    simulated = " (sim)" if max(sizes) > max(SIZES[-1]) else ""
    return {"kind": kind, "tweets": name + simulated, "planted": planted, **found}


def table(rows: pd.DataFrame) -> str:
    lines = [
        f"| accounts | tweets | difference | {' | '.join(RULES)} | pairs |",
        f"|---|---|---|{'---|' * (len(RULES) + 1)}",
    ]
    order = [
        "one kind",
        "one kind, ten accounts",
        "different kinds",
        "different kinds, ten accounts",
    ]
    for kind in order:
        of_kind = rows[rows.kind == kind]
        for (planted, tweets), part in of_kind.groupby(["planted", "tweets"], sort=False):
            cells = [f"{100 * part[rule].mean():.1f} %" for rule in RULES]
            lines.append(f"| {kind} | {tweets} | {planted} | {' | '.join(cells)} | {len(part)} |")
    return "\n".join(lines)


def topics(path: Path, sets: dict[str, dict[str, Tweets]], model: registry.ModelDirectory) -> str:
    """Pairs of topics of 2016 dev and devtest, whose true nets are known."""
    tweets = pd.read_parquet(path)
    tweets = tweets[(tweets.year == 2016) & (tweets.subtask == "CE")]
    tweets = tweets[tweets.split.isin(["dev", "devtest"])]
    scores = Scorer.load(model, device="cpu", exact=True).score(tweets.text.tolist())
    tweets[["negative", "neutral", "positive"]] = scores.astype(float).round(SCORE_DIGITS)
    quantifier = BayesianQuantifier(
        fitted({name: each["dev"] for name, each in sets.items() if name != "semeval2016"})
    )
    samples, nets = [], []
    for _, own in tweets.groupby("topic"):
        gold = np.sign(own.label.astype(int).to_numpy())
        probabilities = own[["negative", "neutral", "positive"]].to_numpy()
        samples.append(sampled(Tweets(gold + 1, probabilities)))
        nets.append(100 * gold.mean())
    lines = [
        "| rule | pairs | interval of the difference holds it | called different | of these the "
        "other way round | called of pairs within 5 points |",
        "|---|---|---|---|---|---|",
    ]
    for rule, alike, used in (
        ("default", False, quantifier),
        ("alike", True, quantifier),
        ("counted", True, None),
    ):
        known = [nets_of(each, used, alike=alike) for each in samples]
        found = []
        for i, j in combinations(range(len(known)), 2):
            estimate, true = difference(known[i], known[j]), nets[i] - nets[j]
            different = chance(known[i], known[j]) < 0.05
            found.append(
                {
                    "held": estimate.low <= true <= estimate.high,
                    "different": different,
                    "wrong": different and estimate.value * true < 0,
                    "near": abs(true) <= 5,
                }
            )
        each = pd.DataFrame(found)
        wrong = each[each.different].wrong.mean()
        lines.append(
            f"| {rule} | {len(each)} | {100 * each.held.mean():.1f} % "
            f"| {100 * each.different.mean():.1f} % | {100 * wrong:.1f} % "
            f"| {100 * each[each.near].different.mean():.1f} % of {each.near.sum()} |"
        )
    return "\n".join(lines)


def halves(path: Path, model: registry.ModelDirectory, seed: int) -> str:
    """How often two random halves of the days of a real account are called different."""
    quantifier = quantifier_of(model)
    rng = np.random.default_rng(seed)
    rows = []
    for days, probabilities in accounts(path, model):
        labels, cells = probabilities.argmax(axis=1), cells_of(probabilities)
        different = np.unique(days)
        for _ in range(HALVES):
            first = np.isin(days, rng.permutation(different)[: len(different) // 2])
            samples = []
            for part in (first, ~first):
                tallied, by_day = Tallied(), Days()
                tallied.add(labels[part], cells[part])
                by_day.add(days[part], labels[part])
                samples.append(Sample(tallied, by_day.design_effect(), seed))
            assert quantifier is not None
            rows.append(called(samples, quantifier))
    each = pd.DataFrame(rows)
    cells_ = " | ".join(f"{100 * each[rule].mean():.1f} %" for rule in RULES)
    return (
        f"| pairs of halves | {' | '.join(RULES)} |\n|---|{'---|' * len(RULES)}\n"
        f"| {len(each)} | {cells_} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--scratch", type=Path, default=Path("scratch"))
    parser.add_argument("--pairs", type=int, default=200, help="of each kind, size and difference")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--topics", type=Path, help="only topics as accounts")
    parser.add_argument("--timelines", type=Path, help="only halves of real accounts")
    parser.add_argument("--fill", action="store_true", help="write the figures into the document")
    options = parser.parse_args()
    model = registry.load(options.model)
    if options.timelines:
        name, text = "halves", halves(options.timelines, model, options.seed)
    else:
        sets = by_set(scored(options.labelled, model, options.scratch))
        if options.topics:
            name, text = "topic-pairs", topics(options.topics, sets, model)
        else:
            rows = pd.DataFrame(pairs(sets, options.pairs, options.seed))
            name, text = "planted", table(rows)
    print(text)
    if options.fill:
        documents.fill(documents.HOW_SURE, name, text)


if __name__ == "__main__":
    main()
