"""How much less tweets say because they come in moods."""

import numpy as np
import pytest

from positivity.account.clusters import Days
from positivity.account.quantify import Tallied, quantify


def moods(lasting: float, seed: int, days: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Days and labels of an account whose mood drifts; half of its tweets are positive over all.

    `lasting` is the mood's correlation from one day to the next; below 0 there are no moods.
    """
    rng = np.random.default_rng(seed)
    mood = np.zeros(days)
    mood[0] = rng.normal()
    for day in range(1, days):
        kept = max(lasting, 0.0)
        mood[day] = kept * mood[day - 1] + np.sqrt(1 - kept**2) * rng.normal()
    tweets = rng.poisson(4, days)
    when = np.repeat(np.arange(days), tweets)
    strength = 1.5 if lasting >= 0 else 0.0
    positive = rng.random(len(when)) < 1 / (1 + np.exp(-strength * mood[when]))
    return when, np.where(positive, 2, 0)


def effect(lasting: float, seed: int) -> float:
    days = Days()
    days.add(*moods(lasting, seed))
    return days.design_effect()


def test_tweets_without_moods_count_in_full() -> None:
    effects = [effect(-1, seed) for seed in range(40)]
    assert np.mean(effects) == pytest.approx(1.1, abs=0.12)
    assert min(effects) == 1


def test_moods_of_a_day_and_longer_ones() -> None:
    of_a_day, of_a_week = (np.mean([effect(kept, s) for s in range(20)]) for kept in (0.0, 0.9))
    assert 1.5 < of_a_day < 3
    assert of_a_week > 2 * of_a_day


@pytest.mark.parametrize("lasting", [-1, 0.0, 0.7])
def test_intervals_hold_the_truth_on_accounts_with_moods(lasting: float) -> None:
    held = {"with": 0, "without": 0}
    accounts = 150
    for seed in range(accounts):
        when, labels = moods(lasting, seed)
        tallied = Tallied(labels=np.bincount(labels, minlength=3))
        days = Days()
        days.add(when, labels)
        for name, effect in (("with", days.design_effect()), ("without", 1.0)):
            shares = quantify(tallied, None, seed=1, effect=effect)
            assert shares is not None
            held[name] += shares.positive.low <= 0.5 <= shares.positive.high
    assert held["with"] >= 0.86 * accounts
    if lasting >= 0:
        assert held["without"] < 0.85 * accounts


def test_order_and_batches_do_not_matter_and_memory_is_bounded() -> None:
    when, labels = moods(0.5, 1, days=500)
    when = when * 3  # gaps
    whole = Days(cap=100)
    whole.add(when, labels)
    order = np.random.default_rng(2).permutation(len(when))
    parts = Days(cap=100)
    for rows in np.array_split(order, 17):
        parts.add(when[rows], labels[rows])
    assert whole.design_effect() == parts.design_effect() > 1
    assert len(parts._counts) <= 100


def test_days_counted_in_several_places_are_the_same() -> None:
    when, labels = moods(0.5, 1, days=500)
    whole = Days(cap=100)
    whole.add(when, labels)
    for pieces in (2, 5, 40):  # some are narrower than the whole
        merged = Days(cap=100)
        for rows in np.array_split(np.arange(len(when)), pieces):
            part = Days(cap=100)
            part.add(when[rows], labels[rows])
            merged.merge(part)
        assert merged.design_effect() == whole.design_effect() > 1
        narrow = Days(cap=100)
        narrow.merge(merged)
        assert narrow.design_effect() == whole.design_effect()


def test_few_days_and_one_label_say_nothing() -> None:
    days = Days()
    assert days.design_effect() == 1
    days.add(np.zeros(50, np.int64), np.full(50, 2))
    assert days.design_effect() == 1
    days.add(np.arange(60), np.full(60, 2))
    assert days.design_effect() == 1


def test_the_mood_of_a_month_is_no_noise_within_it() -> None:
    days = Days()
    when = np.repeat(np.arange(280), 4)
    rng = np.random.default_rng(4)
    days.add(when, np.where(rng.random(len(when)) < np.where(when // 28 % 2, 0.9, 0.1), 2, 0))
    assert days.design_effect() > 10
    assert days.effect_within_months() == pytest.approx(1, abs=0.2)
    moody = Days()
    moody.add(when, np.where(rng.random(280) < 0.5, 2, 0)[when])
    assert moody.effect_within_months() == pytest.approx(4, rel=0.1)
