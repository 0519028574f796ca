"""A folder of scores: the report of one machine on the same files, part by part."""

import json
import random
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from positivity.cli import app
from positivity.cluster.duplicate_finder import DuplicateFinder, KeyRange, key_ranges
from positivity.cluster.folder import ScoredPart, ScoresFolder
from positivity.cluster.keys import BUCKETS, packed, unpacked
from positivity.cluster.parts import parts_of
from positivity.duplicates import keys_of
from positivity.errors import InputError, UsageError
from positivity.sources.reading import ReadOptions
from positivity.tweets import tweet_batch

OPENINGS = ("I love", "I hate", "so happy with", "really sad about", "the meeting is about")
THINGS = ("this train", "the new bike", "my dog", "rain in June", "the game", "a cup of tea")

runner = CliRunner()


def invented(number: int) -> list[dict[str, Any]]:
    """Tweets, some of them without an id, some to be left out."""
    rng = random.Random(number)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    made = []
    for i in range(number):
        text = f"{rng.choice(OPENINGS)} {rng.choice(THINGS)} {rng.randrange(number)}"
        text = f"RT @ada: {text}" if rng.random() < 0.1 else text
        made.append(
            {
                "id": str(10**18 + i) if rng.random() < 0.9 else None,
                "created_at": start + timedelta(hours=i),
                "author": rng.choice(["ada", "bob", None]),
                "text": "https://t.co/x" if rng.random() < 0.05 else text,
                "lang": rng.choice(["en", "en", None, "pt"]),
            }
        )
    return made


def write_parts(folder: Path, *, parts: int, rows: int) -> list[str]:
    """Parquet files of invented tweets; each repeats some tweets of those before, changed."""
    folder.mkdir(exist_ok=True)
    made = invented(rows)
    rng = random.Random(4)
    size = rows // parts
    paths = []
    for number in range(parts):
        chosen = made[number * size : (number + 1) * size]
        for row in rng.sample(made[: (number + 1) * size], size // 10):
            chosen.append({**row, "text": f"{row['text']}!"} if row["id"] else row)
        rng.shuffle(chosen)
        path = folder / f"part{number:02}.parquet"
        pq.write_table(pa.Table.from_pylist(chosen), path)
        paths.append(str(path))
    return paths


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return write_parts(tmp_path_factory.mktemp("tweets"), parts=5, rows=1500)


def score(*arguments: str, code: int = 0) -> str:
    """What `score` prints; on another exit code, what it says."""
    result = runner.invoke(app, ["score", *arguments, "--quiet"])
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout


def written(folder: Path, parts: Sequence[str]) -> pa.Table:
    """The scores of all parts, in the order of the parts."""
    found = {path.name.partition("-")[0]: path for path in folder.glob("*.parquet")}
    return pa.concat_tables([pq.read_table(found[Path(part).stem]) for part in parts])


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--since", "2025-01-20", "--until", "2025-02-10", "--timezone", "Asia/Tokyo"],
        ["--include", "retweets", "--language", "en"],
        ["--by", "author"],
        ["--by", "file"],
    ],
    ids=" ".join,
)
def test_the_report_and_the_scores_of_one_machine(
    options: list[str], parts: list[str], tmp_path: Path
) -> None:
    alone, scores = tmp_path / "scores.parquet", tmp_path / "scores"
    expected = score(*parts, *options, "--format", "json", "--scores", str(alone))
    assert '"duplicate": ' in expected
    got = score(*parts, *options, "--format", "json", "--scores", f"{scores}/")
    assert got == expected
    assert written(scores, parts).equals(pq.read_table(alone))


def test_scores_do_not_go_where_a_pattern_for_the_tweets_would_find_them(tmp_path: Path) -> None:
    (path,) = write_parts(tmp_path, parts=1, rows=20)
    (tmp_path / "link").symlink_to(tmp_path)
    for folder in (f"{tmp_path}/", f"{tmp_path}/link/"):
        assert "lies in it" in score(path, "--scores", folder, code=2)
    assert "lies in it" in score(f"file://{path}", "--scores", f"file://{tmp_path}/", code=2)
    assert not (tmp_path / "_positivity").exists()


