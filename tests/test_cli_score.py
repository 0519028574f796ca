"""`positivity score` and `say`: every tweet is accounted for, in every format and file."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from positivity.cli import app
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer
from positivity.report.machine import json_schema
from positivity.selection import Selection
from positivity.sources.own_scores import SCORE_COLUMNS
from positivity.stream.stages import score_batches
from positivity.tweets import tweet_batch

FIRST_ID = 1_234_567_890_123_456_789
COLUMNS = ["id", "created_at", "author", "text", "lang"]

runner = CliRunner()
schema = jsonschema.Draft202012Validator(json_schema())


def rows() -> list[dict[str, Any]]:
    """Tweets of three authors, with one or more for each reason to be left out."""
    ids = count(FIRST_ID)
    texts = [
        *(f"love great day {n}" for n in range(30)),
        *(f"hate awful day {n}" for n in range(9)),
        "RT @ann: love great",
        "https://t.co/abc",
        "",
        "=1+1 love",
        "null",
    ]
    tweets = [
        {
            "id": str(next(ids)),
            "created_at": f"2026-{n % 3 + 1:02d}-{n % 28 + 1:02d}T10:00:00Z",
            "author": ["ann", "bob", "ann"][n % 3],
            "text": text,
            "lang": "en",
        }
        for n, text in enumerate(texts)
    ]
    tweets += [tweets[0], {**tweets[1], "id": str(next(ids)), "lang": "de"}]
    return tweets


LEFT_OUT = {"no words or emoji": 2, "duplicate": 1, "other language": 1, "retweet": 1}


@pytest.fixture
def tweets(tmp_path: Path) -> Path:
    path = tmp_path / "tweets.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows())
    return path


@pytest.fixture(scope="module")
def model(tiny_model: ModelDirectory) -> str:
    return str(tiny_model.path)


def score(
    model: str, *arguments: object, stdin: str = "", env: dict[str, str] | None = None
) -> str:
    """What `score` prints; it ends well and says nothing on stderr."""
    command = ["score", "--model", model, "--device", "cpu", *map(str, arguments)]
    result = runner.invoke(app, command, input=stdin, env=env)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def reports(model: str, *arguments: object) -> list[dict[str, Any]]:
    """The reports in JSON, valid and adding up."""
    document = json.loads(score(model, *arguments, "--format", "json"))
    schema.validate(document)
    for report in document["reports"]:
        counts = report["counts"]
        assert counts["found"] == counts["counted"] + sum(counts["left_out"].values())
        assert sum(kind["tweets"] for kind in report["kinds"]) == counts["counted"]
    found: list[dict[str, Any]] = document["reports"]
    return found


def report(model: str, *arguments: object) -> dict[str, Any]:
    (only,) = reports(model, *arguments)
    return only


def test_a_text_that_is_cut_in_a_sheet_is_said(model: str, tmp_path: Path) -> None:
    for name, many in (("one", 1), ("two", 2)):
        path, scores = tmp_path / f"{name}.csv", tmp_path / f"{name}.xlsx"
        texts = [f"{number}{'love ' * 8000}" for number in range(many)]
        path.write_text("\n".join(["text", *texts]), encoding="utf-8")
        command = ["score", "--model", model, str(path), "--scores", str(scores), "-q"]
        said = runner.invoke(app, command).stderr
        assert ("1 text was too long" if many == 1 else "2 texts were too long") in said


def scores_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of scores, once its columns are as they should be."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        assert table.column_names == list(SCORE_COLUMNS)
        yield from table.to_pylist()
        return
    if path.suffix == ".xlsx":
        header, *lines = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        assert header == list(SCORE_COLUMNS)
        for line in lines:
            yield dict(zip(map(str, header), line, strict=True))
        return
    with path.open(encoding="utf-8", newline="") as file:
        found = csv.DictReader(file) if path.suffix == ".csv" else map(json.loads, file)
        for row in found:
            assert list(row) == list(SCORE_COLUMNS)
            yield row


def test_every_tweet_is_accounted_for(model: str, tweets: Path) -> None:
    counts = report(model, tweets)["counts"]
    assert counts == {"found": len(rows()), "counted": len(rows()) - 5, "left_out": LEFT_OUT}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_scores_have_a_row_for_each_tweet_in_order(
    model: str, tweets: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"scores.{suffix}"
    counts = report(model, tweets, "--scores", path)["counts"]
    scored = list(scores_of(path))
    assert [row["id"] for row in scored] == [row["id"] for row in rows()]
    guarded = {"=1+1 love": "'=1+1 love"} if suffix == "csv" else {}
    assert [row["text"] for row in scored] == [
        guarded.get(row["text"], row["text"]) for row in rows()
    ]
    reasons = [row["left_out"] for row in scored if row["left_out"]]
    assert {why: reasons.count(why) for why in reasons} == counts["left_out"]
    for row in scored:
        shares = {name: float(row[name]) for name in ("negative", "neutral", "positive")}
        assert sum(shares.values()) == pytest.approx(1, abs=2e-4)
        assert float(row["score"]) == pytest.approx(shares["positive"] - shares["negative"])
        assert shares[row["label"]] == max(shares.values())


def test_labels_of_scores_and_report_agree(model: str, tweets: Path, tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    found = report(model, tweets, "--scores", path)
    labels = [row["label"] for row in scores_of(path) if not row["left_out"]]
    for label in ("negative", "neutral", "positive"):
        assert labels.count(label) == sum(kind[label] for kind in found["kinds"])


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_scores_read_again_count_the_same(
    model: str, tweets: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"scores.{suffix}"
    first = report(model, tweets, "--scores", path, "--language", "en")
    again = report(model, path, "--language", "en")
    assert again["counts"] == first["counts"]
    assert again["net"] == first["net"]


def test_the_same_input_gives_the_same_bytes(model: str, tweets: Path) -> None:
    once = score(model, tweets, "--format", "json")
    assert score(model, tweets, "--format", "json") == once


@pytest.mark.parametrize("kind", ["tsv", "jsonl", "parquet", "stdin"])
def test_every_kind_of_input_gives_the_same_answer(
    model: str, tweets: Path, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"same.{kind}"
    if kind == "tsv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t").writerows([COLUMNS, *(r.values() for r in rows())])
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
    elif kind == "parquet":
        ids = [{**row, "id": int(row["id"])} for row in rows()]
        pq.write_table(pa.Table.from_pylist(ids), path)
    expected = report(model, tweets)
    if kind == "stdin":
        text = tweets.read_text(encoding="utf-8")
        (found,) = json.loads(score(model, "-", "--format", "json", stdin=text))["reports"]
    else:
        found = report(model, path)
    for key in found.keys() - {"subject", "read_as"}:
        assert found[key] == expected[key], key


def test_the_same_file_twice_is_duplicates(model: str, tweets: Path) -> None:
    once, twice = report(model, tweets), report(model, tweets, tweets)
    assert twice["counts"]["counted"] == once["counts"]["counted"]
    assert twice["counts"]["left_out"]["duplicate"] == len(rows()) + 1
    assert twice["net"] == once["net"]
    assert len(twice["read_as"]) == 2


def test_scores_of_several_files_follow_each_other(
    model: str, tweets: Path, tmp_path: Path
) -> None:
    path = tmp_path / "scores.jsonl"
    score(model, tweets, tweets, "--scores", path)
    assert [row["id"] for row in scores_of(path)] == [row["id"] for row in rows()] * 2


def test_one_report_for_each_file(model: str, tweets: Path) -> None:
    other = tweets.with_name("other.csv")
    other.write_text("author,text\nann,hate awful\n", encoding="utf-8")
    found = reports(model, tweets, other, "--by", "file")
    assert [each["subject"] for each in found] == [tweets.name, "@ann"]  # all of it is Ann's
    assert [each["counts"]["found"] for each in found] == [len(rows()), 1]
    header, *lines = score(model, tweets, other, "--by", "file").splitlines()
    assert header.split()[0] == "file" and len(lines) >= 2


def test_one_report_for_each_author(model: str, tweets: Path) -> None:
    found = reports(model, tweets, "--by", "author")
    assert [each["subject"] for each in found] == ["@ann", "@bob"]
    assert sum(each["counts"]["found"] for each in found) == len(rows())


def test_a_handle_is_one_author_however_it_is_written(model: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = ["bob", "Bob", "@BOB", "a hash: Xy", "a hash: xY"]
    rows = [["id", "author", "text"]]
    rows += [[str(n), name, "love it"] for n, name in enumerate(names, 1)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    found = {
        each["subject"]: each["counts"]["found"] for each in reports(model, path, "--by", "author")
    }
    assert found == {"@BOB": 3, "@a hash: Xy": 1, "@a hash: xY": 1}
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows[:3])
    assert report(model, path)["subject"] == "@Bob"


@pytest.mark.parametrize("unit", ["month", "week"])
def test_a_row_of_csv_for_each_part_of_the_time(model: str, tweets: Path, unit: str) -> None:
    printed = score(model, tweets, "--by", unit, "--format", "csv").splitlines()
    found = list(csv.DictReader(printed))
    parts = report(model, tweets)[f"{unit}s"]
    assert parts
    assert [row[unit] for row in found] == [part[unit] for part in parts]
    assert [int(row["tweets"]) for row in found] == [part["tweets"] for part in parts]
    assert [float(row["net_low"]) for row in found] == [part["net"]["low"] for part in parts]


def test_authors_of_the_report_are_those_of_the_scores(model: str, tmp_path: Path) -> None:
    path, scores = tmp_path / "t.csv", tmp_path / "s.csv"
    names = ["@al", "bo_2", "Al Smith", "-x", "=1+1", ""]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["author", "text"], *([name, "love it"] for name in names)])
    text = score(model, path, "--by", "author", "--format", "csv", "--scores", scores)
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["author"] for row in rows} == {row["author"] for row in scores_of(scores)}
    assert {row["author"] for row in rows} == {"al", "bo_2", "Al Smith", "'-x", "'=1+1", ""}
    assert not any(row["subject"].startswith("@") for row in rows)
    (one,) = csv.DictReader(score(model, path, "--by", "file", "--format", "csv").splitlines())
    assert (one["subject"], one["author"]) == (path.name, "")


def test_three_thousand_authors(model: str, tmp_path: Path) -> None:
    path = tmp_path / "authors.csv"
    lines = (f"{n},user{n % 3000},love great {n}\n" for n in range(6000))
    path.write_text("id,author,text\n" + "".join(lines), encoding="utf-8")
    printed = score(model, path, "--by", "author").splitlines()
    assert sum(line.startswith("@user") for line in printed) == 3000
    # What limits them all stands once, below the table.
    assert sum("Shares are corrected for" in line for line in printed) == 1


def test_nothing_to_count(model: str, tmp_path: Path) -> None:
    path = tmp_path / "retweets.csv"
    path.write_text("id,text\n1,RT @a: love\n2,RT @b: hate\n", encoding="utf-8")
    found = report(model, path)
    assert found["counts"] == {"found": 2, "counted": 0, "left_out": {"retweet": 2}}
    assert found["net"] is None and found["opinion"] is None
    assert "there was none to count" in score(model, path)
    assert report(model, path, "--include", "retweets")["counts"]["counted"] == 2


@pytest.mark.parametrize(
    ("options", "counted"),
    [
        (["--since", "2026-01-05", "--until", "2026-01-05"], 1),
        (["--since", "2026-01-05T10:00", "--until", "2026-01-05T10:01"], 1),
        (["--since", "2026-01-05T10:01", "--until", "2026-01-05T11:00"], 0),
        (["--since", "2026-01-05T19:00", "--until", "2026-01-05", "--timezone", "Asia/Tokyo"], 1),
        (["--since", "2030-01-01"], 0),
        (["--until", "2025-12-31"], 0),
    ],
)
def test_dates(model: str, tmp_path: Path, options: list[str], counted: int) -> None:
    path = tmp_path / "dates.csv"
    days = "".join(f"2026-01-{day:02d}T10:00:00Z,love {day}\n" for day in range(1, 29))
    path.write_text(f"date,text\n{days},love without a date\n", encoding="utf-8")
    counts = report(model, path, *options)["counts"]
    assert counts["found"] == 29
    assert counts["counted"] == counted
    assert counts["left_out"] == {"outside the dates": 28 - counted, "no usable date": 1}


def test_dates_without_a_time(model: str, tmp_path: Path) -> None:
    path, scores = tmp_path / "dates.csv", tmp_path / "scores.csv"
    path.write_text("date,text\n" + "2024-03-01,I love it\n" * 3, encoding="utf-8")
    options = ("--timezone", "America/New_York")
    found = report(model, path, *options, "--scores", scores)
    assert (found["first"], found["last"]) == ("2024-03-01", "2024-03-01")
    assert [slot["tweets"] for slot in found["hours"]] == [0] * 24
    assert [slot["tweets"] for slot in found["weekdays"]] == [0, 0, 0, 0, 1, 0, 0]
    assert [row["created_at"] for row in scores_of(scores)] == ["2024-03-01"] * 3
    shown = [*found["strongest_positive"], *found["strongest_negative"]]
    assert {tweet["created_at"] for tweet in shown} <= {"2024-03-01"}
    for form in ("terminal", "markdown", "html"):  # none of them draws hours that there are not
        page = score(model, path, *options, "--format", form)
        assert "by hour" not in page
        assert "Hour of the day" not in page
    again = report(model, scores, *options)
    assert [again[key] for key in ("first", "hours")] == [found[key] for key in ("first", "hours")]


def test_output_goes_to_a_file(model: str, tweets: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    expected = score(model, tweets, "--format", "json")
    assert score(model, tweets, "--format", "json", "-o", path) == ""
    assert path.read_text(encoding="utf-8") == expected
    assert score(model, tweets, "--format", "terminal", "--output", path) == ""  # replaced
    assert path.read_text(encoding="utf-8") == score(model, tweets)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report.json", "tweets.csv"]


@pytest.mark.parametrize(
    "env",
    [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"COLUMNS": "40"}],
    ids=lambda env: " ".join(env) or "pipe",
)
def test_what_is_not_a_terminal_gets_plain_text(
    model: str, tweets: Path, env: dict[str, str]
) -> None:
    printed = score(model, tweets, env=env)
    assert "\x1b" not in printed
    assert max(map(len, printed.splitlines())) == 80
    assert f"{len(rows())} tweets, {len(rows()) - 5} counted" in printed


def test_only_ascii_where_there_is_nothing_else(model: str, tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text("author,text\nÅsa,love café 😍 great\n", encoding="utf-8")
    ascii_runner = CliRunner(charset="ascii")
    for command in (["score", str(path)], ["say", "love café 😍"], ["models", "show", model]):
        options = [] if command[0] == "models" else ["--model", model]
        for format in ([], ["--format", "json"])[: 1 if command[0] == "models" else 2]:
            result = ascii_runner.invoke(app, [*command, *options, *format])
            assert (result.exit_code, result.stderr) == (0, ""), result.output
            assert result.stdout.isascii()
            if format:
                assert "caf\u00e9" in json.dumps(json.loads(result.stdout), ensure_ascii=False)


def test_quiet_is_the_same_answer(model: str, tweets: Path) -> None:
    assert score(model, tweets, "-q") == score(model, tweets)


def test_the_sample(model: str) -> None:
    found = report(model, "--sample")
    assert found["counts"]["found"] > 100
    assert found["read_as"][0].startswith("the sample account")


def test_scores_do_not_depend_on_their_neighbours(tiny_model: ModelDirectory) -> None:
    scorer = Scorer.load(tiny_model, device="cpu", exact=True)
    texts = [row["text"] * (1 + n % 40) or "love" for n, row in enumerate(rows())]
    together = scorer.score(texts)
    alone = np.concatenate([scorer.score([text]) for text in texts])
    backwards = scorer.score(texts[::-1])[::-1]
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - backwards).max() < 1e-5


@pytest.mark.parametrize("sizes", [[46], [1] * 46, [1, 44, 1], [20, 26]])
def test_batches_come_out_as_they_went_in(tiny_model: ModelDirectory, sizes: list[int]) -> None:
    scorer = Scorer.load(tiny_model, device="cpu", exact=True)
    every = pa.Table.from_pylist(rows()[:46])
    expected = scorer.score(every["text"].to_pylist())
    batches, at = [], 0
    for size in sizes:
        columns = {"id": every["id"][at : at + size], "text": every["text"][at : at + size]}
        batches.append(
            tweet_batch({name: column.to_pylist() for name, column in columns.items()}, length=size)
        )
        at += size
    selection = Selection(lambda texts: np.ones(len(texts), np.bool_))
    scored = list(score_batches(batches, scorer, selection, everything=True))
    assert [len(each.tweets) for each in scored] == sizes
    assert [id_ for each in scored for id_ in each.tweets.column("id").to_pylist()] == every[
        "id"
    ].to_pylist()
    assert np.abs(np.concatenate([each.probabilities for each in scored]) - expected).max() < 1e-5


def test_an_error_of_the_reader_comes_out_of_its_thread(tiny_model: ModelDirectory) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield tweet_batch({"text": ["love"]}, length=1)
        raise LookupError("the end")

    scorer = Scorer.load(tiny_model, device="cpu")
    selection = Selection(lambda texts: np.ones(len(texts), np.bool_))
    with pytest.raises(LookupError, match="the end"):
        list(score_batches(broken(), scorer, selection))


def test_say_reads_sentences_and_lines(model: str) -> None:
    result = runner.invoke(
        app,
        ["say", "love great", "-", "", "--model", model, "--format", "json"],
        input=b"hate awful\r\nlast \xff line",
    )
    assert (result.exit_code, result.stderr) == (0, "")
    said = json.loads(result.stdout)
    assert [each["text"] for each in said] == ["love great", "hate awful", "last \ufffd line", ""]
    assert [each["label"] for each in said[:2]] == ["positive", "negative"]
    assert said[-1]["neutral"] == 1


@pytest.mark.skipif(os.name != "posix", reason="a terminal is made with pty")
@pytest.mark.parametrize("options", [[], ["--quiet"]])
def test_a_bar_of_the_bytes_on_a_terminal(model: str, tmp_path: Path, options: list[str]) -> None:
    """On stderr, when that is a terminal, and never in what is piped on."""
    path = tmp_path / "tweets.csv"
    path.write_text("id,text\n" + "".join(f"{n},love great {n}\n" for n in range(30_000)))
    command = [sys.executable, "-m", "positivity", "score", str(path), "--model", model]
    terminal, stderr = os.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "300"}
    with subprocess.Popen(
        [*command, "--device", "cpu", *options],
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environment,
    ) as process:
        os.close(stderr)
        shown = b""
        with suppress(OSError), os.fdopen(terminal, "rb", 0) as file:  # closed: an error on Linux
            while part := file.read(1 << 12):
                shown += part
        assert process.stdout
        report = process.stdout.read().decode()
        assert process.wait(60) == 0
    size = f"{path.stat().st_size / 1000:.1f} kB"
    assert (size in shown.decode()) == (not options)
    assert "\x1b" not in report
