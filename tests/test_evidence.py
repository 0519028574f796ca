"""The strongest tweets and the terms of each side."""

import math
import pickle
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from positivity.account.evidence import MOST_RUNS, POOL, Strongest, TermCounts, log_odds
from positivity.account.report import StrongTweet
from positivity.account.runs import TermKey
from positivity.tweets import tweet_batch

UTC = ZoneInfo("UTC")


def words(texts: Sequence[str]) -> Mapping[TermKey, int]:
    found = (
        {("hashtag" if w[0] == "#" else "word", w) for w in re.findall(r"#?\w+", text.lower())}
        for text in texts
    )
    return Counter(chain.from_iterable(found))


def strongest(
    tweets: Sequence[tuple[str | None, str, float]], *, batch: int = 1000, size: int = 5
) -> tuple[StrongTweet, ...]:
    found = Strongest()
    for start in range(0, len(tweets), batch):
        ids, texts, scores = zip(*tweets[start : start + batch], strict=True)
        rows = np.arange(len(ids))
        found.add(tweet_batch({"id": ids, "text": texts}, length=len(ids)), rows, np.array(scores))
    return found.top(UTC, size)


def test_nothing() -> None:
    assert Strongest().top(UTC) == ()
    assert TermCounts(words).top() == ((), ())


def test_strongest_first_ties_by_number_of_the_id() -> None:
    tweets = [("10", "red", 0.9), ("9", "green", 0.9), ("8", "blue", 0.8), ("7", "grey", 0.95)]
    assert [tweet.id for tweet in strongest(tweets)] == ["7", "9", "10", "8"]


@pytest.mark.parametrize(
    "repeat",
    [
        "Good morning, lovely people!",
        "good   MORNING lovely people https://t.co/abc",
        "@friend Good morning lovely people 2",
    ],
)
def test_near_identical_texts_are_listed_once(repeat: str) -> None:
    tweets = [("2", "Good morning lovely people", 0.9), ("1", repeat, 0.9), ("3", "Cake!", 0.8)]
    assert [tweet.id for tweet in strongest(tweets)] == ["1", "3"]


def test_texts_without_words_are_told_apart() -> None:
    tweets = [("1", "😀😀", 0.9), ("2", "🎉", 0.9), ("3", "😀😀", 0.9)]
    assert [tweet.id for tweet in strongest(tweets)] == ["1", "2"]


def test_order_and_batches_do_not_matter_and_memory_is_flat() -> None:
    rng = random.Random(4)
    tweets: list[tuple[str | None, str, float]] = [
        (str(i), f"text{rng.randrange(900)} about thing{i % 700}", round(rng.random(), 2))
        for i in range(3000)
    ]
    expected = strongest(tweets, size=20)
    by_rank = sorted(tweets, key=lambda tweet: (-tweet[2], int(tweet[0] or 0)))
    assert expected[0].id == by_rank[0][0]
    for batch in (1, 7, 500):
        rng.shuffle(tweets)
        assert strongest(tweets, batch=batch, size=20) == expected


def test_the_pool_is_bounded() -> None:
    found = Strongest()
    texts = [f"a{i} b{i} c{i}" for i in range(5000)]
    batch = tweet_batch({"text": texts}, length=len(texts))
    found.add(batch, np.arange(5000), np.linspace(0.5, 1, 5000))
    assert len(found._best) <= 2 * POOL
    assert [tweet.text for tweet in found.top(UTC, 2)] == [texts[4999], texts[4998]]


def test_what_is_told_of_a_tweet() -> None:
    batch = tweet_batch(
        {
            "id": ["5", None],
            "created_at": [1_772_366_400_000, None],
            "author": ["ada", None],
            "text": ["so good", "fine then"],
        },
        length=2,
    )
    found = Strongest()
    found.add(batch, np.arange(2), np.array([0.9, 0.8]))
    assert found.top(ZoneInfo("America/New_York")) == (
        StrongTweet("5", "2026-03-01T07:00:00-05:00", "ada", "so good", 0.9),
        StrongTweet(None, None, None, "fine then", 0.8),
    )


