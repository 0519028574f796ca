"""Whether explanations can be trusted: agreement, deletion, and what they cost.

    python -m benchmarks.explain SPANS.parquet TWEETS [--model base] [--tagger spans] [--rows N]
                                 [--runs 5]

SPANS has the columns split, label, text and selected_text: the words that people marked as carrying
the sentiment (tweet_sentiment_extraction). Only positive and negative tweets of which a part is
marked are used: those of `dev` to choose how strong a word must be to be taken, those of `eval` for
the figures. TWEETS is a parquet or CSV file with a `text` column; 3,200 of its texts are scored and
explained as whole processes, in turn; with `--runs 0` this is left out. Prints Markdown.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.speed import distinct_texts, in_turn, write_csv
from positivity.account.explanation import GRADIENTS, LEAVE_ONE_OUT, SPANS
from positivity.explainer import find_effects
from positivity.explanation import Unit, joined, score_normalized, span_of, units
from positivity.model.registry import load
from positivity.model.scorer import Scorer
from positivity.spans import SpanTagger, f1, jaccard, marked_words, strongest
from positivity.text.normalize import Normalizer

METHODS = (LEAVE_ONE_OUT, GRADIENTS)  # that tell what each word does to a score
ACCOUNT = 3200  # tweets: what X gives of an account
THRESHOLDS = np.arange(0.05, 1.0, 0.05)  # of the strongest word's effect
TAKEN_OUT = 3
DRAWS = 10  # random choices of as many words
LEAST_WORDS = 2 * TAKEN_OUT


@dataclass(frozen=True)
class Marked:
    """A tweet whose sentiment a person has put down to some of its words."""

    text: str
    side: int  # 1 positive, -1 negative
    parts: list[Unit]
    gold: np.ndarray  # [parts], True where marked


Weights = list[np.ndarray]  # of each tweet [parts]: how much each speaks for the tweet's side


def marked_tweets(spans: pd.DataFrame, normalizer: Normalizer) -> list[Marked]:
    """The tweets with an opinion of which a part is marked, and only a part."""
    found = []
    for row in spans[spans.label != "neutral"].itertuples():
        text = str(row.text)
        parts = units(text, normalizer)
        gold = marked_words(text, str(row.selected_text), parts)
        if gold is not None and not gold.all():
            found.append(Marked(text, 1 if row.label == "positive" else -1, parts, gold))
    return found


def by_lexicon(tweets: Sequence[Marked]) -> Weights:
    """The valence of each word in VADER's lexicon."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    lexicon = SentimentIntensityAnalyzer().lexicon

    def valence(part: Unit) -> float:
        return float(max((lexicon.get(piece.text, 0.0) for piece in part), key=abs))

    return [each.side * np.array([valence(part) for part in each.parts]) for each in tweets]


def at_random(tweets: Sequence[Marked]) -> Weights:
    rng = np.random.default_rng(0)
    return [rng.random(len(each.parts)) for each in tweets]


def mean_f1(tweets: Sequence[Marked], weights: Weights, threshold: float) -> float:
    pairs = zip(tweets, weights, strict=True)
    return statistics.mean(f1(each.gold, strongest(weight, threshold)) for each, weight in pairs)


def average_precision(gold: np.ndarray, weights: np.ndarray) -> float:
    """How high the marked words rank, whatever the threshold."""
    hits = gold[np.argsort(-weights, kind="stable")]
    ranks = np.flatnonzero(hits) + 1
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks))


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """The rank correlation of two explanations of a tweet."""
    first, second = (pd.Series(each).rank() for each in (a, b))
    return float(first.corr(second))


def without(parts: Sequence[Unit], left_out: Iterable[int]) -> str:
    """The normalized text without some of its words."""
    gone = set(left_out)
    return joined([part for i, part in enumerate(parts) if i not in gone])


