import csv
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from positivity.cli import scoring
from positivity.errors import InputError, UsageError
from positivity.report.scores import ScoresWriter
from positivity.selection import Selection
from positivity.sources.files import open_tweets
from positivity.sources.own_scores import SCORE_COLUMNS, guard, unguard
from positivity.tweets import SCHEMA, LeftOut, TweetBatch, tweet_batch

TEXTS = ['good, "very"\nindeed', "=1+1", "'=odd", "@bob &amp; co", "", "- a list"]
AUTHORS = ["alice", None, "-dash", "bob", "bob", "bob"]


def batch_of(texts: list[str]) -> TweetBatch:
    number = len(texts)
    return tweet_batch(
        {
            "id": [str(2**60 + n) for n in range(number)],
            "created_at": [datetime(2026, 8, 26, 18, 29, 6, tzinfo=UTC)] * number,
            "author": (AUTHORS * number)[:number],
            "text": texts,
        },
        length=number,
    )


PROBABILITIES = np.array(
    [
        [0.10001, 0.2, 0.69999],
        [0.7, 0.2, 0.1],
        [0.2, 0.6, 0.2],
        [np.nan] * 3,
        [np.nan] * 3,
        [1 / 3, 1 / 3, 1 / 3],
    ],
    dtype=np.float32,
)
LEFT_OUT = [None, None, None, LeftOut.RETWEET, LeftOut.EMPTY, None]


def write(path: Path) -> None:
    batch = batch_of(TEXTS)
    with ScoresWriter(path) as writer:
        writer.write(batch.slice(0, 2), PROBABILITIES[:2], LEFT_OUT[:2])
        writer.write(batch.slice(2, 0), PROBABILITIES[:0], [])
        writer.write(batch.slice(2), PROBABILITIES[2:], LEFT_OUT[2:])


def tweets(path: Path) -> list[dict[str, Any]]:
    with open_tweets(str(path)) as file:
        rows = [row for batch in file.batches() for row in batch.to_pylist()]
    assert file.unreadable == 0
    return rows


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    write(path)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == SCORE_COLUMNS
    time = "2026-08-26T18:29:06Z"
    assert rows[0] == [
        *(str(2**60), time, "alice", "positive", "0.1", "0.2", "0.7", "0.6", ""),
        TEXTS[0],
    ]
    assert rows[1][3:] == ["negative", "0.7", "0.2", "0.1", "-0.6", "", "'=1+1"]
    assert rows[3][3:] == ["", "", "", "", "", "retweet", "'@bob &amp; co"]
    assert [row[9] for row in rows] == [
        TEXTS[0],
        "'=1+1",
        "''=odd",
        "'@bob &amp; co",
        "",
        "'- a list",
    ]
    assert [row[2] for row in rows] == ["alice", "", "'-dash", "bob", "bob", "bob"]
    assert rows[5][4:8] == ["0.3333", "0.3333", "0.3333", "0.0"]


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    write(path)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [row["text"] for row in rows] == TEXTS
    assert tuple(rows[0]) == SCORE_COLUMNS
    assert rows[0]["score"] == 0.6
    assert rows[0]["created_at"] == "2026-08-26T18:29:06Z"
    assert rows[3]["label"] is None
    assert rows[3]["negative"] is None
    assert rows[3]["left_out"] == "retweet"


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    write(path)
    table = pq.read_table(path)
    assert tuple(table.column_names) == SCORE_COLUMNS
    assert table["text"].to_pylist() == TEXTS
    assert table["positive"].to_pylist() == [0.7, 0.1, 0.2, None, None, 0.3333]
    assert table["label"].to_pylist()[2:5] == ["neutral", None, None]


