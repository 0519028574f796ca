"""Shares -> a verdict and its sentence."""

import numpy as np
import pytest

from positivity.account.quantify import Shares, Tallied, quantify
from positivity.account.report import ONE_SIDED_LIMIT, Estimate, Verdict
from positivity.account.verdict import (
    DELTA,
    LABELS,
    decide,
    judge,
    limits,
    more_tweets,
)


def decided(counts: list[int]) -> Verdict:
    return decide(sum(counts), quantify(Tallied(labels=np.array(counts)), None, seed=7))


def decide_on(
    counts: list[int],
    opinion: Estimate,
    *,
    delta: float = DELTA,
    lasting: float = 0.0,
    bounds: Estimate | None = None,
) -> Verdict:
    """The verdict on an interval of r, with the shares of `counts` around it."""
    negative, neutral, positive = (Estimate(round(each / sum(counts), 4), 0, 1) for each in counts)
    net = Estimate(0, -100, 100)
    return decide(
        sum(counts), Shares(negative, neutral, positive, net, opinion, bounds, lasting), delta=delta
    )


@pytest.mark.parametrize(
    ("low", "value", "high", "label"),
    [
        (0.551, 0.60, 0.65, "mainly positive"),
        (0.550, 0.60, 0.65, "not enough tweets"),
        (0.560, 0.57, 0.58, "mainly positive"),
        (0.300, 0.40, 0.449, "mainly negative"),
        (0.300, 0.40, 0.450, "not enough tweets"),
        (0.400, 0.50, 0.600, "mixed"),
        (0.399, 0.50, 0.600, "not enough tweets"),
        (0.400, 0.50, 0.601, "not enough tweets"),
        (0.540, 0.57, 0.600, "mixed"),
        (0.000, 0.50, 1.000, "not enough tweets"),
    ],
)
def test_judge(low: float, value: float, high: float, label: str) -> None:
    assert judge(Estimate(value, low, high)) == label


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.9998, 1.0, (99, 100)),
        (0.0, 0.0002, (0, 1)),
        (0.996, 0.999, (99, 100)),
        (1.0, 1.0, (100, 100)),
        (0.0, 0.0, (0, 0)),
        (0.004, 0.706, (0, 71)),
    ],
)
def test_all_and_none_are_said_only_where_an_interval_reaches_them(
    low: float, high: float, said: tuple[int, int]
) -> None:
    assert Estimate(low, low, high).in_hundred() == said


def test_a_side_needs_its_own_bound_only_and_mixed_needs_both() -> None:
    opinion = Estimate(0.7, 0.54, 0.86)
    assert judge(opinion) == "not enough tweets"
    assert judge(opinion, bounds=Estimate(0.7, 0.56, 0.84)) == "mainly positive"
    assert judge(opinion, bounds=Estimate(0.7, 0.55, 0.84)) == "not enough tweets"
    opinion = Estimate(0.3, 0.2, 0.46)
    assert judge(opinion, bounds=Estimate(0.3, 0.22, 0.44)) == "mainly negative"
    middle = Estimate(0.5, 0.39, 0.58)
    assert judge(middle, bounds=Estimate(0.5, 0.41, 0.57)) == "not enough tweets"
    settled = decide_on([30, 20, 70], Estimate(0.7, 0.54, 0.86), bounds=Estimate(0.7, 0.56, 0.84))
    assert settled.sentence == (
        "mainly positive: about 7 in 10 tweets with an opinion are positive (54 to 86 in 100)"
    )


@pytest.mark.parametrize(
    ("opinion", "bounds", "label", "told"),
    [
        (Estimate(0.7, 0.42, 0.9), Estimate(0.7, 0.56, 0.84), "mainly positive", True),
        (Estimate(0.7, 0.55, 0.9), Estimate(0.7, 0.56, 0.84), "mainly positive", True),
        (Estimate(0.7, 0.551, 0.9), Estimate(0.7, 0.56, 0.84), "mainly positive", False),
        (Estimate(0.3, 0.1, 0.48), Estimate(0.3, 0.2, 0.44), "mainly negative", True),
        (Estimate(0.3, 0.1, 0.449), Estimate(0.3, 0.2, 0.44), "mainly negative", False),
        (Estimate(0.5, 0.41, 0.59), Estimate(0.5, 0.42, 0.58), "mixed", False),
        (Estimate(0.5, 0.3, 0.8), Estimate(0.5, 0.4, 0.7), "not enough tweets", False),
    ],
)
def test_an_interval_across_the_border_is_explained(
    opinion: Estimate, bounds: Estimate, label: str, told: bool
) -> None:
    share, net = Estimate(0.4, 0.1, 0.9), Estimate(0, -100, 100)
    shares = Shares(share, share, share, net, opinion, bounds)
    verdict = decide(200, shares)
    assert verdict.label == label
    assert limits(verdict, shares) == ([ONE_SIDED_LIMIT] if told else [])
    assert f"more than {round(100 * (0.5 + DELTA))} in 100" in ONE_SIDED_LIMIT


