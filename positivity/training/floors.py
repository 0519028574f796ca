"""The floors: what a network has to beat, measured on the same tweets.

`majority` answers the most frequent class of the training tweets. `vader` adds up a lexicon (Hutto
and Gilbert 2014, "VADER: a parsimonious rule-based model for sentiment analysis of social media
text"). `logreg` is a logistic regression on which words occur, fitted by SAGA (Defazio, Bach,
Lacoste-Julien 2014).

`majority` and `logreg` become model directories like any other: weights as safetensors, nothing
pickled. VADER is its package's; only its figures are kept.
"""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save as to_safetensors

from positivity.errors import InputError
from positivity.evaluation import LABELS, evaluate
from positivity.model import registry
from positivity.model.engine_linear import BIAS, WORDS
from positivity.model.registry import ModelConfig
from positivity.model.scorer import Scorer
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import Tokenizer
from positivity.training.calibration import fit_temperature
from positivity.training.clock import FILE as TIMES
from positivity.training.clock import Clock
from positivity.training.datasets import (
    NamedSet,
    build_examples,
    corpus,
    read_sets,
    split_off_dev,
)
from positivity.training.examples import Examples
from positivity.training.labelled import Data
from positivity.training.measure import figures_table
from positivity.training.quantification import quantification_file
from positivity.training.recipe import FloorRecipe, Recipe
from positivity.training.run import text_files
from positivity.training.run_folder import begin_or_go_on
from positivity.training.vocabulary import train_vocabulary

STRONGEST = 20  # words that are shown of each side
_VADER_THRESHOLD = 0.05  # of the compound score, as VADER's own documentation has it
_ROUNDS = 200  # of SAGA over the training tweets, at most

Say = Callable[[str], None]
Floats = NDArray[np.float32]


class Classifier(Protocol):
    """What can be measured: a scorer, or VADER."""

    def score(self, texts: Sequence[str]) -> Floats:
        """Probabilities [texts, 3] of negative, neutral, positive."""


class Vader:
    """VADER with the thresholds of its documentation.

    It gives no probabilities. These have its compound score as positive minus negative, and the
    largest is its label.

    Raises:
        InputError: its package is not installed.
    """

    # With this much neutral, positive or negative is larger just from the threshold on.
    _MOST_NEUTRAL = (1 + _VADER_THRESHOLD) / 3 - 1e-6  # compound has 4 digits

    def __init__(self) -> None:
        try:
            from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
        except ImportError:
            raise InputError('VADER is not installed; pip install "positivity[lab]"') from None
        self._analyzer = SentimentIntensityAnalyzer()

    def score(self, texts: Sequence[str]) -> Floats:
        """Probabilities [texts, 3] of negative, neutral, positive."""
        compound = np.array([self._analyzer.polarity_scores(text)["compound"] for text in texts])
        neutral = np.minimum(self._MOST_NEUTRAL, 1 - np.abs(compound))
        rest = 1 - neutral
        sides = [(rest - compound) / 2, neutral, (rest + compound) / 2]
        return np.column_stack(sides).astype(np.float32)

    @property
    def entries(self) -> int:
        """The words and emoji that its lexicons have a value for."""
        return len(self._analyzer.lexicon) + len(self._analyzer.emojis)

    @staticmethod
    def size() -> int:
        """Bytes of its lexicons."""
        import vaderSentiment

        folder = Path(vaderSentiment.__path__[0])
        return sum(file.stat().st_size for file in folder.glob("*lexicon.txt"))


@dataclass(frozen=True, slots=True)
class Linear:
    """What a word says for each class, and what is said before any word."""

    words: Floats  # [vocabulary, 3]
    bias: Floats  # [3]

    def strongest(self, pieces: Sequence[str], size: int) -> dict[str, list[str]]:
        """The words that speak most for negative against positive, and the other way round."""
        leaning = self.words[:, -1] - self.words[:, 0]
        order = np.argsort(leaning, kind="stable")
        return {
            "negative": [pieces[i].strip() for i in order[:size] if leaning[i] < 0],
            "positive": [pieces[i].strip() for i in order[::-1][:size] if leaning[i] > 0],
        }


