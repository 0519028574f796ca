"""The floors: majority, VADER and logistic regression, as recipes and as models."""

import builtins
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from positivity.errors import InputError, StateError, UsageError
from positivity.evaluation import evaluate
from positivity.model import registry
from positivity.model.engine_linear import BIAS, WORDS, LinearEngine
from positivity.model.registry import ModelConfig
from positivity.model.scorer import Scorer
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import WordTokenizer
from positivity.training.datasets import read_sets
from positivity.training.floors import FloorRun, Vader
from positivity.training.labelled import Data
from positivity.training.recipe import Recipe, read_recipe
from positivity.training.run import text_files

FLOOR = """
extends = "tiny"
name = "{kind}"
[floor]
kind = "{kind}"
"""


def floor_recipe(folder: Path, kind: str) -> Recipe:
    path = folder / f"{kind}.toml"
    path.write_text(FLOOR.format(kind=kind), encoding="utf-8")
    recipe = read_recipe(path)
    assert isinstance(recipe, Recipe)
    return recipe


def run_floor(data: Path, folder: Path, kind: str) -> Path:
    recipe = floor_recipe(data, kind)
    run = FloorRun(recipe, Data(data, folder), folder / kind, say=lambda line: None)
    return run.finish()


@pytest.fixture(scope="module")
def logreg(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_floor(tiny_data, tmp_path_factory.mktemp("floor"), "logreg")


def test_a_linear_engine_adds_up_each_different_word_once(
    tmp_path: Path, normalizer: Normalizer
) -> None:
    tokenizer = WordTokenizer(["good", "bad"])
    words = np.array([[9, 9, 9], [0, 0, 0], [0, 0, 2], [3, 0, 0]], np.float32)
    weights = save({WORDS: words, BIAS: np.array([0, 1, 0], np.float32)})
    config = ModelConfig(
        name="x", version="1", description="", tokenizer="word", network={"kind": registry.LINEAR}
    )
    registry.save(
        tmp_path / "x", config, {**text_files(normalizer, tokenizer), registry.WEIGHTS: weights}
    )
    directory = registry.load(str(tmp_path / "x"))
    ids = np.array([[2, 3, 2], [2, 0, 0], [1, 3, 3]])
    logits = LinearEngine(directory).logits(ids, np.array([3, 1, 3]))
    assert logits.tolist() == [[3, 1, 2], [0, 1, 2], [3, 1, 0]]
    probabilities = Scorer.load(directory).score(["good good", "", "bad"])
    assert probabilities.argmax(axis=1).tolist() == [2, 1, 0]
    assert probabilities[1].tolist() == [0, 1, 0]  # nothing to read is neutral


def test_logreg_learns_words_and_is_kept_without_pickle(logreg: Path, tiny_data: Path) -> None:
    metrics = json.loads((logreg / "metrics.json").read_text())
    assert metrics["eval"]["eval"]["macro_recall"] > 0.95
    assert {"awful", "sad"} <= set(metrics["strongest_words"]["negative"])
    assert {"love", "great"} <= set(metrics["strongest_words"]["positive"])
    assert metrics["training_tweets"] > 20
    names = {file.suffix for file in logreg.iterdir()}
    assert names <= {".json", ".md", ".safetensors", ""}
    again = Scorer.load(str(logreg)).score(["love great", "hate awful"])
    assert again.argmax(axis=1).tolist() == [2, 0]
    card = (logreg / "MODEL_CARD.md").read_text()
    assert "weighted avg" in card
    assert "The words that speak most for positive: " in card


def test_what_is_measured_is_what_the_saved_model_says(logreg: Path, tiny_data: Path) -> None:
    recipe = floor_recipe(tiny_data, "logreg")
    (tweets,) = read_sets(recipe.eval, Data(tiny_data, logreg.parent))
    found = evaluate(Scorer.load(str(logreg), engine="torch").score(tweets.texts), tweets.gold)
    metrics = json.loads((logreg / "metrics.json").read_text())
    assert metrics["eval"]["eval"]["macro_recall"] == found.macro_recall


def test_strongest_words_are_those_of_the_difference_of_the_sides(logreg: Path) -> None:
    metrics = json.loads((logreg / "metrics.json").read_text())
    directory = registry.load(str(logreg))
    pieces = [piece.strip() for piece in directory.tokenizer().pieces()]
    scorer = Scorer.load(directory)
    for side, column in (("negative", 0), ("positive", 2)):
        for word in metrics["strongest_words"][side][:5]:
            assert word in pieces
            assert scorer.score([word]).argmax() == column


def test_majority_says_the_same_of_every_tweet(tiny_data: Path, tmp_path: Path) -> None:
    lines = (tiny_data / "train.csv").read_text().splitlines()
    few = [line for line in lines if not line.startswith("positive")] + lines[3:30:3]
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "tiny.toml").write_text((tiny_data / "tiny.toml").read_text())
    (folder / "dev.csv").write_text((tiny_data / "dev.csv").read_text())
    negative = [line for line in few if line.startswith("negative")]
    (folder / "train.csv").write_text("\n".join([*few, *(f"{x} again" for x in negative)]) + "\n")
    model = run_floor(folder, tmp_path, "majority")
    metrics = json.loads((model / "metrics.json").read_text())
    assert metrics["eval"]["eval"]["macro_recall"] == pytest.approx(1 / 3)
    labels = Scorer.load(str(model)).score(["love", "the train", "hate"]).argmax(axis=1)
    assert labels.tolist() == [0, 0, 0]


