"""`positivity compare` as a whole: files, authors, accounts of the store, and what goes wrong."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from positivity.cli import app
from positivity.model.registry import ModelDirectory
from positivity.report.machine import comparison_schema
from positivity.store import Store, store_path
from tests.conftest import NEGATIVE, NEUTRAL, POSITIVE
from tests.standin import TOKEN, Standin

runner = CliRunner()


class Command:
    """Runs `compare` with a small model."""

    def __init__(self, model: ModelDirectory) -> None:
        self.model = str(model.path)

    def __call__(self, *arguments: str, code: int = 0) -> Any:
        result = runner.invoke(app, ["compare", "--model", self.model, *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(
            self(*arguments, "--format", "json", code=code).stdout
        )
        assert set(document) == set(comparison_schema()["properties"])
        return document


@pytest.fixture
def run(tiny_model: ModelDirectory) -> Command:
    return Command(tiny_model)


def tweets(words: list[str], number: int) -> list[str]:
    return [
        f"{words[i % 10]} {NEUTRAL[i // 10 % 10]} {words[(i + 3) % 10]} {i}" for i in range(number)
    ]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A positive and a negative account in the folder that we are in."""
    monkeypatch.chdir(tmp_path)
    paths = []
    for name, words in (("down", NEGATIVE), ("up", POSITIVE)):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(["text", *tweets(words, 120)]) + "\n", encoding="utf-8")
        paths.append(path.name)
    return paths


@pytest.fixture
def authors(tmp_path: Path) -> str:
    path = tmp_path / "authors.csv"
    rows = [("ann", text) for text in tweets(POSITIVE, 90)]
    rows += [("bob", text) for text in tweets(NEGATIVE, 90)]
    rows += [("cem", text) for text in tweets(POSITIVE, 60)]
    path.write_text("author,text\n" + "".join(f"{a},{t}\n" for a, t in rows), encoding="utf-8")
    return str(path)


def test_nothing_is_compared_with_itself(run: Command, files: list[str]) -> None:
    assert "only one account" in run("up.csv", "./up.csv", code=2).stderr
    found = run.json("up.csv", "down.csv", "./up.csv")
    assert [each["subject"] for each in found["reports"]] == ["up.csv", "down.csv"]


def test_two_files(run: Command, files: list[str]) -> None:
    found = run.json(*files, "--language", "en")
    assert [each["subject"] for each in found["reports"]] == ["up.csv", "down.csv"]
    assert found["comparison"]["sentence"].startswith("up.csv is more positive than down.csv, by ")
    assert found["comparison"]["ranks"] == [{"best": 1, "worst": 1}, {"best": 2, "worst": 2}]
    text = run(*files, "--language", "en").stdout
    assert "up.csv is more positive than down.csv" in " ".join(text.split())


def test_accounts_have_names_that_tell_them_apart(
    run: Command, files: list[str], tmp_path: Path
) -> None:
    long = tmp_path / "a-folder-of-a-long-name" / "and-another-one-inside-of-it"
    mine = []
    for year, words in (("2025", POSITIVE), ("2026", NEGATIVE)):
        path = long / year / "tweets.csv"
        path.parent.mkdir(parents=True)
        path.write_text("text\n" + "\n".join(tweets(words, 60)) + "\n", encoding="utf-8")
        mine.append(str(path))
    cem = long / "cem.csv"
    cem.write_text(
        "author,text\n" + "".join(f"cem,{text}\n" for text in tweets(POSITIVE, 60)),
        encoding="utf-8",
    )

    def names(*paths: str) -> set[str]:
        return {each["subject"] for each in run.json(*paths, "--language", "en")["reports"]}

    assert names(*mine, str(cem)) == {"2025/tweets.csv", "2026/tweets.csv", "@cem"}
    copy = cem.with_name("copy.csv")
    copy.write_bytes(cem.read_bytes())
    assert names(str(cem), str(copy)) == {"cem.csv", "copy.csv"}
    # Elsewhere the paths stay long, and the table shows their ends.
    text = run(*mine, str(tmp_path / files[0]), "--language", "en").stdout
    shown = [line for line in text.splitlines() if "tweets.csv  " in line]
    assert any("2025/tweets.csv" in line for line in shown)
    assert any("2026/tweets.csv" in line for line in shown)