def moved(tweets: Sequence[Marked], choices: Sequence[Iterable[int]], scorer: Scorer) -> np.ndarray:
    """How far the score of each tweet moves when the chosen words are taken out, [tweets]."""
    texts = [joined(each.parts) for each in tweets]
    texts += [without(each.parts, choice) for each, choice in zip(tweets, choices, strict=True)]
    scores = score_normalized(texts, scorer)
    return np.abs(scores[: len(tweets)] - scores[len(tweets) :])


def cost(path: Path, model: str, tagger: str, runs: int) -> str:
    """What an explained report takes, beside the plain one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "account.csv"
        write_csv(file, distinct_texts(path, ACCOUNT))
        python = [sys.executable, "-m", "positivity"]
        more = ["--quiet", "--model", model, str(file)]
        times = in_turn(
            {
                "`positivity score`": [*python, "score", *more],
                "`positivity explain`": [*python, "explain", *more],
                "`positivity explain --method gradients`": [
                    *(*python, "explain", "--method", GRADIENTS),
                    *more,
                ],
                "`positivity explain --method spans`": [
                    *(*python, "explain", "--method", SPANS, "--tagger", tagger),
                    *more,
                ],
            },
            runs,
        )
    plain = times["`positivity score`"]
    lines = [
        f"{ACCOUNT:,} tweets, whole processes in turn, {runs} runs, medians",
        "",
        "| | seconds | times the plain report |",
        "|---|---|---|",
    ]
    for name, each in times.items():
        ratios = [one / other for one, other in zip(each, plain, strict=True)]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        lines.append(f"| {name} | {statistics.median(each):.2f} | {spread} |")
    return "\n".join(lines)


class Bench:
    """The tables on one model."""

    def __init__(
        self, model: str, spans: pd.DataFrame, rows: int | None, tagger: str = "spans"
    ) -> None:
        self.directory = load(model)
        self.tagger = SpanTagger(load(tagger))
        self.scorer = Scorer.load(self.directory, device="cpu", exact=True)
        normalizer = self.scorer.normalizer
        self.dev = marked_tweets(spans[spans.split == "dev"], normalizer)[:rows]
        self.eval = marked_tweets(spans[spans.split == "eval"], normalizer)[:rows]
        found = {name: self._found(name, self.eval) for name in METHODS}
        self.effects = {name: [effects for effects, _ in each] for name, each in found.items()}
        self.baselines = [baseline for _, baseline in found[GRADIENTS]]

    def _found(self, method: str, tweets: Sequence[Marked]) -> list[tuple[np.ndarray, float]]:
        texts = [each.text for each in tweets]
        found = find_effects(texts, self.scorer, self.directory, method)
        return [
            (np.array([each.effect for each in effects]), baseline or 0.0)
            for effects, baseline in found
        ]

    def human(self) -> str:
        """Agreement with the words that people marked."""
        lines = ["| words chosen by | F1 | Jaccard | average precision |", "|---|---|---|---|"]
        texts, sides = [each.text for each in self.eval], [each.side for each in self.eval]
        taken, probable = [], []
        for each, marking in zip(self.eval, self.tagger.mark(texts, sides), strict=True):
            # The tagger may also read a last mark, which the model does not: by where they begin.
            places = {span_of(part)[0]: i for i, part in enumerate(marking.parts)}
            words = [places[span_of(part)[0]] for part in each.parts]
            taken.append(marking.taken[words])
            probable.append(marking.probabilities[words])
        lines.append(self._row(f"tagger `{self.tagger.name}`", taken, probable))
        ways: dict[str, Callable[[Sequence[Marked]], Weights]] = {
            **{name: self._speaking(name) for name in METHODS},
            "VADER's lexicon": by_lexicon,
            "chance": at_random,
        }
        for name, weigh in ways.items():
            dev = weigh(self.dev)
            best = max(THRESHOLDS, key=lambda each: mean_f1(self.dev, dev, each))
            weights = weigh(self.eval)
            lines.append(self._row(name, [strongest(each, best) for each in weights], weights))
        lines.append(self._row("all words", [np.ones_like(each.gold) for each in self.eval]))
        return "\n".join(lines)

    def _row(self, name: str, taken: Weights, weights: Weights | None = None) -> str:
        """The means over tweets, for the words taken and for the order of their weights."""
        gold = [each.gold for each in self.eval]
        figures = [f"{statistics.mean(map(measure, gold, taken)):.3f}" for measure in (f1, jaccard)]
        if weights is not None:
            figures.append(f"{statistics.mean(map(average_precision, gold, weights)):.3f}")
        return f"| {' | '.join([name, *figures, ''][:4])} |"

    def _speaking(self, method: str) -> Callable[[Sequence[Marked]], Weights]:
        def weigh(tweets: Sequence[Marked]) -> Weights:
            known = self.effects[method]
            if tweets is not self.eval:
                known = [effects for effects, _ in self._found(method, tweets)]
            return [each.side * effects for each, effects in zip(tweets, known, strict=True)]

        return weigh

    def agreement(self) -> str:
        """Of leave-one-out and gradients with each other."""
        pairs = [
            (a, b)
            for a, b in zip(*(self.effects[name] for name in METHODS), strict=True)
            if len(a) > 2 and np.ptp(a) and np.ptp(b)
        ]
        ranks = statistics.mean(spearman(a, b) for a, b in pairs)
        same = statistics.mean(int(np.abs(a).argmax() == np.abs(b).argmax()) for a, b in pairs)
        strongest = [(a[i], b[i]) for a, b in pairs for i in [int(np.abs(a).argmax())]]
        signs = statistics.mean(int((a > 0) == (b > 0)) for a, b in strongest)
        return "\n".join(
            [
                "| leave-one-out and gradients, on a tweet | |",
                "|---|---|",
                f"| rank correlation of their effects, mean | {ranks:.2f} |",
                f"| name the same word as the strongest | {100 * same:.0f} % |",
                f"| agree on the sign of the strongest | {100 * signs:.0f} % |",
            ]
        )

    def deletion(self) -> str:
        """How far taking out the strongest words moves the score, beside others."""
        rows = [i for i, each in enumerate(self.eval) if len(each.parts) >= LEAST_WORDS]
        tweets = [self.eval[i] for i in rows]
        rng = np.random.default_rng(0)
        draws = [
            moved(
                tweets,
                [rng.choice(len(each.parts), TAKEN_OUT, replace=False) for each in tweets],
                self.scorer,
            )
            for _ in range(DRAWS)
        ]
        chance = float(np.mean(draws))
        lines = [
            f"| {TAKEN_OUT} words taken out | the score moves by | times chance |",
            "|---|---|---|",
        ]
        for name in METHODS:
            chosen = [np.argsort(-np.abs(self.effects[name][i]))[:TAKEN_OUT] for i in rows]
            by = float(moved(tweets, chosen, self.scorer).mean())
            lines.append(f"| strongest by {name} | {by:.3f} | {by / chance:.1f} |")
        return "\n".join([*lines, f"| chance | {chance:.3f} | 1.0 |"])

    def completeness(self) -> str:
        """Whether gradients add up."""
        probabilities = self.scorer.score([each.text for each in self.eval]).astype(float)
        scores = probabilities[:, 2] - probabilities[:, 0]
        gaps = [
            abs(float(effects.sum()) - (score - baseline))
            for effects, baseline, score in zip(
                self.effects[GRADIENTS], self.baselines, scores, strict=True
            )
        ]
        return f"By gradients, effects miss the score less the baseline by {max(gaps):.4f} at most."


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("spans", type=Path)
    parser.add_argument("tweets", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--tagger", default="spans")
    parser.add_argument("--rows", type=int, help="of each split at most")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    bench = Bench(options.model, pd.read_parquet(options.spans), options.rows, options.tagger)
    config = bench.directory.config
    print(
        f"Model `{config.name}` {config.version} ({bench.directory.digest}), "
        f"{len(bench.eval):,} tweets (thresholds from {len(bench.dev):,} others)\n"
    )
    for table in (bench.human(), bench.agreement(), bench.deletion(), bench.completeness()):
        print(f"{table}\n")
    if options.runs:
        print(cost(options.tweets, options.model, options.tagger, options.runs))


if __name__ == "__main__":
    main()
