"""The recipes of the lab: each learns, resumes as if never stopped, and scores like any model."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from positivity.errors import InputError, UsageError
from positivity.evaluation import evaluate, two_class_macro_recall
from positivity.model import registry
from positivity.model.gradients import IntegratedGradients
from positivity.model.kinds import make_network
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer, of_three
from positivity.training.labelled import Data, read_labelled
from positivity.training.loop import Record
from positivity.training.recipe import (
    PretrainingRecipe,
    Recipe,
    Source,
    TrainingRecipe,
    read_recipe,
)
from positivity.training.run import Run
from positivity.training.stages import layers_of, stages_of
from tests.conftest import NEGATIVE, POSITIVE, examples_of

RECIPES = Path(__file__).parents[1] / "models" / "recipes"
NAMES = (
    *("elman", "lstm-keras", "lstm-neuromatch", "gru", "lstm", "bilstm", "bilstm-stacked", "cnn"),
    *("char-lstm", "hierarchical", "deepmoji", "deepmoji-plain"),
)
SAME_SIZE = ("gru", "lstm", "bilstm", "bilstm-stacked", "cnn")
SMALL: dict[str, float] = {
    "embedding_size": 16,
    "hidden_size": 12,
    "sentence_size": 12,
    "filters": 12,
}


def recipe_of(name: str) -> Recipe:
    recipe = read_recipe(RECIPES / f"{name}.toml")
    assert isinstance(recipe, Recipe)
    return recipe


def shrunk(name: str) -> Recipe:
    """A recipe of the lab on the tiny data, with narrow layers."""
    recipe = recipe_of(name)
    known = make_network(recipe.network, ["<pad>", "<unk>", " ."]).config
    sizes = {key: value for key, value in SMALL.items() if hasattr(known, key)}
    sizes |= {key: 0.0 for key in asdict(known) if key.endswith("dropout")}
    pretraining = None
    if recipe.pretraining:
        emoji = Source(file="emoji.csv")
        few_epochs = TrainingRecipe(epochs=1, batch_size=32, learning_rate=0.01, evaluations=2)
        pretraining = PretrainingRecipe(train=(emoji,), training=few_epochs)
    source = Source(file="train.csv", balanced=recipe.train[0].balanced)
    return replace(
        recipe,
        tokenizer=replace(recipe.tokenizer, corpus=()),
        network={**recipe.network, **sizes},
        training=replace(
            *(recipe.training,),
            epochs=6 if recipe.tokenizer.kind == "character" or recipe.training.chain_thaw else 2,
            batch_size=32,
            learning_rate=0.02,
            averaging=0.5,
            evaluations=2,
        ),
        pretraining=pretraining,
        train=(source,),
        dev=(Source(file="dev.csv", name="dev"),),
        eval=(Source(file="dev.csv", name="eval"),),
    )


@pytest.fixture(scope="module")
def data(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny data, with tweets by the emoji they carried."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("train.csv", "dev.csv"):
        (folder / name).write_text((tiny_data / name).read_text("utf-8"), "utf-8")
    lines = ["emoji,text"]
    for i in range(300):
        words, emoji = ((POSITIVE, "😍"), (NEGATIVE, "😡"), (["train", "desk"], "📷"))[i % 3]
        lines.append(f"{emoji},so {words[i // 3 % len(words)]} number{i}")
    (folder / "emoji.csv").write_text("\n".join(lines), "utf-8")
    return folder


def run_of(name: str, data: Path, folder: Path) -> Run:
    return Run(shrunk(name), Data(data, folder), folder, device="cpu", say=lambda line: None)


@pytest.fixture(scope="module", params=NAMES)
def trained(
    request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> ModelDirectory:
    run = run_of(request.param, data, tmp_path_factory.mktemp(request.param))
    for _ in run.train():
        pass
    return run.finish()


def test_it_learns_and_scores(trained: ModelDirectory) -> None:
    figures = trained.metrics()["eval"]["eval"]
    binary = len(trained.config.labels) == 2
    assert figures["two_class_macro_recall"] > 0.9
    assert ("macro_recall" in figures) is not binary
    assert figures["tweets"] == (40 if binary else 60)
    texts = ["love great", "hate awful", "", "the train leaves " * 60]
    scores = Scorer.load(trained, device="cpu", exact=True).score(texts)
    assert scores.shape == (4, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert scores[2].tolist() == [0, 1, 0]
    assert (scores[[0, 1, 3], 1] == 0).all() == binary
    assert scores[0, 2] > scores[0, 0]
    assert scores[1, 2] < scores[1, 0]
    alone = Scorer.load(trained, device="cpu", exact=True).score(texts[:1])
    np.testing.assert_allclose(alone, scores[:1], atol=1e-5)


def test_its_scores_can_be_explained_by_gradients(trained: ModelDirectory) -> None:
    scorer = Scorer.load(trained, device="cpu", exact=True)
    [ids] = scorer.encode(["love the train, hate awful"])
    found = IntegratedGradients(trained).attribute(ids)
    negative, _, positive = scorer.score_ids([ids])[0].tolist()
    assert found.score == pytest.approx(positive - negative, abs=1e-5)
    assert found.tokens.sum() == pytest.approx(found.score - found.baseline, abs=0.01)


def test_the_light_engine_runs_two_classes_too(data: Path, tmp_path: Path) -> None:
    recipe = shrunk("bilstm")
    recipe = replace(recipe, network={**recipe.network, "classes": 2})
    run = Run(recipe, Data(data, data), tmp_path, device="cpu", say=lambda line: None)
    for _ in run.train():
        pass
    model = run.finish()
    texts = ["love great", "hate awful", "the train"]
    light = Scorer.load(model, device="cpu", engine="onnx").score(texts)
    exact = Scorer.load(model, device="cpu", exact=True).score(texts)
    np.testing.assert_allclose(light, exact, atol=0.05)
    assert (light[:, 1] == 0).all()


def test_stopped_and_resumed_it_ends_the_same(
    trained: ModelDirectory, data: Path, tmp_path: Path
) -> None:
    name = trained.config.name
    looks = 0
    for each in run_of(name, data, tmp_path).train():
        looks += isinstance(each, Record)
        if looks == 3:  # where the recipe pre-trains, its own training has begun
            break
    resumed = run_of(name, data, tmp_path)
    for _ in resumed.train():
        pass
    result = resumed.finish()
    for file in ("model.safetensors", "config.json", "metrics.json"):
        assert (result.path / file).read_bytes() == (trained.path / file).read_bytes(), file


def test_stopped_while_pre_training_it_ends_the_same(data: Path, tmp_path: Path) -> None:
    ends = []
    for folder, stop in ((tmp_path / "one", 1), (tmp_path / "other", 99)):
        for looks, _ in enumerate(
            each for each in run_of("deepmoji", data, folder).train() if isinstance(each, Record)
        ):
            if looks + 1 == stop:
                break
        resumed = run_of("deepmoji", data, folder)
        for _ in resumed.train():
            pass
        ends.append(resumed.trainer.kept.state_dict())
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


@pytest.mark.parametrize("with_embedding", [True, False])
def test_the_five_have_as_many_weights(with_embedding: bool) -> None:
    sizes = []
    for name in SAME_SIZE:
        recipe = recipe_of(name)
        network = make_network(recipe.network, ["piece"] * recipe.tokenizer.size)
        weights = sum(parameter.numel() for parameter in network.parameters())
        sizes.append(weights - (0 if with_embedding else network.embedding.weight.numel()))
    assert max(sizes) / min(sizes) < 1.1, dict(zip(SAME_SIZE, sizes, strict=True))


def test_what_the_sources_name_is_what_the_recipes_have() -> None:
    elman, keras, neuromatch = map(recipe_of, ("elman", "lstm-keras", "lstm-neuromatch"))
    assert (elman.tokenizer.size, elman.training.epochs, elman.training.batch_size) == (
        *(10_000, 10, 128),
    )
    assert (keras.network["embedding_size"], keras.network["hidden_size"]) == (128, 64)
    settings = neuromatch.training
    assert (settings.max_length, settings.keep, settings.clip) == (40, "end", 5.0)
    assert (settings.learning_rate, settings.schedule, settings.epochs) == (1e-3, "constant", 5)
    assert (neuromatch.tokenizer.kind, neuromatch.tokenizer.size) == ("basic_english", 30_000)


def test_a_recipe_of_two_classes_leaves_neutral_tweets_out(data: Path, tmp_path: Path) -> None:
    run = run_of("lstm-keras", data, tmp_path)
    assert len(examples_of(run)) == 400
    assert examples_of(run).targets.shape == (400, 2)
    assert examples_of(run).targets.sum(axis=0).tolist() == [200, 200]
    alone = replace(shrunk("lstm-keras"), dev=(), eval=())
    split = Run(alone, Data(data, data), tmp_path / "split", device="cpu", say=lambda line: None)
    assert set(getattr(split.task, "dev")[0].gold.tolist()) == {0, 2}  # noqa: B009
    (data / "neutral.csv").write_text("label,text\nneutral,so\nneutral,what\n")
    none_left = replace(shrunk("lstm-keras"), eval=(Source(file="neutral.csv"),))
    with pytest.raises(InputError, match="no tweets that are negative or positive"):
        Run(none_left, Data(data, data), tmp_path / "none", device="cpu", say=lambda line: None)


def test_the_head_of_a_file_sorted_by_label_is_refused(tmp_path: Path) -> None:
    """What the text that lstm-neuromatch comes from fell for."""
    rows = [f"negative,awful day{i}x" for i in range(50)]
    (tmp_path / "head.csv").write_text("label,text\n" + "\n".join(rows) + "\n")
    recipe = replace(
        shrunk("lstm-neuromatch"), train=(Source(file="head.csv", balanced=True),), dev=(), eval=()
    )
    with pytest.raises(InputError, match="has negative tweets only"):
        Run(recipe, Data(tmp_path, tmp_path), tmp_path / "r", device="cpu", say=lambda line: None)


def test_as_many_of_each_label_are_drawn(tmp_path: Path) -> None:
    rows = [f"{'negative' if i < 30 else 'positive'},tweet {i}" for i in range(40)]
    (tmp_path / "t.csv").write_text("label,text\n" + "\n".join(rows) + "\n")
    tweets = read_labelled(tmp_path / "t.csv", Source(file="t.csv", balanced=True))
    assert np.bincount(tweets.gold, minlength=3).tolist() == [10, 0, 10]
    again = read_labelled(tmp_path / "t.csv", Source(file="t.csv", balanced=True))
    assert tweets.texts == again.texts


def test_balancing_knows_spellings_of_a_label_and_rows_without_one(tmp_path: Path) -> None:
    labels = ["negative"] * 30 + ["Negative"] + [""] + ["pos"] * 4 + ["positive"] * 6
    rows = [f"{label},tweet {i}" for i, label in enumerate(labels)]
    (tmp_path / "t.csv").write_text("label,text\n" + "\n".join(rows) + "\n")
    tweets = read_labelled(tmp_path / "t.csv", Source(file="t.csv", balanced=True))
    assert np.bincount(tweets.gold, minlength=3).tolist() == [10, 0, 10]


def test_training_reads_either_end_of_a_long_tweet(data: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("label,text\npositive,a b c d\nnegative,e f g\n")
    found = {}
    for keep in ("start", "end"):
        recipe = shrunk("bilstm")
        recipe = replace(
            recipe,
            train=(Source(file="t.csv"),),
            dev=(Source(file="t.csv"),),
            eval=(),
            training=replace(recipe.training, max_length=2, keep=keep),
        )
        with pytest.raises(InputError, match="no training tweets are left"):
            Run(recipe, Data(tmp_path, tmp_path), tmp_path / keep, say=lambda line: None)
        folder = tmp_path / f"{keep}-run"
        recipe = replace(recipe, dev=(Source(file=str(data / "dev.csv")),))
        run = Run(recipe, Data(tmp_path, tmp_path), folder, device="cpu", say=lambda line: None)
        examples = examples_of(run)
        first = examples.tokens[: examples.offsets[1]].tolist()
        found[keep] = run.tokenizer.decode(first)
    assert found == {"start": "a b", "end": "c d"}


def test_chain_thaw_trains_the_new_layer_then_each_alone_then_all() -> None:
    network: Any = make_network(shrunk("deepmoji").network, ["piece"] * 9)
    layers = layers_of(network)
    assert layers == ("embedding", "layers.0", "layers.1", "attention", "mlp")
    stages = stages_of(TrainingRecipe(epochs=2, chain_thaw=1, learning_rate=0.01), network)
    assert [stage.layers for stage in stages] == [
        *(("mlp",), ("embedding",), ("layers.0",), ("layers.1",), ("attention",), layers),
    ]
    assert [stage.epochs for stage in stages] == [1, 1, 1, 1, 1, 2]
    assert [round(stage.learning_rate, 6) for stage in stages] == [0.01] + [0.001] * 5
    stages[2].thaw(network)
    learning = {name for name, weight in network.named_parameters() if weight.requires_grad}
    assert learning == {name for name, _ in network.named_parameters() if "layers.0." in name}
    plain, chained = recipe_of("deepmoji-plain").training, recipe_of("deepmoji").training
    assert plain.epochs == sum(stage.epochs for stage in stages_of(chained, network))


def test_frozen_layers_stay_as_they_are(data: Path, tmp_path: Path) -> None:
    run = run_of("deepmoji", data, tmp_path)
    before: dict[str, Any] = {}
    for each in run.train():
        if not isinstance(each, Record) or each.steps != run.trainer.steps:
            continue  # still pre-training
        now = {name: w.clone() for name, w in run.trainer.network.state_dict().items()}
        if before:
            moved = {name.split(".")[0] for name, w in now.items() if not before[name].equal(w)}
            assert moved == {"mlp"}
            return
        before = now
    pytest.fail("the first stage had no two looks")


def test_pre_training_is_what_the_layers_begin_with(data: Path, tmp_path: Path) -> None:
    run = run_of("deepmoji", data, tmp_path)
    at_random = run.trainer.network.embedding.weight.clone()
    for each in run.train():
        if isinstance(each, Record) and each.steps == run.trainer.steps:
            break
    assert (
        json.loads((tmp_path / "pretraining.json").read_text())[-1]["recalls"]["emoji"] > 0.4
    )  # of 3
    state = torch.load(tmp_path / "pretraining.pt", weights_only=True)["best"]
    # The first stage trains the last layer only: below it all is as it was learnt before.
    assert run.trainer.network.embedding.weight.equal(state["embedding.weight"])
    assert not at_random.equal(state["embedding.weight"])
    assert state["mlp.1.weight"].shape[0] == 3  # emoji


def test_two_class_recall_leaves_neutral_out() -> None:
    scores = np.array([[0.1, 0.8, 0.1], [0.3, 0.5, 0.2], [0.2, 0.7, 0.1], [0, 0, 1], [1, 0, 0]])
    gold = np.array([0, 0, 2, 2, 1])
    # Negative: one is as likely either way, one is right. Positive: one wrong, one right.
    assert two_class_macro_recall(scores, gold) == pytest.approx((0.75 + 0.5) / 2)
    assert evaluate(scores, gold).two_class_macro_recall == pytest.approx(0.625)
    assert two_class_macro_recall(scores, np.ones(5, int)) is None
    assert of_three(np.array([[0.2, 0.8]])).tolist() == [[0.2, 0.0, 0.8]]


def test_a_model_for_something_else_scores_no_tweets(
    tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    files = {n: (tiny_model.path / n).read_bytes() for n in registry.verify(tiny_model.path)}
    del files[registry.CONFIG], files[registry.LIGHT]
    network = {"kind": "language_model", "vocabulary_size": 9}
    registry.save(tmp_path / "lm", replace(tiny_model.config, network=network), files)
    with pytest.raises(UsageError, match=r"scores no tweets: it writes text; `positivity generate"):
        Scorer.load(str(tmp_path / "lm"), device="cpu")
