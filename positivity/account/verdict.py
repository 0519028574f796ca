"""Shares -> mainly positive, mainly negative, mixed or not enough tweets, and a sentence.

The verdict looks at r = positive / (positive + negative). "Mainly positive" claims that r lies
above the middle, and needs a 95 % interval that does. A claim to one side can be wrong to one side
only, so that interval is the one-sided one: below its end lies 5 % of the doubt. "Mixed" claims
both sides and needs the central interval. Where labels were only counted, the interval leaves
out the classifier's mistakes, and the central one is asked for throughout.

It speaks of the tweets that were counted and says nothing about the person who wrote them.
"""

import math

from positivity.account.quantify import SHARE_DIGITS, Shares
from positivity.account.report import ONE_SIDED_LIMIT, UNDECIDED, Estimate, Verdict

MAINLY_POSITIVE = "mainly positive"
MAINLY_NEGATIVE = "mainly negative"
MIXED = "mixed"
NOT_ENOUGH = "not enough tweets"
LABELS = (MAINLY_POSITIVE, MAINLY_NEGATIVE, MIXED, NOT_ENOUGH)

DELTA = 0.05  # how far from a half r must be to lean to a side; twice that is still "mixed"
MOSTLY_NEUTRAL = 0.1  # below this share of tweets with an opinion, the sentence says so first
_OUT_OF_REACH = 1_000  # times the tweets there are
# From how many tweets on it is said how many more would settle a verdict, and that none would.
# Looked at on an invented account and four real ones, from 60 places on: of those of whom 5 to 15
# tweets said that no more would help, 50 to 66 % had a verdict by tweet 300; of 20 to 75 tweets,
# 38 to 47 %, and of 100 and more, 28 % and fewer.
LEAST_FOR_NUMBER, LEAST_FOR_UNDECIDED = 30, 100


def decide(tweets: int, shares: Shares | None, *, delta: float = DELTA) -> Verdict:
    """The verdict on so many tweets with these shares."""
    if shares is None:
        return Verdict(NOT_ENOUGH, f"{NOT_ENOUGH}: there was none to count", None)
    opinion = shares.opinion
    if opinion is None:
        sentence = f"mostly neutral; {_none_has_an_opinion(tweets)}"
        return Verdict(NOT_ENOUGH, sentence, None, tweets >= LEAST_FOR_UNDECIDED)
    bounds = shares.bounds or opinion
    label = judge(opinion, delta, bounds=bounds)
    # Rounded, as shares are: 0.0300 + 0.0700 is one in ten.
    opinions = round(shares.negative.value + shares.positive.value, SHARE_DIGITS)
    mostly_neutral = opinions < MOSTLY_NEUTRAL
    needed, undecided = None, False
    if label == NOT_ENOUGH:
        if tweets >= LEAST_FOR_NUMBER:
            needed = more_tweets(opinion, tweets, delta, lasting=shares.lasting, bounds=bounds)
            undecided = needed is None and tweets >= LEAST_FOR_UNDECIDED
        outlook = (
            _hopeless(opinion, delta, shares.lasting) if undecided else _outlook(tweets, needed)
        )
        # The label stays; but people would take it for advice to read more.
        word = UNDECIDED if undecided else NOT_ENOUGH
        body = f"{word}: {_seen(opinion, mostly_neutral)}; {outlook}"
    else:
        body = _settled(label, opinion, mostly_neutral)
    sentence = f"mostly neutral; of the rest {body}" if mostly_neutral else body
    return Verdict(label, sentence, needed, undecided)


def judge(opinion: Estimate, delta: float = DELTA, *, bounds: Estimate | None = None) -> str:
    """The label that the intervals of r earn.

    Args:
        opinion: r with its central 95 % interval.
        bounds: r with the ends of its two one-sided 95 % intervals; else those of `opinion` serve.
    """
    bounds = bounds or opinion
    if bounds.low > 0.5 + delta:
        return MAINLY_POSITIVE
    if bounds.high < 0.5 - delta:
        return MAINLY_NEGATIVE
    if opinion.low >= 0.5 - 2 * delta and opinion.high <= 0.5 + 2 * delta:
        return MIXED
    return NOT_ENOUGH


def limits(verdict: Verdict, shares: Shares | None, *, delta: float = DELTA) -> list[str]:
    """What a reader must know of a verdict, a sentence each: why an interval may contradict it."""
    if shares is None or shares.opinion is None:
        return []
    crosses = (verdict.label == MAINLY_POSITIVE and shares.opinion.low <= 0.5 + delta) or (
        verdict.label == MAINLY_NEGATIVE and shares.opinion.high >= 0.5 - delta
    )
    return [ONE_SIDED_LIMIT] if crosses else []