def test_excel(tmp_path: Path) -> None:
    """Ids, times and texts are cells of text, which no spreadsheet rounds or runs."""
    path = tmp_path / "scores.xlsx"
    write(path)
    (sheet,) = map(CalamineWorkbook.from_path(path).get_sheet_by_name, ["Sheet1"])
    header, *rows = sheet.to_python()
    assert tuple(header) == SCORE_COLUMNS
    assert rows[0][:2] == [str(2**60), "2026-08-26T18:29:06Z"]
    assert [row[9] for row in rows] == TEXTS
    assert rows[0][4:8] == [0.1, 0.2, 0.7, 0.6]
    assert rows[3][3:9] == ["", "", "", "", "", "retweet"]
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")  # no formula


def test_a_text_longer_than_a_cell_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "scores.xlsx"
    batch = tweet_batch({"text": ["a" * 32_767, "b" * 32_768]}, length=2)
    with ScoresWriter(path) as writer:
        writer.write(batch, np.full((2, 3), 0.3), [None, None])
    assert writer.cut == 1
    assert [len(row["text"]) for row in tweets(path)] == [32_767, 32_767]


def test_more_rows_than_a_sheet_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("positivity.report.tables._SHEET_ROWS", 4)
    path = tmp_path / "scores.xlsx"
    write(path)
    assert [row["text"] for row in tweets(path)] == TEXTS
    with open_tweets(str(path)) as file:
        assert "sheets 'Sheet1', 'Sheet2'" in file.read_as


HOSTILE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\"',;\t\r\n =+-@&\\_x0041"),
    max_size=60,
)
TIMES = st.datetimes(datetime(2006, 3, 21), datetime(2099, 1, 1), timezones=st.just(UTC)).map(
    lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000)
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.integers(1, 2**63 - 1).map(str),
            st.none() | TIMES,
            st.none() | st.from_regex(r"\w{1,15}", fullmatch=True),
            HOSTILE,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_written_reads_back_the_same(tmp_path: Path, suffix: str, rows: list[Any]) -> None:
    path = tmp_path / f"scores{suffix}"
    names = ("id", "created_at", "author", "text")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    with ScoresWriter(path) as writer:
        batch = tweet_batch(columns, length=len(rows))
        writer.write(batch, np.full((len(rows), 3), 0.3), [None] * len(rows))
    again = [tuple(row[name] for name in names) for row in tweets(path)]
    assert again == rows


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx", ".CSV"])
def test_scores_are_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scores{suffix}"
    write(path)
    rows = tweets(path)
    assert [row["text"] for row in rows] == TEXTS
    assert [row["author"] for row in rows] == AUTHORS
    assert [row["id"] for row in rows] == [str(2**60 + n) for n in range(6)]
    assert rows[0]["created_at"] == datetime(2026, 8, 26, 18, 29, 6, tzinfo=UTC)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_what_was_counted_is_counted_again(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scores{suffix}"
    reasons = [None, LeftOut.RETWEET, LeftOut.LANGUAGE, LeftOut.EMPTY, LeftOut.DUPLICATE]
    batch = batch_of(["la vie est belle", "as an API without RT", "a lovely day", "...", "again"])
    with ScoresWriter(path) as writer:
        writer.write(batch, np.full((5, 3), 0.3), reasons)
    rows = tweets(path)
    assert [row["lang"] for row in rows] == ["en", None, "mis", None, None]
    assert [row["kind"] for row in rows] == ["original", "retweet", *["original"] * 3]
    selection = Selection(lambda texts: np.array([text != "la vie est belle" for text in texts]))
    again = tweet_batch({name: [row[name] for row in rows] for name in SCHEMA.names}, length=5)
    normalized = ["" if text == "..." else text for text in again.column("text").to_pylist()]
    assert selection.left_out(again, normalized) == [*reasons[:4], None]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_the_model_is_not_offered_to_be_measured_on_its_own_labels(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"scores{suffix}"
    with ScoresWriter(path) as writer:
        texts = [f"day {number}" for number in range(30)]
        scores = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]] * 10)
        writer.write(batch_of(texts), scores, [None] * 30)
    with open_tweets(str(path)) as file:
        assert file.notes == ()