def test_nothing_counted_has_no_limits() -> None:
    assert limits(decide(0, None), None) == []


def test_what_is_missing_is_counted_from_the_bound() -> None:
    opinion = Estimate(0.7, 0.45, 0.95)
    central = more_tweets(opinion, 100)
    assert central is not None
    nearer = more_tweets(opinion, 100, bounds=Estimate(0.7, 0.49, 0.91))
    assert nearer == 100  # (0.21 / 0.15)² = 1.96 times as many
    assert central > nearer


def test_counted_labels_have_no_bounds_of_their_own() -> None:
    counted = quantify(Tallied(labels=np.array([10, 10, 30])), None, seed=1)
    assert counted is not None
    assert counted.bounds is None


def test_delta_is_a_setting() -> None:
    opinion = Estimate(0.62, 0.58, 0.66)
    assert judge(opinion) == "mainly positive"
    assert judge(opinion, 0.1) == "mixed"
    assert decide_on([38, 0, 62], opinion, delta=0.1).label == "mixed"


@pytest.mark.parametrize(
    ("opinion", "counts", "label", "sentence"),
    [
        (
            Estimate(0.7, 0.64, 0.754),
            [30, 20, 70],
            "mainly positive",
            "mainly positive: about 7 in 10 tweets with an opinion are positive (64 to 75 in 100)",
        ),
        (
            Estimate(0.2, 0.15, 0.26),
            [80, 20, 20],
            "mainly negative",
            "mainly negative: about 8 in 10 tweets with an opinion are negative (74 to 85 in 100)",
        ),
        (
            Estimate(0.51, 0.45, 0.57),
            [98, 0, 102],
            "mixed",
            "mixed: about half of the tweets with an opinion are positive (45 to 57 in 100)",
        ),
        (
            Estimate(0.99, 0.97, 0.999),
            [1, 0, 99],
            "mainly positive",
            "mainly positive: nearly all tweets with an opinion are positive (97 to 100 in 100)",
        ),
        (
            Estimate(1.0, 0.6, 1.0),
            [0, 0, 5],
            "mainly positive",
            "mainly positive: all tweets with an opinion are positive (60 to 100 in 100)",
        ),
        (
            Estimate(0.7, 0.64, 0.75),
            [30, 901, 70],
            "mainly positive",
            "mostly neutral; of the rest mainly positive: "
            "about 7 in 10 are positive (64 to 75 in 100)",
        ),
    ],
)
def test_settled(opinion: Estimate, counts: list[int], label: str, sentence: str) -> None:
    assert decide_on(counts, opinion) == Verdict(label, sentence, None)


def test_one_tweet_in_ten_with_an_opinion_is_not_mostly_neutral() -> None:
    opinion = Estimate(0.7, 0.64, 0.75)
    assert decide_on([30, 900, 70], opinion).sentence.startswith("mainly positive")
    assert decide_on([30, 901, 70], opinion).sentence.startswith("mostly neutral; of the rest")


def test_not_enough() -> None:
    # The lower arm of 0.30 must shrink to 0.75 - 0.55 = 0.20: (0.3/0.2)**2 = 2.25 times the 36.
    verdict = decide_on([6, 12, 18], Estimate(0.75, 0.45, 0.9))
    assert verdict == Verdict(
        "not enough tweets",
        "not enough tweets: about 8 in 10 tweets with an opinion are positive (45 to 90 in 100); "
        "about 50 more like these would settle it",
        50,
    )
    assert verdict.word == "not enough tweets"


NO_NUMBER = "how many more would settle it can be told from some 30 tweets on"


@pytest.mark.parametrize("lasting", [0.0, 0.9])
@pytest.mark.parametrize("counts", [[0, 0, 1], [1, 1, 1], [10, 9, 10]])
def test_a_few_tweets_tell_neither_how_many_more_nor_that_none_would_help(
    counts: list[int], lasting: float
) -> None:
    verdict = decide_on(counts, Estimate(0.6, 0.1, 0.9), lasting=lasting)
    assert verdict == Verdict(
        "not enough tweets",
        "not enough tweets: about 6 in 10 tweets with an opinion are positive (10 to 90 in 100); "
        + NO_NUMBER,
        None,
    )
    assert verdict.word == "not enough tweets"


def test_dozens_of_tweets_tell_how_many_more_but_not_that_none_would_help() -> None:
    opinion = Estimate(0.65, 0.45, 0.80)
    settled_by = "about 90 more like these would settle it"
    assert decide_on([10, 0, 20], opinion).sentence.endswith(settled_by)
    for counts in ([10, 0, 20], [30, 9, 60]):
        verdict = decide_on(counts, opinion, lasting=0.9)
        assert verdict.sentence.startswith("not enough tweets: ")
        assert verdict.sentence.endswith(
            "; whether more would settle it can be told from some 100 tweets on"
        )
        assert (verdict.tweets_needed, verdict.undecided) == (None, False)
    assert decide_on([30, 10, 60], opinion, lasting=0.9).undecided


