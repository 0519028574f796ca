"""A teacher, from a tiny encoder made on the spot: it learns, resumes, labels, is learnt from."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

pytest.importorskip("transformers")

from positivity.cli.train import train_teacher
from positivity.errors import InputError, StateError
from positivity.text.emojis import compile_table
from positivity.training import teacher as teacher_module
from positivity.training.encoder import encoder_text, find_encoder
from positivity.training.initial import initial_vectors
from positivity.training.labelled import Data
from positivity.training.loop import Record, Step
from positivity.training.recipe import MADE, Recipe, Source, TeacherRecipe, read_recipe
from positivity.training.run import Run
from positivity.training.teacher import TeacherRun
from positivity.training.variants import (
    MAKERS,
    composed,
    denials,
    facts,
    negated,
    phrases,
    variants,
)
from tests.conftest import NEGATIVE, NEUTRAL, POSITIVE, examples_of

RECIPE = """
name = "tiny-teacher"
mixture = { own = 1.0, other = 0.5 }
[encoder]
package = "ENCODER"
frozen_layers = 0
[training]
epochs = 4
batch_size = 16
learning_rate = 1e-3
layer_decay = 1.0
evaluations = 2
[[train]]
name = "own"
file = "train.csv"
[[train]]
name = "other"
file = "train.csv"
weight = 0.5
[[dev]]
name = "dev"
file = "dev.csv"
[[eval]]
name = "eval"
file = "dev.csv"
[[unlabelled]]
file = "train.csv"
made_into = "variants"
[[unlabelled]]
file = "train.csv"
"""


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two narrow layers whose vocabulary is the tiny data's words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    words = dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *POSITIVE, *NEGATIVE, *NEUTRAL])
    ids = {word: i for i, word in enumerate(words)}
    pieces = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    pieces.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [(word, ids[word]) for word in ("[CLS]", "[SEP]")]
    pieces.post_processor = processors.TemplateProcessing("[CLS] $0 [SEP]", special_tokens=ends)
    PreTrainedTokenizerFast(
        tokenizer_object=pieces, pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(ids),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.2,
    )
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def recipe(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> TeacherRecipe:
    path = tmp_path_factory.mktemp("recipe") / "tiny-teacher.toml"
    path.write_text(RECIPE.replace("ENCODER", encoder.as_posix()), encoding="utf-8")
    read = read_recipe(path)
    assert isinstance(read, TeacherRecipe)
    return read


@pytest.fixture(scope="module")
def trained(
    recipe: TeacherRecipe, tiny_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> TeacherRun:
    run = TeacherRun(recipe, Data(tiny_data, tiny_data), tmp_path_factory.mktemp("t") / "tiny")
    for _ in run.train():
        pass
    for _ in run.label():
        pass
    return run


def test_it_learns_words(trained: TeacherRun) -> None:
    assert trained.figures()["eval"]["eval"] > 0.9
    probabilities = trained.probabilities([" ".join(POSITIVE), " ".join(NEGATIVE)])
    assert probabilities.shape == (2, 3)
    assert probabilities.sum(axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert probabilities.argmax(axis=1).tolist() == [2, 0]


def test_it_labels_every_text_once_and_no_text_of_dev(trained: TeacherRun, tiny_data: Path) -> None:
    labels = pd.read_parquet(trained.labels)
    assert list(labels.columns) == ["text", "negative", "neutral", "positive"]
    assert not labels.text.duplicated().any()
    assert len(labels) > pd.read_csv(tiny_data / "train.csv").text.nunique()
    held_out = set(pd.read_csv(tiny_data / "dev.csv").text)
    assert held_out.isdisjoint(labels.text)


def test_it_labels_so_many_and_goes_on_with_more(
    trained: TeacherRun, tiny_data: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(trained.folder, tmp_path / "run"))
    shutil.rmtree(folder / "labels")
    counts, texts = [], []
    for tweets in (100, 50, 150, None):
        recipe = replace(trained.recipe, tweets=tweets)
        run = TeacherRun(recipe, Data(tiny_data, tiny_data), folder)
        list(run.label())
        labels = pd.read_parquet(run.labels)
        counts.append(len(labels))
        texts.append(set(labels.text))
        assert len(np.load(folder / "soft_states.npy")) == len(labels) == len(texts[-1])
    assert counts == [100, 100, 150, len(pd.read_parquet(trained.labels))]
    assert texts[0] < texts[2] < texts[3]
    with pytest.raises(ValueError, match="tweets is 0; it takes at least 1"):
        replace(trained.recipe, tweets=0)


def test_a_source_may_be_labelled_by_the_head_of_its_kind(
    recipe: TeacherRecipe, tiny_data: Path, tmp_path: Path
) -> None:
    """The two heads learn opposite labels: each source gets those of the head that it names."""
    own, other = recipe.train
    turned = replace(
        recipe,
        mixture={"own": 1.0},
        train=(own, replace(other, labels={"negative": "positive", "positive": "negative"})),
        unlabelled=(
            replace(recipe.unlabelled[1], head="other", keep={"label": "negative"}),
            recipe.unlabelled[1],
        ),
    )
    run = TeacherRun(turned, Data(tiny_data, tiny_data), tmp_path)
    for _ in run.train():
        pass
    for _ in run.label():
        pass
    labels = pd.read_parquet(run.labels).set_index("text")
    gold = pd.read_csv(tiny_data / "train.csv").drop_duplicates("text").set_index("text").label
    called_positive = (labels.positive > labels.negative)[gold.index.intersection(labels.index)]
    gold = gold[called_positive.index]
    # What is negative is labelled by the head that calls it positive, and so is what is positive.
    assert called_positive[gold == "negative"].mean() > 0.9
    assert called_positive[gold == "positive"].mean() > 0.9
    with pytest.raises(ValueError, match="head 'third' labels, but none is trained"):
        replace(recipe, unlabelled=(Source(file="train.csv", head="third"),))


def test_stopped_and_resumed_it_ends_where_it_would_have(
    recipe: TeacherRecipe,
    trained: TeacherRun,
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(teacher_module, "_SAVED_EVERY", 10)
    first = TeacherRun(recipe, Data(tiny_data, tiny_data), tmp_path)
    training = first.train()
    assert next(each.step for each in training if isinstance(each, Record)) % 10
    saved = next(each.step for each in training if isinstance(each, Step) and each.saved)
    resumed = TeacherRun(recipe, Data(tiny_data, tiny_data), tmp_path)
    went_on = next(each.step for each in resumed.train())
    assert saved < went_on <= saved + 10
    for _ in resumed.train():
        pass
    for record, undisturbed in zip(resumed.records, trained.records, strict=True):
        assert record.loss == pytest.approx(undisturbed.loss, abs=0.02)
    texts = [*POSITIVE, *NEGATIVE, *NEUTRAL]
    np.testing.assert_allclose(
        resumed.probabilities(texts), trained.probabilities(texts), atol=0.02
    )
    # Labelling goes on with the first part that is not there.
    monkeypatch.setattr(teacher_module, "_SHARD", 100)
    steps = resumed.label()
    done, total = next(steps)
    assert done == 100 < total
    kept = tmp_path / "labels" / "0000.parquet"
    written = kept.stat().st_mtime_ns
    for _ in resumed.label():
        pass
    assert kept.stat().st_mtime_ns == written
    assert len(pd.read_parquet(resumed.labels)) == total
    # A part that was lost is labelled again, and nothing written over.
    kept.unlink()
    kept.with_suffix(".npy").unlink()
    others = {path: path.stat().st_mtime_ns for path in kept.parent.iterdir()}
    for _ in resumed.label():
        pass
    assert {path: path.stat().st_mtime_ns for path in others} == others
    assert len(pd.read_parquet(resumed.labels)) == total


@pytest.mark.parametrize(("looks", "told"), [(0, "begins again"), (1, "goes on from ")])
def test_an_interrupt_says_what_is_kept(
    recipe: TeacherRecipe,
    tiny_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    looks: int,
    told: str,
) -> None:
    train = TeacherRun.train

    def interrupted(self: TeacherRun) -> Iterator[Step | Record]:
        records = (each for each in train(self) if isinstance(each, Record))
        yield from islice(records, looks)
        raise KeyboardInterrupt

    monkeypatch.setattr(TeacherRun, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_teacher(recipe, tiny_data, tmp_path, device="cpu")
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_another_recipe_is_refused(
    recipe: TeacherRecipe, trained: TeacherRun, tiny_data: Path
) -> None:
    with pytest.raises(StateError, match="another recipe"):
        TeacherRun(replace(recipe, seed=9), Data(tiny_data, tiny_data), trained.folder)


@pytest.mark.parametrize("name", ["epochs", "batch_size", "evaluations"])
def test_no_training_at_all_is_refused(recipe: TeacherRecipe, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0; it takes at least 1"):
        replace(recipe.training, **{name: 0})


def test_nothing_to_label_is_said_before_it_trains(
    recipe: TeacherRecipe, tiny_data: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"tiny-teacher: no \[\[unlabelled\]\] source"):
        TeacherRun(replace(recipe, unlabelled=()), Data(tiny_data, tiny_data), tmp_path / "run")


def test_tweets_to_label_that_are_all_held_out_are_told(
    trained: TeacherRun, tiny_data: Path
) -> None:
    recipe = replace(trained.recipe, unlabelled=trained.recipe.dev)
    run = TeacherRun(recipe, Data(tiny_data, tiny_data), trained.folder)
    with pytest.raises(InputError, match="held out"):
        list(run.label())
    assert trained.labels.exists()


def test_other_data_is_refused(trained: TeacherRun, tiny_data: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(tiny_data, tmp_path / "data"))
    folder = Path(shutil.copytree(trained.folder, tmp_path / "run"))
    TeacherRun(trained.recipe, Data(data, tmp_path), folder)
    (data / "train.csv").write_text((data / "train.csv").read_text() + "positive,joy\n")
    with pytest.raises(StateError, match=r"train\.csv changed since this run began"):
        TeacherRun(trained.recipe, Data(data, tmp_path), folder)


def test_a_damaged_checkpoint_is_told(trained: TeacherRun, tiny_data: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained.folder, tmp_path / "run"))
    whole = (folder / "checkpoint.pt").read_bytes()
    for content in (b"half", whole[:5_000], whole[:20_000]):
        (folder / "checkpoint.pt").write_bytes(content)
        with pytest.raises(StateError, match=r"checkpoint\.pt: damaged"):
            TeacherRun(trained.recipe, Data(tiny_data, tiny_data), folder)


def test_without_transformers_it_says_what_to_install(
    recipe: TeacherRecipe, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match=r"pip install 'positivity\[teacher\]'"):
        TeacherRun(recipe, Data(tiny_data, tiny_data), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_student_learns_from_it(trained: TeacherRun, tiny_data: Path, tmp_path: Path) -> None:
    student = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(student, Recipe)
    student = replace(student, train=(Source(teacher=trained.folder.name),))
    data = Data(tiny_data, trained.folder.parent)
    run = Run(student, data, tmp_path / "run", device="cpu", say=lambda line: None)
    records = [each for each in run.train() if isinstance(each, Record)]
    # A run keeps the weights of its best evaluation.
    assert max(record.recall for record in records) > 0.9
    assert not examples_of(run).log_priors.any() or np.ptp(examples_of(run).log_priors) == 0


def test_states_stand_beside_their_texts(trained: TeacherRun, tiny_data: Path) -> None:
    read = Data(tiny_data, trained.folder.parent).read(Source(teacher=trained.folder.name))
    assert read.states is not None
    rows = [0, len(read.texts) // 2, len(read.texts) - 1]
    view = trained._view(read.texts, trained.folder / "labels" / "view.npz")
    seen = view(trained._read([read.texts[row] for row in rows])[1])
    np.testing.assert_allclose(read.states[rows], seen, atol=0.05)
    assert np.square(read.states.astype(np.float64)).mean() == pytest.approx(1, abs=0.2)


def test_a_student_learns_what_its_teacher_sees(
    trained: TeacherRun, tiny_data: Path, tmp_path: Path
) -> None:
    student = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(student, Recipe)
    hinted = replace(
        student,
        train=(Source(teacher=trained.folder.name), *student.train),
        training=replace(student.training, epochs=2, hints=1.0),
    )
    data = Data(tiny_data, trained.folder.parent)
    run = Run(hinted, data, tmp_path, device="cpu", say=lambda line: None)
    assert (examples_of(run).state_rows >= 0).any()
    first = next(iter(run.train()))
    *_, last = (each for each in run.train() if isinstance(each, Record))
    assert last.loss < first.loss / 2
    # Stopped and resumed, the layer that tells them is there again.
    again = Run(hinted, data, tmp_path, device="cpu", say=lambda line: None)
    assert run.trainer.helper is not None
    assert again.trainer.helper is not None
    resumed = again.trainer.helper.state_dict()
    for name, learnt in run.trainer.helper.state_dict().items():
        assert torch.equal(resumed[name], learnt)


def test_a_teacher_that_has_not_labelled_is_said(tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="positivity train absent"):
        Data(tiny_data, tmp_path).read(Source(teacher="absent"))
    with pytest.raises(InputError, match="no trained teacher"):
        Data(tiny_data, tmp_path).encoder("absent")
    student = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(student, Recipe)
    taught = replace(student, train=(*student.train, Source(teacher="absent")))
    with pytest.raises(InputError, match="not labelled yet"):
        Run(taught, Data(tiny_data, tmp_path), tmp_path / "run", say=lambda line: None)
    assert not (tmp_path / "run").exists()  # nothing was learnt, and nothing is left


def test_an_encoder_must_be_there() -> None:
    with pytest.raises(InputError, match="neither a folder"):
        find_encoder("no-such-encoder")


@pytest.mark.parametrize(
    ("tweet", "read"),
    [
        ("so good 😂😂 http://t.co/abc @bob", "so good http @user"),
        ("AT&amp;T  is\nfine", "AT&T is fine"),
        ("thumbs 👍🏽 up", "thumbs up"),
        ("flag 🇬🇧!", "flag !"),
        ("a@b.com stays", "a@b.com stays"),
    ],
)
def test_what_an_encoder_reads(tweet: str, read: str) -> None:
    assert encoder_text(tweet, compile_table()) == read


def test_variants_are_made_of_the_words_there_are() -> None:
    texts = [f"word{i} " * 5 + "end" for i in range(300)]
    made = list(variants(texts, np.random.default_rng(0)))
    words = {word for text in texts for word in text.split()}
    assert len(made) == len(texts)
    assert {word for text in made for word in text.split()} <= words
    assert sum(a != b for a, b in zip(made, texts, strict=True)) > 150
    assert made == list(variants(texts, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("tweet", "made"),
    [
        ("this is good", {"this isn't good"}),
        ("this isn't good", {"this is good"}),
        ("I don’t like Mondays", {"I like Mondays"}),
        ("i dont like mondays", {"i like mondays"}),
        ("I love it", {"I don't love it"}),
        ("much love to all", set()),
        (
            "I'm so happy it can stay",
            {"I'm not so happy it can stay", "I'm so happy it can't stay"},
        ),
        ("NEVER again, but it is fine", {"again, but it is fine"}),
        # Facts of a third person, and what somebody has done.
        ("my shop opens at nine", {"my shop doesn't open at nine"}),
        ("she signed for them", {"she hasn't signed for them"}),
        ("We watched it", {"We haven't watched it"}),
        ("this boss of the bus stops", {"this boss of the bus doesn't stop"}),
        ("so needed, two of the boss", set()),
    ],
)
def test_a_denial_is_put_in_or_taken_out(tweet: str, made: set[str]) -> None:
    assert set(negated([tweet] * 30, np.random.default_rng(0))) == made


def test_phrases_are_clauses_and_most_are_denied() -> None:
    tweet = "@you The food was lovely, but we hated the long wait: https://t.co/abc never again!"
    made = Counter(phrases([tweet] * 600, np.random.default_rng(0)))
    plain = {"The food was lovely", "we hated the long wait", "never again"}
    assert plain <= made.keys()
    assert 0.25 < sum(made[each] for each in plain) / 600 < 0.45
    assert {"nobody hated the long wait", "i don't think The food was lovely"} <= made.keys()
    assert "without never again" in made
    assert not any("@" in text or "http" in text for text in made)


def test_a_tweet_without_a_clause_gives_no_phrase() -> None:
    assert list(phrases(["", "wow", "@you", "... !"], np.random.default_rng(0))) == []


def test_words_that_feel_alike_begin_as_neighbours(trained: TeacherRun) -> None:
    pieces = ["<pad>", "<unk>", *(f" {word}" for word in (*POSITIVE, *NEGATIVE))]
    vectors = initial_vectors(trained.folder / "encoder", pieces, 8)
    assert vectors.shape == (len(pieces), 8)
    assert vectors.std().item() == pytest.approx(1)
    unit = torch.nn.functional.normalize(vectors[2:], dim=1)
    likeness = unit @ unit.T
    size = len(POSITIVE)
    assert likeness[:size, :size].mean() > likeness[:size, size:].mean() + 0.2


def test_a_student_begins_with_its_teachers_vectors(
    trained: TeacherRun, tiny_data: Path, tmp_path: Path
) -> None:
    student = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(student, Recipe)
    data = Data(tiny_data, trained.folder.parent)
    given = replace(student, initial_vectors=trained.folder.name)
    runs = [
        Run(each, data, tmp_path / str(i), device="cpu", say=lambda line: None)
        for i, each in enumerate((student, given))
    ]
    at_random, taught = (run.trainer.network.embedding.weight.detach() for run in runs)
    expected = initial_vectors(trained.folder / "encoder", runs[1].tokenizer.pieces(), 16)
    assert torch.equal(taught[1:], expected[1:])
    assert not taught[0].any()
    assert not torch.equal(taught, at_random)


def test_clauses_are_denied_from_afar_or_joined() -> None:
    tweets = ["the soup was cold. but the staff were kind @you", "what a dull film, http://x.y"]
    made = list(composed(tweets * 200, np.random.default_rng(0)))
    assert len(made) == 400
    clauses = ("the soup was cold", "the staff were kind", "what a dull film")
    told = [[clause in text for clause in clauses] for text in made]
    assert all(any(each) for each in told)
    assert sum(sum(each) > 1 for each in told) > 50
    assert not any("@" in text or "http" in text for text in made)
    assert made == list(composed(tweets * 200, np.random.default_rng(0)))
    assert list(composed(["", "wow"], np.random.default_rng(0))) == []


def test_clauses_are_framed_and_their_subjects_denied() -> None:
    made = set(composed(["we love the garden"] * 900, np.random.default_rng(0)))
    assert "there isn't anyone who doesn't love the garden" in made
    assert "no one can deny that we love the garden" in made
    assert "few people i know love the garden" in made


def test_what_is_denied_is_found_as_it_stands() -> None:
    texts = ["can't complain, the sun is out", "so glad", "dont know. @you it ISN’T bad at all"]
    found = list(denials(texts, np.random.default_rng(0)))
    assert found == [texts[0], "can't complain", texts[2], "dont know", "it ISN’T bad at all"]


def test_facts_are_told_as_they_are_and_denied_once() -> None:
    tweet = "the shop opens at nine. it isn't far, we are there, so glad"
    found = list(facts([tweet], np.random.default_rng(0)))
    plain, denied = "the shop opens at nine", "the shop doesn't open at nine"
    assert found == [plain, denied, "we are there", "we aren't there"]
    two = "it is on and it is full"
    ends = {tuple(facts([two.replace(" and", "")], np.random.default_rng(i)))[1] for i in range(9)}
    assert ends == {"it isn't on it is full", "it is on it isn't full"}


def test_a_recipe_names_what_is_made_of_its_tweets() -> None:
    assert tuple(MAKERS) == MADE
    with pytest.raises(ValueError, match="made_into 'poems' is not one of variants"):
        Source(file="x.csv", made_into="poems")


def test_the_tweets_most_like_others_are_labelled(trained: TeacherRun, tiny_data: Path) -> None:
    talk = [f"so tired of my own bed number {i} today" for i in range(30)]
    films = [f"the new film {i} opens in cinemas on friday" for i in range(30)]
    pd.DataFrame({"text": [*talk, *films]}).to_csv(tiny_data / "mixed.csv", index=False)
    pd.DataFrame({"text": ["a film in cinemas", "cinemas open on friday"]}).to_csv(
        tiny_data / "films.csv", index=False
    )
    like = Source(file="mixed.csv", sample=20, like=Source(file="films.csv"))
    recipe = replace(trained.recipe, unlabelled=(like,))
    run = TeacherRun(recipe, Data(tiny_data, trained.folder.parent), trained.folder, device="cpu")
    texts = run._texts_to_label()
    assert len(texts) == 20
    assert set(texts) <= set(films)
