"""A tagger from recipe to explanation: it learns, resumes, is measured, refuses what it must."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from positivity.errors import InputError, UsageError
from positivity.model import registry
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer
from positivity.spans import SpanTagger, align, jaccard
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import WordTokenizer
from positivity.training import span_figures
from positivity.training.initial import vectors_of_model
from positivity.training.labelled import Data
from positivity.training.recipe import Recipe, read_recipe
from positivity.training.run import Run
from positivity.training.span_figures import NamedMarks
from positivity.training.tagging import Tagging
from tests.conftest import NEGATIVE, NEUTRAL, POSITIVE, SHARED_DATA

RECIPE = """
name = "marks"
seed = 3
[tokenizer]
kind = "word"
size = 200
[[tokenizer.corpus]]
file = "marked.csv"
[network]
kind = "tagger"
embedding_size = 16
hidden_size = 16
embedding_dropout = 0.0
state_dropout = 0.0
[training]
epochs = 5
batch_size = 16
learning_rate = 0.02
word_dropout = 0.0
evaluations = 1
[[train]]
file = "marked.csv"
marked = "chosen"
keep = { split = "train" }
[[dev]]
name = "marks"
file = "marked.csv"
marked = "chosen"
keep = { split = "dev" }
[[eval]]
name = "marks"
file = "marked.csv"
marked = "chosen"
keep = { split = "eval" }
"""


def marked_csv(path: Path) -> None:
    """Tweets with a word of each side, of which the one of the label's side is marked."""
    rng = random.Random(1)
    rows = ["split,label,text,chosen"]
    for i in range(420):
        good, bad = rng.choice(POSITIVE), rng.choice(NEGATIVE)
        first, *rest = rng.sample(NEUTRAL, 3)
        pair = [f"so {good}", f"so {bad}"]
        label = ("positive", "negative", "neutral")[i % 3]
        chosen = {"positive": pair[0], "negative": pair[1]}.get(label, first)
        rng.shuffle(pair)
        text = f"{first} {pair[0]} {rest[0]} {pair[1]} {rest[1]}"
        split = {8: "dev", 9: "eval"}.get(i % 10, "train")
        rows.append(f"{split},{label},{text},{chosen}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def silent(text: str) -> None:
    pass


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("marks")
    marked_csv(folder / "marked.csv")
    (folder / "marks.toml").write_text(RECIPE, encoding="utf-8")
    return Data(folder, folder)


@pytest.fixture(scope="module")
def recipe(data: Data) -> Recipe:
    found = read_recipe(data.folder / "marks.toml")
    assert isinstance(found, Recipe)
    return found


def run_of(recipe: Recipe, data: Data, folder: Path) -> Run:
    return Run(recipe, data, folder, device="cpu", say=silent)


@pytest.fixture(scope="module")
def tagger(recipe: Recipe, data: Data, tmp_path_factory: pytest.TempPathFactory) -> ModelDirectory:
    run = run_of(recipe, data, tmp_path_factory.mktemp("run"))
    for _ in run.train():
        pass
    return run.finish()


def test_it_learns_which_words_speak_for_the_side(tagger: ModelDirectory) -> None:
    figures = tagger.metrics()["eval"]["marks"]
    assert figures["tagger"]["jaccard"] > 0.9
    assert figures["tagger"]["jaccard"] > figures["chance"]["jaccard"]
    assert figures["whole_tweet"] == {
        "jaccard": pytest.approx(2 / 7, abs=1e-4),
        "f1": pytest.approx(4 / 9, abs=1e-4),
    }
    # Leaving words out tells the word, and has no reason to take the "so" before it.
    assert 0.2 < figures["leave_one_out"]["jaccard"] < figures["tagger"]["jaccard"]
    card = (tagger.path / registry.CARD).read_text(encoding="utf-8")
    assert f"| the tagger | {figures['tagger']['jaccard']:.3f} |" in card


def test_the_same_tweet_has_an_answer_for_each_side(tagger: ModelDirectory) -> None:
    text = "monday so awful train so lovely report"
    marks = SpanTagger(tagger)
    positive, negative = marks.mark([text, text], [1, -1])
    assert [text[e.start : e.end] for e in positive.effects(1)] == ["so lovely"]
    assert [text[e.start : e.end] for e in negative.effects(-1)] == ["so awful"]
    assert 0.5 < positive.effects(1)[0].effect <= 1
    assert -1 <= negative.effects(-1)[0].effect < -0.5


def test_texts_of_any_length(tagger: ModelDirectory) -> None:
    marks = SpanTagger(tagger)
    long = " ".join(["train so great monday"] * 60)  # read in windows, a stretch in each
    nothing, link, found = marks.mark(["", "http://t.co/x", long], [1, 1, -1])
    assert (nothing.parts, nothing.effects(1)) == ([], ())
    assert len(link.parts) == len(link.taken) == 1
    assert len(found.parts) == len(found.taken) == 240
    assert len(found.effects(-1)) >= 2
    assert marks.mark([], []) == []


def test_stopped_it_goes_on_as_if_it_had_not_been(
    recipe: Recipe, data: Data, tmp_path: Path
) -> None:
    short = replace(recipe, training=replace(recipe.training, epochs=2))
    whole = run_of(short, data, tmp_path / "whole")
    for _ in whole.train():
        pass
    stopped = run_of(short, data, tmp_path / "stopped")
    next(iter(stopped.train()))
    again = run_of(short, data, tmp_path / "stopped")
    for _ in again.train():
        pass
    expected = whole.trainer.network.state_dict()
    for name, tensor in again.trainer.network.state_dict().items():
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=0)


