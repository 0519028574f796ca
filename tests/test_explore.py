"""`positivity explore`: counts that are right, in every format, from every kind of file."""

import io
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.exploration import token_types
from positivity.exploration.explorer import Explorer
from positivity.exploration.findings import Exploration
from positivity.exploration.log_odds import PRIOR, tied_words
from positivity.report.html_exploration import render_exploration_html
from positivity.report.terminal_exploration import render_exploration
from positivity.report.terminal_page import make_console
from positivity.text.normalize import Normalizer
from positivity.tweets import tweet_batch
from tests.conftest import SHARED_DATA
from tests.test_html import Elements

runner = CliRunner()
HOSTILE = "<script>alert(1)</script> \x1b[31m\u202e [bold]great[/bold] $x^2$"
ROWS = [
    ("positive", "I love this day"),
    ("positive", "I LOVE this day http://t.co/a"),
    ("negative", "i love this day"),
    ("negative", "worst day ever 😭😭"),
    ("neutral", "the train"),
    ("neutral", "the train"),
    ("", HOSTILE),
    ("neutral", "@ann http://t.co/b"),
]


def run(*options: str, code: int = 0) -> Result:
    result = runner.invoke(app, ["explore", *options])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def test_one_row_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("text,label\nlove it,positive\nhate,it,all,negative\nbus,neutral\n")
    assert "2 tweets; 1 row could not be read" in run(str(path)).stdout


def document(*options: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*options, "--format", "json", code=code).stdout)
    return found


def write_csv(path: Path, rows: list[tuple[str, str]], header: str = "label,text") -> Path:
    quoted = (f'{label},"{text.replace(chr(34), chr(34) * 2)}"' for label, text in rows)
    path.write_text("\n".join([header, *quoted]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "labelled.csv", ROWS)


def explored(
    normalizer: Normalizer, texts: list[str], *, batch: int = 3, cut: int = 40, **more: Any
) -> Exploration:
    explorer = Explorer(normalizer, lambda some: np.ones(len(some), np.bool_), cut=cut)
    labels = more.pop("labels", None)
    for at in range(0, len(texts), batch):
        some = texts[at : at + batch]
        tweets = tweet_batch({"text": some, **{k: v[at : at + batch] for k, v in more.items()}},
                             length=len(some))  # fmt: skip
        if labels is not None:
            tweets = tweets.append_column("label", pa.array(labels[at : at + batch], pa.string()))
        explorer.add(tweets)
    return explorer.findings("texts")


def test_it_looks_at_marks_too_that_the_model_does_not_read(tmp_path: Path) -> None:
    rows = [("positive", "a good day."), ("positive", "a good day"), ("neutral", "is it nine?")]
    found = document(str(write_csv(tmp_path / "marks.csv", rows)))
    assert (found["tokens"]["tokens"], found["duplicates"]["near"]) == (11, 0)
    assert {".", "?"} <= {each["name"] for each in found["tokens"]["most"]}


def test_rows_labels_and_copies(labelled: Path) -> None:
    found = document(str(labelled))
    assert found["rows"] == 8
    assert found["unlabelled"] == 1
    assert [(each["name"], each["count"]) for each in found["labels"]] == [
        ("negative", 2),
        ("neutral", 3),
        ("positive", 2),
    ]
    assert sum(each["share"] for each in found["labels"]) == pytest.approx(1)
    copies = found["duplicates"]
    # "I love this day" three times but for case and a link, "the train" twice.
    assert (copies["exact"], copies["near"], copies["groups"]) == (1, 3, 2)
    assert copies["contradictions"] == 3
    assert [(each["count"], each["text"]) for each in copies["most"]] == [
        (3, "I love this day"),
        (2, "the train"),
    ]
    assert found["empty"] == 1
    assert "labels from 'label'" in found["read_as"][0]
    assert found["notes"] == []


def test_lengths_tokens_and_what_a_cut_loses(normalizer: Normalizer) -> None:
    texts = [" ".join(["day"] * n) for n in (1, 2, 3, 4, 10)]
    found = explored(normalizer, texts, cut=3)
    lengths = found.lengths
    assert lengths.mean == 4
    assert {each.share: each.length for each in lengths.quantiles}[0.5] == 3
    assert {each.share: each.length for each in lengths.quantiles}[1.0] == 10
    assert lengths.histogram == (0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1)
    cut = lengths.cut
    assert (cut.tweets, cut.tokens) == (2, 1 + 7)
    assert cut.tweets_share == pytest.approx(2 / 5)
    assert cut.tokens_share == pytest.approx(8 / 20)


def test_the_share_of_the_most_frequent_types(normalizer: Normalizer) -> None:
    # Forty types: "day" sixty times, "dog" twenty-one, and the other 38 once each.
    rare = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(38)]
    found = explored(normalizer, ["day"] * 60 + ["dog"] * 21 + rare).tokens
    assert (found.tokens, found.types, found.once, found.head) == (119, 40, 38, 2)
    assert found.head_share == pytest.approx(81 / 119)
    assert [(each.name, each.count) for each in found.most[:2]] == [("day", 60), ("dog", 21)]
    assert (found.ranks[0].rank, found.ranks[0].count) == (1, 60)
    assert (found.ranks[-1].rank, found.ranks[-1].count) == (40, 1)
    assert not found.pruned