def test_authors_of_a_file_with_ties(run: Command, authors: str) -> None:
    found = run.json(authors, "--by", "author", "--alike", "--language", "en")
    assert found["comparison"]["alike"]
    assert {each["subject"] for each in found["reports"][:2]} == {"@ann", "@cem"}
    assert found["comparison"]["ranks"] == [
        {"best": 1, "worst": 2},
        {"best": 1, "worst": 2},
        {"best": 3, "worst": 3},
    ]


@pytest.mark.parametrize("format", ["csv", "markdown", "html"])
def test_formats_and_output(run: Command, files: list[str], tmp_path: Path, format: str) -> None:
    out = tmp_path / "out.txt"
    result = run(*files, "--language", "en", "--format", format, "-o", str(out))
    assert result.stdout == ""
    text = out.read_text(encoding="utf-8")
    if format == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["subject"] for row in rows] == ["up.csv", "down.csv"]
    assert text.index("up") < text.index("down")


def test_stored_accounts_beside_a_file_without_network(
    run: Command, standin: Standin, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.world.generate("alice", 120, seed=1)
    standin.world.generate("bob", 40, seed=2)
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    checked = runner.invoke(app, ["check", "@alice", "@bob", "--model", run.model])
    assert checked.exit_code == 0, checked.output
    monkeypatch.setenv("POSITIVITY_API_URL", "http://127.0.0.1:1")
    monkeypatch.delenv("X_BEARER_TOKEN")
    found = run.json("@alice", "@bob", "@ALICE", files[1])
    assert {each["subject"] for each in found["reports"]} == {"@alice", "@bob", "up.csv"}
    assert len(found["comparison"]["pairs"]) == 3
    with Store(store_path()) as store:
        assert len(store.accounts.all()) == 2
    meant = "alice: there is no such file; check the name and the folder; @alice is in the store"
    assert f"{meant}: write @alice\n" in run("alice", "@bob", code=3).stderr
    assert meant in run("alice", *files, code=8).stderr


def test_the_same_files_give_the_same_answer(run: Command, files: list[str]) -> None:
    first, second = run.json(*files), run.json(*files[::-1])
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["@nobody", "@else"], 2, "positivity check @nobody"),
        (["@alice"], 2, "one account cannot be compared"),
        (["@alice", "@bob", "--by", "author"], 2, "name one"),
        (["UP"], 2, "only one account"),
        (["AUTHORS", "--since", "yesterday"], 2, "--since"),
        (["missing.csv", "gone.csv"], 3, "none of the 2 files"),
        (["UP", "missing.csv"], 3, "only one account could be read"),
        (["UP", "AUTHORS", "-o", "FOLDER"], 3, "is a folder"),
    ],
)
def test_what_goes_wrong_is_one_line(
    run: Command,
    files: list[str],
    authors: str,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    says: str,
) -> None:
    names = {"UP": files[1], "AUTHORS": authors, "FOLDER": str(tmp_path)}
    result = run(*(names.get(each, each) for each in arguments), code=code)
    assert result.stdout == ""
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_file_among_several_is_told_and_the_rest_compared(
    run: Command, files: list[str]
) -> None:
    result = run(*files, "missing.csv", code=8)
    assert "missing.csv" in result.stderr
    assert "rank" in result.stdout


def test_accounts_without_tweets_come_last(run: Command, files: list[str], tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("text\nhttps://x.com\n", encoding="utf-8")
    found = run.json(*files, empty.name, "--language", "en")
    assert found["reports"][-1]["subject"] == "empty.csv"
    assert found["comparison"]["ranks"][-1] is None
    assert len(found["comparison"]["pairs"]) == 1


def test_of_too_many_the_largest_are_compared(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positivity.cli.compare.MOST", 3)
    path = tmp_path / "many.csv"
    lines = [f"a{author},{text}\n" for author in range(5) for text in tweets(POSITIVE, 5 + author)]
    path.write_text("author,text\n" + "".join(lines), encoding="utf-8")
    result = run(str(path), "--by", "author", "--language", "en", "--format", "csv")
    assert "the 3 accounts with the most tweets are compared, of 5" in result.stderr
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["subject"] for row in rows} == {"'@a2", "'@a3", "'@a4"}
    said = "The 3 accounts with the most tweets are compared, of 5."
    for format in ("terminal", "json", "html", "markdown"):
        found = run(str(path), "--by", "author", "--language", "en", "--format", format)
        assert said in " ".join(found.stdout.replace("\\", "").split()), format