def test_guards_are_taken_off_own_files_only(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("id,text\n1,'=1+1\n", encoding="utf-8")
    assert tweets(path)[0]["text"] == "'=1+1"


@given(st.text() | st.from_regex(r"'*[=+\-@]?\w?", fullmatch=True))
def test_guard_round_trip(text: str) -> None:
    assert unguard(guard(text)) == text
    assert guard(text)[:1] not in ("=", "+", "-", "@", "\t", "\r") or not text


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_nothing_written_is_lost(tmp_path: Path, suffix: str, failure: type[BaseException]) -> None:
    path = tmp_path / f"scores{suffix}"
    batch = batch_of(["one", "two"])
    with pytest.raises(failure), ScoresWriter(path) as writer:
        writer.write(batch, PROBABILITIES[:2], [None, None])
        assert not path.exists()
        raise failure
    assert [row["text"] for row in tweets(path)] == ["one", "two"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_an_older_file_stays_where_nothing_could_be_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scores{suffix}"
    write(path)
    before = path.read_bytes()
    with pytest.raises(InputError), ScoresWriter(path):
        raise InputError("nothing can be read")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("written", "said"), [(True, "what was scored is kept"), (False, "")])
def test_an_interrupt_speaks_of_new_scores_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool, said: str
) -> None:
    path = tmp_path / "scores.csv"
    write(path)

    def interrupted(*_: Any, **__: Any) -> None:
        with ScoresWriter(path) as writer:
            if written:
                writer.write(batch_of(["one"]), PROBABILITIES[:1], [None])
            raise KeyboardInterrupt

    monkeypatch.setattr(scoring, "score_accounts", interrupted)
    job: Any = SimpleNamespace(scores=str(path), by=None)
    with pytest.raises(KeyboardInterrupt) as caught:
        scoring.score(job)
    assert str(caught.value).startswith(said)
    assert bool(caught.value.args) == written
    assert len(tweets(path)) == (1 if written else len(TEXTS))


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("old", encoding="utf-8")
    write(path)
    assert len(tweets(path)) == len(TEXTS)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".xlsx", ".parquet"])
def test_dates_without_a_time(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scores{suffix}"
    moments = [date(2026, 8, 26), datetime(2026, 8, 26, 18, 29, 6, tzinfo=UTC), None]
    with ScoresWriter(path) as writer:
        for some in (moments[1:2], moments):  # a batch without such dates goes before
            batch = tweet_batch({"text": ["a"] * len(some), "created_at": some}, length=len(some))
            writer.write(batch, PROBABILITIES[: len(some)], [None] * len(some))
    found = tweets(path)
    time = datetime(2026, 8, 26, tzinfo=UTC)
    assert [row["created_at"] for row in found] == [moments[1], time, moments[1], None]
    if suffix != ".parquet":  # which has times only
        assert [bool(row["date_only"]) for row in found] == [False, True, False, False]


def test_milliseconds_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    time = datetime(2026, 8, 26, 18, 29, 6, 120_000, tzinfo=UTC)
    batch = tweet_batch({"text": ["a", "b"], "created_at": [time, None]}, length=2)
    with ScoresWriter(path) as writer:
        writer.write(batch, PROBABILITIES[:2], [None, None])
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [row["created_at"] for row in rows] == ["2026-08-26T18:29:06.120Z", None]


@pytest.mark.parametrize("name", ["scores.xls", "scores"])
def test_other_formats(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.csv, \.jsonl, \.parquet"):
        ScoresWriter(tmp_path / name)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_unwritable(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        ScoresWriter(tmp_path / "missing" / f"scores{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        ScoresWriter(tmp_path / f"folder{suffix}")


def test_lengths_must_agree(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="differ in number"),
        ScoresWriter(tmp_path / "scores.csv") as writer,
    ):
        writer.write(batch_of(["a"]), PROBABILITIES, LEFT_OUT)