@pytest.mark.parametrize(
    ("opinion", "lasting", "cause"),
    [
        # Half the arm lasts: 0.045 is little, and yet more than the 0.02 to the border of 0.55.
        (Estimate(0.57, 0.48, 0.66), 0.25, "near does that lie to the border between mixed and"),
        (Estimate(0.43, 0.34, 0.52), 0.25, "near does that lie to the border between mixed and"),
        (Estimate(0.51, 0.385, 0.635), 0.6, "unsure is how the classifier errs on such tweets"),
        (Estimate(0.57, 0.30, 0.80), 0.5, "unsure is how the classifier errs on such tweets"),
        (Estimate(0.69, 0.44, 0.93), 0.9, "unsure is how the classifier errs on such tweets"),
    ],
)
def test_the_classifier_is_blamed_only_where_it_is_to_blame(
    opinion: Estimate, lasting: float, cause: str
) -> None:
    verdict = decide_on([600, 0, 800], opinion, lasting=lasting)
    assert verdict.undecided
    assert f"; more of them would hardly settle it, so {cause}" in verdict.sentence
    side = "mainly positive" if opinion.value > 0.5 else "mainly negative"
    assert verdict.sentence.endswith(side) is cause.startswith("near")


def test_not_enough_and_mostly_neutral() -> None:
    verdict = decide_on([1, 50, 1], Estimate(0.5, 0.1, 0.9))
    assert verdict.sentence == (
        "mostly neutral; of the rest not enough tweets: about half are positive (10 to 90 in 100); "
        "about 780 more like these would settle it"
    )


@pytest.mark.parametrize(
    ("counts", "sentence", "word"),
    [
        ([0, 0, 0], "not enough tweets: there was none to count", "not enough tweets"),
        ([0, 1, 0], "mostly neutral; the only tweet has no opinion", "not enough tweets"),
        ([0, 1500, 0], "mostly neutral; none of the 1,500 tweets has an opinion", "undecided"),
    ],
)
def test_nothing_to_go_by(counts: list[int], sentence: str, word: str) -> None:
    verdict = decided(counts)
    assert (verdict.label, verdict.sentence) == ("not enough tweets", sentence)
    assert (verdict.tweets_needed, verdict.word) == (None, word)


@pytest.mark.parametrize(
    ("opinion", "total", "needed"),
    [
        # (arm / distance) ** 2 times the tweets there are, less those, rounded up.
        (Estimate(0.65, 0.45, 0.80), 100, 300),  # (0.20/0.10)**2 = 4
        (Estimate(0.30, 0.10, 0.60), 10, 30),  # (0.30/0.15)**2 = 4
        (Estimate(0.50, 0.30, 0.65), 50, 150),  # the longer arm: (0.20/0.10)**2 = 4
        (Estimate(0.57, 0.47, 0.67), 90, 910),  # mixed at (0.10/0.03)**2, before positive at 25
        (Estimate(0.65, 0.549, 0.74), 100, 3),  # (0.101/0.10)**2
    ],
)
def test_more_tweets(opinion: Estimate, total: int, needed: int) -> None:
    assert more_tweets(opinion, total) == needed


@pytest.mark.parametrize("counts", [[20, 40, 30], [30, 0, 28], [12, 20, 8], [45, 30, 58]])
def test_with_that_many_more_the_verdict_settles(counts: list[int]) -> None:
    verdict = decided(counts)
    assert verdict.tweets_needed is not None
    growth = 1 + 1.25 * verdict.tweets_needed / sum(counts)  # "about"
    assert decided([round(count * growth) for count in counts]).label != "not enough tweets"


def test_every_label_is_reached() -> None:
    cases = ([10, 5, 90], [90, 5, 10], [500, 9, 500], [2, 2, 2])
    assert tuple(decided(counts).label for counts in cases) == LABELS


def test_what_the_classifier_leaves_unsure_no_tweets_settle() -> None:
    opinion = Estimate(0.65, 0.45, 0.80)  # the arm of 0.20 must halve: a quarter of its variance
    assert more_tweets(opinion, 100, lasting=0.1) == 500  # 0.9 / (0.25 - 0.1) = 6 times
    assert more_tweets(opinion, 100, lasting=0.3) is None
    verdict = decide_on([35, 0, 65], opinion, lasting=0.3)
    assert verdict == Verdict(
        "not enough tweets",
        "undecided: about 6 in 10 tweets with an opinion are positive (45 to 80 in 100); "
        "more of them would hardly settle it, so unsure is how the classifier errs on such tweets",
        None,
        undecided=True,
    )
    assert verdict.word == "undecided"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "none"), (0.03, "hardly any"), (0.05, "hardly any"), (0.0501, "about 1 in 10")],
)
def test_hardly_any(share: float, words: str) -> None:
    verdict = decide_on([1, 98, 1], Estimate(share, 0.0, 0.6))
    assert f"{words} are positive" in verdict.sentence


def test_none_of_the_tweets() -> None:
    verdict = decide_on([40, 0, 40], Estimate(0.0, 0.0, 0.6))
    assert "none of the tweets with an opinion are positive (0 to 60 in 100)" in verdict.sentence
