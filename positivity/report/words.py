"""Numbers in words, alike in every format that people read."""

import re
from collections.abc import Callable, Sequence

from positivity.account.explanation import (
    GRADIENTS,
    LEAVE_ONE_OUT,
    SPANS,
    ExplainedTweet,
    Explanation,
)
from positivity.account.report import (
    FEW_DAYS,
    ONE_SIDED_LIMIT,
    Change,
    Comparison,
    Difference,
    Estimate,
    Month,
    Past,
    Rank,
    Report,
    StrongTweet,
    Week,
)
from positivity.report.glyphs import UNICODE
from positivity.tweets import FIRST_SNOWFLAKE, FIRST_SNOWFLAKE_DAY

_LONGEST_ID = 20
_MOST_READ = 10  # lines on how files were read; a folder may hold thousands
_LONGEST_TERM = 40  # characters; a scream or a run of random letters has any number
_MOST_PAIRS = 15  # shown to people; all are in the JSON


def percent(share: float) -> str:
    return f"{round(100 * share)}\N{NO-BREAK SPACE}%"


def percents(share: Estimate) -> str:
    """The interval of a share: "41 to 53 %"."""
    low, high = share.in_hundred()
    return f"{low} to {percent(high / 100)}"


def signed(value: float) -> str:
    """A net positivity: +31, 0 or −8."""
    rounded = round(value)
    return f"{'+' if rounded > 0 else UNICODE.minus if rounded < 0 else ''}{abs(rounded)}"


def net_interval(net: Estimate, sign: Callable[[float], str] = signed) -> str:
    """The interval of a net, "+22 to +78"; an end of the scale is one only where it is reached."""
    low = min(net.low, 99.0) if net.low < 100 else net.low
    high = max(net.high, -99.0) if net.high > -100 else net.high
    return f"{sign(low)} to {sign(high)}"


def link(tweet: StrongTweet | ExplainedTweet) -> str | None:
    """Where a tweet stands on X; None when its id is no id of X's.

    A small number is one of a tweet's of before November 2010, or else that of a row.
    """
    if tweet.id is None or not (tweet.id.isascii() and tweet.id.isdecimal()):
        return None
    if len(tweet.id) > _LONGEST_ID:
        return None
    is_old = tweet.created_at is not None and tweet.created_at[:10] <= FIRST_SNOWFLAKE_DAY
    if int(tweet.id) < FIRST_SNOWFLAKE and not is_old:
        return None
    return f"https://x.com/i/status/{tweet.id}"


def compared(change: Change, report: Report, sign: Callable[[float], str] = signed) -> str:
    """A report's last 30 days, which end with its last tweet, beside the year before."""
    verb = "no change that can be told"
    if change.changed:
        low, high = change.difference.low, change.difference.high
        verb = f"a change of {sign(low)} to {sign(high)}"
        if not (round(low) and round(high)):  # "0 to +9" would say that there may be none
            verb = f"a change of up to {sign(high if round(high) else low)}"
    return (
        f"net {sign(change.recent.value)} in the 30 days to {report.last} "
        f"({tweets(change.recent_tweets)}), {sign(change.before.value)} in the year before "
        f"({tweets(change.before_tweets)}): {verb}"
    )


def since(past: Past, report: Report, sign: Callable[[float], str] = signed) -> str:
    """What the report of an earlier day said, and what has come of its net."""
    told = f"{past.word} on {past.day}, from {tweets(past.tweets)}"
    if past.net is None or report.net is None:
        return told
    return f"{told}; net {sign(past.net.value)} then, {sign(report.net.value)} now"


def shortened(term: str) -> str:
    """A word, hashtag or emoji, of which people read only so much."""
    return term if len(term) <= _LONGEST_TERM else f"{term[: _LONGEST_TERM - 1]}{UNICODE.ellipsis}"


def tweets(number: int) -> str:
    return f"{number:,} {'tweet' if number == 1 else 'tweets'}"


def period(first: str, last: str) -> str:
    """From when to when: "2026-01-01 to 2026-03-31", or the one day."""
    return f"{first}" if first == last else f"{first} to {last}"


