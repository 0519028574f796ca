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

Classifier = Callable[[Sequence[str]], np.ndarray]  # texts -> labels 0..2


def vader() -> Classifier:
    """VADER with the thresholds of its own README."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    score = SentimentIntensityAnalyzer().polarity_scores

    def classify(texts: Sequence[str]) -> np.ndarray:
        compound = np.array([score(text)["compound"] for text in texts])
        return np.where(compound >= 0.05, 2, np.where(compound <= -0.05, 0, 1))

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
    return lambda new: pipeline.predict(new)


def macro_recall(classify: Classifier, sets: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Of each set."""
    return {
        name: evaluate(np.eye(3)[classify(each.text.tolist())], _gold(each)).macro_recall
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
    semeval = train[train.dataset.str.startswith("semeval")]
    held = tweets[tweets.split == "eval"]
    sets = {str(name): held[held.dataset == name] for name in held.dataset.unique()}
    scorer = Scorer.load(options.model)
    regressions = [
        macro_recall(logistic_regression(part.text.tolist(), _gold(part)), sets)
        for part in (semeval, train)
    ]
    rows = {
        "VADER": macro_recall(vader(), sets),
        "tf-idf + logistic regression": {n: max(each[n] for each in regressions) for n in sets},
        f"positivity `{scorer.config.name}`": macro_recall(
            lambda texts: scorer.score(texts).argmax(axis=1), sets
        ),
    }
    print(f"| macro recall | {' | '.join(sets)} |\n|---|{'---|' * len(sets)}")
    for name, recalls in rows.items():
        print(f"| {name} | {' | '.join(f'{recalls[each]:.3f}' for each in sets)} |")


if __name__ == "__main__":
    main()
