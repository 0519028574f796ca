"""Explanations: the terms that carry a side, the least sure tweets, samples, in flat memory."""

import random
from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from positivity.account import grounds as grounds_module
from positivity.account.explanation import LEAVE_ONE_OUT
from positivity.account.grounds import Grounds
from positivity.account.report import ModelInfo, Report
from positivity.account.tally import Tally
from positivity.analysis import ScoredBatch
from positivity.explainer import Explainer, weigh
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer
from positivity.text.terms import TermFinder
from positivity.tweets import TweetBatch, tweet_batch
from tests.conftest import NEGATIVE, NEUTRAL, POSITIVE

UTC = ZoneInfo("UTC")


@pytest.fixture(scope="module")
def scorer(tiny_model: ModelDirectory) -> Scorer:
    return Scorer.load(tiny_model, device="cpu", exact=True)


def tweets(texts: list[str]) -> TweetBatch:
    ids = [str(100 + i) for i in range(len(texts))]
    return tweet_batch({"id": ids, "text": texts}, length=len(texts))


def watched(scorer: Scorer, texts: list[str], *, batch: int = 1000) -> Grounds:
    found = Grounds(TermFinder(scorer.normalizer))
    for at in range(0, len(texts), batch):
        some = texts[at : at + batch]
        found.add(tweets(some), scorer.score(some), [None] * len(some))
    return found


def moods(number: int = 60) -> list[str]:
    """Positive tweets are of trains and negative ones of tables, which says nothing by itself."""
    rng = random.Random(1)
    return [
        f"{rng.choice(POSITIVE)} {rng.choice(POSITIVE)} train {i}x"
        if i % 2
        else f"{rng.choice(NEGATIVE)} {rng.choice(NEGATIVE)} table {i}x"
        for i in range(number)
    ]


def test_a_word_that_keeps_company_and_does_nothing_carries_nothing(scorer: Scorer) -> None:
    found = watched(scorer, moods())
    company = {term.text for term in found.candidates()}
    assert {"train", "table"} <= company
    weighed = weigh(found.candidates(), found, scorer)
    carrying = {term.text for term in weighed}
    assert carrying & {"train", "table"} == set()
    assert carrying & set(POSITIVE)
    assert carrying & set(NEGATIVE)
    for term in weighed:
        assert term.log_odds * term.effect > 0
        assert term.weight == pytest.approx(term.log_odds * abs(term.effect), abs=1e-3)
        assert (term.text in POSITIVE) == (term.effect > 0) == (term.positive > term.negative)
        assert 1 <= term.measured <= 16
    assert [abs(each.weight) for each in weighed] == sorted(
        (abs(each.weight) for each in weighed), reverse=True
    )


def test_the_effect_of_a_term_is_the_mean_of_leaving_it_out(scorer: Scorer) -> None:
    texts = [f"the station {i}x" for i in range(5)]
    texts += [f"love train {i}x" for i in range(6)] + [f"hate table {i}x" for i in range(6)]
    found = watched(scorer, texts)
    love = next(term for term in weigh(found.candidates(), found, scorer) if term.text == "love")
    with_it = scorer.score([f"love train {i}x" for i in range(6)]).astype(float)
    without = scorer.score([f"train {i}x" for i in range(6)]).astype(float)
    expected = (with_it - without)[:, 2].mean() - (with_it - without)[:, 0].mean()
    assert love.effect == pytest.approx(expected, abs=1e-3)
    assert (love.positive, love.negative, love.measured) == (6, 0, 6)


def test_hashtags_and_emoji_are_left_out_like_words(scorer: Scorer) -> None:
    texts = [f"#LoveGreat 😂 train {i}x love" for i in range(6)]
    texts += [f"hate hate {i}x" for i in range(6)]
    found = watched(scorer, texts)
    kinds = {(term.kind, term.text) for term in found.candidates()}
    assert {("hashtag", "#lovegreat"), ("emoji", "😂")} <= kinds
    measured = {each.text: each.measured for each in weigh(found.candidates(), found, scorer)}
    assert all(count in (5, 6, 7) for count in measured.values()), measured


def test_nothing_in_nothing_out(scorer: Scorer) -> None:
    found = watched(scorer, [])
    assert (found.candidates(), found.texts(), found.least_sure(UTC)) == ((), [], ())
    assert weigh((), found, scorer) == []


def test_the_least_sure_are_those_with_the_lowest_best_label() -> None:
    found = Grounds(lambda texts: {})
    probabilities = np.array(
        [[0.9, 0.05, 0.05], [0.34, 0.33, 0.33], [0.4, 0.4, 0.2], [0.1, 0.5, 0.4]], np.float32
    )
    names = ["sure mouse", "torn cat", "tied dog", "grey horse"]
    found.add(tweets(names), probabilities, [None] * 4)
    assert [tweet.text for tweet in found.least_sure(UTC)] == [
        "torn cat",
        "tied dog",
        "grey horse",
        "sure mouse",
    ]


