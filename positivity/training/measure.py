"""Measures a saved model: on labelled sets, on degrees, on emoji. Every figure of its card."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from positivity.evaluation import evaluate
from positivity.model.scorer import Scorer
from positivity.training.datasets import NamedSet
from positivity.training.emoji_ranking import read_ranking
from positivity.training.labelled import Data, read_graded
from positivity.training.recipe import Recipe, Source


def measure(
    model: Path, dev: Sequence[NamedSet], quoted: Sequence[NamedSet], data: Data, recipe: Recipe
) -> dict[str, Any]:
    """The figures of the model as it is on disk.

    Args:
        quoted: the sets of which figures are quoted (eval); `dev` chose the model.
    """
    exact = Scorer.load(str(model), device="cpu", exact=True)
    quick = Scorer.load(str(model), device="cpu", engine="torch")
    figures: dict[str, Any] = {"dev": {}, "eval": {}}
    largest = 0.0
    for part, sets in (("dev", dev), ("eval", quoted)):
        for each in sets:
            probabilities = exact.score(each.texts)
            figures[part][each.name] = asdict(evaluate(probabilities, each.gold))
            difference = abs(probabilities - quick.score(each.texts))
            largest = max(largest, float(difference.max()))
    # How far the reduced precision of fast CPUs moves a probability, at most.
    figures["largest_difference_in_bfloat16"] = round(largest, 4)
    figures["graded"] = {
        source.name or Path(source.file).stem: _on_degrees(exact, data, source)
        for source in recipe.graded
    }
    if recipe.emoji and recipe.emoji.held_out:
        ranking = read_ranking(data.folder / recipe.emoji.ranking)
        _, kept = ranking.split(recipe.emoji.held_out, seed=0)
        figures["emoji_ranking"] = {
            "emoji": len(kept.emoji),
            "spearman": spearman(_score(exact, kept.emoji), kept.scores()),
        }
    return figures


def _on_degrees(scorer: Scorer, data: Data, source: Source) -> dict[str, float]:
    """How the score follows the degrees that people gave: on all tweets, on those with emoji."""
    texts, degrees = read_graded(data.folder / source.file, source)
    scores = _score(scorer, texts)
    names = frozenset(scorer.normalizer.emoji.values())
    with_emoji = np.array(
        [not names.isdisjoint(text.split(" ")) for text in scorer.normalizer.normalize_many(texts)]
    )
    figures = {"tweets": len(texts), "pearson": pearson(scores, degrees)}
    if with_emoji.sum() > 2:
        figures["tweets_with_emoji"] = int(with_emoji.sum())
        figures["pearson_with_emoji"] = pearson(scores[with_emoji], degrees[with_emoji])
    return figures


def _score(scorer: Scorer, texts: Sequence[str]) -> NDArray[np.float64]:
    probabilities = scorer.score(list(texts)).astype(np.float64)
    return np.asarray(probabilities[:, 2] - probabilities[:, 0])


def pearson(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """The linear correlation of two rows of numbers."""
    return float(np.corrcoef(one, other)[0, 1])


def spearman(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """The correlation of their ranks, ties sharing theirs."""
    return pearson(_ranks(one), _ranks(other))


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((last - (counts - 1) / 2)[inverse])


def figures_table(metrics: dict[str, Any]) -> str:
    """The measured figures as a Markdown table, a row for each set."""
    rows = [
        "| set | tweets | macro recall | F1 (positive, negative) | accuracy | calibration error "
        "| balanced | by chance |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part in ("dev", "eval"):
        for name, m in metrics[part].items():
            rows.append(
                f"| {name} ({part}) | {m['tweets']:,} | {m['macro_recall']:.3f} "
                f"| {m['f1_positive_negative']:.3f} | {m['accuracy']:.3f} "
                f"| {m['calibration_error']:.3f} | {m['calibration_error_balanced']:.3f} "
                f"| {m['calibration_error_by_chance']:.3f} |"
            )
    return "\n".join(rows)
