"""Shares -> mainly positive, mainly negative, mixed or not enough tweets, and a sentence.

The verdict looks at r = positive / (positive + negative) and its 95 % interval. It speaks of the
tweets that were counted and says nothing about the person who wrote them.
"""

import math
from collections.abc import Sequence

from positivity.account.quantify import NEGATIVE, NEUTRAL, POSITIVE, Ints
from positivity.account.report import Estimate, Verdict

MAINLY_POSITIVE = "mainly positive"
MAINLY_NEGATIVE = "mainly negative"
MIXED = "mixed"
NOT_ENOUGH = "not enough tweets"
LABELS = (MAINLY_POSITIVE, MAINLY_NEGATIVE, MIXED, NOT_ENOUGH)

DELTA = 0.05  # how far from a half r must be to lean to a side; twice that is still "mixed"
MOSTLY_NEUTRAL = 0.1  # below this share of tweets with an opinion, the sentence says so first


def decide(
    counts: Sequence[int] | Ints, opinion: Estimate | None, *, delta: float = DELTA
) -> Verdict:
    """The verdict on `counts` (negative, neutral, positive) whose r is `opinion`."""
    negative, neutral, positive = (int(counts[i]) for i in (NEGATIVE, NEUTRAL, POSITIVE))
    opinions = positive + negative
    total = opinions + neutral
    if not total:
        return Verdict(NOT_ENOUGH, f"{NOT_ENOUGH}: there was none to count", None)
    if opinion is None or not opinions:
        return Verdict(NOT_ENOUGH, f"mostly neutral; {_none_has_an_opinion(total)}", None)
    label = judge(opinion, delta)
    needed = None
    if label == NOT_ENOUGH:
        needed = more_tweets(opinion, total, delta)
    mostly_neutral = opinions < MOSTLY_NEUTRAL * total
    if label == NOT_ENOUGH:
        body = _unsettled(positive, opinions, opinion, needed, mostly_neutral)
    else:
        body = _settled(label, opinion, mostly_neutral)
    return Verdict(label, f"mostly neutral; of the rest {body}" if mostly_neutral else body, needed)


def judge(opinion: Estimate, delta: float = DELTA) -> str:
    """The label that the interval of r earns."""
    if opinion.low > 0.5 + delta:
        return MAINLY_POSITIVE
    if opinion.high < 0.5 - delta:
        return MAINLY_NEGATIVE
    if opinion.low >= 0.5 - 2 * delta and opinion.high <= 0.5 + 2 * delta:
        return MIXED
    return NOT_ENOUGH


def more_tweets(opinion: Estimate, total: int, delta: float = DELTA) -> int:
    """About how many more tweets like these `total` would settle an unsettled verdict.

    r is taken to stay where it is while both arms of its interval shrink with 1/sqrt(n), up to
    the first point where the interval fits one of the verdicts.
    """
    factor = min(_growth_to_a_side(opinion, delta), _growth_to_mixed(opinion, delta))
    more = round((factor - 1) * total, 6)  # so that no floating dust is rounded up
    return _roundly(max(1, math.ceil(more)))


def _growth_to_a_side(opinion: Estimate, delta: float) -> float:
    """By what factor n must grow until the interval lies on one side of the middle."""
    distance = abs(opinion.value - 0.5) - delta
    above = opinion.value > 0.5
    arm = opinion.value - opinion.low if above else opinion.high - opinion.value
    return float((arm / distance) ** 2) if distance > 0 else math.inf


def _growth_to_mixed(opinion: Estimate, delta: float) -> float:
    """By what factor n must grow until the interval lies within the middle."""
    rooms = (opinion.value - (0.5 - 2 * delta), 0.5 + 2 * delta - opinion.value)
    arms = (opinion.value - opinion.low, opinion.high - opinion.value)
    if min(rooms) <= 0:
        return math.inf
    return max(float((arm / room) ** 2) for arm, room in zip(arms, rooms, strict=True))


def _roundly(number: int) -> int:
    """Rounded up to what "about" can promise: 7 -> 7, 37 -> 40, 1234 -> 1300."""
    if number <= 10:
        return number
    step = max(10, int(10 ** (len(str(number)) - 2)))
    return -(-number // step) * step


def _settled(label: str, opinion: Estimate, mostly_neutral: bool) -> str:
    side, share = "positive", opinion
    if label == MAINLY_NEGATIVE:
        side = "negative"
        share = Estimate(1 - opinion.value, 1 - opinion.high, 1 - opinion.low)
    part = _in_ten(share.value)
    if mostly_neutral:
        return f"{label}: {part} are {side} ({_in_hundred(share)})"
    noun = "of the tweets" if part == "about half" else "tweets"
    return f"{label}: {part} {noun} with an opinion are {side} ({_in_hundred(share)})"


def _unsettled(
    positive: int, opinions: int, opinion: Estimate, needed: int | None, mostly_neutral: bool
) -> str:
    verb = "is" if positive == 1 else "are"
    seen = f"{positive:,} of {opinions:,}"
    if not mostly_neutral:
        seen += " with an opinion"
    more = f"about {needed:,} more like these would settle it"
    return f"{NOT_ENOUGH}: {seen} {verb} positive ({_in_hundred(opinion)}); {more}"


def _none_has_an_opinion(total: int) -> str:
    if total == 1:
        return "the only tweet has no opinion"
    return f"none of the {total:,} tweets has an opinion"


def _in_ten(share: float) -> str:
    if share == 1:
        return "all"
    if share >= 0.95:
        return "nearly all"
    tenths = round(10 * share)
    return "about half" if tenths == 5 else f"about {tenths} in 10"


def _in_hundred(share: Estimate) -> str:
    return f"{round(100 * share.low)} to {round(100 * share.high)} in 100"
