"""How right the shares, their intervals and the verdict are, on labelled bags of tweets.

    python benchmarks/quantify.py LABELLED.parquet [--model base] [--scratch FOLDER] [--picture PNG]
    python benchmarks/quantify.py LABELLED.parquet --model base --store

LABELLED has the columns dataset, split, text and label. Its dev and eval tweets are scored once and
the probabilities kept in the scratch folder. What is fitted is fitted on dev, what is quoted is
quoted on eval.

The protocol is APP (Forman 2008): bags of tweets whose shares are drawn uniformly from the simplex,
without replacement, of at most a third of the rarest class of the pool. Larger bags (marked "sim")
are drawn from the distributions of the log-ratios by class, as a kernel density estimate has them.

in domain      fitted on a random two thirds of a data set's dev tweets, bags from its eval tweets;
               in simulation the fit is on as many simulated tweets
halves         the same where fit and test are alike: dev and eval together, cut in random halves
across domains fitted on dev of the other three data sets (two thirds of each), bags from eval of
               the fourth: four cases

`--timelines TIMELINES.parquet` (user, created_at, text) measures on real accounts how often a
change is called where there is none, and where one was planted.

`--store` fits on all of dev and writes `quantification.json` into the model's directory.
"""

import argparse
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from positivity.account import quantifiers
from positivity.account.change import BEFORE, RECENT, LastDays, change
from positivity.account.clusters import Days
from positivity.account.posterior import CELLS, BayesianQuantifier, Plausible, cells_of, centres
from positivity.account.quantify import Tallied, quantify, shares_of
from positivity.account.report import Estimate
from positivity.account.verdict import DELTA, LABELS, NOT_ENOUGH, judge
from positivity.analysis import quantifier_of
from positivity.evaluation import LABELS as CLASSES
from positivity.model import registry
from positivity.model.scorer import Scorer
from positivity.recalibration import Recalibration, log_ratios, recalibrated
from positivity.training.quantification import SCORE_DIGITS, fit_recalibration, to_json

DATA_SETS = ("semeval2016", "sanders", "dong2014", "tweet_sentiment_extraction")
SIZES = (20, 50, 100)
SIMULATED = (200, 800)
SHUFFLES = 5
PLANTED = (0.2, 0.4)
UNIFORM = np.full(3, 1 / 3)
KNOWS = "knows the error rates"
METHODS = ("CC", "ACC", "PCC", "PACC", "EMQ", "EMQ recalibrated", "Bayesian", KNOWS)

INTERVALS = ["coverage", "net coverage", "r coverage", "width"]


@dataclass(frozen=True)
class Tweets:
    """Scored tweets: gold labels [n] and probabilities [n, 3]."""

    gold: np.ndarray
    probabilities: np.ndarray

    def take(self, rows: np.ndarray) -> "Tweets":
        return Tweets(self.gold[rows], self.probabilities[rows])

    def part(self, share: float, rng: np.random.Generator) -> tuple["Tweets", "Tweets"]:
        """A random part, the same share of every class, and the rest."""
        first, rest = [], []
        for label in range(3):
            rows = rng.permutation(np.flatnonzero(self.gold == label))
            cut = round(share * len(rows))
            first.append(rows[:cut])
            rest.append(rows[cut:])
        return self.take(np.concatenate(first)), self.take(np.concatenate(rest))

    def largest_bag(self) -> int:
        return int(np.bincount(self.gold, minlength=3).min()) // 3

    def bag(self, size: int, rng: np.random.Generator) -> "Tweets":
        """Tweets whose shares are drawn uniformly from the simplex, without replacement."""
        rows = [
            rng.choice(np.flatnonzero(self.gold == label), number, replace=False)
            for label, number in enumerate(shares_in_tweets(rng.dirichlet([1, 1, 1]), size))
        ]
        return self.take(np.concatenate(rows))


class Simulated:
    """Tweets drawn from kernel density estimates of the log-ratios of each class."""

    def __init__(self, tweets: Tweets) -> None:
        ratios = log_ratios(tweets.probabilities)
        self._of_class = [ratios[tweets.gold == label] for label in range(3)]

    def draw(self, numbers: Iterable[int], rng: np.random.Generator) -> Tweets:
        """So many tweets of each class."""
        gold, drawn = [], []
        for label, (number, known) in enumerate(zip(numbers, self._of_class, strict=True)):
            width = known.std(axis=0) * len(known) ** (-1 / 6)  # Scott's rule in two dimensions
            points = known[rng.integers(len(known), size=number)]
            drawn.append(points + width * rng.standard_normal((number, 2)))
            gold.append(np.full(number, label))
        probabilities = recalibrated(np.concatenate(drawn), np.array([1.0, 0, 0, 0, 1, 0]))
        return Tweets(np.concatenate(gold), probabilities.round(SCORE_DIGITS))

    def bag(self, size: int, rng: np.random.Generator) -> Tweets:
        return self.draw(shares_in_tweets(rng.dirichlet([1, 1, 1]), size), rng)


