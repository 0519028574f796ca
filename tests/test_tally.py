"""Scored tweets stream in, a report comes out."""

import pickle
import random
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from positivity.account.posterior import BayesianQuantifier
from positivity.account.report import ModelInfo, Report
from positivity.account.runs import TermKey
from positivity.account.tally import Tally, digest, labels_of
from positivity.recalibration import IDENTITY, PARAMETERS, Recalibration
from positivity.report.words import limits_of_table, line_of
from positivity.tweets import LeftOut, tweet_batch

MODEL = ModelInfo("test", "1", {})
DOUBT = tuple(tuple(row) for row in (0.05 * np.eye(PARAMETERS)).tolist())
QUANTIFIER = BayesianQuantifier(Recalibration(IDENTITY, DOUBT, 8.0, ("one", "two"), 1000))
NEGATIVE, NEUTRAL, POSITIVE = [0.8, 0.15, 0.05], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]


def words(texts: Sequence[str]) -> Mapping[TermKey, int]:
    found = ({("word", word) for word in re.findall(r"\w+", text.lower())} for text in texts)
    return Counter(chain.from_iterable(found))


def no_words(texts: Sequence[str]) -> Mapping[TermKey, int]:
    return {}


def tally(
    rows: list[dict[str, Any]],
    *,
    batch: int = 1000,
    zone: str = "UTC",
    unreadable: int = 0,
    quantifier: BayesianQuantifier | None = None,
    tallies: int = 1,
    all_weeks: bool = True,
    model: ModelInfo = MODEL,
) -> Report:
    """The report on rows of tweet fields with `scores` and `left_out` beside them.

    With several `tallies` these count the batches by turns, and are merged, each after a journey.
    """
    counters = [Tally("@ada", ZoneInfo(zone), words) for _ in range(tallies)]
    for number, start in enumerate(range(0, len(rows), batch)):
        part = rows[start : start + batch]
        names = ("id", "created_at", "author", "text", "kind")
        columns = {name: [row.get(name) for row in part] for name in names}
        scores = np.array([row["scores"] for row in part], np.float32)
        reasons = [row.get("left_out") for row in part]
        counter = counters[number % tallies]
        counter.add(tweet_batch(columns, length=len(part)), scores, reasons)
    counted, *others = counters
    for other in others:
        counted.merge(pickle.loads(pickle.dumps(other)))
    return counted.report(
        ["tweets.csv"],
        model,
        ["Only the newest."],
        quantifier=quantifier,
        unreadable=unreadable,
        all_weeks=all_weeks,
    )


def invented(number: int, *, with_ids: bool = True) -> list[dict[str, Any]]:
    rng = random.Random(8)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    rows = []
    for i in range(number):
        scores = np.array([rng.random() ** 2, rng.random() ** 2, rng.random()]) + 0.001
        time = start + timedelta(hours=7 * i)
        rows.append(
            {
                "id": str(10**18 + i) if with_ids else None,
                "created_at": time if i % 5 else time.date(),
                "author": "ada",
                "text": f"tweet {rng.randrange(40)} about {rng.choice('abcdefghij')}{i % 90}",
                "kind": rng.choice(["original", "reply", None]),
                "scores": (scores / scores.sum()).tolist(),
                "left_out": rng.choices([None, LeftOut.RETWEET, "duplicate"], [8, 1, 1])[0],
            }
        )
    return rows


@pytest.mark.parametrize(
    ("scores", "label"),
    [
        ([0.5, 0.3, 0.2], 0),
        ([0.2, 0.5, 0.3], 1),
        ([0.2, 0.3, 0.5], 2),
        ([0.4, 0.4, 0.2], 1),
        ([0.2, 0.4, 0.4], 1),
        ([0.4, 0.2, 0.4], 1),
    ],
)
def test_label_is_the_highest_and_ties_are_neutral(scores: list[float], label: int) -> None:
    assert labels_of(np.array([scores])).tolist() == [label]


def test_scores_are_rounded_before_they_are_used() -> None:
    report = tally([{"text": "so so", "scores": [0.29999, 0.35002, 0.35003]}])
    assert report.neutral is not None
    assert report.neutral.value == 1