def more_tweets(
    opinion: Estimate,
    total: int,
    delta: float = DELTA,
    *,
    lasting: float = 0.0,
    bounds: Estimate | None = None,
) -> int | None:
    """About how many more tweets like these `total` would settle an unsettled verdict.

    r is taken to stay where it is while the arms of its intervals shrink, up to the first point
    where they fit one of the verdicts (see `judge`). The part `lasting` of its variance comes from
    the classifier and stays, the rest falls with 1/n. None where that is never, or beyond all
    reach.
    """
    factor = min(
        _growth_to_a_side(bounds or opinion, delta, lasting),
        _growth_to_mixed(opinion, delta, lasting),
    )
    if factor > _OUT_OF_REACH:
        return None
    more = round((factor - 1) * total, 6)  # so that no floating dust is rounded up
    return _roundly(max(1, math.ceil(more)))


def _growth_to_a_side(opinion: Estimate, delta: float, lasting: float) -> float:
    """By what factor n must grow until the interval lies on one side of the middle."""
    distance = abs(opinion.value - 0.5) - delta
    above = opinion.value > 0.5
    arm = opinion.value - opinion.low if above else opinion.high - opinion.value
    return _growth(arm, distance, lasting)


def _growth_to_mixed(opinion: Estimate, delta: float, lasting: float) -> float:
    """By what factor n must grow until the interval lies within the middle."""
    rooms = (opinion.value - (0.5 - 2 * delta), 0.5 + 2 * delta - opinion.value)
    arms = (opinion.value - opinion.low, opinion.high - opinion.value)
    return max(_growth(arm, room, lasting) for arm, room in zip(arms, rooms, strict=True))


def _growth(arm: float, room: float, lasting: float) -> float:
    """By what factor n must grow until an arm fits a room: arm² (lasting + (1 - lasting)/n)."""
    if room <= 0:
        return math.inf
    if arm <= 0:
        return 0.0
    left = (room / arm) ** 2 - lasting
    return (1 - lasting) / left if left > 0 else math.inf


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
    noun = "" if mostly_neutral else _noun(part)
    return f"{label}: {part}{noun} are {side} ({_in_hundred(share)})"


def _seen(opinion: Estimate, mostly_neutral: bool) -> str:
    part = _in_ten(opinion.value)
    noun = "" if mostly_neutral else _noun(part)
    return f"{part}{noun} are positive ({_in_hundred(opinion)})"


def _outlook(tweets: int, needed: int | None) -> str:
    """What more tweets would do for an unsettled verdict, as far as these tell."""
    if tweets < LEAST_FOR_NUMBER:
        return f"how many more would settle it can be told from some {LEAST_FOR_NUMBER} tweets on"
    if needed is None:
        return f"whether more would settle it can be told from some {LEAST_FOR_UNDECIDED} tweets on"
    return f"about {needed:,} more like these would settle it"


def _hopeless(opinion: Estimate, delta: float, lasting: float) -> str:
    """That more tweets would hardly settle it, and whether the classifier or the place of r is why.

    A classifier that with enough tweets would let an r in the very middle pass for "mixed" leaves
    little in doubt: then r lies too near to where one verdict ends and the next begins, between
    delta and twice that from a half. But an r that is in the middle, or far out, is not near there.
    """
    arm = max(opinion.value - opinion.low, opinion.high - opinion.value)
    is_near = delta / 2 <= abs(opinion.value - 0.5) <= 5 * delta / 2
    if not is_near or _growth(arm, 2 * delta, lasting) > _OUT_OF_REACH:
        cause = "unsure is how the classifier errs on such tweets"
    else:
        side = MAINLY_POSITIVE if opinion.value >= 0.5 else MAINLY_NEGATIVE
        cause = f"near does that lie to the border between {MIXED} and {side}"
    return f"more of them would hardly settle it, so {cause}"


def _noun(part: str) -> str:
    return f" {'of the tweets' if part in ('about half', 'none') else 'tweets'} with an opinion"


def _none_has_an_opinion(total: int) -> str:
    if total == 1:
        return "the only tweet has no opinion"
    return f"none of the {total:,} tweets has an opinion"


def _in_ten(share: float) -> str:
    if share == 1:
        return "all"
    if share == 0:
        return "none"
    if share >= 0.95:
        return "nearly all"
    if share <= 0.05:
        return "hardly any"
    tenths = round(10 * share)
    return "about half" if tenths == 5 else f"about {tenths} in 10"


def _in_hundred(share: Estimate) -> str:
    low, high = share.in_hundred()
    return f"{low} to {high} in 100"