def first_read(lines: Sequence[str]) -> Sequence[str]:
    """How each input was read, a line each, as far as people read that."""
    more = len(lines) - _MOST_READ
    if more < 2:  # one more takes no more room than to say so
        return lines
    return (*lines[:_MOST_READ], f"and {more:,} more, which the JSON names")


def ranked(rank: Rank | None) -> str:
    """The places an account may have: "2", "2 to 4", or nothing without tweets."""
    if rank is None:
        return ""
    return f"{rank.best}" if rank.best == rank.worst else f"{rank.best} to {rank.worst}"


def shown_pairs(comparison: Comparison) -> tuple[Difference, ...]:
    """The pairs, where there are few enough to read and the sentence does not say it all."""
    return comparison.pairs if 1 < len(comparison.pairs) <= _MOST_PAIRS else ()


def apart(pair: Difference, sign: Callable[[float], str] = signed) -> str:
    """By how much two accounts differ, and whether that can be told."""
    verb = "differ" if pair.different else "cannot be told apart"
    if not pair.different and (round(pair.net.low) > 0 or round(pair.net.high) < 0):
        verb += " among so many pairs"  # its own interval leaves 0 out
    return f"{sign(pair.net.value)} ({sign(pair.net.low)} to {sign(pair.net.high)}): {verb}"


def shared_limits(comparison: Comparison) -> tuple[str, ...]:
    """What limits the comparison, then what limits its table; see `limits_of_table`."""
    return (*comparison.limits, *limits_of_table(comparison.reports))


_COUNTED_LIMIT = re.compile(r"([\d,]+) tweets? (?:has|have) (.+)")


def limits_of_table(reports: Sequence[Report]) -> list[str]:
    """What limits all of several reports, and why some verdict may not fit its interval.

    What begins with a number of tweets is said of those of all reports together.
    """
    found: dict[str, int] = {}  # with how many tweets have it, 0 where that is not counted
    for limit in (limit for report in reports for limit in report.limits):
        counted = _COUNTED_LIMIT.fullmatch(limit)
        if counted:
            found[counted[2]] = found.get(counted[2], 0) + int(counted[1].replace(",", ""))
        else:
            found.setdefault(limit, 0)
    return [
        f"{tweets(number)} {'has' if number == 1 else 'have'} {limit}" if number else limit
        for limit, number in found.items()
        if number or limit == ONE_SIDED_LIMIT or all(limit in report.limits for report in reports)
    ]


def line_of(report: Report) -> tuple[str, Sequence[Month] | Sequence[Week]]:
    """What the time is shown by, "month" or, of a short one, "week", and these."""
    if not report.weeks:
        return "month", report.months
    days = (report.weeks[-1].first_day - report.weeks[0].first_day).days
    return ("week", report.weeks) if days < FEW_DAYS else ("month", report.months)


_MOVED = f"+ made it more positive, {UNICODE.minus} more negative"
HOW_TO_READ = {
    LEAVE_ONE_OUT: (
        f"the number at a word is how much the score moves when the word is left out: {_MOVED}"
    ),
    GRADIENTS: (
        "the number at a word is the word's part of the way from the score of an empty text, by "
        f"integrated gradients: {_MOVED}"
    ),
    SPANS: (
        "marked are the words that a person would mark as what makes the tweet positive (+) or "
        f"negative ({UNICODE.minus}), whichever the model leans to, and how sure the tagger is "
        "of them, 0 to 1"
    ),
}


def how_to_read(explanation: Explanation) -> str:
    """What the numbers at the words mean."""
    minus = UNICODE.minus
    return (
        "A tweet's score is the probability of positive minus that of negative, from "
        f"{minus}1 to 1; {HOW_TO_READ[explanation.method]}."
    )


def effect(value: float) -> str:
    """An effect or a score with its sign: +0.42, 0.00 or −0.08."""
    sign = "+" if value >= 0.005 else UNICODE.minus if value <= -0.005 else ""
    return f"{sign}{abs(value):.2f}"


def labels_of(tweet: ExplainedTweet) -> str:
    """What the model says of a tweet, the most probable first: "48 % neutral, 45 % positive…"."""
    shares = {
        "positive": tweet.positive,
        "neutral": tweet.neutral,
        "negative": tweet.negative,
    }
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{percent(share)} {name}" for name, share in ordered)
