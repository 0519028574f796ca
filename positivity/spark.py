"""Scores in a Spark data frame, by a pandas UDF. `pip install ".[spark]"`

from positivity.spark import score_udf

score = score_udf("base")
tweets.withColumn("scored", score("text")).select("id", "scored.label", "scored.positive")
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from positivity.account.tally import SCORE_DIGITS, labels_of

if TYPE_CHECKING:
    import pandas as pd

    from positivity.model.scorer import Scorer

SCHEMA = "label string, negative double, neutral double, positive double, score double"
_LABELS = ("negative", "neutral", "positive")


def score_udf(model: str = "base", *, device: str = "cpu", engine: str = "auto") -> Any:
    """A pandas UDF from a column of texts to structs of `SCHEMA`.

    The struct has the columns of a file of scores: the label, the probabilities of the three
    (rounded to 4 decimals), and `score`, positive less negative. Where the text is null, all are
    null. Every text is scored: which tweets count for a verdict (no retweets, no other language, no
    duplicates) is for `positivity score` to say. Each Python worker of Spark loads the model once
    and scores on one core, as Spark runs one task for each.

    Args:
        model: a model's name, or the path of its directory on every executor.
        device: where to score: auto, cpu, cuda or mps.
        engine: what runs the network: auto, torch or onnx.

    Raises:
        PositivityError: when a text is scored on an executor that has no such model.
    """
    from pyspark.sql.functions import pandas_udf

    def score(batches: "Iterator[pd.Series]") -> "Iterator[pd.DataFrame]":
        scorer = _scorer(model, device, engine)
        for texts in batches:
            yield scored(texts, scorer)

    # Types in quotes would be looked for where Spark's workers are.
    import pandas

    score.__annotations__ = {
        "batches": Iterator[pandas.Series],
        "return": Iterator[pandas.DataFrame],
    }
    return pandas_udf(score, SCHEMA)


def scored(texts: "pd.Series", scorer: "Scorer") -> "pd.DataFrame":
    """The columns of `SCHEMA` for texts."""
    import pandas as pd

    known = texts.notna()
    probabilities = scorer.score([str(text) for text in texts[known]])
    rounded = probabilities.astype(float).round(SCORE_DIGITS)  # [known, 3]
    columns: dict[str, Any] = {"label": [_LABELS[label] for label in labels_of(rounded)]}
    columns |= {name: rounded[:, at] for at, name in enumerate(_LABELS)}
    columns["score"] = (rounded[:, 2] - rounded[:, 0]).round(SCORE_DIGITS)
    return pd.DataFrame(columns, index=texts.index[known]).reindex(texts.index)


@lru_cache(maxsize=2)
def _scorer(model: str, device: str, engine: str) -> "Scorer":
    """A scorer for as long as the process lives: Spark uses its Python workers again."""
    from positivity.model.scorer import Scorer

    return Scorer.load(model, device=device, engine=engine, workers=1)
