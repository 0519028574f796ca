"""`positivity score --rejects`, and files that break in their middle: nothing is lost unsaid."""

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.model.registry import ModelDirectory
from positivity.sources.files import open_tweets
from positivity.sources.reading import Reject


def run(model: ModelDirectory, *arguments: object) -> Result:
    words = ["score", *map(str, arguments), "--model", str(model.path), "--device", "cpu"]
    return CliRunner().invoke(app, [*words, "--language", "en", "--format", "json"])


def rejected(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def read(path: Path) -> tuple[list[str], list[Reject], int]:
    """The texts of a file, what was rejected, and how many rows are said to be unreadable."""
    rejects: list[Reject] = []
    with open_tweets(str(path)) as file:
        file.on_reject = rejects.append
        texts = [text for batch in file.batches() for text in batch["text"].to_pylist()]
    return texts, rejects, file.unreadable


CASES = {
    "t.csv": (
        b'id,text,n\n1,good,5\none cell\n\n2,"never closed\n3,fine\n4,a,b,c,d\n'
        b'5,"two\nlines",6\n6,x,y,=z\n',
        [(3, "has 1 cell instead of 3", "one cell\n"),
         (5, "a quote is not closed", '2,"never closed\n'),
         (7, "has 5 cells instead of 3", "4,a,b,c,d\n"),
         (10, "has 4 cells instead of 3", "6,x,y,=z\n")],
    ),
    "t.tsv": (
        b"id\ttext\n1\tgood\n\t\n2\n3\tfine\n",
        [(4, "has 1 cell instead of 2", "2\n")],
    ),
    "t.jsonl": (
        b'{"text": "good"}\n\n{"text": 1, "id": \n{"id": 5}\n[]\n7\n',
        [(3, "is no JSON that is whole", '{"text": 1, "id":'),
         (4, "holds no text of a tweet", '{"id": 5}'),
         (6, "holds no text of a tweet", "7")],
    ),
    "t.json": (
        b'[\n{"text": "good"},\n{"id": 5},\n{"text": "fine"}\n]',
        [(3, "holds no text of a tweet", '{"id": 5}')],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_where_and_why(tmp_path: Path, name: str) -> None:
    content, expected = CASES[name]
    path = tmp_path / name
    path.write_bytes(content)
    texts, rejects, unreadable = read(path)
    assert "good" in texts[0]
    assert [(row.line, row.reason, row.text) for row in rejects] == expected
    assert {row.file for row in rejects} == {str(path)}
    assert unreadable == len(expected)


@pytest.mark.parametrize("write", [pq.write_table, feather.write_feather])
def test_rows_without_a_text(tmp_path: Path, write: object) -> None:
    path = tmp_path / "t.parquet"
    write(pa.table({"text": ["good", None, "fine", None]}), path)  # type: ignore[operator]
    texts, rejects, unreadable = read(path)
    assert texts == ["good", "fine"]
    assert [(row.line, row.reason) for row in rejects] == [(2, "has no text"), (4, "has no text")]
    assert unreadable == 2


def test_the_file_of_rejects(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    """It comes in every format, is safe in a spreadsheet, and names each of several files."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(b"id,text\n1,love great\n=cmd(),2,3\n")
    target = tmp_path / "rejects.csv"
    target.write_text("older")
    result = run(tiny_model, tmp_path / "a.csv", tmp_path / "b.csv", "--rejects", target)
    assert result.exit_code == 0, result.output
    why = "has 3 cells instead of 2"
    names = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    assert rejected(target) == [[name, "3", why, "'=cmd(),2,3\n"] for name in names]
    assert not list(tmp_path.glob(".rejects*"))
    for suffix in (".jsonl", ".parquet", ".xlsx"):
        other = target.with_suffix(suffix)
        assert run(tiny_model, tmp_path / "a.csv", "--rejects", other).exit_code == 0
        assert other.stat().st_size > 0
    (row,) = map(json.loads, target.with_suffix(".jsonl").read_text().splitlines())
    assert row == {"file": names[0], "line": 3, "reason": why, "text": "=cmd(),2,3\n"}


def test_no_rejects_make_an_empty_table(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,text\n1,love great\n")
    assert run(tiny_model, path, "--rejects", tmp_path / "r.csv").exit_code == 0
    assert (tmp_path / "r.csv").read_text() == "file,line,reason,text\n"


ROWS = "".join(f"{n},love great {n * n}\n" for n in range(60_000))
BROKEN = {
    "cut.csv.gz": gzip.compress(f"id,text\n{ROWS}".encode())[:200_000],
    "cut.json": ("[" + ", ".join(['{"text": "love great"}'] * 99))[:-5].encode(),
}


def broken_zip(name: str) -> bytes:
    """A zip archive whose one member is damaged after its first half."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, f"id,text\n{ROWS}")
    content = bytearray(packed.getvalue())
    middle = len(content) // 2
    content[middle : middle + 50] = bytes(50)
    return bytes(content)


def broken_parquet(path: Path) -> None:
    """A Parquet file whose second group of rows is damaged."""
    texts = [f"love great {n * n}" for n in range(60_000)]
    with pq.ParquetWriter(path, pa.schema([("text", pa.string())])) as writer:
        for start in (0, 30_000):
            writer.write_table(pa.table({"text": texts[start : start + 30_000]}))
    place = pq.ParquetFile(path).metadata.row_group(1).column(0).dictionary_page_offset
    content = bytearray(path.read_bytes())
    content[place : place + 200] = b"\xff" * 200
    path.write_bytes(content)


@pytest.mark.parametrize("name", [*BROKEN, "broken.zip", "broken.parquet"])
def test_a_file_that_breaks_in_its_middle_is_reported_so_far(
    tiny_model: ModelDirectory, tmp_path: Path, name: str
) -> None:
    path, rejects = tmp_path / name, tmp_path / "rejects.csv"
    if name == "broken.parquet":
        broken_parquet(path)
    else:
        path.write_bytes(BROKEN[name] if name in BROKEN else broken_zip("a.csv"))
    result = run(tiny_model, path, "--rejects", rejects)
    assert result.exit_code == 8, result.output
    (report,) = json.loads(result.stdout)["reports"]
    counts = report["counts"]
    assert 90 < counts["counted"] < 60_000
    assert counts["found"] == counts["counted"] + sum(counts["left_out"].values())
    assert counts["left_out"]["unreadable row"] == len(rejected(rejects)) >= 1
    said = [limit for limit in report["limits"] if str(path) in limit]
    assert len(said) == 1
    assert said[0] in result.stderr
    # With a whole file beside it, the same.
    good = tmp_path / "good.csv"
    good.write_bytes(b"id,text\n1,love great\n")
    assert run(tiny_model, path, good).exit_code == 8


def test_a_file_of_which_nothing_is_read_is_an_error(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    for name, content in {"a.jsonl": b'{"a": 1}\n', "b.json": b'{\n"data": [\n{"text": "a'}.items():
        path = tmp_path / name
        path.write_bytes(content)
        result = run(tiny_model, path)
        assert result.exit_code == 3, result.output
        assert result.stdout == ""
        assert result.stderr.startswith(f"positivity: {path}: ")
        assert result.stderr.count("\n") == 1


LINES = st.lists(
    st.sampled_from(
        ["1,good,x", "2", '3,"open', '4,"closed",x', "a,b,c,d", ",,", '5,"two\nlines",x', '6,b"d,x',
         '7,"odd"d,x', "8,short"]
    ),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=LINES)
def test_every_line_is_in_a_tweet_or_rejected(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,text,n\n0,first,x\n" + "\n".join(lines) + "\n", encoding="utf-8")
    texts, rejects, unreadable = read(path)
    assert unreadable == len(rejects)
    # Each line that is not blank stands in exactly one row.
    good = sum(1 + text.count("\n") for text in texts)
    bad = sum((row.text or "").count("\n") for row in rejects)
    blank = sum(line == ",," for line in lines)
    written = sum(1 + line.count("\n") for line in lines)
    assert good + bad + blank == written + 1


ITEMS = st.lists(
    st.sampled_from(['{"text": "good"}', '{"id": 1}', "null", "[1]", '{"text":', "nonsense"]),
    max_size=20,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(items=ITEMS)
def test_every_line_of_json_is_a_tweet_or_rejected(tmp_path: Path, items: list[str]) -> None:
    path = tmp_path / "t.jsonl"
    lines = ['{"text": "first"}', *items]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    texts, rejects, unreadable = read(path)
    assert len(texts) + unreadable == len(lines)
    assert [row.line for row in rejects] == [
        number for number, line in enumerate(lines, start=1) if '"text": "' not in line
    ]