def test_vader_is_measured_and_keeps_its_package_s_words(tiny_data: Path, tmp_path: Path) -> None:
    model = run_floor(tiny_data, tmp_path, "vader")
    metrics = json.loads((model / "metrics.json").read_text())
    assert metrics["eval"]["eval"]["macro_recall"] > 0.9  # its lexicon knows most of the words
    assert metrics["eval"]["eval"]["two_class_macro_recall"] > 0.9
    assert metrics["weights"] > 7000
    assert metrics["size"] > 100_000


def test_vader_has_the_thresholds_of_its_documentation() -> None:
    vader = Vader()
    texts = ["VADER is smart!", "the book", "hate", "At least it isn't a horrible book."]
    compound = [vader._analyzer.polarity_scores(text)["compound"] for text in texts]
    expected = [2 if each >= 0.05 else 0 if each <= -0.05 else 1 for each in compound]
    probabilities = vader.score(texts)
    assert probabilities.argmax(axis=1).tolist() == expected
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.allclose(probabilities[:, 2] - probabilities[:, 0], compound, atol=1e-6)

    class Borders:
        def polarity_scores(self, text: str) -> dict[str, float]:
            return {"compound": float(text)}

    vader._analyzer = Borders()
    borders = vader.score(["0.05", "0.0499", "-0.05", "-0.0499", "1", "-1", "0"])
    assert borders.argmax(axis=1).tolist() == [2, 1, 0, 1, 2, 0, 1]
    assert (borders >= 0).all()


def test_two_classes_are_enough_for_logreg(tiny_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "tiny.toml").write_text((tiny_data / "tiny.toml").read_text())
    for name in ("train.csv", "dev.csv"):
        lines = (tiny_data / name).read_text().splitlines()
        kept = [line for line in lines if not line.startswith("neutral")]
        (folder / name).write_text("\n".join(kept) + "\n")
    model = run_floor(folder, tmp_path, "logreg")
    scores = Scorer.load(str(model)).score(["love", "hate", "train"])
    assert scores[:2].argmax(axis=1).tolist() == [2, 0]
    assert scores[:, 1].max() < 1e-6


def test_weights_that_have_not_settled_are_no_warning(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positivity.training.floors._ROUNDS", 1)
    assert (run_floor(tiny_data, tmp_path, "logreg") / "metrics.json").exists()


@pytest.mark.parametrize(("kind", "package"), [("vader", "vaderSentiment"), ("logreg", "sklearn")])
def test_a_package_that_is_not_installed_is_named(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, package: str
) -> None:
    load = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == package:
            raise ImportError(name)
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install \"positivity\[lab\]\""):
        run_floor(tiny_data, tmp_path, kind)


def test_a_folder_of_another_recipe_is_refused(tiny_data: Path, tmp_path: Path) -> None:
    run_floor(tiny_data, tmp_path, "majority")
    recipe = floor_recipe(tiny_data, "logreg")
    with pytest.raises(StateError, match="another recipe"):
        FloorRun(recipe, Data(tiny_data, tmp_path), tmp_path / "majority")


def test_a_folder_of_other_data_is_refused(tiny_data: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(tiny_data, tmp_path / "data"))
    run_floor(data, tmp_path, "majority")
    run_floor(data, tmp_path, "majority")
    (data / "train.csv").write_text("label,text\nnegative,now most are\n")
    with pytest.raises(StateError, match=r"train\.csv changed since this run began"):
        run_floor(data, tmp_path, "majority")


def test_an_unknown_floor_is_an_error(tiny_data: Path) -> None:
    with pytest.raises(InputError, match="floor kind 'mean' is not one of majority, vader, logreg"):
        floor_recipe(tiny_data, "mean")


def test_a_network_s_tools_say_that_a_floor_has_none(logreg: Path) -> None:
    from positivity.model.engine_torch import load_network

    with pytest.raises(UsageError, match="no network"):
        load_network(registry.load(str(logreg)))
