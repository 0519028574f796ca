"""The folder of movie reviews, `aclImdb`, on a sample of our own."""

from dataclasses import replace
from pathlib import Path

import pytest

from positivity.errors import InputError
from positivity.training.labelled import Data, read_labelled
from positivity.training.loop import Record
from positivity.training.recipe import Recipe, Source, read_recipe
from positivity.training.reviews import read_reviews
from positivity.training.run import Run
from tests.conftest import NEGATIVE, POSITIVE

RECIPES = Path(__file__).parents[1] / "models" / "recipes"


def sample(folder: Path, reviews: int = 4) -> Path:
    """Reviews of our own in the layout of the public folder."""
    for part in ("train", "test"):
        for name, words, rating in (("neg", NEGATIVE, 2), ("pos", POSITIVE, 9)):
            place = folder / "aclImdb" / part / name
            place.mkdir(parents=True)
            for i in range(reviews):
                text = f"{part.title()}{i}x.<br /><br />I found it {words[i % 10]}, so {words[3]}."
                (place / f"{i}_{rating}.txt").write_text(text, "utf-8")
    (folder / "aclImdb" / "train" / "unsup").mkdir()
    (folder / "aclImdb" / "train" / "unsup" / "0_0.txt").write_text("nobody rated this")
    return folder / "aclImdb"


def test_reviews_are_read_with_label_rating_and_line_breaks(tmp_path: Path) -> None:
    frame = read_reviews(sample(tmp_path, 12) / "train")
    assert frame.label.tolist() == ["negative"] * 12 + ["positive"] * 12
    assert frame.rating.tolist() == [2] * 12 + [9] * 12
    assert frame.id.tolist()[:3] == ["neg/0_2", "neg/1_2", "neg/2_2"]
    assert frame.id.tolist()[11] == "neg/11_2"
    assert frame.text[0] == "Train0x.\nI found it hate, so bad."


def test_they_are_a_source_like_any_table(tmp_path: Path) -> None:
    folder = sample(tmp_path)
    tweets = read_labelled(folder / "test", Source(file="aclImdb/test", keep={"rating": 9}))
    assert tweets.gold.tolist() == [2] * 4


def test_another_folder_is_refused(tmp_path: Path) -> None:
    folder = sample(tmp_path)
    with pytest.raises(InputError, match=r"name .*train or .*test"):
        read_reviews(folder)
    with pytest.raises(InputError, match="needs pos and neg"):
        read_reviews(tmp_path)
    (folder / "train" / "pos" / "99_10.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match=r"99_10\.txt: cannot be read"):
        read_reviews(folder / "train")


def test_the_recipe_on_reviews_learns(tmp_path: Path) -> None:
    sample(tmp_path, 60)
    recipe = read_recipe(RECIPES / "elman-imdb.toml")
    assert isinstance(recipe, Recipe)
    recipe = replace(recipe, training=replace(recipe.training, batch_size=8, learning_rate=5e-3))
    run = Run(recipe, Data(tmp_path, tmp_path), tmp_path / "r", device="cpu", say=lambda x: None)
    records = [each for each in run.train() if isinstance(each, Record)]
    assert records[-1].loss < records[0].loss
    figures = run.finish().metrics()["eval"]["imdb"]
    assert figures["two_class_macro_recall"] > 0.9
    assert "macro_recall" not in figures
