"""Why a text got its score: effects stand where they belong and follow from the scores."""

import io
from itertools import pairwise

import numpy as np
import pytest
from rich.console import Console

from positivity.account.report import Effect, StrongTweet
from positivity.explanation import explain, explained
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer
from positivity.report.html import marked
from positivity.report.reasons import render_reasons
from positivity.text.normalize import Normalizer
from tests.test_html import page, report


@pytest.fixture(scope="module")
def scorer(tiny_model: ModelDirectory) -> Scorer:
    return Scorer.load(tiny_model, device="cpu", exact=True)


def score(scorer: Scorer, text: str) -> float:
    negative, _, positive = map(float, scorer.score([text])[0])
    return positive - negative


def test_an_effect_is_the_score_with_the_word_less_the_score_without(scorer: Scorer) -> None:
    text = "the train is great"
    (effects,) = explain([text], scorer)
    assert [text[each.start : each.end] for each in effects] == text.split()
    without = {"great": "the train is", "train": "the is great"}
    for each in effects:
        word = text[each.start : each.end]
        if word in without:
            expected = score(scorer, text) - score(scorer, without[word])
            assert each.effect == pytest.approx(expected, abs=1e-3)


def test_no_effect_hangs_on_a_mark_that_is_not_read(tiny_model: ModelDirectory) -> None:
    scorer = Scorer.load(tiny_model, device="cpu", exact=True)
    known = scorer.normalizer
    scorer.normalizer = Normalizer(known.emoji, known.words, last_mark=False)
    for text, rest in (("hate it. great", "hate it."), ("love. great", "love")):
        effect = explain([text], scorer)[0][-1].effect
        assert effect == pytest.approx(score(scorer, text) - score(scorer, rest), abs=1e-3)


def test_parts_are_words_hashtags_and_emoji_as_typed(scorer: Scorer) -> None:
    texts = ["so greaaat!!! #GoodDay 😂😂 don't &amp; www.x.com", "", "   ", "❤️love😡"]
    for text, effects in zip(texts, explain(texts, scorer), strict=True):
        spans = [(each.start, each.end) for each in effects]
        assert spans == sorted(spans)
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    shown = [texts[0][each.start : each.end] for each in explain(texts[:1], scorer)[0]]
    assert shown == ["so", "greaaat!!!", "#GoodDay", "😂😂", "don't", "&amp;", "www.x.com"]
    shown = [texts[3][each.start : each.end] for each in explain(texts[3:], scorer)[0]]
    assert "love" in shown


def test_many_texts_are_explained_as_one_is(scorer: Scorer) -> None:
    texts = ["love the train", "hate monday", "great great sad", ""] * 5
    together = explain(texts, scorer)
    for text, effects in zip(texts, together, strict=True):
        (alone,) = explain([text], scorer)
        assert [(e.start, e.end) for e in alone] == [(e.start, e.end) for e in effects]
        assert np.allclose([e.effect for e in alone], [e.effect for e in effects], atol=1e-4)


def test_reports_are_filled(scorer: Scorer) -> None:
    plain = [report(), report(strongest_negative=())]
    filled = explained(plain, scorer)
    assert [len(each.strongest_positive[0].effects) for each in filled] == [3, 3]
    assert filled[0].strongest_negative[0].effects != ()
    assert filled[1].strongest_negative == ()
    assert filled[0].months == plain[0].months


def test_the_page_marks_what_moved_the_score() -> None:
    effects = (Effect(0, 4, 0.0), Effect(5, 6, 0.2), Effect(7, 10, -0.9))
    tweet = StrongTweet("20", None, None, "what a day", 0.9, effects)
    assert marked(tweet) == [
        ("what ", "", 0),
        ("a", "up", 1),
        (" ", "", 0),
        ("day", "down", 3),
        ("", "", 0),
    ]
    assert '<mark class="down-3">day<span class="sign">−</span></mark>' in page(
        report(strongest_positive=(tweet,))
    )
    faint = StrongTweet("20", None, None, "what a day", 0.9, (Effect(0, 4, 0.01),))
    assert marked(faint) == [("what a day", "", 0)]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_at_a_terminal_every_mark_has_a_sign(encoding: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    text = "not \x1b[31mbad \u202eat all"
    start = text.index("bad")
    rows = [(text, (Effect(0, 3, -0.4), Effect(start, start + 3, 0.7))), ("plain", ())]
    render_reasons(rows, Console(file=out, width=60))
    out.flush()
    shown = raw.getvalue().decode(encoding)
    assert "[+0.70]" in shown
    assert "0.40]" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "plain" not in shown


def test_nothing_is_said_where_nothing_moved() -> None:
    out = io.StringIO()
    render_reasons([("meh", (Effect(0, 3, 0.01),))], Console(file=out, width=60))
    assert out.getvalue() == ""