def majority(examples: Examples, vocabulary: int) -> Linear:
    """The shares of the classes in the training tweets, whatever the words."""
    counts = np.bincount(examples.targets.argmax(axis=1), minlength=len(LABELS))
    shares = np.maximum(counts / counts.sum(), 1e-6)
    return Linear(
        np.zeros((vocabulary, len(LABELS)), np.float32), np.log(shares).astype(np.float32)
    )


def logistic_regression(
    examples: Examples, vocabulary: int, floor: FloorRecipe, seed: int
) -> Linear:
    """Fitted on which words occur in each tweet; every class counts the same.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise InputError('scikit-learn is not installed; pip install "positivity[lab]"') from None
    gold = examples.targets.argmax(axis=1)
    model = LogisticRegression(
        C=floor.freedom,
        solver="saga",
        class_weight="balanced",
        max_iter=_ROUNDS,
        tol=1e-3,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # On few tweets the last rounds still change a weight a little, and no answer.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(_bag_of_words(examples, vocabulary), gold, sample_weight=examples.weights)
    two = len(model.classes_) == 2  # then there is one row of weights, for the second class
    coefficients = np.vstack([-model.coef_, model.coef_]) / 2 if two else model.coef_
    intercepts = np.hstack([-model.intercept_, model.intercept_]) / 2 if two else model.intercept_
    words = np.zeros((vocabulary, len(LABELS)), np.float32)
    words[:, model.classes_] = coefficients.T
    # A class that no training tweet has is never the answer.
    bias = np.full(len(LABELS), -30.0, np.float32)
    bias[model.classes_] = intercepts
    return Linear(words, bias)


def _bag_of_words(examples: Examples, vocabulary: int) -> Any:
    """A sparse matrix [tweets, vocabulary]: 1 where a word occurs, however often."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(examples.tokens), np.float32)
    shape = (len(examples), vocabulary)
    counts = csr_matrix((ones, examples.tokens, examples.offsets), shape=shape)
    counts.sum_duplicates()
    counts.data[:] = 1.0
    return counts