def shares_in_tweets(shares: np.ndarray, size: int) -> np.ndarray:
    """Whole numbers of tweets that are nearest to the shares (largest remainder)."""
    numbers: np.ndarray = np.floor(shares * size).astype(int)
    missing = size - numbers.sum()
    numbers[np.argsort(numbers - shares * size)[:missing]] += 1
    return numbers


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
        self._knows = BayesianQuantifier(certain(knows), recalibrations=1)

    def points(self, bag: Tweets) -> dict[str, np.ndarray]:
        """The shares [3] by the methods that give no interval."""
        p, labels = bag.probabilities, bag.probabilities.argmax(axis=1)
        counts = np.bincount(cells_of(p), minlength=CELLS).astype(float)
        there = counts > 0
        em = quantifiers.expectation_maximization
        raw = p.clip(1e-4)
        return {
            "CC": quantifiers.classify_and_count(labels),
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
            "CC": Plausible(draws, np.full(2000, 1 / 2000), groups=1),
            "Bayesian": self._bayesian.plausible(counts),
            KNOWS: self._knows.plausible(counts),
        }


def fitted(fit: dict[str, Tweets]) -> Recalibration:
    found = fit_recalibration({n: (each.gold, each.probabilities) for n, each in fit.items()})
    assert found is not None
    return found


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
        both = Tweets(*(np.concatenate(pair) for pair in zip(parts(dev), parts(held), strict=True)))
        simulated = Simulated(held)
        many = simulated.draw([20_000] * 3, np.random.default_rng(seed))
        knows, knows_many = fitted({name: held}), fitted({name: many})
        for split in range(splits):
            rng = np.random.default_rng([seed, split])
            others = {n: each["dev"].part(2 / 3, rng)[0] for n, each in sets.items() if n != name}
            half, other_half = both.part(0.5, rng)
            like_dev = simulated.draw(np.bincount(dev.gold, minlength=3), rng)
            settings: list[tuple[str, dict[str, Tweets], Tweets | Simulated, Recalibration]] = [
                ("in domain", {name: dev.part(2 / 3, rng)[0]}, held, knows),
                ("halves", {name: half}, other_half, fitted({name: other_half})),
                ("across domains", others, held, knows),
                ("in domain", {name: like_dev}, simulated, knows_many),
                ("across domains", others, simulated, knows_many),
            ]
            for setting, fit, pool, known in settings:
                methods = Methods(fit, known)
                for size in sizes(pool):
                    for _ in range(bags):
                        for row in measure(methods, pool.bag(size, rng), rng):
                            yield {"setting": setting, "case": name, "split": split, **row}


def parts(tweets: Tweets) -> tuple[np.ndarray, np.ndarray]:
    return tweets.gold, tweets.probabilities


def sizes(pool: Tweets | Simulated) -> list[int]:
    if isinstance(pool, Simulated):
        return list(SIMULATED)
    return [size for size in SIZES if size <= pool.largest_bag()]