def test_dates_without_a_time_are_the_same_of_several_machines(tmp_path: Path) -> None:
    paths = []
    made = invented(60)
    for number in range(3):
        rows = made[20 * number : 20 * number + 20]
        times = [str(row["created_at"])[: 10 if i % 3 else None] for i, row in enumerate(rows)]
        table = pa.Table.from_pylist(rows).drop(["created_at"])
        paths.append(str(tmp_path / f"part{number}.parquet"))
        pq.write_table(table.append_column("created_at", pa.array(times)), paths[-1])
    options = ["--timezone", "America/New_York", "--since", "2025-01-02", "--format", "json"]
    expected = score(*paths, *options)
    (report,) = json.loads(expected)["reports"]
    assert 0 < sum(slot["tweets"] for slot in report["hours"]) < report["counts"]["counted"]
    assert "have a date but no time" in report["limits"][-1]
    assert score(*paths, *options, "--scores", f"{tmp_path / 'scores'}/") == expected


def test_what_is_scored_is_not_scored_again(parts: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "scores"
    score(*parts[:3], "--scores", f"{folder}/")
    times = {path: path.stat().st_mtime_ns for path in folder.glob("_positivity/*.keys")}
    assert len(times) == 3
    expected = score(*parts, "--format", "json", "--scores", str(tmp_path / "all.parquet"))
    got = score(*parts, "--format", "json", "--scores", f"{folder}/", "--resume")
    assert got == expected
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert written(folder, parts).equals(pq.read_table(tmp_path / "all.parquet"))


def test_other_parts_first_and_other_tweets_are_the_duplicates(
    parts: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "scores"
    score(*parts, "--scores", f"{folder}/")
    backwards = parts[::-1]
    expected = score(*backwards, "--format", "json", "--scores", str(tmp_path / "all.parquet"))
    got = score(*backwards, "--format", "json", "--scores", f"{folder}/", "--resume")
    assert got == expected
    assert written(folder, backwards).equals(pq.read_table(tmp_path / "all.parquet"))


def test_that_a_tweet_has_no_date_is_told_before_that_it_was_seen(tmp_path: Path) -> None:
    parts = []
    for name in ("one", "two"):
        rows = "1,,lovely day\n2,2026-03-04,awful bus\n"
        parts.append(str(tmp_path / f"{name}.csv"))
        Path(parts[-1]).write_text(f"id,created_at,text\n{rows}", encoding="utf-8")
    since = ("--since", "2026-01-01", "--format", "json")
    (report,) = json.loads(score(*parts, *since))["reports"]
    assert report["counts"]["left_out"] == {"no usable date": 2, "duplicate": 1}
    (of_parts,) = json.loads(score(*parts, *since, "--scores", f"{tmp_path}/scores/"))["reports"]
    assert of_parts == report


def test_a_part_that_changed_is_scored_again(parts: list[str], tmp_path: Path) -> None:
    copies = [shutil.copy(part, tmp_path / Path(part).name) for part in parts[:2]]
    folder = tmp_path / "scores"
    score(*map(str, copies), "--scores", f"{folder}/")
    pq.write_table(pq.read_table(parts[3]), copies[1])
    names = list(map(str, copies))
    expected = score(*names, "--format", "json", "--scores", str(tmp_path / "all.parquet"))
    assert score(*names, "--format", "json", "--scores", f"{folder}/", "--resume") == expected


@pytest.mark.parametrize("unfinished", ["", ".rows.parquet", ".keys"])
def test_a_part_without_its_mark_is_scored_again(
    unfinished: str, parts: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "scores"
    expected = score(*parts[:2], "--format", "json", "--scores", f"{folder}/")
    (mark,) = folder.glob("_positivity/part01-*.json")
    mark.unlink()
    if unfinished:
        mark.with_name(f"{mark.stem}{unfinished}").write_bytes(b"half")
    else:
        (folder / f"{mark.stem}.parquet").write_bytes(b"half")
    assert score(*parts[:2], "--format", "json", "--scores", f"{folder}/", "--resume") == expected


def test_a_folder_is_its_files_and_a_url_is_read(parts: list[str], tmp_path: Path) -> None:
    source = Path(parts[0]).parent
    expected = json.loads(score(str(source), "--format", "json"))
    assert json.loads(score(str(source), "--format", "json", "--scores", f"{tmp_path}/a/")) == (
        expected
    )
    assert len(list((tmp_path / "a").glob("*.parquet"))) == len(parts)
    for pattern in (f"{source.as_uri()}/part*.parquet", f"{source.as_uri()}/"):
        report = json.loads(score(pattern, "--format", "json"))
        (by_url,), (by_path,) = report["reports"], expected["reports"]
        assert by_url | {"read_as": None} == by_path | {"read_as": None}
    far = f"memory://{tmp_path.name}/scores"
    report = json.loads(score(str(source), "--format", "json", "--scores", far))
    assert report == expected
    again = score(str(source), "--format", "json", "--scores", far, "--resume")
    assert json.loads(again) == expected


def test_broken_and_missing_files_are_said_and_tried_again(
    parts: list[str], tmp_path: Path
) -> None:
    good, late = tmp_path / "good.csv", tmp_path / "late.csv"
    good.write_text("id,text\n1,I love it\n2,so sad\nhalf\n", encoding="utf-8")
    names = [str(good), str(late)]
    rejects, folder = tmp_path / "rejects.csv", f"{tmp_path}/scores/"
    options = ["--format", "json", "--scores", folder, "--rejects", str(rejects)]
    said = score(*names, *options, code=8)
    assert "late.csv: there is no such file" in said
    late.write_text("id,text\n2,so sad\n3,great\n", encoding="utf-8")
    alone = tmp_path / "alone.csv"
    expected = score(*names, "--format", "json", "--rejects", str(alone))
    assert score(*names, *options, "--resume") == expected
    assert rejects.read_text() == alone.read_text() != ""
    (tmp_path / "empty.csv").touch()
    none = [str(tmp_path / "empty.csv"), str(tmp_path / "no.csv")]
    assert "none of the 2 files" in score(*none, "--scores", f"{tmp_path}/none/", code=3)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["F", "--runner", "ray"], 2, "add --scores FOLDER/"),
        (["F", "--resume"], 2, "add --scores FOLDER/"),
        (["F", "--runner", "ray", "--scores", "scores.csv"], 2, "add --scores FOLDER/"),
        (["-", "--scores", "OUT/"], 2, "standard input cannot be used"),
        (["--sample", "--scores", "OUT/"], 2, "--sample is one small file"),
        (["F", "--scores", "DONE/"], 2, "go on with it by --resume"),
        (["F", "--scores", "DONE/", "--resume", "--include", "retweets"], 2, "include_retweets"),
        (["F", "--scores", "nothing://x/"], 2, "cannot be used"),
        (["nothing://x/y.csv", "--scores", "OUT/"], 2, "cannot be used"),
        (["file:///no/such/folder/*.csv", "--scores", "OUT/"], 3, "no file is there"),
        (["F", "--scores", "FILE/"], 3, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str],
    code: int,
    said: str,
    parts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "F").write_text("id,text\n1,I love it\n", encoding="utf-8")
    (tmp_path / "FILE").write_text("no folder", encoding="utf-8")
    if "DONE/" in arguments:
        score("F", "--scores", "DONE/")
    result = score(*arguments, code=code)
    assert said in result
    assert result.count("\n") == 1


def test_without_ray_it_says_what_to_install(
    parts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    said = score(*parts, "--runner", "ray", "--scores", f"{tmp_path}/scores/", code=2)
    assert "pip install 'positivity[ray]'" in said
    assert not (tmp_path / "scores").exists()


def test_secrets_in_addresses_are_not_shown(tmp_path: Path) -> None:
    said = score("file://user:secret@/no/such.csv", code=3)
    assert "secret" not in said


def test_keys_of_parts_are_unlike_and_stay_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("x.csv", "a/x.csv", "a/y.csv.gz"):
        (tmp_path / name).write_text("id,text\n1,I love it\n", encoding="utf-8")
    paths = [str(tmp_path / "x.csv"), str(tmp_path / "a")]
    found = parts_of(paths, ReadOptions())
    assert [part.path for part in found] == [
        str(tmp_path / name) for name in ("x.csv", "a/x.csv", "a/y.csv.gz")
    ]
    assert len({part.key for part in found}) == 3
    assert parts_of(paths, ReadOptions()) == found
    (tmp_path / "x.csv").write_text("id,text\n1,I hate it\n2,more\n", encoding="utf-8")
    assert parts_of(paths, ReadOptions())[0].key == found[0].key
    assert parts_of(paths, ReadOptions())[0].signature != found[0].signature
    with pytest.raises(UsageError):
        parts_of(["-"], ReadOptions())
    with pytest.raises(InputError):
        parts_of([f"{tmp_path.as_uri()}/none*"], ReadOptions())


def test_keys_are_the_same_in_every_process() -> None:
    ids = ["1577730467436138524", "a", None, "17", None]
    columns = {"id": ids, "author": [None, None, "ada", "ada", None]}
    times = [None, None, 1_000, None, None]
    batch = tweet_batch({**columns, "text": ["x"] * 5, "created_at": times}, length=5)
    keys, known = keys_of(batch)
    assert known.tolist() == [True, True, True, True, False]
    hashes = [13905037818690159151, 15191654586441809383, 11733900282052042795]
    assert keys[:4].tolist() == [1577730467436138524, *hashes]


KEYS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 300), unique=True, max_size=200)


