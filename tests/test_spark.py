"""The pandas UDF, and an example that runs on a local Spark where there is one."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positivity.model.scorer import Scorer
from positivity.spark import SCHEMA, scored

ROOT = Path(__file__).parents[1]
TEXTS = ["I love this!", "worst. day. ever.", None, "the train leaves at nine", ""]
# In a process of its own: Java ends with it.
EXAMPLE = """
import json, sys
from pyspark.sql import SparkSession
from positivity.spark import score_udf

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "512m")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)
texts = json.load(sys.stdin)
rows = [(number, text) for number, text in enumerate(texts)]
tweets = spark.createDataFrame(rows, "id long, text string").repartition(3)
score = score_udf("base")
found = tweets.withColumn("scored", score("text")).select("id", "scored.*").orderBy("id")
print(json.dumps([row.asDict() for row in found.collect()]))
spark.stop()
"""


def test_the_columns_of_a_file_of_scores() -> None:
    scorer = Scorer.load("base")
    texts = pd.Series(TEXTS, index=[7, 5, 9, 1, 3], dtype=object)
    found = scored(texts, scorer)
    assert [name.split()[0] for name in SCHEMA.split(", ")] == list(found.columns)
    assert list(found.index) == [7, 5, 9, 1, 3]
    assert found.loc[[7, 5, 3], "label"].tolist() == ["positive", "negative", "neutral"]
    assert found.loc[9].isna().all()
    probabilities = scorer.score(["I love this!"])[0].astype(float).round(4)
    (first,) = found.loc[[7], ["negative", "neutral", "positive"]].to_numpy().tolist()
    assert first == probabilities.tolist()
    net = float(np.round(probabilities[2] - probabilities[0], 4))
    assert found["score"].tolist()[0] == net
    assert scored(pd.Series([], dtype=object), scorer).empty
    assert scored(pd.Series([None, None], dtype=object), scorer).isna().all(axis=None)


@pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed")
@pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java")
def test_on_a_local_spark(tmp_path: Path) -> None:
    import json

    result = subprocess.run(
        [sys.executable, "-c", EXAMPLE],
        input=json.dumps(TEXTS * 50),
        capture_output=True,
        text=True,
        timeout=500,
        cwd=tmp_path,
        env=os.environ | {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr[-3000:]
    rows = json.loads(result.stdout.splitlines()[-1])
    expected = scored(pd.Series(TEXTS * 50, dtype=object), Scorer.load("base"))
    assert [row.pop("id") for row in rows] == list(range(len(TEXTS) * 50))
    for row, wanted in zip(rows, expected.to_dict("records"), strict=True):
        assert row == {name: None if pd.isna(value) else value for name, value in wanted.items()}
