"""`positivity score` on folders, zip archives and X archives: what is in them is found and said."""

import csv
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positivity.cli import app
from positivity.model.registry import ModelDirectory

ACCOUNT = 'window.YTD.account.part0 = [{"account": {"username": "ada"}}]'
TWEETS = "window.YTD.tweets.part0 = " + json.dumps(
    [
        {"tweet": {"id_str": f"{10**18 + i}", "full_text": text, "lang": "en"} | created}
        for i, (text, created) in enumerate(
            (text, {"created_at": "Thu May 14 01:38:56 +0000 2026"})
            for text in ("love great happy", "RT @bob: hate", "the train leaves")
        )
    ]
)
LIKES = 'window.YTD.like.part0 = [{"like": {"tweetId": "1", "fullText": "hate awful sad"}}]'


def score(model: ModelDirectory, *arguments: object, code: int = 0) -> dict[str, object]:
    """The first report on some files, as JSON."""
    words = ["score", *map(str, arguments), "--model", str(model.path), "--format", "json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    report: dict[str, object] = json.loads(result.stdout)["reports"][0]
    return report


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "twitter-archive"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "account.js").write_text(ACCOUNT)
    (folder / "data" / "tweets.js").write_text(TWEETS)
    (folder / "data" / "like.js").write_text(LIKES)
    return folder


def zipped(folder: Path) -> Path:
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as packed:
        for file in sorted(folder.rglob("*")):
            packed.write(file, file.relative_to(folder.parent))
    return target


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_an_x_archive(tiny_model: ModelDirectory, archive: Path, packed: bool) -> None:
    report = score(tiny_model, zipped(archive) if packed else archive)
    assert report["subject"] == "@ada"
    assert report["counts"] == {"found": 3, "counted": 2, "left_out": {"retweet": 1}}
    assert "X archive" in str(report["read_as"])


def test_a_folder_of_files_of_which_one_is_bad(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a.csv").write_text("id,text\n1,love great\n2,so happy\n")
    (folder / "b.jsonl").write_text('{"id": "3", "text": "hate this"}\n')
    report = score(tiny_model, folder, "--language", "en")
    assert report["counts"] == {"found": 3, "counted": 3, "left_out": {}}
    (folder / "c.csv").write_text("")
    report = score(tiny_model, folder, folder / "missing.csv", "--language", "en", code=8)
    assert report["counts"] == {"found": 3, "counted": 3, "left_out": {}}


OWN = {"love great happy", "RT @bob: hate", "the train leaves"}


@pytest.mark.parametrize(
    ("included", "texts"),
    [
        ([], OWN),
        (["community"], {*OWN, "in a community"}),
        (["deleted"], {*OWN, "deleted since"}),
        (
            ["community", "deleted", "retweets"],
            {*OWN, "in a community", "deleted since"},
        ),
    ],
)
def test_what_is_included(
    tiny_model: ModelDirectory, archive: Path, included: list[str], texts: set[str]
) -> None:
    for name, text in {
        "community-tweet": "in a community",
        "deleted-tweets": "deleted since",
    }.items():
        item = {"tweet": {"id_str": str(len(text)), "full_text": text}}
        js = f"window.YTD.{name.replace('-', '_')}.part0 = {json.dumps([item])}"
        (archive / "data" / f"{name}.js").write_text(js)
    scores = archive.parent / "scores.jsonl"
    options = [word for each in included for word in ("--include", each)]
    report = score(tiny_model, archive, "--scores", scores, *options)
    rows = [json.loads(line) for line in scores.read_text(encoding="utf-8").splitlines()]
    assert {row["text"] for row in rows} == texts
    assert ("retweet" in str(report["counts"])) == ("retweets" not in included)


def test_rejects_of_an_archive(tiny_model: ModelDirectory, archive: Path) -> None:
    """A tweet without a text, one that is broken, and a month that is cut short."""
    tweets = archive / "data" / "tweets.js"
    items = [json.dumps({"tweet": {"id_str": str(n), "full_text": "great"}}) for n in range(4)]
    items[1] = '{"tweet": {"id_str": "1"}}'
    items[2] = '{"tweet": {"id_str" "2"}}'
    tweets.write_text("window.YTD.tweets.part0 = [\n" + ",\n".join(items) + ',\n{"tweet": {"fu')
    rejects = archive.parent / "rejects.csv"
    report = score(tiny_model, archive, "--language", "en", "--rejects", rejects, code=8)
    assert report["counts"] == {"found": 5, "counted": 2, "left_out": {"unreadable row": 3}}
    assert f"{archive} is damaged: not all of tweets.js was read." in str(report["limits"])
    with rejects.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    name = str(tweets)
    assert rows == [
        ["file", "line", "reason", "text"],
        [name, "3", "holds no text of a tweet", items[1]],
        [name, "4", "is no JSON that is whole", items[2]],
        [name, "6", "is no JSON that is whole", '{"tweet": {"fu'],
    ]
