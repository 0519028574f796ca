"""Marked words: what people marked, in words and in tokens; measures; stretches as effects."""

import numpy as np
import pytest

from positivity.explanation import joined, units
from positivity.spans import Marking, Words, f1, jaccard, marked_words
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import TOKENIZERS, SubwordTokenizer, Tokenizer, WordTokenizer
from tests.conftest import POSITIVE


def chosen(text: str, selected: str, normalizer: Normalizer) -> list[str] | None:
    """The marked words as typed."""
    parts = units(text, normalizer)
    marked = marked_words(text, selected, parts)
    if marked is None:
        return None
    assert len(marked) == len(parts)
    return [
        text[part[0].start : part[-1].end]
        for part, taken in zip(parts, marked, strict=True)
        if taken
    ]


@pytest.mark.parametrize(
    ("text", "selected", "expected"),
    [
        ("the train is great today", "great", ["great"]),
        ("the train is great today", " is great ", ["is", "great"]),
        (
            "the train is great today",
            "the train is great today",
            "the train is great today".split(),
        ),
        # Half a word is that word, and punctuation belongs to its word.
        ("so much fun!!! yes", "fun", ["fun!!!"]),
        ("so much fun!!! yes", "ch fun", ["much", "fun!!!"]),
        # The one that begins a word is meant, not the one inside another word.
        ("I know there is no train", "no", ["no"]),
        ("aha ha ha", "ha", ["ha"]),
        ("unhappy", "happy", ["unhappy"]),
        # What is folded, split and replaced on the way to the tokens.
        ("@ann loves #HappyDay 😂 http://t.co/x", "#HappyDay", ["#HappyDay"]),
        ("@ann loves #HappyDay 😂 http://t.co/x", "😂", ["😂"]),
        ("rain &amp; sooooo cold", "sooooo cold", ["sooooo", "cold"]),
        ("don`t you wish", "don`t", ["don`t"]),
        ("no such thing", "elsewhere", None),
        ("nothing is marked", "  ", None),
        ("", "", None),
    ],
)
def test_what_people_copied_is_found_in_the_words(
    text: str, selected: str, expected: list[str] | None, normalizer: Normalizer
) -> None:
    assert chosen(text, selected, normalizer) == expected


ALIGNED = [
    ("the wonderful train is so lovely today", "wonderful"),
    ("Awesomeness!!! and sooooo sick of #HappyMonday", "sooooo sick"),
    ("love 😂😂 it", "😂"),
]


@pytest.mark.parametrize(("text", "selected"), ALIGNED)
@pytest.mark.parametrize("kind", [SubwordTokenizer, WordTokenizer])
def test_tags_of_tokens_follow_the_words(
    text: str, selected: str, kind: type[Tokenizer], normalizer: Normalizer
) -> None:
    corpus = normalizer.normalize_many([each for each, _ in ALIGNED] * 20 + POSITIVE * 5)
    tokenizer = TOKENIZERS[kind.kind].train(corpus, size=60)
    words = Words.of(text, normalizer, tokenizer.encode_many)
    assert words.ids == tokenizer.encode_many([normalizer.normalize(text)])[0]
    assert len(words.ends) == len(words.parts)
    assert words.ends[-1] == len(words.ids)
    marked = marked_words(text, selected, words.parts)
    assert marked is not None
    tokens = words.of_tokens(marked)
    # What the marked tokens say is what the marked words say.
    said = tokenizer.decode(np.array(words.ids)[tokens].tolist())
    parts = [part for part, taken in zip(words.parts, marked, strict=True) if taken]
    assert said == joined(parts)


def masks(*rows: str) -> list[np.ndarray]:
    return [np.array([each == "x" for each in row], bool) for row in rows]


def test_measures_by_hand() -> None:
    gold, taken = masks("xxx..", ".xxx.")
    assert jaccard(gold, taken) == pytest.approx(2 / 4)
    assert f1(gold, taken) == pytest.approx(2 * 2 / (3 + 3))
    nothing, everything = masks(".....", "xxxxx")
    assert (jaccard(gold, nothing), f1(gold, nothing)) == (0.0, 0.0)
    assert jaccard(gold, everything) == pytest.approx(3 / 5)
    assert f1(gold, everything) == pytest.approx(6 / 8)
    assert (jaccard(gold, gold), f1(gold, gold)) == (1.0, 1.0)


def test_a_stretch_is_one_effect_with_its_side(normalizer: Normalizer) -> None:
    text = "this is so very good and that bad 😂"
    parts = units(text, normalizer)
    taken = np.zeros(len(parts), bool)
    taken[[2, 3, 4, 8]] = True
    probabilities = np.linspace(0, 0.8, len(parts))
    effects = Marking(parts, taken, probabilities).effects(-1)
    assert [text[each.start : each.end] for each in effects] == ["so very good", "😂"]
    assert [each.effect for each in effects] == pytest.approx([-0.3, -0.8])
    assert Marking(parts, np.zeros(len(parts), bool), probabilities).effects(1) == ()
