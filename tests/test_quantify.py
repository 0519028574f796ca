"""Counts of labels -> shares with intervals."""

import pytest

from positivity.account.quantify import net_positivity, quantify
from positivity.account.report import Estimate


def test_no_tweets_have_no_shares() -> None:
    assert quantify([0, 0, 0], seed=1) is None


@pytest.mark.parametrize(
    ("counts", "negative", "neutral", "positive", "net", "opinion"),
    [
        ([10, 50, 40], 0.1, 0.5, 0.4, 30.0, 0.8),
        ([1, 1, 1], 0.3333, 0.3333, 0.3333, 0.0, 0.5),
        ([0, 0, 3], 0.0, 0.0, 1.0, 100.0, 1.0),
        ([7, 0, 0], 1.0, 0.0, 0.0, -100.0, 0.0),
    ],
)
def test_values_are_the_observed_shares(
    counts: list[int],
    negative: float,
    neutral: float,
    positive: float,
    net: float,
    opinion: float,
) -> None:
    shares = quantify(counts, seed=1)
    assert shares is not None
    assert shares.negative.value == negative
    assert shares.neutral.value == neutral
    assert shares.positive.value == positive
    assert shares.net.value == net
    assert shares.opinion is not None
    assert shares.opinion.value == opinion


def test_without_opinions_r_is_unknown() -> None:
    shares = quantify([0, 9, 0], seed=1)
    assert shares is not None
    assert shares.opinion is None
    assert shares.net == Estimate(0.0, shares.net.low, shares.net.high)
    assert shares.net.low < 0 < shares.net.high


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Jeffreys intervals of positive out of positive + negative: quantiles of
        # Beta(positive + 1/2, negative + 1/2).
        ([3, 0, 7], 0.3942, 0.9073),
        ([30, 100, 70], 0.6055, 0.7832),
        ([300, 0, 700], 0.6711, 0.7278),
    ],
)
def test_interval_of_r_is_that_of_jeffreys(counts: list[int], low: float, high: float) -> None:
    shares = quantify(counts, seed=11)
    assert shares is not None
    assert shares.opinion is not None
    assert shares.opinion.low == pytest.approx(low, abs=0.012)
    assert shares.opinion.high == pytest.approx(high, abs=0.012)


@pytest.mark.parametrize("counts", [[0, 0, 1], [5, 0, 0], [0, 3, 0], [0, 10, 10], [9, 9, 9]])
def test_interval_is_open_and_holds_the_value(counts: list[int]) -> None:
    shares = quantify(counts, seed=3)
    assert shares is not None
    for share in (shares.negative, shares.neutral, shares.positive):
        assert 0 <= share.low <= share.value <= share.high <= 1
        assert share.low < share.high
    assert -100 <= shares.net.low <= shares.net.value <= shares.net.high <= 100


def test_same_seed_gives_the_same_interval() -> None:
    assert quantify([4, 5, 6], seed=2**64 - 1) == quantify([4, 5, 6], seed=2**64 - 1)
    assert quantify([4, 5, 6], seed=1) != quantify([4, 5, 6], seed=2)


def test_net_is_the_same_alone() -> None:
    shares = quantify([40, 50, 110], seed=5)
    assert shares is not None
    assert net_positivity([40, 50, 110], seed=5) == shares.net


def test_four_times_the_tweets_halve_the_interval() -> None:
    few, many = (net_positivity([50 * n, 50 * n, 100 * n], seed=9) for n in (1, 4))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(2, rel=0.1)
