"""`positivity lab`: trains what is not trained yet, and writes the table."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positivity.cli import app
from positivity.errors import StateError
from positivity.training.lab import pace
from positivity.training.run_folder import alone_in

runner = CliRunner()

FLOOR = 'extends = "tiny"\nname = "{0}"\n[floor]\nkind = "{0}"\n'
NETWORK = 'extends = "tiny"\nname = "{}"\n'
ABSENT = 'extends = "tiny"\nname = "imdb"\n[[train]]\nfile = "aclImdb"\n'


@pytest.fixture(scope="module")
def data(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(tiny_data, tmp_path_factory.mktemp("lab") / "data"))
    for kind in ("majority", "vader", "logreg"):
        (folder / f"{kind}.toml").write_text(FLOOR.format(kind))
    (folder / "lstm.toml").write_text(NETWORK.format("lstm"))
    (folder / "imdb.toml").write_text(ABSENT)
    return folder


@pytest.fixture(scope="module")
def runs(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of five recipes, one of which lacks its data."""
    folder = tmp_path_factory.mktemp("runs") / "runs"
    invoke(*names(data, "majority", "vader", "logreg", "lstm", "imdb"), *where(data, folder))
    return folder


def names(data: Path, *recipes: str) -> list[Path]:
    return [data / f"{name}.toml" for name in recipes]


def where(data: Path, runs: Path) -> list[object]:
    return ["--data", data, "--runs", runs, "--device", "cpu"]


def invoke(*arguments: object, code: int = 0) -> tuple[str, str]:
    """What the command prints on stdout and stderr; checks its exit code."""
    result = runner.invoke(app, ["lab", *(str(each) for each in arguments)])
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


def test_a_table_of_what_was_trained_written_from_the_runs(data: Path, runs: Path) -> None:
    recipes = names(data, "majority", "vader", "logreg", "lstm", "imdb")
    stdout, stderr = invoke(*recipes, "--runs", runs, "--format", "json")
    assert stderr == ""
    rows = {row["name"]: row for row in json.loads(stdout)["recipes"]}
    assert list(rows) == ["majority", "vader", "logreg", "lstm", "imdb"]
    assert rows["majority"]["three"]["eval"]["mean"] == pytest.approx(1 / 3)
    assert rows["majority"]["two"]["eval"]["mean"] == pytest.approx(1 / 2)
    assert rows["logreg"]["three"]["eval"]["mean"] > 0.95
    assert rows["lstm"]["three"]["eval"]["mean"] > 0.9
    assert rows["lstm"]["training_seconds"]["mean"] > 0
    assert rows["imdb"]["absent"] == "needs aclImdb, not at hand"
    for name in ("majority", "vader", "logreg", "lstm"):
        assert rows[name]["rate"]["tweets_per_second"] > 0
    assert rows["vader"]["rate"]["vader"] == rows["vader"]["rate"]["tweets_per_second"]
    table, _ = invoke(*recipes, "--runs", runs)
    assert "What each costs" in table
    assert "imdb: needs aclImdb, not at hand." in table
    assert max(map(len, table.splitlines())) <= 80


def test_data_that_changed_since_is_told(data: Path, runs: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(runs, tmp_path / "runs"))
    other = Path(shutil.copytree(data, tmp_path / "data"))
    recipes = ("majority", "vader", "logreg", "lstm")
    _, stderr = invoke(*names(other, *recipes), *where(other, copy))
    assert "changed since" not in stderr
    (other / "train.csv").write_text((other / "train.csv").read_text() + "positive,joy\n")
    _, stderr = invoke(*names(other, *recipes), *where(other, copy))
    for name in recipes:
        told = f"{copy / name}: train.csv changed since it was trained; remove the folder"
        assert told in stderr


def test_models_of_other_data_in_one_table_are_told(data: Path, runs: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(runs, tmp_path / "runs"))
    other = Path(shutil.copytree(data, tmp_path / "data"))
    (other / "train.csv").write_text((other / "train.csv").read_text() + "positive,joy\n")
    shutil.rmtree(copy / "logreg")
    recipes = names(other, "majority", "logreg", "lstm")
    invoke(*recipes, *where(other, copy))
    told = "logreg: trained and measured with another train.csv than majority, lstm;"
    table, _ = invoke(*recipes, "--runs", copy)
    assert told in " ".join(table.split())
    assert told in str(json.loads(invoke(*recipes, "--runs", copy, "--format", "json")[0])["notes"])
    invoke(*recipes, "--runs", copy, "-o", tmp_path / "lab.md")
    assert told in (tmp_path / "lab.md").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