def test_zipf_s_law_has_a_slope_of_minus_one(normalizer: Normalizer) -> None:
    letters = "abcdefgh"
    words = [f"w{a}o{b}x{c}y" for a in letters for b in letters for c in letters][:400]
    texts = [word for rank, word in enumerate(words, start=1) for _ in range(20_000 // rank)]
    found = explored(normalizer, texts, batch=5000).tokens
    assert found.types == 400
    assert found.slope == pytest.approx(-1, abs=0.01)


def test_words_that_are_all_as_frequent_have_no_slope(normalizer: Normalizer) -> None:
    found = explored(normalizer, ["dog cat bird fish"])
    assert found.tokens.slope is None
    page = io.StringIO()
    render_exploration_html(found, page)
    terminal = io.StringIO()
    render_exploration(found, make_console(terminal))
    for text in (Elements(page.getvalue()).text, terminal.getvalue()):
        assert "Zipf" not in text
        assert "(1 type)" in " ".join(text.split())


def test_tied_words_follow_monroe() -> None:
    inside = Counter({"love": 30, "the": 100, "day": 20})
    everything = Counter({"love": 34, "the": 300, "day": 40, "hate": 26})
    found = {each.word: each for each in tied_words(inside, everything, 10)}
    assert set(found) == {"love"}  # "the" and "day" are no more here than elsewhere by chance
    n, total = 150, 400
    prior, prior_total = PRIOR * 34, PRIOR * total
    here, there = 30 + prior, 4 + prior
    odds = math.log(here / (n + prior_total - here)) - math.log(
        there / (total - n + prior_total - there)
    )
    assert found["love"].z == pytest.approx(odds / math.sqrt(1 / here + 1 / there), abs=0.005)
    assert (found["love"].inside, found["love"].outside) == (30, 4)
    assert tied_words(everything, everything, 10) == ()  # of one label there are no others


def test_words_go_with_their_labels(tmp_path: Path) -> None:
    rows = [("pos", f"love the day {n}x") for n in range(40)]
    rows += [("neg", f"hate the day {n}y") for n in range(40)]
    found = document(str(write_csv(tmp_path / "two.csv", rows)))
    words = {each["label"]: [one["word"] for one in each["words"]] for each in found["words"]}
    assert list(words) == ["neg", "pos"]
    assert words["pos"][0] == "love"
    assert words["neg"][0] == "hate"
    assert "the" not in words["pos"] + words["neg"]


def test_batches_do_not_matter(normalizer: Normalizer) -> None:
    texts = [text for _, text in ROWS] * 3
    labels = [label or None for label, _ in ROWS] * 3
    one, many = (explored(normalizer, texts, batch=n, labels=labels) for n in (1, 100))
    assert one == many


def test_too_many_types_are_pruned_and_it_is_said(
    normalizer: Normalizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_types, "_MOST_TYPES", 10)
    texts = ["love day"] * 50 + [f"w{chr(97 + n % 26)}{chr(97 + n // 26)}q" for n in range(200)]
    found = explored(normalizer, texts).tokens
    assert found.pruned
    assert found.types <= 10
    assert found.tokens == 300  # of those all are counted
    assert {each.name: each.count for each in found.most}["love"] == 50


def test_authors_languages_and_days(normalizer: Normalizer) -> None:
    found = explored(
        normalizer,
        ["love", "hate", "day", "dog"],
        author=["ann", "Ann", "ann", "bob"],
        lang=["en", "EN", "es", None],
        created_at=[0, 86_400_000, None, None],
    )
    assert (found.authors, found.busiest_author) == (2, 0.75)
    assert [(each.name, each.count) for each in found.languages] == [("en", 2), ("es", 1)]
    assert (found.first, found.last) == ("1970-01-01", "1970-01-02")
    assert found.english == 1


def test_emoji_are_counted_once_a_tweet(normalizer: Normalizer) -> None:
    emoji = explored(normalizer, ["😭😭 day", "😭 😂", "day"]).emoji
    assert (emoji.tweets, emoji.types) == (2, 2)
    assert [(each.name, each.count) for each in emoji.most] == [("😭", 2), ("😂", 1)]


@pytest.mark.parametrize("suffix", [".tsv", ".parquet", ".jsonl", ".json"])
def test_labels_are_found_in_every_kind_of_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"tweets{suffix}"
    rows = [{"text": text, "sentiment": label} for label, text in ROWS if label]
    if suffix == ".tsv":
        lines = ["text\tsentiment", *(f"{row['text']}\t{row['sentiment']}" for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    else:
        path.write_text(json.dumps(rows), encoding="utf-8")
    named = ["--label-column", "sentiment"] if suffix == ".json" else []
    found = document(str(path), *named)
    assert {each["name"]: each["count"] for each in found["labels"]} == {
        "negative": 2,
        "neutral": 3,
        "positive": 2,
    }


def test_the_labels_of_sentiment140_are_its_first_column(tmp_path: Path) -> None:
    path = tmp_path / "training.csv"
    day = "Mon Apr 06 22:19:45 PDT 2009"
    cells = [(4 * (n % 2), 1467810369 + n, day, "NO_QUERY", "ann", f"dog {n}x") for n in range(6)]
    rows = [",".join(f'"{cell}"' for cell in row) for row in cells]
    path.write_text("\n".join(rows) + "\n", encoding="latin-1")
    found = document(str(path))
    assert [(each["name"], each["count"]) for each in found["labels"]] == [("0", 3), ("4", 3)]
    assert found["authors"] == 1
    assert found["first"] == "2009-04-07"


def test_an_excel_sheet_has_labels_too(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "tweets.xlsx") as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([("text", "label"), ("a good day", "positive"),
                                     ("a bad day", "negative")]):  # fmt: skip
            sheet.write_row(row, 0, cells)
    found = document(str(tmp_path / "tweets.xlsx"))
    assert [each["name"] for each in found["labels"]] == ["negative", "positive"]


def test_any_column_can_be_the_label(tmp_path: Path) -> None:
    rows = [("joy", "what a day"), ("fear", "the dog"), ("joy", "good dog")]
    path = write_csv(tmp_path / "emotions.csv", rows, "emotion,text")
    assert document(str(path))["labels"] == []
    found = document(str(path), "--label-column", "emotion")
    assert [(each["name"], each["count"]) for each in found["labels"]] == [("fear", 1), ("joy", 2)]


def test_rows_without_a_label_are_none_of_the_twenty_labels(tmp_path: Path) -> None:
    rows = [(f"mood{n % 20}" if n else "", "what a day") for n in range(40)]
    path = write_csv(tmp_path / "moods.csv", rows, "mood,text")
    found = document(str(path), "--label-column", "mood")
    assert len(found["labels"]) == 20
    assert found["unlabelled"] == 1


def test_labels_are_read_for_nothing_else(labelled: Path) -> None:
    from positivity.sources.files import open_tweets
    from positivity.tweets import SCHEMA

    with open_tweets(str(labelled)) as file:
        assert {tuple(batch.schema.names) for batch in file.batches()} == {tuple(SCHEMA.names)}
        assert "positivity evaluate" in file.notes[0]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ([], 2, "name files of tweets"),
        (["nowhere.csv"], 3, "there is no such file"),
        (["--sample", "--cut", "0"], 2, "cut"),
        (["--sample", "--plot", "a.gif"], 2, "ends in .png or .svg"),
        (["{file}", "--label-column", "gold"], 3, "there is no column 'gold' (--label-column)"),
        (["{file}", "--label-column", "text"], 3, "more than 20 different labels"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, options: list[str], code: int, message: str
) -> None:
    rows = [("positive" if n % 2 else "negative", f"love {n}x") for n in range(30)]
    path = write_csv(tmp_path / "many.csv", rows)
    result = run(*(each.replace("{file}", str(path)) for each in options), code=code)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_one_of_several_files_that_fails_is_said_and_the_rest_is_explored(
    labelled: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_bytes(b"\x89PNG....")
    found = document(str(labelled), str(tmp_path / "bad.csv"), code=8)
    assert found["rows"] == 8


@pytest.mark.parametrize("width", [80, 120])
def test_what_it_prints_fits(labelled: Path, width: int) -> None:
    from positivity.cli.explore import explore
    from positivity.sources.files import ReadOptions

    found, _ = explore([str(labelled)], ReadOptions(labels=True), cut=40, progress=False)
    out = io.StringIO()
    console = make_console(out)
    console.width = width
    render_exploration(found, console)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "\x1b" not in out.getvalue()
    assert "3 times  I love this day" in out.getvalue()
    assert "in 1 tweet (12%), 1 different" in out.getvalue()


def test_the_page_runs_nothing_and_shows_all(labelled: Path, tmp_path: Path) -> None:
    page = tmp_path / "data.html"
    rows = [*ROWS, ("neutral", HOSTILE)]  # twice, so that it is shown
    run(str(write_csv(labelled, rows)), "--format", "html", "-o", str(page))
    text = page.read_text(encoding="utf-8")
    tags = {tag for tag, _ in Elements(text).found}
    assert "script" not in tags
    assert "svg" in tags
    assert "&lt;script&gt;alert(1)" in text
    assert "\u202e" not in text
    assert text.count("<h2") >= 5


def test_a_page_of_hardly_anything(normalizer: Normalizer) -> None:
    for texts in ([""], ["love"], ["..."]):
        found = explored(normalizer, texts)
        out = io.StringIO()
        render_exploration_html(found, out)
        assert "<h1>1 tweet</h1>" in out.getvalue()
        render_exploration(found, make_console(io.StringIO()))


def test_pictures_are_drawn(labelled: Path, tmp_path: Path) -> None:
    for name in ("data.png", "data.svg"):
        run(str(labelled), "--plot", str(tmp_path / name))
        data = (tmp_path / name).read_bytes()
        assert data.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")


@pytest.mark.shared_data
def test_real_tweets_are_explored() -> None:
    found = document(str(SHARED_DATA / "labelled.parquet"))
    assert found["rows"] == 119_485
    assert {each["name"] for each in found["labels"]} == {"negative", "neutral", "positive"}
    assert 0.8 < found["tokens"]["head_share"] < 0.95
    assert -1.3 < found["tokens"]["slope"] < -0.9
    words = {each["label"]: [one["word"] for one in each["words"]] for each in found["words"]}
    assert "love" in words["positive"]
    assert "hate" in words["negative"]


@pytest.mark.filterwarnings("error")
def test_words_that_all_occur_once_have_no_curve(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "once.csv", [("neutral", "aa bb cc"), ("neutral", "dd ee ff")])
    assert "(rank; logarithmic)" not in run(str(path)).stdout
