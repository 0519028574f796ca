"""The benchmark of shares: bags as they are drawn, its tables, and how they get into documents."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import documents
from benchmarks.quantify.bags import ACROSS, HALVES, IN_DOMAIN, INTERVALS, KNOWS, METHODS, cases
from benchmarks.quantify.tables import table, verdict_summary, verdicts
from benchmarks.quantify.topics import table as topic_table
from benchmarks.quantify.tweets import Tweets, shares_in_tweets
from positivity.quantification import ShareErrors, ShareMetrics


def made_up(seed: int, size: int = 300) -> Tweets:
    """As many tweets of each class, which the model tells apart fairly well."""
    rng = np.random.default_rng(seed)
    gold = np.repeat(range(3), size)
    logits = 1.5 * np.eye(3)[gold] + rng.normal(size=(len(gold), 3)) + 0.3 * rng.normal(size=3)
    powers = np.exp(logits)
    return Tweets(gold, powers / powers.sum(axis=1, keepdims=True))


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    sets = {
        name: {"dev": made_up(2 * number), "eval": made_up(2 * number + 1)}
        for number, name in enumerate(("a", "b", "c"))
    }
    found = pd.DataFrame(cases(sets, splits=2, bags=3, seed=1))
    found[INTERVALS] = found[INTERVALS].astype(float)
    return found


def test_a_bag_has_the_prescribed_shares() -> None:
    tweets = made_up(1)
    assert tweets.largest_bag() == 100
    first, second = (tweets.bag(50, np.random.default_rng(seed)) for seed in (1, 2))
    assert len(first.gold) == len(second.gold) == 50
    assert np.bincount(first.gold).tolist() != np.bincount(second.gold).tolist()
    assert shares_in_tweets(np.array([0.34, 0.33, 0.33]), 10).tolist() == [4, 3, 3]


def test_every_setting_measures_every_method(rows: pd.DataFrame) -> None:
    assert set(rows.setting) == {IN_DOMAIN, HALVES, ACROSS}
    assert set(rows.method) == set(METHODS)
    known = rows[(rows.method == KNOWS) & (rows.setting == HALVES)]
    assert known.coverage.mean() > 0.9
    counted = rows[(rows.method == "CC") & (rows["size"] == 800)]
    assert counted.coverage.mean() < 0.7
    assert known[known["size"] == 20].width.mean() > known[known["size"] == 100].width.mean()


def test_tables_have_a_row_for_each(rows: pd.DataFrame) -> None:
    lines = table(rows, IN_DOMAIN).splitlines()
    assert len(lines) == 4 + 5 * len(METHODS)
    assert all(line.count("|") == lines[2].count("|") for line in lines[2:])
    own = [line for line in lines if f"| {KNOWS} |" in line]
    assert all(line.endswith("| 1.00 |") for line in own)
    assert len(verdicts(rows).splitlines()) == 2 + 3 * (5 + 3 + 5)
    summary = verdict_summary(rows).splitlines()
    assert [line.split(" | ")[1] for line in summary[2:6]] == [
        "20",
        "100",
        "200 (simulated)",
        "800 (simulated)",
    ]
    assert summary[-1].endswith("of the sets of 200.")


def test_the_distance_stands_where_the_scale_has_one() -> None:
    errors = {"CC": ShareErrors(0.1, 0.2, 0.3, 0.4)}
    two = topic_table(ShareMetrics(3, 30, ("negative", "positive"), errors))
    assert two.splitlines()[-1] == "| CC | 0.100 | 0.200 | 0.300 |"
    five = topic_table(ShareMetrics(3, 30, ("-2", "-1", "0", "1", "2"), errors))
    assert five.splitlines()[-1] == "| CC | 0.100 | 0.200 | 0.300 | 0.400 |"


def test_a_block_is_filled_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "x.md"
    document.write_text("before\n\n<!-- it -->\n\nold\n\nold\n\n<!-- /it -->\n\nafter\n")
    documents.fill(document, "it", r"new \1")
    assert document.read_text() == ("before\n\n<!-- it -->\n\nnew \\1\n\n<!-- /it -->\n\nafter\n")
    with pytest.raises(AssertionError, match="0 blocks 'other'"):
        documents.fill(document, "other", "new")