def table(rows: pd.DataFrame, setting: str) -> str:
    """The figures of a setting as Markdown: means over the data sets, each counting the same."""
    chosen = rows[rows.setting == setting]
    lines = [
        f"**{setting}**\n",
        "| tweets | method | MAE | RAE | KLD | coverage | worst case | of net | of r | width |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for size in sorted(chosen["size"].unique().tolist()):
        of_size = chosen[chosen["size"] == size]
        name = f"{size} (sim)" if size in SIMULATED else str(size)
        for method in METHODS:
            means = (
                of_size[of_size.method == method]
                .groupby("case")[["MAE", "RAE", "KLD", *INTERVALS]]
                .mean()
            )
            mean = means.mean()
            cells = [f"{mean.MAE:.3f}", f"{mean.RAE:.2f}", f"{mean.KLD:.3f}"]
            if not np.isnan(mean.coverage):
                cells += [f"{100 * mean.coverage:.1f} %", f"{100 * means.coverage.min():.1f} %"]
                cells += [
                    f"{100 * mean['net coverage']:.1f} %",
                    f"{100 * mean['r coverage']:.1f} %",
                ]
                cells.append(f"{mean.width:.3f}")
            else:
                cells += [""] * 5
            lines.append(f"| {name} | {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def verdicts(rows: pd.DataFrame) -> str:
    """How often the verdict speaks and is wrong, by bag size and true net."""
    lines = [
        "| setting | tweets | interval | speaks | at a net of 20 or more | wrong where it speaks |",
        "|---|---|---|---|---|---|",
    ]
    known = rows[rows.speaks.notna()]
    for (setting, size, method), part in known.groupby(["setting", "size", "method"], sort=False):
        leaning = part[part["true net"].abs() >= 20]
        spoken = part[part.speaks.astype(bool)]
        wrong = f"{100 * spoken.wrong.mean():.1f} %" if len(spoken) else ""
        lines.append(
            f"| {setting} | {size}{' (sim)' if size in SIMULATED else ''} | {method} "
            f"| {100 * part.speaks.mean():.0f} % | {100 * leaning.speaks.mean():.0f} % | {wrong} |"
        )
    return "\n".join(lines)


def moods(accounts: int, seed: int) -> str:
    """Simulated accounts whose mood lasts, half of whose tweets are positive in the long run.

    Their labels are taken as right, so that only the dependence of the tweets matters: how often
    the 95 % interval of the share holds that half, with and without the design effect.
    """
    lines = [
        "| mood, correlation from day to day | days | design effect | coverage | without it |",
        "|---|---|---|---|---|",
    ]
    for kept in (None, 0.0, 0.5, 0.7, 0.9):
        for days in (60, 200, 800):
            effects, held = [], np.zeros(2)
            for account in range(accounts):
                when, labels = moody(kept, days, np.random.default_rng([seed, account]))
                counted, by_day = Tallied(labels=np.bincount(labels, minlength=3)), Days()
                by_day.add(when, labels)
                effects.append(by_day.design_effect())
                for i, effect in enumerate((effects[-1], 1.0)):
                    shares = quantify(counted, None, seed=seed, effect=effect)
                    assert shares is not None
                    held[i] += within(0.5, shares.positive)
            with_it, without = 100 * held / accounts
            lines.append(
                f"| {'none' if kept is None else kept} | {days} | {np.mean(effects):.1f} "
                f"| {with_it:.1f} % | {without:.1f} % |"
            )
    return "\n".join(lines)


def moody(kept: float | None, days: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Days and labels of four tweets a day on average; None: a mood of no strength."""
    mood = rng.standard_normal(days)
    for day in range(1, days):
        mood[day] = (kept or 0) * mood[day - 1] + np.sqrt(1 - (kept or 0) ** 2) * mood[day]
    when = np.repeat(np.arange(days), rng.poisson(4, days))
    leaning = mood[when] * (0.0 if kept is None else 1.5)
    return when, np.where(rng.random(len(when)) < 1 / (1 + np.exp(-leaning)), 2, 0)


def changes(timelines: Path, model: registry.ModelDirectory, seed: int) -> str:
    """How often a change is called on real accounts: as they are, shuffled, and with one planted.

    The last 395 days of every account with enough tweets in them. Shuffled: the days change places.
    Planted: in the shuffled last 30 days this share of the tweets that are not negative is replaced
    by negative ones of the account.
    """
    quantifier = quantifier_of(model)
    rng = np.random.default_rng(seed)
    called: dict[str, list[bool]] = {}
    for days, probabilities in accounts(timelines, model):
        labels, cells = probabilities.argmax(axis=1), cells_of(probabilities)
        last = days.max()
        names = {"as they are": (days, labels, cells)}
        for _ in range(SHUFFLES):
            places = rng.permutation(RECENT + BEFORE)
            shuffled = places[last - days]
            found = [(shuffled, labels, cells)]
            negative = np.flatnonzero(labels == 0)
            recent = np.flatnonzero((shuffled > shuffled.max() - RECENT) & (labels != 0))
            for share in PLANTED:
                rows = np.arange(len(labels))
                chosen = rng.permutation(recent)[: round(share * len(recent))]
                rows[chosen] = rng.choice(negative, len(chosen)) if len(negative) else chosen
                found.append((shuffled, labels[rows], cells[rows]))
            names |= dict(zip(("shuffled", *map(str, PLANTED)), found, strict=True))
            for name, (when, label, cell) in names.items():
                by_day, last_days = Days(), LastDays()
                by_day.add(when, label)
                last_days.add(when, label, cell)
                result = change(last_days, quantifier, seed=seed, effect=by_day.design_effect())
                if result:
                    called.setdefault(name, []).append(result.changed)
            names = {}
    lines = ["| timelines | periods tested | called a change |", "|---|---|---|"]
    for name, each in called.items():
        title = name if not name[0].isdigit() else f"{float(name):.0%} of the last month planted"
        lines.append(f"| {title} | {len(each)} | {100 * np.mean(each):.1f} % |")
    return "\n".join(lines)


def accounts(
    timelines: Path, model: registry.ModelDirectory
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Days and probabilities of the last 395 days of real accounts with 300 tweets in them."""
    scorer = Scorer.load(model)
    tweets = pd.read_parquet(timelines, columns=["user", "created_at", "text"])
    tweets["day"] = tweets.created_at.dt.floor("D").astype("int64") // 86_400_000_000
    for _, own in tweets.groupby("user"):
        own = own[own.day > own.day.max() - RECENT - BEFORE]
        if len(own) >= 300:
            own = own.sample(min(len(own), 4_000), random_state=1)
            scores = scorer.score(own.text.tolist()).astype(float).round(SCORE_DIGITS)
            yield own.day.to_numpy(), scores


def draw(rows: pd.DataFrame, path: Path) -> None:
    """Error and coverage by bag size, in and across domains."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True, sharey="row")
    for column, setting in enumerate(("in domain", "across domains")):
        chosen = rows[rows.setting == setting]
        for row, measured in enumerate(("MAE", "coverage")):
            panel = axes[row][column]
            for number, name in enumerate(METHODS):
                means = chosen[chosen.method == name].groupby(["size", "case"])[measured].mean()
                line = means.groupby("size").mean()
                panel.plot(line.index, line, marker="o", label=name, color=f"C{number}")
            panel.set(xscale="log", title=f"{setting}: {measured}")
            panel.set_xticks([*SIZES, *SIMULATED], labels=[*SIZES, *SIMULATED])
            panel.minorticks_off()
        axes[1][column].axhline(0.95, color="grey", linestyle=":")
        axes[1][column].set(xlabel="tweets in a bag", ylim=(0, 1))
    axes[0][0].set(ylim=(0, None))
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, fontsize="small")
    figure.savefig(path, dpi=100)


def scored(labelled: Path, model: registry.ModelDirectory, scratch: Path) -> pd.DataFrame:
    """Dev and eval tweets with probabilities: scored once, then kept."""
    sums = (model.path / registry.WEIGHTS).read_bytes() + labelled.read_bytes()
    cache = scratch / f"scored-{hashlib.sha256(sums).hexdigest()[:16]}.npz"
    tweets = pd.read_parquet(labelled)
    chosen = tweets.split.isin(["dev", "eval"]) & tweets.dataset.isin(DATA_SETS)
    tweets = tweets[chosen].reset_index(drop=True)
    if not cache.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        scorer = Scorer.load(model, device="cpu", exact=True)
        np.savez(cache, probabilities=scorer.score(tweets.text.tolist()))
    tweets[list(CLASSES)] = np.load(cache)["probabilities"].astype(float).round(SCORE_DIGITS)
    tweets["gold"] = tweets.label.map({name: i for i, name in enumerate(CLASSES)})
    return tweets


def by_set(tweets: pd.DataFrame) -> dict[str, dict[str, Tweets]]:
    return {
        name: {
            str(split): Tweets(part.gold.to_numpy(int), part[list(CLASSES)].to_numpy())
            for split, part in tweets[tweets.dataset == name].groupby("split")
        }
        for name in DATA_SETS
    }


def store(model: registry.ModelDirectory, sets: dict[str, dict[str, Tweets]]) -> None:
    """Writes what is fitted on all of dev into the model's directory."""
    content = to_json(fitted({name: each["dev"] for name, each in sets.items()}))
    registry.add_files(model, {registry.QUANTIFICATION: content})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--scratch", type=Path, default=Path("scratch"))
    parser.add_argument("--picture", type=Path, help="where to draw the error and the coverage")
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--bags", type=int, default=5, help="of each size in each split")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timelines", type=Path, help="real accounts: only how changes are called")
    parser.add_argument("--store", action="store_true", help="only fit, and keep it in the model")
    options = parser.parse_args()
    model = registry.load(options.model)
    if options.timelines:
        print(changes(options.timelines, model, options.seed))
        return
    sets = by_set(scored(options.labelled, model, options.scratch))
    if options.store:
        store(model, sets)
        return
    rows = pd.DataFrame(cases(sets, options.splits, options.bags, options.seed))
    rows[INTERVALS] = rows[INTERVALS].astype(float)
    print("\n\n".join(table(rows, setting) for setting in rows.setting.unique()))
    print(f"\n{verdicts(rows)}\n\n{moods(options.splits * options.bags, options.seed)}")
    if options.picture:
        draw(rows, options.picture)


if __name__ == "__main__":
    main()
