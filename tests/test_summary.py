"""All shares together: months that borrow from the whole, what the report says of them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from positivity.account.posterior import BayesianQuantifier, cells_of
from positivity.account.quantify import Tallied
from positivity.account.summary import Summary, alikeness
from positivity.account.timeline import Timeline
from positivity.recalibration import IDENTITY, PARAMETERS, Recalibration

DOUBT = tuple(tuple(row) for row in (0.01 * np.eye(PARAMETERS)).tolist())
QUANTIFIER = BayesianQuantifier(Recalibration(IDENTITY, DOUBT, 8.0, ("one", "two"), 1000))
SIDES = np.array([[0.85, 0.1, 0.05], [0.1, 0.8, 0.1], [0.05, 0.1, 0.85]])


def summary(
    months: list[list[int]], quantifier: BayesianQuantifier | None = QUANTIFIER
) -> tuple[Summary, Timeline]:
    """Of months with these labels (negative, neutral, positive) each."""
    tallied, timeline = Tallied(), Timeline(ZoneInfo("UTC"))
    for number, counts in enumerate(months):
        labels = np.repeat(range(3), counts)
        start = datetime(2025, 1, 2, tzinfo=UTC) + timedelta(days=31 * number)
        times = np.array(
            [int((start + timedelta(days=i % 25)).timestamp()) * 1000 for i in range(len(labels))],
            np.int64,
        )
        cells = cells_of(SIDES[labels])
        tallied.add(labels, cells)
        timeline.add(times, labels, cells)
    return Summary(tallied, timeline, quantifier, seed=1), timeline


def test_a_small_month_stays_near_the_whole_and_a_large_one_speaks_for_itself() -> None:
    steady = [[10, 20, 70]] * 6
    small, _ = summary([*steady, [6, 0, 0]])
    months = summary([*steady, [6, 0, 0]])[1].months(small.of_month)
    assert small.shares is not None
    assert abs(months[-1].net.value - small.shares.net.value) < 50
    assert months[-1].net.low < small.shares.net.value
    large, timeline = summary([*steady, [600, 0, 0]])
    months = timeline.months(large.of_month)
    assert months[-1].net.value < -70
    assert months[0].net.value > 40


@pytest.mark.parametrize("quantifier", [QUANTIFIER, None])
def test_a_month_that_holds_all_tweets_says_what_the_whole_says(
    quantifier: BayesianQuantifier | None,
) -> None:
    found, timeline = summary([[10, 20, 70]], quantifier)
    (month,) = timeline.months(found.of_month)
    assert found.shares is not None
    assert month.net == found.shares.net


def test_a_week_of_six_tweets_stays_near_the_whole() -> None:
    tallied, timeline = Tallied(), Timeline(ZoneInfo("UTC"))
    rng = np.random.default_rng(4)
    for week in range(12):
        counts = [6, 0, 0] if week == 7 else rng.multinomial(25, [0.1, 0.3, 0.6])
        labels = np.repeat(range(3), counts)
        monday = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(weeks=week)
        days = [monday + timedelta(days=int(day)) for day in rng.integers(0, 7, len(labels))]
        times = np.array([int(day.timestamp()) * 1000 for day in days], np.int64)
        cells = cells_of(SIDES[labels])
        tallied.add(labels, cells)
        timeline.add(times, labels, cells)
    found = Summary(tallied, timeline, QUANTIFIER, seed=1)
    weeks = timeline.weeks(found.of_week)
    assert found.shares is not None
    assert [each.tweets for each in weeks] == [25] * 7 + [6] + [25] * 4
    odd = weeks[7].net
    assert -60 < odd.value < found.shares.net.value
    assert odd.high > min(each.net.low for each in weeks)
    bare, _ = summary([[6, 0, 0]])
    assert bare.shares is not None
    assert odd.value > bare.shares.net.value + 15  # it borrows from the others


def test_alike_months_pool_and_different_ones_do_not() -> None:
    rng = np.random.default_rng(3)
    alike = [rng.multinomial(40, [0.2, 0.5, 0.3]) for _ in range(24)]
    different = [rng.multinomial(40, rng.dirichlet([0.8, 2.0, 1.2])) for _ in range(24)]
    assert alikeness(alike) > 50
    assert 3 <= alikeness(different) < 12  # drawn as alike as four tweets
    assert alikeness([np.array([1, 2, 3])]) == 3
    assert alikeness([np.array([0, 5, 0]), np.array([0, 9, 0])]) == 1_000


def test_the_method_and_limits_say_what_was_done() -> None:
    corrected, _ = summary([[10, 20, 70]])
    assert corrected.method.name == "Bayesian prior correction"
    assert corrected.method.fitted_on == ("one", "two")
    assert "mistakes as measured on one, two" in corrected.limits()[0]
    counted, _ = summary([[10, 20, 70]], None)
    assert counted.method.name == "classify and count"
    assert "not corrected" in counted.limits()[0]
    assert counted.shares is not None
    assert counted.shares.positive.value == 0.7
    nothing, _ = summary([])
    assert nothing.shares is None
    assert nothing.limits() == []


def test_parts_of_the_net_add_up_to_it() -> None:
    found, timeline = summary([[30, 50, 120], [80, 40, 60]])
    assert found.shares is not None
    hours = timeline.hours(found.net_by_label)
    mean = sum(slot.tweets * (slot.net or 0) for slot in hours) / sum(slot.tweets for slot in hours)
    assert mean == pytest.approx(found.shares.net.value, abs=0.1)


def test_so_they_do_where_the_tweets_of_a_cell_have_several_labels() -> None:
    tallied, timeline = Tallied(), Timeline(ZoneInfo("UTC"))
    probabilities = np.random.default_rng(5).dirichlet([1.5, 1.5, 2], 300)
    labels, cells = probabilities.argmax(axis=1), cells_of(probabilities)
    tallied.add(labels, cells)
    timeline.add(np.full(300, 1_760_000_000_000), labels, cells)
    found = Summary(tallied, timeline, QUANTIFIER, seed=1)
    assert found.shares is not None
    (net,) = (slot.net for slot in timeline.weekdays(found.net_by_label) if slot.tweets)
    assert net == pytest.approx(found.shares.net.value, abs=0.1)


def test_lasting_moods_are_told() -> None:
    days = [[40, 0, 0], [0, 0, 40]] * 12
    found, _ = summary(days)
    assert found.method.design_effect > 2
    assert found.limits()[1].startswith("Moods last:")
