"""The Python interface, as its documentation shows it."""

import doctest
import pickle
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
from positivity.tweets import tweet_batch


@pytest.fixture(scope="module")
def analyzer(tiny_model: ModelDirectory) -> Analyzer:
    return Analyzer(str(tiny_model.path), device="cpu")


def test_scores_are_a_frame(analyzer: Analyzer) -> None:
    frame = analyzer.score(["love great", "hate awful", ""])
    assert list(frame.columns) == ["text", "label", "negative", "neutral", "positive", "score"]
    assert frame.label.tolist() == ["positive", "negative", "neutral"]
    assert (frame.score == (frame.positive - frame.negative).round(4)).all()
    assert analyzer.score([]).shape == (0, 6)
    assert analyzer.score([]).dtypes.equals(frame.dtypes)
    assert analyzer.score(pa.array(["love great"])).label.tolist() == ["positive"]


def test_pickled_it_loads_its_model_again(analyzer: Analyzer) -> None:
    pickled = pickle.dumps(analyzer)
    assert len(pickled) < 1000
    again = pickle.loads(pickled)
    texts = ["love it", "hate it"]
    assert again.score(texts).equals(analyzer.score(texts))
    assert again.model == analyzer.model


def test_a_table_is_not_scored_by_the_names_of_its_columns(analyzer: Analyzer) -> None:
    frame = pd.DataFrame({"text": ["love great"]})
    for table in (frame, pa.Table.from_pandas(frame), {"text": ["love great"]}):
        with pytest.raises(InputError, match="give its column of texts"):
            analyzer.score(table)  # type: ignore[arg-type]


TEXTS = ["love great happy", "hate awful sad", "so happy and great", "love this"]


@pytest.mark.parametrize(
    "tweets",
    [
        TEXTS,
        pd.DataFrame({"text": TEXTS, "likes": [1, 2, 3, 4], "mine": "x"}),
        pa.table({"text": TEXTS}),
        pd.Series(TEXTS, index=[4, 7, 9, 1]),
        dict.fromkeys(TEXTS).keys(),
        [tweet_batch({"text": TEXTS}, length=4)],
        pa.record_batch({"text": TEXTS}),
        [pa.record_batch({"text": TEXTS[:2]}), pa.record_batch({"text": TEXTS[2:]})],
        pa.chunked_array([TEXTS[:2], TEXTS[2:]]),
    ],
    ids=["texts", "frame", "table", "series", "iterable", "batches", "batch", "others", "chunks"],
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
            "id": ["2017395512345678901", "2017560000000000001", "2017560000000000001"],
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


def test_a_frame_of_a_csv_file_has_its_times(analyzer: Analyzer, tmp_path: Path) -> None:
    """What `pandas.read_csv` makes of ids and times by itself."""
    path = tmp_path / "mine.csv"
    days = ["13/02/2026 23:30", "01/03/2026 10:00", "no time", ""]
    rows = [f"{i},{day},{text},7" for i, (day, text) in enumerate(zip(days, TEXTS, strict=True))]
    path.write_text("\n".join(["id,created_at,text,likes", *rows]), encoding="utf-8")
    report = analyzer.analyze(pd.read_csv(path), language="en")
    assert [month.month for month in report.months] == ["2026-02", "2026-03"]
    days = ["2026-02-13", "2026-02-14", "unknown", ""]
    frame = pd.DataFrame({"text": TEXTS, "created_at": days}).astype({"text": "category"})
    report = analyzer.analyze(frame, language="en")
    assert (report.first, report.last) == ("2026-02-13", "2026-02-14")
    assert sum(slot.tweets for slot in report.hours) == 0
    frame["created_at"] = pd.to_datetime(["2026-02-13T10:00:00.123456789Z"] * 4)
    assert analyzer.analyze(frame, language="en").counts.counted == 4


@pytest.mark.parametrize(
    ("tweets", "told"),
    [
        ("one text", "give a list"),
        (["one", None], "None at place 1 is no string"),
        (["one", float("nan")], "nan at place 1 is no string"),
        ([1, 2], "1 at place 0 is no string"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(analyzer: Analyzer, tweets: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        analyzer.score(tweets)
    with pytest.raises(InputError, match=told):
        analyzer.analyze(tweets)


def test_a_mapping_is_no_table(analyzer: Analyzer) -> None:
    with pytest.raises(InputError, match="a table is given as a frame"):
        analyzer.analyze({"text": TEXTS})
    assert analyzer.analyze(iter(TEXTS), language="en").counts.found == 4
    assert analyzer.analyze([]).counts.found == 0


def test_half_a_character_is_no_error(analyzer: Analyzer) -> None:
    assert analyzer.score(["\ud83d love", "hate"]).text.tolist() == ["\ufffd love", "hate"]
    assert analyzer.analyze(["\ud83d love", "hate"]).counts.found == 2


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ({"id": [1.5, 2.0]}, "column 'id': numbers with a point"),
        ({"likes": ["many", "few"]}, "column 'likes' cannot be read as int64"),
        ({"author": ["one", 2]}, "cannot be read"),
    ],
)
def test_a_column_of_another_type_is_told(
    analyzer: Analyzer, column: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        analyzer.analyze(pd.DataFrame({"text": ["love", "hate"], **column}))


def test_a_table_without_text_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(InputError, match="no column 'text'"):
        analyzer.analyze(pd.DataFrame({"tweet": ["x"]}))


def test_another_language_is_refused(analyzer: Analyzer) -> None:
    with pytest.raises(UsageError, match="English"):
        analyzer.analyze(TEXTS, language="fr")


@pytest.mark.parametrize("name", ["Mars/Olympus", "../UTC", "America", "\0", ""])
def test_an_unknown_time_zone_is_refused(analyzer: Analyzer, name: str) -> None:
    with pytest.raises(InputError, match="no such time zone"):
        analyzer.analyze(TEXTS, timezone=name)


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
