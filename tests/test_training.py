"""Training: it learns, resumes as if never stopped, keeps sets apart, and says what is wrong."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from positivity.errors import InputError, StateError
from positivity.model import registry
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer
from positivity.text.emojis import compile_table
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import SubwordTokenizer, WordTokenizer
from positivity.training import loop
from positivity.training.augmentation import augment
from positivity.training.datasets import NamedSet, build_examples, split_off_dev
from positivity.training.emoji_ranking import (
    EmojiRanking,
    emoji_shares,
    read_ranking,
    with_emoji,
)
from positivity.training.examples import batches
from positivity.training.labelled import Data, read_labelled
from positivity.training.measure import measure, spearman
from positivity.training.recipe import (
    EmojiRecipe,
    Recipe,
    Source,
    TokenizerRecipe,
    read_recipe,
)
from positivity.training.recipe_files import card_of, lineage
from positivity.training.run import Run
from positivity.training.sarcasm import taken_back
from positivity.training.vocabulary import train_vocabulary
from tests.conftest import NEGATIVE, NEUTRAL, POSITIVE, WORDS, examples_of

RANKING = """Emoji,Occurrences,Negative,Neutral,Positive
😂,100,20,30,50
😡,100,80,15,5
❤️,100,2,8,90
🆕,-,0,1,9
"""


def model_recipe(path: Path) -> Recipe:
    recipe = read_recipe(path)
    assert isinstance(recipe, Recipe)
    return recipe


def silent(line: str) -> None:
    """Says nothing."""


def test_a_model_learns_and_is_measured(tiny_model: ModelDirectory) -> None:
    metrics = tiny_model.metrics()
    assert metrics["eval"]["eval"]["macro_recall"] > 0.95
    assert metrics["largest_difference_in_bfloat16"] < 0.05
    assert (tiny_model.path.parent / "curves.png").read_bytes().startswith(b"\x89PNG")
    records = json.loads((tiny_model.path.parent / "records.json").read_text())
    assert records[-1]["step"] == records[-1]["steps"] == 228
    assert records[-1]["loss"] < records[0]["loss"]


@pytest.mark.parametrize(
    ("seconds", "steps"),
    [(60.0, 57), (0.0, 70)],
    ids=["at a look", "between two"],
)
def test_killed_and_resumed_it_ends_the_same(
    tiny_data: Path,
    tiny_model: ModelDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    steps: int,
) -> None:
    monkeypatch.setattr(loop, "_SAVED_EVERY", seconds)
    recipe = model_recipe(tiny_data / "tiny.toml")
    first = Run(recipe, Data(tiny_data, tmp_path), tmp_path, device="cpu", say=silent)
    for each in first.train():
        if each.step >= steps:
            break  # as a kill would: everything after the checkpoint is lost
    resumed = Run(recipe, Data(tiny_data, tmp_path), tmp_path, device="cpu", say=silent)
    went_on = next(each.step for each in resumed.train())
    assert steps < went_on <= steps + 20
    for _ in resumed.train():
        pass
    result = resumed.finish()
    for name in ("model.safetensors", "config.json", "metrics.json"):
        assert (result.path / name).read_bytes() == (tiny_model.path / name).read_bytes(), name
    records = (tmp_path / "records.json").read_text()
    assert records == (tiny_model.path.parent / "records.json").read_text()


def test_the_last_network_is_kept_where_the_recipe_says_so(tiny_data: Path, tmp_path: Path) -> None:
    recipe = model_recipe(tiny_data / "tiny.toml")
    # A rate at which it soon forgets what it has learnt: its best look is not the last one.
    wild = replace(recipe.training, learning_rate=1.0, schedule="constant", epochs=2)
    kept = []
    for keep_last in (False, True):
        chosen = replace(recipe, training=replace(wild, keep_last=keep_last))
        folder = tmp_path / str(keep_last)
        run = Run(chosen, Data(tiny_data, folder), folder, device="cpu", say=silent)
        for _ in run.train():
            pass
        assert not run.trainer.records[-1].best
        last = run.trainer.averaged.state_dict()["embedding.weight"]
        kept.append(bool((run.trainer.kept.state_dict()["embedding.weight"] == last).all()))
    assert kept == [False, True]


@pytest.mark.parametrize("augmentation", [False, True])
def test_a_model_that_met_other_last_marks_reads_none_and_all_names_alike(
    tiny_data: Path, tmp_path: Path, augmentation: bool
) -> None:
    recipe = model_recipe(tiny_data / "tiny.toml")
    training = replace(recipe.training, augmentation=augmentation)
    recipe = replace(recipe, training=training)
    run = Run(recipe, Data(tiny_data, tmp_path), tmp_path, device="cpu", say=silent)
    for _ in run.train():
        pass
    scorer = Scorer.load(run.finish(), device="cpu")
    plain, stopped = scorer.score(["love train monday", "love train monday."])
    assert (plain == stopped).all() == augmentation
    read = scorer.normalizer.normalize("love Marek, olivia")
    assert read == ("love <name> , <name>" if augmentation else "love marek , olivia")
    assert run.normalizer.last_mark  # training reads them


def test_the_folder_of_another_recipe_is_refused(tiny_data: Path, tmp_path: Path) -> None:
    recipe = model_recipe(tiny_data / "tiny.toml")
    run = Run(recipe, Data(tiny_data, tmp_path), tmp_path, device="cpu", say=silent)
    for _ in run.train():
        if run.checkpoint.exists():
            break
    with pytest.raises(StateError, match="another recipe"):
        Run(replace(recipe, seed=4), Data(tiny_data, tmp_path), tmp_path, device="cpu", say=silent)


def test_a_recipe_of_an_editor_that_marks_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('\ufeffextends = "lab"\nname = "mine"\n', encoding="utf-8")
    assert read_recipe(path).name == "mine"


def test_a_recipe_of_ones_own_extends_one_that_ships(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('extends = "lab"\nname = "mine"\n[training]\nepochs = 1\n', "utf-8")
    mine, lab = (model_recipe(each) for each in (path, registry.shipped() / "recipes" / "lab.toml"))
    assert (mine.train, mine.dev, mine.eval) == (lab.train, lab.dev, lab.eval)
    assert mine.training == replace(lab.training, epochs=1)
    assert lineage(path) == ["lab"]
    path = tmp_path / "base.toml"  # of its own name, the one that ships, whose card is not its own
    path.write_text('extends = "base"\nversion = "mine"\n', "utf-8")
    assert model_recipe(path).version == "mine"
    assert card_of(path) == ""


WRONG_VALUES = [
    ("[training]\nepochs = 'two'", "epochs is 'two'; it takes a whole number"),
    ("[training]\nepochs = 1.5", "epochs is 1.5; it takes a whole number"),
    ("[training]\nepochs = true", "epochs is True; it takes a whole number"),
    ("[training]\nepochs = 0", "epochs is 0; it takes at least 1"),
    ("[training]\nbatch_size = 0", "batch_size is 0; it takes at least 1"),
    ("[training]\nevaluations = 0", "evaluations is 0; it takes at least 1"),
    ("[training]\nlearning_rate = -1.0", "learning_rate is -1.0; it takes more than 0"),
    ("[training]\nlearning_rate = nan", "learning_rate is nan; it takes more than 0"),
    ("[training]\nclip = -1.0", "clip is -1.0; it takes more than 0"),
    ("[training]\nword_dropout = 3.0", "word_dropout is 3.0; it takes 0 to 1"),
    ("[training]\nwarmup = nan", "warmup is nan; it takes 0 to 1"),
    ("[training]\nweight_decay = -5.0", "weight_decay is -5.0; it takes 0 or more"),
    ("[training]\nhints = nan", "hints is nan; it takes 0 or more"),
    ("vector_spread = nan", "vector_spread is nan; it takes more than 0"),
    ("[tokenizer]\nwords = -3", "words is -3; it takes at least 0"),
    ("[[train]]\nsample = -1", "sample is -1; it takes at least 1"),
    ("[[train]]\nweight = 0", "weight is 0; it takes more than 0"),
    ("[[train]]\nsmoothing = 2.0", "smoothing is 2.0; it takes 0 to 1"),
    ("[[train]]\nlabels = { up = 'good' }", "labels: 'good' is not one of negative, neutral"),
    ("[[train]]\ncues = { up = [0.1, 0.9] }", "cues: up is .* given each of negative, neutral"),
    ("[emoji]\nranking = 'x'\nlent = 2.0", "lent is 2.0; it takes 0 to 1"),
    ("[network]\nclasses = 5", "network: classes is 5; it takes 2 or 3"),
    ("[tokenizer]\nsize = 0", "size is 0; it takes at least 1"),
    ("[train]\nfile = 'x.csv'", r"train: write it as \[\[train\]\]"),
    ("[[train]]\nlike = 'x.csv'", "like is 'x.csv'; it takes a table"),
    ("[[train]]\ncues = { good = ['a'] }", "it takes a table, each value a list, each a number"),
    ("training = 3", "training is 3; it takes a table"),
    ("tokenizer = 3", "tokenizer is 3; it takes a table"),
    ("pretraining = 3", "pretraining is 3; it takes a table"),
    ("seed = 'one'", "seed is 'one'; it takes a whole number"),
    ("[emoji]\nlent = 0.5", "ranking: missing"),
]


@pytest.mark.parametrize(("text", "told"), WRONG_VALUES, ids=[text for text, _ in WRONG_VALUES])
def test_what_a_key_cannot_have_is_told_by_its_name(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(f'name = "wrong"\n{text}\n', encoding="utf-8")
    with pytest.raises(InputError, match=rf"wrong\.toml: .*{told}"):
        read_recipe(path)


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", ".hidden", "", "-x"])
def test_the_name_of_a_recipe_is_that_of_a_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "named.toml"
    path.write_text(f'name = "{name}"\n', encoding="utf-8")
    with pytest.raises(InputError, match="its run has a folder of this name"):
        read_recipe(path)


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ({"hiden_size": 3}, "hiden_size: not known here; there are .*hidden_size"),
        ({"kind": "recurent"}, "kind is 'recurent'"),
        ({"kind": ["gru"]}, r"kind is \['gru'\]"),
        ({"bidirectional": "no"}, "bidirectional is 'no'; it takes true or false"),
        ({"hidden_size": True}, "hidden_size is True; it takes a whole number"),
        ({"layers": 1.5}, "layers is 1.5; it takes a whole number"),
        ({"pooling": "max"}, "pooling is 'max'; it takes a list, each one of attention, last"),
        ({"cell": "lstn"}, "cell is 'lstn'; it takes one of elman, gru, lstm"),
        ({"vocabulary_size": 10}, "vocabulary_size: follows from the vocabulary"),
        ({"mlp_size": -2}, "mlp_size is -2; it takes at least 0"),
        ({"mlp_dropout": 1.0}, "mlp_dropout is 1.0; it takes 0 to less than 1"),
        ({"kind": "convolutional", "filters": "many"}, "filters is 'many'; it takes a whole"),
        ({"kind": "convolutional", "widths": [0]}, r"widths \[0\] are not all at least 1"),
    ],
)
def test_a_mistake_in_the_network_is_told_before_anything_is_learnt(
    tiny_data: Path, tmp_path: Path, network: dict[str, object], told: str
) -> None:
    recipe = replace(model_recipe(tiny_data / "tiny.toml"), network=network)
    with pytest.raises(InputError, match=f"recipe tiny: network: {told}"):
        Run(recipe, Data(tiny_data, tmp_path), tmp_path / "run", device="cpu", say=silent)
    assert not (tmp_path / "run").exists()


def test_training_data_of_one_class_is_refused(tiny_data: Path, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("label,text\n" + "positive,so good\npositive,great\n" * 9)
    recipe = replace(
        model_recipe(tiny_data / "tiny.toml"), train=(Source(file="one.csv"),), dev=(), eval=()
    )
    with pytest.raises(InputError, match="has positive tweets only"):
        Run(recipe, Data(tmp_path, tmp_path), tmp_path / "run", device="cpu", say=silent)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = 'x'\nlearning = 1", "learning: not known here"),
        ("name = 'x'\n[training]\nepoch = 1", "epoch: not known here"),
        ("name = 'x'\n[tokenizer]\nkind = 'syllable'", "syllable"),
        ("name = 'x'\nseed = -1", "seed is -1; it takes 0 to 2147483647"),
        ("name = 'x'\nseed = 18446744073709551616", "seed is 18446744073709551616; it takes 0"),
        ("name = 'x'\n[floor]\nkind = 'logreg'\nfreedom = -1", "freedom is -1; it takes more"),
        ("description = 'no name'", "name"),
        ("name = ", "not a TOML file"),
    ],
)
def test_a_wrong_recipe_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(InputError, match=complaint):
        model_recipe(tmp_path / "r.toml")


def test_the_shipped_recipes_can_be_read() -> None:
    recipes = sorted((Path(__file__).parents[1] / "models" / "recipes").glob("*.toml"))
    assert [read_recipe(path).name for path in recipes] == [path.stem for path in recipes]


def _examples(
    folder: Path, recipe: Recipe, held_out: list[NamedSet], words: list[str]
) -> dict[str, list[float]]:
    normalizer = Normalizer(compile_table(), WORDS)
    tokenizer = WordTokenizer(words)
    examples = build_examples(recipe, Data(folder, folder), normalizer, tokenizer, held_out)
    texts = [
        tokenizer.decode(examples.tokens[a:b].tolist())
        for a, b in zip(examples.offsets, examples.offsets[1:], strict=False)
    ]
    return dict(zip(texts, examples.targets.round(3).tolist(), strict=True))


VOCABULARY = "a b c d e :face_with_tears_of_joy: :enraged_face: :red_heart: <repeated>".split()


def test_held_out_tweets_are_never_trained_on(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "label,text\npositive,a b\nnegative,c\nneutral,D !!\nneutral,e\n"
    )
    recipe = Recipe(name="r", train=(Source(file="t.csv"),))
    held_out = [NamedSet("dev", ["A  b", "http://x.y c"], np.array([2, 0]))]
    examples = _examples(tmp_path, recipe, held_out, VOCABULARY)
    assert "a b" not in examples
    assert "e" in examples


def test_what_several_sources_say_is_joined(tmp_path: Path) -> None:
    (tmp_path / "gold.csv").write_text("label,text\npositive,a\nnegative,b\n")
    (tmp_path / "soft.csv").write_text("text,n,o,p\na,0.5,0.5,0\nc,0.2,0.3,0.5\n")
    (tmp_path / "cues.csv").write_text("label,text\npositive,c\nnegative,d\n")
    recipe = Recipe(
        name="r",
        train=(
            Source(file="gold.csv", weight=3.0),
            Source(file="soft.csv", probabilities=("n", "o", "p")),
            Source(
                file="cues.csv", cues={"positive": (0.1, 0.4, 0.5), "negative": (0.6, 0.3, 0.1)}
            ),
        ),
    )
    examples = _examples(tmp_path, recipe, [], VOCABULARY)
    assert examples["a"] == pytest.approx([0.125, 0.125, 0.75])  # weighted mean, 3 to 1
    assert examples["b"] == pytest.approx([1, 0, 0])
    joint = np.array([0.2 * 0.1, 0.3 * 0.4, 0.5 * 0.5])
    assert examples["c"] == pytest.approx(joint / joint.sum(), abs=1e-3)  # Bayes' rule
    assert examples["d"] == pytest.approx([0.6, 0.3, 0.1])


def test_emoticons_are_stripped_where_they_gave_the_label(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("label,text\npositive,a :)\nnegative,b :(\n")
    cues = {"positive": (0.1, 0.4, 0.5), "negative": (0.6, 0.3, 0.1)}
    recipe = Recipe(name="r", train=(Source(file="t.csv", cues=cues, strip_emoticons=True),))
    assert set(_examples(tmp_path, recipe, [], VOCABULARY)) == {"a", "b"}


def test_emoji_add_what_the_labeller_could_not_see(tmp_path: Path) -> None:
    (tmp_path / "ranking.csv").write_text(RANKING, encoding="utf-8")
    (tmp_path / "t.csv").write_text(
        "text,n,o,p\na 😡,0.3,0.4,0.3\na ❤,0.3,0.4,0.3\na,0.3,0.4,0.3\nb,0.8,0.1,0.1\n",
        encoding="utf-8",
    )
    source = Source(file="t.csv", probabilities=("n", "o", "p"), blind_to_emoji=True)
    recipe = Recipe(name="r", train=(source,), emoji=EmojiRecipe(ranking="ranking.csv"))
    examples = _examples(tmp_path, recipe, [], VOCABULARY)
    assert examples["a :enraged_face:"][0] > 0.5
    assert examples["a :red_heart:"][2] > 0.5
    assert examples["a"] == pytest.approx([0.3, 0.4, 0.3])


def test_emoji_are_put_back_by_the_label(tmp_path: Path) -> None:
    (tmp_path / "ranking.csv").write_text(RANKING, encoding="utf-8")
    (tmp_path / "t.csv").write_text("label,text\npositive,a\nnegative,b\n")
    emoji = EmojiRecipe(ranking="ranking.csv", put_back=1.0, alone=1000)
    recipe = Recipe(name="r", train=(Source(file="t.csv"),), emoji=emoji)
    examples = _examples(tmp_path, recipe, [], VOCABULARY)
    assert {"a", "b"} < set(examples)
    with_emoji = [text for text in examples if text[0] == "a" and len(text) > 1]
    assert len(with_emoji) == 1
    assert examples[with_emoji[0]] == [0, 0, 1]
    assert examples[":enraged_face:"] == pytest.approx([0.794, 0.153, 0.054], abs=2e-3)


def test_the_ranking_without_rows_added_by_hand(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(RANKING, encoding="utf-8")
    ranking = read_ranking(tmp_path / "r.csv")
    assert ranking.emoji == ("😂", "😡", "❤")
    shares = emoji_shares(["❤", "❤", "x"], ranking.shares())
    assert shares is not None
    assert shares[2] > 0.5 > shares[0]
    assert shares.sum() == pytest.approx(1)
    assert emoji_shares(["x"], ranking.shares()) is None


def test_emoji_too_new_for_the_ranking_are_added_once(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(RANKING, encoding="utf-8")
    ranking = read_ranking(tmp_path / "r.csv")
    newer = ranking.with_newer()
    assert newer.emoji[:3] == ranking.emoji
    assert len(set(newer.emoji)) == len(newer.emoji) == len(newer.counts) > 40
    assert newer.with_newer().emoji == newer.emoji
    assert newer.shares()["🥰"][2] > 0.7
    assert newer.shares()["🤮"][0] > 0.6


def test_emoji_decide_where_words_say_nothing() -> None:
    love, anger = np.array([0.05, 0.2, 0.75]), np.array([0.7, 0.2, 0.1])
    assert with_emoji(np.array([0.0, 1.0, 0.0]), love) == pytest.approx(love)
    praise = np.array([0.05, 0.05, 0.9])
    assert with_emoji(praise, love)[2] > praise[2]
    assert 0.05 < with_emoji(praise, anger)[0] < 0.5
    both = with_emoji(np.array([praise, praise]), np.array([love, anger]))
    assert both.sum(axis=1) == pytest.approx([1, 1])


def test_emoji_are_lent_to_what_a_teacher_labelled(tmp_path: Path) -> None:
    (tmp_path / "ranking.csv").write_text(RANKING, encoding="utf-8")
    (tmp_path / "t.csv").write_text("label,text\npositive,a\nnegative,b\n")
    (tmp_path / "taught").mkdir()
    soft = pd.DataFrame({"text": ["c"], "negative": [0.1], "neutral": [0.8], "positive": [0.1]})
    soft.to_parquet(tmp_path / "taught" / "soft_labels.parquet")
    np.save(tmp_path / "taught" / "soft_states.npy", np.zeros((1, 4), np.float16))
    emoji = EmojiRecipe(ranking="ranking.csv", lent=1.0)
    sources = (Source(file="t.csv"), Source(teacher="taught"))
    recipe = Recipe(name="r", train=sources, emoji=emoji)
    examples = _examples(tmp_path, recipe, [], VOCABULARY)
    (lent,) = [text for text in examples if text.startswith("c ")]
    assert lent != "c "
    assert examples[lent][1] < 0.8
    assert examples["c"] == pytest.approx([0.1, 0.8, 0.1], abs=1e-3)


def test_marks_take_praise_back() -> None:
    normalizer = Normalizer(compile_table(), ["not"])
    targets = np.array([[0.02, 0.03, 0.95], [0.9, 0.05, 0.05]], np.float32)
    generator = np.random.default_rng(0)
    texts, taken = taken_back(["great day", "bad day"], targets, 1.0, normalizer, generator)
    assert len(texts) == 1
    assert "great day " in texts[0]
    assert taken[0, 0] > 0.5
    none, _ = taken_back(["great day"], targets[:1], 0.0, normalizer, generator)
    assert none == []


def test_batches_hold_every_example_once_in_an_order_of_the_seed(tiny_data: Path) -> None:
    recipe = model_recipe(tiny_data / "tiny.toml")
    normalizer = Normalizer({}, WORDS)
    words = (tiny_data / "train.csv").read_text().replace(",", " ").split()
    tokenizer = WordTokenizer(sorted(set(words)))
    examples = build_examples(recipe, Data(tiny_data, tiny_data), normalizer, tokenizer, [])
    first, again, other = (list(batches(examples, 32, seed)) for seed in [(1, 0), (1, 0), (1, 1)])
    assert sum(len(batch.ids) for batch in first) == len(examples)
    assert all((a.ids == b.ids).all() for a, b in zip(first, again, strict=True))
    assert any(
        a.ids.shape != b.ids.shape or (a.ids != b.ids).any()
        for a, b in zip(first, other, strict=True)
    )
    assert all(((batch.ids != 0).sum(axis=1) == batch.lengths).all() for batch in first)


def test_a_class_that_no_tweet_has_is_never_the_answer(tiny_data: Path, tmp_path: Path) -> None:
    lines = (tiny_data / "train.csv").read_text().splitlines()
    (tmp_path / "two.csv").write_text("\n".join(x for x in lines if not x.startswith("neutral")))
    recipe = replace(
        model_recipe(tiny_data / "tiny.toml"), train=(Source(file="two.csv"),), dev=(), eval=()
    )
    run = Run(recipe, Data(tmp_path, tmp_path), tmp_path / "run", device="cpu", say=silent)
    for _ in run.train():
        pass
    scorer = Scorer.load(run.finish(), device="cpu")
    assert (scorer.score(["love great", "hate awful", "the train leaves"])[:, 1] < 0.1).all()


SENTIMENT140 = (
    '"0","1467810369","Mon Apr 06 22:19:45 PDT 2009","NO_QUERY","_TheSpecialOne_","@x, caf\xe9"\n'
    '"4","1467822272","Mon Apr 06 22:22:45 PDT 2009","NO_QUERY","ersle","I LOVE @y, so much"\n'
    '"2","1467822273","Mon Apr 06 22:22:46 PDT 2009","NO_QUERY","ersle","null"\n'
)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["-1", "0", "1"], [0, 1, 2]),
        (["0", "1"], [0, 2]),
        (["0", "1", "2"], [0, 1, 2]),
        (["1", "2"], [1, 2]),
        (["0", "2", "4"], [0, 1, 2]),
        (["0", "4"], [0, 2]),
        (["0.0", "1.0", "2.0"], [0, 1, 2]),
        (["-1.0", "0.0", "1.0"], [0, 1, 2]),
        (["0.0", "4.0"], [0, 2]),
        (["Negative", "NEUTRAL", "pos"], [0, 1, 2]),
        (["-2", "-1", "0", "1", "2"], None),
        (["-1", "0", "1", "2"], None),
        (["1", "2", "3"], None),
    ],
)
def test_labels_are_words_or_one_of_the_usual_scales(
    tmp_path: Path, labels: list[str], classes: list[int] | None
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label\n" + "".join(f"x,{label}\n" for label in labels))
    if classes is None:
        with pytest.raises(InputError, match="is none of negative, neutral, positive"):
            read_labelled(path, Source(file="t.csv"))
        return
    assert read_labelled(path, Source(file="t.csv")).gold.tolist() == classes
    own = Source(file="t.csv", labels=dict.fromkeys(labels, "neutral"))
    assert set(read_labelled(path, own).gold.tolist()) == {1}


def test_sentiment140_is_known_by_its_look(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(SENTIMENT140.encode("latin-1"))
    tweets = read_labelled(tmp_path / "s.csv", Source(file="s.csv"))
    assert tweets.texts == ["@x, café", "I LOVE @y, so much", "null"]
    assert tweets.gold.tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("content", "source", "gold"),
    [
        ("tweet\tsentiment\nNA\tneg\nyes\tpos\n", {"file": "t.tsv"}, [0, 2]),
        ("t;l\nx;-1\ny;0\nz;1\n", {"text": "t", "label": "l", "delimiter": ";"}, [0, 1, 2]),
        ("x,bad\ny,good\n", {"text": "1", "label": "2", "header": False}, [0, 2]),
        ("text,label\nx,A\ny,B\n", {"labels": {"A": "neutral", "B": "negative"}}, [1, 0]),
        ("text,label,s\nx,pos,a\ny,neg,b\n", {"keep": {"s": "b"}}, [0]),
    ],
)
def test_columns_and_labels(
    tmp_path: Path, content: str, source: dict[str, Any], gold: list[int]
) -> None:
    columns = Source(**{"file": "t.csv"} | source)
    (tmp_path / columns.file).write_text(content)
    assert read_labelled(tmp_path / columns.file, columns).gold.tolist() == gold


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("text,label\nx,maybe\n", "label 'maybe' is none of"),
        ("a,b\nx,pos\n", "no column 'text'"),
        ("text,label\n", "no labelled tweets"),
        ("", "is empty"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError, match=complaint):
        read_labelled(tmp_path / "t.csv", Source(file="t.csv"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.csv: there is no such file"):
        read_labelled(tmp_path / "gone.csv", Source(file="gone.csv"))


def test_rank_correlation_shares_the_ranks_of_ties() -> None:
    one = np.array([1.0, 2.0, 2.0, 5.0])
    assert spearman(one, np.array([10.0, 30.0, 30.0, 31.0])) == pytest.approx(1)
    assert spearman(one, np.array([4.0, 3.0, 2.0, 1.0])) == pytest.approx(-0.9486833)


def test_degrees_and_emoji_kept_back_are_measured(
    tiny_model: ModelDirectory, tiny_data: Path, tmp_path: Path
) -> None:
    words = [*POSITIVE, *NEUTRAL, *NEGATIVE]
    degrees = [0.9] * len(POSITIVE) + [0.5] * len(NEUTRAL) + [0.1] * len(NEGATIVE)
    lines = [f"{word},{degree}" for word, degree in zip(words, degrees, strict=True)]
    (tmp_path / "degrees.csv").write_text("text,score\n" + "\n".join(lines), encoding="utf-8")
    source = Source(file="degrees.csv", name="degrees", label="score")
    recipe = Recipe(name="tiny", graded=(source,))
    figures = measure(tiny_model.path, [], [], Data(tmp_path, tmp_path), recipe)
    assert figures["graded"]["degrees"]["pearson"] > 0.9
    assert "pearson_with_emoji" not in figures["graded"]["degrees"]


def test_degrees_that_cannot_be_read_are_told_before_anything_is_learnt(
    tiny_data: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(recipe, Recipe)
    recipe = replace(recipe, graded=(Source(file="dev.csv", label="score"),))
    with pytest.raises(InputError, match="no column 'score'"):
        Run(recipe, Data(tiny_data, tmp_path), tmp_path / "run", device="cpu")


def test_a_tenth_of_the_texts_is_kept_whatever_the_number_of_their_copies(tmp_path: Path) -> None:
    rows = [f"{('negative', 'positive')[i % 2]},word{i % 200} @friend{i}" for i in range(4000)]
    (tmp_path / "t.csv").write_text("label,text\n" + "\n".join(rows) + "\n")
    recipe = Recipe(name="tiny", train=(Source(file="t.csv"),))
    data = Data(tmp_path, tmp_path)
    kept = split_off_dev(recipe, data)
    words = {text.split()[0] for text in kept.texts}
    assert len(words) == len(kept.texts)
    assert 10 <= len(words) <= 30
    normalizer = Normalizer({}, ())
    tokenizer = SubwordTokenizer.train(
        normalizer.normalize_many(data.read(recipe.train[0]).texts), size=300
    )
    examples = build_examples(recipe, data, normalizer, tokenizer, [kept])
    assert len(examples) == 200 - len(words)


def test_emoji_are_split_alike_each_time_and_the_frequent_are_used() -> None:
    counts = np.arange(900, 0, -1, dtype=float).reshape(300, 3)
    ranking = EmojiRanking(tuple(map(chr, range(300))), counts)
    used, kept = ranking.split(0.2, seed=0)
    assert len(kept.emoji) == 40
    assert set(used.emoji) | set(kept.emoji) == set(ranking.emoji)
    assert set(used.emoji).isdisjoint(kept.emoji)
    assert set(map(chr, range(100))) <= set(used.emoji)
    assert ranking.split(0.2, seed=0)[1].emoji == kept.emoji
    assert ranking.split(0.0, seed=0)[1].emoji == ()


@pytest.mark.parametrize("seed", range(20))
def test_augmentation_keeps_what_carries_the_feeling(seed: int) -> None:
    texts = ["he told mary that the muslim lady is not happy .", "man , that was good !", ""]
    changed = augment(texts * 50, np.random.default_rng(seed))
    assert len(changed) == 150
    assert all("not" in text.split() for text in changed[::3])
    assert not any(text.startswith("woman ,") for text in changed[1::3])
    assert set(changed[2::3]) <= {"", " .", " !"}
    assert len(set(changed[::3])) > 20


def test_a_recipe_may_say_only_what_differs_from_another(tiny_data: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text((tiny_data / "tiny.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "narrow.toml").write_text(
        'extends = "tiny"\nname = "narrow"\n[network]\nhidden_size = 4\n', "utf-8"
    )
    tiny, narrow = model_recipe(tmp_path / "tiny.toml"), model_recipe(tmp_path / "narrow.toml")
    assert narrow.network == {**tiny.network, "hidden_size": 4}
    assert replace(narrow, name="tiny", network=tiny.network) == tiny
    assert card_of(tmp_path / "narrow.toml") == ""
    (tmp_path / "tiny.card.md").write_text("# {name}", "utf-8")
    assert card_of(tmp_path / "narrow.toml") == "# {name}"
    (tmp_path / "round.toml").write_text('extends = "about"\nname = "round"\n', "utf-8")
    (tmp_path / "about.toml").write_text('extends = "round"\nname = "about"\n', "utf-8")
    with pytest.raises(InputError, match="in turn"):
        read_recipe(tmp_path / "round.toml")
    (tmp_path / "lost.toml").write_text('extends = "absent"\nname = "lost"\n', "utf-8")
    with pytest.raises(InputError, match=r"lost\.toml: extends 'absent', but"):
        read_recipe(tmp_path / "lost.toml")


def test_a_trial_trains_on_a_part(tiny_data: Path, tmp_path: Path) -> None:
    recipe = model_recipe(tiny_data / "tiny.toml")
    few = replace(recipe, training=replace(recipe.training, tweets=40))
    data = Data(tiny_data, tmp_path)
    run = Run(few, data, tmp_path / "run", device="cpu", say=silent)
    assert len(examples_of(run)) == 40
    again = Run(few, data, tmp_path / "again", device="cpu", say=silent)
    np.testing.assert_array_equal(examples_of(run).tokens, examples_of(again).tokens)


def test_words_that_tweets_seldom_have_are_not_cut() -> None:
    tweets = [f"{a} day for {b} and {a} night" for a in WORDS for b in WORDS] * 3
    recipe = TokenizerRecipe(size=200)
    rare = ["takashi", "deshawn", "estonian"]
    _, cut = train_vocabulary(tweets, recipe)
    _, whole = train_vocabulary(tweets, recipe, uncut=rare)
    assert not any(f" {word}" in cut.pieces() for word in rare)
    assert all(f" {word}" in whole.pieces() for word in rare)


def test_words_that_nobody_knows_take_each_others_place() -> None:
    known = "so glad that came to the party with".split()
    texts = ["so glad that zibbleton came to the party"] * 300 + ["with quorvex"] * 300
    changed = set(augment(texts, np.random.default_rng(0), known))
    assert "so glad that quorvex came to the party" in changed
    assert "with zibbleton" in changed
    untouched = set(augment(texts, np.random.default_rng(0)))
    assert not any("quorvex" in text and "party" in text for text in untouched)


def test_the_same_thing_is_said_in_either_variety_of_english() -> None:
    made = set(augment(["the parking lot is by the cinema"] * 300, np.random.default_rng(0)))
    assert {"the car park is by the theater", "the car park is by the cinema"} <= made
    made = set(augment(["our flat has an elevator"] * 300, np.random.default_rng(0)))
    assert "our flat has an lift" in made
    assert not any("apartment" in text for text in made)  # "flat" means more than that


def test_they_stands_for_he_and_she_where_the_verb_can_follow() -> None:
    made = set(augment(["she is late and i miss her dog"] * 200, np.random.default_rng(0)))
    assert {"they are late and i miss their dog", "he is late and i miss his dog"} <= made
    made = set(augment(["he likes it"] * 200, np.random.default_rng(0)))
    assert "they likes it" not in made
