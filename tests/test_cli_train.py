"""The commands around models: train, evaluate, models, say."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.cli.train import on_one_file, recipe_path
from positivity.model import registry
from positivity.model.registry import ModelDirectory
from positivity.training.recipe import Recipe, Source, read_recipe
from positivity.training.recipe_sources import missing_files

runner = CliRunner()


def run(*arguments: object, code: int = 0, stdin: str = "") -> str:
    """What a command prints on stdout; checks its exit code."""
    result = runner.invoke(app, [str(each) for each in arguments], input=stdin)
    assert result.exit_code == code, result.output
    if code == 0:
        return result.stdout
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_train_then_evaluate_then_say(tiny_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    output = run(
        "train", tiny_data / "tiny.toml", "--data", tiny_data, "--run", folder, "--device", "cpu"
    )
    assert f"saved {folder / 'model'}" in output
    again = run("train", tiny_data / "tiny.toml", "--data", tiny_data, "--run", folder)
    assert f"saved {folder / 'model'}" in again  # finished: nothing is left to train
    metrics = json.loads(
        run("evaluate", tiny_data / "dev.csv", "--model", folder / "model", "--format", "json")
    )
    assert metrics["macro_recall"] > 0.95
    assert metrics["tweets"] == 60
    assert sum(map(sum, metrics["confusion"])) == 60
    said = json.loads(run("say", "love great", "--model", folder / "model", "--format", "json"))
    assert said[0]["label"] == "positive"


def test_train_on_one_file(tiny_data: Path, tmp_path: Path) -> None:
    text = (
        (tiny_data / "train.csv").read_text().replace("label,text", "mood;body").replace(",", ";")
    )
    (tmp_path / "mine.csv").write_text(text)
    output = run(
        *(
            "train",
            tiny_data / "tiny.toml",
            "--data",
            tmp_path / "mine.csv",
            "--run",
            tmp_path / "run",
        ),
        *("--text-column", "body", "--label-column", "mood", "--delimiter", ";"),
    )
    assert "saved" in output
    metrics = json.loads((tmp_path / "run" / "model" / "metrics.json").read_text())
    assert metrics["dev"]["a tenth of the training data"]["macro_recall"] > 0.9
    card = (tmp_path / "run" / "model" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "on one file, `mine.csv`. The recipe `tiny` gave" in card
    assert "a tenth of the training data (dev)" in card


def test_a_folder_does_not_hide_a_recipe_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elman").mkdir()
    (tmp_path / "mine").mkdir()
    assert recipe_path(Path("elman")) == registry.shipped() / "recipes" / "elman.toml"
    assert "mine: no such recipe" in run("train", "mine", "--data", tmp_path, code=3)


@pytest.mark.parametrize(("looks", "told"), [(0, "begins again"), (1, "goes on from ")])
def test_an_interrupt_says_what_is_kept(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: int, told: str
) -> None:
    from positivity.training.run import Run

    train = Run.train

    def interrupted(self: Run) -> Any:
        yield from islice(train(self), looks)
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "train", interrupted)
    arguments = ["train", tiny_data / "tiny.toml", "--data", tiny_data, "--run", tmp_path / "run"]
    result = runner.invoke(app, [str(each) for each in arguments])
    assert result.exit_code == 130
    assert told in result.stderr.splitlines()[-2]


SHIPPED = sorted((registry.shipped() / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_recipe_can_take_one_file(path: Path, tmp_path: Path) -> None:
    """`positivity train base --data tweets.csv` needs nothing but that file."""
    recipe = read_recipe(path)
    if not isinstance(recipe, Recipe) or recipe.network.get("kind") == "tagger":
        arguments = ["train", path.stem, "--data", str(path)]
        assert "one file" in run(*arguments, code=3)
        return
    (tmp_path / "tweets.csv").touch()
    on_one = on_one_file(recipe, Source(file="tweets.csv"))
    assert missing_files(on_one, tmp_path) == []
    assert (on_one.reference, on_one.held_back, on_one.graded) == ("", (), ())
    assert on_one.initial_vectors in ("", *registry.names())
    assert on_one.network == recipe.network
    assert on_one.version == "1" or recipe.name not in registry.names()
    assert not on_one.training.keep_last  # the best on a tenth of the file is kept


def test_vectors_that_are_not_there_are_told_before_anything_is_learnt(
    tiny_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "runs" / "r"
    told = run(
        "train", "bilstm-word2vec", "--data", tiny_data / "train.csv", "--run", folder, code=3
    )
    assert "word2vec.bin: neither in" in told
    assert told.count("\n") == 1
    assert not folder.exists()


def test_too_few_tweets_to_train_on_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("text,label\nlove it,positive\nhate it,negative\n")
    arguments = ["train", "majority", "--data", str(path), "--run", str(tmp_path / "run")]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 3
    assert "too few labelled tweets, 2 in all" in told.stderr


def test_vader_is_measured_on_a_tenth_of_one_file(tiny_data: Path, tmp_path: Path) -> None:
    card = run("train", "vader", "--data", tiny_data / "train.csv", "--run", tmp_path / "run")
    assert "a tenth of the training data (dev)" in card
    told = run("say", "hello", "--model", tmp_path / "run" / "model", code=9)
    assert "has figures and no model" in told
    told = run("say", "hello", "--model", tmp_path / "run", code=9)
    assert f"there is one in {tmp_path / 'run' / 'model'}" in told


def evaluated(path: Path, model: ModelDirectory) -> Result:
    """The figures of a model on a file, as JSON."""
    arguments = ["evaluate", str(path), "--model", str(model.path), "--format", "json"]
    return runner.invoke(app, arguments)


def test_evaluate_prints_a_table(tiny_data: Path, tiny_model: ModelDirectory) -> None:
    output = run(
        "evaluate", tiny_data / "dev.csv", "--model", tiny_model.path, "--where", "label=positive"
    )
    assert "macro-averaged recall" in output
    assert "expected calibration error" in output


def test_evaluate_leaves_out_what_nobody_labelled_and_says_so(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    path = tmp_path / "part.csv"
    path.write_text("text,label\nlove it,positive\nmeh,\nhate it,negative\nwell, \n")
    result = evaluated(path, tiny_model)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["tweets"] == 2
    assert result.stderr == f"positivity: {path}: 2 rows without a label left out\n"
    pd.read_csv(path).to_parquet(path.with_suffix(".parquet"))
    assert json.loads(evaluated(path.with_suffix(".parquet"), tiny_model).stdout)["tweets"] == 2
    path.write_text("text,label\nmeh,\n")
    result = CliRunner().invoke(app, ["evaluate", str(path)])
    assert (result.exit_code, result.stderr.count("no labelled tweets")) == (3, 1)


def test_quotes_that_open_cells_and_never_close_are_characters(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    path = tmp_path / "quotes.csv"
    rows = [
        f"{'' if i % 3 else chr(34)}day {i},{('negative', 'positive')[i % 2]}" for i in range(30)
    ]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    told = run("evaluate", path, "--model", tiny_model.path, "--format", "json")
    assert json.loads(told)["tweets"] == 30


def test_quotes_in_a_tsv_swallow_no_rows(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    path = tmp_path / "quotes.tsv"
    texts = ['"love it', "train at nine", 'hate "it"', '"great" day', 'sad day"', "happy"]
    labels = ["positive", "neutral", "negative", "positive", "negative", "positive"]
    arguments = ["evaluate", path, "--model", tiny_model.path, "--format", "json"]

    def write(texts: list[str]) -> None:
        rows = [f"{text}\t{label}" for text, label in zip(texts, labels, strict=True)]
        path.write_text("\n".join(["text\tlabel", *rows, ""]))

    write(texts)
    assert json.loads(run(*arguments))["tweets"] == 6
    write([*texts[:-1], '"never closed'])
    assert json.loads(run(*arguments))["tweets"] == 6
    write(['"love it', *texts[1:4], 'sad day"', "happy"])  # the quote closes, rows later
    assert json.loads(run(*arguments))["tweets"] == 6
    write(['"love it', 'train at nine"', *texts[2:]])
    assert json.loads(run(*arguments))["tweets"] == 6
    write(['"in ""quotes"" and\nof two lines"', *texts[1:3], "a", "b", "c"])  # as a sheet writes it
    assert json.loads(run(*arguments))["tweets"] == 6


LABELLED = "text,label\nlove it,positive\nhate it,negative\n"


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        ("", [], "is empty"),
        (LABELLED.replace(",", ";"), [], "Name it with --delimiter"),
        ("text,label\nwell, well,neutral\n", [], "line 2 has 3 columns, not 2; put quotes around"),
        ('text,label\n"well,neutral\n', [], "line 2 cannot be read: a quote is not closed"),
        ("text,label\n", [], "no labelled tweets in it"),
        (LABELLED, ["--label-column", "mood"], "Name one with --label-column"),
        (LABELLED, ["--where", "label=mixed"], "no row has mixed in its column 'label'"),
        (LABELLED, ["--where", "split=eval"], "no column 'split'; it has text, label\n"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_labelled_table_is_told(
    tmp_path: Path, content: str, options: list[str], told: str
) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text(content)
    assert told in run("evaluate", path, *options, code=3)


WRONG = {
    ".csv": (
        LABELLED + 'well, well,neutral\n"and so,neutral\nit is nine,neutral\n',
        "line 4 has 3",
    ),
    ".tsv": (LABELLED.replace(",", "\t") + "well\twell\tneutral\n\t\n", "line 4 has 3"),
    ".jsonl": (
        '{"text": "love it", "label": "positive"}\n{"text": \n\n[]\n',
        "line 2 is no object",
    ),
}


@pytest.mark.parametrize("suffix", WRONG)
def test_evaluate_leaves_out_rows_that_cannot_be_read_and_says_so(
    tiny_model: ModelDirectory, tmp_path: Path, suffix: str
) -> None:
    content, told = WRONG[suffix]
    path = tmp_path / f"labelled{suffix}"
    path.write_text(content)
    result = evaluated(path, tiny_model)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["tweets"] == {".csv": 3, ".tsv": 2, ".jsonl": 1}[suffix]
    rows = "1 row that cannot" if suffix == ".tsv" else "2 rows that cannot"
    assert result.stderr.startswith(f"positivity: {path}: {rows} be read left out")
    assert told in result.stderr


def test_training_takes_no_table_with_rows_that_cannot_be_read(
    tiny_data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text(LABELLED + "well, well,neutral\n")
    result = CliRunner().invoke(app, ["train", str(tiny_data / "tiny.toml"), "--data", str(path)])
    assert result.exit_code == 3
    assert "line 4 has 3 columns, not 2; put quotes around" in result.stderr


def test_a_row_without_a_text_is_told_not_lost(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text("label,text\npositive,love it\nnegative\n")
    result = evaluated(path, tiny_model)
    assert (result.exit_code, json.loads(result.stdout)["tweets"]) == (0, 1)
    assert "1 row that cannot be read left out: row 2 has no text" in result.stderr


def test_rows_of_parquet_go_by_number_too(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    path = tmp_path / "labelled.parquet"
    rows = {"text": ["love it", None], "label": ["positive", "negative"], "id": ["a", "b"]}
    pd.DataFrame(rows).set_index("id").to_parquet(path)
    result = evaluated(path, tiny_model)
    assert (result.exit_code, json.loads(result.stdout)["tweets"]) == (0, 1)
    assert "1 row that cannot be read left out: row 2 has no text" in result.stderr


def test_columns_go_by_number_and_delimiters_by_name(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text("mood;body\npositive;love it\nnegative;hate it\n")
    where = ["--label-column", "1", "--text-column", "2", "--delimiter", "semicolon"]
    output = run("evaluate", path, *where, "--model", tiny_model.path, "--format", "json")
    assert json.loads(output)["tweets"] == 2


def test_the_usual_columns_are_found_however_they_are_written(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text("Tweet , SENTIMENT\nlove it, Positive\nhate it, negative\n")
    output = run("evaluate", path, "--model", tiny_model.path, "--format", "json")
    assert json.loads(output)["tweets"] == 2
    assert "no column 'tweet'; it has" in run("evaluate", path, "--text-column", "tweet", code=3)


@pytest.mark.parametrize("name", ["A.TSV", "a.tsv.gz", "a.Csv", "a.JSONL", "a.ndjson.bz2", "a.pq"])
def test_a_form_goes_by_the_ending_however_it_is_written(
    tiny_model: ModelDirectory, tmp_path: Path, name: str
) -> None:
    path, frame = tmp_path / name, pd.DataFrame({"text": ["love", "a, b"], "label": ["neg", "pos"]})
    plain = name.lower()
    if plain.endswith(".pq"):
        frame.to_parquet(path)
    elif ".jsonl" in plain or ".ndjson" in plain:
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False, sep="\t" if ".tsv" in plain else ",")
    assert json.loads(evaluated(path, tiny_model).stdout)["tweets"] == 2


def test_an_encoding_is_guessed_for_whoever_has_to_name_it(tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text(LABELLED, encoding="utf-16")
    told = run("evaluate", path, code=3)
    assert told.endswith("not utf-8; name its encoding with --encoding, often utf-16\n")
    path.write_text(LABELLED.replace("it", "café"), encoding="latin-1")
    assert told.replace("utf-16", "latin-1") == run("evaluate", path, code=3)


def test_training_on_a_file_without_labels_asks_for_them(tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text("text,mood\nlove it,positive\nhate it,negative\n")
    told = run("train", "logreg", "--data", path, "--run", tmp_path / "run", code=3)
    assert "no column 'label'; it has text, mood. Name one with --label-column" in told


def test_a_recipe_with_a_folder_takes_no_options_of_one_file(tiny_data: Path) -> None:
    for option in (["--label-column", "x"], ["--no-header"], ["--where", "a=b"]):
        told = run("train", tiny_data / "tiny.toml", "--data", tiny_data, *option, code=2)
        assert "are for one file" in told


def test_evaluate_says_what_numbers_it_takes_for_which_labels(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("text,label\nhate,0\nthe bus,1\nlove,2\n")
    result = evaluated(path, tiny_model)
    told = f"{path}: labels are read thus: 0 as negative, 1 as neutral, 2 as positive\n"
    assert (result.exit_code, result.stderr) == (0, f"positivity: {told}")


def test_so_does_training(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("text,label\n" + "so bad,1\nso good,2\n" * 30)
    arguments = ["train", "logreg", "--data", str(path), "--run", str(tmp_path / "run")]
    told = runner.invoke(app, arguments).stderr
    assert f"{path}: labels are read thus: 1 as neutral, 2 as positive\n" in told


class OfTwoClasses:
    """In place of a model that tells negative and positive apart."""

    config = SimpleNamespace(labels=("negative", "positive"))

    def score(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([[0.9, 0.0, 0.1] if "hate" in text else [0.1, 0.0, 0.9] for text in texts])


def test_a_model_of_two_classes_is_not_measured_on_a_third(
    tiny_model: ModelDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positivity.model.scorer.Scorer.load", lambda *_, **__: OfTwoClasses())
    path = tmp_path / "labelled.csv"
    path.write_text("text,label\nhate,negative\nthe bus,neutral\na bus,neutral\nlove,positive\n")
    result = evaluated(path, tiny_model)
    assert "2 neutral left out" in result.stderr
    assert (result.exit_code, json.loads(result.stdout)["confusion"]) == (
        0,
        [[1, 0, 0], [0, 0, 0], [0, 0, 1]],
    )
    path.write_text("text,label\nthe bus,neutral\n")
    result = evaluated(path, tiny_model)
    assert result.exit_code == 3
    assert "no negative and positive tweets in it" in result.stderr


def test_evaluate_says_which_forms_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "labelled.json"
    path.write_text('[{"text": "love it", "label": "positive"}]')
    result = CliRunner().invoke(app, ["evaluate", str(path)])
    told = f"positivity: {path}: labelled tweets are read from CSV, TSV, JSON Lines or parquet\n"
    assert (result.exit_code, result.stderr) == (3, told)


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["evaluate", "missing.csv"], 3, "there is no such file"),
        (["evaluate", "{data}/dev.csv", "--text-column", "body"], 3, "--text-column"),
        (["evaluate", "{data}/dev.csv", "--where", "label"], 2, "COLUMN=VALUE"),
        (["evaluate", "{data}/dev.csv", "--model", "nope"], 2, "no model 'nope'"),
        (["train", "nope", "--data", "{data}"], 3, "no such recipe"),
        (["train", "{data}/tiny.toml", "--data", "nowhere"], 3, "nowhere"),
        (["models", "show", "nope"], 2, "no model 'nope'"),
        (["models", "import", "{data}/dev.csv"], 3, "not a model file"),
        (["models", "import", "nowhere.zip"], 3, "there is no such file"),
        (["say", "hello", "--model", "{data}"], 9, "not a complete model directory"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_line(
    tiny_data: Path, arguments: list[str], code: int, complaint: str
) -> None:
    filled = [each.format(data=tiny_data) for each in arguments]
    assert complaint in run(*filled, code=code)


def test_models_are_listed_shown_verified_and_shared(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    packed = run("models", "export", tiny_model.path, tmp_path / "t.zip").strip()
    assert "tiny 1:" in run("models", "import", packed)
    assert "tiny" in run("models", "list")
    assert "| eval (eval) | 60 |" in run("models", "show", "tiny")
    assert "tiny: 8 files are as they were saved" in run("models", "verify", "tiny")
    assert run("models", "export", tiny_model.path, f"{tmp_path}/new/").strip() == str(
        tmp_path / "new" / "tiny-1.positivity.zip"
    )


def test_one_damaged_model_does_not_hide_the_others(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    packed = run("models", "export", tiny_model.path, tmp_path / "t.zip").strip()
    run("models", "import", packed)
    (registry.find("tiny") / "config.json").write_text("no")
    listed = runner.invoke(app, ["models", "list"])
    assert listed.exit_code == 9
    assert "base" in listed.stdout
    assert str(registry.find("tiny")) in listed.stderr
    (registry.imported() / "atiny").mkdir()  # found before the others of its folder
    (registry.imported() / "atiny" / "SHA256SUMS").write_text("")
    verified = runner.invoke(app, ["models", "verify"])
    assert verified.exit_code == 9
    assert "base: 8 files are as they were saved" in verified.stdout
    assert verified.stderr.count("\n") == 2


def test_an_imported_model_of_anothers_name_is_told(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_model.path, tmp_path / "copy"))
    told_of = (("my_model-2", False), ("my_model-2", False), ("base", True), ("my_model-2", True))
    for turn, (name, told) in enumerate(told_of):
        files = {each: (folder / each).read_bytes() for each in registry.verify(folder)}
        old = registry.load(str(folder)).config.name
        named = files["config.json"].replace(f'"{old}"'.encode(), f'"{name}"'.encode())
        card = b"# A model" if turn < 2 else b"# Another"
        registry.write_directory(folder, {**files, "config.json": named, "MODEL_CARD.md": card})
        packed = run("models", "export", folder, tmp_path / "m.zip").strip()
        result = runner.invoke(app, ["models", "import", packed])
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith(f"{name} 1: ")
        was = f"positivity: {name} was the name of another model: from now on it means this one\n"
        assert result.stderr == (was if told else "")


def test_a_model_that_cannot_be_written_is_one_line(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    packed = run("models", "export", tiny_model.path, tmp_path / "t.zip").strip()
    registry.imported().parent.mkdir(parents=True, exist_ok=True)
    registry.imported().write_text("a file where a folder should be")
    said = run("models", "import", packed, code=3)
    assert f"{registry.imported()}: cannot be written" in said
    if Path("/dev/full").exists():
        said = run("models", "export", tiny_model.path, "/dev/full", code=3)
        assert "/dev/full: cannot be written" in said


def test_a_tampered_model_is_refused_by_name(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny_model.path, tmp_path / "copy"))
    (copy / "model.safetensors").write_bytes(b"no weights")
    for command in (["say", "x", "--model", copy], ["models", "verify", copy]):
        assert "copy: model.safetensors is not what was saved" in run(*command, code=9)


def test_say_reads_lines_from_standard_input(tiny_model: ModelDirectory) -> None:
    output = run("say", "-", "--model", tiny_model.path, stdin="love great\nhate awful\n")
    assert [line.split()[1] for line in output.splitlines()[1:]] == ["positive", "negative"]


@pytest.mark.parametrize("arguments", [["say", "hi", "--engine", "torch"], ["inspect", "hi"]])
def test_without_a_package_it_says_which(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch.so: not found', name='torch')")
    result = subprocess.run(
        [sys.executable, "-m", "positivity", *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    told = "libtorch.so: not found: a package is missing or damaged; install positivity again"
    assert (result.returncode, result.stderr) == (9, f"positivity: {told}\n")


def test_version_and_help() -> None:
    assert run("--version").startswith("positivity 0.")
    assert "score" in run("--help")