def test_held_out_and_neutral_tweets_are_not_learnt_from(recipe: Recipe, data: Data) -> None:
    run = run_of(recipe, data, data.folder / "all")
    assert isinstance(run.task, Tagging)
    assert len(run.task) == 420 * 2 / 3 * 0.8  # by counts: two sides of three, eight of ten
    twice = replace(recipe, dev=recipe.train)
    with pytest.raises(InputError, match="both sides"):
        run_of(twice, data, data.folder / "twice")


def test_a_trial_learns_from_a_part(recipe: Recipe, data: Data, tmp_path: Path) -> None:
    few = replace(recipe, training=replace(recipe.training, tweets=30, max_length=4))
    run = run_of(few, data, tmp_path)
    assert len(run.task) == 30
    for batch in run.task.batches(8, (1, 0)):
        assert batch.ids.shape == batch.tags.shape
        assert batch.ids.shape[1] <= 4
        assert (batch.tags == 1).any(axis=1).all()  # no mark was cut off


def test_words_begin_as_a_model_knows_them(
    recipe: Recipe, data: Data, tiny_model: ModelDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "names", lambda: {"tiny": tiny_model.path})
    run = run_of(replace(recipe, initial_vectors="tiny"), data, data.folder / "known")
    given = run.trainer.network.embedding.weight
    expected = vectors_of_model(tiny_model, run.tokenizer.pieces(), 16)
    torch.testing.assert_close(given[1:], expected[1:])
    assert not given[0].any()
    assert float(expected.std()) == pytest.approx(1, abs=0.01)
    pieces = {piece: row for row, piece in enumerate(run.tokenizer.pieces())}
    near, far = (
        float(torch.cosine_similarity(expected[pieces[" love"]], expected[pieces[other]], dim=0))
        for other in (" great", " awful")
    )
    assert near > far
    with pytest.raises(InputError, match="16 numbers"):
        vectors_of_model(tiny_model, ["a"], 17)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"dev": ()}, "takes a .*dev"),
        ({"hints": 1.0}, "as they are"),
        ({"marked": ""}, "names no `marked` column"),
        ({"marked": "nowhere"}, "no column 'nowhere'"),
        ({"marked": "label"}, "no positive or negative tweet has a mark"),
    ],
)
def test_recipes_that_cannot_be(
    changes: dict[str, object], says: str, recipe: Recipe, data: Data, tmp_path: Path
) -> None:
    training = {k: v for k, v in changes.items() if k == "hints"}
    source = {k: v for k, v in changes.items() if k == "marked"}
    rest = {k: v for k, v in changes.items() if k not in (*training, *source)}
    broken = replace(
        recipe,
        training=replace(recipe.training, **training),  # type: ignore[arg-type]
        train=tuple(replace(each, **source) for each in recipe.train),  # type: ignore[arg-type]
        **rest,  # type: ignore[arg-type]
    )
    with pytest.raises(InputError, match=says):
        run_of(broken, data, tmp_path)


def test_a_tagger_is_no_classifier_and_the_other_way_round(
    tagger: ModelDirectory, tiny_model: ModelDirectory
) -> None:
    with pytest.raises(UsageError, match="scores no tweets: it marks words"):
        Scorer.load(tagger)
    with pytest.raises(UsageError, match="marks no words"):
        SpanTagger(tiny_model)


def test_it_is_one_of_the_kinds(tagger: ModelDirectory) -> None:
    config = json.loads((tagger.path / registry.CONFIG).read_text(encoding="utf-8"))
    assert config["network"]["kind"] == "tagger"
    assert SpanTagger(registry.load(str(tagger.path))).name == "marks 1"


@pytest.mark.shared_data
def test_the_shipped_tagger_is_as_good_as_its_card_says() -> None:
    recipe = read_recipe(registry.shipped() / "recipes" / "spans.toml")
    assert isinstance(recipe, Recipe)
    directory = registry.load("spans")
    (source,) = recipe.eval
    texts, selected, sides = Data(SHARED_DATA, SHARED_DATA).read_marked(source)
    normalizer, encode = directory.normalizer(), directory.tokenizer().encode_many
    tweets = align(texts, selected, sides, normalizer, encode)
    tagger = SpanTagger(directory)
    found = tagger.mark([each.text for each in tweets], [each.side for each in tweets])
    mean = sum(
        jaccard(tweet.marked, marking.taken) for tweet, marking in zip(tweets, found, strict=True)
    ) / len(tweets)
    figures = directory.metrics()["eval"][source.name]
    assert len(tweets) == figures["tweets"]
    assert mean == pytest.approx(figures["tagger"]["jaccard"], abs=0.002)
    assert figures["tagger"]["jaccard"] > figures["leave_one_out"]["jaccard"] + 0.05
    assert directory.size < 3_000_000


def test_what_the_classifier_does_not_read_has_no_effect(normalizer: Normalizer) -> None:
    encode = WordTokenizer.train(["so good ."], size=20, whole=()).encode_many
    tweets = align(["so good .", "so good."], ["good", "good"], [1, 1], normalizer, encode)
    scorer = Scorer.load("base", device="cpu")
    assert not scorer.normalizer.last_mark
    alone, joined = span_figures._effects(NamedMarks("two", tweets), scorer)
    assert [len(alone), len(joined)] == [3, 2]
    assert alone[2] == 0 and alone[1] > 0.2
    assert alone[:2] == pytest.approx(joined)
