"""SemEval's shares by topic, each quantified by what the other topics tell."""

from pathlib import Path

import numpy as np
import pandas as pd

from positivity.model import registry
from positivity.model.scorer import Scorer
from positivity.quantification import ShareMetrics, Topic, evaluate_shares, scale_of

SUBTASKS = {"D": "BD", "E": "CE"}
SPLITS = ("dev", "devtest")


def topics(path: Path, model: registry.ModelDirectory) -> str:
    """The figures of subtasks D and E on the topics of 2016 dev and devtest."""
    tweets = pd.read_parquet(path)
    tweets = tweets[(tweets.year == 2016) & tweets.split.isin(SPLITS)]
    scorer = Scorer.load(model, device="cpu")
    blocks = []
    for name, subtask in SUBTASKS.items():
        chosen = tweets[tweets.subtask == subtask]
        scale = scale_of(sorted(set(chosen.label.astype(str))))
        gold = np.array([scale.index(str(label)) for label in chosen.label])
        probabilities = scorer.score(chosen.text.tolist()).astype(float)
        metrics = evaluate_shares(
            [
                Topic(str(topic), probabilities[rows], gold[rows])
                for topic, rows in chosen.groupby("topic").indices.items()
            ],
            scale,
        )
        blocks.append(f"{name}, {metrics.topics} topics, {metrics.tweets:,} tweets")
        blocks.append(table(metrics))
    return "\n\n".join(blocks)


def table(metrics: ShareMetrics) -> str:
    """As Markdown; the distance along the scale only where it has more than two labels."""
    names = ["kld", "ae", "rae"] + ["emd"] * (len(metrics.labels) > 2)
    lines = [f"| shares by | {' | '.join(name.upper() for name in names)} |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for method, errors in metrics.methods.items():
        cells = [f"{getattr(errors, name):.3f}" for name in names]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)
