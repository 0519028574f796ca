"""Labelled tweets with a model's probabilities, and bags of them whose shares are known."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from positivity.evaluation import LABELS as CLASSES
from positivity.model import registry
from positivity.model.scorer import Scorer
from positivity.recalibration import IDENTITY, Recalibration, log_ratios, recalibrated
from positivity.training.datasets import read_sets
from positivity.training.labelled import Data
from positivity.training.quantification import SCORE_DIGITS, ScoredSet, fit_recalibration
from positivity.training.recipe import Recipe, read_recipe

DATA_SETS = ("semeval2016", "sanders", "dong2014", "tweet_sentiment_extraction")
SIZES = (20, 50, 100)
SIMULATED = (200, 800)
_RECIPES = Path(__file__).parents[2] / "models" / "recipes"


@dataclass(frozen=True)
class Tweets:
    """Scored tweets: gold labels [n], probabilities [n, 3] and, where these are known, topics."""

    gold: np.ndarray
    probabilities: np.ndarray
    topics: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> "Tweets":
        topics = None if self.topics is None else self.topics[rows]
        return Tweets(self.gold[rows], self.probabilities[rows], topics)

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

    def sizes(self) -> list[int]:
        """Of the bags that are drawn from these."""
        return [size for size in SIZES if size <= self.largest_bag()]

    def without_topics(self) -> "Tweets":
        return replace(self, topics=None)


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
        probabilities = recalibrated(np.concatenate(drawn), np.array(IDENTITY))
        return Tweets(np.concatenate(gold), probabilities.round(SCORE_DIGITS))

    def bag(self, size: int, rng: np.random.Generator) -> Tweets:
        return self.draw(shares_in_tweets(rng.dirichlet([1, 1, 1]), size), rng)

    def sizes(self) -> list[int]:
        """Of the bags that are drawn from these."""
        return list(SIMULATED)


def shares_in_tweets(shares: np.ndarray, size: int) -> np.ndarray:
    """Whole numbers of tweets that are nearest to the shares (largest remainder)."""
    numbers: np.ndarray = np.floor(shares * size).astype(int)
    missing = size - numbers.sum()
    numbers[np.argsort(numbers - shares * size)[:missing]] += 1
    return numbers


def fitted(fit: Mapping[str, Tweets]) -> Recalibration:
    found = fit_recalibration(
        {
            name: ScoredSet(
                each.gold,
                each.probabilities,
                None if each.topics is None else each.topics.tolist(),
            )
            for name, each in fit.items()
        }
    )
    assert found is not None
    return found


def scored(
    labelled: Path,
    model: registry.ModelDirectory,
    scratch: Path,
    topics: Path | None = None,
) -> pd.DataFrame:
    """Dev and eval tweets with probabilities, scored once and then kept, and their topics.

    To dev belong the training tweets that the model's recipe has held back.

    `topics` has the topics of SemEval's tweets, whose dev and eval are on different ones. What the
    other sets have of topics is the same in dev and eval, and is left aside.
    """
    sums = (model.path / registry.WEIGHTS).read_bytes() + labelled.read_bytes()
    cache = scratch / f"scored-{hashlib.sha256(sums).hexdigest()[:16]}.npz"
    tweets = pd.read_parquet(labelled)
    chosen = tweets.split.isin(["dev", "eval"]) & tweets.dataset.isin(DATA_SETS)
    tweets = pd.concat([tweets[chosen], held_back(labelled, model)], ignore_index=True)
    if not cache.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        scorer = Scorer.load(model, device="cpu", exact=True)
        np.savez(cache, probabilities=scorer.score(tweets.text.tolist()))
    tweets[list(CLASSES)] = np.load(cache)["probabilities"].astype(float).round(SCORE_DIGITS)
    tweets["gold"] = tweets.label.map({name: i for i, name in enumerate(CLASSES)})
    tweets["topic"] = None
    if topics is not None:
        told = pd.read_parquet(topics)
        told = told[(told.year == 2016) & told.subtask.eq("CE")]
        for split, theirs in (("dev", "dev"), ("eval", "devtest")):
            of_split = told[told.split == theirs]
            rows = (tweets.dataset == DATA_SETS[0]) & (tweets.split == split)
            topic_of = dict(zip(of_split.text, of_split.topic, strict=True))
            tweets.loc[rows, "topic"] = tweets.text[rows].map(topic_of)
    return tweets


def held_back(labelled: Path, model: registry.ModelDirectory) -> pd.DataFrame:
    """The training tweets that were held back, as tweets of dev."""
    recipe = read_recipe(_RECIPES / f"{model.config.name}.toml")
    assert isinstance(recipe, Recipe)
    sets = read_sets(recipe.held_back, Data(labelled.parent, labelled.parent))
    parts = [
        pd.DataFrame({"text": each.texts, "label": np.array(CLASSES)[each.gold]}).assign(
            dataset=each.name, split="dev"
        )
        for each in sets
    ]
    return pd.concat([pd.DataFrame(), *parts])


def by_set(tweets: pd.DataFrame) -> dict[str, dict[str, Tweets]]:
    """The tweets of every data set and split."""
    return {
        name: {
            str(split): Tweets(
                part.gold.to_numpy(int),
                part[list(CLASSES)].to_numpy(),
                part.topic.astype(str).to_numpy() if part.topic.notna().all() else None,
            )
            for split, part in tweets[tweets.dataset == name].groupby("split")
        }
        for name in DATA_SETS
    }
