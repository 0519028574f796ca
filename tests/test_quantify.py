"""Tallied tweets -> shares with intervals, counted and corrected."""

import numpy as np
import pytest

from positivity.account.posterior import BayesianQuantifier, cells_of
from positivity.account.quantify import Shares, Tallied
from positivity.account.quantify import quantify as quantify_tallied
from positivity.account.report import Estimate
from positivity.recalibration import IDENTITY, PARAMETERS, Recalibration

NO_DOUBT = tuple((0.0,) * PARAMETERS for _ in range(PARAMETERS))
SOME_DOUBT = tuple(tuple(row) for row in (0.05 * np.eye(PARAMETERS)).tolist())


def quantify(counts: list[int], *, seed: int) -> Shares | None:
    """By counting."""
    return quantify_tallied(Tallied(labels=np.array(counts)), None, seed=seed)


def net_positivity(counts: list[int], *, seed: int) -> Estimate:
    shares = quantify(counts, seed=seed)
    assert shares is not None
    return shares.net


def tallied(probabilities: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Tallied:
    result = Tallied()
    result.add(probabilities.argmax(axis=1), cells_of(probabilities))
    return result


def quantifier(covariance: tuple[tuple[float, ...], ...] = NO_DOUBT) -> BayesianQuantifier:
    return BayesianQuantifier(Recalibration(IDENTITY, covariance, None, ("made up",), 1000))


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


def test_four_times_the_tweets_halve_the_interval() -> None:
    few, many = (net_positivity([50 * n, 50 * n, 100 * n], seed=9) for n in (1, 4))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(2, rel=0.1)


def probabilities(shares: list[float], size: int, seed: int = 0) -> np.ndarray:
    """Of tweets with these shares, calibrated for equal shares."""
    rng = np.random.default_rng(seed)
    gold = np.repeat(range(3), np.round(np.array(shares) * size).astype(int))
    centres = np.array([[1.2, 0, -0.5], [0, 0.8, 0], [-0.5, 0, 1.2]])
    logits = centres[gold] + rng.normal(size=(len(gold), 3))
    densities = np.exp(-0.5 * ((logits[:, None] - centres) ** 2).sum(axis=2))
    return np.asarray(densities / densities.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("shares", [[0.1, 0.7, 0.2], [0.6, 0.1, 0.3], [0.05, 0.05, 0.9]])
def test_corrected_shares_hold_what_counting_misses(shares: list[float]) -> None:
    tweets = tallied(probabilities(shares, 2000))
    corrected = quantify_tallied(tweets, quantifier(), seed=1)
    counted = quantify_tallied(tweets, None, seed=1)
    assert corrected is not None and counted is not None
    for name, share in zip(("negative", "neutral", "positive"), shares, strict=True):
        estimate = getattr(corrected, name)
        assert estimate.low <= share <= estimate.high, name
        assert estimate.value == pytest.approx(share, abs=0.05)
    worst = max(
        abs(getattr(counted, name).value - share)
        for name, share in zip(("negative", "neutral", "positive"), shares, strict=True)
    )
    assert worst > 0.06
    assert sum(
        getattr(corrected, name).value for name in ("negative", "neutral", "positive")
    ) == pytest.approx(1, abs=2e-4)
    assert corrected.net.value == pytest.approx(
        100 * (corrected.positive.value - corrected.negative.value), abs=0.03
    )


def test_doubt_about_the_errors_stays_however_many_tweets_there_are() -> None:
    widths, lasting = [], []
    for size in (100, 1_600, 25_600):
        tweets = tallied(probabilities([0.3, 0.3, 0.4], size))
        sure = quantify_tallied(tweets, quantifier(), seed=1)
        unsure = quantify_tallied(tweets, quantifier(SOME_DOUBT), seed=1)
        assert sure is not None and unsure is not None
        assert unsure.net.high - unsure.net.low > sure.net.high - sure.net.low
        widths.append((sure.net.high - sure.net.low, unsure.net.high - unsure.net.low))
        lasting.append(unsure.lasting)
        assert sure.lasting == pytest.approx(0, abs=0.01)
    assert widths[2][0] < 0.1 * widths[0][0]
    assert widths[2][1] > 0.3 * widths[0][1]
    assert lasting == sorted(lasting)
    assert lasting[2] > 0.9


@pytest.mark.parametrize("doubt", [NO_DOUBT, SOME_DOUBT])
def test_how_far_more_tweets_narrow_the_net_is_known_beforehand(
    doubt: tuple[tuple[float, ...], ...],
) -> None:
    few, many = (
        quantify_tallied(tallied(probabilities([0.3, 0.3, 0.4], size)), quantifier(doubt), seed=1)
        for size in (200, 1_600)
    )
    assert few is not None and many is not None
    expected = np.sqrt(few.net_lasting + (1 - few.net_lasting) / 8)
    widths = [each.net.high - each.net.low for each in (few, many)]
    assert widths[1] / widths[0] == pytest.approx(expected, rel=0.15)
    assert (few.net_lasting > 0.2) == (doubt is SOME_DOUBT)


@pytest.mark.parametrize("counts", [(2, 3, 15), (20, 60, 120)])
def test_the_interval_is_exact_where_the_exact_one_is_known(counts: tuple[int, ...]) -> None:
    # Tweets whose labels are certain: the posterior is Dirichlet(counts + 1), each share's a beta.
    certain = np.repeat(np.eye(3), counts, axis=0) * 0.997 + 0.001
    plausible = quantifier().plausible(tallied(certain).dense())
    for label, count in enumerate(counts):
        exact = np.random.default_rng(0).beta(1 + count, 2 + sum(counts) - count, 1_000_000)
        low, high = np.quantile(exact, [0.025, 0.975])
        found = plausible.interval(plausible.shares[:, label])
        assert found[1] - found[0] == pytest.approx(high - low, rel=0.06)
        assert found == pytest.approx((low, high), abs=0.1 * (high - low))


def test_one_sided_bounds_lie_within_the_central_interval() -> None:
    shares = quantify_tallied(
        tallied(probabilities([0.3, 0.3, 0.4], 400)), quantifier(SOME_DOUBT), seed=1
    )
    assert shares is not None and shares.opinion is not None and shares.bounds is not None
    assert shares.bounds.value == shares.opinion.value
    assert shares.opinion.low < shares.bounds.low < shares.bounds.high < shares.opinion.high
    arms = [(each.high - each.low) / 2 for each in (shares.bounds, shares.opinion)]
    assert 0.72 < arms[0] / arms[1] < 0.86  # 1.645 / 1.96 = 0.84 of a normal one, less of a t


def test_dependent_tweets_widen_the_interval() -> None:
    tweets = tallied(probabilities([0.3, 0.3, 0.4], 900))
    alone = quantify_tallied(tweets, quantifier(), seed=1)
    moody = quantify_tallied(tweets, quantifier(), seed=1, effect=4.0)
    assert alone is not None and moody is not None
    ratio = (moody.net.high - moody.net.low) / (alone.net.high - alone.net.low)
    assert ratio == pytest.approx(2, rel=0.1)


def test_no_negative_tweet_is_possible_among_a_few_positive_ones() -> None:
    shares = quantify_tallied(tallied(np.array([[0.01, 0.04, 0.95]] * 12)), quantifier(), seed=1)
    assert shares is not None and shares.opinion is not None
    assert shares.negative.low == 0
    assert shares.positive.high == 1
    assert shares.opinion.high == 1
    assert shares.positive.value > 0.7


def test_a_prior_pulls_few_tweets_and_not_many() -> None:
    prior = np.array([90.0, 5.0, 5.0])
    for size, near in ((6, 0.8), (6_000, 0.2)):
        tweets = tallied(probabilities([0.1, 0.2, 0.7], size * 10)[::10])
        shares = quantify_tallied(tweets, quantifier(), seed=1, prior=prior)
        assert shares is not None
        assert (shares.negative.value > 0.6) == (near > 0.5)