class FloorRun:
    """One run of a floor's recipe; its folder gets `recipe.json` and `model/`.

    Args:
        data: where the recipe's sources lie.
        folder: where the run keeps its files.
        say: told in a line what begins.

    Raises:
        InputError: the data cannot be read, or a package is not installed.
        StateError: the folder holds a run of another recipe, or on other data.
    """

    def __init__(self, recipe: Recipe, data: Data, folder: Path, *, say: Say = print) -> None:
        assert recipe.floor is not None
        self.recipe, self.floor, self.folder = recipe, recipe.floor, folder
        self._data, self._say = data, say
        begin_or_go_on(folder, recipe, data)
        self.eval = read_sets(recipe.eval, data)

    def finish(self, *, card: str = "") -> Path:
        """Fits what there is to fit, measures it and saves it; returns the folder `model/`.

        Args:
            card: the model card, in which `{figures}` stands for what was measured.
        """
        if self.floor.kind == "vader":
            return self._vader(card)
        return self._linear(card)

    def _vader(self, card: str) -> Path:
        vader = Vader()
        dev = read_sets(self.recipe.dev, self._data)
        if not dev and not self.eval:  # it learns nothing, but something has to be measured
            dev = [split_off_dev(self.recipe, self._data)]
        metrics = {
            **measured(vader, dev, self.eval),
            "weights": vader.entries,
            "size": vader.size(),
            "training_tweets": 0,
        }
        path = self.folder / "model"
        registry.write_directory(path, self._documents(vader, metrics, card))
        return path

    def _linear(self, card: str) -> Path:
        path = self.folder / "model"
        dev = read_sets(self.recipe.dev, self._data) or [split_off_dev(self.recipe, self._data)]
        (self.folder / TIMES).unlink(missing_ok=True)  # it is fitted at once, or again
        clock = Clock(self.folder, "cpu")
        normalizer, tokenizer, examples = self._examples([*dev, *self.eval])
        linear = self._fit(examples, len(tokenizer))
        clock.write()
        files = text_files(normalizer, tokenizer) | {
            registry.WEIGHTS: to_safetensors({WORDS: linear.words, BIAS: linear.bias})
        }
        registry.save(path, self._config(), files)
        temperature = 1.0
        if self.floor.kind == "logreg":
            scorer = Scorer.load(str(path))
            logits = [_logits(scorer.score(each.texts)) for each in dev]
            temperature = fit_temperature(logits, [each.gold for each in dev])
            files |= quantification_file(dev, logits, temperature)
            registry.save(path, self._config(temperature), files)
        scorer = Scorer.load(str(path))
        metrics = {
            **measured(scorer, dev, self.eval),
            "weights": linear.words.size + linear.bias.size,
            "training_tweets": len(examples),
            "seed": self.recipe.seed,
            "strongest_words": linear.strongest(tokenizer.pieces(), STRONGEST),
        }
        files |= self._documents(scorer, metrics, card)
        registry.save(path, self._config(temperature), files)
        return path

    def _examples(self, held_out: Sequence[NamedSet]) -> tuple[Normalizer, Tokenizer, Examples]:
        recipe = self.recipe
        self._say("learning the vocabulary")
        normalizer, tokenizer = train_vocabulary(corpus(recipe, self._data), recipe.tokenizer)
        self._say("reading and encoding the training tweets")
        examples = build_examples(recipe, self._data, normalizer, tokenizer, held_out)
        self._say(f"{len(examples):,} tweets, {len(tokenizer):,} words")
        return normalizer, tokenizer, examples

    def _fit(self, examples: Examples, vocabulary: int) -> Linear:
        if self.floor.kind == "majority":
            return majority(examples, vocabulary)
        return logistic_regression(examples, vocabulary, self.floor, self.recipe.seed)

    def _config(self, temperature: float = 1.0) -> ModelConfig:
        return ModelConfig(
            name=self.recipe.name,
            version=self.recipe.version,
            description=self.recipe.description,
            tokenizer=self.recipe.tokenizer.kind,
            network={"kind": registry.LINEAR},
            temperature=temperature,
        )

    def _documents(
        self, classifier: Classifier, metrics: Mapping[str, Any], card: str
    ) -> dict[str, bytes]:
        """The figures, and the card that tells them."""
        figures = [figures_table(dict(metrics)), *_words_of(metrics)]
        figures += [
            f"On {each.name}:\n\n```\n{classification_report(classifier, each)}```"
            for each in self.eval
        ]
        text = (card or f"# {{name}}\n\n{self.recipe.description}\n\n{{figures}}\n").replace(
            "{name}", self.recipe.name
        )
        return {
            registry.METRICS: json.dumps(metrics, indent=1).encode() + b"\n",
            registry.CARD: text.replace("{figures}", "\n\n".join(figures)).encode(),
        }


def _logits(probabilities: Floats) -> torch.Tensor:
    """Logits [tweets, 3] that give these probabilities."""
    return torch.from_numpy(np.log(np.maximum(probabilities, 1e-12)))


def measured(
    classifier: Classifier, dev: Sequence[NamedSet], quoted: Sequence[NamedSet]
) -> dict[str, Any]:
    """The figures on labelled sets, as a trained model's `metrics.json` has them."""
    return {
        part: {
            each.name: asdict(evaluate(classifier.score(each.texts), each.gold)) for each in sets
        }
        for part, sets in (("dev", dev), ("eval", quoted))
    }


def classification_report(classifier: Classifier, tweets: NamedSet) -> str:
    """Precision, recall and F1 of each class on a set, as scikit-learn prints them."""
    from sklearn.metrics import classification_report as report

    predicted = classifier.score(tweets.texts).argmax(axis=1)
    return str(
        report(
            tweets.gold,
            predicted,
            labels=range(len(LABELS)),
            target_names=LABELS,
            digits=3,
            zero_division=0,
        )
    )


def _words_of(metrics: Mapping[str, Any]) -> list[str]:
    """The strongest words in a line for each side, where there are any."""
    words = metrics.get("strongest_words", {})
    return [
        f"The words that speak most for {side}: {', '.join(words[side])}."
        for side in ("negative", "positive")
        if words.get(side)
    ]
