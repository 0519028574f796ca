"""`positivity explain`: files and stored accounts, in every format, without network."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.model.registry import ModelDirectory, load
from positivity.report.machine import explanation_schema
from tests.standin import TOKEN, Standin
from tests.test_html import Elements

runner = CliRunner()
schema = jsonschema.Draft202012Validator(explanation_schema())
FIRST_ID = 1_234_567_890_123_456_789
HOSTILE = "<script>alert(1)</script> love \x1b[31m\u202e **great** [x](http://y) | @someone"


@pytest.fixture(scope="module")
def model(tiny_model: ModelDirectory) -> str:
    return str(tiny_model.path)


@pytest.fixture
def tweets(tmp_path: Path) -> Path:
    texts = [
        *(f"love great train {n}x 😀" for n in range(12)),
        *(f"hate awful train {n}x" for n in range(9)),
        "love hate train",
        "RT @ann: love great",
        HOSTILE,
    ]
    lines = ["id,body,when"]
    for n, text in enumerate(texts):
        quoted = text.replace('"', '""')
        lines.append(f'{FIRST_ID + n},"{quoted}",2026-03-{n + 1:02d}T10:00:00Z')
    path = tmp_path / "tweets.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def explain(*options: str, code: int = 0) -> Result:
    result = runner.invoke(app, ["explain", *options])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def explained(*options: str, code: int = 0) -> dict[str, Any]:
    document = json.loads(explain(*options, "--format", "json", code=code).stdout)
    schema.validate(document)
    found: dict[str, Any] = document["explanation"]
    return found


@pytest.mark.parametrize("method", ["leave-one-out", "gradients"])
def test_json_tells_what_each_word_did(tweets: Path, model: str, method: str) -> None:
    found = explained(str(tweets), "--model", model, "--method", method, "--text-column", "body")
    assert found["method"] == method
    assert found["report"]["counts"]["left_out"] == {"retweet": 1}
    for side in ("strongest_positive", "strongest_negative", "least_sure"):
        assert found[side], side
        for tweet in found[side]:
            spans = [(each["start"], each["end"]) for each in tweet["effects"]]
            assert spans == sorted(spans)
            assert all(0 <= start < end <= len(tweet["text"]) for start, end in spans)
            total = sum(each["effect"] for each in tweet["effects"])
            if method == "gradients":
                assert total == pytest.approx(tweet["score"] - tweet["baseline"], abs=0.015)
            else:
                assert tweet["baseline"] is None
    assert found["strongest_positive"][0]["score"] > 0 > found["strongest_negative"][0]["score"]
    assert {term["text"] for term in found["terms_positive"]} & {"love", "great"}
    assert {term["text"] for term in found["terms_negative"]} & {"hate", "awful"}
    terms = found["terms_positive"] + found["terms_negative"]
    assert "train" not in {term["text"] for term in terms}


def test_spans_mark_a_stretch_of_the_side_that_the_model_leans_to(tweets: Path, model: str) -> None:
    found = explained(str(tweets), "--model", model, "--method", "spans")
    assert (found["method"], found["tagger"]) == ("spans", f"spans {load('spans').config.version}")
    for side in ("strongest_positive", "strongest_negative", "least_sure"):
        for tweet in found[side]:
            (stretch,) = tweet["effects"]
            assert 0 <= stretch["start"] < stretch["end"] <= len(tweet["text"])
            assert 0 < abs(stretch["effect"]) <= 1
            assert (stretch["effect"] > 0) == (tweet["score"] >= 0)
            assert tweet["baseline"] is None
    best, worst = (found[f"strongest_{each}"][0] for each in ("positive", "negative"))
    for tweet, words in ((best, {"love", "great"}), (worst, {"hate", "awful"})):
        (stretch,) = tweet["effects"]
        assert words & set(tweet["text"][stretch["start"] : stretch["end"]].split())
    # What carries a side is found as it always is.
    plain = explained(str(tweets), "--model", model)
    assert found["terms_positive"] == plain["terms_positive"]
    assert plain["tagger"] is None


@pytest.mark.parametrize("format", ["terminal", "html", "markdown"])
def test_spans_in_the_formats_for_people(tweets: Path, model: str, format: str) -> None:
    shown = explain(str(tweets), "--model", model, "--method", "spans", "--format", format).stdout
    marks = {
        "terminal": r"(love|great)[^\[\]]*[\[ ]\+[01]\.\d\d\]",
        "html": r'<mark class="up-[123]">[^<]*(love|great)[^<]*<span class="sign">\+',
        "markdown": r"\*\*[^*]*(love|great)[^*]*\*\* \(\+[01]\.\d\d\)",
    }
    assert re.search(marks[format], shown)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert format == "terminal" or "<script>alert" not in shown


def test_the_verdict_is_the_one_of_score(tweets: Path, model: str) -> None:
    options = [str(tweets), "--model", model, "--since", "2026-03-05", "--include", "retweets"]
    plain = runner.invoke(app, ["score", *options, "--format", "json"])
    report = json.loads(plain.stdout)["reports"][0]
    again = explained(*options)["report"]
    for side in ("strongest_positive", "strongest_negative"):
        for tweet in (*report[side], *again[side]):
            tweet.pop("effects")
    assert again == report


def test_at_a_terminal_words_have_signs_and_tweets_addresses(tweets: Path, model: str) -> None:
    shown = explain(str(tweets), "--model", model).stdout
    assert re.search(r"love\[\+\d\.\d\d\]|great\[\+\d\.\d\d\]", shown)
    assert re.search(r"hate\[−\d\.\d\d\]|awful\[−\d\.\d\d\]", shown)
    assert f"https://x.com/i/status/{FIRST_ID}"[:-2] in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "least sure" in shown
    assert "what carries positive tweets" in shown
    assert "left out  1: retweet 1" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_the_page_shows_the_scale_and_runs_nothing(tweets: Path, model: str) -> None:
    page = explain(str(tweets), "--model", model, "--format", "html").stdout
    assert "How to read the marks" in page
    assert re.search(r'<mark class="up-[123]">\w+<span class="sign">\+\d\.\d\d</span></mark>', page)
    assert re.search(r'<mark class="down-[123]">\w+<span class="sign">−\d\.\d\d</span>', page)
    assert f'href="https://x.com/i/status/{FIRST_ID}' in page
    elements = Elements(page)
    assert all(tag != "script" for tag, _ in elements.found)
    assert not any(name.startswith("on") for _, each in elements.found for name in each)
    headings = [each["id"] for tag, each in elements.found if tag == "h2"]
    assert len(headings) == len(set(headings))
    assert "<script>alert(1)</script>" in elements.text


def test_markdown_is_harmless(tweets: Path, model: str) -> None:
    text = explain(str(tweets), "--model", model, "--format", "markdown").stdout
    assert re.search(r"\*\*(love|great)\*\* \(\+\d\.\d\d\)", text)
    assert re.search(r"\| (love|great) \| \d", text)
    assert "<script>" not in text
    assert "[x](http" not in text
    assert " @someone" not in text


def test_standard_input_and_an_output_file(tweets: Path, model: str, tmp_path: Path) -> None:
    out = tmp_path / "why.json"
    result = runner.invoke(
        app,
        ["explain", "-", "--model", model, "--format", "json", "-o", str(out)],
        input=tweets.read_text(encoding="utf-8"),
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    schema.validate(json.loads(out.read_text(encoding="utf-8")))


def test_no_tweet_that_counts(tmp_path: Path, model: str) -> None:
    path = tmp_path / "links.csv"
    path.write_text("text\nhttps://t.co/abc\n", encoding="utf-8")
    found = explained(str(path), "--model", model)
    assert found["least_sure"] == found["terms_positive"] == found["strongest_negative"] == []
    for format in ("terminal", "html", "markdown"):
        assert "not enough" in explain(str(path), "--model", model, "--format", format).stdout


def test_files_that_break_are_explained_as_far_as_they_go(
    tweets: Path, tmp_path: Path, model: str
) -> None:
    missing = tmp_path / "nowhere.csv"
    found = explained(str(tweets), str(missing), "--model", model, code=8)
    assert found["report"]["counts"]["counted"] > 0
    assert "no such file" in explain(str(missing), "--model", model, code=3).stderr.lower()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "name files of tweets or a stored @handle"),
        (["--sample", "x.csv"], "name files of tweets or a stored @handle"),
        (["@ann", "@bob"], "one account at a time"),
        (["@ann", "x.csv"], "one account at a time"),
        (["@nobody"], "nothing of it is in the store"),
        (["@ann", "--text-column", "x"], "options on files do not go with it"),
        (["@a b"], "@a b"),
        (["x.csv", "--as", "nonsense"], "nonsense"),
        (["x.csv", "--timezone", "Mars"], "no such time zone"),
        (["--sample", "--since", "soon"], "not a date"),
        (["--sample", "--tagger", "spans"], "--tagger goes with --method spans"),
        (["--sample", "--method", "spans", "--tagger", "base"], "marks no words"),
        (["--sample", "--method", "spans", "--tagger", "none"], "no model 'none'"),
        (["--sample", "--model", "spans"], "scores no tweets: it marks words"),
    ],
)
def test_what_cannot_be_asked(options: list[str], says: str) -> None:
    result = explain(*options, code=2)
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_stored_account_needs_neither_network_nor_token(
    standin: Standin, model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    standin.world.generate("alice", 120, seed=1)
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    checked = runner.invoke(app, ["check", "@alice", "--model", model, "--format", "json"])
    assert checked.exit_code == 0, checked.output
    requests = len(standin.log)
    monkeypatch.delenv("X_BEARER_TOKEN")
    found = explained("@ALICE", "--model", model)
    assert len(standin.log) == requests
    assert found["report"]["subject"] == "@alice"
    report = json.loads(checked.stdout)["reports"][0]
    assert found["report"]["net"] == report["net"]
    assert found["least_sure"][0]["effects"]
    assert TOKEN not in explain("@alice", "--model", model).output
    monkeypatch.chdir(tmp_path)
    for name in ("alice", "ALICE"):
        told = explain(name, "--model", model, code=3).stderr
        assert told == (
            f"positivity: {name}: there is no such file; check the name and the folder; @alice is "
            "in the store: write @alice\n"
        )
    assert "store" not in explain("bob", "--model", model, code=3).stderr


def test_as_a_whole_process(tmp_path: Path) -> None:
    out = tmp_path / "why.html"
    command = [sys.executable, "-m", "positivity", "explain", "--sample", "--format", "html"]
    environment = os.environ | {"POSITIVITY_HOME": str(tmp_path), "NO_COLOR": "1"}
    done = subprocess.run(
        [*command, "-o", str(out)], capture_output=True, text=True, env=environment
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "What carries positive tweets" in out.read_text(encoding="utf-8")
