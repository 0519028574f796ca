"""The last 30 days against the year before."""

import numpy as np
import pytest

from positivity.account.change import BEFORE, RECENT, LastDays, change
from positivity.account.posterior import BayesianQuantifier, cells_of
from positivity.account.report import Change
from positivity.recalibration import IDENTITY, PARAMETERS, Recalibration

DOUBT = tuple(tuple(row) for row in (0.05 * np.eye(PARAMETERS)).tolist())
QUANTIFIER = BayesianQuantifier(Recalibration(IDENTITY, DOUBT, 8.0, ("one", "two"), 1000))
SIDES = np.array([[0.8, 0.15, 0.05], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]])


def stream(
    before: list[float], recent: list[float], seed: int, a_day: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Days and labels with these shares before and in the last 30 days."""
    rng = np.random.default_rng(seed)
    days = np.repeat(np.arange(RECENT + BEFORE), a_day)
    late = days >= BEFORE
    return days, np.where(
        late, rng.choice(3, len(days), p=recent), rng.choice(3, len(days), p=before)
    )


def compared(
    days: np.ndarray, labels: np.ndarray, *, quantifier: BayesianQuantifier | None = QUANTIFIER
) -> Change | None:
    kept = LastDays()
    kept.add(days, labels, cells_of(SIDES[labels]))
    return change(kept, quantifier, seed=3, effect=1.0)


@pytest.mark.parametrize("quantifier", [QUANTIFIER, None], ids=["corrected", "counted"])
def test_no_change_is_seldom_called_one_and_a_large_one_is(
    quantifier: BayesianQuantifier | None,
) -> None:
    same, fallen = 0, 0
    for seed in range(60):
        steady = compared(*stream([0.2, 0.4, 0.4], [0.2, 0.4, 0.4], seed), quantifier=quantifier)
        fall = compared(*stream([0.2, 0.4, 0.4], [0.5, 0.3, 0.2], seed), quantifier=quantifier)
        assert steady is not None and fall is not None
        same += steady.changed
        fallen += fall.changed
        assert (fall.before_tweets, fall.recent_tweets) == (3 * BEFORE, 3 * RECENT)
        assert fall.difference.value < -20
    assert same <= 7
    assert fallen >= 55


def test_what_is_not_known_of_the_classifier_mostly_falls_out_of_the_difference() -> None:
    result = compared(*stream([0.2, 0.4, 0.4], [0.3, 0.4, 0.3], 1, a_day=40))
    assert result is not None
    width = result.difference.high - result.difference.low
    assert width < 0.8 * (result.recent.high - result.recent.low)


def test_too_few_tweets_on_either_side() -> None:
    assert compared(np.zeros(0, np.int64), np.zeros(0, np.int64)) is None
    days, labels = stream([0.2, 0.4, 0.4], [0.2, 0.4, 0.4], 1)
    assert compared(days[days < 30], labels[days < 30]) is None
    late = days[days >= BEFORE - 6]
    assert compared(late, labels[-len(late) :]) is None


def test_order_and_batches_do_not_matter_and_old_days_are_dropped() -> None:
    days, labels = stream([0.2, 0.4, 0.4], [0.3, 0.4, 0.3], 2)
    days = np.concatenate([days, days - 400])
    labels = np.concatenate([labels, labels])
    cells = cells_of(SIDES[labels])
    whole, parts = LastDays(), LastDays()
    whole.add(days, labels, cells)
    for rows in np.array_split(np.random.default_rng(1).permutation(len(days)), 13):
        parts.add(days[rows], labels[rows], cells[rows])
    for one, other in zip(whole.periods(), parts.periods(), strict=True):
        assert (one.dense() == other.dense()).all()
        assert one.labels.tolist() == other.labels.tolist()
    assert len(parts._days) == RECENT + BEFORE


def test_days_counted_in_several_places_are_the_same() -> None:
    days, labels = stream([0.2, 0.4, 0.4], [0.5, 0.3, 0.2], 5)
    days = np.concatenate([days - 900, days])  # of the first of them nothing is kept
    labels = np.tile(labels, 2)
    cells = cells_of(SIDES[labels])
    expected = LastDays()
    expected.add(days, labels, cells)
    for order in (slice(None), slice(None, None, -1)):
        merged = LastDays()
        for rows in np.array_split(np.arange(len(days))[order], 7):
            part = LastDays()
            part.add(days[rows], labels[rows], cells[rows])
            merged.merge(part)
        merged.merge(LastDays())
        assert merged._days.keys() == expected._days.keys()
        for one, other in zip(merged.periods(), expected.periods(), strict=True):
            assert (one.labels == other.labels).all() and one.cells == other.cells