@pytest.mark.parametrize("format", ["terminal", "json"])
def test_a_table_that_cannot_be_written_is_one_line(data: Path, runs: Path, format: str) -> None:
    command = [sys.executable, "-m", "positivity", "lab", *map(str, names(data, "lstm"))]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*command, "--runs", str(runs), "--format", format],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 3
    assert result.stderr.startswith("positivity: standard output: cannot be written")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("file", ["records.json", "model/metrics.json", "times.json"])
def test_a_damaged_file_of_a_run_is_one_line(
    data: Path, runs: Path, tmp_path: Path, file: str
) -> None:
    copy = Path(shutil.copytree(runs, tmp_path / "runs"))
    (copy / "lstm" / file).write_text("{")
    arguments = [*names(data, "lstm"), "--runs", copy, "--plot", tmp_path / "curves.png"]
    if file == "times.json":  # a figure less
        assert "lstm" in invoke(*arguments)[0]
        return
    told = invoke(*arguments, code=9)[1]
    assert told.startswith(f"positivity: {copy / 'lstm' / file}: damaged; remove the folder")
    assert told.count("\n") == 1


def test_what_is_done_is_not_trained_again(
    data: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr("positivity.cli.lab.train", never)
    monkeypatch.setattr("positivity.cli.lab.train_floor", never)
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("model/*")}
    _, stderr = invoke(*names(data, "lstm", "logreg"), *where(data, runs))
    assert "measuring the speed of 2 models on 60 tweets" in stderr
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("model/*")} == before