@settings(max_examples=100, deadline=None)
@given(numbers=KEYS, edges=st.lists(st.integers(0, BUCKETS), max_size=5))
def test_keys_come_back_bucket_by_bucket(numbers: list[int], edges: list[int]) -> None:
    keys = np.array(numbers, np.uint64)
    data = packed(keys)
    places = [0, *sorted(edges), BUCKETS]
    found = [unpacked(lambda start, end: data[start:end], *span) for span in pairwise(places)]
    assert sorted(np.concatenate(found).tolist()) == sorted(numbers)


def test_duplicates_are_found_in_any_number_of_spans(tmp_path: Path) -> None:
    folder = ScoresFolder(str(tmp_path / "out"))
    sets = [{1, 2, 3, 70}, {3, 4, 2**64 - 1}, set(), {70, 2**64 - 1, 5, 3}]
    scored = []
    for number, keys in enumerate(sets):
        local = tmp_path / "keys"
        local.write_bytes(packed(np.array(sorted(keys), np.uint64)))
        folder.put(local, folder.work(f"p{number}.keys"))
        scored.append(ScoredPart(f"p{number}", (), (), len(keys), "int8", False))
    find = DuplicateFinder(folder, scored)
    for together in (1, 3, 100):
        spans = key_ranges(scored, together)
        assert (spans[0].start, spans[-1].end) == (0, BUCKETS)
        late: dict[int, set[int]] = {}
        for span in spans:
            for number, found in find(span).items():
                late.setdefault(number, set()).update(found.tolist())
        assert late == {1: {3}, 3: {70, 3, 2**64 - 1}}
    assert DuplicateFinder(folder, [])(KeyRange(0, BUCKETS)) == {}