def test_nothing_at_all() -> None:
    report = tally([])
    assert (report.counts.found, report.counts.counted, report.counts.left_out) == (0, 0, {})
    assert report.negative is report.neutral is report.positive is None
    assert report.net is report.opinion is None
    assert report.first is report.last is None
    assert report.verdict.label == "not enough tweets"
    assert not (report.months or report.kinds or report.strongest_positive)
    assert (len(report.hours), len(report.weekdays)) == (24, 7)
    assert report.limits == ("Only the newest.",)


def test_a_model_without_neutral_is_said_to_be_one() -> None:
    rows = [{"text": "love", "scores": POSITIVE}] * 3
    two = replace(MODEL, labels=("negative", "positive"))
    said = "test tells negative and positive apart, and no more"
    assert any(said in limit for limit in tally(rows, model=two).limits)
    assert not any(said in limit for limit in tally(rows).limits)
    assert not any(said in limit for limit in tally([], model=two).limits)


def test_left_out_rows_count_only_as_left_out() -> None:
    nan = [float("nan")] * 3
    report = tally(
        [
            {"id": "1", "text": "lovely", "scores": POSITIVE},
            {"id": "2", "text": "RT lovely", "scores": nan, "left_out": LeftOut.RETWEET},
            {"id": "3", "text": "bof", "scores": NEGATIVE, "left_out": "other language"},
            {"id": "4", "text": "RT bad", "scores": NEGATIVE, "left_out": LeftOut.RETWEET},
        ],
        unreadable=1,
    )
    assert report.counts.found == 5
    assert report.counts.counted == 1
    assert list(report.counts.left_out.items()) == [
        ("retweet", 2),
        ("other language", 1),
        ("unreadable row", 1),
    ]
    assert report.counts.found == report.counts.counted + sum(report.counts.left_out.values())
    assert report.strongest_negative == ()
    assert [tweet.id for tweet in report.strongest_positive] == ["1"]


def test_the_numbers_by_hand() -> None:
    monday = datetime(2026, 3, 2, 9, tzinfo=UTC)
    kinds = ["original", "reply", None, "quote"]
    scores = [POSITIVE, NEGATIVE, POSITIVE, NEUTRAL]
    report = tally(
        [
            {"id": str(i), "text": f"t{i}", "created_at": monday, "kind": kind, "scores": score}
            for i, (kind, score) in enumerate(zip(kinds, scores, strict=True))
        ]
    )
    assert report.positive is not None and report.positive.value == 0.5
    assert report.neutral is not None and report.neutral.value == 0.25
    assert report.negative is not None and report.negative.value == 0.25
    assert report.net is not None and report.net.value == 25
    assert report.opinion is not None and report.opinion.value == 0.6667
    assert [(kind.kind, kind.tweets, kind.net.value) for kind in report.kinds] == [
        ("original", 1, 100),
        ("reply", 1, -100),
        ("quote", 1, 0),
        ("unknown", 1, 100),
    ]
    assert [(month.month, month.tweets) for month in report.months] == [("2026-03", 4)]
    assert (report.hours[9].tweets, report.weekdays[0].net) == (4, 25.0)
    assert (report.first, report.last) == ("2026-03-02", "2026-03-02")
    assert report.strongest_positive[0].created_at == "2026-03-02T09:00:00+00:00"
    assert "classifier's own mistakes" in report.limits[0]


@pytest.mark.parametrize("with_ids", [True, False])
@pytest.mark.parametrize("quantifier", [None, QUANTIFIER], ids=["counted", "corrected"])
def test_order_and_batches_do_not_matter(
    with_ids: bool, quantifier: BayesianQuantifier | None
) -> None:
    rows = invented(700, with_ids=with_ids)
    expected = tally(rows, quantifier=quantifier)
    assert expected.change is not None
    for batch in (1, 13, 700):
        random.Random(batch).shuffle(rows)
        assert tally(rows, batch=batch, quantifier=quantifier) == expected


@pytest.mark.parametrize("quantifier", [None, QUANTIFIER], ids=["counted", "corrected"])
def test_it_does_not_matter_who_counts_what(quantifier: BayesianQuantifier | None) -> None:
    rows = invented(900)
    rows[3]["created_at"] = None
    expected = tally(rows, zone="Asia/Tokyo", quantifier=quantifier)
    for tallies, batch in ((2, 13), (5, 200), (3, 10_000)):
        random.Random(tallies).shuffle(rows)
        merged = tally(rows, batch=batch, zone="Asia/Tokyo", quantifier=quantifier, tallies=tallies)
        assert merged == expected


