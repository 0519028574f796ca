"""Measures a saved model: on labelled sets, on degrees, on emoji. Every figure of its card."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from positivity.evaluation import POLAR, evaluate, ranks
from positivity.model.scorer import Scorer
from positivity.training.datasets import NamedSet
from positivity.training.emoji_ranking import read_ranking
from positivity.training.labelled import Data, read_graded
from positivity.training.recipe import Recipe, Source

# What a model of two classes is not measured by: it would look like what it is not.
_THREE_CLASS = ("macro_recall", "f1_positive_negative", "area_under_curve")
_COLUMNS = {
    "macro_recall": "macro recall",
    "f1_positive_negative": "F1 (positive, negative)",
    "two_class_macro_recall": "macro recall of two classes",
    "accuracy": "accuracy",
    "area_under_curve": "area under curve",
    "calibration_error": "calibration error",
    "calibration_error_balanced": "balanced",
    "calibration_error_by_chance": "by chance",
}


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
            measured = asdict(evaluate(probabilities, each.gold))
            of_these = _THREE_CLASS if len(recipe.labels) == len(POLAR) else ()
            figures[part][each.name] = {k: v for k, v in measured.items() if k not in of_these}
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
    return pearson(ranks(one), ranks(other))


def figures_table(metrics: Mapping[str, Any]) -> str:
    """The measured figures as a Markdown table, a row for each set."""
    sets = [(f"{n} ({part})", m) for part in ("dev", "eval") for n, m in metrics[part].items()]
    columns = [key for key in _COLUMNS if any(m.get(key) is not None for _, m in sets)]
    rows = [
        f"| set | tweets | {' | '.join(_COLUMNS[key] for key in columns)} |",
        "|" + "---|" * (2 + len(columns)),
    ]
    for name, m in sets:
        values = ("" if m.get(key) is None else f"{m[key]:.3f}" for key in columns)
        rows.append(f"| {name} | {m['tweets']:,} | {' | '.join(values)} |")
    return "\n".join(rows)
