"""Terms of tweets, and in how many tweets each occurs."""

import pytest

from positivity.text import terms
from positivity.text.emojis import compile_table
from positivity.text.normalize import Normalizer
from positivity.text.terms import TermFinder


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return Normalizer(compile_table(), ["good", "day"])


def test_a_tweet_counts_once_however_often_it_says_a_term(normalizer: Normalizer) -> None:
    counted = TermFinder(normalizer)(["Good, good (GOOD) day!", "good night", ""])
    assert counted == {("word", "good"): 2, ("word", "day"): 1, ("word", "night"): 1}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("“Lovely!”", {("word", "lovely")}),
        ("don’t", {("word", "don't")}),
        ("either/or", {("word", "either"), ("word", "or")}),
        ("a.", set()),
        ("#GoodDay!", {("hashtag", "#goodday")}),
        ("naïve…", {("word", "naïve")}),
        ("yes😀", {("emoji", "😀"), ("word", "yes")}),
        ("@someone", set()),
        ("https://example.com/good", set()),
        ("!!!", set()),
        ("2024", set()),
    ],
)
def test_the_terms_of_a_word(normalizer: Normalizer, word: str, expected: set[terms.Term]) -> None:
    assert TermFinder(normalizer)([word]).keys() == expected


def test_forgetting_changes_no_count(
    normalizer: Normalizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [[f"good word{i} thing{i % 7}", "#tag good, night"] for i in range(50)]
    remembers = TermFinder(normalizer)
    expected = [remembers(some) for some in texts]
    monkeypatch.setattr(terms, "_MOST_REMEMBERED", 40)
    forgets = TermFinder(normalizer)
    assert [forgets(some) for some in texts] == expected
    assert len(forgets._words) < 12
