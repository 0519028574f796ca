"""The measurements of explanations measure what they say."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.explain import (
    Bench,
    average_precision,
    marked_tweets,
    moved,
    spearman,
    without,
)
from positivity.model.scorer import Scorer
from positivity.spans import f1, strongest
from positivity.text.normalize import Normalizer
from tests.conftest import NEGATIVE, POSITIVE


def spans(number: int = 24) -> pd.DataFrame:
    rows = []
    for i in range(number):
        word = (POSITIVE, NEGATIVE)[i % 2][i // 2 % 10]
        text = f"about the {word} train on this day"
        label = ("positive", "negative")[i % 2]
        rows.append({"split": ("dev", "eval")[i // 12], "label": label, "text": text})
        rows[-1]["selected_text"] = f" {word} "
    rows.append(rows[0] | {"label": "neutral"})
    rows.append(rows[0] | {"selected_text": rows[0]["text"]})
    rows.append(rows[0] | {"selected_text": "elsewhere"})
    return pd.DataFrame(rows)


def test_tweets_of_which_a_part_is_marked(normalizer: Normalizer) -> None:
    found = marked_tweets(spans(), normalizer)
    assert len(found) == 24
    assert all(each.gold.tolist() == [False] * 2 + [True] + [False] * 4 for each in found)
    assert [each.side for each in found[:3]] == [1, -1, 1]
    assert without(found[0].parts, [2]) == " ".join(
        piece.text for i, part in enumerate(found[0].parts) for piece in part if i != 2
    )


def test_figures_by_hand() -> None:
    gold = np.array([True, False, True, False])
    assert f1(gold, np.array([True, True, False, False])) == 0.5
    assert f1(gold, gold) == 1
    assert f1(gold, ~gold) == 0
    assert average_precision(gold, np.array([4.0, 3, 2, 1])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(gold, np.array([2.0, 0, 1, -1])) == 1
    assert strongest(np.array([1.0, 0.5, -2]), 0.5).tolist() == [True, True, False]
    assert not strongest(np.array([-1.0, -2]), 0.5).any()
    assert spearman(np.array([1.0, 2, 3]), np.array([1.0, 20, 30])) == pytest.approx(1)
    assert spearman(np.array([1.0, 2, 3]), np.array([3.0, 2, 1])) == pytest.approx(-1)


def test_taking_words_out_moves_the_score() -> None:
    scorer = Scorer.load("base", device="cpu", exact=True)
    tweets = marked_tweets(spans(), scorer.normalizer)
    assert moved(tweets, [[]] * len(tweets), scorer).max() < 1e-5
    word, other = (moved(tweets, [[i]] * len(tweets), scorer).mean() for i in (2, 5))
    assert word > 3 * other


def test_the_tables() -> None:
    pytest.importorskip("vaderSentiment")
    bench = Bench("base", spans(), 8)
    assert (len(bench.dev), len(bench.eval)) == (8, 8)
    figures = {
        cells[0]: float(cells[1])
        for line in bench.human().splitlines()[2:]
        for cells in [[each.strip() for each in line.strip("|").split("|")]]
    }
    assert figures["leave-one-out"] > 0.8 > figures["chance"]
    assert figures[f"tagger `{bench.tagger.name}`"] > 0.8
    assert figures["all words"] == pytest.approx(2 / 8)
    assert "rank correlation" in bench.agreement()
    assert "times chance" in bench.deletion()
    gap = float(bench.completeness().split()[-3])
    assert 0 <= gap < 0.01