@pytest.mark.parametrize(("number", "shown"), [(350, "week"), (450, "month")])
def test_weeks_that_no_report_shows_can_be_left_out(number: int, shown: str) -> None:
    rows = invented(number)  # over 102 and 131 days
    whole, quick = tally(rows), tally(rows, all_weeks=False)
    assert line_of(whole)[0] == shown
    assert line_of(quick) == line_of(whole)
    assert quick.weeks == (whole.weeks if shown == "week" else ())
    assert replace(quick, weeks=whole.weeks) == whole


def test_tallies_of_different_time_zones_do_not_mix() -> None:
    there = Tally("x", ZoneInfo("Asia/Tokyo"), no_words)
    with pytest.raises(ValueError, match="time zones"):
        Tally("x", ZoneInfo("UTC"), no_words).merge(there)


def test_a_corrected_report_says_so_and_keeps_the_counts() -> None:
    rows = invented(300)
    corrected, counted = tally(rows, quantifier=QUANTIFIER), tally(rows)
    assert corrected.method.name == "Bayesian prior correction"
    assert corrected.method.fitted_on == ("one", "two")
    assert "corrected for the classifier's mistakes as measured on one, two" in corrected.limits[0]
    assert counted.method.name == "classify and count"
    assert "not corrected" in counted.limits[0]
    for one, other in zip(corrected.months, counted.months, strict=True):
        assert (one.positive, one.neutral, one.negative) == (
            other.positive,
            other.neutral,
            other.negative,
        )
    assert corrected.net is not None and counted.net is not None
    assert corrected.net.high - corrected.net.low > counted.net.high - counted.net.low


def test_other_tweets_give_another_interval() -> None:
    rows = [{"id": str(i), "text": "x", "scores": POSITIVE} for i in range(9)]
    others = [{**row, "id": f"{row['id']}0"} for row in rows]
    assert tally(rows).net != tally(others).net


@pytest.mark.parametrize(
    "change", [{"id": "2"}, {"id": None}, {"id": None, "author": "bob"}, {"id": None, "text": "b"}]
)
def test_digest_tells_tweets_apart(change: dict[str, Any]) -> None:
    def of(row: dict[str, Any]) -> int:
        columns = {name: [value] for name, value in row.items()}
        return digest(tweet_batch(columns, length=1), np.arange(1), np.zeros(1, np.int64))

    row = {"id": "1", "author": "ada", "text": "a"}
    assert of(row) == of({**row, "text": "changed"})
    assert of(row) != of({**row, **change})
    assert of({**row, "id": None}) == of({**row, "id": ""})


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_dates_without_a_time_are_told_and_keep_their_day(zone: str) -> None:
    rows = [
        {"text": text, "scores": POSITIVE, "created_at": moment}
        for text, moment in zip(
            "abc", (date(2026, 3, 1), date(2026, 3, 2), datetime(2026, 3, 1, 12, tzinfo=UTC)),
            strict=True,
        )
    ]  # fmt: skip
    report = tally(rows, zone=zone)
    assert (report.first, report.last) == ("2026-03-01", "2026-03-02")
    assert [slot.tweets for slot in report.weekdays] == [1, 0, 0, 0, 0, 0, 2]
    assert sum(slot.tweets for slot in report.hours) == 1
    assert report.limits[-1] == "2 tweets have a date but no time: left out of the hours."
    alone = tally(rows[:1], zone=zone).limits[-1]
    assert alone == "1 tweet has a date but no time: left out of the hours."
    assert "no time" not in " ".join(tally(rows[2:], zone=zone).limits)


def test_undated_tweets_are_counted_and_told() -> None:
    report = tally(
        [
            {"text": "a", "scores": POSITIVE},
            {"text": "b", "scores": POSITIVE, "created_at": datetime(2026, 1, 1, tzinfo=UTC)},
        ]
    )
    assert report.counts.counted == 2
    assert sum(month.tweets for month in report.months) == 1
    assert (
        report.limits[-1] == "1 tweet has no usable date: counted, but not in the months and weeks."
    )