def test_a_damaged_model_keeps_its_figures_and_gets_no_speed(
    data: Path, runs: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(runs, tmp_path / "runs")
    (copy / "notebook.json").unlink()
    (copy / "lstm" / "model" / "config.json").write_text("{}")
    recipes = names(data, "lstm", "logreg")
    stdout, stderr = invoke(*recipes, *where(data, copy), "--format", "json")
    assert "lstm: not scored for its speed: " in stderr
    assert "config.json is not what was saved" in stderr
    rows = {row["name"]: row for row in json.loads(stdout)["recipes"]}
    assert rows["lstm"]["rate"] is None
    assert rows["logreg"]["rate"]["tweets_per_second"] > 0


def test_something_else_under_the_notebook_s_name_is_said(
    data: Path, runs: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(runs, tmp_path / "runs")
    (copy / "notebook.json").write_text('{"recipes": []}', encoding="utf-8")
    _, stderr = invoke(*names(data, "lstm"), "--runs", copy, code=StateError.exit_code)
    assert "notebook.json: not what positivity lab keeps" in stderr


def test_another_seed_is_trained_beside_the_first(data: Path, runs: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(runs, tmp_path / "runs")
    stdout, stderr = invoke(
        *names(data, "logreg"), *where(data, copy), "--seeds", 2, "--format", "json"
    )
    assert "logreg, seed 3" not in stderr
    assert "1 of 1: logreg, seed 4\n" in stderr
    (row,) = json.loads(stdout)["recipes"]
    assert row["seeds"] == [3, 4]
    assert row["three"]["eval"]["spread"] is not None


def test_table_and_curves_go_into_files(data: Path, runs: Path, tmp_path: Path) -> None:
    document, programs, picture = (tmp_path / name for name in ("lab.md", "lab.json", "lab.png"))
    document.write_text("# Mine\n\n<!-- lab -->\n<!-- /lab -->\n\nThe end.\n")
    recipes = names(data, "logreg", "lstm", "imdb")
    invoke(*recipes, "--runs", runs, "-o", document, "-o", programs, "--plot", picture)
    text = document.read_text()
    assert "| `logreg` | " in text
    assert "| `imdb` | not measured here |" in text
    assert "](lab.png)" in text
    assert text.endswith("The end.\n")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(json.loads(programs.read_text())["recipes"]) == 3


def test_a_run_of_a_changed_recipe_is_not_taken_for_this_one_s(
    data: Path, runs: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(runs, tmp_path / "runs")
    changed = tmp_path / "lstm.toml"
    changed.write_text((data / "tiny.toml").read_text().replace('"tiny"', '"lstm"') + "\n")
    changed.write_text(changed.read_text().replace("epochs = 6", "epochs = 5"))
    recipes = [*names(data, "logreg"), changed]
    told = (
        f"{copy / 'lstm'}: trained by another recipe, or an earlier form of it; remove the folder "
        "or name another with --runs"
    )
    trained = invoke(*recipes, *where(data, copy), "--format", "json", code=8)
    assert f"positivity: {told}" in trained[1].splitlines()
    for stdout, _ in (trained, invoke(*recipes, "--runs", copy, "--format", "json")):
        rows = {row["name"]: row for row in json.loads(stdout)["recipes"]}
        assert rows["lstm"]["absent"] == "trained by another recipe, or an earlier form of it"
        assert rows["logreg"]["absent"] == ""
    nothing = f"positivity: {copy}: holds no finished run of lstm"
    assert invoke(changed, "--runs", copy, code=3)[1] == f"{nothing}; {told}\n"
    both = invoke(changed, *names(data, "imdb"), "--runs", copy, code=3)[1]
    assert both == f"{nothing}, imdb; {told}; train with --data FOLDER\n"


def test_a_run_on_one_file_is_not_the_lab_s(data: Path, tmp_path: Path) -> None:
    file, runs = data / "train.csv", tmp_path / "runs"
    arguments = ["train", data / "lstm.toml", "--data", file, "--run", runs / "lstm"]
    result = runner.invoke(app, [*map(str, arguments), "--device", "cpu"])
    assert result.exit_code == 0, result.output
    stdout, stderr = invoke(*names(data, "majority", "lstm"), *where(data, runs), code=8)
    assert f"{runs / 'lstm'}: trained by another recipe, or an earlier form of it; " in stderr
    assert "lstm: trained by another recipe, or an earlier form of it." in stdout
    shutil.rmtree(runs / "lstm")
    stdout, _ = invoke(*names(data, "majority", "lstm"), "--runs", runs)
    assert "lstm: not trained yet." in stdout


def test_a_folder_in_which_another_run_trains_is_left_to_it(data: Path, tmp_path: Path) -> None:
    recipes = names(data, "majority", "lstm")
    with alone_in(tmp_path / "lstm"):
        stdout, stderr = invoke(*recipes, *where(data, tmp_path), "--format", "json", code=8)
    assert f"lstm: {tmp_path / 'lstm'}: another run of positivity trains there" in stderr
    rows = {row["name"]: row for row in json.loads(stdout)["recipes"]}
    assert [rows[name]["absent"] for name in ("majority", "lstm")] == ["", "not trained yet"]


def test_a_run_that_was_stopped_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes more than an evening is left, with a word on it, unless it was asked for."""
    recipe = data / "tiny.toml"
    monkeypatch.setattr(pace, "_LEAST", 0.0)
    monkeypatch.setattr(pace, "EVENING", 1e-9)
    monkeypatch.setattr("positivity.training.lab.plan.lab_recipes", lambda folder: [recipe])
    runs = tmp_path / "runs"
    _, stderr = invoke(*where(data, runs), code=3)
    assert "at the pace of this machine; name it to train it all the same" in stderr
    assert stderr.endswith("holds no finished run of tiny\n")
    assert (runs / "tiny" / "checkpoint.pt").exists()
    notebook = json.loads((runs / "notebook.json").read_text())
    assert notebook["absent"]["tiny"].startswith("more than an evening, about ")
    stdout, _ = invoke(recipe, *where(data, runs), "--format", "json")
    (row,) = json.loads(stdout)["recipes"]
    assert row["three"]["eval"]["mean"] > 0.9
    assert json.loads((runs / "notebook.json").read_text())["absent"] == {}


def test_train_prints_what_a_floor_learnt(data: Path, tmp_path: Path) -> None:
    arguments = ["train", data / "logreg.toml", "--data", data, "--run", tmp_path / "run"]
    result = runner.invoke(app, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    assert "The words that speak most for negative: " in result.stdout
    assert "weighted avg" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["nope"], 3, "no such recipe"),
        (["{data}/lstm.toml"], 3, "holds no finished run of lstm; train with --data FOLDER"),
        (["{data}/lstm.toml", "--data", "nowhere"], 3, "nowhere: no such folder"),
        (["{data}/lstm.toml", "-o", "table.txt"], 2, "ends in .md or .json"),
        (["{data}/lstm.toml", "--plot", "curves.pdf"], 2, "ends in .png or .svg"),
        (["{data}/lstm.toml", "-o", "{data}/story.md"], 3, "no block between"),
        (["{data}/lstm.toml", "-o", "{data}/none/lab.md"], 3, "no such folder"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_line(
    data: Path, tmp_path: Path, arguments: list[str], code: int, complaint: str
) -> None:
    (data / "story.md").write_text("A story.\n")
    filled = [each.format(data=data) for each in arguments]
    _, stderr = invoke(*filled, "--runs", tmp_path / "runs", code=code)
    assert complaint in stderr
    assert stderr.count("\n") == 1


def test_two_recipes_of_one_name_are_refused(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text((data / "tiny.toml").read_text().replace('"tiny"', '"lstm"'))
    _, stderr = invoke(*names(data, "lstm"), other, "--runs", tmp_path, code=2)
    assert "two recipes are named lstm" in stderr
