"""Integrated gradients: they add up, they are zero for nothing, they agree with the score."""

import random

import numpy as np
import pytest

from positivity.account.explanation import GRADIENTS, LEAVE_ONE_OUT
from positivity.explainer import find_effects
from positivity.explanation import encode_parts, joined, units
from positivity.model.gradients import IntegratedGradients
from positivity.model.registry import ModelDirectory, load
from positivity.model.scorer import Scorer, windows_of
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import CharacterTokenizer, WordTokenizer
from tests.conftest import NEGATIVE, NEUTRAL, POSITIVE

TEXTS = [
    "love the train",
    "so haaate the #GoodDay 😂😂 don't &amp; www.x.com",
    "not love, not hate!!!",
    "",
    "  ",
    "great " * 40,
]


@pytest.fixture(scope="module")
def scorer(tiny_model: ModelDirectory) -> Scorer:
    return Scorer.load(tiny_model, device="cpu", exact=True)


@pytest.mark.parametrize("text", TEXTS)
def test_effects_add_up_to_the_score_less_the_baseline(
    text: str, scorer: Scorer, tiny_model: ModelDirectory
) -> None:
    ((effects, baseline),) = find_effects([text], scorer, tiny_model, GRADIENTS)
    negative, _, positive = map(float, scorer.score([text])[0])
    assert baseline is not None
    total = sum(each.effect for each in effects)
    assert total == pytest.approx(positive - negative - baseline, abs=0.01)
    ((expected, none),) = find_effects([text], scorer, tiny_model, LEAVE_ONE_OUT)
    assert none is None
    assert [(e.start, e.end) for e in effects] == [(e.start, e.end) for e in expected]


def test_they_add_up_with_the_shipped_model_too() -> None:
    directory = load("base")
    scorer = Scorer.load(directory, device="cpu", exact=True)
    gradients = IntegratedGradients(directory)
    rng = random.Random(7)
    for _ in range(10):
        words = rng.choices(POSITIVE + NEGATIVE + NEUTRAL + ["not", "but", "!!!"], k=12)
        (ids,) = scorer.encode([" ".join(words)])
        found = gradients.attribute(ids)
        negative, _, positive = map(float, scorer.score([" ".join(words)])[0])
        assert found.score == pytest.approx(positive - negative, abs=1e-4)
        assert found.tokens.sum() == pytest.approx(found.score - found.baseline, abs=0.005)


def test_the_words_that_do_it_get_the_largest_shares() -> None:
    directory = load("base")
    scorer = Scorer.load(directory, device="cpu", exact=True)
    words = ["great", "awful", "wonderful", "terrible", "lovely", "horrible"]
    texts = [f"my train was {word} today" for word in words]
    found = find_effects(texts, scorer, directory, GRADIENTS)
    for text, (effects, _) in zip(texts, found, strict=True):
        strongest = max(effects, key=lambda each: abs(each.effect))
        word = text[strongest.start : strongest.end]
        assert word in words
        assert (strongest.effect > 0) == (words.index(word) % 2 == 0)


def test_a_text_of_several_windows_is_the_mean_of_them(tiny_model: ModelDirectory) -> None:
    gradients = IntegratedGradients(tiny_model)
    ids = [2 + i % 9 for i in range(150)]
    found = gradients.attribute(ids)
    parts = [gradients.attribute(window) for window in windows_of(ids, 96)]
    assert [len(part.tokens) for part in parts] == [96, 54]
    assert found.score == pytest.approx((96 * parts[0].score + 54 * parts[1].score) / 150)
    assert np.allclose(found.tokens[:96], parts[0].tokens * 96 / 150)


@pytest.mark.parametrize("kind", [CharacterTokenizer, WordTokenizer])
def test_every_id_belongs_to_a_part(
    kind: type[CharacterTokenizer | WordTokenizer], normalizer: Normalizer
) -> None:
    parts = units("so greaaat!!! #GoodDay 😂", normalizer)
    tokenizer = kind.train([joined(parts)], size=100)
    ids, ends = encode_parts(parts, tokenizer.encode_many)
    assert ids == tokenizer.encode_many([joined(parts)])[0]
    assert len(ends) == len(parts)
    starts = [0, *ends[:-1]]
    texts = [tokenizer.decode(ids[a:b]).strip() for a, b in zip(starts, ends, strict=True)]
    assert texts == [joined([part]) for part in parts]
    assert encode_parts([], tokenizer.encode_many) == ([], [])


def test_nothing_has_no_attribution(tiny_model: ModelDirectory) -> None:
    found = IntegratedGradients(tiny_model).attribute([])
    assert (len(found.tokens), found.score, found.baseline) == (0, 0.0, 0.0)


def test_there_is_no_other_method(scorer: Scorer, tiny_model: ModelDirectory) -> None:
    with pytest.raises(ValueError, match="no method"):
        find_effects(["love"], scorer, tiny_model, "guess")
