"""The folder of a training run: what may be gone on with there, and what is refused."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from positivity.cli import app
from positivity.cli.train import train
from positivity.errors import InputError, StateError
from positivity.model.registry import load
from positivity.training.recipe import Recipe, read_recipe
from positivity.training.run_folder import alone_in
from tests.conftest import labelled_csv


@pytest.fixture
def data(tmp_path: Path, tiny_data: Path) -> Path:
    """A copy of the tiny data that may be changed."""
    return Path(shutil.copytree(tiny_data, tmp_path / "data"))


@pytest.fixture
def recipe(data: Path) -> Recipe:
    """A recipe that trains in a second."""
    recipe = read_recipe(data / "tiny.toml")
    assert isinstance(recipe, Recipe)
    return replace(recipe, training=replace(recipe.training, epochs=1))


def trained(recipe: Recipe, data: Path, folder: Path) -> list[str]:
    """The words that the model of a run knows."""
    directory = train(recipe, data, folder, device="cpu")
    return load(str(directory.path)).tokenizer().pieces()


def test_a_mistake_in_the_columns_is_in_nobodys_way(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    lines = labelled_csv(data / "train.csv", 200).read_text().splitlines()
    path.write_text("\n".join(["polarity,body", *lines[1:]]) + "\n")
    arguments = [
        "train",
        str(data / "tiny.toml"),
        "--data",
        str(path),
        "--run",
        str(tmp_path / "r"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, "--text-column" in result.stderr) == (3, True)
    result = CliRunner().invoke(app, [*arguments, "--text-column", "body"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("setting", [{"cell": "mlp"}, {"hidden_size": 0}, {"pooling": ["sum"]}])
def test_a_network_that_cannot_be_is_told_before_anything_is_learnt(
    recipe: Recipe, data: Path, tmp_path: Path, setting: dict[str, object]
) -> None:
    wrong = replace(recipe, network={**recipe.network, **setting})
    with pytest.raises(InputError, match=r"recipe tiny: network: "):
        train(wrong, data, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_vocabulary_alone_is_learnt_again(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    one_class = data / "train.csv"
    before = one_class.read_text()
    one_class.write_text("label,text\n" + "positive,elsewhere\n" * 30)
    with pytest.raises(InputError, match="positive tweets only"):
        train(recipe, data, tmp_path / "run", device="cpu")
    assert (tmp_path / "run" / "vocabulary").exists()
    one_class.write_text(before)
    assert " elsewhere" not in trained(recipe, data, tmp_path / "run")


@pytest.mark.parametrize(
    "name", ["model/net.py", "vocabulary/words.txt", "data.json", "recipe.json", "records.json"]
)
def test_what_no_training_left_is_not_written_over(
    recipe: Recipe, data: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "mine" / name
    path.parent.mkdir(parents=True)
    path.write_text('{"my": "own"}')
    with pytest.raises(InputError, match="which no training left there"):
        train(recipe, data, tmp_path / "mine", device="cpu")
    assert path.read_text() == '{"my": "own"}'
    assert [each for each in (tmp_path / "mine").rglob("*") if each.is_file()] == [path]


def test_a_vocabulary_that_was_put_there_is_used(
    recipe: Recipe, data: Path, tmp_path: Path
) -> None:
    words = trained(recipe, data, tmp_path / "one")
    shutil.copytree(tmp_path / "one" / "vocabulary", tmp_path / "other" / "vocabulary")
    less = labelled_csv(data / "train.csv", 200).read_text()
    (data / "train.csv").write_text(less.replace("great", "superb"))
    assert trained(recipe, data, tmp_path / "other") == words


def test_other_data_is_not_gone_on_with(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = trained(recipe, data, folder)
    (data / "unrelated.csv").write_text("new")
    assert trained(recipe, data, folder) == words
    (data / "train.csv").write_text((data / "train.csv").read_text() + "positive,newcomer\n" * 9)
    told = r"train\.csv changed since this run began; .* with --run \(of the lab: --runs\)"
    with pytest.raises(StateError, match=told):
        train(recipe, data, folder, device="cpu")
    shutil.rmtree(folder)
    assert len(trained(recipe, data, folder)) > len(words)


def test_two_do_not_train_in_one_folder(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    floor = data / "majority.toml"
    floor.write_text('extends = "tiny"\nname = "majority"\n[floor]\nkind = "majority"\n')
    for path in (data / "tiny.toml", floor):
        for folder in (tmp_path / "run", Path("run")):
            arguments = ["train", str(path), "--data", str(data), "--run", str(folder)]
            with alone_in(tmp_path / "run"):
                result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 9
            assert result.stderr.startswith(f"positivity: {folder}: another run of positivity")
            assert result.stderr.count("\n") == 1
            assert not (tmp_path / "run").exists()
    assert CliRunner().invoke(app, arguments).exit_code == 0


def test_a_home_that_cannot_be_used_keeps_nobody_from_training(
    recipe: Recipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("POSITIVITY_HOME", str(tmp_path / "file" / "home"))
    assert trained(recipe, data, tmp_path / "run")


def test_a_run_from_before_the_data_was_noted_goes_on(
    recipe: Recipe, data: Path, tmp_path: Path
) -> None:
    words = trained(recipe, data, tmp_path / "run")
    (tmp_path / "run" / "data.json").unlink()
    assert trained(recipe, data, tmp_path / "run") == words
    assert (tmp_path / "run" / "data.json").exists()


def test_a_damaged_checkpoint_is_told(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    train(recipe, data, tmp_path / "run", device="cpu")
    path = tmp_path / "run" / "checkpoint.pt"
    whole = path.read_bytes()
    # Of parts, torch says that they are no archive, or that the system calls them invalid.
    parts = [whole[:length] for length in (0, 600, 1_000, 5_000, 20_000, len(whole) - 1)]
    for content in (*parts, b"garbage", whole.replace(b"network", b"netw\xffrk")):
        path.write_bytes(content)
        with pytest.raises(StateError, match=r"checkpoint\.pt: damaged"):
            train(recipe, data, tmp_path / "run", device="cpu")


@pytest.mark.parametrize("rate", [1e10, 1e30])
def test_training_that_diverges_makes_no_model(
    recipe: Recipe, data: Path, tmp_path: Path, rate: float
) -> None:
    wild = replace(recipe, training=replace(recipe.training, learning_rate=rate))
    with pytest.raises(InputError, match="diverged"):
        train(wild, data, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run" / "model").exists()


def test_a_file_is_no_folder_of_runs(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    recipe = str(data / "tiny.toml")
    for command, option in (("train", "--run"), ("lab", "--runs")):
        for folder in (tmp_path / "file", tmp_path / "file" / "in"):
            arguments = [command, recipe, "--data", str(data), option, str(folder)]
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 3, result.output
            assert f"name a folder with {option}" in result.stderr.splitlines()[-1]


def test_what_was_trained_before_is_said(
    recipe: Recipe, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(recipe, data, tmp_path / "run", device="cpu")
    assert "trained to the end before" not in capsys.readouterr().err
    step = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"]
    train(recipe, data, tmp_path / "run", device="cpu")
    assert "trained to the end before" in capsys.readouterr().err
    assert torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["step"] == step
