"""Failure rates by capability and fairness of a model, beside what people use today.

    python -m benchmarks.behaviour [--model base|PATH] [--peers] [--labelled LABELLED.parquet]
    python -m benchmarks.behaviour --model base --peers --labelled LABELLED.parquet --store

--peers adds VADER and, when --labelled names the labelled tweets to train on, tf-idf with a
class-balanced logistic regression, once of the SemEval sets and once of all. --store keeps the
tables in the model's card.
"""

import argparse
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.behaviour import fairness, report
from benchmarks.behaviour.suite import Case, Score, load, run
from benchmarks.quality import regressions_of, vader
from positivity.errors import PositivityError, StateError, UsageError
from positivity.model import registry
from positivity.model.scorer import Scorer

_FORMATS = {"table": report.as_text, "json": report.as_json, "markdown": report.as_markdown}
_DRAWS = 100
_MARKED = re.compile(r"<!-- behaviour -->.*?<!-- /behaviour -->", re.DOTALL)


def chance(suite: tuple[Case, ...]) -> dict[str, float]:
    """Failure rate, by capability and of `all`, of a scorer that draws probabilities at random.

    The mean of 100 draws, each a point of the triangle of probabilities, all equally likely.
    """
    generator = np.random.default_rng(1)
    results = [
        run(suite, lambda texts: generator.dirichlet(np.ones(3), len(texts))) for _ in range(_DRAWS)
    ]
    rates = {
        name: float(np.mean([each.rates[name] for each in results])) for name in results[0].cases
    }
    return rates | {"all": float(np.mean([each.rate for each in results]))}


def peers(labelled: Path | None) -> dict[str, Score]:
    """VADER, and the logistic regressions where there is something to train them on.

    Raises:
        UsageError: a file that is no table of labelled tweets.
    """
    scorers: dict[str, Score] = {"VADER": vader()}
    if labelled is None:
        print("no --labelled: without logistic regression", file=sys.stderr)
        return scorers
    try:
        tweets = pd.read_parquet(labelled, columns=["dataset", "split", "label", "text"])
    except (OSError, ValueError) as error:
        raise UsageError(f"--labelled {labelled}: {error}") from error
    for name, scorer in regressions_of(tweets[tweets.split == "train"]).items():
        scorers[f"logistic regression ({name})"] = scorer
    return scorers


def compare(scorers: dict[str, Score], suite: tuple[Case, ...]) -> list[report.Column]:
    """The suite and the fairness corpus on every scorer."""
    corpus = fairness.sentences()
    return [
        report.Column(name, run(suite, score), fairness.measure(corpus, score))
        for name, score in scorers.items()
    ]


def store(tables: str, model: registry.ModelDirectory) -> None:
    """Writes the tables between the marks in the model's card.

    Raises:
        StateError: it has no card, or one without marks.
    """
    card = model.path / registry.CARD
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    if not _MARKED.search(text):
        raise StateError(
            f"{card}: has no <!-- behaviour --> and <!-- /behaviour --> to write between"
        )
    filled = _MARKED.sub(lambda _: f"<!-- behaviour -->\n\n{tables}\n<!-- /behaviour -->", text)
    registry.add_files(model, {registry.CARD: filled.encode()})


def main() -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.behaviour",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--model", default="base", help="a model's name or its directory")
    parser.add_argument("--peers", action="store_true", help="add VADER and logistic regression")
    parser.add_argument("--labelled", type=Path, help="what logistic regression is trained on")
    parser.add_argument("--format", choices=_FORMATS, default="table")
    parser.add_argument("--store", action="store_true", help="keep the tables in the model's card")
    parser.add_argument("-o", "--output", type=Path, help="write here instead of to stdout")
    options = parser.parse_args()
    if options.labelled and not options.peers:
        parser.error("--labelled is for --peers")
    suite = load()
    try:
        model = Scorer.load(options.model)
        scorers: dict[str, Score] = {f"positivity {model.config.name}": model.score}
        if options.peers:
            scorers |= peers(options.labelled)
        columns, by_chance = compare(scorers, suite), chance(suite)
        if options.store:
            store(report.as_markdown(columns, by_chance), registry.load(options.model))
        text = _FORMATS[options.format](columns, by_chance)
        if options.output:
            options.output.write_text(text, encoding="utf-8")
        else:
            sys.stdout.write(text)
    except (PositivityError, OSError) as error:
        print(error, file=sys.stderr)
        return error.exit_code if isinstance(error, PositivityError) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