def test_what_is_left_out_is_not_looked_at() -> None:
    found = Grounds(lambda texts: Counter(("word", text) for text in texts))
    probabilities = np.full((6, 3), np.nan, np.float32)
    probabilities[:3] = [0.05, 0.05, 0.9]
    left_out = [None, None, None, "retweet", "retweet", "other language"]
    found.add(tweets(["a", "a", "a", "b", "b", "b"]), probabilities, left_out)
    assert found.texts() == ["a"]
    assert len(found.least_sure(UTC)) == 1


def test_neither_order_nor_batches_matter(scorer: Scorer) -> None:
    texts = moods() + [f"{word} {other}" for word in NEUTRAL for other in POSITIVE[:3]]
    first = watched(scorer, texts)
    expected = (weigh(first.candidates(), first, scorer), first.texts())
    for batch in (1, 7):
        found = watched(scorer, texts, batch=batch)
        assert found.texts() == expected[1]
        for one, other in zip(weigh(found.candidates(), found, scorer), expected[0], strict=True):
            assert (one.text, one.positive, one.measured) == (
                other.text,
                other.positive,
                other.measured,
            )
            assert one.effect == pytest.approx(other.effect, abs=2e-4)


def test_the_sample_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grounds_module, "SAMPLED", 20)
    found = Grounds(lambda texts: {})
    texts = [f"tweet {i}" for i in range(500)]
    for text in texts:
        found.add(tweets([text]), np.array([[0, 0, 1]], np.float32), [None])
    kept = found.texts()
    assert len(kept) == 20
    assert set(kept) <= set(texts)
    assert len(found._samples[2]._texts) < 40


def tallied(texts: list[str], probabilities: np.ndarray) -> Report:
    tally = Tally("@ann", UTC, lambda texts: {})
    tally.add(tweets(texts), probabilities, [None] * len(texts))
    return tally.report([], ModelInfo("tiny", "1", {}))


def test_an_explanation_has_it_all(scorer: Scorer, tiny_model: ModelDirectory) -> None:
    texts = moods()
    probabilities = scorer.score(texts)
    explainer = Explainer(tiny_model, UTC, LEAVE_ONE_OUT)
    explainer.begin(scorer)
    explainer.add(ScoredBatch(tweets(texts), probabilities, [None] * len(texts)))
    report = tallied(texts, probabilities)
    found = explainer.explain(report)
    assert found.report is report
    assert [each.text for each in found.strongest_positive] == [
        each.text for each in report.strongest_positive
    ]
    for tweet in (*found.strongest_positive, *found.strongest_negative, *found.least_sure):
        assert tweet.score == pytest.approx(tweet.positive - tweet.negative, abs=1e-4)
        assert tweet.negative + tweet.neutral + tweet.positive == pytest.approx(1, abs=2e-4)
        assert [tweet.text[e.start : e.end] for e in tweet.effects] == tweet.text.split()
        assert tweet.baseline is None
    assert all(term.weight > 0 for term in found.terms_positive)
    assert all(term.weight < 0 for term in found.terms_negative)
    assert found.terms_positive
    assert found.terms_negative


def test_an_explainer_that_saw_nothing_complains(tiny_model: ModelDirectory) -> None:
    with pytest.raises(ValueError, match="nothing was watched"):
        Explainer(tiny_model, UTC, LEAVE_ONE_OUT).explain(
            tallied(["love"], np.array([[0, 0, 1]], np.float32))
        )


def test_the_work_does_not_grow_with_the_account(
    tiny_model: ModelDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[int] = []
    score_ids = Scorer.score_ids

    def counting(self: Scorer, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        scored.append(len(ids))
        return score_ids(self, ids)

    scorer = Scorer.load(tiny_model, device="cpu", exact=True)
    work = []
    for number in (400, 3200):
        texts = moods(number)
        probabilities = scorer.score(texts)
        explainer = Explainer(tiny_model, UTC, LEAVE_ONE_OUT)
        explainer.begin(scorer)
        explainer.add(ScoredBatch(tweets(texts), probabilities, [None] * number))
        report = tallied(texts, probabilities)
        scored.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Scorer, "score_ids", counting)
            explainer.explain(report)
        work.append(sum(scored))
    # Each shown tweet with each of its words left out, and 2 x 30 terms on 16 tweets, twice.
    assert 0 < work[1] < 2 * 60 * 16 + 15 * 40
    assert work[1] == pytest.approx(work[0], rel=0.1)
