"""The character-level language model: its network, its task, and what it writes."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.model.kinds import make_network, settings_of
from positivity.model.language_model import END, LanguageModel, LanguageModelConfig, sample
from positivity.model.network import Cell
from positivity.model.registry import ModelDirectory, load
from positivity.text.tokenizer import UNKNOWN
from positivity.training.language_modelling import LanguageModelling, bits, shifted
from tests.conftest import SHARED_DATA

runner = CliRunner()
RECIPE = """
name = "letters"
seed = 2
[tokenizer]
kind = "character"
size = 40
[network]
kind = "language_model"
embedding_size = 8
hidden_size = 24
state_dropout = 0.0
[training]
epochs = 20
batch_size = 8
learning_rate = 0.02
max_length = 60
evaluations = 1
[[train]]
file = "letters.csv"
"""


def network(cell: Cell = "lstm", *, layers: int = 1, size: int = 9) -> LanguageModel:
    torch.manual_seed(4)
    config = LanguageModelConfig(
        vocabulary_size=size, embedding_size=5, hidden_size=6, cell=cell, layers=layers
    )
    return LanguageModel(config).requires_grad_(False).eval()


def flat(logits: list[float]) -> LanguageModel:
    """A model that tells the same of every place."""
    made = network(size=len(logits))
    made.output.weight.zero_()
    made.output.bias.copy_(torch.tensor(logits))
    return made


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_step_by_step_it_tells_what_it_tells_at_once(cell: Cell, layers: int) -> None:
    model = network(cell, layers=layers)
    ids = torch.tensor([[END, 3, 5, 2, 8, 8]])
    states = [None] * layers
    told = []
    for place in range(ids.shape[1]):
        logits, states = model.step(ids[:, place : place + 1], states)
        told.append(logits[:, 0])
    assert torch.allclose(torch.stack(told, dim=1), model(ids), atol=1e-6)


def test_what_comes_later_changes_nothing_before() -> None:
    model = network()
    one, other = torch.tensor([[END, 3, 5, 2, 7]]), torch.tensor([[END, 3, 5, 8, 0]])
    assert torch.equal(model(one)[:, :3], model(other)[:, :3])
    assert not torch.equal(model(one)[:, 3], model(other)[:, 3])


def test_texts_are_shifted_by_one_and_end() -> None:
    read, told, real = shifted(np.array([[3, 4, 5], [6, 0, 0]]), np.array([3, 1]))
    assert read.tolist() == [[END, 3, 4, 5], [END, 6, 0, 0]]
    assert told.tolist() == [[3, 4, 5, END], [6, 0, 0, END]]
    assert real.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]


def test_bits_are_the_mean_surprise_of_a_character() -> None:
    model = network()
    texts = [[3, 4, 5], [6], [2, 2, 7, 8, 3]]
    surprises = []
    for text in texts:
        logits = model(torch.tensor([[END, *text]]))[0].log_softmax(dim=1)
        surprises += [-float(logits[i, told]) for i, told in enumerate([*text, END])]
    expected = sum(surprises) / len(surprises) / math.log(2)
    assert bits(model, texts) == pytest.approx(expected, abs=1e-5)
    assert bits(model, texts, batch_size=1) == pytest.approx(expected, abs=1e-5)
    assert bits(flat([0.0] * 16), texts) == pytest.approx(4)  # one of sixteen: four bits


def test_writing_follows_the_probabilities() -> None:
    # Ids 2, 3 and 4 with shares 1 : 2 : 4 at temperature 1; the end is out of reach.
    model = flat([-99.0, 50.0, 0.0, math.log(2), math.log(4)])
    for temperature, weights in ((1.0, [1, 2, 4]), (0.5, [1, 4, 16])):
        written = sample(
            model, [], length=4000, temperature=temperature, generator=np.random.default_rng(1)
        )
        assert len(written) == 4000
        counts = np.bincount(written, minlength=5)
        assert counts[UNKNOWN] == 0  # however likely
        assert np.allclose(counts[2:] / 4000, np.array(weights) / sum(weights), atol=0.03)


def test_at_temperature_zero_the_likeliest_is_taken() -> None:
    model = flat([0.0, 9.0, 1.0, 2.0])
    for seed in (1, 2):
        generator = np.random.default_rng(seed)
        assert sample(model, [2], length=3, temperature=0, generator=generator) == [3, 3, 3]


def test_it_ends_where_the_model_ends() -> None:
    generator = np.random.default_rng(1)
    assert sample(flat([50.0, 0, 0]), [2], length=9, temperature=1, generator=generator) == []


@pytest.mark.parametrize("setting", [{"cell": "mlp"}, {"hidden_size": 0}])
def test_a_network_that_cannot_be_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"cell is|at least 1"):
        LanguageModelConfig(vocabulary_size=5, **setting)  # type: ignore[arg-type]


# From recipe to text


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> ModelDirectory:
    """A model of texts that say "love" after "i" and "hate" after "we"."""
    folder = tmp_path_factory.mktemp("letters")
    (folder / "letters.toml").write_text(RECIPE, encoding="utf-8")
    texts = [f"{'i love' if n % 2 else 'we hate'} {'very ' * (n // 2 % 40)}" for n in range(160)]
    (folder / "letters.csv").write_text("text\n" + "\n".join(texts) + "\n", encoding="utf-8")
    trained = runner.invoke(
        app,
        ["train", str(folder / "letters.toml"), "--data", str(folder), "--device", "cpu",
         "--run", str(folder / "run")],
    )  # fmt: skip
    assert trained.exit_code == 0, trained.output
    assert "positivity generate --model" in trained.stdout
    return load(str(folder / "run" / "model"))


def run(*options: str, code: int = 0) -> Result:
    result = runner.invoke(app, list(options))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def test_training_brings_down_the_bits(letters: ModelDirectory) -> None:
    records = json.loads((letters.path.parent / "records.json").read_text(encoding="utf-8"))
    first, last = (-records[at]["recalls"]["held out"] for at in (0, -1))
    assert last < 1 < first
    figures = letters.metrics()["dev"]["held out"]
    assert figures["bits_per_character"] == pytest.approx(last, abs=0.3)  # half precision, the best
    assert figures["unknown_characters"] == 0
    assert "bits per character" in (letters.path / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_it_writes_what_it_learnt(letters: ModelDirectory) -> None:
    options = ["generate", "--model", str(letters.path), "--temperature", "0", "--length", "12"]
    assert run(*options, "--prompt", "I ").stdout.startswith("i love")
    assert run(*options, "--prompt", "We").stdout.startswith("we hate")
    assert run(*options).stdout.split()[0] in ("i", "we")


def test_a_seed_writes_the_same_again(letters: ModelDirectory) -> None:
    options = ["generate", "--model", str(letters.path), "--temperature", "2", "-n", "3"]
    one = run(*options, "--seed", "1").stdout
    assert one == run(*options, "--seed", "1").stdout
    assert one != run(*options, "--seed", "2").stdout
    lines = one.splitlines()
    assert len(lines) == 3
    assert len(set(lines)) > 1
    assert all(len(line) <= 140 for line in lines)


def test_what_cannot_write_says_so(tiny_model: ModelDirectory) -> None:
    for model, message in (
        (str(tiny_model.path), "is a classifier and cannot write; train one first"),
        ("base", "is a classifier and cannot write"),
        ("nowhere", "no model 'nowhere'; train one first: positivity train char-lm"),
    ):
        result = run("generate", "--model", model, code=2)
        assert message in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_what_writes_does_not_score(letters: ModelDirectory) -> None:
    for command in (["say", "love"], ["score", "--sample"]):
        result = run(*command, "--model", str(letters.path), code=2)
        assert "positivity generate" in result.stderr


def test_it_can_be_looked_into(letters: ModelDirectory) -> None:
    options = ["--show", "gates", "--show", "gradients", "--format", "json"]
    result = run("inspect", "I love", *options, "--model", str(letters.path))
    found = json.loads(result.stdout)
    assert found["texts"][0]["tokens"] == list("i␣love")
    assert np.shape(found["texts"][0]["gates"]["gates"]["forget"]) == (6, 24)
    assert len(found["gradients"]["cells"][0]["distances"]) == 6
    run("inspect", "I love", "--model", str(letters.path))


def test_what_is_held_out_is_not_trained_on(tmp_path: Path) -> None:
    from positivity.training.labelled import Data
    from positivity.training.recipe import read_recipe
    from positivity.training.run import Run

    texts = [f"text {chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(100)]
    (tmp_path / "letters.csv").write_text("text\n" + "\n".join(texts * 2), encoding="utf-8")
    (tmp_path / "quoted.csv").write_text("text\n" + "\n".join(texts[:10]), encoding="utf-8")
    (tmp_path / "r.toml").write_text(RECIPE + '[[eval]]\nfile = "quoted.csv"\n', encoding="utf-8")
    recipe = read_recipe(tmp_path / "r.toml")
    task = Run(recipe, Data(tmp_path, tmp_path), tmp_path / "run", device="cpu", say=str).task  # type: ignore[arg-type]
    assert isinstance(task, LanguageModelling)
    assert 88 <= len(task) <= 90  # 100 different, 2 held out, 10 quoted


def test_the_shipped_recipe_is_read() -> None:
    from positivity.model.registry import shipped
    from positivity.training.recipe import Recipe, read_recipe

    recipe = read_recipe(shipped() / "recipes" / "char-lm.toml")
    assert isinstance(recipe, Recipe)
    assert recipe.network["kind"] == LanguageModel.kind
    made = make_network(recipe.network, ["?"] * 120)
    assert isinstance(made, LanguageModel)
    assert settings_of(made) == {**recipe.network, "vocabulary_size": 120}


@pytest.mark.shared_data
def test_it_learns_from_real_tweets(tmp_path: Path) -> None:
    from positivity.model.registry import shipped

    text = (shipped() / "recipes" / "char-lm.toml").read_text(encoding="utf-8")
    text = text.replace("sample = 120000", "sample = 600").replace("words = 20000", "words = 500")
    text = text.replace("hidden_size = 256", "hidden_size = 64").partition("[[eval]]")[0]
    (tmp_path / "few.toml").write_text(text, encoding="utf-8")
    run(
        *("train", str(tmp_path / "few.toml"), "--data", str(SHARED_DATA)),
        *("--run", str(tmp_path / "run"), "--device", "cpu"),
    )
    figures = load(str(tmp_path / "run" / "model")).metrics()["dev"]["held out"]
    assert figures["bits_per_character"] < 4.8  # one of 120 would cost 6.9
