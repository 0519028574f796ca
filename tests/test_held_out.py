"""What is held out is not trained on, nor is what was made of tweets that were held back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from positivity.errors import InputError
from positivity.text.emojis import compile_table
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import WordTokenizer
from positivity.training.datasets import NamedSet, build_examples
from positivity.training.held_out import HeldOut
from positivity.training.labelled import SOFT_LABELS, SOFT_STATES, Data
from positivity.training.quantification import quantification_file
from positivity.training.recipe import Recipe, Source, read_recipe
from tests.conftest import WORDS

TWEET = "the new phone from them is late again and i am cross"


def test_a_text_made_of_a_source_is_known() -> None:
    held = HeldOut(["another tweet that only has to stay out"], [TWEET])
    assert TWEET in held
    assert "another tweet that only has to stay out" in held
    # One word replaced, a part, and two tweets spliced.
    assert "the new phone from them is blue again and i am cross" in held
    assert "is late again and" in held
    assert "the new phone from them is made of wood" in held
    assert "nobody says the new phone from them is late" in held


@pytest.mark.parametrize(
    "text",
    [
        "another tweet that only has to stay in",  # nothing is made of those that are held out
        "the new phone",  # a single run of three: too short to tell
        "the new phone is the one that my brother wanted",
        "",
    ],
)
def test_other_texts_are_not(text: str) -> None:
    held = HeldOut(["another tweet that only has to stay out"], [TWEET])
    assert text not in held


def test_what_is_held_back_leaves_the_training_data_with_its_relatives(tmp_path: Path) -> None:
    vocabulary = "a b c d e f g h i j k".split()
    (tmp_path / "t.csv").write_text(
        "split,label,text\ntrain,positive,a b c d e\ntrain,negative,f g h\ntrain,neutral,i j k\n"
        "kept,positive,a b c d e\n"
    )
    teacher = tmp_path / "teacher"
    teacher.mkdir()
    soft = {"text": ["a b c d f", "g a h b i c"], "negative": 0.2, "neutral": 0.3, "positive": 0.5}
    pd.DataFrame(soft).to_parquet(teacher / SOFT_LABELS)
    np.save(teacher / SOFT_STATES, np.zeros((2, 4), np.float16))
    kept = Source(name="dev", file="t.csv", keep={"split": "kept"})
    recipe = Recipe(
        name="r",
        train=(Source(file="t.csv", keep={"split": "train"}), Source(teacher="teacher")),
        dev=(Source(name="dev", file="t.csv"),),
        held_back=(kept,),
    )
    normalizer = Normalizer(compile_table(), WORDS)
    tokenizer = WordTokenizer(vocabulary)
    examples = build_examples(recipe, Data(tmp_path, tmp_path), normalizer, tokenizer, [])
    texts = {
        tokenizer.decode(examples.tokens[start:end].tolist())
        for start, end in zip(examples.offsets, examples.offsets[1:], strict=False)
    }
    assert texts == {"f g h", "i j k", "g a h b i c"}


def test_a_set_without_its_development_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        "name = 'r'\n[[dev]]\nname = 'one'\nfile = 'a.csv'\n"
        "[[held_back]]\nname = 'two'\nfile = 'a.csv'\n"
    )
    with pytest.raises(InputError, match="'two' is not the name of a development set"):
        read_recipe(tmp_path / "r.toml")


def test_sets_of_one_name_correct_shares_together() -> None:
    rng = np.random.default_rng(1)

    def labelled(name: str, size: int) -> tuple[NamedSet, torch.Tensor]:
        gold = rng.integers(0, 3, size)
        logits = torch.from_numpy(1.5 * np.eye(3)[gold] + rng.normal(size=(size, 3)))
        return NamedSet(name, [""] * size, gold), logits

    parts = [labelled("a", 200), labelled("b", 300), labelled("a", 600)]
    sets, logits = [part[0] for part in parts], [part[1] for part in parts]
    together = quantification_file(sets, logits, 1.0)
    whole = NamedSet("a", [""] * 800, np.concatenate([sets[0].gold, sets[2].gold]))
    joined = quantification_file(
        [whole, sets[1]], [torch.cat([logits[0], logits[2]]), logits[1]], 1.0
    )
    assert together == joined
