"""How right the model is, beside what people use today, on the same labelled tweets.

    python benchmarks/quality.py LABELLED.parquet [--model base]

LABELLED has the columns dataset, split, text and label. Each evaluation set is scored by VADER with
its own thresholds (nothing to train), by tf-idf of words and pairs of words with a class-balanced
logistic regression (trained once on the SemEval sets and once on all; the better is shown for
each set) and by the model. Prints macro-averaged recall as Markdown.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from positivity.evaluation import LABELS, evaluate
from positivity.model.scorer import Scorer

Classifier = Callable[[Sequence[str]], np.ndarray]  # texts -> probabilities [texts, 3]

_VADER_THRESHOLD = 0.05


def vader() -> Classifier:
    """VADER with the thresholds of its own README.

    It gives no probabilities. These have its compound score as positive minus negative, and the
    largest is its label.
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    score = SentimentIntensityAnalyzer().polarity_scores
    # With this much neutral, positive or negative is larger just from the threshold on.
    most_neutral = (1 + _VADER_THRESHOLD) / 3 - 1e-9

    def classify(texts: Sequence[str]) -> np.ndarray:
        compound = np.array([score(text)["compound"] for text in texts])
        neutral = np.minimum(most_neutral, 1 - np.abs(compound))
        rest = 1 - neutral
        return np.column_stack([(rest - compound) / 2, neutral, (rest + compound) / 2])

    return classify


def logistic_regression(texts: Sequence[str], gold: np.ndarray) -> Classifier:
    """tf-idf of words and pairs of words, and a class-balanced logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(class_weight="balanced", max_iter=1000),
    ).fit(texts, gold)
    return lambda new: pipeline.predict_proba(new)


def regressions_of(train: pd.DataFrame) -> dict[str, Classifier]:
    """The logistic regression trained on the SemEval sets, and trained on all."""
    semeval = train[train.dataset.str.startswith("semeval")]
    return {
        name: logistic_regression(part.text.tolist(), _gold(part))
        for name, part in (("SemEval", semeval), ("all", train))
    }


def macro_recall(classify: Classifier, sets: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Of each set."""
    return {
        name: evaluate(classify(each.text.tolist()), _gold(each)).macro_recall
        for name, each in sets.items()
    }


def _gold(tweets: pd.DataFrame) -> np.ndarray:
    return tweets.label.map({name: i for i, name in enumerate(LABELS)}).to_numpy(int)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--model", default="base")
    options = parser.parse_args()
    tweets = pd.read_parquet(options.labelled)
    train = tweets[tweets.split == "train"]
    held = tweets[tweets.split == "eval"]
    sets = {str(name): held[held.dataset == name] for name in held.dataset.unique()}
    scorer = Scorer.load(options.model, device="cpu", exact=True)  # as the model's card has it
    regressions = [macro_recall(each, sets) for each in regressions_of(train).values()]
    rows = {
        "VADER": macro_recall(vader(), sets),
        "tf-idf + logistic regression": {n: max(each[n] for each in regressions) for n in sets},
        f"positivity `{scorer.config.name}`": macro_recall(scorer.score, sets),
    }
    print(f"| macro recall | {' | '.join(sets)} |\n|---|{'---|' * len(sets)}")
    for name, recalls in rows.items():
        print(f"| {name} | {' | '.join(f'{recalls[each]:.3f}' for each in sets)} |")


if __name__ == "__main__":
    main()
