"""The Python interface, as its documentation shows it."""

import doctest
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import positivity
from positivity import Analyzer
from positivity import analyzer as analyzer_module
from positivity.errors import InputError, UsageError
from positivity.model.registry import ModelDirectory


@pytest.fixture(scope="module")
def analyzer(tiny_model: ModelDirectory) -> Analyzer:
    return Analyzer(str(tiny_model.path), device="cpu")


def test_scores_are_a_frame(analyzer: Analyzer) -> None:
    frame = analyzer.score(["love great", "hate awful", ""])
    assert list(frame.columns) == ["text", "label", "negative", "neutral", "positive", "score"]
    assert frame.label.tolist() == ["positive", "negative", "neutral"]
    assert (frame.score == (frame.positive - frame.negative).round(4)).all()
    assert analyzer.score([]).shape == (0, 6)


TEXTS = ["love great happy", "hate awful sad", "so happy and great", "love this"]


@pytest.mark.parametrize(
    "tweets",
    [
        TEXTS,
        pd.DataFrame({"text": TEXTS, "likes": [1, 2, 3, 4], "mine": "x"}),
        pa.table({"text": TEXTS}),
    ],
    ids=["texts", "frame", "table"],
)
def test_tweets_come_in_any_form(analyzer: Analyzer, tweets: Any) -> None:
    report = analyzer.analyze(tweets, language="en")
    assert report.counts.found == report.counts.counted == 4
    assert report.positive is not None
    assert report.positive.low < 0.75 < report.positive.high
    assert report.kinds[0].positive == 3


def test_times_and_ids_count(analyzer: Analyzer) -> None:
    frame = pd.DataFrame(
        {
            "id": ["1", "2", "2"],
            "text": TEXTS[:3],
            "created_at": pd.to_datetime(
                ["2026-01-31T23:30Z", "2026-02-01T10:00Z", "2026-02-01T10:00Z"]
            ),
        }
    )
    report = analyzer.analyze(frame, timezone="Asia/Tokyo")
    assert report.counts.left_out == {"duplicate": 1}
    assert [month.month for month in report.months] == ["2026-02"]


def test_a_column_of_dates_has_no_hours(analyzer: Analyzer) -> None:
    table = pa.table({"text": TEXTS, "created_at": pa.array([date(2026, 3, 1), None] * 2)})
    report = analyzer.analyze(table, language="en", timezone="America/New_York")
    assert report.first == report.last == "2026-03-01"
    assert sum(slot.tweets for slot in report.hours) == 0


def test_a_table_without_text_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(InputError, match="no column 'text'"):
        analyzer.analyze(pd.DataFrame({"tweet": ["x"]}))


def test_another_language_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(UsageError, match="English"):
        analyzer.analyze(TEXTS, language="fr")


def test_the_documented_examples_run() -> None:
    for module in (positivity, analyzer_module):
        result = doctest.testmod(module)
        assert (result.failed, result.attempted > 0) == (0, True)


def test_the_example_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    code = readme.split("```python\n")[1].split("```")[0]
    exec(compile(code, "README.md", "exec"), {})
    assert "positive" in capsys.readouterr().out


def test_nothing_else_is_public() -> None:
    assert sorted(positivity.__all__) == ["Analyzer", "Report", "__version__"]
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        positivity.Nothing  # noqa: B018