def test_tweets_of_the_future_are_counted_and_told() -> None:
    now = datetime.now(UTC)
    times = [now + timedelta(hours=20), datetime(2090, 5, 1, tzinfo=UTC)]
    rows = [{"text": "a", "scores": POSITIVE, "created_at": time} for time in times]
    report = tally(rows)
    assert report.counts.counted == 2
    assert report.limits[-1] == (
        "1 tweet is dated in the future, as late as 2090-05-01: counted, but these dates are "
        "wrong, or this machine's clock is."
    )
    assert "2 tweets are dated" in tally(2 * rows, batch=1, tallies=2).limits[-1]
    assert "future" not in " ".join(tally(rows[:1]).limits)  # a day that has begun elsewhere


def test_only_clear_opinions_give_terms() -> None:
    clear: list[dict[str, Any]] = [{"text": "lovely", "scores": POSITIVE}] * 5
    clear += [{"text": "bad", "scores": NEGATIVE}] * 5
    vague: list[dict[str, Any]] = [{"text": "perhaps", "scores": [0.1, 0.4, 0.5]}] * 5
    report = tally(clear + vague)
    assert [term.text for term in report.terms_positive] == ["lovely"]
    assert [term.text for term in report.terms_negative] == ["bad"]


@pytest.mark.parametrize(
    ("probabilities", "reasons"),
    [
        (np.zeros((1, 3)), [None, None]),
        (np.zeros((2, 2)), [None, None]),
        (np.zeros((2, 3)), [None]),
        (np.full((2, 3), np.nan), [None, None]),
    ],
)
def test_what_does_not_fit_is_refused(
    probabilities: np.ndarray[Any, Any], reasons: list[str | None]
) -> None:
    batch = tweet_batch({"text": ["a", "b"]}, length=2)
    with pytest.raises(ValueError):
        Tally("x", ZoneInfo("UTC"), no_words).add(batch, probabilities, reasons)


def test_below_a_table_stand_the_counts_of_all_its_reports() -> None:
    def with_undated(number: int, *others: str) -> Report:
        counted = Tally("x", ZoneInfo("UTC"), no_words)
        columns = {"id": [str(each) for each in range(number + 1)], "text": ["a"] * (number + 1)}
        times = [*[None] * number, date(2026, 5, 1)]
        batch = tweet_batch({**columns, "created_at": times}, length=number + 1)
        scores = np.full((number + 1, 3), 1 / 3, np.float32)
        counted.add(batch, scores, [None] * (number + 1))
        return counted.report([], MODEL, ("said of all", *others))

    reports = [with_undated(5, "said of one"), with_undated(0), with_undated(1200)]
    assert limits_of_table(reports)[-3:] == [
        "said of all",
        "1,205 tweets have no usable date: counted, but not in the months and weeks.",
        "3 tweets have a date but no time: left out of the hours.",
    ]
    assert limits_of_table([with_undated(1), with_undated(0)])[-2].startswith("1 tweet has no")


def test_an_empty_batch_changes_nothing() -> None:
    counted = Tally("x", ZoneInfo("UTC"), no_words)
    counted.add(tweet_batch({"text": []}, length=0), np.zeros((0, 3), np.float32), [])
    assert counted.report([], MODEL).counts.found == 0


def test_a_hundred_thousand_tweets_take_seconds_at_most() -> None:
    rng = np.random.default_rng(1)
    size = 20_000
    counted = Tally("x", ZoneInfo("Europe/Paris"), no_words)
    began = time.process_time()
    for part in range(5):
        numbers = range(part * size, (part + 1) * size)
        columns = {
            "id": [str(10**18 + i) for i in numbers],
            "created_at": [1_500_000_000_000 + i * 3_000_000 for i in numbers],
            "author": ["ada"] * size,
            "text": [f"text number {i}" for i in numbers],
        }
        scores = rng.dirichlet([1, 1, 1], size).astype(np.float32)
        counted.add(tweet_batch(columns, length=size), scores, [None] * size)
    assert counted.report([], MODEL).counts.counted == 5 * size
    assert time.process_time() - began < 10