def test_a_date_without_a_time_is_told_as_one() -> None:
    day = date(2026, 3, 1)
    time = datetime(2026, 3, 1, tzinfo=UTC)
    batch = tweet_batch({"created_at": [day, time], "text": ["so good", "fine then"]}, length=2)
    found = Strongest()
    found.add(batch, np.arange(2), np.array([0.9, 0.8]))
    told = [tweet.created_at for tweet in found.top(ZoneInfo("America/New_York"))]
    assert told == ["2026-03-01", "2026-02-28T19:00:00-05:00"]


def test_log_odds_by_hand() -> None:
    # prior = 20 * 12/200 = 1.2; logits log(11.2/109.3) and log(3.2/117.3) with 0.5 for the rest.
    first = math.log(11.2 / (100 - 10 + 20 - 1.2 + 0.5))
    second = math.log(3.2 / (100 - 2 + 20 - 1.2 + 0.5))
    expected = (first - second) / math.sqrt(1 / 11.2 + 1 / 109.3 + 1 / 3.2 + 1 / 117.3)
    assert log_odds((10, 2), (100, 100)) == pytest.approx(expected)
    assert log_odds((2, 10), (100, 100)) == pytest.approx(-expected)
    assert log_odds((5, 5), (100, 100)) == 0
    assert log_odds((50, 50), (50, 50)) == 0


def test_terms_of_each_side() -> None:
    counts = TermCounts(words)
    for _ in range(20):
        counts.add(["the lovely #spring train"], positive=True)
        counts.add(["the awful train"], positive=False)
    counts.add(["rare gem"], positive=True)
    positive, negative = counts.top()
    assert [(term.kind, term.text) for term in positive] == [
        ("hashtag", "#spring"),
        ("word", "lovely"),
    ]
    assert [(term.text, term.positive, term.negative) for term in negative] == [("awful", 0, 20)]
    assert positive[0].weight > 0 > negative[0].weight


def test_negations_are_no_stop_words() -> None:
    counts = TermCounts(words)
    for _ in range(5):
        counts.add(["not the"], positive=False)
        counts.add(["yes"], positive=True)
    assert [term.text for term in counts.top()[1]] == ["not"]


def test_one_side_only() -> None:
    counts = TermCounts(words)
    for _ in range(5):
        counts.add(["lovely"], positive=True)
    positive, negative = counts.top()
    assert negative == ()
    assert all(math.isfinite(term.weight) for term in positive)


def test_no_count_is_lost_above_the_cap() -> None:
    few, many = TermCounts(words, cap=100), TermCounts(words)
    for i in range(4000):
        for counts in (few, many):
            counts.add([f"lovely unique{i} now{i % 977}"], positive=True)
            counts.add([f"awful other{i} then{i * i % 1009}"], positive=False)
        assert len(few._counts) <= 100
        assert len(few._runs) <= MOST_RUNS
    assert few._runs and not many._runs
    assert few.top(50) == many.top(50)
    assert (few.top()[0][0].text, few.top()[0][0].positive) == ("lovely", 4000)


@pytest.mark.parametrize("cap", [100, 200_000])
def test_terms_counted_in_several_places_are_the_same(cap: int) -> None:
    whole = TermCounts(words, cap=cap)
    parts = [TermCounts(words, cap=cap) for _ in range(7)]
    for i in range(3000):
        text = f"lovely word{i % 311} and{i % 7}" if i % 3 else f"awful word{i % 311} or{i % 5}"
        whole.add([text], positive=bool(i % 3))
        parts[i % 7].add([text], positive=bool(i % 3))
    merged, *others = (pickle.loads(pickle.dumps(part)) for part in parts)
    for other in reversed(others):
        merged.merge(other)
    assert merged.top(40) == whole.top(40)
    assert len(merged._counts) <= cap


def test_of_many_terms_the_heaviest_stay() -> None:
    counts = TermCounts(words)
    for tweet in range(24):
        counts.add(
            [" ".join(f"good{i}" for i in range(1200) if i % 5 >= tweet - 19)], positive=True
        )
        counts.add(["bad"], positive=False)
    terms = counts.top(3)[0]
    assert [(term.text, term.positive) for term in terms] == [
        ("good1004", 24),
        ("good1009", 24),
        ("good1014", 24),
    ]
